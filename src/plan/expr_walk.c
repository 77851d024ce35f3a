/* expr_walk.c: reading and rewriting finished expressions. */
#include <string.h>

#include "plan/expr_make.h"

bool wr_expr_walk(const wr_expr *e, bool (*visit)(const wr_expr *e, void *ctx), void *ctx) {
    if (!e) return true;
    if (!visit(e, ctx)) return false;
    if (e->kind == WR_EXPR_CALL) {
        for (uint32_t i = 0; i < e->u.call.n_args; i++)
            if (!wr_expr_walk(e->u.call.args[i], visit, ctx)) return false;
        return true;
    }
    return wr_expr_walk(e->c, visit, ctx) && wr_expr_walk(e->a, visit, ctx) && wr_expr_walk(e->b, visit, ctx);
}

static bool is_other_kind(const wr_expr *e, void *ctx) { return e->kind != *(const wr_expr_kind *)ctx; }

bool wr_expr_has_kind(const wr_expr *e, wr_expr_kind kind) { return !wr_expr_walk(e, is_other_kind, &kind); }

/* ---- Equality ---------------------------------------------------------------------------------------------
 */

static bool values_equal(const weir_value *a, const weir_value *b) {
    if (a->type != b->type || a->is_null != b->is_null) return false;
    if (a->is_null) return true;
    switch (a->type) {
    case WEIR_INT: return a->as.i == b->as.i;
    case WEIR_LONG: return a->as.l == b->as.l;
    case WEIR_FLOAT: return memcmp(&a->as.f, &b->as.f, sizeof a->as.f) == 0;
    case WEIR_DOUBLE: return memcmp(&a->as.d, &b->as.d, sizeof a->as.d) == 0;
    case WEIR_BOOL: return a->as.b == b->as.b;
    case WEIR_STRING: return weir_string_equal(&a->as.s, &b->as.s);
    default: return false;
    }
}

static bool calls_equal(const wr_expr *a, const wr_expr *b) {
    if (a->u.call.function != b->u.call.function || a->u.call.n_args != b->u.call.n_args) return false;
    if (a->u.call.function->not_pure) return false;
    for (uint32_t i = 0; i < a->u.call.n_args; i++)
        if (!wr_expr_equal(a->u.call.args[i], b->u.call.args[i])) return false;
    return true;
}

static bool own_parts_equal(const wr_expr *a, const wr_expr *b) {
    switch (a->kind) {
    case WR_EXPR_CONST: return values_equal(&a->u.constant, &b->u.constant);
    case WR_EXPR_COLUMN:
    case WR_EXPR_OUTPUT:
    case WR_EXPR_AGG:
    case WR_EXPR_PROBE: return a->u.column == b->u.column;
    case WR_EXPR_UNBOX: return a->u.strict == b->u.strict;
    case WR_EXPR_ARITH: return a->u.arith == b->u.arith;
    case WR_EXPR_COMPARE: return a->u.compare == b->u.compare;
    case WR_EXPR_CALL: return calls_equal(a, b);
    default: return true;
    }
}

bool wr_expr_equal(const wr_expr *a, const wr_expr *b) {
    if (!a || !b) return a == b;
    return a->kind == b->kind && a->type == b->type && a->boxed == b->boxed && own_parts_equal(a, b) &&
           wr_expr_equal(a->a, b->a) && wr_expr_equal(a->b, b->b) && wr_expr_equal(a->c, b->c);
}

/* ---- Rewriting --------------------------------------------------------------------------------------------
 */

/* Copies a tree; leaf() gives what a node is replaced by, or NULL to copy it as it is. */
typedef struct rewrite {
    wr_planner *p;
    wr_expr *(*leaf)(struct rewrite *r, const wr_expr *e);
    uint32_t shift; /* or base */
    wr_expr *const *outs;
    uint32_t n_outs;
    bool failed;
} rewrite;

static wr_expr *rewrite_tree(rewrite *r, const wr_expr *e);

static void rewrite_args(rewrite *r, wr_expr *copy) {
    wr_expr **args = WR_PLAN_ARRAY(r->p, copy->u.call.n_args, wr_expr *);
    if (!args) {
        r->failed = true;
        return;
    }
    for (uint32_t i = 0; i < copy->u.call.n_args; i++) args[i] = rewrite_tree(r, copy->u.call.args[i]);
    copy->u.call.args = args;
}

static wr_expr *rewrite_tree(rewrite *r, const wr_expr *e) {
    if (!e) return NULL;
    wr_expr *copy = r->leaf(r, e);
    if (copy || r->failed) return copy;
    copy = WR_PLAN_NEW(r->p, wr_expr);
    if (!copy) {
        r->failed = true;
        return NULL;
    }
    *copy = *e;
    copy->a = rewrite_tree(r, e->a);
    copy->b = rewrite_tree(r, e->b);
    copy->c = rewrite_tree(r, e->c);
    if (e->kind == WR_EXPR_CALL) rewrite_args(r, copy);
    return copy;
}

static wr_expr *shift_leaf(rewrite *r, const wr_expr *e) {
    if (e->kind != WR_EXPR_COLUMN) return NULL;
    wr_expr *copy = WR_PLAN_NEW(r->p, wr_expr);
    if (!copy) {
        r->failed = true;
        return NULL;
    }
    *copy = *e;
    copy->u.column -= r->shift;
    return copy;
}

wr_expr *wr_expr_shift(wr_planner *p, const wr_expr *e, uint32_t shift) {
    rewrite r = {.p = p, .leaf = shift_leaf, .shift = shift};
    wr_expr *copy = rewrite_tree(&r, e);
    return r.failed ? NULL : copy;
}

static wr_expr *replaced_leaf(rewrite *r, const wr_expr *e) {
    if (e->kind != WR_EXPR_COLUMN || e->u.column < r->shift || e->u.column - r->shift >= r->n_outs)
        return NULL;
    return r->outs[e->u.column - r->shift];
}

wr_expr *wr_expr_replace_columns(wr_planner *p, const wr_expr *e, uint32_t base, wr_expr *const *by,
                                 uint32_t n) {
    rewrite r = {.p = p, .leaf = replaced_leaf, .shift = base, .outs = by, .n_outs = n};
    wr_expr *copy = rewrite_tree(&r, e);
    return r.failed ? NULL : copy;
}

static wr_expr *output_leaf(rewrite *r, const wr_expr *e) {
    if (e->kind != WR_EXPR_OUTPUT) return NULL;
    if (!r->outs[e->u.column]) r->failed = true;
    return r->outs[e->u.column];
}

wr_expr *wr_expr_inline_outputs(wr_planner *p, const wr_expr *e, wr_expr *const *outs) {
    rewrite r = {.p = p, .leaf = output_leaf, .outs = outs};
    wr_expr *copy = rewrite_tree(&r, e);
    return r.failed ? NULL : copy;
}
