/* weir:tumbling and weir:hopping. */
#include "scenario.h"

#include "base/compiler.h"

static void a_window_closes_when_a_row_has_come_that_is_past_it(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"weir:tumbling(l, 1 sec)", ROWS_ALL, "1 a1/0|2 b2/999|3 c3/1000|4 d4/500|5 e5/2000",
         "+a1@1 +b2@2 | -a1@2000 -b2@2000 +c3@3", NULL},
        {"weir:tumbling(l, 1 sec)", SUMS_CURRENT, "1 a1/0|2 b2/9000", "! +a1@1", NULL},
        {"weir:hopping(l, 1 sec, 500)", ROWS_CURRENT, "1 a1/600|2 b2/1100|3 c3/9000",
         "+a1@1 | +a1@1 +b2@2 | +b2@2", NULL},
        {"weir:tumbling(l, 1 sec)", ROWS_ALL, "1 a1/0|2 b2/5000", "+a1@1 | -a1@2000",
         NULL}, /* the window after it has no rows */
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void without_a_time_the_clock_closes_it(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"weir:tumbling(1 sec)", ROWS_CURRENT, "1200 a1|1999 b2|@2000|2000 c3|@9000",
         "+a1@1200 +b2@1999 | +c3@2000", NULL},
        {"weir:tumbling(1 sec, 0, 500)", ROWS_CURRENT, "1200 a1|2400 b2|1500 c3|2500 d4|1900 e5|@9000",
         "+a1@1200 +c3@1500 | +b2@2400 +d4@2500", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

/* Within the grace the order in which rows come shows in nothing. */
static void late_rows_change_nothing_within_the_grace(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"weir:hopping(l, 600, 300, 0, 500)", "select k, l, sum(v) as s insert into Out",
         "1 a1/100|1 b2/350|1 c4/610|1 d8/800|1 e1/5000",
         "! +a1@1 | ! +a1@1 +b2@1 | ! +b2@1 +c4@1 +d8@1 | "
         "! +c4@1 +d8@1",
         NULL},
        {"weir:hopping(l, 600, 300, 0, 500)", "select k, l, sum(v) as s insert into Out",
         "1 b2/350|1 a1/100|1 d8/800|1 c4/610|1 e1/5000",
         "! +a1@1 | ! +a1@1 +b2@1 | ! +b2@1 +c4@1 +d8@1 | "
         "! +c4@1 +d8@1",
         NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void every_way_of_driving_agrees(void **state) {
    (void)state;
    static const char *const windows[] = {
        "weir:tumbling(300)",     "weir:tumbling(300, 50, 200)",        "weir:tumbling(l, 300)",
        "weir:hopping(500, 200)", "weir:hopping(l, 500, 200, 30, 100)", "weir:hopping(l, 100, 300)"};
    static const char *const queries[] = {ROWS_ALL, ROWS_CURRENT, SUMS_ALL};
    for (size_t i = 0; i < WR_COUNT(windows); i++)
        for (size_t q = 0; q < WR_COUNT(queries); q++) {
            scenario s = {windows[i], queries[q],
                          "1000 a1 b2/700 a3/1400|1100 c4|1150 a5/900|1500 b6 d7/1200 a8|1400 c9|@2100|2150 "
                          "a1/-300 b2|9000 e3|9100 f4",
                          NULL, NULL};
            check_scenario(&s);
        }
}

static void a_time_that_is_null_fails_its_chunk(void **state) {
    (void)state;
    static const scenario s = {"weir:tumbling(l, 1 sec)", ROWS_ALL, "1 a1/0|2 b2/?|3 c3/1000", "+a1@1",
                               "the time of a window by event time is null"};
    check_scenario(&s);
}

static void running_out_of_memory_loses_nothing(void **state) {
    (void)state;
    check_out_of_memory("weir:tumbling(l, 100)", ROWS_ALL, "1 a1/0|2 b2/20|3 c3/10|4 d4/100|5 e5/300");
    check_out_of_memory("weir:hopping(l, 100, 50)", ROWS_CURRENT, "1 a1/0|2 b2/60|3 c3/10|4 d4/100|5 e5/300");
}

static void wrong_arguments_are_named(void **state) {
    (void)state;
    check_refused("weir:tumbling(l)", "window weir:tumbling() takes at least 2 arguments, not 1",
                  "weir:tumbling(l)");
    check_refused("weir:tumbling(v, 1 sec)", "the time of window weir:tumbling() must be long, not int", "v");
    check_refused("weir:hopping(1 sec, 0)", "the hop of window weir:hopping() must be more than 0", "0");
    check_refused("weir:tumbling(1 sec, 0, -5)", "the grace of window weir:tumbling() must not be negative",
                  "-5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_closes_when_a_row_has_come_that_is_past_it),
        cmocka_unit_test(without_a_time_the_clock_closes_it),
        cmocka_unit_test(late_rows_change_nothing_within_the_grace),
        cmocka_unit_test(every_way_of_driving_agrees),
        cmocka_unit_test(a_time_that_is_null_fails_its_chunk),
        cmocka_unit_test(running_out_of_memory_loses_nothing),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
