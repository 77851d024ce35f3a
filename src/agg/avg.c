/* avg.c: avg(x), as a running sum and count of doubles. Drift from subtracting is Siddhi's too; when the last
 * value has left, what remains is rounding and is cleared (unless it is NaN or infinite: see sum.c). */
#include <math.h>

#include "agg/check.h"
#include "agg/fold.h"
#include "agg/table.h"

typedef struct avg_cell {
    double sum;
    int64_t count;
} avg_cell;

WR_INLINE void avg_step(avg_cell *c, double x, uint32_t expired) {
    c->sum += x * wr_fold_sign[expired];
    c->count = wr_fold_counted(c->count, expired);
    if (WR_UNLIKELY(c->count == 0) && isfinite(c->sum)) c->sum = 0;
}
/* Longs are summed as doubles, one rounding each. */
WR_INLINE void avg_step_long(avg_cell *c, int64_t x, uint32_t expired) { avg_step(c, (double)x, expired); }

/* After a join, and where rows fail, a count of 0 says nothing of the sum. */
WR_INLINE void avg_keep(avg_cell *c, double x, uint32_t expired) {
    c->sum += x * wr_fold_sign[expired];
    c->count = wr_fold_counted(c->count, expired);
}
WR_INLINE void avg_keep_long(avg_cell *c, int64_t x, uint32_t expired) { avg_keep(c, (double)x, expired); }

WR_INLINE bool avg_value(const avg_cell *c, double *y) {
    *y = c->sum / (double)c->count;
    return c->count != 0;
}

#define FOLD_NAME  avg_int
#define FOLD_CELL  avg_cell
#define FOLD_ARG   int32_t
#define FOLD_OUT   double
#define FOLD_STEP  avg_step
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

#define FOLD_NAME  avg_long
#define FOLD_CELL  avg_cell
#define FOLD_ARG   int64_t
#define FOLD_OUT   double
#define FOLD_STEP  avg_step_long
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

#define FOLD_NAME  avg_float
#define FOLD_CELL  avg_cell
#define FOLD_ARG   float
#define FOLD_OUT   double
#define FOLD_STEP  avg_step
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

#define FOLD_NAME  avg_double
#define FOLD_CELL  avg_cell
#define FOLD_ARG   double
#define FOLD_OUT   double
#define FOLD_STEP  avg_step
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

#define FOLD_NAME  avg_int_joined
#define FOLD_CELL  avg_cell
#define FOLD_ARG   int32_t
#define FOLD_OUT   double
#define FOLD_STEP  avg_keep
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

#define FOLD_NAME  avg_long_joined
#define FOLD_CELL  avg_cell
#define FOLD_ARG   int64_t
#define FOLD_OUT   double
#define FOLD_STEP  avg_keep_long
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

#define FOLD_NAME  avg_float_joined
#define FOLD_CELL  avg_cell
#define FOLD_ARG   float
#define FOLD_OUT   double
#define FOLD_STEP  avg_keep
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

#define FOLD_NAME  avg_double_joined
#define FOLD_CELL  avg_cell
#define FOLD_ARG   double
#define FOLD_OUT   double
#define FOLD_STEP  avg_keep
#define FOLD_VALUE avg_value
#include "agg/fold.inc.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_agg_check_one("avg", WR_NUMERIC_BITS, args, n_args, err));
    *result = WEIR_DOUBLE;
    return WEIR_OK;
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    static const wr_fold_loops loops = {
        [WEIR_INT] = avg_int, [WEIR_LONG] = avg_long, [WEIR_FLOAT] = avg_float, [WEIR_DOUBLE] = avg_double};
    static const wr_fold_loops joined = {[WEIR_INT] = avg_int_joined,
                                         [WEIR_LONG] = avg_long_joined,
                                         [WEIR_FLOAT] = avg_float_joined,
                                         [WEIR_DOUBLE] = avg_double_joined};
    wr_fold_open(self, sizeof(avg_cell), (args->unbalanced ? joined : loops)[args->args[0].type]);
    return WEIR_OK;
}

static const weir_param_doc params[] = {{"avg(<int|long|float|double> x)", "The average as double."},
                                        {NULL, NULL}};

const weir_aggregator_type wr_agg_avg = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "avg",
    .doc = "The average of the values that are not null; null when there are none.",
    .example = "avg(x) of 1, 2, null -> 1.5",
    .params = params,
    .check = check,
    .open = open,
    WR_FOLD_FUNCTIONS,
};
