/* sort.c: #window.sort(n, attribute [, order] …): the n first rows by some attributes.
 *
 * A row comes in, then the last of n + 1 goes out, in the same chunk; it may be the row itself. Among equals
 * the newest is last. Null is last in both orders. Kept as an array of ids in order: a row costs a binary
 * search and a move of what is behind it. */
#include <stdio.h>
#include <strings.h>

#include "base/alloc.h"
#include "data/order.h"
#include "state/held_rows.h"
#include "window/check.h"
#include "window/table.h"

typedef struct sort_key {
    uint32_t column;
    bool descending;
} sort_key;

typedef struct sort_window {
    uint32_t length;
    bool keeps; /* somebody reads what leaves */
    sort_key *keys;
    uint32_t n_keys;
    bool is_sorted;   /* a row has left: until then rows are found in the order in which they came */
    weir_row_id *ids; /* in that order */
    uint32_t n, cap;
} sort_window;

/* ---- Arguments: attributes, each with an order behind it; a single one may go without ---- */

static bool is_text(const weir_arg *a, const char *text) {
    return a->value.as.s.len == strlen(text) &&
           strncasecmp(weir_string_data(&a->value.as.s), text, strlen(text)) == 0;
}

static weir_status check_order(const weir_arg *a, weir_error *err) {
    WR_TRY(wr_check_const("sort", "an order", a, WR_IS(WEIR_STRING), err));
    if (is_text(a, "asc") || is_text(a, "desc")) return WEIR_OK;
    return wr_check_fail(a, err, "an order of window sort() must be 'asc' or 'desc', not '%.*s'",
                         (int)WR_MIN(a->value.as.s.len, 40), weir_string_data(&a->value.as.s));
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("sort", n_args, 2, UINT32_MAX, err));
    WR_TRY(wr_check_rows("sort", &args[0], err));
    for (uint32_t i = 1; i < n_args; i += 2) {
        WR_TRY(wr_check_attribute("sort", "a sort key", &args[i], WR_IS_NUMBER | WR_IS(WEIR_STRING), err));
        if (i + 1 < n_args) WR_TRY(check_order(&args[i + 1], err));
    }
    return WEIR_OK;
}

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in window sort()");
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    sort_window *s = self;
    (void)w;
    s->length = (uint32_t)args->args[0].value.as.i;
    s->keeps = args->expired_wanted;
    s->n_keys = args->n_args / 2;
    s->keys = wr_alloc(NULL, s->n_keys * sizeof *s->keys);
    if (!s->keys) return no_memory(err);
    for (uint32_t k = 0; k < s->n_keys; k++) {
        uint32_t order = 2 + 2 * k;
        s->keys[k].column = args->args[1 + 2 * k].column;
        s->keys[k].descending = order < args->n_args && is_text(&args->args[order], "desc");
    }
    return WEIR_OK;
}

static void close(void *self) {
    sort_window *s = self;
    if (s->keys) wr_free(NULL, s->keys, s->n_keys * sizeof *s->keys);
    wr_free(NULL, s->ids, s->cap * sizeof *s->ids);
}

/* ---- Order ---- */

static int compare_rows(const sort_window *s, const weir_window *w, weir_row_id a, weir_row_id b) {
    for (uint32_t k = 0; k < s->n_keys; k++) {
        weir_value x = weir_window_value(w, a, s->keys[k].column),
                   y = weir_window_value(w, b, s->keys[k].column);
        if (x.is_null != y.is_null) return x.is_null ? 1 : -1;
        int order = x.is_null ? 0 : wr_value_order(&x, &y);
        if (order) return s->keys[k].descending ? -order : order;
    }
    return 0;
}

/* Behind all rows that it does not precede. */
static uint32_t place_of(const sort_window *s, const weir_window *w, weir_row_id id) {
    uint32_t low = 0, high = s->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (compare_rows(s, w, s->ids[mid], id) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- Rows ---- */

static void put_row(sort_window *s, const weir_window *w, weir_row_id id) {
    uint32_t at = place_of(s, w, id);
    memmove(s->ids + at + 1, s->ids + at, (s->n - at) * sizeof *s->ids);
    s->ids[at] = id;
    s->n++;
}

/* Rows so far stand as they came. */
static void sort_rows(sort_window *s, const weir_window *w) {
    uint32_t n = s->n;
    s->n = 0;
    while (s->n < n) put_row(s, w, s->ids[s->n]);
    s->is_sorted = true;
}

static weir_status take_row(sort_window *s, weir_window *w, weir_row_id id, int64_t now, weir_error *err) {
    if (wr_grow(NULL, &s->ids, &s->cap, s->n + 1, sizeof *s->ids)) return no_memory(err);
    if (s->n < s->length && !s->is_sorted) {
        s->ids[s->n++] = id;
        return WEIR_OK;
    }
    if (!s->is_sorted) sort_rows(s, w);
    put_row(s, w, id);
    if (s->n <= s->length) return WEIR_OK;
    weir_row_id last = s->ids[--s->n];
    weir_window_emit(w, last, WEIR_EXPIRED, now);
    weir_window_release(w, last);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    sort_window *s = self;
    for (uint32_t i = first; i < first + n; i++) {
        weir_window_emit(w, weir_window_id(w, i), WEIR_CURRENT, weir_window_in_ts(w, i));
        if (s->keeps) WR_TRY(take_row(s, w, weir_window_id(w, i), now, err));
    }
    return WEIR_OK;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const sort_window *s = self;
    (void)w;
    for (uint32_t i = 0; i < s->n && visit(ctx, s->ids[i]);) i++;
}

static size_t bytes(const void *self) {
    const sort_window *s = self;
    return s->cap * sizeof *s->ids + s->n_keys * sizeof *s->keys;
}

static void save(const void *self, weir_writer *w) {
    const sort_window *s = self;
    weir_write_u32(w, s->is_sorted);
    weir_write_u32(w, s->n);
    for (uint32_t i = 0; i < s->n; i++) weir_write_i64(w, (int64_t)s->ids[i]);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    sort_window *s = self;
    s->is_sorted = weir_read_u32(r) != 0;
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n > s->length || n > weir_reader_left(r) / sizeof(int64_t))
        return weir_fail(err, WEIR_ESTATE, "the saved window sort() is damaged");
    if (wr_grow(NULL, &s->ids, &s->cap, n, sizeof *s->ids)) return no_memory(err);
    while (s->n < n) {
        s->ids[s->n] = (weir_row_id)weir_read_i64(r);
        if (!wr_window_claim(w, s->ids[s->n++]))
            return weir_fail(err, WEIR_ESTATE, "the saved window sort() names rows that are not there");
    }
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const sort_window *s = self;
    return snprintf(text, size, "%u rows", s->keeps ? s->length : 0);
}

const weir_window_type wr_window_sort = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "sort",
    .doc = "Keeps the first rows by the order of some attributes, so many of them.",
    .example = "from S#window.sort(5, price, 'desc') select max(price) as m insert into Out",
    .params = (const weir_param_doc[]){{"sort(<int> length, <int|long|float|double|string attribute> key)",
                                        "How many rows stay; smallest first."},
                                       {"sort(<int> length, <attribute> key, <string> order, …)",
                                        "Several keys, each followed by 'asc' or 'desc'."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .stores_args = true,
    .one_chunk = true,
    .check = check,
    .state_size = sizeof(sort_window),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
