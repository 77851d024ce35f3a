/* app.c: apps: from text to a running task, and back. */
#include <stdlib.h>

#include "api/internal.h"
#include "api/variables.h"
#include "base/clock.h"
#include "lang/parser.h"

#define USUAL_BATCH_LIMIT   4096u
#define USUAL_REVISIONS     3
#define USUAL_WHOLE_EVERY   64
#define USUAL_CHECKPOINT_MS 1000
#define USUAL_DRAIN_MS      300000
#define USUAL_STOP_MS       10000

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an app");
}

static int64_t steady_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Most of the time is for the last checkpoint; closing has its part too, and the rest is for what does not
 * look at the clock. */
static int64_t stop_by_ns(void *ctx) {
    weir_app *app = ctx;
    int64_t asked = atomic_load(&app->stop_ns), tenth = app->options.stop_ms * 100000;
    if (!asked) return INT64_MAX;
    return asked + tenth * (atomic_load(&app->is_closing) ? 9 : 7);
}

/* Options of a caller that knows an older, shorter struct keep their zeros. */
static void take_options(weir_app *app, const weir_app_options *options) {
    if (options) memcpy(&app->options, options, WR_MIN(options->struct_size, sizeof app->options));
    if (!app->options.batch_limit) app->options.batch_limit = USUAL_BATCH_LIMIT;
    if (app->options.checkpoint_ms <= 0) app->options.checkpoint_ms = USUAL_CHECKPOINT_MS;
    if (app->options.drain_ms <= 0) app->options.drain_ms = USUAL_DRAIN_MS;
    if (app->options.stop_ms <= 0) app->options.stop_ms = USUAL_STOP_MS;
    if (!app->options.keep_revisions) app->options.keep_revisions = USUAL_REVISIONS;
    if (!app->options.whole_every) app->options.whole_every = USUAL_WHOLE_EVERY;
}

