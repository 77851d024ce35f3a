/* column_use.h: which columns the parts of a query read. */
#ifndef WR_COLUMN_USE_H
#define WR_COLUMN_USE_H

#include "plan/pattern.h"

/* Columns base..base+n-1 of an operator's input are looked for; bits are or-ed into flags[column - base]. */
typedef struct wr_column_use {
    uint32_t base, n;
    uint8_t *flags;
} wr_column_use;

void wr_use_expr(const wr_column_use *use, const wr_expr *e, uint8_t bits);
void wr_use_aggs(const wr_column_use *use, const wr_agg_slot *slots, uint32_t n, uint8_t bits);
void wr_use_filter(const wr_column_use *use, const wr_plan_filter *filter, uint8_t bits);
void wr_use_function(const wr_column_use *use, const wr_plan_function *function, uint8_t bits);
/* The range that rows ask for, and the condition of the join. */
void wr_use_read(const wr_column_use *use, const wr_plan_read *read, uint8_t bits);
/* What the window itself reads: its arguments and its condition. */
void wr_use_window(const wr_column_use *use, const wr_plan_window *window, uint8_t bits);
/* taken: for all rows that come in (groups, aggregates); left: for those that may go out. */
void wr_use_select(const wr_column_use *use, const wr_plan_select *select, uint8_t taken, uint8_t left);
/* Keys and residual, for one side: use->base is 0 for the left one, n_left_cols for the right one. */
void wr_use_join(const wr_column_use *use, const wr_plan_join *join, uint8_t bits);
/* What the items that read side `side` test of its events, and what they keep. */
void wr_use_pattern(const wr_column_use *use, const wr_plan_pattern *pattern, uint32_t side, uint8_t bits);

#endif
