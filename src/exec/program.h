/* program.h: expressions compiled to a flat program of vector kernels, and run over batches.
 *
 * A program computes n expressions at once (equal sub-expressions once). Steps are chosen when it is made:
 * operation x type x operand shape (column or constant) x nulls or none; running it is one loop of steps,
 * each a tight loop over rows. Results are columns indexed by physical row, so no data moves under a
 * selection. A program holds per-call-site state of functions, so it belongs to one task. */
#ifndef WR_PROGRAM_H
#define WR_PROGRAM_H

#include "base/arena.h"
#include "plan/expr.h"

typedef struct wr_program wr_program;

/* What a run reads. */
typedef struct wr_eval {
    const weir_batch
        *in; /* columns for WR_EXPR_COLUMN, timestamps; its selection says which rows to compute */
    const weir_column *aggs;    /* for WR_EXPR_AGG, by slot; NULL if there are none */
    const weir_column *probes;  /* for WR_EXPR_PROBE */
    const weir_column *outputs; /* for WR_EXPR_OUTPUT */
    const weir_cycle *cycle;    /* for the clock: a row reads clock[its chunk's arrival] */
    weir_arena *arena;          /* results and temporaries; reset by the caller at the end of the cycle */
    void (*fail)(void *ctx, uint32_t row, const char *message); /* a row that can't be computed; may be called
                                  more than once for a row. NULL: failing rows just become null */
    void *fail_ctx;
} wr_eval;

/* Compiles exprs[0..n-1] (which must outlive the program). */
weir_status wr_program_new(wr_expr *const *exprs, uint32_t n, wr_account *account, wr_program **out,
                           weir_error *err) WR_NODISCARD;
void wr_program_free(wr_program *p); /* NULL is fine */

/* Computes all expressions over the rows of ev->in. out[i] is a column whose memory belongs to ev->arena or,
 * for a bare column reference, is that of the input itself: don't write to it. Rows outside the selection
 * hold garbage. */
weir_status wr_program_run(wr_program *p, const wr_eval *ev, weir_column *out, weir_error *err) WR_NODISCARD;

/* Does running it compute anything? It doesn't if all results are columns of the input and the like. */
bool wr_program_computes(const wr_program *p);

/* For a program of one bool expression: the rows of the selection where it is true (null: not), as a
 * selection. sel has room for ev->in->n_sel numbers; rows of kind RESET always pass when keep_resets. */
weir_status wr_program_filter(wr_program *p, const wr_eval *ev, bool keep_resets, uint32_t *sel,
                              uint32_t *n_sel, weir_error *err) WR_NODISCARD;
/* The same for an input without a selection: the rows where the mask is 1 (by row: 0 or 1) and it is true. */
weir_status wr_program_filter_among(wr_program *p, const wr_eval *ev, const uint8_t *mask, uint32_t *sel,
                                    uint32_t *n_sel, weir_error *err) WR_NODISCARD;

/* Does e read nothing of a row, the clock or chance? Programs compute such parts once, when they are made. */
bool wr_expr_is_constant(const wr_expr *e);

/* The clock at each physical row of b (that of the arrival that caused the row's chunk), into an arena array.
 * NULL when memory is out. */
const int64_t *wr_rows_clock(const weir_batch *b, const weir_cycle *cycle, weir_arena *arena);

#endif
