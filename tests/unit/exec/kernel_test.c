/* kernel_test.c: every kernel of every set, against arithmetic written out one value at a time.
 *
 * The random input is the same in each run (SEED) and holds the values that go wrong most easily: the ends
 * of the integers, 0, -1, -0.0, NaN, infinities, denormals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "data/schema.h"
#include "exec/kernel/bits.h"
#include "exec/kernel/kernels.h"
#include "rng.h"

#define SEED     0x5EED0001u
#define MAX_ROWS 1000

static const uint32_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 15, 17, 31, 33, 63, 64, 65, 127, 257, MAX_ROWS};
static const weir_type numeric[] = {WEIR_INT, WEIR_LONG, WEIR_FLOAT, WEIR_DOUBLE};

typedef union cell {
    int32_t i;
    int64_t l;
    float f;
    double d;
    uint8_t b;
    weir_string s;
} cell;

/* ---- Columns of cells */

static const int64_t odd_wholes[] = {
    0, 1, -1, 2, -2, 7, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 16777217L, 4294967296LL, -16777217L};
static const double odd_reals[] = {
    0.0, -0.0, NAN, INFINITY,   -INFINITY,          1.0,     -1.0, 0.5, 1e-310, 1e308, -1e308,
    3.5, -3.5, 2.0, 16777217.0, 9007199254740993.0, 4.9e-324};

static cell random_cell(rng *g, weir_type type) {
    cell c = {0};
    bool odd = rng_below(g, 3) == 0;
    int64_t whole =
        odd ? odd_wholes[rng_below(g, WR_COUNT(odd_wholes))] : (int64_t)rng_next(g) >> rng_below(g, 64);
    double real =
        odd ? odd_reals[rng_below(g, WR_COUNT(odd_reals))] : ((double)rng_below(g, 2001) - 1000) / 8;
    switch (type) {
    case WEIR_INT: c.i = (int32_t)(uint32_t)(uint64_t)whole; break;
    case WEIR_LONG: c.l = whole; break;
    case WEIR_FLOAT: c.f = (float)real; break;
    case WEIR_DOUBLE: c.d = real; break;
    case WEIR_BOOL: c.b = (uint8_t)(whole & 1); break;
    default: {
        static const char *const texts[] = {"",
                                            "a",
                                            "ab",
                                            "twelve bytes",
                                            "twelve bytez",
                                            "thirteen bytes",
                                            "thirteen bytez",
                                            "thirty bytes or more, all of it",
                                            "thirt"};
        const char *text = texts[rng_below(g, WR_COUNT(texts))];
        c.s = weir_string_view(text, (uint32_t)strlen(text));
    }
    }
    return c;
}

static void store(void *data, weir_type type, uint32_t row, cell c) {
    size_t size = wr_type_size(type, false);
    memcpy((char *)data + row * size, &c, size);
}

static cell fetch(const void *data, weir_type type, uint32_t row) {
    cell c = {0};
    size_t size = wr_type_size(type, false);
    memcpy(&c, (const char *)data + row * size, size);
    return c;
}

static bool same_bits(const void *x, const void *y, weir_type type, uint32_t row) {
    cell a = fetch(x, type, row), b = fetch(y, type, row);
    if (type == WEIR_FLOAT && isnan(a.f)) return isnan(b.f);
    if (type == WEIR_DOUBLE && isnan(a.d)) return isnan(b.d);
    return memcmp(&a, &b, sizeof a) == 0;
}

/* ---- The reference */

/* Integers through 128 bits, cut to size at the end. */
static cell cut(weir_type type, __int128 v) {
    cell c = {0};
    if (type == WEIR_INT)
        c.i = (int32_t)(uint32_t)(unsigned __int128)v;
    else
        c.l = (int64_t)(uint64_t)(unsigned __int128)v;
    return c;
}

