#include "plan/expr_make.h"

#include <string.h>

bool wr_type_is_numeric(weir_type type) { return type >= WEIR_INT && type <= WEIR_DOUBLE; }

static wr_expr *new_expr(wr_planner *p, wr_expr_kind kind, weir_type type, wr_span span) {
    wr_expr *e = WR_PLAN_NEW(p, wr_expr);
    if (!e) return NULL;
    e->kind = kind;
    e->type = type;
    e->begin = span.begin + p->span_base;
    e->end = span.end + p->span_base;
    return e;
}

/* A node made from another one stands at the same place in the text. */
static wr_expr *new_over(wr_planner *p, wr_expr_kind kind, weir_type type, wr_expr *a) {
    wr_expr *e = WR_PLAN_NEW(p, wr_expr);
    if (!e) return NULL;
    *e = (wr_expr){.kind = kind,
                   .type = type,
                   .nullable = a->nullable,
                   .can_fail = a->can_fail,
                   .needs_clock = a->needs_clock,
                   .begin = a->begin,
                   .end = a->end,
                   .a = a};
    return e;
}

/* ---- Leaves -----------------------------------------------------------------------------------------------
 */

wr_expr *wr_expr_const(wr_planner *p, const weir_value *value, wr_span span) {
    wr_expr *e = new_expr(p, WR_EXPR_CONST, value->type, span);
    if (!e) return NULL;
    e->nullable = value->is_null;
    e->u.constant = *value;
    return e;
}

wr_expr *wr_expr_bool(wr_planner *p, bool value, wr_span span) {
    weir_value v = {.type = WEIR_BOOL, .as.b = value};
    return wr_expr_const(p, &v, span);
}

wr_expr *wr_expr_column(wr_planner *p, wr_expr_kind kind, uint32_t column, const wr_attr *attr,
                        wr_span span) {
    wr_expr *e = new_expr(p, kind, attr->type, span);
    if (!e) return NULL;
    e->boxed = attr->boxed;
    e->nullable = true;
    e->u.column = column;
    return e;
}

wr_expr *wr_expr_slot(wr_planner *p, wr_expr_kind kind, uint32_t slot, weir_type type, wr_span span) {
    wr_expr *e = new_expr(p, kind, type, span);
    if (!e) return NULL;
    e->nullable = kind == WR_EXPR_AGG;
    e->u.column = slot;
    return e;
}

/* ---- Nodes ------------------------------------------------------------------------------------------------
 */

static void take_flags(wr_expr *e, const wr_expr *from) {
    if (!from) return;
    e->nullable |= from->nullable;
    e->can_fail |= from->can_fail;
    e->needs_clock |= from->needs_clock;
}

static bool is_never_null(wr_expr_kind kind) {
    return kind == WR_EXPR_COMPARE || kind == WR_EXPR_AND || kind == WR_EXPR_OR || kind == WR_EXPR_NOT ||
           kind == WR_EXPR_IS_NULL || kind == WR_EXPR_NULL_FALSE;
}

wr_expr *wr_expr_unary(wr_planner *p, wr_expr_kind kind, weir_type type, wr_expr *a, wr_span span) {
    if (!a) return NULL;
    wr_expr *e = new_expr(p, kind, type, span);
    if (!e) return NULL;
    e->a = a;
    take_flags(e, a);
    if (is_never_null(kind)) e->nullable = false;
    return e;
}

wr_expr *wr_expr_binary(wr_planner *p, wr_expr_kind kind, weir_type type, wr_expr *a, wr_expr *b,
                        wr_span span) {
    wr_expr *e = b ? wr_expr_unary(p, kind, type, a, span) : NULL;
    if (!e) return NULL;
    e->b = b;
    take_flags(e, b);
    if (is_never_null(kind)) e->nullable = false;
    return e;
}

wr_expr *wr_expr_if(wr_planner *p, wr_expr *condition, wr_expr *a, wr_expr *b, wr_span span) {
    if (!condition || !a || !b) return NULL;
    bool boxed = a->boxed || b->boxed;
    if (boxed) {
        a = wr_expr_box(p, a, a->type);
        b = wr_expr_box(p, b, b->type);
    }
    wr_expr *e = a ? wr_expr_binary(p, WR_EXPR_IF, a->type, a, b, span) : NULL;
    if (!e) return NULL;
    e->c = condition;
    e->boxed = boxed;
    e->can_fail |= condition->can_fail;
    e->needs_clock |= condition->needs_clock;
    return e;
}

/* ---- Conversions ------------------------------------------------------------------------------------------
 */

/* Widening, as Java does it: int and long to float and double round to nearest. */
static weir_value convert_constant(const weir_value *from, weir_type to) {
    weir_value v = {.type = to, .is_null = from->is_null};
    int64_t whole = from->type == WEIR_INT ? from->as.i : from->type == WEIR_LONG ? from->as.l : 0;
    bool is_whole = from->type == WEIR_INT || from->type == WEIR_LONG;
    switch (to) {
    case WEIR_LONG: v.as.l = whole; break;
    case WEIR_FLOAT: v.as.f = is_whole ? (float)whole : from->as.f; break;
    case WEIR_DOUBLE:
        v.as.d = is_whole ? (double)whole : from->type == WEIR_FLOAT ? (double)from->as.f : from->as.d;
        break;
    default: v = *from; break;
    }
    return v;
}

static wr_expr *widen(wr_planner *p, wr_expr *a, weir_type type) {
    if (a->type == type) return a;
    if (a->kind == WR_EXPR_CONST) {
        wr_expr *e = new_over(p, WR_EXPR_CONST, type, a);
        if (!e) return NULL;
        e->a = NULL;
        e->u.constant = convert_constant(&a->u.constant, type);
        return e;
    }
    return new_over(p, WR_EXPR_CONVERT, type, a);
}

static wr_expr *unbox(wr_planner *p, wr_expr *a, weir_type type, bool strict) {
    wr_expr *e = new_over(p, WR_EXPR_UNBOX, type, a);
    if (!e) return NULL;
    e->nullable = true;
    e->can_fail = true;
    e->u.strict = strict;
    return e;
}

wr_expr *wr_expr_plain(wr_planner *p, wr_expr *a, weir_type type, bool strict) {
    if (!a) return NULL;
    if (a->boxed || a->type == WEIR_OBJECT) {
        if (type == WEIR_OBJECT) return a;
        if (!strict || a->type == WEIR_OBJECT) return unbox(p, a, type, strict);
        wr_expr *exact = unbox(p, a, a->type, true);
        return exact ? widen(p, exact, type) : NULL;
    }
    return widen(p, a, type);
}

wr_expr *wr_expr_box(wr_planner *p, wr_expr *a, weir_type type) {
    if (!a) return NULL;
    if (a->boxed && a->type == type) return a;
    wr_expr *e = new_over(p, WR_EXPR_BOX, type, a);
    if (e) e->boxed = true;
    return e;
}

wr_expr *wr_expr_null_false(wr_planner *p, wr_expr *a) {
    if (!a || !a->nullable) return a;
    wr_expr *e = new_over(p, WR_EXPR_NULL_FALSE, WEIR_BOOL, a);
    if (e) e->nullable = false;
    return e;
}
