/* replace.c: another text for an app that runs. What comes is made and checked whole beside what is there;
 * then the state goes over, and the two change places between two cycles. */
#include <stdio.h>

#include "api/internal.h"
#include "lang/parser.h"
#include "runtime/carry.h"

/* What is to take the app's place. */
typedef struct incoming {
    wr_source source;
    wr_plan *plan;
    wr_stores *stores;
    wr_task *task;
    wr_inbox *inbox;
    weir_stream_info *streams, *queries;
    wr_io_change *io;
    wr_carry *carry;
    char *text;
} incoming;

static void incoming_free(incoming *in) {
    wr_carry_free(in->carry);
    wr_io_change_free(in->io);
    wr_inbox_free(in->inbox);
    wr_task_free(in->task);
    wr_stores_free(in->stores);
    wr_plan_free(in->plan);
    wr_source_fini(&in->source);
    wr_free(NULL, in->text, 0);
}

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a changed app");
}

/* ---- Checks ---- */

static weir_status check_app(const weir_app *app, weir_error *err) {
    if (!app || !app->in_turn || app->is_broken) WR_TRY(wr_app_check(app, err));
    return app->is_started ? WEIR_OK
                           : weir_fail(err, WEIR_EUSAGE, "only an app that has been started can change");
}

/* What an app is for as long as it runs. */
static weir_status same_kind(const weir_app *app, const wr_plan *plan, weir_error *err) {
    const wr_plan *old = app->plan;
    const char *name = plan->name ? plan->name : "app";
    if (strcmp(name, app->name) != 0)
        return weir_fail(err, WEIR_EUSAGE, "the app is '%s', the text is one of '%s'", app->name, name);
    if (old->clock != plan->clock || old->idle_ms != plan->idle_ms || old->increment_ms != plan->increment_ms)
        return weir_fail(err, WEIR_EUSAGE, "@app:playback can't change while the app runs");
    if (old->guarantee != plan->guarantee)
        return weir_fail(err, WEIR_EUSAGE, "@app:guarantee can't change while the app runs");
    if (old->no_io != plan->no_io)
        return weir_fail(err, WEIR_EUSAGE,
                         "@app:transportChannelCreationEnabled can't change while the app runs");
    if (!app->io && !app->no_io && wr_app_io_is_needed(plan))
        return weir_fail(
            err, WEIR_EUNSUPPORTED,
            "the app has run without sources, sinks and triggers: it can't get them while it runs");
    return WEIR_OK;
}

/* ---- Making ---- */

static weir_status make(weir_app *app, incoming *in, wr_diag *diags, weir_error *err) {
    wr_wrong_io wrong = {diags, &in->source};
    WR_TRY(wr_app_plan(app, &in->source, &in->plan, diags, err));
    WR_TRY(same_kind(app, in->plan, err));
    WR_TRY(wr_app_describe(in->plan, &in->streams, &in->queries, err));
    WR_TRY(wr_app_make_stores(app, in->plan, &in->source, diags, &in->stores, err));
    WR_TRY(wr_app_make_task(app, in->plan, in->stores, &in->task, &in->inbox, err));
    if (app->io) WR_TRY(wr_app_io_prepare(app->io, in->plan, wr_app_on_wrong_io, &wrong, &in->io, err));
    WR_TRY(wr_app_listen(app, in->plan, in->task, in->streams, in->queries, err));
    return wr_carry_new(app->plan, in->plan, &in->carry, err);
}

/* As a report, if there is more to say than *err can. */
static weir_status prepare(weir_app *app, const char *text, size_t len, incoming *in, weir_report **report,
                           weir_error *err) {
    const char *name = app->options.source_name ? app->options.source_name : "app";
    wr_diag diags;
    wr_diag_init(&diags, 0);
    in->text = wr_app_copy_text(text, len);
    weir_status st = in->text ? wr_source_init(&in->source, name, text, len, err) : no_memory(err);
    if (st != WEIR_OK)
        wr_diag_add(&diags, err);
    else
        st = make(app, in, &diags, err);
    if (st != WEIR_OK && diags.total) {
        wr_diag_first(&diags, err);
        if (report) *report = wr_report_new(&diags, &in->source);
    }
    wr_diag_fini(&diags);
    return st;
}

