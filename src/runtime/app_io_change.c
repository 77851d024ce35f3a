/* app_io_change.c: another plan for an app that runs: which sources and sinks stay, go and come. */
#include "runtime/drain.h"
#include "plan/planner.h"
#include "state/writer.h"

#define MOST_TURNS 1000u /* in one settle: then the caller has a look at the world */

struct wr_io_change {
    wr_app_io *io;
    const wr_plan *plan;
    wr_connectors to;
    uint32_t n_feeds, n_drains; /* of `to`: so many have been handed over to */
};

/* ---- Opening ---- */

weir_status wr_app_io_prepare(wr_app_io *io, const wr_plan *plan, wr_io_wrong *wrong, void *ctx,
                              wr_io_change **out, weir_error *err) {
    *out = NULL;
    if ((io->is_running && !io->is_between) || io->has_failed) {
        weir_fail(err, WEIR_EAGAIN, "the app is ending, or goes back to its checkpoint just now");
        if (err) err->retriable = true;
        return WEIR_EAGAIN;
    }
    wr_io_change *c = wr_alloc_zero(NULL, sizeof *c);
    if (!c) return weir_fail(err, WEIR_ENOMEM, "out of memory for a changed app");
    c->io = io;
    c->plan = plan;
    weir_status st = wr_connectors_open(io, plan, &c->to, wrong, ctx, err);
    if (st == WEIR_OK)
        *out = c;
    else
        wr_io_change_free(c);
    return st;
}

static bool is_in(const wr_connectors *c, const wr_feed *f) {
    for (uint32_t i = 0; i < c->n_feeds; i++)
        if (c->feeds[i] == f) return true;
    return false;
}

static bool drain_is_in(const wr_connectors *c, const wr_drain *d) {
    for (uint32_t i = 0; i < c->n_drains; i++)
        if (c->drains[i] == d) return true;
    return false;
}

void wr_io_change_free(wr_io_change *c) {
    if (!c) return;
    for (uint32_t i = 0; i < c->io->n_feeds; i++) c->io->feeds[i]->is_leaving = false;
    wr_connectors_close(c->io, &c->to);
    wr_free(NULL, c, sizeof *c);
}

/* ---- Settling ---- */

/* A source that stays reads what the new plan wants too; only one without rows in hand can. */
static weir_status widen(wr_feed *f, const wr_io_change *c, uint32_t stream, bool *is_done, weir_error *err) {
    const bool *has = wr_source_wanted(f->source);
    weir_status st = WEIR_OK;
    bool *wanted = wr_alloc_zero(NULL, f->schema.n_attributes + 1), is_wider = false;
    if (!wanted) return weir_fail(err, WEIR_ENOMEM, "out of memory for a changed app");
    wr_plan_stream_needs(c->plan, stream, wanted);
    for (uint32_t i = 0; i < f->schema.n_attributes; i++) is_wider |= wanted[i] && !has[i];
    *is_done = !is_wider || !wr_feed_has_rows(f);
    if (is_wider && *is_done) st = wr_source_widen(f->source, wanted, err);
    wr_free(NULL, wanted, f->schema.n_attributes + 1);
    return st;
}

/* One that goes gives what it has in hand and no more. */
static bool has_left(wr_feed *f) {
    f->is_leaving = true;
    if (wr_feed_has_rows(f)) return false;
    if (f->state == WR_FEED_OPEN) f->state = WR_FEED_IDLE; /* nobody waits for its next row */
    return true;
}

static weir_status look(wr_app_io *io, const wr_io_change *c, bool *is_settled, weir_error *err) {
    *is_settled = !wr_inbox_arrivals(io->options.inbox);
    for (uint32_t i = 0; i < c->to.n_feeds; i++) {
        bool is_done = true;
        if (wr_io_has_feed(io, c->to.feeds[i]))
            WR_TRY(widen(c->to.feeds[i], c, c->to.feed_places[i].stream, &is_done, err));
        *is_settled &= is_done;
    }
    for (uint32_t i = 0; i < io->n_feeds; i++)
        if (!is_in(&c->to, io->feeds[i])) *is_settled &= has_left(io->feeds[i]);
    return WEIR_OK;
}

static weir_status later(weir_error *err) {
    weir_fail(err, WEIR_EAGAIN, "a sink is full: the app can't be changed just now");
    if (err) err->retriable = true;
    return WEIR_EAGAIN;
}

weir_status wr_app_io_settle(wr_app_io *io, wr_io_change *c, weir_error *err) {
    for (uint32_t n = 0; n < MOST_TURNS; n++) {
        bool is_settled;
        uint32_t n_rows;
        WR_TRY(look(io, c, &is_settled, err));
        if (is_settled) return WEIR_OK;
        if (!io->is_started) return weir_fail(err, WEIR_EUSAGE, "rows wait, but the app does not run");
        WR_TRY(wr_app_io_flush(io, err));
        if (wr_io_any_full(io)) return later(err);
        WR_TRY(wr_io_refill_all(io, err));
        WR_TRY(look(io, c, &is_settled, err)); /* what has run dry is widened before it is polled again */
        WR_TRY(wr_io_run_cycle(io, &n_rows, err));
        if (io->has_failed) return later(err);
    }
    return later(err);
}

