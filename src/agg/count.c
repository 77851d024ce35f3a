/* count.c: count() and count(x), which count rows: a null argument counts too. */
#include "agg/check.h"
#include "agg/fold.h"
#include "agg/table.h"

WR_INLINE void count_step(int64_t *count, int unused, uint32_t expired) {
    (void)unused;
    *count = wr_fold_counted(*count, expired);
}
WR_INLINE bool count_value(const int64_t *count, int64_t *y) {
    *y = *count;
    return true;
}

#define FOLD_NAME  count_rows
#define FOLD_CELL  int64_t
#define FOLD_OUT   int64_t
#define FOLD_STEP  count_step
#define FOLD_VALUE count_value
#include "agg/fold.inc.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    (void)args;
    if (n_args > 1)
        return weir_fail(err, WEIR_ETYPE, "count() takes one argument or none, but has %u here", n_args);
    *result = WEIR_LONG;
    return WEIR_OK;
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)args, (void)err;
    wr_fold_open(self, sizeof(int64_t), count_rows);
    return WEIR_OK;
}

static const weir_param_doc params[] = {{"count()", "The number of rows."},
                                        {"count(<any> x)", "The same: rows with a null x count too."},
                                        {NULL, NULL}};

const weir_aggregator_type wr_agg_count = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "count",
    .doc = "The number of rows, as long.",
    .example = "count(x) of 7, 7, null -> 3",
    .params = params,
    .check = check,
    .open = open,
    .takes_boxed = true,
    WR_FOLD_FUNCTIONS,
};
