/* app_io_run.c: the loop of an app with sources: poll, run a cycle, push sinks, take checkpoints, wait. */
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/drain.h"

#define LONGEST_WAIT_MS 1000
#define WATCHED_WAIT_MS 250 /* with an on_turn */
#define FULL_WAIT_MS    50
#define END_LINE_MS     10000

weir_status wr_io_refill_all(wr_app_io *io, weir_error *err) {
    for (uint32_t i = 0; i < io->n_feeds; i++) WR_TRY(wr_feed_refill(io->feeds[i], err));
    return WEIR_OK;
}

/* Sources that the engine's own sinks feed end with the others: nothing comes any more once those have ended
 * and a turn has brought nothing. */
static bool all_ended(const wr_app_io *io) {
    bool any_outside = false, open_inside = false;
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        const wr_feed *f = io->feeds[i];
        bool is_open = f->state != WR_FEED_ENDED;
        if (wr_feed_has_rows(f) || (is_open && !f->type->is_internal)) return false;
        any_outside |= !f->type->is_internal;
        open_inside |= is_open;
    }
    return io->n_feeds > 0 && (any_outside || !open_inside);
}

bool wr_io_any_full(const wr_app_io *io) {
    for (uint32_t i = 0; i < io->n_drains; i++)
        if (wr_drain_is_full(io->drains[i])) return true;
    return false;
}

/* Rows on disk, perhaps with a sink that takes some now. */
static bool any_spilled(const wr_app_io *io, bool *has_more) {
    bool any = false;
    *has_more = false;
    for (uint32_t i = 0; i < io->n_drains; i++) {
        any |= wr_drain_has_backlog(io->drains[i]);
        *has_more |= wr_drain_spill_has_more(io->drains[i]);
    }
    return any;
}

/* A full sink would be waited for. One that spills need not be, and makes room by the checkpoint. */
static bool any_in_the_way(const wr_app_io *io) {
    for (uint32_t i = 0; i < io->n_drains; i++)
        if (!io->drains[i]->spill && wr_drain_is_full(io->drains[i])) return true;
    return false;
}

/* Fires what is due on the wall clock, or moves an idle playback clock on. */
static weir_status tick(wr_app_io *io, weir_error *err) {
    const wr_plan *p = io->options.plan;
    int64_t wall = wr_wall_ms(), now = wr_monotonic_ms();
    if (!io->options.playback)
        return wr_task_next_due(io->options.task) <= wall ? wr_io_run_tick(io, wall, err) : WEIR_OK;
    if (!p->idle_ms || now - io->last_event_ms < p->idle_ms || !wr_task_clock(io->options.task))
        return WEIR_OK;
    io->last_event_ms = now;
    return wr_io_run_tick(io, wr_task_clock(io->options.task) + p->increment_ms, err);
}

static bool is_wanted(const wr_app_io *io) {
    if (wr_task_wants_commit(io->options.task)) return true;
    for (uint32_t i = 0; i < io->n_feeds; i++)
        if (wr_source_wants_checkpoint(io->feeds[i]->source)) return true;
    for (uint32_t i = 0; i < io->n_drains; i++)
        if (wr_drain_spill_wants_checkpoint(io->drains[i])) return true;
    return false;
}

/* A source that keeps its own positions: acknowledging is worth the while without a state directory too. */
static bool any_acks(const wr_app_io *io) {
    for (uint32_t i = 0; i < io->n_feeds; i++)
        if (io->feeds[i]->type->ack) return true;
    return false;
}

/* The period says when, unless a sink's transaction would not last that long. */
static int64_t next_checkpoint_ms(const wr_app_io *io) {
    int64_t next = io->next_checkpoint_ms;
    for (uint32_t i = 0; io->options.state_dir && i < io->n_drains; i++)
        next = WR_MIN(next, wr_drain_commit_by_ms(io->drains[i]));
    return next;
}

static int64_t shorter(int64_t wait, int64_t other) { return WR_MIN(wait, WR_MAX(other, 0)); }

/* How long nothing can be due, in ms. While a sink is full, neither sources nor checkpoints have their turn.
 */
