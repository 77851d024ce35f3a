/* probe.h: "condition in Table": for each row, whether some row of the table satisfies the condition. */
#ifndef WR_PROBE_H
#define WR_PROBE_H

#include "exec/operator.h"
#include "exec/program.h"

typedef struct wr_probes wr_probes;

/* For the lookups of one operator whose input has this schema; they must outlive the probes. */
weir_status wr_probes_new(const wr_plan_lookup *lookups, uint32_t n, const wr_schema *input,
                          wr_account *account, wr_probes **out, weir_error *err) WR_NODISCARD;
void wr_probes_free(wr_probes *p); /* NULL is fine */

/* One bool column for each lookup, by physical row, for the selected rows of ev->in: what WR_EXPR_PROBE
 * reads. *columns is in the arena; NULL when there are no lookups. */
weir_status wr_probes_run(wr_probes *p, const wr_eval *ev, wr_turn *turn, const weir_column **columns,
                          weir_error *err) WR_NODISCARD;

#endif