/* ---- What is lost ---- */

typedef struct telling {
    const weir_change_options *options;
    uint32_t n;
    char first[256];
} telling;

static void on_lost(void *ctx, const char *line) {
    telling *t = ctx;
    if (!t->n++) snprintf(t->first, sizeof t->first, "%s", line);
    if (t->options->tell) t->options->tell(t->options->tell_ctx, line);
}

static weir_status tell(const incoming *in, const weir_change_options *o, weir_error *err) {
    telling t = {.options = o};
    wr_carry_tell(in->carry, on_lost, &t);
    return t.n && o->keep_all ? weir_fail(err, WEIR_ESTATE, "%s", t.first) : WEIR_OK;
}

/* ---- Changing places ---- */

static void swap(weir_app *app, incoming *in) {
    incoming old = *in;
    in->plan = app->plan;
    in->stores = app->stores;
    in->task = app->task;
    in->inbox = app->inbox;
    in->text = app->text;
    app->plan = old.plan;
    app->stores = old.stores;
    app->task = old.task;
    app->inbox = old.inbox;
    app->text = old.text;
    app->text_len = strlen(old.text);
    app->streams = old.streams;
    app->queries = old.queries;
    app->n_changes++;
    app->chain = (wr_chain_end){0};
    wr_app_start_statistics(app);
    wr_app_note_feeders(app);
    wr_app_relisten(app);
}

static weir_status go_over(weir_app *app, incoming *in, weir_error *err) {
    if (app->io) WR_TRY(wr_app_io_settle(app->io, in->io, err));
    if (app->io) WR_TRY(wr_app_io_checkpoint(app->io, err));
    WR_TRY(wr_task_commit_stores(app->task, err)); /* what the old one wrote is there for the new one */
    WR_TRY(wr_app_open_errors(app, in->plan, err));
    WR_TRY(wr_stores_connect(in->stores, err));
    WR_TRY(wr_task_carry(in->carry, app->task, in->task, err));
    if (app->io) WR_TRY(wr_app_io_change(app->io, in->io, in->task, in->inbox, err));
    swap(app, in);
    return WEIR_OK;
}

/* The change is made; what fails from here on is the app's. */
static weir_status go_on(weir_app *app, weir_error *err) {
    weir_error own = {0};
    weir_status st = wr_task_start_new(app->task, err);
    app->is_broken |= st != WEIR_OK;
    if (st == WEIR_OK && app->io && wr_app_io_checkpoint(app->io, &own) != WEIR_OK)
        wr_app_log(app, WEIR_LOG_WARN, own.message); /* the next one may come about */
    return st;
}

static weir_status change(weir_app *app, incoming *in, const weir_change_options *o, weir_error *err) {
    bool was_busy = app->is_busy, was_in_turn = app->in_turn;
    WR_TRY(tell(in, o, err));
    if (o->only_check) return WEIR_OK;
    app->is_busy = true; /* rows may go to callbacks */
    app->in_turn = false;
    weir_status st = go_over(app, in, err);
    app->is_broken |= st != WEIR_OK && err->fatal;
    if (st == WEIR_OK) st = go_on(app, err);
    app->is_busy = was_busy;
    app->in_turn = was_in_turn;
    return st;
}

weir_status weir_app_replace(weir_app *app, const char *text, size_t len, const weir_change_options *options,
                             weir_report **report, weir_error *err) {
    weir_error own;
    weir_change_options o = {0};
    incoming in = {0};
    if (!err) err = &own;
    memset(err, 0, sizeof *err);
    if (report) *report = NULL;
    if (options) memcpy(&o, options, WR_MIN(options->struct_size, sizeof o));
    if (!text) return weir_fail(err, WEIR_EUSAGE, "weir_app_replace: text is NULL");
    WR_TRY(check_app(app, err));
    if (!app->in_turn) WR_TRY(wr_app_run_inbox(app, err));
    weir_status st = prepare(app, text, len, &in, report, err);
    if (st == WEIR_OK) st = change(app, &in, &o, err);
    incoming_free(&in);
    return st;
}

