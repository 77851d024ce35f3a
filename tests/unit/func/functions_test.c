#include "call_support.h"

#include <float.h>
#include <math.h>

#define LEAST 4.9406564584124654e-324

/* ---- coalesce, default, ifThenElse ---- */

static void coalesce_gives_the_first_that_is_not_null(void **state) {
    (void)state;
    const weir_value rows[] = {NUL(WEIR_STRING), S("b, a longer text"), S("c"),           S("a"),
                               S("b"),           NUL(WEIR_STRING),      NUL(WEIR_STRING), NUL(WEIR_STRING),
                               NUL(WEIR_STRING), NUL(WEIR_STRING),      NUL(WEIR_STRING), S("c")};
    const weir_value want[] = {S("b, a longer text"), S("a"), NUL(WEIR_STRING), S("c")};
    EXPECT_CALLS(&wr_function_coalesce, 3, 9, rows, want);
    const weir_value bools[] = {NUL(WEIR_BOOL), B(true), B(false), B(true), NUL(WEIR_BOOL), NUL(WEIR_BOOL)};
    const weir_value want_bools[] = {B(true), B(false), NUL(WEIR_BOOL)};
    EXPECT_CALLS(&wr_function_coalesce, 2, 9, bools, want_bools);
    const weir_value one[] = {D(1.5), NUL(WEIR_DOUBLE)};
    EXPECT_CALLS(&wr_function_coalesce, 1, 9, one, one);
}

static void mislabelled_values_pass_through_coalesce_and_default(void **state) {
    (void)state;
    const weir_type types[] = {WEIR_STRING, WEIR_STRING};
    const weir_value rows[] = {I(1), S("b"), NUL(WEIR_STRING), S("b")};
    const weir_value want[] = {I(1), S("b")};
    call_run run;
    call_begin(&run, &wr_function_coalesce, types, rows, 2, 2, 9, true);
    call_expect(&run, want, 2, true);
    call_end(&run);
    call_begin(&run, &wr_function_default, types, rows, 2, 2, 1, true); /* the constant is plain */
    call_expect(&run, want, 2, true);
    call_end(&run);
}

static void default_fills_nulls_with_the_constant(void **state) {
    (void)state;
    const weir_value rows[] = {I(5), I(0), NUL(WEIR_INT), I(0)};
    const weir_value want[] = {I(5), I(0)};
    EXPECT_CALLS(&wr_function_default, 2, 1, rows, want);
}

static void if_then_else_takes_null_as_false(void **state) {
    (void)state;
    const weir_value rows[] = {B(true),        S("yes"), S("no"), B(false), S("yes"),         S("no"),
                               NUL(WEIR_BOOL), S("yes"), S("no"), B(true),  NUL(WEIR_STRING), S("no")};
    const weir_value want[] = {S("yes"), S("no"), S("no"), NUL(WEIR_STRING)};
    EXPECT_CALLS(&wr_function_if_then_else, 3, 9, rows, want);
}

static void arguments_of_different_types_are_refused(void **state) {
    (void)state;
    const weir_type il[] = {WEIR_INT, WEIR_LONG}, ii[] = {WEIR_INT, WEIR_INT, WEIR_INT},
                    bil[] = {WEIR_BOOL, WEIR_INT, WEIR_LONG};
    expect_refusal(
        &wr_function_coalesce, il, 2, NULL,
        "coalesce(int, long): all must be of one type, but argument 2 is long and the first is int", 1);
    expect_refusal(&wr_function_coalesce, il, 0, NULL, "coalesce(): 1 argument is missing", 9);
    expect_refusal(&wr_function_default, ii, 2, NULL, "default(int, int): argument 2 must be a constant", 1);
    expect_refusal(&wr_function_if_then_else, ii, 3, NULL,
                   "ifThenElse(int, int, int): argument 1 must be a bool, not int", 0);
    expect_refusal(&wr_function_if_then_else, bil, 3, NULL,
                   "ifThenElse(bool, int, long): both results must be of one type, but they are int and long",
                   2);
}

/* ---- maximum, minimum ---- */

