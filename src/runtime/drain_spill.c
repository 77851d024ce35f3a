/* drain_spill.c: rows of a sink that go through files; see drain.h and state/spill.h.
 *
 * A row is added to the files, and handed to the sink at once if nothing waits before it. What the sink was
 * handed counts as delivered when its prepare() succeeds, at a checkpoint. A sink that is down or slow does
 * not take part in a checkpoint: the marks in it say what is still to be sent, again where it is not sure. */
#include <stdio.h>

#include "base/clock.h"
#include "io/options.h"
#include "runtime/drain.h"
#include "state/writer.h"

#define SEND_MOST        64u /* batches in a turn */
#define FIRST_PAUSE_MS   1000
#define LONGEST_PAUSE_MS 30000
#define SMALLEST_SPILL   ((int64_t)64 << 10)

weir_status wr_drain_open_spill(wr_drain *d, weir_error *err) {
    wr_app_io *io = d->io;
    int64_t bytes;
    char name[512];
    if (!wr_parse_bytes(d->plan->spill, &bytes) || bytes < SMALLEST_SPILL) {
        weir_fail(err, WEIR_ECONFIG, "spill is '%.40s', which is no number of bytes from 64 kB on",
                  d->plan->spill);
        if (err) snprintf(err->hint, sizeof err->hint, "write spill='256 MB'");
        return WEIR_ECONFIG;
    }
    snprintf(name, sizeof name, "%.200s-%.200s-%u", io->options.app_name, d->schema.stream, d->number);
    return wr_spill_new(io->options.state_dir ? io->options.state_dir : ".", name, (size_t)bytes, &d->spill,
                        err);
}

static void read_mark(weir_reader *r, wr_spill_mark *m) {
    m->segment = (uint64_t)weir_read_i64(r);
    m->at = (uint64_t)weir_read_i64(r);
    m->rows = (uint64_t)weir_read_i64(r);
    m->bytes = (uint64_t)weir_read_i64(r);
}

static void write_mark(weir_writer *w, wr_spill_mark m) {
    weir_write_i64(w, (int64_t)m.segment);
    weir_write_i64(w, (int64_t)m.at);
    weir_write_i64(w, (int64_t)m.rows);
    weir_write_i64(w, (int64_t)m.bytes);
}

/* saved is at the word that says whether the checkpoint knows of spilled rows. */
weir_status wr_drain_spill_start(wr_drain *d, wr_spill_start_mode mode, weir_reader *saved, weir_error *err) {
    wr_spill_mark marks[2] = {{0}, {0}};
    bool was_there = saved && weir_read_u32(saved) != 0;
    if (was_there) read_mark(saved, &marks[0]), read_mark(saved, &marks[1]);
    if (saved) WR_TRY(weir_reader_status(saved, err));
    uint64_t n = was_there && marks[1].rows > marks[0].rows ? marks[1].rows - marks[0].rows : 0;
    if (!d->spill && n) {
        weir_fail(err, WEIR_ESTATE,
                  "%llu rows for sink '%s' of stream '%s' wait on disk, and it has no spill any more",
                  (unsigned long long)n, d->plan->type, d->schema.stream);
        if (err) snprintf(err->hint, sizeof err->hint, "write spill='…' again until they are sent");
        return WEIR_ESTATE;
    }
    if (!d->spill) return WEIR_OK;
    if (!d->io->options.state_dir) {
        weir_fail(err, WEIR_ECONFIG, "spill of sink '%s' needs a directory for its files", d->plan->type);
        if (err) snprintf(err->hint, sizeof err->hint, "weir run --state DIR");
        return WEIR_ECONFIG;
    }
    if (mode == WR_SPILL_SAVED && !was_there) mode = WR_SPILL_EMPTY;
    WR_TRY(wr_spill_start(d->spill, mode, marks, err));
    n = wr_drain_undelivered(d);
    if (n)
        wr_app_io_log(d->io, WEIR_LOG_INFO,
                      "sink '%s' of stream '%s': %llu rows that wait on disk are sent now", d->plan->type,
                      d->schema.stream, (unsigned long long)n);
    return WEIR_OK;
}

/* ---- Sending ---- */

bool wr_drain_has_backlog(const wr_drain *d) {
    return d->spill && wr_spill_sent(d->spill).bytes != wr_spill_tail(d->spill).bytes;
}

static bool can_take(const wr_drain *d) {
    const wr_way *w = &d->ways[0];
    return w->is_open && !w->is_down && !wr_sink_is_full(w->sink);
}

/* Into the sink. Whatever it says, the rows are in its hands then, or nobody's. */
static weir_status hand_over(wr_drain *d, wr_way *w, const weir_batch *rows, weir_error *err) {
    weir_error own = {0};
    weir_status st = wr_sink_take(w->sink, rows, &own);
    if (st == WEIR_ENOMEM && err) *err = own;
    if (st == WEIR_ENOMEM) return st;
    if (st == WEIR_EVALUE && rows->n_sel > 1) return wr_drain_one_by_one(d, w, rows, hand_over, err);
    if (st != WEIR_OK) { /* they can't be written */
        wr_drain_give_up(d, rows, &own);
        return WEIR_OK;
    }
    st = wr_sink_push(w->sink, &own);
    if (st == WEIR_OK || st == WEIR_EAGAIN) return WEIR_OK;
    return wr_drain_on_failure(d, w, NULL, &own, err);
}

