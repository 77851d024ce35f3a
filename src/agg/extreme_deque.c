/* extreme_deque.c: monotonic deques for min and max over windows (extreme.h). */
#include <math.h>

#include "agg/extreme.h"
#include "base/alloc.h"

static inline void *deque_items(const wr_deque *q) { return q->cap ? q->items.heap : (void *)q->items.own; }
static inline uint32_t deque_cap(const wr_deque *q, size_t item_bytes) {
    return q->cap ? q->cap : (uint32_t)(sizeof q->items.own / item_bytes);
}

static void deque_clear(wr_deques *d, wr_deque *q) {
    if (q->cap) {
        wr_free(NULL, q->items.heap, (size_t)q->cap * d->item_bytes);
        d->heap_bytes -= (size_t)q->cap * d->item_bytes;
    }
    memset(q, 0, sizeof *q);
}

/* Moves the items into a heap ring of cap items, the first one first. */
static bool deque_move(wr_deques *d, wr_deque *q, uint32_t cap) {
    const uint32_t before = deque_cap(q, d->item_bytes);
    char *ring = cap > before ? wr_alloc(NULL, (size_t)cap * d->item_bytes) : NULL;
    if (!ring) {
        d->out_of_memory = true;
        return false;
    }
    const char *items = deque_items(q);
    for (uint32_t i = 0; i < q->len; i++)
        memcpy(ring + (size_t)i * d->item_bytes,
               items + (size_t)((q->head + i) & (before - 1)) * d->item_bytes, d->item_bytes);
    if (q->cap) wr_free(NULL, q->items.heap, (size_t)q->cap * d->item_bytes);
    d->heap_bytes += (size_t)(cap - q->cap) * d->item_bytes;
    q->items.heap = ring;
    q->cap = cap;
    q->head = 0;
    return true;
}

static bool deque_grow(wr_deques *d, wr_deque *q) {
    return deque_move(d, q, deque_cap(q, d->item_bytes) * 2);
}

#define LESS(a, b)         ((a) < (b))
#define MORE(a, b)         ((a) > (b))
#define NEVER(a)           (0)
#define SAME_INTEGER(a, b) ((a) == (b))
/* NaN is found again, and -0.0 is not 0.0. */
#define SAME_REAL(a, b) ((a) == (b) ? !signbit(a) == !signbit(b) : (a) != (a) && (b) != (b))

#define DEQUE_NAME   min_int
#define DEQUE_TYPE   int32_t
#define DEQUE_FIELD  i
#define DEQUE_BEATS  LESS
#define DEQUE_SAME   SAME_INTEGER
#define DEQUE_IS_NAN NEVER
#include "agg/deque.inc.h"

#define DEQUE_NAME   min_long
#define DEQUE_TYPE   int64_t
#define DEQUE_FIELD  l
#define DEQUE_BEATS  LESS
#define DEQUE_SAME   SAME_INTEGER
#define DEQUE_IS_NAN NEVER
#include "agg/deque.inc.h"

#define DEQUE_NAME   min_float
#define DEQUE_TYPE   float
#define DEQUE_FIELD  f
#define DEQUE_BEATS  LESS
#define DEQUE_SAME   SAME_REAL
#define DEQUE_IS_NAN isnan
#include "agg/deque.inc.h"

#define DEQUE_NAME   min_double
#define DEQUE_TYPE   double
#define DEQUE_FIELD  d
#define DEQUE_BEATS  LESS
#define DEQUE_SAME   SAME_REAL
#define DEQUE_IS_NAN isnan
#include "agg/deque.inc.h"

#define DEQUE_NAME   max_int
#define DEQUE_TYPE   int32_t
#define DEQUE_FIELD  i
#define DEQUE_BEATS  MORE
#define DEQUE_SAME   SAME_INTEGER
#define DEQUE_IS_NAN NEVER
#include "agg/deque.inc.h"

#define DEQUE_NAME   max_long
#define DEQUE_TYPE   int64_t
#define DEQUE_FIELD  l
#define DEQUE_BEATS  MORE
#define DEQUE_SAME   SAME_INTEGER
#define DEQUE_IS_NAN NEVER
#include "agg/deque.inc.h"

#define DEQUE_NAME   max_float
#define DEQUE_TYPE   float
#define DEQUE_FIELD  f
#define DEQUE_BEATS  MORE
#define DEQUE_SAME   SAME_REAL
#define DEQUE_IS_NAN isnan
#include "agg/deque.inc.h"

#define DEQUE_NAME   max_double
#define DEQUE_TYPE   double
#define DEQUE_FIELD  d
#define DEQUE_BEATS  MORE
#define DEQUE_SAME   SAME_REAL
#define DEQUE_IS_NAN isnan
#include "agg/deque.inc.h"

void wr_deques_open(wr_deques *d, weir_type type, bool smallest) {
    switch (type) {
    case WEIR_INT: d->loop = smallest ? min_int : max_int; break;
    case WEIR_LONG: d->loop = smallest ? min_long : max_long; break;
    case WEIR_FLOAT: d->loop = smallest ? min_float : max_float; break;
    default: d->loop = smallest ? min_double : max_double; break;
    }
    d->item_bytes = type == WEIR_INT || type == WEIR_FLOAT ? 4 : 8;
}

