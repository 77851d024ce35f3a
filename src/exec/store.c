/* store.c: see store.h. */
#include "exec/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"

#define FIRST_PAUSE_MS   50
#define LONGEST_PAUSE_MS 5000
#define SLICE_MS         20 /* a stop is noticed so soon */

void wr_store_log(const wr_store *s, weir_log_level level, const char *format, ...) {
    const weir_io_host *host = s->args.host;
    if (!host || !host->log) return;
    char text[900], line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(line, sizeof line, "table '%s': %s", s->args.table, text);
    host->log(host->log_ctx, level, line);
}

weir_status wr_store_connect(wr_store *s, weir_error *err) {
    if (s->is_connected) return WEIR_OK;
    WR_TRY(s->type->connect(s->self, err));
    s->is_connected = true;
    return WEIR_OK;
}

static bool is_stopping(const wr_store *s) { return s->stop && atomic_load(s->stop); }

/* Chance only spreads the tries of many; it decides no answer. */
static int64_t with_jitter(int64_t pause_ms) {
    return pause_ms - pause_ms / 4 * (wr_monotonic_us() % 101) / 100;
}

static void pause_for(const wr_store *s, int64_t ms) {
    for (int64_t left = ms; left > 0 && !is_stopping(s); left -= SLICE_MS) {
        int64_t slice = left < SLICE_MS ? left : SLICE_MS;
        nanosleep(&(struct timespec){.tv_nsec = slice * 1000000}, NULL);
    }
}

static weir_status try_once(wr_store *s, wr_store_call call, void *ctx, weir_error *err) {
    err->retriable = err->fatal = false;
    WR_TRY(wr_store_connect(s, err));
    return call(s, ctx, err);
}

static weir_status stopped(const wr_store *s, weir_error *err) {
    weir_error why = *err;
    weir_fail(err, why.code, "table '%.60s': stopped while waiting for its store: %.380s", s->args.table,
              why.message);
    err->retriable = true;
    return err->code;
}

/* Others see it while this thread can't answer them. */
static void show_waiting(const wr_store *s, const weir_error *why) {
    char text[512];
    if (!s->on_wait) return;
    if (why) snprintf(text, sizeof text, "table '%.60s': %.400s", s->args.table, why->message);
    s->on_wait(s->on_wait_ctx, why ? text : NULL);
}

weir_status wr_store_until_done(wr_store *s, wr_store_call call, void *ctx, weir_error *err) {
    weir_error own;
    int64_t pause = FIRST_PAUSE_MS, waited = 0, told = 0;
    if (!err) err = &own;
    for (;;) {
        weir_status st = try_once(s, call, ctx, err);
        if (st == WEIR_OK || !err->retriable) {
            if (s->stats.is_waiting && st == WEIR_OK) wr_store_log(s, WEIR_LOG_INFO, "the store is back");
            if (s->stats.is_waiting) show_waiting(s, NULL);
            s->stats.is_waiting = false;
            return st;
        }
        s->stats.errors++;
        s->is_connected = false;
        if (!s->stats.is_waiting || waited - told > 30000) {
            wr_store_log(s, WEIR_LOG_WARN, "waiting for the store: %s", err->message);
            told = waited;
        }
        if (!s->stats.is_waiting) show_waiting(s, err);
        s->stats.is_waiting = true;
        if (is_stopping(s)) return stopped(s, err);
        int64_t ms = with_jitter(pause);
        pause_for(s, ms);
        waited += ms;
        pause = pause * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause * 2;
    }
}
