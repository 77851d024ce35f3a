/* clock.h: the system's clocks. Operators have none: an app's time comes with its events (exec/operator.h).
 */
#ifndef WR_BASE_CLOCK_H
#define WR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t wr_clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* For spans; since some moment of the system's. */
static inline int64_t wr_monotonic_ns(void) { return wr_clock_ns(CLOCK_MONOTONIC); }
static inline int64_t wr_monotonic_us(void) { return wr_monotonic_ns() / 1000; }
static inline int64_t wr_monotonic_ms(void) { return wr_monotonic_ns() / 1000000; }
/* The time of day, since 1970. */
static inline int64_t wr_wall_ns(void) { return wr_clock_ns(CLOCK_REALTIME); }
static inline int64_t wr_wall_ms(void) { return wr_wall_ns() / 1000000; }

#endif