static cell whole_arith(wr_arith op, weir_type type, __int128 a, __int128 b) {
    switch (op) {
    case WR_ADD: return cut(type, a + b);
    case WR_SUB: return cut(type, a - b);
    case WR_MUL: return cut(type, a * b);
    case WR_DIV: return cut(type, a / b);
    default: return cut(type, a % b);
    }
}

static double real_arith(wr_arith op, double a, double b) {
    switch (op) {
    case WR_ADD: return a + b;
    case WR_SUB: return a - b;
    case WR_MUL: return a * b;
    case WR_DIV: return a / b;
    default: return fmod(a, b);
    }
}

/* Rounding a double result of two floats to float gives the float result for + - * / (a double has more than
 * twice a float's digits), and the remainder is exact. */
static cell expected_arith(wr_arith op, weir_type type, cell a, cell b) {
    cell c = {0};
    switch (type) {
    case WEIR_INT: return whole_arith(op, type, a.i, b.i);
    case WEIR_LONG: return whole_arith(op, type, a.l, b.l);
    case WEIR_FLOAT: c.f = (float)real_arith(op, (double)a.f, (double)b.f); return c;
    default: c.d = real_arith(op, a.d, b.d); return c;
    }
}

static bool is_zero(weir_type type, cell c) {
    switch (type) {
    case WEIR_INT: return c.i == 0;
    case WEIR_LONG: return c.l == 0;
    case WEIR_FLOAT: return c.f == 0;
    default: return c.d == 0;
    }
}

/* -1, 0, 1; 2 for unordered. */
static int order_of(weir_type type, cell a, cell b) {
    switch (type) {
    case WEIR_INT: return (a.i > b.i) - (a.i < b.i);
    case WEIR_LONG: return (a.l > b.l) - (a.l < b.l);
    case WEIR_FLOAT: return isnan(a.f) || isnan(b.f) ? 2 : (a.f > b.f) - (a.f < b.f);
    case WEIR_DOUBLE: return isnan(a.d) || isnan(b.d) ? 2 : (a.d > b.d) - (a.d < b.d);
    case WEIR_BOOL: return a.b - b.b;
    default:
        return !(a.s.len == b.s.len && memcmp(weir_string_data(&a.s), weir_string_data(&b.s), a.s.len) == 0);
    }
}

static bool expected_compare(wr_compare op, weir_type type, cell a, cell b) {
    int order = order_of(type, a, b);
    switch (op) {
    case WR_EQ: return order == 0;
    case WR_NE: return order != 0;
    case WR_LT: return order == -1;
    case WR_LE: return order == -1 || order == 0;
    case WR_GT: return order == 1;
    default: return order == 0 || order == 1;
    }
}

/* ---- The walk */

/* Exactly as large as the rows, so that a step outside is seen by the address sanitizer. */
typedef struct input {
    uint32_t n, n_sel;
    void *a, *b;
    uint32_t *sel;
    void *out;
} input;

static void make_input(input *in, rng *g, weir_type type, weir_type result, uint32_t n) {
    *in = (input){.n = n};
    size_t size = wr_type_size(type, false), out_size = wr_type_size(result, false);
    in->a = malloc(n * size + (n == 0));
    in->b = malloc(n * size + (n == 0));
    in->out = malloc(n * out_size + (n == 0));
    in->sel = malloc(n * sizeof *in->sel + (n == 0));
    assert_true(in->a && in->b && in->out && in->sel);
    for (uint32_t r = 0; r < n; r++) {
        store(in->a, type, r, random_cell(g, type));
        store(in->b, type, r, rng_below(g, 4) ? random_cell(g, type) : fetch(in->a, type, r));
        if (rng_below(g, 3) == 0) in->sel[in->n_sel++] = r;
    }
    memset(in->out, 0x5A, n * out_size);
}

static void free_input(input *in) {
    free(in->a);
    free(in->b);
    free(in->out);
    free(in->sel);
}

