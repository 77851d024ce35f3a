/* Cron expressions against dates worked out by hand from a calendar. Times are written as in ISO 8601, UTC.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cron.h"

static int64_t ms_of(const char *iso) {
    struct tm t = {0};
    int ms = 0;
    assert_true(sscanf(iso, "%d-%d-%dT%d:%d:%d.%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
                       &t.tm_sec, &ms) >= 6);
    t.tm_year -= 1900;
    t.tm_mon--;
    return (int64_t)timegm(&t) * 1000 + ms;
}

static void text_of(int64_t ms, char *out) {
    if (ms == WR_CRON_NEVER) {
        strcpy(out, "never");
        return;
    }
    time_t s = (time_t)(ms / 1000);
    struct tm t;
    gmtime_r(&s, &t);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &t);
}

static wr_cron parsed(const char *text) {
    wr_cron c;
    weir_error err = {0};
    if (wr_cron_parse(text, strlen(text), &c, &err) != WEIR_OK) fail_msg("%s: %s", text, err.message);
    return c;
}

/* The due times after `after`, one after the other; the list ends with NULL. */
static void check_due(const char *cron, const char *after, const char *const *due) {
    wr_cron c = parsed(cron);
    int64_t t = ms_of(after);
    for (; *due; due++) {
        char got[32];
        t = wr_cron_next(&c, t, 0);
        text_of(t, got);
        if (strcmp(got, *due) != 0) fail_msg("%s: due at %s, not at %s", cron, got, *due);
    }
}
#define DUE(cron, after, ...) check_due(cron, after, (const char *const[]){__VA_ARGS__, NULL})

static void steps_and_lists_of_seconds_and_minutes(void **state) {
    (void)state;
    DUE("*/5 * * * * ?", "2024-03-10T10:00:00", "2024-03-10T10:00:05", "2024-03-10T10:00:10");
    DUE("*/5 * * * * ?", "2024-03-10T10:00:04.999", "2024-03-10T10:00:05");
    DUE("0/20 * * * * ?", "2024-03-10T23:59:40", "2024-03-11T00:00:00", "2024-03-11T00:00:20");
    DUE("0 5,35 * * * ?", "2024-03-10T10:06:00", "2024-03-10T10:35:00", "2024-03-10T11:05:00");
    DUE("0 0/30 8-10 * * ?", "2024-03-10T10:00:00", "2024-03-10T10:30:00", "2024-03-11T08:00:00");
    DUE("59 59 23 31 12 ?", "2023-12-31T23:59:59", "2024-12-31T23:59:59", "2025-12-31T23:59:59");
    DUE("0 10-20/5 * * * ?", "2024-03-10T10:11:00", "2024-03-10T10:15:00", "2024-03-10T10:20:00",
        "2024-03-10T11:10:00");
}

static void a_time_that_is_due_is_not_its_own_successor(void **state) {
    (void)state;
    DUE("0 0 12 * * ?", "2024-03-10T12:00:00", "2024-03-11T12:00:00");
    DUE("0 0 12 * * ?", "2024-03-10T11:59:59.999", "2024-03-10T12:00:00");
    DUE("0 0 12 * * ?", "2024-03-10T12:00:00.001", "2024-03-11T12:00:00");
}

static void ranges_go_round_the_end(void **state) {
    (void)state;
    DUE("0 0 22-1 * * ?", "2024-03-10T21:00:00", "2024-03-10T22:00:00", "2024-03-10T23:00:00",
        "2024-03-11T00:00:00", "2024-03-11T01:00:00", "2024-03-11T22:00:00");
    DUE("0 0 0 1 NOV-feb ?", "2023-10-15T00:00:00", "2023-11-01T00:00:00", "2023-12-01T00:00:00",
        "2024-01-01T00:00:00", "2024-02-01T00:00:00", "2024-11-01T00:00:00");
    DUE("0 0 0 ? * FRI-SUN", "2024-03-07T12:00:00", "2024-03-08T00:00:00", "2024-03-09T00:00:00",
        "2024-03-10T00:00:00", "2024-03-15T00:00:00");
}

