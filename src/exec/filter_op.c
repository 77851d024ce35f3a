/* filter_op.c: [condition]: lets the rows through for which the condition is true.
 *
 * Expired rows are judged by their values like any others; resets always pass. The output is the input with
 * a shorter selection. Aggregates in the condition take in every row that reaches the filter, in order,
 * before it is judged. */
#include "exec/agg_set.h"
#include "exec/chunk_faults.h"
#include "exec/probe.h"

typedef struct filter_op {
    wr_op head;
    wr_program *condition;
    wr_agg_set *aggs;  /* NULL: the condition has none */
    wr_probes *probes; /* likewise */
} filter_op;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a filter");
}

static weir_status update_aggs(filter_op *f, wr_eval *ev, weir_error *err) {
    if (!f->aggs) return WEIR_OK;
    const uint32_t *gids = NULL;
    weir_column *values = wr_arena_zero(ev->arena, f->head.plan->u.filter.n_aggs, sizeof *values);
    if (!values) return no_memory(err);
    ev->aggs = values;
    return wr_agg_set_update(f->aggs, ev, NULL, values, &gids, err);
}

static weir_status run_probes(filter_op *f, wr_eval *ev, wr_turn *turn, weir_error *err) {
    return f->probes ? wr_probes_run(f->probes, ev, turn, &ev->probes, err) : WEIR_OK;
}

static weir_status filter_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                  weir_error *err) {
    filter_op *f = (filter_op *)op;
    const weir_batch *b = in[0];
    if (!b || b->n_rows == 0 || b->n_sel == 0) return WEIR_OK;
    wr_chunk_faults faults = {.turn = turn, .in = b};
    wr_eval ev = {.in = b,
                  .cycle = turn->cycle,
                  .arena = turn->arena,
                  .fail = wr_chunk_faults_note,
                  .fail_ctx = &faults};
    uint32_t n_sel, *sel = wr_arena_array(turn->arena, b->n_sel, sizeof *sel);
    if (!sel) return no_memory(err);
    WR_TRY(run_probes(f, &ev, turn, err)); /* aggregates may ask for them */
    WR_TRY(update_aggs(f, &ev, err));
    WR_TRY(wr_program_filter(f->condition, &ev, true, sel, &n_sel, err));
    n_sel = wr_chunk_faults_drop(&faults, sel, n_sel);
    WR_TRY(wr_chunk_faults_status(&faults, err));
    if (n_sel == 0) return WEIR_OK;
    *out = *b;
    out->sel = n_sel == b->n_rows ? NULL : sel;
    out->n_sel = n_sel;
    return WEIR_OK;
}

static uint64_t filter_rows(const wr_op *op) {
    const filter_op *f = (const filter_op *)op;
    return f->aggs ? wr_agg_set_live_groups(f->aggs) : 0;
}

static void filter_save(const wr_op *op, weir_writer *w) {
    const filter_op *f = (const filter_op *)op;
    if (f->aggs) wr_agg_set_save(f->aggs, w);
}

static weir_status filter_load(wr_op *op, weir_reader *r, weir_error *err) {
    filter_op *f = (filter_op *)op;
    return f->aggs ? wr_agg_set_load(f->aggs, r, err) : WEIR_OK;
}

static void filter_forget(wr_op *op, uint32_t id) {
    filter_op *f = (filter_op *)op;
    if (op->plan->by_key && f->aggs) wr_agg_set_forget(f->aggs, id);
}

static weir_status filter_clear(wr_op *op, weir_error *err) {
    filter_op *f = (filter_op *)op;
    return f->aggs ? wr_agg_set_clear(f->aggs, err) : WEIR_OK;
}

static void filter_free(wr_op *op) {
    filter_op *f = (filter_op *)op;
    wr_program_free(f->condition);
    wr_agg_set_free(f->aggs);
    wr_probes_free(f->probes);
    wr_free(op->account.parent, f, sizeof *f);
}

static const wr_op_type filter_type = {.name = "filter",
                                       .process = filter_process,
                                       .save = filter_save,
                                       .load = filter_load,
                                       .rows = filter_rows,
                                       .forget = filter_forget,
                                       .clear = filter_clear,
                                       .free = filter_free};

static weir_status make_parts(filter_op *f, weir_error *err) {
    const wr_plan_filter *plan = &f->head.plan->u.filter;
    wr_account *account = &f->head.account;
    if (plan->n_aggs) {
        wr_agg_set_options options = {
            .slots = plan->aggs, .n_slots = plan->n_aggs, .removes = true, .by_key = f->head.plan->by_key};
        WR_TRY(wr_agg_set_new(&options, account, &f->aggs, err));
    }
    if (plan->n_probes)
        WR_TRY(wr_probes_new(plan->probes, plan->n_probes, &f->head.plan->in, account, &f->probes, err));
    return wr_program_new((wr_expr *const *)&plan->condition, 1, account, &f->condition, err);
}

weir_status wr_filter_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    filter_op *f = wr_alloc_zero(parent, sizeof *f);
    if (!f) return no_memory(err);
    f->head.type = &filter_type;
    f->head.plan = plan;
    f->head.account.parent = parent;
    weir_status status = make_parts(f, err);
    if (status == WEIR_OK)
        *out = &f->head;
    else
        filter_free(&f->head);
    return status;
}
