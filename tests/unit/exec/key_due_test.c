/* key_due_test.c: due times of keys against a plain array; and no more memory than they need. */
#include "exec/key_due.h"

#include "support.h"

enum { N_IDS = 200 };

static void check_next(wr_due_times *d, const int64_t *model) {
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < N_IDS; i++)
        if (model[i] < least) least = model[i];
    assert_int_equal(wr_due_times_next(d), least);
}

static void take_all(wr_due_times *d, int64_t *model, int64_t by) {
    uint32_t id;
    int64_t last = INT64_MIN;
    while (wr_due_times_take(d, by, &id)) {
        assert_true(model[id] <= by && model[id] >= last);
        last = model[id];
        model[id] = INT64_MAX;
    }
    for (uint32_t i = 0; i < N_IDS; i++) assert_true(model[i] > by || model[i] == INT64_MAX);
}

static void test_against_an_array(void **state) {
    (void)state;
    test_random r = test_seeded("key_due");
    wr_due_times d;
    int64_t model[N_IDS];
    wr_due_times_init(&d, NULL);
    for (uint32_t i = 0; i < N_IDS; i++) model[i] = INT64_MAX;
    for (int step = 0; step < 100000; step++) {
        uint32_t id = test_below(&r, N_IDS);
        if (test_below(&r, 10) == 0) {
            wr_due_times_unset(&d, id);
            model[id] = INT64_MAX;
        } else {
            model[id] = test_below(&r, 8) ? (int64_t)test_below(&r, 1000) : INT64_MAX;
            assert_true(wr_due_times_set(&d, id, model[id]));
        }
        if (test_below(&r, 5) == 0) check_next(&d, model);
        if (test_below(&r, 50) == 0) take_all(&d, model, (int64_t)test_below(&r, 300));
        assert_true(d.n <= 2 * N_IDS + 70);
    }
    take_all(&d, model, INT64_MAX);
    assert_int_equal(d.n_set, 0);
    wr_due_times_fini(&d);
}

/* A key whose due time moves on with each event leaves nothing behind. */
static void test_moving_on(void **state) {
    (void)state;
    wr_due_times d;
    wr_due_times_init(&d, NULL);
    for (int64_t i = 0; i < 100000; i++) assert_true(wr_due_times_set(&d, (uint32_t)(i % 3), 1000000 + i));
    assert_true(d.cap < 256);
    wr_due_times_fini(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_moving_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