weir_status wr_app_io_checkpoint(wr_app_io *io, weir_error *err) {
    return io->options.state_dir && io->is_started ? wr_io_checkpoint(io, err) : WEIR_OK;
}

/* ---- Handing over: the same transport, read or written another way ---- */

static wr_feed *feed_before(const wr_app_io *io, const wr_connectors *to, uint32_t i) {
    for (uint32_t k = 0; k < io->n_feeds; k++) {
        wr_feed *f = io->feeds[k];
        if (!is_in(to, f) && f->source && !strcmp(f->schema.stream, to->feeds[i]->schema.stream) &&
            wr_io_same_transport(f->plan, to->feeds[i]->plan))
            return f;
    }
    return NULL;
}

static wr_drain *drain_before(const wr_app_io *io, const wr_connectors *to, uint32_t i) {
    for (uint32_t k = 0; k < io->n_drains; k++) {
        wr_drain *d = io->drains[k];
        if (!drain_is_in(to, d) && wr_drain_has_sinks(d) &&
            !strcmp(d->schema.stream, to->drains[i]->schema.stream) &&
            wr_io_same_transport(d->plan, to->drains[i]->plan))
            return d;
    }
    return NULL;
}

static weir_status go_on_feed(wr_feed *f, const wr_plan *plan, const weir_writer *w, weir_error *err) {
    weir_reader r;
    wr_reader_init(&r, w->buf.data, w->buf.len);
    if (!f->source) WR_TRY(wr_feed_reopen(f, plan, err));
    WR_TRY(wr_source_load(f->source, &r, err));
    return wr_source_start(f->source, err);
}

/* `to` reads on where `from` stands, which is closed. When that fails, `from` goes on. */
static weir_status hand_feed_over(wr_feed *from, const wr_plan *of_from, wr_feed *to, const wr_plan *of_to,
                                  weir_error *err) {
    weir_writer w;
    wr_writer_init(&w);
    weir_status st = wr_source_save(from->source, from->io->epoch, &w, err);
    if (st == WEIR_OK) st = wr_writer_status(&w, err);
    if (st == WEIR_OK) {
        wr_source_close(from->source);
        from->source = NULL;
        st = go_on_feed(to, of_to, &w, err);
    }
    if (st != WEIR_OK && !from->source) {
        wr_source_close(to->source);
        to->source = NULL;
        (void)go_on_feed(from, of_from, &w, NULL);
    }
    wr_writer_fini(&w);
    return st;
}

static weir_status open_ways(wr_drain *d, const wr_plan *plan, weir_error *err) {
    for (uint32_t i = 0; i < d->n_ways; i++)
        if (!d->ways[i].sink) WR_TRY(wr_drain_open_way(d, &d->ways[i], plan, err));
    return WEIR_OK;
}

static weir_status go_on_drain(wr_drain *d, const wr_plan *plan, uint64_t epoch, const weir_writer *w,
                               weir_error *err) {
    weir_reader r;
    wr_reader_init(&r, w->buf.data, w->buf.len);
    WR_TRY(open_ways(d, plan, err));
    return wr_drain_start(d, epoch, &r, err);
}

/* `to` writes on behind what `from` wrote, which is committed and closed. When that fails, `from` goes on.
 * With exactly-once the checkpoint that was just taken has committed it, and sinks commit with checkpoints
 * only: the epoch that was begun then has nothing in it, and is begun once more. */
static weir_status hand_drain_over(wr_drain *from, const wr_plan *of_from, wr_drain *to, const wr_plan *of_to,
                                   weir_error *err) {
    weir_writer w;
    wr_writer_init(&w);
    bool is_exact = from->io->is_exact;
    uint64_t epoch = wr_sink_epoch(from->ways[0].sink) - is_exact;
    weir_status st = wr_drain_prepare(from, &w, err);
    if (st == WEIR_OK && !is_exact) st = wr_drain_commit(from, err);
    if (st == WEIR_OK) st = wr_writer_status(&w, err);
    if (st == WEIR_OK) {
        wr_drain_close_ways(from, false);
        st = go_on_drain(to, of_to, epoch, &w, err);
    }
    if (st != WEIR_OK && !wr_drain_has_sinks(from)) {
        wr_drain_close_ways(to, false);
        (void)go_on_drain(from, of_from, epoch, &w, NULL);
    }
    wr_writer_fini(&w);
    return st;
}

