/* hopping.c: #window.weir:tumbling([time,] size [, offset [, grace]]) and weir:hopping([time,] size, hop [,
 * offset
 * [, grace]]): windows of event time, as Flink and Kafka Streams have them.
 *
 * A window begins at offset + k * hop and takes in the rows from then up to (not with) its end, size later;
 * where hop is shorter than size, a row is in several. Time is the row's own: an attribute's, or its
 * timestamp. A window closes when the time has come to its end and the grace beyond: time as the rows'
 * attribute shows it, the greatest so far; or, for timestamps, the app's clock. Closed, it lets out [expired
 * rows of the window closed before, reset, current rows] as one chunk: rows by their time, each with its own
 * timestamp, expired ones with the end of the window. A window without rows lets out nothing but the expired
 * ones before it. A row all of whose windows are closed is late, and dropped.
 *
 * So what comes out does not depend on the order in which rows come, as long as none is later than the grace.
 */
#include <stdio.h>

#include "window/check.h"
#include "window/emit.h"
#include "window/eventtime/panes.h"
#include "window/table.h"

typedef struct hopping {
    wr_panes panes;
    bool by_column; /* time is an attribute's */
    uint32_t column;
    int64_t grace;
    bool expires; /* the output has expired rows */
    bool tells;   /* it is searched: the window closed last is found */
    bool is_started;
    int64_t time;       /* of the rows, the greatest; or the clock when it was last asked */
    int64_t next;       /* the first window that is not closed */
    bool has_gone;      /* the window closed last is still kept: */
    int64_t gone;       /* it begins here, */
    uint64_t gone_rows; /* and has the rows before this number */
} hopping;

/* ---- Arguments ---- */

/* The arguments behind the time, if there is one. */
static uint32_t skip_time(const weir_arg *args, uint32_t n_args) { return n_args && !args[0].is_const; }

static weir_status check_args(const char *name, uint32_t n_spans, const weir_arg *args, uint32_t n_args,
                              weir_error *err) {
    uint32_t skip = skip_time(args, n_args);
    WR_TRY(wr_check_count(name, n_args, n_spans + skip, n_spans + 2 + skip, err));
    if (skip) WR_TRY(wr_check_attribute(name, "the time", &args[0], WR_IS(WEIR_LONG), err));
    args += skip;
    n_args -= skip;
    WR_TRY(wr_check_period(name, "the size", &args[0], err));
    if (n_spans > 1) WR_TRY(wr_check_period(name, "the hop", &args[1], err));
    if (n_args > n_spans) WR_TRY(wr_check_span(name, "the offset", &args[n_spans], err));
    if (n_args <= n_spans + 1) return WEIR_OK;
    WR_TRY(wr_check_span(name, "the grace", &args[n_spans + 1], err));
    if (wr_arg_long(&args[n_spans + 1]) >= 0) return WEIR_OK;
    return wr_check_fail(&args[n_spans + 1], err, "the grace of window %s() must not be negative", name);
}

static weir_status check_tumbling(const weir_arg *args, uint32_t n_args, weir_error *err) {
    return check_args("weir:tumbling", 1, args, n_args, err);
}

static weir_status check_hopping(const weir_arg *args, uint32_t n_args, weir_error *err) {
    return check_args("weir:hopping", 2, args, n_args, err);
}

static weir_status open_args(hopping *h, uint32_t n_spans, const weir_window_args *in) {
    const weir_arg *args = in->args;
    uint32_t skip = skip_time(args, in->n_args), n = in->n_args - skip;
    h->by_column = skip != 0;
    if (h->by_column) h->column = args[0].column;
    args += skip;
    int64_t size = wr_arg_long(&args[0]), hop = n_spans > 1 ? wr_arg_long(&args[1]) : size;
    wr_panes_init(&h->panes, size, hop, n > n_spans ? wr_arg_long(&args[n_spans]) : 0);
    h->grace = n > n_spans + 1 ? wr_arg_long(&args[n_spans + 1]) : 0;
    h->expires = in->expired_output;
    h->tells = in->is_searched;
    h->next = INT64_MIN;
    return WEIR_OK;
}

static weir_status open_tumbling(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w, (void)err;
    return open_args(self, 1, args);
}

static weir_status open_hopping(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w, (void)err;
    return open_args(self, 2, args);
}

static void close(void *self) { wr_panes_fini(&((hopping *)self)->panes); }

/* ---- Closing ---- */

