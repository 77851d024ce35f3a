/* external_time_batch.c: #window.externalTimeBatch(attribute, t [, start [, timeout [, replaceTs]]]): batches
 * of the rows of t ms by an attribute's time.
 *
 * The row at or past the end of the batch lets it out before it begins the next: [expired rows of the batch
 * before, reset, current rows]. A late row joins the batch there is. With a timeout, a batch that no row has
 * ended in so many ms of the clock goes out but stays: rows that still come for it go out, with those that
 * went already, at the next timeout or at its end (the ones before them expiring first).
 *
 *   before      filling      tail
 *   | gone out    | being filled |     ids. A row that failed keeps its id and is skipped
 */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/ticks.h"

typedef struct external_time_batch {
    uint32_t column, start_column;
    int64_t period, timeout; /* timeout 0: none */
    bool has_start, start_is_column, replaces_ts;
    bool expires; /* the output has expired rows */
    bool tells;   /* it is searched: the last batch that went out is found */
    bool is_started;
    bool is_flushed; /* the batch went out by timeout already */
    bool has_gaps;   /* some row that is held was not taken in */
    int64_t start, end;
    int64_t newest;     /* largest time seen */
    int64_t next_timer; /* INT64_MAX: none */
    weir_row_id before, filling, tail;
} external_time_batch;

#define NOT_TAKEN_IN INT64_MIN /* as a stored timestamp */

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    const char *name = "externalTimeBatch";
    WR_TRY(wr_check_count(name, n_args, 2, 5, err));
    WR_TRY(wr_check_attribute(name, "the timestamp", &args[0], WR_IS(WEIR_LONG), err));
    WR_TRY(wr_check_period(name, "the duration", &args[1], err));
    if (n_args > 2 && args[2].is_const) WR_TRY(wr_check_span(name, "start", &args[2], err));
    if (n_args > 2 && !args[2].is_const)
        WR_TRY(wr_check_attribute(name, "start", &args[2], WR_IS(WEIR_LONG), err));
    if (n_args > 3) WR_TRY(wr_check_span(name, "the timeout", &args[3], err));
    if (n_args > 4) WR_TRY(wr_check_const(name, "replaceTimestamp", &args[4], WR_IS(WEIR_BOOL), err));
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    external_time_batch *b = self;
    (void)w, (void)err;
    b->column = args->args[0].column;
    b->period = wr_arg_long(&args->args[1]);
    b->has_start = args->n_args > 2;
    b->start_is_column = b->has_start && !args->args[2].is_const;
    if (b->start_is_column)
        b->start_column = args->args[2].column;
    else if (b->has_start)
        b->start = wr_arg_long(&args->args[2]);
    if (args->n_args > 3) b->timeout = WR_MAX(wr_arg_long(&args->args[3]), 0);
    b->replaces_ts = args->n_args > 4 && args->args[4].value.as.b;
    b->expires = args->expired_output;
    b->tells = args->is_searched;
    b->next_timer = INT64_MAX;
    return WEIR_OK;
}

/* ---- Letting out ---- */

static void emit_rows(weir_window *w, weir_row_id first, weir_row_id end, weir_kind kind, const int64_t *ts) {
    for (weir_row_id id = first; id < end; id++) {
        int64_t own = weir_window_ts(w, id);
        if (own != NOT_TAKEN_IN) weir_window_emit(w, id, kind, ts ? *ts : own);
    }
}

static bool is_empty(const weir_window *w, weir_row_id first, weir_row_id end) {
    while (first < end && weir_window_ts(w, first) == NOT_TAKEN_IN) first++;
    return first == end;
}

/* Rows that went out are kept if they can go out once more. */
static bool keeps_gone(const external_time_batch *b) { return b->expires || b->tells || b->timeout > 0; }

static void tell(const external_time_batch *b, weir_window *w, weir_row_id first, weir_row_id end,
                 weir_kind kind) {
    if (b->tells) emit_rows(w, first, end, kind, &b->newest);
}

