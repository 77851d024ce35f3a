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
    return (q->join && test(q->join)) || test(q->select);
}

/* ---- Receivers --------------------------------------------------------------------------------------------
 */

static void count_receivers(wr_plan *plan) {
    for (uint32_t q = 0; q < plan->n_queries; q++)
        for (uint32_t s = 0; s < plan->queries[q].n_sides; s++)
            if (plan->queries[q].side[s].kind == WR_SIDE_STREAM)
                plan->streams[plan->queries[q].side[s].stream].n_receivers++;
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
    for (uint32_t q = 0; q < plan->n_queries; q++)
        for (uint32_t side = 0; side < plan->queries[q].n_sides; side++) {
            if (plan->queries[q].side[side].kind != WR_SIDE_STREAM) continue;
            wr_plan_stream *s = &plan->streams[plan->queries[q].side[side].stream];
            s->receivers[s->n_receivers++] = (struct wr_receiver){q, side};
        }
}

/* ---- Topological order ------------------------------------------------------------------------------------
 */

/* A query whose rows reach this stream, counting the fault stream as written by all who read its stream. */
static bool feeds(const wr_plan *plan, const wr_plan_query *q, uint32_t stream) {
    if (q->output_kind == WR_OUTPUT_STREAM && q->target == stream) return true;
    uint32_t faulty = plan->streams[stream].fault_of;
    for (uint32_t s = 0; faulty != WR_NONE_ID && s < q->n_sides; s++)
        if (q->side[s].kind == WR_SIDE_STREAM && q->side[s].stream == faulty) return true;
    return false;
}

static bool depends(const wr_plan *plan, const wr_plan_query *q, const wr_plan_query *on) {
    for (uint32_t s = 0; s < q->n_sides; s++)
        if (q->side[s].kind == WR_SIDE_STREAM && feeds(plan, on, q->side[s].stream)) return true;
    return false;
}

/* The first query in app order that waits for none of those not placed yet, or WR_NONE_ID. Quadratic in the
 * number of queries per step, which for an app's tens of them is nothing. */
static uint32_t next_query(const wr_plan *plan, const bool *placed) {
    for (uint32_t q = 0; q < plan->n_queries; q++) {
        bool waits = placed[q];
        for (uint32_t o = 0; o < plan->n_queries && !waits; o++)
            waits = !placed[o] && depends(plan, &plan->queries[q], &plan->queries[o]);
        if (!waits) return q;
    }
    return WR_NONE_ID;
}

/* A query of the cycle: among those not placed, walking to what is waited for ends up going round in it. */
static uint32_t on_cycle(const wr_plan *plan, const bool *placed) {
    uint32_t at = 0;
    while (placed[at]) at++;
    for (uint32_t step = 0; step < plan->n_queries; step++)
        for (uint32_t o = 0; o < plan->n_queries; o++)
            if (!placed[o] && depends(plan, &plan->queries[at], &plan->queries[o])) {
                at = o;
                break;
            }
    return at;
}

static void order_topologically(wr_planner *p) {
    wr_plan *plan = p->plan;
    bool *placed = WR_PLAN_ARRAY(p, plan->n_queries, bool);
    plan->order = WR_PLAN_ARRAY(p, plan->n_queries, uint32_t);
    if (!placed || !plan->order) return;
    for (uint32_t n = 0; n < plan->n_queries; n++) {
        uint32_t q = next_query(plan, placed);
        if (q == WR_NONE_ID) {
            const wr_plan_query *looped = &plan->queries[on_cycle(plan, placed)];
            wr_order_force_serial(p,
                                  wr_plan_printf(p, "query '%s' reads what it causes itself (through '%s')",
                                                 looped->name, plan->streams[looped->target].name));
            for (q = 0; placed[q];) q++; /* app order for the rest; the order is not used */
        }
        placed[q] = true;
        plan->order[n] = q;
        plan->queries[q].order = n;
    }
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

void wr_order_queries(wr_planner *p) {
    list_receivers(p);
    if (p->out_of_memory) return;
    order_topologically(p);
    for (uint32_t t = 0; t < p->plan->n_tables && !p->out_of_memory; t++) order_table(p, t);
    for (uint32_t t = 0; t < p->plan->n_triggers; t++) p->plan->triggers[t].rank = p->n_ranks++;
    p->plan->n_ranks = p->n_ranks;
}
