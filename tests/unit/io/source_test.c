/* What transport, decoder and event time make together: refusals, merging, replay, allocation failures. */
#include "io_support.h"

typedef struct fixture {
    char *dir, path[300], options[600];
    test_source t;
    int64_t now_ns;
} fixture;

static int64_t fake_now(void *ctx) { return ((fixture *)ctx)->now_ns; }

static void set_up(fixture *f, const char *text, const char *more) {
    memset(f, 0, sizeof *f);
    f->dir = new_directory();
    write_text(in_directory(f->dir, "x.csv", f->path), text);
    snprintf(f->options, sizeof f->options, "file.uri=%s;%s", f->path, more);
    f->t.host.now_ns = fake_now;
    f->t.host.now_ctx = f;
}

static void open_csv(fixture *f, const char *schema) {
    weir_error err = {0};
    weir_status status = open_source(&f->t, schema, "file", f->options, "csv", "", "", &err);
    if (status) print_error("%s\n", err.message);
    assert_int_equal(status, WEIR_OK);
    f->t.with_ts = true;
    assert_int_equal(wr_source_start(f->t.source, NULL), WEIR_OK);
}

static void tear_down(fixture *f) {
    close_source(&f->t);
    drop_directory(f->dir);
}

static void rows_have_the_time_of_arrival_unless_an_attribute_has_it(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "1,2013-01-01T00:00:00Z\n2,\n3,yesterday\n4,2013-01-01 00:00:01\n", "");
    open_csv(&f, "n int, at string");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(&f.t, "@77 1|2013-01-01T00:00:00Z\n@77 2|null\n@77 3|yesterday\n@77 4|2013-01-01 00:00:01\n");
    close_source(&f.t);
    snprintf(f.options, sizeof f.options, "file.uri=%s;event.time=at", f.path);
    open_csv(&f, "n int, at string");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(
        &f.t, "!the event time is null [2,]\n!the event time 'yesterday' is not of its format [3,yesterday]\n"
              "@1356998400000 1|2013-01-01T00:00:00Z\n@1356998401000 4|2013-01-01 00:00:01\n");
    assert_int_equal(wr_source_stats(f.t.source)->bad_rows, 2);
    assert_true(wr_source_stats(f.t.source)->last_ts == 1356998401000);
    tear_down(&f);
}

static void rows_later_than_asked_for_wait(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "1,100\n2,200\n3,200\n4,150\n5,300\n", "event.time=t");
    open_csv(&f, "n int, t long");
    assert_int_equal(poll_until(&f.t, 50, NULL), WEIR_EAGAIN);
    assert_true(wr_source_next_ts(f.t.source) == 100);
    assert_int_equal(poll_until(&f.t, 199, NULL), WEIR_OK);
    assert_got(&f.t, "@100 1|100\n");
    assert_true(wr_source_next_ts(f.t.source) == 200);
    assert_int_equal(poll_until(&f.t, 200, NULL), WEIR_OK);
    assert_got(&f.t, "@200 2|200\n@200 3|200\n@150 4|150\n");
    weir_writer w;
    weir_reader r;
    wr_writer_init(&w);
    assert_int_equal(wr_source_save(f.t.source, 1, &w, NULL), WEIR_OK);
    close_source(&f.t);
    open_source(&f.t, "n int, t long", "file", f.options, "csv", "", "", NULL);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_source_load(f.t.source, &r, NULL), WEIR_OK);
    assert_int_equal(wr_source_start(f.t.source, NULL), WEIR_OK);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(&f.t, "5|300\n"); /* the one that waited was not lost */
    wr_writer_fini(&w);
    tear_down(&f);
}

static void two_sources_can_be_merged_by_event_time(void **state) {
    (void)state;
    fixture a, b;
    set_up(&a, "1,10\n1,30\n1,50\n", "event.time=t");
    set_up(&b, "2,20\n2,30\n2,60\n", "event.time=t");
    open_csv(&a, "n int, t long");
    open_csv(&b, "n int, t long");
    test_source *s[2] = {&a.t, &b.t};
    wr_buf merged = WR_BUF_INIT;
    int64_t head[2] = {INT64_MIN, INT64_MIN};
    bool done[2] = {false, false};
    for (int steps = 0; !(done[0] && done[1]); steps++) {
        int i = done[0] || (!done[1] && head[1] < head[0]); /* the one with the older head */
        /* of equal times the first source's come first */
        int64_t until = done[!i] ? INT64_MAX : head[!i] - (i && head[0] != INT64_MIN);
        weir_status status = poll_until(s[i], until, NULL);
        wr_buf_put(&merged, s[i]->got.data, s[i]->got.len);
        wr_buf_clear(&s[i]->got);
        done[i] = status == WEIR_EEND;
        head[i] = wr_source_next_ts(s[i]->source);
        assert_true(steps < 100);
    }
    assert_string_equal(merged.data, "@10 1|10\n@20 2|20\n@30 1|30\n@30 2|30\n@50 1|50\n@60 2|60\n");
    wr_buf_fini(&merged);
    tear_down(&a);
    tear_down(&b);
}

