/* column.c: see column.h. */
#include "data/column.h"

#include "data/value.h"

uint64_t *wr_valid_new(weir_arena *arena, uint32_t n) {
    size_t words = wr_valid_words(n);
    uint64_t *valid = wr_arena_array(arena, words, sizeof *valid);
    if (valid) memset(valid, 0xFF, words * sizeof *valid);
    return valid;
}

weir_status wr_column_new(weir_arena *arena, weir_type type, bool boxed, uint32_t n, bool nullable,
                          weir_column *out) {
    *out = (weir_column){.type = type, .boxed = boxed};
    out->data = wr_arena_array(arena, n, wr_type_size(type, boxed));
    if (!out->data) return WEIR_ENOMEM;
    if (!nullable) return WEIR_OK;
    out->valid = wr_valid_new(arena, n);
    return out->valid ? WEIR_OK : WEIR_ENOMEM;
}

void wr_gather_data(void *to, const void *from, const uint32_t *rows, uint32_t n, size_t size) {
    if (size == 1) {
        uint8_t *t = to;
        for (uint32_t i = 0; i < n; i++) t[i] = ((const uint8_t *)from)[rows[i]];
    } else if (size == 4) {
        uint32_t *t = to;
        for (uint32_t i = 0; i < n; i++) t[i] = ((const uint32_t *)from)[rows[i]];
    } else if (size == 8) {
        uint64_t *t = to;
        for (uint32_t i = 0; i < n; i++) t[i] = ((const uint64_t *)from)[rows[i]];
    } else {
        weir_string *t = to;
        for (uint32_t i = 0; i < n; i++) t[i] = ((const weir_string *)from)[rows[i]];
    }
}

void wr_gather_valid(uint64_t *to, uint32_t at, const uint64_t *from, const uint32_t *rows, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bit = from[rows[i] >> 6] >> (rows[i] & 63) & 1;
        to[(at + i) >> 6] &= ~((bit ^ 1) << ((at + i) & 63));
    }
}

weir_status wr_column_gather(const weir_column *in, const uint32_t *rows, uint32_t n, weir_arena *arena,
                             weir_column *out) {
    if (!in->data) {
        *out = *in;
        return WEIR_OK;
    }
    WR_TRY(wr_column_new(arena, in->type, in->boxed, n, in->valid != NULL, out));
    wr_gather_data(out->data, in->data, rows, n, wr_type_size(in->type, in->boxed));
    if (in->valid) wr_gather_valid(out->valid, 0, in->valid, rows, n);
    return WEIR_OK;
}

static weir_status box_row(const weir_column *in, uint32_t row, weir_arena *arena, weir_object **out) {
    weir_value v = wr_column_get(in, row);
    *out = v.is_null ? NULL : v.type == WEIR_OBJECT ? v.as.o : weir_object_new_value(&v);
    if (v.is_null || v.type == WEIR_OBJECT) return WEIR_OK;
    return *out ? weir_arena_own(arena, *out) : WEIR_ENOMEM;
}

weir_status wr_column_box(const weir_column *in, const uint32_t *sel, uint32_t n, weir_arena *arena,
                          weir_column *out) {
    weir_object **objects = out->data;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = sel ? sel[i] : i;
        weir_status status = box_row(in, row, arena, &objects[row]);
        if (status) {
            objects[row] = NULL;
            return status;
        }
        if (!objects[row] && out->valid) weir_set_null(out, row);
    }
    return WEIR_OK;
}
