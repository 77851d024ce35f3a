/* weir.h: run SiddhiQL apps inside a program.
 *
 *     weir_engine *engine; weir_app *app; weir_error err;
 *     weir_engine_new(NULL, &engine, &err);
 *     weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err);
 *     weir_subscribe(app, "Alert", on_alert, NULL, &err);
 *     weir_app_start(app, &err);
 *     weir_send(app, weir_find_stream(app, "Wind"), 0, values, 3, &err);
 *     weir_app_free(app); weir_engine_free(engine);
 *
 * Threads: an engine may be used by several threads once everything is registered. An app belongs to one
 * thread at a time: calls on it must not overlap, except weir_app_request_stop, weir_app_request_end and
 * weir_app_wake, from any thread and from a signal handler. weir_app_visit_stats, weir_app_latency and
 * on-demand queries may also be called by on_turn. An app may have several threads of its own besides
 * (weir_app_options.threads); they sleep between calls. Callbacks run inside the call that caused them, on
 * its thread, and must not call back into the same app (weir_send from a callback is refused with
 * WEIR_EUSAGE).
 *
 * Errors: calls that can fail return a weir_status and fill *err, which may be NULL. A call that fails leaves
 * the object as it was. NULL where an object is required gives WEIR_EUSAGE. The library never exits, prints
 * or aborts; it writes log lines only to the engine's log function.
 */
#ifndef WEIR_H
#define WEIR_H

#include "weir_ext.h"
#include "weir_io.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0
#define WEIR_VERSION       "0.1.0"
/* Of the library that is loaded. */
WEIR_API const char *weir_version(void);

typedef struct weir_engine weir_engine;
typedef struct weir_app weir_app;
typedef struct weir_revisions weir_revisions; /* where states of apps are kept: weir_revisions_new */

/* ---- Engine: what apps can name ------------------------------------------------------------------------ */

typedef struct weir_engine_options {
    size_t struct_size;
    void (*log)(void *ctx, weir_log_level level, const char *line); /* NULL: log lines are dropped */
    void *log_ctx;
    size_t memory_limit;     /* bytes over all apps; 0: none. Past it, calls fail with WEIR_ENOMEM */
    const char *module_path; /* folders in which to look for modules first, with ':' between them; see
                                weir_module.h */
} weir_engine_options;

/* options may be NULL. The engine must outlive its apps. */
WEIR_API weir_status weir_engine_new(const weir_engine_options *options, weir_engine **out,
                                     weir_error *err) WEIR_MUST_CHECK;
WEIR_API void weir_engine_free(weir_engine *engine); /* NULL is fine */

/* Descriptors are borrowed. WEIR_ENAME when the name is taken, WEIR_EUSAGE when the descriptor is incomplete.
 */
