/* window_op.c: the window operator: making it, driving the window through a call, saving it. */
#include "exec/window_op_impl.h"
#include "state/held_rows.h"

#include <stdio.h>

/* ---- Making ---- */

/* What must be kept: the columns of rows that leave later than they came, and those the window asks for. A
 * BAG keeps all columns that are read, since its ids don't tell where a row stood in the input. */
static bool must_store(const weir_window *w, uint8_t need) {
    if (need & WR_NEED_EXPIRED) return true;
    if ((need & WR_NEED_WINDOW) && (w->type->stores_args || w->args.is_searched)) return true;
    return (need & WR_NEED_CURRENT) && (w->type->late_output || w->type->shape == WEIR_WINDOW_BAG);
}

static weir_status note_columns(weir_window *w, weir_error *err) {
    uint32_t n = w->op.plan->in.n_attrs;
    w->is_read = wr_alloc_zero(&w->op.account, 3 * (size_t)n + 1);
    if (!w->is_read) return wr_window_no_memory(err);
    w->stored = w->is_read + n;
    bool *is_shown = w->stored + n;
    for (uint32_t c = 0; c < n; c++) {
        w->is_read[c] = w->plan->need[c] & (WR_NEED_CURRENT | WR_NEED_EXPIRED);
        w->stored[c] = must_store(w, w->plan->need[c]);
        is_shown[c] = w->plan->need[c] & WR_NEED_SHOWN;
    }
    w->args.is_read = w->is_read;
    w->args.is_shown = is_shown;
    return WEIR_OK;
}

static weir_status make_store(weir_window *w, weir_error *err) {
    const weir_window_type *t = w->type;
    if (!t->stores_always && !t->late_output && !w->args.expired_wanted) return WEIR_OK;
    wr_row_store_options options = {
        .schema = &w->op.plan->in, .stored = w->stored, .shape = t->shape, .settles_late = true};
    return wr_row_store_new(&options, &w->op.account, &w->store, err);
}

/* What a window's own state takes is charged like the rest. */
static void charge_self(weir_window *w, size_t bytes) {
    wr_account_restate(&w->op.account, w->self_bytes, bytes);
    w->self_bytes = bytes;
}

static void window_free(wr_op *op) {
    weir_window *w = (weir_window *)op;
    if (w->is_open && w->type->close) w->type->close(w->self);
    charge_self(w, 0);
    wr_window_condition_free(w->condition);
    wr_row_store_free(w->store);
    wr_free(&op->account, w->self, w->type->state_size);
    wr_free(&op->account, w->is_read, 3 * (size_t)op->plan->in.n_attrs + 1);
    wr_free(op->account.parent, w, sizeof *w);
}

static weir_status window_open(weir_window *w, weir_error *err) {
    w->self = wr_alloc_zero(&w->op.account, w->type->state_size);
    if (!w->self) return wr_window_no_memory(err);
    WR_TRY(note_columns(w, err));
    WR_TRY(make_store(w, err));
    if (w->plan->condition.expr || w->plan->condition_scope)
        WR_TRY(wr_window_condition_new(w->op.plan, &w->op.account, &w->condition, err));
    w->is_open = true; /* close() is called after a failed open() too */
    return w->type->open ? w->type->open(w->self, w, &w->args, err) : WEIR_OK;
}

/* ---- Driving a window that doesn't drive itself ---- */

/* All due times that the clock of one arrival has passed. */
static weir_status tick(weir_window *w, uint32_t arrival, weir_error *err) {
    int64_t clock = w->turn->cycle->clock[arrival], due = w->type->due(w->self);
    weir_window_fired(w, arrival);
    weir_window_note_tick(w, arrival, due);
    while (due <= clock) {
        WR_TRY(w->type->on_timer(w->self, w, clock, err));
        weir_window_end_chunk(w);
        int64_t next = w->type->due(w->self);
        if (next == due)
            return weir_fail(err, WEIR_EUSAGE, "window %s did not move on from its timer", w->type->name);
        due = next;
    }
    return WEIR_OK;
}

static weir_status fire_until(weir_window *w, weir_origin before, weir_error *err) {
    if (!w->type->due) return WEIR_OK;
    for (;;) {
        uint32_t arrival = weir_window_next_tick(&w->input, w->type->due(w->self), before);
        if (arrival == WEIR_NO_TICK) return WEIR_OK;
        WR_TRY(tick(w, arrival, err));
    }
}

