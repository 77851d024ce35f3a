/* time_batch.c: #window.unique:timeBatch(key, t [, start]), firstTimeBatch and timeLengthBatch(key, t [,
 * start], n): batches of the rows of t ms, one for each key: the latest one, or the first.
 *
 * The first row sets the first boundary: t after the clock, or the next of start + k * t. At a boundary goes
 * out [expired rows of the batch before, reset, current rows]. timeLengthBatch lets its batch out before,
 * when there are n keys, and takes in no rows from then to the next boundary. A search finds the batch that
 * went out last.
 *
 * As in timeBatch, Siddhi's timers are a queue of boundaries: which of them has fired and which is the next
 * to let a batch out are two numbers. */
#include <stdio.h>

#include "base/compiler.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/ticks.h"
#include "window/unique/batch.h"

typedef struct time_batch {
    wr_unique_batch batch;
    wr_ticks ticks;
    int64_t start; /* ms */
    bool has_start, is_started;
    int64_t length; /* keys; 0: no limit */
    bool is_full;   /* went out by its length: rows until the next boundary are dropped */
} time_batch;

/* ---- Arguments ---- */

static weir_status check_times(const char *window, const weir_arg *args, uint32_t n, weir_error *err) {
    WR_TRY(wr_unique_check_key(window, &args[0], err));
    WR_TRY(wr_check_period(window, "the duration", &args[1], err));
    return n > 2 ? wr_check_span(window, "start", &args[2], err) : WEIR_OK;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:timeBatch", n_args, 2, 3, err));
    return check_times("unique:timeBatch", args, n_args, err);
}

static weir_status check_first(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:firstTimeBatch", n_args, 2, 3, err));
    return check_times("unique:firstTimeBatch", args, n_args, err);
}

static weir_status check_length(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:timeLengthBatch", n_args, 3, 4, err));
    WR_TRY(check_times("unique:timeLengthBatch", args, n_args - 1, err));
    return wr_check_const("unique:timeLengthBatch", "the number of keys", &args[n_args - 1], WR_IS(WEIR_INT),
                          err);
}

static weir_status open_as(time_batch *b, const weir_window_args *args, uint32_t n_times, bool first,
                           weir_error *err) {
    b->ticks.period = wr_arg_long(&args->args[1]);
    b->has_start = n_times > 2;
    if (b->has_start) b->start = wr_arg_long(&args->args[2]);
    b->ticks.next_emit = b->ticks.next_timer = INT64_MAX;
    return wr_unique_batch_init(&b->batch, args, first, WR_FOUND_GONE, err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w;
    return open_as(self, args, args->n_args, false, err);
}

static weir_status open_first(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w;
    return open_as(self, args, args->n_args, true, err);
}

static weir_status open_length(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w;
    int32_t length = args->args[args->n_args - 1].value.as.i;
    ((time_batch *)self)->length = length > 0 ? length : 0;
    return open_as(self, args, args->n_args - 1, false, err);
}

static void close(void *self) { wr_unique_batch_fini(&((time_batch *)self)->batch); }

/* ---- Boundaries ---- */

static void start_clock(time_batch *b, int64_t now) {
    b->ticks.next_emit = b->ticks.next_timer =
        b->has_start ? wr_period_end(now, b->start, b->ticks.period) : wr_later(now, b->ticks.period);
    b->is_started = true;
}

/* Lets the batch out, unless the boundary only ends one that went out already. */
static weir_status pass_boundary(time_batch *b, weir_window *w, int64_t now, weir_error *err) {
    b->ticks.next_emit = wr_later(b->ticks.next_emit, b->ticks.period);
    if (b->is_full) {
        b->is_full = false;
        return WEIR_OK;
    }
    return wr_unique_batch_flush(&b->batch, w, now, err);
}

static int64_t due(const void *self) { return ((const time_batch *)self)->ticks.next_timer; }

static bool is_idle(const time_batch *b) { return !b->is_full && wr_unique_batch_is_idle(&b->batch); }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    time_batch *b = self;
    wr_ticks_skip(&b->ticks, now, is_idle(b));
    b->ticks.next_timer = wr_later(b->ticks.next_timer, b->ticks.period);
    return now < b->ticks.next_emit ? WEIR_OK : pass_boundary(b, w, now, err);
}

/* ---- Rows ---- */

static void drop_rows(weir_window *w, uint32_t first, uint32_t end) {
    for (uint32_t i = first; i < end; i++) weir_window_release(w, weir_window_id(w, i));
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    return wr_unique_batch_add(&((time_batch *)self)->batch, w, i, now, err);
}

