/* forever.c: minForever(x), maxForever(x): the extreme of all values ever seen. A value that leaves a window
 * is seen once more, which changes nothing unless it never came in. A reset forgets it, as Siddhi does in
 * fact.
 *
 * The loops here also serve min and max where nothing leaves. */
#include "agg/check.h"
#include "agg/extreme.h"
#include "agg/table.h"

#define LESS(x, value) ((x) < (value))
#define MORE(x, value) ((x) > (value))

#define EXTREME_NAME  min_int
#define EXTREME_TYPE  int32_t
#define EXTREME_FIELD i
#define EXTREME_BEATS LESS
#include "agg/extreme.inc.h"

#define EXTREME_NAME  min_long
#define EXTREME_TYPE  int64_t
#define EXTREME_FIELD l
#define EXTREME_BEATS LESS
#include "agg/extreme.inc.h"

#define EXTREME_NAME  min_float
#define EXTREME_TYPE  float
#define EXTREME_FIELD f
#define EXTREME_BEATS LESS
#include "agg/extreme.inc.h"

#define EXTREME_NAME  min_double
#define EXTREME_TYPE  double
#define EXTREME_FIELD d
#define EXTREME_BEATS LESS
#include "agg/extreme.inc.h"

const wr_fold_loops wr_extreme_min = {
    [WEIR_INT] = min_int, [WEIR_LONG] = min_long, [WEIR_FLOAT] = min_float, [WEIR_DOUBLE] = min_double};

#define EXTREME_NAME  max_int
#define EXTREME_TYPE  int32_t
#define EXTREME_FIELD i
#define EXTREME_BEATS MORE
#include "agg/extreme.inc.h"

#define EXTREME_NAME  max_long
#define EXTREME_TYPE  int64_t
#define EXTREME_FIELD l
#define EXTREME_BEATS MORE
#include "agg/extreme.inc.h"

#define EXTREME_NAME  max_float
#define EXTREME_TYPE  float
#define EXTREME_FIELD f
#define EXTREME_BEATS MORE
#include "agg/extreme.inc.h"

#define EXTREME_NAME  max_double
#define EXTREME_TYPE  double
#define EXTREME_FIELD d
#define EXTREME_BEATS MORE
#include "agg/extreme.inc.h"

const wr_fold_loops wr_extreme_max = {
    [WEIR_INT] = max_int, [WEIR_LONG] = max_long, [WEIR_FLOAT] = max_float, [WEIR_DOUBLE] = max_double};

static weir_status check_min(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_agg_check_one("minForever", WR_NUMERIC_BITS, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

static weir_status check_max(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_agg_check_one("maxForever", WR_NUMERIC_BITS, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

static weir_status open_min(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    wr_fold_open(self, sizeof(wr_extreme_cell), wr_extreme_min[args->args[0].type]);
    return WEIR_OK;
}

static weir_status open_max(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    wr_fold_open(self, sizeof(wr_extreme_cell), wr_extreme_max[args->args[0].type]);
    return WEIR_OK;
}

static const weir_param_doc min_params[] = {
    {"minForever(<int|long|float|double> x)", "The smallest value, of the type of x."}, {NULL, NULL}};

static const weir_param_doc max_params[] = {
    {"maxForever(<int|long|float|double> x)", "The largest value, of the type of x."}, {NULL, NULL}};

const weir_aggregator_type wr_agg_min_forever = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "minForever",
    .doc = "The smallest value ever seen, whatever has left the window since; null before the first.",
    .example = "minForever(x) of 2, 1, 3 -> 1",
    .params = min_params,
    .check = check_min,
    .open = open_min,
    WR_FOLD_FUNCTIONS,
};

const weir_aggregator_type wr_agg_max_forever = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "maxForever",
    .doc = "The largest value ever seen, whatever has left the window since; null before the first.",
    .example = "maxForever(x) of 2, 1, 3 -> 3",
    .params = max_params,
    .check = check_max,
    .open = open_max,
    WR_FOLD_FUNCTIONS,
};
