/* filter_op_test.c: what a filter lets through, shares, drops and counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "agg/table.h"
#include "exec/operator.h"
#include "expr_build.h"
#include "state/writer.h"

/* Stream (v long, o object); o is a boxed string or long. */
typedef struct fixture {
    wr_account account;
    weir_arena arena; /* of the cycle */
    weir_arena trees;
    wr_plan_op plan;
    wr_op *op;
    wr_turn turn;
    weir_cycle cycle;
    weir_batch in, out;
    weir_column cols[2];
    weir_error err;
} fixture;

#define N_ROWS 8
static const int64_t ts[N_ROWS] = {10, 11, 12, 13, 14, 15, 16, 17};
static const int64_t values[N_ROWS] = {5, 60, 70, 1, 80, 2, 90, 3};
static const wr_attr attrs[] = {{"v", WEIR_LONG, false}, {"o", WEIR_OBJECT, false}};

static void make_objects(fixture *f) {
    weir_object **objects = wr_arena_array(&f->arena, N_ROWS, sizeof *objects);
    assert_non_null(objects);
    for (uint32_t r = 0; r < N_ROWS; r++) {
        weir_value v = r == 3 || r == 4 ? wr_value_text("text") : wr_value_long(values[r]);
        objects[r] = weir_object_new_value(&v);
        assert_int_equal(weir_arena_own(&f->arena, objects[r]), WEIR_OK);
    }
    f->cols[1] = (weir_column){.type = WEIR_OBJECT, .data = objects};
}

static void fixture_init(fixture *f) {
    *f = (fixture){.cycle = {.number = 1}};
    wr_arena_init(&f->arena, &f->account);
    wr_arena_init(&f->trees, &f->account);
    f->plan = (wr_plan_op){.kind = WR_OP_FILTER, .n_in = 1, .in = {2, attrs}, .out = {2, attrs}};
    f->turn = (wr_turn){.cycle = &f->cycle, .arena = &f->arena};
    f->cols[0] = (weir_column){.type = WEIR_LONG, .data = (void *)(uintptr_t)values};
    make_objects(f);
    f->in = (weir_batch){
        .n_rows = N_ROWS, .n_sel = N_ROWS, .ts = ts, .n_cols = 2, .cols = f->cols, .n_chunks = N_ROWS};
}

static void fixture_fini(fixture *f) {
    wr_op_free(f->op);
    wr_arena_fini(&f->arena);
    wr_arena_fini(&f->trees);
    assert_int_equal(f->account.used_bytes, 0);
}

static void open_filter(fixture *f, wr_expr *condition) {
    f->plan.u.filter.condition = condition;
    assert_int_equal(wr_op_new(&f->plan, &f->account, &f->op, &f->err), WEIR_OK);
}

/* v > low */
static wr_expr *above(fixture *f, wr_expr *v, int64_t low) {
    return expr_compare(&f->trees, WR_GT, v, expr_const(&f->trees, wr_value_long(low)));
}
static wr_expr *v_above(fixture *f, int64_t low) {
    return above(f, expr_column(&f->trees, 0, WEIR_LONG), low);
}

static void process(fixture *f) {
    const weir_batch *in[2] = {&f->in, NULL};
    assert_int_equal(wr_op_process(f->op, &f->turn, in, &f->out, &f->err), WEIR_OK);
}

static void expect_rows(const fixture *f, const uint32_t *rows, uint32_t n) {
    assert_int_equal(f->out.n_sel, n);
    for (uint32_t k = 0; k < n; k++) assert_int_equal(weir_batch_row(&f->out, k), rows[k]);
}

