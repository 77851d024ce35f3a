/* task_batched.c: a cycle in which every query is called once, with all that came in for it. */
#include "data/batch.h"
#include "runtime/task_internal.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a cycle");
}

static weir_status add_part(wr_stream_state *s, const weir_batch *b, uint32_t rank, weir_error *err) {
    if (!b->n_sel) return WEIR_OK;
    if (wr_grow(NULL, &s->parts, &s->cap_parts, s->n_parts + 1, sizeof *s->parts) ||
        wr_grow(NULL, &s->ranks, &s->cap_ranks, s->n_parts + 1, sizeof *s->ranks))
        return no_memory(err);
    uint32_t at = s->n_parts++;
    for (; at > 0 && s->ranks[at - 1] > rank; at--) {
        s->parts[at] = s->parts[at - 1];
        s->ranks[at] = s->ranks[at - 1];
    }
    s->parts[at] = *b;
    if (!wr_task_keeps_kinds(s->plan)) s->parts[at].kind = NULL;
    s->ranks[at] = rank;
    return WEIR_OK;
}

static weir_status merge_some(wr_task *t, wr_stream_state *s, const weir_batch *parts, uint32_t n,
                              weir_batch *out, weir_error *err) {
    const weir_batch **in = wr_arena_array(&t->arena, n, sizeof *in);
    if (!in) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) in[i] = &parts[i];
    weir_status st = wr_batch_merge(in, n, &t->arena, out);
    return st == WEIR_OK
               ? st
               : weir_fail(err, st, "can't merge what several queries write to stream '%s'", s->plan->name);
}

/* The partition that the writer of part i stands in, if it is left on the way to the stream. */
static uint32_t left_by(const wr_task *t, const wr_stream_state *s, uint32_t i) {
    if (s->plan->partition != WR_NONE_ID || !s->ranks[i] || s->ranks[i] > s->plan->n_producers)
        return WR_NONE_ID;
    return t->plan->queries[s->plan->producers[s->ranks[i] - 1]].partition;
}

/* What the queries of one partition wrote is one part, once its rows are in their order inside and have their
 * origins from outside. */
static weir_status leave_partitions(wr_task *t, wr_stream_state *s, weir_error *err) {
    uint32_t n = 0;
    for (uint32_t i = 0, end; i < s->n_parts; i = end, n++) {
        uint32_t partition = left_by(t, s, i);
        weir_batch part = s->parts[i];
        for (end = i + 1; partition != WR_NONE_ID && end < s->n_parts && left_by(t, s, end) == partition;)
            end++;
        if (end > i + 1) WR_TRY(merge_some(t, s, &s->parts[i], end - i, &part, err));
        if (partition != WR_NONE_ID) WR_TRY(wr_task_leave_partition(t, partition, &part, err));
        s->ranks[n] = s->ranks[i];
        s->parts[n] = part;
    }
    s->n_parts = n;
    return WEIR_OK;
}

/* All rows of the stream in this cycle. Called once its producers have run. */
static weir_status stream_rows(wr_task *t, uint32_t stream, const weir_batch **out, weir_error *err) {
    wr_stream_state *s = &t->streams[stream];
    *out = &s->merged;
    if (s->is_merged) return WEIR_OK;
    s->is_merged = true;
    memset(&s->merged, 0, sizeof s->merged);
    WR_TRY(leave_partitions(t, s, err));
    if (s->n_parts == 1) s->merged = s->parts[0];
    if (s->n_parts > 1) WR_TRY(merge_some(t, s, s->parts, s->n_parts, &s->merged, err));
    s->rows += s->merged.n_sel;
    return WEIR_OK;
}

/* Nothing came in, and no timer of op can fire: the call can be left out. */
static bool is_idle(const wr_task *t, const wr_op *op, const weir_batch *const *in) {
    for (uint32_t i = 0; i < op->plan->n_in; i++)
        if (in[i]) return false;
    if (!op->type->due) return true;
    int64_t due = op->type->due(op);
    return due == INT64_MAX || due > t->cycle.clock[t->cycle.n_arrivals - 1];
}

