/* What reorder computes. How it drives rows is in tests/cases/reorder.jsonl. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "window/reorder/coverage.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-12)

static void critical_values_are_those_of_the_normal_distribution(void **state) {
    (void)state;
    /* scipy.stats.norm.ppf */
    NEAR(wr_critical_value(0.95), 1.959963984540054);
    NEAR(wr_critical_value(0.5), 0.6744897501960817);
    NEAR(wr_critical_value(0.999), 3.2905267314919255);
    NEAR(wr_critical_value(0), 0);
    assert_true(isinf(wr_critical_value(1)));
}

static void rounding_is_javas(void **state) {
    (void)state;
    assert_int_equal(wr_java_round(2.5), 3);
    assert_int_equal(wr_java_round(-2.5), -2);
    assert_int_equal(wr_java_round(NAN), 0);
    assert_int_equal(wr_java_round(1e300), INT64_MAX);
    assert_int_equal(wr_java_round(-INFINITY), INT64_MIN);
}

static void values_around_0_need_nothing(void **state) {
    (void)state;
    const double around[] = {-1, 1}, same[] = {4, 4, 4, 4};
    NEAR(wr_coverage_needed(around, 2, 1.96, 0.03), 0);
    double needed = wr_coverage_needed(same, 4, 1.96, 0.03);
    assert_true(needed > 0.4 && needed < 1);
}

static void what_comes_after_a_later_row_did_not_come_in_time(void **state) {
    (void)state;
    wr_row_times t;
    wr_row_times_init(&t, 4);
    NEAR(wr_row_times_coverage(&t, 100), 1);
    const int64_t times[] = {10, 20, 40, 30};
    for (int i = 0; i < 4; i++) assert_int_equal(wr_row_times_add(&t, times[i], NULL), WEIR_OK);
    NEAR(wr_row_times_coverage(&t, 35), 2.0 / 3); /* 30 came after 40 */
    NEAR(wr_row_times_coverage(&t, 50), 1);
    NEAR(wr_row_times_coverage(&t, 5), 1); /* none */
    /* The one that there is no room for counts on. */
    assert_int_equal(wr_row_times_add(&t, 35, NULL), WEIR_OK);
    NEAR(wr_row_times_coverage(&t, 36), 2.0 / 4);
    wr_row_times_fini(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_values_are_those_of_the_normal_distribution),
        cmocka_unit_test(rounding_is_javas),
        cmocka_unit_test(values_around_0_need_nothing),
        cmocka_unit_test(what_comes_after_a_later_row_did_not_come_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
