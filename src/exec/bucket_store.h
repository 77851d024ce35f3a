/* bucket_store.h: one granularity of an aggregation whose rows are in a store (aggregation_level.h).
 *
 * The store has a table with a row for each group of each bucket, which is a table of the task like any other
 * with @store (backing.h): what is written when, and exactly once, is its business. In memory, as groups of
 * the level, are the latest buckets and what the cycle in hand has changed:
 *
 *   rows of a feed --> level: groups of the latest buckets, and late ones of this cycle
 *                        |  ^ recall: what the store has of a group that is new in memory
 *                  flush v  |
 *                      table A_SECONDS: key (begin of the bucket, group keys) --> totals
 *
 * A group whose bucket begins before known_from is asked for by its key. All that the store has from there on
 * is in memory: so new groups of the bucket of today cost no question. After a start nothing is known, and
 * the first feed asks for all from its latest bucket on.
 *
 * Reading flushes, and reads the table alone: rows of one group by several writers (@PartitionById), or that
 * Siddhi has written apart since they came late, are added up. */
#ifndef WR_BUCKET_STORE_H
#define WR_BUCKET_STORE_H

#include "exec/aggregation_level.h"
#include "exec/table.h"

/* The table must outlive it. */
weir_status wr_bucket_store_new(const wr_plan_aggregation *plan, wr_table *table, wr_account *account,
                                wr_bucket_store **out, weir_error *err) WR_NODISCARD;
void wr_bucket_store_free(wr_bucket_store *s); /* NULL is fine */
/* The level is empty: nothing is known any more. NULL is fine. */
void wr_bucket_store_forget(wr_bucket_store *s);

/* Rows whose groups have just come into memory, one of each, with gid by row. */
weir_status wr_bucket_store_recall(wr_bucket_store *s, wr_level *l, const wr_fed *fed,
                                   const wr_row_list *list, const uint32_t *gid,
                                   weir_error *err) WR_NODISCARD;
/* These groups are about to change. */
weir_status wr_bucket_store_touch(wr_bucket_store *s, wr_level *l, const wr_row_list *list,
                                  const uint32_t *gid, weir_error *err) WR_NODISCARD;
/* Brings all that has changed into the table. */
weir_status wr_bucket_store_flush(wr_bucket_store *s, wr_level *l, weir_error *err) WR_NODISCARD;
/* The end of a cycle: flushes, and lets all but the latest buckets leave memory. finer: see wr_level_purge.
 */
weir_status wr_bucket_store_settle(wr_bucket_store *s, wr_level *l, wr_level *finer,
                                   weir_error *err) WR_NODISCARD;
/* Adds what the table has of these buckets to a level without a store. */
weir_status wr_bucket_store_read(wr_bucket_store *s, const wr_bucket_ask *ask, wr_level *into,
                                 weir_arena *arena, weir_error *err) WR_NODISCARD;
/* Removes all rows of buckets that begin before `before`. Nothing waits to be flushed. */
weir_status wr_bucket_store_purge(wr_bucket_store *s, int64_t before, weir_error *err) WR_NODISCARD;

#endif
