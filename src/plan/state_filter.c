/* state_filter.c: the filter of an item of a pattern, split by what it reads.
 *
 * What reads the offered event alone is tested for a whole batch before the walk. Of the rest, equalities
 * with an event that a match has taken become keys, by which waiting matches are indexed, and plain
 * comparisons are tested pair by pair; what remains is a residual. From  b[speed > a.speed]  and  a[speed >
 * 50]  follows b[speed > 50], which spares most events the walk. */
#include <string.h>

#include "plan/query.h"
#include "plan/typing.h"

typedef struct splitting {
    wr_build *b;
    wr_plan_pattern *pattern;
    wr_plan_item *item;
    uint32_t at;
    struct wr_state_scope *scope;
} splitting;

typedef struct reads {
    uint32_t n_own;
    bool own, taken, other;
} reads;

static bool see(const wr_expr *e, void *ctx) {
    reads *r = ctx;
    if (e->kind == WR_EXPR_COLUMN && e->u.column < r->n_own) r->own = true;
    if (e->kind == WR_EXPR_COLUMN && e->u.column >= r->n_own) r->taken = true;
    if (e->kind == WR_EXPR_TS) r->other = true; /* the match's */
    return true;
}

static reads reads_of(const splitting *s, const wr_expr *e) {
    reads r = {.n_own = s->scope->n_own};
    wr_expr_walk(e, see, &r);
    return r;
}

static wr_expr *and_also(wr_planner *p, wr_expr *all, wr_expr *e) {
    if (!all || !e) return all ? all : e;
    wr_span span = {all->begin, e->end};
    return wr_expr_binary(p, WR_EXPR_AND, WEIR_BOOL, all, e, span);
}

/* ---- What follows from the filters of earlier items -------------------------------------------------------
 */

static bool is_less(wr_compare op) { return op == WR_LT || op == WR_LE; }
static bool is_greater(wr_compare op) { return op == WR_GT || op == WR_GE; }

/* own `a` taken and taken `b` constant give own `*out` constant. */
static bool chain_compare(wr_compare a, wr_compare b, wr_compare *out) {
    *out = b;
    if (a == WR_EQ) return b != WR_NE;
    if (b == WR_EQ) *out = a;
    if (b == WR_EQ) return a != WR_NE;
    if (is_less(a) && is_less(b))
        *out = a == WR_LT ? a : b;
    else if (is_greater(a) && is_greater(b))
        *out = a == WR_GT ? a : b;
    else
        return false;
    return true;
}

static wr_compare turned(wr_compare op) {
    static const wr_compare other[] = {
        [WR_EQ] = WR_EQ, [WR_NE] = WR_NE, [WR_LT] = WR_GT, [WR_LE] = WR_GE, [WR_GT] = WR_LT, [WR_GE] = WR_LE};
    return other[op];
}

/* Each part of `filter` that compares that column with a constant bounds own too. */
static void derive(splitting *s, wr_compare op, wr_expr *own, const wr_event_ref *ref,
                   const wr_expr *filter) {
    if (!filter || ref->column == WR_EVENT_TIME) return;
    if (filter->kind == WR_EXPR_AND) {
        derive(s, op, own, ref, filter->a);
        derive(s, op, own, ref, filter->b);
        return;
    }
    if (filter->kind != WR_EXPR_COMPARE || filter->can_fail) return;
    bool straight = filter->b->kind == WR_EXPR_CONST;
    const wr_expr *column = straight ? filter->a : filter->b, *bound = straight ? filter->b : filter->a;
    wr_compare second = straight ? filter->u.compare : turned(filter->u.compare), result;
    if (column->kind != WR_EXPR_COLUMN || column->u.column != ref->column || bound->kind != WR_EXPR_CONST ||
        column->type != own->type || !chain_compare(op, second, &result))
        return;
    wr_span span = {own->begin, own->end};
    wr_expr *made =
        wr_expr_binary(s->b->p, WR_EXPR_COMPARE, WEIR_BOOL, own, (wr_expr *)(uintptr_t)bound, span);
    if (!made) return;
    made->u.compare = result;
    s->item->own = and_also(s->b->p, s->item->own, made);
}

/* ---- Splitting --------------------------------------------------------------------------------------------
 */

static const wr_event_ref *taken_ref(const splitting *s, const wr_expr *e) {
    if (e->kind != WR_EXPR_COLUMN || e->u.column < s->scope->n_own || e->boxed) return NULL;
    const wr_event_ref *ref = &s->scope->refs[e->u.column - s->scope->n_own];
    return ref->pick == WR_EVENT_ALL || ref->pick == WR_EVENT_CANDIDATE || ref->type == WEIR_OBJECT ? NULL
                                                                                                    : ref;
}

