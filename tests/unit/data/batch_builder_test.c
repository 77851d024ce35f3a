#include "../support.h"

#include "base/alloc.h"
#include "data/batch_builder.h"
#include "data/value.h"

static const wr_attr attrs[] = {
    {"id", WEIR_INT, false}, {"name", WEIR_STRING, false}, {"any", WEIR_OBJECT, false}};
static const wr_schema schema = {3, attrs};

static weir_status add(wr_batch_builder *b, int32_t id, const char *name, weir_value any, weir_error *err) {
    weir_value v[] = {wr_value_int(id), name ? wr_value_text(name) : wr_value_null(WEIR_STRING), any};
    return wr_batch_builder_append(b, id * 10, v, 3, err);
}

static void rows_come_back_as_they_were_queued(void **state) {
    (void)state;
    wr_batch_builder b;
    wr_account account = {0};
    assert_int_equal(wr_batch_builder_init(&b, &schema, &account, NULL), WEIR_OK);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            char name[64];
            sprintf(name, "row number %d of the queue", i);
            weir_value any = i % 3 == 0 ? wr_value_double(i) : wr_value_null(WEIR_OBJECT);
            assert_int_equal(add(&b, i, i % 7 ? name : NULL, any, NULL), WEIR_OK);
            memset(name, 'x', sizeof name); /* the builder has its own bytes */
            if (i % 2)
                assert_int_equal(
                    wr_batch_builder_end_chunk(&b, WEIR_ORIGIN(i / 2, WEIR_PHASE_EVENT, 0), NULL), WEIR_OK);
        }
        weir_batch out;
        wr_batch_builder_view(&b, &out);
        assert_int_equal(out.n_rows, 1000);
        assert_int_equal(out.n_chunks, 500);
        assert_null(out.origin);
        for (uint32_t i = 0; i < 1000; i++) {
            char name[64];
            sprintf(name, "row number %u of the queue", i);
            weir_value want = wr_value_text(name), got = wr_column_get(&out.cols[1], i);
            assert_int_equal(got.is_null, i % 7 == 0);
            if (!got.is_null) assert_true(wr_value_equal(&want, &got));
            assert_int_equal(wr_column_get(&out.cols[0], i).as.i, i);
            got = wr_value_unbox(wr_column_get(&out.cols[2], i));
            assert_int_equal(got.is_null, i % 3 != 0);
            if (!got.is_null) assert_true(got.type == WEIR_DOUBLE && got.as.d == i);
            assert_int_equal(out.ts[i], i * 10);
            assert_int_equal(weir_batch_chunk_end(&out, i / 2), i / 2 * 2 + 2);
        }
        wr_batch_builder_clear(&b);
    }
    wr_batch_builder_fini(&b);
    assert_int_equal(account.used_bytes, 0);
}

static void a_null_that_comes_late_does_not_touch_earlier_rows(void **state) {
    (void)state;
    for (int first_null = 0; first_null < 200; first_null++) {
        wr_batch_builder b;
        assert_int_equal(wr_batch_builder_init(&b, &schema, NULL, NULL), WEIR_OK);
        weir_batch out;
        for (int i = 0; i < 200; i++)
            assert_int_equal(add(&b, i, i >= first_null && (i - first_null) % 5 == 0 ? NULL : "name",
                                 wr_value_bool(true), NULL),
                             WEIR_OK);
        assert_int_equal(wr_batch_builder_end_chunk(&b, 0, NULL), WEIR_OK);
        wr_batch_builder_view(&b, &out);
        assert_null(out.cols[0].valid);
        for (int i = 0; i < 200; i++)
            assert_int_equal(weir_is_null(&out.cols[1], (uint32_t)i),
                             i >= first_null && (i - first_null) % 5 == 0);
        wr_batch_builder_fini(&b);
    }
}

