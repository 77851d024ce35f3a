/* program.c: making and freeing programs, constant expressions, and running over a batch. */
#include "data/schema.h"
#include "exec/program_impl.h"

/* Follow the selection only if it leaves out more than 7 rows of 8: a dense loop computes 4 to 8 rows at
 * once and reads memory in order. */
#define DENSE_FACTOR 8

/* ---- Life */

void wr_call_site_fini(wr_program *p, wr_call_site *site) {
    if (site->is_open && site->function->close) site->function->close(site->state);
    wr_free(p->account, site->state, site->function->state_size);
    wr_free(p->account, site->args, site->n_args * sizeof *site->args);
    wr_free(p->account, site->columns, site->n_args * sizeof *site->columns);
}

void wr_program_free(wr_program *p) {
    if (!p) return;
    wr_account *account = p->account;
    for (uint32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == WR_STEP_CALL) wr_call_site_fini(p, &p->steps[i].u.call);
    for (uint32_t r = 0; r < p->n_regs; r++)
        wr_free(account, p->regs[r].filled,
                p->regs[r].filled_rows * wr_type_size(p->regs[r].col.type, false));
    wr_free(account, p->regs, p->cap_regs * sizeof *p->regs);
    wr_free(account, p->steps, p->cap_steps * sizeof *p->steps);
    wr_free(account, p->scopes, p->cap_scopes * sizeof *p->scopes);
    wr_free(account, p->results, p->n_results * sizeof *p->results);
    wr_arena_fini(&p->constants);
    wr_free(account, p, sizeof *p);
}

static weir_status program_new(wr_expr *const *exprs, uint32_t n, bool folds, wr_account *account,
                               wr_program **out, weir_error *err) {
    *out = NULL;
    wr_program *p = wr_alloc_zero(account, sizeof *p);
    if (!p) return weir_fail(err, WEIR_ENOMEM, "out of memory while an expression was compiled");
    p->account = account;
    p->kernels = wr_kernels_get();
    wr_arena_init(&p->constants, account);
    weir_status status = wr_program_compile(p, exprs, n, folds, err);
    if (status == WEIR_OK)
        *out = p;
    else
        wr_program_free(p);
    return status;
}

weir_status wr_program_new(wr_expr *const *exprs, uint32_t n, wr_account *account, wr_program **out,
                           weir_error *err) {
    return program_new(exprs, n, true, account, out, err);
}

/* ---- Constant expressions */

bool wr_expr_is_constant(const wr_expr *e) {
    if (!e) return true;
    switch (e->kind) {
    case WR_EXPR_CONST: return true;
    case WR_EXPR_COLUMN:
    case WR_EXPR_OUTPUT:
    case WR_EXPR_AGG:
    case WR_EXPR_PROBE:
    case WR_EXPR_TS: return false;
    case WR_EXPR_CALL:
        if (e->u.call.function->not_pure || e->u.call.function->needs_clock) return false;
        for (uint32_t i = 0; i < e->u.call.n_args; i++)
            if (!wr_expr_is_constant(e->u.call.args[i])) return false;
        return true;
    default: return wr_expr_is_constant(e->a) && wr_expr_is_constant(e->b) && wr_expr_is_constant(e->c);
    }
}

static bool may_fail(const wr_expr *e) {
    if (!e) return false;
    if (e->can_fail || e->kind == WR_EXPR_UNBOX) return true;
    if (e->kind != WR_EXPR_CALL) return may_fail(e->a) || may_fail(e->b) || may_fail(e->c);
    for (uint32_t i = 0; i < e->u.call.n_args; i++)
        if (may_fail(e->u.call.args[i])) return true;
    return e->u.call.function->can_fail;
}

static weir_status take_value(const weir_column *col, weir_arena *arena, weir_value *out) {
    *out = (weir_value){.type = col->type, .is_null = weir_is_null(col, 0)};
    if (out->is_null) return WEIR_OK;
    memcpy(&out->as, col->data, wr_type_size(col->type, false));
    if (col->type != WEIR_STRING) return WEIR_OK;
    weir_string s = out->as.s;
    return weir_arena_string(arena, weir_string_data(&s), s.len, &out->as.s);
}

/* One row without columns is all that a constant needs. */
static weir_status run_once(wr_program *p, weir_arena *scratch, weir_column *out, weir_error *err) {
    static const int64_t no_time = 0;
    weir_batch one = {.n_rows = 1, .n_sel = 1, .ts = &no_time, .n_chunks = 1};
    wr_eval ev = {.in = &one, .arena = scratch};
    return wr_program_run(p, &ev, out, err);
}

