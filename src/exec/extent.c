#include "exec/extent.h"

#define N_BOUNDS 3u

weir_status wr_extent_init(wr_extent *r, const wr_plan_extent *plan, wr_account *account, weir_error *err) {
    wr_expr *exprs[N_BOUNDS + WR_MAX_GROUP_KEYS] = {plan->start, plan->per, plan->end};
    uint32_t n = plan->end ? N_BOUNDS : N_BOUNDS - 1;
    *r = (wr_extent){.plan = plan};
    for (uint32_t i = 0; i < plan->n_keys; i++) exprs[n + i] = plan->keys[i];
    return wr_program_new(exprs, n + plan->n_keys, account, &r->program, err);
}

void wr_extent_fini(wr_extent *r) { wr_program_free(r->program); }

weir_status wr_extent_compute(wr_extent *r, const wr_eval *ev, weir_error *err) {
    uint32_t n = r->plan->end ? N_BOUNDS : N_BOUNDS - 1;
    weir_column *results = wr_arena_zero(ev->arena, n + r->plan->n_keys, sizeof *results);
    if (!results) return weir_fail(err, WEIR_ENOMEM, "out of memory for the range of an aggregation");
    WR_TRY(wr_program_run(r->program, ev, results, err));
    r->start = results[0];
    r->per = results[1];
    if (r->plan->end) r->end = results[2];
    r->keys = results + n;
    return WEIR_OK;
}

static const char *get_unit(const wr_extent *r, const wr_aggregation *a, uint32_t row, wr_unit *unit) {
    if (weir_is_null(&r->per, row) || !wr_unit_of((const weir_string *)r->per.data + row, unit))
        return "'per' must be seconds, minutes, hours, days, months or years";
    return wr_aggregation_has(a, *unit) ? NULL : "the aggregation keeps nothing by the unit behind 'per'";
}

static const char *get_bounds(const wr_extent *r, uint32_t row, wr_within *out) {
    if (weir_is_null(&r->start, row)) return "the start of 'within' is null";
    if (!r->plan->end) return wr_within_text((const weir_string *)r->start.data + row, out);
    if (weir_is_null(&r->end, row)) return "the end of 'within' is null";
    *out = (wr_within){((const int64_t *)r->start.data)[row], ((const int64_t *)r->end.data)[row]};
    return out->start < out->end ? NULL : "the start of 'within' must be before its end";
}

const char *wr_extent_get(const wr_extent *r, const wr_aggregation *a, uint32_t row, wr_bucket_ask *out) {
    wr_within within;
    wr_unit unit;
    const char *why = get_unit(r, a, row, &unit);
    if (!why) why = get_bounds(r, row, &within);
    if (why) return why;
    *out = (wr_bucket_ask){.unit = unit,
                           .start = within.start,
                           .end = within.end,
                           .group_keys = r->plan->group_keys,
                           .keys = r->keys,
                           .n_keys = r->plan->n_keys,
                           .row = row};
    return NULL;
}
