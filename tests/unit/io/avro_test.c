/* Avro. The bytes were written by fastavro. */
#include "format_support.h"

/* The options are split at ';', which is in no schema here. */
#define SCHEMA                                                                                               \
    "{\"type\":\"record\",\"name\":\"stock\",\"namespace\":\"x.y\",\"fields\":["                             \
    "{\"name\":\"s\",\"type\":\"string\"},{\"name\":\"skip\",\"type\":{\"type\":\"array\",\"items\":"        \
    "{\"type\":\"map\",\"values\":[\"null\",\"int\"]}}},{\"name\":\"n\",\"type\":[\"null\",\"int\"]},"       \
    "{\"name\":\"d\",\"type\":\"double\"},{\"name\":\"l\",\"type\":\"long\"},"                               \
    "{\"name\":\"f\",\"type\":\"float\"},{\"name\":\"b\",\"type\":\"boolean\"},"                             \
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},"                \
    "{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}},"                              \
    "{\"name\":\"in\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"In\",\"fields\":["                  \
    "{\"name\":\"v\",\"type\":\"int\"},{\"name\":\"again\",\"type\":[\"null\",\"In\"]}]}]}]}"
#define DEF "schema.def=" SCHEMA

/* {"s":"häl","skip":[{"k":1},{"q":null,"r":-300}],"n":-7,"d":1.5,"l":1<<40,"f":2.5,"b":true,"e":"B","x":"abc",
 *  "in":{"v":9,"again":{"v":10,"again":null}}} */
static const char full[] =
    "\x08\x68\xc3\xa4\x6c\x04\x02\x02\x6b\x02\x02\x00\x04\x02\x71\x00\x02\x72\x02\xd7\x04\x00\x00\x02\x0d\x00"
    "\x00\x00"
    "\x00\x00\x00\xf8\x3f\x80\x80\x80\x80\x80\x40\x00\x00\x20\x40\x01\x02\x61\x62\x63\x02\x12\x02\x14\x00";
/* the same with "skip":[], "n":null, "in":null */
static const char bare[] =
    "\x08\x68\xc3\xa4\x6c\x00\x00\x00\x00\x00\x00\x00\x00\xf8\x3f\x80\x80\x80\x80\x80\x40\x00"
    "\x00\x20\x40\x01\x02\x61\x62\x63\x00";

#define IN(schema, options, attributes, bytes, expected)                                                     \
    assert_decoded_bytes(&wr_avro_decoder, schema, options, attributes, bytes, sizeof(bytes) - 1, expected)

static void every_type_is_read(void **state) {
    (void)state;
    IN("s string, n int, d double, l long, f float, b bool, e string, x string", DEF, "", full,
       "h\xC3\xA4l|-7|1.5|1099511627776|2.5|true|B|abc\n");
    IN("l string, o object, f double, b string", DEF, "o=n", full, "1099511627776|object:-7|2.5|true\n");
    IN("s string, n int", DEF, "", bare, "h\xC3\xA4l|null\n");
}

static void paths_lead_into_records(void **state) {
    (void)state;
    IN("v int, w int", DEF, "v=$.in.v;w=in.again.v", full, "9|10\n");
    IN("v int, w int", DEF, "v=$.in.v;w=in.again.v", bare, "null|null\n");
}

/* As siddhi-map-avro reads them: an array of records is as many events. */
static void a_message_may_be_an_array_of_records(void **state) {
    (void)state;
    const char *def =
        "schema.def={\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"u\",\"fields\":["
        "{\"name\":\"s\",\"type\":\"string\"},{\"name\":\"n\",\"type\":[\"int\",\"null\"]}]}}";
    IN("s string, n int", def, "",
       "\x04\x02"
       "a\x02\x02"
       "b\x00\x0e\x00",
       "a|null\nb|7;\n");
    IN("s string, n int", def, "",
       "\x03\x10\x02"
       "a\x02\x02"
       "b\x00\x0e\x02\x02"
       "c\x02\x00",
       "a|null\nb|7\nc|null;\n");
    IN("s string, n int", def, "", "\x00", "");
    IN("s string, n int", def, "",
       "\x04\x02"
       "a\x02\x02"
       "b\x00",
       "!Avro: the record is cut off\n");
    IN("s string, n int", def, "",
       "\x02\x02"
       "a\x02",
       "!Avro: the record is cut off\n");
    IN("s string, n int", def, "",
       "\x02\x02"
       "a\x02\x00z",
       "!Avro: bytes after the array\n");
    IN("s string, n int", "schema.def={\"type\":\"array\",\"items\":\"int\"}", "", "\x00",
       "open: avro: the schema is no record");
}

static void what_is_wrong_is_told(void **state) {
    (void)state;
    for (size_t len = 0; len + 1 < sizeof full; len++)
        assert_decoded_bytes(&wr_avro_decoder, "s string, n int", DEF, "", full, len,
                             "!Avro: the record is cut off\n");
    assert_decoded_bytes(&wr_avro_decoder, "s string, n int", DEF, "", full, sizeof full,
                         "!Avro: bytes after the record\n");
    IN("l int", DEF, "", full, "!column 'l': 1099511627776 is out of the range of an int\n");
    IN("s int", DEF, "", full, "!column 's': 'h\xC3\xA4l' is not an int\n");
    IN("n int",
       "schema.def={\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"n\",\"type\":[\"null\","
       "\"int\"]}]}",
       "", "\x04", "!Avro: a union has no such branch\n");
    IN("n string",
       "schema.def={\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"n\",\"type\":\"string\"}]}",
       "", "\x01", "!Avro: the record is cut off\n");
}

static void a_block_of_nothing_does_not_go_on_for_ever(void **state) {
    (void)state;
    IN("n int",
       "schema.def={\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"q\",\"type\":{\"type\":"
       "\"array\","
       "\"items\":\"null\"}},{\"name\":\"n\",\"type\":\"int\"}]}",
       "", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x02", "!Avro: too many empty items\n");
    IN("n int",
       "schema.def={\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"q\",\"type\":\"r\"},{\"name\":"
       "\"n\","
       "\"type\":\"int\"}]}",
       "", "\x00", "!Avro: records are nested too deep\n");
}

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define V(fields)            RECORD("r", fields)
#define N                    "{\"name\":\"n\",\"type\":\"int\"}"
#define S                    "{\"name\":\"s\",\"type\":\"string\"}"

static void messages_name_their_schema(void **state) {
    (void)state;
    const char *both = "schema.id7.def=" V(N) ";schema.id300.def=" V(S "," N);
    IN("n int", both, "", "\0\0\0\0\x07\x0a", "5\n");
    IN("n int", both, "", "\0\0\0\x01\x2c\x04hi\x0c", "6\n");
    IN("n int", both, "", "\0\0\0\0\x08\x0a",
       "!Avro: the message names the schema id 8, which is not known\n");
    IN("n int", both, "", "\1\0\0\0\x07\x0a", "!Avro: the registry's zero byte and schema id are missing\n");
    IN("n int", both, "", "\0\0\0", "!Avro: the registry's zero byte and schema id are missing\n");
    IN("n int", "registry.prefix=true;schema.def=" V(N), "", "\0\0\0\0\x63\x0a", "5\n");
    IN("n int, s string", both, "", "",
       "open: avro: the schema's record 'r' has no field for the attribute 's'");
    char options[400];
    snprintf(options, sizeof options, "%s;fail.on.missing.attribute=false", both);
    IN("n int, s string", options, "", "\0\0\0\0\x07\x0a", "5|null\n");
}

static void wrong_schemas_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *options, *expected;
    } cases[] = {
        {"schema.id=7", "open: avro: schema.id needs schema.registry; without one say schema.id7.file"},
        {"schema.registry=ftp://x",
         "open: schema.registry is 'ftp://x'; it takes one URL, http://… or https://…"},
        {"schema.registry=http://x", "open: a schema registry can't be asked from here"},
        {"schema.registry.token=x", "open: options schema.registry.… are given without schema.registry"},
        {"schema.def=" V(N) ";schema.id7.def=" V(N) ";registry.prefix=false",
         "open: avro: schemas by id need messages with ids: registry.prefix is 'false'"},
        {"schema.def=x", "open: avro: the schema is no JSON"},
        {"schema.def=\"int\"", "open: avro: the schema is no record"},
        {"schema.def={\"type\":\"q\"}", "open: avro: the schema names a type that is not known: 'q'"},
        {"schema.def={\"type\":\"record\",\"name\":\"r\"}",
         "open: avro: the schema has no list of fields or symbols in 'r'"},
        {"schema.file=/nowhere/x", "open: can't read '/nowhere/x': No such file or directory"},
        {"schema.x.def={}", "open: avro: there is no option 'schema.x.def'"},
        {"schema.def=" V("{\"name\":\"n\",\"type\":{\"type\":\"map\",\"values\":\"int\"}}"),
         "open: avro: the attribute 'n' is a record, an array or a map; give the path of a value in a "
         "record"},
        {"schema.def=" V(N) ";schema.file=x", "open: avro: give schema.def or schema.file, not both"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_decoded(&wr_avro_decoder, "n int", cases[i].options, "", "", cases[i].expected);
    assert_decoded(&wr_avro_decoder, "n int", "schema.def=" V(N), "n=a.b", "",
                   "open: avro: the schema's record 'r' has no field for the attribute 'n'");
}

/* The writer's schema is 7, the reader's what schema.def says. */
#define RESOLVED(schema, reader, writer, bytes, expected)                                                    \
    IN(schema, "schema.def=" V(reader) ";schema.id7.def=" V(writer), "", "\0\0\0\0\x07" bytes, expected)
#define F(name, type)             "{\"name\":\"" name "\",\"type\":" type "}"
#define FD(name, type, fallback)  "{\"name\":\"" name "\",\"type\":" type ",\"default\":" fallback "}"
#define FA(name, type, aliases)   "{\"name\":\"" name "\",\"type\":" type ",\"aliases\":" aliases "}"
#define ENUM(name, symbols, more) "{\"type\":\"enum\",\"name\":\"" name "\",\"symbols\":" symbols more "}"

static void what_was_written_is_resolved_to_what_is_read(void **state) {
    (void)state;
    RESOLVED("n double", F("n", "\"double\""), F("n", "\"int\""), "\x0a", "5.0\n");
    RESOLVED("n double", F("n", "\"float\""), F("n", "\"long\""), "\x82\x80\x80\x10", "16777216.0\n");
    RESOLVED("s string", F("s", "\"string\""), F("s", "\"bytes\""), "\x04hi", "hi\n");
    RESOLVED("n int", F("n", "\"int\""), F("n", "\"long\""), "\x0a",
             "!Avro: what was written as long can't be read as the reader's int\n");
    RESOLVED("n int", FA("n", "\"int\"", "[\"m\",\"old\"]"), F("old", "\"int\""), "\x0a", "5\n");
    RESOLVED("n int, s string, d double, b bool, o string",
             F("n", "\"int\"") "," FD("s", "\"string\"", "\"none\"") "," FD("d", "\"double\"", "1.5") "," FD(
                 "b", "[\"boolean\",\"null\"]", "true") "," FD("o", "[\"null\",\"string\"]", "null"),
             F("x", "\"string\"") "," F("n", "\"int\""), "\x02q\x0a", "5|none|1.5|true|null\n");
    RESOLVED("n int", F("n", "\"int\""), F("m", "\"int\""), "\x0a",
             "!Avro: the writer has no field 'n', and the reader no default for it\n");
    RESOLVED("e string", F("e", ENUM("E", "[\"A\",\"Z\"]", ",\"default\":\"Z\"")),
             F("e", ENUM("ns.E", "[\"A\",\"B\"]", "")), "\x02", "Z\n");
    RESOLVED("e string", F("e", ENUM("E", "[\"A\"]", "")), F("e", ENUM("E", "[\"A\",\"B\"]", "")), "\x02",
             "!Avro: the reader's schema has no symbol 'B'\n");
}

static void unions_are_resolved_by_branch(void **state) {
    (void)state;
    RESOLVED("n long", F("n", "[\"null\",\"long\"]"), F("n", "\"int\""), "\x0a", "5\n");
    RESOLVED("n long", F("n", "[\"null\",\"long\"]"), F("n", "[\"int\",\"null\"]"), "\x02", "null\n");
    RESOLVED("n long", F("n", "\"long\""), F("n", "[\"int\",\"string\"]"), "\x00\x0a", "5\n");
    RESOLVED("n long", F("n", "\"long\""), F("n", "[\"int\",\"string\"]"), "\x02\x02q",
             "!Avro: what was written as string can't be read as the reader's long\n");
}

static void payloads_are_written_by_the_schema(void **state) {
    (void)state;
    const char *options = "schema.def=" V(
        F("Symbol", "\"string\"") "," F("deep", RECORD("q", F("n", "[\"null\",\"int\"]"))) "," F(
            "list", "{\"type\":\"array\",\"items\":\"long\"}") "," FD("more", "\"string\"", "\"-\""));
    assert_encoded(&wr_avro_encoder, "s string, n int", options,
                   "{\"Symbol\":\"{{s}}\",\"deep\":{\"n\":{{n}}},\"list\":[1,{{n}}]}", false,
                   "hi|5\nyo|null\nx|-1",
                   "dropped: a value of the payload doesn't fit the schema|\x04hi\x02\x0a\x04\x02\x0a");
    assert_encoded(&wr_avro_encoder, "s string, n int", options, "{\"Symbol\":{{s}}", false, "hi|5",
                   "dropped: what @payload gives is no JSON|");
    assert_encoded(&wr_avro_encoder, "s string, n int", options, "{\"Symbol\":\"{{s}}\"}", false, "hi|5",
                   "dropped: the payload lacks a field of the schema|");
}

/* Whatever it holds: within quotes, and without them, as Siddhi's example has it. */
static void a_text_in_a_payload_is_that_text(void **state) {
    static const char *const payloads[] = {"{\"Symbol\":\"{{s}}\",\"n\":{{n}}}",
                                           "{\"Symbol\":{{s}},\"n\":{{n}}}"};
    (void)state;
    const char *options = "schema.def=" V(F("Symbol", "\"string\"") "," F("n", "\"int\""));
    for (size_t i = 0; i < 2; i++) {
        assert_encoded(&wr_avro_encoder, "s string, n int", options, payloads[i], false, "hi|5\na\"b\\|6",
                       "\x04hi\x0a|\x08"
                       "a\"b\\\x0c|");
        assert_encoded(&wr_avro_encoder, "s string, n int", options, payloads[i], false,
                       "x\",\"n\":9,\"z\":\"|5", "\x1cx\",\"n\":9,\"z\":\"\x0a|");
    }
}

static void rows_are_written_by_a_schema(void **state) {
    (void)state;
    char *text = encoded_by(&wr_avro_encoder, "n int, s string, d double", "schema.def=" V(S "," N), NULL, 0,
                            false, "5|hi|1\nnull|x|2\n6|yo|3");
    assert_string_equal(text, "dropped: an attribute is null whose field can't be|\x04hi\x0a|\x04yo\x0c|");
    free(text);
    assert_encoded(&wr_avro_encoder, "n int", "schema.def=" V(S), NULL, false, "5",
                   "avro: the schema's field 's' is no attribute of 'S'");
    assert_encoded(&wr_avro_encoder, "s int", "schema.def=" V(S), NULL, false, "5",
                   "avro: the attribute 's' is int, and its field string");
    assert_encoded(
        &wr_avro_encoder, "s string",
        "schema.def=" V(
            "{\"name\":\"s\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}}"),
        NULL, false, "B\nC", "dropped: a value is no symbol of its enum|\x02|");
}

static void what_is_written_without_a_schema_is_read_with_the_one_that_was_made(void **state) {
    (void)state;
    const char *schema = "a int, b long, c float, d double, e bool, f string";
    wr_buf made = WR_BUF_INIT;
    static const char *const types[] = {"int", "long", "float", "double", "boolean", "string"};
    wr_buf_puts(&made, "schema.id9.def={\"type\":\"record\",\"name\":\"S\",\"fields\":[");
    for (int i = 0; i < 6; i++)
        wr_buf_printf(&made, "%s{\"name\":\"%c\",\"type\":[\"null\",\"%s\"]}", i ? "," : "", 'a' + i,
                      types[i]);
    wr_buf_puts(&made, "]}");
    static const char *const rows[] = {"-2147483648|9223372036854775807|1.5|-0.1|true|h\xC3\xA4",
                                       "null|null|null|null|null|null", "64|-64|0.0|1e300|false|"};
    for (int i = 0; i < 3; i++) {
        wr_buf bytes = encoded_bytes_by(&wr_avro_encoder, schema, "schema.id=9", NULL, 0, false, rows[i]);
        char expected[128];
        snprintf(expected, sizeof expected, "%s\n", rows[i]);
        /* without the '|' behind the record */
        assert_decoded_bytes(&wr_avro_decoder, schema, made.data, "", bytes.data, bytes.len - 1, expected);
        wr_buf_fini(&bytes);
    }
    wr_buf_fini(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(paths_lead_into_records),
        cmocka_unit_test(a_message_may_be_an_array_of_records),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(a_block_of_nothing_does_not_go_on_for_ever),
        cmocka_unit_test(messages_name_their_schema),
        cmocka_unit_test(wrong_schemas_are_refused),
        cmocka_unit_test(what_was_written_is_resolved_to_what_is_read),
        cmocka_unit_test(unions_are_resolved_by_branch),
        cmocka_unit_test(payloads_are_written_by_the_schema),
        cmocka_unit_test(a_text_in_a_payload_is_that_text),
        cmocka_unit_test(rows_are_written_by_a_schema),
        cmocka_unit_test(what_is_written_without_a_schema_is_read_with_the_one_that_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