static cell operand(const void *data, weir_type type, uint32_t row, bool is_const) {
    return fetch(data, type, is_const ? 0 : row);
}

static uint32_t sets(const wr_kernels *out[2]) {
    uint32_t n = 0;
    out[n++] = &wr_kernels_base;
    if (wr_kernels_get() != &wr_kernels_base) out[n++] = wr_kernels_get();
    return n;
}

typedef cell (*expected_fn)(int op, weir_type type, cell a, cell b);

/* Which row is wrong, or n. Rows outside the selection must be untouched. */
static uint32_t first_wrong(const input *in, weir_type type, weir_type result, wr_shape shape, wr_rows rows,
                            int op, expected_fn expected, bool skips_zero) {
    uint8_t untouched[sizeof(cell)];
    memset(untouched, 0x5A, sizeof untouched);
    for (uint32_t r = 0, k = 0; r < in->n; r++) {
        bool is_selected = rows == WR_DENSE || (k < in->n_sel && in->sel[k] == r);
        cell a = operand(in->a, type, r, shape & 2), b = operand(in->b, type, r, shape & 1);
        k += rows == WR_SELECTED && is_selected;
        cell want, got = fetch(in->out, result, r);
        if (!is_selected) {
            if (memcmp(&got, untouched, wr_type_size(result, false)) != 0) return r;
            continue;
        }
        if (skips_zero && is_zero(type, b)) continue;
        want = expected(op, type, a, b);
        if (!same_bits(&want, &got, result, 0)) return r;
    }
    return in->n;
}

static cell arith_cell(int op, weir_type type, cell a, cell b) {
    return expected_arith((wr_arith)op, type, a, b);
}

static cell compare_cell(int op, weir_type type, cell a, cell b) {
    cell c = {0};
    c.b = expected_compare((wr_compare)op, type, a, b);
    return c;
}

static void check_binary(const char *set, wr_binary_kernel kernel, rng *g, weir_type type, weir_type result,
                         wr_shape shape, wr_rows rows, int op, expected_fn expected, bool skips_zero) {
    assert_non_null(kernel);
    for (size_t i = 0; i < WR_COUNT(sizes); i++) {
        input in;
        make_input(&in, g, type, result, sizes[i]);
        if (in.n || shape == WR_VV) /* a constant is read in any case */
            kernel(rows == WR_DENSE ? in.n : in.n_sel, in.sel, in.a, in.b, in.out);
        uint32_t wrong = first_wrong(&in, type, result, shape, rows, op, expected, skips_zero);
        if (wrong < in.n)
            fail_msg("set %s, op %d, type %s, shape %d, rows %d, size %u: row %u is wrong (seed %#x)", set,
                     op, weir_type_name(type), (int)shape, (int)rows, in.n, wrong, SEED);
        free_input(&in);
    }
}

static void arithmetic_agrees_with_the_reference(void **state) {
    (void)state;
    rng g = {SEED};
    const wr_kernels *set[2];
    for (uint32_t s = 0, n = sets(set); s < n; s++)
        for (int op = 0; op < WR_N_ARITH; op++)
            for (size_t t = 0; t < WR_COUNT(numeric); t++)
                for (int shape = WR_VV; shape <= WR_CV; shape++)
                    for (int rows = WR_DENSE; rows <= WR_SELECTED; rows++)
                        check_binary(set[s]->name, set[s]->arith[op][numeric[t]][shape][rows], &g, numeric[t],
                                     numeric[t], (wr_shape)shape, (wr_rows)rows, op, arith_cell,
                                     op == WR_DIV || op == WR_MOD);
}