static void rows_pass_where_the_condition_is_true_and_nothing_moves(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const uint32_t ends[] = {2, 5, 5, 8};
    const weir_origin origins[] = {1, 2, 3, 4};
    f.in.n_chunks = 4;
    f.in.chunk_end = ends;
    f.in.origin = origins;
    open_filter(&f, v_above(&f, 50));
    process(&f);
    expect_rows(&f, (uint32_t[]){1, 2, 4, 6}, 4);
    assert_ptr_equal(f.out.cols, f.in.cols);
    assert_ptr_equal(f.out.ts, ts);
    assert_ptr_equal(f.out.chunk_end, ends);
    assert_ptr_equal(f.out.origin, origins);
    assert_int_equal(f.out.n_rows, N_ROWS);
    assert_int_equal(f.op->rows_in, N_ROWS);
    assert_int_equal(f.op->rows_out, 4);
    assert_int_equal(f.op->n_calls, 1);
    fixture_fini(&f);
}

static void a_selection_is_shortened(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const uint32_t sel[] = {0, 2, 3, 6};
    f.in.sel = sel;
    f.in.n_sel = 4;
    open_filter(&f, v_above(&f, 50));
    process(&f);
    expect_rows(&f, (uint32_t[]){2, 6}, 2);
    fixture_fini(&f);
}

static void all_rows_need_no_selection_and_none_no_batch(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    open_filter(&f, v_above(&f, 0));
    process(&f);
    assert_null(f.out.sel);
    assert_int_equal(f.out.n_sel, N_ROWS);
    wr_op_free(f.op);
    open_filter(&f, v_above(&f, 1000));
    process(&f);
    assert_int_equal(f.out.n_rows, 0);
    const weir_batch *nothing[2] = {NULL, NULL};
    assert_int_equal(wr_op_process(f.op, &f.turn, nothing, &f.out, &f.err), WEIR_OK);
    assert_int_equal(f.out.n_rows, 0);
    fixture_fini(&f);
}

static void resets_pass_and_expired_rows_are_judged(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const uint8_t kind[N_ROWS] = {WEIR_RESET, WEIR_EXPIRED, WEIR_CURRENT, WEIR_EXPIRED,
                                  WEIR_RESET, WEIR_CURRENT, WEIR_CURRENT, WEIR_RESET};
    f.in.kind = kind;
    open_filter(&f, v_above(&f, 50));
    process(&f);
    expect_rows(&f, (uint32_t[]){0, 1, 2, 4, 6, 7}, 6);
    assert_ptr_equal(f.out.kind, kind);
    fixture_fini(&f);
}

/* o == a long: rows 3 and 4 hold text. */
static wr_expr *object_above(fixture *f, int64_t low) {
    return above(f, expr_unbox(&f->trees, WEIR_LONG, true, expr_column(&f->trees, 1, WEIR_OBJECT)), low);
}

static void a_failing_row_takes_its_chunk_with_it(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const uint32_t ends[] = {2, 5, 8}; /* both failing rows are in the second chunk */
    const weir_origin origins[] = {100, 200, 300};
    f.in.n_chunks = 3;
    f.in.chunk_end = ends;
    f.in.origin = origins;
    open_filter(&f, object_above(&f, 50));
    process(&f);
    expect_rows(&f, (uint32_t[]){1, 6}, 2);
    assert_int_equal(f.turn.faults.n, 1);
    assert_int_equal(f.turn.faults.items[0].chunk, 1);
    assert_int_equal(f.turn.faults.items[0].origin, 200);
    assert_string_equal(f.turn.faults.items[0].message,
                        "class java.lang.String cannot be cast to class java.lang.Long");
    fixture_fini(&f);
}

static void each_failing_chunk_is_reported(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    f.in.first_arrival = 40;
    open_filter(&f, expr_logic(&f.trees, WR_EXPR_NOT, object_above(&f, 50), NULL));
    process(&f);
    expect_rows(&f, (uint32_t[]){0, 5, 7}, 3);
    assert_int_equal(f.turn.faults.n, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(f.turn.faults.items[i].chunk, 3 + i);
        assert_int_equal(f.turn.faults.items[i].origin, WEIR_ORIGIN(43 + i, WEIR_PHASE_EVENT, 0));
    }
    fixture_fini(&f);
}

