/* inbox.h: events that wait for the next cycle: by stream, by column, with the order between streams.
 *
 * Rows are added one by one; wr_inbox_end_arrival closes a chunk and says what the clock is after it. Then
 * wr_inbox_take gives the cycle: one batch a stream, and the clock after each arrival. Strings are copied;
 * all memory is used again by the next cycle. */
#ifndef WR_INBOX_H
#define WR_INBOX_H

#include "runtime/task.h"

typedef struct wr_inbox wr_inbox;

weir_status wr_inbox_new(const wr_plan *plan, wr_account *account, wr_inbox **out,
                         weir_error *err) WR_NODISCARD;
void wr_inbox_free(wr_inbox *x);

/* Adds a row to the arrival at hand. A value of a narrower number type is widened; else types must fit:
 * WEIR_ETYPE. On failure nothing has been added. */
weir_status wr_inbox_add(wr_inbox *x, uint32_t stream, int64_t ts, const weir_value *values,
                         uint32_t n_values, weir_error *err) WR_NODISCARD;
/* Takes back the rows added since the last end_arrival. */
void wr_inbox_drop_arrival(wr_inbox *x);
/* The rows added since the last call are one chunk of this stream (WR_NONE_ID: only the clock moved). */
weir_status wr_inbox_end_arrival(wr_inbox *x, uint32_t stream, int64_t clock, bool late,
                                 weir_error *err) WR_NODISCARD;

uint32_t wr_inbox_rows(const wr_inbox *x);
uint32_t wr_inbox_arrivals(const wr_inbox *x);
int64_t wr_inbox_clock(const wr_inbox *x); /* after the last arrival; only if there is one */

typedef struct wr_inbox_cycle {
    const wr_task_input *inputs;
    uint32_t n_inputs, n_arrivals;
    const int64_t *clock;
    const uint8_t *late; /* NULL: none */
} wr_inbox_cycle;
void wr_inbox_take(wr_inbox *x, wr_inbox_cycle *out);
void wr_inbox_clear(wr_inbox *x);

#endif
