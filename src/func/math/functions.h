/* functions.h: the functions of namespace math; all listed in table.c. */
#ifndef WR_MATH_FUNCTIONS_H
#define WR_MATH_FUNCTIONS_H

#include "weir_ext.h"

/* curves.c */
extern const weir_function_type wr_math_abs, wr_math_acos, wr_math_asin, wr_math_cbrt, wr_math_ceil,
    wr_math_cos, wr_math_cosh, wr_math_exp, wr_math_floor, wr_math_ln, wr_math_log10, wr_math_log2,
    wr_math_sin, wr_math_sinh, wr_math_sqrt, wr_math_tan, wr_math_tanh, wr_math_to_degrees,
    wr_math_to_radians;
/* pairs.c */
extern const weir_function_type wr_math_atan, wr_math_copy_sign, wr_math_log, wr_math_max, wr_math_min,
    wr_math_power;
/* numbers.c */
extern const weir_function_type wr_math_e, wr_math_get_exponent, wr_math_is_infinite, wr_math_is_nan,
    wr_math_pi, wr_math_rand, wr_math_round, wr_math_signum;
/* bases.c */
extern const weir_function_type wr_math_bin, wr_math_conv, wr_math_hex, wr_math_oct, wr_math_parse_double,
    wr_math_parse_float, wr_math_parse_int, wr_math_parse_long;

#endif
