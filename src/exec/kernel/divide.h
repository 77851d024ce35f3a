/* divide.h: division and modulo that are defined for any two values, and are Java's where the divisor is
 * not 0: integers truncate toward zero and INT_MIN / -1 wraps, floats leave the dividend's sign to %. With
 * the divisor 0 they give some value; the caller makes it null. */
#ifndef WR_DIVIDE_H
#define WR_DIVIDE_H

#include <math.h>
#include "base/compiler.h"

/* Without branches, which divisors of all kinds would make slow: 0 and -1 divide as 1, and where the divisor
 * was -1 the quotient is turned afterwards. */
WR_INLINE int32_t safe_i32(int32_t b) { return b + (b == 0) + 2 * (b == -1); }
WR_INLINE int64_t safe_i64(int64_t b) { return b + (b == 0) + 2 * (b == -1); }

/* Through double, which holds every quotient of two ints well enough to be truncated (its error is far below
 * 1/|b|, the least distance of a quotient to the next integer), and which vector units divide. */
WR_INLINE int32_t truncated_i32(int32_t a, int32_t safe) { return (int32_t)((double)a / (double)safe); }

WR_INLINE int32_t div_i32(int32_t a, int32_t b) {
    uint32_t turn = 0u - (uint32_t)(b == -1); /* all ones or 0 */
    return (int32_t)(((uint32_t)truncated_i32(a, safe_i32(b)) ^ turn) - turn);
}

WR_INLINE int32_t mod_i32(int32_t a, int32_t b) {
    int32_t safe = safe_i32(b);
    return (int32_t)((uint32_t)a - (uint32_t)truncated_i32(a, safe) * (uint32_t)safe);
}

WR_INLINE int64_t div_i64(int64_t a, int64_t b) {
    uint64_t turn = 0u - (uint64_t)(b == -1);
    return (int64_t)(((uint64_t)(a / safe_i64(b)) ^ turn) - turn);
}

WR_INLINE int64_t mod_i64(int64_t a, int64_t b) { return a % safe_i64(b); }

/* a % (mask + 1), of a power of two: rounds toward zero as the others do, without a division. */
WR_INLINE int32_t masked_i32(int32_t a, int32_t mask) {
    int32_t bias = a < 0 ? mask : 0;
    return ((a + bias) & mask) - bias;
}
WR_INLINE int64_t masked_i64(int64_t a, int64_t mask) {
    int64_t bias = a < 0 ? mask : 0;
    return ((a + bias) & mask) - bias;
}

WR_INLINE float div_f32(float a, float b) { return a / b; }
WR_INLINE float mod_f32(float a, float b) { return fmodf(a, b); }
WR_INLINE double div_f64(double a, double b) { return a / b; }
WR_INLINE double mod_f64(double a, double b) { return fmod(a, b); }

#endif
