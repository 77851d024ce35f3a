/* program_test.c: programs against an evaluator that walks the tree one row at a time.
 *
 * Two kinds of input: every operation x type x operand shape x nulls x selection, and thousands of random
 * trees, in which common parts, guards and folding meet. The same in each run (SEED). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "data/schema.h"
#include "exec/kernel/bits.h"
#include "exec/kernel/kernels.h"
#include "exec/program.h"
#include "expr_build.h"
#include "rng.h"

#define SEED    0x5EED0002u
#define N_COLS  12 /* two of each type from int to string */
#define N_TREES 3000

/* ---- Functions to call: one that fails, one that counts */

static weir_status shaky_eval(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    if (self) *(uint64_t *)self += call->n_sel;
    const int64_t *in = call->args[0].data;
    int64_t *out = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t r = call->sel ? call->sel[k] : k;
        if (weir_is_null(&call->args[0], r))
            weir_set_null(call->out, r);
        else if (in[r] % 5 == 0)
            (call->fail)(call->fail_ctx, r, "five"); /* in brackets: fail() is a macro of cmocka */
        else
            out[r] = (int64_t)((uint64_t)in[r] + 1);
    }
    return WEIR_OK;
}

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

static const weir_function_type shaky = {
    .struct_size = sizeof shaky, .ns = "", .name = "shaky", .eval = shaky_eval, .can_fail = true};
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

/* ---- Random batches */

typedef struct fixture {
    rng g;
    wr_account account;
    weir_arena arena; /* trees, batches, results */
    weir_batch b;
    uint8_t *failed; /* by row: what the run reported */
} fixture;

static void fixture_init(fixture *f, uint64_t seed) {
    *f = (fixture){.g = {seed}};
    wr_arena_init(&f->arena, &f->account);
}

static void fixture_fini(fixture *f) {
    wr_arena_fini(&f->arena);
    assert_int_equal(f->account.used_bytes, 0);
}

static void *get(void *block) {
    assert_non_null(block);
    return block;
}

static weir_type column_type(uint32_t column) { return (weir_type)(WEIR_INT + column / 2); }

static weir_value random_value(rng *g, weir_type type) {
    static const int64_t wholes[] = {0, 1, -1, 2, 5, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 16777217};
    static const double reals[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 0.5, -1.0, 1e308, 1e-310, 16777217.0};
    static const char *const texts[] = {"", "a", "ab", "twelve bytes", "thirteen bytes", "thirteen bytez"};
    bool odd = rng_below(g, 3) == 0;
    int64_t whole = odd ? wholes[rng_below(g, WR_COUNT(wholes))] : (int64_t)rng_below(g, 41) - 20;
    double real = odd ? reals[rng_below(g, WR_COUNT(reals))] : ((double)rng_below(g, 41) - 20) / 4;
    switch (type) {
    case WEIR_INT: return wr_value_int((int32_t)(uint32_t)(uint64_t)whole);
    case WEIR_LONG: return wr_value_long(whole);
    case WEIR_FLOAT: return wr_value_float((float)real);
    case WEIR_DOUBLE: return wr_value_double(real);
    case WEIR_BOOL: return wr_value_bool(whole & 1);
    default: return wr_value_text(texts[rng_below(g, WR_COUNT(texts))]);
    }
}

/* Unselected rows and resets get values that must not be followed: strings there point nowhere. */
static void poison(weir_column *c, uint32_t row) {
    size_t size = wr_type_size(c->type, c->boxed);
    memset((char *)c->data + row * size, c->type == WEIR_BOOL ? 0x37 : 0xEE, size);
}

static void make_column(fixture *f, weir_column *c, weir_type type, uint32_t n, bool nullable) {
    size_t n_words = wr_bits_words(n);
    *c = (weir_column){.type = type, .data = get(wr_arena_zero(&f->arena, n, wr_type_size(type, false)))};
    if (nullable) c->valid = memset(get(wr_arena_array(&f->arena, n_words, 8)), 0xFF, n_words * 8);
    uint32_t null_percent = (uint32_t[]){0, 30, 100}[rng_below(&f->g, 3)];
    for (uint32_t r = 0; r < n; r++) {
        weir_value v = random_value(&f->g, type);
        if (nullable && rng_below(&f->g, 100) < null_percent) v = wr_value_null(type);
        if (v.is_null && type != WEIR_STRING) poison(c, r);
        if (v.is_null)
            weir_set_null(c, r);
        else
            wr_column_set(c, r, &v);
    }
}

