/* Text in and out. What messages become, and how events are laid out, is what siddhi-map-text 2.0.4 does,
 * run; but strings without quotes are taken as they are, and null is null. */
#include "format_support.h"

#include "text.h"

#define S "a string, b int, c double, d bool"
#define IN(schema, options, attributes, text, expected)                                                      \
    assert_decoded(&text_decoder, schema, options, attributes, text, expected)
#define OUT(options, payload, rows, expected)                                                                \
    assert_encoded(&text_encoder, "a string, b int, c double", options, payload, false, rows, expected)

static void siddhis_layout_is_read(void **state) {
    (void)state;
    IN(S, "", "", "a:\"x\",\nb:1,\nc:1.5,\nd:true", "x|1|1.5|true\n");
    IN(S, "", "", "b:1,\na:\"x\",\nc:1.5,\nd:true,\ne:5", "x|1|1.5|true\n");
    IN(S, "", "", "a : \"x y\" ,\nb : 1,\nc:1.5,\nd:true", "x y|1|1.5|true\n");
    IN(S, "", "", "a:\"x, y:z\",\nb:1,\nc:1.5,\nd:true", "x, y:z|1|1.5|true\n");
    IN(S, "", "", "a:'it's',\nb:1,\nc:1.5,\nd:true", "it's|1|1.5|true\n");
    IN(S, "", "", "a:\"x\"y\",\r\nb:null,\r\nc:1.5,\r\nd:true", "x\"y|null|1.5|true\n");
}

static void what_is_missing_or_wrong_is_told(void **state) {
    (void)state;
    IN(S, "", "", "a:\"x\",\nb:1", "!the attribute 'c' is missing\n");
    IN(S, "", "", "garbage", "!the attribute 'a' is missing\n");
    IN(S, "", "", "a:\"x\",\nb:zz,\nc:1.5,\nd:true", "!column 'b': 'zz' is not an int\n");
    IN("a string, b int", "fail.on.missing.attribute=false", "", "a:\"x\"", "x|null\n");
    IN("a string, b int", "fail.on.missing.attribute=false", "", "", "null|null\n");
}

static void a_message_may_hold_several_events(void **state) {
    (void)state;
    IN("a string, b int", "event.grouping.enabled=true", "",
       "a:\"x\",\nb:1\n~~~~~~~~~~\na:\"y\",\nb:zz\n~~~~~~~~~~\na:\"z\",\nb:3",
       "!column 'b': 'zz' is not an int\nx|1\nz|3\n");
    IN("a string, b int", "event.grouping.enabled=true;delimiter=##;new.line.character=\\r\\n", "",
       "a:\"x\",\nb:1\r\n##\r\na:\"y\",\nb:2", "x|1\ny|2\n");
}

#define AB "regex.a=(\\w+)\\s([-0-9]+);regex.b=volume\\s([-0-9]+)"

static void regular_expressions_find_attributes(void **state) {
    (void)state;
    const char *schema = "a string, b int, c long";
    IN(schema, AB, "a=A[1];b=A[2];c=B", "wso2 550 volume 100", "wso2|550|100\n");
    IN(schema, AB, "a=A[0];b=A[2];c=b[1]", "wso2 volume 100", "volume 100|100|100\n");
    IN(schema, AB, "a=A[1];b=A[2];c=B[1]", "wso2 550 volume", "!the attribute 'c' is missing\n");
    IN(schema, AB ";fail.on.missing.attribute=false", "a=A[1];b=A[2];c=B[1]", "zzz", "null|null|null\n");
    IN(schema, AB, "a=A[1];b=A[2];c=B[1]", "wso2 99999999999 volume 100",
       "!column 'b': 99999999999 is out of the range of an int\n");
    IN(schema, AB ";event.grouping.enabled=true;delimiter=##", "a=A[1];b=A[2];c=B[1]",
       "wso2 550 volume 100\n##\nibm 3 volume 4", "wso2|550|100\nibm|3|4\n");
    IN("a string, b string", "regex.a=(x)|(y)", "a=A[1];b=A[2]", "y",
       "!the attribute 'a' is missing\n");                                    /* a group that took no part */
    IN("a string", "regex.a=(\\p{Alpha}+)\\u0021", "a=A", "12abc!", "abc\n"); /* as Java has them */
    IN("a string", "regex.a=(.)", "a=A", "\xE4\xF6",
       "!the attribute 'a' is missing\n"); /* never half a character */
}

