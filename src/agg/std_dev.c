/* std_dev.c: stdDev(x), the standard deviation of a whole population.
 *
 * Welford's update of mean and squared deviations (B. P. Welford, Technometrics 4, 1962), and its inverse for
 * values that leave; the mean is taken from a running sum. Same order of operations as Siddhi, so that
 * sliding windows drift alike. */
#include <math.h>

#include "agg/check.h"
#include "agg/fold.h"
#include "agg/table.h"

typedef struct dev_cell {
    double sum, mean;
    double squares; /* sum of squared deviations from the mean */
    int64_t count;
} dev_cell;

static void dev_add(dev_cell *c, double x) {
    if (++c->count == 0) return;
    if (c->count == 1) {
        *c = (dev_cell){.sum = x, .mean = x, .count = 1};
        return;
    }
    double before = c->mean;
    c->sum += x;
    c->mean = c->sum / (double)c->count;
    c->squares += (x - before) * (x - c->mean);
}

static void dev_remove(dev_cell *c, double x) {
    if (--c->count == 0) {
        *c = (dev_cell){.count = 0};
        return;
    }
    double before = c->mean;
    c->sum -= x;
    c->mean = c->sum / (double)c->count;
    c->squares -= (x - before) * (x - c->mean);
}

WR_INLINE void dev_step(dev_cell *c, double x, uint32_t expired) {
    if (expired)
        dev_remove(c, x);
    else
        dev_add(c, x);
}
WR_INLINE void dev_step_long(dev_cell *c, int64_t x, uint32_t expired) { dev_step(c, (double)x, expired); }

WR_INLINE bool dev_value(const dev_cell *c, double *y) {
    /* Drift may leave less than nothing, where Siddhi answers NaN. A count below 0 is that of rows of which
     * only the expired ones are read: both are negative then, as in Siddhi. */
    bool drifted = c->count > 0 && c->squares < 0;
    *y = c->count == 1 || drifted ? 0.0 : sqrt(c->squares / (double)c->count);
    return c->count != 0;
}

#define FOLD_NAME  dev_int
#define FOLD_CELL  dev_cell
#define FOLD_ARG   int32_t
#define FOLD_OUT   double
#define FOLD_STEP  dev_step
#define FOLD_VALUE dev_value
#define FOLD_SMALL
#include "agg/fold.inc.h"

#define FOLD_NAME  dev_long
#define FOLD_CELL  dev_cell
#define FOLD_ARG   int64_t
#define FOLD_OUT   double
#define FOLD_STEP  dev_step_long
#define FOLD_VALUE dev_value
#define FOLD_SMALL
#include "agg/fold.inc.h"

#define FOLD_NAME  dev_float
#define FOLD_CELL  dev_cell
#define FOLD_ARG   float
#define FOLD_OUT   double
#define FOLD_STEP  dev_step
#define FOLD_VALUE dev_value
#define FOLD_SMALL
#include "agg/fold.inc.h"

#define FOLD_NAME  dev_double
#define FOLD_CELL  dev_cell
#define FOLD_ARG   double
#define FOLD_OUT   double
#define FOLD_STEP  dev_step
#define FOLD_VALUE dev_value
#define FOLD_SMALL
#include "agg/fold.inc.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_agg_check_one("stdDev", WR_NUMERIC_BITS, args, n_args, err));
    *result = WEIR_DOUBLE;
    return WEIR_OK;
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    static const wr_fold_loops loops = {
        [WEIR_INT] = dev_int, [WEIR_LONG] = dev_long, [WEIR_FLOAT] = dev_float, [WEIR_DOUBLE] = dev_double};
    wr_fold_open(self, sizeof(dev_cell), loops[args->args[0].type]);
    return WEIR_OK;
}

static const weir_param_doc params[] = {
    {"stdDev(<int|long|float|double> x)", "The standard deviation as double."}, {NULL, NULL}};

const weir_aggregator_type wr_agg_std_dev = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "stdDev",
    .doc = "The population standard deviation of the values that are not null; null when there are none.",
    .example = "stdDev(x) of 1, 3 -> 1.0",
    .params = params,
    .check = check,
    .open = open,
    WR_FOLD_FUNCTIONS,
};
