/* ticks.h: when windows that gather rows by periods let them out. */
#ifndef WR_WINDOW_TICKS_H
#define WR_WINDOW_TICKS_H

#include <stdbool.h>
#include <stdint.h>

/* Times don't go beyond the last. */
static inline int64_t wr_later(int64_t t, int64_t by) {
    return __builtin_add_overflow(t, by, &t) ? INT64_MAX : t;
}

/* The end of the period, counted from start, that time lies in. */
static inline int64_t wr_period_end(int64_t time, int64_t start, int64_t period) {
    int64_t since;
    if (__builtin_sub_overflow(time, start, &since)) since = 0;
    return wr_later(time, period - since % period);
}

/* Of a window with a timer of its own, as Siddhi has it: a batch goes out at a boundary, when the timer fires
 * there or when rows come later than that. */
typedef struct wr_ticks {
    int64_t period;     /* ms */
    int64_t next_emit;  /* the boundary that lets the batch out */
    int64_t next_timer; /* the oldest timer that has not fired; INT64_MAX: none */
} wr_ticks;

/* A jump of the clock over years must not tick its way: whole periods, up to the last not after now. While
 * something is to go out at a boundary that is ahead (not is_idle), that stays. */
static inline void wr_ticks_skip(wr_ticks *t, int64_t now, bool is_idle) {
    if (t->next_timer > now || (!is_idle && now >= t->next_emit)) return;
    uint64_t period = (uint64_t)t->period;
    uint64_t skip =
        ((uint64_t)now - (uint64_t)t->next_timer) / period * period; /* may be more than INT64_MAX */
    t->next_timer = (int64_t)((uint64_t)t->next_timer + skip);
    if (is_idle)
        t->next_emit = wr_later(wr_later(t->next_emit, (int64_t)(skip / 2)), (int64_t)(skip - skip / 2));
}

#endif