/* Does the match have that value for good, once it waits at this item? */
static bool is_settled(const splitting *s, const wr_event_ref *ref) {
    wr_item_kind kind = s->pattern->items[ref->item].kind;
    return ref->column != WR_EVENT_TIME && ref->item != s->at && ref->item != s->item->partner &&
           ref->n == 0 && (kind == WR_ITEM_STREAM || kind == WR_ITEM_LOGICAL);
}

static bool add_key(splitting *s, wr_expr *own, const wr_event_ref *ref) {
    if (s->pattern->is_sequence || s->item->kind == WR_ITEM_COUNT || !is_settled(s, ref)) return false;
    s->item->keys[s->item->n_keys] = own;
    s->item->key_refs[s->item->n_keys++] = *ref;
    derive(s, WR_EQ, own, ref, s->pattern->items[ref->item].own);
    return true;
}

static bool add_test(splitting *s, wr_compare op, wr_expr *own, const wr_event_ref *ref) {
    if (own->kind != WR_EXPR_COLUMN || own->boxed || own->type == WEIR_OBJECT) return false;
    s->item->tests[s->item->n_tests++] =
        (wr_match_test){.op = op, .type = own->type, .column = own->u.column, .ref = *ref};
    if (ref->item != s->at) derive(s, op, own, ref, s->pattern->items[ref->item].own);
    return true;
}

/* A comparison of something of the own event with a value taken. */
static bool add_comparison(splitting *s, const wr_expr *part) {
    if (part->kind != WR_EXPR_COMPARE || part->can_fail || part->needs_clock) return false;
    for (int k = 0; k < 2; k++) {
        wr_expr *own = k ? part->b : part->a;
        const wr_event_ref *ref = taken_ref(s, k ? part->a : part->b);
        wr_compare op = k ? turned(part->u.compare) : part->u.compare;
        reads r = reads_of(s, own);
        if (!ref || !r.own || r.taken || r.other || own->boxed) continue;
        if (op == WR_EQ && add_key(s, own, ref)) return true;
        return add_test(s, op, own, ref);
    }
    return false;
}

static void split(splitting *s, wr_expr *e) {
    if (!e) return;
    if (e->kind == WR_EXPR_AND) {
        split(s, e->a);
        split(s, e->b);
        return;
    }
    reads r = reads_of(s, e);
    if (!r.taken && !r.other)
        s->item->own = and_also(s->b->p, s->item->own, e);
    else if (!add_comparison(s, e))
        s->item->residual = and_also(s->b->p, s->item->residual, e);
}

static uint32_t count_parts(const wr_expr *e) {
    return e->kind == WR_EXPR_AND ? count_parts(e->a) + count_parts(e->b) : 1;
}

static wr_expr *type_filters(splitting *s, const wr_ast_stream *ast) {
    wr_expr *all = NULL;
    wr_scope scope = {.place = "the filter of a step",
                      .never_probes = true,
                      .states = s->scope,
                      .n_columns = s->scope->n_own};
    for (uint32_t i = 0; i < ast->n_handlers; i++) {
        const wr_ast_handler *h = &ast->handlers[i];
        if (h->kind == WR_HANDLER_FILTER)
            all =
                and_also(s->b->p, all, wr_type_condition(s->b->p, &scope, h->filter, "the filter of a step"));
    }
    return all;
}

void wr_plan_state_filter(wr_build *b, wr_plan_pattern *pattern, uint32_t at, const wr_ast_stream *ast,
                          const wr_state_name *names) {
    wr_plan_item *item = &pattern->items[at];
    struct wr_state_scope scope = {
        .names = names, .n_names = at + 1, .own = at, .n_own = item->schema->n_attrs};
    splitting s = {.b = b, .pattern = pattern, .item = item, .at = at, .scope = &scope};
    wr_expr *all = type_filters(&s, ast);
    if (!all) return;
    uint32_t n = count_parts(all);
    item->keys = WR_PLAN_ARRAY(b->p, n, wr_expr *);
    item->key_refs = WR_PLAN_ARRAY(b->p, n, wr_event_ref);
    item->tests = WR_PLAN_ARRAY(b->p, n, wr_match_test);
    if (b->p->out_of_memory) return;
    split(&s, all);
    if (item->residual) {
        item->refs = scope.refs;
        item->n_refs = scope.n_refs;
    }
}
