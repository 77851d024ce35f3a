/* overlap.c: see overlap.h.
 *
 * Steps are looked at in the order of the plan. Of each thing that can be shared ("resource") the last step
 * that wrote it and the readers since are known, so each step gets its edges at once. */
#include "plan/overlap.h"

#include <string.h>

#include "plan/pattern.h"

typedef struct edge {
    uint32_t from, to;
} edge;

typedef struct reader {
    uint32_t step, next; /* next: in builder.readers; WR_NONE_ID: none */
} reader;

typedef struct resource {
    uint32_t writer, readers; /* WR_NONE_ID: none */
} resource;

typedef struct builder {
    const wr_plan *plan;
    uint32_t n_steps;
    wr_overlap *o;
    edge *edges;
    uint32_t n_edges, cap_edges;
    reader *readers;
    uint32_t n_readers, cap_readers;
    resource *resources; /* streams, tables, partitions, windows, the outer world */
    bool out_of_memory;
} builder;

static uint32_t table_resource(const builder *b, uint32_t i) { return b->plan->n_streams + i; }
static uint32_t partition_resource(const builder *b, uint32_t i) {
    return b->plan->n_streams + b->plan->n_tables + i;
}
static uint32_t window_resource(const builder *b, uint32_t i) {
    return b->plan->n_streams + b->plan->n_tables + b->plan->n_partitions + i;
}
static uint32_t outer_world(const builder *b) { return window_resource(b, b->plan->n_windows); }

static void add_edge(builder *b, uint32_t from, uint32_t to) {
    if (from == to || from == WR_NONE_ID) return;
    if (wr_grow(NULL, &b->edges, &b->cap_edges, b->n_edges + 1, sizeof *b->edges)) {
        b->out_of_memory = true;
        return;
    }
    b->edges[b->n_edges++] = (edge){from, to};
}

static void reads(builder *b, uint32_t step, uint32_t at) {
    resource *r = &b->resources[at];
    add_edge(b, r->writer, step);
    if (wr_grow(NULL, &b->readers, &b->cap_readers, b->n_readers + 1, sizeof *b->readers)) {
        b->out_of_memory = true;
        return;
    }
    b->readers[b->n_readers] = (reader){step, r->readers};
    r->readers = b->n_readers++;
}

static void writes(builder *b, uint32_t step, uint32_t at) {
    resource *r = &b->resources[at];
    add_edge(b, r->writer, step);
    for (uint32_t i = r->readers; i != WR_NONE_ID && i < b->n_readers; i = b->readers[i].next)
        add_edge(b, b->readers[i].step, step);
    *r = (resource){step, WR_NONE_ID};
}

/* ---- What an operator does ---- */

static bool is_impure(const wr_expr *e) {
    if (!e) return false;
    if (e->kind != WR_EXPR_CALL) return is_impure(e->a) || is_impure(e->b) || is_impure(e->c);
    bool found = e->u.call.function->not_pure;
    for (uint32_t i = 0; i < e->u.call.n_args; i++) found |= is_impure(e->u.call.args[i]);
    return found;
}

/* Whether its step must keep its place among others: it may fail, or what it gives depends on when it runs.
 */
static bool is_wild(const wr_expr *e) { return e && (e->can_fail || is_impure(e)); }

static bool any_wild(wr_expr *const *e, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (is_wild(e[i])) return true;
    return false;
}

static bool lookup_is_wild(const wr_plan_lookup *l) {
    return any_wild(l->keys, l->n_keys) || is_wild(l->range.bound[0]) || is_wild(l->range.bound[1]) ||
           is_wild(l->residual);
}

static bool lookups_are_wild(const wr_plan_lookup *l, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (lookup_is_wild(&l[i])) return true;
    return false;
}

static bool slots_are_wild(const wr_agg_slot *s, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (s[i].type->can_fail || any_wild(s[i].args, s[i].n_args) || is_wild(s[i].when)) return true;
    return false;
}

static bool select_is_wild(const wr_plan_select *s, uint32_t n_outs) {
    for (uint32_t i = 0; i < s->n_order; i++)
        if (is_wild(s->order[i].key)) return true;
    return slots_are_wild(s->aggs, s->n_aggs) || lookups_are_wild(s->probes, s->n_probes) ||
           any_wild(s->keys, s->n_keys) || any_wild(s->outs, n_outs) || is_wild(s->having);
}

