/* batch.h: whole batches: merging, compacting, retyping. Outputs live in the arena and may point into the
 * inputs. For queueing rows see batch_builder.h, for columns column.h. */
#ifndef WR_BATCH_H
#define WR_BATCH_H

#include "data/column.h"

/* The chunk that holds a physical row. */
uint32_t wr_batch_chunk_of(const weir_batch *b, uint32_t row);

/* Several producers' rows of one stream as one batch without selection, chunk by chunk in order of (origin,
 * producer, position in the producer's batch): Siddhi's depth-first order, if producers come in the order in
 * which it runs them. Each input's origins must not decrease. Chunks without selected rows are dropped. A
 * column is pruned when one input has none, nullable when one is, boxed when one is (the others' values are
 * boxed then). All inputs have key ids, or none has. */
weir_status wr_batch_merge(const weir_batch *const *in, uint32_t n_in, weir_arena *arena,
                           weir_batch *out) WR_NODISCARD;

/* A chunk of one of several batches: its logical rows first..first+n-1 there. */
typedef struct wr_piece {
    uint32_t in, chunk, first, n;
} wr_piece;
/* The pieces (at least one), each a chunk of out, in their order; parts of chunks and row ids come along.
 * out has neither origins nor key ids: they are the caller's to set. Columns as in a merge. */
weir_status wr_batch_collect(const weir_batch *const *in, uint32_t n_in, const wr_piece *pieces, uint32_t n,
                             weir_arena *arena, weir_batch *out) WR_NODISCARD;

/* The same rows without a selection; *out is *in itself when there is none. */
weir_status wr_batch_compact(const weir_batch *in, weir_arena *arena, weir_batch *out) WR_NODISCARD;

#endif
