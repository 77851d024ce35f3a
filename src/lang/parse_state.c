/* parse_state.c: the steps of patterns and sequences. Takes any arrangement of steps, 'every' and
 * parentheses; state_shape.c then refuses those that the language does not have. */
#include <string.h>

#include "lang/parse.h"

static wr_ast_state *new_state(wr_parser *p, wr_ast_state_kind kind, uint32_t begin) {
    wr_ast_state *s = wr_node(p, sizeof *s);
    if (!s) return NULL;
    s->kind = kind;
    s->span = (wr_span){begin, begin};
    return s;
}

static wr_ast_state *finish(const wr_parser *p, wr_ast_state *s) {
    s->span = wr_span_since(p, s->span.begin);
    return s;
}

/* ---- One side ----------------------------------------------------------------------------------------- */

/* basic = [ name "=" ] source handlers */
static wr_ast_stream *parse_basic(wr_parser *p, bool with_ref) {
    wr_ast_stream *s = wr_node(p, sizeof *s);
    uint32_t begin = wr_token_span(p).begin;
    if (!s) return NULL;
    s->window = -1;
    if (wr_kind_is_name(wr_peek(p)) && wr_peek_after(p, 1) == WR_TOK_ASSIGN) {
        if (!with_ref)
            wr_wrong_at(p, wr_token_span(p), "leave it out: there is no event to refer to",
                        "a stream after 'not' can't have a reference");
        if (!wr_parse_name(p, "a reference", &s->event_ref)) return NULL;
        wr_advance(p);
    }
    if (!wr_parse_source_name(p, "the name of a stream", &s->source)) return NULL;
    if (!wr_parse_handlers(p, s, false)) return NULL;
    s->span = wr_span_since(p, begin);
    return s;
}

/* absent = "not" source handlers [ "for" time ] */
static wr_ast_state *parse_absent(wr_parser *p) {
    wr_ast_state *s = new_state(p, WR_STATE_ABSENT, wr_token_span(p).begin);
    wr_advance(p);
    if (!s || !(s->as.absent.stream = parse_basic(p, false))) return NULL;
    if (wr_accept(p, WR_KW_FOR)) {
        s->as.absent.time = wr_parse_time(p);
        if (!s->as.absent.time) return NULL;
        s->as.absent.has_time = true;
        s->as.absent.for_ms = s->as.absent.time->as.constant.as.l;
    }
    return finish(p, s);
}

static wr_ast_state *parse_side(wr_parser *p) {
    if (wr_peek(p) == WR_KW_NOT && !wr_keyword_is_name(p)) return parse_absent(p);
    wr_ast_state *s = new_state(p, WR_STATE_STREAM, wr_token_span(p).begin);
    if (!s || !(s->as.item.stream = parse_basic(p, true))) return NULL;
    s->as.item.min = s->as.item.max = 1;
    return finish(p, s);
}

/* ---- Counts ------------------------------------------------------------------------------------------- */

/* range = INT | INT ":" | ":" INT | INT ":" INT, then ">" */
static bool parse_count_range(wr_parser *p, wr_ast_state *s) {
    s->as.item.count = WR_COUNT_RANGE;
    s->as.item.min = 0;
    bool has_min = wr_peek(p) == WR_TOK_INT_LITERAL;
    if (has_min && !wr_parse_whole_number(p, &s->as.item.min)) return false;
    s->as.item.max = s->as.item.min;
    if (wr_accept(p, WR_TOK_COLON)) {
        s->as.item.max = WR_COUNT_UNBOUNDED;
        if (wr_peek(p) == WR_TOK_INT_LITERAL || !has_min) {
            if (!wr_parse_whole_number(p, &s->as.item.max)) return false;
        }
    } else if (!has_min) {
        return wr_expected(p, "how many events: <2>, <2:5>, <2:> or <:5>", NULL, NULL);
    }
    return wr_accept(p, WR_TOK_GT) || wr_expected(p, "':' or '>'", NULL, NULL);
}

static bool parse_count(wr_parser *p, wr_ast_state *s) {
    if (wr_accept(p, WR_TOK_LT)) return parse_count_range(p, s);
    wr_ast_count count = wr_accept(p, WR_TOK_STAR)       ? WR_COUNT_ZERO_OR_MORE
                         : wr_accept(p, WR_TOK_QUESTION) ? WR_COUNT_ZERO_OR_ONE
                         : wr_accept(p, WR_TOK_PLUS)     ? WR_COUNT_ONE_OR_MORE
                                                         : WR_COUNT_ONE;
    s->as.item.count = count;
    if (count == WR_COUNT_ONE) return true;
    s->as.item.min = count == WR_COUNT_ONE_OR_MORE ? 1 : 0;
    s->as.item.max = count == WR_COUNT_ZERO_OR_ONE ? 1 : WR_COUNT_UNBOUNDED;
    return true;
}

/* ---- A step ------------------------------------------------------------------------------------------- */

