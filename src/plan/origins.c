/* origins.c: who reads the origin of a chunk.
 *
 * Origins order rows where streams meet, tell timers when to fire among the chunks, give expressions the
 * clock and say which chunk a failure belongs to. Backwards from those readers, each operator in front of
 * one must keep them; the others are spared the work. */
#include "plan/order.h"

static bool expr_reads(const wr_expr *e) { return e && (e->needs_clock || e->can_fail); }

static bool aggs_read(const wr_agg_slot *slots, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (slots[i].type->can_fail || expr_reads(slots[i].when)) return true; /* a null under and() */
        for (uint32_t a = 0; a < slots[i].n_args; a++)
            if (expr_reads(slots[i].args[a])) return true;
    }
    return false;
}

static bool probes_read(const wr_plan_lookup *probes, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (expr_reads(probes[i].residual)) return true;
        for (uint32_t k = 0; k < probes[i].n_keys; k++)
            if (expr_reads(probes[i].keys[k])) return true;
    }
    return false;
}

static bool select_reads(const wr_plan_op *op) {
    const wr_plan_select *s = &op->u.select;
    if (aggs_read(s->aggs, s->n_aggs) || probes_read(s->probes, s->n_probes) || expr_reads(s->having))
        return true;
    for (uint32_t i = 0; i < op->out.n_attrs; i++)
        if (expr_reads(s->outs[i])) return true;
    for (uint32_t i = 0; i < s->n_order; i++)
        if (expr_reads(s->order[i].key)) return true;
    return false;
}

/* A window that gives rows back stamps them with the clock. */
static bool window_reads(const wr_plan_window *w) {
    return w->type->uses_clock || w->condition.expr || w->condition_scope || w->args.expired_wanted ||
           w->args.expired_output || w->args.is_searched;
}

/* Does the operator itself look at the origins of its input? */
static bool op_reads(const wr_plan_op *op) {
    switch (op->kind) {
    case WR_OP_FILTER:
        return expr_reads(op->u.filter.condition) || aggs_read(op->u.filter.aggs, op->u.filter.n_aggs) ||
               probes_read(op->u.filter.probes, op->u.filter.n_probes);
    case WR_OP_WINDOW: return window_reads(&op->u.window);
    case WR_OP_SELECT: return select_reads(op);
    default: return true; /* joins order by them, stream functions may fail */
    }
}

/* Everything in a query, from the back; returns whether its input's origins are read. */
static bool mark_query(wr_plan_query *q, bool output_read) {
    bool read = output_read;
    if (q->rate) {
        q->rate->needs_origin = read;
        read = true;
    }
    q->select->needs_origin = read;
    read |= op_reads(q->select);
    if (q->merge) {
        q->merge->needs_origin = read;
        read = true;
    }
    bool any = false;
    for (uint32_t s = 0; s < q->n_sides; s++) {
        bool side_read = read;
        for (uint32_t i = q->side[s].n_ops; i-- > 0;) {
            q->side[s].ops[i]->needs_origin = side_read;
            side_read |= op_reads(q->side[s].ops[i]);
        }
        any |= side_read;
    }
    return any;
}

/* Rows that come from outside meet those of a query, and so do those of several. */
static bool is_merged(const wr_plan_stream *s) {
    return s->n_producers > 1 || (s->n_producers == 1 && (s->is_defined || s->trigger != WR_NONE_ID));
}

void wr_order_origins(wr_planner *p) {
    wr_plan *plan = p->plan;
    bool *read = WR_PLAN_ARRAY(p, plan->n_streams, bool);
    if (!read) return;
    for (uint32_t i = 0; i < plan->n_streams; i++)
        read[i] = plan->serial || is_merged(&plan->streams[i]) || plan->streams[i].fault != WR_NONE_ID;
    for (uint32_t i = 0; i < plan->n_partitions; i++)
        for (uint32_t k = 0; k < plan->partitions[i].op->n_in; k++)
            read[plan->partitions[i].op->u.keys.inputs[k].stream] = true;
    for (uint32_t n = plan->n_queries + plan->n_partitions; n-- > 0;) {
        if (plan->order[n] >= plan->n_queries) continue;
        wr_plan_query *q = &plan->queries[plan->order[n]];
        /* In a partition, keys are told apart and put together again by origin. What leaves a named window
         * changes the content of joins. */
        bool output_read = plan->serial || q->partition != WR_NONE_ID || q->window ||
                           q->output_kind == WR_OUTPUT_AGGREGATION ||
                           (q->output_kind == WR_OUTPUT_STREAM ? read[q->target] : q->change->can_fail);
        bool input_read = mark_query(q, output_read);
        for (uint32_t s = 0; s < q->n_sides; s++)
            if (q->side[s].kind == WR_SIDE_STREAM) read[q->side[s].stream] |= input_read;
    }
}
