#include "exec/extent.h"

weir_status wr_extent_init(wr_extent *r, const wr_plan_extent *plan, wr_account *account, weir_error *err) {
    wr_expr *exprs[3] = {plan->start, plan->per, plan->end};
    *r = (wr_extent){.plan = plan};
    return wr_program_new(exprs, plan->end ? 3 : 2, account, &r->program, err);
}

void wr_extent_fini(wr_extent *r) { wr_program_free(r->program); }

weir_status wr_extent_compute(wr_extent *r, const wr_eval *ev, weir_error *err) {
    weir_column results[3];
    memset(results, 0, sizeof results);
    WR_TRY(wr_program_run(r->program, ev, results, err));
    r->start = results[0];
    r->per = results[1];
    r->end = results[2];
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

const char *wr_extent_get(const wr_extent *r, const wr_aggregation *a, uint32_t row, wr_within *within,
                          wr_unit *unit) {
    const char *why = get_unit(r, a, row, unit);
    return why ? why : get_bounds(r, row, within);
}
