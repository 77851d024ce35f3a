/* The binary and the key-value format. The bytes were written and read by siddhi-map-binary 2.0.2. */
#include "format_support.h"

#define S "a string, b int, c double, d long, e float, f bool"

static const char one[] =
    "\0\0\0\1\0\0\0\0\0\0\x03\xe9\0\0\0\2xy\0\0\0\1\x3f\xf8\0\0\0\0\0\0\0\0\0\0\0\0\0\2\x40\x20\0\0\1";
static const char two[] =
    "\0\0\0\2\0\0\0\0\0\0\x03\xe9\0\0\0\2xy\0\0\0\1\0\0\0\0\0\0\x03\xea\0\0\0\1a\xff\xff\xff\xfb";

static void events_are_read_as_siddhi_writes_them(void **state) {
    (void)state;
    assert_decoded_bytes(&wr_binary_decoder, S, "", "", one, sizeof one - 1, "xy|1|1.5|2|2.5|true\n");
    assert_decoded_bytes(&wr_binary_decoder, "a string, b int", "", "", two, sizeof two - 1, "xy|1\na|-5;\n");
}

static void what_is_cut_off_gives_no_rows(void **state) {
    (void)state;
    for (size_t len = 0; len < sizeof two - 1; len++)
        assert_decoded_bytes(&wr_binary_decoder, "a string, b int", "", "", two, len,
                             "!the binary record is cut off\n");
    assert_decoded_bytes(&wr_binary_decoder, "a string, b int", "", "", two, sizeof two,
                         "!bytes after the binary record's last event\n");
    assert_decoded_bytes(&wr_binary_decoder, "a string", "", "", "\0\0\0\1\0\0\0\0\0\0\0\0\xff\xff\xff\xff",
                         16, "!the binary record is cut off\n");
    assert_decoded_bytes(&wr_binary_decoder, "a string", "", "", "\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\xff", 17,
                         "!column 'a': not valid UTF-8 at byte 1 of '?'\n");
}

static void objects_and_mappings_are_refused(void **state) {
    (void)state;
    assert_decoded(&wr_binary_decoder, "o object", "", "", "",
                   "open: binary: the attribute 'o' is an object, which has no form there");
    assert_decoded(&wr_binary_decoder, "a int", "", "a=b", "",
                   "open: binary: attributes go by their order; @attributes has no say");
}

static void events_are_written_as_siddhi_reads_them(void **state) {
    (void)state;
    char *bytes = encoded_by(&wr_binary_encoder, S, "", NULL, 0, false, "xy|1|1.5|2|2.5|true");
    assert_memory_equal(bytes, one, 4); /* the count; the test's rows have no times */
    assert_memory_equal(bytes + 12, one + 12, sizeof one - 13);
    free(bytes);
    assert_encoded(&wr_binary_encoder, "a string, b int", "", NULL, false, "x|null",
                   "dropped: the binary format has no null|");
    assert_encoded(&wr_binary_encoder, "a string, b int", "", NULL, true, "x|1",
                   "binary: records can't be told apart in a file or on standard output");
}

static void pairs_of_key_and_value_are_read(void **state) {
    (void)state;
#define KV(options, attributes, text, expected)                                                              \
    assert_decoded(&wr_keyvalue_decoder, "a string, b int", options, attributes, text, expected)
    KV("", "", "a:x,\nb:1", "x|1\n");
    KV("", "", "b:1,a:x", "x|1\n");
    KV("", "", "a : 'x, y:z'\r\nb : 1\n", "x, y:z|1\n");
    KV("", "", "a:\"null\",\nb:null", "null|null\n");
    KV("", "", "a:\"x, y:z\" , b:1", "x, y:z|1\n");
    KV("", "", "a:\"x\nb:7,\",\nb:1", "x\nb:7,|1\n");
    KV("", "", "a:\"a \"\"b\"\" \"c\" d\",b:1", "a \"b\" \"c\" d|1\n");
    KV("", "", "a:\"x,b:1", "\"x|1\n");
    KV("", "", "a:x", "!the attribute 'b' is missing\n");
    KV("", "", "a:x,b:y", "!column 'b': 'y' is not an int\n");
    KV("fail.on.missing.attribute=false", "", "", "null|null\n");
    KV("", "a=b;b=q", "b:x,\nq:2,\na:z", "x|2\n");
}

/* Whatever a text holds. */
static void pairs_that_are_written_can_be_read(void **state) {
    static const char *const texts[] = {"x, y:z", "\"",   "\"\"", "\"q\"", "'q'", "it's",
                                        " x ",    "null", "x,",   ",",     "a\\"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char rows[64], expected[64];
        snprintf(rows, sizeof rows, "%s|1", texts[i]);
        snprintf(expected, sizeof expected, "%s|1\n", texts[i]);
        char *text = encoded_by(&wr_keyvalue_encoder, "a string, b int", "", NULL, 0, false, rows);
        text[strlen(text) - 1] = 0; /* '|' ends a record */
        assert_decoded(&wr_keyvalue_decoder, "a string, b int", "", "", text, expected);
        free(text);
    }
}

static void pairs_of_key_and_value_are_written(void **state) {
    (void)state;
    assert_encoded(&wr_keyvalue_encoder, "a string, b int", "", NULL, false, "x|1\nnull|2",
                   "a:x,\nb:1|a:null,\nb:2|");
    assert_encoded(&wr_keyvalue_encoder, "a string, b int", "", "{{a}}", false, "x|1",
                   "keyvalue: @payload takes keys: @payload(symbol='{{a}}')");
    weir_pair payloads[] = {{"k", "{{b}}", 0, 0}, {"v", "val {{a}}", 0, 0}};
    char *text = encoded_by(&wr_keyvalue_encoder, "a string, b int", "", payloads, 2, false, "x|1");
    assert_string_equal(text, "k:1,\nv:val x|");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_read_as_siddhi_writes_them),
        cmocka_unit_test(what_is_cut_off_gives_no_rows),
        cmocka_unit_test(objects_and_mappings_are_refused),
        cmocka_unit_test(events_are_written_as_siddhi_reads_them),
        cmocka_unit_test(pairs_of_key_and_value_are_read),
        cmocka_unit_test(pairs_that_are_written_can_be_read),
        cmocka_unit_test(pairs_of_key_and_value_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