static void make_batch(fixture *f, uint32_t n, bool nullable, uint32_t select_percent, bool resets) {
    weir_batch *b = &f->b;
    int64_t *ts = get(wr_arena_array(&f->arena, n, 8));
    uint8_t *kind = get(wr_arena_zero(&f->arena, n, 1));
    uint32_t *sel = get(wr_arena_array(&f->arena, n, 4));
    bool *selected = get(wr_arena_zero(&f->arena, n, 1));
    *b = (weir_batch){.n_rows = n, .n_chunks = n, .ts = ts, .n_cols = N_COLS};
    b->cols = get(wr_arena_array(&f->arena, N_COLS, sizeof *b->cols));
    for (uint32_t c = 0; c < N_COLS; c++)
        make_column(f, &b->cols[c], column_type(c), n, nullable && rng_below(&f->g, 3));
    for (uint32_t r = 0; r < n; r++) {
        ts[r] = (int64_t)rng_below(&f->g, 1000);
        kind[r] = resets && rng_below(&f->g, 10) == 0 ? WEIR_RESET : WEIR_CURRENT;
        selected[r] = rng_below(&f->g, 100) < select_percent;
        if (selected[r]) sel[b->n_sel++] = r;
        if (!selected[r] || kind[r] == WEIR_RESET)
            for (uint32_t c = 0; c < N_COLS; c++) poison(&b->cols[c], r);
    }
    if (resets) b->kind = kind;
    b->sel = select_percent < 100 ? sel : NULL;
    f->failed = get(wr_arena_zero(&f->arena, n, 1));
}

/* ---- The reference */

typedef struct reference {
    const weir_batch *b;
    uint32_t row;
    bool failed;
} reference;

static weir_value eval(reference *x, const wr_expr *e);

static double as_double(weir_value v) {
    switch (v.type) {
    case WEIR_INT: return v.as.i;
    case WEIR_LONG: return (double)v.as.l;
    case WEIR_FLOAT: return (double)v.as.f;
    default: return v.as.d;
    }
}

static weir_value whole(weir_type type, __int128 v) {
    if (type == WEIR_INT) return wr_value_int((int32_t)(uint32_t)(unsigned __int128)v);
    return wr_value_long((int64_t)(uint64_t)(unsigned __int128)v);
}

static weir_value eval_arith(wr_arith op, weir_value a, weir_value b) {
    if (a.is_null || b.is_null) return wr_value_null(a.type);
    if ((op == WR_DIV || op == WR_MOD) && as_double(b) == 0) return wr_value_null(a.type);
    if (a.type == WEIR_INT || a.type == WEIR_LONG) {
        __int128 x = a.type == WEIR_INT ? a.as.i : a.as.l, y = a.type == WEIR_INT ? b.as.i : b.as.l;
        __int128 results[] = {x + y, x - y, x * y, y ? x / y : 0, y ? x % y : 0};
        return whole(a.type, results[op]);
    }
    double x = as_double(a), y = as_double(b);
    double results[] = {x + y, x - y, x * y, x / y, fmod(x, y)};
    return a.type == WEIR_FLOAT ? wr_value_float((float)results[op]) : wr_value_double(results[op]);
}

static bool eval_compare(wr_compare op, weir_value a, weir_value b) {
    if (a.is_null || b.is_null) return op == WR_NE;
    int order; /* 2: none */
    if (a.type == WEIR_STRING) {
        order = a.as.s.len == b.as.s.len &&
                        !memcmp(weir_string_data(&a.as.s), weir_string_data(&b.as.s), a.as.s.len)
                    ? 0
                    : 2;
    } else if (a.type == WEIR_LONG) {
        order = (a.as.l > b.as.l) - (a.as.l < b.as.l);
    } else if (a.type == WEIR_BOOL) {
        order = a.as.b - b.as.b;
    } else {
        double x = as_double(a), y = as_double(b);
        order = isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
    }
    switch (op) {
    case WR_EQ: return order == 0;
    case WR_NE: return order != 0;
    case WR_LT: return order == -1;
    case WR_LE: return order == -1 || order == 0;
    case WR_GT: return order == 1;
    default: return order == 1 || order == 0;
    }
}

