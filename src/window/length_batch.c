/* length_batch.c: #window.lengthBatch(n [, streamCurrent]): batches of n rows.
 *
 * The n-th row lets its batch out: [expired rows of the batch before, reset, current rows]. With
 * streamCurrent rows pass at once, and the row after the n-th brings [expired rows, reset, itself]. With
 * n = 0 each row is a batch: [itself, expired, reset].
 *
 *   before     filling   tail
 *   | batch out  | being filled |     ids; the first only if expired rows are in the output
 */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"

typedef struct length_batch {
    uint32_t length;
    bool streams;         /* streamCurrent */
    bool expires, resets; /* the output has expired rows; an aggregate is reset */
    bool leaves;          /* it is searched, nothing expires, and no batch stays (n is 0) */
    bool keeps_all;       /* it is searched, and nothing expires: every batch so far is found, as in Siddhi */
    weir_row_id before;   /* the batch that went out last begins here */
    weir_row_id filling;  /* and the one that is being filled here */
    weir_row_id tail;
} length_batch;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("lengthBatch", n_args, 1, 2, err));
    WR_TRY(wr_check_rows("lengthBatch", &args[0], err));
    if (n_args < 2) return WEIR_OK;
    return wr_check_const("lengthBatch", "streamCurrent", &args[1], WR_IS(WEIR_BOOL), err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    length_batch *b = self;
    (void)w, (void)err;
    b->length = (uint32_t)args->args[0].value.as.i;
    b->streams = args->n_args > 1 && args->args[1].value.as.b;
    b->expires = args->expired_output;
    b->resets = args->reset_wanted;
    b->leaves = args->is_searched && !b->expires && !b->length;
    b->keeps_all = args->is_searched && !b->expires && b->length;
    return WEIR_OK;
}

static weir_status emit_reset(length_batch *b, weir_window *w, int64_t now, weir_error *err) {
    if (!b->resets) return WEIR_OK;
    WR_TRY(weir_window_reserve(w, 1, 0, err));
    wr_put_row(weir_window_get_output(w), WEIR_NO_ROW, WEIR_RESET, now);
    return WEIR_OK;
}

static weir_status emit_before(length_batch *b, weir_window *w, weir_row_id end, int64_t now,
                               weir_error *err) {
    if (b->expires) WR_TRY(wr_emit_range(w, b->before, end - b->before, WEIR_EXPIRED, false, now, err));
    return emit_reset(b, w, now, err);
}

static weir_status end_chunk(weir_window *w, weir_origin origin, weir_error *err) {
    WR_TRY(weir_window_reserve(w, 0, 1, err));
    wr_put_chunk_end(weir_window_get_output(w), origin);
    return WEIR_OK;
}

/* Takes in as many of n rows as the batch still lacks; *taken says how many. A full batch goes out. */
static weir_status fill(length_batch *b, weir_window *w, uint32_t n, int64_t now, weir_origin origin,
                        uint32_t *taken, weir_error *err) {
    uint64_t lacks = b->length - (b->tail - b->filling);
    *taken = (uint32_t)WR_MIN(lacks, n);
    b->tail += *taken;
    if (*taken < lacks) return WEIR_OK;
    WR_TRY(emit_before(b, w, b->filling, now, err));
    WR_TRY(wr_emit_range(w, b->filling, b->length, WEIR_CURRENT, true, 0, err));
    WR_TRY(end_chunk(w, origin, err));
    if (!b->keeps_all) b->before = b->expires ? b->filling : b->tail;
    b->filling = b->tail;
    return WEIR_OK;
}

static weir_status stream_row(length_batch *b, weir_window *w, int64_t ts, int64_t now, weir_origin origin,
                              weir_error *err) {
    if (b->tail - b->filling == b->length) {
        WR_TRY(emit_before(b, w, b->tail, now, err));
        b->filling = b->tail;
        if (!b->keeps_all) b->before = b->tail;
    }
    WR_TRY(wr_emit_range(w, b->tail++, 1, WEIR_CURRENT, false, ts, err));
    return end_chunk(w, origin, err);
}

