/* partition.h: the step into a partition: rows from outside get their keys.
 *
 * Each key has a dense id, given at its first row. A chunk is cut into runs of equal keys; each run is a
 * chunk of its own behind the step, and the batch says its key's id:
 *
 *     chunk of S     a a b . a       (. has no key: it is left out)
 *     chunks inside  [a a] [b] [a]   key_id 0 1 0
 *
 * Origins inside a partition tell runs of one chunk apart: of one arrival and phase they have running
 * numbers, over all inputs. What leaves gets its origin back (wr_partition_outside).
 *
 * Keys that are idle can be purged. Such a key ends in the midst of a cycle: rows that come later have
 * another id, and what is kept for the old one is forgotten once the cycle is over (wr_op_type.forget). */
#ifndef WR_PARTITION_H
#define WR_PARTITION_H

#include "exec/operator.h"

/* plan->kind is WR_OP_PARTITION. As an operator it has a timer, state and counters; process() takes a batch
 * for each input (NULL: none came in) and gives one for each: out is an array of plan->n_in. */
weir_status wr_partition_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);

/* Some chunk of this cycle has another origin inside than outside. */
bool wr_partition_renames(const wr_op *op, const weir_cycle *cycle);
/* The origin outside of what has this origin inside: the origin itself if a timer inside gave it. */
weir_origin wr_partition_outside(const wr_op *op, weir_origin inside);

/* Ids are below this. */
uint32_t wr_partition_limit(const wr_op *op);
/* The place of an id in the order in which keys first came. */
uint64_t wr_partition_birth(const wr_op *op, uint32_t id);

/* The ids that end in this cycle, and before which origin; their number. */
typedef struct wr_ended {
    uint32_t id;
    weir_origin at;
} wr_ended;
uint32_t wr_partition_ended(const wr_op *op, const wr_ended **out);
/* Before which origin this id ends in this cycle; UINT64_MAX: it does not. */
weir_origin wr_partition_end_of(const wr_op *op, uint32_t id);
/* The cycle is over, everybody has forgotten them: these ids may be given out again. */
void wr_partition_settle(wr_op *op);

#endif
