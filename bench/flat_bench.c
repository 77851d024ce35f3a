/* flat_bench.c: what an event costs beside 10, 10,000 and 1,000,000 open matches of a pattern, and held rows
 * of a join, in weir and in a loop by hand with a hash table.
 *
 *   flat_bench [ROUNDS]
 *
 * Pattern: `every a=S[opens] -> b=S[not opens and k == a.k]`; the keys are closed and opened again in an
 * order that no cache foresees, so that as many stay open. Join: a stream looks into a length window of R by
 * key; the window's rows are then replaced, oldest first. Time is that of the processor, the least of the
 * rounds (the others were disturbed). */
#include <string.h>

#include "bench.h"
#include "wind.h"

enum { SLICE = 4096, EVENTS = 1 << 20, HALF = SLICE / 2 };

static const char *const apps[] = {
    "@app:playback define stream S (k int, opens bool, v int); "
    "from every a=S[opens] -> b=S[not opens and k == a.k] select a.k as k, a.v as v, b.v as w insert into "
    "Out;",
    "@app:playback define stream S (k int, v int); define stream R (k int, v int); "
    "from S as s unidirectional join R#window.length(%lld) as r on s.k == r.k "
    "select s.k as k, s.v as v, r.v as w insert into Out;"};

/* Every key below n once, shuffled. */
static int32_t *shuffled(int64_t n) {
    int32_t *keys = wind_alloc(n, sizeof *keys);
    uint64_t x = 42;
    for (int64_t i = 0; i < n; i++) keys[i] = (int32_t)i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = wind_draw(&x, (uint32_t)i + 1);
        int32_t k = keys[i];
        keys[i] = keys[j];
        keys[j] = k;
    }
    return keys;
}

/* ---- weir --------------------------------------------------------------------------------------------- */

typedef struct feed {
    weir_app *app;
    int64_t ts[SLICE], now;
    int32_t k[SLICE], v[SLICE];
    uint8_t opens[SLICE];
} feed;

static void send(feed *f, const char *stream, uint32_t n_cols, uint32_t n) {
    weir_error err;
    weir_column cols[3] = {{.type = WEIR_INT, .data = f->k}};
    if (n_cols == 3) cols[1] = (weir_column){.type = WEIR_BOOL, .data = f->opens};
    cols[n_cols - 1] = (weir_column){.type = WEIR_INT, .data = f->v};
    for (uint32_t i = 0; i < n; i++) f->ts[i] = ++f->now;
    must(weir_send_columns(f->app, weir_find_stream(f->app, stream), f->ts, cols, n_cols, n, &err), &err);
}

/* Fills up to n open matches or held rows. */
static void fill(feed *f, const char *stream, uint32_t n_cols, const int32_t *keys, int64_t n) {
    for (int64_t i = 0; i < n; i += SLICE) {
        uint32_t count = (uint32_t)(n - i < SLICE ? n - i : SLICE);
        for (uint32_t j = 0; j < count; j++) {
            f->k[j] = keys[i + j];
            f->v[j] = (int32_t)(i + j);
            f->opens[j] = 1;
        }
        send(f, stream, n_cols, count);
    }
}

/* Each key is closed, then opened again. */
static void work_pattern(feed *f, const int32_t *keys, int64_t n) {
    for (int64_t i = 0; i < EVENTS / 2; i += HALF) {
        for (int64_t j = 0; j < HALF; j++) {
            f->k[2 * j] = f->k[2 * j + 1] = keys[(i + j) % n];
            f->v[2 * j] = f->v[2 * j + 1] = (int32_t)j;
            f->opens[2 * j] = 0;
            f->opens[2 * j + 1] = 1;
        }
        send(f, "S", 3, SLICE);
    }
}

/* As many searches as rows replaced. */
static void work_join(feed *f, const int32_t *keys, int64_t n) {
    for (int64_t i = 0; i < EVENTS / 2; i += SLICE) {
        for (int64_t j = 0; j < SLICE; j++) {
            f->k[j] = keys[(i * 7 + j) % n];
            f->v[j] = (int32_t)j;
        }
        send(f, "S", 2, SLICE);
        for (int64_t j = 0; j < SLICE; j++) f->k[j] = keys[(i + j) % n];
        send(f, "R", 2, SLICE);
    }
}

