/* time.c: #window.time(t): the rows of the last t ms.
 *
 * Rows leave by the timer, in chunks of their own, before the row that moves the clock; a row that comes in
 * while older ones are due (it is late, or came from a timer) has them leave in its own chunk, before it.
 *
 * This is the window that must be fast: room for all that will leave is made beforehand, the timestamps of
 * the oldest rows are read straight from the store, and rows in order have a loop of their own. */
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
    const weir_window *w;
    weir_window_input *in;
    weir_window_output *o;
    const int64_t *run; /* timestamps from the oldest row on */
    uint32_t n_run;
    uint32_t next; /* chunk of the input */
} pass;

/* The timestamp of the oldest row, which there is. */
WR_INLINE int64_t oldest_ts(pass *p) {
    if (WR_UNLIKELY(!p->n_run)) p->run = weir_window_ts_run(p->w, p->t->q.head, &p->n_run);
    return *p->run;
}

/* ---- Chunks of any kind -------------------------------------------------------------------------------- */

/* Emits the rows that are due, oldest first, until one that isn't. */
static void expire(pass *p, int64_t now) {
    wr_time_queue *q = &p->t->q;
    int64_t horizon = wr_time_queue_horizon(q, now);
    while (q->head < q->tail && oldest_ts(p) <= horizon) {
        wr_put_row(p->o, q->head++, WEIR_EXPIRED, now);
        p->run++;
        p->n_run--;
    }
}

/* The timer, at each arrival before this point whose clock has reached it. */
static void fire_until(pass *p, weir_origin before) {
    wr_time_queue *q = &p->t->q;
    uint32_t arrival;
    while ((arrival = weir_window_next_tick(p->in, q->next_due, before)) != WEIR_NO_TICK) {
        uint32_t n = p->o->n;
        p->in->tick_next = arrival + 1;
        expire(p, p->in->cycle->clock[arrival]);
        q->next_due = q->head < q->tail ? wr_time_queue_due_of(q, oldest_ts(p)) : INT64_MAX;
        if (p->o->n > n) wr_put_chunk_end(p->o, weir_window_tick_origin(p->in, arrival));
    }
}

static void take_chunk(pass *p) {
    wr_time_queue *q = &p->t->q;
    uint32_t c = p->next++, i = c ? wr_chunk_end_of(p->in, c - 1) : 0;
    weir_origin origin = weir_window_chunk_origin(p->in, c);
    int64_t now = p->in->cycle->clock[weir_origin_arrival(origin)];
    if (now >= q->next_due) fire_until(p, origin);
    wr_pass_tick(p->in, origin);
    for (; i < wr_chunk_end_of(p->in, c); i++) {
        int64_t ts = p->in->ts[i];
        expire(p, now);
        wr_put_row(p->o, q->tail++, WEIR_CURRENT, ts);
        wr_time_queue_schedule_newest(q, ts);
    }
    wr_put_chunk_end(p->o, origin);
}

/* ---- Rows that come one by one, in order ----------------------------------------------------------------
 */

/* Each row came alone with an arrival of its own. */
static bool rows_are_arrivals(const weir_window_input *in) {
    if (in->chunk_end) return false;
    for (uint32_t i = 0; in->origin && i < in->n; i++)
        if (weir_origin_phase(in->origin[i]) != WEIR_PHASE_EVENT ||
            (i && weir_origin_arrival(in->origin[i]) == weir_origin_arrival(in->origin[i - 1])))
            return false;
    return true;
}

/* Rows have the time that the clock had when they came. */
static bool rows_are_on_time(const weir_window_input *in) {
    const int64_t *clock = in->cycle->clock;
    if (in->cycle->late) return false;
    if (!in->origin && in->ts == clock + in->first_arrival) return true;
    for (uint32_t i = 0; i < in->n; i++)
        if (in->ts[i] != clock[weir_origin_arrival(weir_window_chunk_origin(in, i))]) return false;
    return true;
}

/* The timer is set for the oldest row, as it is when none was late, and nothing overflows. */
static bool timer_is_for_oldest(pass *p) {
    const wr_time_queue *q = &p->t->q;
    const weir_window_input *in = p->in;
    int64_t due = q->head < q->tail ? wr_time_queue_due_of(q, oldest_ts(p)) : INT64_MAX;
    return q->span > 0 && q->next_due == due && in->ts[0] >= q->last_ts && in->ts[0] >= INT64_MIN + q->span &&
           in->ts[in->n - 1] <= INT64_MAX - q->span;
}

