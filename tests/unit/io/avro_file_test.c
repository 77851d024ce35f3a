/* Avro's container files, cut into pieces of every size. */
#include "feed.h"
#include "io/avro_file.h"
#include "io/schema_registry.h"
#include "state/writer.h"

#define SCHEMA                                                                                               \
    "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"},"                     \
    "{\"name\":\"s\",\"type\":\"string\"}]}"
static const char marker[] = "0123456789abcdef";

static void put_header(wr_buf *out, wr_avro_codec codec) {
    wr_avro_write_header(out, SCHEMA, strlen(SCHEMA), codec, marker);
}

/* {1,"a"} {2,"b"} {3,"c"} and {4,"d"} */
static void put_blocks(wr_buf *out, wr_avro_codec codec) {
    wr_avro_write_block(out, 3,
                        "\x02\x02"
                        "a\x04\x02"
                        "b\x06\x02"
                        "c",
                        9, codec, marker);
    wr_avro_write_block(out, 1,
                        "\x08\x02"
                        "d",
                        3, codec, marker);
}

#define CHECK(file, expected)                                                                                \
    feed_check("n int, s string", "avro", "block.limit=1 kB", (file).data, (file).len, expected)

static void files_of_every_codec_are_read(void **state) {
    (void)state;
    for (int codec = WR_AVRO_PLAIN; codec <= WR_AVRO_ZSTD; codec++) {
        wr_buf file = WR_BUF_INIT;
        put_header(&file, (wr_avro_codec)codec);
        CHECK(file, "");
        put_blocks(&file, (wr_avro_codec)codec);
        CHECK(file, "1|a\n2|b\n3|c\n4|d\n");
        wr_buf_fini(&file);
    }
}

/* As Google's library packs "abc" times 21 and "xyz": a literal, a copy that overlaps with itself, a literal;
 * then the check sum. */
static void snappy_is_unpacked(void **state) {
    (void)state;
    static const char packed[] = "B\x08"
                                 "abc\xee\x03\x00\x08xyz\xb8\xae\x00\xab";
    wr_buf out = WR_BUF_INIT;
    assert_null(wr_avro_unpack(WR_AVRO_SNAPPY, packed, sizeof packed - 1, 66, &out));
    assert_int_equal(out.len, 66);
    assert_memory_equal(out.data + 57, "abcabcxyz", 9);
    assert_string_equal(wr_avro_unpack(WR_AVRO_SNAPPY, packed, sizeof packed - 1, 65, &out),
                        "it is larger than block.limit");
    for (size_t len = 0; len + 1 < sizeof packed; len++)
        assert_non_null(wr_avro_unpack(WR_AVRO_SNAPPY, packed, len, 1000, &out));
    wr_buf_fini(&out);
}

static void what_is_damaged_is_passed_over(void **state) {
    (void)state;
    wr_buf file = WR_BUF_INIT;
    put_header(&file, WR_AVRO_PLAIN);
    size_t begin = file.len;
    put_blocks(&file, WR_AVRO_PLAIN);
    file.data[begin + 11] ^= 1; /* of the first sync marker */
    char text[200];
    snprintf(text, sizeof text, "!1:%zu Avro: a block doesn't end in the file's sync marker\n", begin);
    CHECK(file, text); /* the second block's marker is the next */
    wr_avro_write_block(&file, 1,
                        "\x0a\x02"
                        "e",
                        3, WR_AVRO_PLAIN, marker);
    strcat(text, "5|e\n");
    CHECK(file, text);
    file.data[begin + 11] ^= 1;
    file.data[begin + 3] = '\x7f'; /* the first string's length */
    snprintf(text, sizeof text,
             "!1:%zu Avro: the record is cut off; 3 records of its block are lost\n4|d\n5|e\n", begin);
    CHECK(file, text);
    wr_buf_fini(&file);
}

static void what_is_cut_off_is_told(void **state) {
    (void)state;
    wr_buf file = WR_BUF_INIT;
    put_header(&file, WR_AVRO_PLAIN);
    size_t begin = file.len;
    put_blocks(&file, WR_AVRO_PLAIN);
    char text[200];
    for (size_t len = 1; len < file.len; len++) {
        wr_buf part = {file.data, len, 0, false};
        size_t second = begin + 2 + 9 + WR_AVRO_SYNC;
        if (len < begin)
            snprintf(text, sizeof text, "!1:0 Avro: the file ends within its header\n");
        else if (len == begin)
            snprintf(text, sizeof text, "%s", "");
        else if (len < second)
            snprintf(text, sizeof text, "!1:%zu Avro: the file ends within a block\n", begin);
        else
            snprintf(text, sizeof text,
                     len == second ? "1|a\n2|b\n3|c\n"
                                   : "1|a\n2|b\n3|c\n!4:%zu Avro: the file ends within a block\n",
                     second);
        CHECK(part, text);
    }
    wr_buf_fini(&file);
}

static void other_files_are_refused(void **state) {
    (void)state;
    wr_buf file = WR_BUF_INIT;
    wr_buf_puts(&file, "{\"n\":1}\n{\"n\":2}\n");
    CHECK(file, "!1:0 Avro: this is no Avro file\n");
    wr_buf_clear(&file);
    wr_avro_write_header(&file, "\"int\"", 5, WR_AVRO_PLAIN, marker);
    wr_avro_write_block(&file, 1, "\x02", 1, WR_AVRO_PLAIN, marker);
    char text[200];
    snprintf(text, sizeof text, "!1:%zu Avro: the schema is no record\n", file.len - 19);
    CHECK(file, text);
    wr_buf_fini(&file);
}

/* One row, from text on; returns what is consumed. */
static size_t feed_one(feed *f, const char *text, size_t len) {
    weir_arena arena;
    weir_rows rows;
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_rows_init(&rows, &f->schema.schema, NULL, 64, &arena, NULL), 0);
    rows.limit = 1;
    weir_decode call = {
        .bytes = text, .len = len, .ends = true, .rows = &rows, .bad = feed_bad, .bad_ctx = f};
    (void)f->type->decode(f->self, &call, NULL);
    put_rows(&f->got, &rows, false);
    wr_arena_fini(&arena);
    return call.consumed;
}

