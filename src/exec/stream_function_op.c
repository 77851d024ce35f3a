/* stream_function_op.c: runs a stream function (weir_stream_function_type) over what passes.
 *
 * Rows of all kinds pass; resets carry no values, so the function does not see them. Where it only adds
 * attributes, its columns are put beside those of the input and no data moves. Else it says of which row each
 * row that it gives is, and the input's columns are gathered; chunks keep their numbers and may become empty.
 */
#include "data/column.h"
#include "exec/chunk_faults.h"
#include "exec/kernel/bits.h"
#include "exec/program.h"

#define FIRST_ROOM 64u

typedef struct function_op {
    wr_op head;
    wr_program *args; /* NULL: there are none */
    void *state;
} function_op;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a stream function");
}

/* One run of the operator. The call comes first: weir_stream_reserve is handed that. */
typedef struct function_run {
    weir_stream_call call;
    wr_turn *turn;
    const wr_plan_op *plan;
    wr_chunk_faults faults;
} function_run;

/* ---- The call ----------------------------------------------------------------------------------------- */

static uint32_t n_added(const wr_plan_op *plan) { return plan->out.n_attrs - plan->in.n_attrs; }

/* The selected rows that are no resets. */
static weir_status select_rows(function_run *r, weir_error *err) {
    const weir_batch *b = r->call.in;
    uint32_t *rows = wr_arena_array(r->turn->arena, b->n_sel, sizeof *rows);
    if (!rows) return no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (!b->kind || b->kind[row] != WEIR_RESET) rows[r->call.n_sel++] = row;
    }
    r->call.sel = rows;
    return WEIR_OK;
}

static weir_status run_args(function_op *f, function_run *r, weir_error *err) {
    weir_batch in = *r->call.in;
    in.sel = r->call.n_sel == in.n_rows ? NULL : r->call.sel;
    in.n_sel = r->call.n_sel;
    wr_eval ev = {.in = &in,
                  .cycle = r->turn->cycle,
                  .arena = r->turn->arena,
                  .fail = wr_chunk_faults_note,
                  .fail_ctx = &r->faults};
    if (!f->args) return WEIR_OK;
    weir_column *args = wr_arena_zero(r->turn->arena, r->call.n_args, sizeof *args);
    if (!args) return no_memory(err);
    r->call.args = args;
    return wr_program_run(f->args, &ev, args, err);
}

/* A column for n rows, all of them zero and valid. */
static bool blank_column(function_run *r, uint32_t i, uint32_t n, weir_column *out) {
    const wr_attr *attr = &r->plan->out.attrs[r->plan->in.n_attrs + i];
    *out = (weir_column){.type = attr->type};
    out->data = wr_arena_zero(r->turn->arena, WR_MAX(n, 1u), wr_type_size(attr->type, false));
    out->valid = wr_valid_new(r->turn->arena, WR_MAX(n, 1u));
    return out->data && out->valid;
}

static weir_status make_added(function_run *r, uint32_t n_rows, weir_error *err) {
    r->call.added = wr_arena_zero(r->turn->arena, r->call.n_added + 1, sizeof *r->call.added);
    bool made = r->call.added != NULL;
    for (uint32_t i = 0; made && i < r->call.n_added; i++)
        made = blank_column(r, i, n_rows, &r->call.added[i]);
    return made ? WEIR_OK : no_memory(err);
}

weir_status weir_stream_reserve(weir_stream_call *call, uint32_t more) {
    function_run *r = (function_run *)call;
    if (call->cap - call->n >= more) return WEIR_OK;
    if (more > UINT32_MAX / 2 - call->n) return WEIR_ELIMIT;
    uint32_t cap = WR_MAX(WR_MAX(call->n + more, call->cap * 2), FIRST_ROOM);
    uint32_t *row = wr_arena_array(r->turn->arena, cap, sizeof *row);
    if (!row) return WEIR_ENOMEM;
    if (call->n) memcpy(row, call->row, call->n * sizeof *row);
    for (uint32_t i = 0; i < call->n_added; i++) {
        weir_column wider, *old = &call->added[i];
        if (!blank_column(r, i, cap, &wider)) return WEIR_ENOMEM;
        memcpy(wider.data, old->data, call->cap * wr_type_size(old->type, false));
        memcpy(wider.valid, old->valid, wr_valid_words(call->n) * sizeof *old->valid);
        if (call->n & 63) wider.valid[call->n >> 6] |= ~(uint64_t)0 << (call->n & 63);
        *old = wider;
    }
    call->row = row;
    call->cap = cap;
    return WEIR_OK;
}

/* ---- What comes out ----------------------------------------------------------------------------------- */

