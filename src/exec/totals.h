/* totals.h: the aggregates of an incremental aggregation, one total of each group in arrays by group id.
 *
 * They only ever add, and single groups can be cleared, which is what buckets that come and go want. A total
 * costs 4 or 8 bytes and a count of 4 or 8; distinctCount keeps a table of (group, value). */
#ifndef WR_TOTALS_H
#define WR_TOTALS_H

#include "base/arena.h"
#include "exec/groups.h"
#include "plan/plan.h"

typedef struct wr_total {
    const wr_plan_total *plan;
    wr_account *account;
    void *values;  /* sums, or the least or greatest value so far */
    int64_t *seen; /* rows that were taken in: without nulls, of COUNT all */
    int64_t *rows; /* AVG: all rows, nulls too */
    uint32_t cap_values, cap_seen, cap_rows, n;
    /* DISTINCT: ids of (group, value); those of a group are chained. */
    wr_groups *set;
    uint32_t *owner, *next; /* by id; owner UINT32_MAX: the id is free */
    uint32_t cap_owner, cap_next, n_ids;
    uint32_t *first; /* by group */
    uint32_t cap_first;
} wr_total;

weir_status wr_total_init(wr_total *t, const wr_plan_total *plan, wr_account *account,
                          weir_error *err) WR_NODISCARD;
void wr_total_fini(wr_total *t);
/* Room for groups 0..n-1; new ones are empty. */
weir_status wr_total_reserve(wr_total *t, uint32_t n, weir_error *err) WR_NODISCARD;
/* Adds the listed rows; gid by physical row, v is the argument (unused for COUNT). */
weir_status wr_total_add(wr_total *t, const wr_row_list *list, const uint32_t *gid, const weir_column *v,
                         uint32_t n_rows, weir_arena *arena, weir_error *err) WR_NODISCARD;
void wr_total_clear(wr_total *t, uint32_t group);
/* out[i] is the total of groups[i]. */
weir_status wr_total_get(const wr_total *t, const uint32_t *groups, uint32_t n, weir_arena *arena,
                         weir_column *out, weir_error *err) WR_NODISCARD;
/* As a store keeps it: *values, the sum, the extreme or a set of the distinct values; *rows, how many rows.
 * Only what the kind has is set: see wr_plan_total_has. */
weir_status wr_total_export(const wr_total *t, const uint32_t *groups, uint32_t n, weir_arena *arena,
                            weir_column *values, weir_column *rows, weir_error *err) WR_NODISCARD;
/* Adds what was exported, perhaps of a part of a group's rows, to those of gid, by row of the columns. */
weir_status wr_total_absorb(wr_total *t, uint32_t n, const uint32_t *gid, const weir_column *values,
                            const weir_column *rows, weir_arena *arena, weir_error *err) WR_NODISCARD;
/* Of groups 0..n-1. */
void wr_total_save(const wr_total *t, uint32_t n, weir_writer *w);
/* Into a total with room for just the groups that were saved. */
weir_status wr_total_load(wr_total *t, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
