/* store_lookup.h: what of a condition a store can be asked, and asking it.
 *
 * Pushed down are: equalities with keys, bounds of a range, and of the rest of the condition those parts,
 * joined by `and`, that only compare columns of the table with each other or with what can be computed of the
 * input: with ==, !=, <, <=, >, >=, `is null`, and, or, not, over types that compare in a store as they do in
 * the language. What the input gives is computed here, by column, and bound as a parameter. All else is left
 * out: rows that are found are tested here in any case.
 *
 * Each set of parameters is asked for once a cycle, all that are new of a batch in one call. A lookup by the
 * whole primary key asks for nothing that is in memory. */
#ifndef WR_STORE_LOOKUP_H
#define WR_STORE_LOOKUP_H

#include "exec/program.h"
#include "exec/table.h"
#include "weir_store.h"

typedef struct wr_store_lookup wr_store_lookup;

typedef struct wr_store_parts {
    wr_expr *const *keys; /* over `in` */
    const uint32_t *key_columns;
    uint32_t n_keys;
    const wr_plan_range *range; /* bounds over `in`; NULL: none */
    const wr_expr *rest;        /* over `joined`, of which some columns are the table's; NULL: none */
    uint32_t first_column;      /* of these in `joined` */
} wr_store_parts;

/* parts: what they point to must outlive the lookup. */
weir_status wr_store_lookup_new(const wr_store_parts *parts, const wr_table *table, wr_account *account,
                                wr_store_lookup **out, weir_error *err) WR_NODISCARD;
/* By the primary key, for wr_store_lookup_fetch_params. */
weir_status wr_store_lookup_of_key(const wr_table *table, wr_account *account, wr_store_lookup **out,
                                   weir_error *err) WR_NODISCARD;
/* By columns of the table that are compared with parameters, all of which must hold; likewise. op is EQ, LT,
 * LE, GT or GE, and a parameter of its column's type, which is no object. */
typedef struct wr_store_term {
    uint32_t column;
    weir_store_op op;
} wr_store_term;
weir_status wr_store_lookup_of_terms(const wr_table *table, const wr_store_term *terms, uint32_t n_terms,
                                     wr_account *account, wr_store_lookup **out,
                                     weir_error *err) WR_NODISCARD;
void wr_store_lookup_free(wr_store_lookup *l); /* NULL is fine */

/* Makes the rows that may match part of the table, for the selected rows of in->in. joined: the same rows
 * with the columns that parts.rest reads in their places. */
weir_status wr_store_lookup_fetch(wr_store_lookup *l, wr_table *table, const wr_eval *in,
                                  const wr_eval *joined, weir_error *err) WR_NODISCARD;
/* With the parameters computed: columns by row of `rows`. */
weir_status wr_store_lookup_fetch_params(wr_store_lookup *l, wr_table *table, const weir_column *params,
                                         const weir_batch *rows, weir_arena *arena,
                                         weir_error *err) WR_NODISCARD;

#endif
