/* program_model_test.c: programs against an evaluator that walks the tree one row at a time.
 *
 * Two kinds of input: every operation x type x operand shape x nulls x selection, and thousands of random
 * trees, in which common parts, guards and folding meet. The same in each run (SEED). */
#include "program_reference.h"
#include "random_tree.h"

#define SEED    0x5EED0002u
#define N_TREES 3000

static bool values_agree(weir_value want, weir_value got) {
    if (want.is_null || got.is_null) return want.is_null == got.is_null;
    if (want.type == WEIR_FLOAT && got.type == WEIR_FLOAT && isnan(want.as.f)) return isnan(got.as.f);
    if (want.type == WEIR_DOUBLE && got.type == WEIR_DOUBLE && isnan(want.as.d)) return isnan(got.as.d);
    return wr_value_equal(&want, &got);
}

static bool is_reset(const weir_batch *b, uint32_t row) { return b->kind && b->kind[row] == WEIR_RESET; }

/* The first selected row where the results differ from the reference; UINT32_MAX: none. */
static uint32_t first_wrong(fixture *f, wr_expr *const *exprs, uint32_t n, const weir_column *out) {
    const weir_batch *b = &f->b;
    for (uint32_t k = 0, n_sel = b->sel ? b->n_sel : b->n_rows; k < n_sel; k++) {
        reference x = {.b = b, .row = weir_batch_row(b, k)};
        bool failed = false;
        if (is_reset(b, x.row)) continue;
        for (uint32_t i = 0; i < n; i++) {
            x.failed = false;
            weir_value want = eval(&x, exprs[i]), got = wr_column_get(&out[i], x.row);
            if (out[i].boxed || out[i].type == WEIR_OBJECT) got = wr_value_unbox(got);
            failed = failed || x.failed;
            if (!x.failed && !values_agree(want, got)) return x.row;
        }
        if (failed != f->failed[x.row]) return x.row;
    }
    return UINT32_MAX;
}

/* Runs exprs over f's batch and compares. */
static bool run_agrees(fixture *f, wr_expr *const *exprs, uint32_t n) {
    wr_program *p;
    weir_column out[8];
    weir_error err;
    assert_int_equal(wr_program_new(exprs, n, &f->account, &p, &err), WEIR_OK);
    wr_eval ev = eval_of(f);
    if (f->b.n_rows) memset(f->failed, 0, f->b.n_rows);
    assert_int_equal(wr_program_run(p, &ev, out, &err), WEIR_OK);
    uint32_t wrong = first_wrong(f, exprs, n, out);
    if (wrong != UINT32_MAX) print_message("row %u of %u differs\n", wrong, f->b.n_rows);
    wr_program_free(p);
    return wrong == UINT32_MAX;
}

static bool filter_agrees(fixture *f, wr_expr *condition, bool keep_resets) {
    wr_program *p;
    weir_error err;
    uint32_t n_in = f->b.sel ? f->b.n_sel : f->b.n_rows, n_sel, n = 0;
    uint32_t *sel = malloc(n_in * sizeof *sel + (n_in == 0)); /* no larger: the sanitizer watches its end */
    assert_non_null(sel);
    assert_int_equal(wr_program_new(&condition, 1, &f->account, &p, &err), WEIR_OK);
    wr_eval ev = eval_of(f);
    assert_int_equal(wr_program_filter(p, &ev, keep_resets, sel, &n_sel, &err), WEIR_OK);
    bool agrees = true;
    for (uint32_t k = 0; k < n_in; k++) {
        reference x = {.b = &f->b, .row = weir_batch_row(&f->b, k)};
        if (is_reset(&f->b, x.row) ? !keep_resets : !is_true(&x, condition) && !x.failed) continue;
        if (x.failed) { /* either way: the caller drops its chunk */
            n += n < n_sel && sel[n] == x.row;
            continue;
        }
        agrees = agrees && n < n_sel && sel[n] == x.row;
        n++;
    }
    agrees = agrees && n == n_sel;
    wr_program_free(p);
    free(sel);
    return agrees;
}

