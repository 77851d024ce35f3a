/* look.c: looking into an app: its plan, counters and latencies; and laying out a text. */
#include "api/internal.h"
#include "exec/window_op.h"
#include "lang/parser.h"
#include "lang/printer.h"
#include "plan/explain.h"

/* What the window that runs this node can hold. */
static int bound_of(void *task, const wr_plan_op *plan, char *text, size_t size) {
    const wr_op *op = wr_task_operator(task, plan);
    if (!op || plan->kind != WR_OP_WINDOW) return -1;
    int n = wr_window_op_bound(op, text, size);
    return n > 0 ? n : -1; /* it does not say */
}

char *weir_app_explain(const weir_app *app) {
    wr_buf text = WR_BUF_INIT;
    if (!app) return NULL;
    wr_explain_hooks hooks = {.bound = bound_of, .ctx = app->task};
    wr_plan_explain_with(app->plan, &hooks, &text);
    if (!text.failed) return text.data;
    wr_buf_fini(&text);
    return NULL;
}

typedef struct visiting {
    void (*visit)(void *ctx, const weir_stat *stat);
    void *ctx;
} visiting;

static void on_task_stat(void *ctx, const wr_task_stat *s) {
    visiting *v = ctx;
    weir_stat out = {.kind = s->kind,
                     .name = s->name,
                     .label = s->label,
                     .rows_in = s->rows_in,
                     .rows_out = s->rows_out,
                     .calls = s->calls,
                     .errors = s->errors,
                     .state_rows = s->state_rows,
                     .state_bytes = s->state_bytes,
                     .lag_ms = -1,
                     .busy_ns = s->busy_ns,
                     .rows_late = s->rows_late};
    v->visit(v->ctx, &out);
}

static void on_io_stat(void *ctx, const wr_app_io_stat *s) {
    visiting *v = ctx;
    bool is_source = s->kind[1] == 'o';
    weir_stat out = {.kind = s->kind,
                     .name = s->stream,
                     .label = s->type,
                     .rows_in = is_source ? s->stats.rows : 0,
                     .rows_out = is_source ? 0 : s->stats.rows,
                     .errors = s->stats.bad_rows + s->stats.errors,
                     .state_bytes = s->bytes_held,
                     .lag_ms = -1,
                     .waiting = s->stats.lag > 0 ? (uint64_t)s->stats.lag : 0,
                     .unreachable = s->is_unreachable};
    v->visit(v->ctx, &out);
}

/* Rows that came in from outside, and that went out, for the line of the whole app. */
static void add_io(void *ctx, const wr_app_io_stat *s) {
    weir_stat *whole = ctx;
    if (s->kind[1] == 'o')
        whole->rows_in += s->stats.rows;
    else
        whole->rows_out += s->stats.rows;
}

void weir_app_visit_stats(const weir_app *app, void (*visit)(void *ctx, const weir_stat *stat), void *ctx) {
    if (!app || !visit) return;
    visiting v = {visit, ctx};
    weir_stat whole = {.kind = "app",
                       .name = app->name,
                       .label = "",
                       .state_bytes = app->account.used_bytes,
                       .lag_ms = app->is_started && !app->playback && wr_task_clock(app->task) > 0
                                     ? WR_MAX(app->now_ms() - wr_task_clock(app->task), 0)
                                     : -1};
    if (app->io) wr_app_io_visit_stats(app->io, add_io, &whole);
    if (!whole.rows_in) whole.rows_in = app->latency.count; /* sent by the program */
    visit(ctx, &whole);
    wr_task_visit_stats(app->task, on_task_stat, &v);
    if (app->io) wr_app_io_visit_stats(app->io, on_io_stat, &v);
}

void weir_app_latency(const weir_app *app, weir_latency *out) {
    if (out) memset(out, 0, sizeof *out);
    if (!out || !app || !app->latency.count) return;
    const wr_latency *l = &app->latency;
    out->count = l->count;
    out->p50_ms = (double)wr_latency_quantile(l, 0.5) / 1e3;
    out->p90_ms = (double)wr_latency_quantile(l, 0.9) / 1e3;
    out->p99_ms = (double)wr_latency_quantile(l, 0.99) / 1e3;
    out->max_ms = (double)l->max_us / 1e3;
    out->mean_ms = (double)l->sum_us / (double)l->count / 1e3;
}

bool weir_app_is_serial(const weir_app *app, const char **reason) {
    bool serial = app && wr_task_is_serial(app->task);
    if (reason)
        *reason = !serial ? NULL : app->plan->serial_reason ? app->plan->serial_reason : "it was asked for";
    return serial;
}

typedef struct mean {
    uint64_t calls, rows;
} mean;

static void add_to_mean(void *ctx, const wr_task_stat *s) {
    mean *m = ctx;
    if (!strcmp(s->kind, "query")) return; /* its operators come, too */
    m->calls += s->calls;
    if (s->calls) m->rows += s->rows_in;
}

double weir_app_mean_rows_per_call(const weir_app *app) {
    mean m = {0};
    if (app) wr_task_visit_stats(app->task, add_to_mean, &m);
    return m.calls ? (double)m.rows / (double)m.calls : 0;
}

weir_status weir_format(const char *text, size_t len, const char *source_name, char **out,
                        weir_report **report, weir_error *err) {
    weir_error own;
    if (!err) err = &own;
    if (report) *report = NULL;
    if (!text || !out) return weir_fail(err, WEIR_EUSAGE, "weir_format: an argument is NULL");
    *out = NULL;
    wr_source source;
    wr_diag diags;
    weir_arena tree;
    wr_buf laid_out = WR_BUF_INIT;
    wr_ast_app *ast;
    wr_diag_init(&diags, 0);
    wr_arena_init(&tree, NULL);
    weir_status st = wr_source_init(&source, source_name ? source_name : "app", text, len, err);
    if (st != WEIR_OK) wr_diag_add(&diags, err);
    if (st == WEIR_OK) st = wr_parse_app(&source, &tree, &ast, &diags);
    if (st == WEIR_OK) {
        st = wr_print_app(ast, &source, &laid_out);
        if (st != WEIR_OK) weir_fail(err, st, "out of memory for the text");
    } else
        wr_diag_first(&diags, err);
    if (st != WEIR_OK && report && diags.total) *report = wr_report_new(&diags, &source);
    if (st == WEIR_OK) *out = laid_out.data;
    if (st != WEIR_OK) wr_buf_fini(&laid_out);
    wr_arena_fini(&tree);
    wr_diag_fini(&diags);
    wr_source_fini(&source);
    return st;
}