/* From a steady state on, at each arrival what is due leaves by the timer, then the row comes in, if the
 * arrival brought one, and the state is steady again. */
static bool is_steady(pass *p) {
    return p->next < p->in->n && rows_are_arrivals(p->in) && rows_are_on_time(p->in) &&
           timer_is_for_oldest(p);
}

/* Row i of the input is the next one, k of the oldest have left. */
static void advance(pass *p, uint32_t i, uint32_t k, uint32_t arrival) {
    wr_time_queue *q = &p->t->q;
    q->tail += i - p->next;
    q->head += k;
    q->last_ts = p->in->ts[i - 1];
    p->run += k;
    p->n_run -= k;
    q->next_due = q->head < q->tail ? wr_time_queue_due_of(q, *p->run) : INT64_MAX;
    p->next = i;
    p->in->tick_next = arrival;
}

/* Goes over arrivals until one at which the whole run of timestamps at hand would be due: before it, the
 * search for a row that is not due needs no bound. dense: each arrival has a row. The loop works on locals,
 * which a byte written to kind can't change. */
WR_INLINE void slide(pass *p, bool dense, bool with_origin) {
    const weir_window_input *in = p->in;
    const weir_row_id head = p->t->q.head, tail = p->t->q.tail - p->next;
    const int64_t span = p->t->q.span, *run = p->run, *clock = in->cycle->clock;
    const int64_t stop = wr_time_queue_due_of(&p->t->q, run[p->n_run - 1]);
    const uint32_t n_in = in->n;
    weir_window_output o = *p->o;
    uint32_t i = p->next, k = 0, arrival = in->tick_next;
    if (!with_origin) o.origin = NULL;
    for (; i < n_in && clock[arrival] < stop; arrival++) {
        const int64_t now = clock[arrival];
        if (run[k] <= now - span) {
            do wr_put_row(&o, head + k, WEIR_EXPIRED, now);
            while (run[++k] <= now - span);
            wr_put_chunk_end(&o, WEIR_ORIGIN(arrival, in->rank, 0));
        }
        if (!dense && weir_origin_arrival(in->origin[i]) != arrival) continue;
        wr_put_row(&o, tail + i, WEIR_CURRENT, now);
        wr_put_chunk_end(&o, weir_window_chunk_origin(in, i++));
    }
    p->o->n = o.n;
    p->o->n_chunks = o.n_chunks;
    advance(p, i, k, arrival);
}

static void slide_on(pass *p) {
    (void)oldest_ts(p); /* sees to it that there is a run */
    bool dense = !p->in->origin;
    if (p->o->origin)
        dense ? slide(p, true, true) : slide(p, false, true);
    else
        dense ? slide(p, true, false) : slide(p, false, false);
}

/* ---- The whole ----------------------------------------------------------------------------------------- */

/* The rows that leave by the end of the call are among the oldest, up to one that is not due by then. */
static uint64_t count_due(const pass *p) {
    const wr_time_queue *q = &p->t->q;
    const weir_cycle *cycle = p->in->cycle;
    int64_t horizon = wr_time_queue_horizon(q, cycle->clock[cycle->n_arrivals - 1]);
    weir_row_id id = q->head, end = q->tail + p->in->n;
    while (id < end) {
        uint32_t n, i = 0;
        const int64_t *ts = weir_window_ts_run(p->w, id, &n);
        while (i < n && ts[i] <= horizon) i++;
        id += i;
        if (i < n) break;
    }
    return id - q->head;
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    time_window *t = self;
    if (!t->keeps) return wr_emit_input(w, err);
    pass p = {.t = t, .w = w, .in = weir_window_get_input(w), .o = weir_window_get_output(w)};
    uint64_t n_due = count_due(&p), n_ticks = WR_MIN(n_due, p.in->cycle->n_arrivals);
    WR_TRY(weir_window_reserve(w, p.in->n + n_due, p.in->n_chunks + n_ticks, err));
    if (p.in->n) take_chunk(&p);
    bool steady = is_steady(&p);
    while (p.next < p.in->n_chunks) {
        take_chunk(&p);
        if (steady) slide_on(&p);
    }
    fire_until(&p, p.in->until);
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
