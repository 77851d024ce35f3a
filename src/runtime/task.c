/* task.c: making, starting and freeing a task; subscriptions and counters. */
#include "runtime/task_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "weir_io.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an app");
}

void wr_task_log(const wr_turn *turn, int level, const char *format, ...) {
    if (!turn->log) return;
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    turn->log(turn->log_ctx, level, line);
}

wr_op *wr_task_op_at(const wr_query_state *q, uint32_t side, uint32_t index) {
    if (index < q->plan->side[side].n_ops) return q->side_ops[side][index];
    index -= q->plan->side[side].n_ops;
    uint32_t n_behind = 1u + (q->merge != NULL) + (q->rate != NULL);
    return index < n_behind ? q->ops[q->n_ops - n_behind + index] : NULL;
}

static weir_status make_op(wr_task *t, uint32_t number, uint32_t side, uint32_t index, wr_op **out,
                           weir_error *err) {
    wr_query_state *q = &t->queries[number];
    const wr_plan_op *plan = wr_plan_op_at(q->plan, side, index);
    WR_TRY(wr_op_new(plan, &t->account, out, err));
    q->ops[q->n_ops++] = *out;
    q->has_timer |= (*out)->type->due != NULL;
    if ((*out)->type->due)
        t->timers[plan->rank] = (wr_timer_place){number, side, index, WR_NONE_ID, WR_NONE_ID, true};
    return WEIR_OK;
}

static uint32_t producer_rank(const wr_task *t, const wr_plan_query *q, uint32_t number) {
    if (q->output_kind != WR_OUTPUT_STREAM) return 0;
    const wr_plan_stream *s = &t->plan->streams[q->target];
    for (uint32_t i = 0; i < s->n_producers; i++)
        if (s->producers[i] == number) return i + 1;
    return s->n_producers + 1;
}

static weir_status make_query(wr_task *t, uint32_t number, weir_error *err) {
    wr_query_state *q = &t->queries[number];
    wr_op *op;
    q->plan = &t->plan->queries[number];
    q->is_self_join = wr_task_is_self_join(q->plan);
    q->producer_rank = producer_rank(t, q->plan, number);
    q->ops = wr_alloc_zero(NULL, wr_plan_n_ops(q->plan) * sizeof(wr_op *));
    if (!q->ops) return no_memory(err);
    for (uint32_t side = 0; side < q->plan->n_sides; side++) {
        q->side_ops[side] = &q->ops[q->n_ops];
        for (uint32_t i = 0; i < q->plan->side[side].n_ops; i++)
            WR_TRY(make_op(t, number, side, i, &op, err));
    }
    uint32_t index = q->plan->side[0].n_ops;
    if (q->plan->merge) WR_TRY(make_op(t, number, 0, index++, &q->merge, err));
    WR_TRY(make_op(t, number, 0, index++, &q->select, err));
    if (q->plan->rate) WR_TRY(make_op(t, number, 0, index, &q->rate, err));
    const wr_plan_change *change = q->plan->change;
    return change ? wr_change_new(change, &q->plan->select->out, &t->account, &q->change, err) : WEIR_OK;
}

static weir_status make_partition(wr_task *t, uint32_t i, weir_error *err) {
    const wr_plan_op *plan = t->plan->partitions[i].op;
    if (plan->u.keys.purge_ms)
        t->timers[plan->rank] = (wr_timer_place){.trigger = WR_NONE_ID, .partition = i, .is_used = true};
    return wr_op_new(plan, &t->account, &t->partitions[i], err);
}

