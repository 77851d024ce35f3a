#include "../support.h"

#include "base/buf.h"
#include "data/column.h"
#include "data/value.h"
#include "exec/operator.h"

enum { COLS = 3, ROWS = 6 };

static const wr_attr in_attrs[] = {
    {"theta", WEIR_DOUBLE, false}, {"rho", WEIR_DOUBLE, false}, {"s", WEIR_STRING, false}};

/* A stream (theta double, rho double, s string), one operator over it, and what it logs. */
typedef struct fixture {
    weir_arena arena;
    wr_expr columns[COLS];
    wr_expr *args[COLS];
    wr_plan_op plan;
    wr_op *op;
    weir_column cols[COLS];
    int64_t ts[ROWS];
    uint8_t kind[ROWS];
    weir_batch in, out;
    weir_cycle cycle;
    int64_t clock[ROWS];
    wr_turn turn;
    wr_buf lines;
    int level;
} fixture;

static void take_line(void *ctx, int level, const char *line) {
    fixture *f = ctx;
    f->level = level;
    wr_buf_puts(&f->lines, line);
    wr_buf_putc(&f->lines, '\n');
}

static void set_up(fixture *f, wr_stream_function function, uint32_t n_args) {
    memset(f, 0, sizeof *f);
    wr_arena_init(&f->arena, NULL);
    for (uint32_t c = 0; c < COLS; c++) {
        f->columns[c] = (wr_expr){.kind = WR_EXPR_COLUMN, .type = in_attrs[c].type, .nullable = true};
        f->columns[c].u.column = c;
        f->args[c] = &f->columns[c];
        assert_int_equal(wr_column_new(&f->arena, in_attrs[c].type, false, ROWS, true, &f->cols[c]), WEIR_OK);
    }
    if (n_args == 3) f->args[2] = &f->columns[1];
    f->plan = (wr_plan_op){.kind = WR_OP_FUNCTION, .n_in = 1, .in = {COLS, in_attrs}};
    f->plan.u.function = (wr_plan_function){.function = function,
                                            .args = f->args,
                                            .n_args = n_args,
                                            .app_name = "wind",
                                            .priority = 3,
                                            .log_event = true};
    for (uint32_t r = 0; r < ROWS; r++) {
        weir_value v[] = {wr_value_double(30.0 * r), wr_value_double(r), wr_value_text("row")};
        for (uint32_t c = 0; c < COLS; c++) wr_column_set(&f->cols[c], r, &v[c]);
        f->ts[r] = f->clock[r] = 100 + r;
    }
    f->in = (weir_batch){
        .n_rows = ROWS, .n_sel = ROWS, .ts = f->ts, .n_cols = COLS, .cols = f->cols, .n_chunks = ROWS};
    f->cycle = (weir_cycle){.number = 1, .n_arrivals = ROWS, .clock = f->clock};
    f->turn = (wr_turn){
        .cycle = &f->cycle, .arena = &f->arena, .until = UINT64_MAX, .log = take_line, .log_ctx = f};
}

static void run(fixture *f) {
    weir_error err;
    const weir_batch *in[2] = {&f->in, NULL};
    if (!f->op && wr_op_new(&f->plan, NULL, &f->op, &err)) fail_msg("%s", err.message);
    if (wr_op_process(f->op, &f->turn, in, &f->out, &err)) fail_msg("%s", err.message);
}

static void tear_down(fixture *f) {
    wr_op_free(f->op);
    wr_buf_fini(&f->lines);
    wr_arena_fini(&f->arena);
}

static void pol2cart_turns_degrees_into_coordinates(void **state) {
    (void)state;
    fixture f;
    set_up(&f, WR_STREAM_POL2CART, 3);
    run(&f);
    assert_int_equal(f.out.n_cols, COLS + 3);
    assert_int_equal(f.out.n_sel, ROWS);
    const double *x = f.out.cols[COLS].data, *y = f.out.cols[COLS + 1].data;
    assert_true(x[1] > 0.866025403784438 && x[1] < 0.866025403784439 && y[1] > 0.499999999999999 &&
                y[1] < 0.5000001);
    assert_true(x[3] > 0 && x[3] < 1e-15 && y[3] == 3.0);
    assert_true(wr_column_get(&f.out.cols[COLS + 2], 4).as.d == 4);
    assert_ptr_equal(f.out.cols[2].data, f.cols[2].data); /* nothing is copied */
    tear_down(&f);
}

