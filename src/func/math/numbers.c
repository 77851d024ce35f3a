/* numbers.c: e, pi, rand, round, signum and what floating numbers are. */
#include <errno.h>
#include <math.h>
#include <sys/random.h>

#include "func/math/doubles.h"
#include "func/math/functions.h"
#include "func/overloads.h"
#include "func/saturate.h"

#define NUMBERS "int|long|float|double"
#define FOR_ROWS(call, row)                                                                                  \
    for (uint32_t k_ = 0, row; k_ < (call)->n_sel && ((row = wr_call_row((call), k_)), true); k_++)

/* ---- e, pi -------------------------------------------------------------------------------------------- */

static weir_status eval_constant(const weir_call *call, double v) {
    FOR_ROWS(call, row)((double *)call->out->data)[row] = v;
    return WEIR_OK;
}

WR_CHECK(check_e, wr_math_e, WEIR_DOUBLE, {0, false, {0}})
WR_CHECK(check_pi, wr_math_pi, WEIR_DOUBLE, {0, false, {0}})

static weir_status eval_e(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return eval_constant(call, 2.718281828459045);
}

static weir_status eval_pi(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return eval_constant(call, 3.141592653589793);
}

const weir_function_type wr_math_e = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "e",
    .doc = "Euler's number.",
    .example = "math:e() -> 2.718281828459045",
    .params = (const weir_param_doc[]){{"math:e()", "No arguments."}, {NULL, NULL}},
    .check = check_e,
    .eval = eval_e,
};
const weir_function_type wr_math_pi = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "pi",
    .doc = "The ratio of a circle's circumference to its diameter.",
    .example = "math:pi() -> 3.141592653589793",
    .params = (const weir_param_doc[]){{"math:pi()", "No arguments."}, {NULL, NULL}},
    .check = check_pi,
    .eval = eval_pi,
};

/* ---- rand --------------------------------------------------------------------------------------------- */

/* The numbers of java.util.Random: a 48-bit linear congruential generator (Knuth, TAOCP 2, 3.2.1). */
#define RANDOM_FACTOR UINT64_C(0x5DEECE66D)
#define RANDOM_MASK   ((UINT64_C(1) << 48) - 1)

static weir_status check_rand(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{0, false, {0}}, {1, false, {WR_T_WHOLE}}};
    *result = WEIR_DOUBLE;
    WR_TRY(wr_check_overloads(&wr_math_rand, overloads, 2, args, n_args, err));
    if (n_args && (!args[0].is_const || args[0].value.is_null))
        return wr_refuse_args(&wr_math_rand, args, n_args, 0, err, "the seed must be a constant");
    return WEIR_OK;
}

static weir_status open_rand(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    uint64_t *state = self, seed = 0;
    ssize_t got = sizeof seed;
    if (n_args)
        seed =
            args[0].type == WEIR_INT ? (uint64_t)(int64_t)args[0].value.as.i : (uint64_t)args[0].value.as.l;
    else
        do got = getrandom(&seed, sizeof seed, 0);
        while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof seed) return weir_fail(err, WEIR_EIO, "the system gives no random numbers");
    *state = (seed ^ RANDOM_FACTOR) & RANDOM_MASK;
    return WEIR_OK;
}

static uint64_t next_bits(uint64_t *state, int bits) {
    *state = (*state * RANDOM_FACTOR + 0xB) & RANDOM_MASK;
    return *state >> (48 - bits);
}

static weir_status eval_rand(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    FOR_ROWS(call, row) {
        uint64_t high = next_bits(self, 26);
        ((double *)call->out->data)[row] = (double)((high << 27) + next_bits(self, 27)) * 0x1p-53;
    }
    return WEIR_OK;
}

const weir_function_type wr_math_rand = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "rand",
    .doc = "A random number from 0 up to 1; those of one seed are always the same.",
    .example = "math:rand(12) -> 0.7298928061101974",
    .params = (const weir_param_doc[]){{"math:rand()", "A seed from the system."},
                                       {"math:rand(<int|long> seed)",
                                        "The numbers that Java gives for the seed, a constant."},
                                       {NULL, NULL}},
    .check = check_rand,
    .state_size = sizeof(uint64_t),
    .open = open_rand,
    .eval = eval_rand,
    .not_pure = true,
};

/* ---- round, signum ------------------------------------------------------------------------------------ */

static weir_status check_round(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overload = {1, false, {WR_T_REAL}};
    WR_TRY(wr_check_overloads(&wr_math_round, &overload, 1, args, n_args, err));
    *result = args[0].type == WEIR_FLOAT ? WEIR_INT : WEIR_LONG;
    return WEIR_OK;
}

