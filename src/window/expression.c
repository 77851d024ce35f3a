/* expression.c: #window.expression('condition'): the newest rows for which a condition holds.
 *
 * A row is taken in and the condition computed; while it is not true the oldest row leaves, before the new
 * one, and the condition is computed again without it. The new row itself may leave: then it expires before
 * it passes. The condition's aggregates count the rows inside.
 *
 * Where the text is an attribute and another one comes, the window begins anew under the new condition: it
 * takes in the rows it held, the oldest first, and then the new row, all in one chunk.
 *
 *   head             tail
 *   | inside | gap | inside |      ids; a gap was left by rows that failed
 */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/gaps.h"
#include "window/table.h"

typedef struct expression_window {
    bool keeps; /* somebody reads what leaves; if not, the condition does not matter */
    bool text_by_column;
    uint32_t text_column;
    weir_row_id head, tail; /* ids of the rows inside: none if equal, else head is one and tail - 1 */
    wr_gaps gaps;
} expression_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("expression", n_args, 1, 1, err));
    if (WR_IS(WEIR_STRING) & WR_IS(args[0].type)) return WEIR_OK;
    return wr_check_fail(&args[0], err, "the condition of window expression() must be text, not %s",
                         weir_type_name(args[0].type));
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    expression_window *e = self;
    (void)w, (void)err;
    e->keeps = args->expired_wanted;
    e->text_by_column = args->args[0].is_attribute;
    e->text_column = args->args[0].column;
    return WEIR_OK;
}

static void close(void *self) { wr_gaps_close(&((expression_window *)self)->gaps); }

static weir_status enter(expression_window *e, weir_row_id id, weir_error *err) {
    if (e->head == e->tail)
        e->head = id;
    else
        WR_TRY(wr_gaps_add(&e->gaps, e->tail, id, err));
    e->tail = id + 1;
    return WEIR_OK;
}

static weir_row_id leave(expression_window *e) {
    weir_row_id oldest = e->head++;
    wr_gaps_run(&e->gaps, &e->head, e->tail);
    return oldest;
}

static weir_status take_row(expression_window *e, weir_window *w, weir_row_id id, int64_t now,
                            weir_error *err) {
    bool holds;
    WR_TRY(enter(e, id, err));
    WR_TRY(weir_window_condition_update(w, id, true, err));
    WR_TRY(weir_window_condition_test(w, id, e->head, id, &holds, err));
    while (!holds && e->head < e->tail) {
        weir_row_id oldest = leave(e);
        weir_window_emit(w, oldest, WEIR_EXPIRED, now);
        weir_window_set_ts(w, oldest, now);
        WR_TRY(weir_window_condition_update(w, oldest, false, err));
        weir_row_id first = e->head < e->tail ? e->head : oldest;
        WR_TRY(weir_window_condition_test(w, oldest, first, id, &holds, err));
    }
    return WEIR_OK;
}

/* The rows inside, under a new condition. Those behind one that fails stay, uncounted. */
static weir_status retake_rows(expression_window *e, weir_window *w, int64_t now, weir_error *err) {
    weir_row_id id = e->head, end = e->tail;
    weir_status status = WEIR_OK;
    e->tail = e->head;
    while (id < end && status == WEIR_OK) {
        weir_row_id stop = wr_gaps_run(&e->gaps, &id, end);
        for (; id < stop && status == WEIR_OK; id++) status = take_row(e, w, id, now, err);
    }
    if (status == WEIR_OK) return WEIR_OK;
    e->tail = end;
    wr_gaps_run(&e->gaps, &e->head, e->tail);
    return status;
}

static weir_status take(expression_window *e, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    if (e->text_by_column) {
        weir_value text = weir_window_in_value(w, i, e->text_column);
        bool changed;
        WR_TRY(weir_window_condition_text(w, &text, &changed, err));
        if (!e->keeps) return weir_window_condition_usable(w, err);
        if (changed) WR_TRY(retake_rows(e, w, now, err));
    }
    return e->keeps ? take_row(e, w, weir_window_id(w, i), now, err) : WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    expression_window *e = self;
    weir_status status = WEIR_OK;
    for (uint32_t i = first; i < first + n && status == WEIR_OK; i++) {
        status = take(e, w, i, now, err);
        weir_window_emit(w, weir_window_id(w, i), WEIR_CURRENT, weir_window_in_ts(w, i));
    }
    weir_row_id done = e->head < e->tail ? e->head : weir_window_id(w, first) + n;
    wr_gaps_forget_below(&e->gaps, done);
    weir_window_release_below(w, done);
    return status;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const expression_window *e = self;
    (void)w;
    wr_gaps_visit(&e->gaps, e->head, e->tail, visit, ctx);
}

static size_t bytes(const void *self) { return wr_gaps_bytes(&((const expression_window *)self)->gaps); }

static void save(const void *self, weir_writer *w) {
    const expression_window *e = self;
    weir_write_i64(w, (int64_t)e->head);
    weir_write_i64(w, (int64_t)e->tail);
    wr_gaps_save(&e->gaps, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    expression_window *e = self;
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&e->head, &e->tail}, 2, WR_HELD_LAGS, err));
    return wr_gaps_load(&e->gaps, e->tail, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    return snprintf(text, size,
                    ((const expression_window *)self)->keeps ? "the rows for which its condition holds"
                                                             : "no rows");
}

const weir_window_type wr_window_expression = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "expression",
    .doc = "A sliding window of the newest rows for which a condition over the window holds.",
    .example =
        "from S#window.expression('sum(v) < 100 and last.k == first.k') select count() as n insert into Out",
    .params =
        (const weir_param_doc[]){
            {"expression(<string> condition)",
             "Over the row, the aggregates of the window, and its first and last row. As an "
             "attribute: when another text comes, the rows inside are taken in anew."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .stores_args = true,
    .one_chunk = true,
    .check = check,
    .state_size = sizeof(expression_window),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
