/* rows.h: room for rows (weir_rows) in an arena, and what fillers of rows share. */
#ifndef WR_IO_ROWS_H
#define WR_IO_ROWS_H

#include "base/arena.h"
#include "weir_io.h"

/* Columns for `cap` rows, by schema; those not wanted (NULL: all are) have no data. Everything lives in the
 * arena, and so do the strings put into the rows. limit is cap. */
weir_status wr_rows_init(weir_rows *rows, const weir_schema *schema, const bool *wanted, uint32_t cap,
                         weir_arena *arena, weir_error *err) WR_NODISCARD;
/* Drops rows from `keep` on, with their chunks: they count as never filled. */
void wr_rows_cut(weir_rows *rows, uint32_t keep);
/* Takes one filled row out; those behind it move up. */
void wr_rows_drop(weir_rows *rows, uint32_t row);
/* Row n is unfilled again: its columns are valid. */
void wr_rows_unfill(weir_rows *rows, uint32_t row);
/* As a batch over the same arrays, chunks included; columns without nulls have no valid. */
void wr_rows_batch(const weir_rows *rows, weir_column *cols, weir_batch *out);
#endif
