/* JSON to columns; each text is also cut into pieces of every size. */
#include "feed.h"
#include "format_support.h"

#define CHECK(schema, options, text, expected)                                                               \
    feed_check(schema, "json", options, text, sizeof(text) - 1, expected)

static void every_type_is_read(void **state) {
    (void)state;
    CHECK("a int, b long, c float, d double, e bool, f string, g object", "",
          "{\"a\":1,\"b\":-9223372036854775808,\"c\":1.5,\"d\":2.25e2,\"e\":true,\"f\":\"hi\",\"g\":[1]}\n",
          "1|-9223372036854775808|1.5|225.0|true|hi|list:[1]\n");
    CHECK("a int, b long, c float, d double, e bool, f string, g object", "",
          "{\"a\":1,\"b\":-9223372036854775808,\"c\":1.5,\"d\":2.25e2,\"e\":true,\"f\":\"hi\",\"g\":3}\n"
          " { \"g\" : \"x\" , \"f\" : \"a text that is longer than twelve\" , "
          "\"e\":false,\"d\":7,\"c\":-1,\"b\":0,\"a\":-5 } \r\n"
          "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":null,\"g\":null}",
          "1|-9223372036854775808|1.5|225.0|true|hi|object:3\n"
          "-5|0|-1.0|7.0|false|a text that is longer than twelve|object:x\n"
          "null|null|null|null|null|null|null\n");
}

static void escapes_become_characters(void **state) {
    (void)state;
    CHECK("s string", "",
          "{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}\n{\"s\":\"\\u00e4\\u20AC\\uD83D\\uDE00!\"}\n",
          "\"\\/\b\f\n\r\t\n\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80!\n");
    CHECK("s string", "", "{\"\\u0073\":\"by an escaped name\"}\n", "by an escaped name\n");
}

static void bad_escapes_and_half_pairs_are_told(void **state) {
    (void)state;
    CHECK("s string", "",
          "{\"s\":\"\\x\"}\n{\"s\":\"\\uD83D\"}\n{\"s\":\"\\uDE00\"}\n{\"s\":\"\\u12\"}\n"
          "{\"s\":\"\\uD83D\\u0041\"}\n{\"s\":\"ok\"}\n",
          "!1:0 column 's': a bad \\ escape in the string\n!2:11 column 's': a bad \\ escape in the string\n"
          "!3:26 column 's': a bad \\ escape in the string\n!4:41 column 's': a bad \\ escape in the string\n"
          "!5:54 column 's': a bad \\ escape in the string\nok\n");
}

static void longs_keep_all_their_digits(void **state) {
    (void)state;
    CHECK(
        "a long", "",
        "{\"a\":9007199254740993}\n{\"a\":\"9007199254740993\"}\n{\"a\":9223372036854775808}\n{\"a\":1.0}\n",
        "9007199254740993\n9007199254740993\n"
        "!3:48 column 'a': 9223372036854775808 is out of the range of a long\n"
        "!4:74 column 'a': '1.0' is not a long\n");
}

static void the_event_may_be_wrapped_and_in_arrays(void **state) {
    (void)state;
    CHECK("a int", "", "{\"event\":{\"a\":1}}\n{\"event\":{\"a\":2},\"more\":[{}]}\n{\"a\":3}\n",
          "1\n2\n3\n");
    CHECK("a int, b string", "", "[{\"a\":1,\"b\":\"x\"},{\"event\":{\"a\":2,\"b\":\"y\"}}]\n[]\n",
          "1|x\n2|y;\n");
    CHECK("a int", "event.grouping.enabled=false", "[{\"a\":1},{\"a\":2}]\n[{\"a\":3}]\n", "1\n2\n3\n");
    CHECK("event string", "", "{\"event\":\"login\"}\n", "login\n");
    CHECK("event string", "", "{\"event\":{\"a\":1}}\n", "{\"a\":1}\n");
}

static void one_bad_event_of_an_array_does_not_hold_up_the_others(void **state) {
    (void)state;
    CHECK("a int", "", "[{\"a\":1},{\"a\":\"x\"},{\"a\":3}]\n",
          "!1:9 column 'a': 'x' is not an int\n1\n3;\n");
}

