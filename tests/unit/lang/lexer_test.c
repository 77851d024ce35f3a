/* lexer_test.c: tokens of text. */
#include "../support.h"

#include "lang/lexer.h"

/* The kinds of the tokens of text, as many as given, must be these. */
static void check_kinds(const char *text, const uint8_t *kinds, uint32_t n) {
    uint32_t at = 0, len = (uint32_t)strlen(text);
    for (uint32_t i = 0; i < n; i++) {
        wr_token t = wr_lex(text, len, at);
        if (t.kind != kinds[i])
            print_error("%s: token %u is %s, not %s\n", text, i, wr_token_text(t.kind),
                        wr_token_text(kinds[i]));
        assert_int_equal(t.kind, kinds[i]);
        assert_true(t.end > at || t.kind == WR_TOK_EOF);
        at = t.end;
    }
    assert_int_equal(wr_lex(text, len, at).kind, WR_TOK_EOF);
}
#define CHECK(text, ...)                                                                                     \
    check_kinds(text, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void numbers_have_the_type_of_their_form(void **state) {
    (void)state;
    CHECK("12", WR_TOK_INT_LITERAL);
    CHECK("12l", WR_TOK_LONG_LITERAL);
    CHECK("12L", WR_TOK_LONG_LITERAL);
    CHECK("12f", WR_TOK_FLOAT_LITERAL);
    CHECK("1.5f", WR_TOK_FLOAT_LITERAL);
    CHECK(".5F", WR_TOK_FLOAT_LITERAL);
    CHECK("1e3f", WR_TOK_FLOAT_LITERAL);
    CHECK("1.5e-2F", WR_TOK_FLOAT_LITERAL);
    CHECK("1.f", WR_TOK_FLOAT_LITERAL);
    CHECK("1.5", WR_TOK_DOUBLE_LITERAL);
    CHECK(".5", WR_TOK_DOUBLE_LITERAL);
    CHECK("1e3", WR_TOK_DOUBLE_LITERAL);
    CHECK("2d", WR_TOK_DOUBLE_LITERAL);
    CHECK("1.d", WR_TOK_DOUBLE_LITERAL);
    CHECK("1.e5", WR_TOK_DOUBLE_LITERAL);
}

static void a_number_ends_where_it_stops_being_one(void **state) {
    (void)state;
    CHECK("1.", WR_TOK_INT_LITERAL, WR_TOK_DOT);
    CHECK("1...", WR_TOK_INT_LITERAL, WR_TOK_DOTS);
    CHECK("1..5", WR_TOK_INT_LITERAL, WR_TOK_DOT, WR_TOK_DOUBLE_LITERAL);
    CHECK("1.5e", WR_TOK_DOUBLE_LITERAL, WR_TOK_ID);
    CHECK("1.5L", WR_TOK_DOUBLE_LITERAL, WR_TOK_ID);
    CHECK("5days", WR_TOK_DOUBLE_LITERAL, WR_TOK_ID);
    CHECK("5min", WR_TOK_INT_LITERAL, WR_KW_MIN);
    CHECK("1e+", WR_TOK_INT_LITERAL, WR_TOK_ID, WR_TOK_PLUS);
}

static void keywords_are_known_in_any_case(void **state) {
    (void)state;
    CHECK("select SELECT SeLeCt", WR_KW_SELECT, WR_KW_SELECT, WR_KW_SELECT);
    CHECK("minutes minute min second milliseconds years", WR_KW_MIN, WR_KW_MIN, WR_KW_MIN, WR_KW_SEC,
          WR_KW_MILLISEC, WR_KW_YEAR);
    CHECK("selects _select ms", WR_TOK_ID, WR_TOK_ID, WR_TOK_ID);
    CHECK("`select`", WR_TOK_QUOTED_ID);
    CHECK("`a b;--`", WR_TOK_QUOTED_ID);
}

static void the_longest_mark_wins(void **state) {
    (void)state;
    CHECK("->=", WR_TOK_ARROW, WR_TOK_ASSIGN);
    CHECK("<==", WR_TOK_LE, WR_TOK_ASSIGN);
    CHECK("!= !a", WR_TOK_NE, WR_TOK_BANG, WR_TOK_ID);
    CHECK("....", WR_TOK_DOTS, WR_TOK_DOT);
    CHECK("#@?:;", WR_TOK_HASH, WR_TOK_AT_SIGN, WR_TOK_QUESTION, WR_TOK_COLON, WR_TOK_SEMICOLON);
}

static void comments_and_blanks_are_skipped(void **state) {
    (void)state;
    CHECK("a--1\nb", WR_TOK_ID, WR_TOK_ID);
    CHECK("a - -1", WR_TOK_ID, WR_TOK_MINUS, WR_TOK_MINUS, WR_TOK_INT_LITERAL);
    CHECK("a-->b", WR_TOK_ID);
    CHECK("a/* x\n* / */b", WR_TOK_ID, WR_TOK_ID);
    CHECK("a /* never closed", WR_TOK_ID);
    CHECK("\v\t\r\n a", WR_TOK_ID);
    CHECK("\xEF\xBB\xBF"
          "a",
          WR_TOK_ID);
    CHECK("a\f", WR_TOK_ID, WR_TOK_BAD);
}

static void strings_have_three_forms_and_no_escapes(void **state) {
    (void)state;
    CHECK("'a' \"it's\"", WR_TOK_STRING_LITERAL, WR_TOK_STRING_LITERAL);
    CHECK("\"a\\\" b", WR_TOK_STRING_LITERAL, WR_TOK_ID);
    CHECK("\"\" ''", WR_TOK_STRING_LITERAL, WR_TOK_STRING_LITERAL);
    CHECK("\"\"\"a\n\"b\"\"\" c", WR_TOK_STRING_LITERAL, WR_TOK_ID);
    CHECK("\"\"\"a", WR_TOK_STRING_LITERAL, WR_TOK_BAD);
}

static void check_bad(const char *text, wr_bad why, uint32_t end) {
    wr_token t = wr_lex(text, (uint32_t)strlen(text), 0);
    assert_int_equal(t.kind, WR_TOK_BAD);
    assert_int_equal(t.bad, why);
    assert_int_equal(t.end, end);
}

static void what_is_no_token_says_why(void **state) {
    (void)state;
    check_bad("'abc\n'", WR_BAD_OPEN_STRING, 4);
    check_bad("'a\"b' x", WR_BAD_QUOTE_IN_STRING, 5);
    check_bad("\"a\tb\" x", WR_BAD_CONTROL_IN_STRING, 5);
    check_bad("`abc", WR_BAD_OPEN_NAME, 4);
    check_bad("{ a { b }", WR_BAD_OPEN_BRACE, 9);
    check_bad("}", WR_BAD_CHAR, 1);
    check_bad("\xC3\xA9 x", WR_BAD_CHAR, 2);
}

static void scripts_balance_their_braces(void **state) {
    (void)state;
    CHECK("{ if (a) { return 1; } } b", WR_TOK_SCRIPT, WR_TOK_ID);
    CHECK("{ return \"}\"; } b", WR_TOK_SCRIPT, WR_TOK_ID);
    CHECK("{ // }\n } b", WR_TOK_SCRIPT, WR_TOK_ID);
    CHECK("{ \" } b", WR_TOK_SCRIPT, WR_TOK_ID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_type_of_their_form),
        cmocka_unit_test(a_number_ends_where_it_stops_being_one),
        cmocka_unit_test(keywords_are_known_in_any_case),
        cmocka_unit_test(the_longest_mark_wins),
        cmocka_unit_test(comments_and_blanks_are_skipped),
        cmocka_unit_test(strings_have_three_forms_and_no_escapes),
        cmocka_unit_test(what_is_no_token_says_why),
        cmocka_unit_test(scripts_balance_their_braces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
