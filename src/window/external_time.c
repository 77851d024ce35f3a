/* external_time.c: #window.externalTime(attribute, t): the rows of the last t ms by an attribute's time.
 *
 * A row lets out, before itself, the oldest rows as long as they are t older than it; they go out with its
 * time. No clock, no timer; a row with a lower time lets nothing out and queues in order of arrival. The
 * attribute's value takes the place of the stored timestamp, which nobody else reads. A null fails the chunk:
 * what it has let out is gone, and its rows from the null on are not taken in. */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"

typedef struct external_time {
    uint32_t column;
    int64_t span;
    bool keeps;             /* somebody reads what leaves */
    weir_row_id head, tail; /* ids of the rows inside */
} external_time;

#define NOT_TAKEN_IN INT64_MIN /* as a stored timestamp */

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("externalTime", n_args, 2, 2, err));
    WR_TRY(wr_check_attribute("externalTime", "the timestamp", &args[0], WR_IS(WEIR_LONG), err));
    return wr_check_span("externalTime", "the duration", &args[1], err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    external_time *e = self;
    (void)w, (void)err;
    e->column = args->args[0].column;
    e->span = wr_arg_long(&args->args[1]);
    e->keeps = args->expired_wanted;
    return WEIR_OK;
}

static int64_t horizon_of(const external_time *e, int64_t now) {
    int64_t t;
    if (__builtin_sub_overflow(now, e->span, &t)) return e->span > 0 ? INT64_MIN : INT64_MAX;
    return t;
}

/* The queue holds the rows' times from now on, instead of their timestamps. */
static void keep_times(weir_window *w, const weir_window_input *in, const weir_column *time) {
    if (in->n) weir_window_set_ts_run(w, in->first_id, time->data, in->n);
    for (uint32_t i = 0; time->valid && i < in->n; i++)
        if (weir_is_null(time, i)) weir_window_set_ts(w, in->first_id + i, NOT_TAKEN_IN);
}

/* The rows that can leave in this call: those that are due for its newest row. */
static uint64_t count_due(const external_time *e, const weir_window *w, const weir_window_input *in,
                          const weir_column *time) {
    int64_t newest = INT64_MIN;
    for (uint32_t i = 0; i < in->n; i++)
        if (!weir_is_null(time, i)) newest = WR_MAX(newest, ((const int64_t *)time->data)[i]);
    return wr_count_due(w, e->head, in->first_id + in->n, horizon_of(e, newest));
}

/* A walk over one call's input, for whose output there is room. A copy of all that changes, which the loop
 * keeps in registers: a byte written to kind can't change it. */
typedef struct pass {
    weir_row_id head;
    weir_window_output o;
    const int64_t *run; /* times of the rows from the oldest on */
    uint32_t n_run;
} pass;

/* Emits the rows before `end` that are due, oldest first, until one that isn't. */
WR_INLINE void expire(pass *p, const weir_window *w, weir_row_id end, int64_t horizon, int64_t now) {
    for (; p->head < end; p->head++, p->run++, p->n_run--) {
        if (WR_UNLIKELY(!p->n_run)) {
            uint32_t n;
            p->run = weir_window_ts_run(w, p->head, &n);
            p->n_run = n;
        }
        if (*p->run > horizon) return;
        if (WR_LIKELY(*p->run != NOT_TAKEN_IN)) wr_put_row(&p->o, p->head, WEIR_EXPIRED, now);
    }
}

static weir_status fail_chunk(weir_window *w, const weir_window_input *in, const weir_column *time,
                              uint32_t c, uint32_t i, weir_error *err) {
    while (!weir_is_null(time, i)) i++;
    for (; i < wr_chunk_end_of(in, c); i++) weir_window_set_ts(w, in->first_id + i, NOT_TAKEN_IN);
    return weir_window_fail_chunk(w, c, "the timestamp of externalTime() is null", err);
}

/* Chunks from *next on, up to one with a null. */
WR_INLINE void take_chunks(external_time *e, weir_window *w, const weir_window_input *input,
                           const weir_column *time, uint32_t *next) {
    const weir_window_input in = *input;
    const int64_t *times = time->data;
    const external_time copy = *e;
    pass p = {.head = e->head, .o = *weir_window_get_output(w)};
    uint32_t c = *next, i = c ? wr_chunk_end_of(&in, c - 1) : 0;
    for (; c < in.n_chunks; c++) {
        const uint32_t end = wr_chunk_end_of(&in, c), n = p.o.n;
        for (; i < end && !weir_is_null(time, i); i++) {
            if (copy.keeps) expire(&p, w, in.first_id + i, horizon_of(&copy, times[i]), times[i]);
            wr_put_row(&p.o, in.first_id + i, WEIR_CURRENT, in.ts[i]);
        }
        if (WR_UNLIKELY(i < end)) {
            p.o.n = n;
            break;
        }
        wr_put_chunk_end(&p.o, weir_window_chunk_origin(&in, c));
    }
    e->head = p.head;
    *weir_window_get_output(w) = p.o;
    *next = c;
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    external_time *e = self;
    const weir_window_input *in = weir_window_get_input(w);
    weir_column time;
    uint64_t n_due = 0;
    if (!in->n) return WEIR_OK;
    WR_TRY(weir_window_in_column(w, e->column, &time, err));
    if (!e->keeps && !time.valid) return wr_emit_input(w, err);
    if (e->keeps) {
        keep_times(w, in, &time);
        n_due = count_due(e, w, in, &time);
    }
    WR_TRY(weir_window_reserve(w, in->n + n_due, in->n_chunks, err));
    for (uint32_t c = 0; c < in->n_chunks; c++) {
        take_chunks(e, w, in, &time, &c);
        if (c == in->n_chunks) break;
        WR_TRY(fail_chunk(w, in, &time, c, c ? wr_chunk_end_of(in, c - 1) : 0, err));
    }
    e->tail = in->first_id + in->n;
    weir_window_release_below(w, e->head);
    return WEIR_OK;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const external_time *e = self;
    for (weir_row_id id = e->head; id < e->tail; id++)
        if (weir_window_ts(w, id) != NOT_TAKEN_IN && !visit(ctx, id)) return;
}

static void save(const void *self, weir_writer *w) {
    const external_time *e = self;
    weir_write_i64(w, (int64_t)e->head);
    weir_write_i64(w, (int64_t)e->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    external_time *e = self;
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&e->head, &e->tail}, 2, WR_HELD_ALL, err));
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const external_time *e = self;
    char span[32];
    wr_span_text(e->span, span, sizeof span);
    return e->keeps ? snprintf(text, size, "%s of rows, by their own time", span)
                    : snprintf(text, size, "no rows");
}

const weir_window_type wr_window_external_time = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "externalTime",
    .doc = "A sliding window of the rows of the last duration, by a timestamp among their attributes.",
    .example = "from S#window.externalTime(at, 10 min) select avg(v) as a insert into Out",
    .params = (const weir_param_doc[]){{"externalTime(<long attribute> timestamp, <int|long|time> duration)",
                                        "The attribute with the row's time; how long a row stays, in ms."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .slides = true,
    .one_chunk = true,
    .check = check,
    .state_size = sizeof(external_time),
    .open = open,
    .process = process,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
