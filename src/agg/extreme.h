/* extreme.h: the parts of min, max and their forever forms: a plain extreme for groups that only grow, and a
 * deque for groups that values leave. */
#ifndef WR_AGG_EXTREME_H
#define WR_AGG_EXTREME_H

#include "agg/fold.h"

/* A group's extreme so far. */
typedef struct wr_extreme_cell {
    union {
        int32_t i;
        int64_t l;
        float f;
        double d;
        uint64_t bits;
    } value; /* the unused rest of it is zero */
    uint64_t has_value;
} wr_extreme_cell;

extern const wr_fold_loops wr_extreme_min, wr_extreme_max;
extern const wr_fold_loops wr_extreme_min_forgetting, wr_extreme_max_forgetting;

/* A group's monotonic deque: values of which each could still become the extreme, in order of arrival. With
 * w in the window, a value is dropped when a more extreme one comes after it:
 *
 *     max of  3 1 4 1 5 9 2 6   keeps   9 6
 *
 * The first is the extreme; a value that leaves is looked up by what it is. A ring of `cap` values (a power
 * of two) in `heap`, or up to 16 bytes of them in place. All zeros is the empty deque. */
typedef struct wr_deque {
    union {
        unsigned char own[16];
        void *heap;
    } items;
    union {
        int32_t i;
        int64_t l;
        float f;
        double d;
    } value; /* the extreme, while len > 0. It is the first item, unless there was a NaN */
    uint32_t head, len;
    uint32_t cap;       /* 0: items are in place */
    uint32_t unordered; /* a NaN came in since the deque was empty: items aren't sorted */
} wr_deque;

/* The deques of an aggregator, by group. */
typedef struct wr_deques {
    wr_deque *deques;
    uint32_t cap;
    uint32_t item_bytes;
    size_t heap_bytes; /* of rings outside the deques */
    bool out_of_memory;
    void (*loop)(struct wr_deques *d, const weir_agg_rows *rows, weir_column *out);
} wr_deques;

void wr_deques_open(wr_deques *d, weir_type type, bool smallest);
void wr_deques_close(wr_deques *d);
weir_status wr_deques_reserve(wr_deques *d, uint32_t n_groups, weir_error *err) WR_NODISCARD;
weir_status wr_deques_update(wr_deques *d, const weir_agg_rows *rows, weir_column *out,
                             weir_error *err) WR_NODISCARD;
void wr_deques_reset_all(wr_deques *d, uint32_t n_groups);
void wr_deques_reset(wr_deques *d, uint32_t group);
bool wr_deques_release(wr_deques *d, uint32_t group);
size_t wr_deques_bytes(const wr_deques *d);
void wr_deques_save(const wr_deques *d, uint32_t n_groups, weir_writer *w);
weir_status wr_deques_load(wr_deques *d, uint32_t n_groups, weir_reader *r, weir_error *err) WR_NODISCARD;
void wr_deques_save_some(const wr_deques *d, const uint32_t *groups, uint32_t n, weir_writer *w);
weir_status wr_deques_load_some(wr_deques *d, const uint32_t *groups, uint32_t n, weir_reader *r,
                                weir_error *err) WR_NODISCARD;

#endif