/* All rows, with another decoder for each: as if the process had ended after the one before. */
static void go_through(const wr_buf *file, wr_buf *got) {
    weir_writer saved;
    wr_writer_init(&saved);
    for (size_t begin = 0, step = 0; step < 8; step++) {
        feed f;
        weir_reader r;
        feed_open(&f, "n int, s string", "avro", "");
        wr_reader_init(&r, saved.buf.data, saved.buf.len);
        if (step) assert_int_equal(f.type->load(f.self, &r, NULL), WEIR_OK);
        begin += feed_one(&f, file->data + begin, file->len - begin);
        wr_writer_fini(&saved);
        wr_writer_init(&saved);
        f.type->save(f.self, &saved);
        wr_buf_put(got, f.got.data ? f.got.data : "", f.got.len);
        feed_close(&f);
        if (step == 7) assert_int_equal(begin, file->len);
    }
    wr_writer_fini(&saved);
}

static void a_file_is_gone_on_with_between_any_two_records(void **state) {
    (void)state;
    for (int codec = WR_AVRO_PLAIN; codec <= WR_AVRO_ZSTD; codec++) {
        wr_buf file = WR_BUF_INIT, got = WR_BUF_INIT;
        put_header(&file, (wr_avro_codec)codec);
        put_blocks(&file, (wr_avro_codec)codec);
        go_through(&file, &got);
        assert_string_equal(got.data, "1|a\n2|b\n3|c\n4|d\n");
        wr_buf_fini(&file);
        wr_buf_fini(&got);
    }
}

/* ---- A registry that takes its time -------------------------------------------------------------------- */

typedef struct slow_registry {
    bool has_answered;
    int n_asked;
} slow_registry;

static slow_registry the_registry; /* http() has no place for it */

static weir_status slow_open(const weir_http_args *args, void **self, weir_error *err) {
    (void)args, (void)err;
    *self = &the_registry;
    return WEIR_OK;
}

static void *slow_ask(void *self, const char *method, const char *url, const char *content_type,
                      const char *body, size_t len) {
    (void)content_type, (void)body, (void)len;
    assert_string_equal(method, "GET");
    assert_string_equal(url, "http://r/schemas/ids/7");
    the_registry.n_asked++;
    return self;
}

static weir_status slow_answer(void *self, void *request, long *status, const char **text, size_t *len) {
    static const char answer[] =
        "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"fields\\\":["
        "{\\\"name\\\":\\\"s\\\",\\\"type\\\":\\\"string\\\"}]}\"}";
    (void)self, (void)request;
    if (!the_registry.has_answered) return WEIR_EAGAIN;
    *status = 200;
    *text = answer;
    *len = sizeof answer - 1;
    return WEIR_OK;
}

static void slow_release(void *self, void *request) { (void)self, (void)request; }
static void slow_wait(void *self, int64_t ms) { (void)self, (void)ms; }
static const char *slow_state(void *self) { return (void)self, ""; }
static void slow_close(void *self) { (void)self; }

static const weir_http_type slow_http = {.struct_size = sizeof slow_http,
                                         .name = "slow",
                                         .open = slow_open,
                                         .ask = slow_ask,
                                         .answer = slow_answer,
                                         .release = slow_release,
                                         .wait = slow_wait,
                                         .state = slow_state,
                                         .close = slow_close};

static const weir_http_type *http_of(void *ctx, weir_error *err) { return (void)ctx, (void)err, &slow_http; }

/* The file may be ready all the time: only the format knows when it is worth a try. */
static void a_file_is_held_until_the_registry_gives_the_schema_it_is_read_as(void **state) {
    (void)state;
    char *dir = new_directory(), path[300], options[400];
    wr_buf file = WR_BUF_INIT;
    test_source t = {.host.http = http_of};
    weir_error err = {0};
    the_registry = (slow_registry){0};
    put_header(&file, WR_AVRO_PLAIN);
    put_blocks(&file, WR_AVRO_PLAIN);
    write_file(in_directory(dir, "x.avro", path), file.data, file.len, false);
    snprintf(options, sizeof options, "file.uri=%s", path);
    assert_int_equal(open_source(&t, "s string", "file", options, "avro",
                                 "schema.registry=http://r;schema.id=7", "", &err),
                     WEIR_OK);
    assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(poll_until(&t, INT64_MAX, NULL), WEIR_EAGAIN);
        assert_int_equal(wr_source_wait_ms(t.source), WR_REGISTRY_WAIT_MS);
        assert_int_equal(wr_source_wake_fd(t.source), -1);
    }
    assert_int_equal(the_registry.n_asked, 1);
    the_registry.has_answered = true;
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_got(&t, "a\nb\nc\nd\n");
    close_source(&t);
    wr_buf_fini(&file);
    drop_directory(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_codec_are_read),
        cmocka_unit_test(snappy_is_unpacked),
        cmocka_unit_test(what_is_damaged_is_passed_over),
        cmocka_unit_test(what_is_cut_off_is_told),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(a_file_is_gone_on_with_between_any_two_records),
        cmocka_unit_test(a_file_is_held_until_the_registry_gives_the_schema_it_is_read_as),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
