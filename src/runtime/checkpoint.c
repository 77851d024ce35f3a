/* checkpoint.c: consistent cuts of an app: the task's state, the sources' positions, what the sinks need.
 *
 *   APP section: epoch | one FEED section a source | one SINK section a sink | TASK section, or its changes
 *
 * Most checkpoints hold of the task what has changed since the one before (state/chain.h); the rest is small.
 *
 * Order of a checkpoint: sinks prepare, the file becomes durable, sinks commit, sources acknowledge. A crash
 * before the file is durable goes back to the one before; a crash after it commits what was prepared. A sink
 * with a transaction of its brokers (enlist) can't promise that: its commit decides, so it comes first, here
 * and when a checkpoint is loaded; the others have done nothing yet that could not be undone. */
#include <stdio.h>

#include "runtime/drain.h"
#include "state/chain.h"

#define TAG_APP      WR_TAG('A', 'P', 'P', ' ')
#define TAG_FEED     WR_TAG('F', 'E', 'E', 'D')
#define TAG_SINK     WR_TAG('S', 'I', 'N', 'K')
#define VERSION      1u
#define SINK_VERSION 3u /* 2: without what is spilled; 1: one place, without a word before it */

static weir_status save_feed(wr_app_io *io, wr_feed *f, weir_writer *w, weir_error *err) {
    weir_status st = WEIR_OK;
    wr_writer_begin_section(w, TAG_FEED, VERSION);
    wr_write_text(w, f->schema.stream);
    wr_write_text(w, f->plan->type);
    wr_feed_save(f, io->epoch, w, &st, err);
    wr_writer_end_section(w);
    return st;
}

static weir_status save_drain(wr_drain *d, weir_writer *w, weir_error *err) {
    wr_writer_begin_section(w, TAG_SINK, SINK_VERSION);
    wr_write_text(w, d->schema.stream);
    wr_write_text(w, d->plan->type);
    weir_status st = wr_drain_prepare(d, w, err);
    wr_writer_end_section(w);
    return st;
}

/* The positions that were just saved become part of what the sinks of the same family commit. */
static weir_status enlist_all(wr_app_io *io, weir_error *err) {
    for (uint32_t d = 0; d < io->n_drains; d++) {
        const weir_sink_type *t = io->drains[d]->type;
        for (uint32_t f = 0; t->family && t->enlist && f < io->n_feeds; f++) {
            const char *family = io->feeds[f]->type->family;
            const void *position =
                family && !strcmp(family, t->family) ? wr_source_native_position(io->feeds[f]->source) : NULL;
            if (position) WR_TRY(wr_drain_enlist(io->drains[d], position, err));
        }
    }
    return WEIR_OK;
}

static weir_status save_all(wr_app_io *io, weir_writer *w, bool *is_whole, weir_error *err) {
    wr_writer_begin_section(w, TAG_APP, VERSION);
    wr_write_u64(w, io->epoch);
    for (uint32_t i = 0; i < io->n_feeds; i++) WR_TRY(save_feed(io, io->feeds[i], w, err));
    WR_TRY(enlist_all(io, err));
    for (uint32_t i = 0; i < io->n_drains; i++) WR_TRY(save_drain(io->drains[i], w, err));
    bool whole = wr_chain_wants_whole(io->shelf, io->options.app_name, &io->chain, io->options.whole_every);
    *is_whole = wr_task_save_next(io->options.task, &io->chain.number, whole, w);
    wr_writer_end_section(w);
    return wr_writer_status(w, err);
}

void wr_io_ask_sinks(wr_app_io *io) {
    for (uint32_t i = 0; i < io->n_drains; i++) io->dirty |= wr_drain_wants_checkpoint(io->drains[i]);
}

static bool decides(const wr_drain *d) { return d->type->enlist != NULL; }

static weir_status commit_drains(wr_app_io *io, bool deciding, weir_error *err) {
    for (uint32_t i = 0; i < io->n_drains; i++)
        if (decides(io->drains[i]) == deciding) WR_TRY(wr_drain_commit(io->drains[i], err));
    return WEIR_OK;
}