weir_status wr_expr_fold(const wr_expr *e, wr_account *account, weir_arena *arena, weir_value *out,
                         bool *is_folded, weir_error *err) {
    *is_folded = false;
    if (e->type == WEIR_OBJECT || e->boxed || !wr_expr_is_constant(e) || may_fail(e)) return WEIR_OK;
    wr_program *p;
    wr_expr *expr = (wr_expr *)(uintptr_t)e; /* the program only reads it */
    WR_TRY(program_new(&expr, 1, false, account, &p, err));
    weir_arena scratch;
    wr_arena_init(&scratch, account);
    weir_column col;
    weir_status status = run_once(p, &scratch, &col, err);
    if (status == WEIR_OK && take_value(&col, arena, out) != WEIR_OK)
        status = weir_fail(err, WEIR_ENOMEM, "out of memory while a constant was computed");
    *is_folded = status == WEIR_OK;
    wr_arena_fini(&scratch);
    wr_program_free(p);
    return status;
}

/* ---- A run */

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory while expressions were computed");
}

static weir_status bind_from(weir_column *out, const weir_column *columns, uint32_t n, uint32_t index,
                             uint32_t n_rows, weir_error *err) {
    if (!columns || index >= n || (!columns[index].data && n_rows))
        return weir_fail(err, WEIR_EUSAGE, "an expression reads column %u, which is not there", index);
    out->data = columns[index].data;
    out->valid = columns[index].valid;
    return WEIR_OK;
}

static weir_status bind_regs(wr_program *p, weir_error *err) {
    const wr_eval *ev = p->ev;
    for (uint32_t i = 0; i < p->n_regs; i++) {
        wr_reg *r = &p->regs[i];
        weir_column *col = &r->col;
        switch (r->source) {
        case WR_REG_STEP: break;
        case WR_REG_CONST: col->data = (void *)(uintptr_t)wr_value_data(&r->constant); break;
        case WR_REG_COLUMN:
            WR_TRY(bind_from(col, ev->in->cols, ev->in->n_cols, r->index, p->n_rows, err));
            break;
        case WR_REG_OUTPUT: WR_TRY(bind_from(col, ev->outputs, UINT32_MAX, r->index, p->n_rows, err)); break;
        case WR_REG_AGG: WR_TRY(bind_from(col, ev->aggs, UINT32_MAX, r->index, p->n_rows, err)); break;
        case WR_REG_PROBE: WR_TRY(bind_from(col, ev->probes, UINT32_MAX, r->index, p->n_rows, err)); break;
        case WR_REG_TS: col->data = (void *)(uintptr_t)ev->in->ts; break;
        }
    }
    return WEIR_OK;
}

static bool has_resets(const weir_batch *b) { return b->kind && memchr(b->kind, WEIR_RESET, b->n_rows); }

/* Scope 0: the selection; resets carry no values, so nothing is computed for them. */
static weir_status open_root_scope(wr_program *p, weir_error *err) {
    const weir_batch *in = p->ev->in;
    wr_scope *root = &p->scopes[0];
    root->sel = in->sel;
    root->n_sel = in->sel ? in->n_sel : in->n_rows;
    if (has_resets(in)) {
        uint32_t *sel = wr_arena_array(p->ev->arena, root->n_sel, sizeof *sel);
        if (!sel) return no_memory(err);
        uint32_t n = 0;
        for (uint32_t k = 0; k < root->n_sel; k++) {
            uint32_t r = weir_batch_row(in, k);
            sel[n] = r;
            n += in->kind[r] != WEIR_RESET;
        }
        root->sel = sel;
        root->n_sel = n;
    }
    root->is_dense = !root->sel || root->n_sel > p->n_rows / DENSE_FACTOR;
    return WEIR_OK;
}

weir_status wr_scope_open(wr_program *p, wr_scope *scope, weir_error *err) {
    const wr_scope *parent = &p->scopes[scope->parent];
    const uint8_t *mask = p->regs[scope->mask].col.data;
    uint32_t *sel = wr_arena_array(p->ev->arena, parent->n_sel, sizeof *sel);
    if (!sel) return no_memory(err);
    uint32_t n = 0;
    for (uint32_t k = 0; k < parent->n_sel; k++) {
        uint32_t r = parent->sel ? parent->sel[k] : k;
        sel[n] = r;
        n += mask[r] == scope->wanted;
    }
    scope->sel = sel;
    scope->n_sel = n;
    scope->is_dense = n > p->n_rows / DENSE_FACTOR;
    return WEIR_OK;
}

static weir_status run_steps(wr_program *p, const wr_eval *ev, weir_error *err) {
    p->ev = ev;
    p->n_rows = ev->in->n_rows;
    WR_TRY(bind_regs(p, err));
    if (p->n_steps) WR_TRY(open_root_scope(p, err));
    if (p->needs_clock) {
        p->clock = ev->cycle ? wr_rows_clock(ev->in, ev->cycle, ev->arena) : NULL;
        if (!ev->cycle)
            return weir_fail(err, WEIR_EUSAGE, "an expression reads the clock, and there is none");
        if (!p->clock) return no_memory(err);
    }
    for (uint32_t i = 0; i < p->n_steps; i++) WR_TRY(wr_step_run(p, &p->steps[i], err));
    return WEIR_OK;
}

