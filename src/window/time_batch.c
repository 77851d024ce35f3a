/* time_batch.c: #window.timeBatch(t [, start] [, streamCurrent]): batches of the rows of t ms.
 *
 * The first row sets the first boundary: t after the clock, or the next of start + k * t. At a boundary goes
 * out [expired rows of the batch before, reset, current rows]; with streamCurrent rows pass at once and only
 * [expired rows, reset] goes out. The timer ticks on through empty periods: the first of them still lets the
 * expired rows of the last batch out.
 *
 * Siddhi's timers are a queue of boundaries; which of them has fired and which is the next to let a batch out
 * are two numbers: a row that a lower-ranked timer brings at a boundary, before this window's own timer,
 * finds the clock past next_emit and lets its batch out itself. */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/ticks.h"

typedef struct time_batch {
    wr_ticks ticks;
    int64_t start; /* ms */
    bool has_start, streams;
    bool expires, resets; /* the output has expired rows; an aggregate is reset */
    bool keeps_all;       /* it is searched, and nothing expires: every batch so far is found, as in Siddhi */
    bool is_started;      /* the first row has come */
    bool needs_reset;     /* a row has come since the last reset */
    int64_t reset_ts;     /* the time of the first such row, which the reset will have */
    weir_row_id before;   /* the batch that went out last begins here (only if it is to expire) */
    weir_row_id filling;  /* and the one that is being filled here; streams: the end of what can expire */
    weir_row_id tail;
} time_batch;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("timeBatch", n_args, 1, 3, err));
    WR_TRY(wr_check_period("timeBatch", "the duration", &args[0], err));
    if (n_args == 2)
        return wr_check_const("timeBatch", "start or streamCurrent", &args[1], WR_IS_TIME | WR_IS(WEIR_BOOL),
                              err);
    if (n_args < 3) return WEIR_OK;
    WR_TRY(wr_check_span("timeBatch", "start", &args[1], err));
    return wr_check_const("timeBatch", "streamCurrent", &args[2], WR_IS(WEIR_BOOL), err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    time_batch *b = self;
    (void)w, (void)err;
    b->ticks.period = wr_arg_long(&args->args[0]);
    for (uint32_t i = 1; i < args->n_args; i++)
        if (args->args[i].type == WEIR_BOOL) {
            b->streams = args->args[i].value.as.b;
        } else {
            b->has_start = true;
            b->start = wr_arg_long(&args->args[i]);
        }
    b->expires = args->expired_output;
    b->resets = args->reset_wanted;
    b->keeps_all = args->is_searched && !b->expires;
    b->ticks.next_emit = b->ticks.next_timer = INT64_MAX;
    return WEIR_OK;
}

static void start_clock(time_batch *b, int64_t now) {
    b->ticks.next_emit = b->ticks.next_timer =
        b->has_start ? wr_period_end(now, b->start, b->ticks.period) : wr_later(now, b->ticks.period);
    b->is_started = true;
}

static weir_status emit_reset(time_batch *b, weir_window *w, weir_error *err) {
    if (!b->needs_reset) return WEIR_OK;
    b->needs_reset = false;
    if (!b->resets) return WEIR_OK;
    WR_TRY(weir_window_reserve(w, 1, 0, err));
    wr_put_row(weir_window_get_output(w), WEIR_NO_ROW, WEIR_RESET, b->reset_ts);
    return WEIR_OK;
}

/* Lets the batch out, without ending the chunk. */
static weir_status flush(time_batch *b, weir_window *w, int64_t now, weir_error *err) {
    weir_row_id end = b->streams ? b->tail : b->filling;
    if (b->expires) WR_TRY(wr_emit_range(w, b->before, end - b->before, WEIR_EXPIRED, false, now, err));
    WR_TRY(emit_reset(b, w, err));
    if (!b->streams) WR_TRY(wr_emit_range(w, b->filling, b->tail - b->filling, WEIR_CURRENT, true, 0, err));
    if (!b->keeps_all) b->before = b->expires && !b->streams ? b->filling : b->tail;
    b->filling = b->tail;
    return WEIR_OK;
}

static weir_status end_chunk(weir_window *w, weir_origin origin, weir_error *err) {
    weir_window_output *o = weir_window_get_output(w);
    if (o->n == (o->n_chunks ? o->chunk_end[o->n_chunks - 1] : 0)) return WEIR_OK;
    WR_TRY(weir_window_reserve(w, 0, 1, err));
    wr_put_chunk_end(o, origin);
    return WEIR_OK;
}

/* Nothing would go out however often the timer ticked. */
static bool is_idle(const time_batch *b) {
    return (b->keeps_all ? b->filling : b->before) == b->tail && !b->needs_reset;
}

/* The timers that the clock of one arrival has passed; each chunk they let out has an origin of its own. */
static weir_status tick(time_batch *b, weir_window *w, uint32_t arrival, weir_error *err) {
    weir_window_input *in = weir_window_get_input(w);
    int64_t now = in->cycle->clock[arrival];
    weir_origin origin = weir_window_tick_origin(in, arrival);
    in->tick_next = arrival + 1;
    while (b->ticks.next_timer <= now) {
        wr_ticks_skip(&b->ticks, now, is_idle(b));
        b->ticks.next_timer = wr_later(b->ticks.next_timer, b->ticks.period);
        if (now < b->ticks.next_emit) continue;
        b->ticks.next_emit = wr_later(b->ticks.next_emit, b->ticks.period);
        WR_TRY(flush(b, w, now, err));
        WR_TRY(end_chunk(w, origin++, err));
    }
    return WEIR_OK;
}