static weir_status commit_all(wr_app_io *io, weir_error *err) {
    WR_TRY(commit_drains(io, true, err));
    WR_TRY(commit_drains(io, false, err));
    WR_TRY(wr_task_commit_stores(io->options.task, err));
    for (uint32_t i = 0; i < io->n_feeds; i++) wr_source_ack(io->feeds[i]->source, io->epoch);
    io->epoch++;
    io->dirty = false;
    wr_io_ask_sinks(io);
    return WEIR_OK;
}

/* Rows in hand of a source whose position others see (its broker, another member of its group) must not lie
 * behind that position. On the wall clock they can as well be run now. */
static weir_status run_what_others_see(wr_app_io *io, weir_error *err) {
    bool others_see = false;
    for (uint32_t i = 0; i < io->n_feeds; i++) others_see |= io->feeds[i]->type->ack != NULL;
    for (uint32_t n_rows = 1; others_see && !io->options.playback && n_rows;)
        WR_TRY(wr_io_run_cycle(io, &n_rows, err));
    return io->has_failed ? (err ? *err = io->failure : io->failure).code : WEIR_OK;
}

static bool any_rows_in_hand(const wr_app_io *io) {
    bool any = false;
    for (uint32_t i = 0; i < io->n_feeds; i++) any |= wr_feed_has_rows(io->feeds[i]);
    return any;
}

weir_status wr_io_acknowledge(wr_app_io *io, weir_error *err) {
    weir_writer nowhere;
    weir_status st = run_what_others_see(io, err);
    if (st != WEIR_OK || any_rows_in_hand(io)) return st; /* another time */
    wr_writer_init(&nowhere);
    for (uint32_t i = 0; st == WEIR_OK && i < io->n_drains; i++)
        st = wr_drain_prepare(io->drains[i], NULL, err);
    for (uint32_t i = 0; st == WEIR_OK && i < io->n_feeds; i++)
        st = wr_source_save(io->feeds[i]->source, io->epoch, &nowhere, err);
    wr_writer_fini(&nowhere);
    WR_TRY(st);
    return commit_all(io, err);
}

weir_status wr_io_checkpoint(wr_app_io *io, weir_error *err) {
    weir_writer w;
    WR_TRY(run_what_others_see(io, err));
    WR_TRY(wr_app_io_move_faults(io, err));
    WR_TRY(wr_io_run_inbox(io, err)); /* failed rows are no part of the state */
    wr_writer_init(&w);
    bool is_whole;
    weir_status st = save_all(io, &w, &is_whole, err);
    if (st == WEIR_OK)
        st = wr_chain_save(io->shelf, io->options.app_name, io->epoch, is_whole, &w, &io->chain, err);
    if (st != WEIR_OK) io->chain = (wr_chain_end){0};
    wr_writer_fini(&w);
    WR_TRY(st);
    WR_TRY(commit_all(io, err));
    weir_error own;
    if (wr_shelf_prune(io->shelf, io->options.app_name, io->options.keep, &own) != WEIR_OK)
        wr_app_io_log(io, WEIR_LOG_WARN, "old checkpoints could not be deleted: %s", own.message);
    return WEIR_OK;
}

/* ---- Recovery ---- */

static weir_status check_place(weir_reader *r, weir_arena *names, const char *stream, const char *type,
                               weir_error *err) {
    const char *saved_stream = wr_read_text(r, names), *saved_type = wr_read_text(r, names);
    WR_TRY(weir_reader_status(r, err));
    if (!strcmp(saved_stream, stream) && !strcmp(saved_type, type)) return WEIR_OK;
    return weir_fail(
        err, WEIR_ESTATE,
        "the checkpoint was taken of another app: it has '%s' of stream '%s' where the app has '%s' of '%s'",
        saved_type, saved_stream, type, stream);
}

