#include "call_support.h"

#include <float.h>
#include <math.h>

static void numbers_convert_as_java_casts_them(void **state) {
    (void)state;
    const weir_value ints[] = {I(7), S("double"), I(-7), S("double"), NUL(WEIR_INT), S("double")};
    const weir_value as_doubles[] = {D(7), D(-7), NUL(WEIR_DOUBLE)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, ints, as_doubles);
    const weir_value longs[] = {L(9000000000),       S("int"), L(2147483648), S("INT"),
                                L(-2147483649),      S("int"), L(4294967297), S("int"),
                                L(9007199254740993), S("int")};
    const weir_value wrapped[] = {I(410065408), I(INT32_MIN), I(INT32_MAX), I(1), I(1)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, longs, wrapped);
    const weir_value long_floats[] = {L(9007199254740993), S("float"), L(-1), S("float")};
    const weir_value floats[] = {F(9007199254740993.0f), F(-1)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, long_floats, floats);
}

static void floating_numbers_are_cut_and_saturate(void **state) {
    (void)state;
    const weir_value d[] = {D(3.75),       S("int"), D(-10.5),           S("int"), D(1e10),    S("int"),
                            D(-1e10),      S("int"), D((double)NAN),     S("int"), D(DBL_MAX), S("int"),
                            D(2147483647), S("int"), D(2147483646.9999), S("int"), D(-0.9),    S("int")};
    const weir_value i[] = {I(3),         I(-10),       I(INT32_MAX),  I(INT32_MIN), I(0),
                            I(INT32_MAX), I(INT32_MAX), I(2147483646), I(0)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, d, i);
    const weir_value f[] = {F(99.99f),          S("long"), F(-3e20f),     S("long"),
                            F((float)INFINITY), S("long"), F((float)NAN), S("long")};
    const weir_value l[] = {L(99), L(INT64_MIN), L(INT64_MAX), L(0)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, f, l);
    const weir_value fd[] = {F(99.99f), S("double"), F(0.1f), S("double")};
    const weir_value dd[] = {D(99.98999786376953), D(0.10000000149011612)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, fd, dd);
}

static void a_number_is_true_when_it_is_one(void **state) {
    (void)state;
    const weir_value d[] = {D(1),      S("bool"), D(0.5),   S("bool"), NUL(WEIR_DOUBLE),
                            S("bool"), D(-1),     S("bool")};
    const weir_value b[] = {B(true), B(false), NUL(WEIR_BOOL), B(false)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, d, b);
    const weir_value s[] = {S("tRuE"), S("bool"), S(" true"), S("bool"), S(""), S("bool"), S("1"), S("bool")};
    const weir_value sb[] = {B(true), B(false), B(false), B(false)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, s, sb);
    const weir_value bools[] = {B(true), S("float"), B(false), S("float"), NUL(WEIR_BOOL), S("float")};
    const weir_value floats[] = {F(1), F(0), NUL(WEIR_FLOAT)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, bools, floats);
}

static void texts_that_are_no_number_give_null(void **state) {
    (void)state;
    const weir_value s[] = {S("42"),         S("int"), S(" 12 "),        S("int"), S("3.5"), S("int"),
                            S("1e3"),        S("int"), S("-17"),         S("int"), S(""),    S("int"),
                            S("9999999999"), S("int"), NUL(WEIR_STRING), S("int")};
    const weir_value i[] = {I(42),  NUL(WEIR_INT), NUL(WEIR_INT), NUL(WEIR_INT),
                            I(-17), NUL(WEIR_INT), NUL(WEIR_INT), NUL(WEIR_INT)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, s, i);
    const weir_value t[] = {S("0x1p3"), S("double"), S(" 2.5f "), S("double"),
                            S("abc"),   S("double"), S("1e999"),  S("double")};
    const weir_value d[] = {D(8), D(2.5), NUL(WEIR_DOUBLE), D((double)INFINITY)};
    EXPECT_CALLS(&wr_function_convert, 2, 1, t, d);
}

static void everything_has_a_text(void **state) {
    (void)state;
    const weir_value d[] = {D(1e10),     S("string"),      D(1e-5),     S("string"),           D(100),
                            S("string"), NUL(WEIR_DOUBLE), S("string"), D(1.2345678901234567), S("string")};
    const weir_value sd[] = {S("1.0E10"), S("1.0E-5"), S("100.0"), NUL(WEIR_STRING), S("1.2345678901234567")};
    EXPECT_CALLS(&wr_function_convert, 2, 1, d, sd);
    const weir_value b[] = {B(true), S("string"), B(false), S("string")};
    const weir_value sb[] = {S("true"), S("false")};
    EXPECT_CALLS(&wr_function_convert, 2, 1, b, sb);
    const weir_value s[] = {S("a text longer than twelve"), S("string")};
    const weir_value ss[] = {S("a text longer than twelve")};
    EXPECT_CALLS(&wr_function_convert, 2, 1, s, ss);
}

static void objects_have_a_text_too(void **state) {
    (void)state;
    weir_object *set = weir_object_new_set(), *error = weir_object_new_error("no luck");
    weir_value a = S("a");
    assert_int_equal(weir_object_set_add(set, &a), WEIR_OK);
    const weir_type types[] = {WEIR_OBJECT, WEIR_STRING};
    const weir_value rows[] = {wr_value_object(set), S("string"), wr_value_object(error),
                               S("string"),          D(2.5),      S("string"),
                               NUL(WEIR_OBJECT),     S("string")};
    const weir_value want[] = {S("[a]"), S("message : no luck\n cause :null"), S("2.5"), NUL(WEIR_STRING)};
    call_run run;
    call_begin(&run, &wr_function_convert, types, rows, 2, 4, 1, false);
    call_expect(&run, want, 4, false);
    call_end(&run);
    weir_object_unref(set);
    weir_object_unref(error);
}

