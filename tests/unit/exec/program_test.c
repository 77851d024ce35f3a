/* program_test.c: what programs compute and what they don't, and what they do in trouble. That the results
 * are right is program_model_test.c's concern. */
#include "program_reference.h"
#include "random_tree.h"

#define SEED 0x5EED0003u

/* ---- Functions to call */

static uint64_t counted_rows, counted_calls, counted_open;

static weir_status counting_open(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)self, (void)args, (void)n_args, (void)err;
    counted_open++;
    return WEIR_OK;
}
static void counting_close(void *self) {
    (void)self;
    counted_open--;
}

static weir_status counting_eval(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    counted_calls++;
    counted_rows += call->n_sel;
    uint8_t *out = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++) out[call->sel ? call->sel[k] : k] = 1;
    return WEIR_OK;
}

static weir_status clock_eval(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t r = call->sel ? call->sel[k] : k;
        ((int64_t *)call->out->data)[r] = call->now[r];
    }
    return WEIR_OK;
}

static const weir_function_type counting = {.struct_size = sizeof counting,
                                            .ns = "",
                                            .name = "counting",
                                            .state_size = 16,
                                            .open = counting_open,
                                            .close = counting_close,
                                            .eval = counting_eval};
static const weir_function_type read_clock = {.struct_size = sizeof read_clock,
                                              .ns = "",
                                              .name = "clock",
                                              .eval = clock_eval,
                                              .needs_clock = true,
                                              .not_pure = true};

/* ---- What is computed, and what is not */

static void run_counting(fixture *f, wr_expr *const *exprs, uint32_t n, weir_column *out) {
    wr_program *p;
    weir_error err;
    counted_calls = counted_rows = 0;
    assert_int_equal(wr_program_new(exprs, n, &f->account, &p, &err), WEIR_OK);
    counted_calls = counted_rows = 0; /* what folding did doesn't count */
    wr_eval ev = eval_of(f);
    assert_int_equal(wr_program_run(p, &ev, out, &err), WEIR_OK);
    wr_program_free(p);
    assert_int_equal(counted_open, 0);
}

static void equal_calls_are_made_once(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 20, false, 100, false);
    weir_column out[3];
    wr_expr *exprs[3];
    for (uint32_t i = 0; i < 2; i++)
        exprs[i] = expr_call(&f.arena, &counting, WEIR_BOOL, expr_column(&f.arena, 2, WEIR_LONG));
    exprs[2] = expr_call(&f.arena, &counting, WEIR_BOOL, expr_column(&f.arena, 3, WEIR_LONG));
    run_counting(&f, exprs, 3, out);
    assert_int_equal(counted_calls, 2);
    assert_ptr_equal(out[0].data, out[1].data);
    assert_ptr_not_equal(out[0].data, out[2].data);
    fixture_fini(&f);
}

static void impure_calls_are_made_each_time(void **state) {
    (void)state;
    weir_function_type impure = counting;
    impure.not_pure = true;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 20, false, 100, false);
    weir_column out[2];
    wr_expr *exprs[2] = {expr_call(&f.arena, &impure, WEIR_BOOL, NULL),
                         expr_call(&f.arena, &impure, WEIR_BOOL, NULL)};
    run_counting(&f, exprs, 2, out);
    assert_int_equal(counted_calls, 2);
    assert_int_equal(counted_rows, 40);
    fixture_fini(&f);
}

static void calls_see_only_the_rows_that_need_them(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 100, false, 100, false);
    weir_column out[2];
    int64_t *column = f.b.cols[2].data;
    for (uint32_t r = 0; r < 100; r++) column[r] = r;
    wr_expr *small = expr_compare(&f.arena, WR_LT, expr_column(&f.arena, 2, WEIR_LONG),
                                  expr_const(&f.arena, wr_value_long(10)));
    wr_expr *call = expr_call(&f.arena, &counting, WEIR_BOOL, expr_column(&f.arena, 2, WEIR_LONG));
    wr_expr *both = expr_logic(&f.arena, WR_EXPR_AND, small, call);
    run_counting(&f, &both, 1, out);
    assert_int_equal(counted_rows, 10);
    wr_expr *either = expr_logic(&f.arena, WR_EXPR_OR, small, call);
    run_counting(&f, &either, 1, out);
    assert_int_equal(counted_rows, 90);
    wr_expr *exprs[2] = {call, both}; /* known for all rows already */
    run_counting(&f, exprs, 2, out);
    assert_int_equal(counted_rows, 100);
    wr_expr *chosen = expr_if(&f.arena, small, call, expr_const(&f.arena, wr_value_bool(false)));
    run_counting(&f, &chosen, 1, out);
    assert_int_equal(counted_rows, 10);
    fixture_fini(&f);
}

