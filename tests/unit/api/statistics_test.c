/* statistics_test.c: @app:statistics: what is reported, by Siddhi's names, how often, at which level. */
#include <unistd.h>

#include "api_support.h"

static char lines[1 << 16];

static void on_log(void *ctx, weir_log_level level, const char *line) {
    size_t at = strlen(lines);
    (void)ctx;
    snprintf(lines + at, sizeof lines - at, "%d %s\n", (int)level, line);
}

static weir_engine *new_engine(void) {
    weir_engine *engine;
    weir_error err;
    weir_engine_options o = {.struct_size = sizeof o, .log = on_log};
    ok(weir_engine_new(&o, &engine, &err), &err);
    lines[0] = 0;
    return engine;
}

/* The app with this annotation, started, fed with three events, and once more after 1.1 s. */
static void run(const char *annotation, weir_statistics level) {
    char text[1024];
    weir_error err;
    weir_engine *engine = new_engine();
    weir_app *app;
    snprintf(text, sizeof text,
             "@app:name('A') %s define stream S (k int); define table T (k int);"
             "@info(name='q') from S#window.length(2) select sum(k) as s insert into Out;"
             "from S select k insert into T;",
             annotation);
    ok(weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err), &err);
    ok(weir_app_start(app, &err), &err);
    if (level != WEIR_STATISTICS_BASIC) ok(weir_app_set_statistics(app, level, &err), &err);
    weir_value k = {.type = WEIR_INT, .as.i = 1};
    for (int i = 0; i < 3; i++) ok(weir_send(app, weir_find_stream(app, "S"), -1, &k, 1, &err), &err);
    usleep(1100000);
    ok(weir_send(app, weir_find_stream(app, "S"), -1, &k, 1, &err), &err);
    ok(weir_send(app, weir_find_stream(app, "S"), -1, &k, 1, &err), &err);
    weir_app_free(app);
    weir_engine_free(engine);
}

static uint32_t count(const char *what) {
    uint32_t n = 0;
    for (const char *at = lines; (at = strstr(at, what)) != NULL; at++) n++;
    return n;
}

static void the_console_reporter_says_siddhis_names_each_interval(void **state) {
    (void)state;
    run("@app:statistics(reporter='console', interval='1')", WEIR_STATISTICS_BASIC);
    assert_int_equal(count("io.siddhi.SiddhiApps.A.Siddhi.Streams.S.throughput: count 4, "), 1);
    assert_int_equal(count("io.siddhi.SiddhiApps.A.Siddhi.Streams.Out.throughput: count 4, "), 1);
    assert_int_equal(count("io.siddhi.SiddhiApps.A.Siddhi.Queries.q.latency: count 4, mean "), 1);
    assert_int_equal(count("memory"), 0);
}

static void detail_adds_memory_and_off_says_nothing(void **state) {
    (void)state;
    run("@app:statistics(reporter='console', interval='1')", WEIR_STATISTICS_DETAIL);
    assert_int_equal(count("Siddhi.Queries.q.memory: "), 1);
    assert_int_equal(count("Siddhi.Tables.T.memory: "), 1);
    run("@app:statistics(reporter='console', interval='1')", WEIR_STATISTICS_OFF);
    assert_string_equal(lines, "");
    run("@app:statistics('false', interval='1')", WEIR_STATISTICS_BASIC);
    assert_string_equal(lines, "");
    run("", WEIR_STATISTICS_BASIC);
    assert_string_equal(lines, "");
}

static void include_chooses_by_patterns(void **state) {
    (void)state;
    run("@app:statistics(interval='1', include='*.Streams.S.*, "
        "io.siddhi.SiddhiApps.?.Siddhi.Queries.q.latency')",
        WEIR_STATISTICS_BASIC);
    assert_int_equal(count("statistics: "), 2);
    assert_int_equal(count("Streams.S.throughput"), 1);
    assert_int_equal(count("Queries.q.latency"), 1);
}

static void jmx_says_what_there_is_instead(void **state) {
    (void)state;
    run("@app:statistics(reporter='jmx', interval='1')", WEIR_STATISTICS_BASIC);
    assert_int_equal(count("there is no JMX"), 1);
    assert_int_equal(count("/metrics"), 1);
    assert_int_equal(count("throughput"), 0);
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"reporter='graphite'", "interval='0'", "interval='soon'",
                                        "interval='1.5'", "exclude='*'"};
    weir_engine *engine = new_engine();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[256];
        weir_error err;
        weir_app *app;
        snprintf(text, sizeof text, "@app:statistics(%s) define stream S (k int);", wrong[i]);
        assert_int_equal(weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err), WEIR_ECONFIG);
    }
    weir_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_console_reporter_says_siddhis_names_each_interval),
        cmocka_unit_test(detail_adds_memory_and_off_says_nothing),
        cmocka_unit_test(include_chooses_by_patterns),
        cmocka_unit_test(jmx_says_what_there_is_instead),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
