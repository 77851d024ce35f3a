/* totals.c: see totals.h. */
#include "exec/totals.h"

#include "data/column.h"
#include "data/schema.h"
#include "data/value.h"
#include "state/writer.h"

#define NO_ID UINT32_MAX

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for totals");
}

static bool is_extreme(const wr_total *t) {
    return t->plan->kind == WR_TOTAL_MIN || t->plan->kind == WR_TOTAL_MAX;
}
static bool has_values(const wr_total *t) {
    return t->plan->kind != WR_TOTAL_COUNT && t->plan->kind != WR_TOTAL_DISTINCT;
}

/* Sums are longs or doubles; extremes are of the argument's type. */
static weir_type value_type(const wr_total *t) {
    if (is_extreme(t)) return t->plan->type;
    return t->plan->type == WEIR_FLOAT || t->plan->type == WEIR_DOUBLE ? WEIR_DOUBLE : WEIR_LONG;
}
static size_t value_size(const wr_total *t) { return wr_type_size(value_type(t), false); }

/* ---- Life -------------------------------------------------------------------------------------------------
 */

weir_status wr_total_init(wr_total *t, const wr_plan_total *plan, wr_account *account, weir_error *err) {
    *t = (wr_total){.plan = plan, .account = account};
    if (plan->kind != WR_TOTAL_DISTINCT) return WEIR_OK;
    wr_group_key keys[2] = {{.type = WEIR_INT}, {.type = plan->type, .boxed = plan->boxed}};
    return wr_groups_new(keys, 2, account, &t->set, err);
}

void wr_total_fini(wr_total *t) {
    if (!t->plan) return;
    wr_free(t->account, t->values, t->cap_values * value_size(t));
    wr_free(t->account, t->seen, t->cap_seen * sizeof *t->seen);
    wr_free(t->account, t->rows, t->cap_rows * sizeof *t->rows);
    wr_free(t->account, t->owner, t->cap_owner * sizeof *t->owner);
    wr_free(t->account, t->next, t->cap_next * sizeof *t->next);
    wr_free(t->account, t->first, t->cap_first * sizeof *t->first);
    wr_groups_free(t->set);
}

weir_status wr_total_reserve(wr_total *t, uint32_t n, weir_error *err) {
    wr_account *a = t->account;
    if (n <= t->n) return WEIR_OK;
    if (wr_grow(a, &t->seen, &t->cap_seen, n, sizeof *t->seen) ||
        (has_values(t) && wr_grow(a, &t->values, &t->cap_values, n, value_size(t))) ||
        (t->plan->kind == WR_TOTAL_AVG && wr_grow(a, &t->rows, &t->cap_rows, n, sizeof *t->rows)) ||
        (t->set && wr_grow(a, &t->first, &t->cap_first, n, sizeof *t->first)))
        return no_memory(err);
    uint32_t from = t->n;
    t->n = n;
    for (uint32_t g = from; g < n; g++) {
        if (t->set) t->first[g] = NO_ID;
        wr_total_clear(t, g);
    }
    return WEIR_OK;
}

void wr_total_clear(wr_total *t, uint32_t group) {
    t->seen[group] = 0;
    if (has_values(t)) memset((char *)t->values + group * value_size(t), 0, value_size(t));
    if (t->rows) t->rows[group] = 0;
    if (!t->set) return;
    for (uint32_t id = t->first[group]; id != NO_ID; id = t->next[id]) {
        t->owner[id] = NO_ID;
        wr_groups_drop(t->set, id);
    }
    t->first[group] = NO_ID;
}

/* ---- Adding -----------------------------------------------------------------------------------------------
 */

/* name(from, to): rows of one type of argument into values of another. A sum of longs wraps as Java's does.
 */
#define ADD_ROWS(name, from, to, sum)                                                                        \
    static void name(wr_total *t, const wr_row_list *list, const uint32_t *gid, const weir_column *v) {      \
        to *values = t->values;                                                                              \
        const from *data = v->data;                                                                          \
        for (uint32_t i = 0; i < list->n; i++) {                                                             \
            uint32_t row = wr_row_at(list, i), g = gid[row];                                                 \
            if (weir_is_null(v, row)) continue;                                                              \
            values[g] = sum(values[g], (to)data[row]);                                                       \
            t->seen[g]++;                                                                                    \
        }                                                                                                    \
    }
