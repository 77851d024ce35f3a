/* Times from text and numbers. */
#include "io_support.h"

#include <time.h>

#include "io/event_time.h"

static bool read_time(const char *format, const char *text, int64_t *ms) {
    wr_time_pattern pattern;
    assert_int_equal(wr_time_pattern_parse(format, &pattern, NULL), WEIR_OK);
    return wr_time_from_text(&pattern, text, strlen(text), ms);
}

static void iso_8601_is_read_in_its_usual_forms(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"1970-01-01", 0},
                 {"2013-01-01T05:00:00Z", 1357016400000},
                 {"2013-01-01 05:00:00", 1357016400000},
                 {"2013-01-01T05:00", 1357016400000},
                 {"2013-01-01T05:00:00.1234567Z", 1357016400123},
                 {"2013-01-01T05:00:00+05:30", 1356996600000},
                 {"2013-01-01 05:00:00 -0500", 1357034400000},
                 {"2000-02-29T23:59:59.999Z", 951868799999},
                 {"1969-12-31T23:59:59Z", -1000},
                 {"1900-03-01", -2203891200000}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = 0;
        assert_true(read_time(NULL, cases[i].text, &ms));
        assert_true(ms == cases[i].ms);
    }
}

static void days_and_hours_that_do_not_exist_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {"",
                                        "2013",
                                        "2013-02-29",
                                        "2100-02-29",
                                        "2013-13-01",
                                        "2013-00-01",
                                        "2013-01-00",
                                        "2013-04-31",
                                        "2013-01-01T24:00",
                                        "2013-01-01T05:60",
                                        "2013-1-1",
                                        "2013-01-01T05:00:00X",
                                        "2013-01-01T05:00:00+25:00",
                                        "2013-01-01T05:00:00 later"};
    int64_t ms;
    for (size_t i = 0; i < COUNT(cases); i++) assert_false(read_time(NULL, cases[i], &ms));
}

static void patterns_are_followed_to_the_letter(void **state) {
    (void)state;
    int64_t ms;
    assert_true(read_time("yyyy-MM-dd HH:mm:ss", "2013-01-01 05:00:00", &ms) && ms == 1357016400000);
    assert_true(read_time("dd.MM.yy HH:mm", "01.01.13 05:00", &ms) && ms == 1357016400000);
    assert_true(read_time("d/M/yyyy", "1/1/2013", &ms) && ms == 1356998400000);
    assert_true(read_time("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2013-01-01T05:00:00.250+01:00", &ms) &&
                ms == 1357012800250);
    assert_true(read_time("yyyyMMddHHmmss", "20130101050000", &ms) && ms == 1357016400000);
    assert_true(read_time("HH 'o''clock' yyyy", "05 o'clock 1970", &ms) && ms == 5 * 3600000);
    assert_false(read_time("yyyy-MM-dd", "2013-01-01 05:00:00", &ms));
    assert_false(read_time("yyyy-MM-dd", "13-01-01", &ms));
}

static void patterns_that_mean_nothing_are_refused_by_name(void **state) {
    (void)state;
    wr_time_pattern p;
    weir_error err;
    assert_int_equal(wr_time_pattern_parse("yyyy-MM-dd hh:mm a", &p, &err), WEIR_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "letter 'h'"));
    assert_int_equal(wr_time_pattern_parse("", &p, &err), WEIR_ECONFIG);
    assert_int_equal(wr_time_pattern_parse("yyyy'T", &p, &err), WEIR_ECONFIG);
    assert_int_equal(wr_time_pattern_parse("yyyyyyyyyyyy", &p, &err), WEIR_ECONFIG);
}

static void every_day_of_1200_years_agrees_with_the_c_library(void **state) {
    (void)state;
    wr_time_pattern iso = {0};
    for (int64_t day = -300000; day < 140000; day += 7) {
        time_t t = (time_t)day * 86400 + 3661;
        struct tm tm;
        char text[64];
        gmtime_r(&t, &tm);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
        if (strlen(text) != 20) continue;
        int64_t ms;
        assert_true(wr_time_from_text(&iso, text, strlen(text), &ms));
        assert_true(ms == (int64_t)t * 1000);
    }
}

static void numbers_have_a_unit(void **state) {
    (void)state;
    static const struct {
        const char *unit;
        int64_t value, ms;
    } cases[] = {{NULL, 1234, 1234}, {"s", 12, 12000}, {"us", -1, -1}, {"ns", 1999999, 1}};
    test_schema s;
    memset(&s, 0, sizeof s);
    schema_of(&s, "t long");
    for (size_t i = 0; i < COUNT(cases); i++) {
        wr_event_time t;
        int64_t value = cases[i].value, ms;
        weir_column c = {.type = WEIR_LONG, .data = &value};
        weir_rows rows = {.n_cols = 1, .cols = &c};
        char reason[100];
        assert_int_equal(wr_event_time_open(&t, &s.schema, "t", cases[i].unit, NULL), WEIR_OK);
        assert_true(wr_event_time_of(&t, &rows, 0, &ms, reason, sizeof reason));
        assert_true(ms == cases[i].ms);
    }
    wr_event_time t;
    weir_error err;
    assert_int_equal(wr_event_time_open(&t, &s.schema, "x", NULL, &err), WEIR_ENAME);
    assert_int_equal(wr_event_time_open(&t, &s.schema, "t", "yyyy", &err), WEIR_ECONFIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_8601_is_read_in_its_usual_forms),
        cmocka_unit_test(days_and_hours_that_do_not_exist_are_refused),
        cmocka_unit_test(patterns_are_followed_to_the_letter),
        cmocka_unit_test(patterns_that_mean_nothing_are_refused_by_name),
        cmocka_unit_test(every_day_of_1200_years_agrees_with_the_c_library),
        cmocka_unit_test(numbers_have_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
