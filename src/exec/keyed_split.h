/* keyed_split.h: the rows of a batch sorted by partition key, for operators that are kept once for each key;
 * and what these put out, put together again. */
#ifndef WR_KEYED_SPLIT_H
#define WR_KEYED_SPLIT_H

#include "exec/operator.h"

/* The input of one key. */
typedef struct wr_keyed_input {
    uint32_t id;
    weir_batch *side; /* one for each side; n_sel == 0: nothing came in there */
} wr_keyed_input;

/* The inputs of all keys that have rows, in the order in which they first do. *place_of (by id, room for
 * limit ids) is where each stands; what it says of other ids is meaningless, and need not be set before. All
 * is the arena's. */
weir_status wr_keyed_split(const weir_batch *const *in, uint32_t n_in, uint32_t limit, uint32_t *place_of,
                           weir_arena *arena, wr_keyed_input **out, uint32_t *n,
                           weir_error *err) WR_NODISCARD;

/* A copy that is the arena's with all it refers to: chunks, origins, parts, bytes of strings, objects. */
weir_status wr_keyed_copy(const weir_batch *b, weir_arena *arena, weir_batch *out,
                          weir_error *err) WR_NODISCARD;

/* What a key's operator put out. */
typedef struct wr_keyed_output {
    uint32_t id;
    uint64_t birth;
    weir_batch batch;
    wr_firings firings;
} wr_keyed_output;

/* All of it as one batch: chunks in the order of their origins; of those that timers of phase `rank` put out
 * at one arrival, key after key as they were due (then in order of birth), with running numbers. */
weir_status wr_keyed_gather(const wr_keyed_output *outputs, uint32_t n, uint32_t rank, weir_arena *arena,
                            weir_batch *out, weir_error *err) WR_NODISCARD;

#endif
