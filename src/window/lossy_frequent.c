/* lossy_frequent.c: #window.lossyFrequent(support, error [, attribute …]): rows of the keys that make up at
 * least a share `support` of all rows, by lossy counting (Manku and Motwani, "Approximate frequency counts
 * over data streams", 2002).
 *
 * Rows are counted in buckets of ceil(1 / error). A row passes if its key's count is at least
 * (support - error) * rows so far. At the end of a bucket the keys with count + the bucket before they were
 * first seen <= the bucket's number are forgotten and their latest rows leave, in order of creation. */
#include <math.h>
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/key_map.h"
#include "window/row_key.h"
#include "window/table.h"

typedef struct counter {
    int64_t count, bucket;
    weir_row_id row; /* the latest, if rows are kept */
} counter;

typedef struct lossy_window {
    double support, error, width;
    bool keeps; /* somebody reads what leaves */
    bool tells; /* it is searched: the latest row of each key is found */
    int64_t total;
    wr_row_key key;
    wr_key_map keys;
    counter *counters; /* by entry */
    uint32_t cap;
} lossy_window;

static weir_status check_share(const char *what, const weir_arg *a, weir_error *err) {
    WR_TRY(wr_check_const("lossyFrequent", what, a, WR_IS(WEIR_DOUBLE), err));
    if (a->value.as.d >= 0 && a->value.as.d <= 1) return WEIR_OK;
    return wr_check_fail(a, err, "%s of window lossyFrequent() must be from 0 to 1", what);
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("lossyFrequent", n_args, 2, UINT32_MAX, err));
    WR_TRY(check_share("the support", &args[0], err));
    WR_TRY(check_share("the error", &args[1], err));
    for (uint32_t i = 2; i < n_args; i++)
        WR_TRY(wr_check_attribute("lossyFrequent", "a key", &args[i], WR_IS(WEIR_STRING), err));
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    lossy_window *l = self;
    (void)w;
    l->support = args->args[0].value.as.d;
    l->error = args->args[1].value.as.d;
    l->width = ceil(1 / l->error); /* error 0: infinite, one endless bucket */
    l->keeps = args->expired_wanted;
    l->tells = args->is_searched;
    wr_key_map_init(&l->keys);
    return wr_row_key_init(&l->key, args, 2, err);
}

static void close(void *self) {
    lossy_window *l = self;
    wr_key_map_fini(&l->keys);
    wr_row_key_fini(&l->key);
    wr_free(NULL, l->counters, l->cap * sizeof *l->counters);
}

/* Of the row that was counted last. The first row is in bucket 1 whatever the width. */
static int64_t bucket(const lossy_window *l) {
    return l->total == 1 ? 1 : (int64_t)ceil((double)l->total / l->width);
}

/* The latest row of a key goes. */
static void drop_found(const lossy_window *l, weir_window *w, weir_row_id id, int64_t now) {
    if (l->tells) weir_window_emit(w, id, WEIR_LEFT, now);
    if (l->keeps) weir_window_release(w, id);
}

static weir_status count(lossy_window *l, weir_window *w, weir_row_id id, int64_t now, uint32_t *entry,
                         weir_error *err) {
    uint32_t e = wr_key_map_find(&l->keys, l->key.text.data, l->key.text.len);
    if (e != WR_NO_ENTRY) {
        drop_found(l, w, l->counters[e].row, now);
    } else {
        e = wr_key_map_add(&l->keys, l->key.text.data, l->key.text.len);
        if (e == WR_NO_ENTRY || wr_grow(NULL, &l->counters, &l->cap, e + 1, sizeof *l->counters))
            return weir_fail(err, WEIR_ENOMEM, "out of memory in window lossyFrequent()");
        l->counters[e] = (counter){.bucket = bucket(l) - 1};
    }
    l->counters[e].count++;
    l->counters[e].row = id;
    if (l->tells) weir_window_emit(w, id, WEIR_ENTERED, now);
    *entry = e;
    return WEIR_OK;
}

static void prune(lossy_window *l, weir_window *w, int64_t now) {
    int64_t current = bucket(l);
    for (uint32_t e = l->keys.oldest, newer; e != WR_NO_ENTRY; e = newer) {
        newer = l->keys.entries[e].newer;
        if (l->counters[e].count + l->counters[e].bucket > current) continue;
        if (l->keeps) weir_window_emit(w, l->counters[e].row, WEIR_EXPIRED, now);
        drop_found(l, w, l->counters[e].row, now);
        wr_key_map_remove(&l->keys, e);
    }
}

static weir_status take_row(lossy_window *l, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    uint32_t e = WR_NO_ENTRY;
    WR_TRY(wr_row_key_of(&l->key, w, i, err));
    l->total++;
    WR_TRY(count(l, w, id, now, &e, err));
    if ((double)l->counters[e].count >= (l->support - l->error) * (double)l->total)
        weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
    if (fmod((double)l->total, l->width) == 0) prune(l, w, now);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    for (uint32_t i = first; i < first + n; i++) WR_TRY(take_row(self, w, i, now, err));
    return WEIR_OK;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const lossy_window *l = self;
    (void)w;
    for (uint32_t e = l->keys.oldest; e != WR_NO_ENTRY; e = l->keys.entries[e].newer)
        if (!visit(ctx, l->counters[e].row)) return;
}

static size_t bytes(const void *self) {
    const lossy_window *l = self;
    return wr_key_map_bytes(&l->keys) + wr_row_key_bytes(&l->key) + l->cap * sizeof *l->counters;
}

static void save(const void *self, weir_writer *w) {
    const lossy_window *l = self;
    weir_write_i64(w, l->total);
    wr_key_map_save(&l->keys, w);
    for (uint32_t e = l->keys.oldest; e != WR_NO_ENTRY; e = l->keys.entries[e].newer) {
        weir_write_i64(w, l->counters[e].count);
        weir_write_i64(w, l->counters[e].bucket);
        weir_write_i64(w, (int64_t)l->counters[e].row);
    }
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    lossy_window *l = self;
    l->total = weir_read_i64(r);
    WR_TRY(wr_key_map_load(&l->keys, r, err));
    if (wr_grow(NULL, &l->counters, &l->cap, l->keys.n, sizeof *l->counters))
        return weir_fail(err, WEIR_ENOMEM, "out of memory in window lossyFrequent()");
    for (uint32_t e = 0; e < l->keys.n; e++) {
        l->counters[e].count = weir_read_i64(r);
        l->counters[e].bucket = weir_read_i64(r);
        l->counters[e].row = (weir_row_id)weir_read_i64(r);
        if ((l->keeps || l->tells) && !wr_window_claim(w, l->counters[e].row))
            return weir_fail(err, WEIR_ESTATE,
                             "the saved window lossyFrequent() names rows that are not there");
    }
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const lossy_window *l = self;
    return snprintf(text, size, "keys seen at least once in %.0f rows%s", l->width,
                    l->keeps ? ", a row each" : "");
}

const weir_window_type wr_window_lossy_frequent = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "lossyFrequent",
    .doc = "Keeps the latest row of each key that makes up a share of all rows (lossy counting).",
    .example = "from S#window.lossyFrequent(0.1, 0.01, k) select k insert into Out",
    .params =
        (const weir_param_doc[]){
            {"lossyFrequent(<double> support, <double> error)",
             "Shares of all rows, from 0 to 1; a key is all attributes that the query selects as they are."},
            {"lossyFrequent(<double> support, <double> error, <string attribute> key, …)",
             "The attributes that make the key."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .one_chunk = true,
    .content_apart = true,
    .check = check,
    .state_size = sizeof(lossy_window),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