#define WRAP(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define PLUS(a, b) ((a) + (b))
ADD_ROWS(add_int, int32_t, int64_t, WRAP)
ADD_ROWS(add_long, int64_t, int64_t, WRAP)
ADD_ROWS(add_float, float, double, PLUS)
ADD_ROWS(add_double, double, double, PLUS)

#define EXTREME_ROWS(name, type, better)                                                                     \
    static void name(wr_total *t, const wr_row_list *list, const uint32_t *gid, const weir_column *v) {      \
        type *values = t->values;                                                                            \
        const type *data = v->data;                                                                          \
        for (uint32_t i = 0; i < list->n; i++) {                                                             \
            uint32_t row = wr_row_at(list, i), g = gid[row];                                                 \
            if (weir_is_null(v, row)) continue;                                                              \
            if (!t->seen[g]++ || data[row] better values[g]) values[g] = data[row];                          \
        }                                                                                                    \
    }
EXTREME_ROWS(min_int, int32_t, <)
EXTREME_ROWS(min_long, int64_t, <)
EXTREME_ROWS(min_float, float, <)
EXTREME_ROWS(min_double, double, <)
EXTREME_ROWS(max_int, int32_t, >)
EXTREME_ROWS(max_long, int64_t, >)
EXTREME_ROWS(max_float, float, >)
EXTREME_ROWS(max_double, double, >)

typedef void adder(wr_total *t, const wr_row_list *list, const uint32_t *gid, const weir_column *v);

static void count_rows(const wr_row_list *list, const uint32_t *gid, int64_t *rows) {
    for (uint32_t i = 0; i < list->n; i++) rows[gid[wr_row_at(list, i)]]++;
}

static void add_values(wr_total *t, weir_type type, const wr_row_list *list, const uint32_t *gid,
                       const weir_column *v) {
    static adder *const sums[] = {
        [WEIR_INT] = add_int, [WEIR_LONG] = add_long, [WEIR_FLOAT] = add_float, [WEIR_DOUBLE] = add_double};
    static adder *const mins[] = {
        [WEIR_INT] = min_int, [WEIR_LONG] = min_long, [WEIR_FLOAT] = min_float, [WEIR_DOUBLE] = min_double};
    static adder *const maxs[] = {
        [WEIR_INT] = max_int, [WEIR_LONG] = max_long, [WEIR_FLOAT] = max_float, [WEIR_DOUBLE] = max_double};
    adder *const *all = t->plan->kind == WR_TOTAL_MIN ? mins : t->plan->kind == WR_TOTAL_MAX ? maxs : sums;
    all[type](t, list, gid, v);
}

/* ---- Distinct values --------------------------------------------------------------------------------------
 */

static void own_id(wr_total *t, uint32_t id, uint32_t group) {
    t->owner[id] = group;
    t->next[id] = t->first[group];
    t->first[group] = id;
    t->seen[group]++;
}

static weir_status reserve_ids(wr_total *t, weir_error *err) {
    uint32_t n = wr_groups_limit(t->set);
    if (wr_grow(t->account, &t->owner, &t->cap_owner, n, sizeof *t->owner) ||
        wr_grow(t->account, &t->next, &t->cap_next, n, sizeof *t->next))
        return no_memory(err);
    while (t->n_ids < n) t->owner[t->n_ids++] = NO_ID;
    return WEIR_OK;
}

static weir_status add_distinct(wr_total *t, const wr_row_list *list, const uint32_t *gid,
                                const weir_column *v, uint32_t n_rows, weir_arena *arena, weir_error *err) {
    uint32_t *ids = wr_arena_array(arena, n_rows, sizeof *ids);
    if (!ids) return no_memory(err);
    weir_column keys[2] = {{.type = WEIR_INT, .data = (void *)(uintptr_t)gid}, *v};
    WR_TRY(wr_groups_assign(t->set, keys, list, arena, ids, err));
    WR_TRY(reserve_ids(t, err));
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t row = wr_row_at(list, i);
        if (t->owner[ids[row]] == NO_ID) own_id(t, ids[row], gid[row]);
    }
    return WEIR_OK;
}