static void an_expression_that_never_ends_is_given_up(void **state) {
    (void)state;
    char text[64];
    memset(text, 'a', sizeof text);
    assert_decoded_bytes(&text_decoder, "a string", "regex.x=^(a+)+(?:b|c)*\\1$[^a]", "a=X[1]", text,
                         sizeof text, "!regex.x takes too many steps on this text\n");
}

static void wrong_expressions_are_refused(void **state) {
    (void)state;
    IN("a string", "regex.a=(x", "a=A[1]", "",
       "open: text: regex.a: regular expression '(x': missing closing parenthesis");
    IN("a string", "regex.a=([a&&b])", "a=A[1]", "",
       "open: text: regex.a: regular expression '([a&&b])': weir does not run intersections of classes (&&)");
    IN("a string", "regex.a=x", "a=A[1]", "", "open: text: 'A[1]' goes beyond the 0 groups of regex.a");
    IN("a string", "regex.a=(x)", "a=B[1]", "",
       "open: text: @attributes names 'B[1]', but there is no option 'regex.B'");
    IN("a string", "regex.a=(x)", "a=A[x]", "",
       "open: text: 'A[x]' is no group of an expression such as 'A[1]'");
    IN("a string", "regex.a=(x)", "", "",
       "open: text: regex.a is used by no attribute; name it in @attributes");
}

static void events_are_laid_out_as_siddhi_does(void **state) {
    (void)state;
    OUT("", NULL, "x|1|1e10", "a:\"x\",\nb:1,\nc:1.0E10|");
    OUT("", NULL, "x\"|1|1\nnull|null|1.5", "a:\"x\"\",\nb:1,\nc:1.0|a:null,\nb:null,\nc:1.5|");
    OUT("event.grouping.enabled=true", NULL, "x|1|1\ny|null|1.5",
        "a:\"x\",\nb:1,\nc:1.0\n~~~~~~~~~~\na:\"y\",\nb:null,\nc:1.5|");
    OUT("event.grouping.enabled=true;delimiter=^^", "A {{a}} B {{b}}", "x|1|1\ny|null|1",
        "A x B 1\n^^\nA y B null|");
    OUT("new.line.character=\\r\\n", NULL, "x|1|1", "a:\"x\",\r\nb:1,\r\nc:1.0|");
}

static void mustache_templates_are_filled_in(void **state) {
    (void)state;
    OUT("mustache.enabled=true", "A {{a}} B {{{b}}}", "x&<|1|1\ny|null|1", "A x&amp;&lt; B 1|A y B |");
    OUT("mustache.enabled=true", "{{ a }}{{&a}} {{{a}}}", "'|1|1", "&#39;' '|");
    OUT("mustache.enabled=true", "{{#a}}x{{/a}}", "x|1|1",
        "text: of Mustache only variables are known, not '{{#a}}x{{/a}}'");
    OUT("", "{{q}}", "x|1|1", "@payload: '{{q}}' names no attribute of 'S'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siddhis_layout_is_read),
        cmocka_unit_test(what_is_missing_or_wrong_is_told),
        cmocka_unit_test(a_message_may_hold_several_events),
        cmocka_unit_test(regular_expressions_find_attributes),
        cmocka_unit_test(an_expression_that_never_ends_is_given_up),
        cmocka_unit_test(wrong_expressions_are_refused),
        cmocka_unit_test(events_are_laid_out_as_siddhi_does),
        cmocka_unit_test(mustache_templates_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