static void a_mislabelled_value_passes_under_its_label_and_else_fails(void **state) {
    (void)state;
    const weir_type labelled_double[] = {WEIR_DOUBLE, WEIR_STRING};
    const weir_value rows[] = {I(1), S("double"), D(2.5), S("double"), NUL(WEIR_DOUBLE), S("double")};
    const weir_value same[] = {I(1), D(2.5), NUL(WEIR_DOUBLE)};
    call_run run;
    call_begin(&run, &wr_function_convert, labelled_double, rows, 2, 3, 1, true);
    call_expect(&run, same, 3, true);
    call_end(&run);
    const weir_value to_int[] = {I(1), S("int"), D(2.5), S("int"), NUL(WEIR_DOUBLE), S("int")};
    const weir_value ints[] = {FAILS, I(2), NUL(WEIR_INT)};
    call_begin(&run, &wr_function_convert, labelled_double, to_int, 2, 3, 1, true);
    call_expect(&run, ints, 3, false);
    assert_string_equal(run.message, "a value of type int can't be used as double");
    call_end(&run);
    const weir_type labelled_string[] = {WEIR_STRING, WEIR_STRING};
    const weir_value to_long[] = {I(1), S("long"), S("7"), S("long")};
    const weir_value longs[] = {FAILS, L(7)};
    call_begin(&run, &wr_function_convert, labelled_string, to_long, 2, 2, 1, true);
    call_expect(&run, longs, 2, false);
    call_end(&run);
    const weir_value to_text[] = {I(1), S("string"), D(1e10), S("string")};
    const weir_value texts[] = {S("1"), S("1.0E10")};
    call_begin(&run, &wr_function_convert, labelled_string, to_text, 2, 2, 1, true);
    call_expect(&run, texts, 2, false);
    call_end(&run);
}

static void cast_widens_ints_and_relabels_the_rest(void **state) {
    (void)state;
    const weir_value ints[] = {I(-7), S("long"), NUL(WEIR_INT), S("long"), I(INT32_MAX), S("long")};
    const weir_value longs[] = {L(-7), NUL(WEIR_LONG), L(INT32_MAX)};
    EXPECT_CALLS(&wr_function_cast, 2, 1, ints, longs);
    const weir_value strings[] = {S("a text longer than twelve"), S("string"), NUL(WEIR_STRING), S("string")};
    const weir_value same[] = {S("a text longer than twelve"), NUL(WEIR_STRING)};
    EXPECT_CALLS(&wr_function_cast, 2, 1, strings, same);
    const weir_value rows[] = {I(7), S("double"), NUL(WEIR_INT), S("double")};
    const weir_value relabelled[] = {I(7), NUL(WEIR_DOUBLE)};
    call_run run;
    call_begin(&run, &wr_function_cast, NULL, rows, 2, 2, 1, false);
    assert_int_equal(run.result, WEIR_DOUBLE);
    call_expect(&run, relabelled, 2, true);
    call_end(&run);
    const weir_type labelled_double[] = {WEIR_DOUBLE,
                                         WEIR_STRING}; /* an int under the label double widens too */
    const weir_value boxed[] = {I(7), S("long"), S("x"), S("long"), L(5), S("long")};
    const weir_value widened[] = {L(7), S("x"), L(5)};
    call_begin(&run, &wr_function_cast, labelled_double, boxed, 2, 3, 1, true);
    call_expect(&run, widened, 3, true);
    call_end(&run);
}

static void wrong_arguments_are_refused_with_reasons(void **state) {
    (void)state;
    const weir_type si[] = {WEIR_STRING, WEIR_INT}, is[] = {WEIR_INT, WEIR_STRING},
                    os[] = {WEIR_OBJECT, WEIR_STRING};
    const weir_function_type *f = &wr_function_convert;
    expect_refusal(f, is, 1, NULL, "convert(int): 1 argument is missing", 9);
    expect_refusal(f, is, 0, NULL, "convert(): 2 arguments are missing", 9);
    expect_refusal(f, si, 2, "x",
                   "convert(string, int): argument 2 must be a constant: 'int', 'long', 'float', "
                   "'double', 'bool' or 'string'",
                   1);
    expect_refusal(f, is, 2, NULL,
                   "convert(int, string): argument 2 must be a constant: 'int', 'long', 'float', "
                   "'double', 'bool' or 'string'",
                   1);
    expect_refusal(f, is, 2, "text",
                   "convert(int, string): argument 2 must be 'int', 'long', 'float', 'double', "
                   "'bool' or 'string', not 'text'",
                   1);
    expect_refusal(f, is, 2, "Object",
                   "convert(int, string): argument 2 must be 'int', 'long', 'float', 'double', "
                   "'bool' or 'string', not 'Object'",
                   1);
    expect_refusal(f, os, 2, "int", "convert(object, string): an object can be converted to 'string' only",
                   1);
    expect_refusal(&wr_function_cast, is, 2, "text",
                   "cast(int, string): argument 2 must be 'int', 'long', 'float', "
                   "'double', 'bool' or 'string', not 'text'",
                   1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_convert_as_java_casts_them),
        cmocka_unit_test(floating_numbers_are_cut_and_saturate),
        cmocka_unit_test(a_number_is_true_when_it_is_one),
        cmocka_unit_test(texts_that_are_no_number_give_null),
        cmocka_unit_test(everything_has_a_text),
        cmocka_unit_test(objects_have_a_text_too),
        cmocka_unit_test(a_mislabelled_value_passes_under_its_label_and_else_fails),
        cmocka_unit_test(cast_widens_ints_and_relabels_the_rest),
        cmocka_unit_test(wrong_arguments_are_refused_with_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
