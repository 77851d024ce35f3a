/* The tally against a plain array of counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agg/tally.h"
#include "base/alloc.h"
#include "data/value.h"

#define GROUPS 4u
#define VALUES 60u

static uint64_t seed = 11;
static uint32_t random_below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

static char texts[VALUES][40];

static weir_value value_of(uint32_t k) {
    if (k == 0) return wr_value_null(WEIR_STRING);
    if (k % 2) return wr_value_long(k);
    snprintf(texts[k], sizeof texts[k], k % 4 ? "%u" : "a text that has to be owned %u", k);
    return wr_value_text(texts[k]);
}

static void check_against(const wr_tally *t, uint32_t counts[GROUPS][VALUES]) {
    uint32_t n = 0;
    for (uint32_t g = 0; g < GROUPS; g++)
        for (uint32_t k = 0; k < VALUES; k++) {
            weir_value v = value_of(k);
            const wr_tally_entry *e = wr_tally_find(t, g, &v);
            assert_int_equal(e ? e->count : 0, counts[g][k]);
            n += counts[g][k] > 0;
        }
    assert_int_equal(t->n, n);
}

static void counts_agree_with_an_array(void **state) {
    (void)state;
    wr_tally t = {0};
    uint32_t counts[GROUPS][VALUES] = {{0}};
    for (int step = 0; step < 6000; step++) {
        uint32_t g = random_below(GROUPS), k = random_below(VALUES);
        weir_value v = value_of(k);
        if (random_below(2)) {
            wr_tally_entry *e = wr_tally_put(&t, g, &v);
            assert_non_null(e);
            e->count++;
            counts[g][k]++;
        } else if (counts[g][k]) {
            wr_tally_entry *e = wr_tally_find(&t, g, &v);
            assert_non_null(e);
            if (e->count > 1)
                e->count--;
            else
                wr_tally_erase(&t, e);
            counts[g][k]--;
        }
        if (step % 1500 == 1499) {
            wr_tally_clear(&t);
            memset(counts, 0, sizeof counts);
        }
        if (step % 50 == 0) check_against(&t, counts);
    }
    check_against(&t, counts);
    wr_tally_fini(&t);
    assert_int_equal(wr_tally_bytes(&t), 0);
}

static void a_large_table_is_given_back_when_it_is_cleared(void **state) {
    (void)state;
    wr_tally t = {0};
    for (int i = 0; i < 5000; i++) {
        weir_value v = wr_value_int(i);
        wr_tally_put(&t, 0, &v)->count = 1;
    }
    size_t large = wr_tally_bytes(&t);
    wr_tally_clear(&t);
    for (int round = 0; round < 2; round++) {
        weir_value v = wr_value_int(round);
        wr_tally_put(&t, 0, &v)->count = 1;
        wr_tally_clear(&t);
    }
    assert_true(wr_tally_bytes(&t) < large / 100);
    wr_tally_fini(&t);
}

static void running_out_of_memory_leaves_the_tally_whole(void **state) {
    (void)state;
    for (long n = 1; n < 30; n++) {
        wr_tally t = {0};
        uint32_t kept = 0;
        wr_alloc_fail_after(n);
        for (uint32_t k = 0; k < VALUES; k++) {
            weir_value v = value_of(k);
            wr_tally_entry *e = wr_tally_put(&t, 0, &v);
            if (!e) continue;
            e->count = 1;
            kept++;
        }
        wr_alloc_fail_after(0);
        assert_int_equal(t.n, kept);
        wr_tally_fini(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_agree_with_an_array),
        cmocka_unit_test(a_large_table_is_given_back_when_it_is_cleared),
        cmocka_unit_test(running_out_of_memory_leaves_the_tally_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
