/* cron.c: #window.cron('expression'): batches that go out at the ticks of a Quartz cron expression, in UTC.
 *
 * At a tick goes out [expired rows of the batch before, current rows]; a tick without rows passes unseen, so
 * the timer is set only while there are some. The ticks follow the task's clock.
 *
 *   before      filling      tail
 *   | gone out    | being filled |     ids
 */
#include <stdio.h>

#include "base/cron.h"
#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"

typedef struct cron_window {
    wr_cron cron;
    bool expires;     /* somebody reads expired rows */
    int64_t next_due; /* INT64_MAX: no rows wait */
    weir_row_id before, filling, tail;
} cron_window;

static weir_status parse(const weir_arg *a, wr_cron *out, weir_error *err) {
    weir_status status = wr_cron_parse(weir_string_data(&a->value.as.s), a->value.as.s.len, out, err);
    if (status != WEIR_OK && err) {
        err->begin = a->begin;
        err->end = a->end;
    }
    return status;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    wr_cron cron;
    WR_TRY(wr_check_count("cron", n_args, 1, 1, err));
    WR_TRY(wr_check_const("cron", "the expression", &args[0], WR_IS(WEIR_STRING), err));
    return parse(&args[0], &cron, err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    cron_window *c = self;
    (void)w;
    c->expires = args->expired_wanted;
    c->next_due = INT64_MAX;
    return parse(&args->args[0], &c->cron, err);
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    cron_window *c = self;
    (void)err;
    if (c->filling == c->tail) c->next_due = wr_cron_next(&c->cron, now, 0);
    c->tail = weir_window_id(w, first) + n;
    return WEIR_OK;
}

static int64_t due(const void *self) { return ((const cron_window *)self)->next_due; }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    cron_window *c = self;
    if (c->expires)
        WR_TRY(wr_emit_range(w, c->before, c->filling - c->before, WEIR_EXPIRED, false, now, err));
    WR_TRY(wr_emit_range(w, c->filling, c->tail - c->filling, WEIR_CURRENT, true, 0, err));
    c->before = c->expires ? c->filling : c->tail;
    c->filling = c->tail;
    c->next_due = INT64_MAX;
    weir_window_release_below(w, c->before);
    return WEIR_OK;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const cron_window *c = self;
    (void)w;
    wr_visit_range(c->before, c->filling, visit, ctx);
}

static void save(const void *self, weir_writer *w) {
    const cron_window *c = self;
    weir_write_i64(w, c->next_due);
    weir_write_i64(w, (int64_t)c->before);
    weir_write_i64(w, (int64_t)c->filling);
    weir_write_i64(w, (int64_t)c->tail);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    cron_window *c = self;
    c->next_due = weir_read_i64(r);
    WR_TRY(wr_window_read_range(w, r, (weir_row_id *const[]){&c->before, &c->filling, &c->tail}, 3,
                                WR_HELD_ALL, err));
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    return snprintf(text, size, "the rows between two ticks%s",
                    ((const cron_window *)self)->expires ? ", twice" : "");
}

const weir_window_type wr_window_cron = {
    .struct_size = sizeof(weir_window_type),
    .ns = "",
    .name = "cron",
    .doc = "Gathers rows into batches that go out at the times of a cron expression (UTC).",
    .example = "from S#window.cron('0 */5 * * * ?') select sum(v) as s insert into Out",
    .params = (const weir_param_doc[]){{"cron(<string> expression)",
                                        "Quartz: second minute hour day month weekday [year]."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .late_output = true,
    .uses_clock = true,
    .one_chunk = true,
    .content_apart = true, /* nothing is ever found */
    .check = check,
    .state_size = sizeof(cron_window),
    .open = open,
    .on_chunk = on_chunk,
    .due = due,
    .on_timer = on_timer,
    .content = content,
    .save = save,
    .load = load,
    .bound = bound,
};
