#include "../support.h"

#include "base/buf.h"
#include "data/column.h"
#include "data/value.h"
#include "exec/operator.h"
#include "stream/functions.h"

enum { COLS = 3, ROWS = 6 };

static const wr_attr in_attrs[] = {
    {"theta", WEIR_DOUBLE, false}, {"rho", WEIR_DOUBLE, false}, {"s", WEIR_STRING, false}};

/* A stream (theta double, rho double, s string), one operator over it, and what it logs. */
typedef struct fixture {
    weir_arena arena;
    wr_expr columns[COLS], constants[COLS];
    wr_expr *args[COLS];
    weir_arg info[COLS];
    wr_attr out_attrs[2 * COLS];
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

static void plan_in_and_out(fixture *f) {
    weir_stream_added added[WEIR_STREAM_ADDED_MAX];
    uint32_t n_added = 0;
    weir_error err;
    const wr_plan_function *p = &f->plan.u.function;
    if (p->type->check(p->arg_info, p->n_args, added, &n_added, &err)) fail_msg("%s", err.message);
    memcpy(f->out_attrs, in_attrs, sizeof in_attrs);
    for (uint32_t i = 0; i < n_added; i++)
        f->out_attrs[COLS + i] = (wr_attr){.name = added[i].name, .type = added[i].type};
    f->plan.in = (wr_schema){COLS, in_attrs};
    f->plan.out = (wr_schema){COLS + n_added, f->out_attrs};
}

/* The function is called with the columns whose numbers stand in args. */
static void set_up(fixture *f, const weir_stream_function_type *type, uint32_t n_args, const uint32_t *args) {
    memset(f, 0, sizeof *f);
    wr_arena_init(&f->arena, NULL);
    for (uint32_t c = 0; c < COLS; c++) {
        f->columns[c] = (wr_expr){.kind = WR_EXPR_COLUMN, .type = in_attrs[c].type, .nullable = true};
        f->columns[c].u.column = c;
        assert_int_equal(wr_column_new(&f->arena, in_attrs[c].type, false, ROWS, true, &f->cols[c]), WEIR_OK);
    }
    for (uint32_t i = 0; i < n_args; i++) {
        f->args[i] = &f->columns[args[i]];
        f->info[i] = (weir_arg){.type = in_attrs[args[i]].type, .is_attribute = true, .column = args[i]};
    }
    f->plan = (wr_plan_op){.kind = WR_OP_FUNCTION, .n_in = 1};
    f->plan.u.function = (wr_plan_function){
        .type = type, .args = f->args, .arg_info = f->info, .n_args = n_args, .app_name = "wind"};
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

/* Argument i is a constant instead. */
static void set_constant(fixture *f, uint32_t i, weir_value v) {
    wr_plan_function *p = &f->plan.u.function;
    f->constants[i] = (wr_expr){.kind = WR_EXPR_CONST, .type = v.type};
    f->constants[i].u.constant = v;
    f->args[i] = &f->constants[i];
    f->info[i] = (weir_arg){.type = v.type, .is_const = true, .value = v};
    p->n_args = WR_MAX(p->n_args, i + 1);
}

static void run(fixture *f) {
    weir_error err;
    const weir_batch *in[2] = {&f->in, NULL};
    if (!f->op) plan_in_and_out(f);
    if (!f->op && wr_op_new(&f->plan, NULL, &f->op, &err)) fail_msg("%s", err.message);
    f->out = (weir_batch){0};
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
    set_up(&f, &wr_stream_pol2cart, 3, (const uint32_t[]){0, 1, 1});
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
    set_up(&f, &wr_stream_pol2cart, 2, (const uint32_t[]){0, 1});
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
    for (int is_log = 0; is_log < 2; is_log++) {
        if (is_log)
            set_up(&f, &wr_stream_log, 0, NULL);
        else
            set_up(&f, &wr_stream_pol2cart, 2, (const uint32_t[]){0, 1});
        for (uint32_t r = 0; r < ROWS; r++) f.kind[r] = r == 2 ? WEIR_RESET : WEIR_EXPIRED;
        wr_column_set(&f.cols[0], 2, &null);
        f.in.kind = f.kind;
        run(&f);
        assert_int_equal(f.out.n_sel, ROWS);
        assert_int_equal(f.turn.faults.n, 0);
        assert_int_equal(f.out.kind[2], WEIR_RESET);
        if (is_log) assert_null(strstr(f.lines.data, "RESET"));
        tear_down(&f);
    }
}

static void log_writes_a_line_for_each_selected_row(void **state) {
    (void)state;
    static const uint32_t sel[] = {1, 4};
    fixture f;
    weir_value null = wr_value_null(WEIR_STRING);
    set_up(&f, &wr_stream_log, 0, NULL);
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
        uint32_t n = 0;
        set_up(&f, &wr_stream_log, 0, NULL);
        f.in.sel = sel;
        f.in.n_sel = 1;
        if (cases[i].message) {
            set_constant(&f, n++, wr_value_text("Fatal"));
            f.args[n] = &f.columns[2];
            f.info[n++] = (weir_arg){.type = WEIR_STRING, .is_attribute = true, .column = 2};
        }
        if (!cases[i].event) set_constant(&f, n++, wr_value_bool(false));
        f.plan.u.function.n_args = n;
        run(&f);
        assert_string_equal(f.lines.data, cases[i].line);
        assert_int_equal(f.level, cases[i].message ? 0 : 2);
        tear_down(&f);
    }
}

static void nobody_listening_and_nothing_coming_are_fine(void **state) {
    (void)state;
    fixture f;
    set_up(&f, &wr_stream_log, 0, NULL);
    f.turn.log = NULL;
    run(&f);
    assert_int_equal(f.out.n_sel, ROWS);
    tear_down(&f);
    set_up(&f, &wr_stream_log, 0, NULL);
    set_constant(&f, 0, wr_value_text("off"));
    set_constant(&f, 1, wr_value_text("never seen"));
    run(&f);
    assert_int_equal(f.out.n_sel, ROWS);
    assert_int_equal(f.lines.len, 0);
    f.in.n_rows = f.in.n_sel = f.in.n_chunks = 0;
    run(&f);
    assert_int_equal(f.out.n_sel, 0);
    tear_down(&f);
}

/* Gives row r as many times as its number, counting in `time`; odd rows of the text "bad" fail. */
static weir_status check_repeat(const weir_arg *args, uint32_t n_args, weir_stream_added *added,
                                uint32_t *n_added, weir_error *err) {
    (void)args;
    (void)n_args;
    (void)err;
    added[0] = (weir_stream_added){"time", WEIR_INT};
    *n_added = 1;
    return WEIR_OK;
}

static weir_status eval_repeat(void *self, weir_stream_call *call, weir_error *err) {
    (void)self;
    (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel[k];
        if (row == 5) (call->fail)(call->fail_ctx, row, "five is too many");
        WR_TRY(weir_stream_reserve(call, 50 * row));
        for (uint32_t i = 0; i < 50 * row; i++) {
            call->row[call->n] = row;
            ((int32_t *)call->added[0].data)[call->n] = (int32_t)i;
            if (i == 1) weir_set_null(&call->added[0], call->n);
            call->n++;
        }
    }
    return WEIR_OK;
}

static const weir_param_doc repeat_params[] = {{"repeat()", "none"}, {NULL, NULL}};
static const weir_stream_function_type repeat = {.struct_size = sizeof repeat,
                                                 .ns = "",
                                                 .name = "repeat",
                                                 .doc = "d",
                                                 .params = repeat_params,
                                                 .check = check_repeat,
                                                 .eval = eval_repeat,
                                                 .can_fail = true};

static void a_function_may_give_many_rows_for_one(void **state) {
    (void)state;
    static const uint32_t chunk_end[] = {1, 3, 5, 6};
    fixture f;
    set_up(&f, &repeat, 0, NULL);
    f.in.chunk_end = chunk_end;
    f.in.n_chunks = 4;
    for (uint32_t r = 0; r < ROWS; r++) f.kind[r] = r == 3 ? WEIR_RESET : WEIR_EXPIRED;
    f.in.kind = f.kind;
    run(&f);
    /* row 0: none; 1: 50; 2: 100; 3: the reset; 4: 200; 5: failed */
    assert_int_equal(f.out.n_sel, 351);
    assert_int_equal(f.out.n_cols, COLS + 1);
    assert_int_equal(f.out.n_chunks, 4);
    static const uint32_t ends[] = {0, 150, 351, 351};
    for (int c = 0; c < 4; c++) assert_int_equal(weir_batch_chunk_end(&f.out, (uint32_t)c), ends[c]);
    assert_int_equal(f.out.kind[150], WEIR_RESET);
    assert_int_equal(f.out.ts[149], 102);
    assert_int_equal(f.out.ts[151], 104);
    assert_true(wr_column_get(&f.out.cols[0], 350).as.d == 120.0);
    assert_int_equal(wr_column_get(&f.out.cols[COLS], 350).as.i, 199);
    assert_true(weir_is_null(&f.out.cols[COLS], 51) && !weir_is_null(&f.out.cols[COLS], 53));
    assert_int_equal(f.turn.faults.n, 1);
    assert_string_equal(f.turn.faults.items[0].message, "five is too many");
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
        cmocka_unit_test(a_function_may_give_many_rows_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
