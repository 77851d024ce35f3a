/* curves.c: functions of one number to a double: sine, logarithm, root, … Null gives null. */
#include <math.h>

#include "func/math/doubles.h"
#include "func/math/functions.h"
#include "func/overloads.h"

#define PI 3.141592653589793

/* Defines wr_math_ID, math:NAME, over arguments of the given types. */
#define CURVE(id, name_text, types_taken, types_text, expression, doc_text, example_text)                    \
    WR_CHECK(check_##id, wr_math_##id, WEIR_DOUBLE, {1, false, {types_taken}})                               \
    static weir_status eval_##id(void *self, const weir_call *call, weir_error *err) {                       \
        (void)self;                                                                                          \
        (void)err;                                                                                           \
        double *to = call->out->data;                                                                        \
        const double *from = wr_doubles_of(call, 0);                                                         \
        if (!from) return WEIR_ENOMEM;                                                                       \
        for (uint32_t k = 0; k < call->n_sel; k++) {                                                         \
            uint32_t row = wr_call_row(call, k);                                                             \
            double x = from[row];                                                                            \
            to[row] = (expression);                                                                          \
        }                                                                                                    \
        wr_call_null_where(call, 0);                                                                         \
        return WEIR_OK;                                                                                      \
    }                                                                                                        \
    const weir_function_type wr_math_##id = {                                                                \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = "math",                                                                                        \
        .name = name_text,                                                                                   \
        .doc = doc_text,                                                                                     \
        .example = example_text,                                                                             \
        .params = (const weir_param_doc[]){{"math:" name_text "(<" types_text "> x)", "Null gives null."},   \
                                           {NULL, NULL}},                                                    \
        .check = check_##id,                                                                                 \
        .eval = eval_##id,                                                                                   \
    };

CURVE(abs, "abs", WR_T_NUMBER, "int|long|float|double", fabs(x), "The absolute value, as a double.",
      "math:abs(-5) -> 5.0")
CURVE(acos, "acos", WR_T_REAL, "float|double", acos(x), "The arc cosine, in radians; NaN outside of -1 to 1.",
      "math:acos(1.0) -> 0.0")
CURVE(asin, "asin", WR_T_REAL, "float|double", asin(x), "The arc sine, in radians; NaN outside of -1 to 1.",
      "math:asin(0.0) -> 0.0")
CURVE(cbrt, "cbrt", WR_T_NUMBER, "int|long|float|double", (double)cbrtl((long double)x), "The cube root.",
      "math:cbrt(27) -> 3.0")
CURVE(ceil, "ceil", WR_T_REAL, "float|double", ceil(x), "The least whole number that is not smaller.",
      "math:ceil(423.187) -> 424.0")
CURVE(cos, "cos", WR_T_NUMBER, "int|long|float|double", cos(x), "The cosine of an angle in radians.",
      "math:cos(0) -> 1.0")
CURVE(cosh, "cosh", WR_T_NUMBER, "int|long|float|double", cosh(x), "The hyperbolic cosine.",
      "math:cosh(0) -> 1.0")
CURVE(exp, "exp", WR_T_NUMBER, "int|long|float|double", exp(x), "e to the power of the number.",
      "math:exp(0) -> 1.0")
CURVE(floor, "floor", WR_T_NUMBER, "int|long|float|double", floor(x),
      "The greatest whole number that is not greater.", "math:floor(423.187) -> 423.0")
CURVE(ln, "ln", WR_T_NUMBER, "int|long|float|double", log(x), "The natural logarithm; NaN below 0.",
      "math:ln(1) -> 0.0")
CURVE(log10, "log10", WR_T_NUMBER, "int|long|float|double", log10(x),
      "The logarithm to base 10; NaN below 0.", "math:log10(1000) -> 3.0")
CURVE(log2, "log2", WR_T_NUMBER, "int|long|float|double", (log(x) / log(2.0)),
      "The logarithm to base 2; NaN below 0.", "math:log2(8) -> 3.0")
CURVE(sin, "sin", WR_T_NUMBER, "int|long|float|double", sin(x), "The sine of an angle in radians.",
      "math:sin(0) -> 0.0")
CURVE(sinh, "sinh", WR_T_NUMBER, "int|long|float|double", sinh(x), "The hyperbolic sine.",
      "math:sinh(0) -> 0.0")
CURVE(sqrt, "sqrt", WR_T_NUMBER, "int|long|float|double", sqrt(x), "The square root; NaN below 0.",
      "math:sqrt(4) -> 2.0")
CURVE(tan, "tan", WR_T_NUMBER, "int|long|float|double", tan(x), "The tangent of an angle in radians.",
      "math:tan(0) -> 0.0")
CURVE(tanh, "tanh", WR_T_NUMBER, "int|long|float|double", tanh(x), "The hyperbolic tangent.",
      "math:tanh(0) -> 0.0")
CURVE(to_degrees, "toDegrees", WR_T_NUMBER, "int|long|float|double", (x * (180.0 / PI)),
      "An angle in radians, in degrees.", "math:toDegrees(math:pi()) -> 180.0")
CURVE(to_radians, "toRadians", WR_T_NUMBER, "int|long|float|double", (x * (PI / 180.0)),
      "An angle in degrees, in radians.", "math:toRadians(180) -> math:pi()")