/* Halves go up: -2.5 is -2. */
static double rounded(double x) {
    double r = floor(x);
    return x - r >= 0.5 ? r + 1 : r;
}

static weir_status eval_round(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const double *from = wr_doubles_of(call, 0);
    if (!from) return WEIR_ENOMEM;
    if (call->out->type == WEIR_INT)
        FOR_ROWS(call, row)((int32_t *)call->out->data)[row] = wr_saturate_int(rounded(from[row]));
    else
        FOR_ROWS(call, row)((int64_t *)call->out->data)[row] = wr_saturate_long(rounded(from[row]));
    wr_call_null_where(call, 0);
    return WEIR_OK;
}

const weir_function_type wr_math_round = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "round",
    .doc = "The nearest whole number, halves rounded up: a long for a double, an int for a float.",
    .example = "math:round(3252.353) -> 3252L",
    .params =
        (const weir_param_doc[]){{"math:round(<float|double> x)", "Null gives null, NaN 0."}, {NULL, NULL}},
    .check = check_round,
    .eval = eval_round,
};

WR_CHECK(check_signum, wr_math_signum, WEIR_INT, {1, false, {WR_T_NUMBER}})

static weir_status eval_signum(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const double *from = wr_doubles_of(call, 0);
    if (!from) return WEIR_ENOMEM;
    FOR_ROWS(call, row)((int32_t *)call->out->data)[row] = (from[row] > 0) - (from[row] < 0);
    wr_call_null_where(call, 0);
    return WEIR_OK;
}

const weir_function_type wr_math_signum = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "signum",
    .doc = "1 for a number above 0, -1 for one below, else 0.",
    .example = "math:signum(-6.32) -> -1",
    .params = (const weir_param_doc[]){{"math:signum(<" NUMBERS "> x)", "Null gives null."}, {NULL, NULL}},
    .check = check_signum,
    .eval = eval_signum,
};

/* ---- getExponent, isInfinite, isNan ------------------------------------------------------------------- */

WR_CHECK(check_exponent, wr_math_get_exponent, WEIR_INT, {1, false, {WR_T_NUMBER}})

static int32_t exponent_of(double x) {
    if (!isfinite(x)) return 1024;
    if (x == 0 || fpclassify(x) == FP_SUBNORMAL) return -1023;
    return ilogb(x);
}

static weir_status eval_exponent(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const double *from = wr_doubles_of(call, 0);
    if (!from) return WEIR_ENOMEM;
    FOR_ROWS(call, row)((int32_t *)call->out->data)[row] = exponent_of(from[row]);
    wr_call_null_where(call, 0);
    return WEIR_OK;
}

const weir_function_type wr_math_get_exponent = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "getExponent",
    .doc = "The exponent of the number as a double: of 2, without its bias.",
    .example = "math:getExponent(60984.1) -> 15",
    .params =
        (const weir_param_doc[]){{"math:getExponent(<" NUMBERS "> x)", "Null gives null."}, {NULL, NULL}},
    .check = check_exponent,
    .eval = eval_exponent,
};

WR_CHECK(check_infinite, wr_math_is_infinite, WEIR_BOOL, {1, false, {WR_T_REAL}})
WR_CHECK(check_nan, wr_math_is_nan, WEIR_BOOL, {1, false, {WR_T_REAL}})

static weir_status eval_infinite(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const double *from = wr_doubles_of(call, 0);
    if (!from) return WEIR_ENOMEM;
    FOR_ROWS(call, row)
    ((uint8_t *)call->out->data)[row] = !weir_is_null(&call->args[0], row) && isinf(from[row]) != 0;
    return WEIR_OK;
}

static weir_status eval_nan(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const double *from = wr_doubles_of(call, 0);
    if (!from) return WEIR_ENOMEM;
    FOR_ROWS(call, row)
    ((uint8_t *)call->out->data)[row] = !weir_is_null(&call->args[0], row) && from[row] != from[row];
    return WEIR_OK;
}

const weir_function_type wr_math_is_infinite = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "isInfinite",
    .doc = "Is the number infinite?",
    .example = "math:isInfinite(12.5) -> false",
    .params =
        (const weir_param_doc[]){{"math:isInfinite(<float|double> x)", "Null gives false."}, {NULL, NULL}},
    .check = check_infinite,
    .eval = eval_infinite,
};
const weir_function_type wr_math_is_nan = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "isNan",
    .doc = "Is it no number, as the root of -1?",
    .example = "math:isNan(math:sqrt(-1)) -> true",
    .params = (const weir_param_doc[]){{"math:isNan(<float|double> x)", "Null gives false."}, {NULL, NULL}},
    .check = check_nan,
    .eval = eval_nan,
};