static void constants_are_computed_when_the_program_is_made(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 100, false, 100, false);
    weir_column out;
    wr_expr *e = expr_call(&f.arena, &counting, WEIR_BOOL,
                           expr_arith(&f.arena, WR_ADD, expr_const(&f.arena, wr_value_long(1)),
                                      expr_const(&f.arena, wr_value_long(2))));
    assert_true(wr_expr_is_constant(e));
    run_counting(&f, &e, 1, &out);
    assert_int_equal(counted_calls, 0);
    assert_null(out.valid);
    for (uint32_t r = 0; r < 100; r++) assert_int_equal(((uint8_t *)out.data)[r], 1);
    fixture_fini(&f);
}

static void a_bare_column_is_not_copied(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 10, false, 100, false);
    weir_column out;
    wr_expr *e = expr_column(&f.arena, 5, WEIR_FLOAT);
    run_counting(&f, &e, 1, &out);
    assert_ptr_equal(out.data, f.b.cols[5].data);
    fixture_fini(&f);
}

static void the_clock_is_that_of_the_arrival(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 4, false, 100, false);
    const int64_t clock[] = {100, 200, 300};
    const weir_cycle cycle = {.n_arrivals = 3, .clock = clock, .clock_before = 50};
    const uint32_t ends[] = {1, 1, 4};
    const weir_origin origins[] = {WEIR_ORIGIN(1, 0, 0), WEIR_ORIGIN(1, 7, 0), WEIR_ORIGIN(2, 7, 0)};
    f.b.n_chunks = 3;
    f.b.chunk_end = ends;
    f.b.origin = origins;
    wr_expr *e = expr_call(&f.arena, &read_clock, WEIR_LONG, NULL);
    assert_false(wr_expr_is_constant(e));
    wr_program *p;
    weir_column out;
    weir_error err;
    assert_int_equal(wr_program_new(&e, 1, &f.account, &p, &err), WEIR_OK);
    wr_eval ev = eval_of(&f);
    assert_int_equal(wr_program_run(p, &ev, &out, &err), WEIR_EUSAGE); /* no cycle, no clock */
    ev.cycle = &cycle;
    assert_int_equal(wr_program_run(p, &ev, &out, &err), WEIR_OK);
    const int64_t want[] = {200, 300, 300, 300};
    assert_memory_equal(out.data, want, sizeof want);
    wr_program_free(p);
    f.b.chunk_end = NULL;
    f.b.origin = NULL;
    f.b.n_chunks = f.b.n_rows = 2;
    f.b.first_arrival = 1;
    const int64_t *now = wr_rows_clock(&f.b, &cycle, &f.arena);
    assert_true(now && now[0] == 200 && now[1] == 300);
    fixture_fini(&f);
}

/* ---- Trouble */

static void malformed_trees_are_refused(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    wr_expr *l = expr_column(&f.arena, 2, WEIR_LONG), *d = expr_column(&f.arena, 6, WEIR_DOUBLE);
    wr_expr *s = expr_column(&f.arena, 10, WEIR_STRING);
    wr_expr *bad[] = {
        expr_arith(&f.arena, WR_ADD, l, d),
        expr_arith(&f.arena, WR_ADD, s, s),
        expr_arith(&f.arena, WR_ADD, expr_box(&f.arena, l), l),
        expr_compare(&f.arena, WR_LT, s, s),
        expr_compare(&f.arena, WR_EQ, l, d),
        expr_logic(&f.arena, WR_EXPR_NOT, l, NULL),
        expr_convert(&f.arena, WEIR_INT, d),
        expr_unbox(&f.arena, WEIR_LONG, false, l),
        expr_if(&f.arena, expr_column(&f.arena, 8, WEIR_BOOL), l, d),
    };
    for (size_t i = 0; i < WR_COUNT(bad); i++) {
        wr_program *p;
        weir_error err;
        bad[i]->begin = l->begin = 3; /* the operand may be the one to blame */
        bad[i]->end = l->end = 9;
        assert_int_equal(wr_program_new(&bad[i], 1, &f.account, &p, &err), WEIR_EUSAGE);
        assert_null(p);
        assert_int_equal(err.begin, 3);
        assert_int_equal(err.end, 9);
    }
    fixture_fini(&f);
}

