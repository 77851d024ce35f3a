/* select_op.c: the select operator: how it is made, and what it keeps. select_run.c has what it does. */
#include "base/compiler.h"
#include "exec/select_impl.h"
#include "plan/expr_make.h"

#define STATE_VERSION 1u

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a select");
}

/* ---- State --------------------------------------------------------------------------------------------- */

static void select_save(const wr_op *op, weir_writer *w) {
    const wr_select *s = (const wr_select *)op;
    weir_write_u32(w, STATE_VERSION);
    if (s->aggs) wr_agg_set_save(s->aggs, w);
}

static weir_status select_load(wr_op *op, weir_reader *r, weir_error *err) {
    wr_select *s = (wr_select *)op;
    uint32_t version = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION)
        return weir_fail(err, WEIR_ESTATE, "the saved state of a select has version %u; this weir reads %u",
                         version, STATE_VERSION);
    return s->aggs ? wr_agg_set_load(s->aggs, r, err) : WEIR_OK;
}

static void select_track(wr_op *op) {
    wr_select *s = (wr_select *)op;
    if (s->aggs) wr_agg_set_track(s->aggs);
}

static bool select_save_changes(const wr_op *op, weir_writer *w) {
    const wr_select *s = (const wr_select *)op;
    return s->aggs && wr_agg_set_save_changes(s->aggs, w);
}

static weir_status select_load_changes(wr_op *op, weir_reader *r, weir_error *err) {
    wr_select *s = (wr_select *)op;
    if (s->aggs) return wr_agg_set_load_changes(s->aggs, r, err);
    return weir_fail(err, WEIR_ESTATE, "the saved state of a select has aggregates that it has not");
}

static uint64_t select_rows(const wr_op *op) {
    const wr_select *s = (const wr_select *)op;
    return s->aggs ? wr_agg_set_live_groups(s->aggs) : 0;
}

static void select_forget(wr_op *op, uint32_t id) {
    wr_select *s = (wr_select *)op;
    if (op->plan->by_key && s->aggs) wr_agg_set_forget(s->aggs, id);
}

static weir_status select_clear(wr_op *op, weir_error *err) {
    wr_select *s = (wr_select *)op;
    return s->aggs ? wr_agg_set_clear(s->aggs, err) : WEIR_OK;
}

static void select_free(wr_op *op) {
    wr_select *s = (wr_select *)op;
    wr_agg_set_free(s->aggs);
    wr_probes_free(s->probes);
    wr_program_free(s->outs);
    wr_program_free(s->having);
    wr_program_free(s->order);
    wr_select_free_early(s, op->plan->out.n_attrs);
    wr_collapse_fini(&s->collapse);
    wr_free(op->account.parent, s, sizeof *s);
}

static const wr_op_type select_type = {.name = "select",
                                       .process = wr_select_process,
                                       .save = select_save,
                                       .load = select_load,
                                       .track = select_track,
                                       .save_changes = select_save_changes,
                                       .load_changes = select_load_changes,
                                       .rows = select_rows,
                                       .forget = select_forget,
                                       .clear = select_clear,
                                       .free = select_free};

/* ---- Making -------------------------------------------------------------------------------------------- */

static weir_status make_aggregates(wr_select *s, const wr_plan_select *plan, weir_error *err) {
    if (!plan->n_aggs && !plan->n_keys) return WEIR_OK;
    wr_agg_set_options options = {.slots = plan->aggs,
                                  .n_slots = plan->n_aggs,
                                  .keys = plan->keys,
                                  .n_keys = plan->n_keys,
                                  .removes = plan->input_expires && !plan->input_only_resets,
                                  .by_key = s->head.plan->by_key,
                                  .unbalanced = plan->unbalanced || s->can_fail,
                                  .forgets = plan->forgets_extremes};
    return wr_agg_set_new(&options, &s->head.account, &s->aggs, err);
}

static weir_status make_order(wr_select *s, const wr_plan_select *plan, weir_error *err) {
    if (!plan->n_order) return WEIR_OK;
    wr_account *account = &s->head.account;
    size_t bytes = plan->n_order * sizeof(wr_expr *);
    wr_expr **keys = wr_alloc(account, bytes);
    if (!keys) return no_memory(err);
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; i < plan->n_order; i++) {
        keys[i] = plan->order[i].key;
        s->order_can_fail |= keys[i]->can_fail;
        if (keys[i]->boxed || keys[i]->type == WEIR_OBJECT)
            status = weir_fail(err, WEIR_EUNSUPPORTED, "order by can't compare objects");
    }
    if (status == WEIR_OK) status = wr_program_new(keys, plan->n_order, account, &s->order, err);
    wr_free(account, keys, bytes);
    return status;
}

static weir_status make_parts(wr_select *s, weir_error *err) {
    const wr_plan_op *op = s->head.plan;
    const wr_plan_select *plan = &op->u.select;
    wr_account *account = &s->head.account;
    /* A row for which a column fails may not have been taken in, but expires all the same. */
    for (uint32_t i = 0; i < op->out.n_attrs; i++) s->can_fail |= plan->outs[i]->can_fail;
    WR_TRY(make_aggregates(s, plan, err));
    if (plan->n_probes)
        WR_TRY(wr_probes_new(plan->probes, plan->n_probes, &op->in, account, &s->probes, err));
    for (uint32_t i = 0; i < plan->n_aggs; i++) {
        const wr_agg_slot *slot = &plan->aggs[i];
        s->probes_first |= slot->when && wr_expr_has_kind(slot->when, WR_EXPR_PROBE);
        for (uint32_t a = 0; a < slot->n_args; a++)
            s->probes_first |= wr_expr_has_kind(slot->args[a], WR_EXPR_PROBE);
    }
    s->can_fail |= plan->having && plan->having->can_fail;
    WR_TRY(wr_select_make_early(s, plan, op->out.n_attrs, err));
    WR_TRY(wr_program_new(plan->outs, op->out.n_attrs, account, &s->outs, err));
    if (plan->having) WR_TRY(wr_program_new((wr_expr *const *)&plan->having, 1, account, &s->having, err));
    return make_order(s, plan, err);
}

weir_status wr_select_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    wr_select *s = wr_alloc_zero(parent, sizeof *s);
    if (!s) return no_memory(err);
    s->head.type = &select_type;
    s->head.plan = plan;
    s->head.account.parent = parent;
    s->collapse.account = &s->head.account;
    weir_status status = make_parts(s, err);
    if (status == WEIR_OK)
        *out = &s->head;
    else
        select_free(&s->head);
    return status;
}
