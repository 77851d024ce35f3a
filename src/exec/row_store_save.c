/* row_store_save.c: a store's rows in saved state.
 *
 *   shape, head, tail, n columns, each column's number and type      what the rows are
 *   BAG: n rows, their slots
 *   timestamps; then for each column: are there nulls, a byte for each row if so, the values
 *
 * Rows go by id; values of fixed size as their bytes. */
#include "exec/row_store_impl.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are saved as they lie in memory");

/* Calls body for each stretch of n held rows from id on that lie side by side. */
#define FOR_EACH_STRETCH(s, id, n)                                                                           \
    for (weir_row_id id = first_stretch(s, (s)->head, &n); n; id = first_stretch(s, id + n, &n))

static weir_row_id first_stretch(const wr_row_store *s, weir_row_id id, uint32_t *n) {
    *n = 0;
    while (id < s->tail && !wr_row_store_has(s, id)) id++;
    if (id >= s->tail) return id;
    uint32_t most = (uint32_t)WR_MIN(wr_store_rows(s) - wr_store_offset(s, id), s->tail - id);
    do ++*n;
    while (*n < most && wr_row_store_has(s, id + *n));
    return id;
}

/* ---- Saving ---- */

static uint32_t type_mark(const wr_stored_column *c) { return (uint32_t)c->type | (c->boxed ? 256u : 0); }

static void save_nulls(const wr_row_store *s, uint32_t col, weir_writer *w) {
    uint32_t n;
    weir_write_u32(w, s->cols[col].seen_null);
    if (!s->cols[col].seen_null) return;
    FOR_EACH_STRETCH(s, id, n) {
        wr_segment *seg = wr_store_segment(s, id);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t null = wr_segment_is_null(seg, col, wr_store_offset(s, id) + i);
            weir_write_bytes(w, &null, 1);
        }
    }
}

static void save_values(const wr_row_store *s, uint32_t col, weir_writer *w) {
    const wr_stored_column *c = &s->cols[col];
    uint32_t n;
    FOR_EACH_STRETCH(s, id, n) {
        const char *cells =
            wr_segment_cells(c, wr_store_segment(s, id)) + (size_t)wr_store_offset(s, id) * c->size;
        if (!c->is_object && !c->is_string) weir_write_bytes(w, cells, (size_t)n * c->size);
        for (uint32_t i = 0; i < n && (c->is_object || c->is_string); i++) {
            weir_value v = wr_row_store_value(s, id + i, c->column);
            if (c->is_string)
                weir_write_string(w, &v.as.s);
            else
                weir_write_value(w, &v);
        }
    }
}

void wr_row_store_save(const wr_row_store *s, weir_writer *w) {
    uint32_t n;
    weir_write_u32(w, s->shape);
    weir_write_i64(w, (int64_t)s->head);
    weir_write_i64(w, (int64_t)s->tail);
    weir_write_u32(w, s->n_cols);
    for (uint32_t c = 0; c < s->n_cols; c++) {
        weir_write_u32(w, s->cols[c].column);
        weir_write_u32(w, type_mark(&s->cols[c]));
    }
    if (s->shape == WEIR_WINDOW_BAG) {
        weir_write_u32(w, (uint32_t)s->count);
        FOR_EACH_STRETCH(s, id, n)
        for (uint32_t i = 0; i < n; i++) weir_write_u32(w, (uint32_t)(id + i));
    }
    FOR_EACH_STRETCH(s, id, n)
    weir_write_bytes(w, wr_segment_ts(s, wr_store_segment(s, id)) + wr_store_offset(s, id),
                     n * sizeof(int64_t));
    for (uint32_t c = 0; c < s->n_cols; c++) {
        save_nulls(s, c, w);
        save_values(s, c, w);
    }
}

/* ---- Loading ---- */

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved rows of a window or table are damaged");
}

static weir_status check_columns(const wr_row_store *s, weir_reader *r, weir_error *err) {
    bool same = weir_read_u32(r) == s->n_cols;
    for (uint32_t c = 0; same && c < s->n_cols; c++) {
        same = weir_read_u32(r) == s->cols[c].column;
        same = weir_read_u32(r) == type_mark(&s->cols[c]) && same;
    }
    WR_TRY(weir_reader_status(r, err));
    if (same) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE, "the saved rows of a window or table have other columns");
}

static weir_status open_fifo(wr_row_store *s, int64_t head, int64_t tail, weir_reader *r, weir_error *err) {
    if (head < 0 || tail < head || (uint64_t)(tail - head) > weir_reader_left(r) / sizeof(int64_t))
        return damaged(err);
    s->head = s->settled = s->tail = (weir_row_id)head;
    WR_TRY(wr_store_make_room(s, (weir_row_id)tail, err));
    s->count = (uint64_t)(tail - head);
    s->tail = (weir_row_id)tail;
    return WEIR_OK;
}

