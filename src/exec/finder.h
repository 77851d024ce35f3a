/* finder.h: the rows of a table for which a condition holds, for each row of a batch.
 *
 * What the planner made of the condition (wr_plan_lookup) says how candidates are found: by keys in a hash
 * index, by bounds in an ordered one, or all rows. Keys and bounds are worked out for a whole batch at once.
 * What is left of the condition is tested on pairs (row of the batch, row of the table), many at a time and
 * by column:
 *
 *     wr_finder_begin(f, &ev, turn, err);
 *     for each row: for (id = wr_finder_first(f, row); id != WR_NO_SLOT; id = wr_finder_next(f)) …
 *                   or wr_finder_match(f, row, &pairs, err): all of them, tested
 *
 * Walks are lost when the table changes. */
#ifndef WR_FINDER_H
#define WR_FINDER_H

#include "exec/operator.h"
#include "exec/program.h"
#include "exec/table.h"

typedef struct wr_finder wr_finder;

/* Rows of a batch beside rows of a table. Memory is kept from call to call. */
typedef struct wr_pairs {
    wr_account *account;
    uint32_t *row;   /* physical row of the batch */
    weir_row_id *id; /* of the table */
    uint32_t n, cap_row, cap_id;
} wr_pairs;
weir_status wr_pairs_add(wr_pairs *p, uint32_t row, weir_row_id id, weir_error *err) WR_NODISCARD;
void wr_pairs_fini(wr_pairs *p);

/* input: schema of the batches. plan and input must outlive the finder. */
weir_status wr_finder_new(const wr_plan_lookup *plan, const wr_schema *input, wr_account *account,
                          wr_finder **out, weir_error *err) WR_NODISCARD;
void wr_finder_free(wr_finder *f);        /* NULL is fine */
bool wr_finder_tests(const wr_finder *f); /* candidates must be tested */

/* Works out keys and bounds for the selected rows of ev->in. ev must stay until the last row has been looked
 * for; a row that fails is told to ev->fail. */
weir_status wr_finder_begin(wr_finder *f, const wr_eval *ev, wr_turn *turn, weir_error *err) WR_NODISCARD;

/* Asks for the memory that the k-th row of the selection and those behind it will read: to be called for each
 * row in turn. */
void wr_finder_prefetch(const wr_finder *f, uint32_t k);
/* The candidates of a row, not tested. */
uint32_t wr_finder_first(wr_finder *f, uint32_t row);
uint32_t wr_finder_next(wr_finder *f);

/* Leaves only the pairs for which the rest of the condition holds. */
weir_status wr_finder_test(wr_finder *f, wr_pairs *pairs, weir_error *err) WR_NODISCARD;
/* Adds the rows found for a row to pairs, in any order (see wr_table_sort). */
weir_status wr_finder_match(wr_finder *f, uint32_t row, wr_pairs *pairs, weir_error *err) WR_NODISCARD;

/* The pairs from `first` on as a batch: the columns of ev->in, then the table's, of which only those are
 * filled that need names (by column of both; NULL: all). Every pair is a chunk, with the origin of its row's.
 * Strings of the table stay where they are: valid until the table changes. */
weir_status wr_pairs_batch(const wr_pairs *pairs, uint32_t first, const wr_eval *ev, const wr_table *table,
                           const bool *need, weir_batch *out, weir_error *err) WR_NODISCARD;

#endif
