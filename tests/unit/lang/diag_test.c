/* diag_test.c: lists of errors, and near names. */
#include "../support.h"

#include "lang/diag.h"
#include "lang/suggest.h"

static wr_source two_lines(void) {
    wr_source s;
    assert_int_equal(wr_source_init(&s, "app", "abc\ndef", 7, NULL), WEIR_OK);
    return s;
}

static void errors_come_in_the_order_of_their_positions(void **state) {
    (void)state;
    wr_source s = two_lines();
    wr_diag d;
    wr_diag_init(&d, 0);
    weir_error nowhere = {.code = WEIR_EIO, .message = "nowhere"};
    wr_diag_addf(&d, &s, (wr_span){5, 6}, WEIR_ETYPE, NULL, "third");
    wr_diag_addf(&d, &s, (wr_span){1, 2}, WEIR_EPARSE, "a hint", "number %d", 1);
    wr_diag_addf(&d, &s, (wr_span){1, 2}, WEIR_EPARSE, NULL, "second");
    wr_diag_add(&d, &nowhere);
    wr_diag_sort(&d);
    assert_int_equal(d.n, 4);
    assert_string_equal(d.list[0].message, "nowhere");
    assert_string_equal(d.list[1].message, "number 1");
    assert_string_equal(d.list[1].hint, "a hint");
    assert_string_equal(d.list[2].message, "second");
    assert_string_equal(d.list[3].message, "third");
    assert_int_equal(d.list[3].line, 2);
    assert_int_equal(d.list[3].column, 2);
    wr_diag_fini(&d);
    wr_source_fini(&s);
}

static void errors_past_the_limit_are_counted(void **state) {
    (void)state;
    wr_source s = two_lines();
    wr_diag d;
    wr_buf out = WR_BUF_INIT;
    wr_diag_init(&d, 2);
    for (int i = 0; i < 5; i++) wr_diag_addf(&d, &s, (wr_span){0, 1}, WEIR_EPARSE, NULL, "e%d", i);
    assert_int_equal(d.n, 2);
    assert_int_equal(d.total, 5);
    wr_diag_render(&d, &s, &out);
    assert_string_equal(out.data, "app:1:1: error: e0\n  abc\n  ^\napp:1:1: error: e1\n  abc\n  ^\n"
                                  "and 3 more errors\n");
    wr_buf_fini(&out);
    wr_diag_fini(&d);
    wr_source_fini(&s);
}

static void the_first_error_tells_how_many_follow(void **state) {
    (void)state;
    wr_source s = two_lines();
    wr_diag d;
    weir_error err = {0};
    wr_diag_init(&d, 0);
    wr_diag_first(&d, &err);
    assert_int_equal(err.code, WEIR_OK);
    wr_diag_addf(&d, &s, (wr_span){5, 6}, WEIR_ETYPE, NULL, "late");
    wr_diag_addf(&d, &s, (wr_span){1, 2}, WEIR_EPARSE, NULL, "early");
    wr_diag_first(&d, &err);
    assert_string_equal(err.message, "early");
    assert_string_equal(err.hint, "there is 1 more error");
    wr_diag_fini(&d);
    wr_source_fini(&s);
}

static void a_slip_finds_the_name_that_was_meant(void **state) {
    (void)state;
    static const char *const known[] = {"time", "timeBatch", "length", "lengthBatch", "sort", "session"};
    assert_string_equal(wr_suggest_nearest("tiem", known, 6), "time");
    assert_string_equal(wr_suggest_nearest("lenght", known, 6), "length");
    assert_string_equal(wr_suggest_nearest("LENGTHBATCH", known, 6), "lengthBatch");
    assert_string_equal(wr_suggest_nearest("sessoin", known, 6), "session");
    assert_string_equal(wr_suggest_nearest("timebatch", known, 6), "timeBatch");
}

static void a_name_that_is_far_from_all_finds_none(void **state) {
    (void)state;
    static const char *const known[] = {"time", "length", "a"};
    assert_null(wr_suggest_nearest("hexagon", known, 3));
    assert_null(wr_suggest_nearest("b", known, 3));
    assert_null(wr_suggest_nearest("", known, 3));
    assert_null(wr_suggest_nearest("time", known, 0));
}

static void a_suggestion_reads_as_a_question(void **state) {
    (void)state;
    wr_suggest s;
    char text[64];
    wr_suggest_init(&s, "selct");
    assert_string_equal(wr_suggest_hint(&s, text, sizeof text), "");
    wr_suggest_offer(&s, "set");
    wr_suggest_offer(&s, "select");
    assert_string_equal(wr_suggest_hint(&s, text, sizeof text), "did you mean 'select'?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_come_in_the_order_of_their_positions),
        cmocka_unit_test(errors_past_the_limit_are_counted),
        cmocka_unit_test(the_first_error_tells_how_many_follow),
        cmocka_unit_test(a_slip_finds_the_name_that_was_meant),
        cmocka_unit_test(a_name_that_is_far_from_all_finds_none),
        cmocka_unit_test(a_suggestion_reads_as_a_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
