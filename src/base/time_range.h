/* time_range.h: which numbers can be the time of an event.
 *
 * Time is counted in ms since 1970, but nothing here needs that: an app may count in ns. The limits keep sums
 * of a time and a window's length from overflowing, and INT64_MAX free to mean "never". */
#ifndef WR_TIME_RANGE_H
#define WR_TIME_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#define WR_TIME_MAX ((int64_t)1 << 61)

static inline bool wr_is_time(int64_t t) { return t >= -WR_TIME_MAX && t <= WR_TIME_MAX; }

#endif
