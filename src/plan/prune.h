/* prune.h: what of a row somebody reads: columns that a window keeps, rows that it need not emit. */
#ifndef WR_PRUNE_H
#define WR_PRUNE_H

#include "plan/context.h"

/* Fills in, for a whole query, which rows and columns each operator is asked for. */
void wr_prune_query(wr_planner *p, wr_plan_query *query);

#endif
