/* parse_on_demand.c: on-demand queries, and single expressions. */
#include <string.h>

#include "lang/parse.h"

/* "from" name [ "as" name ] [ "on" expr ] [ range ] [ selection ] */
static bool parse_find(wr_parser *p, wr_ast_on_demand *q) {
    q->has_from = true;
    if (!wr_parse_name(p, "the name of a table, window or aggregation", &q->source)) return false;
    if (wr_accept(p, WR_KW_AS) && !wr_parse_name(p, "another name for it", &q->alias)) return false;
    if (wr_accept(p, WR_KW_ON) && !(q->on = wr_parse_expr(p))) return false;
    if (!wr_parse_range(p, &q->range) || !wr_parse_selection(p, &q->selection)) return false;
    q->output = wr_node(p, sizeof *q->output);
    if (!q->output) return false;
    q->output->kind = WR_OUTPUT_NONE;
    q->output->span = (wr_span){wr_span_since(p, 0).end, wr_span_since(p, 0).end};
    return true;
}

/* selection "insert" "into" source | selection "update" "or" "insert" … | [ selection ] ( delete | update )
 */
static bool parse_change(wr_parser *p, wr_ast_on_demand *q) {
    wr_span span = wr_token_span(p);
    if (!wr_parse_selection(p, &q->selection)) return false;
    q->output = wr_parse_on_demand_output(p);
    if (!q->output) return false;
    bool needs = q->output->kind == WR_OUTPUT_INSERT || q->output->kind == WR_OUTPUT_UPDATE_OR_INSERT;
    if (needs && !q->selection)
        wr_wrong_at(p, span, "as in: select 'a' as k, 1 as v insert into T",
                    "an on-demand insert begins with 'select'");
    return true;
}

/* on_demand = ( find | change ) [ ";" ] */
static bool parse_whole(wr_parser *p, wr_ast_on_demand *q) {
    uint32_t begin = wr_token_span(p).begin;
    unsigned kind = wr_peek(p);
    bool begins_change =
        wr_at_selection(p) || kind == WR_KW_INSERT || kind == WR_KW_DELETE || kind == WR_KW_UPDATE;
    bool ok;
    if (wr_accept(p, WR_KW_FROM))
        ok = parse_find(p, q);
    else if (begins_change)
        ok = parse_change(p, q);
    else
        ok = wr_expected(p, "'from', 'select', 'update' or 'delete'",
                         WR_KINDS(WR_KW_FROM, WR_KW_SELECT, WR_KW_UPDATE, WR_KW_DELETE), NULL);
    if (!ok) return false;
    q->span = wr_span_since(p, begin);
    wr_accept(p, WR_TOK_SEMICOLON);
    if (wr_peek(p) == WR_TOK_EOF) return true;
    return wr_expected(p, "the end of the query",
                       WR_KINDS(WR_KW_ON, WR_KW_AS, WR_KW_WITHIN, WR_KW_SELECT, WR_KW_GROUP, WR_KW_HAVING,
                                WR_KW_ORDER, WR_KW_LIMIT, WR_KW_OFFSET),
                       NULL);
}

weir_status wr_parse_on_demand(const wr_source *source, weir_arena *arena, wr_ast_on_demand **out,
                               wr_diag *diags) {
    wr_parser p;
    wr_ast_on_demand *q = NULL;
    *out = NULL;
    if (wr_parser_init(&p, source, arena, diags)) q = wr_node(&p, sizeof *q);
    if (q) parse_whole(&p, q);
    weir_status status = wr_parser_status(&p);
    if (status == WEIR_OK) *out = q;
    wr_parser_fini(&p);
    return status;
}

weir_status wr_parse_expression(const wr_source *source, weir_arena *arena, wr_ast_expr **out,
                                wr_diag *diags) {
    wr_parser p;
    wr_ast_expr *e = NULL;
    *out = NULL;
    if (wr_parser_init(&p, source, arena, diags)) e = wr_parse_expr(&p);
    if (e && wr_peek(&p) != WR_TOK_EOF)
        wr_expected(&p, "an operator or the end", WR_KINDS(WR_KW_AND, WR_KW_OR, WR_KW_IN, WR_KW_IS), NULL);
    weir_status status = wr_parser_status(&p);
    if (status == WEIR_OK) *out = e;
    wr_parser_fini(&p);
    return status;
}