static int64_t plus(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t closes_at(const hopping *h, int64_t begin) {
    return plus(plus(begin, h->panes.size), h->grace);
}

/* The window that has something to let out next; INT64_MAX: none has. */
static int64_t next_window(const hopping *h) {
    int64_t next = wr_panes_next(&h->panes, h->next), after = INT64_MAX;
    if (h->has_gone) after = plus(h->gone, h->panes.hop);
    return WR_MIN(next, after);
}

typedef struct letting_out {
    weir_window *w;
    weir_kind kind;
    bool own_ts;
    int64_t ts;
    uint32_t n;
} letting_out;

static weir_status let_out(void *ctx, weir_row_id id, weir_error *err) {
    letting_out *l = ctx;
    (void)err;
    weir_window_emit(l->w, id, l->kind, l->own_ts ? weir_window_ts(l->w, id) : l->ts);
    l->n++;
    return WEIR_OK;
}

static weir_status let_gone_go(hopping *h, weir_window *w, int64_t end, weir_error *err) {
    letting_out l = {.w = w, .kind = WEIR_EXPIRED, .ts = end};
    if (!h->has_gone) return WEIR_OK;
    h->has_gone = false;
    if (h->expires) WR_TRY(wr_panes_visit(&h->panes, h->gone, h->gone_rows, let_out, &l, err));
    l.kind = WEIR_LEFT;
    return h->tells ? wr_panes_visit(&h->panes, h->gone, h->gone_rows, let_out, &l, err) : WEIR_OK;
}

static weir_status let_rows_out(hopping *h, weir_window *w, int64_t begin, int64_t end, weir_error *err) {
    letting_out l = {.w = w, .kind = WEIR_CURRENT, .own_ts = true};
    WR_TRY(wr_panes_visit(&h->panes, begin, UINT64_MAX, let_out, &l, err));
    h->has_gone = l.n && (h->expires || h->tells);
    h->gone = begin;
    h->gone_rows = h->panes.next_seq;
    if (!l.n || !h->tells) return WEIR_OK;
    l = (letting_out){.w = w, .kind = WEIR_ENTERED, .ts = end};
    return wr_panes_visit(&h->panes, begin, UINT64_MAX, let_out, &l, err);
}

/* The window closes. */
static weir_status close_window(hopping *h, weir_window *w, int64_t begin, weir_error *err) {
    int64_t end = plus(begin, h->panes.size);
    bool has_rows = wr_panes_next(&h->panes, begin) == begin;
    WR_TRY(let_gone_go(h, w, end, err));
    if (has_rows) weir_window_emit_reset(w, end);
    if (has_rows) WR_TRY(let_rows_out(h, w, begin, end, err));
    h->next = plus(begin, h->panes.hop);
    wr_panes_forget_below(&h->panes, w, h->has_gone ? h->gone : h->next);
    weir_window_end_chunk(w);
    return WEIR_OK;
}

/* All windows that end by now: none of them takes rows any more, whether it had some or not. */
static weir_status close_until(hopping *h, weir_window *w, int64_t now, weir_error *err) {
    int64_t begin;
    while ((begin = next_window(h)) != INT64_MAX && closes_at(h, begin) <= now)
        WR_TRY(close_window(h, w, begin, err));
    int64_t open = wr_panes_first_begin(&h->panes, now < INT64_MIN + h->grace ? INT64_MIN : now - h->grace);
    if (open > h->next) h->next = open;
    return WEIR_OK;
}

/* ---- Rows, and the clock ---- */

static weir_status row_time(const hopping *h, const weir_window *w, uint32_t i, int64_t *time,
                            weir_error *err) {
    *time = weir_window_in_ts(w, i);
    if (!h->by_column) return WEIR_OK;
    weir_value v = weir_window_in_value(w, i, h->column);
    if (v.is_null) return weir_fail(err, WEIR_EVALUE, "the time of a window by event time is null");
    *time = v.as.l;
    return WEIR_OK;
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    hopping *h = self;
    int64_t time;
    WR_TRY(row_time(h, w, i, &time, err));
    int64_t clock = h->by_column ? time : now;
    if (!h->is_started || clock > h->time) {
        h->is_started = true;
        h->time = clock;
        WR_TRY(close_until(h, w, clock, err));
    }
    int64_t last = wr_panes_last_begin(&h->panes, time);
    bool is_late = last < h->next, is_between = time - last >= h->panes.size;
    if (!is_late && !is_between) return wr_panes_add(&h->panes, time, weir_window_id(w, i), err);
    if (is_late) weir_window_late(w);
    weir_window_release(w, weir_window_id(w, i));
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static int64_t due(const void *self) {
    const hopping *h = self;
    if (h->by_column) return INT64_MAX;
    int64_t begin = next_window(h);
    return begin == INT64_MAX ? INT64_MAX : closes_at(h, begin);
}

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    hopping *h = self;
    if (now > h->time) h->time = now;
    return close_window(h, w, next_window(h), err);
}

/* ---- Content, state ---- */

typedef struct visiting {
    bool (*visit)(void *ctx, weir_row_id id);
    void *ctx;
} visiting;

static weir_status visit_row(void *ctx, weir_row_id id, weir_error *err) {
    visiting *v = ctx;
    (void)err;
    return v->visit(v->ctx, id) ? WEIR_OK : WEIR_EEND;
}

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    hopping *h = (hopping *)(uintptr_t)self; /* putting a pane in order changes nothing that is seen */
    visiting v = {visit, ctx};
    (void)w;
    if (h->has_gone && wr_panes_visit(&h->panes, h->gone, h->gone_rows, visit_row, &v, NULL) != WEIR_OK)
        return;
}

