/* expression and expressionBatch. */
#include "scenario.h"

#include "base/compiler.h"

static void expression_lets_the_oldest_out_until_it_holds(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"expression('count() <= 2')", ROWS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4",
         "+a1@1000 | +b2@1100 | -a1@1200 +c3@1200 | -b2@1300 +d4@1300", NULL},
        {"expression('sum(v) < 10')", ROWS_ALL, "1000 a4|1100 b5|1200 c6|1300 d1 e9",
         "+a4@1000 | +b5@1100 | -a4@1200 -b5@1200 +c6@1200 | +d1@1300 -c6@1300 -d1@1300 +e9@1300", NULL},
        /* A bare attribute is that of the row which came or, once one has left, of that one. */
        {"expression('v < 10')", ROWS_ALL, "1000 a5|1100 b?|1200 c3|1300 d11",
         "+a5@1000 | -a5@1100 +b?@1100 | +c3@1200 | -b?@1300 -c3@1300 +d11@1300", NULL},
        /* The new row itself may leave: before it passes. */
        {"expression('sum(v) < 10')", SUMS_ALL, "1000 a5|1100 b10|1200 c3",
         "+a5@1000 | -a5@1100 -b10@1100 +b10@1100 | +c3@1200", NULL},
        {"expression('last.k == first.k')", ROWS_ALL, "1000 a1|1100 a2|1200 b3",
         "+a1@1000 | +a2@1100 | -a1@1200 -a2@1200 +b3@1200", NULL},
        {"expression('eventTimestamp(last) - eventTimestamp(first) < 1000')", ROWS_ALL,
         "1000 a1|1900 b2|2000 c3", "+a1@1000 | +b2@1900 | -a1@2000 +c3@2000", NULL},
        {"expression('count() <= 1')", ROWS_CURRENT, "1000 a1|1100 b2", "+a1@1000 | +b2@1100", NULL},
        {"expression('count() <= 1')", SUMS_CURRENT, "1000 a1|1100 b2", "+a1@1000 | -1@1100 +b2@1100", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void expression_batch_goes_on_while_it_holds(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"expressionBatch('count() <= 2')", ROWS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4|1400 e5",
         "+a1@1200 +b2@1200 | -a1@1400 -b2@1400 +c3@1400 +d4@1400", NULL},
        {"expressionBatch('count() <= 2', true)", ROWS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4|1400 e5",
         "+a1@1200 +b2@1200 +c3@1200 | -a1@1400 -b2@1400 -c3@1400 +d4@1400 +e5@1400", NULL},
        {"expressionBatch('last.k == first.k')", SUMS_CURRENT, "1000 a1|1100 a2|1200 b3|1300 c4",
         "+a1@1200 +a2@1200 | -a1@1300 -a2@1300 +b3@1300", NULL},
        /* With nothing in the batch a row comes and goes. */
        {"expressionBatch('v < 5')", ROWS_ALL, "1000 a9|1100 b9|1200 c1|1300 d9",
         "-a9@1000 +a9@1000 | -b9@1100 +b9@1100 | +c1@1300", NULL},
        {"expressionBatch('count() < 3', b)", ROWS_CURRENT,
         "1000 a1|1100 b2|1200 c3!|1300 d4|1400 e5|1500 f6", "+a1@1200 +b2@1200 +c3@1200 | +d4@1400", NULL},
        {"expressionBatch('count() <= 2')", ROWS_CURRENT, "1000 a1 b2 c3 d4 e5",
         "+a1@1000 +b2@1000 | +c3@1000 +d4@1000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void expression_batch_streams_rows_and_expires_batches(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"expressionBatch('count() <= 2', false, true)", ROWS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4|1400 e5",
         "+a1@1000 | +b2@1100 | -a1@1200 -b2@1200 +c3@1200 | +d4@1300 | -c3@1400 -d4@1400 +e5@1400", NULL},
        {"expressionBatch('count() <= 2', true, true)", ROWS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4",
         "+a1@1000 | +b2@1100 | +c3@1200 -a1@1200 -b2@1200 -c3@1200 | +d4@1300", NULL},
        {"expressionBatch('v < 5', false, true)", ROWS_CURRENT, "1000 a1|1100 b9", "+a1@1000 | +b9@1100",
         NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expression_lets_the_oldest_out_until_it_holds),
        cmocka_unit_test(expression_batch_goes_on_while_it_holds),
        cmocka_unit_test(expression_batch_streams_rows_and_expires_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
