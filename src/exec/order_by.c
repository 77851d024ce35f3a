/* order_by.c: sorting the rows of chunks: a merge sort over row numbers, by Java's order of values: NaN after
 * all numbers, -0.0 before 0.0, strings by their UTF-16 code units; nulls last, whatever the direction. */
#include "base/compiler.h"
#include "exec/select_impl.h"

#define SMALL_RUN 8u /* rows that are sorted by insertion */

typedef int (*compare_fn)(const weir_column *c, uint32_t a, uint32_t b);

#define COMPARE_NUMBERS(x, y) (((x) > (y)) - ((x) < (y)))

static int compare_ints(const weir_column *c, uint32_t a, uint32_t b) {
    const int32_t *v = c->data;
    return COMPARE_NUMBERS(v[a], v[b]);
}
static int compare_longs(const weir_column *c, uint32_t a, uint32_t b) {
    const int64_t *v = c->data;
    return COMPARE_NUMBERS(v[a], v[b]);
}
static int compare_bools(const weir_column *c, uint32_t a, uint32_t b) {
    const uint8_t *v = c->data;
    return COMPARE_NUMBERS(v[a], v[b]);
}

static int compare_reals(double x, double y) {
    if (x < y) return -1;
    if (x > y) return 1;
    if (x != x || y != y) return (x != x) - (y != y);
    return !__builtin_signbit(x) - !__builtin_signbit(y);
}
static int compare_floats(const weir_column *c, uint32_t a, uint32_t b) {
    const float *v = c->data;
    return compare_reals(v[a], v[b]);
}
static int compare_doubles(const weir_column *c, uint32_t a, uint32_t b) {
    const double *v = c->data;
    return compare_reals(v[a], v[b]);
}

/* UTF-8 sorts like code points; UTF-16 puts those beyond U+FFFF (lead bytes F0 and up) before U+E000 to
 * U+FFFF (lead bytes EE and EF). */
static int compare_strings(const weir_column *c, uint32_t a, uint32_t b) {
    const weir_string *s = (const weir_string *)c->data + a, *t = (const weir_string *)c->data + b;
    const unsigned char *x = (const unsigned char *)weir_string_data(s);
    const unsigned char *y = (const unsigned char *)weir_string_data(t);
    uint32_t n = WR_MIN(s->len, t->len), i = 0;
    while (i < n && x[i] == y[i]) i++;
    if (i == n) return COMPARE_NUMBERS(s->len, t->len);
    bool reversed = x[i] >= 0xEE && y[i] >= 0xEE && (x[i] >= 0xF0) != (y[i] >= 0xF0);
    return reversed ? COMPARE_NUMBERS(y[i], x[i]) : COMPARE_NUMBERS(x[i], y[i]);
}

static const compare_fn compare_by_type[WEIR_N_TYPES] = {
    [WEIR_INT] = compare_ints,       [WEIR_LONG] = compare_longs, [WEIR_FLOAT] = compare_floats,
    [WEIR_DOUBLE] = compare_doubles, [WEIR_BOOL] = compare_bools, [WEIR_STRING] = compare_strings};

typedef struct sorter {
    const wr_order *orders;
    const weir_column *keys;
    uint32_t n_keys;
    uint32_t *scratch;
} sorter;

static bool comes_after(const sorter *s, uint32_t a, uint32_t b) {
    for (uint32_t k = 0; k < s->n_keys; k++) {
        const weir_column *key = &s->keys[k];
        bool null_a = weir_is_null(key, a), null_b = weir_is_null(key, b);
        if (null_a != null_b) return null_a;
        if (null_a) continue;
        int order = compare_by_type[key->type](key, a, b);
        if (order) return s->orders[k].descending ? order < 0 : order > 0;
    }
    return false;
}

static void sort_small(const sorter *s, uint32_t *rows, uint32_t n) {
    for (uint32_t i = 1; i < n; i++) {
        uint32_t row = rows[i], at = i;
        for (; at > 0 && comes_after(s, rows[at - 1], row); at--) rows[at] = rows[at - 1];
        rows[at] = row;
    }
}

static void merge(const sorter *s, const uint32_t *rows, uint32_t middle, uint32_t n, uint32_t *to) {
    uint32_t left = 0, right = middle;
    for (uint32_t i = 0; i < n; i++) {
        bool take_right = left == middle || (right < n && comes_after(s, rows[left], rows[right]));
        to[i] = take_right ? rows[right++] : rows[left++];
    }
}

/* Sorts small pieces, then merges them pairwise, to and fro between rows and scratch. */
static void sort_rows(const sorter *s, uint32_t *rows, uint32_t n) {
    uint32_t *from = rows, *to = s->scratch;
    for (uint32_t i = 0; i < n; i += SMALL_RUN) sort_small(s, rows + i, WR_MIN(SMALL_RUN, n - i));
    for (uint64_t width = SMALL_RUN; width < n; width *= 2) {
        for (uint64_t i = 0; i < n; i += 2 * width) {
            uint32_t size = (uint32_t)WR_MIN(2 * width, n - i);
            merge(s, from + i, (uint32_t)WR_MIN(width, size), size, to + i);
        }
        uint32_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != rows) memcpy(rows, from, n * sizeof *rows);
}

static uint32_t run_end(const weir_batch *b, const wr_picked *p, uint32_t begin, uint32_t end) {
    uint32_t i = begin + 1;
    if (!b->kind) return end;
    while (i < end && b->kind[p->rows[i]] == b->kind[p->rows[begin]]) i++;
    return i;
}

weir_status wr_order_rows(const weir_batch *b, const wr_order *orders, const weir_column *keys, uint32_t n,
                          wr_picked *p, weir_arena *arena, weir_error *err) {
    sorter s = {.orders = orders, .keys = keys, .n_keys = n};
    uint32_t chunk = 0;
    if (!b->chunk_end || p->n < 2) return WEIR_OK;
    s.scratch = wr_arena_array(arena, p->n, sizeof *s.scratch);
    if (!s.scratch) return weir_fail(err, WEIR_ENOMEM, "out of memory for order by");
    for (uint32_t i = 0; i < p->n;) {
        chunk = wr_picked_chunk(b, p, i, chunk);
        uint32_t chunk_end = wr_picked_chunk_end(b, p, i, chunk);
        for (; i < chunk_end; i = run_end(b, p, i, chunk_end))
            sort_rows(&s, p->rows + i, run_end(b, p, i, chunk_end) - i);
    }
    return WEIR_OK;
}
