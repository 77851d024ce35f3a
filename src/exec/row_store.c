/* row_store.c: making a store, taking rows in, giving them back, reading single cells. */
#include "data/value.h"
#include "exec/row_store_impl.h"

/* ---- Life ---- */

static weir_status name_columns(wr_row_store *s, const wr_row_store_options *o, weir_error *err) {
    s->stored_at = wr_alloc(s->account, (s->n_schema + 1) * sizeof *s->stored_at);
    s->cols = wr_alloc(s->account, (s->n_schema + 1) * sizeof *s->cols);
    if (!s->stored_at || !s->cols) return wr_store_no_memory(err);
    for (uint32_t i = 0; i < s->n_schema; i++) {
        const wr_attr *a = &o->schema->attrs[i];
        s->stored_at[i] = WR_NO_COLUMN;
        if (o->stored && !o->stored[i]) continue;
        bool is_object = a->boxed || a->type == WEIR_OBJECT;
        wr_stored_column c = {.column = i,
                              .type = a->type,
                              .boxed = a->boxed,
                              .is_object = is_object,
                              .is_string = !is_object && a->type == WEIR_STRING,
                              .size = (uint32_t)wr_type_size(a->type, a->boxed)};
        s->has_objects |= c.is_object;
        s->has_strings |= c.is_string;
        s->stored_at[i] = s->n_cols;
        s->cols[s->n_cols++] = c;
    }
    return WEIR_OK;
}

weir_status wr_row_store_new(const wr_row_store_options *o, wr_account *account, wr_row_store **out,
                             weir_error *err) {
    wr_row_store *s = *out = wr_alloc_zero(account, sizeof *s);
    if (!s) return wr_store_no_memory(err);
    s->account = account;
    s->shape = o->shape;
    s->settles_late = o->settles_late;
    s->n_schema = o->schema->n_attrs;
    weir_status status = name_columns(s, o, err);
    if (status == WEIR_OK) return WEIR_OK;
    wr_row_store_free(s);
    *out = NULL;
    return status;
}

void wr_store_drop_row(wr_row_store *s, weir_row_id id) {
    wr_segment *seg = wr_store_segment(s, id);
    uint32_t row = wr_store_offset(s, id);
    for (uint32_t i = 0; i < s->n_cols; i++) {
        const wr_stored_column *c = &s->cols[i];
        if (c->is_object) {
            weir_object **o = (weir_object **)(void *)wr_segment_cells(c, seg) + row;
            weir_object_unref(*o);
            *o = NULL;
        } else if (c->is_string && s->shape == WEIR_WINDOW_BAG) {
            weir_string *t = (weir_string *)(void *)wr_segment_cells(c, seg) + row;
            if (t->len > WEIR_STRING_INLINE) wr_free(s->account, (void *)t->u.ptr, t->len);
            *t = weir_string_view("", 0);
        }
    }
}

static void drop_all_rows(wr_row_store *s) {
    if (s->shape == WEIR_WINDOW_FIFO) {
        for (weir_row_id id = s->settled; s->has_objects && id < s->tail; id++) wr_store_drop_row(s, id);
        return;
    }
    wr_row_store_settle(s);
    for (weir_row_id id = 0; id < s->tail; id++)
        if (wr_row_store_has(s, id)) wr_store_drop_row(s, id);
}

void wr_row_store_free(wr_row_store *s) {
    if (!s) return;
    drop_all_rows(s);
    for (uint32_t i = 0; i < s->n_segs; i++) wr_segment_free(s, s->segs[i]);
    wr_dirty_fini(&s->dirty, s->account);
    wr_free(s->account, s->spare, s->segment_bytes);
    wr_free(s->account, s->segs, s->cap_segs * sizeof *s->segs);
    wr_free(s->account, s->free_slots, s->cap_slots * sizeof *s->free_slots);
    wr_free(s->account, s->stored_at, (s->n_schema + 1) * sizeof *s->stored_at);
    wr_free(s->account, s->cols, (s->n_schema + 1) * sizeof *s->cols);
    wr_free(s->account, s, sizeof *s);
}

