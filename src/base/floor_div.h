/* floor_div.h: quotients rounded down, also below zero, where C rounds towards it. */
#ifndef WR_BASE_FLOOR_DIV_H
#define WR_BASE_FLOOR_DIV_H

#include <stdint.h>

/* b > 0 */
static inline int64_t wr_floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

#endif