static weir_status make_all(wr_task *t, weir_error *err) {
    const wr_plan *p = t->plan;
    t->streams = wr_alloc_zero(NULL, (p->n_streams + 1) * sizeof *t->streams);
    t->queries = wr_alloc_zero(NULL, (p->n_queries + 1) * sizeof *t->queries);
    t->triggers = wr_alloc_zero(NULL, (p->n_triggers + 1) * sizeof *t->triggers);
    t->tables = wr_alloc_zero(NULL, (p->n_tables + 1) * sizeof *t->tables);
    t->partitions = wr_alloc_zero(NULL, (p->n_partitions + 1) * sizeof *t->partitions);
    t->timers = wr_alloc_zero(NULL, (p->n_ranks + 1) * sizeof *t->timers);
    t->aggregations = wr_alloc_zero(NULL, (p->n_aggregations + 1) * sizeof *t->aggregations);
    t->window_rows = wr_alloc_zero(NULL, (p->n_windows + 1) * sizeof *t->window_rows);
    if (!t->streams || !t->partitions || !t->queries || !t->triggers || !t->tables || !t->timers ||
        !t->aggregations || !t->window_rows)
        return no_memory(err);
    for (uint32_t i = 0; i < p->n_streams; i++) t->streams[i].plan = &p->streams[i];
    for (uint32_t i = 0; i < p->n_tables; i++) WR_TRY(wr_task_new_table(t, i, err));
    for (uint32_t i = 0; i < p->n_aggregations; i++)
        WR_TRY(wr_aggregation_new(&p->aggregations[i], t->tables, &t->account, &t->aggregations[i], err));
    for (uint32_t i = 0; i < p->n_triggers; i++) {
        t->triggers[i].plan = &p->triggers[i];
        WR_TRY(wr_task_trigger_init(t, &t->triggers[i], err));
        t->timers[p->triggers[i].rank] =
            (wr_timer_place){.trigger = i, .partition = WR_NONE_ID, .is_used = true};
    }
    for (uint32_t i = 0; i < p->n_partitions; i++) WR_TRY(make_partition(t, i, err));
    for (uint32_t i = 0; i < p->n_queries; i++) WR_TRY(make_query(t, i, err));
    return wr_task_rules_init(t, err);
}

static weir_status renew_query(wr_task *t, wr_query_state *q, weir_error *err) {
    for (uint32_t i = 0; i < q->n_ops; i++) {
        const wr_plan_op *plan = q->ops[i]->plan;
        wr_op_free(q->ops[i]);
        q->ops[i] = NULL;
        WR_TRY(wr_op_new(plan, &t->account, &q->ops[i], err));
    }
    uint32_t index = q->plan->side[0].n_ops;
    if (q->merge) q->merge = wr_task_op_at(q, 0, index++);
    q->select = wr_task_op_at(q, 0, index++);
    if (q->rate) q->rate = wr_task_op_at(q, 0, index);
    return WEIR_OK;
}

weir_status wr_task_renew(wr_task *t, weir_error *err) {
    wr_task_forget_marks(t);
    for (uint32_t i = 0; i < t->plan->n_triggers; i++) WR_TRY(wr_task_trigger_init(t, &t->triggers[i], err));
    for (uint32_t i = 0; i < t->plan->n_tables; i++) {
        wr_table_free(t->tables[i]);
        t->tables[i] = NULL;
        WR_TRY(wr_task_new_table(t, i, err));
    }
    for (uint32_t i = 0; i < t->plan->n_aggregations; i++) {
        wr_aggregation_free(t->aggregations[i]);
        t->aggregations[i] = NULL;
        WR_TRY(
            wr_aggregation_new(&t->plan->aggregations[i], t->tables, &t->account, &t->aggregations[i], err));
    }
    for (uint32_t i = 0; i < t->plan->n_partitions; i++) {
        wr_op_free(t->partitions[i]);
        t->partitions[i] = NULL;
        WR_TRY(make_partition(t, i, err));
    }
    for (uint32_t i = 0; i < t->plan->n_queries; i++) WR_TRY(renew_query(t, &t->queries[i], err));
    return WEIR_OK;
}