static void weekdays_count_from_sunday(void **state) {
    (void)state;
    DUE("0 0 9 ? * MON", "2024-03-10T00:00:00", "2024-03-11T09:00:00", "2024-03-18T09:00:00");
    DUE("0 0 9 ? * 1", "2024-03-10T00:00:00", "2024-03-10T09:00:00", "2024-03-17T09:00:00");
    DUE("0 0 9 ? * 2-6", "2024-03-08T09:00:00", "2024-03-11T09:00:00");
    DUE("0 0 9 ? * L", "2024-03-10T00:00:00", "2024-03-16T09:00:00"); /* L alone is Saturday */
    DUE("0 0 9 ? * wed,Sat", "2024-03-10T00:00:00", "2024-03-13T09:00:00", "2024-03-16T09:00:00");
}

static void the_29th_of_february_comes_in_leap_years(void **state) {
    (void)state;
    DUE("0 0 0 29 2 ?", "2024-03-01T00:00:00", "2028-02-29T00:00:00", "2032-02-29T00:00:00");
    DUE("0 0 0 29 2 ?", "2096-02-29T00:00:00", "never"); /* the calendar ends with 2099 */
    DUE("0 0 0 30 2 ?", "2024-01-01T00:00:00", "never");
    DUE("0 0 0 31 * ?", "2024-01-31T00:00:00", "2024-03-31T00:00:00", "2024-05-31T00:00:00");
}

static void l_is_the_last_day_of_the_month(void **state) {
    (void)state;
    DUE("0 0 0 L * ?", "2024-01-31T00:00:00", "2024-02-29T00:00:00", "2024-03-31T00:00:00",
        "2024-04-30T00:00:00");
    DUE("0 0 0 L 2 ?", "2024-03-01T00:00:00", "2025-02-28T00:00:00");
    DUE("0 0 0 L-3 * ?", "2024-01-31T00:00:00", "2024-02-26T00:00:00", "2024-03-28T00:00:00");
    DUE("0 0 0 L-30 * ?", "2024-01-01T12:00:00", "2024-03-01T00:00:00"); /* only where there are 31 days */
}

static void w_is_the_nearest_weekday_of_the_same_month(void **state) {
    (void)state;
    DUE("0 0 0 15W * ?", "2024-06-01T00:00:00", "2024-06-14T00:00:00"); /* the 15th is a Saturday */
    DUE("0 0 0 15W * ?", "2024-09-01T00:00:00", "2024-09-16T00:00:00"); /* a Sunday */
    DUE("0 0 0 15W * ?", "2024-03-01T00:00:00", "2024-03-15T00:00:00"); /* a Friday */
    DUE("0 0 0 1W * ?", "2024-05-15T00:00:00", "2024-06-03T00:00:00");  /* Saturday the 1st: no going back */
    DUE("0 0 0 31W 3 ?", "2024-01-01T00:00:00", "2024-03-29T00:00:00"); /* Sunday the 31st: no going on */
    DUE("0 0 0 LW * ?", "2024-03-01T00:00:00", "2024-03-29T00:00:00", "2024-04-30T00:00:00",
        "2024-05-31T00:00:00", "2024-06-28T00:00:00");
}

static void hash_is_the_nth_weekday_and_l_the_last(void **state) {
    (void)state;
    DUE("0 0 0 ? * 6#3", "2024-03-01T00:00:00", "2024-03-15T00:00:00", "2024-04-19T00:00:00");
    DUE("0 0 0 ? * FRI#5", "2024-03-01T00:00:00", "2024-03-29T00:00:00", "2024-05-31T00:00:00",
        "2024-08-30T00:00:00");
    DUE("0 0 0 ? * 6L", "2024-03-01T00:00:00", "2024-03-29T00:00:00", "2024-04-26T00:00:00");
    DUE("0 0 0 ? * monL", "2024-02-01T00:00:00", "2024-02-26T00:00:00");
}

static void years_limit_it(void **state) {
    (void)state;
    DUE("0 0 0 1 1 ? 2026-2028/2", "2024-05-01T00:00:00", "2026-01-01T00:00:00", "2028-01-01T00:00:00",
        "never");
    DUE("0 0 0 1 1 ? 1999", "2024-05-01T00:00:00", "never");
    DUE("0 0 0 1 1 ? *", "2098-05-01T00:00:00", "2099-01-01T00:00:00", "never");
}

