/* row_store_save.c: a store's rows in saved state.
 *
 *   shape, head, tail, n columns, each column's number and type      what the rows are
 *   BAG: n rows, their slots
 *   timestamps; then for each column: are there nulls, a byte for each row if so, the values
 *
 * Rows go by id; values of fixed size as their bytes. What has changed since a state was saved:
 *
 *   shape, head, tail, columns as above
 *   FIFO: the first id that follows    BAG: n slots given back, n slots with rows that follow
 *   these rows, as above */
#include "exec/row_store_impl.h"
#include "state/writer.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are saved as they lie in memory");

/* The rows to save or load: all that are held from id `from` on, or those listed. */
typedef struct some_rows {
    const wr_row_store *s;
    weir_row_id from;
    const uint32_t *ids; /* NULL: not listed. Ascending */
    uint32_t n_ids;
} some_rows;

typedef struct walk {
    weir_row_id next;
    uint32_t at; /* in ids */
} walk;

/* Calls body for each stretch of n rows from id on that lie side by side. */
#define FOR_EACH_STRETCH(rows, id, n)                                                                        \
    for (walk at_ = {(rows)->from, 0}; (n = next_stretch(rows, &at_, &id)) != 0;)

static uint32_t next_listed(const some_rows *p, walk *at, weir_row_id *id) {
    if (at->at == p->n_ids) return 0;
    uint32_t n = 1, first = p->ids[at->at];
    uint32_t most = wr_store_rows(p->s) - wr_store_offset(p->s, first);
    while (n < most && at->at + n < p->n_ids && p->ids[at->at + n] == first + n) n++;
    at->at += n;
    *id = first;
    return n;
}

static uint32_t next_stretch(const some_rows *p, walk *at, weir_row_id *id) {
    const wr_row_store *s = p->s;
    if (p->ids) return next_listed(p, at, id);
    weir_row_id first = at->next;
    while (first < s->tail && !wr_row_store_has(s, first)) first++;
    if (first >= s->tail) return 0;
    uint32_t n = 0, most = (uint32_t)WR_MIN(wr_store_rows(s) - wr_store_offset(s, first), s->tail - first);
    do n++;
    while (n < most && wr_row_store_has(s, first + n));
    at->next = first + n;
    *id = first;
    return n;
}

/* ---- Saving ---- */

static uint32_t type_mark(const wr_stored_column *c) { return (uint32_t)c->type | (c->boxed ? 256u : 0); }

static void save_nulls(const some_rows *p, uint32_t col, weir_writer *w) {
    const wr_row_store *s = p->s;
    weir_row_id id;
    uint32_t n;
    weir_write_u32(w, s->cols[col].seen_null);
    if (!s->cols[col].seen_null) return;
    FOR_EACH_STRETCH(p, id, n) {
        wr_segment *seg = wr_store_segment(s, id);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t null = wr_segment_is_null(seg, col, wr_store_offset(s, id) + i);
            weir_write_bytes(w, &null, 1);
        }
    }
}

