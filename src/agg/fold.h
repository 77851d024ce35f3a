/* fold.h: aggregators whose state of a group is a small cell of plain numbers: sum, avg, count, …
 *
 * Cells are an array indexed by group. All zeros is the initial state, and every step that brings a group
 * back to "nothing seen" leaves zeros, so that growing, resetting, releasing, saving and loading are the same
 * for all of them and live here. What differs is the loop over the rows, which fold.inc.h generates. */
#ifndef WR_AGG_FOLD_H
#define WR_AGG_FOLD_H

#include "base/compiler.h"
#include "weir_ext.h"

typedef void (*wr_fold_loop)(void *cells, const weir_agg_rows *rows, weir_column *out);

/* The head of each fold's own state. */
typedef struct wr_fold {
    void *cells;
    uint32_t cap;        /* cells there are room for */
    uint32_t cell_words; /* a cell's size in words of 8 bytes; it holds nothing but such words */
    wr_fold_loop loop;
} wr_fold;

/* A count of rows, one more or less. It wraps: a saved state may say anything. */
WR_INLINE int64_t wr_fold_counted(int64_t count, uint32_t expired) {
    return (int64_t)((uint64_t)count + (expired ? UINT64_MAX : 1u));
}

/* +1 for what comes in, -1 for what leaves: x * sign is exact, and no branch where kinds alternate. */
static const double wr_fold_sign[2] = {1.0, -1.0};

/* Which of a fold's loops fits: indexed by the argument's weir_type. */
typedef wr_fold_loop wr_fold_loops[WEIR_N_TYPES];

/* For open(): cells of cell_bytes (a multiple of 8), and the loop for the first argument's type. */
void wr_fold_open(wr_fold *f, size_t cell_bytes, wr_fold_loop loop);

/* These fit into a descriptor as they are. */
void wr_fold_close(void *self);
weir_status wr_fold_reserve(void *self, uint32_t n_groups, weir_error *err);
weir_status wr_fold_update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err);
void wr_fold_reset_all(void *self, uint32_t n_groups);
void wr_fold_reset(void *self, uint32_t group);
bool wr_fold_release(void *self, uint32_t group);
size_t wr_fold_bytes(const void *self);
void wr_fold_save(const void *self, uint32_t n_groups, weir_writer *w);
weir_status wr_fold_load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err);
void wr_fold_save_some(const void *self, const uint32_t *groups, uint32_t n, weir_writer *w);
weir_status wr_fold_load_some(void *self, const uint32_t *groups, uint32_t n, weir_reader *r,
                              weir_error *err);

#define WR_FOLD_FUNCTIONS                                                                                    \
    .state_size = sizeof(wr_fold), .close = wr_fold_close, .reserve = wr_fold_reserve,                       \
    .update = wr_fold_update, .reset_all = wr_fold_reset_all, .reset = wr_fold_reset,                        \
    .release = wr_fold_release, .bytes = wr_fold_bytes, .save = wr_fold_save, .load = wr_fold_load,          \
    .save_some = wr_fold_save_some, .load_some = wr_fold_load_some

/* Makes room for n_groups elements of elem_bytes in *array (of *cap), zeros in what is new. For state kept by
 * group; accounted by its owner's bytes(). */
weir_status wr_group_array_reserve(void *array_ptr, uint32_t *cap, uint32_t n_groups, size_t elem_bytes,
                                   weir_error *err) WR_NODISCARD;

/* The physical number of the i-th row to take in. */
static inline uint32_t wr_agg_row(const weir_agg_rows *rows, uint32_t i) {
    return rows->row ? rows->row[i] : rows->first + i;
}
static inline uint32_t wr_agg_group(const weir_agg_rows *rows, uint32_t row) {
    return rows->gid ? rows->gid[row] : 0;
}
static inline bool wr_agg_expired(const weir_agg_rows *rows, uint32_t row) {
    return rows->kind && rows->kind[row] == WEIR_EXPIRED;
}

#endif