static void a_null_angle_fails_its_chunk_and_only_that(void **state) {
    (void)state;
    static const uint32_t chunk_end[] = {1, 4, 6};
    fixture f;
    weir_value null = wr_value_null(WEIR_DOUBLE);
    set_up(&f, WR_STREAM_POL2CART, 2);
    wr_column_set(&f.cols[0], 2, &null);
    f.in.chunk_end = chunk_end;
    f.in.n_chunks = 3;
    run(&f);
    assert_int_equal(f.turn.faults.n, 1);
    assert_int_equal(f.turn.faults.items[0].chunk, 1);
    assert_string_equal(f.turn.faults.items[0].message, "#pol2Cart: theta is null");
    assert_int_equal(f.out.n_sel, 3);
    assert_int_equal(weir_batch_row(&f.out, 0), 0);
    assert_int_equal(weir_batch_row(&f.out, 1), 4);
    tear_down(&f);
}

static void resets_pass_without_being_computed_or_logged(void **state) {
    (void)state;
    fixture f;
    weir_value null = wr_value_null(WEIR_DOUBLE);
    for (int function = WR_STREAM_LOG; function <= WR_STREAM_POL2CART; function++) {
        set_up(&f, (wr_stream_function)function, 2);
        for (uint32_t r = 0; r < ROWS; r++) f.kind[r] = r == 2 ? WEIR_RESET : WEIR_EXPIRED;
        wr_column_set(&f.cols[0], 2, &null);
        f.in.kind = f.kind;
        run(&f);
        assert_int_equal(f.out.n_sel, ROWS);
        assert_int_equal(f.turn.faults.n, 0);
        assert_int_equal(f.out.kind[2], WEIR_RESET);
        if (function == WR_STREAM_LOG) assert_null(strstr(f.lines.data, "RESET"));
        tear_down(&f);
    }
}

static void log_writes_a_line_for_each_selected_row(void **state) {
    (void)state;
    static const uint32_t sel[] = {1, 4};
    fixture f;
    weir_value null = wr_value_null(WEIR_STRING);
    set_up(&f, WR_STREAM_LOG, 0);
    f.in.sel = sel;
    f.in.n_sel = 2;
    wr_column_set(&f.cols[2], 4, &null);
    f.cols[1].data = NULL; /* pruned */
    run(&f);
    assert_string_equal(f.lines.data, "wind: Event{timestamp=101, data=[30.0, row], type=CURRENT}\n"
                                      "wind: Event{timestamp=104, data=[120.0, null], type=CURRENT}\n");
    assert_int_equal(f.level, 2); /* info */
    assert_int_equal(f.out.n_sel, 2);
    assert_ptr_equal(f.out.sel, sel);
    tear_down(&f);
}

static void the_message_stands_before_the_event_or_alone(void **state) {
    (void)state;
    static const uint32_t sel[] = {3};
    static const struct {
        bool message, event;
        const char *line;
    } cases[] = {{true, true, "wind: row, Event{timestamp=103, data=[90.0, 3.0, row], type=CURRENT}\n"},
                 {true, false, "wind: row\n"},
                 {false, false, "wind: Event Arrived\n"}};
    for (int i = 0; i < 3; i++) {
        fixture f;
        set_up(&f, WR_STREAM_LOG, 0);
        f.in.sel = sel;
        f.in.n_sel = 1;
        f.plan.u.function.message = cases[i].message ? &f.columns[2] : NULL;
        f.plan.u.function.log_event = cases[i].event;
        f.plan.u.function.priority = 0; /* fatal */
        run(&f);
        assert_string_equal(f.lines.data, cases[i].line);
        assert_int_equal(f.level, 0);
        tear_down(&f);
    }
}

static void nobody_listening_and_nothing_coming_are_fine(void **state) {
    (void)state;
    fixture f;
    set_up(&f, WR_STREAM_LOG, 0);
    f.turn.log = NULL;
    run(&f);
    assert_int_equal(f.out.n_sel, ROWS);
    f.turn.log = take_line;
    f.plan.u.function.priority = 6; /* off */
    run(&f);
    assert_int_equal(f.out.n_sel, ROWS);
    assert_int_equal(f.lines.len, 0);
    f.in.n_rows = f.in.n_sel = f.in.n_chunks = 0;
    run(&f);
    assert_int_equal(f.out.n_sel, 0);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pol2cart_turns_degrees_into_coordinates),
        cmocka_unit_test(a_null_angle_fails_its_chunk_and_only_that),
        cmocka_unit_test(resets_pass_without_being_computed_or_logged),
        cmocka_unit_test(log_writes_a_line_for_each_selected_row),
        cmocka_unit_test(the_message_stands_before_the_event_or_alone),
        cmocka_unit_test(nobody_listening_and_nothing_coming_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
