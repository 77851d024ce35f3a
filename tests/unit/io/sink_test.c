/* What encoders write, and the sinks for the screen and the log. */
#include "sink_support.h"

#include <math.h>
#include <poll.h>

/* ---- Encoders ----------------------------------------------------------------------------------------- */

#define ALL_TYPES "a int, b long, c float, d double, e bool, f string, g object"

/* Three rows of ALL_TYPES: ordinary values, nulls, and values that need care. */
static void fill_all_types(weir_rows *rows, weir_arena *arena) {
    static const char *const texts[] = {"plain", "", "quo\"te, \\ back\nline\t\x01\x7F \xC3\xA4"};
    weir_value object = {.type = WEIR_STRING, .as.s = weir_string_view("in a box", 8)};
    for (uint32_t r = 0; r < 3; r++, rows->n++) {
        rows->ts[r] = r;
        ((int32_t *)rows->cols[0].data)[r] = r == 2 ? INT32_MIN : 1;
        ((int64_t *)rows->cols[1].data)[r] = r == 2 ? INT64_MIN : 2;
        ((float *)rows->cols[2].data)[r] = r == 2 ? NAN : 1.1f;
        ((double *)rows->cols[3].data)[r] = r == 2 ? -INFINITY : 1e10;
        ((uint8_t *)rows->cols[4].data)[r] = r == 2;
        ((weir_string *)rows->cols[5].data)[r] = weir_string_view(texts[r], (uint32_t)strlen(texts[r]));
        weir_object *o = r == 2 ? weir_object_new_error("went wrong") : weir_object_new_value(&object);
        assert_int_equal(weir_arena_own(arena, o), WEIR_OK);
        ((weir_object **)rows->cols[6].data)[r] = o;
        if (r == 1)
            for (uint32_t i = 0; i < 7; i++)
                if (i != 5) weir_set_null(&rows->cols[i], r);
    }
}

static char *encoded(const char *format, const char *map_options) {
    char *dir = new_directory(), path[300], options[400];
    snprintf(options, sizeof options, "file.uri=%s", in_directory(dir, "x", path));
    test_sink t = {0};
    assert_int_equal(open_sink(&t, ALL_TYPES, "file", options, format, map_options, NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, NULL), WEIR_OK);
    weir_arena arena;
    weir_rows rows;
    weir_batch batch;
    weir_column cols[7];
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_rows_init(&rows, &t.schema.schema, NULL, 3, &arena, NULL), WEIR_OK);
    fill_all_types(&rows, &arena);
    wr_rows_batch(&rows, cols, &batch);
    assert_int_equal(wr_sink_write(t.sink, &batch, NULL), WEIR_OK);
    close_sink(&t, true);
    wr_arena_fini(&arena);
    char *text = read_file(path, NULL);
    drop_directory(dir);
    return text;
}

static void check_encoded(const char *format, const char *map_options, const char *expected) {
    char *text = encoded(format, map_options);
    assert_string_equal(text, expected);
    free(text);
}

static void csv_is_quoted_where_it_must_be(void **state) {
    (void)state;
    check_encoded(
        "csv", "header=true",
        "a,b,c,d,e,f,g\n1,2,1.1,10000000000.0,false,plain,in a box\n,,,,,\"\",\n"
        "-2147483648,-9223372036854775808,NaN,-Infinity,true,\"quo\"\"te, \\ back\nline\t\x01\x7F \xC3\xA4\","
        "went wrong\n");
    check_encoded("csv", "delimiter=\\t;null.text=NULL",
                  "1\t2\t1.1\t10000000000.0\tfalse\tplain\tin a box\nNULL\tNULL\tNULL\tNULL\tNULL\t\tNULL\n"
                  "-2147483648\t-9223372036854775808\tNaN\t-Infinity\ttrue\t"
                  "\"quo\"\"te, \\ back\nline\t\x01\x7F \xC3\xA4\"\twent wrong\n");
}

static void json_is_escaped_and_has_no_nan(void **state) {
    (void)state;
    check_encoded(
        "json", "",
        "{\"a\":1,\"b\":2,\"c\":1.1,\"d\":10000000000.0,\"e\":false,\"f\":\"plain\",\"g\":\"in a box\"}\n"
        "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":\"\",\"g\":null}\n"
        "{\"a\":-2147483648,\"b\":-9223372036854775808,\"c\":null,\"d\":null,\"e\":true,"
        "\"f\":\"quo\\\"te, \\\\ back\\nline\\t\\u0001\\u007f \xC3\xA4\",\"g\":\"went wrong\"}\n");
    char *text = encoded("json", "form=event");
    assert_true(strncmp(text, "{\"event\":{\"a\":1,\"b\":2,", 22) == 0);
    assert_non_null(strstr(text, "\"in a box\"}}\n"));
    free(text);
}