static void a_replay_gives_rows_when_their_moment_comes(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "1,1000\n2,2000\n3,61000\n", "event.time=t;speed=60");
    f.now_ns = 5000000000;
    open_csv(&f, "n int, t long");
    assert_int_equal(poll_until(&f.t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&f.t, "@1000 1|1000\n");
    f.now_ns += 10 * 1000000; /* 0.6 s of the replay */
    assert_int_equal(poll_until(&f.t, INT64_MAX, NULL), WEIR_EAGAIN);
    assert_in_range(wr_source_wait_ms(f.t.source), 6, 8); /* 0.4 s at 60 times the speed */
    f.now_ns += 7 * 1000000;
    assert_int_equal(poll_until(&f.t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&f.t, "@2000 2|2000\n");
    f.now_ns += 2000 * 1000000ll;
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(&f.t, "@61000 3|61000\n");
    tear_down(&f);
}

static void a_paused_source_gives_nothing(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "1,1\n", "");
    open_csv(&f, "n int, t long");
    wr_source_pause(f.t.source);
    assert_int_equal(poll_until(&f.t, INT64_MAX, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "");
    wr_source_resume(f.t.source);
    assert_int_equal(poll_until(&f.t, INT64_MAX, NULL), WEIR_OK);
    tear_down(&f);
}

static void wrong_annotations_are_told(void **state) {
    (void)state;
    static const struct {
        const char *options, *format, *map, *attributes, *message;
        weir_status status;
    } cases[] = {
        {"", "csv", "", "", "@source(type='file') needs the option 'file.uri' or 'dir.uri'", WEIR_ECONFIG},
        {"file.uri=x", NULL, "", "",
         "@source(type='file') needs a format, such as @map(type='csv') or 'json'", WEIR_ECONFIG},
        {"file.uri=x;folow=true", "csv", "", "", "@source(type='file') has no option 'folow'", WEIR_ENAME},
        {"file.uri=x;event.tiem=t", "csv", "", "", "@source(type='file') has no option 'event.tiem'",
         WEIR_ENAME},
        {"file.uri=x", "csv", "heder=true", "", "@map(type='csv') has no option 'heder'", WEIR_ENAME},
        {"file.uri=x", "csv", "delimiter=;;", "", "csv: delimiter is ''; it must be one ASCII character",
         WEIR_ECONFIG},
        {"file.uri=x", "csv", "quote=ab", "", "csv: quote is 'ab'; it must be one ASCII character",
         WEIR_ECONFIG},
        {"file.uri=x;event.time=when", "csv", "", "", "event.time is 'when', which is no attribute of 'S'",
         WEIR_ENAME},
        {"file.uri=x;event.time=b", "csv", "", "",
         "event.time is 'b', a bool; it must be a number or a string", WEIR_ETYPE},
        {"file.uri=x;speed=2", "csv", "", "", "speed='2' replays by event time: name it with event.time",
         WEIR_ECONFIG},
        {"file.uri=x;event.time=n;speed=-1", "csv", "", "",
         "speed is '-1'; it takes 'max' or a factor above 0", WEIR_ECONFIG},
        {"file.uri=x", "csv", "", "0", "@attributes has 1 value, but 'S' has 2 attributes", WEIR_ECONFIG},
        {"file.uri=x", "csv", "", "0;1;2", "@attributes has more values than 'S' has attributes (2)",
         WEIR_ECONFIG},
        {"file.uri=x", "csv", "", "n=0;1", "@attributes mixes values with and without a key", WEIR_ECONFIG},
        {"file.uri=x", "csv", "", "q=0", "@attributes names 'q', which is no attribute of 'S'", WEIR_ENAME},
        {"file.uri=x", "json", "", "n=trp:key",
         "@source(type='file') has no transport properties such as 'trp:key'", WEIR_ENAME},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        test_source t = {0};
        weir_error err = {0};
        assert_int_equal(open_source(&t, "n int, b bool", "file", cases[i].options, cases[i].format,
                                     cases[i].map, cases[i].attributes, &err),
                         cases[i].status);
        assert_string_equal(err.message, cases[i].message);
        assert_null(t.source);
    }
}

/* Every allocation fails in turn: a clean error, no leak (the sanitizer looks), and no row twice. */
static void memory_that_runs_out_is_told_and_nothing_leaks(void **state) {
    (void)state;
    static const char *const formats[] = {"csv", "json"};
    static const char *const texts[] = {"1,\"a \"\"long\"\" string for the arena\"\n",
                                        "{\"n\":1,\"s\":\"a \\\"long\\\" string for the arena\"}\n"};
    for (int i = 0; i < 2; i++) {
        fixture f;
        set_up(&f, texts[i], "");
        bool ended = false;
        for (long n = 1; !ended; n++) {
            assert_true(n < 200);
            wr_buf_clear(&f.t.got);
            wr_alloc_fail_after(n);
            weir_status status =
                open_source(&f.t, "n int, s string", "file", f.options, formats[i], "", "", NULL);
            if (status == WEIR_OK) status = wr_source_start(f.t.source, NULL);
            wr_alloc_fail_after(0);
            if (status == WEIR_OK) {
                weir_arena arena;
                weir_rows rows;
                wr_arena_init(&arena, NULL);
                assert_int_equal(wr_rows_init(&rows, &f.t.schema.schema, NULL, 8, &arena, NULL), WEIR_OK);
                wr_alloc_fail_after(n);
                do
                    status = wr_source_poll(f.t.source, &(wr_source_poll_args){.until_ts = INT64_MAX}, &rows,
                                            NULL);
                while (status == WEIR_OK);
                wr_alloc_fail_after(0);
                if (status == WEIR_EEND) assert_int_equal(rows.n, 1);
                wr_arena_fini(&arena);
            }
            ended = status == WEIR_EEND;
            if (!ended) assert_int_equal(status, WEIR_ENOMEM);
            close_source(&f.t);
        }
        drop_directory(f.dir);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_the_time_of_arrival_unless_an_attribute_has_it),
        cmocka_unit_test(rows_later_than_asked_for_wait),
        cmocka_unit_test(two_sources_can_be_merged_by_event_time),
        cmocka_unit_test(a_replay_gives_rows_when_their_moment_comes),
        cmocka_unit_test(a_paused_source_gives_nothing),
        cmocka_unit_test(wrong_annotations_are_told),
        cmocka_unit_test(memory_that_runs_out_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
