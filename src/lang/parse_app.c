/* parse_app.c: apps as a whole, and going on after an error. */
#include <string.h>

#include "lang/parse.h"

/* ---- Where statements begin --------------------------------------------------------------------------- */

bool wr_at_definition(const wr_parser *p) {
    if (wr_peek(p) != WR_KW_DEFINE) return false;
    switch (wr_peek_after(p, 1)) {
    case WR_KW_STREAM:
    case WR_KW_TABLE:
    case WR_KW_WINDOW:
    case WR_KW_TRIGGER:
    case WR_KW_FUNCTION:
    case WR_KW_AGGREGATION: return true;
    default: return false;
    }
}

bool wr_at_partition(const wr_parser *p) {
    return wr_peek(p) == WR_KW_PARTITION && wr_peek_after(p, 1) == WR_KW_WITH &&
           wr_peek_after(p, 2) == WR_TOK_LPAREN;
}

bool wr_at_statement(const wr_parser *p) {
    return wr_at_definition(p) || wr_at_partition(p) || wr_peek(p) == WR_KW_FROM ||
           wr_peek(p) == WR_TOK_AT_SIGN;
}

void wr_skip_statement(wr_parser *p) {
    while (wr_peek(p) != WR_TOK_EOF && wr_peek(p) != WR_TOK_SEMICOLON && !wr_at_definition(p) &&
           !wr_at_partition(p))
        wr_advance(p);
}

void wr_missing_semicolon(wr_parser *p) {
    wr_span before = wr_span_since(p, 0);
    wr_span end = {before.end, before.end};
    wr_wrong_at(p, end, "put a ';' here", "a ';' is missing between two statements");
}

/* ---- Statements --------------------------------------------------------------------------------------- */

/* What is kept while an app is read. */
typedef struct app_state {
    wr_ast_app *app;
    bool complained; /* about a definition after a query: once is enough */
} app_state;

static bool add_definition(wr_parser *p, app_state *s, uint32_t begin,
                           const wr_ast_annotations *annotations) {
    if (s->app->n_elements && !s->complained) {
        s->complained = true;
        wr_wrong_at(p, wr_token_span(p), "move it above the first query",
                    "all definitions must stand before the first query or partition");
    }
    wr_ast_definition *d = wr_parse_definition(p, begin, annotations);
    return d && WR_LIST_ADD(p, s->app->definitions, s->app->n_definitions, d);
}

static bool add_element(wr_parser *p, app_state *s, uint32_t begin, const wr_ast_annotations *annotations) {
    wr_ast_element e = {0};
    bool is_query = wr_peek(p) == WR_KW_FROM;
    if (is_query)
        e.query = wr_parse_query(p, begin, annotations);
    else
        e.partition = wr_parse_partition(p, begin, annotations);
    return (e.query || e.partition) && WR_LIST_ADD(p, s->app->elements, s->app->n_elements, e);
}

/* definition | query | partition */
static bool parse_statement(wr_parser *p, app_state *s) {
    uint32_t begin = wr_token_span(p).begin;
    wr_ast_annotations annotations;
    if (!wr_parse_annotations(p, &annotations)) return false;
    switch (wr_peek(p)) {
    case WR_KW_DEFINE: return add_definition(p, s, begin, &annotations);
    case WR_KW_FROM:
    case WR_KW_PARTITION: return add_element(p, s, begin, &annotations);
    case WR_KW_SELECT:
    case WR_KW_INSERT:
        return wr_expected(p, "'from'", NULL,
                           "a query begins with what it reads: from S select … insert into T");
    default:
        return wr_expected(p,
                           annotations.n ? "a definition, query or partition after the annotation"
                                         : "a definition ('define'), a query ('from') or a partition",
                           WR_KINDS(WR_KW_DEFINE, WR_KW_FROM, WR_KW_PARTITION), NULL);
    }
}

/* After a statement: its ';', or what went wrong. */
static void end_statement(wr_parser *p, bool ok) {
    if (ok && wr_peek(p) != WR_TOK_SEMICOLON && wr_peek(p) != WR_TOK_EOF) {
        if (wr_at_statement(p)) {
            wr_missing_semicolon(p);
            return;
        }
        ok = wr_expected(p, "';'", NULL,
                         wr_at_selection(p) ? "the clauses of a query stand before its 'insert into'" : NULL);
    }
    if (!ok) wr_skip_statement(p);
    wr_accept(p, WR_TOK_SEMICOLON);
}

/* app = { app_ann } definition { ";" definition } { ";" element } [ ";" ] */
static void parse_statements(wr_parser *p, app_state *s) {
    if (!wr_parse_app_annotations(p, &s->app->annotations)) wr_skip_statement(p);
    while (wr_peek(p) != WR_TOK_EOF && !p->out_of_memory) {
        p->depth = 0;
        if (wr_peek(p) == WR_TOK_SEMICOLON) {
            wr_wrong_at(p, wr_token_span(p), "leave it out", "there is no statement before this ';'");
            wr_advance(p);
        } else {
            end_statement(p, parse_statement(p, s));
        }
    }
    if (s->app->n_definitions == 0 && !p->failed && !p->out_of_memory)
        wr_wrong_at(p, (wr_span){wr_token_span(p).end, wr_token_span(p).end},
                    "begin with: define stream S (a int);", "an app needs at least one definition");
}

weir_status wr_parse_app(const wr_source *source, weir_arena *arena, wr_ast_app **out, wr_diag *diags) {
    wr_parser p;
    app_state s = {0};
    *out = NULL;
    if (wr_parser_init(&p, source, arena, diags)) s.app = wr_node(&p, sizeof *s.app);
    if (s.app) {
        uint32_t begin = wr_token_span(&p).begin;
        parse_statements(&p, &s);
        s.app->span = wr_span_since(&p, begin);
    }
    weir_status status = wr_parser_status(&p);
    if (status == WEIR_OK) *out = s.app;
    wr_parser_fini(&p);
    return status;
}