static weir_status take_chunk(weir_window *w, uint32_t c, uint32_t first, uint32_t n, weir_error *err) {
    uint32_t rows = w->out.n, chunks = w->out.n_chunks;
    weir_error why;
    weir_window_begin_chunk(w, c);
    int64_t clock = w->turn->cycle->clock[weir_origin_arrival(w->origin)];
    weir_status status = w->type->on_chunk(w->self, w, first, n, clock, &why);
    if (status == WEIR_EVALUE) {
        w->out.n = rows;
        w->out.n_chunks = chunks;
        return weir_window_fail_chunk(w, c, why.message, err);
    }
    if (status != WEIR_OK) {
        if (err) *err = why;
        return status;
    }
    weir_window_end_chunk(w);
    return WEIR_OK;
}

weir_status weir_window_walk(weir_window *w, weir_error *err) {
    const weir_window_input *in = &w->input;
    for (uint32_t c = 0, first = 0; c < in->n_chunks; c++) {
        uint32_t end = in->chunk_end ? in->chunk_end[c] : c + 1;
        WR_TRY(fire_until(w, weir_window_chunk_origin(in, c), err));
        WR_TRY(take_chunk(w, c, first, end - first, err));
        first = end;
    }
    return fire_until(w, in->until, err);
}

/* ---- A call ---- */

static int64_t window_due(const wr_op *op) {
    const weir_window *w = (const weir_window *)op;
    return w->type->due ? w->type->due(w->self) : INT64_MAX;
}

/* Rows emitted in a cycle point into the store until the cycle is over. */
static void settle_once_a_cycle(weir_window *w) {
    if (w->cycle == w->turn->cycle->number) return;
    w->cycle = w->turn->cycle->number;
    if (w->store) wr_row_store_settle(w->store);
}

static weir_status fail_all(weir_window *w, weir_error *err) {
    for (uint32_t c = 0; c < w->input.n_chunks; c++)
        WR_TRY(weir_window_fail_chunk(w, c, "a session window that has a name takes no rows", err));
    if (w->store && !w->input.id) wr_row_store_release_below(w->store, w->input.first_id + w->input.n);
    for (uint32_t i = 0; w->store && w->input.id && i < w->input.n; i++)
        wr_row_store_release(w->store, w->input.id[i]);
    return WEIR_OK;
}

static weir_status window_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                  weir_error *err) {
    weir_window *w = (weir_window *)op;
    w->turn = turn;
    w->out = (weir_window_output){0};
    w->no_memory = false;
    settle_once_a_cycle(w);
    WR_TRY(wr_window_take_input(w, in[0], err));
    if (!w->input.n && weir_window_next_tick(&w->input, window_due(op), turn->until) == WEIR_NO_TICK)
        return WEIR_OK;
    if (w->plan->is_broken) return fail_all(w, err);
    weir_status status = w->type->process ? w->type->process(w->self, w, err) : weir_window_walk(w, err);
    op->fired_next = w->input.tick_next;
    if (status == WEIR_OK && w->no_memory) status = wr_window_no_memory(err);
    if (status == WEIR_OK) status = wr_window_build_output(w, out, err);
    if (w->type->bytes) charge_self(w, w->type->bytes(w->self));
    return status;
}

static weir_status window_clear(wr_op *op, weir_error *err) {
    weir_window *w = (weir_window *)op;
    if (w->type->close) w->type->close(w->self);
    charge_self(w, 0);
    memset(w->self, 0, w->type->state_size);
    wr_row_store_clear(w->store);
    w->next_id = 0;
    w->cycle = 0;
    if (w->condition) WR_TRY(wr_window_condition_clear(w->condition, err));
    return w->type->open ? w->type->open(w->self, w, &w->args, err) : WEIR_OK;
}

static void window_start(wr_op *op, int64_t clock) {
    weir_window *w = (weir_window *)op;
    if (w->type->start) w->type->start(w->self, clock);
}

static uint64_t window_rows(const wr_op *op) {
    const weir_window *w = (const weir_window *)op;
    return w->store ? wr_row_store_count(w->store) : 0;
}

/* ---- State: the ids given so far, the rows, the condition's aggregates, the window's own. ---- */

static void window_save(const wr_op *op, weir_writer *out) {
    const weir_window *w = (const weir_window *)op;
    weir_write_i64(out, (int64_t)w->next_id);
    weir_write_u32(out, w->store != NULL);
    if (w->store) wr_row_store_save(w->store, out);
    if (w->condition) wr_window_condition_save(w->condition, out);
    if (w->type->save) w->type->save(w->self, out);
}

