#include "../support.h"

#include "data/value.h"
#include "state/writer.h"

#define TAG WR_TAG('T', 'E', 'S', 'T')

static weir_object *make_object(test_random *r);

/* A list or a map; now and then with another object in it. */
static weir_object *make_container(test_random *r, bool is_map) {
    weir_object *o = is_map ? weir_object_new_map((weir_map_order)test_below(r, 2)) : weir_object_new_list();
    for (uint32_t n = test_below(r, 30); n; n--) {
        weir_object *inner = test_below(r, 60) ? NULL : make_object(r);
        weir_value key = wr_value_int((int32_t)test_below(r, 1000)), v = wr_value_object(inner);
        if (!inner) v = test_below(r, 2) ? wr_value_text("a text longer than twelve bytes") : key;
        assert_int_equal(is_map ? weir_object_map_put(o, &key, &v) : weir_object_list_add(o, &v), WEIR_OK);
        if (is_map && test_below(r, 4) == 0) assert_int_equal(weir_object_map_remove(o, &key), WEIR_OK);
        weir_object_unref(inner);
    }
    return o;
}

static weir_object *make_object(test_random *r) {
    char text[80];
    if (test_below(r, 2)) return make_container(r, test_below(r, 2));
    sprintf(text, "%.*s", (int)test_below(r, 60),
            "a message that can be rather long, longer than twelve bytes");
    if (test_below(r, 2)) return weir_object_new_error(text);
    weir_object *set = weir_object_new_set();
    for (uint32_t n = test_below(r, 20); n; n--) {
        weir_value v = test_below(r, 2)   ? wr_value_int((int32_t)test_below(r, 30))
                       : test_below(r, 2) ? wr_value_text(text)
                                          : wr_value_null(WEIR_FLOAT);
        assert_int_equal(weir_object_set_add(set, &v), WEIR_OK);
    }
    return set;
}

static weir_value random_value(test_random *r, weir_arena *arena) {
    weir_type type = (weir_type)(1 + test_below(r, 7));
    uint64_t bits = test_next(r);
    weir_value v = {.type = type};
    weir_string s;
    if (test_below(r, 5) == 0) return wr_value_null(type);
    switch (type) {
    case WEIR_FLOAT: v.as.f = (float)bits; break;
    case WEIR_DOUBLE: memcpy(&v.as.d, &bits, 8); break;
    case WEIR_BOOL: v.as.b = bits & 1; break;
    case WEIR_STRING:
        assert_int_equal(weir_arena_string(arena, "some bytes\0and more of them", bits % 27, &s), WEIR_OK);
        v.as.s = s;
        break;
    case WEIR_OBJECT:
        v.as.o = make_object(r);
        assert_int_equal(weir_arena_own(arena, v.as.o), WEIR_OK);
        break;
    default: v.as.l = (int64_t)bits; break;
    }
    if (type == WEIR_INT) v = wr_value_int((int32_t)bits);
    return v;
}

static bool same_value(const weir_value *a, const weir_value *b) {
    if (a->type != b->type || a->is_null != b->is_null) return false;
    if (a->is_null) return true;
    if (a->type != WEIR_OBJECT)
        return a->type == WEIR_DOUBLE ? memcmp(&a->as, &b->as, 8) == 0 : wr_value_equal(a, b);
    if (weir_object_get_kind(a->as.o) != weir_object_get_kind(b->as.o)) return false;
    weir_object_kind kind = weir_object_get_kind(a->as.o);
    if (kind == WEIR_OBJECT_LIST || kind == WEIR_OBJECT_MAP) {
        char x[16384], y[16384]; /* the order of a map shows in its text */
        weir_value_text(a, x, sizeof x);
        weir_value_text(b, y, sizeof y);
        return strcmp(x, y) == 0; /* an error in it is another one */
    }
    if (weir_object_get_kind(a->as.o) != WEIR_OBJECT_SET) {
        weir_value x = weir_object_get_value(a->as.o), y = weir_object_get_value(b->as.o);
        return wr_value_equal(&x, &y);
    }
    uint32_t n = weir_object_set_size(a->as.o);
    if (n != weir_object_set_size(b->as.o)) return false;
    for (uint32_t i = 0; i < n; i++) {
        weir_value x = weir_object_set_member(a->as.o, i), y = weir_object_set_member(b->as.o, i);
        if (!wr_value_equal(&x, &y)) return false;
    }
    return true;
}

static void values_of_every_kind_come_back(void **state) {
    (void)state;
    enum { N = 2000 };
    static weir_value want[N];
    test_random r = test_seeded("values");
    weir_arena arena;
    weir_writer w;
    weir_reader rd;
    wr_arena_init(&arena, NULL);
    wr_writer_init(&w);
    for (int i = 0; i < N; i++) {
        want[i] = random_value(&r, &arena);
        weir_write_value(&w, &want[i]);
    }
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_OK);
    wr_reader_init(&rd, w.buf.data, w.buf.len);
    for (int i = 0; i < N; i++) {
        weir_value got;
        assert_int_equal(weir_read_value(&rd, &arena, &got), WEIR_OK);
        assert_true(same_value(&want[i], &got));
    }
    assert_int_equal(weir_reader_left(&rd), 0);
    assert_int_equal(wr_read_u8(&rd), 0);
    assert_int_equal(weir_reader_status(&rd, NULL), WEIR_ESTATE);
    wr_writer_fini(&w);
    wr_arena_fini(&arena);
}

