/* extend.c: a function, an aggregator and a window of one's own, and an app that uses them.
 *
 *   cc extend.c $(pkg-config --cflags --libs weir) -lm && ./a.out */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir.h>

/* beaufort(mph): a wind's force. A function computes the selected rows of a batch, by column. */
static weir_status beaufort_check(const weir_arg *args, uint32_t n, weir_type *result, weir_error *err) {
    *result = WEIR_INT;
    if (n == 1 && args[0].type == WEIR_DOUBLE) return WEIR_OK;
    return weir_fail(err, WEIR_ETYPE, "wind:beaufort() takes one double");
}
static weir_status beaufort_eval(void *self, const weir_call *call, weir_error *err) {
    const double *mph = call->args[0].data;
    (void)self, (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel ? call->sel[k] : k;
        double force = fmin(round(cbrt(pow(fmax(mph[row], 0) / 1.87, 2))), 12);
        ((int32_t *)call->out->data)[row] = (int32_t)force;
        if (weir_is_null(&call->args[0], row)) weir_set_null(call->out, row);
    }
    return WEIR_OK;
}
static const weir_function_type beaufort = {
    .struct_size = sizeof beaufort,
    .ns = "wind",
    .name = "beaufort",
    .doc = "The Beaufort number of a wind speed.",
    .example = "wind:beaufort(30.0) -> 6",
    .check = beaufort_check,
    .eval = beaufort_eval,
    .params = (const weir_param_doc[]){{"wind:beaufort(<double> mph)", "Miles an hour."}, {NULL, NULL}},
};

/* countIf(condition). An aggregator keeps something for each group; rows that leave undo what they did. */
typedef struct tally {
    int64_t *counts;
    uint32_t n;
} tally;

static weir_status tally_check(const weir_arg *args, uint32_t n, weir_type *result, weir_error *err) {
    *result = WEIR_LONG;
    if (n == 1 && args[0].type == WEIR_BOOL) return WEIR_OK;
    return weir_fail(err, WEIR_ETYPE, "wind:countIf() takes one bool");
}
static weir_status tally_open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)self, (void)args, (void)err;
    return WEIR_OK;
}
static void tally_close(void *self) { free(((tally *)self)->counts); }
static weir_status tally_reserve(void *self, uint32_t n_groups, weir_error *err) {
    tally *t = self;
    if (n_groups <= t->n) return WEIR_OK;
    int64_t *counts = realloc(t->counts, n_groups * sizeof *counts);
    if (!counts) return weir_fail(err, WEIR_ENOMEM, "out of memory for %u groups", n_groups);
    memset(counts + t->n, 0, (n_groups - t->n) * sizeof *counts);
    *t = (tally){counts, n_groups};
    return WEIR_OK;
}
static weir_status tally_update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    const uint8_t *holds = rows->args[0].data;
    (void)err;
    for (uint32_t k = 0; k < rows->n; k++) {
        uint32_t row = rows->row ? rows->row[k] : rows->first + k;
        int64_t *count = &((tally *)self)->counts[rows->gid ? rows->gid[row] : 0];
        bool leaves = rows->kind && rows->kind[row] == WEIR_EXPIRED;
        if (!weir_is_null(&rows->args[0], row) && holds[row]) *count += leaves ? -1 : 1;
        if (out) ((int64_t *)out->data)[row] = *count;
    }
    return WEIR_OK;
}
static void tally_reset(void *self, uint32_t n) { memset(((tally *)self)->counts, 0, n * sizeof(int64_t)); }
static bool tally_release(void *self, uint32_t group) { return ((tally *)self)->counts[group] == 0; }
static size_t tally_bytes(const void *self) { return ((const tally *)self)->n * sizeof(int64_t); }
static void tally_save(const void *self, uint32_t n, weir_writer *w) {
    for (uint32_t g = 0; g < n; g++) weir_write_i64(w, ((const tally *)self)->counts[g]);
}
static weir_status tally_load(void *self, uint32_t n, weir_reader *r, weir_error *err) {
    for (uint32_t g = 0; g < n; g++) ((tally *)self)->counts[g] = weir_read_i64(r);
    return weir_reader_status(r, err);
}
static const weir_aggregator_type count_if = {
    .struct_size = sizeof count_if,
    .ns = "wind",
    .name = "countIf",
    .doc = "How often a condition holds.",
    .example = "wind:countIf(b) of true, false -> 1",
    .check = tally_check,
    .state_size = sizeof(tally),
    .open = tally_open,
    .close = tally_close,
    .reserve = tally_reserve,
    .update = tally_update,
    .reset_all = tally_reset,
    .release = tally_release,
    .bytes = tally_bytes,
    .save = tally_save,
    .load = tally_load,
    .params =
        (const weir_param_doc[]){{"wind:countIf(<bool> condition)", "Null does not count."}, {NULL, NULL}},
};

/* gust(pause): the rows since the last pause. A window says which rows come and leave, by their ids. */
typedef struct gust {
    int64_t pause, last;
    weir_row_id head;
} gust;

