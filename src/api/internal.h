/* internal.h: the structs behind weir.h's handles. */
#ifndef WR_API_INTERNAL_H
#define WR_API_INTERNAL_H

#include <signal.h>
#include <stdatomic.h>

#include "lang/diag.h"
#include "lang/source.h"
#include "plan/planner.h"
#include "registry/registry.h"
#include "runtime/app_io.h"
#include "runtime/inbox.h"
#include "runtime/latency.h"
#include "runtime/stores.h"
#include "runtime/task.h"
#include "weir.h"

struct weir_engine {
    wr_account account;
    wr_registry *registry;
    wr_io_registry *io;
    wr_modules *modules;
    weir_bus *bus;
    void (*log)(void *ctx, weir_log_level level, const char *line);
    void *log_ctx;
};

struct weir_report {
    wr_diag diags;
    char *text; /* rendered while the source was at hand */
};

/* A user's callback with what it is handed. */
typedef struct wr_user_subscription {
    struct wr_user_subscription *next;
    weir_app *app;
    weir_callback callback;
    void *ctx;
    const weir_stream_info *info;
} wr_user_subscription;

struct weir_app {
    weir_engine *engine;
    wr_account account;
    wr_plan *plan;
    wr_task *task;
    wr_stores *stores; /* NULL: no table has one */
    wr_inbox *inbox;
    wr_app_io *io; /* NULL: no sources or sinks, or no_io */
    weir_stream_info *streams;
    weir_stream_info *queries; /* the output of each query, for query subscriptions */
    wr_user_subscription *subscriptions;
    weir_app_options options;
    char *name;
    char *base_dir, *state_dir;
    bool playback, no_io;
    bool is_started;
    bool is_busy;   /* inside a cycle: callbacks must not call back */
    bool in_turn;   /* inside on_turn, between two cycles of a run */
    bool has_told;  /* a run ended with an error that its caller has: closing does not log it again */
    bool is_broken; /* a cycle failed; only free is left */
    wr_latency latency;
    atomic_bool stop;
    int64_t (*now_ms)(void);
};

/* Every call that works on an app begins with this. */
weir_status wr_app_check(const weir_app *app, weir_error *err) WR_NODISCARD;
/* Runs what the inbox holds. */
weir_status wr_app_run_inbox(weir_app *app, weir_error *err) WR_NODISCARD;
/* The clock after an event with this timestamp, and whether it is late. */
int64_t wr_app_clock_after(const weir_app *app, int64_t clock, int64_t ts, bool *late);
weir_report *wr_report_new(wr_diag *diags, const wr_source *source);

#endif