void wr_row_store_clear(wr_row_store *s) {
    if (!s) return;
    drop_all_rows(s);
    while (s->n_segs) wr_segment_free(s, s->segs[--s->n_segs]);
    for (uint32_t c = 0; c < s->n_cols; c++) s->cols[c].seen_null = false;
    s->base_seg = s->count = 0;
    s->head = s->tail = s->settled = 0;
    s->n_free = s->n_released = 0;
    wr_dirty_lose(&s->dirty);
}

/* ---- Taking rows in ---- */

/* Logical rows k..k+n-1 of a batch, on their way to rows row.. of a segment. */
typedef struct piece {
    const weir_batch *b;
    uint32_t k, n;
    wr_segment *seg;
    uint32_t row;
} piece;

static void copy_cells(char *to, const char *from, const piece *p, uint32_t size) {
    const uint32_t *sel = p->b->sel;
    if (!sel) {
        memcpy(to, from + (size_t)p->k * size, (size_t)p->n * size);
        return;
    }
    sel += p->k;
#define GATHER(type)                                                                                         \
    for (uint32_t i = 0; i < p->n; i++) ((type *)(void *)to)[i] = ((const type *)(const void *)from)[sel[i]]
    switch (size) {
    case 1: GATHER(uint8_t); break;
    case 4: GATHER(uint32_t); break;
    case 8: GATHER(uint64_t); break;
    default: GATHER(weir_string); break;
    }
#undef GATHER
}

static weir_status copy_nulls(wr_row_store *s, uint32_t col, const weir_column *from, const piece *p,
                              weir_error *err) {
    bool some = false;
    for (uint32_t i = 0; from->valid && i < p->n && !some; i++)
        some = weir_is_null(from, weir_batch_row(p->b, p->k + i));
    if (!some && !p->seg->valid[col]) return WEIR_OK;
    s->cols[col].seen_null = true;
    uint64_t *valid = wr_segment_need_valid(s, p->seg, col);
    if (!valid) return wr_store_no_memory(err);
    for (uint32_t i = 0; i < p->n; i++) {
        uint32_t row = p->row + i;
        uint64_t bit = (uint64_t)1 << (row & 63);
        bool null = weir_is_null(from, weir_batch_row(p->b, p->k + i));
        valid[row >> 6] = null ? valid[row >> 6] & ~bit : valid[row >> 6] | bit;
    }
    return WEIR_OK;
}

/* The cells still point to the batch's bytes. On failure (BAG) the strings after the failing one are emptied,
 * so that the row can be dropped. */
static weir_status own_texts(wr_row_store *s, weir_string *cells, const piece *p, weir_error *err) {
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; i < p->n; i++) {
        if (status == WEIR_OK) status = wr_store_keep_text(s, p->seg, &cells[i], err);
        if (status != WEIR_OK) cells[i] = weir_string_view("", 0);
    }
    return status;
}

/* Everything that may fail comes before the references, so that a failed FIFO append holds none. */
static weir_status take_in(wr_row_store *s, const piece *p, weir_error *err) {
    copy_cells((char *)(wr_segment_ts(s, p->seg) + p->row), (const char *)p->b->ts, p, sizeof(int64_t));
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; i < s->n_cols; i++) {
        const wr_stored_column *c = &s->cols[i];
        const weir_column *from = &p->b->cols[c->column];
        char *cells = wr_segment_cells(c, p->seg) + (size_t)p->row * c->size;
        if (!from->data) {
            memset(cells, 0, (size_t)p->n * c->size);
            continue;
        }
        copy_cells(cells, from->data, p, c->size);
        weir_status st = copy_nulls(s, i, from, p, err);
        if (c->is_string) {
            weir_status kept = own_texts(s, (weir_string *)(void *)cells, p, err);
            if (st == WEIR_OK) st = kept;
        }
        if (status == WEIR_OK) status = st;
    }
    return status;
}

static void reference_objects(wr_row_store *s, const piece *p) {
    for (uint32_t i = 0; i < s->n_cols; i++) {
        if (!s->cols[i].is_object) continue;
        weir_object **cells = (weir_object **)(void *)wr_segment_cells(&s->cols[i], p->seg) + p->row;
        for (uint32_t k = 0; k < p->n; k++)
            if (cells[k]) weir_object_ref(cells[k]);
    }
}