static void write_sample(weir_writer *w, weir_arena *arena) {
    weir_object *set = weir_object_new_set();
    weir_value member = wr_value_text("a member of more than twelve bytes"), s = wr_value_object(set);
    assert_int_equal(weir_object_set_add(set, &member), WEIR_OK);
    assert_int_equal(weir_arena_own(arena, set), WEIR_OK);
    wr_writer_init(w);
    wr_writer_begin_section(w, TAG, 3);
    weir_write_u32(w, 0x01020304);
    wr_write_text(w, "name");
    wr_writer_begin_section(w, WR_TAG('I', 'N', ' ', '1'), 1);
    weir_write_i64(w, -5);
    weir_write_f64(w, 2.5);
    wr_writer_end_section(w);
    wr_writer_begin_section(w, WR_TAG('I', 'N', ' ', '2'), 1);
    weir_write_value(w, &s);
    wr_writer_end_section(w);
    wr_writer_end_section(w);
    assert_int_equal(wr_writer_status(w, NULL), WEIR_OK);
}

/* Reads what write_sample wrote; WEIR_OK only if all of it is as it was. */
static weir_status read_sample(const void *bytes, size_t len, weir_arena *arena, weir_error *err) {
    weir_reader r;
    uint32_t version;
    weir_value v;
    wr_reader_init(&r, bytes, len);
    WR_TRY(wr_reader_begin_section(&r, TAG, 3, &version, err));
    uint32_t number = weir_read_u32(&r);
    const char *name = wr_read_text(&r, arena);
    assert_int_equal(version, 3);
    WR_TRY(wr_reader_begin_section(&r, WR_TAG('I', 'N', ' ', '1'), 1, &version, err));
    int64_t minus_five = weir_read_i64(&r);
    double half = weir_read_f64(&r);
    WR_TRY(wr_reader_end_section(&r, err));
    assert_int_equal(wr_reader_peek_tag(&r), WR_TAG('I', 'N', ' ', '2'));
    WR_TRY(wr_reader_begin_section(&r, WR_TAG('I', 'N', ' ', '2'), 1, &version, err));
    WR_TRY(weir_read_value(&r, arena, &v));
    WR_TRY(wr_reader_end_section(&r, err));
    WR_TRY(wr_reader_end_section(&r, err));
    WR_TRY(weir_reader_status(&r, err));
    assert_int_equal(wr_reader_peek_tag(&r), 0);
    bool same = number == 0x01020304 && strcmp(name, "name") == 0 && minus_five == -5 && half == 2.5 &&
                weir_object_set_size(v.as.o) == 1;
    return same ? WEIR_OK : weir_fail(err, WEIR_EVALUE, "read something else");
}

static void nested_sections_come_back(void **state) {
    (void)state;
    weir_arena arena;
    weir_writer w;
    wr_arena_init(&arena, NULL);
    write_sample(&w, &arena);
    assert_int_equal(read_sample(w.buf.data, w.buf.len, &arena, NULL), WEIR_OK);
    wr_writer_fini(&w);
    wr_arena_fini(&arena);
}

static void every_flipped_bit_and_every_cut_is_noticed(void **state) {
    (void)state;
    weir_arena arena;
    weir_writer w;
    weir_error err;
    wr_arena_init(&arena, NULL);
    write_sample(&w, &arena);
    for (size_t bit = 0; bit < w.buf.len * 8; bit++) {
        if (bit / 8 >= 4 && bit / 8 < 8) continue; /* a lower version may be read */
        w.buf.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(read_sample(w.buf.data, w.buf.len, &arena, &err), WEIR_ESTATE);
        assert_int_equal(err.code, WEIR_ESTATE);
        assert_true(err.message[0]);
        w.buf.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < w.buf.len; len++) {
        char *exact = malloc(len ? len : 1); /* so that the sanitizer sees a read past the end */
        memcpy(exact, w.buf.data, len);
        assert_int_equal(read_sample(exact, len, &arena, NULL), WEIR_ESTATE);
        free(exact);
    }
    wr_writer_fini(&w);
    wr_arena_fini(&arena);
}

static void newer_versions_and_foreign_sections_are_named(void **state) {
    (void)state;
    weir_writer w;
    weir_reader r;
    weir_error err;
    uint32_t version;
    wr_writer_init(&w);
    wr_writer_begin_section(&w, TAG, 7);
    wr_writer_end_section(&w);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_reader_begin_section(&r, TAG, 6, &version, &err), WEIR_ESTATE);
    assert_string_equal(err.message,
                        "section 'TEST' of the saved state has version 7, this weir reads up to 6");
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_reader_begin_section(&r, WR_TAG('R', 'I', 'N', 'G'), 6, &version, &err), WEIR_ESTATE);
    assert_string_equal(err.message, "saved state has section 'TEST' at byte 0 where 'RING' is expected");
    wr_writer_fini(&w);
}

