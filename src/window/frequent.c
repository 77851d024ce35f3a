/* frequent.c: #window.frequent(n [, attribute …]): rows of the n most frequent keys, counted by Misra and
 * Gries ("Finding repeated elements", 1982).
 *
 * A key that is counted counts up, and its row passes. A new one is counted if there is room; if not, all
 * counts go down by one, the rows of keys that come to 0 leave, and the new key takes a place if one is
 * free, or its row is dropped. For each key the latest row is inside; the row it replaces does not expire.
 * Keys are gone through in order of creation (Siddhi's order is that of a hash map). */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/key_map.h"
#include "window/row_key.h"
#include "window/table.h"

typedef struct counter {
    int64_t count;
    weir_row_id row; /* the latest, if rows are kept */
} counter;

typedef struct frequent_window {
    uint32_t most; /* keys */
    bool keeps;    /* somebody reads what leaves */
    bool tells;    /* it is searched: the latest row of each key is found */
    wr_row_key key;
    wr_key_map keys;
    counter *counters; /* by entry */
    uint32_t cap;
} frequent_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("frequent", n_args, 1, UINT32_MAX, err));
    WR_TRY(wr_check_rows("frequent", &args[0], err));
    for (uint32_t i = 1; i < n_args; i++)
        WR_TRY(wr_check_attribute("frequent", "a key", &args[i], WR_IS(WEIR_STRING), err));
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    frequent_window *f = self;
    (void)w;
    f->most = (uint32_t)args->args[0].value.as.i;
    f->keeps = args->expired_wanted;
    f->tells = args->is_searched;
    wr_key_map_init(&f->keys);
    return wr_row_key_init(&f->key, args, 1, err);
}

static void close(void *self) {
    frequent_window *f = self;
    wr_key_map_fini(&f->keys);
    wr_row_key_fini(&f->key);
    wr_free(NULL, f->counters, f->cap * sizeof *f->counters);
}

static void drop_row(const frequent_window *f, weir_window *w, weir_row_id id) {
    if (f->keeps) weir_window_release(w, id);
}

/* The latest row of a key goes. */
static void drop_found(const frequent_window *f, weir_window *w, weir_row_id id, int64_t now) {
    if (f->tells) weir_window_emit(w, id, WEIR_LEFT, now);
    drop_row(f, w, id);
}

/* Counts all keys down; rows of keys that come to 0 leave. */
static void count_down(frequent_window *f, weir_window *w, int64_t now) {
    for (uint32_t e = f->keys.oldest, newer; e != WR_NO_ENTRY; e = newer) {
        newer = f->keys.entries[e].newer;
        if (--f->counters[e].count) continue;
        if (f->keeps) weir_window_emit(w, f->counters[e].row, WEIR_EXPIRED, now);
        drop_found(f, w, f->counters[e].row, now);
        wr_key_map_remove(&f->keys, e);
    }
}

static weir_status add_key(frequent_window *f, uint32_t *entry, weir_error *err) {
    *entry = wr_key_map_add(&f->keys, f->key.text.data, f->key.text.len);
    if (*entry == WR_NO_ENTRY || wr_grow(NULL, &f->counters, &f->cap, *entry + 1, sizeof *f->counters))
        return weir_fail(err, WEIR_ENOMEM, "out of memory in window frequent()");
    f->counters[*entry].count = 0;
    return WEIR_OK;
}

static weir_status take_row(frequent_window *f, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    WR_TRY(wr_row_key_of(&f->key, w, i, err));
    uint32_t e = wr_key_map_find(&f->keys, f->key.text.data, f->key.text.len);
    if (e != WR_NO_ENTRY) {
        drop_found(f, w, f->counters[e].row, now);
    } else {
        if (f->keys.n >= f->most) count_down(f, w, now);
        if (f->keys.n >= f->most) {
            drop_row(f, w, id);
            return WEIR_OK;
        }
        WR_TRY(add_key(f, &e, err));
    }
    f->counters[e].count++;
    f->counters[e].row = id;
    if (f->tells) weir_window_emit(w, id, WEIR_ENTERED, now);
    weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    for (uint32_t i = first; i < first + n; i++) WR_TRY(take_row(self, w, i, now, err));
    return WEIR_OK;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const frequent_window *f = self;
    (void)w;
    for (uint32_t e = f->keys.oldest; e != WR_NO_ENTRY; e = f->keys.entries[e].newer)
        if (!visit(ctx, f->counters[e].row)) return;
}

static size_t bytes(const void *self) {
    const frequent_window *f = self;
    return wr_key_map_bytes(&f->keys) + wr_row_key_bytes(&f->key) + f->cap * sizeof *f->counters;
}

static void save(const void *self, weir_writer *w) {
    const frequent_window *f = self;
    wr_key_map_save(&f->keys, w);
    for (uint32_t e = f->keys.oldest; e != WR_NO_ENTRY; e = f->keys.entries[e].newer) {
        weir_write_i64(w, f->counters[e].count);
        weir_write_i64(w, (int64_t)f->counters[e].row);
    }
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    frequent_window *f = self;
    WR_TRY(wr_key_map_load(&f->keys, r, err));
    if (wr_grow(NULL, &f->counters, &f->cap, f->keys.n, sizeof *f->counters))
        return weir_fail(err, WEIR_ENOMEM, "out of memory in window frequent()");
    for (uint32_t e = 0; e < f->keys.n; e++) {
        f->counters[e].count = weir_read_i64(r);
        f->counters[e].row = (weir_row_id)weir_read_i64(r);
        if ((f->keeps || f->tells) && !wr_window_claim(w, f->counters[e].row))
            return weir_fail(err, WEIR_ESTATE, "the saved window frequent() names rows that are not there");
    }
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const frequent_window *f = self;
    return snprintf(text, size, "%u keys%s", f->most, f->keeps ? ", a row each" : "");
}

const weir_window_type wr_window_frequent = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "frequent",
    .doc = "Keeps the latest row of each of the most frequent keys (Misra and Gries).",
    .example = "from S#window.frequent(2, k) select k, count() as n insert into Out",
    .params =
        (const weir_param_doc[]){
            {"frequent(<int> keys)",
             "How many keys are counted; a key is all attributes that the query selects as they are."},
            {"frequent(<int> keys, <string attribute> key, …)", "The attributes that make the key."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .one_chunk = true,
    .content_apart = true,
    .check = check,
    .state_size = sizeof(frequent_window),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
