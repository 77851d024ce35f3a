/* errors.c: see errors.h. */
#include "runtime/errors.h"

#include <stdio.h>

#include "base/clock.h"

#define USUAL_LIMIT ((size_t)64 << 20)

static bool sink_wants(const wr_plan_io *sink) {
    return sink->has_on_error && sink->on_error == WR_ON_ERROR_STORE;
}

bool wr_errors_are_wanted(const wr_plan *plan) {
    for (uint32_t s = 0; s < plan->n_streams; s++) {
        if (plan->streams[s].has_on_error && plan->streams[s].on_error == WR_ON_ERROR_STORE) return true;
        for (uint32_t i = 0; i < plan->streams[s].n_sinks; i++)
            if (sink_wants(&plan->streams[s].sinks[i])) return true;
    }
    return false;
}

weir_status wr_errors_open(wr_errors *e, const wr_plan *plan, const char *dir, const char *app,
                           size_t limit_bytes, weir_error *err) {
    if (e->store || !wr_errors_are_wanted(plan)) return WEIR_OK;
    if (dir) {
        WR_TRY(wr_error_store_open(dir, app, limit_bytes ? limit_bytes : USUAL_LIMIT, &e->store, err));
        pthread_mutex_init(&e->lock, NULL);
        return WEIR_OK;
    }
    weir_fail(err, WEIR_ECONFIG, "the app keeps events in an error store, which needs a directory");
    if (err) snprintf(err->hint, sizeof err->hint, "weir run --errors DIR, or --state DIR");
    return WEIR_ECONFIG;
}

void wr_errors_close(wr_errors *e) {
    if (!e->store) return;
    wr_error_store_close(e->store);
    pthread_mutex_destroy(&e->lock);
    e->store = NULL;
}

bool wr_errors_keep(wr_errors *e, const wr_error_entry *entry) {
    weir_error err = {0};
    if (!e || !e->store) return false;
    wr_error_entry dated = *entry;
    dated.time_ms = wr_wall_ms();
    pthread_mutex_lock(&e->lock);
    weir_status st = wr_error_store_add(e->store, &dated, &err);
    if (st != WEIR_OK && !e->failure[0]) snprintf(e->failure, sizeof e->failure, "%.255s", err.message);
    pthread_mutex_unlock(&e->lock);
    return st == WEIR_OK;
}

bool wr_errors_keep_stream(wr_errors *e, const char *stream, const weir_batch *rows, const char *reason) {
    return wr_errors_keep(
        e, &(wr_error_entry){
               .origin = WR_ERROR_STREAM, .stream = stream, .type = "", .reason = reason, .rows = *rows});
}

bool wr_errors_keep_sink(wr_errors *e, const char *stream, const char *type, uint32_t number,
                         const weir_batch *rows, const char *reason) {
    return wr_errors_keep(e, &(wr_error_entry){.origin = WR_ERROR_SINK,
                                               .stream = stream,
                                               .type = type,
                                               .number = number,
                                               .reason = reason,
                                               .rows = *rows});
}

static void tell(wr_errors *e, int level, const char *text) {
    if (e->log) e->log(e->log_ctx, level, text);
}

void wr_errors_sync(wr_errors *e) {
    weir_error err = {0};
    if (!e || !e->store) return;
    if (wr_error_store_sync(e->store, &err) != WEIR_OK) tell(e, WEIR_LOG_ERROR, err.message);
    if (e->failure[0]) tell(e, WEIR_LOG_ERROR, e->failure);
    e->failure[0] = 0;
    if (wr_error_store_dropped(e->store) > e->n_dropped)
        tell(e, WEIR_LOG_WARN, "the error store is full: its oldest entries were dropped");
    e->n_dropped = wr_error_store_dropped(e->store);
}
