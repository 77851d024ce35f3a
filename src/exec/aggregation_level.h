/* aggregation_level.h: one granularity of an incremental aggregation (aggregation.h). */
#ifndef WR_AGGREGATION_LEVEL_H
#define WR_AGGREGATION_LEVEL_H

#include "exec/row_store.h"
#include "exec/totals.h"

#define WR_NO_GROUP UINT32_MAX

typedef struct wr_bucket {
    int64_t begin;
    uint32_t first, last; /* its groups are a chain, in the order in which they came */
} wr_bucket;

/* What is known of a group besides its totals. */
typedef struct wr_bucket_group {
    int64_t begin;    /* of its bucket */
    int64_t latest;   /* time of the row that gave it its plain attributes */
    weir_row_id slot; /* of these; WEIR_NO_ROW: none yet */
    uint32_t next;    /* in the bucket */
    uint32_t parent;  /* on the next level; WR_NO_GROUP: not known yet */
    uint32_t row;     /* while plain attributes are taken in */
    bool in_use;
    bool is_dirty, is_stored; /* in a store: it has changed; there is a row of it */
} wr_bucket_group;

typedef struct wr_bucket_store wr_bucket_store;
typedef struct wr_bucket_index wr_bucket_index;

/* Which buckets are read: those that begin in start..end-1; and of their groups those whose group_keys[i]
 * equals row `row` of keys[i], for all i. */
typedef struct wr_bucket_ask {
    wr_unit unit;
    int64_t start, end;
    const uint32_t *group_keys;
    const weir_column *keys;
    uint32_t n_keys, row;
} wr_bucket_ask;

/* Groups with totals, as rows by column. */
typedef struct wr_level_rows {
    uint32_t n;
    const weir_column *keyed;         /* group keys, then plain attributes */
    const weir_column *values, *rows; /* by total: wr_total_absorb */
    const int64_t *begin, *latest;
} wr_level_rows;

typedef struct wr_level {
    const wr_plan_aggregation *plan;
    wr_account *account;
    wr_unit unit;
    int64_t keep_ms; /* INT64_MAX: for ever */
    wr_groups *keys;
    wr_bucket_group *group; /* by id */
    uint32_t cap_group, n_group;
    wr_bucket *buckets; /* in order of time */
    uint32_t first_bucket, n_buckets, cap_buckets;
    wr_total *totals;
    wr_row_store *plain;      /* NULL: no plain attributes */
    wr_bucket_index *indexes; /* by keys that somebody reads by */
    wr_bucket_store *store;   /* NULL: all is in memory; belongs to the aggregation */
} wr_level;

/* The rows of a feed in hand. */
typedef struct wr_fed {
    const weir_batch *rows;
    wr_row_list list;
    const int64_t *time; /* by physical row: which bucket it belongs to */
    weir_arena *arena;
} wr_fed;

weir_status wr_level_init(wr_level *l, const wr_plan_aggregation *plan, uint32_t at, const wr_schema *plain,
                          wr_account *account, weir_error *err) WR_NODISCARD;
void wr_level_fini(wr_level *l);

/* gid[row] for the rows of the list: by their bucket and keys. */
weir_status wr_level_find(wr_level *l, const wr_fed *fed, const wr_row_list *list, uint32_t *gid,
                          weir_error *err) WR_NODISCARD;
/* Totals and plain attributes of all fed rows. */
weir_status wr_level_add(wr_level *l, const wr_fed *fed, const uint32_t *gid, weir_error *err) WR_NODISCARD;
/* Adds rows to the groups that they are of; gid gets these. */
weir_status wr_level_absorb(wr_level *l, const wr_level_rows *rows, weir_arena *arena, uint32_t *gid,
                            weir_error *err) WR_NODISCARD;
/* The groups that are asked for, in order. With keys it takes time for each bucket, not for each group. */
weir_status wr_level_range(wr_level *l, const wr_bucket_ask *ask, weir_arena *arena, uint32_t **groups,
                           uint32_t *n, weir_error *err) WR_NODISCARD;
/* Drops all buckets that begin before `before`. finer: the level below, whose groups must forget their
 * parents; or NULL. */
void wr_level_purge(wr_level *l, wr_level *finer, int64_t before);

void wr_level_save(const wr_level *l, weir_writer *w);
weir_status wr_level_load(wr_level *l, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
