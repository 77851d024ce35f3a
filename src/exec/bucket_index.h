/* bucket_index.h: the groups of an aggregation's level, found by some of their keys.
 *
 * A hash index over (begin of the bucket, those keys): a reader asks for one bucket of its range after the
 * other. So reading takes time for each bucket, however many groups these have. It is made when somebody
 * reads by these keys, and kept from then on: 60 to 80 bytes a group. What it finds are candidates; keys
 * compare as in row_index.h. */
#ifndef WR_BUCKET_INDEX_H
#define WR_BUCKET_INDEX_H

#include "exec/groups.h"
#include "plan/plan.h"

typedef struct wr_bucket_index wr_bucket_index;

/* Over the groups of `groups`, whose first key is the begin of the bucket; keys: places among the plan's
 * group keys. Both must outlive it. */
weir_status wr_bucket_index_new(const wr_plan_aggregation *plan, const wr_groups *groups,
                                const uint32_t *keys, uint32_t n_keys, wr_account *account,
                                wr_bucket_index **out, weir_error *err) WR_NODISCARD;
weir_status wr_bucket_index_add(wr_bucket_index *x, uint32_t group, int64_t begin,
                                weir_error *err) WR_NODISCARD;

typedef struct wr_bucket_find {
    const weir_column *keys; /* row `row` of each */
    uint32_t row;
    const int64_t *begin; /* of the buckets */
    uint32_t n_begin;
} wr_bucket_find;
/* In order of the buckets asked for, and then of being added. */
weir_status wr_bucket_index_find(const wr_bucket_index *x, const wr_bucket_find *find, weir_arena *arena,
                                 uint32_t **groups, uint32_t *n, weir_error *err) WR_NODISCARD;

/* Several of them, in a list; first may be NULL. */
void wr_bucket_index_link(wr_bucket_index *x, wr_bucket_index **first);
wr_bucket_index *wr_bucket_index_by(wr_bucket_index *first, const uint32_t *keys, uint32_t n_keys);
weir_status wr_bucket_index_add_all(wr_bucket_index *first, uint32_t group, int64_t begin,
                                    weir_error *err) WR_NODISCARD;
void wr_bucket_index_remove_all(wr_bucket_index *first, uint32_t group); /* while it still has its keys */
void wr_bucket_index_free_all(wr_bucket_index *first);

#endif
