/* program_reference.h: random batches, and an evaluator that walks an expression one row at a time: what
 * programs are compared with. */
#ifndef WR_TEST_PROGRAM_REFERENCE_H
#define WR_TEST_PROGRAM_REFERENCE_H

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

#define N_COLS 12 /* two of each type from int to string */

/* ---- A function that fails: x + 1, unless 5 divides x */

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

static const weir_function_type shaky = {
    .struct_size = sizeof shaky, .ns = "", .name = "shaky", .eval = shaky_eval, .can_fail = true};
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

#endif
