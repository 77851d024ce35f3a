/* CSV to columns, by way of a file source; each text is also cut into pieces of every size. */
#include "feed.h"

#define CHECK(schema, options, text, expected)                                                               \
    feed_check(schema, "csv", options, text, sizeof(text) - 1, expected)

/* ---- Tests -------------------------------------------------------------------------------------------- */

static void every_type_is_read(void **state) {
    (void)state;
    CHECK(
        "a int, b long, c float, d double, e bool, f string", "",
        "1,2,1.5,2.25,true,hello\n-7,9223372036854775807,1e3,-1e-3,FALSE,a longer string than twelve bytes\n",
        "1|2|1.5|2.25|true|hello\n-7|9223372036854775807|1000.0|-0.001|false|a longer string than twelve "
        "bytes\n");
}

static void quotes_hold_delimiters_newlines_and_quotes(void **state) {
    (void)state;
    CHECK("a string, b int", "", "\"x,y\",1\n\"line\nbreak\",2\r\n\"say \"\"hi\"\"\",\"3\"\n",
          "x,y|1\nline\nbreak|2\nsay \"hi\"|3\n");
    CHECK("a string, b string", "", "\"\",\"\"\"\"\n", "|\"\n");
    CHECK("a string, b string", "", "it's,5\" disk\n", "it's|5\" disk\n");
}

static void carriage_returns_and_a_missing_last_newline_do_not_matter(void **state) {
    (void)state;
    CHECK("a int, b string", "", "1,x\r\n2,y\r\n3,z", "1|x\n2|y\n3|z\n");
    CHECK("a int, b string", "", "1,x\r\n\r\n\n2,\"y\"\r", "1|x\n2|y\n");
}

static void empty_unquoted_fields_are_null(void **state) {
    (void)state;
    CHECK("a int, b string, c double", "", ",,\n1,\"\",2\n", "null|null|null\n1||2.0\n");
    CHECK("a int, b string", "null.text=NA", "NA,NA\n1,\"NA\"\n2,\n", "null|null\n1|NA\n2|\n");
}

static void a_header_finds_columns_by_name(void **state) {
    (void)state;
    CHECK("speed double, id string", "header=true", "id, other ,speed\nx,1,2.5\ny,2,3\n", "2.5|x\n3.0|y\n");
    CHECK("speed double, id string", "header.present=true", "\xEF\xBB\xBFspeed,id\r\n1,a\r\n", "1.0|a\n");
}

static void a_header_without_a_column_is_told_at_each_record(void **state) {
    (void)state;
    CHECK("a int, b int", "header=true", "a,c\n1,2\n", "!2:4 the header has no column 'b'\n");
    CHECK("a int, b int", "header=true;fail.on.missing.attribute=false", "a,c\n1,2\n", "1|null\n");
}

static void too_few_and_too_many_fields_are_told(void **state) {
    (void)state;
    CHECK("a int, b int", "", "1\n1,2\n1,2,3\n",
          "!1:0 1 field where 2 are expected\n1|2\n!3:6 3 fields where only 2 are expected\n");
    CHECK("a int, b int", "fail.on.missing.attribute=false;fail.on.unknown.attribute=false", "1\n1,2,3\n",
          "1|null\n1|2\n");
}

static void bad_values_are_told_with_column_and_reason(void **state) {
    (void)state;
    CHECK("a int, b long, c double, d bool", "",
          "x,1,1,true\n1,99999999999999999999,1,true\n3000000000,1,1,true\n"
          "1,1,1e999,true\n1,1,1,yes\n5,1.0,1,true\n4,1,1,true\n",
          "!1:0 column 'a': 'x' is not an int\n"
          "!2:11 column 'b': 99999999999999999999 is out of the range of a long\n"
          "!3:41 column 'a': 3000000000 is out of the range of an int\n"
          "!4:61 column 'c': 1e999 is out of the range of a double\n"
          "!5:76 column 'd': 'yes' is not a bool\n"
          "!6:86 column 'b': '1.0' is not a long\n"
          "4|1|1.0|true\n");
}

