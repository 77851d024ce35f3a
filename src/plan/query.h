/* query.h: a query while it is being planned, and the parts that plan it, a file each.
 *
 * The parts run in this order, each with what the earlier ones left: input (pipeline, join), select list,
 * output, having and the rest of the selection, then pruning. A part that fails leaves NULLs behind and the
 * later ones go on. */
#ifndef WR_PLAN_QUERY_H
#define WR_PLAN_QUERY_H

#include "plan/scope.h"
#include "plan/state_scope.h"

typedef struct wr_build {
    wr_planner *p;
    const wr_ast_query *ast;
    wr_plan_query *query;
    wr_scope_input inputs[2]; /* what the selector sees: after all handlers, columns side by side */
    uint32_t n_inputs;
    struct wr_state_scope *states; /* a pattern or sequence: then there are no inputs */
    wr_agg_list aggs;              /* of the selector */
    wr_probe_list probes;
    wr_attr *attrs; /* what is selected; type WEIR_NONE where it failed */
    wr_expr **outs; /* NULL where it failed */
    uint32_t n_outs;
    bool outs_unknown; /* not even the names: select * over something poisoned */
    bool sees_inputs;  /* having and order by see the input's attributes, too */
} wr_build;

/* Notes the name of a query, those included that named windows and aggregations have ("window W"); true:
 * another one has it. */
bool wr_plan_take_query_name(wr_planner *p, const char *name);
/* Plans a query (or refuses it by name) and adds it to the plan. */
void wr_plan_query_one(wr_planner *p, const wr_ast_query *ast);
/* What is left to do once all parts of a query are there. */
void wr_plan_query_done(wr_planner *p, wr_plan_query *query);
/* Plans a partition: its step and its queries (partition.c). */
void wr_plan_partition_of(wr_planner *p, const wr_ast_partition *ast);

/* Gives each operator its signature: what its state is found by when an app has changed, which is its query,
 * its place and what it does. */
void wr_plan_sign(wr_planner *p, wr_plan_query *query);

/* A new operator of this query. label: as explain shows it. */
wr_plan_op *wr_plan_new_op(wr_build *b, wr_op_kind kind, const char *label, wr_schema in, wr_schema out);

/* One stream with its handlers, as side number `side`; fills b->inputs[side] (base is the caller's). */
void wr_plan_side_of(wr_build *b, uint32_t side, const wr_ast_stream *ast);
/* #log and the like. NULL when it failed. */
wr_plan_op *wr_plan_stream_function(wr_build *b, const wr_ast_call *call, const wr_scope_input *input);
/* In a step of a pattern, where it adds attributes and is not run: the schema with them; false: told. */
bool wr_plan_step_function(wr_build *b, const wr_ast_call *call, const wr_scope_input *input, wr_schema *out);
void wr_plan_join_of(wr_build *b, const wr_ast_join *ast);
/* A pattern or sequence. */
void wr_plan_states_of(wr_build *b, const wr_ast_input *ast);
/* Once everything behind it has been planned: its output's columns are those that somebody reads. */
void wr_plan_states_finish(wr_build *b);
/* The filter of an item, split into what its executor tests where. */
void wr_plan_state_filter(wr_build *b, wr_plan_pattern *pattern, uint32_t item, const wr_ast_stream *ast,
                          const wr_state_name *names);

/* What the selector and all parts after the input see. */
wr_scope wr_build_scope(wr_build *b, const char *place);

/* The select list, into b->attrs and b->outs. */
void wr_plan_select_list(wr_build *b);
/* Group by, having, order by, limit: makes the select operator. */
void wr_plan_select_rest(wr_build *b);
/* output … every …: makes the rate limit behind the select. */
void wr_plan_rate_of(wr_build *b);
/* Finds or makes the target and fits the select list to it. */
void wr_plan_output_of(wr_build *b);
/* The same where the target is a table, which is there: what the rows do to it. */
void wr_plan_change_of(wr_build *b, const wr_named *table);
/* Are the selected columns those of the target, by name and type? Tells if not. */
bool wr_plan_fits(wr_build *b, const wr_named *target);
/* Values that cast() re-labelled become plain where the target's column is, and the other way round. */
void wr_plan_fit_boxes(wr_build *b, const wr_schema *target);

#endif
