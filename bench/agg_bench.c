/* agg_bench.c: what grouped aggregates cost a row: sum, avg, count and max of a double by 1000 int keys,
 * against a hand-written loop over the same columns that keeps its groups in an array, hashed the simplest
 * way.
 *
 *   agg_bench [rows in a batch] [million rows]
 *
 * Prints nanoseconds of processor time a row. Both write each row's running values, and must agree. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agg/table.h"
#include "bench.h"
#include "exec/agg_set.h"
#include "exec/groups.h"

#define N_KEYS   1000u
#define N_ROWS   (1u << 18) /* of input, taken again and again */
#define N_TABLE  4096u
#define N_VALUES 4u
#define N_HELD   (1u << 16) /* sliding: rows in the window */

static int32_t keys[N_ROWS];
static double values[N_ROWS];
static uint8_t kinds[N_ROWS]; /* every second row is one that leaves */

static void make_input(void) {
    uint64_t seed = 42;
    for (uint32_t i = 0; i < N_ROWS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        keys[i] = (int32_t)((seed >> 33) % N_KEYS) * 7919;
        values[i] = (double)(seed >> 40) / 1024;
    }
}

/* Makes every second row the leaving of the one that came 2 * N_HELD rows before it (taking the input as a
 * ring). */
static void make_sliding(void) {
    for (uint32_t i = 1; i < N_ROWS; i += 2) {
        uint32_t before = (i - 1 - 2 * N_HELD) & (N_ROWS - 1);
        kinds[i] = WEIR_EXPIRED;
        keys[i] = keys[before];
        values[i] = values[before];
    }
}

/* ---- The loop ------------------------------------------------------------------------------------------ */

typedef struct cell {
    int32_t key;
    bool used;
    double sum, max;
    int64_t count;
} cell;

static cell table[N_TABLE];

static cell *find(int32_t key) {
    uint32_t at = (uint32_t)key * 2654435761u >> 20;
    while (table[at].used && table[at].key != key) at = (at + 1) & (N_TABLE - 1);
    if (!table[at].used) table[at] = (cell){.key = key, .used = true, .max = -INFINITY};
    return &table[at];
}

static double run_loop(uint32_t batch, uint64_t n_rows) {
    static double sum[N_ROWS], avg[N_ROWS], max[N_ROWS];
    static int64_t count[N_ROWS];
    double check = 0;
    for (uint64_t done = 0; done < n_rows; done += batch) {
        uint32_t first = (uint32_t)(done % (N_ROWS - N_ROWS % batch));
        for (uint32_t i = 0; i < batch; i++) {
            cell *c = find(keys[first + i]);
            double x = values[first + i];
            c->sum += x;
            c->count++;
            if (x > c->max) c->max = x;
            sum[i] = c->sum;
            avg[i] = c->sum / (double)c->count;
            count[i] = c->count;
            max[i] = c->max;
        }
        check += sum[batch - 1] + avg[batch - 1] + (double)count[batch - 1] + max[batch - 1];
    }
    return check;
}

/* ---- weir ---------------------------------------------------------------------------------------------- */

static void check(weir_status status) {
    if (status == WEIR_OK) return;
    fprintf(stderr, "agg_bench: %s\n", weir_status_text(status));
    exit(1);
}

static wr_agg_set *new_set(bool removes) {
    static wr_expr col_key = {.kind = WR_EXPR_COLUMN, .type = WEIR_INT, .u.column = 0};
    static wr_expr col_value = {.kind = WR_EXPR_COLUMN, .type = WEIR_DOUBLE, .u.column = 1};
    static wr_expr *key[] = {&col_key}, *arg[] = {&col_value};
    static const weir_arg info = {.type = WEIR_DOUBLE};
    static const wr_agg_slot slots[N_VALUES] = {{&wr_agg_sum, &info, arg, 1, WEIR_DOUBLE},
                                                {&wr_agg_avg, &info, arg, 1, WEIR_DOUBLE},
                                                {&wr_agg_count, NULL, NULL, 0, WEIR_LONG},
                                                {&wr_agg_max, &info, arg, 1, WEIR_DOUBLE}};
    wr_agg_set_options o = {
        .slots = slots, .n_slots = N_VALUES, .keys = key, .n_keys = 1, .removes = removes};
    wr_agg_set *set;
    check(wr_agg_set_new(&o, NULL, &set, NULL));
    return set;
}

