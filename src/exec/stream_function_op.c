/* stream_function_op.c: #log, which writes a line for each row that passes, and #pol2Cart, which adds
 * columns.
 *
 * Rows of all kinds pass; resets carry no values, so they are neither logged nor computed. */
#include <math.h>

#include "base/buf.h"
#include "data/text.h"
#include "data/value.h"
#include "exec/chunk_faults.h"
#include "exec/program.h"
#include "weir_io.h"

#define PRIORITY_OFF 6
#define DEGREE       0.017453292519943295 /* pi / 180 */

typedef struct function_op {
    wr_op head;
    wr_program *args; /* #log: the message, NULL if there is none; #pol2Cart: theta, rho and perhaps z */
} function_op;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a stream function");
}

/* One run of the operator: the rows that carry values, and the arguments over them. */
typedef struct function_run {
    wr_turn *turn;
    const weir_batch *in;
    uint32_t *rows; /* selected physical rows that are no resets */
    uint32_t n;
    weir_column *args;
    wr_chunk_faults faults;
} function_run;

static weir_status select_rows(function_run *r, weir_error *err) {
    const weir_batch *b = r->in;
    r->rows = wr_arena_array(r->turn->arena, b->n_sel, sizeof *r->rows);
    if (!r->rows) return no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (!b->kind || b->kind[row] != WEIR_RESET) r->rows[r->n++] = row;
    }
    return WEIR_OK;
}

static weir_status run_args(function_op *f, function_run *r, uint32_t n_args, weir_error *err) {
    weir_batch in = *r->in;
    in.sel = r->n == in.n_rows ? NULL : r->rows;
    in.n_sel = r->n;
    r->faults = (wr_chunk_faults){.turn = r->turn, .in = r->in};
    wr_eval ev = {.in = &in,
                  .cycle = r->turn->cycle,
                  .arena = r->turn->arena,
                  .fail = wr_chunk_faults_note,
                  .fail_ctx = &r->faults};
    if (!f->args) return WEIR_OK;
    r->args = wr_arena_zero(r->turn->arena, n_args, sizeof *r->args);
    return r->args ? wr_program_run(f->args, &ev, r->args, err) : no_memory(err);
}

/* The input's rows but those of failed chunks; *out keeps the columns that it has. */
static weir_status pass_rows(function_run *r, weir_batch *out, weir_error *err) {
    const weir_batch *b = r->in;
    WR_TRY(wr_chunk_faults_status(&r->faults, err));
    if (!r->faults.n_failed) return WEIR_OK;
    uint32_t *sel = wr_arena_array(r->turn->arena, b->n_sel, sizeof *sel);
    if (!sel) return no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) sel[k] = weir_batch_row(b, k);
    out->n_sel = wr_chunk_faults_drop(&r->faults, sel, b->n_sel);
    out->sel = sel;
    return WEIR_OK;
}

/* ---- #log --------------------------------------------------------------------------------------------- */

static const char *const kind_names[] = {
    [WEIR_CURRENT] = "CURRENT", [WEIR_EXPIRED] = "EXPIRED", [WEIR_RESET] = "RESET"};

/* Event{timestamp=1, data=[a, 2.5], type=CURRENT}; columns that the plan has pruned are left out. */
static void put_event(wr_buf *line, const weir_batch *b, uint32_t row) {
    bool is_first = true;
    wr_buf_printf(line, "Event{timestamp=%lld, data=[", (long long)b->ts[row]);
    for (uint32_t c = 0; c < b->n_cols; c++) {
        if (!b->cols[c].data) continue;
        weir_value v = wr_column_get(&b->cols[c], row);
        if (!is_first) wr_buf_puts(line, ", ");
        wr_text_of_value(line, &v);
        is_first = false;
    }
    wr_buf_printf(line, "], type=%s}", kind_names[b->kind ? b->kind[row] : WEIR_CURRENT]);
}

static void put_line(wr_buf *line, const wr_plan_function *plan, const function_run *r, uint32_t row) {
    wr_buf_clear(line);
    wr_buf_printf(line, "%s: ", plan->app_name ? plan->app_name : "app");
    if (plan->message) {
        weir_value message = wr_column_get(&r->args[0], row);
        wr_text_of_value(line, &message);
        if (plan->log_event) wr_buf_puts(line, ", ");
    } else if (!plan->log_event) {
        wr_buf_puts(line, "Event Arrived");
    }
    if (plan->log_event) put_event(line, r->in, row);
}

