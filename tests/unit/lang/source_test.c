/* source_test.c: text, positions, replaced variables, and errors as text. */
#include "../support.h"

#include "lang/source.h"

static void check_position(const wr_source *s, uint32_t offset, uint32_t line, uint32_t column) {
    uint32_t l, c;
    wr_source_locate(s, offset, &l, &c);
    assert_int_equal(l, line);
    assert_int_equal(c, column);
}

static wr_source source_of(const char *text) {
    wr_source s;
    assert_int_equal(wr_source_init(&s, "app", text, strlen(text), NULL), WEIR_OK);
    return s;
}

static void offsets_become_lines_and_columns(void **state) {
    (void)state;
    wr_source s = source_of("ab\n\ncd\r\nef");
    check_position(&s, 0, 1, 1);
    check_position(&s, 2, 1, 3);
    check_position(&s, 3, 2, 1);
    check_position(&s, 5, 3, 2);
    check_position(&s, 10, 4, 3);
    wr_source_fini(&s);
}

static void columns_count_characters_not_bytes(void **state) {
    (void)state;
    wr_source s = source_of("\xC3\xA9\xE2\x82\xAC x");
    check_position(&s, 6, 1, 4);
    wr_source_fini(&s);
}

static void an_empty_text_has_one_line(void **state) {
    (void)state;
    wr_source s = source_of("");
    check_position(&s, 0, 1, 1);
    wr_source_fini(&s);
}

static void check_refused(const char *text, size_t len, const char *message, uint32_t column) {
    wr_source s;
    weir_error err = {0};
    assert_int_equal(wr_source_init(&s, "app", text, len, &err), WEIR_EPARSE);
    assert_string_equal(err.message, message);
    assert_int_equal(err.column, column);
    wr_source_fini(&s);
}

static void what_is_no_text_is_refused_where_it_stands(void **state) {
    (void)state;
    check_refused("ab\xFF", 3, "byte 0xFF is not valid UTF-8", 3);
    check_refused("\xC0\xAF", 2, "byte 0xC0 is not valid UTF-8", 1);
    check_refused("a\xED\xA0\x80", 4, "byte 0xED is not valid UTF-8", 2);
    check_refused("\xF5\x80\x80\x80", 4, "byte 0xF5 is not valid UTF-8", 1);
    check_refused("\xE2\x82", 2, "byte 0xE2 is not valid UTF-8", 1);
    check_refused("a\0b", 3, "the text holds a NUL byte", 2);
}

static void too_long_a_text_is_refused(void **state) {
    (void)state;
    wr_source s;
    weir_error err = {0};
    assert_int_equal(wr_source_init(&s, "app", "", WR_SOURCE_MAX_BYTES + 1, &err), WEIR_ELIMIT);
    wr_source_fini(&s);
}

/* ---- Variables ---------------------------------------------------------------------------------------- */

static const char *look_up(void *ctx, const char *name) {
    if (strcmp(name, "n") == 0) return "1000000";
    if (strcmp(name, "empty") == 0) return "";
    if (strcmp(name, "self") == 0) return "${n}";
    return ctx;
}

static void variables_are_replaced_once(void **state) {
    (void)state;
    wr_source s = source_of("a ${n} '${self}' ${empty}$ {n} ${a b} ${}b");
    assert_int_equal(wr_source_substitute(&s, look_up, NULL, NULL), WEIR_OK);
    assert_string_equal(s.text, "a 1000000 '${n}' $ {n} ${a b} ${}b");
    wr_source_fini(&s);
}

static void positions_refer_to_the_text_as_written(void **state) {
    (void)state;
    wr_source s = source_of("a ${n} bc\n${n}d");
    assert_int_equal(wr_source_substitute(&s, look_up, NULL, NULL), WEIR_OK);
    assert_string_equal(s.text, "a 1000000 bc\n1000000d");
    wr_span w = wr_source_written(&s, (wr_span){2, 9}); /* the value: the whole variable */
    assert_int_equal(w.begin, 2);
    assert_int_equal(w.end, 6);
    w = wr_source_written(&s, (wr_span){4, 5});
    assert_int_equal(w.begin, 2);
    assert_int_equal(w.end, 6);
    w = wr_source_written(&s, (wr_span){10, 12}); /* bc */
    assert_int_equal(w.begin, 7);
    assert_int_equal(w.end, 9);
    check_position(&s, 20, 2, 5); /* d */
    wr_source_fini(&s);
}

static void an_unknown_variable_is_an_error_and_changes_nothing(void **state) {
    (void)state;
    weir_error err = {0};
    wr_source s = source_of("x ${n} ${nope}");
    assert_int_equal(wr_source_substitute(&s, look_up, NULL, &err), WEIR_ENAME);
    assert_string_equal(err.message, "there is no value for '${nope}'");
    assert_int_equal(err.column, 8);
    assert_string_equal(s.text, "x ${n} ${nope}");
    assert_int_equal(wr_source_substitute(&s, look_up, (void *)"v", NULL), WEIR_OK);
    assert_string_equal(s.text, "x 1000000 v");
    wr_source_fini(&s);
}

