#include "plan/state_scope.h"
#include "plan/typing.h"

#include <string.h>

static wr_expr *type_const(wr_planner *p, const wr_ast_expr *e) {
    const wr_ast_const *c = &e->as.constant;
    weir_value v = {.type = c->type};
    switch (c->type) {
    case WEIR_INT: v.as.i = c->as.i; break;
    case WEIR_LONG: v.as.l = c->as.l; break;
    case WEIR_FLOAT: v.as.f = c->as.f; break;
    case WEIR_DOUBLE: v.as.d = c->as.d; break;
    case WEIR_BOOL: v.as.b = c->as.b; break;
    default:
        if (weir_arena_string(p->arena, c->as.s.text, c->as.s.len, &v.as.s) != WEIR_OK) {
            p->out_of_memory = true;
            return NULL;
        }
    }
    return wr_expr_const(p, &v, e->span);
}

wr_expr *wr_type_condition(wr_planner *p, wr_scope *s, const wr_ast_expr *e, const char *role) {
    wr_expr *typed = wr_type_expr(p, s, e);
    if (!typed || typed->type == WEIR_BOOL) return wr_expr_plain(p, typed, WEIR_BOOL, true);
    wr_plan_error(p, e->span, WEIR_ETYPE, NULL, "%s must be a bool, this is %s", role,
                  weir_type_name(typed->type));
    return NULL;
}

void wr_type_narrow(wr_planner *p, wr_scope *s, wr_expr *condition, bool is_true) {
    if (!s->aggs || !condition) return;
    wr_span span = {condition->begin - p->span_base, condition->end - p->span_base};
    if (!is_true) condition = wr_expr_unary(p, WR_EXPR_NOT, WEIR_BOOL, condition, span);
    s->when = s->when ? wr_expr_binary(p, WR_EXPR_AND, WEIR_BOOL, s->when, condition, span) : condition;
}

static wr_expr *type_not(wr_planner *p, wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_expr *operand = e->as.unary.operand;
    wr_expr *a = wr_type_expr(p, s, operand);
    if (a && a->type != WEIR_BOOL) {
        wr_plan_error(p, operand->span, WEIR_ETYPE,
                      "'not' binds tighter than comparisons: put those in parentheses, not (a > b)",
                      "'not' needs a bool, this is %s", weir_type_name(a->type));
        return NULL;
    }
    return wr_expr_unary(p, WR_EXPR_NOT, WEIR_BOOL, wr_expr_plain(p, a, WEIR_BOOL, true), e->span);
}

/* The one of the query's streams that this names, and no attribute: then `is null` asks about its event. Or
 * NULL.
 */
static const wr_scope_input *named_input(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    if (e->kind != WR_AST_REF) return NULL;
    const wr_ast_ref *ref = &e->as.ref;
    const wr_ast_name *name = ref->attr.text ? &ref->attr : &ref->stream;
    if (ref->attr.text && ref->stream.text) return NULL;
    const char *marked = wr_plan_marked_name(p, ref->mark, name->text);
    return marked ? wr_scope_find_input(s, marked) : NULL;
}

/* Every input of a single-stream query has its event; of an outer join's side that found none the time is
 * null.
 */
static wr_expr *type_input_is_null(wr_planner *p, const wr_scope *s, const wr_scope_input *input,
                                   wr_span span) {
    if (!s->is_join || s->is_join_condition) return wr_expr_bool(p, false, span);
    wr_attr time = {.name = input->id, .type = WEIR_LONG};
    uint32_t side = (uint32_t)(input - s->inputs);
    return wr_expr_unary(p, WR_EXPR_IS_NULL, WEIR_BOOL,
                         wr_expr_column(p, WR_EXPR_COLUMN, s->n_times + side, &time, span), span);
}

static wr_expr *type_is_null(wr_planner *p, wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_expr *operand = e->as.unary.operand;
    if (wr_state_names_event(p, s, operand))
        return wr_expr_unary(p, WR_EXPR_IS_NULL, WEIR_BOOL, wr_state_event_time(p, s, operand), e->span);
    const wr_scope_input *input = named_input(p, s, operand);
    if (input) return type_input_is_null(p, s, input, e->span);
    return wr_expr_unary(p, WR_EXPR_IS_NULL, WEIR_BOOL, wr_type_expr(p, s, operand), e->span);
}

wr_expr *wr_type_expr(wr_planner *p, wr_scope *s, const wr_ast_expr *e) {
    switch (e->kind) {
    case WR_AST_CONST: return type_const(p, e);
    case WR_AST_REF: return wr_scope_resolve(p, s, e);
    case WR_AST_CALL: return wr_type_call(p, s, e);
    case WR_AST_NOT: return type_not(p, s, e);
    case WR_AST_IS_NULL: return type_is_null(p, s, e);
    case WR_AST_BINARY: return wr_type_binary(p, s, e);
    case WR_AST_IN: return wr_type_in(p, s, e);
    }
    return NULL;
}
