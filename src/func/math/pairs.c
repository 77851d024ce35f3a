/* pairs.c: functions of two numbers to a double. A null among them gives null. */
#include <math.h>

#include "func/math/doubles.h"
#include "func/math/functions.h"
#include "func/overloads.h"

typedef double combine(double a, double b);

static weir_status eval_pair(const weir_call *call, combine *f) {
    double *to = call->out->data;
    const double *a = wr_doubles_of(call, 0), *b = wr_doubles_of(call, 1);
    if (!a || !b) return WEIR_ENOMEM;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        to[row] = f(a[row], b[row]);
    }
    wr_call_null_where(call, 0);
    wr_call_null_where(call, 1);
    return WEIR_OK;
}

/* Java's: NaN if one is, and 0.0 is greater than -0.0. */
static double greater(double a, double b) {
    if (a != a || b != b) return NAN;
    if (a == 0 && b == 0) return signbit(a) ? b : a;
    return a > b ? a : b;
}

static double smaller(double a, double b) {
    if (a != a || b != b) return NAN;
    if (a == 0 && b == 0) return signbit(a) ? a : b;
    return a < b ? a : b;
}

#define NUMBERS "int|long|float|double"

/* Defines wr_math_ID, math:NAME, computed by a function of two doubles. */
#define PAIR(id, name_text, a_text, b_text, function, doc_text, example_text)                                \
    WR_CHECK(check_##id, wr_math_##id, WEIR_DOUBLE, {2, false, {WR_T_NUMBER, WR_T_NUMBER}})                  \
    static weir_status eval_##id(void *self, const weir_call *call, weir_error *err) {                       \
        (void)self;                                                                                          \
        (void)err;                                                                                           \
        return eval_pair(call, function);                                                                    \
    }                                                                                                        \
    const weir_function_type wr_math_##id = {                                                                \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = "math",                                                                                        \
        .name = name_text,                                                                                   \
        .doc = doc_text,                                                                                     \
        .example = example_text,                                                                             \
        .params = (const weir_param_doc[]){{"math:" name_text "(<" NUMBERS "> " a_text ", <" NUMBERS         \
                                            "> " b_text ")",                                                 \
                                            "A null gives null."},                                           \
                                           {NULL, NULL}},                                                    \
        .check = check_##id,                                                                                 \
        .eval = eval_##id,                                                                                   \
    };

PAIR(copy_sign, "copySign", "magnitude", "sign", copysign, "The first number with the sign of the second.",
     "math:copySign(5.6, -3.0) -> -5.6")
PAIR(max, "max", "a", "b", greater, "The greater of two numbers; NaN if one of them is.",
     "math:max(123.67, 91) -> 123.67")
PAIR(min, "min", "a", "b", smaller, "The smaller of two numbers; NaN if one of them is.",
     "math:min(123.67, 91) -> 91.0")
PAIR(power, "power", "base", "exponent", pow, "The first number to the power of the second.",
     "math:power(2, 10) -> 1024.0")

/* ---- atan, of one number or two ----------------------------------------------------------------------- */

WR_CHECK(check_atan, wr_math_atan, WEIR_DOUBLE, {1, false, {WR_T_NUMBER}},
         {2, false, {WR_T_NUMBER, WR_T_NUMBER}})

static weir_status eval_atan(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    if (call->n_args == 2) return eval_pair(call, atan2);
    double *to = call->out->data;
    const double *from = wr_doubles_of(call, 0);
    if (!from) return WEIR_ENOMEM;
    for (uint32_t k = 0; k < call->n_sel; k++) to[wr_call_row(call, k)] = atan(from[wr_call_row(call, k)]);
    wr_call_null_where(call, 0);
    return WEIR_OK;
}

const weir_function_type wr_math_atan = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "atan",
    .doc = "The arc tangent, in radians.",
    .example = "math:atan(0) -> 0.0",
    .params = (const weir_param_doc[]){{"math:atan(<" NUMBERS "> x)", "Null gives null."},
                                       {"math:atan(<" NUMBERS "> a, <" NUMBERS "> b)",
                                        "The angle of the point with ordinate a and abscissa b."},
                                       {NULL, NULL}},
    .check = check_atan,
    .eval = eval_atan,
};

/* ---- log ---------------------------------------------------------------------------------------------- */

WR_CHECK(check_log, wr_math_log, WEIR_DOUBLE, {2, false, {WR_T_NUMBER, WR_T_NUMBER}})

static double log_to_base(double number, double base) { return log(number) / log(base); }

static weir_status eval_log(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_TRY(eval_pair(call, log_to_base));
    const double *base = wr_doubles_of(call, 1);
    if (!base) return WEIR_ENOMEM;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        if (base[row] == 1.0 && !weir_is_null(call->out, row))
            wr_call_fail(call, row, "math:log(): there is no logarithm to base 1");
    }
    return WEIR_OK;
}

const weir_function_type wr_math_log = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "log",
    .doc = "The logarithm of a number to a base.",
    .example = "math:log(16, 2) -> 4.0",
    .params = (const weir_param_doc[]){{"math:log(<" NUMBERS "> number, <" NUMBERS "> base)",
                                        "A null gives null; base 1 fails."},
                                       {NULL, NULL}},
    .check = check_log,
    .eval = eval_log,
    .can_fail = true,
};
