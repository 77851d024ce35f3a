/* delay.c: #window.delay(t): rows pass on t ms after they came, as current rows with the clock's time. */
#include <stdio.h>

#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/time_queue.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("delay", n_args, 1, 1, err));
    return wr_check_span("delay", "the duration", &args[0], err);
}

typedef struct delay_window {
    wr_time_queue queue;
    bool tells; /* it is searched: what is held is found */
} delay_window;

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    delay_window *d = self;
    (void)w, (void)err;
    wr_time_queue_init(&d->queue, wr_arg_long(&args->args[0]));
    d->tells = args->is_searched;
    return WEIR_OK;
}

static weir_status tell(const delay_window *d, weir_window *w, wr_found_range before, int64_t now,
                        weir_error *err) {
    if (!d->tells) return WEIR_OK;
    return wr_tell_range(w, before, (wr_found_range){d->queue.head, d->queue.tail}, now, err);
}

static void let_out(wr_time_queue *q, weir_window *w, int64_t now) {
    int64_t horizon = wr_time_queue_horizon(q, now);
    while (wr_time_queue_head_is_due(q, w, horizon)) weir_window_emit(w, q->head++, WEIR_CURRENT, now);
    weir_window_release_below(w, q->head);
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    delay_window *d = self;
    wr_time_queue *q = &d->queue;
    wr_found_range before = {q->head, q->tail};
    for (uint32_t i = first; i < first + n; i++) {
        let_out(q, w, now);
        q->tail++;
        wr_time_queue_schedule_newest(q, weir_window_in_ts(w, i));
    }
    return tell(d, w, before, now, err);
}

static int64_t due(const void *self) { return ((const delay_window *)self)->queue.next_due; }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    delay_window *d = self;
    wr_found_range before = {d->queue.head, d->queue.tail};
    let_out(&d->queue, w, now);
    wr_time_queue_fired(&d->queue, w);
    return tell(d, w, before, now, err);
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const wr_time_queue *q = &((const delay_window *)self)->queue;
    (void)w;
    wr_visit_range(q->head, q->tail, visit, ctx);
}

static void save(const void *self, weir_writer *w) {
    wr_time_queue_save(&((const delay_window *)self)->queue, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    return wr_time_queue_load(&((delay_window *)self)->queue, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    char span[32];
    wr_span_text(((const delay_window *)self)->queue.span, span, sizeof span);
    return snprintf(text, size, "%s of rows", span);
}

const weir_window_type wr_window_delay = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "delay",
    .doc = "Holds rows back for a duration, then passes them on.",
    .example = "from S#window.delay(1 hour) select * insert into Out",
    .params =
        (const weir_param_doc[]){{"delay(<int|long|time> duration)", "How long a row is held back, in ms."},
                                 {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .late_output = true,
    .uses_clock = true,
    .one_chunk = true,
    .content_apart = true,
    .check = check,
    .state_size = sizeof(delay_window),
    .open = open,
    .on_chunk = on_chunk,
    .due = due,
    .on_timer = on_timer,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
