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

/* A walk over one call's input. All that the loop touches is copied here and back at the end: the struct
 * never leaves the inlined functions, so it lives in registers, and a store into the output can't be taken
 * for a store into it. */
typedef struct pass {
    wr_time_queue q;
    weir_window_input in;
    weir_cycle cycle;
    weir_window_output o;
    const int64_t *run; /* timestamps of the rows from the oldest on */
    uint32_t n_run;
} pass;

WR_INLINE void begin_pass(pass *p, const time_window *t, weir_window *w) {
    p->q = t->q;
    p->in = *weir_window_get_input(w);
    p->cycle = *p->in.cycle;
    p->in.cycle = &p->cycle;
    p->o = *weir_window_get_output(w);
    p->n_run = 0;
}

WR_INLINE void end_pass(const pass *p, time_window *t, weir_window *w) {
    t->q = p->q;
    weir_window_get_input(w)->tick_next = p->in.tick_next;
    *weir_window_get_output(w) = p->o;
}

/* Makes room, which may move the arrays. */
WR_INLINE weir_status make_room(pass *p, weir_window *w, uint32_t rows, uint32_t chunks, weir_error *err) {
    weir_window_output *o = weir_window_get_output(w);
    *o = p->o;
    WR_TRY(weir_window_reserve(w, rows, chunks, err));
    p->o = *o;
    return WEIR_OK;
}

WR_INLINE weir_status put_row(pass *p, weir_window *w, weir_row_id id, weir_kind kind, int64_t ts,
                              weir_error *err) {
    if (WR_UNLIKELY(p->o.n == p->o.cap)) WR_TRY(make_room(p, w, 1, 0, err));
    wr_put_row(&p->o, id, kind, ts);
    return WEIR_OK;
}

WR_INLINE weir_status end_chunk(pass *p, weir_window *w, weir_origin origin, weir_error *err) {
    if (WR_UNLIKELY(p->o.n_chunks == p->o.cap_chunks)) WR_TRY(make_room(p, w, 0, 1, err));
    wr_put_chunk_end(&p->o, origin);
    return WEIR_OK;
}

/* The timestamp of the oldest row, which there is. */
WR_INLINE int64_t oldest_ts(pass *p, const weir_window *w) {
    if (WR_UNLIKELY(!p->n_run)) {
        uint32_t n;
        p->run = weir_window_ts_run(w, p->q.head, &n);
        p->n_run = n;
    }
    return *p->run;
}

/* Emits the rows that are due, oldest first, until one that isn't. */
WR_INLINE weir_status expire(pass *p, weir_window *w, int64_t now, weir_error *err) {
    int64_t horizon = wr_time_queue_horizon(&p->q, now);
    while (p->q.head < p->q.tail && oldest_ts(p, w) <= horizon) {
        WR_TRY(put_row(p, w, p->q.head++, WEIR_EXPIRED, now, err));
        p->run++;
        p->n_run--;
    }
    return WEIR_OK;
}

/* The timer, at each arrival before this point whose clock has reached it. */
WR_INLINE weir_status fire_until(pass *p, weir_window *w, weir_origin before, weir_error *err) {
    uint32_t arrival;
    while ((arrival = weir_window_next_tick(&p->in, p->q.next_due, before)) != WEIR_NO_TICK) {
        uint32_t n = p->o.n;
        p->in.tick_next = arrival + 1;
        WR_TRY(expire(p, w, p->cycle.clock[arrival], err));
        p->q.next_due = p->q.head < p->q.tail ? wr_time_queue_due_of(&p->q, oldest_ts(p, w)) : INT64_MAX;
        if (p->o.n > n) WR_TRY(end_chunk(p, w, weir_window_tick_origin(&p->in, arrival), err));
    }
    return WEIR_OK;
}

WR_INLINE weir_status take_chunk(pass *p, weir_window *w, uint32_t first, uint32_t end, weir_origin origin,
                                 weir_error *err) {
    int64_t now = p->cycle.clock[weir_origin_arrival(origin)];
    if (now >= p->q.next_due) WR_TRY(fire_until(p, w, origin, err));
    wr_pass_tick(&p->in, origin);
    for (uint32_t i = first; i < end; i++) {
        int64_t ts = p->in.ts[i];
        WR_TRY(expire(p, w, now, err));
        WR_TRY(put_row(p, w, p->q.tail++, WEIR_CURRENT, ts, err));
        wr_time_queue_schedule_newest(&p->q, ts);
    }
    return end_chunk(p, w, origin, err);
}

