/* row_store_impl.h: the inside of a row store, for the files that make it up.
 *
 * A segment is one block: this header, a pointer to each stored column's null bitmap, for a BAG a bitmap of
 * the slots in use, the timestamps, then the columns side by side. All segments of a store have the same
 * number of rows, a power of two, so that a row is found by shifting and masking its id:
 *
 *   segs[0]              segs[n_segs - 1]
 *   base_seg << shift                     ids; FIFO: head and tail lie within; BAG: base_seg is 0
 */
#ifndef WR_ROW_STORE_IMPL_H
#define WR_ROW_STORE_IMPL_H

#include "exec/dirty.h"
#include "exec/row_store.h"

typedef struct wr_text_block { /* bytes of long strings of a FIFO segment */
    struct wr_text_block *older;
    uint32_t used, size; /* of bytes */
    char bytes[];
} wr_text_block;

typedef struct wr_segment {
    wr_text_block *texts; /* newest first */
    uint64_t *valid[];    /* by stored column: NULL as long as no null was seen here */
} wr_segment;

typedef struct wr_stored_column {
    uint32_t column; /* of the schema */
    weir_type type;
    bool boxed;
    bool is_object; /* data are references */
    bool is_string;
    bool seen_null; /* in any segment, ever */
    uint32_t size;  /* bytes of a value */
    uint32_t at;    /* offset in a segment */
} wr_stored_column;

struct wr_row_store {
    wr_account *account;
    weir_window_shape shape;
    bool settles_late;
    bool has_objects, has_strings;
    uint32_t n_schema;
    uint32_t *stored_at; /* by schema column: its place in cols, or WR_NO_COLUMN */
    uint32_t n_cols;
    wr_stored_column *cols;
    uint32_t shift; /* rows of a segment = 1 << shift */
    uint32_t live_at, ts_at;
    size_t segment_bytes;
    wr_segment **segs;
    uint32_t n_segs, cap_segs;
    uint64_t base_seg;
    wr_segment *spare; /* one freed segment, to be used again */
    uint64_t count;
    weir_row_id head, tail; /* BAG: head is 0, tail the number of slots ever used */
    weir_row_id settled;    /* FIFO: rows below have been let go */
    uint32_t *free_slots;   /* BAG: a stack of cap_slots; from its end down, the released ones */
    uint32_t n_free, n_released, cap_slots;
    wr_dirty dirty;           /* BAG: slots that have changed since wr_row_store_track */
    weir_row_id tracked_from; /* FIFO: rows from here on have come or changed since */
};

#define WR_SEGMENT_LEAST_SHIFT 4u
#define WR_SEGMENT_MOST_SHIFT  12u

static inline uint32_t wr_store_rows(const wr_row_store *s) { return 1u << s->shift; }
static inline wr_segment *wr_store_segment(const wr_row_store *s, weir_row_id id) {
    return s->segs[(id >> s->shift) - s->base_seg];
}
static inline uint32_t wr_store_offset(const wr_row_store *s, weir_row_id id) {
    return (uint32_t)(id & (wr_store_rows(s) - 1));
}
static inline int64_t *wr_segment_ts(const wr_row_store *s, wr_segment *seg) {
    return (int64_t *)((char *)seg + s->ts_at);
}
static inline uint64_t *wr_segment_live(const wr_row_store *s, wr_segment *seg) {
    return (uint64_t *)((char *)seg + s->live_at);
}
static inline char *wr_segment_cells(const wr_stored_column *c, wr_segment *seg) {
    return (char *)seg + c->at;
}
static inline bool wr_segment_is_null(const wr_segment *seg, uint32_t col, uint32_t row) {
    return seg->valid[col] && !(seg->valid[col][row >> 6] >> (row & 63) & 1);
}

/* Room for ids up to (and without) `tail`; segments grow first if the store has become large. */
weir_status wr_store_make_room(wr_row_store *s, weir_row_id tail, weir_error *err) WR_NODISCARD;
/* The bitmap of a column, made (all set) if there is none. NULL: out of memory. */
uint64_t *wr_segment_need_valid(wr_row_store *s, wr_segment *seg, uint32_t col);
/* A copy of a long string's bytes that belongs to the segment (FIFO) or to the cell (BAG). */
weir_status wr_store_keep_text(wr_row_store *s, wr_segment *seg, weir_string *text,
                               weir_error *err) WR_NODISCARD;
void wr_segment_free(wr_row_store *s, wr_segment *seg);
weir_status wr_store_no_memory(weir_error *err);
/* A row of a BAG comes, goes or is given another value; of a FIFO, is given another value. */
static inline void wr_store_note(wr_row_store *s, weir_row_id id) {
    if (s->shape == WEIR_WINDOW_BAG)
        wr_dirty_mark(&s->dirty, s->account, (uint32_t)id);
    else if (id < s->tracked_from)
        s->tracked_from = id;
}
/* Lets go of what one row refers to: objects, and in a BAG the bytes of strings. */
void wr_store_drop_row(wr_row_store *s, weir_row_id id);
void wr_store_set_live(wr_row_store *s, weir_row_id id, bool live);
/* All of them, of a FIFO whose rows are gone. */
void wr_store_drop_segments(wr_row_store *s);

#endif
