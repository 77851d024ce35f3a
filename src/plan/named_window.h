/* named_window.h: define window: two streams, and the query between them (see wr_plan_named_window). */
#ifndef WR_PLAN_NAMED_WINDOW_H
#define WR_PLAN_NAMED_WINDOW_H

#include "plan/context.h"

/* Plans the window that `named` (which has its schema) stands for; named->index is then the stream of what
 * leaves it. */
void wr_plan_named_window_of(wr_planner *p, const wr_ast_definition *d, wr_named *named);

/* Once all queries are planned: a batch window that puts out no expired rows and that no join searches needs
 * not keep rows to be found. */
void wr_plan_settle_windows(wr_planner *p);

#endif