static void a_pruned_column_is_not_read(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    make_batch(&f, 4, false, 100, false);
    f.b.cols[2].data = NULL;
    wr_expr *read[] = {expr_column(&f.arena, 2, WEIR_LONG), expr_column(&f.arena, N_COLS, WEIR_LONG)};
    for (size_t i = 0; i < WR_COUNT(read); i++) {
        wr_program *p;
        weir_column out;
        weir_error err;
        assert_int_equal(wr_program_new(&read[i], 1, &f.account, &p, &err), WEIR_OK);
        wr_eval ev = eval_of(&f);
        assert_int_equal(wr_program_run(p, &ev, &out, &err), WEIR_EUSAGE);
        wr_program_free(p);
    }
    fixture_fini(&f);
}

static wr_expr *left_deep(fixture *f, uint32_t depth) {
    wr_expr *e = expr_column(&f->arena, 2, WEIR_LONG);
    for (uint32_t i = 0; i < depth; i++)
        e = expr_arith(&f->arena, WR_ADD, e, expr_column(&f->arena, 3, WEIR_LONG));
    return e;
}

static void too_deep_a_tree_is_refused(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f, SEED);
    wr_program *p;
    weir_error err;
    wr_expr *e = left_deep(&f, 2900);
    assert_int_equal(wr_program_new(&e, 1, &f.account, &p, &err), WEIR_OK);
    wr_program_free(p);
    e = left_deep(&f, 20000);
    assert_int_equal(wr_program_new(&e, 1, &f.account, &p, &err), WEIR_ELIMIT);
    fixture_fini(&f);
}

/* Failing each allocation in turn: making and running say so, and nothing leaks. */
static void running_out_of_memory_is_reported(void **state) {
    (void)state;
    for (long nth = 1;; nth++) {
        fixture f;
        fixture_init(&f, SEED + 5);
        make_batch(&f, 200, true, 70, false);
        wr_expr *exprs[2] = {random_tree(&f, WEIR_BOOL, 5), random_tree(&f, WEIR_LONG, 5)};
        weir_column out[2];
        wr_program *p;
        weir_error err;
        wr_account account = {0};
        weir_arena arena;
        wr_arena_init(&arena, &account);
        wr_alloc_fail_after(nth);
        weir_status status = wr_program_new(exprs, 2, &account, &p, &err);
        wr_eval ev = eval_of(&f);
        ev.arena = &arena;
        if (status == WEIR_OK) status = wr_program_run(p, &ev, out, &err);
        wr_alloc_fail_after(0);
        if (status != WEIR_OK) assert_int_equal(status, WEIR_ENOMEM);
        wr_program_free(p);
        wr_arena_fini(&arena);
        assert_int_equal(account.used_bytes, 0);
        fixture_fini(&f);
        if (status == WEIR_OK) {
            assert_true(nth > 5);
            return;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_calls_are_made_once),
        cmocka_unit_test(impure_calls_are_made_each_time),
        cmocka_unit_test(calls_see_only_the_rows_that_need_them),
        cmocka_unit_test(constants_are_computed_when_the_program_is_made),
        cmocka_unit_test(a_bare_column_is_not_copied),
        cmocka_unit_test(the_clock_is_that_of_the_arrival),
        cmocka_unit_test(malformed_trees_are_refused),
        cmocka_unit_test(a_pruned_column_is_not_read),
        cmocka_unit_test(too_deep_a_tree_is_refused),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
