/* session_rows.c: see session_rows.h. */
#include "window/session_rows.h"
#include "state/held_rows.h"

#include <string.h>

void wr_session_rows_fini(wr_session_rows *s) {
    wr_free(s->account, s->ids, s->cap * sizeof *s->ids);
    *s = (wr_session_rows){.account = s->account, .counts_only = s->counts_only};
}

static weir_status insert(wr_session_rows *s, uint32_t at, const weir_row_id *ids, uint32_t n,
                          weir_error *err) {
    if (n > UINT32_MAX - s->n ||
        (!s->counts_only && wr_grow(s->account, &s->ids, &s->cap, s->n + n, sizeof *s->ids)))
        return weir_fail(err, WEIR_ENOMEM, "out of memory in window session()");
    if (n && !s->counts_only) {
        memmove(s->ids + at + n, s->ids + at, (s->n - at) * sizeof *s->ids);
        memcpy(s->ids + at, ids, n * sizeof *ids);
    }
    s->n += n;
    return WEIR_OK;
}

weir_status wr_session_rows_append(wr_session_rows *s, weir_row_id id, weir_error *err) {
    return insert(s, s->n, &id, 1, err);
}

weir_status wr_session_rows_insert_late(wr_session_rows *s, const weir_row_id *ids, uint32_t n,
                                        weir_error *err) {
    if (s->cursor < s->n) s->cursor++;
    WR_TRY(insert(s, s->cursor ? s->cursor - 1 : 0, ids, n, err));
    s->cursor += n;
    return WEIR_OK;
}

weir_status wr_session_rows_move(wr_session_rows *to, wr_session_rows *from, weir_error *err) {
    WR_TRY(insert(to, to->n, from->ids, from->n, err));
    wr_session_rows_clear(from);
    return WEIR_OK;
}

void wr_session_rows_clear(wr_session_rows *s) { s->n = s->cursor = 0; }

void wr_session_rows_save(const wr_session_rows *s, weir_writer *w) {
    weir_write_u32(w, s->n);
    weir_write_u32(w, s->cursor);
    weir_write_i64(w, s->start);
    weir_write_i64(w, s->end);
    weir_write_i64(w, s->alive);
    for (uint32_t i = 0; i < s->n && !s->counts_only; i++) weir_write_i64(w, (int64_t)s->ids[i]);
}

weir_status wr_session_rows_load(wr_session_rows *s, const weir_window *w, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r), cursor = weir_read_u32(r);
    s->start = weir_read_i64(r);
    s->end = weir_read_i64(r);
    s->alive = weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    if (cursor > n || (!s->counts_only && n > weir_reader_left(r) / sizeof(int64_t)))
        return weir_fail(err, WEIR_ESTATE, "a saved session is damaged");
    if (s->counts_only) s->n = n;
    for (uint32_t i = 0; i < n && !s->counts_only; i++) {
        weir_row_id id = (weir_row_id)weir_read_i64(r);
        if (!wr_window_claim(w, id))
            return weir_fail(err, WEIR_ESTATE, "a saved session names rows that are not there");
        WR_TRY(wr_session_rows_append(s, id, err));
    }
    s->cursor = cursor;
    return weir_reader_status(r, err);
}