static double run_set(wr_agg_set *set, uint32_t batch, uint64_t n_rows, const uint8_t *kind) {
    double sum = 0;
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    for (uint64_t done = 0; done < n_rows; done += batch) {
        uint32_t first = (uint32_t)(done % (N_ROWS - N_ROWS % batch)), last = batch - 1;
        const uint32_t *gids;
        weir_column cols[2] = {{.type = WEIR_INT, .data = keys + first},
                               {.type = WEIR_DOUBLE, .data = values + first}};
        weir_column out[N_VALUES];
        weir_batch b = {.n_rows = batch,
                        .n_sel = batch,
                        .kind = kind ? kind + first : NULL,
                        .n_cols = 2,
                        .cols = cols,
                        .n_chunks = batch};
        wr_eval ev = {.in = &b, .arena = &arena};
        check(wr_agg_set_update(set, &ev, out, &gids, NULL));
        sum += ((double *)out[0].data)[last] + ((double *)out[1].data)[last] +
               (double)((int64_t *)out[2].data)[last] + ((double *)out[3].data)[last];
        wr_arena_reset(&arena);
    }
    wr_arena_fini(&arena);
    return sum;
}

static void run_groups(uint32_t batch, uint64_t n_rows) {
    static uint32_t gid[N_ROWS];
    wr_group_key key = {.type = WEIR_INT};
    wr_groups *g;
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    check(wr_groups_new(&key, 1, NULL, &g, NULL));
    for (uint64_t done = 0; done < n_rows; done += batch) {
        uint32_t first = (uint32_t)(done % (N_ROWS - N_ROWS % batch));
        weir_column column = {.type = WEIR_INT, .data = keys + first};
        wr_row_list rows = {.n = batch};
        check(wr_groups_assign(g, &column, &rows, &arena, gid, NULL));
        wr_arena_reset(&arena);
    }
    wr_groups_free(g);
    wr_arena_fini(&arena);
}

static double report(const char *what, double began, uint64_t n_rows) {
    double ns = (cpu_seconds() - began) * 1e9 / (double)n_rows;
    printf("%-44s %6.2f ns/row\n", what, ns);
    return cpu_seconds();
}

int main(int argc, char **argv) {
    uint32_t batch = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1024;
    uint64_t n_rows = (argc > 2 ? strtoull(argv[2], NULL, 10) : 30) * 1000000;
    if (batch < 2 || batch > N_ROWS || batch % 2) batch = 1024;
    n_rows -= n_rows % batch;
    make_input();
    wr_agg_set *growing = new_set(false), *sliding = new_set(true);
    double began = cpu_seconds();
    double by_loop = run_loop(batch, n_rows);
    began = report("loop: group, sum, avg, count, max", began, n_rows);
    run_groups(batch, n_rows);
    began = report("weir: group ids", began, n_rows);
    double by_set = run_set(growing, batch, n_rows, NULL);
    report("weir: group, sum, avg, count, max", began, n_rows);
    make_sliding();
    run_set(sliding, batch, N_ROWS, kinds); /* fills the window */
    began = cpu_seconds();
    run_set(sliding, batch, n_rows, kinds);
    report("weir: the same, every second row leaving", began, n_rows);
    wr_agg_set_free(growing);
    wr_agg_set_free(sliding);
    if (by_loop != by_set)
        fprintf(stderr, "agg_bench: the loop and weir don't agree: %g, %g\n", by_loop, by_set);
    return by_loop != by_set;
}