static void what_is_encoded_is_decoded_to_the_same(void **state) {
    (void)state;
    static const char *const formats[] = {"csv", "json", "json"};
    static const char *const map_options[] = {"", "", "form=event"};
    for (int i = 0; i < 3; i++) {
        char *text = encoded(formats[i], map_options[i]);
        char *dir = new_directory(), path[300], options[400];
        write_text(in_directory(dir, "x", path), text);
        snprintf(options, sizeof options, "file.uri=%s", path);
        test_source t = {0};
        assert_int_equal(open_source(&t, ALL_TYPES, "file", options, formats[i], "", "", NULL), WEIR_OK);
        assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
        assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
        const char *nan = i ? "null|null" : "NaN|-Infinity";
        char expected[500];
        snprintf(expected, sizeof expected,
                 "1|2|1.1|10000000000.0|false|plain|object:in a box\nnull|null|null|null|null||null\n"
                 "-2147483648|-9223372036854775808|%s|true|quo\"te, \\ back\nline\t\x01\x7F "
                 "\xC3\xA4|object:went wrong\n",
                 nan);
        assert_got(&t, expected);
        close_source(&t);
        drop_directory(dir);
        free(text);
    }
}

static void json_is_utf8_whatever_a_string_holds(void **state) {
    (void)state;
    char *dir = new_directory(), path[300], options[400];
    snprintf(options, sizeof options, "file.uri=%s", in_directory(dir, "x", path));
    test_sink t = {0};
    assert_int_equal(open_sink(&t, "s string", "file", options, "json", "", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, NULL), WEIR_OK);
    weir_string s = weir_string_view("\xFFok\xC3\xA4\xE2\x82", 7);
    int64_t ts = 1;
    weir_column c = {.type = WEIR_STRING, .data = &s};
    weir_batch batch = {.n_rows = 1, .n_sel = 1, .ts = &ts, .n_cols = 1, .cols = &c, .n_chunks = 1};
    assert_int_equal(wr_sink_write(t.sink, &batch, NULL), WEIR_OK);
    close_sink(&t, true);
    assert_file(path, "{\"s\":\"\xEF\xBF\xBDok\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");
    drop_directory(dir);
}

static void only_selected_rows_are_written(void **state) {
    (void)state;
    char *dir = new_directory(), path[300], options[400];
    snprintf(options, sizeof options, "file.uri=%s", in_directory(dir, "x", path));
    test_sink t = {0};
    assert_int_equal(open_sink(&t, "n int", "file", options, "csv", "", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, NULL), WEIR_OK);
    int32_t values[] = {10, 11, 12, 13};
    int64_t ts[] = {1, 2, 3, 4};
    uint32_t sel[] = {1, 3};
    weir_column c = {.type = WEIR_INT, .data = values};
    weir_batch batch = {
        .n_rows = 4, .n_sel = 2, .sel = sel, .ts = ts, .n_cols = 1, .cols = &c, .n_chunks = 4};
    assert_int_equal(wr_sink_write(t.sink, &batch, NULL), WEIR_OK);
    assert_true(wr_sink_stats(t.sink)->last_ts == 4);
    close_sink(&t, true);
    assert_file(path, "11\n13\n");
    drop_directory(dir);
}

/* ---- Standard output ---------------------------------------------------------------------------------- */

static void stdout_waits_for_a_slow_reader_without_blocking(void **state) {
    (void)state;
    int pipe_fds[2], saved = dup(STDOUT_FILENO);
    fflush(stdout);
    assert_int_equal(pipe(pipe_fds), 0);
    assert_true(dup2(pipe_fds[1], STDOUT_FILENO) >= 0);
    test_sink t = {0};
    assert_int_equal(open_sink(&t, "n int, s string", "stdout", "", "csv", "", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, NULL), WEIR_OK);
    int32_t n = 0;
    size_t written = 0, got = 0;
    for (; !wr_sink_is_full(t.sink) && n < 1000000; n += 1000)
        assert_int_equal(write_rows(&t, n, 1000, NULL), WEIR_OK);
    bool was_full = wr_sink_is_full(t.sink), can_wait = wr_sink_wake_fd(t.sink) == STDOUT_FILENO;
    char bytes[65536];
    weir_status status;
    do {
        status = wr_sink_flush(t.sink, NULL);
        struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
        while (poll(&p, 1, 0) > 0) got += (size_t)read(pipe_fds[0], bytes, sizeof bytes);
    } while (status == WEIR_EAGAIN);
    written = wr_sink_stats(t.sink)->bytes;
    close_sink(&t, true);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    assert_true(was_full && can_wait);
    assert_int_equal(status, WEIR_OK);
    assert_int_equal(got, written);
    assert_true(got > 1 << 20);
}

