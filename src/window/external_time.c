/* external_time.c: #window.externalTime(attribute, t): the rows of the last t ms by an attribute's time.
 *
 * A row lets out, before itself, the oldest rows as long as they are t older than it; they go out with its
 * time. No clock, no timer; a row with a lower time lets nothing out and queues in order of arrival. The
 * attribute's value takes the place of the stored timestamp, which nobody else reads. A null fails the chunk:
 * what it has let out is gone, and its rows from the null on are not taken in. */
#include <stdio.h>

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

/* A walk over one call's input. */
typedef struct pass {
    external_time *e;
    weir_window *w;
    weir_window_input *in;
    weir_window_output *o;
    weir_column time;   /* the attribute, by logical row */
    const int64_t *run; /* times of the rows from the oldest on */
    uint32_t n_run;
} pass;

/* The queue holds the rows' times from now on, instead of their timestamps. */
static void keep_times(pass *p) {
    const int64_t *time = p->time.data;
    for (uint32_t i = 0; i < p->in->n; i++)
        weir_window_set_ts(p->w, p->in->first_id + i, weir_is_null(&p->time, i) ? NOT_TAKEN_IN : time[i]);
}

WR_INLINE weir_status expire(pass *p, weir_row_id end, int64_t horizon, int64_t now, weir_error *err) {
    external_time *e = p->e;
    for (; e->head < end; e->head++, p->run++, p->n_run--) {
        if (WR_UNLIKELY(!p->n_run)) p->run = weir_window_ts_run(p->w, e->head, &p->n_run);
        if (*p->run > horizon) return WEIR_OK;
        if (WR_UNLIKELY(*p->run == NOT_TAKEN_IN)) continue;
        if (WR_UNLIKELY(p->o->n == p->o->cap)) WR_TRY(weir_window_reserve(p->w, 1, 0, err));
        wr_put_row(p->o, e->head, WEIR_EXPIRED, now);
    }
    return WEIR_OK;
}

static int64_t horizon_of(const external_time *e, int64_t now) {
    int64_t t;
    if (__builtin_sub_overflow(now, e->span, &t)) return e->span > 0 ? INT64_MIN : INT64_MAX;
    return t;
}

/* False when a row's time is null. */
WR_INLINE weir_status take_rows(pass *p, uint32_t first, uint32_t end, bool *ok, weir_error *err) {
    external_time *e = p->e;
    const int64_t *time = p->time.data;
    for (uint32_t i = first; i < end; i++) {
        weir_row_id id = p->in->first_id + i;
        *ok = !weir_is_null(&p->time, i);
        if (WR_UNLIKELY(!*ok)) return WEIR_OK;
        if (e->keeps) WR_TRY(expire(p, id, horizon_of(e, time[i]), time[i], err));
        if (WR_UNLIKELY(p->o->n == p->o->cap)) WR_TRY(weir_window_reserve(p->w, 1, 0, err));
        wr_put_row(p->o, id, WEIR_CURRENT, p->in->ts[i]);
    }
    return WEIR_OK;
}

static weir_status fail_chunk(pass *p, uint32_t c, uint32_t first, uint32_t end, weir_error *err) {
    uint32_t i = first;
    while (!weir_is_null(&p->time, i)) i++;
    for (; i < end; i++) weir_window_set_ts(p->w, p->in->first_id + i, NOT_TAKEN_IN);
    return weir_window_fail_chunk(p->w, c, "the timestamp of externalTime() is null", err);
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    external_time *e = self;
    pass p = {.e = e, .w = w, .in = weir_window_get_input(w), .o = weir_window_get_output(w)};
    if (!p.in->n) return WEIR_OK;
    WR_TRY(weir_window_in_column(w, e->column, &p.time, err));
    if (!e->keeps && !p.time.valid) return wr_emit_input(w, err);
    if (e->keeps) keep_times(&p);
    WR_TRY(weir_window_reserve(w, p.in->n, p.in->n_chunks, err));
    for (uint32_t c = 0, first = 0; c < p.in->n_chunks; c++) {
        uint32_t end = wr_chunk_end_of(p.in, c), n = p.o->n;
        bool ok = true;
        WR_TRY(take_rows(&p, first, end, &ok, err));
        if (WR_LIKELY(ok)) {
            wr_put_chunk_end(p.o, weir_window_chunk_origin(p.in, c));
        } else {
            p.o->n = n;
            WR_TRY(fail_chunk(&p, c, first, end, err));
        }
        first = end;
    }
    e->tail = p.in->first_id + p.in->n;
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
    (void)w;
    e->head = (weir_row_id)weir_read_i64(r);
    e->tail = (weir_row_id)weir_read_i64(r);
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
