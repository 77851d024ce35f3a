/* change.h: what the rows of a query do to a table: insert, delete, update, update or insert.
 *
 * Row by row, in order, each seeing what those before it have done. That does not mean one at a time: keys
 * are looked up for a whole batch, and what is set is computed over all pairs (row, row of the table) of a
 * *run*, by column. A run ends before a table row would be changed a second time, and after each row where
 * what is set is what the condition looks at.
 *
 *   insert            a row whose primary key is used is left out, logged and counted
 *   delete, update    all rows of the table for which the condition holds
 *   update or insert  as Siddhi does it, chunk by chunk: each row of the chunk updates what it finds; then
 *                     those that found nothing are inserted, one after the other, unless one inserted just
 *                     now is found: then that is updated. On the primary key of one column alone, the row
 *                     takes the place of the one with its key as a whole, whatever `set` says.
 *
 * An update after which two rows had the same primary key changes nothing; it is logged and counted. */
#ifndef WR_CHANGE_H
#define WR_CHANGE_H

#include "exec/operator.h"

typedef struct wr_change wr_change;

typedef struct wr_change_counts {
    uint64_t calls, rows_in;                      /* of the query */
    uint64_t inserted, updated, removed, refused; /* rows of the table; refused: rows of the query */
} wr_change_counts;

/* input: schema of the query's rows. Both must outlive it. */
weir_status wr_change_new(const wr_plan_change *plan, const wr_schema *input, wr_account *parent,
                          wr_change **out, weir_error *err) WR_NODISCARD;
void wr_change_free(wr_change *c); /* NULL is fine */

/* Does what the rows of b say to the table among turn->tables. Resets are skipped. A row that can't be
 * computed fails its chunk (in turn->faults): the rest of the chunk is not looked at. */
weir_status wr_change_apply(wr_change *c, wr_turn *turn, const weir_batch *b, weir_error *err) WR_NODISCARD;
const wr_change_counts *wr_change_get_counts(const wr_change *c);
size_t wr_change_bytes(const wr_change *c);

#endif
