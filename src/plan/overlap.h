/* overlap.h: which steps of a batched cycle may run at the same time, for several threads.
 *
 * The nodes of the graph are the steps (a query, or n_queries + a partition, as in wr_plan.order), and behind
 * them the streams: n_steps + i stands for stream i having all its rows. A step waits for the streams that it
 * reads, a stream for the steps that write it. What else two steps share makes the later one (in
 * wr_plan.order) wait for the earlier: a table; a partition's keys; the rows of a stream, if one of them may
 * fail on a chunk, which those behind it must not see then; and the outer world, for all that log, call
 * functions that are not pure, or may fail. So every step finds what it would have found had they run one
 * after the other. */
#ifndef WR_PLAN_OVERLAP_H
#define WR_PLAN_OVERLAP_H

#include "plan/plan.h"

typedef struct wr_overlap {
    uint32_t n_nodes;
    uint32_t *waits;     /* by node: how many it waits for, counted as often as they are listed */
    uint32_t *first;     /* by node, and one more: where its followers begin */
    uint32_t *followers; /* nodes that wait for it */
    bool *can_fail;      /* by step: some chunk may fail in it */
} wr_overlap;

/* The plan must not be serial. */
weir_status wr_overlap_init(wr_overlap *o, const wr_plan *plan, weir_error *err) WR_NODISCARD;
void wr_overlap_fini(wr_overlap *o); /* zeroed is fine */

#endif
