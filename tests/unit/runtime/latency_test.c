/* latency_test.c: quantiles are right to within a bucket. */
#include "runtime/latency.h"

#include "support.h"

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void buckets_cover_all_values_without_a_gap(void **state) {
    (void)state;
    for (uint32_t i = 1; i < WR_LATENCY_BUCKETS; i++) {
        uint64_t begin = wr_latency_bucket_end(i - 1), end = wr_latency_bucket_end(i);
        assert_true(end > begin);
        wr_latency l = {0};
        wr_latency_add(&l, begin, 1);
        wr_latency_add(&l, end - 1, 1);
        assert_int_equal(l.bucket[i], 2);
        assert_true(end - begin <= 1 + begin / 16);
    }
}

static void quantiles_of_nothing_are_0(void **state) {
    (void)state;
    wr_latency l = {0};
    assert_int_equal(wr_latency_quantile(&l, 0.99), 0);
}

static void quantiles_are_within_7_percent_above(void **state) {
    (void)state;
    static uint64_t values[5000];
    static const double quantiles[] = {0, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
    test_random r = test_seeded("latency");
    wr_latency l = {0};
    for (uint32_t i = 0; i < 5000; i++) {
        values[i] = test_next(&r) >> (34 + test_below(&r, 28)); /* of all sizes, up to 18 min */
        wr_latency_add(&l, values[i], 1);
    }
    qsort(values, 5000, sizeof *values, ascending);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        size_t place = (size_t)(quantiles[i] * 5000);
        double exact = (double)values[place < 5000 ? place : 4999];
        double got = (double)wr_latency_quantile(&l, quantiles[i]);
        assert_true(got >= exact && got <= exact * 1.07 + 1);
    }
    assert_int_equal(l.max_us, values[4999]);
}

static void a_value_counts_as_often_as_it_is_said_to(void **state) {
    (void)state;
    wr_latency l = {0};
    wr_latency_add(&l, 10, 99);
    wr_latency_add(&l, 1000, 1);
    assert_int_equal(l.count, 100);
    assert_int_equal(l.sum_us, 1990);
    assert_int_equal(wr_latency_quantile(&l, 0.5), 11); /* the end of the bucket of 10 */
    assert_int_equal(wr_latency_quantile(&l, 1), 1000);
}

static void what_is_beyond_the_last_bucket_counts_there(void **state) {
    (void)state;
    wr_latency l = {0};
    wr_latency_add(&l, UINT64_MAX, 1);
    assert_int_equal(l.bucket[WR_LATENCY_BUCKETS - 1], 1);
    assert_true(wr_latency_quantile(&l, 0.5) <= l.max_us);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_cover_all_values_without_a_gap),
        cmocka_unit_test(quantiles_of_nothing_are_0),
        cmocka_unit_test(quantiles_are_within_7_percent_above),
        cmocka_unit_test(a_value_counts_as_often_as_it_is_said_to),
        cmocka_unit_test(what_is_beyond_the_last_bucket_counts_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
