/* misuse_test.c: what a program may do wrong with the library, and what it is told. */
#include "support.h"

#include "weir.h"

static const char text[] = "@app:playback define stream S (a int, k string);"
                           "from S#window.length(2) select a, k, count() as n insert into Out;";

typedef struct fixture {
    weir_engine *engine;
    weir_app *app;
    uint64_t rows;
    weir_status inner; /* what a call back into the app gave */
} fixture;

static weir_app *new_app(weir_engine *engine, const char *app_text) {
    weir_app *app;
    assert_int_equal(weir_app_new(engine, app_text, strlen(app_text), NULL, &app, NULL, NULL), WEIR_OK);
    return app;
}

static weir_status send(weir_app *app, int64_t ts, weir_error *err) {
    weir_value values[] = {{.type = WEIR_INT, .as.i = 1},
                           {.type = WEIR_STRING, .as.s = weir_string_view("k", 1)}};
    return weir_send(app, weir_find_stream(app, "S"), ts, values, 2, err);
}

static void count_and_call_back(void *ctx, const weir_stream_info *stream, const weir_batch *batch) {
    fixture *f = ctx;
    (void)stream;
    f->rows += batch->n_sel;
    f->inner = send(f->app, 1, NULL);
}

static void set_up(fixture *f) {
    *f = (fixture){0};
    assert_int_equal(weir_engine_new(NULL, &f->engine, NULL), WEIR_OK);
    f->app = new_app(f->engine, text);
    assert_int_equal(weir_subscribe(f->app, "Out", count_and_call_back, f, NULL), WEIR_OK);
}

static void tear_down(fixture *f) {
    weir_app_free(f->app);
    weir_engine_free(f->engine);
}

static void a_call_from_a_callback_is_refused(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(weir_app_start(f.app, NULL), WEIR_OK);
    assert_int_equal(send(f.app, 1, NULL), WEIR_OK);
    assert_int_equal(f.rows, 1);
    assert_int_equal(f.inner, WEIR_EUSAGE);
    tear_down(&f);
}

static void sending_before_the_start_is_refused(void **state) {
    (void)state;
    fixture f;
    weir_error err;
    set_up(&f);
    assert_int_equal(send(f.app, 1, &err), WEIR_EUSAGE);
    assert_non_null(strstr(err.message, "weir_app_start"));
    tear_down(&f);
}

static void looking_at_nothing_does_no_harm(void **state) {
    (void)state;
    fixture f;
    weir_latency latency = {.count = 5};
    set_up(&f);
    weir_app_latency(f.app, NULL);
    weir_app_latency(NULL, &latency);
    assert_int_equal(latency.count, 0);
    weir_app_visit_stats(NULL, NULL, NULL);
    assert_null(weir_app_explain(NULL));
    assert_null(weir_get_stream(f.app, 99));
    assert_int_equal(weir_find_stream(f.app, NULL), WEIR_NO_STREAM);
    tear_down(&f);
}

static void a_time_that_would_overflow_is_refused(void **state) {
    (void)state;
    fixture f;
    weir_error err;
    set_up(&f);
    assert_int_equal(weir_app_start(f.app, NULL), WEIR_OK);
    assert_int_equal(send(f.app, INT64_MAX, &err), WEIR_EVALUE);
    assert_int_equal(weir_advance(f.app, INT64_MAX, &err), WEIR_EVALUE);
    int32_t a = 1;
    weir_string k = weir_string_view("k", 1);
    weir_column columns[] = {{.type = WEIR_INT, .data = &a}, {.type = WEIR_STRING, .data = &k}};
    assert_int_equal(weir_send_columns(f.app, 0, (int64_t[]){INT64_MIN}, columns, 2, 1, &err), WEIR_EVALUE);
    assert_int_equal(f.rows, 0);
    assert_int_equal(send(f.app, (int64_t)1 << 61, &err), WEIR_OK);
    assert_int_equal(f.rows, 1);
    tear_down(&f);
}

