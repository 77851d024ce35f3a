/* window_op_impl.h: the inside of weir_window, for the files that make it up. */
#ifndef WR_WINDOW_OP_IMPL_H
#define WR_WINDOW_OP_IMPL_H

#include "exec/window_condition.h"
#include "exec/window_op.h"

struct weir_window {
    wr_op op; /* first: an operator */
    const wr_plan_window *plan;
    const weir_window_type *type;
    weir_window_args args;
    bool *is_read, *stored; /* by column; one block with what is shown, is_read first */
    void *self;             /* the window's own state */
    bool is_open;
    size_t self_bytes;              /* heap it held when it was last asked; charged to op.account */
    wr_row_store *store;            /* NULL: nobody reads rows later */
    weir_row_id next_id;            /* without a store: ids count on all the same */
    wr_window_condition *condition; /* expression windows */
    wr_row_claims *claims;          /* while loading, of a BAG */
    uint64_t cycle;                 /* the store was settled at its begin */
    /* During a call. */
    wr_turn *turn;
    const weir_batch *in; /* the input; NULL: none. Only current rows are selected */
    weir_batch current;   /* the input with a selection of its own, if it had other rows */
    weir_window_input input;
    weir_window_output out;
    weir_origin origin; /* of what is emitted */
    bool ticking;       /* it is emitted by the timer: each chunk has the next origin */
    bool no_memory;     /* a call that can't say so ran out of memory */
};

weir_status wr_window_no_memory(weir_error *err);
/* Makes w->input of a batch, and stores its rows. */
weir_status wr_window_take_input(weir_window *w, const weir_batch *in, weir_error *err) WR_NODISCARD;
/* Makes a batch of w->out. */
weir_status wr_window_build_output(weir_window *w, weir_batch *out, weir_error *err) WR_NODISCARD;

#endif
