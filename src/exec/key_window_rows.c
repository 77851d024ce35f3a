/* key_window_rows.c: the rows and timers that a window of all keys holds, and their saved state. */
#include "base/compiler.h"
#include "data/column.h"
#include "exec/key_window_impl.h"

#define STATE_VERSION 1u

weir_status wr_key_window_no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a window of many keys");
}

static void clear_key(wr_key_window *w, uint32_t id) {
    *wr_key_at(w, id) = (wr_key_rows){0};
    if (w->leaving == WR_LEAVES_BY_TIME) wr_timed_key_at(w, id)->last_ts = INT64_MIN;
}

static int64_t last_ts_of(const wr_key_window *w, uint32_t id) {
    return w->leaving == WR_LEAVES_BY_TIME ? wr_timed_key_at(w, id)->last_ts : INT64_MIN;
}

bool wr_key_window_make_room(wr_key_window *w, uint32_t n_keys, uint32_t n_slots) {
    wr_account *account = &w->head.account;
    uint32_t had = w->cap_keys;
    if (wr_grow(account, &w->keys, &w->cap_keys, n_keys, w->key_bytes) ||
        wr_grow(account, &w->next, &w->cap_next, n_slots, sizeof *w->next))
        return false;
    for (uint32_t i = had; i < w->cap_keys; i++) clear_key(w, i);
    return true;
}

/* ---- Rows ---- */

void wr_key_rows_add(wr_key_window *w, uint32_t id, uint32_t slot) {
    wr_key_rows *k = wr_key_at(w, id);
    if (k->n++)
        w->next[k->last] = slot;
    else
        k->first = slot;
    k->last = slot;
}

uint32_t wr_key_rows_take(wr_key_window *w, uint32_t id) {
    wr_key_rows *k = wr_key_at(w, id);
    uint32_t slot = k->first;
    if (--k->n) k->first = w->next[slot];
    return slot;
}

weir_status wr_key_window_set_due(wr_key_window *w, uint32_t id, int64_t due, weir_error *err) {
    if (!wr_due_times_set(&w->due, id, due)) return wr_key_window_no_memory(err);
    wr_key_at(w, id)->waits = due != INT64_MAX;
    return WEIR_OK;
}

int64_t wr_key_window_due(const wr_op *op) {
    wr_key_window *w = (wr_key_window *)(uintptr_t)op;
    return wr_due_times_next(&w->due);
}

void wr_key_window_forget(wr_op *op, uint32_t id) {
    wr_key_window *w = (wr_key_window *)op;
    if (id < w->cap_keys) {
        while (wr_key_at(w, id)->n) wr_row_store_release(w->store, wr_key_rows_take(w, id));
        clear_key(w, id);
    }
    wr_due_times_unset(&w->due, id);
}

/* ---- State: the rows, then of each key that holds any, or has a timer, its number, timer and slots. ---- */

static bool holds(const wr_key_window *w, uint32_t id) {
    return wr_key_at(w, id)->n || last_ts_of(w, id) != INT64_MIN;
}

static void save_key(const wr_key_window *w, uint32_t id, weir_writer *out) {
    const wr_key_rows *k = wr_key_at(w, id);
    weir_write_u32(out, id + 1);
    weir_write_u32(out, k->n);
    weir_write_u32(out, w->leaving == WR_LEAVES_BY_TIME ? 0 : k->before);
    weir_write_i64(out, last_ts_of(w, id));
    weir_write_i64(out, wr_due_times_of(&w->due, id));
    for (uint32_t i = 0, slot = k->first; i < k->n; slot = w->next[slot], i++) weir_write_u32(out, slot);
}

void wr_key_window_save(const wr_op *op, weir_writer *out) {
    const wr_key_window *w = (const wr_key_window *)op;
    weir_write_u32(out, STATE_VERSION);
    weir_write_u32(out, w->store != NULL);
    if (!w->store) return;
    wr_row_store_save(w->store, out);
    for (uint32_t id = 0; id < w->cap_keys; id++)
        if (holds(w, id)) save_key(w, id, out);
    weir_write_u32(out, 0);
}

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved rows of a window of many keys are damaged");
}

static weir_status load_key(wr_key_window *w, uint32_t id, wr_row_claims *claims, weir_reader *r,
                            weir_error *err) {
    uint32_t n = weir_read_u32(r), before = weir_read_u32(r), n_slots = wr_row_store_n_slots(w->store);
    int64_t last_ts = weir_read_i64(r), due = weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    if (id >= UINT32_C(1) << 28 || before > n || n > n_slots) return damaged(err);
    if (!wr_key_window_make_room(w, id + 1, n_slots)) return wr_key_window_no_memory(err);
    if (holds(w, id)) return damaged(err);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = weir_read_u32(r);
        WR_TRY(weir_reader_status(r, err));
        if (!wr_row_claim(claims, slot)) return damaged(err);
        wr_key_rows_add(w, id, slot);
    }
    if (w->leaving != WR_LEAVES_BY_TIME) {
        wr_key_at(w, id)->before = before;
        return WEIR_OK;
    }
    wr_timed_key_at(w, id)->last_ts = last_ts;
    return wr_key_window_set_due(w, id, due, err);
}

weir_status wr_key_window_load(wr_op *op, weir_reader *r, weir_error *err) {
    wr_key_window *w = (wr_key_window *)op;
    uint32_t version = weir_read_u32(r), had_store = weir_read_u32(r), id1;
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION || had_store != (w->store != NULL))
        return weir_fail(err, WEIR_ESTATE, "the saved window of many keys held other rows");
    if (!w->store) return WEIR_OK;
    WR_TRY(wr_row_store_load(w->store, r, err));
    wr_row_claims claims;
    weir_status st =
        wr_row_claims_init(&claims, w->store, &op->account) ? WEIR_OK : wr_key_window_no_memory(err);
    while (st == WEIR_OK && (id1 = weir_read_u32(r)) != 0) st = load_key(w, id1 - 1, &claims, r, err);
    wr_row_claims_fini(&claims);
    return st == WEIR_OK ? weir_reader_status(r, err) : st;
}
