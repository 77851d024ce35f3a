/* first.c: #window.unique:first(key, …): the first row of each key. Rows of keys that are there are dropped,
 * and nothing ever leaves. Rows are kept only where the window is searched; keys always. */
#include <stdio.h>

#include "base/compiler.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/unique/rows.h"

typedef struct first_window {
    wr_unique_rows rows; /* keys_only unless it is searched */
} first_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:first", n_args, 1, UINT32_MAX, err));
    for (uint32_t i = 0; i < n_args; i++) WR_TRY(wr_unique_check_key("unique:first", &args[i], err));
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    first_window *f = self;
    (void)w;
    return wr_unique_rows_init(&f->rows, WR_UNIQUE_JOINED, args->args, args->n_args, !args->is_searched, err);
}

static void close(void *self) { wr_unique_rows_fini(&((first_window *)self)->rows); }

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    first_window *f = self;
    weir_row_id id = weir_window_id(w, i);
    uint32_t at;
    bool is_new;
    (void)now;
    WR_TRY(wr_unique_key_of(&f->rows.key, w, i, err));
    WR_TRY(wr_unique_rows_place(&f->rows, &at, &is_new, err));
    if (is_new) weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
    if (is_new && !f->rows.keys_only)
        f->rows.of[at] = id;
    else
        weir_window_release(w, id);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    (void)w;
    wr_unique_rows_visit(&((const first_window *)self)->rows, visit, ctx);
}

static size_t bytes(const void *self) { return wr_unique_rows_bytes(&((const first_window *)self)->rows); }

static void save(const void *self, weir_writer *w) {
    wr_unique_rows_save(&((const first_window *)self)->rows, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    return wr_unique_rows_load(&((first_window *)self)->rows, "first", w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const char *what = ((const first_window *)self)->rows.keys_only ? "each key" : "a row for each key";
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
