/* change_sets.h: `set T.a = …, T.b = …`: what an update writes into the rows that it has found. */
#ifndef WR_CHANGE_SETS_H
#define WR_CHANGE_SETS_H

#include "exec/chunk_faults.h"
#include "exec/finder.h"

typedef struct wr_change_sets wr_change_sets;

weir_status wr_change_sets_new(const wr_plan_change *plan, const wr_schema *input, wr_account *account,
                               wr_change_sets **out, weir_error *err) WR_NODISCARD;
void wr_change_sets_free(wr_change_sets *s); /* NULL is fine */

/* Computes what is set for all pairs at once and writes it. No row of the table stands in two pairs. A pair
 * that fails fails its row's chunk; the pairs of that chunk from there on are left as they are. *n_set: pairs
 * written. *conflict: a primary key would have been there twice, and nothing was written. */
weir_status wr_change_sets_apply(wr_change_sets *s, const wr_eval *ev, const wr_pairs *pairs, wr_table *table,
                                 wr_chunk_faults *faults, uint32_t *n_set, bool *conflict,
                                 weir_error *err) WR_NODISCARD;

#endif
