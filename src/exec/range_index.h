/* range_index.h: rows of a store in order of one number column, for conditions like T.v > x and T.v <= y.
 *
 * Keys are kept as 64-bit numbers that sort as the values do, each with its row's id, in blocks of up to 512:
 *
 *   tops   [ 17 | 80 | 95 ]                    the greatest entry of each block: found by halving
 *   blocks [2 5 17] [18 40 80] [81 95]         within a block too; a full one is cut in two
 *
 * Adding and removing move half a block at most (8 KB); a walk goes through memory in order. Rows whose value
 * is null or NaN lie within no bounds and are left out. 12 to 24 bytes a row. */
#ifndef WR_RANGE_INDEX_H
#define WR_RANGE_INDEX_H

#include "exec/row_index.h"

typedef struct wr_range_index wr_range_index;

/* The column is a plain number. The store is borrowed. */
weir_status wr_range_index_new(const wr_row_store *store, uint32_t column, wr_account *account,
                               wr_range_index **out, weir_error *err) WR_NODISCARD;
void wr_range_index_free(wr_range_index *x); /* NULL is fine */
void wr_range_index_clear(wr_range_index *x);

weir_status wr_range_index_add(wr_range_index *x, weir_row_id id, weir_error *err) WR_NODISCARD;
/* While the row still has the value with which it was added. */
void wr_range_index_remove(wr_range_index *x, weir_row_id id);

/* One end of a range. The value may be of a wider type than the column: it compares as the language's < does,
 * after converting the column's value to it. */
typedef struct wr_bound {
    bool is_set, is_open; /* open: the value itself is outside */
    weir_value value;     /* null or NaN: nothing lies within */
} wr_bound;

/* A place in a walk, lost when the index changes. */
typedef struct wr_range_cursor {
    const wr_range_index *index;
    wr_bound high;
    uint32_t block, at;
} wr_range_cursor;

/* The first row within the bounds and the next one, in order of the column; WR_NO_SLOT: no more. */
uint32_t wr_range_index_first(const wr_range_index *x, const wr_bound *low, const wr_bound *high,
                              wr_range_cursor *cursor);
uint32_t wr_range_index_next(wr_range_cursor *cursor);

#endif
