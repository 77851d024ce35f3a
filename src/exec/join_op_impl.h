/* join_op_impl.h: the inside of a join: what a call finds (join_op.c), and the rows it makes of that
 * (join_output.c). */
#ifndef WR_JOIN_OP_IMPL_H
#define WR_JOIN_OP_IMPL_H

#include "exec/join_side.h"
#include "exec/store_lookup.h"
#include "exec/table.h"

/* Inputs: rows that leave the left and the right side's operators; then what changes the content of a named
 * window on the left, on the right. */
#define WR_JOIN_INPUTS 4u

/* One row that looked up the other side, and found pairs[first_pair .. first_pair + n_pairs). */
typedef struct wr_trigger {
    weir_origin origin;
    int64_t ts;
    weir_row_id own; /* in its side's store; WEIR_NO_ROW: it is row `row` of its side's input */
    uint32_t row;
    uint32_t first_pair, n_pairs;
    uint32_t chunk; /* of the call's input, in the order of walking */
    uint8_t kind;   /* WEIR_RESET: looked up nothing */
    uint8_t side;
    bool again; /* the trigger before it once more, expired: it found the same */
} wr_trigger;

typedef struct wr_join_op {
    wr_op head;
    wr_join_side sides[2];
    wr_join_side *found[2]; /* what is found of each side: &sides[i], or what is shared with other joins */
    wr_program *residual;   /* NULL: what has the keys fits */
    weir_arena scratch;     /* what testing pairs works with */
    wr_store_lookup *in_store[2]; /* of what a side's rows find in a table with a store; NULL: nothing yet */
    /* Work of one call; the arrays are kept for the next. */
    wr_join_input in[WR_JOIN_INPUTS];
    wr_trigger *triggers;
    uint32_t n_triggers, cap_triggers;
    weir_row_id *pairs; /* rows of the other side's store */
    uint32_t n_pairs, cap_pairs;
    uint32_t taken_triggers;                /* before this the pairs have been filled in */
    uint32_t tested_triggers, tested_pairs; /* before these the residual condition has been applied */
    uint32_t n_chunks;                      /* walked so far */
} wr_join_op;

static inline const wr_plan_join *wr_join_plan(const wr_join_op *j) { return &j->head.plan->u.join; }

/* Fills in the pairs of triggers that were only counted: where the other side's rows go in the order in which
 * they came, links stay good until the call ends. */
void wr_join_take_found(wr_join_op *j);
/* Applies the residual condition to the pairs that have not been tested: the others go. */
weir_status wr_join_test_pairs(wr_join_op *j, wr_turn *turn, weir_error *err) WR_NODISCARD;
/* The rows of all triggers. */
weir_status wr_join_emit(wr_join_op *j, wr_turn *turn, weir_batch *out, weir_error *err) WR_NODISCARD;

#endif
