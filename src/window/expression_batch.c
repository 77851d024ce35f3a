/* expression_batch.c: #window.expressionBatch('condition' [, includeTrigger [, streamCurrent]]): batches that
 * go on as long as a condition holds.
 *
 * The condition is computed with a row as if it were in the batch. If it is not true, the batch goes out
 * ([expired rows of the batch before, current rows], all with the clock's time) and the row begins the next
 * or, with includeTrigger, ends this one; the condition's aggregates start again with the row in either case.
 * With nothing in the batch the row comes and goes: [expired, current]. There is no reset: the expired rows
 * are what aggregates are undone by. With streamCurrent rows pass at once and only expire as a batch.
 *
 * Where the text is an attribute and another one comes, the batch that is being filled begins anew under the
 * new condition: its rows are taken in once more, and what they let out goes out. With streamCurrent they
 * have passed already and only expire, in one chunk with what the new row brings.
 *
 *   before      filling      tail
 *   | gone out    | being filled |     ids, with gaps left by rows that failed; with streamCurrent both are
 * one
 */
#include <stdio.h>

#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/gaps.h"
#include "window/table.h"

typedef struct expression_batch {
    bool includes, includes_by_column, streams;
    bool text_by_column;
    uint32_t include_column, text_column;
    bool expires; /* somebody reads what leaves */
    bool tells;   /* it is searched: the batch that is being filled is found; nothing, with streamCurrent */
    weir_row_id before, filling, tail;
    wr_gaps gaps;
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
    b->text_by_column = args->args[0].is_attribute;
    b->text_column = args->args[0].column;
    b->includes_by_column = args->n_args > 1 && args->args[1].is_attribute;
    if (b->includes_by_column)
        b->include_column = args->args[1].column;
    else
        b->includes = args->n_args > 1 && args->args[1].value.as.b;
    b->streams = args->n_args > 2 && args->args[2].value.as.b;
    b->expires = args->expired_wanted;
    b->tells = args->is_searched && !b->streams;
    return WEIR_OK;
}

static void close(void *self) { wr_gaps_close(&((expression_batch *)self)->gaps); }

static bool includes_trigger(const expression_batch *b, const weir_window *w, weir_row_id id) {
    if (!b->includes_by_column) return b->includes;
    weir_value v = weir_window_value(w, id, b->include_column);
    return !v.is_null && v.as.b;
}

/* Rows that failed are between the tail and the row. Nothing held, or nothing in the batch: no gap. */
static weir_status enter(expression_batch *b, weir_row_id id, weir_error *err) {
    bool is_empty = b->filling == b->tail;
    if (b->before == b->tail)
        b->before = id;
    else
        WR_TRY(wr_gaps_add(&b->gaps, b->tail, id, err));
    if (is_empty) b->filling = id;
    b->tail = id + 1;
    return WEIR_OK;
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
    return wr_gaps_emit(&b->gaps, w, b->before, end, WEIR_EXPIRED, now, err);
}

/* With nothing in the batch. */
static void come_and_go(expression_batch *b, weir_window *w, weir_row_id id, int64_t now) {
    weir_window_emit(w, id, WEIR_EXPIRED, now);
    weir_window_emit(w, id, WEIR_CURRENT, now);
    b->before = b->filling = b->tail;
}

static weir_status let_out(expression_batch *b, weir_window *w, weir_row_id id, int64_t now,
                           weir_error *err) {
    WR_TRY(expire(b, w, b->filling, now, err));
    if (b->filling == id) {
        come_and_go(b, w, id, now);
    } else {
        WR_TRY(wr_gaps_emit(&b->gaps, w, b->filling, id, WEIR_CURRENT, now, err));
        b->before = b->filling;
        b->filling = id;
        if (includes_trigger(b, w, id)) {
            weir_window_emit(w, id, WEIR_CURRENT, weir_window_ts(w, id));
            b->filling = b->tail;
        }
        if (!b->expires) b->before = b->filling;
    }
    weir_window_end_chunk(w);
    return WEIR_OK;
}

static weir_status let_out_stream(expression_batch *b, weir_window *w, weir_row_id id, int64_t now,
                                  weir_error *err) {
    if (b->before == id) {
        come_and_go(b, w, id, now);
    } else if (includes_trigger(b, w, id)) {
        weir_window_emit(w, id, WEIR_CURRENT, weir_window_ts(w, id));
        WR_TRY(expire(b, w, b->tail, now, err));
        b->before = b->tail;
    } else {
        WR_TRY(expire(b, w, id, now, err));
        weir_window_emit(w, id, WEIR_CURRENT, weir_window_ts(w, id));
        b->before = id;
    }
    b->filling = b->before;
    weir_window_end_chunk(w);
    return WEIR_OK;
}

