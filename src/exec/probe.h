/* probe.h: "condition in T" inside an expression: is there a row of table T that meets the condition?
 *
 * An operator (filter, select) with such probes has one wr_probes made from its plan. For each batch it asks
 * for one bool column a probe, which its expressions then read as WR_EXPR_PROBE. */
#ifndef WR_PROBE_H
#define WR_PROBE_H

#include "exec/operator.h"
#include "exec/program.h"

typedef struct wr_probes wr_probes;

/* lookups must outlive the result. n is at least 1. */
weir_status wr_probes_new(const wr_plan_lookup *lookups, uint32_t n, wr_account *account, wr_probes **out,
                          weir_error *err) WR_NODISCARD;
void wr_probes_free(wr_probes *p); /* NULL is fine */

/* columns[i] gets probe i's answers for the selected rows of ev->in, by physical row, never null, in
 * ev->arena; the tables are turn->tables. A row whose key can't be computed is reported through ev->fail. */
weir_status wr_probe_columns(wr_probes *p, const wr_eval *ev, const wr_turn *turn, weir_column *columns,
                             weir_error *err) WR_NODISCARD;

#endif
