/* ever.c: #window.unique:ever(key, …): the latest row of each key there ever was.
 *
 * A row whose key is there takes the other's place, which expires before it in the same chunk, with the
 * clock's time. Where nobody reads expired rows the window keeps nothing. */
#include <stdio.h>

#include "base/compiler.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/unique/rows.h"

typedef struct ever_window {
    bool keeps; /* somebody reads what leaves */
    wr_unique_rows rows;
} ever_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:ever", n_args, 1, UINT32_MAX, err));
    for (uint32_t i = 0; i < n_args; i++) WR_TRY(wr_unique_check_key("unique:ever", &args[i], err));
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    ever_window *e = self;
    (void)w;
    e->keeps = args->expired_wanted;
    return wr_unique_rows_init(&e->rows, WR_UNIQUE_JOINED, args->args, args->n_args, false, err);
}

static void close(void *self) { wr_unique_rows_fini(&((ever_window *)self)->rows); }

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    ever_window *e = self;
    uint32_t at;
    bool is_new;
    WR_TRY(wr_unique_key_of(&e->rows.key, w, i, err));
    WR_TRY(wr_unique_rows_place(&e->rows, &at, &is_new, err));
    if (!is_new) {
        weir_window_emit(w, e->rows.of[at], WEIR_EXPIRED, now);
        weir_window_release(w, e->rows.of[at]);
    }
    e->rows.of[at] = weir_window_id(w, i);
    weir_window_emit(w, e->rows.of[at], WEIR_CURRENT, weir_window_in_ts(w, i));
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    return ((ever_window *)self)->keeps ? weir_window_walk(w, err) : wr_emit_input(w, err);
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    (void)w;
    wr_unique_rows_visit(&((const ever_window *)self)->rows, visit, ctx);
}

static size_t bytes(const void *self) { return wr_unique_rows_bytes(&((const ever_window *)self)->rows); }

static void save(const void *self, weir_writer *w) {
    wr_unique_rows_save(&((const ever_window *)self)->rows, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    return wr_unique_rows_load(&((ever_window *)self)->rows, "ever", w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    bool keeps = ((const ever_window *)self)->keeps;
    return snprintf(text, size, "%s", keeps ? "a row for each key there ever was: no bound" : "0 rows");
}

const weir_window_type wr_window_unique_ever = {
    .struct_size = sizeof(weir_window_type),
    .ns = "unique",
    .name = "ever",
    .doc = "Keeps the latest row of each key.",
    .example = "from S#window.unique:ever(k) select k, sum(v) as s insert into Out",
    .params = (const weir_param_doc[]){{"unique:ever(<int|long|float|double|bool|string> key, …)",
                                        "What tells rows apart: all of it together."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .one_chunk = true,
    .computes_args = true,
    .check = check,
    .state_size = sizeof(ever_window),
    .open = open,
    .close = close,
    .process = process,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
