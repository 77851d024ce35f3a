/* call_support.h: calls a function's descriptor as the engine would, over columns made of rows of values. */
#ifndef WR_TEST_CALL_SUPPORT_H
#define WR_TEST_CALL_SUPPORT_H

#include "../support.h"

#include "base/arena.h"
#include "data/column.h"
#include "data/value.h"
#include "func/functions.h"

enum { CALL_ROWS = 150, CALL_MOST_ARGS = 6 };

#define FAILS  ((weir_value){.type = WEIR_NONE}) /* as a wanted result: the row fails */
#define I(v)   wr_value_int(v)
#define L(v)   wr_value_long(v)
#define F(v)   wr_value_float(v)
#define D(v)   wr_value_double(v)
#define B(v)   wr_value_bool(v)
#define S(v)   wr_value_text(v)
#define NUL(t) wr_value_null(t)

typedef struct call_run {
    const weir_function_type *function;
    weir_arg args[CALL_MOST_ARGS];
    weir_column columns[CALL_MOST_ARGS], out;
    uint32_t n_args;
    weir_type result;
    weir_arena arena;
    void *self;
    int64_t ts[CALL_ROWS], now[CALL_ROWS];
    bool failed[CALL_ROWS];
    char message[256]; /* of the last failure */
} call_run;

static inline void call_note_failure(void *ctx, uint32_t row, const char *message) {
    call_run *run = ctx;
    run->failed[row] = true;
    snprintf(run->message, sizeof run->message, "%s", message);
}

/* Row r of the columns is row r % n_rows of `rows`. An argument that is boxed has objects as cells. */
static inline void call_make_column(call_run *run, uint32_t arg, const weir_value *rows, uint32_t n_rows,
                                    bool boxed) {
    weir_type type = run->args[arg].type;
    bool nullable = false, holds_objects = boxed || type == WEIR_OBJECT;
    for (uint32_t r = 0; r < n_rows; r++) nullable |= rows[r * run->n_args + arg].is_null;
    weir_column *c = &run->columns[arg];
    assert_int_equal(wr_column_new(&run->arena, type, boxed, CALL_ROWS, nullable, c), WEIR_OK);
    for (uint32_t r = 0; r < CALL_ROWS; r++) {
        weir_value v = rows[r % n_rows * run->n_args + arg];
        if (holds_objects && !v.is_null) {
            v = wr_value_object(weir_object_new_value(&v));
            assert_int_equal(weir_arena_own(&run->arena, v.as.o), WEIR_OK);
        }
        wr_column_set(c, r, &v);
    }
}

/* Checks and opens; the types of the arguments are those of the first row unless `types` says otherwise. */
static inline void call_begin(call_run *run, const weir_function_type *f, const weir_type *types,
                              const weir_value *rows, uint32_t n_args, uint32_t n_rows, uint32_t const_from,
                              bool boxed) {
    memset(run, 0, sizeof *run);
    run->function = f;
    run->n_args = n_args;
    wr_arena_init(&run->arena, NULL);
    for (uint32_t i = 0; i < n_args; i++) {
        run->args[i] = (weir_arg){.type = types ? types[i] : rows[i].type, .is_const = i >= const_from};
        if (i >= const_from) run->args[i].value = rows[i];
        call_make_column(run, i, rows, n_rows, boxed && i < const_from);
    }
    weir_error err = {0};
    if (f->check(run->args, n_args, &run->result, &err)) fail_msg("%s: %s", f->name, err.message);
    run->self = f->state_size ? calloc(1, f->state_size) : NULL;
    if (f->open) assert_int_equal(f->open(run->self, run->args, n_args, &err), WEIR_OK);
    for (uint32_t r = 0; r < CALL_ROWS; r++) {
        run->ts[r] = 1000 + r;
        run->now[r] = 5000 + r;
    }
}

