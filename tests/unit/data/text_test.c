#include "../support.h"

#include <float.h>
#include <locale.h>
#include <math.h>

#include "data/text.h"
#include "data/value.h"

typedef size_t (*double_writer)(double, char *);

static const char *written(double_writer write, double v) {
    static char out[WR_NUMBER_TEXT + 1];
    out[write(v, out)] = 0;
    return out;
}

static const char *written_float(size_t (*write)(float, char *), float v) {
    static char out[WR_NUMBER_TEXT + 1];
    out[write(v, out)] = 0;
    return out;
}

static void doubles_are_written_as_java_writes_them(void **state) {
    (void)state;
    /* As Double.toString of Java 17 gives them, its superfluous digits included. */
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1e10, "1.0E10"},
        {1e7, "1.0E7"},
        {9999999.0, "9999999.0"},
        {100.0, "100.0"},
        {1e-5, "1.0E-5"},
        {0.001, "0.001"},
        {0.00099, "9.9E-4"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {123456789.125, "1.23456789125E8"},
        {1e23, "9.999999999999999E22"},
        {2e23, "1.9999999999999998E23"},
        {8.41e21, "8.409999999999999E21"},
        {4.9e-324, "4.9E-324"},
        {DBL_MAX, "1.7976931348623157E308"},
        {DBL_MIN, "2.2250738585072014E-308"},
        {1152921504606846976.0, "1.15292150460684698E18"},
        {9007199254740993.0, "9.007199254740992E15"},
        {2.0e-3, "0.002"},
        {5.3344115463038834e241, "5.3344115463038834E241"},
        {7.1e-219, "7.1E-219"},
        {6.210316203958571e-171, "6.210316203958571E-171"},
        {(double)INFINITY, "Infinity"},
        {-(double)INFINITY, "-Infinity"},
        {(double)NAN, "NaN"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(written(wr_text_of_double, cases[i].v), cases[i].text);
}

static void floats_are_written_as_java_writes_them(void **state) {
    (void)state;
    assert_string_equal(written_float(wr_text_of_float, 0.1f), "0.1");
    assert_string_equal(written_float(wr_text_of_float, 16777216.0f), "1.6777216E7");
    assert_string_equal(written_float(wr_text_of_float, 3.4e38f), "3.4E38");
    assert_string_equal(written_float(wr_text_of_float, 9000000000.0f), "8.9999995E9");
    assert_string_equal(written_float(wr_text_of_float, 1.4e-45f), "1.4E-45");
    assert_string_equal(written_float(wr_text_of_float, 113674.1f), "113674.1");
    assert_string_equal(written_float(wr_text_of_float, 6.044629e23f), "6.044629E23");
    assert_string_equal(written_float(wr_text_of_float, -99.99f), "-99.99");
    assert_string_equal(written_float(wr_text_of_float, (float)NAN), "NaN");
}

static double random_double(test_random *r) {
    double v;
    uint64_t bits = test_next(r);
    memcpy(&v, &bits, sizeof v);
    switch (test_below(r, 4)) {
    case 0: return isfinite(v) ? v : 1.5;
    case 1: return ldexp(1.0 + test_below(r, 3), (int)test_below(r, 2000) - 1040);
    case 2: return (double)test_below(r, 100000000) / 1000;
    default: return (double)(int64_t)(bits >> test_below(r, 60));
    }
}

static void what_is_written_reads_back_to_the_same_number(void **state) {
    (void)state;
    test_random r = test_seeded("numbers");
    for (int i = 0; i < 100000; i++) {
        double d = random_double(&r), back;
        float f = (float)d, back_f;
        const char *text = written(wr_text_of_double, d);
        assert_true(wr_text_to_double(text, strlen(text), &back));
        assert_memory_equal(&d, &back, sizeof d);
        if (!isfinite(f)) continue;
        text = written_float(wr_text_of_float, f);
        assert_true(wr_text_to_float(text, strlen(text), &back_f));
        assert_memory_equal(&f, &back_f, sizeof f);
    }
}

static void numbers_are_rounded_as_the_c_library_rounds_them(void **state) {
    (void)state;
    test_random r = test_seeded("rounding");
    for (int i = 0; i < 50000; i++) {
        char text[1024];
        int len = 0;
        switch (test_below(&r, 4)) {
        case 0: len = sprintf(text, "%.*e", (int)test_below(&r, 30), random_double(&r)); break;
        case 1: /* halfway between two floats */
            len = sprintf(
                text, "%.40e",
                ldexp((double)(test_below(&r, 1u << 23) | 1u << 23) + 0.5, (int)test_below(&r, 270) - 165));
            break;
        case 2: /* halfway between two doubles, or just above */
            len = sprintf(text, "%llu.5%.*s", (unsigned long long)(test_next(&r) >> 11 | 1ull << 52),
                          (int)test_below(&r, 30), "000000000000000000000000000001");
            break;
        default:
            for (uint32_t n = test_below(&r, 900) + 1; n; n--) text[len++] = (char)('0' + test_below(&r, 10));
            len += sprintf(text + len, "e%d", (int)test_below(&r, 1200) - 900);
        }
        double d = -1, want = strtod(text, NULL);
        float f = -1, want_f = strtof(text, NULL);
        assert_true(wr_text_to_double(text, (size_t)len, &d));
        assert_true(wr_text_to_float(text, (size_t)len, &f));
        assert_memory_equal(&d, &want, sizeof d);
        assert_memory_equal(&f, &want_f, sizeof f);
    }
}

static void floating_texts_follow_javas_grammar(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        double v;
    } cases[] = {
        {" 1.5 ", true, 1.5},
        {"\001\t1d\t", true, 1},
        {"1e1f", true, 10},
        {"+.5", true, 0.5},
        {"5.", true, 5},
        {"-0", true, -0.0},
        {"0x1.8p1", true, 3},
        {"0x.8P-1f", true, 0.25},
        {"0x1p3", true, 8},
        {"0X10.p0", true, 16},
        {"1e400", true, (double)INFINITY},
        {"-1e400", true, -(double)INFINITY},
        {"1e-400", true, 0},
        {"0e99999999999", true, 0},
        {"1e99999999999", true, (double)INFINITY},
        {"1e-99999999999", true, 0},
        {"0x1p99999", true, (double)INFINITY},
        {"0x1p-99999", true, 0},
        {"+Infinity", true, (double)INFINITY},
        {"16777217", true, 16777217},
        {"", false, 0},
        {" ", false, 0},
        {".", false, 0},
        {"-", false, 0},
        {"+-1", false, 0},
        {"1e", false, 0},
        {"1e+", false, 0},
        {"1 d", false, 0},
        {"1dd", false, 0},
        {"d", false, 0},
        {"1_0", false, 0},
        {"1,5", false, 0},
        {"0x", false, 0},
        {"0xp1", false, 0},
        {"0x.p1", false, 0},
        {"0x1.8", false, 0},
        {"0x1f", false, 0},
        {"Infinityf", false, 0},
        {"infinity", false, 0},
        {"nan", false, 0},
        {"1.2.3", false, 0},
        {"\xd9\xa1", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double d = 77;
        bool ok = wr_text_to_double(cases[i].text, strlen(cases[i].text), &d);
        if (ok != cases[i].ok) fail_msg("'%s' was %s", cases[i].text, ok ? "read" : "refused");
        double want = ok ? cases[i].v : 77;
        assert_memory_equal(&d, &want, sizeof d);
    }
    double d;
    assert_true(wr_text_to_double("-NaN", 4, &d));
    assert_true(isnan(d));
    assert_false(wr_text_to_double("1\0", 2, &d) && d != 1);
    assert_false(wr_text_to_double("1\0002", 3, &d));
}

static void integers_have_a_sign_and_digits_and_nothing_else(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_int, is_long;
        int64_t v;
    } cases[] = {
        {"0", true, true, 0},
        {"+5", true, true, 5},
        {"00007", true, true, 7},
        {"2147483647", true, true, INT32_MAX},
        {"-2147483648", true, true, INT32_MIN},
        {"2147483648", false, true, 2147483648},
        {"-2147483649", false, true, -2147483649},
        {"9223372036854775807", false, true, INT64_MAX},
        {"-9223372036854775808", false, true, INT64_MIN},
        {"9223372036854775808", false, false, 0},
        {"-9223372036854775809", false, false, 0},
        {"99999999999999999999999", false, false, 0},
        {"\xd9\xa1\xdb\xb2", true, true, 12}, /* Arabic-Indic 1, Persian 2 */
        {"\xef\xbc\x97", true, true, 7},      /* fullwidth 7 */
        {"", false, false, 0},
        {"-", false, false, 0},
        {"+-5", false, false, 0},
        {" 5", false, false, 0},
        {"5 ", false, false, 0},
        {"1e3", false, false, 0},
        {"0x10", false, false, 0},
        {"5L", false, false, 0},
        {"\xd9", false, false, 0},
        {"\xef\xbc", false, false, 0},
        {"\xff\xff", false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t n = 77;
        int64_t l = 77;
        assert_int_equal(wr_text_to_int(cases[i].text, strlen(cases[i].text), &n), cases[i].is_int);
        assert_int_equal(wr_text_to_long(cases[i].text, strlen(cases[i].text), &l), cases[i].is_long);
        assert_true(n == (cases[i].is_int ? cases[i].v : 77));
        assert_true(l == (cases[i].is_long ? cases[i].v : 77));
    }
}

static void longs_are_written_as_printf_writes_them(void **state) {
    (void)state;
    test_random r = test_seeded("longs");
    for (int i = 0; i < 20000; i++) {
        int64_t v = (int64_t)test_next(&r) >> test_below(&r, 64);
        if (i < 4) v = i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : i == 2 ? 0 : -1;
        char want[32], got[WR_NUMBER_TEXT + 1];
        sprintf(want, "%lld", (long long)v);
        got[wr_text_of_long(v, got)] = 0;
        assert_string_equal(got, want);
    }
}

static void the_locale_changes_nothing(void **state) {
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < 4 && !setlocale(LC_NUMERIC, commas[i]); i++) continue;
    double d = 0;
    assert_string_equal(written(wr_text_of_double, 1.0 / 3), "0.3333333333333333");
    assert_true(wr_text_to_double("1.2345678901234567", 18, &d));
    assert_true(d == 1.2345678901234567);
    assert_false(wr_text_to_double("1,5", 3, &d));
    setlocale(LC_NUMERIC, "C");
}