static int64_t saturate(double d, int64_t low, int64_t high) {
    if (isnan(d)) return 0;
    if (d <= (double)low) return low;
    if (d >= (double)high) return high;
    return (int64_t)d;
}

/* Widening, and what Java's Number does the other way. */
static weir_value as_number(weir_value v, weir_type type) {
    bool real = v.type == WEIR_FLOAT || v.type == WEIR_DOUBLE;
    if (v.is_null) return wr_value_null(type);
    switch (type) {
    case WEIR_INT:
        if (real) return wr_value_int((int32_t)saturate(as_double(v), INT32_MIN, INT32_MAX));
        return whole(WEIR_INT, v.type == WEIR_INT ? v.as.i : v.as.l);
    case WEIR_LONG:
        if (real) return wr_value_long(saturate(as_double(v), INT64_MIN, INT64_MAX));
        return wr_value_long(v.type == WEIR_INT ? v.as.i : v.as.l);
    case WEIR_FLOAT:
        if (v.type == WEIR_LONG) return wr_value_float((float)v.as.l);
        return wr_value_float((float)as_double(v));
    default: return wr_value_double(as_double(v));
    }
}

static weir_value eval_unbox(reference *x, const wr_expr *e, weir_value v) {
    bool fits = v.type == e->type, both_numbers = v.type <= WEIR_DOUBLE && e->type <= WEIR_DOUBLE;
    if (v.is_null) return wr_value_null(e->type);
    if (fits) return v;
    if (!e->u.strict && both_numbers) return as_number(v, e->type);
    if (e->u.strict || e->type != WEIR_STRING) x->failed = true;
    return wr_value_null(e->type);
}

static bool is_true(reference *x, const wr_expr *e) {
    weir_value v = eval(x, e);
    return !v.is_null && v.as.b;
}

static weir_value eval_shaky(reference *x, const wr_expr *e) {
    weir_value v = eval(x, e->u.call.args[0]);
    if (v.is_null) return v;
    if (v.as.l % 5 == 0) {
        x->failed = true;
        return wr_value_null(WEIR_LONG);
    }
    return whole(WEIR_LONG, (__int128)v.as.l + 1);
}

static weir_value eval(reference *x, const wr_expr *e) {
    switch (e->kind) {
    case WR_EXPR_CONST: return e->u.constant;
    case WR_EXPR_COLUMN: return wr_column_get(&x->b->cols[e->u.column], x->row);
    case WR_EXPR_TS: return wr_value_long(x->b->ts[x->row]);
    case WR_EXPR_CONVERT: return as_number(eval(x, e->a), e->type);
    case WR_EXPR_BOX: return eval(x, e->a); /* values here know their type */
    case WR_EXPR_UNBOX: return eval_unbox(x, e, eval(x, e->a));
    case WR_EXPR_ARITH: {
        weir_value a = eval(x, e->a);
        return eval_arith(e->u.arith, a, eval(x, e->b));
    }
    case WR_EXPR_COMPARE: {
        weir_value a = eval(x, e->a);
        return wr_value_bool(eval_compare(e->u.compare, a, eval(x, e->b)));
    }
    case WR_EXPR_AND: return wr_value_bool(is_true(x, e->a) && is_true(x, e->b));
    case WR_EXPR_OR: return wr_value_bool(is_true(x, e->a) || is_true(x, e->b));
    case WR_EXPR_NOT: return wr_value_bool(!is_true(x, e->a));
    case WR_EXPR_NULL_FALSE: return wr_value_bool(is_true(x, e->a));
    case WR_EXPR_IS_NULL: return wr_value_bool(eval(x, e->a).is_null);
    case WR_EXPR_IF: return is_true(x, e->c) ? eval(x, e->a) : eval(x, e->b);
    case WR_EXPR_CALL: return eval_shaky(x, e);
    default: fail_msg("the reference doesn't know kind %d", (int)e->kind);
    }
    return wr_value_null(e->type);
}