static weir_status gust_check(const weir_arg *args, uint32_t n, weir_error *err) {
    if (n == 1 && args[0].is_const && args[0].type == WEIR_LONG) return WEIR_OK;
    return weir_fail(err, WEIR_ETYPE, "wind:gust() takes one time");
}
static weir_status gust_open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w, (void)err;
    ((gust *)self)->pause = args->args[0].value.as.l;
    return WEIR_OK;
}
static weir_status gust_on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                                 weir_error *err) {
    gust *g = self;
    (void)err;
    for (uint32_t i = first; i < first + n; i++) {
        int64_t ts = weir_window_in_ts(w, i);
        weir_row_id id = weir_window_id(w, i);
        while (ts - g->last > g->pause && g->head < id) weir_window_emit(w, g->head++, WEIR_EXPIRED, now);
        weir_window_emit(w, id, WEIR_CURRENT, ts);
        g->last = ts;
    }
    weir_window_release_below(w, g->head);
    return WEIR_OK;
}
static void gust_save(const void *self, weir_writer *w) {
    weir_write_i64(w, ((const gust *)self)->last);
    weir_write_i64(w, (int64_t)((const gust *)self)->head);
}
static weir_status gust_load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    (void)w;
    ((gust *)self)->last = weir_read_i64(r);
    ((gust *)self)->head = (weir_row_id)weir_read_i64(r);
    return weir_reader_status(r, err);
}
static int gust_bound(const void *self, char *text, size_t size) {
    return snprintf(text, size, "rows until a pause of %" PRId64 " ms", ((const gust *)self)->pause);
}
static const weir_window_type gust_type = {
    .struct_size = sizeof gust_type,
    .ns = "wind",
    .name = "gust",
    .doc = "The rows since the last pause.",
    .example = "from S#window.wind:gust(5 sec) select count() as n insert into Out",
    .shape = WEIR_WINDOW_FIFO,
    .one_chunk = true,
    .check = gust_check,
    .state_size = sizeof(gust),
    .open = gust_open,
    .on_chunk = gust_on_chunk,
    .save = gust_save,
    .load = gust_load,
    .bound = gust_bound,
    .params =
        (const weir_param_doc[]){{"wind:gust(<time> pause)", "Silence that ends a gust."}, {NULL, NULL}},
};

static const char APP[] = "@app:playback define stream Wind (station string, mph double);"
                          "from Wind#window.wind:gust(5 sec) select station, wind:beaufort(mph) as force,"
                          " wind:countIf(mph > 38.0) as gales group by station insert into Force;";

static void on_force(void *ctx, const weir_stream_info *stream, const weir_batch *batch) {
    (void)ctx, (void)stream;
    for (uint32_t k = 0; k < batch->n_sel; k++) {
        uint32_t row = weir_batch_row(batch, k);
        weir_value station = weir_column_value(&batch->cols[0], row);
        printf("%" PRId64 " %.*s: force %d, %" PRId64 " gales\n", batch->ts[row], (int)station.as.s.len,
               weir_string_data(&station.as.s), weir_column_value(&batch->cols[1], row).as.i,
               weir_column_value(&batch->cols[2], row).as.l);
    }
}

static weir_status register_all(weir_engine *engine, weir_error *err) {
    weir_status status = weir_register_function(engine, &beaufort, err);
    if (status == WEIR_OK) status = weir_register_aggregator(engine, &count_if, err);
    if (status == WEIR_OK) status = weir_register_window(engine, &gust_type, err);
    return status;
}

static weir_status send(weir_app *app, int64_t ts, const char *station, double mph, weir_error *err) {
    weir_value values[] = {
        {.type = WEIR_STRING, .as.s = weir_string_view(station, (uint32_t)strlen(station))},
        {.type = WEIR_DOUBLE, .as.d = mph}};
    return weir_send(app, weir_find_stream(app, "Wind"), ts, values, 2, err);
}

static weir_status send_all(weir_app *app, weir_error *err) {
    weir_status status = send(app, 1000, "north", 36, err);
    if (status == WEIR_OK) status = send(app, 4000, "north", 41, err);
    if (status == WEIR_OK) status = send(app, 6000, "south", 12, err);
    if (status == WEIR_OK) status = send(app, 9000, "north", 50, err);
    if (status == WEIR_OK) status = send(app, 20000, "north", 47, err); /* the pause empties the window */
    return status;
}

int main(void) {
    weir_engine *engine = NULL;
    weir_app *app = NULL;
    weir_error err;
    weir_status status = weir_engine_new(NULL, &engine, &err);
    if (status == WEIR_OK) status = register_all(engine, &err);
    if (status == WEIR_OK) status = weir_app_new(engine, APP, strlen(APP), NULL, &app, NULL, &err);
    if (status == WEIR_OK) status = weir_subscribe(app, "Force", on_force, NULL, &err);
    if (status == WEIR_OK) status = weir_app_start(app, &err);
    if (status == WEIR_OK) status = send_all(app, &err);
    if (status != WEIR_OK) fprintf(stderr, "extend: %s\n", err.message);
    weir_app_free(app);
    weir_engine_free(engine);
    return status == WEIR_OK ? 0 : 1;
}