static void comparison_agrees_with_the_reference(void **state) {
    (void)state;
    rng g = {SEED};
    const wr_kernels *set[2];
    for (uint32_t s = 0, n = sets(set); s < n; s++)
        for (int op = 0; op < WR_N_COMPARE; op++)
            for (int type = WEIR_INT; type <= WEIR_STRING; type++) {
                if (type > WEIR_DOUBLE && op > WR_NE) continue; /* no order */
                for (int shape = WR_VV; shape <= WR_VC; shape++)
                    for (int rows = WR_DENSE; rows <= WR_SELECTED; rows++)
                        check_binary(set[s]->name, set[s]->compare[op][type][shape][rows], &g,
                                     (weir_type)type, WEIR_BOOL, (wr_shape)shape, (wr_rows)rows, op,
                                     compare_cell, false);
            }
}

static void the_check_finds_a_planted_fault(void **state) {
    (void)state;
    rng g = {SEED};
    input in;
    make_input(&in, &g, WEIR_LONG, WEIR_LONG, 257);
    wr_kernels_get()->arith[WR_MUL][WEIR_LONG][WR_VV][WR_DENSE](in.n, NULL, in.a, in.b, in.out);
    assert_int_equal(first_wrong(&in, WEIR_LONG, WEIR_LONG, WR_VV, WR_DENSE, WR_MUL, arith_cell, false),
                     in.n);
    ((int64_t *)in.out)[200] ^= 1;
    assert_int_equal(first_wrong(&in, WEIR_LONG, WEIR_LONG, WR_VV, WR_DENSE, WR_MUL, arith_cell, false), 200);
    free_input(&in);
}

static cell widened(weir_type from, weir_type to, cell c) {
    cell out = {0};
    double real = from == WEIR_INT ? c.i : from == WEIR_FLOAT ? (double)c.f : 0;
    if (to == WEIR_LONG) out.l = c.i;
    if (to == WEIR_FLOAT) out.f = from == WEIR_INT ? (float)c.i : (float)c.l;
    if (to == WEIR_DOUBLE) out.d = from == WEIR_LONG ? (double)c.l : real;
    return out;
}

static void check_convert(const wr_kernels *set, rng *g, weir_type from, weir_type to, wr_rows rows) {
    wr_unary_kernel kernel = set->convert[from][to][rows];
    assert_non_null(kernel);
    for (size_t i = 0; i < WR_COUNT(sizes); i++) {
        input in;
        make_input(&in, g, from, to, sizes[i]);
        kernel(rows == WR_DENSE ? in.n : in.n_sel, in.sel, in.a, in.out);
        for (uint32_t k = 0; k < (rows == WR_DENSE ? in.n : in.n_sel); k++) {
            uint32_t r = rows == WR_DENSE ? k : in.sel[k];
            cell want = widened(from, to, fetch(in.a, from, r)), got = fetch(in.out, to, r);
            if (!same_bits(&want, &got, to, 0))
                fail_msg("set %s, %s to %s: row %u is wrong", set->name, weir_type_name(from),
                         weir_type_name(to), r);
        }
        free_input(&in);
    }
}

static void conversion_widens_as_c_does(void **state) {
    (void)state;
    rng g = {SEED};
    const wr_kernels *set[2];
    for (uint32_t s = 0, n = sets(set); s < n; s++)
        for (int from = WEIR_INT; from <= WEIR_DOUBLE; from++)
            for (int to = from + 1; to <= WEIR_DOUBLE; to++)
                for (int rows = WR_DENSE; rows <= WR_SELECTED; rows++)
                    check_convert(set[s], &g, (weir_type)from, (weir_type)to, (wr_rows)rows);
}

static void check_choose(const wr_kernels *set, rng *g, weir_type type, uint32_t log2_size, wr_shape shape,
                         wr_rows rows, uint32_t n) {
    input in;
    make_input(&in, g, type, type, n);
    uint8_t *mask = malloc(n + (n == 0));
    assert_non_null(mask);
    for (uint32_t r = 0; r < n; r++) mask[r] = (uint8_t)rng_below(g, 2);
    set->choose[log2_size][shape][rows](rows == WR_DENSE ? n : in.n_sel, in.sel, mask, in.a, in.b, in.out);
    for (uint32_t k = 0; k < (rows == WR_DENSE ? n : in.n_sel); k++) {
        uint32_t r = rows == WR_DENSE ? k : in.sel[k];
        cell want = mask[r] ? operand(in.a, type, r, shape & 2) : operand(in.b, type, r, shape & 1);
        cell got = fetch(in.out, type, r);
        assert_memory_equal(&want, &got, sizeof want);
    }
    free(mask);
    free_input(&in);
}

