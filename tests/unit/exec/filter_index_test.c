/* filter_index_test.c: many filters at once against each of them by itself. */
#include <math.h>

#include "exec/filter_index.h"
#include "rng.h"
#include "support.h"

enum { ROWS = 300, MEMBERS = 60 };

typedef struct data {
    int32_t i[ROWS];
    int64_t l[ROWS];
    float f[ROWS];
    double d[ROWS];
    weir_string s[ROWS];
    uint64_t valid[ROWS / 64 + 1];
    uint32_t sel[ROWS], n_sel;
} data;

static const char *const texts[] = {"", "a", "b", "longer than twelve bytes", "longer than twelve bytez"};

static void fill(data *t, rng *g, bool with_sel) {
    static const double odd[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 1.5, 2.0, 16777217.0};
    memset(t->valid, 0xFF, sizeof t->valid);
    t->n_sel = 0;
    for (uint32_t k = 0; k < ROWS; k++) {
        t->i[k] = (int32_t)rng_below(g, 12) - 4;
        t->l[k] = rng_below(g, 8) == 0 ? INT64_C(16777217) : (int64_t)rng_below(g, 12) - 4;
        t->d[k] = rng_below(g, 3) ? (double)rng_below(g, 9) / 2 : odd[rng_below(g, 8)];
        t->f[k] = (float)t->d[k];
        const char *text = texts[rng_below(g, 5)];
        t->s[k] = weir_string_view(text, (uint32_t)strlen(text));
        if (rng_below(g, 10) == 0) t->valid[k / 64] &= ~(UINT64_C(1) << (k % 64));
        if (with_sel && rng_below(g, 3)) t->sel[t->n_sel++] = k;
    }
    if (!with_sel) t->n_sel = ROWS;
}

static weir_column column_of(data *t, weir_type type, bool nulls) {
    void *const at[] = {[WEIR_INT] = t->i,
                        [WEIR_LONG] = t->l,
                        [WEIR_FLOAT] = t->f,
                        [WEIR_DOUBLE] = t->d,
                        [WEIR_STRING] = t->s};
    return (weir_column){.type = type, .data = at[type], .valid = nulls ? t->valid : NULL};
}

static weir_value constant_of(data *t, weir_type type, uint32_t row) {
    weir_value v = {.type = type};
    if (type == WEIR_INT) v.as.i = t->i[row];
    if (type == WEIR_LONG) v.as.l = t->l[row];
    if (type == WEIR_FLOAT) v.as.f = t->f[row];
    if (type == WEIR_DOUBLE) v.as.d = t->d[row];
    if (type == WEIR_STRING) v.as.s = t->s[row];
    return v;
}

static bool ordered(wr_compare c, bool less, bool equal) {
    if (c == WR_EQ) return equal;
    if (c == WR_LT) return less;
    if (c == WR_LE) return less || equal;
    if (c == WR_GT) return !less && !equal;
    return !less;
}

/* As the language compares: in the filter's type. */
static bool holds(const weir_column *c, uint32_t row, const wr_indexed_filter *f) {
    if (weir_is_null(c, row)) return false;
    if (f->type == WEIR_STRING) return weir_string_equal((weir_string *)c->data + row, &f->constant.as.s);
    if (f->type == WEIR_INT || f->type == WEIR_LONG) {
        int64_t v = c->type == WEIR_INT ? ((int32_t *)c->data)[row] : ((int64_t *)c->data)[row];
        int64_t w = f->type == WEIR_INT ? f->constant.as.i : f->constant.as.l;
        return ordered(f->compare, v < w, v == w);
    }
    double v = c->type == WEIR_INT     ? ((int32_t *)c->data)[row]
               : c->type == WEIR_LONG  ? (double)((int64_t *)c->data)[row]
               : c->type == WEIR_FLOAT ? (double)((float *)c->data)[row]
                                       : ((double *)c->data)[row];
    if (f->type == WEIR_FLOAT) v = c->type == WEIR_LONG ? (float)((int64_t *)c->data)[row] : (float)v;
    double w = f->type == WEIR_FLOAT ? (double)f->constant.as.f : f->constant.as.d;
    return v == v && ordered(f->compare, v < w, v == w);
}

