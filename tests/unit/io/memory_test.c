/* In-memory topics: from sink to source. */
#include "sink_support.h"

#include <poll.h>
#include <pthread.h>

#include "io/bus.h"

#define SCHEMA "n int, s string"

static void open_reader(test_source *t, weir_bus *bus, const char *topic, const char *format) {
    char options[100];
    snprintf(options, sizeof options, "topic=%s", topic);
    memset(t, 0, sizeof *t);
    t->host.bus = bus;
    assert_int_equal(open_source(t, SCHEMA, "inMemory", options, format, "", "", NULL), WEIR_OK);
    assert_int_equal(wr_source_start(t->source, NULL), WEIR_OK);
}

static void open_writer(test_sink *t, weir_bus *bus, const char *schema, const char *format) {
    memset(t, 0, sizeof *t);
    t->host.bus = bus;
    assert_int_equal(open_sink(t, schema, "inMemory", "topic=T", format, "", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t->sink, 0, NULL, NULL), WEIR_OK);
}

static void every_subscriber_of_the_topic_gets_the_rows_with_their_times(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    test_source a, b, other;
    test_sink w;
    open_reader(&a, bus, "T", NULL);
    open_reader(&b, bus, "T", NULL);
    open_reader(&other, bus, "U", NULL);
    open_writer(&w, bus, SCHEMA, NULL);
    a.with_ts = true;
    assert_int_equal(write_rows(&w, 12, 2, NULL), WEIR_OK);
    close_sink(&w, true); /* what was published outlives the sink */
    assert_int_equal(poll_all(&a, NULL), WEIR_EAGAIN);
    assert_got(&a, "@1012 12|row 12\n@1013 null|row 13\n");
    assert_int_equal(poll_all(&b, NULL), WEIR_EAGAIN);
    assert_got(&b, "12|row 12\nnull|row 13\n");
    assert_int_equal(poll_all(&other, NULL), WEIR_EAGAIN);
    assert_got(&other, "");
    close_source(&a);
    close_source(&b);
    close_source(&other);
    wr_bus_free(bus);
}

static void chunks_stay_chunks_and_limits_are_kept(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    test_source t;
    test_sink w;
    open_reader(&t, bus, "T", NULL);
    open_writer(&w, bus, "n int, s string", NULL);
    int32_t n[6] = {0, 1, 2, 3, 4, 5};
    weir_string s[6];
    int64_t ts[6] = {0};
    for (int i = 0; i < 6; i++) s[i] = weir_string_view("a string that is not inline", 27);
    weir_column cols[2] = {{.type = WEIR_INT, .data = n}, {.type = WEIR_STRING, .data = s}};
    uint32_t ends[3] = {3, 4, 6}, sel[4] = {0, 2, 4, 5}; /* the second chunk is filtered away */
    weir_batch batch = {.n_rows = 6,
                        .n_sel = 4,
                        .sel = sel,
                        .ts = ts,
                        .n_cols = 2,
                        .cols = cols,
                        .n_chunks = 3,
                        .chunk_end = ends};
    assert_int_equal(wr_sink_write(w.sink, &batch, NULL), WEIR_OK);
    assert_int_equal(write_rows(&w, 7, 2, NULL), WEIR_OK);
    t.limit = 1;
    assert_int_equal(wr_source_stats(t.source)->lag, 6);
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&t, "0|a string that is not inline\n2|a string that is not inline;\n");
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&t, "4|a string that is not inline\n5|a string that is not inline;\n");
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&t, "7|row 7\n");
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&t, "8|row 8\n");
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_EAGAIN);
    close_sink(&w, true);
    close_source(&t);
    wr_bus_free(bus);
}