/* ---- Queries that come and go ---- */

const char *weir_app_text(const weir_app *app) { return app ? app->text : ""; }

static bool ends_statement(const char *text, size_t len) {
    while (len && strchr(" \t\r\n", text[len - 1])) len--;
    return !len || text[len - 1] == ';';
}

weir_status weir_app_add(weir_app *app, const char *queries, size_t len, const weir_change_options *options,
                         weir_report **report, weir_error *err) {
    if (report) *report = NULL;
    if (!queries) return weir_fail(err, WEIR_EUSAGE, "weir_app_add: queries is NULL");
    WR_TRY(check_app(app, err));
    wr_buf text = WR_BUF_INIT;
    wr_buf_put(&text, app->text, app->text_len);
    wr_buf_puts(&text, ends_statement(app->text, app->text_len) ? "\n" : "\n;\n");
    wr_buf_put(&text, queries, len);
    weir_status st =
        text.failed ? no_memory(err) : weir_app_replace(app, text.data, text.len, options, report, err);
    wr_buf_fini(&text);
    return st;
}

/* The n-th element's query of that name, or the whole partition that has no other; begin == end: none. */
typedef struct search {
    const char *name;
    uint32_t n; /* queries looked at */
    wr_span found;
} search;

static bool is_it(search *s, const wr_ast_query *q) {
    char number[32];
    const wr_ast_annotation *info = wr_ast_find_annotation(&q->annotations, "info", 0);
    const wr_ast_annotation_item *item = info ? wr_ast_find_item(info, "name") : NULL;
    snprintf(number, sizeof number, "query_%u", ++s->n);
    return !strcmp(item && item->value ? item->value : number, s->name);
}

static void find_query(const wr_ast_app *ast, search *s) {
    for (uint32_t i = 0; i < ast->n_elements; i++) {
        const wr_ast_partition *p = ast->elements[i].partition;
        if (!p && is_it(s, ast->elements[i].query)) s->found = ast->elements[i].query->span;
        for (uint32_t k = 0; p && k < p->n_queries; k++)
            if (is_it(s, p->queries[k])) s->found = p->n_queries > 1 ? p->queries[k]->span : p->span;
    }
}

static weir_status locate(const weir_app *app, const char *name, wr_span *out, weir_error *err) {
    wr_source source;
    weir_arena tree;
    wr_diag diags;
    wr_ast_app *ast;
    search s = {.name = name};
    wr_diag_init(&diags, 0);
    wr_arena_init(&tree, NULL);
    weir_status st = wr_source_init(&source, app->name, app->text, app->text_len, err);
    if (st == WEIR_OK) st = wr_app_substitute(app, &source, err);
    if (st == WEIR_OK) st = wr_parse_app(&source, &tree, &ast, &diags);
    if (st == WEIR_OK) find_query(ast, &s);
    *out = wr_source_written(&source, s.found);
    wr_arena_fini(&tree);
    wr_diag_fini(&diags);
    wr_source_fini(&source);
    if (st != WEIR_OK) return st;
    return s.found.end ? WEIR_OK : weir_fail(err, WEIR_ENAME, "there is no query '%s'", name);
}

weir_status weir_app_remove_query(weir_app *app, const char *name, const weir_change_options *options,
                                  weir_report **report, weir_error *err) {
    wr_span span;
    if (report) *report = NULL;
    if (!name) return weir_fail(err, WEIR_EUSAGE, "weir_app_remove_query: name is NULL");
    WR_TRY(check_app(app, err));
    WR_TRY(locate(app, name, &span, err));
    size_t end = span.end + strspn(app->text + span.end, " \t\r\n");
    end = app->text[end] == ';' ? end + 1 : span.end;
    wr_buf text = WR_BUF_INIT;
    wr_buf_put(&text, app->text, span.begin);
    wr_buf_put(&text, app->text + end, app->text_len - end);
    weir_status st =
        text.failed ? no_memory(err) : weir_app_replace(app, text.data, text.len, options, report, err);
    wr_buf_fini(&text);
    return st;
}
