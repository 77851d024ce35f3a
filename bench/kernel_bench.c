/* kernel_bench.c: expression programs against the C loop that one would write by hand for the same columns.
 *
 * Prints nanoseconds a row, for a full batch (4096 rows: what comes in under load) and a small one (8 rows:
 * what a program costs before it does anything). Each pair is checked to give the same result. The best of
 * ROUNDS is taken: the one that the rest of the machine disturbed least. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "bench.h"
#include "data/value.h"
#include "exec/program.h"

#define MAX_ROWS       4096u
#define ROUNDS         20
#define ROWS_PER_ROUND 8000000u

static double speed[MAX_ROWS], gust[MAX_ROWS], out_loop[MAX_ROWS];
static int32_t number[MAX_ROWS], divisor[MAX_ROWS], out_int[MAX_ROWS];
static weir_string region[MAX_ROWS];
static uint64_t some_valid[MAX_ROWS / 64];
static int64_t ts[MAX_ROWS];
static uint32_t sel_loop[MAX_ROWS], sel_program[MAX_ROWS];

/* ---- By hand */

static uint32_t loop_compare(uint32_t n) {
    uint32_t kept = 0;
    for (uint32_t r = 0; r < n; r++) {
        sel_loop[kept] = r;
        kept += speed[r] > 50;
    }
    return kept;
}

static uint32_t loop_and(uint32_t n) {
    uint32_t kept = 0;
    for (uint32_t r = 0; r < n; r++) {
        sel_loop[kept] = r;
        kept += (speed[r] > 50) & (gust[r] <= 70) & (number[r] != 3);
    }
    return kept;
}

static uint32_t loop_nullable(uint32_t n) {
    uint32_t kept = 0;
    for (uint32_t r = 0; r < n; r++) {
        sel_loop[kept] = r;
        kept += (speed[r] > 50) & (some_valid[r / 64] >> (r % 64) & 1);
    }
    return kept;
}

static uint32_t loop_string(uint32_t n) {
    weir_string north = weir_string_view("north", 5);
    uint32_t kept = 0;
    for (uint32_t r = 0; r < n; r++) {
        sel_loop[kept] = r;
        kept += weir_string_equal(&region[r], &north);
    }
    return kept;
}

static uint32_t loop_arith(uint32_t n) {
    for (uint32_t r = 0; r < n; r++) out_loop[r] = (speed[r] + gust[r]) * 0.5 - 1;
    return n;
}

static uint32_t loop_divide(uint32_t n) {
    for (uint32_t r = 0; r < n; r++)
        out_int[r] = divisor[r] == 0    ? 0
                     : divisor[r] == -1 ? (int32_t)(0u - (uint32_t)number[r])
                                        : number[r] / divisor[r];
    return n;
}

/* ---- As programs */

static weir_arena trees, results;

static wr_expr *node(wr_expr_kind kind, weir_type type, wr_expr *a, wr_expr *b) {
    wr_expr *e = wr_arena_zero(&trees, 1, sizeof *e);
    if (!e) abort();
    *e = (wr_expr){.kind = kind, .type = type, .a = a, .b = b};
    return e;
}

static wr_expr *column(uint32_t index, weir_type type) {
    wr_expr *e = node(WR_EXPR_COLUMN, type, NULL, NULL);
    e->u.column = index;
    return e;
}

static wr_expr *constant(weir_value v) {
    wr_expr *e = node(WR_EXPR_CONST, v.type, NULL, NULL);
    e->u.constant = v;
    return e;
}

static wr_expr *compare(wr_compare op, wr_expr *a, wr_expr *b) {
    wr_expr *e = node(WR_EXPR_COMPARE, WEIR_BOOL, a, b);
    e->u.compare = op;
    return e;
}

static wr_expr *arith(wr_arith op, wr_expr *a, wr_expr *b) {
    wr_expr *e = node(WR_EXPR_ARITH, a->type, a, b);
    e->u.arith = op;
    return e;
}

static wr_expr *both(wr_expr *a, wr_expr *b) { return node(WR_EXPR_AND, WEIR_BOOL, a, b); }

enum { SPEED, GUST, NUMBER, DIVISOR, REGION, N_COLUMNS };

static wr_expr *speed_above_50(void) {
    return compare(WR_GT, column(SPEED, WEIR_DOUBLE), constant(wr_value_double(50)));
}

static wr_expr *three_conditions(void) {
    wr_expr *gusts = compare(WR_LE, column(GUST, WEIR_DOUBLE), constant(wr_value_double(70)));
    wr_expr *numbers = compare(WR_NE, column(NUMBER, WEIR_INT), constant(wr_value_int(3)));
    return both(both(speed_above_50(), gusts), numbers);
}

static wr_expr *in_the_north(void) {
    return compare(WR_EQ, column(REGION, WEIR_STRING), constant(wr_value_text("north")));
}

static wr_expr *mean_less_one(void) {
    wr_expr *sum = arith(WR_ADD, column(SPEED, WEIR_DOUBLE), column(GUST, WEIR_DOUBLE));
    return arith(WR_SUB, arith(WR_MUL, sum, constant(wr_value_double(0.5))), constant(wr_value_double(1)));
}

