/* row_index.h: rows of a store, found by the values of some of their columns.
 *
 * A hash multimap over the ids of a BAG store (small, reused numbers): rows with equal keys form a chain in
 * the order in which they were added, so a join's matches come out as Siddhi finds them. Adding, removing
 * and finding the first match cost the same however many rows are held. 16 bytes a row, and 8 a bucket.
 *
 * Keys compare as the language's == does: null equals nothing, NaN equals nothing, -0.0 equals 0.0. A row
 * with such a key is accepted and never found. A primary key is different: there null and NaN are values
 * like any other (WR_INDEX_IDENTITY).
 *
 *   buckets  [head|tail] [head|tail] ...          links, by row id: hash, next, prev (in the chain), in use
 */
#ifndef WR_ROW_INDEX_H
#define WR_ROW_INDEX_H

#include "exec/row_store.h"

typedef struct wr_row_index wr_row_index;
#define WR_NO_SLOT UINT32_MAX

typedef enum wr_index_kind { WR_INDEX_EQUALITY, WR_INDEX_IDENTITY } wr_index_kind;

/* Columns of the store that make the key, in order; the store is borrowed. n_columns may be 0: then all rows
 * are in one chain, which is how a scan goes. */
weir_status wr_row_index_new(const wr_row_store *store, const uint32_t *columns, uint32_t n_columns,
                             wr_index_kind kind, wr_account *account, wr_row_index **out,
                             weir_error *err) WR_NODISCARD;
void wr_row_index_free(wr_row_index *x);
void wr_row_index_clear(wr_row_index *x);

weir_status wr_row_index_add(wr_row_index *x, weir_row_id id, weir_error *err) WR_NODISCARD;
void wr_row_index_remove(wr_row_index *x, weir_row_id id); /* must be in */

/* Hashes of n rows' keys (by physical row, for rows in the batch's selection); keys are columns of the key's
 * types. A key that equals nothing gets WR_NO_HASH. */
#define WR_NO_HASH 0u
void wr_row_index_hash(const wr_row_index *x, const weir_column *keys, const weir_batch *b, uint32_t *hashes);
uint32_t wr_row_index_hash_one(const wr_row_index *x, const weir_column *keys, uint32_t row);

/* Asks for the memory that finding a key with this hash will read; first for the bucket, then, once that is
 * there, for what it points to. */
void wr_row_index_prefetch_bucket(const wr_row_index *x, uint32_t hash);
void wr_row_index_prefetch_row(const wr_row_index *x, uint32_t hash);
/* The first row in whose key equals row `row` of keys, and the next one after `id`; WR_NO_SLOT: no more. */
uint32_t wr_row_index_first(const wr_row_index *x, const weir_column *keys, uint32_t row, uint32_t hash);
uint32_t wr_row_index_next(const wr_row_index *x, const weir_column *keys, uint32_t row, uint32_t hash,
                           uint32_t id);
/* Of an index without columns: the row that was added last, and the one before another. */
uint32_t wr_row_index_last(const wr_row_index *x);
uint32_t wr_row_index_before(const wr_row_index *x, uint32_t id);

#endif
