/* akslack.c: #reorder:akslack(time, value [, batch [, timeout [, maxK [, discard [, error, confidence]]]]]):
 * kslack with a k that is as great as it must be for means over `value` not to be off by more than `error`.
 *
 * After each batch of rows alpha is set anew: a controller with a proportional and a differential part
 * compares the share of rows that windows must have with the share that they would have had. k is alpha times
 * the spread (kslack.c). */
#include <stdio.h>

#include "base/alloc.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/reorder/coverage.h"
#include "window/reorder/slack.h"
#include "window/table.h"

#define NAME         "reorder:akslack"
#define PROPORTIONAL 0.5
#define DIFFERENTIAL 0.8
#define BATCHES_KEPT 64 /* of times, one by one */
#define MOST_KEPT    (1 << 20)

typedef struct akslack {
    wr_slack slack;
    uint32_t time_column, value_column;
    int64_t batch;
    double error, critical;
    double alpha, last_alpha, last_error;
    int64_t l;       /* how late a row may be that windows still get */
    int64_t counter; /* rows of the batch */
    double *values;  /* since the last batch was over */
    uint32_t n_values, cap_values;
    wr_row_times times;
} akslack;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count(NAME, n_args, 2, 8, err));
    if (n_args == 7)
        return weir_fail(err, WEIR_ETYPE, "%s() takes an error with a confidence, or neither", NAME);
    WR_TRY(wr_check_attribute(NAME, "the time", &args[0], WR_IS(WEIR_LONG), err));
    WR_TRY(wr_check_attribute(NAME, "the value", &args[1], WR_IS_NUMBER, err));
    if (n_args > 2) WR_TRY(wr_check_const(NAME, "the batch", &args[2], WR_IS_TIME, err));
    if (n_args > 3) WR_TRY(wr_check_const(NAME, "the timeout", &args[3], WR_IS_TIME, err));
    if (n_args > 4) WR_TRY(wr_check_const(NAME, "the greatest k", &args[4], WR_IS_TIME, err));
    if (n_args > 5) WR_TRY(wr_check_const(NAME, "discard", &args[5], WR_IS(WEIR_BOOL), err));
    if (n_args > 6) WR_TRY(wr_check_const(NAME, "the error", &args[6], WR_IS(WEIR_DOUBLE), err));
    if (n_args > 7) WR_TRY(wr_check_const(NAME, "the confidence", &args[7], WR_IS(WEIR_DOUBLE), err));
    return WEIR_OK;
}

static uint32_t times_kept(int64_t batch) {
    return batch > MOST_KEPT / BATCHES_KEPT ? MOST_KEPT : (uint32_t)WR_MAX(batch, 15) * BATCHES_KEPT;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *in, weir_error *err) {
    akslack *a = self;
    const weir_arg *args = in->args;
    uint32_t n = in->n_args;
    (void)w, (void)err;
    wr_slack_init(&a->slack);
    a->time_column = args[0].column;
    a->value_column = args[1].column;
    a->batch = n > 2 ? wr_arg_long(&args[2]) : 10000;
    if (n > 3) a->slack.timeout = wr_arg_long(&args[3]);
    if (n > 4 && wr_arg_long(&args[4]) != -1) a->slack.most_k = wr_arg_long(&args[4]);
    a->slack.discards = n > 5 && args[5].value.as.b;
    a->error = n > 6 ? args[6].value.as.d : 0.03;
    a->critical = wr_critical_value(n > 7 ? args[7].value.as.d : 0.95);
    a->alpha = 1;
    wr_row_times_init(&a->times, times_kept(a->batch));
    return WEIR_OK;
}

static void close(void *self) {
    akslack *a = self;
    wr_slack_fini(&a->slack);
    wr_row_times_fini(&a->times);
    wr_free(NULL, a->values, a->cap_values * sizeof *a->values);
}

static void start(void *self, int64_t now) { wr_slack_start(&((akslack *)self)->slack, now); }
static int64_t due(const void *self) { return wr_slack_due(&((const akslack *)self)->slack); }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    (void)now, (void)err;
    wr_slack_fire(&((akslack *)self)->slack, w, true);
    return WEIR_OK;
}

/* ---- Rows ---- */

static double number_of(const weir_value *v) {
    switch (v->type) {
    case WEIR_INT: return v->as.i;
    case WEIR_LONG: return (double)v->as.l;
    case WEIR_FLOAT: return v->as.f;
    default: return v->as.d;
    }
}

static weir_status note_row(akslack *a, const weir_window *w, uint32_t i, int64_t time, weir_error *err) {
    weir_value v = weir_window_in_value(w, i, a->value_column);
    WR_TRY(wr_row_times_add(&a->times, time, err));
    if (v.is_null) return weir_fail(err, WEIR_EVALUE, "the value of reorder:akslack() is null");
    if (wr_grow(NULL, &a->values, &a->cap_values, a->n_values + 1, sizeof *a->values))
        return weir_fail(err, WEIR_ENOMEM, "out of memory in a window of reorder");
    a->values[a->n_values++] = number_of(&v);
    return WEIR_OK;
}

