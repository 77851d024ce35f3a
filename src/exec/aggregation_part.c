/* aggregation_part.c: see aggregation_part.h. */
#include "exec/aggregation_part.h"

#include "data/column.h"
#include "data/value.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an aggregation");
}

/* ---- Which buckets ----------------------------------------------------------------------------------------
 */

bool wr_range_is_whole(wr_unit unit, int64_t start, int64_t end) {
    return wr_unit_begin(unit, start) == start && wr_unit_begin(unit, end) == end;
}

static int64_t first_begin(wr_unit unit, int64_t start) {
    return wr_unit_begin(unit, start) == start ? start : wr_unit_end(unit, start);
}

weir_status wr_parts_of(const wr_level *levels, uint32_t at, const wr_bucket_ask *ask, wr_part_take *take,
                        void *owner, wr_level *into, weir_arena *arena, weir_error *err) {
    wr_unit unit = levels[at].unit;
    int64_t low = first_begin(unit, ask->start), high = wr_unit_begin(unit, ask->end);
    if (!at) return take(owner, 0, ask, into, arena, err);
    if (low >= high) return wr_parts_of(levels, at - 1, ask, take, owner, into, arena, err);
    wr_bucket_ask before = *ask, whole = *ask, after = *ask;
    before.end = whole.start = low;
    whole.end = after.start = high;
    whole.unit = unit;
    if (before.start < before.end)
        WR_TRY(wr_parts_of(levels, at - 1, &before, take, owner, into, arena, err));
    WR_TRY(take(owner, at, &whole, into, arena, err));
    if (after.start >= after.end) return WEIR_OK;
    return wr_parts_of(levels, at - 1, &after, take, owner, into, arena, err);
}

/* ---- From one level to another ----------------------------------------------------------------------------
 */

/* Keys that are objects are known by their text, and go over as that. */
static weir_status key_column(const wr_level *l, uint32_t k, const uint32_t *groups, uint32_t n,
                              weir_arena *arena, weir_column *out, weir_error *err) {
    const wr_attr *attr = &l->plan->feed.attrs[k];
    bool as_text = attr->boxed || attr->type == WEIR_OBJECT;
    weir_column plain;
    if (wr_column_new(arena, as_text ? WEIR_STRING : attr->type, false, n, true, &plain))
        return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        weir_value v = wr_groups_value(l->keys, groups[i], k + 1);
        wr_column_set(&plain, i, &v);
    }
    *out = plain;
    if (!as_text) return WEIR_OK;
    if (wr_column_new(arena, attr->type, true, n, true, out)) return no_memory(err);
    return wr_column_box(&plain, NULL, n, arena, out) ? no_memory(err) : WEIR_OK;
}

static weir_status plain_columns(const wr_level *l, const weir_row_id *slots, uint32_t n, weir_arena *arena,
                                 weir_column *cols, weir_error *err) {
    for (uint32_t c = 0; c < l->plan->n_plain; c++) {
        const wr_attr *attr = &l->plan->feed.attrs[l->plan->n_keys + c];
        if (wr_column_new(arena, attr->type, attr->boxed, n, wr_row_store_has_nulls(l->plain, c), &cols[c]))
            return no_memory(err);
        WR_TRY(wr_row_store_gather(l->plain, c, slots, n, arena, &cols[c], err));
    }
    return WEIR_OK;
}

static weir_status export_groups(const wr_level *l, const uint32_t *groups, uint32_t n, weir_arena *arena,
                                 wr_level_rows *out, weir_error *err) {
    const wr_plan_aggregation *plan = l->plan;
    weir_column *keyed = wr_arena_zero(arena, plan->n_keys + plan->n_plain + 1, sizeof *keyed);
    weir_column *values = wr_arena_zero(arena, plan->n_totals + 1, sizeof *values);
    weir_column *rows = wr_arena_zero(arena, plan->n_totals + 1, sizeof *rows);
    int64_t *begin = wr_arena_array(arena, n, sizeof *begin),
            *latest = wr_arena_array(arena, n, sizeof *latest);
    weir_row_id *slots = wr_arena_array(arena, n, sizeof *slots);
    if (!keyed || !values || !rows || !begin || !latest || !slots) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        const wr_bucket_group *g = &l->group[groups[i]];
        begin[i] = g->begin;
        latest[i] = g->latest;
        slots[i] = g->slot;
    }
    for (uint32_t k = 0; k < plan->n_keys; k++) WR_TRY(key_column(l, k, groups, n, arena, &keyed[k], err));
    if (l->plain) WR_TRY(plain_columns(l, slots, n, arena, keyed + plan->n_keys, err));
    for (uint32_t i = 0; i < plan->n_totals; i++)
        WR_TRY(wr_total_export(&l->totals[i], groups, n, arena, &values[i], &rows[i], err));
    *out = (wr_level_rows){
        .n = n, .keyed = keyed, .values = values, .rows = rows, .begin = begin, .latest = latest};
    return WEIR_OK;
}

weir_status wr_level_add_groups(wr_level *into, wr_level *from, const wr_bucket_ask *ask, weir_arena *arena,
                                weir_error *err) {
    uint32_t *groups, n;
    wr_level_rows rows;
    WR_TRY(wr_level_range(from, ask, arena, &groups, &n, err));
    if (!n) return WEIR_OK;
    WR_TRY(export_groups(from, groups, n, arena, &rows, err));
    uint32_t *gid = wr_arena_array(arena, n, sizeof *gid);
    if (!gid) return no_memory(err);
    return wr_level_absorb(into, &rows, arena, gid, err);
}