/* Rows that the function gave, with the resets of the input in their places (added: NULL there) and without
 * rows of failed chunks. */
typedef struct given_rows {
    uint32_t n;
    uint32_t *row;  /* of the input */
    uint32_t *from; /* number among those given; WR_NO_COLUMN for a reset */
} given_rows;

static void give(function_run *r, given_rows *g, uint32_t row, uint32_t from) {
    if (r->faults.n_failed && wr_chunk_has_failed(&r->faults, wr_batch_chunk_of(r->call.in, row))) return;
    g->row[g->n] = row;
    g->from[g->n++] = from;
}

static weir_status merge_resets(function_run *r, given_rows *g, weir_error *err) {
    const weir_batch *b = r->call.in;
    size_t most = (size_t)r->call.n + (b->n_sel - r->call.n_sel);
    g->row = wr_arena_array(r->turn->arena, most + 1, sizeof *g->row);
    g->from = wr_arena_array(r->turn->arena, most + 1, sizeof *g->from);
    if (!g->row || !g->from) return no_memory(err);
    uint32_t i = 0;
    for (uint32_t k = 0; b->kind && k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (b->kind[row] != WEIR_RESET) continue;
        for (; i < r->call.n && r->call.row[i] < row; i++) give(r, g, r->call.row[i], i);
        give(r, g, row, WR_NO_COLUMN);
    }
    for (; i < r->call.n; i++) give(r, g, r->call.row[i], i);
    return WEIR_OK;
}

static bool gather_bytes(weir_arena *arena, const void *from, const uint32_t *rows, uint32_t n, size_t size,
                         void **out) {
    *out = wr_arena_array(arena, n + 1, size);
    if (*out) wr_gather_data(*out, from, rows, n, size);
    return *out != NULL;
}

/* Chunk c of the output holds what came of chunk c of the input. */
static bool cut_chunks(weir_arena *arena, const weir_batch *in, const given_rows *g, weir_batch *out) {
    uint32_t *end = wr_arena_array(arena, in->n_chunks + 1, sizeof *end);
    if (!end) return false;
    for (uint32_t c = 0, i = 0; c < in->n_chunks; c++) {
        uint32_t last = weir_batch_chunk_end(in, c);
        while (i < g->n && g->row[i] < last) i++;
        end[c] = i;
    }
    out->chunk_end = end;
    return true;
}

/* Each row given is a chunk of its own, with the origin of the one it came of. */
static bool split_chunks(weir_arena *arena, const weir_batch *in, const given_rows *g, weir_batch *out) {
    weir_origin *origin = wr_arena_array(arena, g->n + 1, sizeof *origin);
    if (!origin) return false;
    for (uint32_t i = 0, c = 0; i < g->n; i++) {
        while (weir_batch_chunk_end(in, c) <= g->row[i]) c++;
        origin[i] = weir_batch_origin(in, c);
    }
    out->n_chunks = g->n;
    out->origin = origin;
    return true;
}

/* A reset carries no values: any row's will do. */
static weir_status gather_added(function_run *r, given_rows *g, weir_column *cols) {
    for (uint32_t i = 0; i < g->n; i++)
        if (g->from[i] == WR_NO_COLUMN) g->from[i] = 0;
    if (!r->call.cap) WR_TRY(weir_stream_reserve(&r->call, 1));
    for (uint32_t i = 0; i < r->call.n_added; i++)
        WR_TRY(wr_column_gather(&r->call.added[i], g->from, g->n, r->turn->arena, &cols[i]));
    return WEIR_OK;
}

static weir_status give_rows(function_run *r, weir_batch *out, weir_error *err) {
    const weir_batch *in = r->call.in;
    weir_arena *arena = r->turn->arena;
    given_rows g = {0};
    void *ts, *kind = NULL;
    WR_TRY(merge_resets(r, &g, err));
    weir_column *cols = wr_arena_zero(arena, (size_t)in->n_cols + r->call.n_added + 1, sizeof *cols);
    out->n_chunks = in->n_chunks;
    out->origin = in->origin;
    out->first_arrival = in->first_arrival;
    bool splits = r->plan->u.function.type->splits_chunks;
    bool made = cols && gather_bytes(arena, in->ts, g.row, g.n, sizeof *in->ts, &ts) &&
                (!in->kind || gather_bytes(arena, in->kind, g.row, g.n, 1, &kind)) &&
                (splits ? split_chunks(arena, in, &g, out) : cut_chunks(arena, in, &g, out));
    if (!made) return no_memory(err);
    for (uint32_t i = 0; i < in->n_cols; i++)
        if (wr_column_gather(&in->cols[i], g.row, g.n, arena, &cols[i])) return no_memory(err);
    if (gather_added(r, &g, cols + in->n_cols)) return no_memory(err);
    out->n_rows = out->n_sel = g.n;
    out->ts = ts;
    out->kind = kind;
    out->cols = cols;
    out->n_cols = in->n_cols + r->call.n_added;
    return WEIR_OK;
}

