/* time_queue.c: see time_queue.h. */
#include "window/time_queue.h"

void wr_time_queue_save(const wr_time_queue *q, weir_writer *w) {
    weir_write_i64(w, (int64_t)q->head);
    weir_write_i64(w, (int64_t)q->tail);
    weir_write_i64(w, q->last_ts);
    weir_write_i64(w, q->next_due);
}

weir_status wr_time_queue_load(wr_time_queue *q, weir_reader *r, weir_error *err) {
    q->head = (weir_row_id)weir_read_i64(r);
    q->tail = (weir_row_id)weir_read_i64(r);
    q->last_ts = weir_read_i64(r);
    q->next_due = weir_read_i64(r);
    return weir_reader_status(r, err);
}
