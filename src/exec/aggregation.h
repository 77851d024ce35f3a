/* aggregation.h: an incremental aggregation: totals of each group for each bucket of time, at several
 * granularities at once.
 *
 * A level is one granularity: seconds, minutes, … . Its groups are (beginning of the bucket, group keys),
 * with dense ids that index its totals. A row looks up its group on the finest level only; each group knows
 * the one above it that it is part of, so every further level costs an array access and the additions:
 *
 *   seconds   12:00:01 a | 12:00:01 b | 12:00:02 a | …        a hash lookup a row
 *   minutes   12:00 a    | 12:00 b    <--- parent of each      none, once the parent is known
 *   hours     12 a       | 12 b
 *
 * Late rows go into their own bucket, so reading needs no merging: a range is a walk over the level's
 * buckets, which are kept in order of time. Buckets that are older than the level's retention are dropped at
 * fixed times of the task's clock, whichever way the clock passes them, so what is found does not depend on
 * batches.
 *
 * With @store the groups are rows of tables in a store, and of the levels only the latest buckets are in
 * memory: bucket_store.h.
 *
 * An aggregation belongs to one task. What reads and writes it runs there. */
#ifndef WR_AGGREGATION_H
#define WR_AGGREGATION_H

#include "exec/aggregation_level.h"
#include "exec/table.h"

typedef struct wr_aggregation wr_aggregation;

/* tables: the plan's, by index; those that the aggregation is kept in must outlive it. */
weir_status wr_aggregation_new(const wr_plan_aggregation *plan, wr_table *const *tables, wr_account *parent,
                               wr_aggregation **out, weir_error *err) WR_NODISCARD;
void wr_aggregation_free(wr_aggregation *a); /* NULL is fine */
/* The app starts: purging counts from here. */
void wr_aggregation_start(wr_aggregation *a, int64_t clock);

/* Takes in the current rows of a batch with the plan's feed columns. cycle gives the clock of each. */
weir_status wr_aggregation_feed(wr_aggregation *a, const weir_batch *rows, const weir_cycle *cycle,
                                weir_arena *arena, weir_error *err) WR_NODISCARD;

/* Is this granularity kept? */
bool wr_aggregation_has(const wr_aggregation *a, wr_unit unit);
/* What is asked for, in order of time, as rows of the plan's schema (without timestamps, chunks and origins).
 * clock: the task's. The rows live in the arena. */
weir_status wr_aggregation_read(wr_aggregation *a, const wr_bucket_ask *ask, int64_t clock, weir_arena *arena,
                                weir_batch *out, weir_error *err) WR_NODISCARD;
/* The end of a cycle: what has changed goes into the tables of a store. */
weir_status wr_aggregation_settle(wr_aggregation *a, weir_error *err) WR_NODISCARD;

uint64_t wr_aggregation_count(const wr_aggregation *a); /* groups of all levels */
size_t wr_aggregation_bytes(const wr_aggregation *a);
void wr_aggregation_save(const wr_aggregation *a, weir_writer *w);
/* Replaces all that was there. */
weir_status wr_aggregation_load(wr_aggregation *a, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