char *wr_app_copy_text(const char *text, size_t len) {
    char *copy = wr_alloc(NULL, len + 1);
    if (!copy) return NULL;
    memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

static char *copy_text(const char *text) { return text ? wr_app_copy_text(text, strlen(text)) : NULL; }

typedef struct lookup {
    const weir_app_options *options;
    char *kept;
} lookup;

static const char *look_up_variable(void *ctx, const char *name) {
    lookup *l = ctx;
    return wr_variable_value(l->options, name, &l->kept);
}

/* ---- Text to plan ---- */

weir_status wr_app_substitute(const weir_app *app, wr_source *source, weir_error *err) {
    lookup l = {&app->options, NULL};
    weir_status st = wr_source_substitute(source, look_up_variable, &l, err);
    wr_free(NULL, l.kept, 0);
    return st;
}

weir_status wr_app_plan(weir_app *app, wr_source *source, wr_plan **out, wr_diag *diags, weir_error *err) {
    weir_arena tree;
    wr_ast_app *ast = NULL;
    weir_status st = wr_app_substitute(app, source, err);
    if (st != WEIR_OK) {
        wr_diag_add(diags, err);
        return st;
    }
    wr_arena_init(&tree, &app->account);
    st = wr_parse_app(source, &tree, &ast, diags);
    wr_plan_options options = {
        .account = &app->account, .refs = app->options.refs, .n_refs = app->options.n_refs};
    if (st == WEIR_OK) st = wr_plan_app(ast, source, app->engine->registry, &options, out, diags);
    wr_arena_fini(&tree);
    return st;
}

/* ---- Plan to app ---- */

static weir_status describe(weir_stream_info *info, const char *name, const wr_schema *schema,
                            bool is_defined, bool is_window, weir_arena *arena, weir_error *err) {
    weir_attribute *attributes = wr_arena_array(arena, schema->n_attrs + 1, sizeof *attributes);
    if (!attributes) return no_memory(err);
    for (uint32_t i = 0; i < schema->n_attrs; i++)
        attributes[i] = (weir_attribute){schema->attrs[i].name, schema->attrs[i].type};
    *info = (weir_stream_info){name, schema->n_attrs, attributes, is_defined, false, is_window};
    return WEIR_OK;
}

weir_status wr_app_describe(wr_plan *p, weir_stream_info **streams, weir_stream_info **queries,
                            weir_error *err) {
    weir_stream_info *s = wr_arena_array(&p->arena, p->n_streams + 1, sizeof *s);
    weir_stream_info *q = wr_arena_array(&p->arena, p->n_queries + 1, sizeof *q);
    if (!s || !q) return no_memory(err);
    for (uint32_t i = 0; i < p->n_streams; i++) {
        WR_TRY(describe(&s[i], p->streams[i].name, &p->streams[i].schema, p->streams[i].is_defined,
                        p->streams[i].window != WR_NONE_ID, &p->arena, err));
        s[i].is_inner = p->streams[i].partition != WR_NONE_ID;
    }
    for (uint32_t i = 0; i < p->n_queries; i++)
        WR_TRY(describe(&q[i], p->queries[i].name, wr_plan_query_out(&p->queries[i]), false, false, &p->arena,
                        err));
    *streams = s;
    *queries = q;
    return WEIR_OK;
}

static void forward_log(void *ctx, int level, const char *line) {
    const weir_engine *e = ctx;
    if (e->log) e->log(e->log_ctx, (weir_log_level)level, line);
}

static void forward_io_log(void *ctx, weir_log_level level, const char *line) {
    forward_log(ctx, (int)level, line);
}

void wr_app_log(const weir_app *app, weir_log_level level, const char *line) {
    forward_log(app->engine, (int)level, line);
}

void wr_app_on_wrong_io(void *ctx, uint32_t begin, uint32_t end, const weir_error *wrong) {
    wr_wrong_io *w = ctx;
    weir_error placed = *wrong;
    wr_source_place(w->source, (wr_span){begin, end}, &placed);
    wr_diag_add(w->diags, &placed);
}

/* Between two cycles the app may be asked. */
static void on_turn(void *ctx) {
    weir_app *app = ctx;
    wr_app_report_if_due(app);
    if (!app->options.on_turn) return;
    app->in_turn = true;
    app->options.on_turn(app->options.on_turn_ctx);
    app->in_turn = false;
}

weir_status wr_app_make_stores(weir_app *app, const wr_plan *plan, const wr_source *source, wr_diag *diags,
                               wr_stores **out, weir_error *err) {
    wr_wrong_io wrong = {diags, source};
    wr_stores_options o = {.plan = plan,
                           .registry = app->engine->io,
                           .host = {.struct_size = sizeof o.host,
                                    .app = app->name,
                                    .log = forward_io_log,
                                    .log_ctx = app->engine,
                                    .stop_by_ns = stop_by_ns,
                                    .stop_ctx = app},
                           .base_dir = app->base_dir,
                           .stop = &app->stop,
                           .on_wait = app->options.on_wait,
                           .on_wait_ctx = app->options.on_wait_ctx};
    return wr_stores_new(&o, wr_app_on_wrong_io, &wrong, out, err);
}

weir_status wr_app_open_errors(weir_app *app, const wr_plan *plan, weir_error *err) {
    return wr_errors_open(&app->errors, plan, app->error_dir, app->name, app->options.error_bytes, err);
}

void wr_app_note_feeders(weir_app *app) {
    atomic_store(&app->waits_for_others, app->io && wr_app_io_waits_for_others(app->io));
}

static weir_status make_io(weir_app *app, const wr_source *source, wr_diag *diags, weir_error *err) {
    wr_wrong_io wrong = {diags, source};
    wr_app_io_options o = {.plan = app->plan,
                           .task = app->task,
                           .inbox = app->inbox,
                           .registry = app->engine->io,
                           .host = {.struct_size = sizeof o.host,
                                    .app = app->name,
                                    .log = forward_io_log,
                                    .log_ctx = app->engine,
                                    .bus = app->engine->bus,
                                    .stop_by_ns = stop_by_ns,
                                    .stop_ctx = app},
                           .account = &app->account,
                           .errors = &app->errors,
                           .base_dir = app->base_dir,
                           .state_dir = app->state_dir,
                           .checkpoint_ms = app->options.checkpoint_ms,
                           .drain_ms = app->options.drain_ms,
                           .whole_every = app->options.whole_every,
                           .keep = app->options.keep_revisions,
                           .playback = app->playback,
                           .batch_limit = app->options.batch_limit,
                           .latency = &app->latency,
                           .app_name = app->name,
                           .n_working = &app->engine->n_working,
                           .on_turn = app->options.on_turn || app->plan->statistics.is_on ? on_turn : NULL,
                           .on_turn_ctx = app};
    weir_status st = wr_app_io_new(&o, wr_app_on_wrong_io, &wrong, &app->io, err);
    wr_app_note_feeders(app);
    return st;
}

weir_status wr_app_make_task(weir_app *app, const wr_plan *plan, const wr_stores *stores, wr_task **task,
                             wr_inbox **inbox, weir_error *err) {
    wr_task_options o = {.plan = plan,
                         .account = &app->account,
                         .serial = app->options.force_serial,
                         .threads = app->options.threads,
                         .threads_always = app->options.threads_always,
                         .keys_sleep = app->options.keys_sleep,
                         .log = forward_log,
                         .log_ctx = app->engine,
                         .stores = stores,
                         .errors = &app->errors};
    WR_TRY(wr_task_new(&o, task, err));
    return wr_inbox_new(plan, &app->account, inbox, err);
}

static weir_status make_app(weir_app *app, const wr_source *source, wr_diag *diags, weir_error *err) {
    app->name = copy_text(app->plan->name ? app->plan->name : "app");
    app->base_dir = copy_text(app->options.base_dir);
    app->state_dir = copy_text(app->options.state_dir);
    app->error_dir = copy_text(app->options.error_dir ? app->options.error_dir : app->options.state_dir);
    app->errors.log = forward_log;
    app->errors.log_ctx = app->engine;
    app->playback = app->options.playback || app->plan->clock == WR_CLOCK_PLAYBACK;
    app->no_io = app->options.no_io || app->plan->no_io;
    app->now_ms = wr_wall_ms;
    if (!app->name) return no_memory(err);
    WR_TRY(wr_app_describe(app->plan, &app->streams, &app->queries, err));
    WR_TRY(wr_app_make_stores(app, app->plan, source, diags, &app->stores, err));
    WR_TRY(wr_app_make_task(app, app->plan, app->stores, &app->task, &app->inbox, err));
    return make_io(app, source, diags, err);
}

static weir_status build(weir_app *app, const char *text, size_t len, wr_diag *diags, weir_report **report,
                         weir_error *err) {
    wr_source source;
    weir_status st =
        wr_source_init(&source, app->options.source_name ? app->options.source_name : "app", text, len, err);
    if (st != WEIR_OK)
        wr_diag_add(diags, err);
    else {
        st = wr_app_plan(app, &source, &app->plan, diags, err);
        if (st == WEIR_OK) {
            st = make_app(app, &source, diags, err);
            if (st != WEIR_OK && !diags->total) wr_diag_add(diags, err);
        }
    }
    if (st != WEIR_OK) {
        wr_diag_first(diags, err);
        if (report) *report = wr_report_new(diags, &source);
    }
    wr_source_fini(&source);
    return st;
}

weir_status weir_app_new(weir_engine *engine, const char *text, size_t len, const weir_app_options *options,
                         weir_app **out, weir_report **report, weir_error *err) {
    weir_error own;
    if (!err) err = &own;
    if (report) *report = NULL;
    if (out) *out = NULL;
    if (!engine || !text || !out) return weir_fail(err, WEIR_EUSAGE, "weir_app_new: an argument is NULL");
    weir_app *app = wr_alloc_zero(NULL, sizeof *app);
    if (!app) return no_memory(err);
    app->engine = engine;
    app->account.parent = &engine->account;
    take_options(app, options);
    app->text = wr_app_copy_text(text, len);
    app->text_len = len;
    wr_diag diags;
    wr_diag_init(&diags, 0);
    weir_status st = app->text ? build(app, text, len, &diags, report, err) : no_memory(err);
    wr_diag_fini(&diags);
    if (st != WEIR_OK) {
        weir_app_free(app);
        return st;
    }
    *out = app;
    return WEIR_OK;
}

void weir_app_free(weir_app *app) {
    if (!app) return;
    atomic_store(&app->is_closing, true);
    if (app->io) {
        weir_error err;
        if (wr_app_io_free(app->io, &err) != WEIR_OK && !app->has_told)
            forward_log(app->engine, WEIR_LOG_ERROR, err.message);
    }
    for (wr_user_subscription *s = app->subscriptions, *next; s; s = next) {
        next = s->next;
        wr_free(NULL, s, sizeof *s);
    }
    wr_inbox_free(app->inbox);
    wr_task_free(app->task);
    wr_stores_free(app->stores);
    wr_plan_free(app->plan);
    wr_free(NULL, app->name, 0);
    wr_free(NULL, app->text, 0);
    wr_free(NULL, app->base_dir, 0);
    wr_free(NULL, app->state_dir, 0);
    wr_free(NULL, app->error_dir, 0);
    wr_free(NULL, app->metrics, app->n_metrics * sizeof *app->metrics);
    wr_errors_close(&app->errors);
    wr_free(NULL, app, sizeof *app);
}

/* ---- Running ---- */

weir_status weir_app_start(weir_app *app, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    if (app->is_started) return weir_fail(err, WEIR_EUSAGE, "the app has been started before");
    bool with_io = app->io && !app->no_io, recovered = false;
    app->is_started = true;
    app->is_busy = true;
    weir_status st = wr_app_open_errors(app, app->plan, err);
    if (st == WEIR_OK) st = wr_stores_connect(app->stores, err);
    if (st == WEIR_OK && with_io) st = wr_app_io_recover(app->io, &recovered, err);
    if (st == WEIR_OK && !recovered) st = wr_task_start(app->task, app->playback ? 0 : app->now_ms(), err);
    if (st == WEIR_OK && with_io) st = wr_app_io_start(app->io, err);
    app->is_busy = false;
    app->is_broken = st != WEIR_OK;
    wr_app_start_statistics(app);
    return st;
}

weir_status weir_app_run(weir_app *app, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    if (!app->is_started)
        return weir_fail(err, WEIR_EUSAGE, "the app has not been started: call weir_app_start first");
    if (!app->io) return weir_fail(err, WEIR_EUSAGE, "the app has no sources, sinks or triggers to run");
    if (app->no_io) return weir_fail(err, WEIR_EUSAGE, "the app's sources and sinks are switched off");
    WR_TRY(wr_app_run_inbox(app, err));
    app->is_busy = true;
    weir_status st = wr_app_io_run(app->io, &app->stop, err);
    app->has_told = st != WEIR_OK;
    app->is_busy = false;
    return st;
}

void weir_app_request_end(weir_app *app) {
    if (!app) return;
    atomic_store(&app->stop, true);
    if (app->io) wr_app_io_wake(app->io);
}

void weir_app_request_stop(weir_app *app) {
    int64_t never = 0;
    if (!app) return;
    atomic_compare_exchange_strong(&app->stop_ns, &never, steady_ns());
    weir_app_request_end(app);
}

void weir_app_wake(weir_app *app) {
    if (app && app->io) wr_app_io_wake(app->io);
}

const char *weir_app_name(const weir_app *app) { return app ? app->name : ""; }

int64_t weir_app_clock(const weir_app *app) { return app ? wr_task_clock(app->task) : 0; }

bool weir_app_waits_for_others(const weir_app *app) { return app && atomic_load(&app->waits_for_others); }
