/* window.h: a window of a query: which one, its arguments, the condition of an expression window. */
#ifndef WR_PLAN_WINDOW_H
#define WR_PLAN_WINDOW_H

#include "plan/query.h"

/* What is computed for a window alone, from its arguments; for each input row, behind the input's columns. */
typedef struct wr_window_columns {
    wr_expr **exprs;
    const char **names; /* as the app writes them */
    uint32_t n;
} wr_window_columns;

/* Fills *out for a call of a window, or of a processor, over an input; what depends on the rest of the query
 * (who wants expired rows, which columns are needed) is filled in by prune.h. computed NULL: only constants
 * and attributes may be arguments. False when it failed. */
bool wr_plan_window_call(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                         wr_plan_window *out, wr_window_columns *computed);
/* Is this a processor (weir_window_type.is_processor)? */
bool wr_plan_names_processor(wr_planner *p, const wr_ast_call *call);
/* The same, where a window must stand: true, and told, if it is. */
bool wr_plan_refuse_processor(wr_planner *p, const wr_ast_call *call);
/* The operator that puts the computed columns behind those of its input. */
wr_plan_op *wr_plan_compute(wr_build *b, const wr_ast_call *call, const wr_scope_input *input,
                            const wr_window_columns *computed);

#endif