static void run(rng *g, weir_type column, weir_type type, bool equality, bool nulls, bool with_sel) {
    data t;
    wr_indexed_filter filters[MEMBERS];
    const uint32_t *sel[MEMBERS];
    uint32_t n_sel[MEMBERS];
    wr_filter_index *x;
    weir_arena arena;
    fill(&t, g, with_sel);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        filters[i] = (wr_indexed_filter){.column = 1, .type = type};
        filters[i].compare = equality ? WR_EQ : (wr_compare)(WR_LT + rng_below(g, 4));
        do filters[i].constant = constant_of(&t, type, rng_below(g, ROWS));
        while ((type == WEIR_FLOAT && isnan(filters[i].constant.as.f)) ||
               (type == WEIR_DOUBLE && isnan(filters[i].constant.as.d)));
    }
    assert_int_equal(wr_filter_index_new(filters, MEMBERS, column, NULL, &x, NULL), WEIR_OK);
    weir_column cols[2] = {{.type = WEIR_INT, .data = t.i}, column_of(&t, column, nulls)};
    weir_batch b = {
        .n_rows = ROWS, .n_sel = t.n_sel, .sel = with_sel ? t.sel : NULL, .n_cols = 2, .cols = cols};
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_filter_index_run(x, &b, &arena, sel, n_sel, NULL), WEIR_OK);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        uint32_t n = 0;
        for (uint32_t k = 0; k < b.n_sel; k++) {
            uint32_t row = weir_batch_row(&b, k);
            if (!holds(&cols[1], row, &filters[i])) continue;
            assert_true(n < n_sel[i]);
            assert_int_equal(sel[i][n++], row);
        }
        assert_int_equal(n, n_sel[i]);
    }
    wr_arena_fini(&arena);
    wr_filter_index_free(x);
}

static void each_member_gets_the_rows_it_would_have_passed_alone(void **state) {
    (void)state;
    static const struct {
        weir_type column, type;
    } pairs[] = {{WEIR_INT, WEIR_INT},     {WEIR_LONG, WEIR_LONG},     {WEIR_INT, WEIR_LONG},
                 {WEIR_FLOAT, WEIR_FLOAT}, {WEIR_DOUBLE, WEIR_DOUBLE}, {WEIR_INT, WEIR_DOUBLE},
                 {WEIR_INT, WEIR_FLOAT},   {WEIR_LONG, WEIR_FLOAT},    {WEIR_LONG, WEIR_DOUBLE},
                 {WEIR_FLOAT, WEIR_DOUBLE}};
    rng g = {.state = 11};
    for (uint32_t round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < WR_COUNT(pairs); i++)
            run(&g, pairs[i].column, pairs[i].type, round % 2, round % 3, round % 5);
        run(&g, WEIR_STRING, WEIR_STRING, true, round % 3, round % 5);
    }
}

static wr_expr column = {.kind = WR_EXPR_COLUMN, .type = WEIR_INT, .u.column = 3};
static wr_expr constant = {
    .kind = WR_EXPR_CONST, .type = WEIR_INT, .u.constant = {.type = WEIR_INT, .as.i = 7}};

static void a_constant_on_the_left_turns_the_comparison_round(void **state) {
    (void)state;
    wr_indexed_filter f;
    wr_expr e = {
        .kind = WR_EXPR_COMPARE, .type = WEIR_BOOL, .a = &constant, .b = &column, .u.compare = WR_LT};
    assert_true(wr_filter_index_takes(&e, &f));
    assert_int_equal(f.compare, WR_GT);
    assert_int_equal(f.column, 3);
    assert_int_equal(f.constant.as.i, 7);
}

static void what_has_no_such_form_is_left_alone(void **state) {
    (void)state;
    wr_indexed_filter f;
    wr_expr unequal = {.kind = WR_EXPR_COMPARE, .a = &column, .b = &constant, .u.compare = WR_NE};
    wr_expr two = {.kind = WR_EXPR_COMPARE, .a = &column, .b = &column, .u.compare = WR_LT};
    wr_expr null = {
        .kind = WR_EXPR_CONST, .type = WEIR_INT, .u.constant = {.type = WEIR_INT, .is_null = true}};
    wr_expr with_null = {.kind = WR_EXPR_COMPARE, .a = &column, .b = &null, .u.compare = WR_LT};
    assert_false(wr_filter_index_takes(&unequal, &f));
    assert_false(wr_filter_index_takes(&two, &f));
    assert_false(wr_filter_index_takes(&with_null, &f));
    assert_false(wr_filter_index_takes(&column, &f));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_member_gets_the_rows_it_would_have_passed_alone),
        cmocka_unit_test(a_constant_on_the_left_turns_the_comparison_round),
        cmocka_unit_test(what_has_no_such_form_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