static weir_status log_rows(const function_op *f, const function_run *r, weir_error *err) {
    const wr_plan_function *plan = &f->head.plan->u.function;
    wr_turn *turn = r->turn;
    /* The plan counts from fatal, the log from error; both are errors to it. */
    int level = WR_MAX(plan->priority - 1, WEIR_LOG_ERROR);
    if (!turn->log || plan->priority == PRIORITY_OFF) return WEIR_OK;
    wr_buf line = WR_BUF_INIT;
    for (uint32_t i = 0; i < r->n && !line.failed; i++) {
        if (r->faults.n_failed && wr_chunk_has_failed(&r->faults, wr_batch_chunk_of(r->in, r->rows[i])))
            continue;
        put_line(&line, plan, r, r->rows[i]);
        if (!line.failed) turn->log(turn->log_ctx, level, line.data);
    }
    bool failed = line.failed;
    wr_buf_fini(&line);
    return failed ? no_memory(err) : WEIR_OK;
}

static weir_status log_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                               weir_error *err) {
    function_op *f = (function_op *)op;
    function_run r = {.turn = turn, .in = in[0]};
    if (!in[0] || in[0]->n_sel == 0) return WEIR_OK;
    WR_TRY(select_rows(&r, err));
    WR_TRY(run_args(f, &r, 1, err));
    WR_TRY(log_rows(f, &r, err));
    *out = *in[0];
    return pass_rows(&r, out, err);
}

/* ---- #pol2Cart ---------------------------------------------------------------------------------------- */

/* Angles are in degrees. A null among them fails its row, as it does in Siddhi. */
static weir_status add_cartesian(function_run *r, weir_column *x, weir_column *y, weir_error *err) {
    const weir_column *theta = &r->args[0], *rho = &r->args[1];
    double *px = wr_arena_zero(r->turn->arena, r->in->n_rows, sizeof *px);
    double *py = wr_arena_zero(r->turn->arena, r->in->n_rows, sizeof *py);
    if (!px || !py) return no_memory(err);
    *x = (weir_column){.type = WEIR_DOUBLE, .data = px};
    *y = (weir_column){.type = WEIR_DOUBLE, .data = py};
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t row = r->rows[i];
        if (weir_is_null(theta, row) || weir_is_null(rho, row)) {
            wr_chunk_faults_note(&r->faults, row,
                                 weir_is_null(theta, row) ? "#pol2Cart: theta is null"
                                                          : "#pol2Cart: rho is null");
            continue;
        }
        double angle = ((const double *)theta->data)[row] * DEGREE, radius = ((const double *)rho->data)[row];
        px[row] = radius * cos(angle);
        py[row] = radius * sin(angle);
    }
    return WEIR_OK;
}

static weir_status pol2cart_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                    weir_error *err) {
    function_op *f = (function_op *)op;
    uint32_t n_args = op->plan->u.function.n_args;
    function_run r = {.turn = turn, .in = in[0]};
    if (!in[0] || in[0]->n_sel == 0) return WEIR_OK;
    uint32_t n = in[0]->n_cols;
    weir_column *cols = wr_arena_array(turn->arena, (size_t)n + n_args, sizeof *cols);
    if (!cols) return no_memory(err);
    if (n) memcpy(cols, in[0]->cols, n * sizeof *cols);
    WR_TRY(select_rows(&r, err));
    WR_TRY(run_args(f, &r, n_args, err));
    WR_TRY(add_cartesian(&r, &cols[n], &cols[n + 1], err));
    if (n_args == 3) cols[n + 2] = r.args[2];
    *out = *in[0];
    out->cols = cols;
    out->n_cols = n + n_args;
    return pass_rows(&r, out, err);
}

/* ---- Making ------------------------------------------------------------------------------------------- */

static void function_free(wr_op *op) {
    function_op *f = (function_op *)op;
    wr_program_free(f->args);
    wr_free(op->account.parent, f, sizeof *f);
}

static const wr_op_type types[] = {
    [WR_STREAM_LOG] = {.name = "log", .process = log_process, .free = function_free},
    [WR_STREAM_POL2CART] = {.name = "pol2Cart", .process = pol2cart_process, .free = function_free},
};

static weir_status make_args(function_op *f, weir_error *err) {
    const wr_plan_function *plan = &f->head.plan->u.function;
    wr_account *account = &f->head.account;
    if (plan->function == WR_STREAM_POL2CART)
        return wr_program_new(plan->args, plan->n_args, account, &f->args, err);
    return plan->message ? wr_program_new((wr_expr *const *)&plan->message, 1, account, &f->args, err)
                         : WEIR_OK;
}

weir_status wr_stream_function_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    function_op *f = wr_alloc_zero(parent, sizeof *f);
    if (!f) return no_memory(err);
    f->head.type = &types[plan->u.function.function];
    f->head.plan = plan;
    f->head.account.parent = parent;
    weir_status status = make_args(f, err);
    if (status == WEIR_OK)
        *out = &f->head;
    else
        function_free(&f->head);
    return status;
}
