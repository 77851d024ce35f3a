/* The generator: values, repeatability, rate, positions. */
#include "io_support.h"

#include <math.h>

static int64_t now_ns;
static int64_t fake_now(void *ctx) {
    (void)ctx;
    return now_ns;
}

static void open_generator(test_source *t, const char *schema, const char *options) {
    weir_error err = {0};
    t->host.now_ns = fake_now;
    weir_status status = open_source(t, schema, "generator", options, NULL, "", "", &err);
    if (status) print_error("%s\n", err.message);
    assert_int_equal(status, WEIR_OK);
    assert_int_equal(wr_source_start(t->source, NULL), WEIR_OK);
}

static void sequences_and_times_count(void **state) {
    (void)state;
    test_source t = {0};
    open_generator(&t, "id long, odd int, ts long, s string",
                   "count=3;attr.id=sequence;attr.odd=sequence(1,2);attr.ts=time(2013-01-01T00:00:00Z,1 sec);"
                   "attr.s=sequence(100);event.time=ts");
    t.with_ts = true;
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_got(&t, "@1356998400000 0|1|1356998400000|100\n@1356998401000 1|3|1356998401000|101\n"
                   "@1356998402000 2|5|1356998402000|102\n");
    close_source(&t);
}

#define RANDOM_OPTIONS                                                                                       \
    "attr.i=int(-3,3);attr.u=uniform(0,55);attr.n=normal(10,2);attr.b=bool(0.25);attr.c=choice(red, "        \
    "green,blue);"                                                                                           \
    "attr.k=constant(7.5)"
#define RANDOM_SCHEMA "i int, u double, n float, b bool, c string, k double"

static void random_values_are_as_they_are_asked_for(void **state) {
    (void)state;
    test_source t = {0};
    open_generator(&t, RANDOM_SCHEMA, "count=20000;" RANDOM_OPTIONS);
    weir_arena arena;
    weir_rows rows;
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_rows_init(&rows, &t.schema.schema, NULL, 20000, &arena, NULL), WEIR_OK);
    assert_int_equal(wr_source_poll(t.source, &(wr_source_poll_args){.until_ts = INT64_MAX}, &rows, NULL),
                     WEIR_OK);
    assert_int_equal(rows.n, 20000);
    int seen[7] = {0}, n_true = 0, n_green = 0;
    double sum_u = 0, sum_n = 0, squares = 0;
    for (uint32_t r = 0; r < rows.n; r++) {
        int32_t i = ((int32_t *)rows.cols[0].data)[r];
        double u = ((double *)rows.cols[1].data)[r], n = (double)((float *)rows.cols[2].data)[r];
        assert_true(i >= -3 && i <= 3 && u >= 0 && u < 55);
        assert_true(((double *)rows.cols[5].data)[r] == 7.5);
        seen[i + 3]++;
        sum_u += u;
        sum_n += n;
        squares += (n - 10) * (n - 10);
        n_true += ((uint8_t *)rows.cols[3].data)[r];
        weir_string green = weir_string_view("green", 5);
        n_green += weir_string_equal((weir_string *)rows.cols[4].data + r, &green);
    }
    for (int i = 0; i < 7; i++) assert_in_range(seen[i], 2600, 3120);
    assert_true(fabs(sum_u / 20000 - 27.5) < 0.5 && fabs(sum_n / 20000 - 10) < 0.1);
    assert_true(fabs(sqrt(squares / 20000) - 2) < 0.05);
    assert_in_range(n_true, 4700, 5300);
    assert_in_range(n_green, 6400, 6950);
    wr_arena_fini(&arena);
    close_source(&t);
}

static char *all_text(const char *options, uint32_t limit) {
    test_source t = {0};
    open_generator(&t, RANDOM_SCHEMA, options);
    t.limit = limit;
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    char *text = strdup(t.got.data);
    close_source(&t);
    return text;
}

static void the_same_seed_gives_the_same_rows_however_they_are_taken(void **state) {
    (void)state;
    char *a = all_text("count=500;seed=42;" RANDOM_OPTIONS, 1000);
    char *b = all_text("count=500;seed=42;" RANDOM_OPTIONS, 7);
    char *c = all_text("count=500;seed=43;" RANDOM_OPTIONS, 1000);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    free(a);
    free(b);
    free(c);
}

