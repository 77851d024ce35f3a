/* parse_select.c: select … group by … having … order by … limit … offset …. */
#include <stdio.h>
#include <string.h>

#include "lang/parse.h"

static bool is_bool_literal(const wr_ast_expr *e) {
    return e->kind == WR_AST_CONST && e->as.constant.type == WEIR_BOOL && !e->in_parens;
}

/* `select true` without 'as' can only be an attribute of that name. */
static bool make_attribute(wr_parser *p, wr_ast_expr *e) {
    wr_ast_ref ref = {0};
    ref.attr.span = e->span;
    ref.attr.text = wr_arena_strndup(p->arena, p->text + e->span.begin, e->span.end - e->span.begin);
    if (!ref.attr.text) p->out_of_memory = true;
    e->kind = WR_AST_REF;
    e->as.ref = ref;
    return ref.attr.text != NULL;
}

/* out = expr "as" name | attr_ref */
static bool parse_out(wr_parser *p, wr_ast_out *out) {
    uint32_t begin = wr_token_span(p).begin;
    memset(out, 0, sizeof *out);
    out->expr = wr_parse_expr(p);
    if (!out->expr) return false;
    if (wr_accept(p, WR_KW_AS)) {
        if (!wr_parse_name(p, "a name for the column", &out->alias)) return false;
    } else if (is_bool_literal(out->expr)) {
        if (!make_attribute(p, out->expr)) return false;
    } else if (wr_peek(p) != WR_TOK_BAD && (out->expr->kind != WR_AST_REF || out->expr->in_parens)) {
        wr_wrong_at(p, wr_span_since(p, begin), "write 'as' and a name after it", "this column has no name");
    }
    out->span = wr_span_since(p, begin);
    return true;
}

/* What may follow a select list, for messages and misspelt keywords. */
static const uint8_t after_list[] = {WR_KW_AS,     WR_KW_FROM,   WR_KW_GROUP,  WR_KW_HAVING,    WR_KW_ORDER,
                                     WR_KW_LIMIT,  WR_KW_OFFSET, WR_KW_OUTPUT, WR_KW_INSERT,    WR_KW_DELETE,
                                     WR_KW_UPDATE, WR_KW_RETURN, WR_KW_AND,    WR_KW_AGGREGATE, WR_TOK_EOF};

/* `a b`: either a comma or an `as` is missing, or b is a misspelt keyword. */
static bool check_list_end(wr_parser *p) {
    if (!wr_kind_is_id(wr_peek(p))) return true;
    char hint[96];
    wr_span name = wr_token_span(p);
    snprintf(hint, sizeof hint, "write 'as %.*s' to name the column, or put a ',' before it",
             (int)WR_MIN(name.end - name.begin, 40u), p->text + name.begin);
    return wr_expected(p, "',', 'as' or the next clause", after_list, hint);
}

/* select_list = "select" ( "*" | out { "," out } ) */
bool wr_parse_select_list(wr_parser *p, wr_ast_selection *s) {
    wr_advance(p);
    s->star = wr_accept(p, WR_TOK_STAR);
    if (s->star) return true;
    do {
        wr_ast_out out;
        if (!parse_out(p, &out) || !WR_LIST_ADD(p, s->outs, s->n_outs, out)) return false;
    } while (wr_accept(p, WR_TOK_COMMA));
    return check_list_end(p);
}

/* After the references of group by or order by there is '(' or an operator: it was an expression. */
static bool check_only_refs(wr_parser *p, const char *clause) {
    switch (wr_peek(p)) {
    case WR_TOK_LPAREN:
    case WR_TOK_PLUS:
    case WR_TOK_MINUS:
    case WR_TOK_STAR:
    case WR_TOK_SLASH:
    case WR_TOK_PERCENT:
    case WR_TOK_COLON:
        return wr_wrong_at(p, wr_token_span(p), "compute it in a query before this one",
                           "'%s' takes names of attributes, no expressions", clause);
    default: return true;
    }
}

/* group_by = "group" "by" attr_ref { "," attr_ref } */
bool wr_parse_group_by(wr_parser *p, wr_ast_selection *s) {
    wr_advance(p);
    if (!wr_expect(p, WR_KW_BY)) return false;
    do {
        wr_ast_expr *ref = wr_parse_attr_ref(p);
        if (!ref || !WR_LIST_ADD(p, s->group_by, s->n_group_by, ref)) return false;
    } while (wr_accept(p, WR_TOK_COMMA));
    return check_only_refs(p, "group by");
}