/* A constant as a column of the cycle. */
static weir_status spread_constant(const wr_program *p, const wr_reg *r, weir_column *out, weir_error *err) {
    size_t size = wr_type_size(r->col.type, false);
    *out = r->col;
    out->data = wr_arena_array(p->ev->arena, p->n_rows, size);
    if (!out->data) return no_memory(err);
    wr_fill(out->data, wr_value_data(&r->constant), size, p->n_rows);
    return WEIR_OK;
}

weir_status wr_program_run(wr_program *p, const wr_eval *ev, weir_column *out, weir_error *err) {
    WR_TRY(run_steps(p, ev, err));
    for (uint32_t i = 0; i < p->n_results; i++) {
        const wr_reg *r = &p->regs[p->results[i]];
        if (r->source == WR_REG_CONST)
            WR_TRY(spread_constant(p, r, &out[i], err));
        else
            out[i] = r->col;
    }
    return WEIR_OK;
}

bool wr_program_computes(const wr_program *p) { return p->n_steps > 0; }

/* ---- Filters */

/* The condition as bytes of 0 and 1, wherever a row is selected. */
static weir_status truth_of(const wr_program *p, const weir_column *col, const uint8_t **mask,
                            weir_error *err) {
    *mask = col->data;
    if (!col->valid) return WEIR_OK;
    uint8_t *bytes = wr_arena_array(p->ev->arena, p->n_rows, 1);
    if (!bytes) return no_memory(err);
    wr_bytes_and_bits(p->n_rows, col->data, col->valid, bytes);
    *mask = bytes;
    return WEIR_OK;
}

static uint32_t select_rows(const weir_batch *in, const uint8_t *mask, uint32_t *sel) {
    uint32_t n = 0;
    for (uint32_t k = 0; k < in->n_sel; k++) {
        uint32_t r = in->sel[k];
        sel[n] = r;
        n += mask[r];
    }
    return n;
}

static uint32_t select_with_resets(const weir_batch *in, const uint8_t *mask, bool keep_resets,
                                   uint32_t *sel) {
    uint32_t n = 0, n_in = in->sel ? in->n_sel : in->n_rows;
    for (uint32_t k = 0; k < n_in; k++) {
        uint32_t r = weir_batch_row(in, k);
        sel[n] = r;
        n += in->kind[r] == WEIR_RESET ? keep_resets : mask[r];
    }
    return n;
}

static weir_status run_condition(wr_program *p, const wr_eval *ev, const uint8_t **mask, weir_error *err) {
    weir_column condition;
    WR_TRY(wr_program_run(p, ev, &condition, err));
    if (p->n_results != 1 || condition.type != WEIR_BOOL || condition.boxed)
        return weir_fail(err, WEIR_EUSAGE, "a filter needs one plain bool expression");
    return truth_of(p, &condition, mask, err);
}

weir_status wr_program_filter_among(wr_program *p, const wr_eval *ev, const uint8_t *mask, uint32_t *sel,
                                    uint32_t *n_sel, weir_error *err) {
    const uint8_t *is_true = NULL;
    WR_TRY(run_condition(p, ev, &is_true, err));
    uint8_t *both = wr_arena_array(ev->arena, ev->in->n_rows, 1);
    if (!both) return no_memory(err);
    p->kernels->and_(ev->in->n_rows, is_true, mask, both);
    *n_sel = p->kernels->compact(ev->in->n_rows, both, sel);
    return WEIR_OK;
}

weir_status wr_program_filter(wr_program *p, const wr_eval *ev, bool keep_resets, uint32_t *sel,
                              uint32_t *n_sel, weir_error *err) {
    const uint8_t *mask = NULL;
    const weir_batch *in = ev->in;
    WR_TRY(run_condition(p, ev, &mask, err));
    if (has_resets(in))
        *n_sel = select_with_resets(in, mask, keep_resets, sel);
    else if (in->sel)
        *n_sel = select_rows(in, mask, sel);
    else
        *n_sel = p->kernels->compact(in->n_rows, mask, sel);
    return WEIR_OK;
}

/* ---- The clock */

const int64_t *wr_rows_clock(const weir_batch *b, const weir_cycle *cycle, weir_arena *arena) {
    int64_t *clock = wr_arena_array(arena, b->n_rows, sizeof *clock);
    if (!clock) return NULL;
    for (uint32_t c = 0, r = 0; c < b->n_chunks; c++) {
        uint32_t arrival = weir_origin_arrival(weir_batch_origin(b, c)), end = weir_batch_chunk_end(b, c);
        int64_t now = arrival < cycle->n_arrivals ? cycle->clock[arrival] : cycle->clock_before;
        for (; r < end && r < b->n_rows; r++) clock[r] = now;
    }
    return clock;
}
