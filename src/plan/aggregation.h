/* aggregation.h: planning of incremental aggregations: their definition, what they keep, and reading them. */
#ifndef WR_PLAN_AGGREGATIONS_H
#define WR_PLAN_AGGREGATIONS_H

#include "plan/query.h"

/* Works out a defined aggregation, and its feeding query. Once all definitions are known. */
void wr_plan_aggregation_of(wr_planner *p, wr_named *named);
/* @store (aggregation_store.c): the tables that the aggregation is kept in. Once all else of it is known;
 * feed makes the columns of its feed out of those of input. */
void wr_plan_bucket_store_of(wr_planner *p, const wr_ast_definition *d, wr_plan_aggregation *a,
                             const wr_schema *input, wr_expr *const *feed);
/* How long buckets are kept: @purge (aggregation_purge.c). */
void wr_plan_purge(wr_planner *p, const wr_ast_definition *d, wr_plan_aggregation *a);

/* within … per … over the names in scope; false when it failed (aggregation_range.c). */
bool wr_plan_extent_of(wr_planner *p, wr_scope *scope, const wr_ast_range *ast, uint32_t aggregation,
                       wr_plan_extent *out);
/* What of a condition over (n_left columns, then the aggregation's) finds groups by their keys. False: out of
 * memory. */
bool wr_plan_extent_keys(wr_planner *p, wr_expr *on, uint32_t n_left, wr_plan_extent *out);
/* The time that a text says, in ms. */
wr_expr *wr_plan_time_of_text(wr_planner *p, const weir_function_type *function, wr_expr *text, wr_span span);
/* A join of a stream with an aggregation: the second input, and the operator that reads it
 * (aggregation_join.c). side is planned already. */
void wr_plan_read_of(wr_build *b, const wr_ast_join *ast, const wr_named *aggregation);

#endif