/* From the second event on they are read by the shape of the first, as long as they have it. */
static void events_like_those_before_are_read_alike(void **state) {
    (void)state;
    CHECK("a int, b long, c double, d float, e bool, f string", "",
          "{\"a\":1,\"b\":2,\"c\":0.5,\"d\":0.1,\"e\":true,\"f\":\"x\"}\n"
          "{\"a\":-2147483648,\"b\":-9223372036854775808,\"c\":-0.0,\"d\":16777217,\"e\":false,\"f\":\"\"}\n"
          "{\"a\":2147483647,\"b\":9223372036854775807,\"c\":1e3,\"d\":3.4e38,\"e\":null,\"f\":\"twelve "
          "bytes\"}\n"
          "{\"a\":\"7\",\"b\":1234567890123456,\"c\":12345678.12345678,\"d\":1.17549435E-38,\"e\":\"true\","
          "\"f\":\"thirteen byte\"}\n"
          "{\"a\":0,\"b\":12345678,\"c\":0.30000000000000004,\"d\":0.3,\"e\":true,\"f\":\"\\u00e4\"}\n"
          "{\"a\":12345678,\"b\":123456789,\"c\":123456789012345,\"d\":-1.5,\"e\":true,\"f\":5}\n"
          "{\"a\":9,\"b\":9,\"c\":9,\"d\":9,\"e\":true,\"f\":\"\xC3\xA4 is beyond ASCII and long\"}\n",
          "1|2|0.5|0.1|true|x\n"
          "-2147483648|-9223372036854775808|-0.0|16777216.0|false|\n"
          "2147483647|9223372036854775807|1000.0|3.4e38|null|twelve bytes\n"
          "7|1234567890123456|12345678.12345678|1.1754944e-38|true|thirteen byte\n"
          "0|12345678|0.30000000000000004|0.3|true|\xC3\xA4\n"
          "12345678|123456789|123456789012345.0|-1.5|true|5\n"
          "9|9|9.0|9.0|true|\xC3\xA4 is beyond ASCII and long\n");
}

static void what_is_wrong_with_an_event_like_others_is_told(void **state) {
    (void)state;
    CHECK(
        "a int, b string", "",
        "{\"a\":1,\"b\":\"x\"}\n{\"a\":01,\"b\":\"x\"}\n{\"a\":2147483648,\"b\":\"x\"}\n{\"a\":1.5,\"b\":"
        "\"x\"}\n"
        "{\"a\":1,\"b\":\"x\"},\n{\"a\":1,\"b\":\"x\"\n{\"a\":1,\"b\":\"x\ty\"}\n{\"a\":1e,\"b\":\"x\"}\n{"
        "\"a\":,\"b\":\"x\"}\n"
        "{\"a\":-,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n",
        "1|x\n!2:16 malformed JSON\n"
        "!3:33 column 'a': 2147483648 is out of the range of an int\n!4:58 column 'a': '1.5' is not an int\n"
        "!5:76 text after the JSON value\n!6:93 malformed JSON\n!7:108 malformed JSON\n!8:126 malformed "
        "JSON\n"
        "!9:143 malformed JSON\n!10:158 malformed JSON\n2|y\n");
    CHECK("a int, b int", "fail.on.missing.attribute=false",
          "{\"b\":1}\n{\"b\":2}\n{\"b\":\"x\"}\n{\"b\":3,\"a\":4}\n{\"b\":5}\n{\"b\":6,\"a\":7}\n{\"b\":8,"
          "\"b\":9}\n",
          "null|1\nnull|2\n!3:16 column 'b': 'x' is not an int\n4|3\nnull|5\n7|6\nnull|9\n");
    CHECK("a int", "fail.on.missing.attribute=false", "{\"event\":5}\n{\"event\":{\"a\":1}}\n", "null\n1\n");
    CHECK("a int", "fail.on.unknown.attribute=true", "{\"a\":1}\n{\"a\":2,\"z\":1}\n{\"a\":3}\n",
          "1\n!2:8 the name 'z' is no attribute\n3\n");
    CHECK("a int", "",
          "{\"event\":{\"a\":1}}\n{\"event\":{\"a\":\"x\"}}\n{\"event\":{\"a\":3}}\n{\"event\":{\"a\":4},"
          "\"b\":{}}\n",
          "1\n!2:27 column 'a': 'x' is not an int\n3\n4\n");
    CHECK("a int", "",
          "{\"z\":{\"q\":[1,\"\\\\\"]},\"a\":1}\n{\"z\":-1.5e3,\"a\":2}\n{\"z\":\"\xFF\",\"a\":3}\n{\"z\":1.,"
          "\"a\":4}\n"
          "{\"z\":12x,\"a\":5}\n{\"z\":null,\"a\":6}\n",
          "1\n2\n3\n!4:62 malformed JSON\n!5:77 malformed JSON\n6\n");
}

