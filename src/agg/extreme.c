/* extreme.c: min(x), max(x). Where values leave groups each group keeps a deque of what may still become its
 * extreme, else the extreme alone. */
#include "agg/check.h"
#include "agg/extreme.h"
#include "agg/table.h"

typedef struct extreme {
    bool slides; /* values leave: deques are used, else plain */
    union {
        wr_fold plain;
        wr_deques deques;
    } u;
} extreme;

static weir_status check_min(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_agg_check_one("min", WR_NUMERIC_BITS, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

static weir_status check_max(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_agg_check_one("max", WR_NUMERIC_BITS, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

static const wr_fold_loop *plain_loops(bool forgets, bool smallest) {
    if (forgets) return smallest ? wr_extreme_min_forgetting : wr_extreme_max_forgetting;
    return smallest ? wr_extreme_min : wr_extreme_max;
}

static weir_status open(extreme *x, const weir_agg_args *args, bool smallest) {
    weir_type type = args->args[0].type;
    x->slides = args->removes && !args->forgets;
    if (x->slides)
        wr_deques_open(&x->u.deques, type, smallest);
    else
        wr_fold_open(&x->u.plain, sizeof(wr_extreme_cell), plain_loops(args->removes, smallest)[type]);
    return WEIR_OK;
}
static weir_status open_min(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    return open(self, args, true);
}
static weir_status open_max(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    return open(self, args, false);
}

static void close(void *self) {
    extreme *x = self;
    if (x->slides)
        wr_deques_close(&x->u.deques);
    else
        wr_fold_close(&x->u.plain);
}

static weir_status reserve(void *self, uint32_t n_groups, weir_error *err) {
    extreme *x = self;
    return x->slides ? wr_deques_reserve(&x->u.deques, n_groups, err)
                     : wr_fold_reserve(&x->u.plain, n_groups, err);
}

static weir_status update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    extreme *x = self;
    return x->slides ? wr_deques_update(&x->u.deques, rows, out, err)
                     : wr_fold_update(&x->u.plain, rows, out, err);
}

static void reset_all(void *self, uint32_t n_groups) {
    extreme *x = self;
    if (x->slides)
        wr_deques_reset_all(&x->u.deques, n_groups);
    else
        wr_fold_reset_all(&x->u.plain, n_groups);
}

static void reset(void *self, uint32_t group) {
    extreme *x = self;
    if (x->slides)
        wr_deques_reset(&x->u.deques, group);
    else
        wr_fold_reset(&x->u.plain, group);
}

static bool release(void *self, uint32_t group) {
    extreme *x = self;
    return x->slides ? wr_deques_release(&x->u.deques, group) : wr_fold_release(&x->u.plain, group);
}

static size_t bytes(const void *self) {
    const extreme *x = self;
    return x->slides ? wr_deques_bytes(&x->u.deques) : wr_fold_bytes(&x->u.plain);
}

static void save(const void *self, uint32_t n_groups, weir_writer *w) {
    const extreme *x = self;
    weir_write_u32(w, x->slides);
    if (x->slides)
        wr_deques_save(&x->u.deques, n_groups, w);
    else
        wr_fold_save(&x->u.plain, n_groups, w);
}

static weir_status load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err) {
    extreme *x = self;
    if (weir_read_u32(r) != x->slides)
        return weir_fail(err, WEIR_ESTATE, "saved state of min() or max() is of another kind of window");
    return x->slides ? wr_deques_load(&x->u.deques, n_groups, r, err)
                     : wr_fold_load(&x->u.plain, n_groups, r, err);
}

static void save_some(const void *self, const uint32_t *groups, uint32_t n, weir_writer *w) {
    const extreme *x = self;
    weir_write_u32(w, x->slides);
    if (x->slides)
        wr_deques_save_some(&x->u.deques, groups, n, w);
    else
        wr_fold_save_some(&x->u.plain, groups, n, w);
}

static weir_status load_some(void *self, const uint32_t *groups, uint32_t n, weir_reader *r,
                             weir_error *err) {
    extreme *x = self;
    if (weir_read_u32(r) != x->slides)
        return weir_fail(err, WEIR_ESTATE, "saved state of min() or max() is of another kind of window");
    return x->slides ? wr_deques_load_some(&x->u.deques, groups, n, r, err)
                     : wr_fold_load_some(&x->u.plain, groups, n, r, err);
}

static const weir_param_doc min_params[] = {
    {"min(<int|long|float|double> x)", "The smallest value, of the type of x."}, {NULL, NULL}};

static const weir_param_doc max_params[] = {
    {"max(<int|long|float|double> x)", "The largest value, of the type of x."}, {NULL, NULL}};

#define EXTREME_FUNCTIONS                                                                                    \
    .state_size = sizeof(extreme), .close = close, .reserve = reserve, .update = update,                     \
    .reset_all = reset_all, .reset = reset, .release = release, .bytes = bytes, .save = save, .load = load,  \
    .save_some = save_some, .load_some = load_some

const weir_aggregator_type wr_agg_min = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "min",
    .doc = "The smallest of the values that are not null; null when there are none.",
    .example = "min(x) of 2, 1, 3 -> 1",
    .params = min_params,
    .check = check_min,
    .open = open_min,
    EXTREME_FUNCTIONS,
};

const weir_aggregator_type wr_agg_max = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "max",
    .doc = "The largest of the values that are not null; null when there are none.",
    .example = "max(x) of 2, 1, 3 -> 3",
    .params = max_params,
    .check = check_max,
    .open = open_max,
    EXTREME_FUNCTIONS,
};
