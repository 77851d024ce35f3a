/* join_side.h: what one side of a join holds: the rows of its window, found by key.
 *
 * A side learns its window's content from the window's output: a current row has come in, an expired one has
 * gone. The rows are kept here, with the columns that the join gives on and the computed keys, in a BAG store
 * with an index over the keys. A window names its rows by ids; `slots` maps them to rows of the store.
 * A table side holds nothing: it looks into the table. */
#ifndef WR_JOIN_SIDE_H
#define WR_JOIN_SIDE_H

#include "exec/operator.h"
#include "exec/program.h"
#include "exec/row_index.h"
#include "exec/table.h"

typedef struct wr_slot_entry {
    weir_row_id id; /* the window's */
    uint32_t slot;  /* the store's; WR_NO_SLOT: free */
} wr_slot_entry;

typedef struct wr_join_side {
    const wr_plan_op *plan;
    wr_account *account;
    uint32_t side;    /* 0 left, 1 right */
    uint32_t n_cols;  /* of the side's stream */
    wr_schema schema; /* stream columns, then keys that are not bare columns */
    bool *stored;
    wr_program *key_program; /* NULL: no keys */
    uint32_t *key_columns;   /* of the store (or table) */
    wr_row_store *rows;      /* NULL for a table */
    wr_row_index *index;     /* over rows; NULL for a table */
    wr_slot_entry *slots;    /* by id modulo cap_slots */
    uint32_t cap_slots;      /* a power of two */
    uint64_t *seq;           /* by slot: order of coming in, for saving */
    uint32_t cap_seq;
    uint64_t next_seq;
    uint32_t *released; /* slots to give back when the call ends */
    uint32_t n_released, cap_released;
} wr_join_side;

/* A side's input of one call, prepared. */
typedef struct wr_join_input {
    const weir_batch *batch; /* NULL: nothing */
    weir_column *keys;       /* by physical row */
    uint32_t *hashes;        /* for lookups in the other side's index */
    uint32_t *slot;          /* by physical row: where the row is in the side's store */
    uint32_t next_chunk, next_sel;
} wr_join_input;

weir_status wr_join_side_init(wr_join_side *s, const wr_plan_op *plan, uint32_t side, wr_account *account,
                              weir_error *err) WR_NODISCARD;
void wr_join_side_fini(wr_join_side *s);

/* Evaluates keys and stores the current rows of the batch; nothing is found yet. */
weir_status wr_join_side_prepare(wr_join_side *s, const weir_batch *b, wr_turn *turn, wr_join_input *in,
                                 weir_error *err) WR_NODISCARD;
/* A prepared current row can be found from now on. */
weir_status wr_join_side_enter(wr_join_side *s, wr_join_input *in, uint32_t row,
                               weir_error *err) WR_NODISCARD;
/* An expired row can't be found any more; it stays readable until the call ends. Sets in->slot[row]; a row
 * that was never held gets stored for the call. */
weir_status wr_join_side_leave(wr_join_side *s, wr_join_input *in, uint32_t row,
                               weir_error *err) WR_NODISCARD;
/* The row in this slot is given back when the call ends. */
weir_status wr_join_side_release(wr_join_side *s, uint32_t slot, weir_error *err) WR_NODISCARD;
void wr_join_side_end_call(wr_join_side *s);

void wr_join_side_save(const wr_join_side *s, weir_writer *w);
weir_status wr_join_side_load(wr_join_side *s, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