/* ---- The table: operation x type x shape x nulls x selection */

static const uint32_t table_sizes[] = {0, 1, 7, 8, 64, 65, 200};
static const uint32_t table_percents[] = {100, 60, 5, 0};

static void check_everywhere(uint64_t seed,
                             wr_expr *(*make)(weir_arena *arena, rng *g, int op, weir_type type,
                                              wr_shape shape),
                             int op, weir_type type, wr_shape shape) {
    for (size_t s = 0; s < WR_COUNT(table_sizes); s++)
        for (size_t p = 0; p < WR_COUNT(table_percents); p++)
            for (int nullable = 0; nullable < 2; nullable++)
                for (int resets = 0; resets < 2; resets++) {
                    fixture f;
                    fixture_init(&f, seed + s * 97 + p * 31 + (uint64_t)nullable * 7 + (uint64_t)resets);
                    make_batch(&f, table_sizes[s], nullable, table_percents[p], resets);
                    wr_expr *e = make(&f.arena, &f.g, op, type, shape);
                    if (!run_agrees(&f, &e, 1))
                        fail_msg("op %d, type %s, shape %d, size %u, selected %u%%, nullable %d, resets %d",
                                 op, weir_type_name(type), (int)shape, table_sizes[s], table_percents[p],
                                 nullable, resets);
                    fixture_fini(&f);
                }
}

static wr_expr *table_operand(weir_arena *arena, rng *g, weir_type type, uint32_t which, bool is_const) {
    if (is_const) return expr_const(arena, random_value(g, type));
    return expr_column(arena, (uint32_t)(type - WEIR_INT) * 2 + which, type);
}

static wr_expr *make_arith(weir_arena *arena, rng *g, int op, weir_type type, wr_shape shape) {
    return expr_arith(arena, (wr_arith)op, table_operand(arena, g, type, 0, shape & 2),
                      table_operand(arena, g, type, 1, shape & 1));
}

static wr_expr *make_compare(weir_arena *arena, rng *g, int op, weir_type type, wr_shape shape) {
    return expr_compare(arena, (wr_compare)op, table_operand(arena, g, type, 0, shape & 2),
                        table_operand(arena, g, type, 1, shape & 1));
}

static wr_expr *make_logic(weir_arena *arena, rng *g, int op, weir_type type, wr_shape shape) {
    wr_expr *a = table_operand(arena, g, type, 0, shape & 2),
            *b = table_operand(arena, g, type, 1, shape & 1);
    return expr_logic(arena, (wr_expr_kind)op, a, op == WR_EXPR_AND || op == WR_EXPR_OR ? b : NULL);
}

static wr_expr *make_if(weir_arena *arena, rng *g, int op, weir_type type, wr_shape shape) {
    (void)op;
    return expr_if(arena, expr_column(arena, 8, WEIR_BOOL), table_operand(arena, g, type, 0, shape & 2),
                   table_operand(arena, g, type, 1, shape & 1));
}

static wr_expr *make_convert(weir_arena *arena, rng *g, int op, weir_type type, wr_shape shape) {
    return expr_convert(arena, (weir_type)op, table_operand(arena, g, type, 0, shape & 2));
}

static wr_expr *make_unbox(weir_arena *arena, rng *g, int op, weir_type type, wr_shape shape) {
    wr_expr *boxed = expr_box(arena, table_operand(arena, g, type, 0, shape & 2));
    return expr_unbox(arena, (weir_type)(op / 2), op % 2, boxed);
}

static wr_expr *make_box(weir_arena *arena, rng *g, int op, weir_type type, wr_shape shape) {
    (void)op;
    return expr_box(arena, table_operand(arena, g, type, 0, shape & 2));
}

