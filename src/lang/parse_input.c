/* parse_input.c: what a query reads: one stream, a join; decides between these and patterns. */
#include <string.h>

#include "lang/parse.h"

/* ---- Keywords that may be names ----------------------------------------------------------------------- */

/* At the k-th token from here there is '#': does a handler begin there, and not the name of an inner stream?
 */
static bool hash_begins_handler(const wr_parser *p, uint32_t k) {
    unsigned first = wr_peek_after(p, k + 1), second = wr_peek_after(p, k + 2);
    if (first == WR_TOK_LBRACKET) return true;
    if (first == WR_KW_WINDOW && second == WR_TOK_DOT) return true;
    return wr_kind_is_name(first) && (second == WR_TOK_LPAREN || second == WR_TOK_COLON);
}

static bool at_join_after(const wr_parser *p, uint32_t k) {
    switch (wr_peek_after(p, k)) {
    case WR_KW_JOIN:
    case WR_KW_INNER:
    case WR_KW_LEFT:
    case WR_KW_RIGHT:
    case WR_KW_FULL:
    case WR_KW_OUTER:
    case WR_KW_UNIDIRECTIONAL: return true;
    default: return false;
    }
}

static bool at_join(const wr_parser *p) { return at_join_after(p, 0); }

static bool begins_source(unsigned kind) {
    return wr_kind_is_name(kind) || kind == WR_TOK_HASH || kind == WR_TOK_BANG;
}

/* A keyword that begins a clause stands at the k-th token from here, and what follows fits that clause. */
static bool begins_clause(const wr_parser *p, uint32_t k) {
    unsigned next = wr_peek_after(p, k + 1);
    switch (wr_peek_after(p, k)) {
    case WR_KW_SELECT:
    case WR_KW_RETURN: return true;
    case WR_KW_OUTPUT:
        return next == WR_KW_EVERY || next == WR_KW_ALL || next == WR_KW_FIRST || next == WR_KW_LAST ||
               next == WR_KW_SNAPSHOT;
    case WR_KW_INSERT:
        return next == WR_KW_INTO || next == WR_KW_ALL || next == WR_KW_EXPIRED || next == WR_KW_CURRENT ||
               next == WR_KW_EVENTS;
    case WR_KW_LEFT:
    case WR_KW_RIGHT:
    case WR_KW_FULL: return next == WR_KW_OUTER;
    case WR_KW_INNER:
    case WR_KW_OUTER: return next == WR_KW_JOIN;
    case WR_KW_UNIDIRECTIONAL: return at_join_after(p, k + 1);
    case WR_KW_AS: return wr_kind_is_name(next) && at_join_after(p, k + 2);
    case WR_KW_WITHIN: return next == WR_TOK_INT_LITERAL;
    case WR_KW_DELETE:
    case WR_KW_UPDATE:
    case WR_KW_JOIN:
    case WR_KW_AND:
    case WR_KW_OR: return begins_source(next);
    default: return false;
    }
}

/* What may follow a stream's name but not the keyword of a clause. */
static bool continues_stream(unsigned kind) {
    switch (kind) {
    case WR_TOK_ASSIGN:
    case WR_TOK_LBRACKET:
    case WR_TOK_HASH:
    case WR_TOK_ARROW:
    case WR_TOK_COMMA:
    case WR_TOK_LT:
    case WR_TOK_QUESTION:
    case WR_TOK_PLUS:
    case WR_TOK_RPAREN:
    case WR_KW_FOR: return true;
    default: return false;
    }
}

bool wr_keyword_is_name(const wr_parser *p) {
    unsigned next = wr_peek_after(p, 1);
    if (next == WR_TOK_LPAREN || next == WR_TOK_BANG) return false;
    if (next == WR_TOK_HASH) return hash_begins_handler(p, 1);
    if (!wr_kind_is_name(next)) return true;
    return begins_clause(p, 1) && !continues_stream(wr_peek_after(p, 2));
}

/* ---- One stream with its handlers --------------------------------------------------------------------- */

static bool at_window(const wr_parser *p) {
    return wr_peek(p) == WR_TOK_HASH && wr_peek_after(p, 1) == WR_KW_WINDOW &&
           wr_peek_after(p, 2) == WR_TOK_DOT;
}

/* filter = [ "#" ] "[" expr "]" */
static bool parse_filter(wr_parser *p, wr_ast_handler *h) {
    h->kind = WR_HANDLER_FILTER;
    wr_accept(p, WR_TOK_HASH);
    wr_advance(p);
    h->filter = wr_parse_expr(p);
    if (!h->filter) return false;
    return wr_accept(p, WR_TOK_RBRACKET) ||
           wr_expected(p, "an operator or ']'", WR_KINDS(WR_KW_AND, WR_KW_OR, WR_KW_IN, WR_KW_IS), NULL);
}

