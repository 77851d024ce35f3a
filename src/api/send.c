/* send.c: events from the program into an app. */
#include "api/internal.h"
#include "base/clock.h"
#include "base/time_range.h"

weir_status wr_app_check(const weir_app *app, weir_error *err) {
    if (!app) return weir_fail(err, WEIR_EUSAGE, "the app is NULL");
    if (app->is_busy) return weir_fail(err, WEIR_EUSAGE, "a callback must not call back into its app");
    if (app->is_broken) return weir_fail(err, WEIR_EUSAGE, "the app has failed before and can only be freed");
    return WEIR_OK;
}

static weir_status check_send(const weir_app *app, weir_stream stream, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    if (!app->is_started)
        return weir_fail(err, WEIR_EUSAGE, "the app has not been started: call weir_app_start first");
    if (stream >= app->plan->n_streams)
        return weir_fail(err, WEIR_EUSAGE, "there is no stream number %u", stream);
    if (app->streams[stream].is_window)
        return weir_fail(err, WEIR_EUSAGE, "'%s' is a window: a query inserts into it",
                         app->streams[stream].name);
    return WEIR_OK;
}

static weir_status run_cycle(weir_app *app, const wr_task_input *inputs, uint32_t n_inputs,
                             uint32_t n_arrivals, const int64_t *clock, const uint8_t *late, uint32_t n_rows,
                             weir_error *err) {
    int64_t begin = wr_monotonic_us();
    app->is_busy = true;
    weir_status st = wr_task_run(app->task, inputs, n_inputs, n_arrivals, clock, late, err);
    app->is_busy = false;
    app->is_broken = st != WEIR_OK;
    wr_latency_add(&app->latency, (uint64_t)(wr_monotonic_us() - begin), n_rows);
    if (!app->io) wr_errors_sync(&app->errors);
    if (st == WEIR_OK && app->io) st = wr_app_io_flush(app->io, err);
    return st == WEIR_EAGAIN ? WEIR_OK : st;
}

weir_status wr_app_run_inbox(weir_app *app, weir_error *err) {
    if (app->io) WR_TRY(wr_app_io_move_faults(app->io, err));
    if (!wr_inbox_arrivals(app->inbox)) return WEIR_OK;
    wr_inbox_cycle c;
    wr_inbox_take(app->inbox, &c);
    weir_status st =
        run_cycle(app, c.inputs, c.n_inputs, c.n_arrivals, c.clock, c.late, wr_inbox_rows(app->inbox), err);
    wr_inbox_clear(app->inbox);
    return st;
}

int64_t wr_app_clock_after(const weir_app *app, int64_t clock, int64_t ts, bool *late) {
    if (!app->playback) ts = WR_MAX(app->now_ms(), clock);
    *late = ts < clock;
    return WR_MAX(ts, clock);
}

static int64_t clock_now(const weir_app *app) {
    return wr_inbox_arrivals(app->inbox) ? wr_inbox_clock(app->inbox) : wr_task_clock(app->task);
}

/* Several at a time: the sign of a difference tells. */
static bool all_are_times(const int64_t *ts, uint32_t n) {
    uint64_t signs = 0;
    for (uint32_t i = 0; i < n; i++)
        signs |= ((uint64_t)ts[i] + WR_TIME_MAX) | (WR_TIME_MAX - (uint64_t)ts[i]);
    return !(signs >> 63);
}

static weir_status check_times(const int64_t *ts, uint32_t n, int64_t least_allowed, weir_error *err) {
    int64_t least = ts[0], most = ts[0];
    if (all_are_times(ts, n)) return WEIR_OK;
    for (uint32_t i = 1; i < n; i++) {
        least = WR_MIN(least, ts[i]);
        most = WR_MAX(most, ts[i]);
    }
    if (least >= least_allowed && most <= WR_TIME_MAX) return WEIR_OK;
    return weir_fail(err, WEIR_EVALUE, "the time of a row is %lld, out of range",
                     (long long)(most > WR_TIME_MAX ? most : least));
}

/* What goes by the wall clock and has no thread of its own. */
static void end_call(weir_app *app) {
    wr_app_persist_if_due(app);
    wr_app_report_if_due(app);
}

static weir_status run_and_end(weir_app *app, weir_error *err) {
    WR_TRY(wr_app_run_inbox(app, err));
    end_call(app);
    return WEIR_OK;
}

weir_status weir_send_chunk(weir_app *app, weir_stream stream, const int64_t *ts_ms, const weir_value *values,
                            uint32_t n_values, uint32_t n_rows, weir_error *err) {
    WR_TRY(check_send(app, stream, err));
    if (!n_rows) return WEIR_OK;
    if (!values && n_values) return weir_fail(err, WEIR_EUSAGE, "values is NULL");
    bool late;
    int64_t last = ts_ms ? ts_ms[n_rows - 1] : -1;
    if (app->playback && last < 0)
        return weir_fail(err, WEIR_EUSAGE, "an app with event time needs timestamps of 0 or more");
    int64_t clock = wr_app_clock_after(app, clock_now(app), last, &late);
    weir_status st = WEIR_OK;
    if (ts_ms) WR_TRY(check_times(ts_ms, n_rows, INT64_MIN, err));
    for (uint32_t i = 0; i < n_rows && st == WEIR_OK; i++) {
        int64_t ts = ts_ms && ts_ms[i] >= 0 ? ts_ms[i] : clock;
        st = wr_inbox_add(app->inbox, stream, ts, values + (size_t)i * n_values, n_values, err);
    }
    if (st == WEIR_OK) st = wr_inbox_end_arrival(app->inbox, stream, clock, late, err);
    if (st != WEIR_OK) {
        wr_inbox_drop_arrival(app->inbox);
        return st;
    }
    bool wait = app->options.queue && wr_inbox_rows(app->inbox) < app->options.batch_limit;
    return wait ? WEIR_OK : run_and_end(app, err);
}

