/* definitions.h: what an app defines, into the plan. */
#ifndef WR_PLAN_DEFINITIONS_H
#define WR_PLAN_DEFINITIONS_H

#include "plan/context.h"

/* All definitions of the app, in order, and then their references to each other. */
void wr_plan_definitions(wr_planner *p);

#endif
