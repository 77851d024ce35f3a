/* state_pack_test.c: packing and unpacking gives the state back, whatever the model; other bytes are refused.
 */
#include "exec/state_pack.h"

#include "support.h"

enum { MOST = 600 };

/* Like a saved state: mostly zeros and small numbers, some noise. */
static size_t draw_state(test_random *r, unsigned char *state) {
    size_t n = test_below(r, MOST);
    uint32_t density = test_below(r, 4);
    for (size_t i = 0; i < n; i++)
        state[i] = test_below(r, 4) < density ? (unsigned char)test_below(r, 256) : 0;
    if (n > 400 && !test_below(r, 3)) memset(state + 8, 0, n - 8); /* long runs */
    return n;
}

static void test_round_trip(void **state) {
    (void)state;
    test_random r = test_seeded("state_pack");
    for (int i = 0; i < 20000; i++) {
        unsigned char s[MOST], model[MOST], packed[MOST / 8 * 9 + 20], back[MOST + 1];
        size_t n = draw_state(&r, s), n_model = draw_state(&r, model);
        if (!test_below(&r, 2) && n_model) memcpy(model, s, n < n_model ? n : n_model); /* much alike */
        size_t n_packed = wr_state_pack(s, n, model, n_model, packed);
        assert_true(n_packed <= wr_state_packed_most(n));
        back[n] = 77;
        assert_true(wr_state_unpack(packed, n_packed, model, n_model, back, n));
        assert_memory_equal(back, s, n);
        assert_int_equal(back[n], 77);
        if (n_packed) assert_false(wr_state_unpack(packed, n_packed - 1, model, n_model, back, n));
        packed[n_packed] = 0;
        assert_false(wr_state_unpack(packed, n_packed + 1, model, n_model, back, n));
    }
}

static void test_alike_states_are_small(void **state) {
    (void)state;
    unsigned char model[256], s[256], packed[400];
    for (int i = 0; i < 256; i++) model[i] = s[i] = (unsigned char)(i * 7);
    assert_int_equal(wr_state_pack(s, 256, model, 256, packed), 2);
    s[100] ^= 1;
    assert_int_equal(wr_state_pack(s, 256, model, 256, packed), 2 + 2 + 2);
    assert_int_equal(wr_state_pack(s, 0, model, 256, packed), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_alike_states_are_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
