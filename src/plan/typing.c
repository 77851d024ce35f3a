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

/* Is this the name of one of the query's streams, not of an attribute? Then `is null` asks about its event.
 */
static bool is_stream_reference(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    if (e->kind != WR_AST_REF) return false;
    const wr_ast_ref *ref = &e->as.ref;
    const wr_ast_name *name = ref->attr.text ? &ref->attr : &ref->stream;
    if (ref->attr.text && ref->stream.text) return false;
    const char *marked = wr_plan_marked_name(p, ref->mark, name->text);
    return marked && wr_scope_find_input(s, marked);
}

static wr_expr *type_is_null(wr_planner *p, wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_expr *operand = e->as.unary.operand;
    if (wr_state_names_event(p, s, operand))
        return wr_expr_unary(p, WR_EXPR_IS_NULL, WEIR_BOOL, wr_state_event_time(p, s, operand), e->span);
    /* Every input of a single-stream query or an inner join has its event. */
    if (is_stream_reference(p, s, operand)) return wr_expr_bool(p, false, e->span);
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
