/* JSON out. Layouts in messages are those of siddhi-map-json 5.2.2, run; but null is null there (Siddhi
 * writes "undefined"), and strings within quotes are escaped. */
#include "format_support.h"

#define S "a string, b int, c double"
#define CHECK(options, payload, to_stream, rows, expected)                                                   \
    assert_encoded(&wr_json_encoder, S, options, payload, to_stream, rows, expected)

static void files_hold_an_object_a_line(void **state) {
    (void)state;
    CHECK("", NULL, true, "x|1|1e10\ny|null|1.5",
          "{\"a\":\"x\",\"b\":1,\"c\":10000000000.0}\n|"
          "{\"a\":\"y\",\"b\":null,\"c\":1.5}\n|");
    CHECK("form=event", NULL, true, "x|1|1.5", "{\"event\":{\"a\":\"x\",\"b\":1,\"c\":1.5}}\n|");
    CHECK("event.grouping.enabled=true", NULL, true, "x|1|1.5\ny|2|2",
          "[{\"a\":\"x\",\"b\":1,\"c\":1.5},{\"a\":\"y\",\"b\":2,\"c\":2.0}]\n|");
}

static void messages_hold_siddhis_events_a_chunk_each(void **state) {
    (void)state;
    CHECK("", NULL, false, "x|1|1.5", "{\"event\":{\"a\":\"x\",\"b\":1,\"c\":1.5}}|");
    CHECK("", NULL, false, "x|1|1.5\ny|null|2",
          "[{\"event\":{\"a\":\"x\",\"b\":1,\"c\":1.5}},{\"event\":{\"a\":\"y\",\"b\":null,\"c\":2.0}}]|");
    CHECK("event.grouping.enabled=false", NULL, false, "x|1|1.5\ny|2|2",
          "{\"event\":{\"a\":\"x\",\"b\":1,\"c\":1.5}}|{\"event\":{\"a\":\"y\",\"b\":2,\"c\":2.0}}|");
    CHECK("form=object", NULL, false, "x|1|1.5\ny|2|2",
          "{\"a\":\"x\",\"b\":1,\"c\":1.5}|{\"a\":\"y\",\"b\":2,\"c\":2.0}|");
}

static void events_are_put_into_the_enclosing_element(void **state) {
    (void)state;
    CHECK("enclosing.element=$.p", NULL, false, "x|1|1.5",
          "{\"p\":{\"event\":{\"a\":\"x\",\"b\":1,\"c\":1.5}}}|");
    CHECK("enclosing.element=$.p.q;form=object;event.grouping.enabled=true", NULL, false, "x|1|1.5\ny|2|2",
          "{\"p\":{\"q\":[{\"a\":\"x\",\"b\":1,\"c\":1.5},{\"a\":\"y\",\"b\":2,\"c\":2.0}]}}|");
    CHECK("enclosing.element=$.p[0]", NULL, false, "x|1|1.5",
          "json: enclosing.element '$.p[0]' can't be in an array");
}

static void a_payload_is_filled_in(void **state) {
    (void)state;
    CHECK("", "{\"s\":\"{{a}}\", \"n\": {{b}} }", false, "x|1|1", "{\"s\":\"x\", \"n\": 1 }|");
    CHECK("enclosing.element=$.p", "{\"s\":\"{{a}}\"}", false, "x|1|1\ny|2|2",
          "{\"p\":[{\"s\":\"x\"},\n{\"s\":\"y\"}]}|");
    CHECK("", "{\"s\":\"{{a}}\"}", true, "x|1|1\ny|2|2", "{\"s\":\"x\"}\n|{\"s\":\"y\"}\n|");
    CHECK("", "{{a}}", false, "{\"k\":[1]}|1|1", "{\"k\":[1]}|"); /* not within quotes: as it is */
    CHECK("", "{\"\\\"{{a}}\":{{b}}}", false, "q\"\\\t|null|1", "{\"\\\"q\\\"\\\\\\t\":null}|");
}

static void what_is_no_json_is_dropped_when_it_is_validated(void **state) {
    (void)state;
    CHECK("", "{\"s\":{{a}}}", false, "x|1|1", "{\"s\":x}|");
    CHECK("validate.json=true;event.grouping.enabled=false", "{\"s\":{{a}}}", false,
          "x y|1|1\n1|2|2\n}|1|1\n2|2|2",
          "dropped: what @payload gives is no JSON|dropped: what @payload gives is no "
          "JSON|{\"s\":1}|{\"s\":2}|");
}

/* As Gson is through siddhi-map-json 5.2.2, asked for each. */
static void validation_is_as_lenient_as_siddhis(void **state) {
    (void)state;
    static const char *const good[] = {"{'a':'{{a}}'}",
                                       "{a:{{a}}}",
                                       "5",
                                       "{'a':1;'b':2}",
                                       "{'a'=1}",
                                       "{'a'=>1}",
                                       "{'a':NaN}",
                                       "// c\n{'a':.5}",
                                       "# c\n{'a':01}",
                                       "/* c */[1,,2]",
                                       "[,]",
                                       "'x\ny'",
                                       "nul",
                                       "{'a':{'b':[1,{'c':2}]}}"},
                             *const bad[] = {"[1,2",      "{'a':1}}",    "{'a' 1}", "plain text", "{'a':1,}",
                                             "{'a':1} x", "{\\'a\\':1}", "{'a':}",  "{:1}",       "<x/>",
                                             "{'a':'un",  "[a b]",       "/* c"};
    char expected[100];
    for (size_t i = 0; i < COUNT(good); i++) {
        snprintf(expected, sizeof expected, "%s|", good[i]);
        char *hole = strstr(expected, "{{a}}");
        if (hole) memmove(hole + 1, hole + 5, strlen(hole + 5) + 1), *hole = 'x';
        CHECK("validate.json=true", good[i], false, "x|1|1", expected);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK("validate.json=true", bad[i], false, "x|1|1", "dropped: what @payload gives is no JSON|");
}

static void wrong_payloads_are_refused(void **state) {
    (void)state;
    CHECK("", "{{d}}", false, "x|1|1", "@payload: '{{d}}' names no attribute of 'S'");
    CHECK("", "", false, "x|1|1", "json: @payload is empty");
    weir_pair two[] = {{"x", "{{a}}", 0, 0}, {"y", "{{b}}", 0, 0}};
    char *text = encoded_by(&wr_json_encoder, S, "", two, 2, false, "x|1|1");
    assert_string_equal(text, "json: @payload takes one text");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_hold_an_object_a_line),
        cmocka_unit_test(messages_hold_siddhis_events_a_chunk_each),
        cmocka_unit_test(events_are_put_into_the_enclosing_element),
        cmocka_unit_test(a_payload_is_filled_in),
        cmocka_unit_test(what_is_no_json_is_dropped_when_it_is_validated),
        cmocka_unit_test(validation_is_as_lenient_as_siddhis),
        cmocka_unit_test(wrong_payloads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
