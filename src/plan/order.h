/* order.h: the graph of an app's queries: who reads and writes a stream, in which order queries run, and
 * whether batches can keep Siddhi's order of rows. Runs once all queries are planned without an error. */
#ifndef WR_PLAN_ORDER_H
#define WR_PLAN_ORDER_H

#include "plan/context.h"

/* Receivers of each stream, the topological order, ranks of triggers. Sets plan->serial for what a batch
 * can't keep: a cycle of queries, a table that is both written and read. */
void wr_order_queries(wr_planner *p);
/* Producers of each stream in depth-first order; sets plan->serial where there is no such order. */
void wr_order_producers(wr_planner *p);
/* Which operators must know the origins of what they put out. */
void wr_order_origins(wr_planner *p);

/* Says why, unless a reason is known already. */
void wr_order_force_serial(wr_planner *p, const char *reason);
/* The op, anywhere in the query, fulfils the test. */
bool wr_query_any_op(const wr_plan_query *q, bool (*test)(const wr_plan_op *op));

#endif
