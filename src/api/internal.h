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
#include "state/chain.h"
#include "weir.h"

struct weir_engine {
    wr_account account;
    wr_registry *registry;
    wr_io_registry *io;
    wr_modules *modules;
    weir_bus *bus;
    atomic_uint n_working; /* apps that run and are not waiting */
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
    bool of_query;
    const weir_stream_info *info;      /* of the plan that runs */
    const weir_stream_info *next_info; /* of the one that comes */
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
    char *text; /* as it was given, or as changed since */
    size_t text_len;
    wr_chain_end chain;    /* of revisions, as far as it has come */
    uint64_t persisted_ms; /* monotonic time of the last one; 0: none yet */
    weir_statistics statistics;
    uint64_t reported_ms; /* monotonic time of the last report */
    uint64_t *metrics;    /* counters as they were then, in the order of a report */
    uint32_t n_metrics;
    uint64_t n_changes; /* of the plan: what was prepared before is void */
    wr_errors errors;
    char *base_dir, *state_dir, *error_dir;
    bool playback, no_io;
    bool is_started;
    bool is_busy;   /* inside a cycle: callbacks must not call back */
    bool in_turn;   /* inside on_turn, between two cycles of a run */
    bool has_told;  /* a run ended with an error that its caller has: closing does not log it again */
    bool is_broken; /* a cycle failed; only free is left */
    wr_latency latency;
    atomic_bool stop;
    atomic_int_least64_t stop_ns; /* when it was asked for, monotonic; 0: it was not */
    atomic_bool is_closing;
    atomic_bool waits_for_others;
    int64_t (*now_ms)(void);
};

/* Every call that works on an app begins with this. */
weir_status wr_app_check(const weir_app *app, weir_error *err) WR_NODISCARD;
/* Runs what the inbox holds. */
weir_status wr_app_run_inbox(weir_app *app, weir_error *err) WR_NODISCARD;
/* statistics.c: what the app's @app:statistics asks for; and at the end of a call a report, if one is due. */
void wr_app_start_statistics(weir_app *app);
void wr_app_report_if_due(weir_app *app);
/* revisions.c: at the end of a call: keeps a revision if it is time for one. */
void wr_app_persist_if_due(weir_app *app);
/* The clock after an event with this timestamp, and whether it is late. */
int64_t wr_app_clock_after(const weir_app *app, int64_t clock, int64_t ts, bool *late);
weir_report *wr_report_new(wr_diag *diags, const wr_source *source);

/* app.c: the steps of making an app, each for the plan that it is given. */
weir_status wr_app_substitute(const weir_app *app, wr_source *source, weir_error *err) WR_NODISCARD;
weir_status wr_app_plan(weir_app *app, wr_source *source, wr_plan **out, wr_diag *diags,
                        weir_error *err) WR_NODISCARD;
/* In the plan's arena. */
weir_status wr_app_describe(wr_plan *plan, weir_stream_info **streams, weir_stream_info **queries,
                            weir_error *err) WR_NODISCARD;
weir_status wr_app_make_task(weir_app *app, const wr_plan *plan, const wr_stores *stores, wr_task **task,
                             wr_inbox **inbox, weir_error *err) WR_NODISCARD;
weir_status wr_app_make_stores(weir_app *app, const wr_plan *plan, const wr_source *source, wr_diag *diags,
                               wr_stores **out, weir_error *err) WR_NODISCARD;
weir_status wr_app_open_errors(weir_app *app, const wr_plan *plan, weir_error *err) WR_NODISCARD;
void wr_app_note_feeders(weir_app *app); /* weir_app_waits_for_others, after the sources are known */
/* Puts what is wrong with a source or sink into the report. */
typedef struct wr_wrong_io {
    wr_diag *diags;
    const wr_source *source;
} wr_wrong_io;
void wr_app_on_wrong_io(void *ctx, uint32_t begin, uint32_t end, const weir_error *wrong);
void wr_app_log(const weir_app *app, weir_log_level level, const char *line);
char *wr_app_copy_text(const char *text, size_t len); /* NUL-terminated; NULL: no memory. For wr_free(…, 0) */
/* streams.c: who listens to the app listens to this task, too, which runs the plan. */
weir_status wr_app_listen(weir_app *app, const wr_plan *plan, wr_task *task, weir_stream_info *streams,
                          weir_stream_info *queries, weir_error *err) WR_NODISCARD;
/* Once the app has the plan: what they are handed is described by these. */
void wr_app_relisten(weir_app *app);

#endif