static void values_are_written_as_java_strings(void **state) {
    (void)state;
    wr_buf b = WR_BUF_INIT;
    weir_object *set = weir_object_new_set(), *error = weir_object_new_error("no number");
    weir_value members[] = {wr_value_text("a"), wr_value_null(WEIR_STRING), wr_value_double(1e10),
                            wr_value_object(error)};
    for (int i = 0; i < 3; i++) assert_int_equal(weir_object_set_add(set, &members[i]), WEIR_OK);
    weir_value values[] = {wr_value_int(-5),       wr_value_long(INT64_MAX), wr_value_float(2.5f),
                           wr_value_double(1e-5),  wr_value_bool(true),      wr_value_bool(false),
                           wr_value_text("text"),  wr_value_null(WEIR_BOOL), wr_value_object(set),
                           wr_value_object(error), wr_value_object(NULL)};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        wr_text_of_value(&b, &values[i]);
        wr_buf_putc(&b, '|');
    }
    assert_string_equal(b.data, "-5|9223372036854775807|2.5|1.0E-5|true|false|text|null|[a, null, 1.0E10]|"
                                "no number|null|");
    wr_buf_fini(&b);
    weir_object_unref(set);
    weir_object_unref(error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_written_as_java_writes_them),
        cmocka_unit_test(floats_are_written_as_java_writes_them),
        cmocka_unit_test(what_is_written_reads_back_to_the_same_number),
        cmocka_unit_test(numbers_are_rounded_as_the_c_library_rounds_them),
        cmocka_unit_test(floating_texts_follow_javas_grammar),
        cmocka_unit_test(integers_have_a_sign_and_digits_and_nothing_else),
        cmocka_unit_test(longs_are_written_as_printf_writes_them),
        cmocka_unit_test(the_locale_changes_nothing),
        cmocka_unit_test(values_are_written_as_java_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
