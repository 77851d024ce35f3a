/* CSV out: order, header and grouping. Orders are those of siddhi-map-csv 2.0.3, run; its lines end in a
 * newline in messages too, and null is "null" there. */
#include "format_support.h"

#define CHECK(options, to_stream, rows, expected)                                                            \
    assert_encoded(&wr_csv_encoder, "a string, b int", options, NULL, to_stream, rows, expected)

static void rows_are_lines(void **state) {
    (void)state;
    CHECK("", true, "x,\"q|1\ny|null", "\"x,\"\"q\",1\n|y,\n|");
    CHECK("header=true;delimiter=-", true, "x|1", "a-b\n|x-1\n|");
    CHECK("null.text=null", false, "null|1\ny|null", "null,1|y,null|");
}

static void events_that_come_out_together_may_be_one_message(void **state) {
    (void)state;
    CHECK("event.grouping.enabled=true", false, "x|1\ny|2", "x,1\ny,2|");
    CHECK("event.grouping.enabled=true", true, "x|1\ny|2", "x,1\ny,2\n|");
}

static void a_payload_says_the_order(void **state) {
    (void)state;
    static const struct {
        weir_pair payloads[2];
        const char *expected;
    } cases[] = {
        {{{"a", "1", 0, 0}, {"b", "0", 0, 0}}, "b,a\n|1,x\n|"},
        {{{"a", "1", 0, 0}, {"b", "1", 0, 0}},
         "csv: @payload puts 'b' at '1', which is taken or no position, from 0"},
        {{{"a", "2", 0, 0}, {"b", "0", 0, 0}},
         "csv: @payload puts 'a' at '2', which is taken or no position, from 0"},
        {{{"q", "1", 0, 0}, {"b", "0", 0, 0}},
         "csv: @payload takes attributes and their positions, not 'q'='1'"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text =
            encoded_by(&wr_csv_encoder, "a string, b int", "header=true", cases[i].payloads, 2, true, "x|1");
        assert_string_equal(text, cases[i].expected);
        free(text);
    }
    weir_pair some[] = {{"b", "0", 0, 0}};
    char *text = encoded_by(&wr_csv_encoder, "a string, b int", "header=true", some, 1, true, "x|1");
    assert_string_equal(text, "b\n|1\n|");
    free(text);
    assert_encoded(&wr_csv_encoder, "a string, b int", "", "{{a}}", true, "x|1",
                   "csv: @payload takes attributes and their positions, not ''='{{a}}'");
}

static void the_header_of_messages_is_the_first_one(void **state) {
    (void)state;
    assert_encoded(&wr_csv_encoder, "a string, b int", "header=true", NULL, false, "x|1\ny|2",
                   "a,b|x,1|y,2|");
    assert_encoded(&wr_csv_encoder, "a string, b int", "header=true;event.grouping.enabled=true", NULL, false,
                   "x|1\ny|2", "a,b|x,1\ny,2|");
}

static void a_number_with_the_delimiter_in_it_is_quoted(void **state) {
    (void)state;
    assert_encoded(&wr_csv_encoder, "a string, b int", "delimiter=-", NULL, false, "x|-1\ny|2",
                   "x-\"-1\"|y-2|");
    assert_encoded(&wr_csv_encoder, "a double, b bool", "delimiter=.", NULL, false, "1.5|true",
                   "\"1.5\".true|");
}

static void fields_of_another_type_may_be_null(void **state) {
    (void)state;
    assert_decoded(&wr_csv_decoder, "a string, b int", "fail.on.unknown.attribute=false", "",
                   "x,zz\ny,1,2\nz,3", "x|null\ny|1\nz|3;\n");
    assert_decoded(&wr_csv_decoder, "a string, b int", "event.grouping.enabled=false", "", "x,1\ny,2",
                   "x|1\ny|2\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_lines),
        cmocka_unit_test(events_that_come_out_together_may_be_one_message),
        cmocka_unit_test(a_payload_says_the_order),
        cmocka_unit_test(the_header_of_messages_is_the_first_one),
        cmocka_unit_test(a_number_with_the_delimiter_in_it_is_quoted),
        cmocka_unit_test(fields_of_another_type_may_be_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