static inline void call_eval(call_run *run, const uint32_t *sel, uint32_t n_sel, bool boxed_out) {
    weir_column *out = &run->out;
    assert_int_equal(wr_column_new(&run->arena, run->result, boxed_out, CALL_ROWS, true, out), WEIR_OK);
    memset(out->data, 0, CALL_ROWS * wr_type_size(run->result, boxed_out));
    memset(run->failed, 0, sizeof run->failed);
    weir_call call = {.n_rows = CALL_ROWS,
                      .n_sel = sel ? n_sel : CALL_ROWS,
                      .sel = sel,
                      .n_args = run->n_args,
                      .args = run->columns,
                      .out = out,
                      .ts = run->ts,
                      .now = run->function->needs_clock ? run->now : NULL,
                      .arena = &run->arena,
                      .fail = call_note_failure,
                      .fail_ctx = run};
    assert_int_equal(run->function->eval(run->self, &call, NULL), WEIR_OK);
}

static inline void call_end(call_run *run) {
    if (run->function->close) run->function->close(run->self);
    free(run->self);
    wr_arena_fini(&run->arena);
}

static inline void call_expect_row(const call_run *run, uint32_t row, const weir_value *want) {
    weir_value got = wr_value_unbox(wr_column_get(&run->out, row));
    if (want->type == WEIR_NONE) {
        if (!run->failed[row]) fail_msg("%s: row %u did not fail", run->function->name, row);
        assert_true(got.is_null);
        assert_true(run->function->can_fail);
        return;
    }
    if (run->failed[row]) fail_msg("%s: row %u failed: %s", run->function->name, row, run->message);
    if (!wr_value_equal(want, &got) || (!want->is_null && want->type != got.type))
        fail_msg("%s: row %u is not what is wanted", run->function->name, row);
}

/* Runs the rows dense and under a selection, and compares. Rows outside the selection must not be touched. */
static inline void call_expect(call_run *run, const weir_value *want, uint32_t n_rows, bool boxed_out) {
    call_eval(run, NULL, 0, boxed_out);
    for (uint32_t r = 0; r < CALL_ROWS; r++) call_expect_row(run, r, &want[r % n_rows]);
    uint32_t sel[CALL_ROWS], n = 0;
    for (uint32_t r = 0; r < CALL_ROWS; r++)
        if (r % 5 == 1 || r % 7 == 2) sel[n++] = r;
    call_eval(run, sel, n, boxed_out);
    for (uint32_t r = 0, k = 0; r < CALL_ROWS; r++) {
        if (k < n && sel[k] == r) {
            call_expect_row(run, r, &want[r % n_rows]);
            k++;
            continue;
        }
        static const char zeros[16];
        size_t size = wr_type_size(run->result, boxed_out);
        assert_memory_equal((char *)run->out.data + r * size, zeros, size);
        assert_false(run->failed[r]);
        assert_false(weir_is_null(&run->out, r));
    }
}

/* All in one: rows of n_args values, and what each gives. Arguments from const_from on are constants. */
static inline void expect_calls(const weir_function_type *f, const weir_value *rows, uint32_t n_args,
                                uint32_t const_from, const weir_value *want, uint32_t n_rows) {
    call_run run;
    call_begin(&run, f, NULL, rows, n_args, n_rows, const_from, false);
    call_expect(&run, want, n_rows, false);
    call_end(&run);
}
#define EXPECT_CALLS(f, n_args, const_from, rows, want)                                                      \
    expect_calls(f, rows, n_args, const_from, want, (uint32_t)(sizeof(want) / sizeof *(want)))

/* check() must refuse these argument types (a string argument is the constant `text`); message and place. */
static inline void expect_refusal(const weir_function_type *f, const weir_type *types, uint32_t n_args,
                                  const char *text, const char *message, uint32_t at) {
    weir_arg args[CALL_MOST_ARGS] = {0};
    weir_error err = {0};
    weir_type result;
    for (uint32_t i = 0; i < n_args; i++) {
        args[i] = (weir_arg){.type = types[i], .begin = 100 * i + 10, .end = 100 * i + 20};
        if (types[i] == WEIR_STRING && text) {
            args[i].is_const = true;
            args[i].value = wr_value_text(text);
        }
    }
    assert_int_equal(f->check(args, n_args, &result, &err), WEIR_ETYPE);
    assert_string_equal(err.message, message);
    assert_non_null(strstr(err.hint, f->name));
    assert_int_equal(err.begin, at < n_args ? 100 * at + 10 : 0);
    assert_int_equal(err.end, at < n_args ? 100 * at + 20 : 0);
}

#endif