static void choice_takes_the_side_the_mask_says(void **state) {
    (void)state;
    static const struct {
        weir_type type;
        uint32_t log2_size;
    } kinds[] = {{WEIR_BOOL, 0}, {WEIR_INT, 2}, {WEIR_LONG, 3}, {WEIR_STRING, 4}};
    rng g = {SEED};
    const wr_kernels *set[2];
    for (uint32_t s = 0, n = sets(set); s < n; s++)
        for (size_t t = 0; t < WR_COUNT(kinds); t++)
            for (int shape = WR_VV; shape <= WR_CC; shape++)
                for (int rows = WR_DENSE; rows <= WR_SELECTED; rows++)
                    for (size_t i = 1; i < WR_COUNT(sizes); i++)
                        check_choose(set[s], &g, kinds[t].type, kinds[t].log2_size, (wr_shape)shape,
                                     (wr_rows)rows, sizes[i]);
}

static void logic_is_that_of_bools_even_beside_garbage(void **state) {
    (void)state;
    rng g = {SEED};
    const wr_kernels *set[2];
    uint8_t a[MAX_ROWS], b[MAX_ROWS], out[MAX_ROWS];
    for (uint32_t r = 0; r < MAX_ROWS; r++) {
        a[r] = (uint8_t)rng_below(&g, 2);
        b[r] = (uint8_t)rng_below(&g, 2);
    }
    for (uint32_t s = 0, n = sets(set); s < n; s++) {
        for (uint32_t r = 0; r < MAX_ROWS; r += 5) b[r] = (uint8_t)(a[r] ? 0x36 : rng_below(&g, 2));
        set[s]->or_(MAX_ROWS, a, b, out);
        for (uint32_t r = 0; r < MAX_ROWS; r++) assert_int_equal(out[r], a[r] ? 1 : b[r]);
        for (uint32_t r = 0; r < MAX_ROWS; r += 5) b[r] = (uint8_t)(a[r] ? rng_below(&g, 2) : 0x36);
        set[s]->and_(MAX_ROWS, a, b, out);
        for (uint32_t r = 0; r < MAX_ROWS; r++) assert_int_equal(out[r], a[r] ? b[r] : 0);
        set[s]->not_(MAX_ROWS, a, NULL, out);
        for (uint32_t r = 0; r < MAX_ROWS; r++) assert_int_equal(out[r], !a[r]);
    }
}

static void compaction_keeps_order_and_stays_inside(void **state) {
    (void)state;
    rng g = {SEED};
    const wr_kernels *set[2];
    for (uint32_t s = 0, n_sets = sets(set); s < n_sets; s++)
        for (uint32_t percent = 0; percent <= 100; percent += 10)
            for (size_t i = 0; i < WR_COUNT(sizes); i++) {
                uint32_t n = sizes[i], want = 0;
                uint8_t *mask = malloc(n + (n == 0));
                uint32_t *sel = malloc(n * sizeof *sel + (n == 0));
                assert_true(mask && sel);
                for (uint32_t r = 0; r < n; r++) mask[r] = rng_below(&g, 100) < percent;
                uint32_t got = set[s]->compact(n, mask, sel);
                for (uint32_t r = 0; r < n; r++)
                    if (mask[r]) assert_int_equal(sel[want++], r);
                assert_int_equal(got, want);
                free(mask);
                free(sel);
            }
}