static void every_operation_agrees_with_the_reference(void **state) {
    (void)state;
    for (int shape = WR_VV; shape <= WR_CC; shape++)
        for (int type = WEIR_INT; type <= WEIR_STRING; type++) {
            weir_type t = (weir_type)type;
            wr_shape s = (wr_shape)shape;
            for (int op = 0; op < WR_N_ARITH && t <= WEIR_DOUBLE; op++)
                check_everywhere(SEED, make_arith, op, t, s);
            for (int op = 0; op < (t <= WEIR_DOUBLE ? WR_N_COMPARE : 2); op++)
                check_everywhere(SEED, make_compare, op, t, s);
            for (int op = WR_EXPR_AND; op <= WR_EXPR_NULL_FALSE; op++)
                if (t == WEIR_BOOL || op == WR_EXPR_IS_NULL) check_everywhere(SEED, make_logic, op, t, s);
            for (int to = t; to <= WEIR_DOUBLE; to++) check_everywhere(SEED, make_convert, to, t, s);
            for (int to = WEIR_INT * 2; to <= WEIR_STRING * 2 + 1; to++)
                check_everywhere(SEED, make_unbox, to, t, s);
            check_everywhere(SEED, make_if, 0, t, s);
            check_everywhere(SEED, make_box, 0, t, s);
        }
}

static void the_check_finds_a_planted_fault(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 65, false, 100, false);
    wr_expr *e = expr_arith(&f.arena, WR_ADD, expr_column(&f.arena, 2, WEIR_LONG),
                            expr_column(&f.arena, 3, WEIR_LONG));
    wr_program *p;
    weir_column out;
    weir_error err;
    assert_int_equal(wr_program_new(&e, 1, &f.account, &p, &err), WEIR_OK);
    wr_eval ev = eval_of(&f);
    assert_int_equal(wr_program_run(p, &ev, &out, &err), WEIR_OK);
    assert_int_equal(first_wrong(&f, &e, 1, &out), UINT32_MAX);
    ((int64_t *)out.data)[64]++;
    assert_int_equal(first_wrong(&f, &e, 1, &out), 64);
    wr_program_free(p);
    fixture_fini(&f);
}

/* ---- Random trees */

static void random_batch(fixture *f) {
    static const uint32_t row_counts[] = {0, 1, 2, 9, 64, 130, 300};
    static const uint32_t percents[] = {100, 100, 70, 10, 3, 0};
    make_batch(f, row_counts[rng_below(&f->g, WR_COUNT(row_counts))], rng_below(&f->g, 3) != 0,
               percents[rng_below(&f->g, WR_COUNT(percents))], rng_below(&f->g, 4) == 0);
}

static void random_trees_agree_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < N_TREES; i++) {
        fixture f;
        fixture_init(&f, SEED + 1 + i);
        random_batch(&f);
        wr_expr *exprs[4];
        uint32_t n = 1 + rng_below(&f.g, 3);
        for (uint32_t e = 0; e < n; e++)
            exprs[e] = random_tree(&f, (weir_type)(WEIR_INT + rng_below(&f.g, 6)), 4);
        exprs[n] = exprs[0]; /* the same once more: shared */
        if (!run_agrees(&f, exprs, n + 1)) fail_msg("tree %u (seed %#x)", i, SEED);
        fixture_fini(&f);
    }
}

static void random_filters_agree_with_the_reference(void **state) {
    (void)state;
    for (uint32_t i = 0; i < N_TREES; i++) {
        fixture f;
        fixture_init(&f, SEED + 100000 + i);
        random_batch(&f);
        if (!filter_agrees(&f, random_tree(&f, WEIR_BOOL, 3), i & 1))
            fail_msg("filter %u (seed %#x)", i, SEED);
        fixture_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_agrees_with_the_reference),
        cmocka_unit_test(the_check_finds_a_planted_fault),
        cmocka_unit_test(random_trees_agree_with_the_reference),
        cmocka_unit_test(random_filters_agree_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