static void enclosing_elements_are_gone_into(void **state) {
    (void)state;
    CHECK("a int", "enclosing.element=$.data.list",
          "{\"x\":[],\"data\":{\"n\":1,\"list\":[{\"a\":1},{\"a\":2}]},\"y\":0}\n"
          "{\"data\":{}}\n",
          "1\n2;\n!2:55 the enclosing element is missing\n");
    CHECK("a int", "enclosing.element=$.l[1].x",
          "{\"l\":[0,{\"x\":{\"a\":5}},2]}\n{\"l\":[]}\n{\"l\":[1]}\n{\"l\":{}}\n{\"l\":[0,{\"x\":[{\"a\":6},"
          "{\"a\":7}]}]}\n",
          "5\n!2:26 the enclosing element is missing\n!3:35 the enclosing element is missing\n"
          "!4:45 the enclosing element is missing\n6\n7;\n");
}

static void names_that_are_no_attribute_are_ignored_unless_forbidden(void **state) {
    (void)state;
    CHECK("a int", "", "{\"z\":{\"deep\":[1,{\"a\":5}],\"t\":\"}\"},\"a\":1,\"q\":null}\n", "1\n");
    CHECK("a int", "fail.on.unknown.attribute=true", "{\"z\":1,\"a\":1}\n",
          "!1:0 the name 'z' is no attribute\n");
}

static void missing_attributes_are_told_unless_allowed(void **state) {
    (void)state;
    CHECK("a int, b int", "", "{\"b\":1}\n", "!1:0 the attribute 'a' is missing\n");
    CHECK("a int, b int", "fail.on.missing.attribute=false", "{\"b\":1}\n{}\n", "null|1\nnull|null\n");
}

static void the_last_of_equal_names_counts(void **state) {
    (void)state;
    CHECK("a int", "", "{\"a\":null,\"a\":2}\n{\"a\":1,\"a\":null}\n", "2\nnull\n");
}

static void strings_take_any_value_as_text(void **state) {
    (void)state;
    CHECK("s string", "", "{\"s\":1.50}\n{\"s\":true}\n{\"s\":{\"x\":[1]}}\n", "1.50\ntrue\n{\"x\":[1]}\n");
    CHECK("a int", "", "{\"a\":[1]}\n{\"a\":true}\n",
          "!1:0 column 'a': an array is not of type int\n!2:10 column 'a': 'true' is not an int\n");
}

static void what_is_not_json_is_told_line_by_line(void **state) {
    (void)state;
    CHECK(
        "a int", "",
        "{\"a\":1\nnot json\n{\"a\":01}\n{\"a\":1}x\n{\"a\":1,}\n{\"a\" "
        "1}\n{a:1}\n{\"a\":+1}\n{\"a\":1.}\n[{\"a\":1}\n5\n{\"a\":2}\n",
        "!1:0 malformed JSON\n!2:7 not a JSON object\n!3:16 malformed JSON\n!4:25 text after the JSON value\n"
        "!5:34 malformed JSON\n!6:43 malformed JSON\n!7:51 malformed JSON\n!8:57 malformed JSON\n"
        "!9:66 malformed JSON\n!10:75 malformed JSON\n!11:84 not a JSON object\n2\n");
}

static void what_is_no_event_in_a_list_does_not_spoil_the_others(void **state) {
    (void)state;
    CHECK("a int", "", "[{\"a\":1},7,{\"a\":2},null,[{\"a\":3}],\"x\"]\n[7,]\n{\"event\":[{\"a\":4},5]}\n",
          "!1:9 not a JSON object\n!1:19 not a JSON object\n!1:24 not a JSON object\n!1:34 not a JSON "
          "object\n1\n2;\n!2:40 not a JSON object\n!2:39 malformed JSON\n!3:62 not a JSON object\n4\n");
}

static void control_characters_and_broken_utf8_are_told(void **state) {
    (void)state;
    CHECK("s string", "", "{\"s\":\"a\tb\"}\n{\"s\":\"a\0b\"}\n{\"s\":\"\xC0\xAF\"}\n{\"s\":\"\\u0000\"}\n",
          "!1:0 malformed JSON\n!2:12 malformed JSON\n!3:24 column 's': not valid UTF-8 at byte 1 of '?"
          "?'\n\0");
}

static void nesting_has_a_bound(void **state) {
    (void)state;
    char text[2100] = "{\"z\":";
    for (int i = 0; i < 1000; i++) strcat(text, "[");
    for (int i = 0; i < 1000; i++) strcat(text, "]");
    strcat(text, "}\n");
    feed_check("a int", "json", "fail.on.missing.attribute=false", text, strlen(text),
               "!1:0 malformed JSON\n");
    memset(text, 0, sizeof text);
    strcpy(text, "{\"z\":");
    for (int i = 0; i < 200; i++) strcat(text, "[");
    for (int i = 0; i < 200; i++) strcat(text, "]");
    strcat(text, "}\n");
    feed_check("a int", "json", "fail.on.missing.attribute=false", text, strlen(text), "null\n");
}