static wr_expr *quotient(void) { return arith(WR_DIV, column(NUMBER, WEIR_INT), column(DIVISOR, WEIR_INT)); }

/* ---- Measuring */

typedef struct workload {
    const char *name;
    uint32_t (*loop)(uint32_t n);
    wr_expr *(*expr)(void);
    const void *loop_result; /* of a projection: what the loop wrote; NULL for a filter */
    size_t value_bytes;
    bool nullable; /* speed has nulls */
} workload;

static const workload workloads[] = {
    {"filter: speed > 50", loop_compare, speed_above_50, NULL, 0, false},
    {"filter: speed > 50, some null", loop_nullable, speed_above_50, NULL, 0, true},
    {"filter: three comparisons", loop_and, three_conditions, NULL, 0, false},
    {"filter: region == 'north'", loop_string, in_the_north, NULL, 0, false},
    {"project: (speed + gust) * 0.5 - 1", loop_arith, mean_less_one, out_loop, sizeof out_loop[0], false},
    {"project: int / int", loop_divide, quotient, out_int, sizeof out_int[0], false},
};

static void fail(const char *what, const weir_error *err) {
    fprintf(stderr, "kernel_bench: %s%s%s\n", what, err ? ": " : "", err ? err->message : "");
    exit(1);
}

/* One run of the program; gives how many rows came out. */
static uint32_t run_program(const workload *w, wr_program *p, const weir_batch *b, weir_column *out) {
    weir_error err;
    uint32_t n = b->n_rows;
    wr_arena_reset(&results);
    wr_eval ev = {.in = b, .arena = &results};
    weir_status status = w->loop_result ? wr_program_run(p, &ev, out, &err)
                                        : wr_program_filter(p, &ev, true, sel_program, &n, &err);
    if (status != WEIR_OK) fail(w->name, &err);
    return n;
}

static void check(const workload *w, wr_program *p, const weir_batch *b) {
    weir_column out;
    uint32_t n = w->loop(b->n_rows);
    if (run_program(w, p, b, &out) != n) fail("different numbers of rows", NULL);
    if (!w->loop_result && memcmp(sel_loop, sel_program, n * sizeof *sel_loop) != 0)
        fail("different rows", NULL);
    for (uint32_t r = 0; w->loop_result && r < n; r++) {
        size_t at = r * w->value_bytes;
        if (!weir_is_null(&out, r) &&
            memcmp((char *)out.data + at, (const char *)w->loop_result + at, w->value_bytes))
            fail("different values", NULL);
    }
}

/* Least ns a row of the loop (p NULL) or the program. */
static double measure(const workload *w, wr_program *p, const weir_batch *b) {
    double best = 1e30;
    weir_column out;
    uint32_t repeats = ROWS_PER_ROUND / 4 / (b->n_rows + 32); /* small batches cost more a row */
    for (int i = 0; i < ROUNDS; i++) {
        double start = wall_seconds();
        for (uint32_t k = 0; k < repeats; k++) {
            volatile uint32_t kept = p ? run_program(w, p, b, &out) : w->loop(b->n_rows);
            (void)kept;
        }
        double round = (wall_seconds() - start) * 1e9 / repeats / b->n_rows;
        if (round < best) best = round;
    }
    return best;
}

static void fill_columns(void) {
    static const char *const regions[] = {"north", "south", "east", "west", "north-by-northwest"};
    srand(1);
    for (uint32_t r = 0; r < MAX_ROWS; r++) {
        speed[r] = rand() % 1000 / 10.0;
        gust[r] = rand() % 1000 / 10.0;
        number[r] = rand() % 10;
        divisor[r] = rand() % 20 - 3;
        const char *name = regions[rand() % 5];
        region[r] = weir_string_view(name, (uint32_t)strlen(name));
        if (rand() % 10) some_valid[r / 64] |= (uint64_t)1 << (r % 64);
    }
}

int main(void) {
    static const uint32_t sizes[] = {MAX_ROWS, 8};
    weir_column cols[N_COLUMNS] = {{WEIR_DOUBLE, false, speed, NULL},
                                   {WEIR_DOUBLE, false, gust, NULL},
                                   {WEIR_INT, false, number, NULL},
                                   {WEIR_INT, false, divisor, NULL},
                                   {WEIR_STRING, false, region, NULL}};
    weir_batch b = {.ts = ts, .n_cols = N_COLUMNS, .cols = cols};
    wr_arena_init(&trees, NULL);
    wr_arena_init(&results, NULL);
    fill_columns();
    printf("%-36s %6s %14s %14s\n", "", "rows", "loop, ns/row", "weir, ns/row");
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++) {
        const workload *w = &workloads[i];
        wr_program *p;
        weir_error err;
        wr_expr *e = w->expr();
        if (wr_program_new(&e, 1, NULL, &p, &err) != WEIR_OK) fail(w->name, &err);
        cols[SPEED].valid = w->nullable ? some_valid : NULL;
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            b.n_rows = b.n_sel = b.n_chunks = sizes[s];
            check(w, p, &b);
            printf("%-36s %6u %14.3f %14.3f\n", w->name, sizes[s], measure(w, NULL, &b), measure(w, p, &b));
        }
        wr_program_free(p);
    }
    wr_arena_fini(&trees);
    wr_arena_fini(&results);
    return 0;
}