weir_status wr_task_new(const wr_task_options *options, wr_task **out, weir_error *err) {
    wr_task *t = wr_alloc_zero(NULL, sizeof *t);
    *out = NULL;
    if (!t) return no_memory(err);
    t->plan = options->plan;
    t->account.parent = options->account;
    t->serial = options->serial || t->plan->serial;
    t->log = options->log;
    t->log_ctx = options->log_ctx;
    t->errors = options->errors;
    t->stores = options->stores;
    wr_arena_init(&t->arena, &t->account);
    weir_status st = make_all(t, err);
    if (st == WEIR_OK && options->threads > 1 && !t->serial)
        st = wr_threads_new(t, options->threads, options->threads_always, err);
    if (st != WEIR_OK) {
        wr_task_free(t);
        return st;
    }
    t->turn.arena = &t->arena;
    t->turn.cycle = &t->cycle;
    t->turn.keys_sleep = options->keys_sleep;
    t->turn.tables = t->tables;
    t->turn.aggregations = t->aggregations;
    t->turn.partitions = t->partitions;
    t->turn.log = t->log;
    t->turn.log_ctx = t->log_ctx;
    *out = t;
    return WEIR_OK;
}

static void free_query(wr_query_state *q) {
    for (uint32_t i = 0; i < q->n_ops; i++) wr_op_free(q->ops[i]);
    wr_change_free(q->change);
    wr_free(NULL, q->ops, 0);
    wr_free(NULL, q->subscriptions.items, 0);
}

void wr_task_free(wr_task *t) {
    if (!t) return;
    wr_task_forget_marks(t);
    wr_threads_free(t->threads);
    wr_arena_fini(&t->arena);
    for (uint32_t i = 0; t->queries && i < t->plan->n_queries; i++) free_query(&t->queries[i]);
    for (uint32_t i = 0; t->streams && i < t->plan->n_streams; i++) {
        wr_free(NULL, t->streams[i].subscriptions.items, 0);
        wr_free(NULL, t->streams[i].parts, 0);
        wr_free(NULL, t->streams[i].ranks, 0);
        wr_task_rules_fini(&t->streams[i]);
    }
    for (uint32_t i = 0; t->tables && i < t->plan->n_tables; i++) wr_table_free(t->tables[i]);
    for (uint32_t i = 0; t->partitions && i < t->plan->n_partitions; i++) wr_op_free(t->partitions[i]);
    wr_free(NULL, t->partitions, 0);
    wr_free(NULL, t->streams, 0);
    wr_free(NULL, t->queries, 0);
    wr_free(NULL, t->triggers, 0);
    for (uint32_t i = 0; t->aggregations && i < t->plan->n_aggregations; i++)
        wr_aggregation_free(t->aggregations[i]);
    wr_free(NULL, t->aggregations, 0);
    wr_free(NULL, t->tables, 0);
    wr_free(NULL, t->window_rows, 0);
    wr_free(NULL, t->timers, 0);
    wr_free(NULL, t, sizeof *t);
}

static weir_status subscribe(wr_subscriptions *s, wr_rows_callback callback, void *ctx, weir_error *err) {
    if (wr_grow(NULL, &s->items, &s->cap, s->n + 1, sizeof *s->items)) return no_memory(err);
    s->items[s->n++] = (wr_subscription){callback, ctx};
    return WEIR_OK;
}

weir_status wr_task_subscribe(wr_task *t, uint32_t stream, wr_rows_callback callback, void *ctx,
                              weir_error *err) {
    return subscribe(&t->streams[stream].subscriptions, callback, ctx, err);
}

weir_status wr_task_subscribe_query(wr_task *t, uint32_t query, wr_rows_callback callback, void *ctx,
                                    weir_error *err) {
    t->has_subscribed_queries = true;
    return subscribe(&t->queries[query].subscriptions, callback, ctx, err);
}

void wr_task_deliver(wr_subscriptions *s, const weir_batch *b) {
    if (!b->n_sel) return;
    for (uint32_t i = 0; i < s->n; i++) s->items[i].callback(s->items[i].ctx, b);
}

weir_status wr_task_run(wr_task *t, const wr_task_input *inputs, uint32_t n_inputs, uint32_t n_arrivals,
                        const int64_t *clock, const uint8_t *late, weir_error *err) {
    if (!t->is_started) return weir_fail(err, WEIR_EUSAGE, "the task has not been started");
    if (!n_arrivals) return WEIR_OK;
    t->cycle = (weir_cycle){.number = ++t->n_cycles,
                            .n_arrivals = n_arrivals,
                            .clock = clock,
                            .late = late,
                            .clock_before = t->clock};
    weir_status st = t->serial ? wr_task_run_serial(t, inputs, n_inputs, false, err)
                               : wr_task_run_batched(t, inputs, n_inputs, false, err);
    wr_task_settle_partitions(t);
    t->clock = clock[n_arrivals - 1];
    return st == WEIR_OK ? wr_task_settle_stores(t, err) : st;
}

