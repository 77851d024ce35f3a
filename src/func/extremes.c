/* extremes.c: maximum() and minimum() of their arguments, as Siddhi computes them: in double, starting from
 * Java's Double.MIN_VALUE (the least positive number, so that a maximum of nothing but negatives is 0) and
 * Double.MAX_VALUE; nulls and NaN are passed over; then cast back to the type. A single argument is given
 * back as it is. */
#include <float.h>

#include "data/type.h"
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"
#include "func/saturate.h"

#define AS_FLOAT(x)  ((float)(x))
#define AS_DOUBLE(x) (x)

#define KERNEL_TYPE        int32_t
#define KERNEL_MAX         max_int
#define KERNEL_MIN         min_int
#define KERNEL_STORE       store_int
#define KERNEL_FROM_DOUBLE wr_saturate_int
#include "func/extremes_kernel.inc.h"
#define KERNEL_TYPE        int64_t
#define KERNEL_MAX         max_long
#define KERNEL_MIN         min_long
#define KERNEL_STORE       store_long
#define KERNEL_FROM_DOUBLE wr_saturate_long
#include "func/extremes_kernel.inc.h"
#define KERNEL_TYPE        float
#define KERNEL_MAX         max_float
#define KERNEL_MIN         min_float
#define KERNEL_STORE       store_float
#define KERNEL_FROM_DOUBLE AS_FLOAT
#include "func/extremes_kernel.inc.h"
#define KERNEL_TYPE        double
#define KERNEL_MAX         max_double
#define KERNEL_MIN         min_double
#define KERNEL_STORE       store_double
#define KERNEL_FROM_DOUBLE AS_DOUBLE
#include "func/extremes_kernel.inc.h"

typedef struct kernels {
    void (*max)(const weir_call *, uint32_t arg, double *best);
    void (*min)(const weir_call *, uint32_t arg, double *best);
    void (*store)(const weir_call *, const double *best);
} kernels;

static const kernels by_type[WEIR_N_TYPES] = {
    [WEIR_INT] = {max_int, min_int, store_int},
    [WEIR_LONG] = {max_long, min_long, store_long},
    [WEIR_FLOAT] = {max_float, min_float, store_float},
    [WEIR_DOUBLE] = {max_double, min_double, store_double},
};

static weir_status check(const weir_function_type *self, const weir_arg *args, uint32_t n_args,
                         weir_type *result, weir_error *err) {
    WR_TRY(wr_check_arg_count(self, args, n_args, 1, UINT32_MAX, err));
    for (uint32_t i = 0; i < n_args; i++)
        if (!wr_type_is_numeric(args[i].type))
            return wr_refuse_args(self, args, n_args, i, err, "argument %u is %s, not a number", i + 1,
                                  weir_type_name(args[i].type));
    WR_TRY(wr_check_same_type(self, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

/* ---- Cells that hold objects -------------------------------------------------------------------------- */

static weir_status pass_on(const weir_call *call) {
    if (wr_column_is_plain(&call->args[0]) == wr_column_is_plain(call->out)) {
        wr_call_copy(call, &call->args[0]);
        return WEIR_OK;
    }
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = wr_call_get(call, 0, row);
        WR_TRY(wr_call_put(call, row, &v));
    }
    return WEIR_OK;
}

static double number_of(const weir_value *v) {
    switch (v->type) {
    case WEIR_INT: return v->as.i;
    case WEIR_LONG: return (double)v->as.l;
    case WEIR_FLOAT: return (double)v->as.f;
    default: return v->as.d;
    }
}

/* Any number counts, whatever its label; what is no number is passed over. */
static void fold_cells(const weir_call *call, uint32_t arg, bool is_max, double *best) {
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = wr_call_get(call, arg, row);
        if (v.is_null || !wr_type_is_numeric(v.type)) continue;
        double d = number_of(&v);
        if (is_max ? d > best[row] : d < best[row]) best[row] = d;
    }
}

static weir_value result_of(weir_type type, double d) {
    switch (type) {
    case WEIR_INT: return wr_value_int(wr_saturate_int(d));
    case WEIR_LONG: return wr_value_long(wr_saturate_long(d));
    case WEIR_FLOAT: return wr_value_float((float)d);
    default: return wr_value_double(d);
    }
}

static weir_status store_cells(const weir_call *call, const double *best) {
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = result_of(call->out->type, best[row]);
        WR_TRY(wr_call_put(call, row, &v));
    }
    return WEIR_OK;
}

/* ---- The functions ------------------------------------------------------------------------------------ */

static weir_status eval(const weir_call *call, bool is_max) {
    if (call->n_args == 1) return pass_on(call);
    double start = is_max ? 4.9406564584124654e-324 : DBL_MAX;
    double *best = wr_arena_array(call->arena, call->n_rows, sizeof *best);
    if (!best) return WEIR_ENOMEM;
    for (uint32_t k = 0; k < call->n_sel; k++) best[wr_call_row(call, k)] = start;
    const kernels *k = &by_type[call->out->type];
    for (uint32_t i = 0; i < call->n_args; i++) {
        if (!wr_column_is_plain(&call->args[i]))
            fold_cells(call, i, is_max, best);
        else
            (is_max ? k->max : k->min)(call, i, best);
    }
    if (!wr_column_is_plain(call->out)) return store_cells(call, best);
    k->store(call, best);
    return WEIR_OK;
}

static weir_status check_max(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return check(&wr_function_maximum, args, n_args, result, err);
}
static weir_status check_min(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return check(&wr_function_minimum, args, n_args, result, err);
}
static weir_status eval_max(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return eval(call, true);
}
static weir_status eval_min(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return eval(call, false);
}

const weir_function_type wr_function_maximum = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "maximum",
    .doc =
        "Gives the largest of the arguments that are not null; never less than 0, unless there is only one.",
    .example = "maximum(3, 7, 5) -> 7",
    .params = (const weir_param_doc[]){{"maximum(<int|long|float|double> value, <int|long|float|double> ...)",
                                        "Any number of numbers of one type, which is the result's."},
                                       {NULL, NULL}},
    .check = check_max,
    .eval = eval_max,
    .takes_boxed = true,
};

const weir_function_type wr_function_minimum = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "minimum",
    .doc = "Gives the smallest of the arguments that are not null.",
    .example = "minimum(3, 7, 5) -> 3",
    .params = (const weir_param_doc[]){{"minimum(<int|long|float|double> value, <int|long|float|double> ...)",
                                        "Any number of numbers of one type, which is the result's."},
                                       {NULL, NULL}},
    .check = check_min,
    .eval = eval_min,
    .takes_boxed = true,
};
