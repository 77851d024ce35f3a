/* first.c: #window.unique:first(key, …): the first row of each key. Rows of keys that are there are dropped,
 * and nothing ever leaves. Rows are kept only where the window is searched; keys always. */
#include <stdio.h>

#include "base/compiler.h"
#include "state/held_rows.h"
#include "window/check.h"
#include "window/table.h"
#include "window/unique/key.h"

typedef struct first_window {
    bool is_searched;
    wr_unique_key key;
    wr_key_map keys;
    weir_row_id *rows; /* by entry, if it is searched */
    uint32_t cap_rows;
} first_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:first", n_args, 1, UINT32_MAX, err));
    for (uint32_t i = 0; i < n_args; i++) WR_TRY(wr_unique_check_key("unique:first", &args[i], err));
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    first_window *f = self;
    (void)w;
    f->is_searched = args->is_searched;
    wr_key_map_init(&f->keys);
    return wr_unique_key_init(&f->key, WR_UNIQUE_JOINED, args->args, args->n_args, err);
}

static void close(void *self) {
    first_window *f = self;
    wr_unique_key_fini(&f->key);
    wr_key_map_fini(&f->keys);
    wr_free(NULL, f->rows, f->cap_rows * sizeof *f->rows);
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    first_window *f = self;
    weir_row_id id = weir_window_id(w, i);
    uint32_t at;
    bool is_new;
    (void)now;
    WR_TRY(wr_unique_key_of(&f->key, w, i, err));
    WR_TRY(wr_unique_find_or_add(&f->keys, &f->key, &at, &is_new, err));
    if (is_new) weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
    if (!is_new || !f->is_searched) {
        weir_window_release(w, id);
        return WEIR_OK;
    }
    if (wr_grow(NULL, &f->rows, &f->cap_rows, at + 1, sizeof *f->rows)) return wr_unique_no_memory(err);
    f->rows[at] = id;
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_unique_take_rows(w, first, n, now, take_row, self, err);
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const first_window *f = self;
    (void)w;
    for (uint32_t k = f->keys.oldest; f->is_searched && k != WR_NO_ENTRY; k = f->keys.entries[k].newer)
        if (!visit(ctx, f->rows[k])) return;
}

static size_t bytes(const void *self) {
    const first_window *f = self;
    return wr_unique_key_bytes(&f->key) + wr_key_map_bytes(&f->keys) + f->cap_rows * sizeof *f->rows;
}

static void save(const void *self, weir_writer *w) {
    const first_window *f = self;
    wr_key_map_save(&f->keys, w);
    for (uint32_t k = f->keys.oldest; f->is_searched && k != WR_NO_ENTRY; k = f->keys.entries[k].newer)
        weir_write_i64(w, (int64_t)f->rows[k]);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    first_window *f = self;
    WR_TRY(wr_key_map_load(&f->keys, r, err));
    if (!f->is_searched) return weir_reader_status(r, err);
    if (wr_grow(NULL, &f->rows, &f->cap_rows, f->keys.n, sizeof *f->rows)) return wr_unique_no_memory(err);
    for (uint32_t k = 0; k < f->keys.n; k++) {
        f->rows[k] = (weir_row_id)weir_read_i64(r);
        if (!wr_window_claim(w, f->rows[k]))
            return weir_fail(err, WEIR_ESTATE, "the saved window unique:first() is damaged");
    }
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const char *what = ((const first_window *)self)->is_searched ? "a row for each key" : "each key";
    return snprintf(text, size, "%s there ever was: no bound", what);
}

const weir_window_type wr_window_unique_first = {
    .struct_size = sizeof(weir_window_type),
    .ns = "unique",
    .name = "first",
    .doc = "Lets the first row of each key pass, and no other.",
    .example = "from S#window.unique:first(k) select k, v insert into Out",
    .params = (const weir_param_doc[]){{"unique:first(<int|long|float|double|bool|string> key, …)",
                                        "What tells rows apart: all of it together."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .one_chunk = true,
    .computes_args = true,
    .check = check,
    .state_size = sizeof(first_window),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
