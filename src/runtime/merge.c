/* merge.c: cycles out of what the sources gave: rows in the order in which the app sees them.
 *
 * In playback the rows of several sources are merged by event time: the earliest goes first, and a cycle ends
 * where a source that is still giving has run out of rows in hand (it may have an earlier one yet). On the
 * wall clock sources take turns. Each source's share of a cycle is a range of its rows, so nothing is copied.
 */
#include "base/clock.h"
#include "runtime/app_io_internal.h"

/* The cycle being put together. */
typedef struct merging {
    wr_app_io *io;
    int64_t *clock;
    uint8_t *late;
    uint32_t n, cap; /* arrivals */
    uint32_t n_rows;
    bool any_late;
    int64_t now;           /* the clock so far */
    uint32_t *first_chunk; /* by feed: of its share */
    weir_origin **origin;  /* by feed: of each chunk of its share */
    uint32_t *n_chunks;
} merging;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a cycle");
}

static weir_status merging_init(merging *m, wr_app_io *io, weir_error *err) {
    weir_arena *a = &io->cycle_arena;
    uint64_t cap = 0;
    memset(m, 0, sizeof *m);
    m->io = io;
    m->now = wr_task_clock(io->options.task);
    m->first_chunk = wr_arena_zero(a, io->n_feeds + 1, sizeof *m->first_chunk);
    m->origin = wr_arena_zero(a, io->n_feeds + 1, sizeof *m->origin);
    m->n_chunks = wr_arena_zero(a, io->n_feeds + 1, sizeof *m->n_chunks);
    if (!m->first_chunk || !m->origin || !m->n_chunks) return no_memory(err);
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        wr_feed *f = io->feeds[i];
        uint32_t left = f->batch.n_chunks - WR_MIN(f->next_chunk, f->batch.n_chunks);
        m->first_chunk[i] = f->next_chunk;
        m->origin[i] = wr_arena_array(a, left + 1, sizeof **m->origin);
        if (!m->origin[i]) return no_memory(err);
        cap += left;
    }
    m->cap = (uint32_t)WR_MIN(cap, (uint64_t)UINT32_MAX / 2);
    m->clock = wr_arena_array(a, m->cap + 1, sizeof *m->clock);
    m->late = wr_arena_array(a, m->cap + 1, 1);
    return m->clock && m->late ? WEIR_OK : no_memory(err);
}

/* Timestamp of the feed's next chunk: its last row's, which is what moves the clock. */
static int64_t next_ts(const wr_feed *f) {
    return f->batch.ts[weir_batch_chunk_end(&f->batch, f->next_chunk) - 1];
}

/* The feed whose row is next, and the timestamp up to which it stays so; UINT32_MAX: none, or one must be
 * asked first. */
static uint32_t pick(const wr_app_io *io, int64_t *until) {
    uint32_t best = UINT32_MAX;
    int64_t best_ts = INT64_MAX;
    *until = INT64_MAX;
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        const wr_feed *f = io->feeds[i];
        if (!wr_feed_has_rows(f)) {
            if (io->options.playback && f->state == WR_FEED_OPEN) return UINT32_MAX;
            continue;
        }
        int64_t ts = io->options.playback ? next_ts(f) : 0;
        if (best == UINT32_MAX || ts < best_ts) {
            *until = WR_MIN(*until, best_ts == INT64_MAX ? INT64_MAX : best_ts - 1);
            best = i;
            best_ts = ts;
        } else
            *until = WR_MIN(*until, ts);
    }
    return best;
}

static void take_chunk(merging *m, uint32_t feed, int64_t wall) {
    wr_feed *f = m->io->feeds[feed];
    int64_t ts = m->io->options.playback ? next_ts(f) : WR_MAX(wall, m->now);
    bool late = ts < m->now;
    m->now = WR_MAX(m->now, ts);
    m->any_late |= late;
    m->origin[feed][m->n_chunks[feed]++] = WEIR_ORIGIN(m->n, WEIR_PHASE_EVENT, 0);
    m->clock[m->n] = m->now;
    m->late[m->n++] = late;
    m->n_rows +=
        weir_batch_chunk_end(&f->batch, f->next_chunk) - weir_batch_chunk_begin(&f->batch, f->next_chunk);
    f->next_chunk++;
}

