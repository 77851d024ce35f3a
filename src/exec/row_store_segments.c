/* row_store_segments.c: how segments are made, laid out anew as a store grows, and let go. */
#include "exec/row_store_impl.h"

#define LEAST_TEXT_BYTES 1024u
#define MOST_TEXT_BYTES  65536u

weir_status wr_store_no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the rows of a window or table");
}

static uint32_t bitmap_words(uint32_t shift) { return ((1u << shift) + 63) / 64; }

static size_t align_up(size_t bytes, size_t to) { return (bytes + to - 1) & ~(to - 1); }

/* Places what a segment of 1 << shift rows holds. */
static void lay_out(wr_row_store *s, uint32_t shift) {
    size_t rows = (size_t)1 << shift;
    size_t at = sizeof(wr_segment) + s->n_cols * sizeof(uint64_t *);
    s->shift = shift;
    s->live_at = (uint32_t)at;
    if (s->shape == WEIR_WINDOW_BAG) at += bitmap_words(shift) * sizeof(uint64_t);
    s->ts_at = (uint32_t)at;
    at += rows * sizeof(int64_t);
    for (uint32_t c = 0; c < s->n_cols; c++) {
        at = align_up(at, s->cols[c].size >= 8 ? 8 : s->cols[c].size);
        s->cols[c].at = (uint32_t)at;
        at += rows * s->cols[c].size;
    }
    s->segment_bytes = align_up(at, 8);
}

static wr_segment *new_segment(wr_row_store *s) {
    wr_segment *seg = s->spare;
    s->spare = NULL;
    if (!seg) seg = wr_alloc(s->account, s->segment_bytes);
    if (seg) memset(seg, 0, s->ts_at);
    return seg;
}

static void drop_texts(wr_row_store *s, wr_segment *seg) {
    for (wr_text_block *b = seg->texts, *older; b; b = older) {
        older = b->older;
        wr_free(s->account, b, sizeof *b + b->size);
    }
    seg->texts = NULL;
}

static void drop_valid(wr_row_store *s, wr_segment *seg) {
    for (uint32_t c = 0; c < s->n_cols; c++) {
        wr_free(s->account, seg->valid[c], bitmap_words(s->shift) * sizeof(uint64_t));
        seg->valid[c] = NULL;
    }
}

void wr_segment_free(wr_row_store *s, wr_segment *seg) {
    drop_texts(s, seg);
    drop_valid(s, seg);
    if (!s->spare)
        s->spare = seg;
    else
        wr_free(s->account, seg, s->segment_bytes);
}

uint64_t *wr_segment_need_valid(wr_row_store *s, wr_segment *seg, uint32_t col) {
    if (!seg->valid[col]) {
        size_t bytes = bitmap_words(s->shift) * sizeof(uint64_t);
        seg->valid[col] = wr_alloc(s->account, bytes);
        if (seg->valid[col]) memset(seg->valid[col], 0xFF, bytes);
    }
    return seg->valid[col];
}

static char *text_room(wr_row_store *s, wr_segment *seg, uint32_t len) {
    wr_text_block *b = seg->texts;
    if (!b || b->size - b->used < len) {
        uint32_t size = b ? WR_MIN(b->size, MOST_TEXT_BYTES / 2) * 2 : LEAST_TEXT_BYTES;
        size = WR_MAX(size, len);
        wr_text_block *fresh = wr_alloc(s->account, sizeof *fresh + size);
        if (!fresh) return NULL;
        *fresh = (wr_text_block){.older = b, .size = size};
        seg->texts = b = fresh;
    }
    b->used += len;
    return b->bytes + b->used - len;
}

weir_status wr_store_keep_text(wr_row_store *s, wr_segment *seg, weir_string *text, weir_error *err) {
    if (text->len <= WEIR_STRING_INLINE) return WEIR_OK;
    char *room =
        s->shape == WEIR_WINDOW_FIFO ? text_room(s, seg, text->len) : wr_alloc(s->account, text->len);
    if (!room) return wr_store_no_memory(err);
    memcpy(room, text->u.ptr, text->len);
    text->u.ptr = room;
    return WEIR_OK;
}

/* ---- Growing ---- */

static weir_status grow_directory(wr_row_store *s, uint32_t need, weir_error *err) {
    if (!wr_grow(s->account, &s->segs, &s->cap_segs, need, sizeof *s->segs)) return WEIR_OK;
    return wr_store_no_memory(err);
}

static weir_status add_segments(wr_row_store *s, weir_row_id tail, weir_error *err) {
    uint64_t need = ((tail + wr_store_rows(s) - 1) >> s->shift) - s->base_seg;
    if (need > UINT32_MAX / 2) return wr_store_no_memory(err);
    WR_TRY(grow_directory(s, (uint32_t)need, err));
    while (s->n_segs < need) {
        wr_segment *seg = new_segment(s);
        if (!seg) return wr_store_no_memory(err);
        s->segs[s->n_segs++] = seg;
    }
    return WEIR_OK;
}

