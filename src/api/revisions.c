/* revisions.c: states kept under numbers, by call and by period. */
#include <inttypes.h>
#include <stdio.h>

#include "api/internal.h"
#include "base/clock.h"
#include "state/chain.h"

struct weir_revisions {
    wr_shelf *shelf;
};

weir_status weir_revisions_new(weir_engine *engine, const char *dir, weir_revisions **out, weir_error *err) {
    if (!engine || !out) return weir_fail(err, WEIR_EUSAGE, "weir_revisions_new: an argument is NULL");
    *out = NULL;
    weir_revisions *r = wr_alloc_zero(NULL, sizeof *r);
    if (!r) return weir_fail(err, WEIR_ENOMEM, "out of memory for revisions");
    weir_status st = wr_shelf_new(dir, &engine->account, &r->shelf, err);
    if (st == WEIR_OK)
        *out = r;
    else
        wr_free(NULL, r, sizeof *r);
    return st;
}

void weir_revisions_free(weir_revisions *r) {
    if (!r) return;
    wr_shelf_free(r->shelf);
    wr_free(NULL, r, sizeof *r);
}

static weir_status check(const weir_revisions *r, const char *app_name, weir_error *err) {
    return r && app_name ? WEIR_OK : weir_fail(err, WEIR_EUSAGE, "revisions or the app's name are NULL");
}

weir_status weir_revisions_visit(weir_revisions *r, const char *app_name,
                                 bool (*visit)(void *ctx, uint64_t revision), void *ctx, weir_error *err) {
    uint64_t *list;
    uint32_t n;
    WR_TRY(check(r, app_name, err));
    if (!visit) return weir_fail(err, WEIR_EUSAGE, "weir_revisions_visit: visit is NULL");
    WR_TRY(wr_shelf_list(r->shelf, app_name, &list, &n, err));
    for (uint32_t i = 0; i < n && visit(ctx, list[i]); i++) {
    }
    wr_snapshot_list_free(list, n);
    return WEIR_OK;
}

static bool take_first(void *ctx, uint64_t revision) {
    *(uint64_t *)ctx = revision;
    return false;
}

weir_status weir_revisions_last(weir_revisions *r, const char *app_name, uint64_t *revision,
                                weir_error *err) {
    if (!revision) return weir_fail(err, WEIR_EUSAGE, "weir_revisions_last: revision is NULL");
    *revision = 0;
    WR_TRY(weir_revisions_visit(r, app_name, take_first, revision, err));
    return *revision ? WEIR_OK : weir_fail(err, WEIR_EEND, "app '%s' has no revision", app_name);
}

weir_status weir_revisions_clear(weir_revisions *r, const char *app_name, uint32_t keep, weir_error *err) {
    WR_TRY(check(r, app_name, err));
    return wr_shelf_prune(r->shelf, app_name, keep, err);
}

/* ---- Of an app ---- */

static weir_status check_app(const weir_app *app, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    if (!app->options.revisions)
        return weir_fail(err, WEIR_EUSAGE, "the app has no place for revisions: weir_app_options.revisions");
    if (!app->is_started)
        return weir_fail(err, WEIR_EUSAGE, "the app has not been started: call weir_app_start first");
    return WEIR_OK;
}

/* The wall clock's, or the next one if that has been set back. */
static weir_status next_revision(const weir_app *app, uint64_t *revision, weir_error *err) {
    uint64_t last = 0;
    weir_status st = weir_revisions_last(app->options.revisions, app->name, &last, err);
    if (st != WEIR_OK && st != WEIR_EEND) return st;
    *revision = WR_MAX((uint64_t)wr_wall_ms(), last + 1);
    return WEIR_OK;
}

static weir_status persist(weir_app *app, uint64_t *revision, weir_error *err) {
    wr_shelf *shelf = app->options.revisions->shelf;
    weir_writer w;
    WR_TRY(next_revision(app, revision, err));
    wr_writer_init(&w);
    bool whole = wr_chain_wants_whole(shelf, app->name, &app->chain, app->options.whole_every);
    whole = wr_task_save_next(app->task, &app->chain.number, whole, &w);
    weir_status st = wr_chain_save(shelf, app->name, *revision, whole, &w, &app->chain, err);
    wr_writer_fini(&w);
    WR_TRY(st);
    return wr_shelf_prune(shelf, app->name, app->options.keep_revisions, err);
}

weir_status weir_app_persist(weir_app *app, uint64_t *revision, weir_error *err) {
    uint64_t own;
    WR_TRY(check_app(app, err));
    if (!app->in_turn) WR_TRY(wr_app_run_inbox(app, err));
    app->persisted_ms = (uint64_t)wr_monotonic_ms();
    return persist(app, revision ? revision : &own, err);
}

void wr_app_persist_if_due(weir_app *app) {
    weir_error err;
    uint64_t revision;
    if (app->options.persist_ms <= 0 || !app->options.revisions || !app->is_started) return;
    uint64_t now = (uint64_t)wr_monotonic_ms();
    if (!app->persisted_ms) app->persisted_ms = now;
    if (now - app->persisted_ms < (uint64_t)app->options.persist_ms) return;
    app->persisted_ms = now;
    if (persist(app, &revision, &err) == WEIR_OK) return;
    char line[sizeof err.message + 64];
    snprintf(line, sizeof line, "no revision was kept: %s", err.message);
    wr_app_log(app, WEIR_LOG_WARN, line);
}

static weir_status load_chain(weir_app *app, const wr_chain *c, weir_error *err) {
    weir_reader *states = wr_alloc(NULL, c->n * sizeof *states);
    if (!states) return weir_fail(err, WEIR_ENOMEM, "no memory to restore a revision");
    for (uint32_t i = 0; i < c->n; i++) wr_reader_init(&states[i], c->states[i].data, c->states[i].len);
    weir_status st = wr_task_load_chain(app->task, states, c->n, err);
    if (st != WEIR_OK) app->is_broken = st == WEIR_ENOMEM || wr_task_renew(app->task, NULL) != WEIR_OK;
    wr_free(NULL, states, c->n * sizeof *states);
    return st;
}

static weir_status find_chain(weir_app *app, uint64_t revision, wr_chain *c, weir_error *err) {
    wr_shelf *shelf = app->options.revisions->shelf;
    wr_chain_found found;
    if (revision) return wr_chain_load(shelf, app->name, revision, c, err);
    WR_TRY(wr_chain_load_newest(shelf, app->name, c, &found, err));
    if (!found.n_damaged) return WEIR_OK;
    char line[sizeof found.damage.message + 128];
    snprintf(line, sizeof line, "%u newer revisions are damaged (%s); going back to %" PRIu64,
             found.n_damaged, found.damage.message, found.revision);
    wr_app_log(app, WEIR_LOG_WARN, line);
    return WEIR_OK;
}

weir_status weir_app_restore_revision(weir_app *app, uint64_t revision, uint64_t *restored,
                                      const weir_restore_options *options, weir_error *err) {
    wr_chain c = {0};
    WR_TRY(check_app(app, err));
    weir_status st = find_chain(app, revision, &c, err);
    if (st == WEIR_OK) {
        app->chain = (wr_chain_end){0};
        st = load_chain(app, &c, err);
    }
    if (st == WEIR_OK && options && options->reset_clock) wr_task_reset_clock(app->task);
    if (st == WEIR_OK && restored) *restored = c.last.revision;
    wr_chain_fini(&c);
    return st;
}