static weir_status fire_until(time_batch *b, weir_window *w, weir_origin before, weir_error *err) {
    const weir_window_input *in = weir_window_get_input(w);
    uint32_t arrival;
    while ((arrival = weir_window_next_tick(in, b->ticks.next_timer, before)) != WEIR_NO_TICK)
        WR_TRY(tick(b, w, arrival, err));
    return WEIR_OK;
}

static weir_status take_chunk(time_batch *b, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                              weir_origin origin, weir_error *err) {
    if (WR_UNLIKELY(!b->is_started)) start_clock(b, now);
    bool at_boundary = now >= b->ticks.next_emit;
    if (!b->needs_reset) b->reset_ts = weir_window_get_input(w)->ts[first];
    b->needs_reset = true;
    b->tail += n;
    if (b->streams) {
        const int64_t *ts = weir_window_get_input(w)->ts;
        for (uint32_t i = 0; i < n; i++)
            WR_TRY(wr_emit_range(w, b->tail - n + i, 1, WEIR_CURRENT, false, ts[first + i], err));
    }
    if (at_boundary) {
        b->ticks.next_emit = wr_later(b->ticks.next_emit, b->ticks.period);
        WR_TRY(flush(b, w, now, err));
    }
    return b->streams || at_boundary ? end_chunk(w, origin, err) : WEIR_OK;
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    time_batch *b = self;
    weir_window_input *in = weir_window_get_input(w);
    for (uint32_t c = 0, first = 0; c < in->n_chunks; c++) {
        weir_origin origin = weir_window_chunk_origin(in, c);
        uint32_t end = wr_chunk_end_of(in, c);
        int64_t now = in->cycle->clock[weir_origin_arrival(origin)];
        if (WR_UNLIKELY(now >= b->ticks.next_timer)) WR_TRY(fire_until(b, w, origin, err));
        wr_pass_tick(in, origin);
        WR_TRY(take_chunk(b, w, first, end - first, now, origin, err));
        first = end;
    }
    WR_TRY(fire_until(b, w, in->until, err));
    if (b->streams && !b->expires && !b->keeps_all) b->before = b->filling = b->tail;
    weir_window_release_below(w, b->before);
    return WEIR_OK;
}

static int64_t due(const void *self) { return ((const time_batch *)self)->ticks.next_timer; }

/* The last completed batch; with streamCurrent the running one. */
static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const time_batch *b = self;
    (void)w;
    wr_visit_range(b->before, b->streams ? b->tail : b->filling, visit, ctx);
}

static void save(const void *self, weir_writer *w) {
    const time_batch *b = self;
    weir_write_u32(w, (b->is_started ? 1u : 0) | (b->needs_reset ? 2u : 0));
    weir_write_i64(w, b->ticks.next_emit);
    weir_write_i64(w, b->ticks.next_timer);
    weir_write_i64(w, (int64_t)b->before);
    weir_write_i64(w, (int64_t)b->filling);
    weir_write_i64(w, (int64_t)b->tail);
    weir_write_i64(w, b->reset_ts);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    time_batch *b = self;
    uint32_t flags = weir_read_u32(r);
    b->is_started = flags & 1;
    b->needs_reset = flags & 2;
    b->ticks.next_emit = weir_read_i64(r);
    b->ticks.next_timer = weir_read_i64(r);
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&b->before, &b->filling, &b->tail}, 3,
                                WR_HELD_ALL, err));
    b->reset_ts = weir_reader_left(r) ? weir_read_i64(r) : 0;
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const time_batch *b = self;
    char span[32];
    if (b->keeps_all) return snprintf(text, size, "every batch so far: no bound");
    wr_span_text(b->ticks.period, span, sizeof span);
    return snprintf(text, size, "%s of rows%s", span, b->expires && !b->streams ? ", twice" : "");
}

const weir_window_type wr_window_time_batch = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "timeBatch",
    .doc = "Gathers the rows of a period into a batch and lets it out at the end of the period.",
    .example = "from S#window.timeBatch(1 min) select sum(v) as s insert into Out",
    .params =
        (const weir_param_doc[]){
            {"timeBatch(<int|long|time> duration)", "The length of a period, in ms."},
            {"timeBatch(<int|long|time> duration, <int|long|time> start)",
             "Periods begin at start + k * duration."},
            {"timeBatch(<int|long|time> duration, <bool> streamCurrent)",
             "With true, rows pass at once and only expire as a batch."},
            {"timeBatch(<int|long|time> duration, <int|long|time> start, <bool> streamCurrent)", "Both."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .resets_instead = true,
    .late_output = true,
    .uses_clock = true,
    .one_chunk = true,
    .one_clock = true,
    .check = check,
    .state_size = sizeof(time_batch),
    .open = open,
    .process = process,
    .due = due,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
