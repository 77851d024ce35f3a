/* Gaps in a range of ids, against an array that says which ids are in one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "window/gaps.h"

enum { N_IDS = 400 };

static void check_runs(const wr_gaps *g, const bool *is_gap, weir_row_id low, weir_row_id end) {
    for (weir_row_id begin = low; begin < end; begin++) {
        weir_row_id first = begin, want = begin;
        while (want < end && is_gap[want]) want++;
        weir_row_id stop = want;
        while (stop < end && !is_gap[stop]) stop++;
        weir_row_id got = wr_gaps_run(g, &first, end);
        assert_int_equal(first, want);
        if (first < end) assert_int_equal(got, stop);
    }
}

static void runs_are_the_ids_between_the_gaps(void **state) {
    (void)state;
    uint32_t seed = 7;
    bool is_gap[N_IDS] = {false};
    wr_gaps g = {0};
    weir_row_id low = 0;
    for (weir_row_id at = 0; at + 8 < N_IDS;) {
        seed = seed * 1664525u + 1013904223u;
        weir_row_id begin = at + (seed >> 28) % 4, end = begin + (seed >> 24) % 5;
        assert_int_equal(wr_gaps_add(&g, begin, end, NULL), WEIR_OK);
        for (weir_row_id id = begin; id < end; id++) is_gap[id] = true;
        assert_int_equal(wr_gaps_add(&g, begin, end, NULL), WEIR_OK); /* known already */
        at = end;
        if ((seed >> 20) % 3 == 0 && low + 20 < at) wr_gaps_forget_below(&g, low += 20);
        check_runs(&g, is_gap, low, at + 3);
    }
    assert_true(g.n - g.first > 5);
    wr_gaps_forget_below(&g, N_IDS);
    assert_int_equal(g.n, 0);
    wr_gaps_close(&g);
}

static bool note(void *ctx, weir_row_id id) {
    char **at = ctx;
    *(*at)++ = (char)('0' + id);
    return id < 7;
}

static void a_visit_leaves_gaps_out_and_ends_when_told(void **state) {
    (void)state;
    wr_gaps g = {0};
    assert_int_equal(wr_gaps_add(&g, 0, 2, NULL), WEIR_OK);
    assert_int_equal(wr_gaps_add(&g, 4, 5, NULL), WEIR_OK);
    assert_int_equal(wr_gaps_add(&g, 5, 6, NULL), WEIR_OK);
    char seen[16] = "", *at = seen;
    wr_gaps_visit(&g, 1, 9, note, &at);
    assert_string_equal(seen, "2367");
    wr_gaps_close(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_the_ids_between_the_gaps),
        cmocka_unit_test(a_visit_leaves_gaps_out_and_ends_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