weir_status wr_drain_spill_write(wr_drain *d, const weir_batch *rows, weir_error *err) {
    bool at_once = !wr_drain_has_backlog(d) && can_take(d);
    WR_TRY(wr_spill_add(d->spill, rows, err));
    if (!at_once) return WEIR_OK;
    WR_TRY(hand_over(d, &d->ways[0], rows, err));
    wr_spill_skip_all(d->spill);
    return WEIR_OK;
}

/* Files of another life may be of a stream that had other attributes. */
static bool fits(const wr_drain *d, const weir_batch *rows) {
    bool same = rows->n_cols == d->schema.n_attributes;
    for (uint32_t i = 0; same && i < rows->n_cols; i++)
        same = rows->cols[i].type == d->schema.attributes[i].type;
    return same;
}

weir_status wr_drain_spill_send(wr_drain *d, weir_error *err) {
    weir_arena arena;
    weir_status st = WEIR_OK;
    wr_arena_init(&arena, d->io->options.account);
    for (uint32_t i = 0; i < SEND_MOST && st == WEIR_OK && wr_drain_has_backlog(d) && can_take(d); i++) {
        weir_batch rows;
        weir_error other = {.message = "they were spilled when the stream had other attributes"};
        wr_arena_reset(&arena);
        st = wr_spill_next(d->spill, &arena, &rows, err);
        if (st == WEIR_OK && !fits(d, &rows))
            wr_drain_give_up(d, &rows, &other);
        else if (st == WEIR_OK)
            st = hand_over(d, &d->ways[0], &rows, err);
        if (st == WEIR_OK) wr_spill_skip(d->spill);
    }
    wr_arena_fini(&arena);
    return st;
}

bool wr_drain_spill_has_more(const wr_drain *d) { return wr_drain_has_backlog(d) && can_take(d); }

/* ---- Epochs ---- */

uint64_t wr_drain_undelivered(const wr_drain *d) {
    return d->spill ? wr_spill_tail(d->spill).rows - wr_spill_safe(d->spill).rows : 0;
}

/* One that says that its other side is away is not asked. One that is full is slow, and would be waited for:
 * only when there is nothing else to do. */
static bool may_prepare(const wr_drain *d) {
    const wr_way *w = &d->ways[0];
    if (!w->is_open || w->is_down || wr_monotonic_ms() < d->next_prepare_ms) return false;
    if (*wr_sink_state(w->sink)) return false;
    return !wr_sink_is_full(w->sink) || wr_spill_is_full(d->spill);
}

bool wr_drain_spill_wants_checkpoint(const wr_drain *d) {
    return d->spill && may_prepare(d) && wr_spill_is_full(d->spill) &&
           wr_spill_sent(d->spill).bytes != wr_spill_safe(d->spill).bytes;
}

static void note_prepared(wr_drain *d, bool worked) {
    d->spill_is_in = worked;
    d->prepare_pause_ms = worked                ? 0
                          : d->prepare_pause_ms ? WR_MIN(d->prepare_pause_ms * 2, LONGEST_PAUSE_MS)
                                                : FIRST_PAUSE_MS;
    d->next_prepare_ms = worked ? 0 : wr_monotonic_ms() + d->prepare_pause_ms;
}

weir_status wr_drain_spill_prepare(wr_drain *d, weir_writer *w, weir_error *err) {
    weir_error own = {0};
    WR_TRY(wr_spill_sync(d->spill, err));
    d->spill_is_in = may_prepare(d);
    size_t before = w ? w->buf.len : 0;
    if (w) weir_write_u32(w, d->spill_is_in);
    if (d->spill_is_in) {
        weir_status st = wr_sink_prepare(d->ways[0].sink, w, &own);
        if (st != WEIR_OK && !own.retriable) {
            if (err) *err = own;
            return st;
        }
        note_prepared(d, st == WEIR_OK);
        if (st == WEIR_OK) wr_spill_deliver(d->spill);
        if (st != WEIR_OK && w) { /* as if it had not been asked */
            w->buf.len = before;
            weir_write_u32(w, 0);
        }
    }
    if (!w) return WEIR_OK;
    weir_write_u32(w, 1);
    write_mark(w, wr_spill_safe(d->spill));
    write_mark(w, wr_spill_tail(d->spill));
    return WEIR_OK;
}

weir_status wr_drain_spill_commit(wr_drain *d, weir_error *err) {
    if (d->spill_is_in) WR_TRY(wr_sink_commit(d->ways[0].sink, err));
    wr_spill_trim(d->spill);
    return WEIR_OK;
}