static void a_value_that_is_no_text_is_refused(void **state) {
    (void)state;
    weir_error err = {0};
    wr_source s = source_of("${bad}");
    assert_int_equal(wr_source_substitute(&s, look_up, (void *)"\xFF", &err), WEIR_EPARSE);
    wr_source_fini(&s);
}

/* ---- Errors as text ----------------------------------------------------------------------------------- */

static void check_rendered(const char *text, uint32_t begin, uint32_t end, const char *expected) {
    wr_source s = source_of(text);
    weir_error err = {.code = WEIR_EPARSE, .message = "no", .hint = "yes"};
    wr_buf out = WR_BUF_INIT;
    wr_source_place(&s, (wr_span){begin, end}, &err);
    wr_error_render(&err, &s, &out);
    assert_string_equal(out.data, expected);
    wr_buf_fini(&out);
    wr_source_fini(&s);
}

static void an_error_shows_its_line_and_a_caret(void **state) {
    (void)state;
    check_rendered("one\nfrom S selct a\r\nthree", 11, 16,
                   "app:2:8: error: no\n  from S selct a\n         ^~~~~\nhint: yes\n");
    check_rendered("abc", 3, 3, "app:1:4: error: no\n  abc\n     ^\nhint: yes\n");
}

static void a_caret_stands_right_under_tabs_and_wide_characters(void **state) {
    (void)state;
    check_rendered("\ta\tb c", 3, 4, "app:1:4: error: no\n  \ta\tb c\n  \t \t^\nhint: yes\n");
    check_rendered("\xE6\x97\xA5\xC3\xA9 x", 6, 7,
                   "app:1:4: error: no\n  \xE6\x97\xA5\xC3\xA9 x\n      ^\nhint: yes\n");
}

static void a_range_over_lines_is_marked_to_the_end_of_the_first(void **state) {
    (void)state;
    check_rendered("abc\ndef", 1, 6, "app:1:2: error: no\n  abc\n   ^~\nhint: yes\n");
}

static void a_long_line_is_cut_round_the_caret(void **state) {
    (void)state;
    char text[1001];
    memset(text, 'x', sizeof text);
    text[1000] = 0;
    text[500] = '?';
    wr_source s = source_of(text);
    weir_error err = {.code = WEIR_EPARSE, .message = "no"};
    wr_buf out = WR_BUF_INIT;
    wr_source_place(&s, (wr_span){500, 900}, &err);
    wr_error_render(&err, &s, &out);
    const char *line = strchr(out.data, '\n') + 1, *caret = strchr(line, '\n') + 1;
    assert_true(strlen(caret) < 120);
    size_t column = (size_t)(strchr(caret, '^') - caret);
    assert_int_equal(line[column + 2], '?'); /* '…' has three bytes and one column */
    wr_buf_fini(&out);
    wr_source_fini(&s);
}

static void no_control_character_reaches_the_terminal(void **state) {
    (void)state;
    wr_source s = source_of("a\x1B[31mb \xE2\x80\xAE c");
    weir_error err = {.code = WEIR_EPARSE, .message = "no"};
    wr_buf out = WR_BUF_INIT;
    wr_source_place(&s, (wr_span){0, 1}, &err);
    wr_error_render(&err, &s, &out);
    assert_null(strchr(out.data, 0x1B));
    assert_null(strstr(out.data, "\xE2\x80\xAE"));
    wr_buf_fini(&out);
    wr_source_fini(&s);
}

static void an_error_without_a_position_has_no_excerpt(void **state) {
    (void)state;
    weir_error err = {.code = WEIR_EIO, .message = "gone"};
    wr_buf out = WR_BUF_INIT;
    wr_error_render(&err, NULL, &out);
    assert_string_equal(out.data, "error: gone\n");
    wr_buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_become_lines_and_columns),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(an_empty_text_has_one_line),
        cmocka_unit_test(what_is_no_text_is_refused_where_it_stands),
        cmocka_unit_test(too_long_a_text_is_refused),
        cmocka_unit_test(variables_are_replaced_once),
        cmocka_unit_test(positions_refer_to_the_text_as_written),
        cmocka_unit_test(an_unknown_variable_is_an_error_and_changes_nothing),
        cmocka_unit_test(a_value_that_is_no_text_is_refused),
        cmocka_unit_test(an_error_shows_its_line_and_a_caret),
        cmocka_unit_test(a_caret_stands_right_under_tabs_and_wide_characters),
        cmocka_unit_test(a_range_over_lines_is_marked_to_the_end_of_the_first),
        cmocka_unit_test(a_long_line_is_cut_round_the_caret),
        cmocka_unit_test(no_control_character_reaches_the_terminal),
        cmocka_unit_test(an_error_without_a_position_has_no_excerpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