static void collect(merging *m) {
    wr_app_io *io = m->io;
    int64_t wall = wr_wall_ms(), until;
    uint32_t limit = io->options.batch_limit, feed;
    while (m->n_rows < limit && (feed = pick(io, &until)) != UINT32_MAX) {
        wr_feed *f = io->feeds[feed];
        do take_chunk(m, feed, wall);
        while (m->n_rows < limit && wr_feed_has_rows(f) && (!io->options.playback || next_ts(f) <= until));
    }
}

/* The share of a feed as a batch: chunks first..first+n-1 of what it has in hand. */
static weir_status share(merging *m, uint32_t feed, weir_batch *out, weir_error *err) {
    const weir_batch *b = &m->io->feeds[feed]->batch;
    uint32_t first = m->first_chunk[feed], n = m->n_chunks[feed];
    uint32_t begin = weir_batch_chunk_begin(b, first), end = weir_batch_chunk_end(b, first + n - 1);
    *out = *b;
    out->n_chunks = n;
    out->origin = n == m->n ? NULL : m->origin[feed]; /* all arrivals are this feed's: chunk i is arrival i */
    out->first_arrival = 0;
    if (!first && n == b->n_chunks) return WEIR_OK;
    weir_arena *a = &m->io->cycle_arena;
    uint32_t *sel = wr_arena_array(a, end - begin + 1, sizeof *sel),
             *chunk_end = wr_arena_array(a, n + 1, sizeof *chunk_end);
    if (!sel || !chunk_end) return no_memory(err);
    for (uint32_t row = begin; row < end; row++) sel[row - begin] = row;
    for (uint32_t c = 0; c < n; c++) chunk_end[c] = weir_batch_chunk_end(b, first + c);
    out->n_rows = end;
    out->sel = sel;
    out->n_sel = end - begin;
    out->chunk_end = chunk_end;
    return WEIR_OK;
}

static weir_status run(wr_app_io *io, const wr_task_input *inputs, uint32_t n, uint32_t n_arrivals,
                       const int64_t *clock, const uint8_t *late, uint32_t n_rows, weir_error *err) {
    int64_t begin = wr_monotonic_us();
    io->dirty = true;
    weir_status st = wr_task_run(io->options.task, inputs, n, n_arrivals, clock, late, err);
    if (n_rows && io->options.latency)
        wr_latency_add(io->options.latency, (uint64_t)(wr_monotonic_us() - begin), n_rows);
    return st;
}

/* Bad records that go to a fault stream wait in the inbox. */
weir_status wr_io_run_inbox(wr_app_io *io, weir_error *err) {
    wr_inbox *inbox = io->options.inbox;
    if (!wr_inbox_arrivals(inbox)) return WEIR_OK;
    wr_inbox_cycle c;
    wr_inbox_take(inbox, &c);
    weir_status st = run(io, c.inputs, c.n_inputs, c.n_arrivals, c.clock, c.late, wr_inbox_rows(inbox), err);
    wr_inbox_clear(inbox);
    return st;
}

weir_status wr_io_run_cycle(wr_app_io *io, uint32_t *n_rows, weir_error *err) {
    merging m;
    uint32_t n = 0;
    wr_arena_reset(&io->cycle_arena);
    WR_TRY(wr_io_run_inbox(io, err));
    WR_TRY(merging_init(&m, io, err));
    collect(&m);
    *n_rows = m.n_rows;
    if (!m.n) return WEIR_OK;
    wr_task_input *inputs = wr_arena_zero(&io->cycle_arena, io->n_feeds, sizeof *inputs);
    if (!inputs) return no_memory(err);
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        if (!m.n_chunks[i]) continue;
        inputs[n].stream = io->feeds[i]->stream;
        WR_TRY(share(&m, i, &inputs[n++].batch, err));
    }
    return run(io, inputs, n, m.n, m.clock, m.any_late ? m.late : NULL, m.n_rows, err);
}

weir_status wr_io_run_tick(wr_app_io *io, int64_t clock, weir_error *err) {
    clock = WR_MAX(clock, wr_task_clock(io->options.task));
    return run(io, NULL, 0, 1, &clock, NULL, 0, err);
}
