/* errors.c: the error store, looked at and worked off. */
#include "api/internal.h"
#include "data/value.h"

/* As for on-demand queries: a run may be interrupted by its on_turn. */
static weir_status check(const weir_app *app, weir_error *err) {
    if (!app || !app->in_turn || app->is_broken) WR_TRY(wr_app_check(app, err));
    if (!app->is_started)
        return weir_fail(err, WEIR_EUSAGE, "the app has not been started: call weir_app_start first");
    return WEIR_OK;
}

static const char *origin_name(wr_error_origin origin) {
    return origin == WR_ERROR_STREAM ? "stream" : origin == WR_ERROR_SINK ? "sink" : "source";
}

weir_status weir_errors_visit(weir_app *app, bool (*visit)(void *ctx, const weir_error_entry *entry),
                              void *ctx, weir_error *err) {
    WR_TRY(check(app, err));
    if (!visit) return weir_fail(err, WEIR_EUSAGE, "weir_errors_visit: visit is NULL");
    wr_error_store *s = app->errors.store;
    weir_arena arena;
    bool goes_on = true;
    weir_status st = WEIR_OK;
    wr_arena_init(&arena, NULL);
    for (uint32_t i = 0; s && st == WEIR_OK && goes_on && i < wr_error_store_count(s); i++) {
        wr_error_entry e;
        wr_arena_reset(&arena);
        st = wr_error_store_get(s, i, &arena, &e, err);
        if (st == WEIR_OK)
            goes_on = visit(ctx, &(weir_error_entry){e.id, e.time_ms, origin_name(e.origin), e.stream, e.type,
                                                     e.reason, e.rows.n_rows, &e.rows, e.raw, e.raw_len});
    }
    wr_arena_fini(&arena);
    return st;
}

/* ---- Sent again ---- */

static weir_status no_stream(const wr_error_entry *e, weir_error *err) {
    return weir_fail(err, WEIR_ENAME, "entry %llu: there is no stream '%s' with these attributes any more",
                     (unsigned long long)e->id, e->stream);
}

static weir_status to_stream(weir_app *app, const wr_error_entry *e, weir_error *err) {
    uint32_t stream = wr_plan_find_stream(app->plan, e->stream);
    if (stream == WR_NONE_ID || app->plan->streams[stream].schema.n_attrs != e->rows.n_cols)
        return no_stream(e, err);
    weir_value *values = wr_alloc_zero(NULL, (e->rows.n_cols + 1) * sizeof *values);
    if (!values) return weir_fail(err, WEIR_ENOMEM, "out of memory for failed rows");
    weir_status st = WEIR_OK;
    for (uint32_t row = 0; st == WEIR_OK && row < e->rows.n_rows; row++) {
        for (uint32_t i = 0; i < e->rows.n_cols; i++) values[i] = wr_column_get(&e->rows.cols[i], row);
        int64_t clock = wr_task_clock(app->task), now = app->playback ? clock : WR_MAX(clock, app->now_ms());
        st = wr_inbox_add(app->inbox, stream, now, values, e->rows.n_cols, err);
        if (st == WEIR_OK) st = wr_inbox_end_arrival(app->inbox, stream, now, false, err);
    }
    if (st != WEIR_OK) wr_inbox_drop_arrival(app->inbox);
    wr_free(NULL, values, 0);
    return st == WEIR_ETYPE ? no_stream(e, err) : st;
}

static weir_status send_again(weir_app *app, const wr_error_entry *e, weir_error *err) {
    if (e->origin == WR_ERROR_STREAM) return to_stream(app, e, err);
    if (e->origin == WR_ERROR_SINK && app->io) return wr_app_io_resend(app->io, e, err);
    return weir_fail(err, WEIR_EUNSUPPORTED,
                     "entry %llu is a record that can't be decoded: it can only be discarded",
                     (unsigned long long)e->id);
}

static weir_status replay_one(weir_app *app, uint32_t i, weir_error *err) {
    wr_error_entry e;
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    weir_status st = wr_error_store_get(app->errors.store, i, &arena, &e, err);
    if (st == WEIR_OK) st = send_again(app, &e, err);
    if (st == WEIR_OK) st = wr_error_store_remove(app->errors.store, e.id, err);
    wr_arena_fini(&arena);
    if (app->io) wr_app_io_note_change(app->io);
    return st;
}

/* The place of an entry; UINT32_MAX: there is none. */
static uint32_t find(const wr_error_store *s, uint64_t id) {
    for (uint32_t i = 0; s && i < wr_error_store_count(s); i++)
        if (wr_error_store_id(s, i) == id) return i;
    return UINT32_MAX;
}

/* Of all that are there now, each once; those that can't be sent stay. */
static weir_status replay_all(weir_app *app, uint32_t *n, weir_error *err) {
    wr_error_store *s = app->errors.store;
    uint32_t i = 0, left = s ? wr_error_store_count(s) : 0;
    for (; left; left--) {
        weir_status st = replay_one(app, i, err);
        if (st == WEIR_OK)
            (*n)++;
        else if (st == WEIR_EUNSUPPORTED || st == WEIR_ENAME)
            i++;
        else
            return st;
    }
    return WEIR_OK;
}

static weir_status replay(weir_app *app, uint64_t id, uint32_t *n, weir_error *err) {
    if (!id) return replay_all(app, n, err);
    uint32_t i = find(app->errors.store, id);
    if (i == UINT32_MAX)
        return weir_fail(err, WEIR_ENAME, "the error store has no entry %llu", (unsigned long long)id);
    WR_TRY(replay_one(app, i, err));
    *n = 1;
    return WEIR_OK;
}

weir_status weir_errors_replay(weir_app *app, uint64_t id, uint32_t *n, weir_error *err) {
    uint32_t own;
    WR_TRY(check(app, err));
    if (!n) n = &own;
    *n = 0;
    bool was_busy = app->is_busy, was_in_turn = app->in_turn;
    app->is_busy = true; /* log lines are callbacks, too */
    app->in_turn = false;
    weir_status st = replay(app, id, n, err);
    app->is_busy = was_busy;
    app->in_turn = was_in_turn;
    if (app->io && was_in_turn)
        wr_app_io_wake(app->io); /* what waits in the inbox is run by the next cycle */
    if (st == WEIR_OK && !was_in_turn) st = wr_app_run_inbox(app, err);
    return st;
}

weir_status weir_errors_discard(weir_app *app, uint64_t id, uint32_t *n, weir_error *err) {
    uint32_t own;
    WR_TRY(check(app, err));
    if (!n) n = &own;
    *n = 0;
    wr_error_store *s = app->errors.store;
    if (id && find(s, id) == UINT32_MAX)
        return weir_fail(err, WEIR_ENAME, "the error store has no entry %llu", (unsigned long long)id);
    while (s && wr_error_store_count(s) && (!id || !*n)) {
        WR_TRY(wr_error_store_remove(s, id ? id : wr_error_store_id(s, 0), err));
        (*n)++;
    }
    return s ? wr_error_store_sync(s, err) : WEIR_OK;
}
