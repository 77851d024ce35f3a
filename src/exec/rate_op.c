/* rate_op.c: the rate limit operator: making it, walking the chunks and ticks of a call, its state
 * (rate_impl.h).
 *
 * Periods by time begin when the app starts. A tick fires, like every timer, before the chunks that come
 * after the clock has passed it; what it gives is a chunk of its own. Where the clock jumps over several
 * periods, a snapshot is taken for each; rules that have nothing to give skip them. */
#include "exec/rate_impl.h"

#define STATE_VERSION 1u
#define SWEEP_LEAST   64u /* groups: fewer are not worth it */

/* ---- Groups -----------------------------------------------------------------------------------------------
 */

static wr_rate_group nothing(const wr_rate *r) {
    bool since_ever = r->plan->rule == WR_RULE_FIRST && r->plan->by_time;
    return (wr_rate_group){.row = WR_RATE_NONE, .n = since_ever ? WR_RATE_NEVER : 0};
}

static weir_status reserve_groups(wr_rate *r, uint32_t n, weir_error *err) {
    if (wr_grow(&r->head.account, &r->group, &r->cap_group, n, sizeof *r->group))
        return wr_rate_no_memory(err);
    while (r->n_group < n) r->group[r->n_group++] = nothing(r);
    return WEIR_OK;
}

static weir_status assign_groups(wr_rate *r, weir_error *err) {
    const weir_batch *in = r->in;
    r->gids = NULL;
    if (!r->groups || !in) return reserve_groups(r, r->groups ? 0 : 1, err);
    uint32_t *gids = wr_arena_array(r->turn->arena, in->n_rows, sizeof *gids);
    if (!gids) return wr_rate_no_memory(err);
    wr_row_list list = {.n = in->n_sel, .rows = in->sel};
    WR_TRY(
        wr_groups_assign(r->groups, in->cols + r->head.plan->out.n_attrs, &list, r->turn->arena, gids, err));
    r->gids = gids;
    return reserve_groups(r, wr_groups_limit(r->groups), err);
}

/* Groups that are no different from new ones go, when there are twice as many as the last time left. */
static void sweep_groups(wr_rate *r) {
    if (!r->groups || !r->rule->is_idle || wr_groups_count(r->groups) < r->sweep_at) return;
    for (uint32_t id = 0; id < wr_groups_limit(r->groups); id++) {
        if (!wr_groups_in_use(r->groups, id) || !r->rule->is_idle(r, &r->group[id])) continue;
        wr_rate_release(r, r->group[id].row);
        r->group[id] = nothing(r);
        wr_groups_drop(r->groups, id);
    }
    wr_groups_tidy(r->groups);
    r->sweep_at = wr_groups_count(r->groups) * 2 + SWEEP_LEAST;
}

/* ---- Chunks and ticks -------------------------------------------------------------------------------------
 */

void wr_rate_next_chunk(wr_rate *r, uint32_t row) {
    const weir_batch *in = r->in;
    wr_rate_end_chunk(r);
    if (in->chunk_end) {
        while (in->chunk_end[r->chunk] <= row) r->chunk++;
        r->chunk_limit = in->chunk_end[r->chunk];
    } else {
        r->chunk = row;
        r->chunk_limit = row + 1;
    }
    r->origin = weir_batch_origin(in, r->chunk);
}

void wr_rate_end_period(wr_rate *r) {
    r->rule->tick(r);
    r->due += r->plan->period;
}

static bool has_something(const wr_rate *r) { return r->n_held || r->n_listed || r->list.n; }

/* All periods that are over by now. */
static void tick(wr_rate *r, uint32_t arrival) {
    int64_t clock = r->turn->cycle->clock[arrival], period = r->plan->period;
    wr_op_fired(&r->head, arrival);
    r->origin = WEIR_ORIGIN(arrival, r->head.plan->rank, 0);
    for (; r->due <= clock && has_something(r) && !r->out.no_memory; r->due += period) {
        r->rule->tick(r);
        wr_rate_end_chunk(r);
        if ((r->origin & 0xFFFFFFu) != 0xFFFFFFu) r->origin++;
    }
    if (r->due <= clock) r->due += ((clock - r->due) / period + 1) * period;
    r->chunk_limit = 0; /* the next row is of another chunk than what is emitted here */
}

