/* Protobuf. The records and the descriptor set were written by protoc and its Python runtime. */
#include "format_support.h"

static const char trade_proto[] =
    "syntax = \"proto3\";\npackage x.y;\nimport \"other.proto\";\n// a comment\noption java_package = "
    "\"q\";\n"
    "enum Side { BUY = 0; SELL = 1; }\n/* and another */ message Trade {\n  string symbol = 1; double price "
    "= 2;\n"
    "  int64 volume = 3;\n  optional int32 note = 4; Side side = 5; sint32 delta = 6; fixed64 fx = 7;\n"
    "  sfixed32 sfx = 8; bool ok = 9; float f = 10; bytes raw = 11;\n"
    "  message In { int32 v = 1; In again = 2; } In in = 12;\n  repeated int32 list = 13; map<string, int32> "
    "m = 14;\n"
    "  uint32 u = 15; oneof pick { string p1 = 16; int32 p2 = 17; } Other other = 18;\n"
    "  reserved 20, 30 to 40; uint64 big = 100 [deprecated = true];\n}\n"
    "service S { rpc Get(Trade) returns (Trade) { option idempotency_level = NO_SIDE_EFFECTS; } }\n";

/* symbol "häl", price 1.5, volume -5, note 0, side SELL, delta -3, fx 7, sfx -8, ok, f 2.5, raw "abc",
 * in {v 9, again {v 10}}, list 1 2 300, m {k: 1}, u 4000000000, p2 9, other {s "os"}, big 2^63 + 1 */
static const char full[] =
    "\x0a\x04\x68\xc3\xa4\x6c\x11\x00\x00\x00\x00\x00\x00\xf8\x3f\x18\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    "\x20\x00"
    "\x28\x01\x30\x05\x39\x07\x00\x00\x00\x00\x00\x00\x00\x45\xf8\xff\xff\xff\x48\x01\x55\x00\x00\x20\x40\x5a"
    "\x03\x61"
    "\x62\x63\x62\x06\x08\x09\x12\x02\x08\x0a\x6a\x04\x01\x02\xac\x02\x72\x05\x0a\x01\x6b\x10\x01\x78\x80\xd0"
    "\xac\xf3"
    "\x0e\x88\x01\x09\x92\x01\x04\x0a\x02\x6f\x73\xa0\x06\x81\x80\x80\x80\x80\x80\x80\x80\x80\x01";
/* symbol "s", price 1.5, volume -5, note 0, side SELL, delta -3 */
static const char some[] =
    "\x0a\x01\x73\x11\x00\x00\x00\x00\x00\x00\xf8\x3f\x18\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    "\x20\x00\x28\x01\x30\x05";

/* protoc --descriptor_set_out of: syntax = "proto3"; package p; enum E { A = 0; B = 1; } message M { string s
 * = 1; optional int32 n = 2; E e = 3; message In { int32 v = 1; } In in = 4; } */
static const char set[] =
    "\x0a\x94\x01\x0a\x07\x73\x2e\x70\x72\x6f\x74\x6f\x12\x01\x70\x22\x6b\x0a\x01\x4d\x12\x0c\x0a\x01"
    "\x73\x18\x01\x20\x01\x28\x09\x52\x01\x73\x12\x11\x0a\x01\x6e\x18\x02\x20\x01\x28\x05\x48\x00\x52"
    "\x01\x6e\x88\x01\x01\x12\x12\x0a\x01\x65\x18\x03\x20\x01\x28\x0e\x32\x04\x2e\x70\x2e\x45\x52\x01"
    "\x65\x12\x17\x0a\x02\x69\x6e\x18\x04\x20\x01\x28\x0b\x32\x07\x2e\x70\x2e\x4d\x2e\x49\x6e\x52\x02"
    "\x69\x6e\x1a\x12\x0a\x02\x49\x6e\x12\x0c\x0a\x01\x76\x18\x01\x20\x01\x28\x05\x52\x01\x76\x42\x04"
    "\x0a\x02\x5f\x6e\x2a\x11\x0a\x01\x45\x12\x05\x0a\x01\x41\x10\x00\x12\x05\x0a\x01\x42\x10\x01\x62"
    "\x06\x70\x72\x6f\x74\x6f\x33";

typedef struct files {
    char *dir, proto[300], set[300], options[400];
} files;

static int make_files(void **state) {
    files *f = calloc(1, sizeof *f);
    char other[300];
    f->dir = new_directory();
    write_text(in_directory(f->dir, "other.proto", other),
               "syntax='proto3'; package x.y; message Other { string s = 1; }");
    write_text(in_directory(f->dir, "trade.proto", f->proto), trade_proto);
    write_file(in_directory(f->dir, "m.desc", f->set), set, sizeof set - 1, false);
    *state = f;
    return 0;
}