/* All slots up to tail: those listed hold rows, the others are free. */
static weir_status open_bag(wr_row_store *s, int64_t tail, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    if (tail < n || tail >= UINT32_MAX || n > weir_reader_left(r) / sizeof(uint32_t)) return damaged(err);
    if (!tail) return WEIR_OK;
    WR_TRY(wr_store_make_room(s, (weir_row_id)tail, err));
    if (wr_grow(s->account, &s->free_slots, &s->cap_slots, (uint32_t)tail, sizeof *s->free_slots))
        return wr_store_no_memory(err);
    s->tail = (weir_row_id)tail;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = weir_read_u32(r);
        if (slot >= tail || wr_row_store_has(s, slot)) return damaged(err);
        wr_segment_live(s, wr_store_segment(s, slot))[wr_store_offset(s, slot) >> 6] |=
            (uint64_t)1 << (wr_store_offset(s, slot) & 63);
    }
    for (uint32_t slot = (uint32_t)tail; slot--;)
        if (!wr_row_store_has(s, slot)) s->free_slots[s->n_free++] = slot;
    s->count = n;
    return WEIR_OK;
}

/* Nothing that a cell may point to is there yet. */
static void clear_cells(wr_row_store *s) {
    for (uint32_t i = 0; i < s->n_segs; i++)
        for (uint32_t c = 0; c < s->n_cols; c++)
            memset(wr_segment_cells(&s->cols[c], s->segs[i]), 0, (size_t)wr_store_rows(s) * s->cols[c].size);
}

static weir_status load_nulls(wr_row_store *s, uint32_t col, weir_reader *r, weir_error *err) {
    uint32_t n;
    s->cols[col].seen_null = weir_read_u32(r) != 0;
    if (!s->cols[col].seen_null) return WEIR_OK;
    FOR_EACH_STRETCH(s, id, n) {
        wr_segment *seg = wr_store_segment(s, id);
        uint64_t *valid = wr_segment_need_valid(s, seg, col);
        if (!valid) return wr_store_no_memory(err);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t null = 0;
            uint32_t row = wr_store_offset(s, id) + i;
            weir_read_bytes(r, &null, 1);
            if (null) valid[row >> 6] &= ~((uint64_t)1 << (row & 63));
        }
    }
    return WEIR_OK;
}

static weir_status load_text(wr_row_store *s, wr_segment *seg, weir_string *cell, weir_reader *r,
                             weir_arena *scratch, weir_error *err) {
    weir_string text;
    WR_TRY(weir_read_string(r, scratch, &text));
    WR_TRY(wr_store_keep_text(s, seg, &text, err));
    *cell = text;
    wr_arena_reset(scratch);
    return WEIR_OK;
}

static weir_status load_object(weir_object **cell, weir_reader *r, weir_arena *scratch, weir_error *err) {
    weir_value v;
    WR_TRY(weir_read_value(r, scratch, &v));
    if (v.type != WEIR_OBJECT && !v.is_null) return damaged(err);
    if (!v.is_null) *cell = weir_object_ref(v.as.o);
    wr_arena_reset(scratch);
    return WEIR_OK;
}

static weir_status load_values(wr_row_store *s, uint32_t col, weir_reader *r, weir_arena *scratch,
                               weir_error *err) {
    const wr_stored_column *c = &s->cols[col];
    uint32_t n;
    FOR_EACH_STRETCH(s, id, n) {
        wr_segment *seg = wr_store_segment(s, id);
        char *cells = wr_segment_cells(c, seg) + (size_t)wr_store_offset(s, id) * c->size;
        if (!c->is_object && !c->is_string) weir_read_bytes(r, cells, (size_t)n * c->size);
        for (uint32_t i = 0; i < n && c->is_string; i++)
            WR_TRY(load_text(s, seg, (weir_string *)(void *)cells + i, r, scratch, err));
        for (uint32_t i = 0; i < n && c->is_object; i++)
            WR_TRY(load_object((weir_object **)(void *)cells + i, r, scratch, err));
        if (c->type == WEIR_BOOL && !c->is_object)
            for (uint32_t i = 0; i < n; i++) cells[i] = cells[i] != 0;
    }
    return WEIR_OK;
}

static weir_status load_rows(wr_row_store *s, weir_reader *r, weir_arena *scratch, weir_error *err) {
    uint32_t n;
    FOR_EACH_STRETCH(s, id, n)
    weir_read_bytes(r, wr_segment_ts(s, wr_store_segment(s, id)) + wr_store_offset(s, id),
                    n * sizeof(int64_t));
    for (uint32_t c = 0; c < s->n_cols; c++) {
        WR_TRY(load_nulls(s, c, r, err));
        WR_TRY(load_values(s, c, r, scratch, err));
    }
    return weir_reader_status(r, err);
}

weir_status wr_row_store_load(wr_row_store *s, weir_reader *r, weir_error *err) {
    if (s->tail != s->head || s->n_segs)
        return weir_fail(err, WEIR_EUSAGE, "rows can only be loaded into an empty store");
    uint32_t shape = weir_read_u32(r);
    int64_t head = weir_read_i64(r), tail = weir_read_i64(r);
    WR_TRY(check_columns(s, r, err));
    if (shape != s->shape) return damaged(err);
    WR_TRY(s->shape == WEIR_WINDOW_FIFO ? open_fifo(s, head, tail, r, err) : open_bag(s, tail, r, err));
    clear_cells(s);
    weir_arena scratch;
    wr_arena_init(&scratch, s->account);
    weir_status status = load_rows(s, r, &scratch, err);
    wr_arena_fini(&scratch);
    return status;
}