static int64_t longest_wait(const wr_app_io *io) {
    int64_t wait = io->options.on_turn ? WATCHED_WAIT_MS : LONGEST_WAIT_MS, now = wr_monotonic_ms();
    if (!io->options.playback) {
        int64_t due = wr_task_next_due(io->options.task);
        if (due != INT64_MAX) wait = due == INT64_MIN ? 0 : shorter(wait, due - wr_wall_ms());
    } else if (io->options.plan->idle_ms)
        wait = shorter(wait, io->last_event_ms + io->options.plan->idle_ms - now);
    for (uint32_t i = 0; i < io->n_drains; i++) {
        int64_t retry = wr_drain_retry_ms(io->drains[i]);
        if (retry != INT64_MAX) wait = shorter(wait, retry - now);
    }
    bool has_more;
    if (any_spilled(io, &has_more)) wait = has_more ? 0 : shorter(wait, FULL_WAIT_MS);
    if (wr_io_any_full(io)) return WR_MIN(wait, FULL_WAIT_MS);
    if (is_wanted(io)) return 0;
    if (io->dirty) wait = shorter(wait, next_checkpoint_ms(io) - now);
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        const wr_feed *f = io->feeds[i];
        if (f->state == WR_FEED_ENDED) continue;
        int64_t of_source = f->retry_ms ? f->retry_ms - now : wr_source_wait_ms(f->source);
        if (of_source >= 0) wait = shorter(wait, of_source);
    }
    return wait;
}

static void add_fd(struct pollfd *fds, nfds_t *n, int fd, short events) {
    if (fd >= 0) fds[(*n)++] = (struct pollfd){.fd = fd, .events = events};
}

static void add_full_ways(const wr_drain *d, struct pollfd *fds, nfds_t *n) {
    for (uint32_t i = 0; i < d->n_ways; i++)
        if (d->ways[i].is_open && !d->ways[i].is_down && wr_sink_is_full(d->ways[i].sink))
            add_fd(fds, n, wr_sink_wake_fd(d->ways[i].sink), POLLIN | POLLOUT);
}

static nfds_t n_ways(const wr_app_io *io) {
    nfds_t n = 0;
    for (uint32_t i = 0; i < io->n_drains; i++) n += io->drains[i]->n_ways;
    return n;
}

/* It waits for room, not for something to do. */
static bool has_work(const wr_app_io *io) {
    bool has = wr_io_any_full(io) || io->n_faults || wr_inbox_arrivals(io->options.inbox);
    for (uint32_t i = 0; i < io->n_feeds; i++) has |= wr_feed_has_rows(io->feeds[i]);
    return has;
}

static weir_status wait_for_something(wr_app_io *io, weir_error *err) {
    int64_t wait = longest_wait(io);
    if (!wait) return WEIR_OK;
    /* Not in the cycle's arena: while a sink is full there is no cycle that would reset it. */
    struct pollfd *fds = wr_alloc(NULL, (1 + io->n_feeds + n_ways(io)) * sizeof *fds);
    nfds_t n = 0;
    if (!fds) return weir_fail(err, WEIR_ENOMEM, "out of memory for waiting");
    add_fd(fds, &n, io->wake_fd[0], POLLIN);
    for (uint32_t i = 0; i < io->n_feeds && !wr_io_any_full(io); i++)
        if (io->feeds[i]->state != WR_FEED_ENDED && !io->feeds[i]->retry_ms)
            add_fd(fds, &n, wr_source_wake_fd(io->feeds[i]->source), POLLIN);
    for (uint32_t i = 0; i < io->n_drains; i++) add_full_ways(io->drains[i], fds, &n);
    wr_io_set_working(io, has_work(io));
    poll(fds, n, (int)wait);
    wr_free(NULL, fds, 0);
    wr_io_set_working(io, true);
    char drop[64];
    while (read(io->wake_fd[0], drop, sizeof drop) > 0) continue;
    return WEIR_OK;
}

/* What sinks have taken is delivered, or has come back and gone where on.error says: to a fault stream, whose
 * rows may fail in turn. Those of a stream that feeds itself are left for later. */
static weir_status settle(wr_app_io *io, weir_error *err) {
    for (uint32_t round = 0; round <= io->options.plan->n_streams; round++) {
        for (uint32_t i = 0; i < io->n_drains; i++)
            for (uint32_t k = 0; k < io->drains[i]->n_ways; k++)
                WR_TRY(wr_drain_settle(io->drains[i], &io->drains[i]->ways[k], err));
        if (!io->n_faults) break;
        WR_TRY(wr_app_io_move_faults(io, err));
        WR_TRY(wr_io_run_inbox(io, err));
        WR_TRY(wr_app_io_flush(io, err));
    }
    return WEIR_OK;
}

static weir_status checkpoint_if_due(wr_app_io *io, weir_error *err) {
    bool wanted = is_wanted(io);
    wr_io_ask_sinks(io);
    if (!wanted && wr_monotonic_ms() < next_checkpoint_ms(io)) return WEIR_OK;
    io->next_checkpoint_ms = wr_monotonic_ms() + io->options.checkpoint_ms;
    if ((!io->dirty && !wanted) || (!io->options.state_dir && !any_acks(io))) return WEIR_OK;
    weir_error own = {0};
    weir_status st = settle(io, &own);
    if (st == WEIR_OK) st = io->options.state_dir ? wr_io_checkpoint(io, &own) : wr_io_acknowledge(io, &own);
    if (st == WEIR_OK) return WEIR_OK;
    if (own.retriable && !io->is_exact) { /* the outside is away: the rows wait, and so does the checkpoint */
        wr_app_io_log(io, WEIR_LOG_WARN, "no checkpoint now: %s", own.message);
        return WEIR_OK;
    }
    if (err) *err = own;
    return st;
}

