/* logic.c: and(b), or(b): whether all or any of the values are true. Of no values both are false. A null
 * value can't be taken in: its row fails. */
#include "agg/check.h"
#include "agg/fold.h"
#include "agg/table.h"

typedef struct logic_cell {
    int64_t n_true, n_false;
} logic_cell;

typedef bool (*logic_value)(const logic_cell *c);
static bool all_true(const logic_cell *c) { return c->n_true > 0 && c->n_false == 0; }
static bool any_true(const logic_cell *c) { return c->n_true > 0; }

WR_INLINE void take_in(logic_cell *cells, const weir_agg_rows *rows, weir_column *out, logic_value value) {
    const uint8_t *b = rows->args[0].data;
    uint8_t *y = out ? out->data : NULL;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t row = wr_agg_row(rows, i);
        logic_cell *c = &cells[wr_agg_group(rows, row)];
        int64_t step = wr_agg_expired(rows, row) ? -1 : 1;
        if (WR_UNLIKELY(weir_is_null(&rows->args[0], row)))
            rows->fail(rows->fail_ctx, row, "and() and or() can't take in a null");
        else if (b[row])
            c->n_true += step;
        else
            c->n_false += step;
        if (y) y[row] = value(c);
    }
}
static void and_rows(void *cells, const weir_agg_rows *rows, weir_column *out) {
    take_in(cells, rows, out, all_true);
}
static void or_rows(void *cells, const weir_agg_rows *rows, weir_column *out) {
    take_in(cells, rows, out, any_true);
}

static weir_status check_and(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_BOOL;
    return wr_agg_check_one("and", WR_TYPE_BIT(WEIR_BOOL), args, n_args, err);
}
static weir_status check_or(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_BOOL;
    return wr_agg_check_one("or", WR_TYPE_BIT(WEIR_BOOL), args, n_args, err);
}

static weir_status open_and(void *self, const weir_agg_args *args, weir_error *err) {
    (void)args, (void)err;
    wr_fold_open(self, sizeof(logic_cell), and_rows);
    return WEIR_OK;
}
static weir_status open_or(void *self, const weir_agg_args *args, weir_error *err) {
    (void)args, (void)err;
    wr_fold_open(self, sizeof(logic_cell), or_rows);
    return WEIR_OK;
}

static const weir_param_doc and_params[] = {{"and(<bool> b)", "Whether all values are true."}, {NULL, NULL}};
static const weir_param_doc or_params[] = {{"or(<bool> b)", "Whether any value is true."}, {NULL, NULL}};

const weir_aggregator_type wr_agg_and = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "and",
    .doc = "Whether all values are true; false when there are none.",
    .example = "and(b) of true, false -> false",
    .params = and_params,
    .can_fail = true,
    .check = check_and,
    .open = open_and,
    WR_FOLD_FUNCTIONS,
};

const weir_aggregator_type wr_agg_or = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "or",
    .doc = "Whether any value is true; false when there are none.",
    .example = "or(b) of true, false -> true",
    .params = or_params,
    .can_fail = true,
    .check = check_or,
    .open = open_or,
    WR_FOLD_FUNCTIONS,
};
