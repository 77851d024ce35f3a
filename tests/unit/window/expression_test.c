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

/* Here a row's k is the text. Of the columns only b is a condition, and z is none; the text that comes after
 * one that failed is another one, so the rows inside are taken in anew. */
static void another_text_takes_the_rows_in_anew(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"expression(k)", ROWS_ALL, "1000 b1!|1100 b2|1200 z3|1300 b4!",
         "+b1@1000 | -b1@1100 +b2@1100 | -b2@1300 +b4@1300", "there is no attribute 'z'"},
        {"expressionBatch(k)", ROWS_ALL, "1000 b1!|1100 b2|1200 _3|1300 z4|1400 b5!|1500 b6",
         "+b1@1100 | -b1@1400 -b2@1400 +b2@1400 | +b5@1500", "the text of a window's condition is null"},
        {"expressionBatch(k, true, true)", ROWS_ALL, "1000 b1!|1100 b2!|1200 z3|1300 b4",
         "+b1@1000 | +b2@1100 | +b4@1300 -b1@1300 -b2@1300 -b4@1300", "is wrong"},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void a_wrong_text_is_told_once_unless_it_is_no_condition_at_all(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"expression(k)", ROWS_CURRENT, "1000 b1!|1100 z2|1200 z3|1300 b4", "+b1@1000 | +z3@1200 | +b4@1300",
         "is wrong"},
        {"expression(k)", ROWS_CURRENT, "1000 b1!|1100 v2|1200 v3|1300 b4", "+b1@1000 | +b4@1300",
         "must be a bool, this is int"},
        {"expression(k)", ROWS_CURRENT, "1000 z1|1100 z2|1200 b3", "+b3@1200", "is wrong"},
        {"expression(k)", ROWS_CURRENT, "1000 b1 z2 b3|1100 b4", "+b4@1100", "is wrong"},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void texts_survive_memory_running_out(void **state) {
    (void)state;
    check_out_of_memory("expression(k)", SUMS_ALL, "1000 b1!|1100 b2|1200 z3|1300 b4!");
    check_out_of_memory("expressionBatch(k)", SUMS_ALL, "1000 b1!|1100 b2|1200 z3|1300 b4!|1400 b5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expression_lets_the_oldest_out_until_it_holds),
        cmocka_unit_test(expression_batch_goes_on_while_it_holds),
        cmocka_unit_test(expression_batch_streams_rows_and_expires_batches),
        cmocka_unit_test(another_text_takes_the_rows_in_anew),
        cmocka_unit_test(a_wrong_text_is_told_once_unless_it_is_no_condition_at_all),
        cmocka_unit_test(texts_survive_memory_running_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
