/* partition_impl.h: the inside of the step: its state and life (partition.c), and cutting chunks into runs
 * (partition_runs.c). */
#ifndef WR_PARTITION_IMPL_H
#define WR_PARTITION_IMPL_H

#include "exec/chunk_faults.h"
#include "exec/groups.h"
#include "exec/partition.h"
#include "exec/program.h"

/* What is known of an id, where keys are purged. */
typedef struct wr_key_life {
    uint64_t birth;  /* 1, 2, …; 0: not in use */
    int64_t last_ms; /* the clock at its last row; of a key that ends in this cycle: INT64_MIN + its place
                        among the ended */
} wr_key_life;

typedef struct wr_partition_side {
    const wr_partition_input *plan;
    wr_program *keys;   /* the value, or the conditions of the ranges; NULL: to all keys */
    weir_column labels; /* of ranges: their keys */
} wr_partition_side;

typedef struct wr_partition {
    wr_op head;
    const wr_plan_keys *plan;
    wr_partition_side *sides;
    wr_groups *ids;
    wr_key_life *life; /* by id; NULL: keys are never purged */
    uint32_t cap_life;
    uint64_t n_born;
    int64_t purge_due; /* INT64_MIN: the clock has not moved yet; INT64_MAX: never */
    wr_ended *ended;   /* in this cycle */
    uint32_t n_ended, cap_ended;
    /* Of the last cycle that had rows: the origins of all runs, ascending. In the cycle's arena. */
    uint64_t cycle;
    bool renames;
    weir_origin *inside, *outside;
    uint32_t n_runs, cap_runs;
} wr_partition;

/* The runs of one input, as they are cut. Rows by physical number; in the arena. */
typedef struct wr_runs {
    uint32_t *rows, *chunk_end, *key_id;
    weir_origin *origin;
    uint32_t n_rows, n_chunks, cap_rows, cap_chunks;
    bool repeats; /* a row stands there more than once, or out of order */
    bool plain;   /* chunks are rows, and stay as they are: only rows (NULL: all) and n_rows are used */
} wr_runs;

/* One call. */
typedef struct wr_cutting {
    wr_partition *p;
    wr_turn *turn;
    const weir_batch *in; /* the input in hand */
    uint32_t side;
    weir_column key;    /* value: of the input's rows */
    uint64_t **matches; /* ranges: by range, a bit for each row */
    uint32_t *gid;      /* value: by row, once the chunk has been looked at */
    wr_chunk_faults faults;
    wr_runs runs;
    uint32_t chunk, place; /* the next chunk, and its first logical row */
} wr_cutting;

weir_status wr_partition_no_memory(weir_error *err);
/* Computes the keys of all of c->in. */
weir_status wr_cutting_begin(wr_cutting *c, weir_error *err) WR_NODISCARD;
/* Cuts chunks up to (and without) `end`; more: other inputs have rows too, or there will be another call. */
weir_status wr_cutting_take(wr_cutting *c, uint32_t end, weir_error *err) WR_NODISCARD;
weir_status wr_cutting_finish(wr_cutting *c, weir_batch *out, weir_error *err) WR_NODISCARD;
/* Room in life for ids below n_ids, zeros in what is new. */
bool wr_partition_make_room(wr_partition *p, uint32_t n_ids);
/* Notes a run of this chunk, and gives its origin inside. */
weir_status wr_partition_note_run(wr_partition *p, wr_turn *turn, weir_origin outside, weir_origin *inside,
                                  weir_error *err) WR_NODISCARD;

#endif