/* A chunk goes in whole; with a length, the rows after the one that fills the batch are lost. */
static weir_status take_rows(time_batch *b, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                             weir_error *err) {
    if (!b->length) return wr_take_rows(w, first, n, now, take_row, b, err);
    for (uint32_t i = first; i < first + n; i++) {
        WR_TRY(wr_take_rows(w, i, 1, now, take_row, b, err));
        if (wr_unique_batch_size(&b->batch) != b->length) continue;
        drop_rows(w, i + 1, first + n);
        b->is_full = true;
        return WEIR_OK;
    }
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    time_batch *b = self;
    if (WR_UNLIKELY(!b->is_started)) start_clock(b, now);
    bool at_boundary = now >= b->ticks.next_emit;
    if (b->is_full) {
        drop_rows(w, first, first + n);
        return at_boundary ? pass_boundary(b, w, now, err) : WEIR_OK;
    }
    if (at_boundary) b->ticks.next_emit = wr_later(b->ticks.next_emit, b->ticks.period);
    WR_TRY(take_rows(b, w, first, n, now, err));
    return at_boundary || b->is_full ? wr_unique_batch_flush(&b->batch, w, now, err) : WEIR_OK;
}

/* ---- Content, state ---- */

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    (void)w;
    wr_unique_batch_content(&((const time_batch *)self)->batch, visit, ctx);
}

static size_t bytes(const void *self) { return wr_unique_batch_bytes(&((const time_batch *)self)->batch); }

static void save(const void *self, weir_writer *w) {
    const time_batch *b = self;
    weir_write_u32(w, (b->is_started ? 1u : 0) | (b->is_full ? 2u : 0));
    weir_write_i64(w, b->ticks.next_emit);
    weir_write_i64(w, b->ticks.next_timer);
    wr_unique_batch_save(&b->batch, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    time_batch *b = self;
    uint32_t flags = weir_read_u32(r);
    b->is_started = flags & 1;
    b->is_full = flags & 2;
    b->ticks.next_emit = weir_read_i64(r);
    b->ticks.next_timer = weir_read_i64(r);
    return wr_unique_batch_load(&b->batch, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const time_batch *b = self;
    const char *twice = b->batch.expires ? ", twice" : "";
    char span[32];
    wr_span_text(b->ticks.period, span, sizeof span);
    if (b->length) return snprintf(text, size, "%lld rows%s", (long long)b->length, twice);
    return snprintf(text, size, "a row for each key in %s%s", span, twice);
}

#define COMMON_FIELDS                                                                                        \
    .struct_size = sizeof(weir_window_type), .ns = "unique", .shape = WEIR_WINDOW_BAG,                       \
    .resets_instead = true, .late_output = true, .uses_clock = true, .one_chunk = true,                      \
    .content_apart = true, .computes_args = true, .state_size = sizeof(time_batch), .close = close,          \
    .on_chunk = on_chunk, .due = due, .on_timer = on_timer, .content = content, .bytes = bytes,              \
    .save = save, .load = load, .bound = bound

const weir_window_type wr_window_unique_time_batch = {
    COMMON_FIELDS,
    .name = "timeBatch",
    .doc = "Gathers the rows of a period and lets out, at its end, the latest one of each key.",
    .example = "from S#window.unique:timeBatch(k, 1 min) select k, v insert into Out",
    .params = (const weir_param_doc[]){{"unique:timeBatch(<int|long|float|double|bool|string> key, "
                                        "<int|long|time> duration)",
                                        "What tells rows apart; the length of a period, in ms."},
                                       {"unique:timeBatch(key, duration, <int|long|time> start)",
                                        "Periods begin at start + k * duration."},
                                       {NULL, NULL}},
    .check = check,
    .open = open,
};

const weir_window_type wr_window_unique_first_time_batch = {
    COMMON_FIELDS,
    .name = "firstTimeBatch",
    .doc = "Gathers the rows of a period and lets out, at its end, the first one of each key.",
    .example = "from S#window.unique:firstTimeBatch(k, 1 min) select k, v insert into Out",
    .params = (const weir_param_doc[]){{"unique:firstTimeBatch(<int|long|float|double|bool|string> key, "
                                        "<int|long|time> duration)",
                                        "What tells rows apart; the length of a period, in ms."},
                                       {"unique:firstTimeBatch(key, duration, <int|long|time> start)",
                                        "Periods begin at start + k * duration."},
                                       {NULL, NULL}},
    .check = check_first,
    .open = open_first,
};

const weir_window_type wr_window_unique_time_length_batch = {
    COMMON_FIELDS,
    .name = "timeLengthBatch",
    .doc = "Lets out the latest row of each key at the end of a period, or when there are so many keys; then "
           "rows are dropped until the period ends.",
    .example = "from S#window.unique:timeLengthBatch(k, 1 min, 3) select k, v insert into Out",
    .params =
        (const weir_param_doc[]){
            {"unique:timeLengthBatch(<int|long|float|double|bool|string> key, <int|long|time> duration, "
             "<int> keys)",
             "What tells rows apart; the length of a period, in ms; how many keys end it early."},
            {"unique:timeLengthBatch(key, duration, <int|long|time> start, <int> keys)",
             "Periods begin at start + k * duration."},
            {NULL, NULL}},
    .check = check_length,
    .open = open_length,
};
