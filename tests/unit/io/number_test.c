/* Numbers as text, in and out, against the C library's own conversions. */
#include "io_support.h"

#include <math.h>

static double parsed(const char *text) {
    double v = 0;
    assert_int_equal(wr_parse_double(text, strlen(text), &v), WR_NUMBER_OK);
    return v;
}

static void longs_are_exact_to_both_ends(void **state) {
    (void)state;
    static const struct {
        const char *text;
        wr_number_status status;
        int64_t value;
    } cases[] = {
        {"0", WR_NUMBER_OK, 0},
        {"-0", WR_NUMBER_OK, 0},
        {"+7", WR_NUMBER_OK, 7},
        {"000000000000000000000042", WR_NUMBER_OK, 42},
        {"9007199254740993", WR_NUMBER_OK, 9007199254740993},
        {"9223372036854775807", WR_NUMBER_OK, INT64_MAX},
        {"-9223372036854775808", WR_NUMBER_OK, INT64_MIN},
        {"9223372036854775808", WR_NUMBER_RANGE, 0},
        {"-9223372036854775809", WR_NUMBER_RANGE, 0},
        {"18446744073709551617", WR_NUMBER_RANGE, 0},
        {"99999999999999999999999999", WR_NUMBER_RANGE, 0},
        {"", WR_NUMBER_MALFORMED, 0},
        {"-", WR_NUMBER_MALFORMED, 0},
        {"1.0", WR_NUMBER_MALFORMED, 0},
        {"12a", WR_NUMBER_MALFORMED, 0},
        {"99999999999999999999x", WR_NUMBER_MALFORMED, 0},
        {" 1", WR_NUMBER_MALFORMED, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t v = 0;
        assert_int_equal(wr_parse_long(cases[i].text, strlen(cases[i].text), &v), cases[i].status);
        assert_true(v == cases[i].value);
    }
}

static void ints_know_their_range(void **state) {
    (void)state;
    int32_t v;
    assert_int_equal(wr_parse_int("2147483647", 10, &v), WR_NUMBER_OK);
    assert_int_equal(v, INT32_MAX);
    assert_int_equal(wr_parse_int("-2147483648", 11, &v), WR_NUMBER_OK);
    assert_int_equal(wr_parse_int("2147483648", 10, &v), WR_NUMBER_RANGE);
}

static void doubles_that_are_hard_to_round_are_right(void **state) {
    (void)state;
    static const char *const cases[] = {"9007199254740993",
                                        "9007199254740992.9999999999999999999",
                                        "2.2250738585072011e-308",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062327e-324",
                                        "1.7976931348623157e308",
                                        "0.1e-6",
                                        "1e23",
                                        "8.5e22",
                                        "123456789012345678901234567890",
                                        "0.000000000000000000000000000001",
                                        "1e-400",
                                        "1.15e-19",
                                        "18446744073709551615e19",
                                        "7.3177701707893310e+15",
                                        "0.30000000000000004",
                                        "5e-1",
                                        ".5",
                                        "5.",
                                        "00012.500"};
    for (size_t i = 0; i < COUNT(cases); i++) assert_true(parsed(cases[i]) == strtod(cases[i], NULL));
    assert_true(signbit(parsed("-0.0")));
    assert_true(isnan(parsed("NaN")) && isnan(parsed("nan")));
    assert_true(parsed("-Infinity") == -INFINITY && parsed("inf") == INFINITY);
}

static void doubles_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {"",      "-",    ".",  "e5",  "1e",   "1e+",
                                        "1.2.3", "0x10", "1 ", "1,5", "nano", "infin"};
    double v;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(wr_parse_double(cases[i], strlen(cases[i]), &v), WR_NUMBER_MALFORMED);
    assert_int_equal(wr_parse_double("1e400", 5, &v), WR_NUMBER_RANGE);
    assert_int_equal(wr_parse_double("-1e99999999999", 14, &v), WR_NUMBER_RANGE);
}

static const char *shown(double v, char *out) {
    out[wr_format_double(v, out)] = 0;
    return out;
}

