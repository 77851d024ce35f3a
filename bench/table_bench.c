/* table_bench.c: what queries do to tables by key, beside a hash table in a plain loop.
 *
 *   ninja bench/table_bench && bench/table_bench [MILLIONS OF EVENTS]
 *
 * Events come by column, 4096 at once, over so many keys. The loop keeps the same rows in open addressing
 * with linear probing, the hash being that of the key alone: about as fast as it can be done by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define BATCH  4096u
#define STREAM "@app:playback define stream U (k long, v double);"
#define TABLE  "@PrimaryKey('k') define table T (k long, v double, n long);"

static const struct workload {
    const char *name, *app;
    int loop; /* what the loop does for it: 0 nothing, 1 replace, 2 count, 3 find */
} workloads[] = {
    {"replace a row", STREAM TABLE "from U select k, v, 1L as n update or insert into T on T.k == k;", 1},
    {"count in a row",
     STREAM TABLE "from U select k, v, 1L as n update or insert into T "
                  "set T.n = T.n + 1L, T.v = v on T.k == k and v >= 0.0;",
     2},
    {"update, then look up",
     STREAM TABLE "from U select k, v, 1L as n update or insert into T on T.k == k;"
                  "from U join T on U.k == T.k select T.v as v insert into Out;",
     3},
    {"delete a range",
     STREAM TABLE "from U select k, v, 1L as n update or insert into T on T.k == k;"
                  "from U[k == 7L] delete T on T.v < 0.01;",
     0},
};

static uint64_t next(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

typedef struct events {
    int64_t ts[BATCH], k[BATCH];
    double v[BATCH];
} events;

static void make_events(events *e, uint64_t *state, uint32_t n_keys, int64_t ts) {
    for (uint32_t i = 0; i < BATCH; i++) {
        e->ts[i] = ts + i;
        e->k[i] = (int64_t)(next(state) % n_keys);
        e->v[i] = (double)(next(state) >> 11) / 9007199254740992.0;
    }
}

/* ---- weir ---- */

static double run_weir(const char *text, uint32_t n_keys, uint64_t n_batches) {
    weir_engine *engine;
    weir_app *app;
    weir_error err;
    static events e;
    uint64_t state = 1;
    double spent = 0;
    must(weir_engine_new(NULL, &engine, &err), &err);
    must(weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err), &err);
    must(weir_app_start(app, &err), &err);
    weir_column columns[] = {{.type = WEIR_LONG, .data = e.k}, {.type = WEIR_DOUBLE, .data = e.v}};
    for (uint64_t b = 0; b < n_batches; b++) {
        make_events(&e, &state, n_keys, (int64_t)(b * BATCH));
        double begin = thread_seconds();
        must(weir_send_columns(app, 0, e.ts, columns, 2, BATCH, &err), &err);
        spent += thread_seconds() - begin;
    }
    weir_app_free(app);
    weir_engine_free(engine);
    return spent;
}

/* ---- The loop ---- */

typedef struct row {
    int64_t k, n; /* n == 0: free */
    double v;
} row;

static row *find(row *rows, uint64_t mask, int64_t k) {
    uint64_t h = (uint64_t)k * 0x9E3779B97F4A7C15u;
    for (h ^= h >> 32;; h++)
        if (!rows[h & mask].n || rows[h & mask].k == k) return &rows[h & mask];
}

static double run_loop(int what, uint32_t n_keys, uint64_t n_batches) {
    static events e;
    uint64_t state = 1, mask = 1;
    double spent = 0, sum = 0;
    while (mask < 2ull * n_keys) mask *= 2;
    row *rows = calloc(mask--, sizeof *rows);
    if (!rows) exit(1);
    for (uint64_t b = 0; b < n_batches; b++) {
        make_events(&e, &state, n_keys, 0);
        double begin = thread_seconds();
        for (uint32_t i = 0; i < BATCH; i++) {
            row *r = find(rows, mask, e.k[i]);
            *r = (row){e.k[i], what == 2 ? r->n + 1 : 1, e.v[i]};
            if (what == 3) sum += find(rows, mask, e.k[i])->v;
        }
        spent += thread_seconds() - begin;
    }
    volatile double sink = sum;
    (void)sink;
    free(rows);
    return spent;
}

int main(int argc, char **argv) {
    uint64_t n_batches = (uint64_t)((argc > 1 ? atof(argv[1]) : 2) * 1e6 / BATCH);
    static const uint32_t keys[] = {1000, 1000000};
    printf("%-24s %9s %12s %12s\n", "ns an event", "keys", "weir", "loop");
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        for (size_t k = 0; k < 2; k++) {
            double n = (double)n_batches * BATCH, weir = run_weir(workloads[i].app, keys[k], n_batches) / n;
            printf("%-24s %9u %12.1f", workloads[i].name, keys[k], weir * 1e9);
            if (workloads[i].loop)
                printf(" %12.1f", run_loop(workloads[i].loop, keys[k], n_batches) / n * 1e9);
            putchar('\n');
        }
    return 0;
}
