/* fold.c: see fold.h. */
#include "agg/fold.h"

#include "base/alloc.h"

weir_status wr_group_array_reserve(void *array_ptr, uint32_t *cap, uint32_t n_groups, size_t elem_bytes,
                                   weir_error *err) {
    uint32_t before = *cap;
    if (n_groups <= before) return WEIR_OK;
    if (wr_grow(NULL, array_ptr, cap, n_groups, elem_bytes))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for the aggregates of %u groups", n_groups);
    char *array;
    memcpy(&array, array_ptr, sizeof array);
    memset(array + before * elem_bytes, 0, (*cap - before) * elem_bytes);
    return WEIR_OK;
}

void wr_fold_open(wr_fold *f, size_t cell_bytes, wr_fold_loop loop) {
    f->cell_words = (uint32_t)(cell_bytes / 8);
    f->loop = loop;
}

void wr_fold_close(void *self) {
    wr_fold *f = self;
    wr_free(NULL, f->cells, wr_fold_bytes(f));
    f->cells = NULL;
    f->cap = 0;
}

weir_status wr_fold_reserve(void *self, uint32_t n_groups, weir_error *err) {
    wr_fold *f = self;
    return wr_group_array_reserve(&f->cells, &f->cap, n_groups, f->cell_words * 8, err);
}

/* Somewhere to put values that nobody reads. */
static weir_status make_spare(const weir_agg_rows *rows, weir_column *spare, weir_error *err) {
    size_t n = (rows->n ? wr_agg_row(rows, rows->n - 1) : 0) + (size_t)1, n_words = (n + 63) / 64;
    uint64_t *words = weir_arena_alloc(rows->arena, (n + n_words) * sizeof *words);
    if (!words) return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of aggregates");
    *spare = (weir_column){.data = words, .valid = words + n};
    return WEIR_OK;
}

weir_status wr_fold_update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    wr_fold *f = self;
    weir_column spare;
    if (!out) WR_TRY(make_spare(rows, &spare, err));
    f->loop(f->cells, rows, out ? out : &spare);
    return WEIR_OK;
}

void wr_fold_reset_all(void *self, uint32_t n_groups) {
    wr_fold *f = self;
    if (n_groups) memset(f->cells, 0, (size_t)n_groups * f->cell_words * 8);
}

void wr_fold_reset(void *self, uint32_t group) {
    wr_fold *f = self;
    memset((uint64_t *)f->cells + (size_t)group * f->cell_words, 0, (size_t)f->cell_words * 8);
}

bool wr_fold_release(void *self, uint32_t group) {
    wr_fold *f = self;
    const uint64_t *words = (const uint64_t *)f->cells + (size_t)group * f->cell_words;
    for (uint32_t i = 0; i < f->cell_words; i++)
        if (words[i]) return false;
    return true;
}

size_t wr_fold_bytes(const void *self) {
    const wr_fold *f = self;
    return (size_t)f->cap * f->cell_words * 8;
}

void wr_fold_save(const void *self, uint32_t n_groups, weir_writer *w) {
    const wr_fold *f = self;
    const int64_t *words = f->cells;
    for (size_t i = 0; i < (size_t)n_groups * f->cell_words; i++) weir_write_i64(w, words[i]);
}

weir_status wr_fold_load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err) {
    wr_fold *f = self;
    size_t n = (size_t)n_groups * f->cell_words;
    if (weir_reader_left(r) / 8 < n)
        return weir_fail(err, WEIR_ESTATE, "saved aggregates end too early: %u groups are missing values",
                         n_groups);
    WR_TRY(wr_fold_reserve(f, n_groups, err));
    int64_t *words = f->cells;
    for (size_t i = 0; i < n; i++) words[i] = weir_read_i64(r);
    return weir_reader_status(r, err);
}

void wr_fold_save_some(const void *self, const uint32_t *groups, uint32_t n, weir_writer *w) {
    const wr_fold *f = self;
    for (uint32_t i = 0; i < n; i++) {
        const int64_t *words = (const int64_t *)f->cells + (size_t)groups[i] * f->cell_words;
        for (uint32_t k = 0; k < f->cell_words; k++) weir_write_i64(w, words[k]);
    }
}

weir_status wr_fold_load_some(void *self, const uint32_t *groups, uint32_t n, weir_reader *r,
                              weir_error *err) {
    wr_fold *f = self;
    for (uint32_t i = 0; i < n; i++) {
        int64_t *words = (int64_t *)f->cells + (size_t)groups[i] * f->cell_words;
        for (uint32_t k = 0; k < f->cell_words; k++) words[k] = weir_read_i64(r);
    }
    return weir_reader_status(r, err);
}
