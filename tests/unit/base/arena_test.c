#include "../support.h"

#include "base/arena.h"

static void blocks_are_aligned_and_never_overlap(void **state) {
    (void)state;
    enum { N = 3000 };
    test_random r = test_seeded("arena");
    weir_arena arena;
    wr_account account = {0};
    wr_arena_init(&arena, &account);
    static struct {
        unsigned char *p;
        size_t size;
    } held[N];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            held[i].size = test_below(&r, i % 100 == 0 ? 20000 : 100);
            held[i].p = weir_arena_alloc(&arena, held[i].size);
            assert_non_null(held[i].p);
            assert_int_equal((uintptr_t)held[i].p % 16, 0);
            memset(held[i].p, i & 0xFF, held[i].size);
        }
        for (int i = 0; i < N; i++)
            for (size_t b = 0; b < held[i].size; b++) assert_int_equal(held[i].p[b], i & 0xFF);
        wr_arena_reset(&arena);
        assert_int_equal(arena.used_bytes, 0);
    }
    wr_arena_fini(&arena);
    assert_int_equal(account.used_bytes, 0);
}

static void an_arena_that_is_reset_soon_allocates_nothing(void **state) {
    (void)state;
    weir_arena arena;
    wr_account account = {0};
    wr_arena_init(&arena, &account);
    for (int cycle = 0; cycle < 20; cycle++) {
        if (cycle == 10) wr_alloc_fail_after(1);
        for (int i = 0; i < 100; i++) assert_non_null(weir_arena_alloc(&arena, 1000));
        wr_arena_reset(&arena);
    }
    wr_alloc_fail_after(0);
    wr_arena_fini(&arena);
}

static void an_arena_without_memory_says_so_and_can_be_used_again(void **state) {
    (void)state;
    weir_arena arena;
    wr_account account = {.limit_bytes = 10000};
    wr_arena_init(&arena, &account);
    assert_non_null(weir_arena_alloc(&arena, 10));
    assert_null(weir_arena_alloc(&arena, 20000));
    assert_null(weir_arena_alloc(&arena, SIZE_MAX));
    assert_null(wr_arena_array(&arena, SIZE_MAX / 2, 16));
    assert_non_null(weir_arena_alloc(&arena, 10));
    weir_string s;
    static char big[20000];
    assert_int_equal(weir_arena_string(&arena, big, sizeof big, &s), WEIR_ENOMEM);
    assert_int_equal(s.len, 0);
    wr_arena_fini(&arena);
    assert_int_equal(account.used_bytes, 0);
}

static void strings_up_to_twelve_bytes_live_inside(void **state) {
    (void)state;
    static const char text[] = "abcdefghijklmnopqrst";
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    for (uint32_t len = 0; len <= 20; len++) {
        weir_string a, b;
        size_t before = arena.used_bytes;
        assert_int_equal(weir_arena_string(&arena, text, len, &a), WEIR_OK);
        assert_int_equal(arena.used_bytes == before, len <= 12);
        b = weir_string_view(text, len);
        assert_int_equal(a.len, len);
        assert_memory_equal(weir_string_data(&a), text, len);
        assert_true(weir_string_equal(&a, &b));
        if (len) {
            b = weir_string_view(text + 1, len);
            assert_false(weir_string_equal(&a, &b));
        }
    }
    wr_arena_fini(&arena);
}

static void owned_objects_are_dropped_at_reset(void **state) {
    (void)state;
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    weir_object *kept = weir_object_new_error("kept");
    assert_int_equal(weir_arena_own(&arena, weir_object_ref(kept)), WEIR_OK);
    assert_int_equal(weir_arena_own(&arena, weir_object_new_error("dropped")), WEIR_OK);
    wr_arena_reset(&arena); /* a leak of either is seen by the sanitizer */
    weir_value v = weir_object_get_value(kept);
    assert_int_equal(v.as.s.len, 4);
    weir_object_unref(kept);
    wr_alloc_fail_after(1);
    wr_arena_fini(&arena);
    wr_arena_init(&arena, NULL);
    assert_int_equal(weir_arena_own(&arena, NULL), WEIR_ENOMEM);
    wr_alloc_fail_after(0);
    wr_arena_fini(&arena);
}

static void printed_text_is_terminated(void **state) {
    (void)state;
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    assert_string_equal(wr_arena_printf(&arena, "%s-%d", "window", 7), "window-7");
    assert_string_equal(wr_arena_strndup(&arena, "stream", 3), "str");
    uint64_t *zero = wr_arena_zero(&arena, 100, sizeof *zero);
    for (int i = 0; i < 100; i++) assert_int_equal(zero[i], 0);
    wr_arena_fini(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_never_overlap),
        cmocka_unit_test(an_arena_that_is_reset_soon_allocates_nothing),
        cmocka_unit_test(an_arena_without_memory_says_so_and_can_be_used_again),
        cmocka_unit_test(strings_up_to_twelve_bytes_live_inside),
        cmocka_unit_test(owned_objects_are_dropped_at_reset),
        cmocka_unit_test(printed_text_is_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