/* What pushes is told to stop while there is no room for it, and to go on. */
static void pause_or_resume(wr_app_io *io) {
    bool is_full = wr_io_any_full(io);
    if (is_full == io->is_paused) return;
    io->is_paused = is_full;
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        if (is_full)
            wr_source_pause(io->feeds[i]->source);
        else
            wr_source_resume(io->feeds[i]->source);
    }
}

/* One turn: *did tells whether rows moved. A checkpoint is taken between the flush and new rows, when nothing
 * waits in the sinks: it need not wait for a reader of the output that takes its time. */
static weir_status turn(wr_app_io *io, bool *did, weir_error *err) {
    uint32_t n_rows = 0;
    WR_TRY(wr_app_io_flush(io, err));
    pause_or_resume(io); /* now: a source that is still paused would look as if it had nothing */
    WR_TRY(wr_app_io_move_faults(io, err));
    if (!any_in_the_way(io)) WR_TRY(checkpoint_if_due(io, err));
    WR_TRY(tick(io, err));
    if (!wr_io_any_full(io)) {
        WR_TRY(wr_io_refill_all(io, err));
        WR_TRY(wr_io_run_cycle(io, &n_rows, err));
    }
    if (n_rows) io->last_event_ms = wr_monotonic_ms();
    *did = n_rows > 0;
    if (io->has_failed && err) *err = io->failure;
    return io->has_failed ? io->failure.code : WEIR_OK;
}

/* With exactly-once, what failed and may be tried again is undone: the app goes back to its checkpoint. While
 * that is not possible either, it is tried again and again. */
static weir_status go_back(wr_app_io *io, const atomic_bool *stop, weir_status st, weir_error *err) {
    while (st != WEIR_OK && st != WEIR_ENOMEM && io->is_exact && err->retriable && !atomic_load(stop)) {
        wr_app_io_log(io, WEIR_LOG_WARN, "going back to the last checkpoint: %s", err->message);
        weir_error own = {0};
        st = wr_io_rewind(io, &own);
        *err = own;
        struct pollfd wake = {.fd = io->wake_fd[0], .events = POLLIN};
        if (st != WEIR_OK) poll(&wake, 1, LONGEST_WAIT_MS);
        if (io->options.on_turn) io->options.on_turn(io->options.on_turn_ctx);
    }
    return st;
}

/* Until the sinks have handed on everything. A reader may be as slow as it likes, unless a stop was asked
 * for: then what is left has the time that a commit takes. What is on disk may stay there. */
static weir_status drain(wr_app_io *io, const atomic_bool *stop, weir_error *err) {
    int64_t give_up = wr_monotonic_ms() + io->options.drain_ms;
    for (;;) {
        bool has_more;
        WR_TRY(wr_app_io_flush(io, err));
        bool spills = any_spilled(io, &has_more) && wr_monotonic_ms() < give_up;
        if ((!any_in_the_way(io) && !spills) || atomic_load(stop)) return WEIR_OK;
        if (spills && !any_in_the_way(io)) WR_TRY(checkpoint_if_due(io, err));
        if (io->options.on_turn) io->options.on_turn(io->options.on_turn_ctx);
        WR_TRY(wait_for_something(io, err));
    }
}

/* Without checkpoints there is one epoch, committed at the end. */
static weir_status commit(wr_app_io *io, weir_error *err) {
    for (uint32_t i = 0; i < io->n_drains; i++) {
        WR_TRY(wr_drain_prepare(io->drains[i], NULL, err));
        WR_TRY(wr_drain_commit(io->drains[i], err));
    }
    return WEIR_OK;
}

static weir_status end_epoch(wr_app_io *io, weir_error *err) {
    if (!io->options.state_dir) return any_acks(io) ? wr_io_acknowledge(io, err) : commit(io, err);
    if (io->dirty) WR_TRY(wr_io_checkpoint(io, err));
    return io->dirty ? wr_io_checkpoint(io, err) : WEIR_OK; /* a sink wanted one more */
}

/* Everything is safe, but rows may be on disk yet: then the next run sends them, which is an error unless a
 * stop was asked for. */
