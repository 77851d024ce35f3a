/* row_store_gather.c: copying a column of many rows out of a store.
 *
 * Row ids come in patterns. Batches that leave as a whole are long runs of consecutive ids: those are copied
 * segment by segment. A sliding window gives an expired id, a current one, an expired one…: two runs of ids,
 * merged. Else each id is looked up by itself. A few of the ids tell whether they are runs. */
#include "exec/kernel/kernels.h"
#include "exec/row_store_impl.h"

/* The ids behind 16 of them, from all over, go on by 1 as a rule. */
static bool mostly_runs(const weir_row_id *ids, uint32_t n) {
    uint32_t step = n / 16, breaks = 0;
    for (uint32_t i = 0; step > 1 && i < 16; i++) breaks += ids[i * step + 1] != ids[i * step] + 1;
    return step > 1 && breaks < 4;
}

/* How many of ids[0..n-1] follow one another within a segment. */
static uint32_t run_length(const wr_row_store *s, const weir_row_id *ids, uint32_t n) {
    uint32_t most = WR_MIN(n, wr_store_rows(s) - wr_store_offset(s, ids[0])), k = 1;
    while (k < most && ids[k] == ids[0] + k) k++;
    return k;
}

static void gather_runs(const wr_row_store *s, const wr_stored_column *c, const weir_row_id *ids, uint32_t n,
                        char *out) {
    for (uint32_t i = 0, k; i < n; i += k) {
        if (ids[i] == WEIR_NO_ROW) {
            memset(out + (size_t)i * c->size, 0, c->size);
            k = 1;
            continue;
        }
        k = run_length(s, ids + i, n - i);
        const char *from =
            wr_segment_cells(c, wr_store_segment(s, ids[i])) + (size_t)wr_store_offset(s, ids[i]) * c->size;
        memcpy(out + (size_t)i * c->size, from, (size_t)k * c->size);
    }
}

#define GATHER_EACH(name, type)                                                                              \
    static void name(const wr_row_store *s, const wr_stored_column *c, const weir_row_id *ids, uint32_t n,   \
                     type *restrict out) {                                                                   \
        wr_segment *const *segs = s->segs;                                                                   \
        const uint64_t base = s->base_seg, mask = wr_store_rows(s) - 1;                                      \
        const uint32_t shift = s->shift, at = c->at;                                                         \
        const type zero = {0};                                                                               \
        for (uint32_t i = 0; i < n; i++) {                                                                   \
            weir_row_id id = ids[i];                                                                         \
            if (WR_UNLIKELY(id == WEIR_NO_ROW))                                                              \
                out[i] = zero;                                                                               \
            else                                                                                             \
                out[i] = ((const type *)(const void *)((const char *)segs[(id >> shift) - base] +            \
                                                       at))[id & mask];                                      \
        }                                                                                                    \
    }
GATHER_EACH(gather_each_1, uint8_t)
GATHER_EACH(gather_each_4, uint32_t)
GATHER_EACH(gather_each_8, uint64_t)
GATHER_EACH(gather_each_16, weir_string)
#undef GATHER_EACH

static void gather_valid(const wr_row_store *s, uint32_t col, const weir_row_id *ids, uint32_t n,
                         weir_column *out) {
    memset(out->valid, 0xFF, ((size_t)n + 63) / 64 * sizeof(uint64_t));
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] == WEIR_NO_ROW ||
            wr_segment_is_null(wr_store_segment(s, ids[i]), col, wr_store_offset(s, ids[i])))
            weir_set_null(out, i);
}

static weir_status copy_texts(weir_string *texts, uint32_t n, weir_arena *arena, weir_error *err) {
    for (uint32_t i = 0; i < n; i++)
        if (texts[i].len > WEIR_STRING_INLINE &&
            weir_arena_string(arena, texts[i].u.ptr, texts[i].len, &texts[i]) != WEIR_OK)
            return wr_store_no_memory(err);
    return WEIR_OK;
}