static weir_status append_fifo(wr_row_store *s, const weir_batch *b, weir_row_id *first_id, weir_error *err) {
    *first_id = s->tail;
    WR_TRY(wr_store_make_room(s, s->tail + b->n_sel, err));
    for (int pass = 0; pass < 2; pass++) {
        if (pass && !s->has_objects) break;
        for (uint32_t k = 0; k < b->n_sel;) {
            weir_row_id id = s->tail + k;
            uint32_t row = wr_store_offset(s, id);
            piece p = {b, k, WR_MIN(b->n_sel - k, wr_store_rows(s) - row), wr_store_segment(s, id), row};
            if (pass)
                reference_objects(s, &p);
            else
                WR_TRY(take_in(s, &p, err));
            k += p.n;
        }
    }
    s->tail += b->n_sel;
    s->count += b->n_sel;
    return WEIR_OK;
}

/* ---- BAG ---- */

void wr_store_set_live(wr_row_store *s, weir_row_id id, bool live) {
    uint64_t *words = wr_segment_live(s, wr_store_segment(s, id));
    uint32_t row = wr_store_offset(s, id);
    uint64_t bit = (uint64_t)1 << (row & 63);
    words[row >> 6] = live ? words[row >> 6] | bit : words[row >> 6] & ~bit;
}

/* Makes n free slots. The stack has room for every slot, so that releasing can't fail. */
static weir_status make_slots(wr_row_store *s, uint32_t n, weir_error *err) {
    if (s->n_free >= n) return WEIR_OK;
    uint64_t slots = s->tail + (n - s->n_free);
    if (slots > UINT32_MAX - 1) return wr_store_no_memory(err);
    WR_TRY(wr_store_make_room(s, slots, err));
    if (slots > s->cap_slots) {
        uint32_t *old = s->free_slots, old_cap = s->cap_slots, cap = old_cap;
        if (wr_grow(s->account, &s->free_slots, &cap, (uint32_t)slots, sizeof *old))
            return wr_store_no_memory(err);
        memmove(s->free_slots + (cap - s->n_released), s->free_slots + (old_cap - s->n_released),
                s->n_released * sizeof *old);
        s->cap_slots = cap;
    }
    uint32_t fresh = (uint32_t)(slots - s->tail);
    /* Below the ones that were used before, and such that the lowest is taken first. */
    memmove(s->free_slots + fresh, s->free_slots, s->n_free * sizeof *s->free_slots);
    for (uint32_t i = 0; i < fresh; i++) s->free_slots[i] = (uint32_t)slots - 1 - i;
    s->n_free += fresh;
    s->tail = slots;
    return WEIR_OK;
}

static weir_status append_bag(wr_row_store *s, const weir_batch *b, weir_row_id *ids, weir_error *err) {
    WR_TRY(make_slots(s, b->n_sel, err));
    weir_status status = WEIR_OK;
    uint32_t k = 0;
    while (k < b->n_sel && status == WEIR_OK) {
        uint32_t slot = s->free_slots[--s->n_free];
        piece p = {b, k, 1, wr_store_segment(s, slot), wr_store_offset(s, slot)};
        status = take_in(s, &p, err);
        reference_objects(s, &p);
        wr_store_set_live(s, slot, true);
        wr_store_note(s, slot);
        ids[k++] = slot;
    }
    s->count += k;
    if (status == WEIR_OK) return WEIR_OK;
    while (k--) { /* back to how it was */
        wr_store_drop_row(s, ids[k]);
        wr_store_set_live(s, ids[k], false);
        s->free_slots[s->n_free++] = (uint32_t)ids[k];
        s->count--;
    }
    return status;
}

weir_status wr_row_store_append(wr_row_store *s, const weir_batch *b, weir_row_id *first_id, weir_row_id *ids,
                                weir_error *err) {
    if (!s->settles_late) wr_row_store_settle(s);
    if (s->shape == WEIR_WINDOW_FIFO) return append_fifo(s, b, first_id, err);
    return append_bag(s, b, ids, err);
}

/* ---- Giving back ---- */

void wr_row_store_release(wr_row_store *s, weir_row_id id) {
    if (s->shape == WEIR_WINDOW_FIFO) {
        if (id == s->head) wr_row_store_release_below(s, id + 1);
        return;
    }
    if (!wr_row_store_has(s, id)) return;
    wr_store_set_live(s, id, false);
    wr_store_note(s, id);
    s->count--;
    s->free_slots[s->cap_slots - ++s->n_released] = (uint32_t)id;
}

