/* Time zones: names, changes from the files, rules after them, and local times that are there twice or never.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/zone.h"
#include "base/zone_rule.h"

static wr_zone *open_zone(const char *name) {
    wr_zone *z;
    weir_error err = {0};
    if (wr_zone_open(name, strlen(name), &z, &err)) fail_msg("%s: %s", name, err.message);
    return z;
}

static void expect_ahead(const char *name, int64_t utc_s, int32_t ahead_s) {
    wr_zone *z = open_zone(name);
    if (wr_zone_ahead(z, utc_s) != ahead_s)
        fail_msg("%s at %lld: %d, expected %d", name, (long long)utc_s, wr_zone_ahead(z, utc_s), ahead_s);
    wr_zone_close(z);
}

static void test_offsets_and_short_names(void **state) {
    (void)state;
    expect_ahead("UTC", 0, 0);
    expect_ahead("Z", 0, 0);
    expect_ahead("GMT", 0, 0);
    expect_ahead("+05:30", 0, 19800);
    expect_ahead("UTC-3", 0, -10800);
    expect_ahead("GMT+0545", 0, 20700);
    expect_ahead("EST", 1593561600, -18000); /* no summer time */
    expect_ahead("PST", 1593561600, -25200); /* Los Angeles, July */
    expect_ahead("IST", 1593561600, 19800);
    expect_ahead("Etc/GMT+3", 0, -10800); /* POSIX's sign */
}

static void test_changes(void **state) {
    (void)state;
    expect_ahead("Europe/Paris", 1585443599, 3600); /* 2020-03-29 00:59:59 UTC */
    expect_ahead("Europe/Paris", 1585443600, 7200);
    expect_ahead("Europe/Paris", 1603587599, 7200); /* 2020-10-25 00:59:59 UTC */
    expect_ahead("Europe/Paris", 1603587600, 3600);
    expect_ahead("Europe/Paris", -2000000000, 561);      /* 1906: Paris mean time, 9 min 21 s */
    expect_ahead("Asia/Kolkata", 4102444800, 19800);     /* 2100: no rule of changes */
    expect_ahead("Europe/Paris", 4118083200, 7200);      /* 2100-07-01: by the rule */
    expect_ahead("Australia/Sydney", 4102444800, 39600); /* summer goes round the year's end */
    expect_ahead("Australia/Sydney", 4118083200, 36000);
}

static void test_local_times(void **state) {
    (void)state;
    wr_zone *z = open_zone("America/New_York");
    /* 2020-03-08 02:30 is passed over: 03:30 EDT, 07:30 UTC. */
    assert_int_equal(wr_zone_utc(z, 1583634600), 1583652600);
    /* 2020-11-01 01:30 is there twice: the first is EDT, 05:30 UTC. */
    assert_int_equal(wr_zone_utc(z, 1604194200), 1604208600);
    /* 01:59:59 EST and 03:00 EDT on 2020-03-08; noon in July. */
    assert_int_equal(wr_zone_utc(z, 1583632799), 1583650799);
    assert_int_equal(wr_zone_utc(z, 1583636400), 1583650800);
    assert_int_equal(wr_zone_utc(z, 1593604800), 1593619200);
    wr_zone_close(z);
}

static void test_what_is_no_zone(void **state) {
    (void)state;
    static const char *const names[] = {
        "",       "Europe/Atlantis", "../passwd",   "/etc/passwd", "right/UTC",
        "Europe", "tzdata.zi",       "zone.tab",    "UTC+",        "+25:00",
        "XST",    "posix/UTC",       "europe/paris"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        wr_zone *z;
        weir_error err = {0};
        assert_int_equal(wr_zone_open(names[i], strlen(names[i]), &z, &err), WEIR_EPARSE);
        assert_null(z);
        assert_non_null(strstr(err.message, "is not a time zone"));
    }
}

static void expect_rule(const char *text, int64_t utc_s, int32_t ahead_s) {
    wr_zone_rule rule;
    assert_true(wr_zone_rule_parse(text, strlen(text), &rule));
    assert_int_equal(wr_zone_rule_ahead(&rule, utc_s), ahead_s);
}

static void test_rules(void **state) {
    (void)state;
    expect_rule("<+0330>-3:30", 0, 12600);
    expect_rule("EST5EDT,M3.2.0,M11.1.0", 1583650799, -18000);
    expect_rule("EST5EDT,M3.2.0,M11.1.0", 1583650800, -14400);
    expect_rule("A0B,J60/0,J61/0", 1583020800, 3600); /* 2020-03-01 00:00: J60 is 1 March in any year */
    expect_rule("A0B,J60/0,J61/0", 1583020799, 0);
    expect_rule("A0B,59/0,61/0", 1582934400, 3600);              /* 29 February 2020 */
    expect_rule("IST-2IDT,M3.4.4/26,M10.5.0", 1585267199, 7200); /* 02:00 of the Friday after */
    expect_rule("IST-2IDT,M3.4.4/26,M10.5.0", 1585267200, 10800);
    expect_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1711846800, -3600); /* 2024-03-31 01:00 UTC */
    static const char *const wrong[] = {"",
                                        "5",
                                        "EST",
                                        "EST5EDT",
                                        "EST5EDT,M3.2.0",
                                        "EST5EDT,M13.2.0,M11.1.0",
                                        "EST5EDT,M3.6.0,M11.1.0",
                                        "EST5EDT,M3.2.0,M11.1.0x",
                                        "<+03",
                                        "EST999",
                                        "EST5EDT,J0,J5",
                                        "EST5EDT,366,1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        wr_zone_rule rule;
        if (wr_zone_rule_parse(wrong[i], strlen(wrong[i]), &rule))
            fail_msg("'%s' is taken for a rule", wrong[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets_and_short_names),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_local_times),
        cmocka_unit_test(test_what_is_no_zone),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
