/* aggregation_range.c: within … per …, of a join or an on-demand query. */
#include "base/within.h"
#include "plan/aggregation.h"
#include "plan/typing.h"

wr_expr *wr_plan_time_of_text(wr_planner *p, const weir_function_type *function, wr_expr *text,
                              wr_span span) {
    wr_expr **args = WR_PLAN_ARRAY(p, 1, wr_expr *);
    weir_arg *info = WR_PLAN_ARRAY(p, 1, weir_arg);
    if (!args || !info || !function || !text) return NULL;
    args[0] = text;
    info[0] = (weir_arg){.type = WEIR_STRING, .begin = span.begin, .end = span.end};
    wr_typed_args typed = {.exprs = args, .info = info, .n = 1, .ok = true};
    return wr_make_call(p, function, &typed, WEIR_LONG, span);
}

static wr_expr *plan_bound(wr_planner *p, wr_scope *scope, const wr_ast_expr *ast) {
    wr_expr *e = wr_type_expr(p, scope, ast);
    if (!e) return NULL;
    if (e->type == WEIR_STRING && !e->boxed)
        return wr_plan_time_of_text(
            p, wr_registry_find_function(p->registry, "incrementalAggregator", "timestampInMilliseconds"), e,
            ast->span);
    if (e->type == WEIR_LONG) return wr_expr_plain(p, e, WEIR_LONG, false);
    wr_plan_error(p, ast->span, WEIR_ETYPE,
                  "write a long (ms since 1970) or a text like '2020-01-31 10:20:30'",
                  "'within' takes times, not %s", weir_type_name(e->type));
    return NULL;
}

static wr_expr *plan_pattern(wr_planner *p, wr_scope *scope, const wr_ast_expr *ast) {
    wr_expr *e = wr_type_expr(p, scope, ast);
    if (!e) return NULL;
    if (e->type == WEIR_STRING) return wr_expr_plain(p, e, WEIR_STRING, false);
    wr_plan_error(p, ast->span, WEIR_ETYPE, "write two times, or a text like '2020-01-** **:**:**'",
                  "'within' with one value takes a text, not %s", weir_type_name(e->type));
    return NULL;
}

static bool keeps(const wr_plan_aggregation *a, wr_unit unit) {
    for (uint32_t i = 0; i < a->n_units; i++)
        if (a->units[i] == unit) return true;
    return false;
}

/* A constant that is no unit is told at once; one that the aggregation does not keep, too. */
static wr_expr *plan_per(wr_planner *p, wr_scope *scope, const wr_ast_expr *ast,
                         const wr_plan_aggregation *a) {
    wr_expr *e = wr_type_expr(p, scope, ast);
    wr_unit unit;
    if (!e) return NULL;
    if (e->type != WEIR_STRING) {
        wr_plan_error(p, ast->span, WEIR_ETYPE, "write per 'hours'", "'per' takes a text, not %s",
                      weir_type_name(e->type));
        return NULL;
    }
    if (e->kind == WR_EXPR_CONST && !wr_unit_of(&e->u.constant.as.s, &unit)) {
        wr_plan_error(p, ast->span, WEIR_ETYPE, "seconds, minutes, hours, days, months or years",
                      "'%.*s' is no unit of an aggregation", (int)WR_MIN(e->u.constant.as.s.len, 40u),
                      weir_string_data(&e->u.constant.as.s));
        return NULL;
    }
    if (e->kind == WR_EXPR_CONST && !keeps(a, unit)) {
        wr_plan_error(p, ast->span, WEIR_ETYPE, "define it with 'aggregate every' that unit, too",
                      "'%s' keeps nothing per %s", a->name, wr_unit_name(unit));
        return NULL;
    }
    return wr_expr_plain(p, e, WEIR_STRING, false);
}

bool wr_plan_extent_of(wr_planner *p, wr_scope *scope, const wr_ast_range *ast, uint32_t aggregation,
                       wr_plan_extent *out) {
    *out = (wr_plan_extent){.aggregation = aggregation};
    out->start = ast->end ? plan_bound(p, scope, ast->start) : plan_pattern(p, scope, ast->start);
    if (ast->end) out->end = plan_bound(p, scope, ast->end);
    out->per = plan_per(p, scope, ast->per, &p->plan->aggregations[aggregation]);
    return out->start && out->per && (out->end || !ast->end);
}

/* The group key that a column of an aggregation is, or WR_NONE_ID. */
static uint32_t group_key_of(const wr_plan_aggregation *a, uint32_t column) {
    if (!column) return WR_NONE_ID;
    const wr_expr *out = a->outs[column - 1];
    return out->kind == WR_EXPR_COLUMN && !out->boxed ? a->plain_key[out->u.column] : WR_NONE_ID;
}

static bool is_taken(const wr_plan_extent *out, uint32_t key) {
    for (uint32_t i = 0; i < out->n_keys; i++)
        if (out->group_keys[i] == key) return true;
    return false;
}

bool wr_plan_extent_keys(wr_planner *p, wr_expr *on, uint32_t n_left, wr_plan_extent *out) {
    const wr_plan_aggregation *a = &p->plan->aggregations[out->aggregation];
    wr_split split;
    if (!on) return true;
    if (!wr_split_condition(p, on, n_left, WR_SPLIT_PROBE, &split)) return false;
    out->keys = WR_PLAN_ARRAY(p, split.n_keys, wr_expr *);
    out->group_keys = WR_PLAN_ARRAY(p, split.n_keys, uint32_t);
    if (!out->keys || !out->group_keys) return false;
    for (uint32_t i = 0; i < split.n_keys; i++) {
        uint32_t key = group_key_of(a, split.right_keys[i]->u.column);
        if (key == WR_NONE_ID || is_taken(out, key)) continue;
        const wr_attr *attr = &a->feed.attrs[key];
        if (split.left_keys[i]->boxed || split.left_keys[i]->type != attr->type || attr->type == WEIR_OBJECT)
            continue;
        out->group_keys[out->n_keys] = key;
        out->keys[out->n_keys++] = split.left_keys[i];
    }
    return true;
}
