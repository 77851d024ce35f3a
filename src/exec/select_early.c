/* select_early.c: output columns that fail for a row before aggregates behind them take it in. */
#include "exec/select_impl.h"
#include "plan/expr_make.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a select");
}

/* ---- Making -------------------------------------------------------------------------------------------- */

static bool note_slots(const wr_expr *e, void *n_slots) {
    uint32_t *n = n_slots;
    if (e->kind == WR_EXPR_AGG && e->u.column >= *n) *n = e->u.column + 1;
    return true;
}

/* Known before the aggregates are, and not noticed when it is computed twice. */
static bool can_come_early(const wr_expr *e, void *ctx) {
    (void)ctx;
    return e->kind != WR_EXPR_AGG && e->kind != WR_EXPR_PROBE &&
           (e->kind != WR_EXPR_CALL || !e->u.call.function->not_pure);
}

weir_status wr_select_make_early(wr_select *s, const wr_plan_select *plan, uint32_t n_outs, weir_error *err) {
    uint32_t n_slots = 0;
    if (!plan->n_aggs || !n_outs) return WEIR_OK;
    s->early = wr_alloc_zero(&s->head.account, n_outs * sizeof *s->early);
    if (!s->early) return no_memory(err);
    for (uint32_t i = 0; i < n_outs; i++) {
        if (plan->outs[i]->can_fail && wr_expr_walk(plan->outs[i], can_come_early, NULL)) {
            wr_early_out *early = &s->early[s->n_early++];
            early->n_slots = n_slots;
            WR_TRY(wr_program_new(plan->outs + i, 1, &s->head.account, &early->program, err));
        }
        (void)wr_expr_walk(plan->outs[i], note_slots, &n_slots);
    }
    return WEIR_OK;
}

void wr_select_free_early(wr_select *s, uint32_t n_outs) {
    for (uint32_t i = 0; i < s->n_early; i++) wr_program_free(s->early[i].program);
    wr_free(&s->head.account, s->early, n_outs * sizeof *s->early);
}

/* ---- Running ------------------------------------------------------------------------------------------- */

typedef struct early_faults {
    const weir_batch *in;
    uint32_t *taken_by, n_slots;
    bool any;
} early_faults;

static void note_early(void *ctx, uint32_t row, const char *message) {
    early_faults *f = ctx;
    (void)message; /* told when the columns are computed */
    if (f->in->kind && f->in->kind[row] == WEIR_RESET) return;
    if (f->n_slots < f->taken_by[row]) f->taken_by[row] = f->n_slots;
    f->any = true;
}

weir_status wr_select_find_early(const wr_select *s, const wr_eval *ev, const weir_batch *in,
                                 weir_arena *arena, const uint32_t **taken_by, weir_error *err) {
    *taken_by = NULL;
    if (!s->n_early) return WEIR_OK;
    early_faults faults = {.in = in, .taken_by = wr_arena_array(arena, in->n_rows, sizeof(uint32_t))};
    if (!faults.taken_by) return no_memory(err);
    memset(faults.taken_by, 0xff, in->n_rows * sizeof(uint32_t));
    wr_eval own = *ev;
    own.fail = note_early;
    own.fail_ctx = &faults;
    for (uint32_t i = 0; i < s->n_early; i++) {
        weir_column ignored = {0};
        faults.n_slots = s->early[i].n_slots;
        WR_TRY(wr_program_run(s->early[i].program, &own, &ignored, err));
    }
    if (faults.any) *taken_by = faults.taken_by;
    return WEIR_OK;
}
