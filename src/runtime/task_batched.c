/* task_batched.c: a cycle in which every query is called once, with all that came in for it. */
#include "data/batch.h"
#include "runtime/task_internal.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a cycle");
}

static weir_status insert_part(wr_stream_state *s, const weir_batch *b, uint32_t rank, weir_error *err) {
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

/* Several of its producers may run at the same time. */
static weir_status add_part(wr_turn *turn, wr_stream_state *s, const weir_batch *b, uint32_t rank,
                            weir_error *err) {
    if (!b->n_sel) return WEIR_OK;
    wr_threads_lock(turn->threads);
    weir_status st = insert_part(s, b, rank, err);
    wr_threads_unlock(turn->threads);
    return st;
}

static weir_status merge_some(wr_turn *turn, wr_stream_state *s, const weir_batch *parts, uint32_t n,
                              weir_batch *out, weir_error *err) {
    const weir_batch **in = wr_arena_array(turn->arena, n, sizeof *in);
    if (!in) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) in[i] = &parts[i];
    weir_status st = wr_batch_merge(in, n, turn->arena, out);
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
static weir_status leave_partitions(wr_task *t, wr_turn *turn, wr_stream_state *s, weir_error *err) {
    uint32_t n = 0;
    for (uint32_t i = 0, end; i < s->n_parts; i = end, n++) {
        uint32_t partition = left_by(t, s, i);
        weir_batch part = s->parts[i];
        for (end = i + 1; partition != WR_NONE_ID && end < s->n_parts && left_by(t, s, end) == partition;)
            end++;
        if (end > i + 1) WR_TRY(merge_some(turn, s, &s->parts[i], end - i, &part, err));
        if (partition != WR_NONE_ID) WR_TRY(wr_task_leave_partition(t, turn, partition, &part, err));
        s->ranks[n] = s->ranks[i];
        s->parts[n] = part;
    }
    s->n_parts = n;
    return WEIR_OK;
}

/* All rows of the stream in this cycle. Called once its producers have run. */
static weir_status stream_rows(wr_task *t, wr_turn *turn, uint32_t stream, const weir_batch **out,
                               weir_error *err) {
    wr_stream_state *s = &t->streams[stream];
    *out = &s->merged;
    if (s->is_merged) return WEIR_OK;
    s->is_merged = true;
    memset(&s->merged, 0, sizeof s->merged);
    WR_TRY(leave_partitions(t, turn, s, err));
    if (s->n_parts == 1) s->merged = s->parts[0];
    if (s->n_parts > 1) WR_TRY(merge_some(turn, s, s->parts, s->n_parts, &s->merged, err));
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
static weir_status step(wr_task *t, wr_turn *turn, wr_op *op, const weir_batch *given, weir_batch *out,
                        weir_error *err) {
    const weir_batch *in[WR_MAX_SIDES];
    for (uint32_t i = 0; i < op->plan->n_in; i++) in[i] = given[i].n_sel ? &given[i] : NULL;
    memset(out, 0, sizeof *out);
    if (is_idle(t, op, in)) return WEIR_OK;
    turn->until = WEIR_ORIGIN(t->cycle.n_arrivals, 0, 0);
    return wr_op_process(op, turn, in, out, err);
}

/* *in: the rows of the side's stream as the side takes them; *out: what its operators make of them. */
static weir_status run_side(wr_task *t, wr_turn *turn, wr_query_state *q, uint32_t side, weir_batch *in,
                            weir_batch *out, weir_error *err) {
    const wr_plan_side *s = &q->plan->side[side];
    const weir_batch *rows;
    memset(out, 0, sizeof *out);
    if (s->kind != WR_SIDE_STREAM) return WEIR_OK;
    WR_TRY(stream_rows(t, turn, s->stream, &rows, err));
    *in = *rows;
    if (q->is_self_join) WR_TRY(wr_task_rows_apart(turn, rows, in, err));
    *out = *in;
    uint32_t first = 0;
    if (wr_task_rules_apply(q, rows) && !t->streams[s->stream].has_failed) {
        WR_TRY(wr_task_rule_rows(turn, q, rows, out, err));
        first = 1;
    }
    for (uint32_t i = first; i < s->n_ops; i++) {
        weir_batch next;
        WR_TRY(step(t, turn, q->side_ops[side][i], out, &next, err));
        *out = next;
    }
    return WEIR_OK;
}

/* Failures of a query that reads `stream`: later receivers don't see those chunks. */
static weir_status settle_faults(wr_task *t, wr_turn *turn, uint32_t stream, uint32_t query,
                                 weir_error *err) {
    if (!turn->faults.n || stream == WR_NONE_ID) return WEIR_OK;
    wr_stream_state *s = &t->streams[stream];
    weir_batch faults, rest;
    if (s->plan->view_of != WR_NONE_ID) {
        WR_TRY(wr_task_without_failed(turn, &s->merged, &s->merged, err));
        s->has_failed = true;
        wr_task_faults_outside(t, turn, stream);
        s = &t->streams[stream = s->plan->view_of];
    }
    WR_TRY(wr_task_fault_rows(t, turn, stream, &s->merged, &faults, err));
    if (faults.n_sel) WR_TRY(add_part(turn, &t->streams[s->plan->fault], &faults, query, err));
    WR_TRY(wr_task_without_failed(turn, &s->merged, &rest, err));
    s->merged = rest;
    s->has_failed = true;
    turn->faults = (wr_faults){0};
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

static weir_status run_query(wr_task *t, wr_turn *turn, uint32_t number, weir_error *err) {
    wr_query_state *q = &t->queries[number];
    weir_batch in, side[WR_MAX_SIDES], merged, selected, out;
    turn->faults = (wr_faults){0};
    for (uint32_t i = 0; i < q->plan->n_sides; i++) WR_TRY(run_side(t, turn, q, i, &in, &side[i], err));
    if (q->rules && !side[0].n_sel && !q->has_timer && !turn->faults.n) return WEIR_OK;
    if (q->plan->window) t->window_rows[q->plan->window - t->plan->windows] = side[0];
    merged = side[0];
    if (q->merge) add_contents(t, q, side);
    if (q->merge) WR_TRY(step(t, turn, q->merge, side, &merged, err));
    WR_TRY(step(t, turn, q->select, &merged, &selected, err));
    out = selected;
    if (q->rate) WR_TRY(step(t, turn, q->rate, &selected, &out, err));
    if (q->is_self_join)
        WR_TRY(wr_task_true_origins(turn, &t->streams[q->plan->side[0].stream].merged, &in, &out, err));
    if (q->subscriptions.n) q->given = out;
    if (q->change) WR_TRY(wr_change_apply(q->change, turn, &out, err));
    for (uint32_t i = 0; i < q->plan->n_sides; i++)
        WR_TRY(settle_faults(t, turn, q->plan->side[i].stream, number, err));
    if (q->plan->output_kind == WR_OUTPUT_AGGREGATION)
        return wr_aggregation_feed(t->aggregations[q->plan->target], &out, &t->cycle, turn->arena, err);
    if (q->change) return WEIR_OK;
    return add_part(turn, &t->streams[q->plan->target], &out, q->producer_rank, err);
}

/* The rows of a partition's streams get their keys. */
static weir_status run_partition(wr_task *t, wr_turn *turn, uint32_t number, weir_error *err) {
    wr_op *op = t->partitions[number];
    const wr_partition_input *inputs = op->plan->u.keys.inputs;
    const weir_batch **in = wr_arena_zero(turn->arena, op->plan->n_in + 1, sizeof *in);
    weir_batch *out = wr_arena_zero(turn->arena, op->plan->n_in + 1, sizeof *out);
    if (!in || !out) return no_memory(err);
    for (uint32_t i = 0; i < op->plan->n_in; i++) {
        WR_TRY(stream_rows(t, turn, inputs[i].stream, &in[i], err));
        if (!in[i]->n_sel) in[i] = NULL;
    }
    turn->faults = (wr_faults){0};
    turn->until = WEIR_ORIGIN(t->cycle.n_arrivals, 0, 0);
    if (!is_idle(t, op, in)) WR_TRY(wr_op_process(op, turn, in, out, err));
    WR_TRY(wr_task_greet_keys(t, turn, number, out, op->plan->n_in, err));
    for (uint32_t i = 0; i < op->plan->n_in; i++) {
        wr_stream_state *view = &t->streams[inputs[i].view];
        view->merged = out[i];
        view->is_merged = true;
        view->rows += out[i].n_sel;
    }
    for (uint32_t i = 0; i < op->plan->n_in; i++)
        WR_TRY(settle_faults(t, turn, inputs[i].stream, t->plan->n_queries + number, err));
    return WEIR_OK;
}

weir_status wr_task_run_step(wr_task *t, wr_turn *turn, uint32_t step, weir_error *err) {
    return step < t->plan->n_queries ? run_query(t, turn, step, err)
                                     : run_partition(t, turn, step - t->plan->n_queries, err);
}

weir_status wr_task_stream_ready(wr_task *t, wr_turn *turn, uint32_t stream, weir_error *err) {
    const weir_batch *rows;
    WR_TRY(stream_rows(t, turn, stream, &rows, err));
    return wr_task_rules_run(turn, &t->streams[stream], rows, err);
}

static weir_status fire_triggers(wr_task *t, bool is_start, weir_error *err) {
    for (uint32_t i = 0; i < t->plan->n_triggers; i++) {
        weir_batch rows;
        WR_TRY(wr_task_trigger_fire(t, &t->triggers[i], is_start, &rows, err));
        WR_TRY(add_part(&t->turn, &t->streams[t->plan->triggers[i].stream], &rows, 0, err));
    }
    return WEIR_OK;
}

static void begin_cycle(wr_task *t) {
    wr_arena_reset(&t->arena);
    for (uint32_t i = 0; i < t->plan->n_streams; i++) {
        t->streams[i].n_parts = 0;
        t->streams[i].is_merged = false;
        t->streams[i].has_failed = false;
        wr_task_rules_begin_cycle(&t->streams[i]);
    }
    memset(t->window_rows, 0, t->plan->n_windows * sizeof *t->window_rows);
}

static weir_status run_steps(wr_task *t, uint32_t n_rows, weir_error *err) {
    if (wr_threads_apply(t->threads, n_rows)) return wr_threads_run(t->threads, err);
    for (uint32_t i = 0; i < t->plan->n_queries + t->plan->n_partitions; i++)
        WR_TRY(wr_task_run_step(t, &t->turn, t->plan->order[i], err));
    return WEIR_OK;
}

static weir_status deliver_all(wr_task *t, weir_error *err) {
    for (uint32_t i = 0; t->has_subscribed_queries && i < t->plan->n_queries + t->plan->n_partitions; i++) {
        uint32_t step = t->plan->order[i];
        if (step >= t->plan->n_queries) continue;
        wr_task_deliver(&t->queries[step].subscriptions, &t->queries[step].given);
        t->queries[step].given.n_sel = 0;
    }
    for (uint32_t i = 0; i < t->plan->n_streams; i++) {
        const weir_batch *rows;
        WR_TRY(stream_rows(t, &t->turn, i, &rows, err));
        wr_task_deliver(&t->streams[i].subscriptions, rows);
    }
    return WEIR_OK;
}

weir_status wr_task_run_batched(wr_task *t, const wr_task_input *inputs, uint32_t n_inputs, bool is_start,
                                weir_error *err) {
    uint32_t n_rows = 0;
    begin_cycle(t);
    for (uint32_t i = 0; i < n_inputs; i++) {
        WR_TRY(add_part(&t->turn, &t->streams[inputs[i].stream], &inputs[i].batch, 0, err));
        n_rows += inputs[i].batch.n_sel;
    }
    WR_TRY(fire_triggers(t, is_start, err));
    WR_TRY(run_steps(t, n_rows, err));
    return deliver_all(t, err);
}