/* The batch goes out for the first time. */
static void flush(external_time_batch *b, weir_window *w) {
    if (b->expires) emit_rows(w, b->before, b->filling, WEIR_EXPIRED, &b->newest);
    tell(b, w, b->before, b->filling, WEIR_LEFT);
    tell(b, w, b->filling, b->tail, WEIR_ENTERED);
    b->before = b->filling;
    if (!is_empty(w, b->filling, b->tail)) {
        weir_window_emit_reset(w, b->newest);
        emit_rows(w, b->filling, b->tail, WEIR_CURRENT, NULL);
    }
    b->filling = b->tail;
    if (!keeps_gone(b)) b->before = b->tail;
    if (b->before == b->tail) b->has_gaps = false;
    weir_window_end_chunk(w);
}

/* Rows have come for a batch that went out: all of it goes out again. */
static void flush_again(external_time_batch *b, weir_window *w) {
    if (!is_empty(w, b->filling, b->tail)) {
        if (b->expires) emit_rows(w, b->before, b->filling, WEIR_EXPIRED, &b->newest);
        weir_window_emit_reset(w, b->newest);
        emit_rows(w, b->before, b->tail, WEIR_CURRENT, NULL);
        tell(b, w, b->filling, b->tail, WEIR_ENTERED);
    }
    b->filling = b->tail;
    weir_window_end_chunk(w);
}

/* ---- Rows ---- */

static void set_timer(external_time_batch *b, int64_t now) {
    if (b->timeout > 0) b->next_timer = wr_later(now, b->timeout);
}

static weir_status null_time(weir_error *err) {
    return weir_fail(err, WEIR_EVALUE, "the timestamp of externalTimeBatch() is null");
}

static weir_status start(external_time_batch *b, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    weir_value time = weir_window_in_value(w, i, b->column);
    if (time.is_null) return null_time(err);
    if (b->start_is_column) {
        weir_value at = weir_window_in_value(w, i, b->start_column);
        if (at.is_null) return weir_fail(err, WEIR_EVALUE, "the start of externalTimeBatch() is null");
        b->start = at.as.l;
    } else if (!b->has_start) {
        b->start = time.as.l;
    }
    bool aligned = b->has_start && !b->start_is_column;
    b->end = aligned ? wr_period_end(time.as.l, b->start, b->period) : wr_later(b->start, b->period);
    b->is_started = true;
    set_timer(b, now);
    return WEIR_OK;
}

static weir_status take_row(external_time_batch *b, weir_window *w, uint32_t i, int64_t now,
                            weir_error *err) {
    weir_value time = weir_window_in_value(w, i, b->column);
    if (time.is_null) return null_time(err);
    if (time.as.l > b->newest) b->newest = time.as.l;
    if (time.as.l >= b->end) {
        if (b->is_flushed)
            flush_again(b, w);
        else
            flush(b, w);
        b->is_flushed = false;
        b->end = wr_period_end(b->newest, b->start, b->period);
        set_timer(b, now);
    }
    if (b->replaces_ts) {
        weir_value end = {.type = WEIR_LONG, .as.l = b->end};
        weir_window_set_value(w, weir_window_id(w, i), b->column, &end);
    }
    b->tail = weir_window_id(w, i) + 1;
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    external_time_batch *b = self;
    weir_status status = b->is_started ? WEIR_OK : start(b, w, first, now, err);
    uint32_t i = first;
    while (i < first + n && status == WEIR_OK) {
        status = take_row(b, w, i, now, err);
        if (status == WEIR_OK) i++;
    }
    for (; i < first + n; i++) {
        b->has_gaps = true;
        weir_window_set_ts(w, weir_window_id(w, i), NOT_TAKEN_IN);
        b->tail = weir_window_id(w, i) + 1;
    }
    weir_window_release_below(w, b->before);
    return status;
}

/* ---- The plain case: a row a chunk, nothing expires or times out: batches go out as runs. ---- */

static bool is_plain(const external_time_batch *b, const weir_window_input *in, const weir_column *time) {
    return b->is_started && !keeps_gone(b) && !b->replaces_ts && !b->has_gaps && !in->chunk_end &&
           !time->valid;
}

/* Row i ends the batch: all rows before it go out. */
static weir_status flush_run(external_time_batch *b, weir_window *w, uint32_t i, weir_row_id id, int64_t time,
                             weir_error *err) {
    b->tail = id;
    weir_window_begin_chunk(w, i);
    if (b->filling < b->tail) {
        weir_window_emit_reset(w, b->newest);
        WR_TRY(wr_emit_range(w, b->filling, b->tail - b->filling, WEIR_CURRENT, true, 0, err));
    }
    b->before = b->filling = b->tail;
    weir_window_end_chunk(w);
    b->end = wr_period_end(time, b->start, b->period);
    return WEIR_OK;
}