static void maximum_never_falls_below_zero(void **state) {
    (void)state;
    const weir_value i[] = {I(1),  I(2),  NUL(WEIR_INT), NUL(WEIR_INT), I(-1),
                            I(-2), I(-1), NUL(WEIR_INT), I(1),          NUL(WEIR_INT)};
    const weir_value want_i[] = {I(2), I(0), I(0), I(0), I(1)};
    EXPECT_CALLS(&wr_function_maximum, 2, 9, i, want_i);
    const weir_value d[] = {
        D(1.25), D(2.25),        NUL(WEIR_DOUBLE), NUL(WEIR_DOUBLE), D(-1),        D(-2),   D((double)NAN),
        D(1.5),  D((double)NAN), D(-1.5),          D(INFINITY),      D(-INFINITY), D(-0.0), D(0.0)};
    const weir_value want_d[] = {D(2.25), D(LEAST), D(LEAST), D(1.5), D(LEAST), D(INFINITY), D(LEAST)};
    EXPECT_CALLS(&wr_function_maximum, 2, 9, d, want_d);
    const weir_value f[] = {F(1.4e-45f), F(0), NUL(WEIR_FLOAT), F(-2), F((float)NAN), F(2.5f)};
    const weir_value want_f[] = {F(1.4e-45f), F(0), F(2.5f)};
    EXPECT_CALLS(&wr_function_maximum, 2, 9, f, want_f);
}

static void minimum_starts_from_the_largest_double(void **state) {
    (void)state;
    const weir_value d[] = {D(1.25), D(2.25), NUL(WEIR_DOUBLE), NUL(WEIR_DOUBLE),
                            D(-0.0), D(0.0),  D(0.0),           D(-0.0)};
    const weir_value want_d[] = {D(1.25), D(DBL_MAX), D(-0.0), D(0.0)};
    EXPECT_CALLS(&wr_function_minimum, 2, 9, d, want_d);
    const weir_value f[] = {NUL(WEIR_FLOAT), NUL(WEIR_FLOAT), F((float)NAN),
                            F((float)NAN),   F(1.5f),         NUL(WEIR_FLOAT)};
    const weir_value want_f[] = {F((float)INFINITY), F((float)INFINITY), F(1.5f)};
    EXPECT_CALLS(&wr_function_minimum, 2, 9, f, want_f);
    const weir_value i[] = {NUL(WEIR_INT), NUL(WEIR_INT), I(5), I(-5)};
    const weir_value want_i[] = {I(INT32_MAX), I(-5)};
    EXPECT_CALLS(&wr_function_minimum, 2, 9, i, want_i);
    const weir_value l[] = {NUL(WEIR_LONG), NUL(WEIR_LONG), L(9007199254740993),
                            L(INT64_MAX),   L(INT64_MIN),   L(-INT64_MAX)};
    const weir_value want_l[] = {L(INT64_MAX), L(9007199254740992),
                                 L(INT64_MIN)}; /* digits above 2^53 are lost */
    EXPECT_CALLS(&wr_function_minimum, 2, 9, l, want_l);
}

static void a_single_argument_is_given_back_as_it_is(void **state) {
    (void)state;
    const weir_value i[] = {I(-1), NUL(WEIR_INT)}, d[] = {D((double)NAN), D(-2.5)};
    EXPECT_CALLS(&wr_function_maximum, 1, 9, i, i);
    EXPECT_CALLS(&wr_function_minimum, 1, 9, d, d);
    const weir_type labelled[] = {WEIR_DOUBLE};
    const weir_value boxed[] = {I(1), D(2)};
    call_run run;
    call_begin(&run, &wr_function_maximum, labelled, boxed, 1, 2, 9, true);
    call_expect(&run, boxed, 2, true);
    call_end(&run);
}

static void mislabelled_numbers_count_and_others_are_passed_over(void **state) {
    (void)state;
    const weir_type types[] = {WEIR_DOUBLE, WEIR_DOUBLE};
    const weir_value rows[] = {F(1.5f), D(5), L(2), D(5), S("a"), D(5), NUL(WEIR_DOUBLE), D(5)};
    const weir_value want[] = {D(1.5), D(2), D(5), D(5)};
    call_run run;
    call_begin(&run, &wr_function_minimum, types, rows, 2, 4, 9, true);
    call_expect(&run, want, 4, false);
    call_expect(&run, want, 4, true);
    call_end(&run);
}

