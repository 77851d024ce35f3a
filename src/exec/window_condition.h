/* window_condition.h: the condition of an expression window, for one row at a time.
 *
 * It sees the row, the oldest and the newest held row (wr_plan_window.condition says by which columns) and
 * the running values of its own aggregates. Those take rows in and out as the window does. `now` is the
 * clock, for functions that read it. */
#ifndef WR_WINDOW_CONDITION_H
#define WR_WINDOW_CONDITION_H

#include "exec/agg_set.h"
#include "plan/plan.h"
#include "exec/row_store.h"

typedef struct wr_window_condition wr_window_condition;

weir_status wr_window_condition_new(const wr_plan_op *plan, wr_account *account, wr_window_condition **out,
                                    weir_error *err) WR_NODISCARD;
void wr_window_condition_free(wr_window_condition *c); /* NULL is fine */
/* As new. */
weir_status wr_window_condition_clear(wr_window_condition *c, weir_error *err) WR_NODISCARD;

/* The text, where it is an attribute. *changed: it is another one now; the condition begins anew and is to be
 * given the rows that are held. WEIR_EVALUE when the text is null or no condition: what was before stays. */
weir_status wr_window_condition_set_text(wr_window_condition *c, const weir_value *text, bool *changed,
                                         weir_error *err) WR_NODISCARD;
/* WEIR_EVALUE as long as only wrong texts have come, or one of a type that is not bool was the last. */
weir_status wr_window_condition_usable(const wr_window_condition *c, weir_error *err) WR_NODISCARD;

/* Takes a stored row into the aggregates, or out of them. */
weir_status wr_window_condition_update(wr_window_condition *c, const wr_row_store *rows, weir_row_id id,
                                       weir_kind kind, int64_t now, weir_error *err) WR_NODISCARD;
weir_status wr_window_condition_reset(wr_window_condition *c, weir_error *err) WR_NODISCARD;
/* WEIR_EVALUE when the condition can't be computed for the row. */
weir_status wr_window_condition_test(wr_window_condition *c, const wr_row_store *rows, weir_row_id id,
                                     weir_row_id first, weir_row_id last, int64_t now, bool *result,
                                     weir_error *err) WR_NODISCARD;

void wr_window_condition_save(const wr_window_condition *c, weir_writer *w);
weir_status wr_window_condition_load(wr_window_condition *c, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
