/* filter_index.h: many filters over one column of one stream, answered together.
 *
 * A thousand rules `v > c` cost a thousand comparisons a row when each is evaluated by itself. Their
 * constants in order make one search of them: where a row's value stands among them says which rules it
 * fulfils. Rows are sorted by that place (counting), and going through the constants from one end to the
 * other the rows of each rule are those of the rule before and a few more. Rules `k == 'x'` find theirs by a
 * hash of the constant.
 *
 *   constants   | >=2 | >2 | >=5 | >7 |        value 5 fulfils the first three: its place is 3
 *
 * Null fulfils none, NaN neither; -0.0 equals 0.0. Only for batches in which all rows are current. */
#ifndef WR_FILTER_INDEX_H
#define WR_FILTER_INDEX_H

#include "base/arena.h"
#include "plan/expr.h"

typedef struct wr_filter_index wr_filter_index;

/* What an index must know of a condition: `column op constant`, compared as `type` (int, long, float, double
 * or string). */
typedef struct wr_indexed_filter {
    uint32_t column;
    wr_compare compare; /* not WR_NE */
    weir_type type;
    weir_value constant;
} wr_indexed_filter;

/* Whether a condition has that form (the constant on either side). */
bool wr_filter_index_takes(const wr_expr *condition, wr_indexed_filter *out);
/* Whether two filters can share an index. */
bool wr_filter_index_fits(const wr_indexed_filter *a, const wr_indexed_filter *b);

/* Of filters that fit together; member i is filters[i]. Strings of the constants are borrowed. column_type:
 * of the column in the stream. */
weir_status wr_filter_index_new(const wr_indexed_filter *filters, uint32_t n, weir_type column_type,
                                wr_account *account, wr_filter_index **out, weir_error *err) WR_NODISCARD;
void wr_filter_index_free(wr_filter_index *x); /* NULL is fine */

/* Evaluates all members over the logical rows of b: sel[i] gets n_sel[i] physical row numbers, ascending, in
 * the arena (NULL when there are none). */
weir_status wr_filter_index_run(wr_filter_index *x, const weir_batch *b, weir_arena *arena,
                                const uint32_t **sel, uint32_t *n_sel, weir_error *err) WR_NODISCARD;

#endif
