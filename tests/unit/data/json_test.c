#include "../support.h"

#include "base/arena.h"
#include "data/json.h"
#include "data/object.h"
#include "data/text.h"
#include "data/value.h"

static weir_status read(const char *text, bool lenient, weir_arena *arena, weir_value *out) {
    wr_json_reading how = {.order = WEIR_MAP_LINKED, .lenient = lenient};
    return wr_json_to_value(text, strlen(text), &how, arena, out, NULL);
}

/* Reads a text and writes it again, or says "no". */
static void check(const char *text, bool lenient, wr_json_style style, const char *expected) {
    weir_arena arena;
    weir_value v;
    wr_buf b = WR_BUF_INIT;
    wr_arena_init(&arena, NULL);
    if (read(text, lenient, &arena, &v) == WEIR_OK)
        wr_json_of_value(&b, &v, style);
    else
        wr_buf_puts(&b, "no");
    assert_string_equal(b.data, expected);
    if (v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
    wr_buf_fini(&b);
    wr_arena_fini(&arena);
}

static void what_is_json_comes_back(void **state) {
    (void)state;
    check(" { \"b\" : 1 , \"a\":[ 1, 2.50,-3e2, true,false , null,\"x\" ], \"c\":{}, \"d\":[] } ", false,
          WR_JSON_PLAIN, "{\"b\":1,\"a\":[1,2.5,-300.0,true,false,null,\"x\"],\"c\":{},\"d\":[]}");
    check("{\"a\":1,\"a\":2}", false, WR_JSON_PLAIN, "{\"a\":2}");
    check("2147483648", false, WR_JSON_PLAIN, "2147483648");
    check("12345678901234567890", false, WR_JSON_PLAIN, "1.2345678901234567E19");
    check("\"\\u00e9\\ud83d\\ude00\\n\\\"\\/\\ud83d\"", false, WR_JSON_PLAIN,
          "\"\xc3\xa9\xf0\x9f\x98\x80\\n\\\"/\xef\xbf\xbd\"");
    check("\"\\u0001\\t<a href='/x'>\"", false, WR_JSON_HTML,
          "\"\\u0001\\t\\u003ca href\\u003d\\u0027/x\\u0027\\u003e\"");
    check("\"</a>\"", false, WR_JSON_WEB, "\"<\\/a>\"");
}

static void what_is_no_json_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",       "{",     "[1",    "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}",   "'a'",        "01",
        "1.",     "+1",    "1e",    "tru",  "\"a",     "\"\\",     "\"\\u12", "[1] 2",      "{\"a\":1,}",
        "\"\n\"", "[1 2]", "nulls", ".5",   "-",       "]",        ",",       "\"\\u00zz\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check(texts[i], false, WR_JSON_PLAIN, "no");
}

static void lenient_reading_takes_what_siddhi_takes(void **state) {
    (void)state;
    check("{'a':'x y',b:word,\"c\":[1,],}", true, WR_JSON_PLAIN, "{\"a\":\"x y\",\"b\":\"word\",\"c\":[1]}");
    check("{:1}", true, WR_JSON_PLAIN, "no");
    check("{'a':1", true, WR_JSON_PLAIN, "no");
}

static void nesting_is_limited_and_every_cut_is_safe(void **state) {
    (void)state;
    char deep[2 * WEIR_OBJECT_DEPTH + 3];
    uint32_t n = WEIR_OBJECT_DEPTH + 1;
    memset(deep, '[', n);
    memset(deep + n, ']', n);
    deep[2 * n] = 0;
    check(deep, false, WR_JSON_PLAIN, "no");
    const char *whole = "{\"a\":[1,\"\\u00e9 long enough for the heap\",{\"b\":null}],\"c\":\"d\"}";
    for (size_t len = 0; len < strlen(whole); len++) {
        char cut[128];
        memcpy(cut, whole, len);
        cut[len] = 0;
        check(cut, false, WR_JSON_PLAIN, "no");
    }
}

static void the_text_of_a_json_list_is_json(void **state) {
    (void)state;
    weir_arena arena;
    weir_value v;
    char text[64];
    wr_arena_init(&arena, NULL);
    assert_int_equal(read("{\"a\":[1,\"x\"]}", false, &arena, &v), WEIR_OK);
    weir_value_text(&v, text, sizeof text);
    assert_string_equal(text, "{a=[1,\"x\"]}");
    weir_object_unref(v.as.o);
    wr_arena_fini(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json_comes_back),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(lenient_reading_takes_what_siddhi_takes),
        cmocka_unit_test(nesting_is_limited_and_every_cut_is_safe),
        cmocka_unit_test(the_text_of_a_json_list_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