static void move_bits(uint64_t *to, uint32_t to_row, const uint64_t *from, uint32_t from_row, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bit = from[(from_row + i) >> 6] >> ((from_row + i) & 63) & 1;
        uint64_t *word = &to[(to_row + i) >> 6];
        *word = (*word & ~((uint64_t)1 << ((to_row + i) & 63))) | bit << ((to_row + i) & 63);
    }
}

/* Moves n rows, and what hangs on them, from one layout to the other. */
static void move_rows(wr_row_store *to, wr_segment *to_seg, uint32_t to_row, const wr_row_store *from,
                      wr_segment *from_seg, uint32_t from_row, uint32_t n) {
    memcpy(wr_segment_ts(to, to_seg) + to_row, wr_segment_ts(from, from_seg) + from_row, n * sizeof(int64_t));
    if (to->shape == WEIR_WINDOW_BAG)
        move_bits(wr_segment_live(to, to_seg), to_row, wr_segment_live(from, from_seg), from_row, n);
    for (uint32_t c = 0; c < to->n_cols; c++) {
        size_t size = to->cols[c].size;
        memcpy(wr_segment_cells(&to->cols[c], to_seg) + to_row * size,
               wr_segment_cells(&from->cols[c], from_seg) + from_row * size, n * size);
        if (from_seg->valid[c]) move_bits(to_seg->valid[c], to_row, from_seg->valid[c], from_row, n);
    }
    wr_text_block **last = &to_seg->texts;
    while (*last) last = &(*last)->older;
    *last = from_seg->texts;
    from_seg->texts = NULL;
}

/* The segments and bitmaps of the new layout, empty. */
static bool prepare_wider(wr_row_store *wide, const wr_row_store *s) {
    if (add_segments(wide, s->tail, NULL)) return false;
    for (uint32_t i = 0; i < s->n_segs; i++) {
        weir_row_id first = (s->base_seg + i) << s->shift;
        for (uint32_t c = 0; first < s->tail && c < s->n_cols; c++)
            if (s->segs[i]->valid[c] && !wr_segment_need_valid(wide, wr_store_segment(wide, first), c))
                return false;
    }
    return true;
}

static void drop_segments(wr_row_store *s) {
    for (uint32_t i = 0; i < s->n_segs; i++) wr_segment_free(s, s->segs[i]);
    s->n_segs = 0;
    wr_free(s->account, s->spare, s->segment_bytes);
    s->spare = NULL;
    wr_free(s->account, s->segs, s->cap_segs * sizeof *s->segs);
}

/* Lays the rows out in larger segments. Without the memory for it the store stays as it is, which is fine. */
static void widen(wr_row_store *s, uint32_t shift) {
    wr_row_store wide = *s;
    wide.cols = wr_alloc(s->account, s->n_cols * sizeof *s->cols);
    if (!wide.cols) return;
    if (s->n_cols) memcpy(wide.cols, s->cols, s->n_cols * sizeof *s->cols);
    wide.segs = NULL;
    wide.n_segs = wide.cap_segs = 0;
    wide.spare = NULL;
    lay_out(&wide, shift);
    wide.base_seg = (s->base_seg << s->shift) >> shift;
    wr_row_store *dropped = &wide;
    if (prepare_wider(&wide, s)) {
        uint32_t rows = wr_store_rows(s);
        for (uint32_t i = 0; i < s->n_segs; i++) {
            weir_row_id first = (s->base_seg + i) << s->shift;
            if (first >= s->tail) break; /* left by an append that failed */
            move_rows(&wide, wr_store_segment(&wide, first), wr_store_offset(&wide, first), s, s->segs[i], 0,
                      rows);
        }
        wr_row_store narrow = *s;
        *s = wide;
        wide = narrow;
    }
    drop_segments(dropped);
    wr_free(s->account, dropped->cols, s->n_cols * sizeof *s->cols);
}

void wr_store_drop_segments(wr_row_store *s) {
    drop_segments(s);
    s->segs = NULL;
    s->cap_segs = 0;
}

static void start_layout(wr_row_store *s, uint32_t shift) {
    if (s->spare && shift != s->shift) {
        wr_free(s->account, s->spare, s->segment_bytes);
        s->spare = NULL;
    }
    lay_out(s, shift);
    s->base_seg = s->shape == WEIR_WINDOW_FIFO ? s->tail >> shift : 0;
}

weir_status wr_store_make_room(wr_row_store *s, weir_row_id tail, weir_error *err) {
    uint64_t rows = tail - (s->shape == WEIR_WINDOW_FIFO ? s->settled : 0);
    uint32_t shift = s->n_segs ? s->shift : WR_SEGMENT_LEAST_SHIFT;
    while (shift < WR_SEGMENT_MOST_SHIFT && rows > (uint64_t)4 << shift) shift += 2;
    if (!s->n_segs)
        start_layout(s, shift);
    else if (shift > s->shift)
        widen(s, shift);
    return add_segments(s, tail, err);
}