static void extremes_want_numbers_of_one_type(void **state) {
    (void)state;
    const weir_type is[] = {WEIR_INT, WEIR_STRING}, il[] = {WEIR_INT, WEIR_LONG}, o[] = {WEIR_OBJECT};
    expect_refusal(&wr_function_maximum, is, 2, NULL,
                   "maximum(int, string): argument 2 is string, not a number", 1);
    expect_refusal(&wr_function_minimum, il, 2, NULL,
                   "minimum(int, long): all must be of one type, but argument 2 is long and the first is int",
                   1);
    expect_refusal(&wr_function_maximum, o, 1, NULL, "maximum(object): argument 1 is object, not a number",
                   0);
    expect_refusal(&wr_function_minimum, o, 0, NULL, "minimum(): 1 argument is missing", 9);
}

/* ---- instanceOf… ---- */

static void instance_of_sees_the_value_not_the_label(void **state) {
    (void)state;
    static const weir_function_type *const tests[] = {
        &wr_function_instance_of_integer, &wr_function_instance_of_long,    &wr_function_instance_of_float,
        &wr_function_instance_of_double,  &wr_function_instance_of_boolean, &wr_function_instance_of_string};
    const weir_value values[] = {I(1), L(1), F(1), D(1), B(true), S("a")};
    const weir_type object[] = {WEIR_OBJECT}, label[] = {WEIR_STRING};
    for (int t = 0; t < 6; t++) {
        for (int v = 0; v < 6; v++) {
            const weir_value plain[] = {values[v], NUL(values[v].type)}, want[] = {B(t == v), B(false)};
            EXPECT_CALLS(tests[t], 1, 9, plain, want);
        }
        weir_value want[6];
        for (int v = 0; v < 6; v++) want[v] = B(t == v);
        call_run run;
        call_begin(&run, tests[t], object, values, 1, 6, 9, false);
        call_expect(&run, want, 6, false);
        call_end(&run);
        call_begin(&run, tests[t], label, values, 1, 6, 9, true);
        call_expect(&run, want, 6, false);
        call_end(&run);
    }
    const weir_type ii[] = {WEIR_INT, WEIR_INT};
    expect_refusal(&wr_function_instance_of_long, ii, 2, NULL,
                   "instanceOfLong(int, int): 1 argument too many", 1);
}

/* ---- Sets ---- */

static void a_created_set_has_its_member(void **state) {
    (void)state;
    const weir_value rows[] = {S("a member longer than twelve"), NUL(WEIR_STRING)};
    call_run run;
    call_begin(&run, &wr_function_create_set, NULL, rows, 1, 2, 9, false);
    assert_int_equal(run.result, WEIR_OBJECT);
    call_eval(&run, NULL, 0, false);
    for (uint32_t r = 0; r < CALL_ROWS; r++) {
        weir_value set = wr_column_get(&run.out, r);
        assert_int_equal(weir_object_get_kind(set.as.o), WEIR_OBJECT_SET);
        assert_int_equal(weir_object_set_size(set.as.o), 1);
        assert_true(weir_object_set_has(set.as.o, &rows[r % 2]));
    }
    call_end(&run);
    const weir_type o[] = {WEIR_OBJECT};
    expect_refusal(&wr_function_create_set, o, 1, NULL,
                   "createSet(object): an object can't be put into a set", 0);
}

static void the_size_of_what_is_no_set_fails(void **state) {
    (void)state;
    weir_object *set = weir_object_new_set();
    for (int i = 0; i < 3; i++) {
        weir_value v = I(i);
        assert_int_equal(weir_object_set_add(set, &v), WEIR_OK);
    }
    const weir_type types[] = {WEIR_OBJECT};
    const weir_value rows[] = {wr_value_object(set), NUL(WEIR_OBJECT), S("a")}, want[] = {I(3), I(0), FAILS};
    call_run run;
    call_begin(&run, &wr_function_size_of_set, types, rows, 1, 3, 9, false);
    call_expect(&run, want, 3, false);
    assert_string_equal(run.message, "sizeOfSet() is given a value of type string, not a set");
    call_end(&run);
    weir_object_unref(set);
    const weir_type i[] = {WEIR_INT};
    expect_refusal(&wr_function_size_of_set, i, 1, NULL,
                   "sizeOfSet(int): argument 1 must be an object that holds a set, not int", 0);
}

