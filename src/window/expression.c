/* expression.c: #window.expression('condition'): the newest rows for which a condition holds.
 *
 * A row is taken in and the condition computed; while it is not true the oldest row leaves, before the new
 * one, and the condition is computed again without it. The new row itself may leave: then it expires before
 * it passes. The condition's aggregates count the rows inside. */
#include <stdio.h>

#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"

typedef struct expression_window {
    bool keeps;             /* somebody reads what leaves; if not, the condition does not matter */
    weir_row_id head, tail; /* ids of the rows inside */
} expression_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("expression", n_args, 1, 1, err));
    if (WR_IS(WEIR_STRING) & WR_IS(args[0].type)) return WEIR_OK;
    return wr_check_fail(&args[0], err, "the condition of window expression() must be text, not %s",
                         weir_type_name(args[0].type));
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w, (void)err;
    ((expression_window *)self)->keeps = args->expired_wanted;
    return WEIR_OK;
}

static weir_status take_row(expression_window *e, weir_window *w, weir_row_id id, int64_t now,
                            weir_error *err) {
    bool holds;
    e->tail = id + 1;
    WR_TRY(weir_window_condition_update(w, id, true, err));
    WR_TRY(weir_window_condition_test(w, id, e->head, id, &holds, err));
    while (!holds && e->head < e->tail) {
        weir_row_id oldest = e->head++;
        weir_window_emit(w, oldest, WEIR_EXPIRED, now);
        weir_window_set_ts(w, oldest, now);
        WR_TRY(weir_window_condition_update(w, oldest, false, err));
        weir_row_id first = e->head < e->tail ? e->head : oldest;
        WR_TRY(weir_window_condition_test(w, oldest, first, id, &holds, err));
    }
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    expression_window *e = self;
    weir_status status = WEIR_OK;
    for (uint32_t i = first; i < first + n && status == WEIR_OK; i++) {
        if (e->keeps) status = take_row(e, w, weir_window_id(w, i), now, err);
        weir_window_emit(w, weir_window_id(w, i), WEIR_CURRENT, weir_window_in_ts(w, i));
    }
    e->tail = weir_window_id(w, first) + n; /* rows behind one that failed stay inside, uncounted */
    weir_window_release_below(w, e->head);
    return status;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const expression_window *e = self;
    (void)w;
    wr_visit_range(e->head, e->tail, visit, ctx);
}

static void save(const void *self, weir_writer *w) {
    const expression_window *e = self;
    weir_write_i64(w, (int64_t)e->head);
    weir_write_i64(w, (int64_t)e->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    expression_window *e = self;
    (void)w;
    e->head = (weir_row_id)weir_read_i64(r);
    e->tail = (weir_row_id)weir_read_i64(r);
    return weir_reader_status(r, err);
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
        (const weir_param_doc[]){{"expression(<string> condition)",
                                  "Over the row, the aggregates of the window, and its first and last row."},
                                 {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .stores_args = true,
    .one_chunk = true,
    .check = check,
    .state_size = sizeof(expression_window),
    .open = open,
    .on_chunk = on_chunk,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