static void nuls_and_broken_utf8_are_told(void **state) {
    (void)state;
    CHECK("a int, b string", "", "1,a\0b\n2,\xFF\xFE\n3,\xED\xA0\x80\n4,gr\xC3\xBC\xC3\x9F\n",
          "!1:0 column 'b': a NUL byte in 'a?b'\n!2:6 column 'b': not valid UTF-8 at byte 1 of '?"
          "?'\n"
          "!3:11 column 'b': not valid UTF-8 at byte 1 of '?"
          "?"
          "?'\n4|gr\xC3\xBC\xC3\x9F\n");
}

static void text_behind_a_closing_quote_is_told(void **state) {
    (void)state;
    CHECK("a string, b int", "", "\"x, y\" ,1\n\"z\"\t \r\n,2\n",
          "x, y|1\n!2:10 1 field where 2 are expected\nnull|2\n");
    CHECK("a string, b int", "", "\"x\"y,1\nz,2\n", "!1:0 field 1: text after the closing quote\nz|2\n");
}

static void a_quote_that_is_never_closed_costs_one_line(void **state) {
    (void)state;
    CHECK("a string, b int", "", "x,1\n\"y,2\nz,3\nw,4\n",
          "x|1\n!2:4 a quote that is never closed\nz|3\nw|4\n");
}

static void a_record_over_the_limit_is_skipped(void **state) {
    (void)state;
    CHECK("a string, b int", "record.limit=16", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,1\nx,2\n",
          "!1:0 a record of more than 16 bytes\nx|2\n");
    CHECK("a string, b int", "record.limit=16", "x,2\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "x|2\n!2:4 a record of more than 16 bytes\n");
}

static void a_header_over_the_limit_is_skipped_too(void **state) {
    (void)state;
    CHECK("a int, b int", "header=true;record.limit=16", "a name that is too long,b\na,b\n1,2\n",
          "!1:0 a record of more than 16 bytes\n1|2\n");
    CHECK("a int, b int", "record.limit=16", "12345678,1234567\r\n", "12345678|1234567\n"); /* just fits */
}

static void delimiters_can_be_chosen(void **state) {
    (void)state;
    CHECK("a int, b string", "delimiter=\\t;quote='", "1\t'x\ty'\n", "1|x\ty\n");
}

static void a_message_is_one_chunk(void **state) {
    (void)state;
    feed f;
    feed_open(&f, "a int", "csv", "");
    weir_rows rows;
    feed_rows(&f, &rows);
    rows.limit = 1;
    char text[1000] = "";
    for (int i = 0; i < 200; i++) strcat(text, "7\n");
    feed_message(&f, text, &rows);
    assert_int_equal(rows.n, 200);
    assert_int_equal(rows.n_chunks, 1);
    assert_int_equal(rows.chunk_end[0], 200);
    feed_close(&f);
}

/* Answers but the third are those of siddhi-map-csv 2.0.3, where a header that comes again is data. */
static void the_header_of_messages_comes_once_or_again(void **state) {
    (void)state;
    feed f;
    feed_open(&f, "a int, b string", "csv", "header=true");
    weir_rows rows;
    feed_rows(&f, &rows);
    static const struct {
        const char *message;
        uint32_t n_rows;
    } cases[] = {{"a,b", 0}, {"1,x", 1}, {"a,b\n2,y\n3,z", 3}, {"b,a\nq,4", 4}, {"r,5", 5}, {"6,a", 5}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        feed_message(&f, cases[i].message, &rows);
        assert_int_equal(rows.n, cases[i].n_rows);
    }
    assert_int_equal(((int32_t *)rows.cols[0].data)[3], 4);
    feed_close(&f);
}

/* ---- By a file ---------------------------------------------------------------------------------------- */

static void columns_that_nobody_reads_are_not_even_looked_at(void **state) {
    (void)state;
    feed f;
    static const bool wanted[] = {false, true};
    feed_open(&f, "a int, b int", "csv", "");
    f.type->close(f.self);
    memset(f.self, 0, f.type->state_size);
    f.args.wanted = wanted;
    assert_int_equal(f.type->open(f.self, &f.args, NULL), WEIR_OK);
    weir_arena arena;
    weir_rows rows;
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_rows_init(&rows, &f.schema.schema, wanted, 64, &arena, NULL), 0);
    weir_decode call = {.bytes = "junk,5\n", .len = 7, .rows = &rows, .bad = feed_bad, .bad_ctx = &f};
    assert_int_equal(f.type->decode(f.self, &call, NULL), WEIR_EAGAIN);
    put_rows(&f.got, &rows, false);
    assert_string_equal(f.got.data, "-|5\n");
    wr_arena_fini(&arena);
    feed_close(&f);
}