/* The input's rows but those of failed chunks; *out keeps the columns that it has. */
static weir_status pass_rows(function_run *r, weir_batch *out, weir_error *err) {
    const weir_batch *b = r->call.in;
    if (!r->faults.n_failed) return WEIR_OK;
    uint32_t *sel = wr_arena_array(r->turn->arena, b->n_sel, sizeof *sel);
    if (!sel) return no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) sel[k] = weir_batch_row(b, k);
    out->n_sel = wr_chunk_faults_drop(&r->faults, sel, b->n_sel);
    out->sel = sel;
    return WEIR_OK;
}

static weir_status add_columns(function_run *r, weir_batch *out, weir_error *err) {
    const weir_batch *in = r->call.in;
    *out = *in;
    if (r->call.n_added) {
        weir_column *cols =
            wr_arena_array(r->turn->arena, (size_t)in->n_cols + r->call.n_added, sizeof *cols);
        if (!cols) return no_memory(err);
        if (in->n_cols) memcpy(cols, in->cols, in->n_cols * sizeof *cols);
        for (uint32_t i = 0; i < r->call.n_added; i++) {
            weir_column *c = &r->call.added[i];
            if (wr_bits_all(in->n_rows, c->valid)) c->valid = NULL; /* later steps are faster so */
            cols[in->n_cols + i] = *c;
        }
        out->cols = cols;
        out->n_cols = in->n_cols + r->call.n_added;
    }
    return pass_rows(r, out, err);
}

/* ---- The operator ------------------------------------------------------------------------------------- */

static weir_status function_process(wr_op *op, wr_turn *turn, const weir_batch *const in[2], weir_batch *out,
                                    weir_error *err) {
    function_op *f = (function_op *)op;
    const wr_plan_function *plan = &op->plan->u.function;
    if (!in[0] || in[0]->n_sel == 0) return WEIR_OK;
    function_run r = {.turn = turn, .plan = op->plan, .faults = {.turn = turn, .in = in[0]}};
    r.call = (weir_stream_call){.in = in[0],
                                .n_args = plan->n_args,
                                .n_added = n_added(op->plan),
                                .arena = turn->arena,
                                .app_name = plan->app_name,
                                .log = turn->log,
                                .log_ctx = turn->log_ctx,
                                .fail = wr_chunk_faults_note,
                                .fail_ctx = &r.faults};
    bool adds_only = plan->type->adds_only;
    WR_TRY(select_rows(&r, err));
    WR_TRY(run_args(f, &r, err));
    WR_TRY(make_added(&r, adds_only ? in[0]->n_rows : 0, err));
    WR_TRY(plan->type->eval(f->state, &r.call, err));
    WR_TRY(wr_chunk_faults_status(&r.faults, err));
    return adds_only ? add_columns(&r, out, err) : give_rows(&r, out, err);
}

static void function_free(wr_op *op) {
    function_op *f = (function_op *)op;
    const weir_stream_function_type *type = op->plan->u.function.type;
    wr_program_free(f->args);
    if (f->state && type->close) type->close(f->state);
    wr_free(op->account.parent, f->state, type->state_size);
    wr_free(op->account.parent, f, sizeof *f);
}

static const wr_op_type function_type = {
    .name = "stream function", .process = function_process, .free = function_free};

static weir_status open_state(function_op *f, weir_error *err) {
    const wr_plan_function *plan = &f->head.plan->u.function;
    if (!plan->type->state_size) return WEIR_OK;
    wr_account *account = f->head.account.parent;
    f->state = wr_alloc_zero(account, plan->type->state_size);
    return f->state ? plan->type->open(f->state, plan->arg_info, plan->n_args, err) : no_memory(err);
}

weir_status wr_stream_function_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    const wr_plan_function *function = &plan->u.function;
    *out = NULL;
    function_op *f = wr_alloc_zero(parent, sizeof *f);
    if (!f) return no_memory(err);
    f->head.type = &function_type;
    f->head.plan = plan;
    f->head.account.parent = parent;
    weir_status status = open_state(f, err);
    if (status == WEIR_OK && function->n_args)
        status = wr_program_new(function->args, function->n_args, &f->head.account, &f->args, err);
    if (status == WEIR_OK)
        *out = &f->head;
    else
        function_free(&f->head);
    return status;
}
