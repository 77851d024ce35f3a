/* query.c: on-demand queries: asking and changing what tables hold. */
#include "api/internal.h"
#include "lang/parser.h"
#include "plan/on_demand.h"

struct weir_prepared {
    weir_app *app;
    wr_on_demand *plan;
    uint64_t n_changes; /* of the app when it was compiled */
};

struct weir_answer {
    weir_arena arena; /* holds the rows and their description */
    weir_stream_info info;
    weir_batch rows;
    weir_changes changes;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an on-demand query");
}

/* As wr_app_check, but a run may be interrupted by its on_turn. */
static weir_status check(const weir_app *app, weir_error *err) {
    if (app && app->in_turn && !app->is_broken) return WEIR_OK;
    return wr_app_check(app, err);
}

/* ---- Compiling ---- */

static weir_status compile(weir_app *app, const wr_source *source, wr_on_demand **out, wr_diag *diags) {
    weir_arena tree;
    wr_ast_on_demand *ast;
    wr_arena_init(&tree, NULL);
    weir_status st = wr_parse_on_demand(source, &tree, &ast, diags);
    if (st == WEIR_OK)
        st = wr_plan_on_demand(app->plan, ast, source, app->engine->registry, &app->account, out, diags);
    wr_arena_fini(&tree);
    return st;
}

static weir_status compile_text(weir_app *app, const char *text, size_t len, wr_on_demand **out,
                                weir_report **report, weir_error *err) {
    wr_source source;
    wr_diag diags;
    wr_diag_init(&diags, 0);
    weir_status st = wr_source_init(&source, "query", text, len, err);
    if (st != WEIR_OK)
        wr_diag_add(&diags, err);
    else
        st = compile(app, &source, out, &diags);
    if (st != WEIR_OK) {
        if (!diags.total) no_memory(err);
        wr_diag_first(&diags, err);
        if (report) *report = wr_report_new(&diags, &source);
    }
    wr_diag_fini(&diags);
    wr_source_fini(&source);
    return st;
}

weir_status weir_prepare(weir_app *app, const char *text, size_t len, weir_prepared **out,
                         weir_report **report, weir_error *err) {
    weir_error own;
    if (!err) err = &own;
    if (report) *report = NULL;
    if (!text || !out) return weir_fail(err, WEIR_EUSAGE, "weir_prepare: an argument is NULL");
    *out = NULL;
    WR_TRY(check(app, err));
    weir_prepared *q = wr_alloc_zero(NULL, sizeof *q);
    if (!q) return no_memory(err);
    q->app = app;
    q->n_changes = app->n_changes;
    weir_status st = compile_text(app, text, len, &q->plan, report, err);
    if (st == WEIR_OK)
        *out = q;
    else
        weir_prepared_free(q);
    return st;
}

char *weir_prepared_explain(const weir_prepared *q) {
    wr_buf text = WR_BUF_INIT;
    if (!q || q->n_changes != q->app->n_changes) return NULL;
    wr_explain_on_demand(q->app->plan, q->plan, &text);
    if (!text.failed) return text.data;
    wr_buf_fini(&text);
    return NULL;
}

void weir_prepared_free(weir_prepared *q) {
    if (!q) return;
    wr_on_demand_free(q->plan);
    wr_free(NULL, q, sizeof *q);
}

/* ---- Running ---- */

static weir_status describe(weir_answer *a, const wr_on_demand *plan, weir_error *err) {
    const wr_schema *s = &plan->select->out;
    uint32_t n = plan->change ? 0 : s->n_attrs;
    weir_attribute *attributes = wr_arena_array(&a->arena, n + 1, sizeof *attributes);
    if (!attributes) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        const char *name = wr_arena_strndup(&a->arena, s->attrs[i].name, strlen(s->attrs[i].name));
        if (!name) return no_memory(err);
        attributes[i] = (weir_attribute){name, s->attrs[i].type};
    }
    a->info = (weir_stream_info){.name = "answer", .n_attributes = n, .attributes = attributes};
    return WEIR_OK;
}

static weir_status run(weir_prepared *q, weir_answer *a, weir_error *err) {
    wr_change_counts n;
    weir_app *app = q->app;
    WR_TRY(describe(a, q->plan, err));
    bool was_busy = app->is_busy, was_in_turn = app->in_turn;
    app->is_busy = true;
    app->in_turn = false; /* log lines are callbacks, too */
    weir_status st = wr_task_query(app->task, q->plan, &a->arena, &a->rows, &n, err);
    app->is_busy = was_busy;
    app->in_turn = was_in_turn;
    if (app->io && q->plan->change) wr_app_io_note_change(app->io);
    a->changes = (weir_changes){n.inserted, n.updated, n.removed, n.refused};
    return st;
}

weir_status weir_prepared_run(weir_prepared *q, weir_answer **out, weir_error *err) {
    if (!q || !out) return weir_fail(err, WEIR_EUSAGE, "weir_prepared_run: an argument is NULL");
    *out = NULL;
    WR_TRY(check(q->app, err));
    if (q->n_changes != q->app->n_changes)
        return weir_fail(err, WEIR_EUSAGE,
                         "the app has changed since the query was prepared: prepare it again");
    if (!q->app->is_started)
        return weir_fail(err, WEIR_EUSAGE, "the app has not been started: call weir_app_start first");
    if (!q->app->in_turn) WR_TRY(wr_app_run_inbox(q->app, err));
    weir_answer *a = wr_alloc_zero(NULL, sizeof *a);
    if (!a) return no_memory(err);
    wr_arena_init(&a->arena, NULL);
    weir_status st = run(q, a, err);
    if (st == WEIR_OK)
        *out = a;
    else
        weir_answer_free(a);
    return st;
}

weir_status weir_query(weir_app *app, const char *text, size_t len, weir_answer **out, weir_report **report,
                       weir_error *err) {
    weir_prepared *q;
    if (out) *out = NULL;
    WR_TRY(weir_prepare(app, text, len, &q, report, err));
    weir_status st = weir_prepared_run(q, out, err);
    weir_prepared_free(q);
    return st;
}

/* ---- The answer ---- */

const weir_stream_info *weir_answer_info(const weir_answer *a) { return a ? &a->info : NULL; }

const weir_batch *weir_answer_rows(const weir_answer *a) { return a ? &a->rows : NULL; }

void weir_answer_changes(const weir_answer *a, weir_changes *out) {
    if (out) *out = a ? a->changes : (weir_changes){0};
}

void weir_answer_free(weir_answer *a) {
    if (!a) return;
    wr_arena_fini(&a->arena);
    wr_free(NULL, a, sizeof *a);
}
