#include "plan/order.h"

#include <string.h>

void wr_order_force_serial(wr_planner *p, const char *reason) {
    if (p->plan->serial) return;
    p->plan->serial = true;
    p->plan->serial_reason = reason ? reason : "";
}

bool wr_query_any_op(const wr_plan_query *q, bool (*test)(const wr_plan_op *op)) {
    for (uint32_t s = 0; s < q->n_sides; s++)
        for (uint32_t i = 0; i < q->side[s].n_ops; i++)
            if (test(q->side[s].ops[i])) return true;
    return (q->merge && test(q->merge)) || test(q->select) || (q->rate && test(q->rate));
}

/* ---- Receivers --------------------------------------------------------------------------------------------
 */

static void count_receivers(wr_plan *plan) {
    for (uint32_t q = 0; q < plan->n_queries; q++)
        for (uint32_t s = 0; s < plan->queries[q].n_sides; s++)
            if (plan->queries[q].side[s].kind == WR_SIDE_STREAM)
                plan->streams[plan->queries[q].side[s].stream].n_receivers++;
    for (uint32_t i = 0; i < plan->n_partitions; i++)
        for (uint32_t k = 0; k < plan->partitions[i].op->n_in; k++)
            plan->streams[plan->partitions[i].op->u.keys.inputs[k].stream].n_receivers++;
}

static void add_partition(wr_plan *plan, uint32_t partition) {
    const wr_plan_op *op = plan->partitions[partition].op;
    for (uint32_t i = 0; i < op->n_in; i++) {
        wr_plan_stream *s = &plan->streams[op->u.keys.inputs[i].stream];
        s->receivers[s->n_receivers++] = (struct wr_receiver){WR_NONE_ID, i, partition};
    }
}

/* In app order, as queries subscribe; the left side of a join before the right. */
static void list_receivers(wr_planner *p) {
    wr_plan *plan = p->plan;
    count_receivers(plan);
    for (uint32_t i = 0; i < plan->n_streams; i++) {
        wr_plan_stream *s = &plan->streams[i];
        s->receivers = WR_PLAN_ARRAY(p, s->n_receivers, struct wr_receiver);
        s->n_receivers = 0;
    }
    if (p->out_of_memory) return;
    for (uint32_t q = 0, part = 0; q < plan->n_queries; q++) {
        while (part < plan->n_partitions && plan->partitions[part].begin < plan->queries[q].begin)
            add_partition(plan, part++);
        for (uint32_t side = 0; side < plan->queries[q].n_sides; side++) {
            if (plan->queries[q].side[side].kind != WR_SIDE_STREAM) continue;
            wr_plan_stream *s = &plan->streams[plan->queries[q].side[side].stream];
            s->receivers[s->n_receivers++] = (struct wr_receiver){q, side, WR_NONE_ID};
        }
    }
}

/* ---- Topological order ------------------------------------------------------------------------------------
 */

/* Kahn's algorithm over steps, which are queries and partitions; those that are ready wait in a line. Streams
 * are the edges: a step waits for every step that writes one of its streams; a fault stream counts as written
 * by all who read its stream, and the views of a partition by the partition. */
typedef struct sorter {
    wr_plan *plan;
    uint32_t n;      /* steps: queries, then partitions */
    uint32_t *waits; /* by step: how many it still waits for */
    bool *placed;
    uint32_t n_placed;
} sorter;

static void visit_readers(sorter *s, uint32_t stream, void (*visit)(sorter *s, uint32_t step)) {
    const wr_plan_stream *of = &s->plan->streams[stream];
    for (uint32_t r = 0; r < of->n_receivers; r++) {
        const struct wr_receiver *to = &of->receivers[r];
        visit(s, to->query == WR_NONE_ID ? s->plan->n_queries + to->partition : to->query);
    }
}

/* What fails in a query that reads `stream` goes to the fault stream of that, or of what it is a view of. */
static uint32_t fault_of(const wr_plan *plan, uint32_t stream) {
    if (plan->streams[stream].view_of != WR_NONE_ID) stream = plan->streams[stream].view_of;
    return plan->streams[stream].fault;
}

