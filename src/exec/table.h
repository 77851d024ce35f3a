/* table.h: an in-memory table: rows, a primary key if it has one, and the indexes that queries ask for.
 *
 * A table belongs to one task. Readers (joins, `in`) and writers run in that task; where a plan both writes
 * and reads a table the task takes arrivals one by one, so nobody ever sees half an insert. */
#ifndef WR_TABLE_H
#define WR_TABLE_H

#include "exec/row_index.h"
#include "plan/plan.h"

typedef struct wr_table wr_table;

weir_status wr_table_new(const wr_plan_table *plan, wr_account *parent, wr_table **out,
                         weir_error *err) WR_NODISCARD;
void wr_table_free(wr_table *t);

const wr_plan_table *wr_table_plan(const wr_table *t);
const wr_row_store *wr_table_rows(const wr_table *t);
/* Index over these columns, made on first asking; it lives and is kept as long as the table. n_columns 0: the
 * index that chains all rows in order of insertion. */
weir_status wr_table_index(wr_table *t, const uint32_t *columns, uint32_t n_columns, const wr_row_index **out,
                           weir_error *err) WR_NODISCARD;

/* Inserts the logical rows (resets are skipped), in order. A row whose primary key is taken is left out, as
 * in Siddhi: the old row stays; *n_refused counts those. */
weir_status wr_table_insert(wr_table *t, const weir_batch *b, weir_arena *arena, uint64_t *n_refused,
                            weir_error *err) WR_NODISCARD;

uint64_t wr_table_count(const wr_table *t);
size_t wr_table_bytes(const wr_table *t);
void wr_table_save(const wr_table *t, weir_writer *w);
weir_status wr_table_load(wr_table *t, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
