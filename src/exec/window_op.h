/* window_op.h: the engine's side of a window: the rows it holds, and what it emits.
 *
 * A call goes like this: the input's rows are stored (if anything will read them later), the window decides
 * and emits ids, then the output is built column by column from the ids:
 *
 *   batch -> input (compact) -> row store -> type->process or the walk -> (id, ts, kind)* -> batch
 *
 * Columns that expired or late rows need come from the store; columns that only current rows need are never
 * stored and come from the input in hand. */
#ifndef WR_WINDOW_OP_H
#define WR_WINDOW_OP_H

#include "exec/operator.h"
#include "exec/row_store.h"

/* Calls visit for the id of each row that a search of the window finds, in order, until it returns false. */
void wr_window_op_content(const wr_op *op, bool (*visit)(void *ctx, weir_row_id id), void *ctx);
/* The rows behind the ids; NULL when the window keeps none. */
const wr_row_store *wr_window_op_store(const wr_op *op);
/* What the window can hold, in words ("10 min of rows"); "" when it does not say. snprintf rules. */
int wr_window_op_bound(const wr_op *op, char *text, size_t size);

#endif