static void times_before_1970_count_as_its_begin(void **state) {
    (void)state;
    wr_cron c = parsed("0 0 0 1 1 ?");
    assert_int_equal(wr_cron_next(&c, -5, 0), 0);
    assert_int_equal(wr_cron_next(&c, INT64_MIN, 0), 0);
    assert_int_equal(wr_cron_next(&c, INT64_MAX - 1, 0), WR_CRON_NEVER);
}

static void a_zone_moves_the_fields(void **state) {
    (void)state;
    wr_cron c = parsed("0 0 8 ? * MON");
    int32_t ahead, behind;
    assert_int_equal(wr_cron_zone("+02:00", 6, &ahead, NULL), WEIR_OK);
    assert_int_equal(wr_cron_zone("-0530", 5, &behind, NULL), WEIR_OK);
    int64_t t = ms_of("2024-03-10T00:00:00");
    assert_int_equal(wr_cron_next(&c, t, ahead), ms_of("2024-03-11T06:00:00"));
    assert_int_equal(wr_cron_next(&c, t, behind), ms_of("2024-03-11T13:30:00"));
    assert_int_equal(wr_cron_next(&c, t, 0), ms_of("2024-03-11T08:00:00"));
}

static void zones_are_offsets(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int32_t minutes;
    } good[] = {{"UTC", 0}, {"Z", 0}, {"+7", 420}, {"-07", -420}, {"+05:45", 345}, {"+930", 570}};
    static const char *const bad[] = {"", "+", "Europe/Berlin", "+25", "+01:60", "+1:2:3", "7", "+01:5"};
    weir_error err;
    int32_t m;
    for (size_t i = 0; i < WR_COUNT(good); i++) {
        assert_int_equal(wr_cron_zone(good[i].text, strlen(good[i].text), &m, NULL), WEIR_OK);
        assert_int_equal(m, good[i].minutes);
    }
    for (size_t i = 0; i < WR_COUNT(bad); i++)
        if (wr_cron_zone(bad[i], strlen(bad[i]), &m, &err) != WEIR_EPARSE) fail_msg("'%s' was taken", bad[i]);
    assert_int_equal(wr_cron_zone("Europe/Berlin", 13, &m, &err), WEIR_EPARSE);
    assert_string_equal(err.message,
                        "'Europe/Berlin' is not a time zone: give UTC or an offset such as +02:00");
}

static void errors_say_what_and_where(void **state) {
    (void)state;
    static const struct {
        const char *cron, *message, *at; /* at: the text that is marked */
    } bad[] = {
        {"bad", "cron: second 'bad' is not a number", "bad"},
        {"* * * * *", "cron: 6 or 7 fields are needed: second minute hour day month weekday [year]",
         "* * * * *"},
        {"", "cron: 6 or 7 fields are needed: second minute hour day month weekday [year]", ""},
        {"0 0 0 * * *", "cron: exactly one of day of month and day of week must be '?'", "0 0 0 * * *"},
        {"0 0 0 ? * ?", "cron: exactly one of day of month and day of week must be '?'", "0 0 0 ? * ?"},
        {"0 60 0 * * ?", "cron: minute '60' is out of range", "60"},
        {"0 0 24 * * ?", "cron: hour '24' is out of range", "24"},
        {"0 0 0 32 * ?", "cron: day of month '32' is out of range", "32"},
        {"0 0 0 0 * ?", "cron: day of month '0' is out of range", "0"},
        {"0 0 0 * JUX ?", "cron: month 'JUX' is not a number or a name", "JUX"},
        {"0 0 0 ? * 8", "cron: day of week '8' is out of range", "8"},
        {"0 0 0 ? * FRI#6", "cron: day of week 'FRI#6' needs a number from 1 to 5 after #", "FRI#6"},
        {"0 0 0 ? * MON,6L", "cron: day of week 'L' can't be understood", "L"},
        {"0 0 0 L-31 * ?", "cron: day of month 'L-31' is more than 30 before L", "L-31"},
        {"0 0 0 1W,2 * ?", "cron: day of month '1W,2' is W, which takes a single day", "1W,2"},
        {"*/0 * * * * ?", "cron: second '/0' is not a step that fits", "/0"},
        {"*/61 * * * * ?", "cron: second '/61' is not a step that fits", "/61"},
        {"5- * * * * ?", "cron: second '' is not a number", ""},
        {"? 0 0 * * ?", "cron: second '?' stands where only a day may be left open", "?"},
        {"0 0 0 1 1 ? 2030-2028", "cron: year '2030-2028' is a range backwards", "2030-2028"},
        {"0 0 0 1 1 ? 1969", "cron: year '1969' is out of range", "1969"},
        {"0 0 0 1 1 ? 2024 7", "cron: more than 7 fields", "0 0 0 1 1 ? 2024 7"},
    };
    for (size_t i = 0; i < WR_COUNT(bad); i++) {
        wr_cron c;
        weir_error err = {0};
        assert_int_equal(wr_cron_parse(bad[i].cron, strlen(bad[i].cron), &c, &err), WEIR_EPARSE);
        assert_string_equal(err.message, bad[i].message);
        assert_int_equal(err.end - err.begin, strlen(bad[i].at));
        assert_memory_equal(bad[i].cron + err.begin, bad[i].at, strlen(bad[i].at));
    }
}