WEIR_API weir_status weir_register_function(weir_engine *engine, const weir_function_type *type,
                                            weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_stream_function(weir_engine *engine, const weir_stream_function_type *type,
                                                   weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_aggregator(weir_engine *engine, const weir_aggregator_type *type,
                                              weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_window(weir_engine *engine, const weir_window_type *type,
                                          weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_source(weir_engine *engine, const weir_source_type *type,
                                          weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_sink(weir_engine *engine, const weir_sink_type *type,
                                        weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_decoder(weir_engine *engine, const weir_decoder_type *type,
                                           weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_encoder(weir_engine *engine, const weir_encoder_type *type,
                                           weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_register_http(weir_engine *engine, const weir_http_type *type,
                                        weir_error *err) WEIR_MUST_CHECK;

/* Opens all modules that weir knows of, instead of each when an app first names something of it. The first
 * failure is returned, after all were tried. */
WEIR_API weir_status weir_engine_open_modules(weir_engine *engine, weir_error *err) WEIR_MUST_CHECK;

/* Everything registered (of modules: of those that are open), kind by kind in order of name: for
 * documentation and completion. visit returns false to end. */
typedef struct weir_registered {
    const char *kind; /* "function", "stream function", "aggregator", "window", "source", "sink", "decoder",
                         "encoder" */
    const char *ns, *name, *doc, *example;
    const weir_param_doc *params; /* all but connectors and formats; ends with {NULL, NULL} */
    const weir_option *options;   /* sources, sinks, formats: their keys; ends with a NULL key */
} weir_registered;
WEIR_API void weir_engine_visit(const weir_engine *engine,
                                bool (*visit)(void *ctx, const weir_registered *item), void *ctx);

/* ---- What was wrong with a text ------------------------------------------------------------------------ */

typedef struct weir_report weir_report;                         /* all errors of a text, by position */
WEIR_API uint32_t weir_report_count(const weir_report *report); /* NULL: 0 */
WEIR_API const weir_error *weir_report_get(const weir_report *report, uint32_t index);
/* All of them as text, each with its line and a caret. The caller frees it with weir_free. NULL: no memory.
 */
WEIR_API char *weir_report_text(const weir_report *report);
WEIR_API void weir_report_free(weir_report *report);
WEIR_API void weir_free(void *block); /* whatever this library gave as text or bytes */

/* The text in canonical layout, comments kept. *out is freed with weir_free. report may be NULL. */
WEIR_API weir_status weir_format(const char *text, size_t len, const char *source_name, char **out,
                                 weir_report **report, weir_error *err) WEIR_MUST_CHECK;

/* ---- Apps --------------------------------------------------------------------------------------------- */

typedef struct weir_app_options {
    size_t struct_size;
    const char *source_name; /* what errors call the text; NULL: "app" */
    uint32_t batch_limit;    /* rows in a cycle at most (a chunk is never cut); 0: 4096 */
    bool queue;              /* weir_send only queues; weir_flush or a full batch processes */
    bool playback;           /* event time drives the clock even without @app:playback */
    bool no_io;              /* sources and sinks are checked but not opened */
    bool force_serial;       /* one arrival at a time, depth first: for comparison */
    const char *(*variable)(void *ctx, const char *name); /* for ${name} in the text; NULL: the environment,
                                                             or the file that it names as name_FILE */
    void *variable_ctx;
    const char *state_dir; /* checkpoints go here; NULL: none are taken */
    int64_t checkpoint_ms; /* between checkpoints; 0: 1000 */
    const char *error_dir; /* the error store is kept here, for @OnError(action='store') and on.error='STORE';
                              NULL: state_dir */
    size_t error_bytes;    /* its size at most: then its oldest entries go; 0: 64 MB */
    const char *base_dir; /* relative file names in the app are relative to it; NULL: the working directory */
    /* Called by weir_app_run on its thread between cycles, at least four times a second: the place from which
     * to look at counters while an app runs. NULL: nobody is. */
    void (*on_turn)(void *ctx);
    void *on_turn_ctx;
    uint32_t threads;    /* that work on one app, the caller's included: queries that have nothing to do with
                            each other run at the same time, with the same answers. 0, 1: the caller's alone */
    bool threads_always; /* also for batches that are too small to be worth it: for tests */
    int64_t drain_ms; /* how long weir_app_run, when all sources have ended, waits for sinks that are slow or
                         away; 0: 300000 */
    /* Called by whichever thread works on the app when it begins to wait for a store that is away, and why;
     * with NULL when it goes on. It must not touch the app. NULL: nobody is. */
    void (*on_wait)(void *ctx, const char *why);
    void *on_wait_ctx;
    /* Checkpoints and revisions (weir_app_persist) hold what has changed since the one before; one of so many
     * at least is whole. 0: 64; 1: all are. */
    uint32_t whole_every;
    const weir_ref *refs; /* what the app may refer to, and defaults; borrowed, must outlive the app */
    uint32_t n_refs;
    weir_revisions *revisions; /* weir_app_persist keeps states there; borrowed, must outlive the app */
    uint32_t keep_revisions;   /* the newest of the app's that are kept; 0: 3 */
    int64_t persist_ms; /* one is taken by itself every so many ms, at the end of the first call after that
                           which sends, flushes or moves the clock. 0: none. A failure is logged */
    bool keys_sleep; /* operators of a partition's keys give up their memory after each use, however few keys
                        there are: for tests */
    /* How long a stop may take, from weir_app_request_stop to the end of weir_app_free: sinks wait for
     * another side that is slow or away no longer. What is not delivered by then is sent by the next run,
     * with a state_dir; else it is lost. 0: 10000 */
    int64_t stop_ms;
} weir_app_options;

/* Parses, checks and plans. On failure *err is the first error and *report (if wanted) has all; *out is NULL.
 */
WEIR_API weir_status weir_app_new(weir_engine *engine, const char *text, size_t len,
                                  const weir_app_options *options, weir_app **out, weir_report **report,
                                  weir_error *err) WEIR_MUST_CHECK;
WEIR_API void weir_app_free(weir_app *app); /* stops it first; NULL is fine */

/* Fires 'start' triggers and, unless no_io, opens sinks and sources; with a state_dir, restores the last
 * checkpoint. Subscriptions must be made before. */
WEIR_API weir_status weir_app_start(weir_app *app, weir_error *err) WEIR_MUST_CHECK;
/* Reads the app's sources and fires its timers until all sources have ended or a stop is requested; then
 * drains, commits and returns. Only for apps with sources or wall-clock timers. */
WEIR_API weir_status weir_app_run(weir_app *app, weir_error *err) WEIR_MUST_CHECK;
/* It takes stop_ms at most. Async-signal-safe. */
WEIR_API void weir_app_request_stop(weir_app *app);
/* The same without hurry, for an app that nobody gives anything any more: each sink has its own time for what
 * it holds. May be followed by weir_app_request_stop. */
WEIR_API void weir_app_request_end(weir_app *app);
/* If weir_app_run waits for something, it takes a turn, and so calls on_turn. From any thread. */
WEIR_API void weir_app_wake(weir_app *app);

WEIR_API const char *weir_app_name(const weir_app *app);

/* For several apps of an engine, each run by a thread of its own, that give each other events on inMemory
 * topics; from any thread. The first: nothing but other apps feeds this one, so that it does not end by
 * itself. The second: none of the apps that run is at work, and nothing waits on a topic. When the apps that
 * are fed from outside have ended and the engine is quiet, all that there was has been worked off. */
WEIR_API bool weir_app_waits_for_others(const weir_app *app);
WEIR_API bool weir_engine_is_quiet(const weir_engine *engine);

/* The text that runs, NUL-terminated: as given to weir_app_new, or as changed since. */
WEIR_API const char *weir_app_text(const weir_app *app);

/* ---- Changing an app that runs ------------------------------------------------------------------------ */

/* Another text takes the place of an app's, between two cycles, in an app that has been started: from outside
 * of weir_app_run, or from its on_turn. WEIR_EAGAIN, err->retriable: not at this moment; ask in the next
 * on_turn.
 *
 * All is checked before anything is touched, and a change that fails leaves the app as it was. No event is
 * lost and none comes twice: sources and sinks whose annotation is the same, on a stream of the same name and
 * attributes, stay open; one of which only @map or the attributes have changed goes on from where it stood.
 * Windows, totals, matches, tables, aggregations and partitions keep their state where query (by @info name,
 * or else by text), table, aggregation or partition are the same; what is not kept is told. With a state_dir
 * a checkpoint is taken before and after.
 *
 * The name, the clock (@app:playback) and @app:guarantee stay as they are, and what is subscribed to must be
 * there: else WEIR_EUSAGE or WEIR_ENAME. Numbers and descriptions of streams are void afterwards, and so are
 * prepared queries. */
typedef struct weir_change_options {
    size_t struct_size;
    bool keep_all;   /* WEIR_ESTATE, and nothing has changed, if some state would not be kept */
    bool only_check; /* finds out whether it would be done, and tells; nothing changes */
    void (*tell)(void *ctx, const char *line); /* each part whose state is not kept; NULL: nobody asks */
    void *tell_ctx;
} weir_change_options;

WEIR_API weir_status weir_app_replace(weir_app *app, const char *text, size_t len,
                                      const weir_change_options *options, weir_report **report,
                                      weir_error *err) WEIR_MUST_CHECK;
/* The same with queries (and partitions) added behind the text that runs. */
WEIR_API weir_status weir_app_add(weir_app *app, const char *queries, size_t len,
                                  const weir_change_options *options, weir_report **report,
                                  weir_error *err) WEIR_MUST_CHECK;
/* Or with a query taken out: by @info name, or "query_3" for the third without one. WEIR_ENAME: there is
 * none. */
WEIR_API weir_status weir_app_remove_query(weir_app *app, const char *name,
                                           const weir_change_options *options, weir_report **report,
                                           weir_error *err) WEIR_MUST_CHECK;

/* ---- Events that could not be processed or sent -------------------------------------------------------- */

/* The error store of an app, for streams with @OnError(action='store') and sinks with on.error='STORE':
 * entries stay until they are sent again or dropped. As on-demand queries: between other calls, or by
 * on_turn. */
typedef struct weir_error_entry {
    uint64_t id; /* from 1, ever growing */
    int64_t time_ms;
    const char
        *origin; /* "stream": a query failed on rows of it; "sink"; "source": what could not be decoded */
    const char *stream, *type; /* type: of the sink or source, else "" */
    const char *reason;
    uint32_t n_rows;
    const weir_batch *rows; /* of "source": without rows */
    const char *raw;        /* of "source": the record */
    size_t raw_len;
} weir_error_entry;

/* Oldest first; visit returns false to end. What it is handed is good during the call. */
WEIR_API weir_status weir_errors_visit(weir_app *app, bool (*visit)(void *ctx, const weir_error_entry *entry),
                                       void *ctx, weir_error *err) WEIR_MUST_CHECK;
/* Rows of "stream" come in once more, as events of now; those of "sink" go to that sink once more. Entries of
 * "source" can't be. What fails again is a new entry. id 0: all there are. *n: how many entries were sent. */
WEIR_API weir_status weir_errors_replay(weir_app *app, uint64_t id, uint32_t *n,
                                        weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_errors_discard(weir_app *app, uint64_t id, uint32_t *n,
                                         weir_error *err) WEIR_MUST_CHECK;

/* ---- Streams ------------------------------------------------------------------------------------------ */

typedef uint32_t weir_stream;
#define WEIR_NO_STREAM UINT32_MAX

typedef struct weir_stream_info {
    const char *name;
    uint32_t n_attributes;
    const weir_attribute *attributes;
    bool is_defined; /* written in the app; else implied by a query, a trigger or @OnError */
    bool is_inner;   /* within a partition: #A, or what the partition sees of a stream. Nobody sends to it */
    /* What leaves a named window: rows keep their kinds, and nothing can be sent to it. (The window's input
     * is listed under the same name, after it.) */
    bool is_window;
} weir_stream_info;

WEIR_API uint32_t weir_n_streams(const weir_app *app);
WEIR_API const weir_stream_info *weir_get_stream(const weir_app *app, weir_stream stream); /* NULL: no such */
WEIR_API weir_stream weir_find_stream(const weir_app *app, const char *name); /* WEIR_NO_STREAM: no such */

/* One event. values stand in the order of the attributes; an int value fits a long, float or double
 * attribute, and so on upwards; anything else is WEIR_ETYPE. ts_ms: event time, 2^61 at most (else
 * WEIR_EVALUE); negative: the clock (wall clock apps). */
WEIR_API weir_status weir_send(weir_app *app, weir_stream stream, int64_t ts_ms, const weir_value *values,
                               uint32_t n_values, weir_error *err) WEIR_MUST_CHECK;
/* One chunk of n_rows events, row after row, as Siddhi's send(Event[]): the clock moves to the last row's
 * time. */
WEIR_API weir_status weir_send_chunk(weir_app *app, weir_stream stream, const int64_t *ts_ms,
                                     const weir_value *values, uint32_t n_values, uint32_t n_rows,
                                     weir_error *err) WEIR_MUST_CHECK;
/* n_rows events by column, each an arrival of its own. Nothing is copied: the arrays must stay until the call
 * returns, and the rows are processed before it does (what was queued goes first). Types must be exactly
 * those of the stream. */
WEIR_API weir_status weir_send_columns(weir_app *app, weir_stream stream, const int64_t *ts_ms,
                                       const weir_column *columns, uint32_t n_columns, uint32_t n_rows,
                                       weir_error *err) WEIR_MUST_CHECK;
/* Processes what is queued, and pushes on what waits in sinks. */
WEIR_API weir_status weir_flush(weir_app *app, weir_error *err) WEIR_MUST_CHECK;
/* Moves the clock to now_ms (not back) and fires what is due. */
WEIR_API weir_status weir_advance(weir_app *app, int64_t now_ms, weir_error *err) WEIR_MUST_CHECK;
WEIR_API int64_t weir_app_clock(const weir_app *app);

/* Rows of a stream, a cycle's worth at a time; the batch is valid during the call. Kinds are all current, but
 * for a named window. */
typedef void (*weir_callback)(void *ctx, const weir_stream_info *stream, const weir_batch *batch);
WEIR_API weir_status weir_subscribe(weir_app *app, const char *stream, weir_callback callback, void *ctx,
                                    weir_error *err) WEIR_MUST_CHECK;
/* Rows that a query (named by @info) emits, with their kinds; also if it writes to a table. */
WEIR_API weir_status weir_subscribe_query(weir_app *app, const char *query, weir_callback callback, void *ctx,
                                          weir_error *err) WEIR_MUST_CHECK;

/* The value at a physical row of a column. A boxed column gives the boxed value. Strings stay the batch's. */
WEIR_API weir_value weir_column_value(const weir_column *column, uint32_t row);

/* ---- On-demand queries -------------------------------------------------------------------------------- */

/* What tables hold, asked from outside: `from T on … select …`, and `insert`, `update`, `delete`, `update or
 * insert into`. A query sees the tables as they are between two events, and what it changes is there for the
 * next event. It is called on the app's thread: between other calls, or by on_turn while weir_app_run runs.
 */
typedef struct weir_answer weir_answer; /* rows that are the caller's, also when the app is gone */
typedef struct weir_prepared
    weir_prepared; /* a query, compiled to be asked many times; freed before its app */

/* Errors are placed in the query's own text. report may be NULL. Queued rows are processed first.
 * WEIR_EVALUE: a row could not be computed; what a change did before it stays done. */
WEIR_API weir_status weir_query(weir_app *app, const char *text, size_t len, weir_answer **out,
                                weir_report **report, weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_prepare(weir_app *app, const char *text, size_t len, weir_prepared **out,
                                  weir_report **report, weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_prepared_run(weir_prepared *query, weir_answer **out,
                                       weir_error *err) WEIR_MUST_CHECK;
/* How rows are found, grouped and changed, as text (freed with weir_free). NULL: no memory. */
WEIR_API char *weir_prepared_explain(const weir_prepared *query);
WEIR_API void weir_prepared_free(weir_prepared *query); /* NULL is fine */

typedef struct weir_changes {
    uint64_t inserted, updated, removed; /* rows of the table */
    uint64_t refused;                    /* rows that would have made a primary key twice */
} weir_changes;
/* Names and types of the columns; none for a query that changes a table. */
WEIR_API const weir_stream_info *weir_answer_info(const weir_answer *answer);
/* The rows, by column and without a selection; all current. */
WEIR_API const weir_batch *weir_answer_rows(const weir_answer *answer);
WEIR_API void weir_answer_changes(const weir_answer *answer, weir_changes *out);
WEIR_API void weir_answer_free(weir_answer *answer); /* NULL is fine */

/* ---- State -------------------------------------------------------------------------------------------- */

/* All state, clock included, as bytes (freed with weir_free). Queued rows are processed first. */
WEIR_API weir_status weir_app_snapshot(weir_app *app, void **bytes, size_t *len,
                                       weir_error *err) WEIR_MUST_CHECK;
typedef struct weir_restore_options {
    size_t struct_size;
    bool reset_clock; /* start the clock at 0, as Siddhi's restore into a new app does; else it is restored
                         too */
} weir_restore_options;
/* Into an app that has been started; windows, aggregates and tables then hold what was saved and nothing
 * else. Operators are matched by signature; WEIR_ESTATE names what does not fit, and then they are empty. */
WEIR_API weir_status weir_app_restore(weir_app *app, const void *bytes, size_t len,
                                      const weir_restore_options *options, weir_error *err) WEIR_MUST_CHECK;

/* States kept under numbers, as Siddhi's persistence stores keep them: in a directory, or (dir NULL) in
 * memory for as long as the object lives. Apps of the same name see each other's. Several apps and threads
 * may use one. A revision holds what weir_app_snapshot does, but mostly only what has changed since the one
 * before (weir_app_options.whole_every). It is numbered by the wall clock in ms, and always after the one
 * before. The positions of an app's own sources are no part of it: those are kept by
 * weir_app_options.state_dir. */
WEIR_API weir_status weir_revisions_new(weir_engine *engine, const char *dir, weir_revisions **out,
                                        weir_error *err) WEIR_MUST_CHECK;
WEIR_API void weir_revisions_free(weir_revisions *r); /* NULL is fine; files stay */
/* The app's, newest first; visit returns false to end. */
WEIR_API weir_status weir_revisions_visit(weir_revisions *r, const char *app_name,
                                          bool (*visit)(void *ctx, uint64_t revision), void *ctx,
                                          weir_error *err) WEIR_MUST_CHECK;
/* The newest; WEIR_EEND: there is none. */
WEIR_API weir_status weir_revisions_last(weir_revisions *r, const char *app_name, uint64_t *revision,
                                         weir_error *err) WEIR_MUST_CHECK;
/* Deletes all but the newest `keep`, and those that they were built on. 0: all of the app's. */
WEIR_API weir_status weir_revisions_clear(weir_revisions *r, const char *app_name, uint32_t keep,
                                          weir_error *err) WEIR_MUST_CHECK;

/* Keeps the app's state as a new revision. revision may be NULL. */
WEIR_API weir_status weir_app_persist(weir_app *app, uint64_t *revision, weir_error *err) WEIR_MUST_CHECK;
/* Goes back to a revision, as weir_app_restore. 0: the newest that is whole, which *restored then tells
 * (restored may be NULL); damaged newer ones are logged. WEIR_EEND: there is none. */
WEIR_API weir_status weir_app_restore_revision(weir_app *app, uint64_t revision, uint64_t *restored,
                                               const weir_restore_options *options,
                                               weir_error *err) WEIR_MUST_CHECK;

/* ---- Looking in --------------------------------------------------------------------------------------- */

/* The logical and the physical plan as text (freed with weir_free). */
WEIR_API char *weir_app_explain(const weir_app *app);

typedef struct weir_stat {
    const char *kind;  /* "app", "stream", "query" (the sum of its operators), "operator", "table",
                          "aggregation",  "source", "sink" */
    const char *name;  /* stream or query name */
    const char *label; /* operators: "window.time(10 min)"; sources and sinks: the type; else "" */
    uint64_t rows_in, rows_out, calls, errors;
    uint64_t state_rows, state_bytes;
    int64_t lag_ms;   /* app: wall time minus clock where that means something, else -1 */
    uint64_t waiting; /* source: what waits unread outside: bytes of a file, messages of a broker; 0: nothing,
                         or not known */
    uint64_t unreachable; /* source, sink: 1 while its other side can\'t be reached */
    uint64_t busy_ns; /* query, operator: time spent on it. Calls with few rows are measured now and then, and
                         stand for those between */
    uint64_t
        rows_late; /* query, operator, named window: rows that a window dropped since they came too late */
} weir_stat;
WEIR_API void weir_app_visit_stats(const weir_app *app, void (*visit)(void *ctx, const weir_stat *stat),
                                   void *ctx);

/* @app:statistics: with reporter 'console' the counters of streams, triggers, sources and sinks (throughput)
 * and queries (latency), by Siddhi's names for them, go to the engine's log every interval; at DETAIL the
 * memory of queries, tables, windows and aggregations, too. weir_app_start sets BASIC if the app has the
 * annotation, else OFF; this sets another level. */
typedef enum weir_statistics {
    WEIR_STATISTICS_OFF,
    WEIR_STATISTICS_BASIC,
    WEIR_STATISTICS_DETAIL
} weir_statistics;
WEIR_API weir_status weir_app_set_statistics(weir_app *app, weir_statistics level,
                                             weir_error *err) WEIR_MUST_CHECK;

/* Latency from a row's arrival to the end of the cycle that processed it. */
typedef struct weir_latency {
    uint64_t count;
    double p50_ms, p90_ms, p99_ms, max_ms, mean_ms;
} weir_latency;
WEIR_API void weir_app_latency(const weir_app *app, weir_latency *out);

/* True, with the reason, when rows are taken one arrival at a time. reason may be NULL; it stays the app's.
 */
WEIR_API bool weir_app_is_serial(const weir_app *app, const char **reason);
/* Rows per operator call so far. */
WEIR_API double weir_app_mean_rows_per_call(const weir_app *app);

#ifdef __cplusplus
}
#endif
#endif