/* The same for a row that has passed before. */
static weir_status let_out_passed(expression_batch *b, weir_window *w, weir_row_id id, int64_t now,
                                  weir_error *err) {
    bool expires = b->before == id || includes_trigger(b, w, id);
    if (b->before < id) WR_TRY(expire(b, w, id, now, err));
    if (expires) weir_window_emit(w, id, WEIR_EXPIRED, weir_window_ts(w, id));
    b->before = b->filling = expires ? b->tail : id;
    return WEIR_OK;
}

/* *holds: it is in the batch now, which goes on. Else it has just been let in and the batch must go out. */
static weir_status let_in(expression_batch *b, weir_window *w, weir_row_id id, bool *holds, weir_error *err) {
    WR_TRY(goes_on(w, id, b->filling < b->tail ? b->filling : id, holds, err));
    return enter(b, id, err);
}

/* Rows behind one that fails stay in the batch, uncounted. */
static weir_status retake_rows(expression_batch *b, weir_window *w, int64_t now, weir_error *err) {
    weir_row_id id = b->filling, end = b->tail;
    weir_status status = WEIR_OK;
    bool holds;
    b->tail = b->filling;
    while (id < end && status == WEIR_OK) {
        weir_row_id stop = wr_gaps_run(&b->gaps, &id, end);
        for (; id < stop && status == WEIR_OK; id++) {
            status = let_in(b, w, id, &holds, err);
            if (status == WEIR_OK && !holds)
                status = b->streams ? let_out_passed(b, w, id, now, err) : let_out(b, w, id, now, err);
        }
    }
    if (status == WEIR_OK) return WEIR_OK;
    b->tail = end;
    wr_gaps_run(&b->gaps, &b->filling, end);
    wr_gaps_run(&b->gaps, &b->before, end);
    return status;
}

static weir_status take_text(expression_batch *b, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    weir_value text = weir_window_in_value(w, i, b->text_column);
    bool changed;
    WR_TRY(weir_window_condition_text(w, &text, &changed, err));
    return changed ? retake_rows(b, w, now, err) : WEIR_OK;
}

static weir_status take_row(expression_batch *b, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    bool holds;
    if (b->text_by_column) WR_TRY(take_text(b, w, i, now, err));
    WR_TRY(let_in(b, w, id, &holds, err));
    if (!holds) return b->streams ? let_out_stream(b, w, id, now, err) : let_out(b, w, id, now, err);
    if (b->streams) {
        weir_window_emit(w, id, WEIR_CURRENT, weir_window_ts(w, id));
        weir_window_end_chunk(w);
    }
    return WEIR_OK;
}

/* What is found was `from`. */
static weir_status tell(const expression_batch *b, weir_window *w, wr_found_range from, int64_t now,
                        weir_error *err) {
    weir_row_id left = WR_MIN(b->filling, from.end), entered = WR_MAX(b->filling, from.end);
    if (!b->tells) return WEIR_OK;
    if (from.begin < left) WR_TRY(wr_gaps_emit(&b->gaps, w, from.begin, left, WEIR_LEFT, now, err));
    if (entered < b->tail) WR_TRY(wr_gaps_emit(&b->gaps, w, entered, b->tail, WEIR_ENTERED, now, err));
    weir_window_end_chunk(w);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    expression_batch *b = self;
    weir_status status = WEIR_OK;
    wr_found_range before = {b->filling, b->tail};
    for (uint32_t i = first; i < first + n && status == WEIR_OK; i++) status = take_row(b, w, i, now, err);
    if (status == WEIR_OK) status = tell(b, w, before, now, err);
    weir_row_id done = b->before < b->tail ? b->before : weir_window_id(w, first) + n;
    wr_gaps_forget_below(&b->gaps, done);
    weir_window_release_below(w, done);
    return status;
}

/* The batch that is being filled. */
static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const expression_batch *b = self;
    (void)w;
    if (!b->streams) wr_gaps_visit(&b->gaps, b->filling, b->tail, visit, ctx);
}

static size_t bytes(const void *self) { return wr_gaps_bytes(&((const expression_batch *)self)->gaps); }

static void save(const void *self, weir_writer *w) {
    const expression_batch *b = self;
    weir_write_i64(w, (int64_t)b->before);
    weir_write_i64(w, (int64_t)b->filling);
    weir_write_i64(w, (int64_t)b->tail);
    wr_gaps_save(&b->gaps, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    expression_batch *b = self;
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&b->before, &b->filling, &b->tail}, 3,
                                WR_HELD_LAGS, err));
    return wr_gaps_load(&b->gaps, b->tail, r, err);
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
             "Over the row, the aggregates of the batch, and its first and last row. As an attribute: when "
             "another text comes, the rows of the batch are taken in anew."},
            {"expressionBatch(<string> condition, <bool> includeTrigger)",
             "With true, the row that ends a batch belongs to it."},
            {"expressionBatch(<string> condition, <bool> includeTrigger, <bool> streamCurrent)",
             "With true, rows pass at once and only expire as a batch."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .late_output = true,
    .stores_args = true,
    .content_apart = true,
    .check = check,
    .state_size = sizeof(expression_batch),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