static void a_line_over_the_limit_is_skipped(void **state) {
    (void)state;
    CHECK("a int", "record.limit=20", "{\"a\":1,\"pad\":\"xxxxxxxxxxxxxxxxxxxxxxxxx\"}\n{\"a\":2}\n",
          "!1:0 a line of more than 20 bytes\n2\n");
}

static void paths_reach_into_objects_and_arrays(void **state) {
    (void)state;
    test_source t = {0};
    char *dir = new_directory(), path[300], options[400];
    write_text(in_directory(dir, "x.json", path), "{\"wind\":{\"speed\":7.5,\"from\":[270,280]},\"odd "
                                                  "name\":\"x\"}\n{\"odd name\":\"y\",\"wind\":5}\n");
    snprintf(options, sizeof options, "file.uri=%s", path);
    assert_int_equal(open_source(&t, "speed double, dir int, name string", "file", options, "json",
                                 "fail.on.missing.attribute=false",
                                 "speed=$.wind.speed;dir=wind.from[1];name=$['odd name']", NULL),
                     WEIR_OK);
    assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_got(&t, "7.5|280|x\nnull|null|y\n");
    close_source(&t);
    weir_error err;
    assert_int_equal(open_source(&t, "a int", "file", options, "json", "", "a=$.x.avg()", &err), WEIR_EPARSE);
    drop_directory(dir);
}

static void a_message_may_hold_several_documents_and_is_one_chunk(void **state) {
    (void)state;
    feed f;
    feed_open(&f, "a int", "json", "");
    weir_rows rows;
    feed_rows(&f, &rows);
    feed_message(&f, "{\n \"a\": 1\n}\n[{\"a\":2},{\"a\":3}]", &rows);
    put_rows(&f.got, &rows, false);
    assert_string_equal(f.got.data, "1\n2\n3;\n");
    feed_close(&f);
}

static void an_array_larger_than_the_batch_stays_whole(void **state) {
    (void)state;
    wr_buf text = WR_BUF_INIT, expected = WR_BUF_INIT;
    wr_buf_puts(&text, "[");
    for (int i = 0; i < 300; i++) {
        wr_buf_printf(&text, "%s{\"a\":%d,\"s\":\"string number %d\"}", i ? "," : "", i, i);
        wr_buf_printf(&expected, "%d|string number %d%s\n", i, i, i == 299 ? ";" : "");
    }
    wr_buf_puts(&text, "]\n");
    feed f;
    feed_open(&f, "a int, s string", "json", "");
    feed_text(&f, text.data, text.len, text.len);
    assert_string_equal(f.got.data, expected.data);
    feed_close(&f);
    wr_buf_fini(&text);
    wr_buf_fini(&expected);
}

/* What siddhi-map-json 5.2.2 makes of these, asked for each. */
static void paths_may_find_several_places(void **state) {
    (void)state;
    static const struct {
        const char *path, *expected;
    } cases[] = {
        {"$",
         "{\"l\":[{\"n\":1,\"s\":\"k\"},{\"n\":2,\"s\":\"j\"}],\"p\":1.5,\"o\":{\"s\":\"in\",\"a b\":7}}\n"},
        {"$..s", "[\"k\",\"j\",\"in\"]\n"},
        {"$.l[*].n", "[1,2]\n"},
        {"$.l[-1].s", "j\n"},
        {"$.l[0,1].n", "[1,2]\n"},
        {"$.l[0:1].n", "[1]\n"},
        {"$.l[?(@.n==2)].s", "[\"j\"]\n"},
        {"$.l[?(@.n>5)].s", "[]\n"},
        {"$.l.length()", "2\n"},
        {"$.o.*", "[\"in\",7]\n"},
        {"$.o['s','a b']", "{\"s\":\"in\",\"a b\":7}\n"},
        {"$..zz", "[]\n"},
        {"$.l[-5].s", "!the attribute 'a' is missing\n"},
    };
    const char *text =
        "{\"l\": [{\"n\":1, \"s\":\"k\"},{\"n\":2,\"s\":\"j\"}], \"p\":1.50, \"o\":{\"s\":\"in\",\"a b\":7}}";
    for (size_t i = 0; i < COUNT(cases); i++) {
        char mapping[60];
        snprintf(mapping, sizeof mapping, "a=%s", cases[i].path);
        assert_decoded(&wr_json_decoder, "a string", "", mapping, text, cases[i].expected);
    }
    assert_decoded(&wr_json_decoder, "a int", "", "a=$..n", "{\"n\":1}",
                   "!column 'a': an array is not of type int\n");
    assert_decoded(&wr_json_decoder, "a int, b object", "", "a=$.l.length();b=$.l[-1]", "{\"l\":[1,2.5]}",
                   "2|object:2.5\n");
    assert_decoded(&wr_json_decoder, "a string", "fail.on.missing.attribute=false", "a=$.l[-5]", "{\"l\":[]}",
                   "null\n");
    assert_decoded(&wr_json_decoder, "a string", "enclosing.element=$.l[*]", "a=$.s",
                   "{\"l\":[{\"s\":1},{\"s\":2}]}", "1\n2;\n");
}

