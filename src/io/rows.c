/* rows.c: see rows.h. */
#include "io/rows.h"

#include <string.h>

#include "data/schema.h"

static size_t valid_words(uint32_t rows) { return ((size_t)rows + 63) / 64; }

/* A larger copy of `old` in the arena, or NULL. */
static void *regrow(weir_arena *arena, const void *old, size_t n_old, size_t n_new, size_t elem_size) {
    void *p = wr_arena_array(arena, n_new, elem_size);
    if (p && n_old) memcpy(p, old, n_old * elem_size);
    return p;
}

static bool regrow_column(weir_arena *arena, weir_column *c, uint32_t old_cap, uint32_t cap) {
    if (!c->data) return true;
    void *data = regrow(arena, c->data, old_cap, cap, wr_type_size(c->type, c->boxed));
    uint64_t *valid = wr_arena_array(arena, valid_words(cap), sizeof *valid);
    if (!data || !valid) return false;
    memset(valid, 0xff, valid_words(cap) * sizeof *valid);
    memcpy(valid, c->valid, valid_words(old_cap) * sizeof *valid);
    c->data = data;
    c->valid = valid;
    return true;
}

static weir_status grow(weir_rows *rows, uint32_t need, weir_error *err) {
    if (need <= rows->cap) return WEIR_OK;
    uint32_t cap = rows->cap > UINT32_MAX / 2 ? UINT32_MAX : WR_MAX(need, rows->cap * 2);
    cap = cap > UINT32_MAX - 63 ? UINT32_MAX : (cap + 63) & ~63u; /* whole words of valid */
    int64_t *ts = regrow(rows->arena, rows->ts, rows->n, cap, sizeof *ts);
    uint32_t *chunk_end =
        regrow(rows->arena, rows->chunk_end, rows->chunked ? rows->n_chunks : 0, cap, sizeof *chunk_end);
    bool failed = !ts || !chunk_end;
    for (uint32_t i = 0; i < rows->n_cols && !failed; i++)
        failed = !regrow_column(rows->arena, &rows->cols[i], rows->cap, cap);
    if (failed) return weir_fail(err, WEIR_ENOMEM, "no memory for a chunk of %u rows", need);
    rows->ts = ts;
    rows->chunk_end = chunk_end;
    rows->cap = cap;
    return WEIR_OK;
}

static bool init_column(weir_arena *arena, weir_column *c, weir_type type, uint32_t cap) {
    size_t size = wr_type_size(type, false);
    bool has_pointers = type == WEIR_STRING || type == WEIR_OBJECT;
    c->data = has_pointers ? wr_arena_zero(arena, cap, size) : wr_arena_array(arena, cap, size);
    c->valid = wr_arena_array(arena, valid_words(cap), sizeof *c->valid);
    if (!c->data || !c->valid) return false;
    memset(c->valid, 0xff, valid_words(cap) * sizeof *c->valid);
    return true;
}

weir_status wr_rows_init(weir_rows *rows, const weir_schema *schema, const bool *wanted, uint32_t cap,
                         weir_arena *arena, weir_error *err) {
    cap = (WR_MAX(cap, 1u) + 63) & ~63u;
    *rows =
        (weir_rows){.cap = cap, .limit = cap, .n_cols = schema->n_attributes, .arena = arena, .grow = grow};
    rows->cols = wr_arena_zero(arena, rows->n_cols, sizeof *rows->cols);
    rows->ts = wr_arena_array(arena, cap, sizeof *rows->ts);
    rows->chunk_end = wr_arena_array(arena, cap, sizeof *rows->chunk_end);
    bool failed = !rows->cols || !rows->ts || !rows->chunk_end;
    for (uint32_t i = 0; i < rows->n_cols && !failed; i++) {
        rows->cols[i].type = schema->attributes[i].type;
        if (wanted && !wanted[i]) continue;
        failed = !init_column(arena, &rows->cols[i], schema->attributes[i].type, cap);
    }
    return failed ? weir_fail(err, WEIR_ENOMEM, "no memory for a batch of %u rows", cap) : WEIR_OK;
}

void wr_rows_unfill(weir_rows *rows, uint32_t row) {
    for (uint32_t i = 0; i < rows->n_cols; i++)
        if (rows->cols[i].data) weir_set_valid(&rows->cols[i], row);
}

void wr_rows_cut(weir_rows *rows, uint32_t keep) {
    for (uint32_t r = keep; r < rows->n; r++) wr_rows_unfill(rows, r);
    rows->n = WR_MIN(rows->n, keep);
    if (!rows->chunked) return;
    while (rows->n_chunks && rows->chunk_end[rows->n_chunks - 1] > rows->n) {
        uint32_t begin = rows->n_chunks > 1 ? rows->chunk_end[rows->n_chunks - 2] : 0;
        if (begin < rows->n) {
            rows->chunk_end[rows->n_chunks - 1] = rows->n;
            return;
        }
        rows->n_chunks--;
    }
}

static void drop_cell(weir_column *c, uint32_t row, uint32_t n) {
    size_t size = wr_type_size(c->type, c->boxed);
    char *at = (char *)c->data + row * size;
    memmove(at, at + size, (n - row - 1) * size);
    for (uint32_t r = row; r + 1 < n; r++) {
        if (weir_is_null(c, r + 1))
            weir_set_null(c, r);
        else
            weir_set_valid(c, r);
    }
    weir_set_valid(c, n - 1);
}

void wr_rows_drop(weir_rows *rows, uint32_t row) {
    uint32_t n = rows->n, left = 0;
    for (uint32_t i = 0; i < rows->n_cols; i++)
        if (rows->cols[i].data) drop_cell(&rows->cols[i], row, n);
    memmove(rows->ts + row, rows->ts + row + 1, (n - row - 1) * sizeof *rows->ts);
    rows->n--;
    for (uint32_t c = 0; rows->chunked && c < rows->n_chunks; c++) {
        uint32_t end = rows->chunk_end[c] - (rows->chunk_end[c] > row);
        if (!left || end > rows->chunk_end[left - 1]) rows->chunk_end[left++] = end;
    }
    if (left && rows->chunk_end[0] == 0)
        memmove(rows->chunk_end, rows->chunk_end + 1, --left * sizeof(uint32_t));
    rows->n_chunks = left;
}

static bool has_null(const weir_column *c, uint32_t n) {
    uint32_t words = n / 64, rest = n % 64;
    for (uint32_t i = 0; i < words; i++)
        if (c->valid[i] != UINT64_MAX) return true;
    return rest && (~c->valid[words] & (((uint64_t)1 << rest) - 1));
}

void wr_rows_batch(const weir_rows *rows, weir_column *cols, weir_batch *out) {
    for (uint32_t i = 0; i < rows->n_cols; i++) {
        cols[i] = rows->cols[i];
        if (cols[i].data && !has_null(&cols[i], rows->n)) cols[i].valid = NULL;
    }
    *out = (weir_batch){.n_rows = rows->n,
                        .n_sel = rows->n,
                        .ts = rows->ts,
                        .n_cols = rows->n_cols,
                        .cols = cols,
                        .n_chunks = rows->chunked ? rows->n_chunks : rows->n,
                        .chunk_end = rows->chunked ? rows->chunk_end : NULL};
}