static void a_refused_row_leaves_no_trace(void **state) {
    (void)state;
    wr_batch_builder b;
    weir_error err;
    weir_batch out;
    assert_int_equal(wr_batch_builder_init(&b, &schema, NULL, NULL), WEIR_OK);
    assert_int_equal(add(&b, 1, "one", wr_value_null(WEIR_OBJECT), NULL), WEIR_OK);
    weir_value wrong[] = {wr_value_int(2), wr_value_int(3), wr_value_null(WEIR_OBJECT)};
    assert_int_equal(wr_batch_builder_append(&b, 5, wrong, 3, &err), WEIR_ETYPE);
    assert_string_equal(err.message, "attribute 'name' is of type string, but the value is of type int");
    assert_int_equal(wr_batch_builder_append(&b, 5, wrong, 2, &err), WEIR_EUSAGE);
    assert_int_equal(add(&b, 4, NULL, wr_value_null(WEIR_OBJECT), NULL), WEIR_OK);
    assert_int_equal(wr_batch_builder_end_chunk(&b, WEIR_ORIGIN(9, 3, 1), NULL), WEIR_OK);
    wr_batch_builder_view(&b, &out);
    assert_int_equal(out.n_rows, 2);
    assert_int_equal(wr_column_get(&out.cols[0], 1).as.i, 4);
    assert_true(weir_batch_origin(&out, 0) == WEIR_ORIGIN(9, 3, 1));
    assert_false(weir_is_null(&out.cols[1], 0));
    assert_true(weir_is_null(&out.cols[1], 1));
    wr_batch_builder_fini(&b);
}

static void chunks_are_told_apart_only_where_it_matters(void **state) {
    (void)state;
    wr_batch_builder b;
    weir_batch out;
    assert_int_equal(wr_batch_builder_init(&b, &schema, NULL, NULL), WEIR_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(add(&b, i, "x", wr_value_null(WEIR_OBJECT), NULL), WEIR_OK);
        assert_int_equal(wr_batch_builder_end_chunk(&b, WEIR_ORIGIN(i + 3, WEIR_PHASE_EVENT, 0), NULL),
                         WEIR_OK);
    }
    wr_batch_builder_view(&b, &out);
    assert_null(out.chunk_end);
    assert_null(out.origin);
    assert_int_equal(out.first_arrival, 3);
    assert_int_equal(wr_batch_builder_end_chunk(&b, WEIR_ORIGIN(8, WEIR_PHASE_EVENT, 0), NULL),
                     WEIR_OK); /* empty */
    assert_int_equal(add(&b, 9, "x", wr_value_null(WEIR_OBJECT), NULL), WEIR_OK);
    wr_batch_builder_drop_chunk(&b);
    wr_batch_builder_view(&b, &out);
    assert_int_equal(out.n_rows, 5);
    assert_int_equal(out.n_chunks, 5);
    assert_int_equal(add(&b, 9, "x", wr_value_null(WEIR_OBJECT), NULL), WEIR_OK);
    assert_int_equal(wr_batch_builder_end_chunk(&b, WEIR_ORIGIN(100, WEIR_PHASE_EVENT, 0), NULL), WEIR_OK);
    wr_batch_builder_view(&b, &out);
    assert_int_equal(weir_origin_arrival(weir_batch_origin(&out, 4)), 7);
    assert_int_equal(weir_origin_arrival(weir_batch_origin(&out, 5)), 100);
    wr_batch_builder_fini(&b);
}

static void queueing_without_memory_fails_cleanly_wherever_it_happens(void **state) {
    (void)state;
    bool all_fit = false;
    for (long n = 1; !all_fit; n++) {
        wr_batch_builder b = {0};
        wr_account account = {0};
        uint32_t rows = 0;
        weir_batch out = {0};
        wr_alloc_fail_after(n);
        weir_status status = wr_batch_builder_init(&b, &schema, &account, NULL);
        for (int i = 0; i < 20 && status == WEIR_OK; i++) {
            status = add(&b, i, i % 3 ? "a name of more than twelve bytes" : NULL, wr_value_long(i), NULL);
            if (status == WEIR_OK)
                status = wr_batch_builder_end_chunk(&b, WEIR_ORIGIN(i, WEIR_PHASE_EVENT, 0), NULL);
            rows += status == WEIR_OK;
        }
        wr_alloc_fail_after(0);
        assert_true(status == WEIR_OK || status == WEIR_ENOMEM);
        if (b.schema) wr_batch_builder_view(&b, &out);
        assert_int_equal(out.n_rows, rows);
        for (uint32_t i = 0; i < rows; i++) assert_int_equal(wr_column_get(&out.cols[0], i).as.i, i);
        all_fit = status == WEIR_OK;
        wr_batch_builder_fini(&b);
        assert_int_equal(account.used_bytes, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_were_queued),
        cmocka_unit_test(a_null_that_comes_late_does_not_touch_earlier_rows),
        cmocka_unit_test(a_refused_row_leaves_no_trace),
        cmocka_unit_test(chunks_are_told_apart_only_where_it_matters),
        cmocka_unit_test(queueing_without_memory_fails_cleanly_wherever_it_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