weir_status wr_row_store_gather(const wr_row_store *s, uint32_t column, const weir_row_id *ids, uint32_t n,
                                weir_arena *copy_strings, weir_column *out, weir_error *err) {
    uint32_t col = s->stored_at[column];
    if (col == WR_NO_COLUMN || !n) return WEIR_OK;
    const wr_stored_column *c = &s->cols[col];
    if (mostly_runs(ids, n))
        gather_runs(s, c, ids, n, out->data);
    else if (c->size == 1)
        gather_each_1(s, c, ids, n, out->data);
    else if (c->size == 4)
        gather_each_4(s, c, ids, n, out->data);
    else if (c->size == 8)
        gather_each_8(s, c, ids, n, out->data);
    else
        gather_each_16(s, c, ids, n, out->data);
    if (out->valid) gather_valid(s, col, ids, n, out);
    if (c->is_string && copy_strings) return copy_texts(out->data, n, copy_strings, err);
    return WEIR_OK;
}

/* ---- Two runs ------------------------------------------------------------------------------------------ */

typedef struct run {
    weir_row_id id; /* the next */
    uint32_t n;     /* rows left */
} run;

/* The ids of the rows of one kind, of which there are so many; false if they aren't a run. */
static bool find_run(const uint8_t *kind, uint8_t which, const weir_row_id *ids, uint32_t n, run *r) {
    const uint8_t *first = memchr(kind, which, n), *last = first ? memrchr(kind, which, n) : NULL;
    if (!first) return r->n == 0;
    r->id = ids[first - kind];
    return ids[last - kind] - r->id == r->n - 1;
}

static uint32_t left_in_segment(const wr_row_store *s, weir_row_id id) {
    return wr_store_rows(s) - wr_store_offset(s, id);
}

static const char *cell_of(const wr_row_store *s, const wr_stored_column *c, weir_row_id id) {
    return wr_segment_cells(c, wr_store_segment(s, id)) + (size_t)wr_store_offset(s, id) * c->size;
}

static void copy_run(const wr_row_store *s, const wr_stored_column *c, run r, char *out) {
    while (r.n) {
        uint32_t k = WR_MIN(r.n, left_in_segment(s, r.id));
        memcpy(out, cell_of(s, c, r.id), (size_t)k * c->size);
        out += (size_t)k * c->size;
        r.id += k;
        r.n -= k;
    }
}

/* Piece by piece, such that each could be all of one kind and stay within its segment. */
static void merge_runs(const wr_row_store *s, const wr_stored_column *c, const uint8_t *kind, run one,
                       run zero, char *out) {
    wr_merge_kernel merge = wr_kernels_get()->merge[__builtin_ctz(c->size)];
    while (one.n && zero.n) {
        uint32_t k = WR_MIN(left_in_segment(s, one.id), left_in_segment(s, zero.id));
        k = WR_MIN(k, one.n + zero.n);
        uint32_t n_one = merge(k, kind, cell_of(s, c, one.id), cell_of(s, c, zero.id), out);
        one.id += n_one;
        one.n -= n_one;
        zero.id += k - n_one;
        zero.n -= k - n_one;
        kind += k;
        out += (size_t)k * c->size;
    }
    copy_run(s, c, one.n ? one : zero, out);
}

weir_status wr_row_store_merge(const wr_row_store *s, uint32_t column, const uint8_t *kind,
                               const weir_row_id *ids, uint32_t n, weir_column *out, weir_error *err) {
    uint32_t col = s->stored_at[column], n_expired = 0;
    if (col == WR_NO_COLUMN || !n) return WEIR_OK;
    for (uint32_t i = 0; i < n; i++) n_expired += kind[i] == WEIR_EXPIRED;
    run expired = {.n = n_expired}, current = {.n = n - n_expired};
    if (memchr(kind, WEIR_RESET, n) || !find_run(kind, WEIR_EXPIRED, ids, n, &expired) ||
        !find_run(kind, WEIR_CURRENT, ids, n, &current))
        return wr_row_store_gather(s, column, ids, n, NULL, out, err);
    merge_runs(s, &s->cols[col], kind, expired, current, out->data);
    if (out->valid) gather_valid(s, col, ids, n, out);
    return WEIR_OK;
}
