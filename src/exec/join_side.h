/* join_side.h: what a join knows of one of its sides: the rows that the other side finds, by key.
 *
 * A side learns its window's content from rows that the window lets out: a current row has come in, an
 * expired one has gone; where that is not what a search of the window finds, the window says so by rows of
 * its own (WEIR_ENTERED, WEIR_LEFT). The rows are kept here, with the columns that the join gives on and the
 * computed keys, under an index over the keys.
 *
 * A window names its rows by ids. Where rows go in the order in which they came, the store is a FIFO and
 * window_ids says, by store id, which row of the window is there; else it is a BAG and `slots` maps the
 * window's ids to the store's. A table side holds nothing, nor does a stream without a window. */
#ifndef WR_JOIN_SIDE_H
#define WR_JOIN_SIDE_H

#include "exec/join_index.h"
#include "exec/operator.h"
#include "exec/program.h"

typedef struct wr_slot_entry {
    weir_row_id id;   /* the window's */
    weir_row_id held; /* the store's; WEIR_NO_ROW: free */
} wr_slot_entry;

typedef struct wr_join_side {
    const wr_plan_op *plan;
    wr_account *account;
    uint32_t side;    /* 0 left, 1 right */
    uint32_t n_cols;  /* of the side's stream */
    wr_schema schema; /* stream columns, then keys that are not bare columns */
    bool *stored;
    wr_program *key_program; /* NULL: no keys */
    uint32_t *key_columns;   /* of the store */
    wr_row_store *rows;      /* NULL: holds nothing */
    wr_join_index *index;    /* over rows */
    bool follows;            /* current rows come in, expired ones go */
    bool in_order;           /* the store is a FIFO */
    bool is_cut;             /* some row has expired: a sort window has begun to sort */
    weir_row_id gone_early;  /* the window's id of a row that went before it came; WEIR_NO_ROW: none */
    weir_row_id *window_ids; /* FIFO: by store id modulo cap_ids, a power of two; WEIR_NO_ROW: not held */
    uint32_t cap_ids;
    weir_row_id first;      /* FIFO: rows below have gone */
    weir_row_id call_first; /* first, when the call began: rows found since then can still be linked up */
    weir_row_id next;       /* FIFO: rows from here on have not come in yet */
    wr_slot_entry *slots;   /* BAG: by window id modulo cap_slots, a power of two */
    uint32_t cap_slots;
    uint64_t *seq; /* BAG: by slot, the order of coming in */
    uint32_t cap_seq;
    uint64_t next_seq;
    uint64_t searched_below; /* rows whose order of coming in is lower have been searched */
    uint32_t *released;      /* BAG: slots to give back when the call ends */
    uint32_t n_released, cap_released;
    uint64_t cycle; /* the store was settled at its begin */
} wr_join_side;

/* One input of a call, prepared: rows that trigger, rows that change the content, or both. */
typedef struct wr_join_input {
    const weir_batch *batch; /* NULL: nothing */
    wr_join_keys keys;
    weir_row_id *held; /* by physical row: where the row is in the side's store, or WEIR_NO_ROW */
    uint32_t next_chunk, next_sel;
} wr_join_input;

weir_status wr_join_side_init(wr_join_side *s, const wr_plan_op *plan, uint32_t side, wr_account *account,
                              weir_error *err) WR_NODISCARD;
void wr_join_side_fini(wr_join_side *s);
void wr_join_side_clear(wr_join_side *s); /* holds nothing any more */

/* Evaluates keys and, if the input changes the content, stores the rows that come in; nothing is found yet.
 */
weir_status wr_join_side_prepare(wr_join_side *s, const weir_batch *b, bool changes_content, wr_turn *turn,
                                 wr_join_input *in, weir_error *err) WR_NODISCARD;
/* Row `row` of an input that changes the content: it can be found from now on, or no longer (then it stays
 * readable until the call ends, at in->held[row] if it was held). */
weir_status wr_join_side_change(wr_join_side *s, wr_join_input *in, uint32_t row,
                                weir_error *err) WR_NODISCARD;
void wr_join_side_end_call(wr_join_side *s);

/* When the row in this place of the store came in, counted. */
uint64_t wr_join_side_seq(const wr_join_side *s, weir_row_id held);
/* Puts ids of found rows into the order of a sort window (see wr_plan_join). */
void wr_join_side_sort(const wr_join_side *s, weir_row_id *ids, uint32_t n);

void wr_join_side_save(const wr_join_side *s, weir_writer *w);
weir_status wr_join_side_load(wr_join_side *s, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