static void start_ops(wr_task *t, int64_t clock) {
    for (uint32_t i = 0; i < t->plan->n_aggregations; i++) wr_aggregation_start(t->aggregations[i], clock);
    for (uint32_t i = 0; i < t->plan->n_queries; i++)
        for (uint32_t k = 0; k < t->queries[i].n_ops; k++) {
            wr_op *op = t->queries[i].ops[k];
            if (op->type->start) op->type->start(op, clock);
        }
}

weir_status wr_task_start(wr_task *t, int64_t clock, weir_error *err) {
    if (t->is_started) return weir_fail(err, WEIR_EUSAGE, "the task has been started before");
    t->is_started = true;
    t->clock = clock;
    start_ops(t, clock);
    bool fires = false;
    for (uint32_t i = 0; i < t->plan->n_triggers; i++) fires |= t->plan->triggers[i].kind == WR_TRIGGER_START;
    if (!fires) return WEIR_OK;
    t->cycle = (weir_cycle){.number = ++t->n_cycles, .n_arrivals = 1, .clock = &clock, .clock_before = clock};
    WR_TRY(t->serial ? wr_task_run_serial(t, NULL, 0, true, err)
                     : wr_task_run_batched(t, NULL, 0, true, err));
    return wr_task_settle_stores(t, err);
}

int64_t wr_task_clock(const wr_task *t) { return t->clock; }

bool wr_task_is_serial(const wr_task *t) { return t->serial; }

static int64_t timer_due(const wr_task *t, const wr_timer_place *p) {
    if (!p->is_used) return INT64_MAX;
    if (p->trigger != WR_NONE_ID) return t->triggers[p->trigger].due;
    if (p->partition != WR_NONE_ID)
        return t->partitions[p->partition]->type->due(t->partitions[p->partition]);
    const wr_op *op = wr_task_op_at(&t->queries[p->query], p->side, p->index);
    return op->type->due(op);
}

int64_t wr_task_next_due(const wr_task *t) {
    int64_t due = INT64_MAX;
    for (uint32_t r = 0; r < t->plan->n_ranks; r++) due = WR_MIN(due, timer_due(t, &t->timers[r]));
    return due;
}

const wr_op *wr_task_operator(const wr_task *t, const wr_plan_op *plan) {
    for (uint32_t i = 0; i < t->plan->n_queries; i++) {
        const wr_query_state *q = &t->queries[i];
        for (uint32_t k = 0; k < q->n_ops; k++)
            if (q->ops[k]->plan == plan) return q->ops[k];
    }
    return NULL;
}

static void visit_op(const char *name, const wr_op *op, void (*visit)(void *, const wr_task_stat *),
                     void *ctx) {
    wr_task_stat s = {.kind = "operator",
                      .name = name,
                      .label = op->plan->label,
                      .rows_in = op->rows_in,
                      .rows_out = op->rows_out,
                      .rows_late = op->rows_late,
                      .calls = op->n_calls,
                      .state_bytes = op->account.used_bytes,
                      .state_rows = op->type->rows ? op->type->rows(op) : 0,
                      .busy_ns = op->busy_ns};
    visit(ctx, &s);
}

