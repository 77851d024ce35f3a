/* length.c: #window.length(n): the last n rows. A row that comes in pushes the oldest out, in its own chunk,
 * before it, with the clock's time. With n = 0 each row comes, leaves and clears the aggregates in one chunk,
 * with its own time. */
#include <stdio.h>

#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"

typedef struct length_window {
    uint32_t length;
    bool keeps, resets;     /* somebody reads what leaves; and resets */
    weir_row_id head, tail; /* ids of the rows inside */
} length_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("length", n_args, 1, 1, err));
    return wr_check_rows("length", &args[0], err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    length_window *l = self;
    (void)w, (void)err;
    l->length = (uint32_t)args->args[0].value.as.i;
    l->keeps = args->expired_wanted;
    l->resets = args->reset_wanted && !l->length;
    return WEIR_OK;
}

WR_INLINE void pass_through(length_window *l, weir_window_output *o, int64_t ts) {
    wr_put_row(o, l->tail, WEIR_CURRENT, ts);
    if (l->keeps) wr_put_row(o, l->tail, WEIR_EXPIRED, ts);
    if (l->resets) wr_put_row(o, WEIR_NO_ROW, WEIR_RESET, ts);
    l->head = ++l->tail;
}

WR_INLINE void slide(length_window *l, weir_window_output *o, int64_t ts, int64_t now) {
    if (l->tail - l->head >= l->length) wr_put_row(o, l->head++, WEIR_EXPIRED, now);
    wr_put_row(o, l->tail++, WEIR_CURRENT, ts);
}

/* The output has room. All is done on copies, which stay in registers: a byte written to kind can't change
 * them. */
WR_INLINE void take_chunks(length_window *window, const weir_window_input *input, weir_window_output *output,
                           bool slides) {
    length_window l = *window;
    weir_window_input in = *input;
    weir_window_output o = *output;
    const int64_t *clock = in.cycle->clock;
    for (uint32_t c = 0, i = 0; c < in.n_chunks; c++) {
        weir_origin origin = weir_window_chunk_origin(&in, c);
        int64_t now = clock[weir_origin_arrival(origin)];
        for (uint32_t end = wr_chunk_end_of(&in, c); i < end; i++)
            if (slides)
                slide(&l, &o, in.ts[i], now);
            else
                pass_through(&l, &o, in.ts[i]);
        wr_put_chunk_end(&o, origin);
    }
    *window = l;
    *output = o;
}

static weir_status process(void *self, weir_window *w, weir_error *err) {
    length_window *l = self;
    if (!l->keeps && !l->resets) return wr_emit_input(w, err);
    const weir_window_input *in = weir_window_get_input(w);
    if (l->head == l->tail) l->head = l->tail = in->first_id; /* where it is, unless a saved state lied */
    WR_TRY(weir_window_reserve(w, (uint64_t)in->n * (l->length ? 2 : 3), in->n_chunks, err));
    if (l->length)
        take_chunks(l, in, weir_window_get_output(w), true);
    else
        take_chunks(l, in, weir_window_get_output(w), false);
    weir_window_release_below(w, l->head);
    return WEIR_OK;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const length_window *l = self;
    (void)w;
    wr_visit_range(l->head, l->tail, visit, ctx);
}

static void save(const void *self, weir_writer *w) {
    const length_window *l = self;
    weir_write_i64(w, (int64_t)l->head);
    weir_write_i64(w, (int64_t)l->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    length_window *l = self;
    l->head = (weir_row_id)weir_read_i64(r);
    l->tail = (weir_row_id)weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    uint64_t n = l->tail - l->head;
    bool is_held = !n || (weir_window_holds(w, l->head) && weir_window_holds(w, l->tail - 1) &&
                          !weir_window_holds(w, l->tail));
    if (l->tail >= l->head && n <= l->length && (is_held || !l->keeps)) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE, "the saved length window names rows that are not there");
}

static int bound(const void *self, char *text, size_t size) {
    const length_window *l = self;
    return snprintf(text, size, "%u rows", l->keeps ? l->length : 0);
}

const weir_window_type wr_window_length = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "length",
    .doc = "A sliding window of the last rows, so many of them.",
    .example = "from S#window.length(10) select avg(v) as a insert into Out",
    .params = (const weir_param_doc[]){{"length(<int> length)", "How many rows stay."}, {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .slides = true,
    .one_chunk = true,
    .check = check,
    .state_size = sizeof(length_window),
    .open = open,
    .process = process,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
