/* time_queue.h: rows that leave a fixed span after their timestamp, in order of arrival: what time, delay and
 * timeLength have in common.
 *
 * Siddhi sets a timer for a row at ts + span, into a queue that is first in, first out, and tests its head
 * alone. All of it that matters is next_due, the first timer in the queue: when it fires, every timer that
 * the clock has passed fires, and the head of the rows is then either not due (its own timer is next) or
 * absent. Timers of rows that left early are kept only as next_due. */
#ifndef WR_WINDOW_TIME_QUEUE_H
#define WR_WINDOW_TIME_QUEUE_H

#include "window/emit.h"

typedef struct wr_time_queue {
    int64_t span;           /* ms */
    weir_row_id head, tail; /* ids of the rows inside */
    int64_t last_ts;        /* the newest timestamp that set a timer */
    int64_t next_due;       /* INT64_MAX: no timer is set */
} wr_time_queue;

static inline void wr_time_queue_init(wr_time_queue *q, int64_t span) {
    *q = (wr_time_queue){.span = span, .last_ts = INT64_MIN, .next_due = INT64_MAX};
}
/* Rows with a timestamp up to this are due. */
static inline int64_t wr_time_queue_horizon(const wr_time_queue *q, int64_t now) {
    int64_t t;
    if (__builtin_sub_overflow(now, q->span, &t)) return q->span > 0 ? INT64_MIN : INT64_MAX;
    return t;
}
static inline int64_t wr_time_queue_due_of(const wr_time_queue *q, int64_t ts) {
    int64_t t;
    if (__builtin_add_overflow(ts, q->span, &t)) return q->span > 0 ? INT64_MAX : INT64_MIN;
    return t;
}
/* A row sets its timer. */
static inline void wr_time_queue_schedule(wr_time_queue *q, int64_t ts) {
    if (q->next_due == INT64_MAX) q->next_due = wr_time_queue_due_of(q, ts);
}
/* time and delay: only a row newer than all before it sets one. */
static inline void wr_time_queue_schedule_newest(wr_time_queue *q, int64_t ts) {
    if (ts <= q->last_ts) return;
    q->last_ts = ts;
    wr_time_queue_schedule(q, ts);
}
static inline bool wr_time_queue_head_is_due(const wr_time_queue *q, const weir_window *w, int64_t horizon) {
    return q->head < q->tail && weir_window_ts(w, q->head) <= horizon;
}
/* The timers that the clock has passed have fired, and their rows are gone. */
static inline void wr_time_queue_fired(wr_time_queue *q, const weir_window *w) {
    q->next_due = q->head < q->tail ? wr_time_queue_due_of(q, weir_window_ts(w, q->head)) : INT64_MAX;
}

void wr_time_queue_save(const wr_time_queue *q, weir_writer *w);
weir_status wr_time_queue_load(wr_time_queue *q, const weir_window *w, weir_reader *r,
                               weir_error *err) WR_NODISCARD;

#endif
