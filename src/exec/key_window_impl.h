/* key_window_impl.h: the inside of a window of all keys: what it holds (key_window_rows.c) and what it does
 * in a call (key_window.c). */
#ifndef WR_KEY_WINDOW_IMPL_H
#define WR_KEY_WINDOW_IMPL_H

#include "exec/key_due.h"
#include "exec/key_window.h"
#include "exec/partition.h"
#include "exec/row_store.h"

#define WR_NO_SLOT UINT32_MAX

/* How rows leave. */
typedef enum wr_leaving {
    WR_LEAVES_OTHERWISE, /* not kept here */
    WR_LEAVES_BY_LENGTH,
    WR_LEAVES_BY_TIME,
    WR_LEAVES_IN_BATCHES
} wr_leaving;

/* The rows of a key. */
typedef struct wr_key_rows {
    uint32_t first, last; /* slots; only if n */
    uint32_t n;
    uint32_t before; /* batches: so many of them, the first ones, went out last and are still to expire */
} wr_key_rows;

typedef struct wr_key_window {
    wr_op head;
    wr_leaving leaving;
    int64_t size; /* rows, or ms */
    bool expired_wanted, expired_output, resets;
    bool *is_read, *stored; /* by column; one block, is_read first */
    wr_row_store *store;    /* NULL: nobody reads rows later */
    uint64_t cycle;         /* the store was settled at its begin */
    uint32_t *next;         /* by slot */
    wr_key_rows *keys;      /* by id */
    uint32_t cap_next, cap_keys;
    /* time: see window/time_queue.h */
    int64_t *last_ts; /* by id */
    uint32_t cap_last_ts;
    wr_due_times due;
} wr_key_window;

weir_status wr_key_window_no_memory(weir_error *err);
/* Room for keys below n_keys and slots below n_slots. */
bool wr_key_window_make_room(wr_key_window *w, uint32_t n_keys, uint32_t n_slots);
void wr_key_rows_add(wr_key_window *w, uint32_t id, uint32_t slot);
/* Takes the oldest row out of the chain (it stays in the store). */
uint32_t wr_key_rows_take(wr_key_window *w, uint32_t id);
/* The next due time of all keys. */
int64_t wr_key_window_due(const wr_op *op);
void wr_key_window_forget(wr_op *op, uint32_t id);
void wr_key_window_save(const wr_op *op, weir_writer *out);
weir_status wr_key_window_load(wr_op *op, weir_reader *r, weir_error *err);

#endif