void wr_row_store_release_below(wr_row_store *s, weir_row_id id) {
    if (id > s->tail) id = s->tail;
    if (id <= s->head) return;
    s->count -= id - s->head;
    s->head = id;
}

static void settle_fifo(wr_row_store *s) {
    for (weir_row_id id = s->settled; s->has_objects && id < s->head; id++) wr_store_drop_row(s, id);
    s->settled = s->head;
    uint64_t n = s->n_segs ? (s->head >> s->shift) - s->base_seg : 0;
    if (!n) return;
    for (uint64_t i = 0; i < n; i++) wr_segment_free(s, s->segs[i]);
    s->n_segs -= (uint32_t)n;
    s->base_seg += n;
    memmove(s->segs, s->segs + n, s->n_segs * sizeof(*s->segs));
}

static void settle_bag(wr_row_store *s) {
    while (s->n_released) {
        uint32_t slot = s->free_slots[s->cap_slots - s->n_released--];
        if (s->has_objects || s->has_strings) wr_store_drop_row(s, slot);
        s->free_slots[s->n_free++] = slot;
    }
}

void wr_row_store_settle(wr_row_store *s) {
    if (s->shape == WEIR_WINDOW_FIFO)
        settle_fifo(s);
    else
        settle_bag(s);
}

/* ---- Single cells ---- */

int64_t wr_row_store_ts(const wr_row_store *s, weir_row_id id) {
    return wr_segment_ts(s, wr_store_segment(s, id))[wr_store_offset(s, id)];
}

void wr_row_store_set_ts(wr_row_store *s, weir_row_id id, int64_t ts) {
    wr_store_note(s, id);
    wr_segment_ts(s, wr_store_segment(s, id))[wr_store_offset(s, id)] = ts;
}

void wr_row_store_set_ts_run(wr_row_store *s, weir_row_id id, const int64_t *ts, uint32_t n) {
    if (n) wr_store_note(s, id);
    while (n) {
        uint32_t row = wr_store_offset(s, id), k = WR_MIN(n, wr_store_rows(s) - row);
        memcpy(wr_segment_ts(s, wr_store_segment(s, id)) + row, ts, k * sizeof *ts);
        id += k;
        ts += k;
        n -= k;
    }
}

const int64_t *wr_row_store_ts_run(const wr_row_store *s, weir_row_id id, uint32_t *n) {
    uint32_t row = wr_store_offset(s, id);
    *n = (uint32_t)WR_MIN(wr_store_rows(s) - row, s->tail - id);
    return wr_segment_ts(s, wr_store_segment(s, id)) + row;
}

weir_value wr_row_store_value(const wr_row_store *s, weir_row_id id, uint32_t column) {
    uint32_t i = s->stored_at[column];
    if (i == WR_NO_COLUMN) return (weir_value){.is_null = true};
    const wr_stored_column *c = &s->cols[i];
    wr_segment *seg = wr_store_segment(s, id);
    uint32_t row = wr_store_offset(s, id);
    weir_value v = {.type = c->is_object ? WEIR_OBJECT : c->type};
    const char *cell = wr_segment_cells(c, seg) + (size_t)row * c->size;
    if (c->type == WEIR_BOOL && !c->is_object)
        v.as.b = *cell != 0;
    else
        memcpy(&v.as, cell, c->size);
    v.is_null = wr_segment_is_null(seg, i, row) || (c->is_object && !v.as.o);
    return v;
}

weir_type wr_row_store_type(const wr_row_store *s, uint32_t column) {
    const wr_stored_column *c = &s->cols[s->stored_at[column]];
    return c->is_object ? WEIR_OBJECT : c->type;
}

const void *wr_row_store_cell(const wr_row_store *s, weir_row_id id, uint32_t column) {
    uint32_t i = s->stored_at[column], row = wr_store_offset(s, id);
    const wr_stored_column *c = &s->cols[i];
    wr_segment *seg = wr_store_segment(s, id);
    return wr_segment_is_null(seg, i, row) ? NULL : wr_segment_cells(c, seg) + (size_t)row * c->size;
}

