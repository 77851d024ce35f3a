#include "../support.h"

#include "base/regex.h"

/* What Java does with these patterns was tried with Java 17. */
static void java_s_syntax_is_translated(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"a\\u00e9\\uD83D\\uDE00", "a\\x{e9}\\x{1f600}"},
        {"\\p{Alpha}[\\p{Lower}\\P{Digit}]", "[[:alpha:]][[:lower:][:^digit:]]"},
        {"\\p{IsGreek}\\p{Lu}\\pL", "\\p{Greek}\\p{Lu}\\pL"},
        {"[a[bc]d]\\[x]", "[abcd]\\[x]"},
        {"\\Q[(*\\E(?iu)x(?u:y)", "\\Q[(*\\E(?i)x(?:y)"},
        {"\\07\\0101", "\\x{7}\\x{41}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        wr_buf out = WR_BUF_INIT;
        assert_int_equal(wr_regex_translate(pairs[i][0], strlen(pairs[i][0]), &out, NULL), WEIR_OK);
        assert_string_equal(out.data, pairs[i][1]);
        wr_buf_fini(&out);
    }
}

static void what_is_not_run_is_refused_by_name(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "[a&&b]", "[a[^b]]", "\\p{InGreek}", "(?U)a",  "(?R)",     "(*ACCEPT)a", "a\\K",
        "(",      "[a",      "\\",           "a**b+*", "(?<=a*)b", "\\u12",      "(?C1)a"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        weir_regex *regex;
        weir_error err = {0};
        if (weir_regex_new(patterns[i], strlen(patterns[i]), &regex, &err) == WEIR_OK)
            fail_msg("%s", patterns[i]);
        assert_non_null(strstr(err.message, "regular expression"));
    }
}

static void an_option_s_name_stands_before_what_is_wrong(void **state) {
    (void)state;
    weir_regex *regex;
    weir_error err = {0};
    assert_int_equal(weir_regex_of_option("begin.regex", "a+", 2, &regex, &err), WEIR_OK);
    weir_regex_free(regex);
    assert_int_not_equal(weir_regex_of_option("begin.regex", "(", 1, &regex, &err), WEIR_OK);
    assert_null(regex);
    assert_memory_equal(err.message, "begin.regex: ", strlen("begin.regex: "));
}

static void a_pattern_that_explodes_is_given_up(void **state) {
    (void)state;
    weir_regex *regex;
    const char *text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac";
    assert_int_equal(weir_regex_new("(a|aa)+b|(a|a)+$", 16, &regex, NULL), WEIR_OK);
    assert_int_equal(weir_regex_match(regex, text, strlen(text), 0, WEIR_REGEX_MATCHES), WEIR_REGEX_GIVEN_UP);
    assert_int_equal(weir_regex_match(regex, "aab", 3, 0, WEIR_REGEX_MATCHES), WEIR_REGEX_YES);
    assert_int_equal(weir_regex_match(regex, "aa\xff", 3, 0, WEIR_REGEX_MATCHES), WEIR_REGEX_NO);
    weir_regex_free(regex);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(java_s_syntax_is_translated),
        cmocka_unit_test(what_is_not_run_is_refused_by_name),
        cmocka_unit_test(an_option_s_name_stands_before_what_is_wrong),
        cmocka_unit_test(a_pattern_that_explodes_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