/* The bytes of an app that has had one row. */
static void *snapshot(fixture *f, size_t *len) {
    void *bytes;
    assert_int_equal(weir_app_start(f->app, NULL), WEIR_OK);
    assert_int_equal(send(f->app, 1, NULL), WEIR_OK);
    assert_int_equal(weir_app_snapshot(f->app, &bytes, len, NULL), WEIR_OK);
    return bytes;
}

static void an_app_survives_a_restore_that_fails(void **state) {
    (void)state;
    fixture f;
    size_t len;
    set_up(&f);
    void *bytes = snapshot(&f, &len);
    weir_app *other = new_app(f.engine, text);
    assert_int_equal(weir_app_start(other, NULL), WEIR_OK);
    assert_int_equal(weir_app_restore(other, bytes, len - 1, NULL, NULL), WEIR_ESTATE);
    assert_int_equal(weir_app_restore(other, "", 0, NULL, NULL), WEIR_ESTATE);
    assert_int_equal(weir_app_restore(other, bytes, len, NULL, NULL), WEIR_OK);
    assert_int_equal(send(other, 2, NULL), WEIR_OK);
    weir_app_free(other);
    weir_free(bytes);
    tear_down(&f);
}

static void last_count(void *ctx, const weir_stream_info *stream, const weir_batch *batch) {
    (void)stream;
    *(int64_t *)ctx = weir_column_value(&batch->cols[2], weir_batch_row(batch, batch->n_sel - 1)).as.l;
}

static void nothing_is_left_of_state_that_did_not_fit(void **state) {
    (void)state;
    fixture f;
    size_t len;
    int64_t count = -1;
    set_up(&f);
    void *bytes = snapshot(&f, &len);
    weir_app *other = new_app(f.engine, "@app:playback define stream S (a int, k string);"
                                        "from S#window.length(3) select a, k, count() as n insert into Out;");
    assert_int_equal(weir_subscribe(other, "Out", last_count, &count, NULL), WEIR_OK);
    assert_int_equal(weir_app_start(other, NULL), WEIR_OK);
    assert_int_equal(weir_app_restore(other, bytes, len, NULL, NULL), WEIR_ESTATE);
    assert_int_equal(send(other, 2, NULL), WEIR_OK);
    assert_int_equal(count, 1);
    weir_app_free(other);
    weir_free(bytes);
    tear_down(&f);
}

/* Every limit gives WEIR_ENOMEM sooner or later, and nothing else. */
static void a_memory_limit_is_kept_wherever_it_strikes(void **state) {
    (void)state;
    static const char held[] =
        "@app:playback define stream S (a int, k string);"
        "from S#window.time(1 hour) select a, count() as n group by a insert into Out;";
    for (size_t limit = 1; limit < 2000000; limit = limit * 2 + 1000) {
        weir_engine_options options = {.struct_size = sizeof options, .memory_limit = limit};
        weir_engine *engine = NULL;
        weir_app *app = NULL;
        weir_status st = weir_engine_new(&options, &engine, NULL);
        if (st == WEIR_OK) st = weir_app_new(engine, held, strlen(held), NULL, &app, NULL, NULL);
        if (st == WEIR_OK) st = weir_app_start(app, NULL);
        for (int32_t i = 0; st == WEIR_OK && i < 200000; i++) {
            weir_value values[] = {{.type = WEIR_INT, .as.i = i}, {.type = WEIR_STRING, .is_null = true}};
            st = weir_send(app, 0, i, values, 2, NULL);
        }
        assert_int_equal(st, WEIR_ENOMEM);
        weir_app_free(app);
        weir_engine_free(engine);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_from_a_callback_is_refused),
        cmocka_unit_test(sending_before_the_start_is_refused),
        cmocka_unit_test(looking_at_nothing_does_no_harm),
        cmocka_unit_test(a_time_that_would_overflow_is_refused),
        cmocka_unit_test(an_app_survives_a_restore_that_fails),
        cmocka_unit_test(nothing_is_left_of_state_that_did_not_fit),
        cmocka_unit_test(a_memory_limit_is_kept_wherever_it_strikes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