static void nested_values_are_written_anew(void **state) {
    (void)state;
    assert_decoded(&wr_json_decoder, "a string, b object", "", "",
                   "{\"a\":{\"x\" : 2.50, \"y\":[1e2,\n1E-5],\"z\":\"q \\/ r\"},\"b\":{\"k\" : [1, \"v\"]}}",
                   "{\"x\":2.5,\"y\":[100.0,1.0E-5],\"z\":\"q / r\"}|map:{\"k\":[1,\"v\"]}\n");
    assert_decoded(&wr_json_decoder, "a object", "", "a=$.b", "{\"b\":{\"k\" : [1, \"v\"]}}",
                   "object:{\"k\":[1,\"v\"]}\n");
}

static void the_wrapper_may_be_spelt_and_filled_otherwise(void **state) {
    (void)state;
    assert_decoded(&wr_json_decoder, "a int", "", "", "{\"EVENT\":{\"a\":1}}", "1\n");
    assert_decoded(&wr_json_decoder, "a int", "", "", "{\"event\":[{\"a\":1}]}", "1\n");
    assert_decoded(&wr_json_decoder, "a int", "", "", "{\"event\":[]}", "");
}

static void attributes_may_share_a_path(void **state) {
    (void)state;
    assert_decoded(&wr_json_decoder, "a string, b int, c object, d int", "", "a=$.x;b=$.x;c=$.y;d=$.y[0]",
                   "{\"x\":5,\"y\":[7, 8]}", "5|5|object:[7,8]|7\n");
    assert_decoded(&wr_json_decoder, "d int, c string", "", "d=$.y[0];c=$.y", "{\"y\":[7, 8]}", "7|[7,8]\n");
    assert_decoded(&wr_json_decoder, "a string, b int, c double", "", "a=$.x;b=$.x;c=$.x", "{\"x\":\"5\"}",
                   "5|5|5.0\n");
    assert_decoded(&wr_json_decoder, "a string, b int", "", "a=$.x;b=$.x", "{\"x\":\"q\"}",
                   "!column 'b': 'q' is not an int\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_may_share_a_path),
        cmocka_unit_test(paths_may_find_several_places),
        cmocka_unit_test(nested_values_are_written_anew),
        cmocka_unit_test(the_wrapper_may_be_spelt_and_filled_otherwise),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(escapes_become_characters),
        cmocka_unit_test(bad_escapes_and_half_pairs_are_told),
        cmocka_unit_test(longs_keep_all_their_digits),
        cmocka_unit_test(the_event_may_be_wrapped_and_in_arrays),
        cmocka_unit_test(one_bad_event_of_an_array_does_not_hold_up_the_others),
        cmocka_unit_test(events_like_those_before_are_read_alike),
        cmocka_unit_test(what_is_wrong_with_an_event_like_others_is_told),
        cmocka_unit_test(enclosing_elements_are_gone_into),
        cmocka_unit_test(names_that_are_no_attribute_are_ignored_unless_forbidden),
        cmocka_unit_test(missing_attributes_are_told_unless_allowed),
        cmocka_unit_test(the_last_of_equal_names_counts),
        cmocka_unit_test(strings_take_any_value_as_text),
        cmocka_unit_test(what_is_not_json_is_told_line_by_line),
        cmocka_unit_test(what_is_no_event_in_a_list_does_not_spoil_the_others),
        cmocka_unit_test(control_characters_and_broken_utf8_are_told),
        cmocka_unit_test(nesting_has_a_bound),
        cmocka_unit_test(a_line_over_the_limit_is_skipped),
        cmocka_unit_test(paths_reach_into_objects_and_arrays),
        cmocka_unit_test(a_message_may_hold_several_documents_and_is_one_chunk),
        cmocka_unit_test(an_array_larger_than_the_batch_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