void wr_row_store_prefetch(const wr_row_store *s, weir_row_id id, uint32_t column) {
    const wr_stored_column *c = &s->cols[s->stored_at[column]];
    __builtin_prefetch(wr_segment_cells(c, wr_store_segment(s, id)) +
                       (size_t)wr_store_offset(s, id) * c->size);
}

static void set_null(wr_segment *seg, uint32_t col, uint32_t row, bool null) {
    if (!seg->valid[col]) return;
    uint64_t bit = (uint64_t)1 << (row & 63);
    uint64_t *word = &seg->valid[col][row >> 6];
    *word = null ? *word & ~bit : *word | bit;
}

weir_status wr_row_store_set_value(wr_row_store *s, weir_row_id id, uint32_t column, const weir_value *v,
                                   weir_error *err) {
    uint32_t i = s->stored_at[column];
    if (i == WR_NO_COLUMN) return WEIR_OK;
    wr_stored_column *c = &s->cols[i];
    wr_segment *seg = wr_store_segment(s, id);
    uint32_t row = wr_store_offset(s, id);
    weir_value kept = *v;
    wr_store_note(s, id);
    if (v->is_null) {
        if (!wr_segment_need_valid(s, seg, i)) return wr_store_no_memory(err);
        c->seen_null = true;
        memset(&kept.as, 0, sizeof kept.as);
    } else if (c->is_string) {
        WR_TRY(wr_store_keep_text(s, seg, &kept.as.s, err));
    } else if (c->is_object) {
        weir_object_ref(kept.as.o);
    }
    set_null(seg, i, row, v->is_null);
    char *cell = wr_segment_cells(c, seg) + (size_t)row * c->size;
    weir_value old;
    memcpy(&old.as, cell, c->size);
    if (c->is_object) weir_object_unref(old.as.o);
    if (c->is_string && s->shape == WEIR_WINDOW_BAG && old.as.s.len > WEIR_STRING_INLINE)
        wr_free(s->account, (void *)old.as.s.u.ptr, old.as.s.len);
    if (c->type == WEIR_BOOL && !c->is_object)
        *cell = (char)(!v->is_null && v->as.b);
    else
        memcpy(cell, &kept.as, c->size);
    return WEIR_OK;
}

weir_status wr_row_store_set_cell(wr_row_store *s, weir_row_id id, uint32_t column, const weir_column *from,
                                  uint32_t row, weir_error *err) {
    uint32_t i = s->stored_at[column];
    if (i == WR_NO_COLUMN) return WEIR_OK;
    const wr_stored_column *c = &s->cols[i];
    wr_segment *seg = wr_store_segment(s, id);
    if (c->is_string || c->is_object || from->valid || seg->valid[i]) {
        weir_value v = wr_column_get(from, row);
        return wr_row_store_set_value(s, id, column, &v, err);
    }
    wr_store_note(s, id);
    char *to = wr_segment_cells(c, seg) + (size_t)wr_store_offset(s, id) * c->size;
    const char *cell = (const char *)from->data + (size_t)row * c->size;
    switch (c->size) {
    case 1: memcpy(to, cell, 1); break;
    case 4: memcpy(to, cell, 4); break;
    default: memcpy(to, cell, 8); break;
    }
    return WEIR_OK;
}

bool wr_row_store_has_nulls(const wr_row_store *s, uint32_t column) {
    uint32_t i = s->stored_at[column];
    return i != WR_NO_COLUMN && s->cols[i].seen_null;
}

bool wr_row_store_has_column(const wr_row_store *s, uint32_t column) {
    return s->stored_at[column] != WR_NO_COLUMN;
}

bool wr_row_store_has(const wr_row_store *s, weir_row_id id) {
    if (id < s->head || id >= s->tail) return false;
    if (s->shape == WEIR_WINDOW_FIFO) return true;
    uint32_t row = wr_store_offset(s, id);
    return wr_segment_live(s, wr_store_segment(s, id))[row >> 6] >> (row & 63) & 1;
}

weir_row_id wr_row_store_head(const wr_row_store *s) { return s->head; }
weir_row_id wr_row_store_tail(const wr_row_store *s) { return s->tail; }
uint32_t wr_row_store_n_slots(const wr_row_store *s) { return (uint32_t)s->tail; }
uint64_t wr_row_store_count(const wr_row_store *s) { return s->count; }
