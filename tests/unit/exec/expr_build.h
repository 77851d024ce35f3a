/* expr_build.h: expression trees by hand, for tests. Nodes live in an arena; nullable and can_fail are set as
 * a planner would. */
#ifndef WR_TEST_EXPR_BUILD_H
#define WR_TEST_EXPR_BUILD_H

#include "base/arena.h"
#include "data/value.h"
#include "plan/expr.h"

static inline wr_expr *expr_node(weir_arena *arena, wr_expr_kind kind, weir_type type, wr_expr *a,
                                 wr_expr *b) {
    wr_expr *e = wr_arena_zero(arena, 1, sizeof *e);
    if (!e) abort();
    e->kind = kind;
    e->type = type;
    e->a = a;
    e->b = b;
    e->nullable = true;
    e->can_fail = (a && a->can_fail) || (b && b->can_fail);
    return e;
}

static inline wr_expr *expr_const(weir_arena *arena, weir_value v) {
    wr_expr *e = expr_node(arena, WR_EXPR_CONST, v.type, NULL, NULL);
    e->u.constant = v;
    return e;
}

static inline wr_expr *expr_column(weir_arena *arena, uint32_t column, weir_type type) {
    wr_expr *e = expr_node(arena, WR_EXPR_COLUMN, type, NULL, NULL);
    e->u.column = column;
    return e;
}

static inline wr_expr *expr_arith(weir_arena *arena, wr_arith op, wr_expr *a, wr_expr *b) {
    wr_expr *e = expr_node(arena, WR_EXPR_ARITH, a->type, a, b);
    e->u.arith = op;
    return e;
}

static inline wr_expr *expr_compare(weir_arena *arena, wr_compare op, wr_expr *a, wr_expr *b) {
    wr_expr *e = expr_node(arena, WR_EXPR_COMPARE, WEIR_BOOL, a, b);
    e->u.compare = op;
    return e;
}

static inline wr_expr *expr_logic(weir_arena *arena, wr_expr_kind kind, wr_expr *a, wr_expr *b) {
    return expr_node(arena, kind, WEIR_BOOL, a, b);
}

static inline wr_expr *expr_if(weir_arena *arena, wr_expr *condition, wr_expr *a, wr_expr *b) {
    wr_expr *e = expr_node(arena, WR_EXPR_IF, a->type, a, b);
    e->boxed = a->boxed;
    e->c = condition;
    e->can_fail = e->can_fail || condition->can_fail;
    return e;
}

static inline wr_expr *expr_convert(weir_arena *arena, weir_type to, wr_expr *a) {
    return expr_node(arena, WR_EXPR_CONVERT, to, a, NULL);
}

static inline wr_expr *expr_box(weir_arena *arena, wr_expr *a) {
    wr_expr *e = expr_node(arena, WR_EXPR_BOX, a->type, a, NULL);
    e->boxed = true;
    return e;
}

static inline wr_expr *expr_unbox(weir_arena *arena, weir_type to, bool is_strict, wr_expr *a) {
    wr_expr *e = expr_node(arena, WR_EXPR_UNBOX, to, a, NULL);
    e->u.strict = is_strict;
    e->can_fail = true;
    return e;
}

static inline wr_expr *expr_call(weir_arena *arena, const weir_function_type *f, weir_type type,
                                 wr_expr *arg) {
    wr_expr *e = expr_node(arena, WR_EXPR_CALL, type, NULL, NULL);
    wr_expr **args = wr_arena_zero(arena, 1, sizeof *args);
    weir_arg *info = wr_arena_zero(arena, 1, sizeof *info);
    if (!args || !info) abort();
    args[0] = arg;
    info->type = arg ? arg->type : WEIR_NONE;
    e->u.call.function = f;
    e->u.call.args = args;
    e->u.call.arg_info = info;
    e->u.call.n_args = arg ? 1 : 0;
    e->can_fail = f->can_fail || (arg && arg->can_fail);
    return e;
}

#endif
