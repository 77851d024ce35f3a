/* time.c: #window.time(t): the rows of the last t ms.
 *
 * Rows leave by the timer, in chunks of their own, before the row that moves the clock; a row that comes in
 * while older ones are due (it is late, or came from a timer) has them leave in its own chunk, before it.
 *
 * This is the window that must be fast: one loop over the chunks, with the timestamps of the oldest rows
 * read straight from the store. */
#include <stdio.h>

#include "window/check.h"
#include "window/table.h"
#include "window/time_queue.h"

typedef struct time_window {
    wr_time_queue q;
    bool keeps; /* somebody reads what leaves */
} time_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("time", n_args, 1, 1, err));
    return wr_check_span("time", "the duration", &args[0], err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    time_window *t = self;
    (void)w, (void)err;
    wr_time_queue_init(&t->q, wr_arg_long(&args->args[0]));
    t->keeps = args->expired_wanted;
    return WEIR_OK;
}

/* A walk over one call's input. */
typedef struct pass {
    time_window *t;
    weir_window *w;
    weir_window_input *in;
    weir_window_output *o;
    const int64_t *run; /* timestamps from the oldest row on */
    uint32_t n_run;
} pass;

/* The timestamp of the oldest row, which there is. */
WR_INLINE int64_t oldest_ts(pass *p) {
    if (WR_UNLIKELY(!p->n_run)) p->run = weir_window_ts_run(p->w, p->t->q.head, &p->n_run);
    return *p->run;
}

/* Emits the rows that are due, oldest first, until one that isn't. */
WR_INLINE weir_status expire(pass *p, int64_t horizon, int64_t now, weir_error *err) {
    wr_time_queue *q = &p->t->q;
    weir_window_output *o = p->o;
    while (q->head < q->tail && oldest_ts(p) <= horizon) {
        if (WR_UNLIKELY(o->n == o->cap)) WR_TRY(weir_window_reserve(p->w, 1, 0, err));
        wr_put_row(o, q->head++, WEIR_EXPIRED, now);
        p->run++;
        p->n_run--;
    }
    return WEIR_OK;
}

WR_INLINE weir_status end_chunk(pass *p, weir_origin origin, weir_error *err) {
    if (WR_UNLIKELY(p->o->n_chunks == p->o->cap_chunks)) WR_TRY(weir_window_reserve(p->w, 0, 1, err));
    wr_put_chunk_end(p->o, origin);
    return WEIR_OK;
}

/* The timer, at each arrival before this point whose clock has reached it. */
WR_INLINE weir_status fire_until(pass *p, weir_origin before, weir_error *err) {
    wr_time_queue *q = &p->t->q;
    uint32_t arrival;
    while ((arrival = weir_window_next_tick(p->in, q->next_due, before)) != WEIR_NO_TICK) {
        int64_t now = p->in->cycle->clock[arrival];
        uint32_t n = p->o->n;
        p->in->tick_next = arrival + 1;
        WR_TRY(expire(p, wr_time_queue_horizon(q, now), now, err));
        q->next_due = q->head < q->tail ? wr_time_queue_due_of(q, oldest_ts(p)) : INT64_MAX;
        if (p->o->n > n) WR_TRY(end_chunk(p, weir_window_tick_origin(p->in, arrival), err));
    }
    return WEIR_OK;
}

WR_INLINE weir_status take_rows(pass *p, uint32_t first, uint32_t end, int64_t now, weir_error *err) {
    wr_time_queue *q = &p->t->q;
    int64_t horizon = wr_time_queue_horizon(q, now);
    for (uint32_t i = first; i < end; i++) {
        WR_TRY(expire(p, horizon, now, err));
        if (WR_UNLIKELY(p->o->n == p->o->cap)) WR_TRY(weir_window_reserve(p->w, 1, 0, err));
        int64_t ts = p->in->ts[i];
        wr_put_row(p->o, q->tail++, WEIR_CURRENT, ts);
        wr_time_queue_schedule_newest(q, ts);
    }
    return WEIR_OK;
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    time_window *t = self;
    if (!t->keeps) return wr_emit_input(w, err);
    pass p = {.t = t, .w = w, .in = weir_window_get_input(w), .o = weir_window_get_output(w)};
    const weir_window_input *in = p.in;
    WR_TRY(weir_window_reserve(w, in->n, in->n_chunks, err));
    for (uint32_t c = 0, first = 0; c < in->n_chunks; c++) {
        weir_origin origin = weir_window_chunk_origin(in, c);
        uint32_t end = wr_chunk_end_of(in, c);
        int64_t now = in->cycle->clock[weir_origin_arrival(origin)];
        if (now >= t->q.next_due) WR_TRY(fire_until(&p, origin, err));
        wr_pass_tick(p.in, origin);
        WR_TRY(take_rows(&p, first, end, now, err));
        WR_TRY(end_chunk(&p, origin, err));
        first = end;
    }
    WR_TRY(fire_until(&p, in->until, err));
    weir_window_release_below(w, t->q.head);
    return WEIR_OK;
}

static int64_t due(const void *self) {
    const time_window *t = self;
    return t->q.next_due;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const time_window *t = self;
    (void)w;
    wr_visit_range(t->q.head, t->q.tail, visit, ctx);
}

static void save(const void *self, weir_writer *w) { wr_time_queue_save(&((const time_window *)self)->q, w); }

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    (void)w;
    return wr_time_queue_load(&((time_window *)self)->q, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const time_window *t = self;
    char span[32];
    wr_span_text(t->q.span, span, sizeof span);
    return t->keeps ? snprintf(text, size, "%s of rows", span) : snprintf(text, size, "no rows");
}

const weir_window_type wr_window_time = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "time",
    .doc = "A sliding window of the rows that came in during the last duration.",
    .example = "from S#window.time(10 min) select avg(v) as a insert into Out",
    .params = (const weir_param_doc[]){{"time(<int|long|time> duration)", "How long a row stays, in ms."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .uses_clock = true,
    .one_chunk = true,
    .check = check,
    .state_size = sizeof(time_window),
    .open = open,
    .process = process,
    .due = due,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
