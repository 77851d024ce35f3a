/* table.h: a table: rows, a primary key if it has one, and the indexes that queries ask for.
 *
 * A table belongs to one task. Readers (joins, `in`, on-demand queries) and writers run in that task; where
 * a plan both writes and reads a table the task takes arrivals one by one, so nobody ever sees half a change.
 *
 * A table with @store holds but some of its rows here: see backing.h. Nothing else differs.
 *
 * Rows have an order, in which they are found: that of a primary key of one number, as Siddhi keeps such
 * tables sorted, else that in which they came. An update leaves a row where it is. */
#ifndef WR_TABLE_H
#define WR_TABLE_H

#include "exec/range_index.h"
#include "exec/row_index.h"
#include "plan/plan.h"

typedef struct wr_table wr_table;

weir_status wr_table_new(const wr_plan_table *plan, wr_account *parent, wr_table **out,
                         weir_error *err) WR_NODISCARD;
void wr_table_free(wr_table *t); /* NULL is fine */

const wr_plan_table *wr_table_plan(const wr_table *t);
const wr_row_store *wr_table_rows(const wr_table *t);
uint64_t wr_table_count(const wr_table *t);
size_t wr_table_bytes(const wr_table *t);

/* ---- Finding ---- */

/* Index over these columns, made on first asking; it lives and is kept as long as the table. Of the columns
 * of the primary key, in its order: the key's own, where null is a value like any other. n_columns 0: the
 * index that chains all rows in order of insertion. */
weir_status wr_table_index(wr_table *t, const uint32_t *columns, uint32_t n_columns, const wr_row_index **out,
                           weir_error *err) WR_NODISCARD;
/* Ordered index over a column of plain numbers, likewise. */
weir_status wr_table_range_index(wr_table *t, uint32_t column, const wr_range_index **out,
                                 weir_error *err) WR_NODISCARD;
/* Puts rows into the table's order. */
weir_status wr_table_sort(const wr_table *t, weir_row_id *ids, uint32_t n, weir_error *err) WR_NODISCARD;
weir_status wr_table_sort_slots(const wr_table *t, uint32_t *slots, uint32_t n, weir_error *err) WR_NODISCARD;

/* ---- Changing ---- */

/* Why a row was not taken. */
typedef enum wr_table_refusal {
    WR_TABLE_TAKEN,    /* it was */
    WR_TABLE_KEY_USED, /* there is a row with its primary key, which stays */
    WR_TABLE_KEY_NULL  /* a primary key that is one number, or is kept in a store, can't be null */
} wr_table_refusal;

/* Inserts physical row `row` of b, a batch of the table's schema. */
weir_status wr_table_insert(wr_table *t, const weir_batch *b, uint32_t row, weir_row_id *id,
                            wr_table_refusal *refusal, weir_error *err) WR_NODISCARD;
void wr_table_remove(wr_table *t, weir_row_id id); /* must be in */

/* Columns that are about to be set, all by one query; the indexes over them are noted. */
void wr_table_begin_update(wr_table *t, const uint32_t *columns, uint32_t n_columns);
/* Sets those columns of a row to the values at row `row` of values (of the table's types). The primary key is
 * not checked: see wr_table_key_conflict. */
weir_status wr_table_update(wr_table *t, weir_row_id id, const uint32_t *columns, uint32_t n_columns,
                            const weir_column *values, uint32_t row, weir_error *err) WR_NODISCARD;
/* Would rows ids[k] with the primary keys at row k of keys (columns in the key's order) leave a key twice, or
 * a null where there can't be one? batch has n rows. */
weir_status wr_table_key_conflict(wr_table *t, const weir_row_id *ids, const weir_column *keys,
                                  const weir_batch *batch, weir_arena *arena, bool *conflict,
                                  weir_error *err) WR_NODISCARD;

/* ---- Stores ---- */

struct wr_store;
struct wr_backing;

/* From now on the rows live in the store, which must outlive the table; it has none yet. What somebody is
 * about to look for must be fetched before: see backing.h. */
weir_status wr_table_put_into_store(wr_table *t, struct wr_store *store, weir_error *err) WR_NODISCARD;
struct wr_backing *wr_table_backing(const wr_table *t); /* NULL: all rows are here */
/* Before rows with these primary keys are inserted or set: columns in the key's order, for the selected rows
 * of b. */
weir_status wr_table_fetch_keys(wr_table *t, const weir_column *keys, const weir_batch *b, weir_arena *arena,
                                weir_error *err) WR_NODISCARD;

/* ---- State ---- */

void wr_table_save(const wr_table *t, weir_writer *w);
/* On failure the table must be thrown away. */
weir_status wr_table_load(wr_table *t, weir_reader *r, weir_error *err) WR_NODISCARD;
/* From now on changes are noted; and what has changed since then. False, and nothing is written: that isn't
 * known, or most has changed. Not of a table in a store. */
void wr_table_track(wr_table *t);
bool wr_table_save_changes(const wr_table *t, weir_writer *w) WR_NODISCARD;
/* Into a table as it was then. Nothing can be found in it until wr_table_settle_load. */
weir_status wr_table_load_changes(wr_table *t, weir_reader *r, weir_error *err) WR_NODISCARD;
weir_status wr_table_settle_load(wr_table *t, weir_error *err) WR_NODISCARD;

#endif