/* Nanoseconds an event. */
static double weir(int which, const int32_t *keys, int64_t n, int64_t *rows) {
    static feed f;
    weir_error err;
    weir_engine *engine;
    char text[512];
    snprintf(text, sizeof text, apps[which], (long long)n);
    must(weir_engine_new(NULL, &engine, &err), &err);
    must(weir_app_new(engine, text, strlen(text), NULL, &f.app, NULL, &err), &err);
    must(weir_subscribe(f.app, "Out", count_rows, rows, &err), &err);
    must(weir_app_start(f.app, &err), &err);
    fill(&f, which ? "R" : "S", which ? 2 : 3, keys, n);
    double begin = cpu_seconds();
    (which ? work_join : work_pattern)(&f, keys, n);
    double ns = (cpu_seconds() - begin) * 1e9 / EVENTS;
    weir_app_free(f.app);
    weir_engine_free(engine);
    return ns;
}

/* ---- The loop ----------------------------------------------------------------------------------------- */

/* Open addressing; v -1: free. */
typedef struct entry {
    int32_t k, v;
} entry;

typedef struct table {
    entry *entries;
    uint32_t mask;
} table;

static uint32_t home(const table *t, int32_t k) {
    return (uint32_t)((uint64_t)(uint32_t)k * UINT64_C(0x9E3779B97F4A7C15) >> 32) & t->mask;
}

static uint32_t seek(const table *t, int32_t k) {
    uint32_t at = home(t, k);
    while (t->entries[at].v >= 0 && t->entries[at].k != k) at = (at + 1) & t->mask;
    return at;
}

static void erase(table *t, uint32_t hole) {
    for (uint32_t at = (hole + 1) & t->mask; t->entries[at].v >= 0; at = (at + 1) & t->mask) {
        if (((at - home(t, t->entries[at].k)) & t->mask) < ((at - hole) & t->mask)) continue;
        t->entries[hole] = t->entries[at];
        hole = at;
    }
    t->entries[hole].v = -1;
}

typedef struct rows {
    int32_t k[SLICE], v[SLICE], w[SLICE];
} rows;

static double loop(int which, const int32_t *keys, int64_t n, int64_t *n_rows) {
    static rows out;
    table t = {.mask = 63};
    while (t.mask < 2 * n) t.mask = 2 * t.mask + 1;
    t.entries = wind_alloc((int64_t)t.mask + 1, sizeof *t.entries);
    memset(t.entries, 0xFF, ((size_t)t.mask + 1) * sizeof *t.entries);
    for (int64_t i = 0; i < n; i++) t.entries[seek(&t, keys[i])] = (entry){keys[i], (int32_t)i};
    double begin = cpu_seconds();
    for (int64_t i = 0; i < EVENTS / 2; i++) {
        int32_t k = keys[(which ? i / SLICE * SLICE * 7 + i % SLICE : i) % n];
        uint32_t at = seek(&t, k), row = (uint32_t)i % SLICE;
        if (t.entries[at].v < 0) continue;
        out.k[row] = k;
        out.v[row] = t.entries[at].v;
        out.w[row] = (int32_t)i;
        ++*n_rows;
        __asm__ volatile("" ::"r"(&out) : "memory");
        if (which) at = seek(&t, keys[i % n]); /* the oldest row goes, another one comes */
        erase(&t, at);
        t.entries[seek(&t, keys[i % n])] = (entry){keys[i % n], (int32_t)i & INT32_MAX};
    }
    double ns = (cpu_seconds() - begin) * 1e9 / EVENTS;
    free(t.entries);
    return ns;
}

int main(int argc, char **argv) {
    static const int64_t sizes[] = {10, 10000, 1000000};
    static const char *const names[] = {"pattern", "join"};
    int rounds = argc > 1 ? atoi(argv[1]) : 3;
    for (int which = 0; which < 2; which++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            double best[2] = {1e9, 1e9};
            int32_t *keys = shuffled(sizes[s]);
            for (int r = 0; r < rounds; r++) {
                int64_t n_rows[2] = {0, 0};
                double ns[2] = {weir(which, keys, sizes[s], &n_rows[0]),
                                loop(which, keys, sizes[s], &n_rows[1])};
                for (int e = 0; e < 2; e++) best[e] = ns[e] < best[e] ? ns[e] : best[e];
                if (n_rows[0] != n_rows[1]) {
                    fprintf(stderr, "flat_bench: %lld rows, and %lld by hand\n", (long long)n_rows[0],
                            (long long)n_rows[1]);
                    return 1;
                }
            }
            printf("| %s | %lld | %.0f | %.0f | %.1f |\n", names[which], (long long)sizes[s], best[0],
                   best[1], best[0] / best[1]);
            fflush(stdout);
            free(keys);
        }
    return 0;
}