/* Into blocks just large enough, so that a step outside is seen. */
static void merge_sizes(const wr_kernels *k, uint32_t n, uint32_t percent, rng *g) {
    static const uint32_t logs[] = {0, 2, 3, 4};
    for (size_t l = 0; l < WR_COUNT(logs); l++) {
        size_t size = (size_t)1 << logs[l], bytes = n * size + (n == 0);
        uint8_t *mask = malloc(n + (n == 0)), *a = malloc(bytes), *b = malloc(bytes), *out = malloc(bytes);
        assert_true(mask && a && b && out);
        uint32_t n_a = 0, n_b = 0;
        for (uint32_t r = 0; r < n; r++) mask[r] = rng_below(g, 100) < percent;
        for (size_t i = 0; i < n * size; i++) {
            a[i] = (uint8_t)rng_below(g, 256);
            b[i] = (uint8_t)rng_below(g, 256);
        }
        uint32_t got = k->merge[logs[l]](n, mask, a, b, out);
        for (uint32_t r = 0; r < n; r++)
            assert_memory_equal(out + r * size, mask[r] ? a + n_a++ * size : b + n_b++ * size, size);
        assert_int_equal(got, n_a);
        free(mask);
        free(a);
        free(b);
        free(out);
    }
}

static void merging_takes_both_runs_in_order_and_stays_inside(void **state) {
    (void)state;
    rng g = {SEED};
    const wr_kernels *set[2];
    for (uint32_t s = 0, n_sets = sets(set); s < n_sets; s++)
        for (uint32_t percent = 0; percent <= 100; percent += 10)
            for (size_t i = 0; i < WR_COUNT(sizes); i++) merge_sizes(set[s], sizes[i], percent, &g);
}

static void bitmaps_and_bytes_agree(void **state) {
    (void)state;
    rng g = {SEED};
    for (size_t i = 0; i < WR_COUNT(sizes); i++) {
        uint32_t n = sizes[i];
        uint8_t *bytes = malloc(n + 1), *out = malloc(n + (n == 0));
        uint64_t *words = malloc(wr_bits_words(n) * 8 + (n == 0));
        assert_true(bytes && out && words);
        for (uint32_t r = 0; r < n; r++)
            bytes[r] = (uint8_t)(rng_below(&g, 2) | 0xF0); /* only bit 0 counts */
        wr_bits_from_bytes(n, bytes, words);
        for (uint32_t r = 0; r < n; r++) assert_int_equal(wr_bit(words, r), bytes[r] & 1);
        if (n % 64) assert_int_equal(words[n / 64] >> (n % 64), 0);
        for (uint32_t r = 0; r < n; r++) bytes[r] = 1;
        wr_bytes_and_bits(n, bytes, words, out);
        for (uint32_t r = 0; r < n; r++) assert_int_equal(out[r], wr_bit(words, r));
        wr_bytes_from_not_bits(n, words, out);
        for (uint32_t r = 0; r < n; r++) assert_int_equal(out[r], !wr_bit(words, r));
        wr_bits_from_bytes(n, bytes, words);
        assert_true(wr_bits_all(n, words));
        if (n) {
            words[(n - 1) / 64] &= ~((uint64_t)1 << ((n - 1) % 64));
            assert_false(wr_bits_all(n, words));
        }
        free(bytes);
        free(out);
        free(words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_agrees_with_the_reference),
        cmocka_unit_test(comparison_agrees_with_the_reference),
        cmocka_unit_test(the_check_finds_a_planted_fault),
        cmocka_unit_test(conversion_widens_as_c_does),
        cmocka_unit_test(choice_takes_the_side_the_mask_says),
        cmocka_unit_test(logic_is_that_of_bools_even_beside_garbage),
        cmocka_unit_test(compaction_keeps_order_and_stays_inside),
        cmocka_unit_test(merging_takes_both_runs_in_order_and_stays_inside),
        cmocka_unit_test(bitmaps_and_bytes_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