/* The search by months against every second of some days, asked one by one. */
static bool by_steps(const struct tm *t) {
    return t->tm_sec % 7 == 0 && t->tm_min >= 3 && (t->tm_min - 3) % 11 == 0 && t->tm_hour >= 5 &&
           t->tm_hour <= 6;
}
static bool by_weekday(const struct tm *t) {
    return t->tm_sec == 30 && t->tm_min % 50 == 0 && (t->tm_hour >= 22 || t->tm_hour <= 2) &&
           t->tm_wday >= 1 && t->tm_wday <= 3;
}
static bool by_last_day(const struct tm *t) {
    return t->tm_mday == 29 && t->tm_mon == 1 && t->tm_hour == 23 && t->tm_min == 59; /* in 2024 */
}

static void the_next_time_is_the_first_second_that_fits(void **state) {
    (void)state;
    static const struct {
        const char *cron;
        bool (*fits)(const struct tm *t);
    } cases[] = {{"*/7 3/11 5-6 * * ?", by_steps},
                 {"30 */50 22-2 ? * MON-WED", by_weekday},
                 {"* 59 23 L 2 ?", by_last_day}};
    for (size_t i = 0; i < WR_COUNT(cases); i++) {
        wr_cron c = parsed(cases[i].cron);
        time_t s = (time_t)(ms_of("2024-02-26T00:00:00") / 1000), end = s + 5 * 86400;
        int64_t next = wr_cron_next(&c, (int64_t)s * 1000 - 1, 0);
        for (; s < end; s++) {
            struct tm t;
            gmtime_r(&s, &t);
            if (cases[i].fits(&t) != (next == (int64_t)s * 1000))
                fail_msg("%s at %ld", cases[i].cron, (long)s);
            if (next == (int64_t)s * 1000) next = wr_cron_next(&c, next, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_and_lists_of_seconds_and_minutes),
        cmocka_unit_test(a_time_that_is_due_is_not_its_own_successor),
        cmocka_unit_test(ranges_go_round_the_end),
        cmocka_unit_test(weekdays_count_from_sunday),
        cmocka_unit_test(the_29th_of_february_comes_in_leap_years),
        cmocka_unit_test(l_is_the_last_day_of_the_month),
        cmocka_unit_test(w_is_the_nearest_weekday_of_the_same_month),
        cmocka_unit_test(hash_is_the_nth_weekday_and_l_the_last),
        cmocka_unit_test(years_limit_it),
        cmocka_unit_test(times_before_1970_count_as_its_begin),
        cmocka_unit_test(a_zone_moves_the_fields),
        cmocka_unit_test(zones_are_offsets),
        cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(the_next_time_is_the_first_second_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