weir_status weir_send(weir_app *app, weir_stream stream, int64_t ts_ms, const weir_value *values,
                      uint32_t n_values, weir_error *err) {
    return weir_send_chunk(app, stream, &ts_ms, values, n_values, 1, err);
}

weir_status weir_flush(weir_app *app, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    WR_TRY(run_and_end(app, err));
    return app->io ? wr_app_io_flush(app->io, err) : WEIR_OK;
}

weir_status weir_advance(weir_app *app, int64_t now_ms, weir_error *err) {
    WR_TRY(check_send(app, 0, err));
    WR_TRY(check_times(&now_ms, 1, INT64_MIN, err));
    int64_t clock = WR_MAX(now_ms, clock_now(app));
    WR_TRY(wr_inbox_end_arrival(app->inbox, WR_NONE_ID, clock, false, err));
    return app->options.queue ? WEIR_OK : run_and_end(app, err);
}

/* ---- By column ---- */

static weir_status check_columns(const weir_app *app, weir_stream stream, const weir_column *columns,
                                 uint32_t n_columns, weir_error *err) {
    const wr_plan_stream *s = &app->plan->streams[stream];
    if (n_columns != s->schema.n_attrs)
        return weir_fail(err, WEIR_ETYPE, "stream '%s' has %u attributes, %u columns were given", s->name,
                         s->schema.n_attrs, n_columns);
    for (uint32_t i = 0; i < n_columns; i++)
        if (columns[i].type != s->schema.attrs[i].type || columns[i].boxed != s->schema.attrs[i].boxed ||
            !columns[i].data)
            return weir_fail(err, WEIR_ETYPE, "stream '%s': column '%s' must be %s, and have data", s->name,
                             s->schema.attrs[i].name, weir_type_name(s->schema.attrs[i].type));
    return WEIR_OK;
}

/* The columns from row `from` on. from is a multiple of 64, so bitmaps are cut between words. */
static void cut_columns(const weir_column *columns, uint32_t n, uint32_t from, weir_column *out) {
    for (uint32_t i = 0; i < n; i++) {
        out[i] = columns[i];
        out[i].data =
            (char *)columns[i].data + (size_t)from * wr_type_size(columns[i].type, columns[i].boxed);
        if (columns[i].valid) out[i].valid = columns[i].valid + from / 64;
    }
}

/* These are times, so that no difference overflows. */
static bool is_in_order(const int64_t *ts, uint32_t n, int64_t clock) {
    uint64_t signs = 0;
    for (uint32_t i = 1; i < n; i++) signs |= (uint64_t)ts[i] - (uint64_t)ts[i - 1];
    return ts[0] >= clock && !(signs >> 63);
}

/* The clock after each row, and which rows are late; ts itself when it does the job. */
static weir_status column_clock(weir_app *app, const int64_t *ts, uint32_t n, weir_arena *arena,
                                const int64_t **clock, const uint8_t **late, weir_error *err) {
    int64_t now = wr_task_clock(app->task);
    *clock = ts;
    *late = NULL;
    if (app->playback && is_in_order(ts, n, now)) return WEIR_OK;
    int64_t *c = wr_arena_array(arena, n, sizeof *c);
    uint8_t *l = wr_arena_array(arena, n, 1);
    if (!c || !l) return weir_fail(err, WEIR_ENOMEM, "out of memory for %u rows", n);
    for (uint32_t i = 0; i < n; i++) {
        bool is_late;
        c[i] = now = wr_app_clock_after(app, now, ts[i], &is_late);
        l[i] = is_late;
    }
    *clock = c;
    *late = l;
    return WEIR_OK;
}

weir_status weir_send_columns(weir_app *app, weir_stream stream, const int64_t *ts_ms,
                              const weir_column *columns, uint32_t n_columns, uint32_t n_rows,
                              weir_error *err) {
    WR_TRY(check_send(app, stream, err));
    if (!n_rows) return WEIR_OK;
    if (!ts_ms || !columns) return weir_fail(err, WEIR_EUSAGE, "timestamps and columns are needed");
    WR_TRY(check_columns(app, stream, columns, n_columns, err));
    WR_TRY(check_times(ts_ms, n_rows, -WR_TIME_MAX, err));
    WR_TRY(wr_app_run_inbox(app, err));
    uint32_t step = WR_MAX(app->options.batch_limit / 64 * 64, 64u);
    weir_arena arena;
    wr_arena_init(&arena, &app->account);
    weir_column *cut = wr_arena_array(&arena, n_columns + 1, sizeof *cut);
    weir_status st = cut ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory for %u columns", n_columns);
    for (uint32_t from = 0; from < n_rows && st == WEIR_OK; from += step) {
        uint32_t n = WR_MIN(step, n_rows - from);
        const int64_t *clock;
        const uint8_t *late;
        cut_columns(columns, n_columns, from, cut);
        st = column_clock(app, ts_ms + from, n, &arena, &clock, &late, err);
        wr_task_input in = {.stream = stream,
                            .batch = {.n_rows = n,
                                      .n_sel = n,
                                      .ts = ts_ms + from,
                                      .n_cols = n_columns,
                                      .cols = cut,
                                      .n_chunks = n}};
        if (st == WEIR_OK) st = run_cycle(app, &in, 1, n, clock, late, n, err);
    }
    wr_arena_fini(&arena);
    if (st == WEIR_OK) end_call(app);
    return st;
}
