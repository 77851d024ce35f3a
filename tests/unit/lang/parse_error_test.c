/* parse_error_test.c: errors as the user sees them: place, words, hint; several in one go, none out of
 * another. */
#include "lang_support.h"

static void check_errors(parsed_kind kind, const char *text, const char *expected) {
    char *errors = errors_of(kind, text);
    assert_string_equal(errors, expected);
    free(errors);
}

/* The errors of a statement, on line 2 of an app, must hold the given words. */
static void check_holds(const char *statement, const char *words) {
    char app[1024];
    snprintf(app, sizeof app, "define stream S (a int);\n%s", statement);
    char *errors = errors_of(APP, app);
    if (!strstr(errors, words)) print_error("%s\n%s does not hold: %s\n", statement, errors, words);
    assert_non_null(strstr(errors, words));
    const char *first = strstr(errors, ": error: ");
    assert_non_null(first);
    assert_null(strstr(first + 1, ": error: ")); /* one mistake, one error */
    free(errors);
}

static void an_error_has_place_excerpt_and_hint(void **state) {
    (void)state;
    check_errors(
        APP, "define stream S (a int);\nfrom S selct a insert into O;",
        "app:2:8: error: found 'selct', expected the next clause or 'insert into', 'update', 'delete' or "
        "'return'\n"
        "  from S selct a insert into O;\n"
        "         ^~~~~\n"
        "hint: did you mean 'select'?\n");
    check_errors(APP, "define stream S (a int)", "");
}

static void all_errors_of_an_app_are_reported(void **state) {
    (void)state;
    check_errors(
        APP,
        "define stream S (a itn);\n"
        "define table T (a int)\n"
        "from S select a insert into O;\n"
        "from S select a limit 1 having a > 1 insert into O;\n"
        "partition with (a of S) begin\n"
        "  from S selec a insert into O;\n"
        "  from S[a = 1] insert into O;\n"
        "end;\n"
        "define stream U (a int);\n"
        "from S insert O",
        "app:1:20: error: found 'itn', expected a type (string, int, long, float, double, bool or object)\n"
        "  define stream S (a itn);\n"
        "                     ^~~\n"
        "hint: did you mean 'int'?\n"
        "app:2:23: error: a ';' is missing between two statements\n"
        "  define table T (a int)\n"
        "                        ^\n"
        "hint: put a ';' here\n"
        "app:4:25: error: 'having' must stand before 'limit'\n"
        "  from S select a limit 1 having a > 1 insert into O;\n"
        "                          ^~~~~~\n"
        "app:6:10: error: found 'selec', expected the next clause or 'insert into', 'update', 'delete' or "
        "'return'\n"
        "    from S selec a insert into O;\n"
        "           ^~~~~\n"
        "hint: did you mean 'select'?\n"
        "app:7:12: error: found '=', expected an operator or ']'\n"
        "    from S[a = 1] insert into O;\n"
        "             ^\n"
        "hint: to compare write '=='\n"
        "app:9:1: error: all definitions must stand before the first query or partition\n"
        "  define stream U (a int);\n"
        "  ^~~~~~\n"
        "hint: move it above the first query\n"
        "app:10:15: error: found 'O', expected 'into' or a kind of events\n"
        "  from S insert O\n"
        "                ^\n"
        "hint: as in: insert into S, insert expired events into S\n");
}

static void two_hundred_errors_are_two_hundred(void **state) {
    (void)state;
    wr_buf text = WR_BUF_INIT;
    wr_buf_puts(&text, "define stream S (a int);\n");
    for (int i = 0; i < 200; i++) wr_buf_printf(&text, "from S selct a%d insert into O;\n", i);
    parsed p;
    parse_as(&p, APP, text.data);
    assert_int_equal(p.diags.total, 200);
    assert_int_equal(p.diags.list[199].line, 201);
    free_parsed(&p);
    wr_buf_fini(&text);
}

static void times_are_explained(void **state) {
    (void)state;
    check_holds("from S#window.time(5days) insert into O", "hint: for a time write '5 days'");
    check_holds("from S#window.time(5 ms) insert into O", "hint: for a time write '5 millisec'");
    check_holds("from S output every 5d insert into O", "hint: for a time write '5 day'");
    check_holds("from S -> S within 5 select a insert into O", "expected a unit of time");
    check_holds("from S#window.time(5 sec 3 min) insert into O",
                "the parts of a time go from year down to millisec, each at most once");
    check_holds("from S#window.time(-5 sec) insert into O", "found 'sec', expected ',' or ')'");
}