static weir_status load_self(weir_window *w, weir_reader *r, weir_error *err) {
    wr_row_claims claims;
    if (!w->type->load) return WEIR_OK;
    if (!w->store || w->type->shape != WEIR_WINDOW_BAG) return w->type->load(w->self, w, r, err);
    if (!wr_row_claims_init(&claims, w->store, &w->op.account)) return wr_window_no_memory(err);
    w->claims = &claims;
    weir_status status = w->type->load(w->self, w, r, err);
    w->claims = NULL;
    wr_row_claims_fini(&claims);
    return status;
}

static weir_status window_load(wr_op *op, weir_reader *r, weir_error *err) {
    weir_window *w = (weir_window *)op;
    w->next_id = (weir_row_id)weir_read_i64(r);
    bool had_store = weir_read_u32(r) != 0;
    WR_TRY(weir_reader_status(r, err));
    if (had_store != (w->store != NULL))
        return weir_fail(err, WEIR_ESTATE, "the saved window %s held other rows", w->type->name);
    if (w->store) WR_TRY(wr_row_store_load(w->store, r, err));
    if (w->condition) WR_TRY(wr_window_condition_load(w->condition, r, err));
    WR_TRY(load_self(w, r, err));
    if (w->type->bytes) charge_self(w, w->type->bytes(w->self));
    return weir_reader_status(r, err);
}

/* ---- What has changed: of the rows; the window's own state, which is mostly a few numbers, is whole. ----
 */

static void window_track(wr_op *op) {
    weir_window *w = (weir_window *)op;
    if (w->store) wr_row_store_track(w->store);
}

static bool window_save_changes(const wr_op *op, weir_writer *out) {
    const weir_window *w = (const weir_window *)op;
    if (!w->store || w->condition || !wr_row_store_save_changes(w->store, out)) return false;
    weir_write_i64(out, (int64_t)w->next_id);
    if (w->type->save) w->type->save(w->self, out);
    return true;
}

static weir_status reopen(weir_window *w, weir_error *err) {
    if (w->type->close) w->type->close(w->self);
    memset(w->self, 0, w->type->state_size);
    return w->type->open ? w->type->open(w->self, w, &w->args, err) : WEIR_OK;
}

static weir_status window_load_changes(wr_op *op, weir_reader *r, weir_error *err) {
    weir_window *w = (weir_window *)op;
    if (!w->store || w->condition)
        return weir_fail(err, WEIR_ESTATE, "the saved window %s held other rows", w->type->name);
    WR_TRY(wr_row_store_load_changes(w->store, r, err));
    w->next_id = (weir_row_id)weir_read_i64(r);
    if (w->type->load) {
        WR_TRY(reopen(w, err));
        WR_TRY(load_self(w, r, err));
    }
    if (w->type->bytes) charge_self(w, w->type->bytes(w->self));
    return weir_reader_status(r, err);
}

static const wr_op_type window_op_type = {
    .name = "window",
    .process = window_process,
    .due = window_due,
    .start = window_start,
    .save = window_save,
    .load = window_load,
    .track = window_track,
    .save_changes = window_save_changes,
    .load_changes = window_load_changes,
    .rows = window_rows,
    .clear = window_clear,
    .free = window_free,
};

weir_status wr_window_op_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    weir_window *w = wr_alloc_zero(parent, sizeof *w);
    *out = NULL;
    if (!w) return wr_window_no_memory(err);
    w->op = (wr_op){.type = &window_op_type, .plan = plan, .account = {.parent = parent}};
    w->plan = &plan->u.window;
    w->type = w->plan->type;
    w->args = w->plan->args;
    w->args.expired_wanted |= w->args.is_searched | w->args.expired_output;
    weir_status status = window_open(w, err);
    if (status != WEIR_OK)
        window_free(&w->op);
    else
        *out = &w->op;
    return status;
}

/* ---- What others may ask ---- */

void wr_window_op_content(const wr_op *op, bool (*visit)(void *ctx, weir_row_id id), void *ctx) {
    const weir_window *w = (const weir_window *)op;
    if (w->store && w->type->content) w->type->content(w->self, w, visit, ctx);
}

const wr_row_store *wr_window_op_store(const wr_op *op) { return ((const weir_window *)op)->store; }

