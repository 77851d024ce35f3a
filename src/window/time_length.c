/* time_length.c: #window.timeLength(t, n): the rows of the last t ms, n of them at most. */
#include <stdio.h>

#include "window/check.h"
#include "window/table.h"
#include "window/time_queue.h"

typedef struct time_length {
    wr_time_queue q;
    uint32_t length;
    bool keeps; /* somebody reads what leaves */
} time_length;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("timeLength", n_args, 2, 2, err));
    WR_TRY(wr_check_span("timeLength", "the duration", &args[0], err));
    return wr_check_rows("timeLength", &args[1], err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    time_length *t = self;
    (void)w, (void)err;
    wr_time_queue_init(&t->q, wr_arg_long(&args->args[0]));
    t->length = (uint32_t)args->args[1].value.as.i;
    t->keeps = args->expired_wanted;
    return WEIR_OK;
}

static void expire(time_length *t, weir_window *w, int64_t now) {
    int64_t horizon = wr_time_queue_horizon(&t->q, now);
    while (wr_time_queue_head_is_due(&t->q, w, horizon)) weir_window_emit(w, t->q.head++, WEIR_EXPIRED, now);
}

/* A window of length 0 holds nothing: its rows pass. */
static void take_row(time_length *t, weir_window *w, uint32_t i, int64_t now) {
    expire(t, w, now);
    weir_row_id id = weir_window_id(w, i);
    if (t->length && t->q.tail - t->q.head >= t->length) weir_window_emit(w, t->q.head++, WEIR_EXPIRED, now);
    t->q.tail = id + 1;
    if (!t->length) t->q.head = t->q.tail;
    weir_window_emit(w, id, WEIR_CURRENT, weir_window_in_ts(w, i));
    wr_time_queue_schedule(&t->q, weir_window_in_ts(w, i));
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    time_length *t = self;
    (void)err;
    for (uint32_t i = first; i < first + n; i++)
        if (t->keeps)
            take_row(t, w, i, now);
        else
            weir_window_emit(w, weir_window_id(w, i), WEIR_CURRENT, weir_window_in_ts(w, i));
    weir_window_release_below(w, t->q.head);
    return WEIR_OK;
}

static int64_t due(const void *self) { return ((const time_length *)self)->q.next_due; }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    time_length *t = self;
    (void)err;
    expire(t, w, now);
    wr_time_queue_fired(&t->q, w);
    weir_window_release_below(w, t->q.head);
    return WEIR_OK;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const time_length *t = self;
    (void)w;
    wr_visit_range(t->q.head, t->q.tail, visit, ctx);
}

static void save(const void *self, weir_writer *w) { wr_time_queue_save(&((const time_length *)self)->q, w); }

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    return wr_time_queue_load(&((time_length *)self)->q, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const time_length *t = self;
    return snprintf(text, size, "%u rows", t->keeps ? t->length : 0);
}

const weir_window_type wr_window_time_length = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "timeLength",
    .doc = "A sliding window of the rows of the last duration, and no more than so many.",
    .example = "from S#window.timeLength(10 sec, 100) select sum(v) as s insert into Out",
    .params = (const weir_param_doc[]){{"timeLength(<int|long|time> duration, <int> length)",
                                        "How long a row stays, in ms; how many rows stay at most."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .slides = true,
    .uses_clock = true,
    .one_chunk = true,
    .check = check,
    .state_size = sizeof(time_length),
    .open = open,
    .on_chunk = on_chunk,
    .due = due,
    .on_timer = on_timer,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