static void a_format_makes_bytes_of_the_rows(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    test_source t;
    test_sink w;
    open_reader(&t, bus, "T", "json");
    open_writer(&w, bus, SCHEMA, "json");
    assert_int_equal(write_rows(&w, 1, 3, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EAGAIN);
    assert_got(&t, "1|row 1\n2|row 2\n3|row 3\n");
    close_sink(&w, true);
    close_source(&t);
    wr_bus_free(bus);
}

static void rows_of_another_shape_are_dropped_with_one_line_in_the_log(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    test_source t;
    test_sink w, ok;
    open_reader(&t, bus, "T", NULL);
    open_writer(&w, bus, "n int, s string", "csv"); /* bytes, where rows are expected */
    open_writer(&ok, bus, SCHEMA, NULL);
    assert_int_equal(write_rows(&w, 1, 3, NULL), WEIR_OK);
    assert_int_equal(write_rows(&ok, 5, 1, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EAGAIN);
    assert_got(&t, "5|row 5\n");
    char *told = strstr(t.log.data, "doesn't fit");
    assert_non_null(told);
    assert_null(strstr(told + 1, "doesn't fit"));
    close_sink(&w, true);
    close_sink(&ok, true);
    close_source(&t);
    wr_bus_free(bus);
}

static void a_reader_that_lags_fills_the_topic(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    test_source t;
    test_sink w;
    open_reader(&t, bus, "T", NULL);
    open_writer(&w, bus, SCHEMA, NULL);
    int32_t n = 0;
    while (wr_sink_flush(w.sink, NULL) == WEIR_OK && n < 10000000) {
        assert_int_equal(write_rows(&w, n, 20000, NULL), WEIR_OK);
        n += 20000;
    }
    assert_true(wr_sink_is_full(w.sink) && n < 10000000);
    t.limit = 100000;
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(w.sink, NULL), WEIR_OK);
    assert_false(wr_sink_is_full(w.sink));
    close_sink(&w, true);
    close_source(&t);
    wr_bus_free(bus);
}

#define N_SENT 20000

static void *publisher(void *ctx) {
    for (int i = 0; i < N_SENT; i++) {
        int32_t n = i;
        int64_t ts = i;
        weir_string s = weir_string_view("from another thread", 19);
        weir_column cols[2] = {{.type = WEIR_INT, .data = &n}, {.type = WEIR_STRING, .data = &s}};
        weir_batch batch = {.n_rows = 1, .n_sel = 1, .ts = &ts, .n_cols = 2, .cols = cols, .n_chunks = 1};
        if (wr_bus_publish(ctx, "T", wr_bus_message_of_rows(&batch)) != WEIR_OK) return ctx;
    }
    return NULL;
}

static void another_thread_may_publish_and_wakes_the_reader(void **state) {
    (void)state;
    weir_bus *bus = wr_bus_new();
    test_source t;
    pthread_t thread;
    open_reader(&t, bus, "T", NULL);
    assert_int_equal(pthread_create(&thread, NULL, publisher, bus), 0);
    while (wr_source_stats(t.source)->rows < N_SENT) {
        struct pollfd p = {.fd = wr_source_wake_fd(t.source), .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        (void)poll_until(&t, INT64_MAX, NULL);
    }
    void *failed;
    pthread_join(thread, &failed);
    assert_null(failed);
    char *p = t.got.data;
    for (int i = 0; i < N_SENT; i++) { /* in order, each once */
        assert_int_equal(strtol(p, NULL, 10), i);
        p = strchr(p, '\n') + 1;
    }
    close_source(&t);
    wr_bus_free(bus);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_subscriber_of_the_topic_gets_the_rows_with_their_times),
        cmocka_unit_test(chunks_stay_chunks_and_limits_are_kept),
        cmocka_unit_test(a_format_makes_bytes_of_the_rows),
        cmocka_unit_test(rows_of_another_shape_are_dropped_with_one_line_in_the_log),
        cmocka_unit_test(a_reader_that_lags_fills_the_topic),
        cmocka_unit_test(another_thread_may_publish_and_wakes_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
