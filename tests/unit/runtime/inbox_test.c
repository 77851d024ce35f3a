/* inbox_test.c: what is queued for a cycle, and in which order. */
#include "runtime/inbox.h"

#include "data/value.h"
#include "support.h"

static const wr_attr attrs[] = {{.name = "s", .type = WEIR_STRING}, {.name = "d", .type = WEIR_DOUBLE}};
static wr_plan_stream streams[] = {{.name = "A", .schema = {.n_attrs = 2, .attrs = attrs}},
                                   {.name = "B", .schema = {.n_attrs = 2, .attrs = attrs}}};
static const wr_plan plan = {.streams = streams, .n_streams = 2};

static wr_inbox *new_inbox(void) {
    wr_inbox *x;
    weir_error err;
    assert_int_equal(wr_inbox_new(&plan, NULL, &x, &err), WEIR_OK);
    return x;
}

static void add(wr_inbox *x, uint32_t stream, int64_t ts, const char *text, int value) {
    weir_error err;
    weir_value v[2] = {wr_value_text(text), wr_value_int(value)};
    assert_int_equal(wr_inbox_add(x, stream, ts, v, 2, &err), WEIR_OK);
}

static void end(wr_inbox *x, uint32_t stream, int64_t clock, bool late) {
    weir_error err;
    assert_int_equal(wr_inbox_end_arrival(x, stream, clock, late, &err), WEIR_OK);
}

static void arrivals_keep_their_order_between_streams(void **state) {
    (void)state;
    wr_inbox *x = new_inbox();
    wr_inbox_cycle c;
    add(x, 1, 10, "b1", 1);
    end(x, 1, 10, false);
    add(x, 0, 11, "a1", 2);
    add(x, 0, 12, "a2", 3);
    end(x, 0, 12, false);
    end(x, WR_NONE_ID, 20, false);
    add(x, 1, 15, "b2", 4);
    end(x, 1, 20, true);
    assert_int_equal(wr_inbox_rows(x), 4);
    assert_int_equal(wr_inbox_clock(x), 20);
    wr_inbox_take(x, &c);
    assert_int_equal(c.n_arrivals, 4);
    assert_int_equal(c.n_inputs, 2);
    static const int64_t clock[] = {10, 12, 20, 20};
    assert_memory_equal(c.clock, clock, sizeof clock);
    assert_true(c.late && !c.late[0] && !c.late[2] && c.late[3]);
    const weir_batch *b = &c.inputs[0].batch, *a = &c.inputs[1].batch;
    assert_int_equal(c.inputs[0].stream, 1);
    assert_int_equal(b->n_chunks, 2);
    assert_int_equal(weir_batch_origin(b, 0), WEIR_ORIGIN(0, WEIR_PHASE_EVENT, 0));
    assert_int_equal(weir_batch_origin(b, 1), WEIR_ORIGIN(3, WEIR_PHASE_EVENT, 0));
    assert_int_equal(a->n_chunks, 1);
    assert_int_equal(weir_batch_chunk_end(a, 0), 2);
    assert_int_equal(weir_batch_origin(a, 0), WEIR_ORIGIN(1, WEIR_PHASE_EVENT, 0));
    assert_int_equal(a->ts[1], 12);
    wr_inbox_free(x);
}

static void texts_are_copied_and_numbers_widened(void **state) {
    (void)state;
    wr_inbox *x = new_inbox();
    wr_inbox_cycle c;
    char text[] = "a text that is not held inline";
    add(x, 0, 1, text, 7);
    text[0] = '!';
    end(x, 0, 1, false);
    wr_inbox_take(x, &c);
    weir_value s = wr_column_get(&c.inputs[0].batch.cols[0], 0),
               d = wr_column_get(&c.inputs[0].batch.cols[1], 0);
    assert_int_equal(weir_string_data(&s.as.s)[0], 'a');
    assert_int_equal(d.type, WEIR_DOUBLE);
    assert_true(d.as.d == 7.0);
    wr_inbox_free(x);
}

static void a_value_that_does_not_fit_adds_nothing(void **state) {
    (void)state;
    wr_inbox *x = new_inbox();
    weir_error err;
    weir_value wrong[2] = {wr_value_text("x"), wr_value_text("y")};
    assert_int_equal(wr_inbox_add(x, 0, 1, wrong, 2, &err), WEIR_ETYPE);
    assert_non_null(strstr(err.message, "'d'"));
    assert_int_equal(wr_inbox_add(x, 0, 1, wrong, 1, &err), WEIR_ETYPE);
    assert_int_equal(wr_inbox_rows(x), 0);
    wr_inbox_free(x);
}

static void a_dropped_arrival_leaves_no_trace(void **state) {
    (void)state;
    wr_inbox *x = new_inbox();
    wr_inbox_cycle c;
    add(x, 0, 1, "kept", 1);
    end(x, 0, 1, false);
    add(x, 0, 2, "dropped", 2);
    wr_inbox_drop_arrival(x);
    add(x, 0, 3, "kept too", 3);
    end(x, 0, 3, false);
    wr_inbox_take(x, &c);
    assert_int_equal(c.n_arrivals, 2);
    assert_int_equal(c.inputs[0].batch.n_rows, 2);
    assert_int_equal(c.inputs[0].batch.ts[1], 3);
    wr_inbox_free(x);
}

static void a_cleared_inbox_begins_anew(void **state) {
    (void)state;
    wr_inbox *x = new_inbox();
    wr_inbox_cycle c;
    for (int cycle = 0; cycle < 3; cycle++) {
        for (int i = 0; i < 100; i++) {
            add(x, (uint32_t)i % 2, i, "some text that needs memory", i);
            end(x, (uint32_t)i % 2, i, i % 7 == 0);
        }
        wr_inbox_take(x, &c);
        assert_int_equal(c.n_arrivals, 100);
        assert_int_equal(c.inputs[0].stream, 0);
        assert_int_equal(c.inputs[0].batch.n_rows, 50);
        assert_int_equal(weir_origin_arrival(weir_batch_origin(&c.inputs[1].batch, 49)), 99);
        wr_inbox_clear(x);
        assert_int_equal(wr_inbox_rows(x) + wr_inbox_arrivals(x), 0);
    }
    add(x, 1, 5, "x", 5);
    end(x, 1, 5, false);
    wr_inbox_take(x, &c);
    assert_null(c.late); /* nothing of the last cycle is left */
    wr_inbox_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_keep_their_order_between_streams),
        cmocka_unit_test(texts_are_copied_and_numbers_widened),
        cmocka_unit_test(a_value_that_does_not_fit_adds_nothing),
        cmocka_unit_test(a_dropped_arrival_leaves_no_trace),
        cmocka_unit_test(a_cleared_inbox_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