static int64_t back(int64_t time, int64_t by) {
    int64_t t;
    return __builtin_sub_overflow(time, by, &t) ? (by > 0 ? INT64_MIN : INT64_MAX) : t;
}

static void end_batch(akslack *a, int64_t time) {
    double needed = wr_coverage_needed(a->values, a->n_values, a->critical, a->error);
    double had = a->l ? wr_row_times_coverage(&a->times, back(time, a->l)) : 1;
    double error = needed - had;
    double alpha = a->last_alpha + PROPORTIONAL * error + DIFFERENTIAL * (error - a->last_error);
    a->alpha = alpha < 0 ? -alpha : alpha;
    a->last_error = error;
    a->last_alpha = a->alpha;
    a->l = wr_java_round(a->alpha * (double)a->slack.k);
    if (a->l > a->slack.k) a->l = a->slack.k;
    a->counter = 0;
    a->n_values = 0;
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    akslack *a = self;
    wr_slack *s = &a->slack;
    int64_t time;
    bool is_kept;
    WR_TRY(wr_slack_time(w, i, a->time_column, &time, err));
    WR_TRY(note_row(a, w, i, time, err));
    WR_TRY(wr_slack_take(s, w, weir_window_id(w, i), time, now, &is_kept, err));
    if (!is_kept) return WEIR_OK;
    if (++a->counter > a->batch) end_batch(a, time);
    if (!wr_slack_is_ahead(s, time)) return WEIR_OK;
    int64_t spread = wr_slack_spread(s, time);
    if (spread > s->k) s->k = spread < s->most_k ? wr_java_round((double)spread * a->alpha) : s->most_k;
    return wr_slack_advance(s, w, time, err);
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

/* ---- State ---- */

static size_t bytes(const void *self) {
    const akslack *a = self;
    return wr_slack_bytes(&a->slack) + wr_row_times_bytes(&a->times) + a->cap_values * sizeof *a->values;
}

static void save(const void *self, weir_writer *w) {
    const akslack *a = self;
    weir_write_f64(w, a->alpha);
    weir_write_f64(w, a->last_alpha);
    weir_write_f64(w, a->last_error);
    weir_write_i64(w, a->l);
    weir_write_i64(w, a->counter);
    weir_write_u32(w, a->n_values);
    for (uint32_t i = 0; i < a->n_values; i++) weir_write_f64(w, a->values[i]);
    wr_row_times_save(&a->times, w);
    wr_slack_save(&a->slack, w);
}

static weir_status load_values(akslack *a, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n > weir_reader_left(r) / sizeof(double))
        return weir_fail(err, WEIR_ESTATE, "the saved window of reorder is damaged");
    if (wr_grow(NULL, &a->values, &a->cap_values, n, sizeof *a->values))
        return weir_fail(err, WEIR_ENOMEM, "out of memory in a window of reorder");
    while (a->n_values < n) a->values[a->n_values++] = weir_read_f64(r);
    return WEIR_OK;
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    akslack *a = self;
    a->alpha = weir_read_f64(r);
    a->last_alpha = weir_read_f64(r);
    a->last_error = weir_read_f64(r);
    a->l = weir_read_i64(r);
    a->counter = weir_read_i64(r);
    WR_TRY(load_values(a, r, err));
    WR_TRY(wr_row_times_load(&a->times, r, err));
    return wr_slack_load(&a->slack, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const akslack *a = self;
    return snprintf(text, size, "the rows of the greatest delay seen: no bound; the times of %u rows",
                    a->times.most);
}

const weir_window_type wr_window_reorder_akslack = {
    .struct_size = sizeof(weir_window_type),
    .ns = "reorder",
    .name = "akslack",
    .doc = "Puts rows into the order of a time among their attributes; holds them as long as it takes for "
           "means over "
           "a value to be right within an error.",
    .example = "from S#reorder:akslack(l, v, 20L) select l, v insert into Out",
    .params =
        (const weir_param_doc[]){
            {"reorder:akslack(<long> time, <int|long|float|double> value)",
             "The row's own time, in ms; what means are taken over."},
            {"reorder:akslack(time, value, <int|long> batch)",
             "How long to hold rows is found anew after so many; 10,000 if it is not given."},
            {"reorder:akslack(time, value, batch, <int|long|time> timeout)",
             "What is held goes out when so much time has passed since the start, and each second after; -1: "
             "never."},
            {"reorder:akslack(time, value, batch, timeout, <int|long|time> maxK)",
             "Rows are held no longer than this; -1: no limit."},
            {"reorder:akslack(time, value, batch, timeout, maxK, <bool> discard)",
             "With true, rows older than the last that went out are dropped."},
            {"reorder:akslack(time, value, batch, timeout, maxK, discard, <double> error, <double> "
             "confidence)",
             "The error that is allowed, and how surely it is kept to; 0.03 and 0.95 if they are not given."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .late_output = true,
    .uses_clock = true,
    .one_chunk = true,
    .computes_args = true,
    .is_processor = true,
    .check = check,
    .state_size = sizeof(akslack),
    .open = open,
    .close = close,
    .start = start,
    .on_chunk = on_chunk,
    .due = due,
    .on_timer = on_timer,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
