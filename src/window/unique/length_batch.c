/* length_batch.c: #window.unique:lengthBatch(key, n) and firstLengthBatch(key, n): batches of n keys, a row
 * each: the latest one, or the first.
 *
 * The row that brings the n-th key lets the batch out, with the clock's time. A search finds the rows that
 * are being gathered (not the last batch, as in other batch windows: so it is in Siddhi). With n = 0 no batch
 * is ever full. */
#include <stdio.h>

#include "base/compiler.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/unique/batch.h"

typedef struct length_batch {
    wr_unique_batch batch;
    uint32_t length; /* 0: never full */
} length_batch;

static weir_status check_args(const char *window, const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count(window, n_args, 2, 2, err));
    WR_TRY(wr_unique_check_key(window, &args[0], err));
    return wr_check_const(window, "the number of keys", &args[1], WR_IS(WEIR_INT), err);
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    return check_args("unique:lengthBatch", args, n_args, err);
}

static weir_status check_first(const weir_arg *args, uint32_t n_args, weir_error *err) {
    return check_args("unique:firstLengthBatch", args, n_args, err);
}

static weir_status open_as(length_batch *b, const weir_window_args *args, bool first, weir_error *err) {
    int32_t n = args->args[1].value.as.i;
    b->length = n > 0 ? (uint32_t)n : 0;
    return wr_unique_batch_init(&b->batch, args, first, WR_FOUND_FILLING, err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w;
    return open_as(self, args, false, err);
}

static weir_status open_first(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w;
    return open_as(self, args, true, err);
}

static void close(void *self) { wr_unique_batch_fini(&((length_batch *)self)->batch); }

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    length_batch *b = self;
    WR_TRY(wr_unique_batch_add(&b->batch, w, i, now, err));
    if (wr_unique_batch_size(&b->batch) != b->length) return WEIR_OK;
    WR_TRY(wr_unique_batch_flush(&b->batch, w, now, err));
    weir_window_end_chunk(w);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    (void)w;
    wr_unique_batch_content(&((const length_batch *)self)->batch, visit, ctx);
}

static size_t bytes(const void *self) { return wr_unique_batch_bytes(&((const length_batch *)self)->batch); }

static void save(const void *self, weir_writer *w) {
    wr_unique_batch_save(&((const length_batch *)self)->batch, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    return wr_unique_batch_load(&((length_batch *)self)->batch, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const length_batch *b = self;
    if (!b->length) return snprintf(text, size, "a row for each key there ever was: no bound");
    return snprintf(text, size, "%u rows%s", b->length, b->batch.expires ? ", twice" : "");
}

#define COMMON_FIELDS                                                                                        \
    .struct_size = sizeof(weir_window_type), .ns = "unique", .shape = WEIR_WINDOW_BAG,                       \
    .resets_instead = true, .late_output = true, .content_apart = true, .computes_args = true,               \
    .state_size = sizeof(length_batch), .close = close, .on_chunk = on_chunk, .content = content,            \
    .bytes = bytes, .save = save, .load = load, .bound = bound

const weir_window_type wr_window_unique_length_batch = {
    COMMON_FIELDS,
    .name = "lengthBatch",
    .doc = "Gathers rows until there are so many different keys, and lets out the latest row of each.",
    .example = "from S#window.unique:lengthBatch(k, 3) select k, v insert into Out",
    .params =
        (const weir_param_doc[]){{"unique:lengthBatch(<int|long|float|double|bool|string> key, <int> keys)",
                                  "What tells rows apart; how many keys make a batch."},
                                 {NULL, NULL}},
    .check = check,
    .open = open,
};

const weir_window_type wr_window_unique_first_length_batch = {
    COMMON_FIELDS,
    .name = "firstLengthBatch",
    .doc = "Gathers rows until there are so many different keys, and lets out the first row of each.",
    .example = "from S#window.unique:firstLengthBatch(k, 3) select k, v insert into Out",
    .params =
        (const weir_param_doc[]){
            {"unique:firstLengthBatch(<int|long|float|double|bool|string> key, <int> keys)",
             "What tells rows apart; how many keys make a batch."},
            {NULL, NULL}},
    .check = check_first,
    .open = open_first,
};