static void operators_of_other_languages_are_explained(void **state) {
    (void)state;
    check_holds("from S[a = 1] insert into O", "hint: to compare write '=='");
    check_holds("from S[a <> 1] insert into O", "hint: write '!='");
    check_holds("from S[a > 1 && a < 2] insert into O", "hint: write 'and'");
    check_holds("from S[!(a > 1)] insert into O", "hint: write 'not (…)'");
    check_holds("from S[a is not null] insert into O", "hint: write 'not x is null'");
    check_holds("from S[(a) is null] insert into O", "'is null' follows a name or a call");
    check_holds("from S select -a as b insert into O",
                "hint: only a number can have a sign: instead of -a write 0 - a");
    check_holds("from S where a > 1 insert into O", "a filter stands in brackets after the stream");
    check_holds("// a comment", "hint: a comment begins with '--'");
    check_holds("from S[a == \xE2\x80\x9Cx\xE2\x80\x9D] insert into O", "hint: use a plain quote: \"");
    check_holds("from S update T set T.a == 1 on T.a == 1", "expected '=' and the new value");
}

static void a_swallowed_comment_is_noticed(void **state) {
    (void)state;
    check_holds("from S[a--1 > 0]\ninsert into O", "hint: '--' begins a comment");
}

static void names_and_columns_are_explained(void **state) {
    (void)state;
    check_holds("from S select a + 1 insert into O", "hint: write 'as' and a name after it");
    check_holds("from S select a b insert into O",
                "hint: write 'as b' to name the column, or put a ',' before it");
    check_holds("from S select a, insert into O", "or there is a ',' too many");
    check_holds("define trigger Output at 'start'",
                "'Output' is a keyword and can't be the name of a trigger");
    check_holds("from S select a group by a + 1 insert into O",
                "'group by' takes names of attributes, no expressions");
    check_holds("from S as x select a insert into O", "a single stream can't have one");
}

static void numbers_that_do_not_fit_are_explained(void **state) {
    (void)state;
    check_holds("from S[a > 3000000000] insert into O", "hint: for a long write an L after it: 3000000000L");
    check_holds("from S[a > 9223372036854775808L] insert into O", "does not fit a long");
    check_holds("from S[a > 99999999999999999999] insert into O", "does not fit an int");
    check_holds("from S<99999999999> -> S select 1 as x insert into O", "this number is too large");
}

static void strings_are_explained(void **state) {
    (void)state;
    check_holds("from S[a == 'x] insert into O", "this string has no end on its line");
    check_holds("from S[a == 'x\"y'] insert into O", "a string in single quotes can't hold a double quote");
    check_holds("from S[a == 'x\ty'] insert into O", "can't hold a tab or another control character");
    check_holds("from `S insert into O", "this name in back-ticks has no end");
    check_holds("define function f[js] return int { return 1;", "this '{' has no matching '}'");
}

static void patterns_are_explained(void **state) {
    (void)state;
    check_holds("from S, every S select 1 as x insert into O",
                "in a sequence 'every' can only stand at the very front");
    check_holds("from every (S -> every S) select 1 as x insert into O",
                "'every' can't stand inside 'every (…)'");
    check_holds("from (S, S), S select 1 as x insert into O", "a sequence can't begin with a parenthesis");
    check_holds("from S -> S, S select 1 as x insert into O", "'->' and ',' can't be mixed");
    check_holds("from S* -> S select 1 as x insert into O", "count only in a sequence");
    check_holds("from not S -> S select 1 as x insert into O", "a step with 'not' needs a time");
    check_holds("from not S for 1 sec -> not S for 1 sec -> S select 1 as x insert into O",
                "can't stand beside one another");
    check_holds("from S#window.length(2) -> S select 1 as x insert into O", "can't have a window");
}

static void statements_are_explained(void **state) {
    (void)state;
    check_holds("from S select a insert into O group by a",
                "the clauses of a query stand before its 'insert into'");
    check_holds("select a insert into O", "a query begins with what it reads");
    check_holds("create stream X (a int)", "a definition begins with 'define'");
    check_holds("partition wth (a of S) begin from S insert into O; end", "did you mean 'with'?");
    check_holds("partition with (a of S) begin from S insert into O", "a partition ends in 'end'");
    check_holds("@foo() from S insert into O", "hint: leave the parentheses out");
    check_holds("@info(name=q) from S insert into O", "values of annotations are always strings");
    check_holds("from S outer join S insert into O", "'outer join' does not say which side is kept");
    check_holds("from S select a offset 1 limit 2 insert into O", "'limit' must stand before 'offset'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_has_place_excerpt_and_hint),
        cmocka_unit_test(all_errors_of_an_app_are_reported),
        cmocka_unit_test(two_hundred_errors_are_two_hundred),
        cmocka_unit_test(times_are_explained),
        cmocka_unit_test(operators_of_other_languages_are_explained),
        cmocka_unit_test(a_swallowed_comment_is_noticed),
        cmocka_unit_test(names_and_columns_are_explained),
        cmocka_unit_test(numbers_that_do_not_fit_are_explained),
        cmocka_unit_test(strings_are_explained),
        cmocka_unit_test(patterns_are_explained),
        cmocka_unit_test(statements_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
