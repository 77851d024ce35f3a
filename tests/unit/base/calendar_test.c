/* The units of the calendar, against the C library's calendar and dates worked out by hand; and the texts
 * that name a range of time. */
#include <stdio.h>
#include <time.h>

#include "base/calendar.h"
#include "base/within.h"
#include "support.h"

static int64_t ms_of(int year, int month, int day, int hour, int minute, int second) {
    struct tm t = {.tm_year = year - 1900,
                   .tm_mon = month - 1,
                   .tm_mday = day,
                   .tm_hour = hour,
                   .tm_min = minute,
                   .tm_sec = second};
    return (int64_t)timegm(&t) * 1000;
}

static void units_begin_and_end_as_the_calendar_says(void **state) {
    (void)state;
    for (int64_t ms = -4000000000000; ms < 5000000000000; ms += 86399999 * 17 + 12345) {
        time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0));
        struct tm t;
        gmtime_r(&s, &t);
        int y = t.tm_year + 1900, m = t.tm_mon + 1, d = t.tm_mday;
        assert_int_equal(wr_unit_begin(WR_SECOND, ms), (int64_t)s * 1000);
        assert_int_equal(wr_unit_begin(WR_MINUTE, ms), ms_of(y, m, d, t.tm_hour, t.tm_min, 0));
        assert_int_equal(wr_unit_begin(WR_HOUR, ms), ms_of(y, m, d, t.tm_hour, 0, 0));
        assert_int_equal(wr_unit_begin(WR_DAY, ms), ms_of(y, m, d, 0, 0, 0));
        assert_int_equal(wr_unit_begin(WR_MONTH, ms), ms_of(y, m, 1, 0, 0, 0));
        assert_int_equal(wr_unit_begin(WR_YEAR, ms), ms_of(y, 1, 1, 0, 0, 0));
        assert_int_equal(wr_unit_end(WR_DAY, ms), ms_of(y, m, d + 1, 0, 0, 0));
        assert_int_equal(wr_unit_end(WR_MONTH, ms), ms_of(y, m + 1, 1, 0, 0, 0));
        assert_int_equal(wr_unit_end(WR_YEAR, ms), ms_of(y + 1, 1, 1, 0, 0, 0));
        wr_date back = wr_date_of(wr_days_of((wr_date){y, (uint32_t)m, (uint32_t)d}));
        assert_true(back.year == y && back.month == (uint32_t)m && back.day == (uint32_t)d);
    }
}

static void expect_within(const char *text, int64_t start, int64_t end) {
    weir_string s = weir_string_view(text, (uint32_t)strlen(text));
    wr_within w;
    const char *why = wr_within_text(&s, &w);
    if (why) fail_msg("%s: %s", text, why);
    assert_int_equal(w.start, start);
    assert_int_equal(w.end, end);
}

static void a_text_with_wildcards_is_the_whole_unit(void **state) {
    (void)state;
    expect_within("2020-**-** **:**:**", ms_of(2020, 1, 1, 0, 0, 0), ms_of(2021, 1, 1, 0, 0, 0));
    expect_within("2020-02-** **:**:**", ms_of(2020, 2, 1, 0, 0, 0), ms_of(2020, 3, 1, 0, 0, 0));
    expect_within("2020-12-** **:**:**", ms_of(2020, 12, 1, 0, 0, 0), ms_of(2021, 1, 1, 0, 0, 0));
    expect_within("2020-02-29 **:**:**", ms_of(2020, 2, 29, 0, 0, 0), ms_of(2020, 3, 1, 0, 0, 0));
    expect_within("2020-02-29 23:**:**", ms_of(2020, 2, 29, 23, 0, 0), ms_of(2020, 3, 1, 0, 0, 0));
    expect_within("2020-02-29 23:59:**", ms_of(2020, 2, 29, 23, 59, 0), ms_of(2020, 3, 1, 0, 0, 0));
    expect_within(" 2020-02-29 23:59:58 ", ms_of(2020, 2, 29, 23, 59, 58), ms_of(2020, 2, 29, 23, 59, 59));
}

static void an_offset_moves_the_unit(void **state) {
    (void)state;
    expect_within("2020-02-** **:**:** +05:30", ms_of(2020, 1, 31, 18, 30, 0), ms_of(2020, 2, 29, 18, 30, 0));
    expect_within("2020-02-29 23:**:** -01:00", ms_of(2020, 3, 1, 0, 0, 0), ms_of(2020, 3, 1, 1, 0, 0));
}

static void other_texts_are_refused(void **state) {
    (void)state;
    const char *const texts[] = {"",
                                 "2020",
                                 "2020-1-1",
                                 "2020-**-01 **:**:**",
                                 "****-**-** **:**:**",
                                 "2020-01-01 **:10:**",
                                 "2021-02-29 **:**:**",
                                 "2020-13-** **:**:**",
                                 "2020-00-01 00:00:00",
                                 "2020-01-01 24:00:00",
                                 "2020-01-01 00:60:00",
                                 "2020-01-01T00:00:00",
                                 "2020-01-01 00:00:00 +19:00",
                                 "2020-01-01 00:00:00 *05:30",
                                 "2020-01-01 00:00:00 +05:75"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        weir_string s = weir_string_view(texts[i], (uint32_t)strlen(texts[i]));
        wr_within w;
        if (!wr_within_text(&s, &w)) fail_msg("'%s' was taken", texts[i]);
    }
}

static void units_have_three_names_in_any_case(void **state) {
    (void)state;
    const char *const names[] = {"sec", "second", "SECONDS", "min",    "Minutes", "hour", "hours",
                                 "day", "DAYS",   "month",   "months", "year",    "years"};
    const wr_unit units[] = {WR_SECOND, WR_SECOND, WR_SECOND, WR_MINUTE, WR_MINUTE, WR_HOUR, WR_HOUR,
                             WR_DAY,    WR_DAY,    WR_MONTH,  WR_MONTH,  WR_YEAR,   WR_YEAR};
    wr_unit got;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        weir_string s = weir_string_view(names[i], (uint32_t)strlen(names[i]));
        assert_true(wr_unit_of(&s, &got));
        assert_int_equal(got, units[i]);
    }
    const char *const others[] = {"", "s", "week", "weeks", "secs", "millisec"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        weir_string s = weir_string_view(others[i], (uint32_t)strlen(others[i]));
        assert_false(wr_unit_of(&s, &got));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_begin_and_end_as_the_calendar_says),
        cmocka_unit_test(a_text_with_wildcards_is_the_whole_unit),
        cmocka_unit_test(an_offset_moves_the_unit),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(units_have_three_names_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