static void bytes_left_over_in_a_section_are_an_error_unless_skipped(void **state) {
    (void)state;
    weir_writer w;
    weir_reader r;
    uint32_t version;
    wr_writer_init(&w);
    wr_writer_begin_section(&w, TAG, 1);
    weir_write_u32(&w, 1);
    weir_write_u32(&w, 2);
    wr_writer_end_section(&w);
    weir_write_u32(&w, 77);
    for (int skip = 0; skip < 2; skip++) {
        wr_reader_init(&r, w.buf.data, w.buf.len);
        assert_int_equal(wr_reader_begin_section(&r, TAG, 1, &version, NULL), WEIR_OK);
        assert_int_equal(weir_read_u32(&r), 1);
        if (skip) {
            wr_reader_skip_section(&r);
            assert_int_equal(weir_read_u32(&r), 77);
        } else {
            assert_int_equal(wr_reader_end_section(&r, NULL), WEIR_ESTATE);
            assert_int_equal(weir_read_u32(&r), 0);
        }
    }
    wr_writer_fini(&w);
}

static void a_count_that_can_not_be_true_is_refused_before_anything_is_allocated(void **state) {
    (void)state;
    weir_writer w;
    weir_reader r;
    wr_writer_init(&w);
    weir_write_u32(&w, 0xFFFFFFF0u);
    weir_write_u32(&w, 0);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_read_count(&r, 4), 0);
    assert_int_equal(weir_reader_status(&r, NULL), WEIR_ESTATE);
    w.buf.data[0] = 1;
    w.buf.data[1] = w.buf.data[2] = w.buf.data[3] = 0;
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_read_count(&r, 4), 1);
    wr_writer_fini(&w);
}

static void a_reader_keeps_its_first_error(void **state) {
    (void)state;
    weir_reader r;
    weir_error err;
    wr_reader_init(&r, NULL, 0);
    assert_int_equal(wr_reader_fail(&r, "first %d", 1), WEIR_ESTATE);
    assert_int_equal(weir_read_i64(&r), 0);
    assert_int_equal(wr_reader_fail(&r, "second"), WEIR_ESTATE);
    assert_int_equal(weir_reader_status(&r, &err), WEIR_ESTATE);
    assert_string_equal(err.message, "first 1");
    weir_arena arena;
    weir_string s;
    wr_arena_init(&arena, NULL);
    assert_int_equal(weir_read_string(&r, &arena, &s), WEIR_ESTATE);
    assert_int_equal(s.len, 0);
    wr_arena_fini(&arena);
}

static void a_writer_that_went_wrong_says_so(void **state) {
    (void)state;
    weir_writer w;
    wr_writer_init(&w);
    wr_writer_end_section(&w);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_EUSAGE);
    wr_writer_fini(&w);
    for (uint32_t i = 0; i <= WR_SECTION_DEPTH; i++) wr_writer_begin_section(&w, TAG, 1);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_ELIMIT);
    wr_writer_fini(&w);
    wr_writer_begin_section(&w, TAG, 1);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_EUSAGE); /* still open */
    wr_alloc_fail_after(1);
    for (int i = 0; i < 100; i++) weir_write_i64(&w, i);
    wr_alloc_fail_after(0);
    wr_writer_end_section(&w);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_ENOMEM);
    wr_writer_fini(&w);
}

static void random_bytes_never_read_outside(void **state) {
    (void)state;
    test_random r = test_seeded("hostile");
    for (int round = 0; round < 20000; round++) {
        weir_arena arena;
        weir_reader rd;
        wr_arena_init(&arena, NULL);
        size_t len = test_below(&r, 80);
        unsigned char *bytes = malloc(len ? len : 1);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)(test_below(&r, 3) ? test_below(&r, 9) : test_next(&r));
        wr_reader_init(&rd, bytes, len);
        weir_value v;
        while (weir_read_value(&rd, &arena, &v) == WEIR_OK && weir_reader_left(&rd)) continue;
        free(bytes);
        wr_arena_fini(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_kind_come_back),
        cmocka_unit_test(nested_sections_come_back),
        cmocka_unit_test(every_flipped_bit_and_every_cut_is_noticed),
        cmocka_unit_test(newer_versions_and_foreign_sections_are_named),
        cmocka_unit_test(bytes_left_over_in_a_section_are_an_error_unless_skipped),
        cmocka_unit_test(a_count_that_can_not_be_true_is_refused_before_anything_is_allocated),
        cmocka_unit_test(a_reader_keeps_its_first_error),
        cmocka_unit_test(a_writer_that_went_wrong_says_so),
        cmocka_unit_test(random_bytes_never_read_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