void wr_deques_close(wr_deques *d) {
    wr_deques_reset_all(d, d->cap);
    wr_free(NULL, d->deques, d->cap * sizeof *d->deques);
    d->deques = NULL;
    d->cap = 0;
}

weir_status wr_deques_reserve(wr_deques *d, uint32_t n_groups, weir_error *err) {
    return wr_group_array_reserve(&d->deques, &d->cap, n_groups, sizeof *d->deques, err);
}

weir_status wr_deques_update(wr_deques *d, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    d->loop(d, rows, out);
    if (!d->out_of_memory) return WEIR_OK;
    d->out_of_memory = false;
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of min() or max()");
}

void wr_deques_reset_all(wr_deques *d, uint32_t n_groups) {
    for (uint32_t g = 0; g < n_groups; g++)
        if (d->deques[g].len) deque_clear(d, &d->deques[g]);
}

void wr_deques_reset(wr_deques *d, uint32_t group) {
    if (d->deques[group].len) deque_clear(d, &d->deques[group]);
}

bool wr_deques_release(wr_deques *d, uint32_t group) { return d->deques[group].len == 0; }

size_t wr_deques_bytes(const wr_deques *d) { return d->cap * sizeof *d->deques + d->heap_bytes; }

static void save_item(const void *item, size_t item_bytes, weir_writer *w) {
    if (item_bytes == 4) {
        uint32_t v;
        memcpy(&v, item, 4);
        weir_write_u32(w, v);
    } else {
        int64_t v;
        memcpy(&v, item, 8);
        weir_write_i64(w, v);
    }
}

static void load_item(void *item, size_t item_bytes, weir_reader *r) {
    if (item_bytes == 4) {
        uint32_t v = weir_read_u32(r);
        memcpy(item, &v, 4);
    } else {
        int64_t v = weir_read_i64(r);
        memcpy(item, &v, 8);
    }
}

/* How many items; then, if there are any, whether unordered, the extreme and the items in order. */
static void save_deque(const wr_deques *d, const wr_deque *q, weir_writer *w) {
    weir_write_u32(w, q->len);
    if (!q->len) return;
    weir_write_u32(w, q->unordered);
    save_item(&q->value, d->item_bytes, w);
    const char *items = deque_items(q);
    uint32_t mask = deque_cap(q, d->item_bytes) - 1;
    for (uint32_t i = 0; i < q->len; i++)
        save_item(items + (size_t)((q->head + i) & mask) * d->item_bytes, d->item_bytes, w);
}

void wr_deques_save(const wr_deques *d, uint32_t n_groups, weir_writer *w) {
    for (uint32_t g = 0; g < n_groups; g++) save_deque(d, &d->deques[g], w);
}

void wr_deques_save_some(const wr_deques *d, const uint32_t *groups, uint32_t n, weir_writer *w) {
    for (uint32_t i = 0; i < n; i++) save_deque(d, &d->deques[groups[i]], w);
}

static weir_status load_deque(wr_deques *d, wr_deque *q, uint32_t len, weir_reader *r, weir_error *err) {
    if (len > UINT32_MAX / 4 || weir_reader_left(r) / d->item_bytes < len)
        return weir_fail(err, WEIR_ESTATE, "saved state of min() or max() ends before its %u values", len);
    uint32_t cap = deque_cap(q, d->item_bytes);
    while (cap < len) cap *= 2;
    if (cap > deque_cap(q, d->item_bytes) && !deque_move(d, q, cap))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of min() or max()");
    q->unordered = weir_read_u32(r) != 0;
    load_item(&q->value, d->item_bytes, r);
    char *items = deque_items(q);
    for (uint32_t i = 0; i < len; i++) load_item(items + (size_t)i * d->item_bytes, d->item_bytes, r);
    q->len = len;
    return weir_reader_status(r, err);
}

weir_status wr_deques_load(wr_deques *d, uint32_t n_groups, weir_reader *r, weir_error *err) {
    if (weir_reader_left(r) / 4 < n_groups)
        return weir_fail(err, WEIR_ESTATE, "saved state of min() or max() ends before its %u groups",
                         n_groups);
    WR_TRY(wr_deques_reserve(d, n_groups, err));
    wr_deques_reset_all(d, d->cap);
    for (uint32_t g = 0; g < n_groups; g++) {
        uint32_t len = weir_read_u32(r);
        if (len) WR_TRY(load_deque(d, &d->deques[g], len, r, err));
    }
    return weir_reader_status(r, err);
}

weir_status wr_deques_load_some(wr_deques *d, const uint32_t *groups, uint32_t n, weir_reader *r,
                                weir_error *err) {
    for (uint32_t i = 0; i < n; i++) {
        wr_deques_reset(d, groups[i]);
        uint32_t len = weir_read_u32(r);
        if (len) WR_TRY(load_deque(d, &d->deques[groups[i]], len, r, err));
    }
    return weir_reader_status(r, err);
}
