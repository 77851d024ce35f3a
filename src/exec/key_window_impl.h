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
    union {
        uint32_t before; /* batches: so many of them, the first ones, went out last and are still to expire */
        uint32_t waits;  /* time: it has a due time; here too, where a row costs no look elsewhere */
    };
} wr_key_rows;

/* Of time: see window/time_queue.h. */
typedef struct wr_timed_key {
    wr_key_rows rows;
    int64_t last_ts;
} wr_timed_key;

typedef struct wr_key_window {
    wr_op head;
    wr_leaving leaving;
    int64_t size; /* rows, or ms */
    bool expired_wanted, expired_output, resets;
    bool *is_read, *stored; /* by column; one block, is_read first */
    wr_row_store *store;    /* NULL: nobody reads rows later */
    uint64_t cycle;         /* the store was settled at its begin */
    uint32_t *next;         /* by slot */
    char *keys;             /* by id: wr_timed_key if rows leave by time, else wr_key_rows; see wr_key_at */
    size_t key_bytes;       /* of one */
    uint32_t cap_next, cap_keys;
    wr_due_times due; /* time */
} wr_key_window;

static inline wr_key_rows *wr_key_at(const wr_key_window *w, uint32_t id) {
    return (wr_key_rows *)(w->keys + id * w->key_bytes);
}
static inline wr_timed_key *wr_timed_key_at(const wr_key_window *w, uint32_t id) {
    return (wr_timed_key *)wr_key_at(w, id);
}
weir_status wr_key_window_no_memory(weir_error *err);
/* Room for keys below n_keys and slots below n_slots. */
bool wr_key_window_make_room(wr_key_window *w, uint32_t n_keys, uint32_t n_slots);
void wr_key_rows_add(wr_key_window *w, uint32_t id, uint32_t slot);
/* Takes the oldest row out of the chain (it stays in the store). */
uint32_t wr_key_rows_take(wr_key_window *w, uint32_t id);
/* INT64_MAX: the key waits for nothing. */
weir_status wr_key_window_set_due(wr_key_window *w, uint32_t id, int64_t due, weir_error *err) WR_NODISCARD;
/* The next due time of all keys. */
int64_t wr_key_window_due(const wr_op *op);
void wr_key_window_forget(wr_op *op, uint32_t id);
void wr_key_window_save(const wr_op *op, weir_writer *out);
weir_status wr_key_window_load(wr_op *op, weir_reader *r, weir_error *err);

#endif