static void visit_faults(sorter *s, uint32_t stream, void (*visit)(sorter *s, uint32_t step)) {
    if (fault_of(s->plan, stream) != WR_NONE_ID) visit_readers(s, fault_of(s->plan, stream), visit);
}

/* Calls visit for each step that reads what this one writes, once for each way in which it does. */
static void each_follower(sorter *s, uint32_t step, void (*visit)(sorter *s, uint32_t step)) {
    const wr_plan *plan = s->plan;
    if (step >= plan->n_queries) {
        const wr_plan_op *op = plan->partitions[step - plan->n_queries].op;
        for (uint32_t i = 0; i < op->n_in; i++) {
            visit_readers(s, op->u.keys.inputs[i].view, visit);
            visit_faults(s, op->u.keys.inputs[i].stream, visit);
        }
        return;
    }
    const wr_plan_query *q = &plan->queries[step];
    if (q->output_kind == WR_OUTPUT_STREAM) visit_readers(s, q->target, visit);
    for (uint32_t i = 0; i < q->n_sides; i++)
        if (q->side[i].kind == WR_SIDE_STREAM) visit_faults(s, q->side[i].stream, visit);
}

static void wait_more(sorter *s, uint32_t step) { s->waits[step]++; }

static void wait_less(sorter *s, uint32_t step) {
    if (--s->waits[step] == 0 && !s->placed[step]) {
        s->placed[step] = true;
        s->plan->order[s->n_placed++] = step;
    }
}

static void place_if_ready(sorter *s, uint32_t step) {
    if (s->waits[step] != 0) return;
    s->placed[step] = true;
    s->plan->order[s->n_placed++] = step;
}

/* Steps that wait for nothing, in app order. */
static void place_first(sorter *s) {
    const wr_plan *plan = s->plan;
    for (uint32_t q = 0, part = 0; q < plan->n_queries; q++) {
        while (part < plan->n_partitions && plan->partitions[part].begin < plan->queries[q].begin)
            place_if_ready(s, plan->n_queries + part++);
        place_if_ready(s, q);
    }
}

/* Itself or a view of it. */
static bool reads_stream(const wr_plan *plan, const wr_plan_query *q, uint32_t stream) {
    for (uint32_t s = 0; s < q->n_sides; s++)
        if (q->side[s].kind == WR_SIDE_STREAM &&
            (q->side[s].stream == stream || plan->streams[q->side[s].stream].view_of == stream))
            return true;
    return false;
}

/* A query of the cycle, for the message: going from one that waits to one it waits for ends up in it. */
static uint32_t on_cycle(const sorter *s) {
    const wr_plan *plan = s->plan;
    uint32_t at = 0;
    while (at < plan->n_queries && s->placed[at]) at++;
    for (uint32_t step = 0; step < plan->n_queries && at < plan->n_queries; step++)
        for (uint32_t o = 0; o < plan->n_queries; o++) {
            const wr_plan_query *q = &plan->queries[o];
            if (!s->placed[o] && q->output_kind == WR_OUTPUT_STREAM &&
                reads_stream(plan, &plan->queries[at], q->target)) {
                at = o;
                break;
            }
        }
    return at;
}

static void tell_cycle(wr_planner *p, sorter *s) {
    const wr_plan_query *looped = &p->plan->queries[on_cycle(s)];
    wr_order_force_serial(p, wr_plan_printf(p, "query '%s' reads what it causes itself (through '%s')",
                                            looped->name, p->plan->streams[looped->target].name));
    /* The order is not used then; it is filled all the same. */
    for (uint32_t step = 0; step < s->n; step++)
        if (!s->placed[step]) p->plan->order[s->n_placed++] = step;
}

