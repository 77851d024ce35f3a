/* sum.c: sum(x). Integers are summed as long and wrap around; floats as double.
 *
 * A sum whose count is back at 0 by a removal is null again (where a row leaves before it comes, as in an
 * expression window, the addition gives 0). What is left of a double sum then is rounding, so it is
 * cleared; but not when it is NaN or infinite: such a sum stays so until a reset, as in Siddhi. */
#include <math.h>

#include "agg/check.h"
#include "agg/fold.h"
#include "agg/table.h"

typedef struct long_cell {
    uint64_t sum; /* two's complement */
    int64_t count;
} long_cell;

typedef struct double_cell {
    double sum;
    int64_t count;
} double_cell;

WR_INLINE void add_long(long_cell *c, int64_t x, uint32_t expired) {
    c->sum += expired ? -(uint64_t)x : (uint64_t)x;
    c->count = wr_fold_counted(c->count, expired);
}
WR_INLINE bool long_value(const long_cell *c, int64_t *y) {
    *y = (int64_t)c->sum;
    return c->count != 0;
}

WR_INLINE void add_double(double_cell *c, double x, uint32_t expired) {
    c->sum += x * wr_fold_sign[expired];
    c->count = wr_fold_counted(c->count, expired);
    if (WR_UNLIKELY(c->count == 0) && isfinite(c->sum)) c->sum = 0;
}
/* After a join a count of 0 says nothing of the sum. */
WR_INLINE void add_joined(double_cell *c, double x, uint32_t expired) {
    c->sum += x * wr_fold_sign[expired];
    c->count = wr_fold_counted(c->count, expired);
}
WR_INLINE bool double_value(const double_cell *c, double *y) {
    *y = c->sum;
    return c->count != 0;
}

#define FOLD_NAME  sum_int
#define FOLD_CELL  long_cell
#define FOLD_ARG   int32_t
#define FOLD_OUT   int64_t
#define FOLD_STEP  add_long
#define FOLD_VALUE long_value
#define FOLD_ADDED_IS_VALUE
#include "agg/fold.inc.h"

#define FOLD_NAME  sum_long
#define FOLD_CELL  long_cell
#define FOLD_ARG   int64_t
#define FOLD_OUT   int64_t
#define FOLD_STEP  add_long
#define FOLD_VALUE long_value
#define FOLD_ADDED_IS_VALUE
#include "agg/fold.inc.h"

#define FOLD_NAME  sum_float
#define FOLD_CELL  double_cell
#define FOLD_ARG   float
#define FOLD_OUT   double
#define FOLD_STEP  add_double
#define FOLD_VALUE double_value
#define FOLD_ADDED_IS_VALUE
#include "agg/fold.inc.h"

#define FOLD_NAME  sum_double
#define FOLD_CELL  double_cell
#define FOLD_ARG   double
#define FOLD_OUT   double
#define FOLD_STEP  add_double
#define FOLD_VALUE double_value
#define FOLD_ADDED_IS_VALUE
#include "agg/fold.inc.h"

#define FOLD_NAME  sum_float_joined
#define FOLD_CELL  double_cell
#define FOLD_ARG   float
#define FOLD_OUT   double
#define FOLD_STEP  add_joined
#define FOLD_VALUE double_value
#define FOLD_ADDED_IS_VALUE
#include "agg/fold.inc.h"

#define FOLD_NAME  sum_double_joined
#define FOLD_CELL  double_cell
#define FOLD_ARG   double
#define FOLD_OUT   double
#define FOLD_STEP  add_joined
#define FOLD_VALUE double_value
#define FOLD_ADDED_IS_VALUE
#include "agg/fold.inc.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_agg_check_one("sum", WR_NUMERIC_BITS, args, n_args, err));
    *result = args[0].type == WEIR_INT || args[0].type == WEIR_LONG ? WEIR_LONG : WEIR_DOUBLE;
    return WEIR_OK;
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    static const wr_fold_loops loops = {
        [WEIR_INT] = sum_int, [WEIR_LONG] = sum_long, [WEIR_FLOAT] = sum_float, [WEIR_DOUBLE] = sum_double};
    _Static_assert(sizeof(long_cell) == sizeof(double_cell), "one size of cell for both");
    static const wr_fold_loops joined = {[WEIR_INT] = sum_int,
                                         [WEIR_LONG] = sum_long,
                                         [WEIR_FLOAT] = sum_float_joined,
                                         [WEIR_DOUBLE] = sum_double_joined};
    wr_fold_open(self, sizeof(long_cell), (args->unbalanced ? joined : loops)[args->args[0].type]);
    return WEIR_OK;
}

static const weir_param_doc params[] = {
    {"sum(<int|long> x)", "The sum as long; it wraps around when it overflows."},
    {"sum(<float|double> x)", "The sum as double."},
    {NULL, NULL}};

const weir_aggregator_type wr_agg_sum = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "sum",
    .doc = "The sum of the values that are not null; null when there are none.",
    .example = "sum(x) of 1, 2, null -> 3",
    .params = params,
    .check = check,
    .open = open,
    WR_FOLD_FUNCTIONS,
};
