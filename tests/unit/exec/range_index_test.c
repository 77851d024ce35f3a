/* range_index_test.c: an ordered index beside a list that is looked through. */
#include <math.h>

#include "data/batch_builder.h"
#include "data/value.h"
#include "exec/range_index.h"
#include "support.h"

static const wr_attr attrs[] = {{.name = "i", .type = WEIR_INT},
                                {.name = "l", .type = WEIR_LONG},
                                {.name = "f", .type = WEIR_FLOAT},
                                {.name = "d", .type = WEIR_DOUBLE}};
static const wr_schema schema = {.n_attrs = 4, .attrs = attrs};

typedef struct held {
    wr_row_store *rows;
    wr_range_index *index[4];
    weir_row_id ids[4000]; /* of the rows that are there */
    uint32_t n;
} held;

static void held_init(held *h) {
    wr_row_store_options o = {.schema = &schema, .shape = WEIR_WINDOW_BAG};
    weir_error err;
    h->n = 0;
    assert_int_equal(wr_row_store_new(&o, NULL, &h->rows, &err), WEIR_OK);
    for (uint32_t c = 0; c < 4; c++)
        assert_int_equal(wr_range_index_new(h->rows, c, NULL, &h->index[c], &err), WEIR_OK);
}

static void held_fini(held *h) {
    for (uint32_t c = 0; c < 4; c++) wr_range_index_free(h->index[c]);
    wr_row_store_free(h->rows);
}

/* A whole number in each column; null for `none`. */
static void add(held *h, int64_t number, bool none) {
    wr_batch_builder builder;
    weir_error err;
    weir_batch b;
    weir_row_id first;
    weir_value v[] = {wr_value_int((int32_t)number), wr_value_long(number), wr_value_float((float)number),
                      wr_value_double(none ? NAN : (double)number)};
    for (uint32_t c = 0; c < 3; c++) v[c].is_null = none;
    assert_int_equal(wr_batch_builder_init(&builder, &schema, NULL, &err), WEIR_OK);
    assert_int_equal(wr_batch_builder_append(&builder, 0, v, 4, &err), WEIR_OK);
    assert_int_equal(wr_batch_builder_end_chunk(&builder, 0, &err), WEIR_OK);
    wr_batch_builder_view(&builder, &b);
    assert_int_equal(wr_row_store_append(h->rows, &b, &first, &h->ids[h->n], &err), WEIR_OK);
    for (uint32_t c = 0; c < 4; c++)
        assert_int_equal(wr_range_index_add(h->index[c], h->ids[h->n], &err), WEIR_OK);
    h->n++;
    wr_batch_builder_fini(&builder);
}

static void remove_at(held *h, uint32_t at) {
    for (uint32_t c = 0; c < 4; c++) wr_range_index_remove(h->index[c], h->ids[at]);
    wr_row_store_release(h->rows, h->ids[at]);
    h->ids[at] = h->ids[--h->n];
}

static double number_at(const held *h, weir_row_id id, uint32_t column) {
    weir_value v = wr_row_store_value(h->rows, id, column);
    if (v.is_null) return NAN;
    return v.type == WEIR_INT     ? v.as.i
           : v.type == WEIR_LONG  ? (double)v.as.l
           : v.type == WEIR_FLOAT ? (double)v.as.f
                                  : v.as.d;
}

static bool is_within(double v, const double bound[2], const wr_bound b[2]) {
    if (isnan(v)) return false;
    if (b[0].is_set && (v < bound[0] || (b[0].is_open && v == bound[0]))) return false;
    return !(b[1].is_set && (v > bound[1] || (b[1].is_open && v == bound[1])));
}

static weir_value bound_value(test_random *r, double number) {
    switch (test_below(r, 4)) {
    case 0: return wr_value_int((int32_t)number);
    case 1: return wr_value_long((int64_t)number);
    case 2: return wr_value_float((float)number);
    default: return wr_value_double(number);
    }
}