/* The first logical row from k on whose chunk comes after stop. */
static uint32_t first_after(const wr_rate *r, uint32_t k, weir_origin stop) {
    const weir_batch *in = r->in;
    if (stop == UINT64_MAX) return in->n_sel;
    for (uint32_t chunk = 0; k < in->n_sel; k++) {
        uint32_t row = weir_batch_row(in, k);
        if (in->chunk_end)
            while (in->chunk_end[chunk] <= row) chunk++;
        if (weir_batch_origin(in, in->chunk_end ? chunk : row) > stop) break;
    }
    return k;
}

static weir_status take_until(wr_rate *r, weir_origin stop, weir_error *err) {
    if (!r->in || r->next_k == r->in->n_sel) return WEIR_OK;
    uint32_t end = first_after(r, r->next_k, stop), k = r->next_k;
    r->next_k = end;
    if (k == end) return WEIR_OK;
    WR_TRY(r->rule->take(r, k, end, err));
    wr_rate_end_chunk(r);
    return WEIR_OK;
}

/* Ticks among chunks. A row may end a period before its tick comes: then the tick is looked for anew. */
static weir_status walk(wr_rate *r, weir_error *err) {
    for (;;) {
        int64_t due = r->due;
        uint32_t arrival = wr_op_next_tick(&r->head, r->turn->cycle, due, r->turn->until);
        bool fires = arrival != UINT32_MAX;
        WR_TRY(take_until(r, fires ? WEIR_ORIGIN(arrival, r->head.plan->rank, 0) : UINT64_MAX, err));
        if (r->due != due) continue;
        if (!fires) return WEIR_OK;
        tick(r, arrival);
    }
}

/* ---- The operator -----------------------------------------------------------------------------------------
 */

static weir_status begin_call(wr_rate *r, wr_turn *turn, const weir_batch *in, weir_error *err) {
    r->turn = turn;
    r->in = in && in->n_sel ? in : NULL;
    r->out = (wr_rate_output){0};
    r->chunk = r->chunk_limit = r->next_k = 0;
    if (r->store && r->cycle != turn->cycle->number) wr_row_store_settle(r->store);
    r->cycle = turn->cycle->number;
    WR_TRY(assign_groups(r, err));
    if (r->plan->rule == WR_RULE_ROWS) return wr_rate_window_prepare(r, err);
    if (!r->rule->picks || !r->in) return WEIR_OK;
    r->out.picked = wr_arena_array(turn->arena, r->in->n_sel, sizeof *r->out.picked);
    return r->out.picked ? WEIR_OK : wr_rate_no_memory(err);
}

static weir_status rate_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                weir_error *err) {
    wr_rate *r = (wr_rate *)op;
    WR_TRY(begin_call(r, turn, in[0], err));
    WR_TRY(walk(r, err));
    WR_TRY(wr_rate_build(r, out, err));
    sweep_groups(r);
    return WEIR_OK;
}

static int64_t rate_due(const wr_op *op) { return ((const wr_rate *)op)->due; }

static void rate_start(wr_op *op, int64_t clock) {
    wr_rate *r = (wr_rate *)op;
    if (r->rule->tick && r->plan->by_time) r->due = clock + r->plan->period;
}

static uint64_t rate_rows(const wr_op *op) {
    const wr_rate *r = (const wr_rate *)op;
    return r->store ? wr_row_store_count(r->store) : r->groups ? wr_groups_count(r->groups) : 0;
}

/* ---- State ------------------------------------------------------------------------------------------------
 */

static void rate_save(const wr_op *op, weir_writer *w) {
    const wr_rate *r = (const wr_rate *)op;
    weir_write_u32(w, STATE_VERSION);
    weir_write_i64(w, r->due);
    weir_write_i64(w, r->count);
    if (r->groups) wr_groups_save(r->groups, w);
    if (r->store) wr_row_store_save(r->store, w);
    uint32_t n = r->groups ? wr_groups_limit(r->groups) : r->n_group;
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        weir_write_i64(w, (int64_t)r->group[i].row);
        weir_write_i64(w, r->group[i].n);
    }
    weir_write_u32(w, r->n_listed);
    for (uint32_t i = 0; i < r->n_listed; i++) weir_write_u32(w, r->listed[i]);
    weir_write_u32(w, r->n_held);
    for (uint32_t i = 0; i < r->n_held; i++) weir_write_i64(w, (int64_t)r->held[i]);
    if (r->plan->rule == WR_RULE_ROWS) wr_rate_window_save(r, w);
}