/* window = "#" "window" "." call     stream function = "#" call */
static bool parse_hash_call(wr_parser *p, wr_ast_handler *h) {
    h->kind = at_window(p) ? WR_HANDLER_WINDOW : WR_HANDLER_FUNCTION;
    wr_advance(p);
    if (h->kind == WR_HANDLER_WINDOW) {
        wr_advance(p);
        wr_advance(p);
    }
    h->call = wr_parse_call(p);
    return h->call != NULL;
}

/* handlers = { filter | stream function | window }. Reports a window where with_window is false, and a
 * second. */
bool wr_parse_handlers(wr_parser *p, wr_ast_stream *stream, bool with_window) {
    while (wr_peek(p) == WR_TOK_LBRACKET || wr_peek(p) == WR_TOK_HASH) {
        wr_ast_handler h;
        uint32_t begin = wr_token_span(p).begin;
        memset(&h, 0, sizeof h);
        bool is_filter = wr_peek(p) == WR_TOK_LBRACKET || wr_peek_after(p, 1) == WR_TOK_LBRACKET;
        if (!(is_filter ? parse_filter(p, &h) : parse_hash_call(p, &h))) return false;
        h.span = wr_span_since(p, begin);
        if (h.kind == WR_HANDLER_WINDOW && !with_window)
            wr_wrong_at(p, h.span, "define a window and read that, or count with <m:n> and 'within'",
                        "a step of a pattern or sequence can't have a window");
        else if (h.kind == WR_HANDLER_WINDOW && stream->window >= 0)
            wr_wrong_at(p, h.span, "put a query between them",
                        "a stream can have only one window in a query");
        else if (h.kind == WR_HANDLER_WINDOW)
            stream->window = (int32_t)stream->n_handlers;
        if (!WR_LIST_ADD(p, stream->handlers, stream->n_handlers, h)) return false;
    }
    return true;
}

/* single_input = source handlers */
wr_ast_stream *wr_parse_single_input(wr_parser *p) {
    wr_ast_stream *s = wr_node(p, sizeof *s);
    uint32_t begin = wr_token_span(p).begin;
    if (!s) return NULL;
    s->window = -1;
    if (!wr_parse_source_name(p, "the name of a stream", &s->source)) return NULL;
    if (!wr_parse_handlers(p, s, true)) return NULL;
    s->span = wr_span_since(p, begin);
    return s;
}

/* ---- Joins -------------------------------------------------------------------------------------------- */

/* range = "within" expr [ "," expr ] "per" expr */
bool wr_parse_range(wr_parser *p, wr_ast_range **out) {
    uint32_t begin = wr_token_span(p).begin;
    *out = NULL;
    if (!wr_accept(p, WR_KW_WITHIN)) return true;
    wr_ast_range *r = wr_node(p, sizeof *r);
    if (!r || !(r->start = wr_parse_expr(p))) return false;
    if (wr_accept(p, WR_TOK_COMMA) && !(r->end = wr_parse_expr(p))) return false;
    if (!wr_accept(p, WR_KW_PER))
        return wr_expected(p, r->end ? "'per'" : "',' or 'per'", WR_KINDS(WR_KW_PER),
                           "a range of an aggregation is: within start, end per 'hours'");
    if (!(r->per = wr_parse_expr(p))) return false;
    r->span = wr_span_since(p, begin);
    *out = r;
    return true;
}

/* join_side = source handlers [ "as" name ], the window last; the stream and its handlers have been read */
static bool finish_side(wr_parser *p, wr_ast_stream *s) {
    if (s->window >= 0 && (uint32_t)s->window + 1 < s->n_handlers)
        wr_wrong_at(p, s->handlers[s->window + 1].span, "put it before the window",
                    "in a join nothing can follow the window");
    if (!wr_accept(p, WR_KW_AS)) return true;
    if (!wr_parse_name(p, "another name for the stream", &s->alias)) return false;
    s->span = wr_span_since(p, s->span.begin);
    return true;
}

