/* length.c: #window.unique:length(key, n): the latest row of each of the n keys that came last.
 *
 * A row whose key is there takes the other's place, which expires; a new key's pushes out the oldest row if
 * there are n. What expires comes before the row, in the same chunk, with the clock's time. With n = 0 the
 * row itself does, with its own time. */
#include <stdio.h>

#include "base/compiler.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/unique/rows.h"

typedef struct length_window {
    uint32_t length;
    bool keeps; /* somebody reads what leaves */
    wr_unique_rows rows;
} length_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:length", n_args, 2, 2, err));
    WR_TRY(wr_unique_check_key("unique:length", &args[0], err));
    return wr_check_const("unique:length", "the number of rows", &args[1], WR_IS(WEIR_INT), err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    length_window *l = self;
    (void)w;
    l->length = args->args[1].value.as.i > 0 ? (uint32_t)args->args[1].value.as.i : 0;
    l->keeps = args->expired_wanted;
    return wr_unique_rows_init(&l->rows, WR_UNIQUE_TEXT, args->args, 1, false, err);
}

static void close(void *self) { wr_unique_rows_fini(&((length_window *)self)->rows); }

static void expire(weir_window *w, weir_row_id id, int64_t ts) {
    weir_window_emit(w, id, WEIR_EXPIRED, ts);
    weir_window_release(w, id);
}

static weir_status keep_row(length_window *l, weir_window *w, weir_row_id id, int64_t now, weir_error *err) {
    uint32_t at;
    bool is_new;
    WR_TRY(wr_unique_rows_place(&l->rows, &at, &is_new, err));
    if (!is_new) {
        expire(w, l->rows.of[at], now);
        wr_key_map_touch(&l->rows.keys, at);
    } else if (l->rows.keys.n > l->length) {
        expire(w, l->rows.of[l->rows.keys.oldest], now);
        wr_key_map_remove(&l->rows.keys, l->rows.keys.oldest);
    }
    l->rows.of[at] = id;
    return WEIR_OK;
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    length_window *l = self;
    weir_row_id id = weir_window_id(w, i);
    int64_t ts = weir_window_in_ts(w, i);
    WR_TRY(wr_unique_key_of(&l->rows.key, w, i, err));
    if (!l->keeps) {
        weir_window_emit(w, id, WEIR_CURRENT, ts);
        return WEIR_OK;
    }
    if (l->length)
        WR_TRY(keep_row(l, w, id, now, err));
    else
        expire(w, id, ts);
    weir_window_emit(w, id, WEIR_CURRENT, ts);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    (void)w;
    wr_unique_rows_visit(&((const length_window *)self)->rows, visit, ctx);
}

static size_t bytes(const void *self) { return wr_unique_rows_bytes(&((const length_window *)self)->rows); }

static void save(const void *self, weir_writer *w) {
    wr_unique_rows_save(&((const length_window *)self)->rows, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    length_window *l = self;
    WR_TRY(wr_unique_rows_load(&l->rows, "length", w, r, err));
    return l->rows.keys.n <= l->length
               ? WEIR_OK
               : weir_fail(err, WEIR_ESTATE, "the saved window unique:length() is damaged");
}

static int bound(const void *self, char *text, size_t size) {
    const length_window *l = self;
    return snprintf(text, size, "%u rows", l->keeps ? l->length : 0);
}

const weir_window_type wr_window_unique_length = {
    .struct_size = sizeof(weir_window_type),
    .ns = "unique",
    .name = "length",
    .doc = "Keeps the latest row of each of the keys that came last, so many of them.",
    .example = "from S#window.unique:length(k, 10) select k, sum(v) as s insert into Out",
    .params =
        (const weir_param_doc[]){{"unique:length(<int|long|float|double|bool|string> key, <int> length)",
                                  "What tells rows apart; how many rows stay."},
                                 {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .one_chunk = true,
    .computes_args = true,
    .check = check,
    .state_size = sizeof(length_window),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