/* order_by = "order" "by" attr_ref [ "asc" | "desc" ] { "," attr_ref [ "asc" | "desc" ] } */
static bool parse_order_by(wr_parser *p, wr_ast_selection *s) {
    wr_advance(p);
    if (!wr_expect(p, WR_KW_BY)) return false;
    do {
        wr_ast_order order = {0};
        order.ref = wr_parse_attr_ref(p);
        if (!order.ref) return false;
        order.descending = wr_accept(p, WR_KW_DESC);
        order.direction_written = order.descending || wr_accept(p, WR_KW_ASC);
        if (!WR_LIST_ADD(p, s->order_by, s->n_order_by, order)) return false;
    } while (wr_accept(p, WR_TOK_COMMA));
    return check_only_refs(p, "order by");
}

static bool parse_expr_clause(wr_parser *p, wr_ast_expr **out) {
    wr_advance(p);
    *out = wr_parse_expr(p);
    return *out != NULL;
}

/* "limit" expr, "offset" expr: the expression must be a constant. Its sign is the planner's to judge. */
static bool parse_count(wr_parser *p, const char *clause, wr_ast_expr **out) {
    if (!parse_expr_clause(p, out)) return false;
    const wr_ast_expr *e = *out;
    bool is_whole =
        e->kind == WR_AST_CONST && (e->as.constant.type == WEIR_INT || e->as.constant.type == WEIR_LONG);
    if (!is_whole) wr_wrong_at(p, e->span, NULL, "'%s' takes a whole number, no other expression", clause);
    return true;
}

/* The clauses after the list, in their order. */
static const uint8_t clauses[] = {WR_KW_GROUP, WR_KW_HAVING, WR_KW_ORDER, WR_KW_LIMIT, WR_KW_OFFSET};
static const char *const clause_texts[] = {"group by", "having", "order by", "limit", "offset"};

/* The index of the clause that begins here, or -1. */
static int clause_here(const wr_parser *p) {
    for (int k = 0; k < (int)WR_COUNT(clauses); k++)
        if (wr_peek(p) == clauses[k]) return k;
    return -1;
}

bool wr_at_selection(const wr_parser *p) { return wr_peek(p) == WR_KW_SELECT || clause_here(p) >= 0; }

static bool parse_clause(wr_parser *p, int clause, wr_ast_selection *s) {
    switch (clauses[clause]) {
    case WR_KW_GROUP: return wr_parse_group_by(p, s);
    case WR_KW_HAVING: return parse_expr_clause(p, &s->having);
    case WR_KW_ORDER: return parse_order_by(p, s);
    case WR_KW_LIMIT: return parse_count(p, "limit", &s->limit);
    default: return parse_count(p, "offset", &s->offset);
    }
}

/* selection = select_list [ group_by ] [ having ] [ order_by ] [ limit ] [ offset ]
 * Takes the clauses in any order, so that one in the wrong place costs one error and no more. */
bool wr_parse_selection(wr_parser *p, wr_ast_selection **out) {
    *out = NULL;
    if (!wr_at_selection(p)) return true;
    wr_ast_selection *s = wr_node(p, sizeof *s);
    uint32_t begin = wr_token_span(p).begin;
    if (!s) return false;
    if (wr_peek(p) == WR_KW_SELECT) {
        if (!wr_parse_select_list(p, s)) return false;
    } else {
        s->star = true;
        wr_wrong_at(p, wr_token_span(p), "write 'select *' before it", "'%s' needs a 'select' before it",
                    clause_texts[clause_here(p)]);
    }
    int last = -1;
    for (int k = clause_here(p); k >= 0; k = clause_here(p)) {
        if (k == last)
            wr_wrong_at(p, wr_token_span(p), NULL, "there are two '%s'", clause_texts[k]);
        else if (k < last)
            wr_wrong_at(p, wr_token_span(p), NULL, "'%s' must stand before '%s'", clause_texts[k],
                        clause_texts[last]);
        last = WR_MAX(k, last);
        if (!parse_clause(p, k, s)) return false;
    }
    s->span = wr_span_since(p, begin);
    *out = s;
    return true;
}
