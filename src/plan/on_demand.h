/* on_demand.h: on-demand queries, compiled against the plan of an app.
 *
 *   from A on … within … per … select …                              buckets of an aggregation
 *   from T on … select … group by … having … order by … limit …      rows of a table
 *   select … insert into T                                           one row, made of constants
 *   [select …] update T … | delete T … | update or insert into T …   likewise; without select, the row has
 * the table's columns, all null, as in Siddhi
 */
#ifndef WR_ON_DEMAND_H
#define WR_ON_DEMAND_H

#include "plan/planner.h"

typedef enum wr_on_demand_source {
    WR_FROM_NOTHING, /* one row without columns */
    WR_FROM_NULLS,   /* one row of nulls */
    WR_FROM_TABLE,
    WR_FROM_WINDOW, /* what a search of a named window finds */
    WR_FROM_AGGREGATION
} wr_on_demand_source;

typedef struct wr_on_demand {
    weir_arena arena; /* holds all of this */
    wr_on_demand_source source;
    uint32_t table;        /* FROM_TABLE */
    wr_schema input;       /* of the rows that are read */
    wr_plan_lookup where;  /* FROM_TABLE: over an input without columns. Only the primary key and what @Index
                              names are used: an index isn't made for a query that is asked once */
    wr_plan_extent extent; /* FROM_AGGREGATION: over a row without columns */
    uint32_t window;       /* FROM_WINDOW */
    wr_expr *on;           /* FROM_WINDOW, FROM_AGGREGATION: over its columns; or NULL */
    bool *need;            /* by column of the input: the selection reads it */
    wr_plan_op *select;
    wr_plan_change *change; /* NULL: the selected rows are the answer */
} wr_on_demand;

/* Compiles a tree. The plan must outlive what comes of it; tree and source are read only during the call.
 * Errors are added to diags, placed in src; results as those of wr_plan_app. */
weir_status wr_plan_on_demand(const wr_plan *plan, const wr_ast_on_demand *ast, const wr_source *src,
                              const wr_registry *registry, wr_account *account, wr_on_demand **out,
                              wr_diag *diags) WR_NODISCARD;
void wr_on_demand_free(wr_on_demand *q); /* NULL is fine */

/* What it does, as text: the index used, or that all rows are looked at. */
void wr_explain_on_demand(const wr_plan *plan, const wr_on_demand *q, wr_buf *out);

#endif
