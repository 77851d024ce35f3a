/* parse_query.c: queries and partitions. */
#include <string.h>

#include "lang/parse.h"

/* [ selection ] [ rate ], and a clause that stands on the wrong side of the rate */
static bool parse_middle(wr_parser *p, wr_ast_query *q) {
    if (!wr_parse_selection(p, &q->selection) || !wr_parse_rate(p, &q->rate)) return false;
    if (!q->rate || !wr_at_selection(p)) return true;
    wr_ast_selection *misplaced;
    if (!q->selection || wr_peek(p) == WR_KW_SELECT) {
        wr_wrong_at(p, wr_token_span(p), NULL, "'select' and its clauses must stand before 'output'");
        return wr_parse_selection(p, &misplaced);
    }
    wr_wrong_at(p, wr_token_span(p), NULL, "%s must stand before 'output'", wr_token_text(wr_peek(p)));
    return false;
}

/* query = { ann } "from" input [ selection ] [ rate ] output */
wr_ast_query *wr_parse_query(wr_parser *p, uint32_t begin, const wr_ast_annotations *annotations) {
    wr_ast_query *q = wr_node(p, sizeof *q);
    if (!q || !wr_expect(p, WR_KW_FROM)) return NULL;
    q->annotations = *annotations;
    q->input = wr_parse_input(p);
    if (!q->input || !parse_middle(p, q)) return NULL;
    q->output = wr_parse_output(p);
    if (!q->output) return NULL;
    q->span = wr_span_since(p, begin);
    return q;
}

/* anonymous = "(" anonymous ")" | "from" input [ selection ] [ rate ] "return" [ event_type ] */
wr_ast_query *wr_parse_anonymous(wr_parser *p) {
    if (!wr_enter(p)) return NULL;
    wr_ast_query *q;
    if (wr_accept(p, WR_TOK_LPAREN)) {
        q = wr_parse_anonymous(p);
        if (!q || !wr_expect(p, WR_TOK_RPAREN)) return NULL;
    } else {
        wr_ast_annotations none = {0};
        q = wr_parse_query(p, wr_token_span(p).begin, &none);
        if (!q) return NULL;
        if (q->output->kind != WR_OUTPUT_RETURN)
            wr_wrong_at(p, q->output->span, "write 'return'", "an inner query ends in 'return'");
    }
    wr_leave(p);
    return q;
}

/* ---- Partitions --------------------------------------------------------------------------------------- */

/* range = expr "as" STRING; the expression has been read */
static bool parse_range_key(wr_parser *p, wr_ast_expr *condition, wr_ast_partition_key *key) {
    wr_ast_range_key r;
    memset(&r, 0, sizeof r);
    r.condition = condition;
    if (wr_peek(p) != WR_TOK_STRING_LITERAL)
        return wr_expected(p, "a string, the name of the range", NULL,
                           "as in: v < 10 as 'low' or v >= 10 as 'high' of S");
    uint32_t len;
    r.label_span = wr_token_span(p);
    r.label = wr_string_text(p, &len, &r.label_quote);
    wr_advance(p);
    r.span = wr_span_since(p, condition->span.begin);
    return r.label && WR_LIST_ADD(p, key->ranges, key->n_ranges, r);
}

/* pkey = expr "of" name | range { "or" range } "of" name */
static bool parse_key(wr_parser *p, wr_ast_partition_key *key) {
    uint32_t begin = wr_token_span(p).begin;
    memset(key, 0, sizeof *key);
    wr_ast_expr *e = wr_parse_expr(p);
    if (!e) return false;
    if (wr_peek(p) != WR_KW_AS) key->value = e;
    while (!key->value && wr_accept(p, WR_KW_AS)) {
        if (!parse_range_key(p, e, key)) return false;
        if (!wr_accept(p, WR_KW_OR)) break;
        e = wr_parse_expr(p);
        if (!e) return false;
        if (wr_peek(p) != WR_KW_AS) return wr_expected(p, "'as' and the name of the range", NULL, NULL);
    }
    if (!wr_accept(p, WR_KW_OF))
        return wr_expected(p, key->value ? "'of' and a stream" : "'or' or 'of'", WR_KINDS(WR_KW_OF, WR_KW_OR),
                           "as in: partition with (k of S)");
    if (!wr_parse_name(p, "the name of a stream", &key->stream)) return false;
    key->span = wr_span_since(p, begin);
    return true;
}

