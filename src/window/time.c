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
    weir_window *w;
    weir_window_input *in;
    weir_window_output *o;
    const int64_t *run; /* timestamps from the oldest row on */
    uint32_t n_run;
    uint32_t next;     /* chunk of the input */
    uint32_t n_single; /* so many output chunks, the first ones, are a row each: their ends aren't written */
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
        if (p->in->notes_ticks) weir_window_note_tick(p->w, arrival, q->next_due);
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

/* The input up to row i is inside, the k oldest rows have left, and arrivals before this one are done with.
 */
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

/* The first arrival at which the whole run of timestamps at hand may be due. Before it, the search for a row
 * that is not due needs no bound. */
static uint32_t arrivals_for_run(const pass *p) {
    const weir_cycle *cycle = p->in->cycle;
    int64_t stop = wr_time_queue_due_of(&p->t->q, p->run[p->n_run - 1]);
    uint32_t low = p->in->tick_next, high = cycle->n_arrivals;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (cycle->clock[mid] < stop)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Arrivals up to this one, some of them without a row. */
static void slide_some(pass *p, uint32_t end) {
    weir_window_input *in = p->in;
    const weir_row_id head = p->t->q.head, tail = p->t->q.tail - p->next;
    const int64_t span = p->t->q.span, *run = p->run;
    weir_window_output o = *p->o;
    uint32_t i = p->next, k = 0, arrival = in->tick_next;
    for (; i < in->n && arrival < end; arrival++) {
        const int64_t now = in->cycle->clock[arrival];
        if (run[k] <= now - span) {
            if (in->notes_ticks) weir_window_note_tick(p->w, arrival, run[k] + span);
            do wr_put_row(&o, head + k, WEIR_EXPIRED, now);
            while (run[++k] <= now - span);
            wr_put_chunk_end(&o, WEIR_ORIGIN(arrival, in->rank, 0));
        }
        if (weir_origin_arrival(in->origin[i]) != arrival) continue;
        wr_put_row(&o, tail + i, WEIR_CURRENT, now);
        wr_put_chunk_end(&o, in->origin[i++]);
    }
    *p->o = o;
    advance(p, i, k, arrival);
}

static bool has_two_expired(const uint8_t *kind, uint32_t n) {
    uint8_t some = 0;
    for (uint32_t i = 1; i < n; i++) some |= (kind[i - 1] == WEIR_EXPIRED) & (kind[i] == WEIR_EXPIRED);
    return some;
}

/* Ends the chunks of output rows from `first` on: of each arrival the rows that left, and the row that came.
 */
static void end_chunks(pass *p, uint32_t first, uint32_t arrival) {
    weir_window_output *o = p->o;
    const uint8_t *kind = o->kind;
    uint32_t *chunk_end = o->chunk_end, c = o->n_chunks, n = o->n, rank = p->in->rank;
    if (!o->origin && c == first && !has_two_expired(kind + first, n - first)) {
        p->n_single = o->n_chunks = n;
        return;
    }
    for (uint32_t j = first; j < n; j++) {
        bool is_current = kind[j] == WEIR_CURRENT;
        chunk_end[c] = j + 1;
        if (o->origin) o->origin[c] = WEIR_ORIGIN(arrival, is_current ? WEIR_PHASE_EVENT : rank, 0);
        c += is_current || kind[j + 1] == WEIR_CURRENT; /* the last row is current */
        arrival += is_current;
    }
    o->n_chunks = c;
}

/* An expired row and a current one. */
static inline void put_pair(weir_row_id *id, int64_t *ts, uint8_t *kind, weir_row_id old, weir_row_id new,
                            int64_t now) {
    const weir_row_id ids[2] = {old, new};
    const int64_t times[2] = {now, now};
    static const uint8_t kinds[2] = {WEIR_EXPIRED, WEIR_CURRENT};
    memcpy(id, ids, sizeof ids);
    memcpy(ts, times, sizeof times);
    memcpy(kind, kinds, sizeof kinds);
}

/* Arrivals up to this one, each with a row. This is the loop that must be fast: all it needs fits into
 * registers, and chunks are ended afterwards. */
static void slide_all(pass *p, uint32_t end) {
    const weir_window_input *in = p->in;
    const uint32_t first = p->o->n, first_arrival = in->tick_next;
    const int64_t span = p->t->q.span, *run = p->run;
    const int64_t *clock = in->cycle->clock + first_arrival;
    const int64_t *clock_end = clock + WR_MIN(in->n - p->next, end - first_arrival);
    weir_row_id *id = p->o->id, old = p->t->q.head, new = p->t->q.tail;
    int64_t *ts = p->o->ts;
    uint8_t *kind = p->o->kind;
    uint32_t n = first;
    for (; clock < clock_end; clock++) {
        const int64_t now = *clock, horizon = now - span;
        if (*run <= horizon && run[1] > horizon) { /* one out, one in: the usual, with half the stores */
            put_pair(id + n, ts + n, kind + n, old++, new ++, now);
            n += 2;
            run++;
            continue;
        }
        for (; *run <= horizon; run++) {
            id[n] = old++;
            ts[n] = now;
            kind[n++] = WEIR_EXPIRED;
        }
        id[n] = new ++;
        ts[n] = now;
        kind[n++] = WEIR_CURRENT;
    }
    p->o->n = n;
    end_chunks(p, first, first_arrival);
    advance(p, p->next + (uint32_t)(new - p->t->q.tail), (uint32_t)(old - p->t->q.head),
            (uint32_t)(clock - in->cycle->clock));
}

/* Nobody reads the ends of chunks if all of them are a row each. */
static void write_single_ends(const pass *p) {
    if (p->o->n_chunks == p->o->n) return;
    for (uint32_t c = 0; c < p->n_single; c++) p->o->chunk_end[c] = c + 1;
}

static void slide(pass *p) {
    (void)oldest_ts(p); /* sees to it that there is a run */
    if (p->in->origin)
        slide_some(p, arrivals_for_run(p));
    else
        slide_all(p, arrivals_for_run(p));
}

/* ---- The whole ----------------------------------------------------------------------------------------- */

/* The rows that can leave in this call. */
static uint64_t count_due(const pass *p) {
    const wr_time_queue *q = &p->t->q;
    const weir_cycle *cycle = p->in->cycle;
    int64_t horizon = wr_time_queue_horizon(q, cycle->clock[cycle->n_arrivals - 1]);
    return wr_count_due(p->w, q->head, q->tail + p->in->n, horizon);
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
        if (steady) slide(&p);
    }
    fire_until(&p, p.in->until);
    write_single_ends(&p);
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
    return wr_time_queue_load(&((time_window *)self)->q, w, r, err);
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
    .slides = true,
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