static void attributes_map_positions_and_names(void **state) {
    (void)state;
    char *dir = new_directory(), path[300], options[400];
    write_text(in_directory(dir, "x.csv", path), "p,q,r\n1,2,3\n");
    snprintf(options, sizeof options, "file.uri=%s", path);
    test_source t = {0};
    assert_int_equal(open_source(&t, "a int, b int", "file", options, "csv", "header=true", "a=r;b=p", NULL),
                     WEIR_OK);
    assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_got(&t, "3|1\n");
    close_source(&t);
    write_text(path, "1,2,3\n");
    assert_int_equal(open_source(&t, "a int, b int", "file", options, "csv", "", "2;0", NULL), WEIR_OK);
    assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_got(&t, "3|1\n");
    close_source(&t);
    weir_error err;
    assert_int_equal(open_source(&t, "a int, b int", "file", options, "csv", "", "a=r;b=p", &err),
                     WEIR_ECONFIG);
    assert_non_null(strstr(err.message, "header='true'"));
    close_source(&t);
    drop_directory(dir);
}

static void random_tables_survive_encoding_and_decoding(void **state) {
    (void)state;
    static const char alphabet[] = "ab,\"\n\r '\xC3\xA4";
    test_random r = test_seeded("csv");
    feed f;
    feed_open(&f, "a string, b string, c string", "csv", "");
    for (int round = 0; round < 300; round++) {
        wr_buf text = WR_BUF_INIT, expected = WR_BUF_INIT;
        for (uint32_t row = 0, n = test_below(&r, 5); row <= n; row++)
            for (int col = 0; col < 3; col++) {
                wr_buf_puts(&text, "\"");
                for (uint32_t i = test_below(&r, 6); i; i--) {
                    uint32_t at = test_below(&r, sizeof alphabet - 2);
                    char c = alphabet[at];
                    int n_bytes = (unsigned char)c == 0xC3 ? 2 : 1;
                    wr_buf_put(&expected, alphabet + at, n_bytes);
                    if (c == '"') wr_buf_putc(&text, '"');
                    wr_buf_put(&text, alphabet + at, n_bytes);
                }
                wr_buf_puts(&text, col == 2 ? "\"\n" : "\",");
                wr_buf_puts(&expected, col == 2 ? "\n" : "|");
            }
        wr_buf_clear(&f.got);
        feed_text(&f, text.data, text.len, 1 + test_below(&r, 20));
        assert_string_equal(f.got.data, expected.data);
        wr_buf_fini(&text);
        wr_buf_fini(&expected);
    }
    feed_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(quotes_hold_delimiters_newlines_and_quotes),
        cmocka_unit_test(carriage_returns_and_a_missing_last_newline_do_not_matter),
        cmocka_unit_test(empty_unquoted_fields_are_null),
        cmocka_unit_test(a_header_finds_columns_by_name),
        cmocka_unit_test(a_header_without_a_column_is_told_at_each_record),
        cmocka_unit_test(too_few_and_too_many_fields_are_told),
        cmocka_unit_test(bad_values_are_told_with_column_and_reason),
        cmocka_unit_test(nuls_and_broken_utf8_are_told),
        cmocka_unit_test(text_behind_a_closing_quote_is_told),
        cmocka_unit_test(a_quote_that_is_never_closed_costs_one_line),
        cmocka_unit_test(a_record_over_the_limit_is_skipped),
        cmocka_unit_test(a_header_over_the_limit_is_skipped_too),
        cmocka_unit_test(delimiters_can_be_chosen),
        cmocka_unit_test(a_message_is_one_chunk),
        cmocka_unit_test(the_header_of_messages_comes_once_or_again),
        cmocka_unit_test(columns_that_nobody_reads_are_not_even_looked_at),
        cmocka_unit_test(attributes_map_positions_and_names),
        cmocka_unit_test(random_tables_survive_encoding_and_decoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