static size_t bytes(const void *self) { return wr_panes_bytes(&((const hopping *)self)->panes); }

static void save(const void *self, weir_writer *w) {
    const hopping *h = self;
    weir_write_u32(w, (h->is_started ? 1u : 0) | (h->has_gone ? 2u : 0));
    weir_write_i64(w, h->time);
    weir_write_i64(w, h->next);
    weir_write_i64(w, h->gone);
    weir_write_i64(w, (int64_t)h->gone_rows);
    wr_panes_save(&h->panes, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    hopping *h = self;
    uint32_t flags = weir_read_u32(r);
    h->is_started = flags & 1;
    h->has_gone = flags & 2;
    h->time = weir_read_i64(r);
    h->next = weir_read_i64(r);
    h->gone = weir_read_i64(r);
    h->gone_rows = (uint64_t)weir_read_i64(r);
    return wr_panes_load(&h->panes, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const hopping *h = self;
    char span[32];
    int64_t held = plus(plus(h->panes.size, h->grace), h->expires || h->tells ? h->panes.hop : 0);
    wr_span_text(held, span, sizeof span);
    return snprintf(text, size, "%s of rows, by their own time", span);
}

#define COMMON_FIELDS                                                                                        \
    .struct_size = sizeof(weir_window_type), .ns = "weir", .shape = WEIR_WINDOW_BAG, .resets_instead = true, \
    .late_output = true, .uses_clock = true, .content_apart = true, .computes_args = true,                   \
    .state_size = sizeof(hopping), .close = close, .on_chunk = on_chunk, .due = due, .on_timer = on_timer,   \
    .content = content, .bytes = bytes, .save = save, .load = load, .bound = bound

const weir_window_type wr_window_weir_tumbling = {
    COMMON_FIELDS,
    .name = "tumbling",
    .doc = "Windows of event time that follow each other; each lets its rows out, in order of time, when it "
           "closes.",
    .example = "from S#window.weir:tumbling(l, 1 min) select sum(v) as s insert into Out",
    .params =
        (const weir_param_doc[]){
            {"weir:tumbling(<int|long|time> size)",
             "How long a window is, in ms; it closes when the app's clock has come to its end."},
            {"weir:tumbling(<long> time, <int|long|time> size)",
             "The row's own time; a window closes when a row of a later one has come."},
            {"weir:tumbling([time,] size, <int|long|time> offset)",
             "Windows begin at offset + k * size; 0 if not given."},
            {"weir:tumbling([time,] size, offset, <int|long|time> grace)",
             "How long a window still takes late rows after its end; 0 if not given."},
            {NULL, NULL}},
    .check = check_tumbling,
    .open = open_tumbling,
};

const weir_window_type wr_window_weir_hopping = {
    COMMON_FIELDS,
    .name = "hopping",
    .doc = "Windows of event time that begin at fixed distances and may overlap; each lets its rows out, in "
           "order of "
           "time, when it closes.",
    .example = "from S#window.weir:hopping(l, 1 min, 10 sec) select sum(v) as s insert into Out",
    .params =
        (const weir_param_doc[]){
            {"weir:hopping(<int|long|time> size, <int|long|time> hop)",
             "How long a window is, and how far the next one begins behind it, in ms; it closes when the "
             "app's clock "
             "has come to its end."},
            {"weir:hopping(<long> time, <int|long|time> size, <int|long|time> hop)",
             "The row's own time; a window closes when a row has come that is past its end."},
            {"weir:hopping([time,] size, hop, <int|long|time> offset)",
             "Windows begin at offset + k * hop; 0 if not given."},
            {"weir:hopping([time,] size, hop, offset, <int|long|time> grace)",
             "How long a window still takes late rows after its end; 0 if not given."},
            {NULL, NULL}},
    .check = check_hopping,
    .open = open_hopping,
};