/* ---- Comparing a run with the reference */

static void note_failure(void *ctx, uint32_t row, const char *message) {
    assert_non_null(message);
    ((fixture *)ctx)->failed[row] = 1;
}

static wr_eval eval_of(fixture *f) {
    return (wr_eval){.in = &f->b, .arena = &f->arena, .fail = note_failure, .fail_ctx = f};
}

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

static wr_expr *random_tree(fixture *f, weir_type type, uint32_t depth);

static wr_expr *random_leaf(fixture *f, weir_type type) {
    if (rng_below(&f->g, 4) == 0) {
        weir_value v = random_value(&f->g, type);
        return expr_const(&f->arena, rng_below(&f->g, 6) ? v : wr_value_null(type));
    }
    if (type == WEIR_LONG && rng_below(&f->g, 8) == 0)
        return expr_node(&f->arena, WR_EXPR_TS, WEIR_LONG, NULL, NULL);
    return expr_column(&f->arena, (uint32_t)(type - WEIR_INT) * 2 + rng_below(&f->g, 2), type);
}

static wr_expr *random_bool(fixture *f, uint32_t depth) {
    weir_type type = (weir_type)(WEIR_INT + rng_below(&f->g, 6));
    wr_expr *a, *b;
    switch (rng_below(&f->g, 8)) {
    case 0: return expr_logic(&f->arena, WR_EXPR_NOT, random_tree(f, WEIR_BOOL, depth), NULL);
    case 1: return expr_logic(&f->arena, WR_EXPR_IS_NULL, random_tree(f, type, depth), NULL);
    case 2: return expr_logic(&f->arena, WR_EXPR_NULL_FALSE, random_tree(f, WEIR_BOOL, depth), NULL);
    case 3:
    case 4:
        a = random_tree(f, WEIR_BOOL, depth);
        b = random_tree(f, WEIR_BOOL, depth);
        return expr_logic(&f->arena, rng_below(&f->g, 2) ? WR_EXPR_AND : WR_EXPR_OR, a, b);
    default:
        a = random_tree(f, type, depth);
        b = random_tree(f, type, depth);
        return expr_compare(&f->arena, (wr_compare)rng_below(&f->g, type <= WEIR_DOUBLE ? WR_N_COMPARE : 2),
                            a, b);
    }
}

static wr_expr *random_number(fixture *f, weir_type type, uint32_t depth) {
    weir_type other = (weir_type)(WEIR_INT + rng_below(&f->g, 4));
    wr_expr *a, *b;
    switch (rng_below(&f->g, 6)) {
    case 0: return expr_convert(&f->arena, type, random_tree(f, WR_MIN(type, other), depth));
    case 1:
        return expr_unbox(&f->arena, type, rng_below(&f->g, 3) == 0,
                          expr_box(&f->arena, random_tree(f, other, depth)));
    case 2:
        if (type == WEIR_LONG)
            return expr_call(&f->arena, &shaky, WEIR_LONG, random_tree(f, WEIR_LONG, depth));
        /* fall through */
    default:
        a = random_tree(f, type, depth);
        b = rng_below(&f->g, 5) ? random_tree(f, type, depth) : a;
        return expr_arith(&f->arena, (wr_arith)rng_below(&f->g, WR_N_ARITH), a, b);
    }
}

static wr_expr *random_tree(fixture *f, weir_type type, uint32_t depth) {
    if (depth == 0 || rng_below(&f->g, 6) == 0) return random_leaf(f, type);
    if (rng_below(&f->g, 5) == 0 || type == WEIR_STRING) {
        wr_expr *condition = random_tree(f, WEIR_BOOL, depth - 1);
        wr_expr *a = random_tree(f, type, depth - 1);
        return expr_if(&f->arena, condition, a, random_tree(f, type, depth - 1));
    }
    return type == WEIR_BOOL ? random_bool(f, depth - 1) : random_number(f, type, depth - 1);
}

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
        cmocka_unit_test(every_operation_agrees_with_the_reference),
        cmocka_unit_test(the_check_finds_a_planted_fault),
        cmocka_unit_test(random_trees_agree_with_the_reference),
        cmocka_unit_test(random_filters_agree_with_the_reference),
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