/* The rules for a 'not' without 'for': only `a and not b` and `not b and a`. */
static void check_times(wr_parser *p, const wr_ast_state *s) {
    const wr_ast_state *l = s, *r = NULL;
    bool is_and = false;
    if (s->kind == WR_STATE_LOGICAL) {
        l = s->as.logical.left;
        r = s->as.logical.right;
        is_and = !s->as.logical.is_or;
    }
    bool may_lack = is_and && (l->kind == WR_STATE_STREAM || r->kind == WR_STATE_STREAM);
    for (int k = 0; k < 2; k++) {
        const wr_ast_state *side = k ? r : l;
        if (!side || side->kind != WR_STATE_ABSENT || side->as.absent.has_time || may_lack) continue;
        wr_wrong_at(p, side->span, "write 'not S for 5 sec', or 'not S and e2=T'",
                    "a step with 'not' needs a time, unless it stands beside a stream with 'and'");
    }
}

/* item = side [ ( "and" | "or" ) side ] | basic count */
static wr_ast_state *parse_item(wr_parser *p, wr_ast_state *left) {
    if (!left) left = parse_side(p);
    if (!left) return NULL;
    bool is_or = wr_peek(p) == WR_KW_OR;
    if (is_or || wr_peek(p) == WR_KW_AND) {
        wr_ast_state *s = new_state(p, WR_STATE_LOGICAL, left->span.begin);
        wr_advance(p);
        if (!s || !(s->as.logical.right = parse_side(p))) return NULL;
        s->as.logical.left = left;
        s->as.logical.is_or = is_or;
        left = finish(p, s);
    } else if (left->kind == WR_STATE_STREAM) {
        if (!parse_count(p, left)) return NULL;
        finish(p, left);
    }
    check_times(p, left);
    return left;
}

/* ---- Chains ------------------------------------------------------------------------------------------- */

static wr_ast_state *parse_chain(wr_parser *p, wr_ast_state *first, unsigned *separator);

/* group = "(" chain ")" */
static wr_ast_state *parse_group(wr_parser *p, unsigned *separator) {
    wr_advance(p);
    if (!wr_enter(p)) return NULL;
    wr_ast_state *s = parse_chain(p, NULL, separator);
    if (!s) return NULL;
    if (!wr_accept(p, WR_TOK_RPAREN)) {
        wr_expected(p, *separator == WR_TOK_COMMA ? "',' or ')'" : "'->' or ')'", NULL, NULL);
        return NULL;
    }
    wr_leave(p);
    s->in_parens = true;
    return s;
}

/* element = [ "every" ] ( group | item ) */
static wr_ast_state *parse_element(wr_parser *p, unsigned *separator) {
    bool is_every = wr_peek(p) == WR_KW_EVERY && !wr_keyword_is_name(p);
    wr_ast_state *every = NULL;
    if (is_every) {
        every = new_state(p, WR_STATE_EVERY, wr_token_span(p).begin);
        wr_advance(p);
        if (!every) return NULL;
    }
    wr_ast_state *s = wr_peek(p) == WR_TOK_LPAREN ? parse_group(p, separator) : parse_item(p, NULL);
    if (!s || !every) return s;
    every->as.every.child = s;
    return finish(p, every);
}

static bool at_separator(wr_parser *p, unsigned *separator) {
    unsigned kind = wr_peek(p);
    if (kind != WR_TOK_ARROW && kind != WR_TOK_COMMA) return false;
    if (*separator == 0) *separator = kind;
    if (kind != *separator)
        wr_wrong_at(p, wr_token_span(p), "'->' lets other events pass in between, ',' does not: choose one",
                    "'->' and ',' can't be mixed");
    return true;
}

/* chain = element { separator element }; *separator is '->' or ',', 0 until the first one was seen */
static wr_ast_state *parse_chain(wr_parser *p, wr_ast_state *first, unsigned *separator) {
    uint32_t begin = first ? first->span.begin : wr_token_span(p).begin;
    wr_ast_state *s = first ? parse_item(p, first) : parse_element(p, separator);
    if (!s || !at_separator(p, separator)) return s;
    wr_ast_state *chain = new_state(p, WR_STATE_CHAIN, begin);
    if (!chain) return NULL;
    do {
        if (!WR_LIST_ADD(p, chain->as.chain.list, chain->as.chain.n, s)) return NULL;
        if (!at_separator(p, separator)) return finish(p, chain);
        wr_advance(p);
        s = parse_element(p, separator);
    } while (s);
    return NULL;
}

/* states = chain [ "within" time ] */
bool wr_parse_states(wr_parser *p, wr_ast_stream *first, wr_ast_input *input) {
    wr_ast_state *start = NULL;
    unsigned separator = 0;
    if (first) {
        if (first->window >= 0)
            wr_wrong_at(p, first->handlers[first->window].span, NULL,
                        "a step of a pattern or sequence can't have a window");
        start = new_state(p, WR_STATE_STREAM, first->span.begin);
        if (!start) return false;
        start->as.item.stream = first;
        start->as.item.min = start->as.item.max = 1;
        start->span = first->span;
        first->window = -1;
    }
    wr_ast_state *root = parse_chain(p, start, &separator);
    if (!root) return false;
    bool is_sequence = separator == WR_TOK_COMMA;
    input->kind = is_sequence ? WR_INPUT_SEQUENCE : WR_INPUT_PATTERN;
    input->as.states.root = root;
    wr_check_states(p, root, is_sequence);
    if (!wr_accept(p, WR_KW_WITHIN)) return true;
    input->as.states.within = wr_parse_time(p);
    return input->as.states.within != NULL;
}
