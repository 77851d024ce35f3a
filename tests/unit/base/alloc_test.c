#include "../support.h"

#include "base/alloc.h"

static void accounts_count_what_is_held_up_to_the_root(void **state) {
    (void)state;
    wr_account root = {0}, child = {.parent = &root};
    void *a = wr_alloc(&child, 100), *b = wr_alloc(&root, 50);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(child.used_bytes, 100);
    assert_int_equal(root.used_bytes, 150);
    a = wr_realloc(&child, a, 100, 30);
    assert_non_null(a);
    assert_int_equal(child.used_bytes, 30);
    assert_int_equal(child.peak_bytes, 100);
    wr_free(&child, a, 30);
    wr_free(&root, b, 50);
    assert_int_equal(child.used_bytes, 0);
    assert_int_equal(root.used_bytes, 0);
    assert_int_equal(root.peak_bytes, 150);
}

static void an_allocation_past_an_ancestors_limit_fails_and_charges_nobody(void **state) {
    (void)state;
    wr_account root = {.limit_bytes = 100}, child = {.parent = &root};
    void *a = wr_alloc(&child, 60);
    assert_non_null(a);
    assert_null(wr_alloc(&child, 41));
    assert_null(wr_alloc_zero(&child, SIZE_MAX / 2));
    assert_null(wr_realloc(&child, a, 60, 101));
    assert_int_equal(child.used_bytes, 60);
    assert_int_equal(root.used_bytes, 60);
    a = wr_realloc(&child, a, 60, 100); /* exactly the limit */
    assert_non_null(a);
    wr_free(&child, a, 100);
    assert_int_equal(root.used_bytes, 0);
}

static void a_block_that_can_not_grow_stays_valid(void **state) {
    (void)state;
    char *a = wr_alloc(NULL, 4);
    assert_non_null(a);
    memcpy(a, "abc", 4);
    wr_alloc_fail_after(1);
    assert_null(wr_realloc(NULL, a, 4, 8));
    wr_alloc_fail_after(0);
    assert_string_equal(a, "abc");
    wr_free(NULL, a, 4);
}

static void the_planted_failure_hits_exactly_the_nth_allocation(void **state) {
    (void)state;
    wr_alloc_fail_after(3);
    void *a = wr_alloc(NULL, 1), *b = wr_alloc_zero(NULL, 1), *c = wr_alloc(NULL, 1), *d = wr_alloc(NULL, 1);
    wr_alloc_fail_after(0);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(c);
    assert_non_null(d);
    wr_free(NULL, a, 1);
    wr_free(NULL, b, 1);
    wr_free(NULL, d, 1);
}

static void growing_keeps_the_elements_and_refuses_what_can_not_be_counted(void **state) {
    (void)state;
    uint32_t *items = NULL, cap = 0;
    wr_account account = {0};
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(wr_grow(&account, &items, &cap, i + 1, sizeof *items), 0);
        items[i] = i * 3;
    }
    for (uint32_t i = 0; i < 1000; i++) assert_int_equal(items[i], i * 3);
    assert_int_equal(account.used_bytes, cap * sizeof *items);
    assert_int_not_equal(wr_grow(&account, &items, &cap, UINT32_MAX, sizeof *items), 0);
    assert_int_equal(items[999], 2997);
    wr_free(&account, items, cap * sizeof *items);
    assert_int_equal(account.used_bytes, 0);
}

/* Random allocations against a list of what is held. `forget` plants a fault: one free is not told to the
 * list, and the check must see it. */
static bool account_matches_a_list(test_random *r, bool forget) {
    enum { SLOTS = 32 };
    wr_account account = {0};
    void *blocks[SLOTS] = {0};
    size_t sizes[SLOTS] = {0}, held = 0;
    bool matches = true;
    for (int step = 0; step < 2000; step++) {
        uint32_t s = test_below(r, SLOTS);
        size_t size = test_below(r, 500);
        if (blocks[s] && test_below(r, 2)) {
            wr_free(&account, blocks[s], sizes[s]);
            held -= forget && step > 1000 ? 0 : sizes[s];
            blocks[s] = NULL;
        } else {
            void *grown = wr_realloc(&account, blocks[s], blocks[s] ? sizes[s] : 0, size);
            assert_non_null(grown);
            held = held - (blocks[s] ? sizes[s] : 0) + size;
            blocks[s] = grown;
            sizes[s] = size;
            memset(grown, 0xA5, size);
        }
        matches = matches && account.used_bytes == held;
    }
    for (int s = 0; s < SLOTS; s++)
        if (blocks[s]) wr_free(&account, blocks[s], sizes[s]);
    assert_int_equal(account.used_bytes, 0);
    return matches;
}

static void an_account_agrees_with_a_list_of_blocks_whatever_happens(void **state) {
    (void)state;
    test_random r = test_seeded("accounts");
    assert_true(account_matches_a_list(&r, false));
    assert_false(account_matches_a_list(&r, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_count_what_is_held_up_to_the_root),
        cmocka_unit_test(an_allocation_past_an_ancestors_limit_fails_and_charges_nobody),
        cmocka_unit_test(a_block_that_can_not_grow_stays_valid),
        cmocka_unit_test(the_planted_failure_hits_exactly_the_nth_allocation),
        cmocka_unit_test(growing_keeps_the_elements_and_refuses_what_can_not_be_counted),
        cmocka_unit_test(an_account_agrees_with_a_list_of_blocks_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
