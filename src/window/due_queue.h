/* due_queue.h: timers as Siddhi keeps them: first in, first out, and only the head is looked at. One that is
 * set for no later than the last in the queue fires right behind it and finds nothing to do, so only those
 * that are later than all before them are kept: the queue is ascending. */
#ifndef WR_WINDOW_DUE_QUEUE_H
#define WR_WINDOW_DUE_QUEUE_H

#include "base/alloc.h"
#include "weir_ext.h"

typedef struct wr_due_queue {
    int64_t *due;
    uint32_t head, n, cap; /* due[head..head + n - 1] wait */
} wr_due_queue;

void wr_due_queue_fini(wr_due_queue *q);
weir_status wr_due_queue_push(wr_due_queue *q, int64_t due, weir_error *err) WR_NODISCARD;
int64_t wr_due_queue_head(const wr_due_queue *q); /* INT64_MAX: none */
void wr_due_queue_pop(wr_due_queue *q);
void wr_due_queue_save(const wr_due_queue *q, weir_writer *w);
weir_status wr_due_queue_load(wr_due_queue *q, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
