/* held_rows.h: what a window asks the engine about its rows while it loads a saved state, which it must not
 * believe. */
#ifndef WR_HELD_ROWS_H
#define WR_HELD_ROWS_H

#include "weir_ext.h"

typedef enum wr_held {
    WR_HELD_ALL,    /* up to the newest: the last id is the one that the next row gets */
    WR_HELD_LAGS,   /* or it is lower: the newest rows never got in */
    WR_HELD_COUNTED /* the rows have gone: the ids only count them */
} wr_held;

/* FIFO: reads n ids, which ascend and bound the rows that are held. If all are the same, no row is held, and
 * they are given the id that the next row gets. WEIR_ESTATE: the store has other rows. */
weir_status wr_window_read_range(const weir_window *w, weir_reader *r, weir_row_id *const *ids, uint32_t n,
                                 wr_held held, weir_error *err) WEIR_MUST_CHECK;
/* BAG: the store holds a row of this id, and it was not asked for before in this load(): a row is in one
 * place. True for all if there is no store. */
bool wr_window_claim(const weir_window *w, weir_row_id id);

#endif