static weir_status begin_feed(wr_io_change *c, uint32_t i, weir_error *err) {
    wr_feed *f = c->to.feeds[i], *before = feed_before(c->io, &c->to, i);
    if (wr_io_has_feed(c->io, f)) return WEIR_OK;
    return before ? hand_feed_over(before, c->io->options.plan, f, c->plan, err)
                  : wr_source_start(f->source, err);
}

static weir_status begin_drain(wr_io_change *c, uint32_t i, weir_error *err) {
    wr_drain *d = c->to.drains[i], *before = drain_before(c->io, &c->to, i);
    if (wr_io_has_drain(c->io, d)) return WEIR_OK;
    if (before) return hand_drain_over(before, c->io->options.plan, d, c->plan, err);
    return wr_drain_join(d, c->io->epoch, err);
}

static weir_status begin_all(wr_io_change *c, weir_error *err) {
    for (; c->n_drains < c->to.n_drains; c->n_drains++) WR_TRY(begin_drain(c, c->n_drains, err));
    for (; c->n_feeds < c->to.n_feeds; c->n_feeds++) WR_TRY(begin_feed(c, c->n_feeds, err));
    return WEIR_OK;
}

/* ---- Back again, when something did not start ---- */

static weir_status take_back_feed(wr_io_change *c, wr_feed *old, weir_error *err) {
    for (uint32_t i = 0; i < c->n_feeds; i++) {
        wr_feed *f = c->to.feeds[i];
        if (!wr_io_has_feed(c->io, f) && f->source && !strcmp(f->schema.stream, old->schema.stream) &&
            wr_io_same_transport(f->plan, old->plan))
            return hand_feed_over(f, c->plan, old, c->io->options.plan, err);
    }
    return weir_fail(err, WEIR_ESTATE, "the source of '%s' can't be opened again", old->schema.stream);
}

static weir_status take_back_drain(wr_io_change *c, wr_drain *old, weir_error *err) {
    for (uint32_t i = 0; i < c->n_drains; i++) {
        wr_drain *d = c->to.drains[i];
        if (!wr_io_has_drain(c->io, d) && wr_drain_has_sinks(d) &&
            !strcmp(d->schema.stream, old->schema.stream) && wr_io_same_transport(d->plan, old->plan))
            return hand_drain_over(d, c->plan, old, c->io->options.plan, err);
    }
    return weir_fail(err, WEIR_ESTATE, "the sink of '%s' can't be opened again", old->schema.stream);
}

static weir_status take_back(wr_io_change *c, weir_error *err) {
    for (uint32_t i = 0; i < c->io->n_drains; i++)
        if (!wr_drain_has_sinks(c->io->drains[i])) WR_TRY(take_back_drain(c, c->io->drains[i], err));
    for (uint32_t i = 0; i < c->io->n_feeds; i++)
        if (!c->io->feeds[i]->source) WR_TRY(take_back_feed(c, c->io->feeds[i], err));
    return WEIR_OK;
}

/* ---- The change ---- */

static void close_gone(wr_io_change *c) {
    wr_app_io *io = c->io;
    for (uint32_t i = 0; i < io->n_feeds; i++)
        if (!is_in(&c->to, io->feeds[i])) wr_feed_free(io->feeds[i]);
    for (uint32_t i = 0; i < io->n_drains; i++) {
        weir_error own = {0};
        wr_drain *d = io->drains[i];
        if (drain_is_in(&c->to, d)) continue;
        if (wr_drain_free(d, d->is_open && io->is_started && !io->is_exact, &own) != WEIR_OK)
            wr_app_io_log(io, WEIR_LOG_ERROR, "%s", own.message);
    }
    wr_free(NULL, io->feeds, 0);
    wr_free(NULL, io->drains, 0);
}

weir_status wr_app_io_change(wr_app_io *io, wr_io_change *c, wr_task *task, wr_inbox *inbox,
                             weir_error *err) {
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < c->to.n_drains && st == WEIR_OK; i++) {
        uint32_t before = c->to.drains[i]->stream;
        c->to.drains[i]->stream = c->to.drain_places[i].stream;
        st = wr_drain_listen(c->to.drains[i], task, err);
        c->to.drains[i]->stream = before;
    }
    if (st == WEIR_OK && io->is_exact) st = wr_task_hold_stores(task, err);
    if (st == WEIR_OK && io->is_started) st = begin_all(c, err);
    if (st != WEIR_OK) {
        weir_error own = {0};
        if (take_back(c, &own) == WEIR_OK) return st;
        if (err) err->fatal = true;
        wr_app_io_log(io, WEIR_LOG_ERROR, "the app can't go on as it was: %s", own.message);
        return st;
    }
    close_gone(c);
    wr_connectors_take(io, &c->to);
    io->options.plan = c->plan;
    io->options.task = task;
    io->options.inbox = inbox;
    io->chain = (wr_chain_end){0};
    io->dirty = true;
    return WEIR_OK;
}
