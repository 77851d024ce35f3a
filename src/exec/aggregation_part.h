/* aggregation_part.h: parts of an aggregation put together to buckets that no level has as such.
 *
 * With `aggregate by t` the rows of a range are those whose finest bucket begins in it, whatever `per` asks
 * for. So where a range begins or ends in the middle of a bucket, the rest of that bucket is put together
 * from the buckets of the levels below:
 *
 *   per hour, 10:30:15 … 13:00     seconds 10:30:15 … 10:31, minutes 10:31 … 11:00, hours 11:00 … 13:00
 *
 * at most two runs a level. */
#ifndef WR_AGGREGATION_PART_H
#define WR_AGGREGATION_PART_H

#include "exec/aggregation_level.h"

/* Does the range begin and end with buckets of this unit? */
bool wr_range_is_whole(wr_unit unit, int64_t start, int64_t end);

/* Takes in the buckets of the level levels[at] that an ask names: adds them to `into`, whose unit is no
 * finer. */
typedef weir_status wr_part_take(void *owner, uint32_t at, const wr_bucket_ask *ask, wr_level *into,
                                 weir_arena *arena, weir_error *err);
/* Calls `take` for the runs of buckets that make up the range: of level `at`, and below. */
weir_status wr_parts_of(const wr_level *levels, uint32_t at, const wr_bucket_ask *ask, wr_part_take *take,
                        void *owner, wr_level *into, weir_arena *arena, weir_error *err) WR_NODISCARD;

/* Adds the groups of a level in memory that are asked for to those of a coarser one, or one of the same unit.
 */
weir_status wr_level_add_groups(wr_level *into, wr_level *from, const wr_bucket_ask *ask, weir_arena *arena,
                                weir_error *err) WR_NODISCARD;

#endif