static void save_values(const some_rows *p, uint32_t col, weir_writer *w) {
    const wr_row_store *s = p->s;
    const wr_stored_column *c = &s->cols[col];
    weir_row_id id;
    uint32_t n;
    FOR_EACH_STRETCH(p, id, n) {
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

static void save_head(const wr_row_store *s, weir_writer *w) {
    weir_write_u32(w, s->shape);
    weir_write_i64(w, (int64_t)s->head);
    weir_write_i64(w, (int64_t)s->tail);
    weir_write_u32(w, s->n_cols);
    for (uint32_t c = 0; c < s->n_cols; c++) {
        weir_write_u32(w, s->cols[c].column);
        weir_write_u32(w, type_mark(&s->cols[c]));
    }
}

static void save_rows(const some_rows *p, weir_writer *w) {
    const wr_row_store *s = p->s;
    weir_row_id id;
    uint32_t n;
    FOR_EACH_STRETCH(p, id, n)
    weir_write_bytes(w, wr_segment_ts(s, wr_store_segment(s, id)) + wr_store_offset(s, id),
                     n * sizeof(int64_t));
    for (uint32_t c = 0; c < s->n_cols; c++) {
        save_nulls(p, c, w);
        save_values(p, c, w);
    }
}

void wr_row_store_save(const wr_row_store *s, weir_writer *w) {
    some_rows all = {.s = s, .from = s->head};
    weir_row_id id;
    uint32_t n;
    save_head(s, w);
    if (s->shape == WEIR_WINDOW_BAG) {
        weir_write_u32(w, (uint32_t)s->count);
        FOR_EACH_STRETCH(&all, id, n)
        for (uint32_t i = 0; i < n; i++) weir_write_u32(w, (uint32_t)(id + i));
    }
    save_rows(&all, w);
}

/* ---- Saving what has changed ---- */

void wr_row_store_track(wr_row_store *s) {
    wr_dirty_start(&s->dirty);
    s->tracked_from = s->tail;
}

static void save_list(const uint32_t *ids, uint32_t n, weir_writer *w) {
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) weir_write_u32(w, ids[i]);
}

static bool save_changed_slots(const wr_row_store *s, weir_writer *w) {
    uint32_t n = s->dirty.n, n_gone = 0, n_held = 0;
    if (n > WR_DIRTY_FEW && n > s->count / 2) return false; /* whole is shorter */
    uint32_t *ids = wr_alloc(NULL, (2 * (size_t)n + 1) * sizeof *ids), *gone = ids + n;
    if (!ids) return false;
    wr_dirty_list(&s->dirty, ids);
    for (uint32_t i = 0; i < n; i++) {
        if (wr_row_store_has(s, ids[i]))
            ids[n_held++] = ids[i];
        else
            gone[n_gone++] = ids[i];
    }
    save_head(s, w);
    save_list(gone, n_gone, w);
    save_list(ids, n_held, w);
    save_rows(&(some_rows){.s = s, .ids = ids, .n_ids = n_held}, w);
    wr_free(NULL, ids, (2 * (size_t)n + 1) * sizeof *ids);
    return true;
}

bool wr_row_store_save_changes(const wr_row_store *s, weir_writer *w) {
    if (!wr_dirty_is_known(&s->dirty)) return false;
    if (s->shape == WEIR_WINDOW_BAG) return save_changed_slots(s, w);
    weir_row_id from = WR_MAX(s->tracked_from, s->head);
    save_head(s, w);
    weir_write_i64(w, (int64_t)from);
    save_rows(&(some_rows){.s = s, .from = from}, w);
    return true;
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

static weir_status load_nulls(wr_row_store *s, const some_rows *p, uint32_t col, weir_reader *r,
                              weir_error *err) {
    weir_row_id id;
    uint32_t n;
    bool any = weir_read_u32(r) != 0;
    s->cols[col].seen_null |= any;
    FOR_EACH_STRETCH(p, id, n) {
        wr_segment *seg = wr_store_segment(s, id);
        uint64_t *valid = any ? wr_segment_need_valid(s, seg, col) : seg->valid[col];
        if (any && !valid) return wr_store_no_memory(err);
        for (uint32_t i = 0; valid && i < n; i++) {
            uint8_t null = 0;
            uint32_t row = wr_store_offset(s, id) + i;
            uint64_t bit = (uint64_t)1 << (row & 63);
            if (any) weir_read_bytes(r, &null, 1);
            valid[row >> 6] = null ? valid[row >> 6] & ~bit : valid[row >> 6] | bit;
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

static weir_status load_values(wr_row_store *s, const some_rows *p, uint32_t col, weir_reader *r,
                               weir_arena *scratch, weir_error *err) {
    const wr_stored_column *c = &s->cols[col];
    weir_row_id id;
    uint32_t n;
    FOR_EACH_STRETCH(p, id, n) {
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

static weir_status load_all(wr_row_store *s, const some_rows *p, weir_reader *r, weir_arena *scratch,
                            weir_error *err) {
    weir_row_id id;
    uint32_t n;
    FOR_EACH_STRETCH(p, id, n)
    weir_read_bytes(r, wr_segment_ts(s, wr_store_segment(s, id)) + wr_store_offset(s, id),
                    n * sizeof(int64_t));
    for (uint32_t c = 0; c < s->n_cols; c++) {
        WR_TRY(load_nulls(s, p, c, r, err));
        WR_TRY(load_values(s, p, c, r, scratch, err));
    }
    return weir_reader_status(r, err);
}

static weir_status load_rows(wr_row_store *s, const some_rows *p, weir_reader *r, weir_error *err) {
    weir_arena scratch;
    wr_arena_init(&scratch, s->account);
    weir_status status = load_all(s, p, r, &scratch, err);
    wr_arena_fini(&scratch);
    return status;
}

static weir_status load_head(const wr_row_store *s, weir_reader *r, int64_t *head, int64_t *tail,
                             weir_error *err) {
    uint32_t shape = weir_read_u32(r);
    *head = weir_read_i64(r);
    *tail = weir_read_i64(r);
    WR_TRY(check_columns(s, r, err));
    return shape == s->shape ? WEIR_OK : damaged(err);
}

weir_status wr_row_store_load(wr_row_store *s, weir_reader *r, weir_error *err) {
    int64_t head, tail;
    if (s->tail != s->head || s->n_segs)
        return weir_fail(err, WEIR_EUSAGE, "rows can only be loaded into an empty store");
    WR_TRY(load_head(s, r, &head, &tail, err));
    weir_status status =
        s->shape == WEIR_WINDOW_FIFO ? open_fifo(s, head, tail, r, err) : open_bag(s, tail, r, err);
    clear_cells(s); /* also of slots that a damaged state has marked as held */
    WR_TRY(status);
    return load_rows(s, &(some_rows){.s = s, .from = s->head}, r, err);
}

/* ---- Loading what has changed ---- */

static void clear_row(wr_row_store *s, weir_row_id id) {
    for (uint32_t c = 0; c < s->n_cols; c++)
        memset(wr_segment_cells(&s->cols[c], wr_store_segment(s, id)) +
                   (size_t)wr_store_offset(s, id) * s->cols[c].size,
               0, s->cols[c].size);
}

/* Rows below head go; those from `from` on come anew. */
static weir_status load_changed_tail(wr_row_store *s, int64_t head, int64_t tail, weir_reader *r,
                                     weir_error *err) {
    int64_t from = weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    if (head < (int64_t)s->head || from < head || from > WR_MAX((int64_t)s->tail, head) || tail < from ||
        (uint64_t)(tail - from) > weir_reader_left(r) / sizeof(int64_t))
        return damaged(err);
    for (weir_row_id id = (weir_row_id)from; id < s->tail; id++) wr_store_drop_row(s, id);
    weir_row_id kept = WR_MIN((weir_row_id)from, s->tail);
    s->count -= s->tail - kept;
    s->tail = kept;
    wr_row_store_release_below(s, WR_MIN((weir_row_id)head, s->tail));
    wr_row_store_settle(s);
    if ((weir_row_id)head > s->tail || s->head == s->tail) { /* none of those that were there is left */
        wr_store_drop_segments(s);
        s->head = s->settled = s->tail = (weir_row_id)head;
    }
    WR_TRY(wr_store_make_room(s, (weir_row_id)tail, err));
    s->count += (uint64_t)tail - s->tail;
    s->tail = (weir_row_id)tail;
    for (weir_row_id id = (weir_row_id)from; id < s->tail; id++) clear_row(s, id);
    return load_rows(s, &(some_rows){.s = s, .from = (weir_row_id)from}, r, err);
}

static weir_status read_slots(weir_reader *r, uint32_t n, int64_t tail, uint32_t *slots, weir_error *err) {
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = weir_read_u32(r);
        if (slots[i] >= tail || (i && slots[i] <= slots[i - 1])) return damaged(err);
    }
    return weir_reader_status(r, err);
}

static weir_status give_back(wr_row_store *s, weir_reader *r, uint32_t n, int64_t tail, uint32_t *slots,
                             weir_error *err) {
    WR_TRY(read_slots(r, n, tail, slots, err));
    for (uint32_t i = 0; i < n; i++)
        if (wr_row_store_has(s, slots[i])) {
            wr_store_drop_row(s, slots[i]);
            wr_store_set_live(s, slots[i], false);
            s->count--;
        }
    return WEIR_OK;
}

static weir_status take_slots(wr_row_store *s, weir_reader *r, uint32_t n, int64_t tail, uint32_t *slots,
                              weir_error *err) {
    WR_TRY(read_slots(r, n, tail, slots, err));
    for (uint32_t i = 0; i < n; i++) {
        bool is_held = wr_row_store_has(s, slots[i]);
        if (is_held) wr_store_drop_row(s, slots[i]);
        clear_row(s, slots[i]);
        wr_store_set_live(s, slots[i], true);
        s->count += !is_held;
    }
    return load_rows(s, &(some_rows){.s = s, .ids = slots, .n_ids = n}, r, err);
}

static uint32_t read_n_slots(weir_reader *r, int64_t tail) {
    uint32_t n = wr_read_count(r, sizeof(uint32_t));
    return n <= tail ? n : UINT32_MAX;
}

static weir_status load_slots(wr_row_store *s, int64_t tail, weir_reader *r, weir_error *err) {
    weir_status st = WEIR_OK;
    for (int held = 0; held < 2 && st == WEIR_OK; held++) {
        uint32_t n = read_n_slots(r, tail);
        if (n == UINT32_MAX) return damaged(err);
        size_t bytes = ((size_t)n + 1) * sizeof(uint32_t);
        uint32_t *slots = wr_alloc(NULL, bytes);
        if (!slots) return wr_store_no_memory(err);
        st = held ? take_slots(s, r, n, tail, slots, err) : give_back(s, r, n, tail, slots, err);
        wr_free(NULL, slots, bytes);
    }
    return st;
}

static weir_status load_changed_slots(wr_row_store *s, int64_t tail, weir_reader *r, weir_error *err) {
    if (tail < (int64_t)s->tail || tail >= UINT32_MAX ||
        (uint64_t)(tail - (int64_t)s->tail) > weir_reader_left(r) / sizeof(uint32_t))
        return damaged(err);
    wr_row_store_settle(s);
    WR_TRY(wr_store_make_room(s, (weir_row_id)tail, err));
    if (wr_grow(s->account, &s->free_slots, &s->cap_slots, (uint32_t)tail, sizeof *s->free_slots))
        return wr_store_no_memory(err);
    s->tail = (weir_row_id)tail;
    WR_TRY(load_slots(s, tail, r, err));
    s->n_free = 0;
    for (uint32_t slot = (uint32_t)tail; slot--;)
        if (!wr_row_store_has(s, slot)) s->free_slots[s->n_free++] = slot;
    return WEIR_OK;
}

weir_status wr_row_store_load_changes(wr_row_store *s, weir_reader *r, weir_error *err) {
    int64_t head, tail;
    WR_TRY(load_head(s, r, &head, &tail, err));
    if (s->shape == WEIR_WINDOW_FIFO) return load_changed_tail(s, head, tail, r, err);
    return head ? damaged(err) : load_changed_slots(s, tail, r, err);
}

/* ---- Claims -----------------------------------------------------------------------------------------------
 */

bool wr_row_claims_init(wr_row_claims *c, const wr_row_store *store, wr_account *account) {
    size_t bytes = (wr_row_store_n_slots(store) / 64 + 1) * sizeof *c->claimed;
    *c = (wr_row_claims){store, account, wr_alloc_zero(account, bytes), bytes};
    return c->claimed != NULL;
}

void wr_row_claims_fini(wr_row_claims *c) { wr_free(c->account, c->claimed, c->bytes); }

bool wr_row_claim(wr_row_claims *c, weir_row_id id) {
    if (!wr_row_store_has(c->store, id) || c->claimed[id >> 6] >> (id & 63) & 1) return false;
    c->claimed[id >> 6] |= (uint64_t)1 << (id & 63);
    return true;
}