/* ---- Time, UUID ---- */

static void clock_and_timestamp_come_from_the_row(void **state) {
    (void)state;
    call_run run;
    weir_value want[CALL_ROWS];
    for (int r = 0; r < CALL_ROWS; r++) want[r] = L(5000 + r);
    call_begin(&run, &wr_function_current_time_millis, NULL, NULL, 0, 1, 9, false);
    call_expect(&run, want, CALL_ROWS, false);
    call_end(&run);
    for (int r = 0; r < CALL_ROWS; r++) want[r] = L(1000 + r);
    call_begin(&run, &wr_function_event_timestamp, NULL, NULL, 0, 1, 9, false);
    call_expect(&run, want, CALL_ROWS, false);
    call_end(&run);
    const weir_type i[] = {WEIR_INT};
    expect_refusal(&wr_function_current_time_millis, i, 1, NULL,
                   "currentTimeMillis(int): 1 argument given, but it takes none", 0);
}

static bool is_uuid(const weir_string *s) {
    const char *p = weir_string_data(s);
    if (s->len != 36 || p[14] != '4' || !strchr("89ab", p[19])) return false;
    for (uint32_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? p[i] != '-' : !strchr("0123456789abcdef", p[i])) return false;
    }
    return true;
}

static void every_uuid_is_of_version_4_and_another(void **state) {
    (void)state;
    weir_object *seen = weir_object_new_set();
    for (int site = 0; site < 3; site++) {
        call_run run;
        call_begin(&run, &wr_function_uuid, NULL, NULL, 0, 1, 9, false);
        call_eval(&run, NULL, 0, false);
        for (uint32_t r = 0; r < CALL_ROWS; r++) {
            weir_value v = wr_column_get(&run.out, r);
            assert_true(is_uuid(&v.as.s));
            assert_int_equal(weir_object_set_add(seen, &v), WEIR_OK);
        }
        call_end(&run);
    }
    assert_int_equal(weir_object_set_size(seen), 3 * CALL_ROWS);
    weir_object_unref(seen);
}

static void texts_are_read_as_times(void **state) {
    (void)state;
    const weir_value rows[] = {S("2020-02-29 01:02:03 +05:30"),
                               S("2020-02-29 01:02:03"),
                               S("2021-02-28 01:02:03 -08:15"),
                               S("1900-02-28 01:02:03"),
                               S("9999-12-31 23:59:59"),
                               S("0000-01-01 00:00:00"),
                               S("2021-02-28 24:00:00"),
                               S("2016-12-31 23:59:60"),
                               S("2016-12-31 23:59:50 +18:00"),
                               S(" 2016-12-31 23:59:50 -17:00 "),
                               S("0000-01-01 00:00:00 +05:00"),
                               S("2021-02-29 01:02:03"),
                               S("2021-02-28 25:02:03"),
                               S("2021-02-28 24:00:01"),
                               S("2016-12-31 22:59:60"),
                               S("2016-12-31 23:59:60 +00:00"),
                               S("2016-12-31 24:00:00 +00:00"),
                               S("2016-12-31 23:59:50 +18:30"),
                               S("2016-12-31 23:59:50 -17:60"),
                               S("2016-12-31\t23:59:50"),
                               S("2016-00-31 23:59:50"),
                               S("2021-2-8 1:2:3"),
                               S("2021-02-28 01:02:03 Z"),
                               S("x"),
                               NUL(WEIR_STRING)};
    const weir_value want[] = {L(1582918323000),
                               L(1582938123000),
                               L(1614503823000),
                               L(-2203973877000),
                               L(253402300799000),
                               L(-62167219200000),
                               L(1614556800000),
                               L(1483228799000),
                               L(1483163990000),
                               L(1483289990000),
                               L(-62167237200000),
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS,
                               FAILS};
    EXPECT_CALLS(&wr_function_timestamp_in_milliseconds, 1, 9, rows, want);
    const weir_type l[] = {WEIR_LONG};
    expect_refusal(
        &wr_function_timestamp_in_milliseconds, l, 1, NULL,
        "incrementalAggregator:timestampInMilliseconds(long): argument 1 must be a string, not long", 0);
}