/* join_op = [ "inner" ] "join" | ( "left" | "right" | "full" ) "outer" "join" */
static bool parse_join_op(wr_parser *p, wr_ast_join *join) {
    wr_span span = wr_token_span(p);
    bool is_outer = true;
    switch (wr_peek(p)) {
    case WR_KW_LEFT: join->kind = WR_JOIN_LEFT; break;
    case WR_KW_RIGHT: join->kind = WR_JOIN_RIGHT; break;
    case WR_KW_FULL: join->kind = WR_JOIN_FULL; break;
    case WR_KW_OUTER:
        wr_wrong_at(p, span, "write 'left outer join', 'right outer join' or 'full outer join'",
                    "'outer join' does not say which side is kept");
        return wr_accept(p, WR_KW_OUTER) && wr_expect(p, WR_KW_JOIN);
    default: is_outer = false; break;
    }
    if (is_outer) {
        wr_advance(p);
        if (!wr_accept(p, WR_KW_OUTER))
            return wr_expected(p, NULL, WR_KINDS(WR_KW_OUTER), "write 'left outer join'");
        return wr_expect(p, WR_KW_JOIN);
    }
    wr_accept(p, WR_KW_INNER);
    return wr_expect(p, WR_KW_JOIN);
}

/* join = side ( join_op side [ "unidirectional" ] | "unidirectional" join_op side ) [ "on" expr ] [ range ]
 */
static bool parse_join(wr_parser *p, wr_ast_stream *left, wr_ast_input *input) {
    wr_ast_join *join = wr_node(p, sizeof *join);
    if (!join || !finish_side(p, left)) return false;
    input->kind = WR_INPUT_JOIN;
    input->as.join = join;
    join->left = left;
    if (wr_accept(p, WR_KW_UNIDIRECTIONAL)) join->unidirectional = WR_UNI_LEFT;
    if (!at_join(p))
        return wr_expected(p, "'join'",
                           WR_KINDS(WR_KW_JOIN, WR_KW_INNER, WR_KW_LEFT, WR_KW_RIGHT, WR_KW_FULL),
                           "'as' gives another name to the sides of a join; a single stream can't have one");
    if (!parse_join_op(p, join)) return false;
    join->right = wr_parse_single_input(p);
    if (!join->right || !finish_side(p, join->right)) return false;
    wr_span span = wr_token_span(p);
    if (wr_accept(p, WR_KW_UNIDIRECTIONAL)) {
        if (join->unidirectional == WR_UNI_LEFT)
            wr_wrong_at(p, span, NULL, "only one side of a join can be 'unidirectional'");
        join->unidirectional = WR_UNI_RIGHT;
    }
    if (wr_accept(p, WR_KW_ON) && !(join->on = wr_parse_expr(p))) return false;
    return wr_parse_range(p, &join->range);
}

/* ---- Which of them ------------------------------------------------------------------------------------ */

/* After parentheses there may be `from`, and it is no stream's name: ( from … return ). */
static bool at_anonymous(const wr_parser *p) {
    wr_parser look = *p; /* a copy of the cursor; shares all else */
    while (wr_accept(&look, WR_TOK_LPAREN)) {
    }
    return wr_peek(&look) == WR_KW_FROM && !wr_keyword_is_name(&look);
}

static bool begins_states(const wr_parser *p) {
    unsigned kind = wr_peek(p);
    if (kind == WR_TOK_LPAREN) return true;
    if ((kind == WR_KW_EVERY || kind == WR_KW_NOT) && !wr_keyword_is_name(p)) return true;
    return wr_kind_is_name(kind) && wr_peek_after(p, 1) == WR_TOK_ASSIGN;
}

static bool continues_states(const wr_parser *p) {
    switch (wr_peek(p)) {
    case WR_TOK_ARROW:
    case WR_TOK_COMMA:
    case WR_TOK_LT:
    case WR_TOK_STAR:
    case WR_TOK_PLUS:
    case WR_TOK_QUESTION:
    case WR_KW_AND:
    case WR_KW_OR:
    case WR_KW_WITHIN: return true;
    default: return false;
    }
}

static bool parse_kind(wr_parser *p, wr_ast_input *input) {
    if (at_anonymous(p)) {
        input->kind = WR_INPUT_ANONYMOUS;
        input->as.anonymous = wr_parse_anonymous(p);
        return input->as.anonymous != NULL;
    }
    if (begins_states(p)) return wr_parse_states(p, NULL, input);
    wr_ast_stream *first = wr_parse_single_input(p);
    if (!first) return false;
    if (at_join(p) || wr_peek(p) == WR_KW_AS) return parse_join(p, first, input);
    if (continues_states(p)) return wr_parse_states(p, first, input);
    input->kind = WR_INPUT_SINGLE;
    input->as.single = first;
    return true;
}

/* input = anonymous | pattern | sequence | join | single_input */
wr_ast_input *wr_parse_input(wr_parser *p) {
    wr_ast_input *input = wr_node(p, sizeof *input);
    uint32_t begin = wr_token_span(p).begin;
    if (!input || !parse_kind(p, input)) return NULL;
    input->span = wr_span_since(p, begin);
    return input;
}