static weir_status single_row(length_batch *b, weir_window *w, int64_t ts, int64_t now, weir_origin origin,
                              weir_error *err) {
    WR_TRY(wr_emit_range(w, b->tail, 1, WEIR_CURRENT, false, ts, err));
    if (b->leaves) WR_TRY(wr_emit_range(w, b->tail, 1, WEIR_LEFT, false, now, err));
    b->before = b->tail++;
    WR_TRY(emit_before(b, w, b->tail, now, err));
    b->before = b->filling = b->tail;
    return end_chunk(w, origin, err);
}

static weir_status take_chunk(length_batch *b, weir_window *w, uint32_t first, uint32_t end, int64_t now,
                              weir_origin origin, weir_error *err) {
    const int64_t *ts = weir_window_get_input(w)->ts;
    uint32_t taken = 1;
    for (uint32_t i = first; i < end; i += taken) {
        if (!b->length)
            WR_TRY(single_row(b, w, ts[i], now, origin, err));
        else if (b->streams)
            WR_TRY(stream_row(b, w, ts[i], now, origin, err));
        else
            WR_TRY(fill(b, w, end - i, now, origin, &taken, err));
    }
    return WEIR_OK;
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    length_batch *b = self;
    const weir_window_input *in = weir_window_get_input(w);
    for (uint32_t c = 0, first = 0; c < in->n_chunks; c++) {
        weir_origin origin = weir_window_chunk_origin(in, c);
        uint32_t end = wr_chunk_end_of(in, c);
        int64_t now = in->cycle->clock[weir_origin_arrival(origin)];
        WR_TRY(take_chunk(b, w, first, end, now, origin, err));
        first = end;
    }
    if (b->streams && !b->expires && !b->keeps_all) weir_window_release_below(w, b->tail);
    weir_window_release_below(w, b->before);
    return WEIR_OK;
}

/* The last completed batch; with streamCurrent the running one. */
static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const length_batch *b = self;
    (void)w;
    wr_visit_range(b->before, b->streams ? b->tail : b->filling, visit, ctx);
}

static void save(const void *self, weir_writer *w) {
    const length_batch *b = self;
    weir_write_i64(w, (int64_t)b->before);
    weir_write_i64(w, (int64_t)b->filling);
    weir_write_i64(w, (int64_t)b->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    length_batch *b = self;
    wr_held held = b->streams && !b->expires && !b->keeps_all ? WR_HELD_COUNTED : WR_HELD_ALL;
    WR_TRY(
        wr_window_read_range(w, r, (weir_row_id *const[]){&b->before, &b->filling, &b->tail}, 3, held, err));
    if (b->tail - b->filling <= b->length) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE,
                     "the saved window lengthBatch() has a batch of more rows than its length");
}

static int bound(const void *self, char *text, size_t size) {
    const length_batch *b = self;
    if (b->keeps_all) return snprintf(text, size, "every batch so far: no bound");
    uint64_t rows = (uint64_t)b->length * (b->expires && !b->streams ? 2 : 1);
    return snprintf(text, size, "%llu rows", (unsigned long long)rows);
}

const weir_window_type wr_window_length_batch = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "lengthBatch",
    .doc = "Gathers rows into batches of so many and lets out batch by batch.",
    .example = "from S#window.lengthBatch(10) select avg(v) as a insert into Out",
    .params = (const weir_param_doc[]){{"lengthBatch(<int> length)", "How many rows make a batch."},
                                       {"lengthBatch(<int> length, <bool> streamCurrent)",
                                        "With true, rows pass at once and only expire as a batch."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .resets_instead = true,
    .late_output = true,
    .check = check,
    .state_size = sizeof(length_batch),
    .open = open,
    .process = process,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