/* ---- The log ------------------------------------------------------------------------------------------ */

static void the_log_has_a_line_an_event(void **state) {
    (void)state;
    test_sink t = {0};
    assert_int_equal(open_sink(&t, "n int, s string", "log", "", NULL, "", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, NULL), WEIR_OK);
    assert_int_equal(write_rows(&t, 12, 2, NULL), WEIR_OK);
    assert_string_equal(t.log.data,
                        "2 A : S : Event{timestamp=1012, data=[12, row 12], isExpired=false}\n"
                        "2 A : S : Event{timestamp=1013, data=[null, row 13], isExpired=false}\n");
    close_sink(&t, true);
    assert_int_equal(open_sink(&t, "n int, s string", "log", "prefix=hey;priority=warn", "json", "", NULL),
                     WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, NULL), WEIR_OK);
    assert_int_equal(write_rows(&t, 1, 2, NULL), WEIR_OK);
    assert_string_equal(
        t.log.data,
        "1 hey : {\"event\":{\"n\":1,\"s\":\"row 1\"}}\n1 hey : {\"event\":{\"n\":2,\"s\":\"row 2\"}}\n");
    close_sink(&t, true);
}

static void wrong_annotations_are_told(void **state) {
    (void)state;
    static const struct {
        const char *type, *options, *format, *map, *message;
    } cases[] = {
        {"file", "", "csv", "", "@sink(type='file') needs the option 'file.uri'"},
        {"stdout", "", NULL, "", "@sink(type='stdout') needs a format, such as @map(type='csv') or 'json'"},
        {"log", "prioity=INFO", NULL, "", "@sink(type='log') has no option 'prioity'"},
        {"stdout", "", "json", "form=flat",
         "@map(type='json'): option 'form' is 'flat'; it takes auto|object|event"},
        {"inMemory", "topic=x", NULL, "", "this engine has no in-memory topics"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        test_sink t = {0};
        weir_error err = {0};
        assert_int_not_equal(
            open_sink(&t, "n int", cases[i].type, cases[i].options, cases[i].format, cases[i].map, &err), 0);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void memory_that_runs_out_is_told_and_no_half_batch_is_written(void **state) {
    (void)state;
    char *dir = new_directory(), path[300], options[400];
    snprintf(options, sizeof options, "file.uri=%s;append=false", in_directory(dir, "x", path));
    bool done = false;
    for (long n = 1; !done; n++) {
        assert_true(n < 100);
        test_sink t = {0};
        wr_alloc_fail_after(n);
        weir_status status = open_sink(&t, "n int, s string", "file", options, "json", "", NULL);
        if (status == WEIR_OK) status = wr_sink_start(t.sink, 0, NULL, NULL);
        wr_alloc_fail_after(0);
        if (status == WEIR_OK) {
            weir_arena arena;
            weir_rows rows;
            weir_batch batch;
            weir_column cols[2];
            wr_arena_init(&arena, NULL);
            assert_int_equal(wr_rows_init(&rows, &t.schema.schema, NULL, 200, &arena, NULL), WEIR_OK);
            for (; rows.n < 200; rows.n++) {
                rows.ts[rows.n] = 0;
                ((int32_t *)rows.cols[0].data)[rows.n] = 7;
            }
            wr_rows_batch(&rows, cols, &batch);
            wr_alloc_fail_after(n);
            status = wr_sink_write(t.sink, &batch, NULL);
            wr_alloc_fail_after(0);
            wr_arena_fini(&arena);
        }
        done = status == WEIR_OK;
        if (!done) assert_int_equal(status, WEIR_ENOMEM);
        (void)wr_sink_close(t.sink, done, NULL);
        size_t len = 0;
        if (!access(path, R_OK)) free(read_file(path, &len));
        assert_int_equal(len, done ? 200 * 15 : 0);
    }
    drop_directory(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_is_quoted_where_it_must_be),
        cmocka_unit_test(json_is_escaped_and_has_no_nan),
        cmocka_unit_test(what_is_encoded_is_decoded_to_the_same),
        cmocka_unit_test(json_is_utf8_whatever_a_string_holds),
        cmocka_unit_test(only_selected_rows_are_written),
        cmocka_unit_test(stdout_waits_for_a_slow_reader_without_blocking),
        cmocka_unit_test(the_log_has_a_line_an_event),
        cmocka_unit_test(wrong_annotations_are_told),
        cmocka_unit_test(memory_that_runs_out_is_told_and_no_half_batch_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
