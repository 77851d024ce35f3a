#include "../support.h"

#include "base/buf.h"
#include "weir_ext.h"

/* Random appends against a plain array; `corrupt` plants a fault that the comparison must see. */
static bool buf_matches_an_array(test_random *r, bool corrupt) {
    static char model[200000];
    size_t len = 0;
    wr_buf b = WR_BUF_INIT;
    for (int step = 0; step < 1000; step++) {
        char piece[128];
        size_t n = test_below(r, sizeof piece);
        for (size_t i = 0; i < n; i++) piece[i] = (char)test_next(r);
        switch (test_below(r, 4)) {
        case 0: wr_buf_put(&b, piece, n); break;
        case 1:
            n = 1;
            wr_buf_putc(&b, piece[0]);
            break;
        case 2:
            n = (size_t)sprintf(piece, "%u", test_below(r, 1000000));
            wr_buf_puts(&b, piece);
            break;
        default:
            n = (size_t)sprintf(piece, "<%5d>", step);
            wr_buf_printf(&b, "<%5d>", step);
            break;
        }
        memcpy(model + len, piece, n);
        len += n;
        if (test_below(r, 200) == 0) {
            wr_buf_clear(&b);
            len = 0;
        }
    }
    wr_buf_puts(&b, "end");
    memcpy(model + len, "end", 3);
    len += 3;
    if (corrupt) model[len - 1] ^= 1;
    bool same = b.len == len && memcmp(b.data, model, len) == 0 && b.data[len] == 0 && !b.failed;
    wr_buf_fini(&b);
    return same;
}

static void a_buffer_holds_what_was_appended(void **state) {
    (void)state;
    test_random r = test_seeded("buf");
    for (int i = 0; i < 20; i++) assert_true(buf_matches_an_array(&r, false));
    assert_false(buf_matches_an_array(&r, true));
}

static void a_failed_buffer_stays_failed_until_it_is_cleared(void **state) {
    (void)state;
    wr_buf b = WR_BUF_INIT;
    wr_buf_puts(&b, "abc");
    wr_alloc_fail_after(1);
    assert_false(wr_buf_reserve(&b, 10000));
    wr_alloc_fail_after(0);
    assert_true(b.failed);
    wr_buf_puts(&b, "d");
    wr_buf_printf(&b, "%d", 5);
    assert_string_equal(b.data, "abc");
    wr_buf_clear(&b);
    wr_buf_puts(&b, "e");
    assert_false(b.failed);
    assert_string_equal(b.data, "e");
    assert_false(wr_buf_reserve(&b, SIZE_MAX));
    wr_buf_fini(&b);
}

static void each_status_has_its_words_and_an_error_keeps_them(void **state) {
    (void)state;
    for (int code = WEIR_OK; code <= WEIR_EVALUE; code++)
        assert_string_not_equal(weir_status_text((weir_status)code), "unknown status");
    assert_string_equal(weir_status_text((weir_status)99), "unknown status");
    assert_string_equal(weir_status_text((weir_status)-1), "unknown status");
    weir_error err;
    memset(&err, 0xFF, sizeof err);
    assert_int_equal(weir_fail(&err, WEIR_EIO, "can't open '%s'", "x"), WEIR_EIO);
    assert_string_equal(err.message, "can't open 'x'");
    assert_string_equal(err.hint, "");
    assert_int_equal(err.line, 0);
    assert_int_equal(weir_fail(NULL, WEIR_ELIMIT, "nobody listens"), WEIR_ELIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_holds_what_was_appended),
        cmocka_unit_test(a_failed_buffer_stays_failed_until_it_is_cleared),
        cmocka_unit_test(each_status_has_its_words_and_an_error_keeps_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
