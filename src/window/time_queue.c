/* time_queue.c: see time_queue.h. */
#include "window/time_queue.h"
#include "state/held_rows.h"

void wr_time_queue_save(const wr_time_queue *q, weir_writer *w) {
    weir_write_i64(w, (int64_t)q->head);
    weir_write_i64(w, (int64_t)q->tail);
    weir_write_i64(w, q->last_ts);
    weir_write_i64(w, q->next_due);
}

weir_status wr_time_queue_load(wr_time_queue *q, const weir_window *w, weir_reader *r, weir_error *err) {
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&q->head, &q->tail}, 2, WR_HELD_ALL, err));
    q->last_ts = weir_read_i64(r);
    q->next_due = weir_read_i64(r);
    return weir_reader_status(r, err);
}
