/* batch.c: #window.batch([n]): each chunk that comes in is a batch; with n, pieces of n rows of it.
 *
 * The first piece brings the whole chunk before out: [expired rows, reset] and the current rows; each later
 * piece restarts the aggregates with a reset. */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/table.h"

typedef struct batch_window {
    uint32_t length; /* rows of a piece; 0: the chunk is one */
    bool expires;    /* the output has expired rows */
    bool forgets; /* nothing is known of the chunk before: in a partition Siddhi keeps nothing without rows */
    bool leaves;  /* it is searched, but nothing is found: no rows expire */
    bool needs_reset;
    weir_row_id before, tail; /* the last chunk, if its rows are to expire */
} batch_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("batch", n_args, 0, 1, err));
    return n_args ? wr_check_rows("batch", &args[0], err) : WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    batch_window *b = self;
    (void)w, (void)err;
    b->length = args->n_args ? (uint32_t)args->args[0].value.as.i : 0;
    b->expires = args->expired_output;
    b->forgets = args->by_key && !b->expires;
    b->leaves = args->is_searched && !b->expires;
    return WEIR_OK;
}

static void reset(batch_window *b, weir_window *w, int64_t now) {
    if (b->needs_reset) weir_window_emit_reset(w, now);
    b->needs_reset = false;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    batch_window *b = self;
    (void)err;
    if (b->expires && b->before < b->tail) {
        for (weir_row_id id = b->before; id < b->tail; id++) weir_window_emit(w, id, WEIR_EXPIRED, now);
        reset(b, w, now);
    }
    b->before = b->expires ? weir_window_id(w, first) : weir_window_id(w, first) + n;
    b->tail = weir_window_id(w, first) + n;
    if (b->forgets) b->needs_reset = false;
    uint32_t piece = b->length ? b->length : n;
    for (uint32_t i = 0; i < n; i++) {
        if (i % piece == 0) {
            if (i) weir_window_end_chunk(w);
            reset(b, w, now);
        }
        weir_window_emit(w, weir_window_id(w, first + i), WEIR_CURRENT, weir_window_in_ts(w, first + i));
        if (b->leaves) weir_window_emit(w, weir_window_id(w, first + i), WEIR_LEFT, now);
        b->needs_reset = true;
    }
    weir_window_release_below(w, b->before);
    return WEIR_OK;
}

/* The last chunk, if expired rows are wanted. */
static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const batch_window *b = self;
    (void)w;
    for (weir_row_id id = b->before; id < b->tail && visit(ctx, id);) id++;
}

static void save(const void *self, weir_writer *w) {
    const batch_window *b = self;
    weir_write_u32(w, b->needs_reset);
    weir_write_i64(w, (int64_t)b->before);
    weir_write_i64(w, (int64_t)b->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    batch_window *b = self;
    b->needs_reset = weir_read_u32(r) != 0;
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&b->before, &b->tail}, 2, WR_HELD_ALL, err));
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    return snprintf(text, size, ((const batch_window *)self)->expires ? "the rows of one chunk" : "no rows");
}

const weir_window_type wr_window_batch = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "batch",
    .doc = "Takes what comes in at once as a batch.",
    .example = "from S#window.batch() select sum(v) as s insert into Out",
    .params = (const weir_param_doc[]){{"batch()", "The rows of one chunk are a batch."},
                                       {"batch(<int> length)", "Chunks are cut into pieces of so many rows."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .resets_instead = true,
    .check = check,
    .state_size = sizeof(batch_window),
    .open = open,
    .on_chunk = on_chunk,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
