/* explain.h: a plan as text, for `weir explain`. */
#ifndef WR_EXPLAIN_H
#define WR_EXPLAIN_H

#include "base/buf.h"
#include "plan/plan.h"

/* What only a built operator knows. bound writes what its state can hold at most ("10 min of rows") into text
 * and returns its length, or a negative number when it can't tell. */
typedef struct wr_explain_hooks {
    int (*bound)(void *ctx, const wr_plan_op *op, char *text, size_t size);
    void *ctx;
} wr_explain_hooks;

/* The logical plan (streams, tables, queries as written) and the physical one (order, operators, what windows
 * store and what a row of it costs, keys, what forces serial mode). Values of options that look like secrets
 * are masked. out->failed when memory was out. */
void wr_plan_explain(const wr_plan *plan, wr_buf *out);
/* The same, with the bounds that hooks know (may be NULL). */
void wr_plan_explain_with(const wr_plan *plan, const wr_explain_hooks *hooks, wr_buf *out);

/* An expression, with columns by the names of `in` (a column past its end by number, may be NULL) and outputs
 * by those of `outs`. */
void wr_expr_print(const wr_expr *e, const wr_schema *in, const wr_schema *outs, wr_buf *out);
/* "sum(v)" */
void wr_agg_print(const wr_agg_slot *slot, const wr_schema *in, wr_buf *out);

/* The items of a pattern: what each tests and keeps, and what bounds the matches held. */
void wr_explain_pattern(const wr_plan_op *op, wr_buf *out);

#endif
