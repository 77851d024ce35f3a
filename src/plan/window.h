/* window.h: a window of a query: which one, its arguments, the condition of an expression window. */
#ifndef WR_PLAN_WINDOW_H
#define WR_PLAN_WINDOW_H

#include "plan/scope.h"

/* Fills *out for a call of a window over an input; what depends on the rest of the query (who wants expired
 * rows, which columns are needed) is filled in by prune.h. False when it failed. */
bool wr_plan_window_call(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                         wr_plan_window *out);

#endif