static void expect_same(const held *h, test_random *r, int32_t spread) {
    uint32_t column = test_below(r, 4), expected = 0, found = 0;
    double number[2];
    wr_bound b[2];
    for (uint32_t i = 0; i < 2; i++) {
        number[i] = (double)test_below(r, (uint32_t)spread) - spread / 2.0;
        number[i] = floor(number[i]);
        b[i] = (wr_bound){test_below(r, 4) > 0, test_below(r, 2), bound_value(r, number[i])};
    }
    for (uint32_t i = 0; i < h->n; i++) expected += is_within(number_at(h, h->ids[i], column), number, b);
    wr_range_cursor c;
    double last = -INFINITY;
    for (uint32_t id = wr_range_index_first(h->index[column], &b[0], &b[1], &c); id != WR_NO_SLOT;
         id = wr_range_index_next(&c)) {
        double v = number_at(h, id, column);
        assert_true(is_within(v, number, b));
        assert_true(v >= last);
        last = v;
        found++;
    }
    assert_int_equal(found, expected);
}

static void every_range_finds_what_a_list_finds(void **state) {
    (void)state;
    test_random r = test_seeded("ranges");
    for (uint32_t round = 0; round < 6; round++) {
        held h;
        int32_t spread = round % 2 ? 20 : 5000;
        held_init(&h);
        for (uint32_t step = 0; step < 3000; step++) {
            bool adds = !h.n || test_below(&r, 100) < (step < 1500 ? 80u : 35u);
            if (adds && h.n < 4000)
                add(&h, (int64_t)test_below(&r, (uint32_t)spread) - spread / 2, test_below(&r, 20) == 0);
            else
                remove_at(&h, test_below(&r, h.n));
            if (step % 16 == 0) expect_same(&h, &r, spread);
        }
        held_fini(&h);
    }
}

static void ascending_rows_are_found_in_order(void **state) {
    (void)state;
    held h;
    wr_bound none = {0}, low = {true, true, wr_value_int(2997)};
    wr_range_cursor c;
    held_init(&h);
    for (int i = 0; i < 3000; i++) add(&h, i, false);
    int expected = 0;
    for (uint32_t id = wr_range_index_first(h.index[0], &none, &none, &c); id != WR_NO_SLOT;
         id = wr_range_index_next(&c))
        assert_int_equal(wr_row_store_value(h.rows, id, 0).as.i, expected++);
    assert_int_equal(expected, 3000);
    assert_int_not_equal(wr_range_index_first(h.index[3], &low, &none, &c), WR_NO_SLOT);
    assert_int_not_equal(wr_range_index_next(&c), WR_NO_SLOT);
    assert_int_equal(wr_range_index_next(&c), WR_NO_SLOT);
    held_fini(&h);
}

static void no_row_lies_beyond_null_or_nan(void **state) {
    (void)state;
    held h;
    wr_bound none = {0}, null = {true, false, wr_value_null(WEIR_INT)},
             nan = {true, false, wr_value_double(NAN)};
    wr_range_cursor c;
    held_init(&h);
    add(&h, 1, false);
    add(&h, 0, true);
    assert_int_equal(wr_range_index_first(h.index[0], &null, &none, &c), WR_NO_SLOT);
    assert_int_equal(wr_range_index_first(h.index[0], &none, &nan, &c), WR_NO_SLOT);
    assert_int_not_equal(wr_range_index_first(h.index[3], &none, &none, &c), WR_NO_SLOT);
    assert_int_equal(wr_range_index_next(&c), WR_NO_SLOT); /* NaN and null are in no range */
    held_fini(&h);
}

/* (double)l can't tell 2^53 and 2^53 + 1 apart: neither can the language's comparison. */
static void a_long_compares_with_a_double_as_doubles(void **state) {
    (void)state;
    held h;
    wr_bound none = {0}, low = {true, true, wr_value_double(9007199254740992.0)},
             whole = {true, true, wr_value_long(9007199254740992)};
    wr_range_cursor c;
    held_init(&h);
    add(&h, 9007199254740993, false);
    assert_int_equal(wr_range_index_first(h.index[1], &low, &none, &c), WR_NO_SLOT);
    assert_int_not_equal(wr_range_index_first(h.index[1], &whole, &none, &c), WR_NO_SLOT);
    held_fini(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_range_finds_what_a_list_finds),
                                       cmocka_unit_test(ascending_rows_are_found_in_order),
                                       cmocka_unit_test(no_row_lies_beyond_null_or_nan),
                                       cmocka_unit_test(a_long_compares_with_a_double_as_doubles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