static int drop_files(void **state) {
    files *f = *state;
    drop_directory(f->dir);
    free(f);
    return 0;
}

static const char *trade(files *f, const char *more) {
    snprintf(f->options, sizeof f->options, "schema.file=%s;message=Trade%s", f->proto, more);
    return f->options;
}

#define IN(schema, attributes, bytes, expected)                                                              \
    assert_decoded_bytes(&wr_proto_decoder, schema, trade(*state, ""), attributes, bytes, sizeof(bytes) - 1, \
                         expected)

static void every_type_is_read(void **state) {
    IN("symbol string, price double, volume long, note int, side string, delta int, fx long, sfx int, ok "
       "bool, f float, "
       "raw string, u long",
       "", full, "h\xC3\xA4l|1.5|-5|0|SELL|-3|7|-8|true|2.5|abc|4000000000\n");
    IN("side int, price string, volume double, delta object", "", full, "1|1.5|-5.0|object:-3\n");
    IN("big string, u double", "", full, "9223372036854775809|4000000000.0\n");
    IN("big long", "", full, "!column 'big': 9223372036854775809 is out of the range of a long\n");
    IN("u int", "", full, "!column 'u': 4000000000 is out of the range of an int\n");
}

static void paths_lead_into_messages(void **state) {
    IN("v int, w int, o string, p int", "v=$.in.v;w=in.again.v;o=other.s;p=p2", full, "9|10|os|9\n");
    IN("v int, o string", "v=$.in.v;o=other.s", some, "null|null\n");
}

static void what_is_not_there_has_its_default_or_is_null(void **state) {
    IN("symbol string, note int, side string, ok bool, f float, raw string, p1 string, p2 int", "", "",
       "|null|BUY|false|0.0||null|null\n");
    IN("symbol string, note int", "", some, "s|0\n");
}

static void what_is_malformed_is_told(void **state) {
    for (size_t len = 1; len + 1 < sizeof some; len++) {
        char *text = decoded_by(&wr_proto_decoder, "symbol string", trade(*state, ""), "", some, len);
        /* cut between two fields it is a record too */
        bool is_record = len == 3 || len == 12 || len == 23 || len == 25 || len == 27;
        assert_string_equal(text, is_record ? "s\n" : "!Protobuf: malformed, or cut off\n");
        free(text);
    }
    IN("ok bool", "", "\x00\x01", "!Protobuf: malformed, or cut off\n");
    IN("ok bool", "", "\x0b\x0b\x0c\x0c\x48\x01", "true\n"); /* groups are left out */
    IN("ok bool", "", "\x0b\x14\x48\x01", "!Protobuf: malformed, or cut off\n");
    IN("symbol string", "", "\x0a\x01\xff", "!column 'symbol': not valid UTF-8 at byte 1 of '?'\n");
    IN("ok bool", "", "\x4d\0\0\0\0", "false\n"); /* of another wire type: it is some other field */
}

static void a_descriptor_set_serves_as_well(void **state) {
    files *f = *state;
    snprintf(f->options, sizeof f->options, "schema.file=%s", f->set);
    assert_decoded_bytes(&wr_proto_decoder, "s string, n int, e string, v int", f->options,
                         "v=in.v;s=s;n=n;e=e", "\x0a\x01x\x18\x01\x22\x02\x08\x05", 9, "x|null|B|5\n");
    write_file(f->set, set, sizeof set - 5, false);
    assert_decoded(&wr_proto_decoder, "s string", f->options, "", "",
                   "open: protobuf: the file is no descriptor set (protoc --descriptor_set_out "
                   "--include_imports) and its "
                   "name doesn't end in .proto");
    write_file(f->set, set, sizeof set - 1, false);
}

static void records_of_a_registry_have_a_prefix(void **state) {
    assert_decoded_bytes(&wr_proto_decoder, "symbol string", trade(*state, ";registry.prefix=true"), "",
                         "\0\0\0\0\7\0\x0a\1s", 9, "s\n");
    assert_decoded_bytes(&wr_proto_decoder, "symbol string", trade(*state, ";registry.prefix=true"), "",
                         "\0\0\0\0\7\2\0\x0a\1s", 10, "s\n");
    assert_decoded_bytes(&wr_proto_decoder, "symbol string", trade(*state, ";registry.prefix=true"), "",
                         "\0\0\0\0\7\2\2\x0a\1s", 10,
                         "!Protobuf: the record is of another message of its schema\n");
    assert_decoded_bytes(&wr_proto_decoder, "symbol string", trade(*state, ";registry.prefix=true"), "",
                         "\x0a\1s", 3,
                         "!Protobuf: the registry's zero byte, schema id and message are missing\n");
}