static weir_status load_feed(wr_feed *f, weir_reader *r, weir_arena *names, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_FEED, VERSION, &version, err));
    WR_TRY(check_place(r, names, f->schema.stream, f->plan->type, err));
    WR_TRY(wr_feed_load(f, r, err));
    return wr_reader_end_section(r, err);
}

static weir_status load_drain(wr_drain *d, uint64_t epoch, weir_reader *r, weir_arena *names,
                              weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_SINK, SINK_VERSION, &version, err));
    if (version != SINK_VERSION)
        return weir_fail(err, WEIR_ESTATE, "the checkpoint was taken by an older weir");
    WR_TRY(check_place(r, names, d->schema.stream, d->plan->type, err));
    WR_TRY(wr_drain_start(d, epoch, r, err));
    return wr_reader_end_section(r, err);
}

/* Those that decide, or the others; what is not wanted is passed over. */
static weir_status load_drains(wr_app_io *io, bool deciding, uint64_t epoch, weir_reader *r,
                               weir_arena *names, weir_error *err) {
    uint32_t version;
    for (uint32_t i = 0; i < io->n_drains; i++) {
        if (decides(io->drains[i]) == deciding) {
            WR_TRY(load_drain(io->drains[i], epoch, r, names, err));
            continue;
        }
        WR_TRY(wr_reader_begin_section(r, TAG_SINK, SINK_VERSION, &version, err));
        wr_reader_skip_section(r);
    }
    return weir_reader_status(r, err);
}

/* Of a state that others follow only the task's part counts. */
static weir_status skip_places(weir_reader *r, weir_error *err) {
    uint32_t version, tag;
    WR_TRY(wr_reader_begin_section(r, TAG_APP, VERSION, &version, err));
    wr_read_u64(r);
    while ((tag = wr_reader_peek_tag(r)) == TAG_FEED || tag == TAG_SINK) {
        WR_TRY(wr_reader_begin_section(r, tag, SINK_VERSION, &version, err));
        wr_reader_skip_section(r);
    }
    return weir_reader_status(r, err);
}

static weir_status load_all(wr_app_io *io, weir_reader *states, uint32_t n, weir_arena *names,
                            weir_error *err) {
    uint32_t version;
    weir_reader *r = &states[n - 1];
    for (uint32_t i = 0; i + 1 < n; i++) WR_TRY(skip_places(&states[i], err));
    WR_TRY(wr_reader_begin_section(r, TAG_APP, VERSION, &version, err));
    uint64_t epoch = wr_read_u64(r);
    for (uint32_t i = 0; i < io->n_feeds; i++) WR_TRY(load_feed(io->feeds[i], r, names, err));
    weir_reader again = *r;
    WR_TRY(load_drains(io, true, epoch, &again, names, err));
    WR_TRY(load_drains(io, false, epoch, r, names, err));
    WR_TRY(wr_task_load_chain(io->options.task, states, n, err));
    for (uint32_t i = 0; i < n; i++) WR_TRY(wr_reader_end_section(&states[i], err));
    io->epoch = epoch + 1;
    return WEIR_OK;
}

static weir_status start_fresh(wr_app_io *io, weir_error *err) {
    io->epoch = 1;
    for (uint32_t i = 0; i < io->n_drains; i++) WR_TRY(wr_drain_start(io->drains[i], 0, NULL, err));
    return WEIR_OK;
}

/* The newest checkpoint that is whole and was committed by all sinks. WEIR_EEND: there is none. */
typedef struct search {
    uint64_t revision;
    uint32_t n_damaged, n_uncommitted;
    weir_error damage; /* of the newest that is damaged */
} search;

