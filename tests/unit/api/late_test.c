/* late_test.c: rows that a window drops since they came too late are counted, wherever the window is. */
#include "support.h"
#include "weir.h"

static weir_engine *engine;

static void must(weir_status status, const weir_error *err) {
    if (status != WEIR_OK) fail_msg("%s", err->message);
}

typedef struct tally {
    const char *kind, *name;
    uint64_t late;
} tally;

static void on_stat(void *ctx, const weir_stat *s) {
    tally *t = ctx;
    if (strcmp(s->kind, t->kind) == 0 && strcmp(s->name, t->name) == 0) t->late += s->rows_late;
}

static void expect_late(const weir_app *app, const char *kind, const char *name, uint64_t n) {
    tally t = {.kind = kind, .name = name};
    weir_app_visit_stats(app, on_stat, &t);
    if (t.late != n)
        fail_msg("%s %s: %llu late rows, not %llu", kind, name, (unsigned long long)t.late,
                 (unsigned long long)n);
}

static void send(weir_app *app, int64_t time, int64_t key) {
    weir_error err;
    weir_value row[2] = {{.type = WEIR_LONG, .as.l = time}, {.type = WEIR_LONG, .as.l = key}};
    must(weir_send(app, weir_find_stream(app, "S"), time, row, 2, &err), &err);
}

/* Windows of 1,000; times of two keys. Of all, 500 and 1,400 are late; for key 1 500 is, for key 2 nothing.
 */
static const int64_t rows[][2] = {{900, 1}, {1100, 2}, {2100, 1}, {500, 1}, {1400, 2}, {2500, 2}};
enum { N_ROWS = sizeof rows / sizeof *rows };

static weir_app *run(const char *text, uint32_t batch, bool keys_sleep) {
    weir_app *app;
    weir_error err;
    weir_app_options options = {.struct_size = sizeof options,
                                .queue = true,
                                .batch_limit = batch,
                                .keys_sleep = keys_sleep,
                                .playback = true};
    must(weir_app_new(engine, text, strlen(text), &options, &app, NULL, &err), &err);
    must(weir_app_start(app, &err), &err);
    for (uint32_t i = 0; i < N_ROWS; i++) send(app, rows[i][0], rows[i][1]);
    must(weir_flush(app, &err), &err);
    return app;
}

static void for_each_way(const char *text, void (*check)(const weir_app *app)) {
    static const uint32_t batches[] = {1, 3, 1024};
    for (size_t i = 0; i < 2 * sizeof batches / sizeof *batches; i++) {
        weir_app *app = run(text, batches[i / 2], i % 2);
        check(app);
        weir_app_free(app);
    }
}

#define STREAM "define stream S (t long, k long); "

static void check_tumbling(const weir_app *app) {
    expect_late(app, "query", "q", 2);
    expect_late(app, "operator", "q", 2);
    expect_late(app, "query", "patient", 0);
}

static void test_tumbling(void **state) {
    (void)state;
    for_each_way(STREAM
                 "@info(name='q') from S#window.weir:tumbling(t, 1000) select count() as n insert into O; "
                 "@info(name='patient') from S#window.weir:tumbling(t, 1000, 0, 2000) select count() as n "
                 "insert into O;",
                 check_tumbling);
}

static void check_keys(const weir_app *app) { expect_late(app, "query", "q", 1); }

static void test_keys_of_a_partition(void **state) {
    (void)state;
    for_each_way(STREAM
                 "partition with (k of S) begin @info(name='q') from S#window.weir:tumbling(t, 1000) select "
                 "count() as n insert into O; end;",
                 check_keys);
}

static void check_named(const weir_app *app) { expect_late(app, "window", "W", 2); }

static void test_named_window(void **state) {
    (void)state;
    for_each_way(STREAM "define window W (t long, k long) weir:tumbling(t, 1000); from S insert into W;",
                 check_named);
}

/* 500 and 1,400 are older than 2,100, which went out before them. */
static void check_reorder(const weir_app *app) { expect_late(app, "query", "q", 2); }

static void test_reorder_that_discards(void **state) {
    (void)state;
    for_each_way(STREAM "@info(name='q') from S#reorder:kslack(t, true) select t insert into O;",
                 check_reorder);
}

/* The session of 900 ended at 1,900. 1,400 is within 800 of that of 2,100, and 500 is not. */
static void check_session(const weir_app *app) { expect_late(app, "query", "q", 1); }

static void test_session(void **state) {
    (void)state;
    for_each_way(STREAM "@info(name='q') from S#window.session(800 milliseconds) select t insert into O;",
                 check_session);
}

static int start(void **state) {
    weir_error err;
    (void)state;
    must(weir_engine_new(NULL, &engine, &err), &err);
    return 0;
}

static int stop(void **state) {
    (void)state;
    weir_engine_free(engine);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tumbling),     cmocka_unit_test(test_keys_of_a_partition),
        cmocka_unit_test(test_named_window), cmocka_unit_test(test_reorder_that_discards),
        cmocka_unit_test(test_session),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
