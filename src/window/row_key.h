/* row_key.h: the text of some attributes of a row, one after the other: the key of frequent and
 * lossyFrequent. As in Siddhi there is nothing between them, and null is the text "null". */
#ifndef WR_WINDOW_ROW_KEY_H
#define WR_WINDOW_ROW_KEY_H

#include "base/buf.h"
#include "weir_ext.h"

typedef struct wr_row_key {
    uint32_t *columns;
    uint32_t n_columns, cap_columns;
    wr_buf text; /* of the last row */
} wr_row_key;

/* The attributes among args from `first` on; if there are none, every column that the query selects as it
 * is: neither k in k + 1 nor in group by k (as in Siddhi). */
weir_status wr_row_key_init(wr_row_key *k, const weir_window_args *args, uint32_t first,
                            weir_error *err) WR_NODISCARD;
void wr_row_key_fini(wr_row_key *k);
/* Puts the key of row i of the input into k->text. */
weir_status wr_row_key_of(wr_row_key *k, const weir_window *w, uint32_t i, weir_error *err) WR_NODISCARD;
size_t wr_row_key_bytes(const wr_row_key *k);

#endif