static weir_status check_spilled(wr_app_io *io, const atomic_bool *stop, weir_error *err) {
    for (uint32_t i = 0; i < io->n_drains; i++) {
        wr_drain *d = io->drains[i];
        unsigned long long n = wr_drain_undelivered(d);
        if (!n) continue;
        d->next_prepare_ms = 0;
        io->dirty = true;
        weir_fail(err, WEIR_EIO, "%llu rows for sink '%s' of stream '%s' wait on disk for the next run", n,
                  d->plan->type, d->schema.stream);
        err->retriable = true;
        if (!atomic_load(stop)) return WEIR_EIO;
        wr_app_io_log(io, WEIR_LOG_INFO, "%s", err->message);
    }
    return WEIR_OK;
}

/* A sink whose other side is away or slow is waited for, for drain_ms at most; not when a stop was asked for.
 */
static weir_status end_epoch_in_time(wr_app_io *io, const atomic_bool *stop, weir_error *err) {
    int64_t give_up = wr_monotonic_ms() + io->options.drain_ms, next_line = 0;
    for (;;) {
        weir_error own = {0};
        weir_status st =
            wr_app_io_flush(io, &own); /* a sink that was full may have room, and is asked again */
        if (st == WEIR_OK) st = settle(io, &own);
        if (st == WEIR_OK) st = end_epoch(io, &own);
        if (st == WEIR_OK) st = check_spilled(io, stop, &own);
        int64_t now = wr_monotonic_ms();
        if (st == WEIR_OK) return st;
        if (!own.retriable || io->is_exact || atomic_load(stop) || now >= give_up) {
            if (err) *err = own;
            return st;
        }
        if (now >= next_line) wr_app_io_log(io, WEIR_LOG_WARN, "the end waits: %s", own.message);
        if (now >= next_line) next_line = now + END_LINE_MS;
        struct pollfd wake = {.fd = io->wake_fd[0], .events = POLLIN};
        poll(&wake, 1, WATCHED_WAIT_MS);
        if (io->options.on_turn) io->options.on_turn(io->options.on_turn_ctx);
    }
}

static weir_status run_rows_in_hand(wr_app_io *io, weir_error *err) {
    for (uint32_t n_rows = 1; n_rows;) {
        bool idle = true;
        for (uint32_t i = 0; i < io->n_feeds; i++) {
            if (io->feeds[i]->state == WR_FEED_OPEN) io->feeds[i]->state = WR_FEED_IDLE;
            idle &= !wr_feed_has_rows(io->feeds[i]);
        }
        n_rows = 0;
        if (!idle || wr_inbox_arrivals(io->options.inbox)) WR_TRY(wr_io_run_cycle(io, &n_rows, err));
    }
    return WEIR_OK;
}

/* Rows in hand are not thrown away when a stop is asked for. A checkpoint keeps them: the next run merges
 * them with what the other sources would have given before them. Without one they are run. */
static weir_status finish(wr_app_io *io, const atomic_bool *stop, weir_error *err) {
    bool keeps_rows = io->options.state_dir && !all_ended(io);
    if (keeps_rows)
        io->dirty = true;
    else
        WR_TRY(run_rows_in_hand(io, err));
    WR_TRY(drain(io, stop, err));
    if (io->n_faults) { /* what could not be sent goes to its fault stream yet */
        WR_TRY(wr_app_io_move_faults(io, err));
        WR_TRY(wr_io_run_inbox(io, err));
        WR_TRY(drain(io, stop, err));
    }
    return end_epoch_in_time(io, stop, err);
}

static weir_status run_to_the_end(wr_app_io *io, const atomic_bool *stop, weir_error *err) {
    bool has_ended = false;
    while (!atomic_load(stop) && !has_ended) {
        bool did = false;
        WR_TRY(go_back(io, stop, turn(io, &did, err), err));
        io->is_between = true;
        if (io->options.on_turn) io->options.on_turn(io->options.on_turn_ctx);
        io->is_between = false;
        has_ended = !did && !wr_io_any_full(io) && all_ended(io);
        if (!did && !has_ended && !atomic_load(stop)) WR_TRY(wait_for_something(io, err));
    }
    return WEIR_OK;
}

/* With exactly-once the end is undone like all else: sources that have ended go back with the others. */
static weir_status run(wr_app_io *io, const atomic_bool *stop, weir_error *err) {
    for (;;) {
        WR_TRY(run_to_the_end(io, stop, err));
        weir_status st = finish(io, stop, err);
        if (st == WEIR_OK || !io->is_exact || atomic_load(stop)) return st;
        WR_TRY(go_back(io, stop, st, err));
    }
}

weir_status wr_app_io_run(wr_app_io *io, atomic_bool *stop, weir_error *err) {
    if (!io->is_started) return weir_fail(err, WEIR_EUSAGE, "sources and sinks have not been started");
    weir_error own;
    io->is_running = true;
    wr_io_set_working(io, true);
    weir_status st = run(io, stop, err ? err : &own);
    io->is_running = false;
    wr_io_set_working(io, false);
    return st;
}
