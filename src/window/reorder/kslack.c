/* kslack.c: #reorder:kslack(time [, timeout [, maxK [, discard]]]): rows in the order of a time of their own.
 *
 * k is the greatest spread that was seen: between a row newer than all before it and the oldest that had come
 * since the last such row; maxK at most. */
#include <stdio.h>

#include "window/check.h"
#include "window/emit.h"
#include "window/reorder/slack.h"
#include "window/table.h"

typedef struct kslack {
    wr_slack slack;
    uint32_t column;
} kslack;

#define NAME "reorder:kslack"

/* [timeout [, maxK]] [, discard], from args[1] on. */
static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count(NAME, n_args, 1, 4, err));
    WR_TRY(wr_check_attribute(NAME, "the time", &args[0], WR_IS(WEIR_LONG), err));
    for (uint32_t i = 1; i < n_args; i++) {
        bool may_discard = i + 1 == n_args, may_wait = i < 3;
        uint32_t types = (may_wait ? WR_IS_TIME : 0u) | (may_discard ? WR_IS(WEIR_BOOL) : 0u);
        const char *what = !may_wait ? "discard" : i == 1 ? "the timeout" : "the greatest k";
        WR_TRY(wr_check_const(NAME, what, &args[i], types, err));
    }
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    kslack *k = self;
    (void)w, (void)err;
    wr_slack_init(&k->slack);
    k->column = args->args[0].column;
    for (uint32_t i = 1; i < args->n_args; i++) {
        const weir_arg *a = &args->args[i];
        if (a->type == WEIR_BOOL)
            k->slack.discards = a->value.as.b;
        else if (i == 1)
            k->slack.timeout = wr_arg_long(a);
        else
            k->slack.most_k = wr_arg_long(a);
    }
    return WEIR_OK;
}

static void close(void *self) { wr_slack_fini(&((kslack *)self)->slack); }
static void start(void *self, int64_t now) { wr_slack_start(&((kslack *)self)->slack, now); }
static int64_t due(const void *self) { return wr_slack_due(&((const kslack *)self)->slack); }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    (void)now, (void)err;
    wr_slack_fire(&((kslack *)self)->slack, w, false);
    return WEIR_OK;
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    kslack *k = self;
    wr_slack *s = &k->slack;
    int64_t time;
    bool is_kept;
    WR_TRY(wr_slack_time(w, i, k->column, &time, err));
    WR_TRY(wr_slack_take(s, w, weir_window_id(w, i), time, now, &is_kept, err));
    if (!is_kept || !wr_slack_is_ahead(s, time)) return WEIR_OK;
    int64_t spread = wr_slack_spread(s, time);
    if (spread > s->k) s->k = WR_MIN(spread, s->most_k);
    return wr_slack_advance(s, w, time, err);
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static size_t bytes(const void *self) { return wr_slack_bytes(&((const kslack *)self)->slack); }
static void save(const void *self, weir_writer *w) { wr_slack_save(&((const kslack *)self)->slack, w); }
static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    return wr_slack_load(&((kslack *)self)->slack, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    char span[32];
    const wr_slack *s = &((const kslack *)self)->slack;
    if (s->most_k == INT64_MAX) return snprintf(text, size, "the rows of the greatest delay seen: no bound");
    wr_span_text(s->most_k, span, sizeof span);
    return snprintf(text, size, "the rows of %s, by their own time", span);
}

const weir_window_type wr_window_reorder_kslack = {
    .struct_size = sizeof(weir_window_type),
    .ns = "reorder",
    .name = "kslack",
    .doc = "Puts rows into the order of a time among their attributes; holds them as long as the latest one "
           "so far "
           "was late.",
    .example = "from S#reorder:kslack(l, 5 sec) select l, v insert into Out",
    .params = (const weir_param_doc[]){{"reorder:kslack(<long> time)", "The row's own time, in ms."},
                                       {"reorder:kslack(time, <int|long|time> timeout)",
                                        "What is held goes out when so much time has passed since the start, "
                                        "and each second after; -1: never."},
                                       {"reorder:kslack(time, timeout, <int|long|time> maxK)",
                                        "Rows are held no longer than this."},
                                       {"reorder:kslack(time [, timeout [, maxK]], <bool> discard)",
                                        "With true, rows older than the last that went out are dropped."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .late_output = true,
    .uses_clock = true,
    .one_chunk = true,
    .computes_args = true,
    .is_processor = true,
    .check = check,
    .state_size = sizeof(kslack),
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