weir_status wr_total_add(wr_total *t, const wr_row_list *list, const uint32_t *gid, const weir_column *v,
                         uint32_t n_rows, weir_arena *arena, weir_error *err) {
    if (t->set) return add_distinct(t, list, gid, v, n_rows, arena, err);
    if (t->plan->kind == WR_TOTAL_COUNT) count_rows(list, gid, t->seen);
    if (t->rows) count_rows(list, gid, t->rows);
    if (has_values(t)) add_values(t, t->plan->type, list, gid, v);
    return WEIR_OK;
}

/* ---- Reading ----------------------------------------------------------------------------------------------
 */

static void get_averages(const wr_total *t, const uint32_t *groups, uint32_t n, weir_column *out) {
    bool of_longs = value_type(t) == WEIR_LONG;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t g = groups[i];
        int64_t rows = t->rows[g] ? t->rows[g] : 1;
        if (t->plan->result == WEIR_LONG)
            ((int64_t *)out->data)[i] = ((const int64_t *)t->values)[g] / rows;
        else
            ((double *)out->data)[i] =
                (of_longs ? (double)((const int64_t *)t->values)[g] : ((const double *)t->values)[g]) /
                (double)rows;
    }
}

static void get_values(const wr_total *t, const uint32_t *groups, uint32_t n, weir_column *out) {
    if (t->plan->kind == WR_TOTAL_AVG)
        get_averages(t, groups, n, out);
    else if (has_values(t))
        wr_gather_data(out->data, t->values, groups, n, value_size(t));
    else
        wr_gather_data(out->data, t->seen, groups, n, sizeof *t->seen);
}

weir_status wr_total_get(const wr_total *t, const uint32_t *groups, uint32_t n, weir_arena *arena,
                         weir_column *out, weir_error *err) {
    bool nullable = has_values(t);
    if (wr_column_new(arena, t->plan->result, false, n, nullable, out)) return no_memory(err);
    get_values(t, groups, n, out);
    for (uint32_t i = 0; nullable && i < n; i++)
        if (!t->seen[groups[i]]) weir_set_null(out, i);
    return WEIR_OK;
}

/* ---- In a store -------------------------------------------------------------------------------------------
 */

static weir_object *set_of(const wr_total *t, uint32_t group) {
    weir_object *set = weir_object_new_set();
    for (uint32_t id = t->first[group]; set && id != NO_ID; id = t->next[id]) {
        weir_value member = wr_groups_value(t->set, id, 1);
        if (weir_object_set_add(set, &member) == WEIR_OK) continue;
        weir_object_unref(set);
        set = NULL;
    }
    return set;
}

static weir_status export_sets(const wr_total *t, const uint32_t *groups, uint32_t n, weir_arena *arena,
                               weir_column *out, weir_error *err) {
    if (wr_column_new(arena, WEIR_OBJECT, false, n, false, out)) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        weir_object *set = set_of(t, groups[i]);
        if (!set || weir_arena_own(arena, set) != WEIR_OK) return no_memory(err);
        ((weir_object **)out->data)[i] = set;
    }
    return WEIR_OK;
}

weir_status wr_total_export(const wr_total *t, const uint32_t *groups, uint32_t n, weir_arena *arena,
                            weir_column *values, weir_column *rows, weir_error *err) {
    if (t->set) return export_sets(t, groups, n, arena, values, err);
    const int64_t *counts = t->plan->kind == WR_TOTAL_AVG ? t->rows : t->seen;
    if (wr_plan_total_has_rows(t->plan)) {
        if (wr_column_new(arena, WEIR_LONG, false, n, false, rows)) return no_memory(err);
        wr_gather_data(rows->data, counts, groups, n, sizeof *counts);
    }
    if (!has_values(t)) return WEIR_OK;
    if (wr_column_new(arena, value_type(t), false, n, true, values)) return no_memory(err);
    wr_gather_data(values->data, t->values, groups, n, value_size(t));
    for (uint32_t i = 0; i < n; i++)
        if (!t->seen[groups[i]]) weir_set_null(values, i);
    return WEIR_OK;
}

