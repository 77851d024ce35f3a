/* split.c: the equalities in a condition, by which an index can find what it holds for.
 *
 * The condition is a conjunction of parts. A part `x == y` with x over one side alone and y over the other is
 * a key. Only parts that can't fail and don't read the clock are taken out: they would be computed where the
 * condition, short of them, might not have been. */
#include "plan/typing.h"

typedef struct columns {
    uint32_t limit;
    bool below, above, other; /* columns below limit, from limit on, anything that is no column of either */
} columns;

static bool see_column(const wr_expr *e, void *ctx) {
    columns *c = ctx;
    if (e->kind == WR_EXPR_COLUMN) {
        if (e->u.column < c->limit)
            c->below = true;
        else
            c->above = true;
    }
    if (e->kind == WR_EXPR_OUTPUT || e->kind == WR_EXPR_AGG || e->kind == WR_EXPR_PROBE ||
        e->kind == WR_EXPR_TS)
        c->other = true;
    if (e->kind == WR_EXPR_CALL && e->u.call.function->not_pure) c->other = true;
    return true;
}

static columns columns_of(const wr_expr *e, uint32_t limit) {
    columns c = {.limit = limit};
    wr_expr_walk(e, see_column, &c);
    return c;
}

/* The two sides of a key, left one first; false when the part is no key. */
static bool is_key(const wr_expr *part, uint32_t n_left, wr_split_rule rule, wr_expr **left,
                   wr_expr **right) {
    if (part->kind != WR_EXPR_COMPARE || part->u.compare != WR_EQ || part->can_fail || part->needs_clock)
        return false;
    columns a = columns_of(part->a, n_left), b = columns_of(part->b, n_left);
    if (a.other || b.other) return false;
    /* A probe's left side may be constant; a join's must be a column, or it would be no key of that side. */
    bool is_probe = rule == WR_SPLIT_PROBE;
    bool straight = (a.below || is_probe) && !a.above && b.above && !b.below;
    bool crossed = a.above && !a.below && (b.below || is_probe) && !b.above;
    if (!straight && !crossed) return false;
    *left = straight ? part->a : part->b;
    *right = straight ? part->b : part->a;
    if (rule == WR_SPLIT_JOIN) return true;
    return (rule == WR_SPLIT_LEFT_TABLE ? *left : *right)->kind == WR_EXPR_COLUMN;
}

static uint32_t count_parts(const wr_expr *e) {
    return e->kind == WR_EXPR_AND ? count_parts(e->a) + count_parts(e->b) : 1;
}

static void list_parts(wr_expr *e, wr_expr **parts, uint32_t *n) {
    if (e->kind == WR_EXPR_AND) {
        list_parts(e->a, parts, n);
        list_parts(e->b, parts, n);
    } else {
        parts[(*n)++] = e;
    }
}

static bool keep_rest(wr_planner *p, wr_split *out, wr_expr *part) {
    if (!out->residual) {
        out->residual = part;
        return true;
    }
    wr_span span = {out->residual->begin - p->span_base, part->end - p->span_base};
    out->residual = wr_expr_binary(p, WR_EXPR_AND, WEIR_BOOL, out->residual, part, span);
    return out->residual != NULL;
}

bool wr_split_condition(wr_planner *p, wr_expr *condition, uint32_t n_left, wr_split_rule rule,
                        wr_split *out) {
    *out = (wr_split){0};
    if (!condition) return true;
    uint32_t n = 0, n_parts = count_parts(condition);
    wr_expr **parts = WR_PLAN_ARRAY(p, n_parts, wr_expr *);
    out->left_keys = WR_PLAN_ARRAY(p, n_parts, wr_expr *);
    out->right_keys = WR_PLAN_ARRAY(p, n_parts, wr_expr *);
    out->parts = WR_PLAN_ARRAY(p, n_parts, wr_expr *);
    if (!parts || !out->left_keys || !out->right_keys || !out->parts) return false;
    list_parts(condition, parts, &n);
    for (uint32_t i = 0; i < n; i++) {
        wr_expr *left, *right;
        if (!is_key(parts[i], n_left, rule, &left, &right)) {
            if (!keep_rest(p, out, parts[i])) return false;
            continue;
        }
        out->parts[out->n_keys] = parts[i];
        out->left_keys[out->n_keys] = left;
        out->right_keys[out->n_keys] = wr_expr_shift(p, right, n_left);
        if (!out->right_keys[out->n_keys++]) return false;
    }
    return true;
}
