/* join_index.h: the rows that one side of a join holds, found by their keys.
 *
 * A hash table from keys to chains of rows. Rows with equal keys are in one chain, oldest first, so a search
 * compares keys once and then only follows links: the matches come out in the order in which they came in.
 * What it costs to add, to remove and to find does not depend on how many rows are held.
 *
 *   table  [entry|entry| … ]     entries  key's word, first and last row, how many      links, by row
 *
 * A key is told by one word: the value itself where it is one number or bool, else a hash, and then the
 * columns of the chain's first row are compared. Keys are equal as the language's == has it: null equals
 * nothing, NaN equals nothing, -0.0 equals 0.0. Such rows may be added; they are never found. */
#ifndef WR_JOIN_INDEX_H
#define WR_JOIN_INDEX_H

#include "exec/row_store.h"

typedef struct wr_join_index wr_join_index;

/* The keys of a batch's selected rows, by physical row. */
typedef struct wr_join_keys {
    const weir_column *cols;
    uint64_t *words;
    uint8_t *never; /* 1: equals nothing; NULL: none does */
} wr_join_keys;

/* cols: n_keys of them, which must live as long as the result. */
weir_status wr_join_keys_of(const weir_column *cols, uint32_t n_keys, const weir_batch *b, weir_arena *arena,
                            wr_join_keys *out, weir_error *err) WR_NODISCARD;

/* Over columns of a store (borrowed). n_columns 0: all rows are in one chain. */
weir_status wr_join_index_new(const wr_row_store *store, const uint32_t *columns, uint32_t n_columns,
                              wr_account *account, wr_join_index **out, weir_error *err) WR_NODISCARD;
void wr_join_index_free(wr_join_index *x); /* NULL is fine */
void wr_join_index_clear(wr_join_index *x);

/* Adds a row of the store, which has the keys of physical row `row`, behind the others. `oldest`: no row that
 * is in the index has a lower id (0 in a BAG). */
weir_status wr_join_index_add(wr_join_index *x, weir_row_id id, weir_row_id oldest, const wr_join_keys *keys,
                              uint32_t row, weir_error *err) WR_NODISCARD;
void wr_join_index_remove(wr_join_index *x, weir_row_id id); /* must be in */

/* How many rows have the keys of physical row `row`; wr_join_index_take then writes their ids. */
typedef struct wr_join_chain {
    uint32_t n, first;
} wr_join_chain;
wr_join_chain wr_join_index_find(const wr_join_index *x, const wr_join_keys *keys, uint32_t row);
void wr_join_index_take(const wr_join_index *x, wr_join_chain chain, weir_row_id *ids);

/* The same for many chains side by side, so that their links are waited for at once; and later: of each chain
 * only the oldest rows may have gone since it was found, and no row added lower than `oldest` was then. */
typedef struct wr_join_taking {
    weir_row_id *ids; /* ids[0]: chain.first */
    uint32_t n;       /* 1 at least */
} wr_join_taking;
void wr_join_index_take_all(const wr_join_index *x, wr_join_taking *chains, uint32_t n);

/* Does it pay to fetch ahead what a search will read? Not of a table that lies in the cache anyway. */
bool wr_join_index_is_far(const wr_join_index *x); /* NULL: no */
/* Rows with the keys of that row will be looked for, added or removed soon; sooner: the first step was taken.
 */
void wr_join_index_prefetch(const wr_join_index *x, const wr_join_keys *keys, uint32_t row, bool sooner);

#endif
