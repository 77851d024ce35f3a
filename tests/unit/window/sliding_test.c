/* length, time, timeLength, externalTime and delay. */
#include "scenario.h"

#include "base/compiler.h"

static void length_lets_the_oldest_out_before_the_newest(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"length(2)", ROWS_ALL, "1000 a1|1500 b2|2000 c3|2100 d4",
         "+a1@1000 | +b2@1500 | -a1@2000 +c3@2000 | -b2@2100 +d4@2100", NULL},
        {"length(2)", ROWS_ALL, "1000 a1 b2 c3 d4", "+a1@1000 +b2@1000 -a1@1000 +c3@1000 -b2@1000 +d4@1000",
         NULL},
        {"length(1)", SUMS_CURRENT, "1000 a1|1500 b2|@3000|1600 c3",
         "+a1@1000 | -1@1500 +b2@1500 | -2@3000 +c3@1600", NULL},
        {"length(2)", ROWS_CURRENT, "1000 a1|1500 b2|2000 c3", "+a1@1000 | +b2@1500 | +c3@2000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void length_zero_clears_with_each_row(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"length(0)", SUMS_ALL, "5000 a1|3000 b2", "+a1@5000 -a1@5000 ! | +b2@3000 -b2@3000 !", NULL},
        {"length(0)", ROWS_ALL, "1000 a1 b2", "+a1@1000 -a1@1000 +b2@1000 -b2@1000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void time_expires_by_timer_before_the_row_that_moves_the_clock(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"time(1 sec)", ROWS_ALL, "1000 a1|1500 b2|2100 c3|9000 d4",
         "+a1@1000 | +b2@1500 | -a1@2100 | +c3@2100 | -b2@9000 -c3@9000 | +d4@9000", NULL},
        /* At exactly its time a row is gone. */
        {"time(1 sec)", ROWS_ALL, "1000 a1|2000 b2", "+a1@1000 | -a1@2000 | +b2@2000", NULL},
        {"time(1 sec)", ROWS_ALL, "1000 a1|1999 b2", "+a1@1000 | +b2@1999", NULL},
        /* A bare move of the clock does it as well. */
        {"time(1 sec)", ROWS_ALL, "1000 a1 b2|1200 c3|@2500|2600 d4",
         "+a1@1000 +b2@1000 | +c3@1200 | -a1@2500 -b2@2500 -c3@2500 | +d4@2600", NULL},
        {"time(1 sec)", ROWS_CURRENT, "1000 a1|2000 b2|@9000", "+a1@1000 | +b2@2000", NULL},
        {"time(1 sec)", SUMS_CURRENT, "1000 a1|2000 b2", "+a1@1000 | -1@2000 | +b2@2000", NULL},
        /* Nothing stays for no time: the next row lets it out. */
        {"time(0)", ROWS_ALL, "1000 a1|1001 b1|1001 c1",
         "+a1@1000 | -a1@1001 | +b1@1001 | -b1@1001 | +c1@1001", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void a_late_row_waits_behind_newer_ones(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"time(1 sec)", ROWS_ALL, "5000 a5|3000 b1|5500 c3|6100 d4",
         "+a5@5000 | +b1@3000 | +c3@5500 | -a5@6100 -b1@6100 | +d4@6100", NULL},
        /* It sets no timer: once the newer ones are gone, only the next row lets it out. */
        {"time(1 sec)", ROWS_ALL, "5000 a5|@7000|4000 b1|@50000|100000 c2",
         "+a5@5000 | -a5@7000 | +b1@4000 | -b1@100000 +c2@100000", NULL},
        {"time(1 sec)", ROWS_ALL, "1000 a1|1100 b2|1200 c3|@9000|1150 d4|@20000|30000 e5",
         "+a1@1000 | +b2@1100 | +c3@1200 | -a1@9000 -b2@9000 -c3@9000 | +d4@1150 | -d4@30000 +e5@30000",
         NULL},
        /* A late row that is due lets out what is due before it, in its own chunk. */
        {"time(1 sec)", ROWS_ALL, "1000 a1|@5000|3000 b2|3100 c3|@5001",
         "+a1@1000 | -a1@5000 | +b2@3000 | -b2@5000 +c3@3100 | -c3@5001", NULL},
        {"delay(1 sec)", ROWS_ALL, "5000 a5|3000 b1|5500 c3|6100 d4|@8000",
         "+a5@6100 +b1@6100 | +c3@8000 +d4@8000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void time_length_is_bounded_by_both(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"timeLength(1 sec, 2)", ROWS_ALL, "1000 a1|1100 b2|1200 c3|2150 d4|@9000",
         "+a1@1000 | +b2@1100 | -a1@1200 +c3@1200 | -b2@2150 | +d4@2150 | -c3@9000 -d4@9000", NULL},
        {"timeLength(1 sec, 2)", ROWS_ALL, "5000 a5|3000 b1|5500 c3|6100 d4|8000 e1",
         "+a5@5000 | +b1@3000 | -a5@5500 +c3@5500 | -b1@6100 | +d4@6100 | -c3@8000 -d4@8000 | +e1@8000",
         NULL},
        /* A timer that is due when it is set fires at the next arrival, not at this one. */
        {"timeLength(0, 3)", ROWS_ALL, "1000 a1|1001 b2|1001 c3|@1002",
         "+a1@1000 | -a1@1001 | +b2@1001 | -b2@1001 | +c3@1001 | -c3@1002", NULL},
        {"timeLength(1 sec, 0)", ROWS_ALL, "1000 a1|5000 b2", "+a1@1000 | +b2@5000", NULL},
        {"timeLength(1 sec, 1)", SUMS_ALL, "1000 a1 b2|1500 c3",
         "+a1@1000 -a1@1000 +b2@1000 | -b2@1500 +c3@1500", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void external_time_goes_by_the_attribute(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"externalTime(l, 1 sec)", ROWS_ALL, "1 a1/1000|2 b2/1500|3 c3/2000|4 d4/9000",
         "+a1@1 | +b2@2 | -a1@2000 +c3@3 | -b2@9000 -c3@9000 +d4@4", NULL},
        /* An older one lets nothing out and queues where it came. */
        {"externalTime(l, 1 sec)", ROWS_ALL, "1 a1/5000|2 b2/100|@9999|3 c3/5999|4 d4/6000",
         "+a1@1 | +b2@2 | +c3@3 | -a1@6000 -b2@6000 +d4@4", NULL},
        {"externalTime(l, 1 sec)", ROWS_CURRENT, "1 a1/1000|2 b2/9000", "+a1@1 | +b2@2", NULL},
        {"externalTime(l, 1 sec)", ROWS_ALL, "1 a1/1000 b2/1100 c3/2050", "+a1@1 +b2@1 -a1@2050 +c3@1", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void external_time_fails_on_null(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"externalTime(l, 1 sec)", ROWS_ALL, "1 a1/1000|2 b2/?|3 c3/2000|4 d4/?|5 e5/4000",
         "+a1@1 | -a1@2000 +c3@3 | -c3@4000 +e5@5", "the timestamp of externalTime() is null"},
        /* Rows before the null in its chunk are inside, those behind it are not. */
        {"externalTime(l, 1 sec)", ROWS_ALL, "1 a1/1000 b2/? c3/1000|2 d4/3000", "-a1@3000 +d4@2",
         "the timestamp of externalTime() is null"},
        {"externalTime(l, 1 sec)", ROWS_CURRENT, "1 a1/1000|2 b2/?|3 c3/2000", "+a1@1 | +c3@3",
         "the timestamp of externalTime() is null"},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void delay_lets_rows_pass_later_as_current(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"delay(1 sec)", ROWS_ALL, "1000 a1|1500 b2 c3|2000 d4|@9000",
         "+a1@2000 | +b2@9000 +c3@9000 +d4@9000", NULL},
        {"delay(0)", ROWS_ALL, "1000 a1|1001 b2|1001 c3", "+a1@1001 | +b2@1001", NULL},
        {"delay(1 sec)", ROWS_CURRENT, "1000 a1|@1999|@2000", "+a1@2000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_lets_the_oldest_out_before_the_newest),
        cmocka_unit_test(length_zero_clears_with_each_row),
        cmocka_unit_test(time_expires_by_timer_before_the_row_that_moves_the_clock),
        cmocka_unit_test(a_late_row_waits_behind_newer_ones),
        cmocka_unit_test(time_length_is_bounded_by_both),
        cmocka_unit_test(external_time_goes_by_the_attribute),
        cmocka_unit_test(external_time_fails_on_null),
        cmocka_unit_test(delay_lets_rows_pass_later_as_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