/* A constant never fails; a time or a text that comes with the event may. */
static bool window_is_wild(const wr_plan_window *w) {
    for (uint32_t i = 0; i < w->args.n_args; i++)
        if (!w->args.args[i].is_const) return true;
    return w->is_broken || w->condition.expr || w->condition_scope;
}

static bool pattern_is_wild(const wr_plan_pattern *p) {
    for (uint32_t i = 0; i < p->n_items; i++) {
        const wr_plan_item *item = &p->items[i];
        if (is_wild(item->own) || is_wild(item->residual) || any_wild(item->keys, item->n_keys)) return true;
    }
    return false;
}

static bool op_is_wild(const wr_plan_op *op) {
    switch (op->kind) {
    case WR_OP_FILTER:
        return is_wild(op->u.filter.condition) || slots_are_wild(op->u.filter.aggs, op->u.filter.n_aggs) ||
               lookups_are_wild(op->u.filter.probes, op->u.filter.n_probes);
    case WR_OP_WINDOW: return window_is_wild(&op->u.window);
    case WR_OP_JOIN:
        return any_wild(op->u.join.left_keys, op->u.join.n_keys) ||
               any_wild(op->u.join.right_keys, op->u.join.n_keys) || is_wild(op->u.join.residual);
    case WR_OP_PATTERN: return pattern_is_wild(op->u.pattern);
    case WR_OP_SELECT: return select_is_wild(&op->u.select, op->out.n_attrs);
    case WR_OP_RATE: return false;
    case WR_OP_FUNCTION:
    case WR_OP_READ:
    case WR_OP_PARTITION: return true;
    }
    return true;
}

static bool query_is_wild(const wr_plan_query *q) {
    bool wild = q->change && (q->change->can_fail || lookup_is_wild(&q->change->where));
    for (uint32_t s = 0; s < q->n_sides; s++)
        for (uint32_t i = 0; i < q->side[s].n_ops; i++) wild |= op_is_wild(q->side[s].ops[i]);
    return wild || (q->merge && op_is_wild(q->merge)) || op_is_wild(q->select) ||
           (q->rate && op_is_wild(q->rate));
}

/* ---- Edges ---- */

/* A step reads a stream's rows, and takes chunks out of them if one fails. */
static void takes_from(builder *b, uint32_t step, uint32_t stream, bool wild) {
    uint32_t outside = b->plan->streams[stream].view_of;
    add_edge(b, b->n_steps + stream, step);
    if (!wild) {
        reads(b, step, stream);
        return;
    }
    b->o->can_fail[step] = true;
    writes(b, step, stream);
    if (outside != WR_NONE_ID) writes(b, step, outside);
    uint32_t fault = b->plan->streams[outside == WR_NONE_ID ? stream : outside].fault;
    if (fault != WR_NONE_ID) add_edge(b, step, b->n_steps + fault);
}

/* A lookup may make an index of the table: two of them must not at once. */
static void uses_tables(builder *b, uint32_t step, const wr_plan_lookup *l, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) writes(b, step, table_resource(b, l[i].table));
}

static void op_uses(builder *b, uint32_t step, const wr_plan_op *op) {
    if (op->kind == WR_OP_FILTER) uses_tables(b, step, op->u.filter.probes, op->u.filter.n_probes);
    if (op->kind == WR_OP_SELECT) uses_tables(b, step, op->u.select.probes, op->u.select.n_probes);
    if (op->kind != WR_OP_JOIN) return;
    for (uint32_t side = 0; side < 2; side++) {
        if (op->u.join.side_kind[side] == WR_SIDE_TABLE)
            writes(b, step, table_resource(b, op->u.join.table[side]));
        if (op->u.join.window[side] != WR_NONE_ID)
            reads(b, step, window_resource(b, op->u.join.window[side]));
    }
}

