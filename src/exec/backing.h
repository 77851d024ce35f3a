/* backing.h: what a table has in its store, and what of it is in memory.
 *
 * A table with @store is a table in memory that holds a part of its rows: those that somebody looked for in
 * this cycle, those that were changed and are not written yet, and those that @cache keeps. Finding,
 * changing, indexes, null and NaN are the table's own, so they are those of a table without a store. Before
 * anything is looked for, the rows that may match are fetched (store_lookup.h): what is there already,
 * changed or not, is left as it is, what was removed stays away. So a reader sees what writers before it did,
 * in the order of the app, and nothing has to be written for that.
 *
 * A row and its store:
 *
 *   fetched --update--> DIRTY --written--> CLEAN        the store's row is updated
 *           --update--> MOVED                           its key changes: erased, and inserted in its old
 * place
 *           --remove--> (gone)                          erased
 *   inserted        --> NEW                             inserted; removed before that: nothing happens
 *
 * At the end of a cycle all that is pending is written in one transaction; then rows leave memory. With
 * exactly-once it is kept until the checkpoint (hold): the checkpoint's file has it too, with the version
 * that committing it gives the store. Loading such a file finds out whether that was done, and does it if
 * not. */
#ifndef WR_BACKING_H
#define WR_BACKING_H

#include "exec/store.h"
#include "exec/table.h"

typedef struct wr_backing wr_backing;

/* table and store must outlive it. */
weir_status wr_backing_new(wr_table *table, wr_store *store, wr_account *account, wr_backing **out,
                           weir_error *err) WR_NODISCARD;
void wr_backing_free(wr_backing *b); /* NULL is fine */
wr_store *wr_backing_store(const wr_backing *b);

/* ---- What the table does. Memory that is missing is told by wr_backing_settle. ---- */

void wr_backing_inserted(wr_backing *b, weir_row_id id);
/* Before cells of the row are set; is_key: some of the primary key. */
void wr_backing_updating(wr_backing *b, weir_row_id id, bool is_key);
void wr_backing_removing(wr_backing *b, weir_row_id id);
void wr_backing_used(wr_backing *b, weir_row_id id); /* a lookup by key found it: for @cache */

/* ---- Fetching ---- */

/* Makes the rows that `search` finds part of the table; search->visit and ctx are set here. */
weir_status wr_backing_fetch(wr_backing *b, weir_store_find *search, weir_error *err) WR_NODISCARD;
/* Are all rows in memory? Tries to have it so if the cache is large enough. */
weir_status wr_backing_is_complete(wr_backing *b, bool *complete, weir_error *err) WR_NODISCARD;
/* Counts up whenever rows may have left memory: what was fetched before may not be there any more. */
uint64_t wr_backing_generation(const wr_backing *b);
/* Makes sure that the rows with these primary keys (columns in the key's order) are in memory, for the
 * selected rows of `rows`. */
weir_status wr_backing_fetch_keys(wr_backing *b, const weir_column *keys, const weir_batch *rows,
                                  weir_arena *arena, weir_error *err) WR_NODISCARD;

/* ---- Cycles, checkpoints ---- */

/* The end of a cycle: writes, unless it holds, and lets rows go. now: the task's clock. */
weir_status wr_backing_settle(wr_backing *b, int64_t now, weir_error *err) WR_NODISCARD;
/* From now on, and after the table was made anew, changes are kept until wr_backing_commit. Asks the store
 * for its version. */
weir_status wr_backing_hold(wr_backing *b, weir_error *err) WR_NODISCARD;
/* So many rows are held that a checkpoint would be welcome. */
bool wr_backing_is_full(const wr_backing *b);
weir_status wr_backing_commit(wr_backing *b, weir_error *err) WR_NODISCARD;
void wr_backing_save(const wr_backing *b, weir_writer *w);
/* Of a table without rows. WEIR_ESTATE: the store is not where the saved state left it. */
weir_status wr_backing_load(wr_backing *b, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