/* "partition" "with" "(" pkey { "," pkey } ")" "begin" */
static bool parse_head(wr_parser *p, wr_ast_partition *part) {
    if (!wr_expect(p, WR_KW_PARTITION) || !wr_expect(p, WR_KW_WITH)) return false;
    if (!wr_accept(p, WR_TOK_LPAREN))
        return wr_expected(p, "'('", NULL, "as in: partition with (k of S) begin … end");
    do {
        wr_ast_partition_key key;
        if (!parse_key(p, &key) || !WR_LIST_ADD(p, part->keys, part->n_keys, key)) return false;
    } while (wr_accept(p, WR_TOK_COMMA));
    if (!wr_accept(p, WR_TOK_RPAREN)) return wr_expected(p, "',' or ')'", NULL, NULL);
    return wr_expect(p, WR_KW_BEGIN);
}

static bool at_end(const wr_parser *p) {
    unsigned next = wr_peek_after(p, 1);
    return wr_peek(p) == WR_KW_END &&
           (next == WR_TOK_SEMICOLON || next == WR_TOK_EOF || next == WR_KW_FROM || next == WR_KW_DEFINE ||
            next == WR_KW_PARTITION || next == WR_TOK_AT_SIGN);
}

static bool at_body_stop(const wr_parser *p) {
    unsigned kind = wr_peek(p);
    return kind == WR_TOK_EOF || kind == WR_TOK_SEMICOLON || at_end(p) || wr_at_definition(p) ||
           wr_at_partition(p);
}

static bool parse_body_query(wr_parser *p, wr_ast_partition *part) {
    uint32_t begin = wr_token_span(p).begin;
    wr_ast_annotations annotations;
    if (!wr_parse_annotations(p, &annotations)) return false;
    if (wr_peek(p) != WR_KW_FROM)
        return wr_expected(p, part->n_queries ? "a query or 'end'" : "a query",
                           WR_KINDS(WR_KW_FROM, WR_KW_END),
                           wr_at_definition(p) ? "definitions stand before the partition" : NULL);
    wr_ast_query *q = wr_parse_query(p, begin, &annotations);
    return q && WR_LIST_ADD(p, part->queries, part->n_queries, q);
}

/* query { ";" query } [ ";" ], each one after an error from the next ';' on */
static void parse_body(wr_parser *p, wr_ast_partition *part) {
    do {
        uint32_t before = p->at;
        bool ok = parse_body_query(p, part);
        p->depth = 0;
        if (ok && wr_peek(p) == WR_TOK_SEMICOLON)
            wr_advance(p);
        else if (ok && (wr_peek(p) == WR_KW_FROM || wr_peek(p) == WR_TOK_AT_SIGN))
            wr_missing_semicolon(p);
        else if (!ok || !at_body_stop(p)) {
            if (ok) wr_expected(p, "';' or 'end'", WR_KINDS(WR_KW_END), NULL);
            while (!at_body_stop(p)) wr_advance(p);
            if (wr_peek(p) == WR_TOK_SEMICOLON)
                wr_advance(p);
            else if (p->at == before && !at_end(p))
                return; /* a definition: not ours */
        }
    } while (!p->out_of_memory && wr_peek(p) != WR_TOK_EOF && wr_peek(p) != WR_KW_END &&
             !wr_at_definition(p) && !wr_at_partition(p));
}

/* partition = { ann } "partition" "with" "(" … ")" "begin" query { ";" query } [ ";" ] "end" */
wr_ast_partition *wr_parse_partition(wr_parser *p, uint32_t begin, const wr_ast_annotations *annotations) {
    wr_ast_partition *part = wr_node(p, sizeof *part);
    if (!part) return NULL;
    part->annotations = *annotations;
    if (!parse_head(p, part)) {
        if (p->out_of_memory) return NULL;
        while (!at_body_stop(p) && wr_peek(p) != WR_KW_BEGIN) wr_advance(p);
        if (!wr_accept(p, WR_KW_BEGIN)) return NULL;
    }
    parse_body(p, part);
    if (p->out_of_memory) return NULL;
    if (!wr_accept(p, WR_KW_END)) {
        wr_expected(p, "'end'", NULL, "a partition ends in 'end'");
        return NULL;
    }
    part->span = wr_span_since(p, begin);
    return part;
}