/* In a partition: of a window as each key has one. */
static int bound_of_key(const wr_op *op, char *text, size_t size) {
    wr_plan_op plan = *op->plan;
    wr_op *one;
    plan.by_key = false;
    if (wr_window_op_new(&plan, NULL, &one, NULL) != WEIR_OK) return -1;
    int n = wr_window_op_bound(one, text, size);
    wr_op_free(one);
    if (n > 0 && (size_t)n < size) n += snprintf(text + n, size - (size_t)n, ", for each key");
    return n;
}

int wr_window_op_bound(const wr_op *op, char *text, size_t size) {
    if (op->plan->by_key) return bound_of_key(op, text, size);
    const weir_window *w = (const weir_window *)op;
    if (w->type->bound) return w->type->bound(w->self, text, size);
    return snprintf(text, size, "%s", "");
}

/* ---- Stored rows, for the window ---- */

int64_t weir_window_ts(const weir_window *w, weir_row_id id) { return wr_row_store_ts(w->store, id); }

void weir_window_set_ts(weir_window *w, weir_row_id id, int64_t ts) {
    if (w->store) wr_row_store_set_ts(w->store, id, ts);
}

void weir_window_set_ts_run(weir_window *w, weir_row_id id, const int64_t *ts, uint32_t n) {
    if (w->store) wr_row_store_set_ts_run(w->store, id, ts, n);
}

const int64_t *weir_window_ts_run(const weir_window *w, weir_row_id id, uint32_t *n) {
    return wr_row_store_ts_run(w->store, id, n);
}

weir_value weir_window_value(const weir_window *w, weir_row_id id, uint32_t column) {
    return wr_row_store_value(w->store, id, column);
}

void weir_window_set_value(weir_window *w, weir_row_id id, uint32_t column, const weir_value *v) {
    if (w->store && wr_row_store_set_value(w->store, id, column, v, NULL) != WEIR_OK) w->no_memory = true;
}

bool weir_window_holds(const weir_window *w, weir_row_id id) {
    return w->store && wr_row_store_has(w->store, id);
}

bool wr_window_claim(const weir_window *w, weir_row_id id) {
    return !w->store || wr_row_claim(w->claims, id);
}

weir_status wr_window_read_range(const weir_window *w, weir_reader *r, weir_row_id *const *ids, uint32_t n,
                                 wr_held held, weir_error *err) {
    weir_row_id next = w->store ? wr_row_store_tail(w->store) : w->next_id;
    bool ascends = true;
    for (uint32_t i = 0; i < n; i++) {
        *ids[i] = (weir_row_id)weir_read_i64(r);
        ascends = ascends && (!i || *ids[i - 1] <= *ids[i]);
    }
    WR_TRY(weir_reader_status(r, err));
    weir_row_id first = *ids[0], last = *ids[n - 1];
    bool is_empty = first == last || !w->store;
    for (uint32_t i = 0; is_empty && i < n; i++) *ids[i] = next;
    bool ends = last == next || (held == WR_HELD_LAGS && last < next);
    bool begins = held == WR_HELD_COUNTED || (w->store && wr_row_store_has(w->store, first));
    if (ascends && (is_empty || (ends && begins))) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE, "the saved window %s() names rows that are not there", w->type->name);
}

void weir_window_release(weir_window *w, weir_row_id id) {
    if (w->store) wr_row_store_release(w->store, id);
}

void weir_window_late(weir_window *w) { w->turn->rows_late++; }

void weir_window_release_below(weir_window *w, weir_row_id id) {
    if (w->store) wr_row_store_release_below(w->store, id);
}

/* ---- The condition ---- */

static int64_t now(const weir_window *w) { return w->turn->cycle->clock[weir_origin_arrival(w->origin)]; }

weir_status weir_window_condition_text(weir_window *w, const weir_value *text, bool *changed,
                                       weir_error *err) {
    return wr_window_condition_set_text(w->condition, text, changed, err);
}

weir_status weir_window_condition_usable(const weir_window *w, weir_error *err) {
    return wr_window_condition_usable(w->condition, err);
}

weir_status weir_window_condition_update(weir_window *w, weir_row_id id, bool add, weir_error *err) {
    weir_kind kind = add ? WEIR_CURRENT : WEIR_EXPIRED;
    return wr_window_condition_update(w->condition, w->store, id, kind, now(w), err);
}

weir_status weir_window_condition_reset(weir_window *w, weir_error *err) {
    return wr_window_condition_reset(w->condition, err);
}

weir_status weir_window_condition_test(weir_window *w, weir_row_id id, weir_row_id first, weir_row_id last,
                                       bool *result, weir_error *err) {
    return wr_window_condition_test(w->condition, w->store, id, first, last, now(w), result, err);
}