static weir_status misfit(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved rows of a rate limit don't fit together");
}

static bool is_stored(const wr_rate *r, wr_rate_row row) {
    return r->store && wr_row_store_has(r->store, row);
}

static weir_status load_groups(wr_rate *r, weir_reader *in, weir_error *err) {
    uint32_t n = weir_read_u32(in);
    WR_TRY(weir_reader_status(in, err));
    if (n != (r->groups ? wr_groups_limit(r->groups) : WR_MIN(n, 1u))) return misfit(err);
    WR_TRY(reserve_groups(r, n, err));
    for (uint32_t i = 0; i < n; i++) {
        r->group[i].row = (wr_rate_row)weir_read_i64(in);
        r->group[i].n = weir_read_i64(in);
        WR_TRY(weir_reader_status(in, err));
        if (r->group[i].row != WR_RATE_NONE && !is_stored(r, r->group[i].row)) return misfit(err);
    }
    return WEIR_OK;
}

static weir_status load_listed(wr_rate *r, weir_reader *in, weir_error *err) {
    uint32_t n = weir_read_u32(in);
    if (n > r->n_group) return misfit(err);
    if (wr_grow(&r->head.account, &r->listed, &r->cap_listed, n, sizeof *r->listed))
        return wr_rate_no_memory(err);
    for (; r->n_listed < n; r->n_listed++) {
        uint32_t gid = weir_read_u32(in);
        WR_TRY(weir_reader_status(in, err));
        if (gid >= r->n_group || r->group[gid].is_listed) return misfit(err);
        r->group[gid].is_listed = true;
        r->listed[r->n_listed] = gid;
    }
    return WEIR_OK;
}

static weir_status load_held(wr_rate *r, weir_reader *in, weir_error *err) {
    uint32_t n = weir_read_u32(in);
    WR_TRY(weir_reader_status(in, err));
    if (n > (r->store ? wr_row_store_count(r->store) : 0)) return misfit(err);
    if (wr_grow(&r->head.account, &r->held, &r->cap_held, n, sizeof *r->held)) return wr_rate_no_memory(err);
    for (; r->n_held < n; r->n_held++) {
        r->held[r->n_held] = (wr_rate_row)weir_read_i64(in);
        WR_TRY(weir_reader_status(in, err));
        if (!is_stored(r, r->held[r->n_held])) return misfit(err);
    }
    return WEIR_OK;
}