/* in: a batch for each of the operator's inputs. */
static weir_status step(wr_task *t, wr_op *op, const weir_batch *given, weir_batch *out, weir_error *err) {
    const weir_batch *in[WR_MAX_SIDES];
    for (uint32_t i = 0; i < op->plan->n_in; i++) in[i] = given[i].n_sel ? &given[i] : NULL;
    memset(out, 0, sizeof *out);
    if (is_idle(t, op, in)) return WEIR_OK;
    t->turn.until = WEIR_ORIGIN(t->cycle.n_arrivals, 0, 0);
    return wr_op_process(op, &t->turn, in, out, err);
}

/* *in: the rows of the side's stream as the side takes them; *out: what its operators make of them. */
static weir_status run_side(wr_task *t, wr_query_state *q, uint32_t side, weir_batch *in, weir_batch *out,
                            weir_error *err) {
    const wr_plan_side *s = &q->plan->side[side];
    const weir_batch *rows;
    memset(out, 0, sizeof *out);
    if (s->kind != WR_SIDE_STREAM) return WEIR_OK;
    WR_TRY(stream_rows(t, s->stream, &rows, err));
    *in = *rows;
    if (q->is_self_join) WR_TRY(wr_task_rows_apart(t, rows, in, err));
    *out = *in;
    uint32_t first = 0;
    if (wr_task_rules_apply(q, rows) && !t->streams[s->stream].has_failed) {
        WR_TRY(wr_task_rule_rows(t, q, rows, out, err));
        first = 1;
    }
    for (uint32_t i = first; i < s->n_ops; i++) {
        weir_batch next;
        WR_TRY(step(t, q->side_ops[side][i], out, &next, err));
        *out = next;
    }
    return WEIR_OK;
}

/* Failures of a query that reads `stream`: later receivers don't see those chunks. */
static weir_status settle_faults(wr_task *t, uint32_t stream, uint32_t query, weir_error *err) {
    if (!t->turn.faults.n || stream == WR_NONE_ID) return WEIR_OK;
    wr_stream_state *s = &t->streams[stream];
    weir_batch faults, rest;
    if (s->plan->view_of != WR_NONE_ID) {
        WR_TRY(wr_task_without_failed(t, &s->merged, &s->merged, err));
        s->has_failed = true;
        wr_task_faults_outside(t, stream);
        s = &t->streams[stream = s->plan->view_of];
    }
    WR_TRY(wr_task_fault_rows(t, stream, &s->merged, &faults, err));
    if (faults.n_sel) WR_TRY(add_part(&t->streams[s->plan->fault], &faults, query, err));
    WR_TRY(wr_task_without_failed(t, &s->merged, &rest, err));
    s->merged = rest;
    s->has_failed = true;
    t->turn.faults = (wr_faults){0};
    return WEIR_OK;
}

/* What changes the content of the named windows that a join searches, behind its sides. */
static void add_contents(const wr_task *t, const wr_query_state *q, weir_batch *side) {
    if (q->merge->plan->kind != WR_OP_JOIN) return;
    for (uint32_t s = 0; s < 2; s++) {
        uint32_t window = q->merge->plan->u.join.window[s];
        side[2 + s] = window == WR_NONE_ID ? (weir_batch){0} : t->window_rows[window];
    }
}

static weir_status run_query(wr_task *t, uint32_t number, weir_error *err) {
    wr_query_state *q = &t->queries[number];
    weir_batch in, side[WR_MAX_SIDES], merged, selected, out;
    t->turn.faults = (wr_faults){0};
    for (uint32_t i = 0; i < q->plan->n_sides; i++) WR_TRY(run_side(t, q, i, &in, &side[i], err));
    if (q->rules && !side[0].n_sel && !q->has_timer && !t->turn.faults.n) return WEIR_OK;
    if (q->plan->window) t->window_rows[q->plan->window - t->plan->windows] = side[0];
    merged = side[0];
    if (q->merge) add_contents(t, q, side);
    if (q->merge) WR_TRY(step(t, q->merge, side, &merged, err));
    WR_TRY(step(t, q->select, &merged, &selected, err));
    out = selected;
    if (q->rate) WR_TRY(step(t, q->rate, &selected, &out, err));
    if (q->is_self_join)
        WR_TRY(wr_task_true_origins(t, &t->streams[q->plan->side[0].stream].merged, &in, &out, err));
    wr_task_deliver(&q->subscriptions, &out);
    if (q->change) WR_TRY(wr_change_apply(q->change, &t->turn, &out, err));
    for (uint32_t i = 0; i < q->plan->n_sides; i++)
        WR_TRY(settle_faults(t, q->plan->side[i].stream, number, err));
    if (q->plan->output_kind == WR_OUTPUT_AGGREGATION)
        return wr_aggregation_feed(t->aggregations[q->plan->target], &out, &t->cycle, &t->arena, err);
    if (q->change) return WEIR_OK;
    return add_part(&t->streams[q->plan->target], &out, q->producer_rank, err);
}

