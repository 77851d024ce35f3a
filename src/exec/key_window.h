/* key_window.h: length, time and lengthBatch in a partition: one operator for all keys.
 *
 * All rows are in one store. The rows of a key are a chain through it, oldest first; beside them a key costs
 * 16 bytes (time: 48), and a row 4:
 *
 *     keys    | first last n before | …                    by id
 *     store   | row | row | row | row | …                  slots
 *     next    |  2  |  .  |  3  |  .  |                    by slot: the key's next row
 *
 * The input is walked in its own order, so the output needs no sorting. */
#ifndef WR_KEY_WINDOW_H
#define WR_KEY_WINDOW_H

#include "exec/operator.h"

/* Can the window of this node be kept so? Others are made once for each key. */
bool wr_key_window_takes(const wr_plan_op *plan);
weir_status wr_key_window_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);

#endif
