/* explain_op.h: one operator of the physical plan as text. */
#ifndef WR_EXPLAIN_OP_H
#define WR_EXPLAIN_OP_H

#include "plan/explain.h"

void wr_explain_op(const wr_plan *plan, const wr_plan_op *op, const wr_explain_hooks *hooks, wr_buf *out);
/* Which index finds the rows, up to the end of the line. */
void wr_explain_lookup(const wr_plan *plan, const wr_plan_lookup *l, const wr_schema *in, wr_buf *out);
void wr_explain_change(const wr_plan *plan, const wr_plan_change *c, const wr_schema *in, wr_buf *out);
/* "(k string, v int)" */
void wr_explain_schema(const wr_schema *schema, wr_buf *out);

#endif