static weir_status rate_load(wr_op *op, weir_reader *in, weir_error *err) {
    wr_rate *r = (wr_rate *)op;
    uint32_t version = weir_read_u32(in);
    WR_TRY(weir_reader_status(in, err));
    if (version != STATE_VERSION)
        return weir_fail(err, WEIR_ESTATE,
                         "the saved state of a rate limit has version %u; this weir reads %u", version,
                         STATE_VERSION);
    int64_t due = weir_read_i64(in);
    r->count = weir_read_i64(in);
    if (r->count < 0 || r->count >= r->plan->period) r->count = 0;
    if (r->rule->tick && r->plan->by_time) r->due = due;
    if (r->groups) WR_TRY(wr_groups_load(r->groups, in, err));
    if (r->store) WR_TRY(wr_row_store_load(r->store, in, err));
    WR_TRY(load_groups(r, in, err));
    WR_TRY(load_listed(r, in, err));
    WR_TRY(load_held(r, in, err));
    if (r->plan->rule == WR_RULE_ROWS) WR_TRY(wr_rate_window_load(r, in, err));
    return weir_reader_status(in, err);
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static weir_status rate_clear(wr_op *op, weir_error *err) {
    wr_rate *r = (wr_rate *)op;
    if (r->groups) wr_groups_clear(r->groups);
    wr_row_store_clear(r->store);
    r->n_group = r->n_listed = r->n_held = 0;
    r->due = INT64_MAX;
    r->count = 0;
    r->cycle = 0;
    r->sweep_at = SWEEP_LEAST;
    if (r->plan->rule != WR_RULE_ROWS) return WEIR_OK;
    wr_rate_window_close(r);
    r->list = (wr_rate_list){0};
    return wr_rate_window_open(r, err);
}

static void rate_free(wr_op *op) {
    wr_rate *r = (wr_rate *)op;
    wr_account *account = &op->account;
    wr_rate_window_close(r);
    wr_groups_free(r->groups);
    wr_row_store_free(r->store);
    wr_free(account, r->attrs, (op->plan->out.n_attrs + 1) * sizeof *r->attrs);
    wr_free(account, r->group, r->cap_group * sizeof *r->group);
    wr_free(account, r->listed, r->cap_listed * sizeof *r->listed);
    wr_free(account, r->held, r->cap_held * sizeof *r->held);
    wr_free(account->parent, r, sizeof *r);
}

static const wr_op_type rate_type = {.name = "rate",
                                     .process = rate_process,
                                     .due = rate_due,
                                     .start = rate_start,
                                     .save = rate_save,
                                     .load = rate_load,
                                     .rows = rate_rows,
                                     .clear = rate_clear,
                                     .free = rate_free};

static const wr_rate_rule_type *rule_of(const wr_plan_rate *plan) {
    switch (plan->rule) {
    case WR_RULE_ALL: return &wr_rate_all;
    case WR_RULE_FIRST: return &wr_rate_first;
    case WR_RULE_LAST: return plan->by_time || plan->n_keys ? &wr_rate_last : &wr_rate_last_picked;
    case WR_RULE_LATEST: return &wr_rate_latest;
    case WR_RULE_TOTALS: return &wr_rate_totals;
    case WR_RULE_NEVER: return &wr_rate_never;
    case WR_RULE_ROWS: break;
    }
    return &wr_rate_window;
}

static weir_status make_store(wr_rate *r, weir_error *err) {
    const wr_schema *out = &r->head.plan->out;
    r->attrs = wr_alloc_zero(&r->head.account, (out->n_attrs + 1) * sizeof *r->attrs);
    if (!r->attrs) return wr_rate_no_memory(err);
    if (out->n_attrs) memcpy(r->attrs, out->attrs, out->n_attrs * sizeof *r->attrs);
    r->attrs[out->n_attrs] = (wr_attr){.name = "", .type = WEIR_BOOL};
    r->stored = (wr_schema){out->n_attrs + 1, r->attrs};
    if (r->rule->picks) return WEIR_OK;
    bool in_order = r->plan->rule == WR_RULE_ALL; /* rows leave as they came */
    wr_row_store_options options = {
        .schema = &r->stored, .shape = in_order ? WEIR_WINDOW_FIFO : WEIR_WINDOW_BAG, .settles_late = true};
    return wr_row_store_new(&options, &r->head.account, &r->store, err);
}

static weir_status make_groups(wr_rate *r, weir_error *err) {
    wr_group_key keys[WR_MAX_GROUP_KEYS];
    const wr_attr *attrs = r->head.plan->in.attrs + r->head.plan->out.n_attrs;
    uint32_t n = r->plan->n_keys;
    if (!n) return WEIR_OK;
    for (uint32_t i = 0; i < n && i < WR_MAX_GROUP_KEYS; i++)
        keys[i] = (wr_group_key){.type = attrs[i].type, .boxed = attrs[i].boxed};
    return wr_groups_new(keys, n, &r->head.account, &r->groups, err);
}

weir_status wr_rate_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    wr_rate *r = wr_alloc_zero(parent, sizeof *r);
    if (!r) return wr_rate_no_memory(err);
    r->head = (wr_op){.type = &rate_type, .plan = plan, .account = {.parent = parent}};
    r->plan = &plan->u.rate;
    r->rule = rule_of(r->plan);
    r->due = INT64_MAX;
    r->sweep_at = SWEEP_LEAST;
    weir_status status = make_store(r, err);
    if (status == WEIR_OK) status = make_groups(r, err);
    if (status == WEIR_OK && r->plan->rule == WR_RULE_ROWS) status = wr_rate_window_open(r, err);
    if (status == WEIR_OK)
        *out = &r->head;
    else
        rate_free(&r->head);
    return status;
}