static weir_status load_chain(wr_app_io *io, const wr_chain *c, weir_error *err) {
    weir_arena names;
    weir_reader *states = wr_alloc(NULL, c->n * sizeof *states);
    if (!states) return weir_fail(err, WEIR_ENOMEM, "no memory to load a checkpoint");
    for (uint32_t i = 0; i < c->n; i++) wr_reader_init(&states[i], c->states[i].data, c->states[i].len);
    wr_arena_init(&names, NULL);
    weir_status st = load_all(io, states, c->n, &names, err);
    wr_arena_fini(&names);
    wr_free(NULL, states, c->n * sizeof *states);
    return st;
}

static weir_status load_one(wr_app_io *io, uint64_t revision, bool *is_damaged, weir_error *err) {
    wr_chain c = {0};
    weir_status st = wr_chain_load(io->shelf, io->options.app_name, revision, &c, err);
    *is_damaged = st == WEIR_ESTATE;
    if (st == WEIR_OK) st = load_chain(io, &c, err);
    wr_chain_fini(&c);
    io->chain = (wr_chain_end){0};
    return st;
}

/* A damaged file, and one whose transactions never came to be, give way to the one before. */
static weir_status load_newest(wr_app_io *io, search *found, weir_error *err) {
    uint64_t *revisions;
    uint32_t n;
    WR_TRY(wr_shelf_list(io->shelf, io->options.app_name, &revisions, &n, err));
    weir_status st = WEIR_EEND;
    bool has_loaded = false;
    for (uint32_t i = 0; i < n && !has_loaded; i++) {
        weir_error own = {0};
        found->revision = revisions[i];
        bool is_damaged = false;
        st = load_one(io, revisions[i], &is_damaged, &own);
        bool is_uncommitted = st == WEIR_EEND;
        if (is_damaged && !found->n_damaged++) found->damage = own;
        found->n_uncommitted += is_uncommitted;
        has_loaded = !is_damaged && !is_uncommitted;
        if (st != WEIR_OK && err) *err = own;
        if (is_uncommitted && i + 1 == n)
            st = weir_fail(err, WEIR_ESTATE, "no checkpoint is left whose transaction was committed");
    }
    wr_snapshot_list_free(revisions, n);
    return st;
}

static void tell_found(const wr_app_io *io, const search *found) {
    if (found->n_damaged)
        wr_app_io_log(io, WEIR_LOG_WARN, "%u newer checkpoints are damaged (%s); going on from number %llu",
                      found->n_damaged, found->damage.message, (unsigned long long)found->revision);
    if (found->n_uncommitted)
        wr_app_io_log(io, WEIR_LOG_INFO, "%u newer checkpoint(s) were never committed", found->n_uncommitted);
    wr_app_io_log(io, WEIR_LOG_INFO, "going on from checkpoint %llu", (unsigned long long)found->revision);
}

weir_status wr_app_io_recover(wr_app_io *io, bool *recovered, weir_error *err) {
    *recovered = false;
    if (!io->options.state_dir && io->is_exact) {
        weir_fail(err, WEIR_ECONFIG, "@app:guarantee('exactly-once') needs a directory for checkpoints");
        if (err) snprintf(err->hint, sizeof err->hint, "weir run --state DIR");
        return WEIR_ECONFIG;
    }
    if (!io->options.state_dir) return start_fresh(io, err);
    if (io->is_exact) WR_TRY(wr_task_hold_stores(io->options.task, err));
    search found = {0};
    weir_status st = load_newest(io, &found, err);
    if (st == WEIR_EEND) return start_fresh(io, err);
    WR_TRY(st);
    *recovered = true;
    tell_found(io, &found);
    return WEIR_OK;
}

weir_status wr_io_rewind(wr_app_io *io, weir_error *err) {
    search found = {0};
    for (uint32_t i = 0; i < io->n_drains; i++) WR_TRY(wr_drain_abort(io->drains[i], err));
    wr_inbox_clear(io->options.inbox);
    weir_status st = load_newest(io, &found, err);
    if (st == WEIR_EEND) return weir_fail(err, WEIR_ESTATE, "there is no checkpoint to go back to");
    WR_TRY(st);
    io->has_failed = false;
    tell_found(io, &found);
    return WEIR_OK;
}