static void rows_that_an_and_leaves_out_cannot_fail(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    open_filter(&f, expr_logic(&f.trees, WR_EXPR_AND, v_above(&f, 85), object_above(&f, 0)));
    process(&f);
    expect_rows(&f, (uint32_t[]){6}, 1);
    assert_int_equal(f.turn.faults.n, 0);
    fixture_fini(&f);
}

static void open_count_filter(fixture *f, int64_t low) {
    static wr_agg_slot slot;
    slot = (wr_agg_slot){.type = &wr_agg_count, .result = WEIR_LONG};
    wr_expr *count = expr_node(&f->trees, WR_EXPR_AGG, WEIR_LONG, NULL, NULL);
    f->plan.u.filter.aggs = &slot;
    f->plan.u.filter.n_aggs = 1;
    open_filter(f, above(f, count, low));
}

static void aggregates_count_all_rows_that_reach_the_filter(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    const uint8_t kind[N_ROWS] = {0, 0, 0, 0, WEIR_EXPIRED, WEIR_EXPIRED, 0, 0};
    f.in.kind = kind;
    open_count_filter(&f, 2);
    process(&f); /* counts 1 2 3 4 3 2 3 4 */
    expect_rows(&f, (uint32_t[]){2, 3, 4, 6, 7}, 5);
    f.in.kind = NULL;
    process(&f); /* 5 to 12 */
    assert_int_equal(f.out.n_sel, N_ROWS);
    fixture_fini(&f);
}

static void aggregates_survive_a_snapshot(void **state) {
    (void)state;
    fixture f;
    fixture_init(&f);
    open_count_filter(&f, 10);
    process(&f);
    assert_int_equal(f.out.n_sel, 0);
    weir_writer w;
    weir_reader r;
    wr_writer_init(&w);
    f.op->type->save(f.op, &w);
    assert_int_equal(wr_writer_status(&w, &f.err), WEIR_OK);
    wr_op_free(f.op);
    open_count_filter(&f, 10);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(f.op->type->load(f.op, &r, &f.err), WEIR_OK);
    process(&f); /* 9 to 16 */
    expect_rows(&f, (uint32_t[]){2, 3, 4, 5, 6, 7}, 6);
    wr_writer_fini(&w);
    fixture_fini(&f);
}

/* Failing each allocation in turn: the filter says so, and nothing leaks. */
static void running_out_of_memory_is_reported(void **state) {
    (void)state;
    weir_status status = WEIR_ENOMEM;
    for (long nth = 1; status != WEIR_OK; nth++) {
        fixture f;
        fixture_init(&f);
        wr_account small = {0};
        weir_arena arena;
        wr_arena_init(&arena, &small);
        f.turn.arena = &arena;
        f.plan.u.filter.condition = object_above(&f, 50);
        const weir_batch *in[2] = {&f.in, NULL};
        wr_alloc_fail_after(nth);
        status = wr_op_new(&f.plan, &f.account, &f.op, &f.err);
        if (status == WEIR_OK) status = wr_op_process(f.op, &f.turn, in, &f.out, &f.err);
        wr_alloc_fail_after(0);
        if (status != WEIR_OK) assert_int_equal(status, WEIR_ENOMEM);
        if (status == WEIR_OK) assert_int_equal(f.turn.faults.n, 2);
        wr_arena_fini(&arena);
        assert_int_equal(small.used_bytes, 0);
        fixture_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_pass_where_the_condition_is_true_and_nothing_moves),
        cmocka_unit_test(a_selection_is_shortened),
        cmocka_unit_test(all_rows_need_no_selection_and_none_no_batch),
        cmocka_unit_test(resets_pass_and_expired_rows_are_judged),
        cmocka_unit_test(a_failing_row_takes_its_chunk_with_it),
        cmocka_unit_test(each_failing_chunk_is_reported),
        cmocka_unit_test(rows_that_an_and_leaves_out_cannot_fail),
        cmocka_unit_test(aggregates_count_all_rows_that_reach_the_filter),
        cmocka_unit_test(aggregates_survive_a_snapshot),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