static void check_open(files *f, const char *text, const char *schema, const char *expected) {
    char path[300];
    write_text(in_directory(f->dir, "x.proto", path), text);
    snprintf(f->options, sizeof f->options, "schema.file=%s", path);
    assert_decoded(&wr_proto_decoder, schema, f->options, "", "", expected);
}

static void wrong_schemas_are_refused(void **state) {
    check_open(*state, "message M { string s = 1; } message N {}", "s string",
               "open: protobuf: there are several messages; say which with the option 'message'");
    check_open(*state, "message M { string t = 1; }", "s string",
               "open: protobuf: the message 'M' has no field for the attribute 's'");
    check_open(*state, "message M { repeated string s = 1; }", "s string",
               "open: protobuf: the field 's' of attribute 's' is repeated, or a map");
    check_open(*state, "message M { M s = 1; }", "s string",
               "open: protobuf: the field 's' of attribute 's' is a message; give the path of a field in it");
    check_open(*state, "message M {\n Q s = 1; }", "s string",
               "open: protobuf: the type 'Q' of M.s is not known");
    check_open(*state, "message M {\n string s 1; }", "s string",
               "open: protobuf: line 2 of the schema: = expected, not '1'");
    check_open(*state, "message M {", "s string",
               "open: protobuf: line 1 of the schema: a name expected, not ''");
    check_open(*state, "import \"x.proto\"; message M {}", "s string",
               "open: protobuf: imports go in a circle");
    check_open(
        *state, "\"", "s string",
        "open: protobuf: line 1 of the schema: message, enum, import, package or option expected, not ''");
    assert_decoded(&wr_proto_decoder, "s string", "", "", "",
                   "open: protobuf: give schema.file or schema.def");
}

static void rows_are_written_as_protobuf_does(void **state) {
    files *f = *state;
    wr_buf bytes = encoded_bytes_by(
        &wr_proto_encoder, "delta int, side string, note int, volume long, price double, symbol string",
        trade(f, ""), NULL, 0, false, "-3|SELL|0|-5|1.5|s");
    assert_int_equal(bytes.len, sizeof some); /* with the '|' behind */
    assert_memory_equal(bytes.data, some, sizeof some - 1);
    wr_buf_fini(&bytes);
    assert_encoded(&wr_proto_encoder, "symbol string, volume long, note int", trade(f, ""), NULL, false,
                   "|0|null", "|");
    assert_encoded(
        &wr_proto_encoder, "side string, u long", trade(f, ""), NULL, false, "NO|1\nBUY|-1",
        "dropped: a value is no symbol of its enum|dropped: a number is out of the range of its field|");
    bytes =
        encoded_bytes_by(&wr_proto_encoder, "symbol string", trade(f, ";schema.id=258"), NULL, 0, false, "s");
    assert_memory_equal(bytes.data, "\0\0\0\1\2\0\x0a\1s|", 10);
    wr_buf_fini(&bytes);
    bytes = encoded_bytes_by(&wr_proto_encoder, "v int", trade(f, ".In;schema.id=1"), NULL, 0, false, "5");
    assert_string_equal(bytes.data, "protobuf: no message is called 'Trade.In'");
    wr_buf_fini(&bytes);
    snprintf(f->options, sizeof f->options, "schema.file=%s;message=x.y.Trade.In;schema.id=1", f->proto);
    bytes = encoded_bytes_by(&wr_proto_encoder, "v int", f->options, NULL, 0, false, "5");
    assert_memory_equal(bytes.data, "\0\0\0\0\1\4\0\0\x08\5|", 11);
    wr_buf_fini(&bytes);
    assert_encoded(&wr_proto_encoder, "symbol int", trade(f, ""), NULL, false, "1",
                   "protobuf: the attribute 'symbol' is int, which its field can't hold");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(paths_lead_into_messages),
        cmocka_unit_test(what_is_not_there_has_its_default_or_is_null),
        cmocka_unit_test(what_is_malformed_is_told),
        cmocka_unit_test(a_descriptor_set_serves_as_well),
        cmocka_unit_test(records_of_a_registry_have_a_prefix),
        cmocka_unit_test(wrong_schemas_are_refused),
        cmocka_unit_test(rows_are_written_as_protobuf_does),
    };
    return cmocka_run_group_tests(tests, make_files, drop_files);
}