static weir_status absorb_sets(wr_total *t, uint32_t n, const uint32_t *gid, const weir_column *sets,
                               weir_arena *arena, weir_error *err) {
    for (uint32_t i = 0; i < n; i++) {
        const weir_object *set = weir_is_null(sets, i) ? NULL : ((weir_object *const *)sets->data)[i];
        uint32_t n_members =
            set && weir_object_get_kind(set) == WEIR_OBJECT_SET ? weir_object_set_size(set) : 0;
        weir_column members;
        uint32_t *group = wr_arena_array(arena, n_members + 1, sizeof *group);
        if (!group || wr_column_new(arena, t->plan->type, false, n_members, true, &members))
            return no_memory(err);
        wr_row_list list = {.n = n_members};
        for (uint32_t k = 0; k < n_members; k++) {
            weir_value member = weir_object_set_member(set, k);
            if (!member.is_null && member.type != t->plan->type)
                return weir_fail(err, WEIR_ESTATE, "a stored set holds values of another type");
            group[k] = gid[i];
            wr_column_set(&members, k, &member);
        }
        if (n_members) WR_TRY(add_distinct(t, &list, group, &members, n_members, arena, err));
    }
    return WEIR_OK;
}

weir_status wr_total_absorb(wr_total *t, uint32_t n, const uint32_t *gid, const weir_column *values,
                            const weir_column *rows, weir_arena *arena, weir_error *err) {
    wr_row_list list = {.n = n};
    if (t->set) return absorb_sets(t, n, gid, values, arena, err);
    int64_t *counts = t->plan->kind == WR_TOTAL_AVG ? t->rows : t->seen;
    for (uint32_t i = 0; wr_plan_total_has_rows(t->plan) && i < n; i++)
        if (!weir_is_null(rows, i)) counts[gid[i]] += ((const int64_t *)rows->data)[i];
    if (has_values(t)) add_values(t, value_type(t), &list, gid, values);
    return WEIR_OK;
}

/* ---- State ------------------------------------------------------------------------------------------------
 */

void wr_total_save(const wr_total *t, uint32_t n, weir_writer *w) {
    weir_write_bytes(w, t->seen, n * sizeof *t->seen);
    if (has_values(t)) weir_write_bytes(w, t->values, n * value_size(t));
    if (t->plan->kind == WR_TOTAL_AVG) weir_write_bytes(w, t->rows, n * sizeof *t->rows);
    if (!t->set) return;
    wr_groups_save(t->set, w);
    weir_write_bytes(w, t->owner, wr_groups_limit(t->set) * sizeof *t->owner);
}

static weir_status load_set(wr_total *t, weir_reader *r, weir_error *err) {
    WR_TRY(wr_groups_load(t->set, r, err));
    WR_TRY(reserve_ids(t, err));
    for (uint32_t g = 0; g < t->n; g++) t->seen[g] = 0; /* counted anew */
    for (uint32_t id = 0; id < wr_groups_limit(t->set); id++) {
        uint32_t owner = weir_read_u32(r);
        bool in_use = wr_groups_in_use(t->set, id);
        WR_TRY(weir_reader_status(r, err));
        if (in_use != (owner != NO_ID) || (in_use && owner >= t->n))
            return weir_fail(err, WEIR_ESTATE, "saved distinct values don't fit together");
        if (in_use) own_id(t, id, owner);
    }
    return WEIR_OK;
}

weir_status wr_total_load(wr_total *t, weir_reader *r, weir_error *err) {
    weir_read_bytes(r, t->seen, t->n * sizeof *t->seen);
    if (has_values(t)) weir_read_bytes(r, t->values, t->n * value_size(t));
    if (t->plan->kind == WR_TOTAL_AVG) weir_read_bytes(r, t->rows, t->n * sizeof *t->rows);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t g = 0; g < t->n; g++)
        if (t->seen[g] < 0 || (t->rows && t->rows[g] < 0))
            return weir_fail(err, WEIR_ESTATE, "saved totals count less than no rows");
    return t->set ? load_set(t, r, err) : WEIR_OK;
}