static void the_time_zone_of_a_text_is_its_offset(void **state) {
    (void)state;
    const weir_value rows[] = {S("2020-02-29 01:02:03 +05:30"), S("2021-02-29 01:02:03"), NUL(WEIR_STRING),
                               S("2021-02-28 01:02:03 +19:00"), S("x")};
    const weir_value want[] = {S("+05:30"), S("+00:00"), S("Z"), S("+19:00"), FAILS};
    EXPECT_CALLS(&wr_function_get_time_zone, 1, 9, rows, want);
    const weir_value none[] = {S("Z")};
    EXPECT_CALLS(&wr_function_get_time_zone, 0, 9, NULL, none);
}

/* ---- Memory ---- */

static weir_status eval_once(call_run *run) {
    assert_int_equal(wr_column_new(&run->arena, run->result, false, CALL_ROWS, true, &run->out), WEIR_OK);
    memset(run->out.data, 0, CALL_ROWS * wr_type_size(run->result, false));
    weir_call call = {.n_rows = CALL_ROWS,
                      .n_sel = CALL_ROWS,
                      .n_args = run->n_args,
                      .args = run->columns,
                      .out = &run->out,
                      .arena = &run->arena,
                      .fail = call_note_failure,
                      .fail_ctx = run};
    return run->function->eval(run->self, &call, NULL);
}

static void functions_without_memory_say_so(void **state) {
    (void)state;
    static const weir_function_type *const makers[] = {&wr_function_create_set, &wr_function_convert,
                                                       &wr_function_uuid, &wr_function_maximum};
    const weir_value set[] = {S("a member longer than twelve")}, text[] = {D(0.12345678901234), S("string")},
                     two[] = {I(1), I(2)}, *const rows[] = {set, text, NULL, two};
    const uint32_t n_args[] = {1, 2, 0, 2};
    for (int f = 0; f < 4; f++) {
        weir_status status = WEIR_ENOMEM;
        uint32_t failures = 0;
        for (long n = 1; status == WEIR_ENOMEM && n < 1000; n++) {
            call_run run;
            call_begin(&run, makers[f], NULL, rows[f], n_args[f], 1, 1, false);
            for (int i = 0; i < 40; i++)
                assert_non_null(weir_arena_alloc(&run.arena, 128)); /* little is left */
            wr_alloc_fail_after(n);
            status = eval_once(&run);
            wr_alloc_fail_after(0);
            failures += status == WEIR_ENOMEM;
            call_end(&run);
        }
        assert_int_equal(status, WEIR_OK);
        assert_true(failures > 0 || f == 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coalesce_gives_the_first_that_is_not_null),
        cmocka_unit_test(mislabelled_values_pass_through_coalesce_and_default),
        cmocka_unit_test(default_fills_nulls_with_the_constant),
        cmocka_unit_test(if_then_else_takes_null_as_false),
        cmocka_unit_test(arguments_of_different_types_are_refused),
        cmocka_unit_test(maximum_never_falls_below_zero),
        cmocka_unit_test(minimum_starts_from_the_largest_double),
        cmocka_unit_test(a_single_argument_is_given_back_as_it_is),
        cmocka_unit_test(mislabelled_numbers_count_and_others_are_passed_over),
        cmocka_unit_test(extremes_want_numbers_of_one_type),
        cmocka_unit_test(instance_of_sees_the_value_not_the_label),
        cmocka_unit_test(a_created_set_has_its_member),
        cmocka_unit_test(the_size_of_what_is_no_set_fails),
        cmocka_unit_test(clock_and_timestamp_come_from_the_row),
        cmocka_unit_test(every_uuid_is_of_version_4_and_another),
        cmocka_unit_test(texts_are_read_as_times),
        cmocka_unit_test(the_time_zone_of_a_text_is_its_offset),
        cmocka_unit_test(functions_without_memory_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
