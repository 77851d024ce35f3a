/* saturate.h: floating numbers to integers as Java casts them: towards zero, to the nearest end of the range
 * when they are outside of it, NaN to 0. */
#ifndef WR_SATURATE_H
#define WR_SATURATE_H

#include <stdint.h>

static inline int32_t wr_saturate_int(double d) {
    if (d != d) return 0;
    return d >= 2147483647.0 ? INT32_MAX : d <= -2147483648.0 ? INT32_MIN : (int32_t)d;
}

static inline int64_t wr_saturate_long(double d) {
    if (d != d) return 0;
    return d >= 9223372036854775807.0 ? INT64_MAX : d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

#endif