/* The common case, as fast as it goes: each row a chunk of an arrival of its own, at which the oldest row
 * leaves by the timer, or none. Everything in local variables: a store into the output could change whatever
 * lies in memory, for all the compiler knows. Stops at the first chunk that is anything else, and gives its
 * number. */
static uint32_t slide(pass *p, uint32_t c) {
    const int64_t *clock = p->cycle.clock + p->in.first_arrival, *in_ts = p->in.ts, *run = p->run;
    const weir_origin base = weir_window_chunk_origin(&p->in, 0), tick = weir_window_tick_origin(&p->in, 0);
    const uint64_t arrival = (uint64_t)1 << 40, first_arrival = p->in.first_arrival;
    const int64_t span = p->q.span;
    const uint32_t n_chunks = p->in.n_chunks, cap = p->o.cap, cap_chunks = p->o.cap_chunks;
    weir_row_id *id = p->o.id, head = p->q.head, tail = p->q.tail;
    int64_t *ts = p->o.ts, last_ts = p->q.last_ts, due = p->q.next_due;
    uint8_t *kind = p->o.kind;
    uint32_t *chunk_end = p->o.chunk_end, n = p->o.n, k = p->o.n_chunks, n_run = p->n_run;
    weir_origin *origin = p->o.origin;
    for (; c < n_chunks; c++) {
        int64_t now = clock[c];
        if (n_run < 2 || tail - head < 2 || cap - n < 2 || cap_chunks - k < 2 || due == INT64_MAX) break;
        if (now >= due) {
            if (run[0] > now - span || run[1] <= now - span) break;
            id[n] = head++;
            ts[n] = now;
            kind[n++] = WEIR_EXPIRED;
            if (origin) origin[k] = tick + (first_arrival + c) * arrival;
            chunk_end[k++] = n;
            n_run--;
            due = wr_time_queue_due_of(&(wr_time_queue){.span = span}, *++run);
        } else if (run[0] <= now - span) {
            break;
        }
        id[n] = tail++;
        ts[n] = in_ts[c];
        kind[n++] = WEIR_CURRENT;
        if (origin) origin[k] = base + c * arrival;
        chunk_end[k++] = n;
        if (in_ts[c] > last_ts) last_ts = in_ts[c];
    }
    p->run = run;
    p->n_run = n_run;
    p->q = (wr_time_queue){.span = span, .head = head, .tail = tail, .last_ts = last_ts, .next_due = due};
    p->o.n = n;
    p->o.n_chunks = k;
    if (c) p->in.tick_next = WR_MAX(p->in.tick_next, p->in.first_arrival + c);
    return c;
}

/* May `slide` be used? Times must also be far from where their sums would wrap. */
static bool can_slide(const pass *p) {
    const int64_t far = (int64_t)1 << 60;
    const weir_cycle *c = &p->cycle;
    return !p->in.chunk_end && !p->in.origin && !c->late && p->in.n && p->q.span > 0 && p->q.span < far &&
           c->clock[0] > -far && c->clock[c->n_arrivals - 1] < far;
}

static weir_status take_input(pass *p, weir_window *w, weir_error *err) {
    bool slides = can_slide(p);
    for (uint32_t c = 0, first = 0; c < p->in.n_chunks; c++) {
        weir_origin origin = weir_window_chunk_origin(&p->in, c);
        uint32_t end = wr_chunk_end_of(&p->in, c);
        WR_TRY(take_chunk(p, w, first, end, origin, err));
        first = end;
        if (!slides || p->q.head == p->q.tail) continue;
        oldest_ts(p, w); /* for `slide` to begin with */
        c = slide(p, c + 1) - 1;
        first = c + 1;
    }
    return fire_until(p, w, p->in.until, err);
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    time_window *t = self;
    pass p;
    if (!t->keeps) return wr_emit_input(w, err);
    begin_pass(&p, t, w);
    WR_TRY(make_room(&p, w, p.in.n, p.in.n_chunks, err));
    WR_TRY(take_input(&p, w, err));
    end_pass(&p, t, w);
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
