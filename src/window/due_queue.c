/* due_queue.c: see due_queue.h. */
#include "window/due_queue.h"

#include <string.h>

void wr_due_queue_fini(wr_due_queue *q) {
    wr_free(NULL, q->due, q->cap * sizeof *q->due);
    *q = (wr_due_queue){0};
}

weir_status wr_due_queue_push(wr_due_queue *q, int64_t due, weir_error *err) {
    if (q->n && due <= q->due[q->head + q->n - 1]) return WEIR_OK;
    if (q->head + q->n == q->cap && q->head > q->cap / 2) {
        memmove(q->due, q->due + q->head, q->n * sizeof *q->due);
        q->head = 0;
    }
    if (wr_grow(NULL, &q->due, &q->cap, q->head + q->n + 1, sizeof *q->due))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for the timers of a window");
    q->due[q->head + q->n++] = due;
    return WEIR_OK;
}

int64_t wr_due_queue_head(const wr_due_queue *q) { return q->n ? q->due[q->head] : INT64_MAX; }

void wr_due_queue_pop(wr_due_queue *q) {
    q->head++;
    if (!--q->n) q->head = 0;
}

void wr_due_queue_save(const wr_due_queue *q, weir_writer *w) {
    weir_write_u32(w, q->n);
    for (uint32_t i = 0; i < q->n; i++) weir_write_i64(w, q->due[q->head + i]);
}

weir_status wr_due_queue_load(wr_due_queue *q, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    if (n > weir_reader_left(r) / sizeof(int64_t))
        return weir_fail(err, WEIR_ESTATE, "the saved timers of a window are damaged");
    for (uint32_t i = 0; i < n; i++) WR_TRY(wr_due_queue_push(q, weir_read_i64(r), err));
    return weir_reader_status(r, err);
}
