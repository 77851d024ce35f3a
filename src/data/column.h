/* column.h: making and copying whole columns. Results live in the arena; strings and objects in them stay
 * where they were, so the result is valid as long as both the arena and the input are. */
#ifndef WR_COLUMN_H
#define WR_COLUMN_H

#include "base/arena.h"
#include "data/schema.h"

/* 64-bit words of a null bitmap over n rows. */
static inline size_t wr_valid_words(uint32_t n) { return ((size_t)n + 63) / 64; }

/* A bitmap over n rows with all bits set; NULL when memory is out. */
uint64_t *wr_valid_new(weir_arena *arena, uint32_t n);

/* A column for n rows: data uninitialised, nothing null; without a bitmap unless it may hold nulls. */
weir_status wr_column_new(weir_arena *arena, weir_type type, bool boxed, uint32_t n, bool nullable,
                          weir_column *out) WR_NODISCARD;

/* Row i of *out is row rows[i] of in. A pruned column (no data) stays one. */
weir_status wr_column_gather(const weir_column *in, const uint32_t *rows, uint32_t n, weir_arena *arena,
                             weir_column *out) WR_NODISCARD;

/* The loop of a gather: to[i] = from[rows[i]], of values of `size` bytes (1, 4, 8 or 16). */
void wr_gather_data(void *to, const void *from, const uint32_t *rows, uint32_t n, size_t size);
/* Bit at + i of `to` becomes bit rows[i] of `from`; bits of `to` must be set before. */
void wr_gather_valid(uint64_t *to, uint32_t at, const uint64_t *from, const uint32_t *rows, uint32_t n);

/* Puts the selected rows of in as objects into out->data, which has room (sel NULL: rows 0..n-1). Nulls
 * become NULL and are marked if out has a bitmap. The arena owns the new objects. Of a column that is boxed
 * or of type object already, the objects are passed on. */
weir_status wr_column_box(const weir_column *in, const uint32_t *sel, uint32_t n, weir_arena *arena,
                          weir_column *out) WR_NODISCARD;

#endif
