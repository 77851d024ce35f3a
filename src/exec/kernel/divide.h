/* divide.h: division and modulo that are defined for any two values, and are Java's where the divisor is
 * not 0: integers truncate toward zero and INT_MIN / -1 wraps, floats leave the dividend's sign to %. With
 * the divisor 0 they give some value; the caller makes it null. */
#ifndef WR_DIVIDE_H
#define WR_DIVIDE_H

#include <math.h>
#include "base/compiler.h"

/* Through double, which holds every quotient of two ints well enough to be truncated (its error is far below
 * 1/|b|, the least distance of a quotient to the next integer), and which vector units divide. */
WR_INLINE int32_t div_i32(int32_t a, int32_t b) {
    int32_t safe = b == 0 || b == -1 ? 1 : b;
    int32_t quotient = (int32_t)((double)a / (double)safe);
    return b == -1 ? (int32_t)(0u - (uint32_t)a) : quotient;
}

WR_INLINE int32_t mod_i32(int32_t a, int32_t b) {
    int32_t safe = b == 0 || b == -1 ? 1 : b;
    int32_t quotient = (int32_t)((double)a / (double)safe);
    return (int32_t)((uint32_t)a - (uint32_t)quotient * (uint32_t)safe);
}

WR_INLINE int64_t div_i64(int64_t a, int64_t b) {
    int64_t safe = b == 0 || b == -1 ? 1 : b;
    return b == -1 ? (int64_t)(0u - (uint64_t)a) : a / safe;
}

WR_INLINE int64_t mod_i64(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }

WR_INLINE float div_f32(float a, float b) { return a / b; }
WR_INLINE float mod_f32(float a, float b) { return fmodf(a, b); }
WR_INLINE double div_f64(double a, double b) { return a / b; }
WR_INLINE double mod_f64(double a, double b) { return fmod(a, b); }

#endif
