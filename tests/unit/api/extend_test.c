/* Descriptors of a user's own, through the public headers alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "weir.h"

static const weir_param_doc params[] = {{"f()", "Takes nothing."}, {NULL, NULL}};

/* seven(): an aggregator that keeps nothing. */
static weir_status seven_check(const weir_arg *args, uint32_t n, weir_type *result, weir_error *err) {
    (void)args, (void)n, (void)err;
    *result = WEIR_LONG;
    return WEIR_OK;
}
static weir_status seven_open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)self, (void)args, (void)err;
    return WEIR_OK;
}
static weir_status seven_reserve(void *self, uint32_t n_groups, weir_error *err) {
    (void)self, (void)n_groups, (void)err;
    return WEIR_OK;
}
static weir_status seven_update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    (void)self, (void)err;
    for (uint32_t k = 0; out && k < rows->n; k++)
        ((int64_t *)out->data)[rows->row ? rows->row[k] : rows->first + k] = 7;
    return WEIR_OK;
}
static void seven_reset(void *self, uint32_t n) { (void)self, (void)n; }
static bool seven_release(void *self, uint32_t group) { return (void)self, (void)group, true; }

static const weir_aggregator_type seven = {
    .struct_size = sizeof seven,
    .ns = "",
    .name = "seven",
    .doc = "Always 7.",
    .example = "seven() of 1, 2 -> 7",
    .params = params,
    .check = seven_check,
    .open = seven_open,
    .reserve = seven_reserve,
    .update = seven_update,
    .reset_all = seven_reset,
    .release = seven_release,
};

/* pass(): a window that holds nothing. */
static weir_status pass_check(const weir_arg *args, uint32_t n, weir_error *err) {
    (void)args, (void)n, (void)err;
    return WEIR_OK;
}
static weir_status pass_open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)self, (void)w, (void)args, (void)err;
    return WEIR_OK;
}
static weir_status pass_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                              weir_error *err) {
    (void)self, (void)now, (void)err;
    for (uint32_t i = first; i < first + n; i++)
        weir_window_emit(w, weir_window_id(w, i), WEIR_CURRENT, weir_window_in_ts(w, i));
    weir_window_release_below(w, weir_window_id(w, first) + n);
    return WEIR_OK;
}
static int pass_bound(const void *self, char *text, size_t size) {
    return (void)self, snprintf(text, size, "no rows");
}

static const weir_window_type pass = {
    .struct_size = sizeof pass,
    .ns = "",
    .name = "pass",
    .doc = "Lets rows pass.",
    .example = "from S#window.pass() select v insert into Out",
    .params = params,
    .check = pass_check,
    .open = pass_open,
    .on_chunk = pass_chunk,
    .bound = pass_bound,
};

/* even(n): a stream processor that lets a row pass if what is computed of it is even. */
typedef struct even {
    uint32_t column;
} even;
static weir_status even_check(const weir_arg *args, uint32_t n, weir_error *err) {
    bool fits = n == 1 && args[0].is_attribute && args[0].type == WEIR_INT;
    return fits ? WEIR_OK : weir_fail(err, WEIR_ETYPE, "even() takes an int");
}
static weir_status even_open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)w, (void)err;
    ((even *)self)->column = args->args[0].column;
    return WEIR_OK;
}
static weir_status even_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                              weir_error *err) {
    (void)now, (void)err;
    for (uint32_t i = first; i < first + n; i++)
        if (weir_window_in_value(w, i, ((even *)self)->column).as.i % 2 == 0)
            weir_window_emit(w, weir_window_id(w, i), WEIR_CURRENT, weir_window_in_ts(w, i));
    return WEIR_OK;
}
static void even_save(const void *self, weir_writer *w) { (void)self, weir_write_u32(w, 0); }
static weir_status even_load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    (void)self, (void)w, weir_read_u32(r);
    return weir_reader_status(r, err);
}

static const weir_window_type even_type = {
    .struct_size = sizeof even_type,
    .ns = "",
    .name = "even",
    .doc = "Lets even rows pass.",
    .example = "from S#even(v) select v insert into Out",
    .params = params,
    .computes_args = true,
    .is_processor = true,
    .check = even_check,
    .state_size = sizeof(even),
    .open = even_open,
    .on_chunk = even_chunk,
    .save = even_save,
    .load = even_load,
    .bound = pass_bound,
};

static const char APP[] = "@app:playback define stream S (v int);"
                          "from S#window.pass() select v, seven() as s group by v insert into Out;";

static void add_up(void *ctx, const weir_stream_info *stream, const weir_batch *batch) {
    (void)stream;
    for (uint32_t k = 0; k < batch->n_sel; k++)
        *(int64_t *)ctx += weir_column_value(&batch->cols[1], weir_batch_row(batch, k)).as.l;
}

static weir_app *start(weir_engine *engine, int64_t *sum) {
    weir_app *app = NULL;
    weir_error err = {0};
    assert_int_equal(weir_app_new(engine, APP, strlen(APP), NULL, &app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_subscribe(app, "Out", add_up, sum, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    return app;
}

static void send(weir_app *app, int64_t ts) {
    weir_value v = {.type = WEIR_INT, .as.i = 1};
    assert_int_equal(weir_send(app, weir_find_stream(app, "S"), ts, &v, 1, NULL), WEIR_OK);
}

static void what_keeps_no_state_needs_no_functions_for_it(void **state) {
    (void)state;
    weir_engine *engine = NULL;
    int64_t sum = 0;
    void *bytes = NULL;
    size_t len = 0;
    assert_int_equal(weir_engine_new(NULL, &engine, NULL), WEIR_OK);
    assert_int_equal(weir_register_aggregator(engine, &seven, NULL), WEIR_OK);
    assert_int_equal(weir_register_window(engine, &pass, NULL), WEIR_OK);
    weir_app *a = start(engine, &sum);
    send(a, 1000);
    assert_int_equal(weir_app_snapshot(a, &bytes, &len, NULL), WEIR_OK);
    weir_app *b = start(engine, &sum);
    assert_int_equal(weir_app_restore(b, bytes, len, NULL, NULL), WEIR_OK);
    send(b, 2000);
    assert_int_equal(sum, 14);
    weir_free(bytes);
    weir_app_free(a);
    weir_app_free(b);
    weir_engine_free(engine);
}

static void a_stream_processor_stands_among_the_filters(void **state) {
    (void)state;
    static const char text[] =
        "@app:playback define stream S (v int);"
        "from S[v < 8]#even(v + 1)#window.length(2) select v, sum(v) as s insert into Out;";
    weir_engine *engine = NULL;
    weir_app *app = NULL;
    weir_error err = {0};
    int64_t sum = 0;
    assert_int_equal(weir_engine_new(NULL, &engine, NULL), WEIR_OK);
    assert_int_equal(weir_register_window(engine, &even_type, NULL), WEIR_OK);
    if (weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err)) fail_msg("%s", err.message);
    assert_int_equal(weir_subscribe(app, "Out", add_up, &sum, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    for (int32_t i = 1; i <= 9; i++) {
        weir_value v = {.type = WEIR_INT, .as.i = i};
        assert_int_equal(weir_send(app, weir_find_stream(app, "S"), 1000 + i, &v, 1, NULL), WEIR_OK);
    }
    assert_int_equal(sum, 1 + (1 + 3) + (3 + 5) + (5 + 7)); /* 1, 3, 5, 7 pass */
    weir_app_free(app);
    weir_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_keeps_no_state_needs_no_functions_for_it),
                                       cmocka_unit_test(a_stream_processor_stands_among_the_filters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