static void doubles_are_written_short_and_plain(void **state) {
    (void)state;
    static const struct {
        double v;
        const char *text;
    } cases[] = {{0, "0.0"},
                 {-0.0, "-0.0"},
                 {3, "3.0"},
                 {-2.5, "-2.5"},
                 {0.1, "0.1"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e10, "10000000000.0"},
                 {1e20, "100000000000000000000.0"},
                 {1e21, "1e21"},
                 {1.5e300, "1.5e300"},
                 {1e-6, "0.000001"},
                 {1e-8, "1e-8"},
                 {5e-324, "5e-324"},
                 {2.0 / 3, "0.6666666666666666"},
                 {NAN, "NaN"},
                 {-INFINITY, "-Infinity"}};
    char out[WR_NUMBER_TEXT_BYTES + 1];
    for (size_t i = 0; i < COUNT(cases); i++) assert_string_equal(shown(cases[i].v, out), cases[i].text);
}

static int n_digits(const char *text) {
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (!n && *text == '0')) continue;
        n++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

static void random_doubles_read_back_and_none_is_shorter(void **state) {
    (void)state;
    test_random r = test_seeded("number");
    for (int i = 0; i < 60000; i++) {
        double v, back;
        uint64_t bits = test_next(&r);
        if (i % 3 == 0)
            memcpy(&v, &bits, 8);
        else
            v = (double)(int64_t)bits / pow(10, (int)test_below(&r, 24));
        if (!isfinite(v)) continue;
        char out[WR_NUMBER_TEXT_BYTES + 1], shorter[40];
        size_t len = wr_format_double(v, out);
        assert_in_range(len, 1, WR_NUMBER_TEXT_BYTES - 1);
        out[len] = 0;
        assert_int_equal(wr_parse_double(out, len, &back), WR_NUMBER_OK);
        assert_memory_equal(&back, &v, sizeof v);
        assert_true(strtod(out, NULL) == v);
        if (n_digits(out) < 2) continue;
        snprintf(shorter, sizeof shorter, "%.*e", n_digits(out) - 2, v);
        assert_true(strtod(shorter, NULL) != v);
    }
}

static void random_floats_read_back(void **state) {
    (void)state;
    test_random r = test_seeded("number");
    for (int i = 0; i < 60000; i++) {
        uint32_t bits = (uint32_t)test_next(&r);
        float v, back;
        memcpy(&v, &bits, 4);
        if (!isfinite(v)) continue;
        char out[WR_NUMBER_TEXT_BYTES + 1];
        out[wr_format_float(v, out)] = 0;
        assert_int_equal(wr_parse_float(out, strlen(out), &back), WR_NUMBER_OK);
        assert_true(back == v && strtof(out, NULL) == v);
        snprintf(out, sizeof out, "%.*f", (int)test_below(&r, 10), (double)(v / 1e20f));
        assert_int_equal(wr_parse_float(out, strlen(out), &back), WR_NUMBER_OK);
        assert_true(back == strtof(out, NULL)); /* once rounded, not twice */
    }
}

static void spans_and_sizes_have_units(void **state) {
    (void)state;
    int64_t v;
    assert_true(wr_parse_time_span("1 min 30 sec", &v) && v == 90000);
    assert_true(wr_parse_time_span("250", &v) && v == 250);
    assert_true(wr_parse_time_span("2 Days", &v) && v == 172800000);
    assert_false(wr_parse_time_span("5 lightyears", &v));
    assert_false(wr_parse_time_span("", &v));
    assert_false(wr_parse_time_span("999999999999999999 days", &v));
    assert_true(wr_parse_bytes("64 MB", &v) && v == 64 << 20);
    assert_true(wr_parse_bytes("4k", &v) && v == 4096);
    assert_false(wr_parse_bytes("-1", &v));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longs_are_exact_to_both_ends),
        cmocka_unit_test(ints_know_their_range),
        cmocka_unit_test(doubles_that_are_hard_to_round_are_right),
        cmocka_unit_test(doubles_that_are_none_are_refused),
        cmocka_unit_test(doubles_are_written_short_and_plain),
        cmocka_unit_test(random_doubles_read_back_and_none_is_shorter),
        cmocka_unit_test(random_floats_read_back),
        cmocka_unit_test(spans_and_sizes_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