/* The rows of a partition's streams get their keys. */
static weir_status run_partition(wr_task *t, uint32_t number, weir_error *err) {
    wr_op *op = t->partitions[number];
    const wr_partition_input *inputs = op->plan->u.keys.inputs;
    const weir_batch **in = wr_arena_zero(&t->arena, op->plan->n_in + 1, sizeof *in);
    weir_batch *out = wr_arena_zero(&t->arena, op->plan->n_in + 1, sizeof *out);
    if (!in || !out) return no_memory(err);
    for (uint32_t i = 0; i < op->plan->n_in; i++) {
        WR_TRY(stream_rows(t, inputs[i].stream, &in[i], err));
        if (!in[i]->n_sel) in[i] = NULL;
    }
    t->turn.faults = (wr_faults){0};
    t->turn.until = WEIR_ORIGIN(t->cycle.n_arrivals, 0, 0);
    if (!is_idle(t, op, in)) WR_TRY(wr_op_process(op, &t->turn, in, out, err));
    for (uint32_t i = 0; i < op->plan->n_in; i++) {
        wr_stream_state *view = &t->streams[inputs[i].view];
        view->merged = out[i];
        view->is_merged = true;
        view->rows += out[i].n_sel;
    }
    for (uint32_t i = 0; i < op->plan->n_in; i++)
        WR_TRY(settle_faults(t, inputs[i].stream, t->plan->n_queries + number, err));
    return WEIR_OK;
}

static weir_status fire_triggers(wr_task *t, bool is_start, weir_error *err) {
    for (uint32_t i = 0; i < t->plan->n_triggers; i++) {
        weir_batch rows;
        WR_TRY(wr_task_trigger_fire(t, &t->triggers[i], is_start, &rows, err));
        WR_TRY(add_part(&t->streams[t->plan->triggers[i].stream], &rows, 0, err));
    }
    return WEIR_OK;
}

weir_status wr_task_run_batched(wr_task *t, const wr_task_input *inputs, uint32_t n_inputs, bool is_start,
                                weir_error *err) {
    wr_arena_reset(&t->arena);
    for (uint32_t i = 0; i < t->plan->n_streams; i++) {
        t->streams[i].n_parts = 0;
        t->streams[i].is_merged = false;
        t->streams[i].has_failed = false;
        wr_task_rules_begin_cycle(&t->streams[i]);
    }
    memset(t->window_rows, 0, t->plan->n_windows * sizeof *t->window_rows);
    for (uint32_t i = 0; i < n_inputs; i++)
        WR_TRY(add_part(&t->streams[inputs[i].stream], &inputs[i].batch, 0, err));
    WR_TRY(fire_triggers(t, is_start, err));
    for (uint32_t i = 0; i < t->plan->n_queries + t->plan->n_partitions; i++) {
        uint32_t step = t->plan->order[i];
        WR_TRY(step < t->plan->n_queries ? run_query(t, step, err)
                                         : run_partition(t, step - t->plan->n_queries, err));
    }
    for (uint32_t i = 0; i < t->plan->n_streams; i++) {
        const weir_batch *rows;
        WR_TRY(stream_rows(t, i, &rows, err));
        wr_task_deliver(&t->streams[i].subscriptions, rows);
    }
    return WEIR_OK;
}
