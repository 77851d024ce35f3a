/* row_bytes.h: rows as saved bytes, for files of rows that wait: the error store, and what a sink spills.
 *
 *   | rows u32 | columns u32 (0 without rows) | a type u32 a column | rows: time i64, a value a column |
 *
 * Every row is a chunk of its own; who keeps chunks writes them behind. */
#ifndef WR_ROW_BYTES_H
#define WR_ROW_BYTES_H

#include "base/arena.h"
#include "weir_ext.h"

/* The selected rows. */
void wr_row_bytes_write(weir_writer *w, const weir_batch *rows);
/* Dense rows in the arena; from bytes that nobody vouches for. */
weir_status wr_row_bytes_read(weir_reader *r, weir_arena *arena, weir_batch *out,
                              weir_error *err) WR_NODISCARD;

#endif