static void add_query(builder *b, uint32_t step) {
    const wr_plan *plan = b->plan;
    const wr_plan_query *q = &plan->queries[step];
    bool wild = query_is_wild(q);
    for (uint32_t s = 0; s < q->n_sides; s++) {
        if (q->side[s].kind == WR_SIDE_STREAM) takes_from(b, step, q->side[s].stream, wild);
        for (uint32_t i = 0; i < q->side[s].n_ops; i++) op_uses(b, step, q->side[s].ops[i]);
    }
    if (q->merge) op_uses(b, step, q->merge);
    op_uses(b, step, q->select);
    if (wild || q->change) writes(b, step, outer_world(b)); /* a change may be refused, which is logged */
    if (q->change) {
        writes(b, step, table_resource(b, q->change->table));
        writes(b, step, table_resource(b, q->change->where.table));
    }
    if (q->partition != WR_NONE_ID) reads(b, step, partition_resource(b, q->partition));
    if (q->window) writes(b, step, window_resource(b, (uint32_t)(q->window - plan->windows)));
    if (q->output_kind == WR_OUTPUT_STREAM) add_edge(b, step, b->n_steps + q->target);
}

static void add_partition(builder *b, uint32_t step) {
    uint32_t number = step - b->plan->n_queries;
    const wr_plan_op *op = b->plan->partitions[number].op;
    writes(b, step, partition_resource(b, number));
    for (uint32_t i = 0; i < op->n_in; i++) {
        const wr_partition_input *in = &op->u.keys.inputs[i];
        bool wild = is_wild(in->value) || any_wild(in->ranges, in->n_ranges);
        takes_from(b, step, in->stream, wild);
        if (wild) writes(b, step, outer_world(b));
        add_edge(b, step, b->n_steps + in->view);
    }
}

/* ---- Putting it together ---- */

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the order of an app's queries");
}

static weir_status make(builder *b, weir_error *err) {
    uint32_t n_resources = outer_world(b) + 1;
    b->resources = wr_alloc_zero(NULL, n_resources * sizeof *b->resources);
    b->o->can_fail = wr_alloc_zero(NULL, b->n_steps + 1);
    if (!b->resources || !b->o->can_fail) return no_memory(err);
    for (uint32_t i = 0; i < n_resources; i++) b->resources[i] = (resource){WR_NONE_ID, WR_NONE_ID};
    for (uint32_t i = 0; i < b->n_steps; i++) {
        uint32_t step = b->plan->order[i];
        if (step < b->plan->n_queries)
            add_query(b, step);
        else
            add_partition(b, step);
    }
    return b->out_of_memory ? no_memory(err) : WEIR_OK;
}

/* The edges by where they begin. */
static weir_status sort_edges(builder *b, weir_error *err) {
    wr_overlap *o = b->o;
    o->waits = wr_alloc_zero(NULL, (o->n_nodes + 1) * sizeof *o->waits);
    o->first = wr_alloc_zero(NULL, (o->n_nodes + 2) * sizeof *o->first);
    o->followers = wr_alloc_zero(NULL, (b->n_edges + 1) * sizeof *o->followers);
    if (!o->waits || !o->first || !o->followers) return no_memory(err);
    for (uint32_t i = 0; i < b->n_edges; i++) {
        o->waits[b->edges[i].to]++;
        o->first[b->edges[i].from + 2]++;
    }
    for (uint32_t i = 2; i < o->n_nodes + 2; i++) o->first[i] += o->first[i - 1];
    for (uint32_t i = 0; i < b->n_edges; i++) o->followers[o->first[b->edges[i].from + 1]++] = b->edges[i].to;
    return WEIR_OK;
}

weir_status wr_overlap_init(wr_overlap *o, const wr_plan *plan, weir_error *err) {
    builder b = {.plan = plan, .n_steps = plan->n_queries + plan->n_partitions, .o = o};
    memset(o, 0, sizeof *o);
    o->n_nodes = b.n_steps + plan->n_streams;
    weir_status st = make(&b, err);
    if (st == WEIR_OK) st = sort_edges(&b, err);
    wr_free(NULL, b.edges, 0);
    wr_free(NULL, b.readers, 0);
    wr_free(NULL, b.resources, 0);
    if (st != WEIR_OK) wr_overlap_fini(o);
    return st;
}

void wr_overlap_fini(wr_overlap *o) {
    wr_free(NULL, o->waits, 0);
    wr_free(NULL, o->first, 0);
    wr_free(NULL, o->followers, 0);
    wr_free(NULL, o->can_fail, 0);
    memset(o, 0, sizeof *o);
}