static void order_topologically(wr_planner *p) {
    wr_plan *plan = p->plan;
    uint32_t n = plan->n_queries + plan->n_partitions;
    sorter s = {
        .plan = plan, .n = n, .waits = WR_PLAN_ARRAY(p, n, uint32_t), .placed = WR_PLAN_ARRAY(p, n, bool)};
    plan->order = WR_PLAN_ARRAY(p, n, uint32_t);
    if (p->out_of_memory) return;
    for (uint32_t step = 0; step < n; step++) each_follower(&s, step, wait_more);
    place_first(&s);
    for (uint32_t i = 0; i < s.n_placed; i++) each_follower(&s, plan->order[i], wait_less);
    if (s.n_placed < n) tell_cycle(p, &s);
    for (uint32_t i = 0; i < n; i++)
        if (plan->order[i] < plan->n_queries) plan->queries[plan->order[i]].order = i;
}

/* ---- Tables -----------------------------------------------------------------------------------------------
 */

static bool probes_table(const wr_plan_lookup *probes, uint32_t n, uint32_t table) {
    for (uint32_t i = 0; i < n; i++)
        if (probes[i].table == table) return true;
    return false;
}

static bool op_reads_table(const wr_plan_op *op, uint32_t table) {
    if (op->kind == WR_OP_FILTER) return probes_table(op->u.filter.probes, op->u.filter.n_probes, table);
    if (op->kind == WR_OP_SELECT) return probes_table(op->u.select.probes, op->u.select.n_probes, table);
    return false;
}

static bool reads_table(const wr_plan_query *q, uint32_t table) {
    for (uint32_t s = 0; s < q->n_sides; s++) {
        if (q->side[s].kind == WR_SIDE_TABLE && q->side[s].table == table) return true;
        for (uint32_t i = 0; i < q->side[s].n_ops; i++)
            if (op_reads_table(q->side[s].ops[i], table)) return true;
    }
    return op_reads_table(q->select, table);
}

/* A row must see the table as it was at its turn, and the table takes its rows in that order. */
static void order_table(wr_planner *p, uint32_t table) {
    const wr_plan_query *writer = NULL, *second = NULL, *reader = NULL;
    for (uint32_t i = 0; i < p->plan->n_queries; i++) {
        const wr_plan_query *q = &p->plan->queries[i];
        if (q->output_kind == WR_OUTPUT_TABLE && q->target == table) {
            if (writer) second = q;
            if (!writer) writer = q;
        }
        if (!reader && reads_table(q, table)) reader = q;
    }
    const char *name = p->plan->tables[table].name;
    if (writer && reader)
        wr_order_force_serial(p,
                              wr_plan_printf(p, "table '%s' is written by query '%s' and read by query '%s'",
                                             name, writer->name, reader->name));
    else if (second)
        wr_order_force_serial(p, wr_plan_printf(p, "table '%s' is written by query '%s' and by query '%s'",
                                                name, writer->name, second->name));
}

/* A row that reads an aggregation finds all rows that came before it, and none that come after. */
static void order_readers(wr_planner *p) {
    for (uint32_t i = 0; i < p->plan->n_queries; i++) {
        const wr_plan_side *side = &p->plan->queries[i].side[0];
        const wr_plan_op *op = side->n_ops ? side->ops[side->n_ops - 1] : NULL;
        if (!op || op->kind != WR_OP_READ) continue;
        const char *name = p->plan->aggregations[op->u.read.range.aggregation].name;
        wr_order_force_serial(
            p, wr_plan_printf(p, "aggregation '%s' is read by query '%s'", name, p->plan->queries[i].name));
    }
}

void wr_order_queries(wr_planner *p) {
    list_receivers(p);
    if (p->out_of_memory) return;
    order_topologically(p);
    for (uint32_t t = 0; t < p->plan->n_tables && !p->out_of_memory; t++) order_table(p, t);
    if (!p->out_of_memory) order_readers(p);
    for (uint32_t t = 0; t < p->plan->n_triggers; t++) p->plan->triggers[t].rank = p->n_ranks++;
    p->plan->n_ranks = p->n_ranks;
}
