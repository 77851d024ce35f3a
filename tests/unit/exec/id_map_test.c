/* id_map_test.c: the map against an array that knows what each name was set to last. */
#include "exec/id_map.h"
#include "support.h"

#define NAMES 3000u

static size_t name_of(uint32_t i, char text[48]) {
    /* Names of many lengths, some with NULs, none the beginning of all others. */
    memset(text, 0, 48);
    memcpy(text, &i, sizeof i);
    return sizeof i + i % 40;
}

static void it_gives_what_was_set_last(void **state) {
    (void)state;
    wr_id_map m;
    static uint32_t model[NAMES];
    uint64_t x = 88172645463325252u;
    wr_id_map_init(&m, NULL);
    for (uint32_t i = 0; i < NAMES; i++) model[i] = WR_ID_UNKNOWN;
    for (uint32_t step = 0; step < 60000; step++) {
        char name[48];
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint32_t i = (uint32_t)(x % NAMES), what = (uint32_t)(x >> 40) % 4;
        size_t len = name_of(i, name);
        uint32_t value = what == 0 ? WR_ID_UNKNOWN : what == 1 ? WR_ID_GONE : step;
        assert_int_equal(wr_id_map_get(&m, name, len), model[i]);
        assert_int_equal(wr_id_map_set(&m, name, len, value), WEIR_OK);
        model[i] = value;
        if (step % 20000 == 19999) {
            wr_id_map_clear(&m);
            for (uint32_t k = 0; k < NAMES; k++) model[k] = WR_ID_UNKNOWN;
        }
    }
    for (uint32_t i = 0; i < NAMES; i++) {
        char name[48];
        size_t len = name_of(i, name);
        assert_int_equal(wr_id_map_get(&m, name, len), model[i]);
    }
    wr_id_map_fini(&m);
}

static void what_is_dropped_makes_room(void **state) {
    (void)state;
    wr_id_map m;
    wr_account account = {0};
    wr_id_map_init(&m, &account);
    for (uint32_t i = 0; i < 200000; i++) {
        assert_int_equal(wr_id_map_set(&m, &i, sizeof i, i), WEIR_OK);
        assert_int_equal(wr_id_map_set(&m, &i, sizeof i, WR_ID_UNKNOWN), WEIR_OK);
    }
    assert_true(account.used_bytes < 100000);
    wr_id_map_fini(&m);
    assert_int_equal(account.used_bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gives_what_was_set_last),
        cmocka_unit_test(what_is_dropped_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
