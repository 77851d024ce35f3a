/* session, sort, frequent and lossyFrequent. */
#include "scenario.h"

#include "base/compiler.h"

static void a_session_ends_a_gap_after_its_last_row(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"session(1 sec)", ROWS_ALL, "1000 a1|1950 b2|@2949|@2950|5000 c3|6000 d4",
         "+a1@1000 | +b2@1950 | -a1@1000 -b2@1950 | +c3@5000 | -c3@5000 | +d4@6000", NULL},
        {"session(1 sec)", ROWS_CURRENT, "1000 a1|9000 b2", "+a1@1000 | +b2@9000", NULL},
        /* Sessions of several keys end each at its time, in chunks of their own, also when the clock jumps.
         */
        {"session(1 sec, k)", ROWS_ALL, "1000 a1|1200 b2|1300 a3|@9000",
         "+a1@1000 | +b2@1200 | +a3@1300 | -b2@1200 | -a1@1000 -a3@1300", NULL},
        /* The same end is one chunk, older key first. */
        {"session(1 sec, k)", ROWS_ALL, "1000 b1 a2|@2000", "+b1@1000 +a2@1000 | -b1@1000 -a2@1000", NULL},
        {"session(1 sec, k)", ROWS_ALL, "1000 a1|1100 _2|1200 a3|@9000",
         "+a1@1000 | +a3@1200 | -a1@1000 -a3@1200", "the key of session() is null"},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void late_rows_join_a_session_or_are_dropped(void **state) {
    (void)state;
    static const scenario cases[] = {
        /* Within a gap before its start: at the front. Before that: not even passed on. */
        {"session(1 sec)", ROWS_ALL, "5000 a1|4200 b2|3100 c3|3300 d4|@9000",
         "+a1@5000 | +b2@4200 | +d4@3300 | -b2@4200 -d4@3300 -a1@5000", NULL},
        /* Several: each goes in one place further, as a cursor that was never set back. */
        {"session(1 sec)", ROWS_ALL, "5000 a1|5100 b2|5200 f6|4900 c3|4800 d4|4700 e5|@9000",
         "+a1@5000 | +b2@5100 | +f6@5200 | +c3@4900 | +d4@4800 | +e5@4700 | "
         "-c3@4900 -a1@5000 -d4@4800 -b2@5100 -e5@4700 -f6@5200",
         NULL},
        /* Past the end of a session whose timer has not fired: passes, is not kept. */
        {"session(1 sec)", ROWS_ALL, "1000 a1|@9000|2000 b2|4000 c3|@9001",
         "+a1@1000 | -a1@1000 | +b2@2000 | +c3@4000 | -b2@2000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void a_latency_keeps_ended_sessions_for_late_rows(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"session(1 sec, k, 500L)", ROWS_ALL, "1000 a1|@2000|@2499|@2500", "+a1@1000 | -a1@1000", NULL},
        /* The next session begins while the last waits; a row between them makes one of both. */
        {"session(1 sec, k, 500L)", ROWS_ALL, "1000 a1|2100 a2|1900 a3|@9000",
         "+a1@1000 | +a2@2100 | +a3@1900 | -a3@1900 -a1@1000 -a2@2100", NULL},
        {"session(1 sec, k, 500L)", ROWS_ALL, "1000 a1|2100 a2|2200 a3|1900 a4|@9000",
         "+a1@1000 | +a2@2100 | +a3@2200 | +a4@1900 | -a4@1900 -a2@2100 -a1@1000 -a3@2200", NULL},
        /* One that belongs to the waiting session only. */
        {"session(1 sec, k, 900L)", ROWS_ALL, "1000 a1|2850 a2|1500 a3|@9000",
         "+a1@1000 | +a2@2850 | +a3@1500 | -a1@1000 -a3@1500 -a2@2850", NULL},
        {"session(1 sec, k, 500L)", ROWS_ALL, "1000 a1|2400 a2|100 a3|200 a4|@9000",
         "+a1@1000 | +a2@2400 | +a3@100 | +a4@200 | -a1@1000 -a3@100 -a4@200 | -a2@2400", NULL},
        {"session(1 sec, k, 500L)", ROWS_ALL, "1000 a1|@9000|2000 a2|4000 a3|6000 a4|@9001|@12000",
         "+a1@1000 | -a1@1000 | +a2@2000 | +a3@4000 | +a4@6000 -a2@2000 | -a3@4000 | -a4@6000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void sort_lets_the_last_in_order_out(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"sort(2, v)", ROWS_ALL, "1000 a5|1100 b3|1200 c4|1300 d9|1400 e1",
         "+a5@1000 | +b3@1100 | +c4@1200 -a5@1200 | +d9@1300 -d9@1300 | +e1@1400 -c4@1400", NULL},
        {"sort(2, v, 'desc')", ROWS_ALL, "1000 a5 b3 c4 d9",
         "+a5@1000 +b3@1000 +c4@1000 -b3@1000 +d9@1000 -c4@1000", NULL},
        /* Among equals the newest goes. */
        {"sort(2, v)", ROWS_ALL, "1000 a1|1100 b1|1200 c1", "+a1@1000 | +b1@1100 | +c1@1200 -c1@1200", NULL},
        {"sort(2, k, 'desc', v, 'asc')", ROWS_ALL, "1000 a1|1100 b2|1200 b1|1300 c9",
         "+a1@1000 | +b2@1100 | +b1@1200 -a1@1200 | +c9@1300 -b2@1300", NULL},
        /* Null is last in both directions. */
        {"sort(2, v)", ROWS_ALL, "1000 a?|1100 b1|1200 c2", "+a?@1000 | +b1@1100 | +c2@1200 -a?@1200", NULL},
        {"sort(2, v, 'desc')", ROWS_ALL, "1000 a?|1100 b1|1200 c2", "+a?@1000 | +b1@1100 | +c2@1200 -a?@1200",
         NULL},
        {"sort(0, v)", ROWS_ALL, "1000 a1", "+a1@1000 -a1@1000", NULL},
        {"sort(2, v)", ROWS_CURRENT, "1000 a5|1100 b3|1200 c4", "+a5@1000 | +b3@1100 | +c4@1200", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void frequent_counts_down_for_a_new_key(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"frequent(1, k)", ROWS_ALL, "1000 x1|1001 x2|1002 y3|1003 y4|1004 y5",
         "+x1@1000 | +x2@1001 | -x2@1003 +y4@1003 | +y5@1004", NULL},
        {"frequent(2, k)", ROWS_ALL, "1000 a1|1001 b2|1002 c3|1003 a4",
         "+a1@1000 | +b2@1001 | -a1@1002 -b2@1002 +c3@1002 | +a4@1003", NULL},
        {"frequent(0, k)", ROWS_ALL, "1000 a1", "", NULL},
        {"frequent(1, k)", ROWS_CURRENT, "1000 x1|1001 y2|1002 y3|1003 x4", "+x1@1000 | +y2@1001 | +y3@1002",
         NULL},
        /* Without attributes, by all that the query reads. */
        {"frequent(1)", ROWS_ALL, "1000 x1/7|1001 x1/7|1002 x2/7", "+x1@1000 | +x1@1001", NULL},
        {"frequent(1, k)", ROWS_ALL, "1000 _1|1001 _2", "+_1@1000 | +_2@1001", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void lossy_frequent_forgets_rare_keys(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"lossyFrequent(0.3, 0.25, k)", ROWS_ALL, "1 a1|2 b2|3 a3|4 c4|5 a5|6 d6|7 a7|8 e8",
         "+a1@1 | +b2@2 | +a3@3 | +c4@4 -b2@4 -c4@4 | +a5@5 | +d6@6 | +a7@7 | +e8@8 -d6@8 -e8@8", NULL},
        {"lossyFrequent(0.9, 0.1, k)", ROWS_CURRENT, "1 a1|2 b2|3 a3|4 a4|5 a5|6 a6", "+a1@1 | +a5@5 | +a6@6",
         NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_ends_a_gap_after_its_last_row),
        cmocka_unit_test(late_rows_join_a_session_or_are_dropped),
        cmocka_unit_test(a_latency_keeps_ended_sessions_for_late_rows),
        cmocka_unit_test(sort_lets_the_last_in_order_out),
        cmocka_unit_test(frequent_counts_down_for_a_new_key),
        cmocka_unit_test(lossy_frequent_forgets_rare_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
