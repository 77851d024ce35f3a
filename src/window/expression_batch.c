/* expression_batch.c: #window.expressionBatch('condition' [, includeTrigger [, streamCurrent]]): batches that
 * go on as long as a condition holds.
 *
 * The condition is computed with a row as if it were in the batch. If it is not true, the batch goes out
 * ([expired rows of the batch before, current rows], all with the clock's time) and the row begins the next
 * or, with includeTrigger, ends this one; the condition's aggregates start again with the row in either case.
 * With nothing in the batch the row comes and goes: [expired, current]. There is no reset: the expired rows
 * are what aggregates are undone by. With streamCurrent rows pass at once and only expire as a batch.
 *
 *   before      filling      tail
 *   | gone out    | being filled |     ids; with streamCurrent both are one
 */
#include <stdio.h>

#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"

typedef struct expression_batch {
    bool includes, includes_by_column, streams;
    uint32_t include_column;
    bool expires; /* somebody reads what leaves */
    weir_row_id before, filling, tail;
} expression_batch;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    const char *name = "expressionBatch";
    WR_TRY(wr_check_count(name, n_args, 1, 3, err));
    if (args[0].type != WEIR_STRING)
        return wr_check_fail(&args[0], err, "the condition of window expressionBatch() must be text, not %s",
                             weir_type_name(args[0].type));
    if (n_args > 1 && args[1].type != WEIR_BOOL)
        return wr_check_fail(&args[1], err, "includeTrigger of window expressionBatch() must be bool, not %s",
                             weir_type_name(args[1].type));
    return n_args > 2 ? wr_check_const(name, "streamCurrent", &args[2], WR_IS(WEIR_BOOL), err) : WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    expression_batch *b = self;
    (void)w, (void)err;
    b->includes_by_column = args->n_args > 1 && args->args[1].is_attribute;
    if (b->includes_by_column)
        b->include_column = args->args[1].column;
    else
        b->includes = args->n_args > 1 && args->args[1].value.as.b;
    b->streams = args->n_args > 2 && args->args[2].value.as.b;
    b->expires = args->expired_wanted;
    return WEIR_OK;
}

static bool includes_trigger(const expression_batch *b, const weir_window *w, uint32_t i) {
    if (!b->includes_by_column) return b->includes;
    weir_value v = weir_window_in_value(w, i, b->include_column);
    return !v.is_null && v.as.b;
}

/* Whether the batch that begins at `first` goes on with row id. If not, the condition has begun anew. */
static weir_status goes_on(weir_window *w, weir_row_id id, weir_row_id first, bool *holds, weir_error *err) {
    WR_TRY(weir_window_condition_update(w, id, true, err));
    WR_TRY(weir_window_condition_test(w, id, first, id, holds, err));
    if (*holds) return WEIR_OK;
    WR_TRY(weir_window_condition_reset(w, err));
    return weir_window_condition_update(w, id, true, err);
}

static weir_status expire(expression_batch *b, weir_window *w, weir_row_id end, int64_t now,
                          weir_error *err) {
    if (!b->expires) return WEIR_OK;
    return wr_emit_range(w, b->before, end - b->before, WEIR_EXPIRED, false, now, err);
}

/* With nothing in the batch. */
static void come_and_go(expression_batch *b, weir_window *w, weir_row_id id, int64_t now) {
    weir_window_emit(w, id, WEIR_EXPIRED, now);
    weir_window_emit(w, id, WEIR_CURRENT, now);
    b->before = b->filling = b->tail;
}

static weir_status let_out(expression_batch *b, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    WR_TRY(expire(b, w, b->filling, now, err));
    if (b->filling == id) {
        come_and_go(b, w, id, now);
    } else {
        WR_TRY(wr_emit_range(w, b->filling, id - b->filling, WEIR_CURRENT, false, now, err));
        b->before = b->filling;
        b->filling = id;
        if (includes_trigger(b, w, i)) {
            weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
            b->filling = b->tail;
        }
        if (!b->expires) b->before = b->filling;
    }
    weir_window_end_chunk(w);
    return WEIR_OK;
}

static weir_status let_out_stream(expression_batch *b, weir_window *w, uint32_t i, int64_t now,
                                  weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    if (b->before == id) {
        come_and_go(b, w, id, now);
    } else if (includes_trigger(b, w, i)) {
        weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
        WR_TRY(expire(b, w, b->tail, now, err));
        b->before = b->tail;
    } else {
        WR_TRY(expire(b, w, id, now, err));
        weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
        b->before = id;
    }
    b->filling = b->before;
    weir_window_end_chunk(w);
    return WEIR_OK;
}

static weir_status take_row(expression_batch *b, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    bool holds;
    b->tail = id + 1;
    WR_TRY(goes_on(w, id, b->streams ? b->before : b->filling, &holds, err));
    if (!holds) return b->streams ? let_out_stream(b, w, i, now, err) : let_out(b, w, i, now, err);
    if (b->streams) {
        weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
        weir_window_end_chunk(w);
    }
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    expression_batch *b = self;
    weir_status status = WEIR_OK;
    for (uint32_t i = first; i < first + n && status == WEIR_OK; i++) status = take_row(b, w, i, now, err);
    b->tail = weir_window_id(w, first) + n; /* rows behind one that failed are in the batch, uncounted */
    weir_window_release_below(w, b->before);
    return status;
}

/* The batch that is being filled. */
static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const expression_batch *b = self;
    (void)w;
    wr_visit_range(b->filling, b->tail, visit, ctx);
}

static void save(const void *self, weir_writer *w) {
    const expression_batch *b = self;
    weir_write_i64(w, (int64_t)b->before);
    weir_write_i64(w, (int64_t)b->filling);
    weir_write_i64(w, (int64_t)b->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    expression_batch *b = self;
    (void)w;
    b->before = (weir_row_id)weir_read_i64(r);
    b->filling = (weir_row_id)weir_read_i64(r);
    b->tail = (weir_row_id)weir_read_i64(r);
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const expression_batch *b = self;
    return snprintf(text, size, "the rows for which its condition holds%s",
                    b->expires && !b->streams ? ", twice" : "");
}

const weir_window_type wr_window_expression_batch = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "expressionBatch",
    .doc = "Gathers rows into a batch for as long as a condition over the batch holds.",
    .example = "from S#window.expressionBatch('count() <= 20') select sum(v) as s insert into Out",
    .params =
        (const weir_param_doc[]){
            {"expressionBatch(<string> condition)",
             "Over the row, the aggregates of the batch, and its first and last row."},
            {"expressionBatch(<string> condition, <bool> includeTrigger)",
             "With true, the row that ends a batch belongs to it."},
            {"expressionBatch(<string> condition, <bool> includeTrigger, <bool> streamCurrent)",
             "With true, rows pass at once and only expire as a batch."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .late_output = true,
    .stores_args = true,
    .check = check,
    .state_size = sizeof(expression_batch),
    .open = open,
    .on_chunk = on_chunk,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