static void a_position_goes_on_with_the_next_row(void **state) {
    (void)state;
    test_source t = {0};
    open_generator(&t, "id long, x int", "count=10;attr.id=sequence;attr.x=int(0,1000000)");
    t.limit = 4;
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    weir_writer w;
    weir_reader r;
    wr_writer_init(&w);
    assert_int_equal(wr_source_save(t.source, 1, &w, NULL), WEIR_OK);
    wr_buf_clear(&t.got);
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    char *rest = strdup(t.got.data);
    close_source(&t);
    open_source(&t, "id long, x int", "generator", "count=10;attr.id=sequence;attr.x=int(0,1000000)", NULL,
                "", "", NULL);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_source_load(t.source, &r, NULL), WEIR_OK);
    assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_string_equal(t.got.data, rest);
    assert_int_equal(strncmp(rest, "4|", 2), 0);
    free(rest);
    wr_writer_fini(&w);
    close_source(&t);
}

static void the_rate_is_kept(void **state) {
    (void)state;
    test_source t = {0};
    now_ns = 1000;
    open_generator(&t, "id long", "rate=100;attr.id=sequence");
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&t, "0\n");
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_EAGAIN);
    assert_in_range(wr_source_wait_ms(t.source), 10, 11);
    now_ns += 9 * 1000000;
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_EAGAIN);
    now_ns += 2 * 1000000;
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&t, "1\n");
    now_ns += 1000 * 1000000ll;
    assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_OK);
    assert_int_equal(wr_source_stats(t.source)->rows, 102);
    close_source(&t);
}

static void rows_for_later_are_made_again(void **state) {
    (void)state;
    test_source t = {0};
    open_generator(&t, "ts long, x int", "count=6;attr.ts=time(0,10);attr.x=int(0,1000000);event.time=ts");
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    char *expected = strdup(t.got.data);
    close_source(&t);
    open_generator(&t, "ts long, x int", "count=6;attr.ts=time(0,10);attr.x=int(0,1000000);event.time=ts");
    for (int64_t until = 0; until < 60; until += 5) (void)poll_until(&t, until, NULL);
    assert_string_equal(t.got.data, expected);
    free(expected);
    close_source(&t);
}

static void wrong_expressions_are_told(void **state) {
    (void)state;
    static const struct {
        const char *options, *begins;
        weir_status status;
    } cases[] = {
        {"attr.n=int(3,1)", "attr.n is 'int(3,1)', which makes no int: it takes", WEIR_ECONFIG},
        {"attr.n=int(1", "attr.n is 'int(1', which", WEIR_ECONFIG},
        {"attr.n=gauss(1,2)", "attr.n is 'gauss(1,2)', which", WEIR_ECONFIG},
        {"attr.n=choice(1,x)", "attr.n is 'choice(1,x)', which", WEIR_ECONFIG},
        {"attr.n=bool(0.5)", "attr.n is 'bool(0.5)', which makes no int", WEIR_ECONFIG},
        {"attr.n=sequence(1,2,3)", "attr.n is 'sequence(1,2,3)', which", WEIR_ECONFIG},
        {"attr.n=time(never,1)", "attr.n is 'time(never,1)', which", WEIR_ECONFIG},
        {"attr.n=sequence;attr.m=sequence", "'attr.m': 'S' has no attribute 'm'", WEIR_ENAME},
        {"rate=5", "the generator needs the option 'attr.n'", WEIR_ECONFIG},
        {"rate=-5;attr.n=sequence", "rate is '-5'", WEIR_ECONFIG},
        {"count=-1;attr.n=sequence", "count is '-1'", WEIR_ECONFIG},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        test_source t = {0};
        weir_error err = {0};
        assert_int_equal(open_source(&t, "n int", "generator", cases[i].options, NULL, "", "", &err),
                         cases[i].status);
        assert_memory_equal(err.message, cases[i].begins, strlen(cases[i].begins));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_and_times_count),
        cmocka_unit_test(random_values_are_as_they_are_asked_for),
        cmocka_unit_test(the_same_seed_gives_the_same_rows_however_they_are_taken),
        cmocka_unit_test(a_position_goes_on_with_the_next_row),
        cmocka_unit_test(the_rate_is_kept),
        cmocka_unit_test(rows_for_later_are_made_again),
        cmocka_unit_test(wrong_expressions_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