/* What came in at the beginning of its sides, what leaves at its end, and the sum of the rest. */
static void visit_query(const wr_query_state *q, void (*visit)(void *, const wr_task_stat *), void *ctx) {
    wr_task_stat s = {.kind = "query", .name = q->plan->name, .label = ""};
    const wr_op *last = q->ops[q->n_ops - 1];
    for (uint32_t side = 0; side < q->plan->n_sides; side++)
        if (q->plan->side[side].n_ops) s.rows_in += q->side_ops[side][0]->rows_in;
    if (!s.rows_in) s.rows_in = q->merge ? q->merge->rows_in : q->select->rows_in;
    for (uint32_t k = 0; k < q->n_ops; k++) {
        const wr_op *op = q->ops[k];
        s.calls = WR_MAX(s.calls, op->n_calls);
        s.state_bytes += op->account.used_bytes;
        s.state_rows += op->type->rows ? op->type->rows(op) : 0;
        s.rows_late += op->rows_late;
        s.busy_ns += op->busy_ns;
    }
    s.rows_out = last->rows_out;
    visit(ctx, &s);
}

static void visit_change(const wr_query_state *q, void (*visit)(void *, const wr_task_stat *), void *ctx) {
    const wr_change_counts *n = wr_change_get_counts(q->change);
    wr_task_stat s = {.kind = "operator",
                      .name = q->plan->name,
                      .label = q->plan->change->label,
                      .rows_in = n->rows_in,
                      .rows_out = n->inserted + n->updated + n->removed,
                      .calls = n->calls,
                      .errors = n->refused,
                      .state_bytes = wr_change_bytes(q->change)};
    visit(ctx, &s);
}

/* A named window: what was inserted, what it let out, what it holds. */
static void visit_window(const wr_task *t, uint32_t at, void (*visit)(void *, const wr_task_stat *),
                         void *ctx) {
    const wr_plan_named_window *w = &t->plan->windows[at];
    const wr_op *op = t->queries[w->query].ops[0];
    wr_task_stat s = {.kind = "window",
                      .name = w->name,
                      .label = op->plan->label,
                      .rows_in = t->streams[w->in].rows,
                      .rows_out = t->streams[w->out].rows,
                      .rows_late = op->rows_late,
                      .calls = op->n_calls,
                      .errors = t->streams[w->in].errors + t->streams[w->out].errors,
                      .state_bytes = op->account.used_bytes,
                      .state_rows = op->type->rows(op)};
    visit(ctx, &s);
}

void wr_task_visit_stats(const wr_task *t, void (*visit)(void *ctx, const wr_task_stat *stat), void *ctx) {
    for (uint32_t i = 0; i < t->plan->n_streams; i++) {
        const wr_stream_state *s = &t->streams[i];
        if (s->plan->view_of != WR_NONE_ID || s->plan->window != WR_NONE_ID) continue;
        wr_task_stat stat = {
            .kind = "stream", .name = s->plan->name, .label = "", .rows_in = s->rows, .errors = s->errors};
        visit(ctx, &stat);
    }
    for (uint32_t i = 0; i < t->plan->n_windows; i++) visit_window(t, i, visit, ctx);
    for (uint32_t i = 0; i < t->plan->n_queries; i++) {
        const wr_query_state *q = &t->queries[i];
        if (q->plan->window) continue;
        visit_query(q, visit, ctx);
        for (uint32_t k = 0; k < q->n_ops; k++) visit_op(q->plan->name, q->ops[k], visit, ctx);
        if (q->change) visit_change(q, visit, ctx);
    }
    for (uint32_t i = 0; i < t->plan->n_aggregations; i++) {
        wr_task_stat stat = {.kind = "aggregation",
                             .name = t->plan->aggregations[i].name,
                             .label = "",
                             .state_rows = wr_aggregation_count(t->aggregations[i]),
                             .state_bytes = wr_aggregation_bytes(t->aggregations[i])};
        visit(ctx, &stat);
    }
    for (uint32_t i = 0; i < t->plan->n_partitions; i++)
        visit_op(t->plan->partitions[i].name, t->partitions[i], visit, ctx);
    for (uint32_t i = 0; i < t->plan->n_tables; i++) {
        wr_task_stat stat = {.kind = "table",
                             .name = t->plan->tables[i].name,
                             .label = "",
                             .state_rows = wr_table_count(t->tables[i]),
                             .state_bytes = wr_table_bytes(t->tables[i])};
        wr_task_add_store_stat(t, i, &stat);
        visit(ctx, &stat);
    }
}