static weir_status process_plain(external_time_batch *b, weir_window *w, const weir_column *column,
                                 weir_error *err) {
    const weir_window_input *in = weir_window_get_input(w);
    const int64_t *time = column->data;
    for (uint32_t i = 0; i < in->n; i++) {
        if (time[i] > b->newest) b->newest = time[i];
        if (WR_UNLIKELY(time[i] >= b->end)) WR_TRY(flush_run(b, w, i, in->first_id + i, b->newest, err));
    }
    b->tail = in->first_id + in->n;
    weir_window_release_below(w, b->before);
    return WEIR_OK;
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    external_time_batch *b = self;
    const weir_window_input *in = weir_window_get_input(w);
    weir_column time;
    if (!in->n) return weir_window_walk(w, err);
    WR_TRY(weir_window_in_column(w, b->column, &time, err));
    return is_plain(b, in, &time) ? process_plain(b, w, &time, err) : weir_window_walk(w, err);
}

static int64_t due(const void *self) { return ((const external_time_batch *)self)->next_timer; }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    external_time_batch *b = self;
    (void)err;
    if (b->is_flushed)
        flush_again(b, w);
    else
        flush(b, w);
    b->is_flushed = true;
    set_timer(b, now);
    weir_window_release_below(w, b->before);
    return WEIR_OK;
}

/* The last completed batch. */
static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const external_time_batch *b = self;
    for (weir_row_id id = b->before; id < b->filling; id++)
        if (weir_window_ts(w, id) != NOT_TAKEN_IN && !visit(ctx, id)) return;
}

static void save(const void *self, weir_writer *w) {
    const external_time_batch *b = self;
    weir_write_u32(w, (b->is_started ? 1u : 0) | (b->is_flushed ? 2u : 0) | (b->has_gaps ? 4u : 0));
    weir_write_i64(w, b->start);
    weir_write_i64(w, b->end);
    weir_write_i64(w, b->newest);
    weir_write_i64(w, b->next_timer);
    weir_write_i64(w, (int64_t)b->before);
    weir_write_i64(w, (int64_t)b->filling);
    weir_write_i64(w, (int64_t)b->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    external_time_batch *b = self;
    uint32_t flags = weir_read_u32(r);
    b->is_started = flags & 1;
    b->is_flushed = flags & 2;
    b->has_gaps = flags & 4;
    b->start = weir_read_i64(r);
    b->end = weir_read_i64(r);
    b->newest = weir_read_i64(r);
    b->next_timer = weir_read_i64(r);
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&b->before, &b->filling, &b->tail}, 3,
                                WR_HELD_ALL, err));
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const external_time_batch *b = self;
    char span[32];
    wr_span_text(b->period, span, sizeof span);
    return snprintf(text, size, "%s of rows, by their own time%s", span, keeps_gone(b) ? ", twice" : "");
}

const weir_window_type wr_window_external_time_batch = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "externalTimeBatch",
    .doc =
        "Gathers the rows of a period, by a timestamp among their attributes, and lets them out as a batch.",
    .example = "from S#window.externalTimeBatch(at, 1 min) select sum(v) as s insert into Out",
    .params =
        (const weir_param_doc[]){
            {"externalTimeBatch(<long attribute> timestamp, <int|long|time> duration)",
             "The attribute with the row's time; the length of a period, in ms."},
            {"externalTimeBatch(timestamp, duration, <int|long|time|long attribute> start)",
             "Periods begin at start + k * duration; an attribute: at the first row's value."},
            {"externalTimeBatch(timestamp, duration, start, <int|long|time> timeout)",
             "A batch also goes out when no row has ended it for so long, by the clock."},
            {"externalTimeBatch(timestamp, duration, start, timeout, <bool> replaceTimestamp)",
             "With true, the attribute of a row that goes out is the end of its period."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .resets_instead = true,
    .content_apart = true,
    .late_output = true,
    .uses_clock = true,
    .check = check,
    .state_size = sizeof(external_time_batch),
    .open = open,
    .process = process,
    .on_chunk = on_chunk,
    .due = due,
    .on_timer = on_timer,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
