/* keys_bench.c: what a key of a partition costs, construct by construct: bytes, and nanoseconds an event.
 *
 *     keys_bench [KEYS [NAME]]       1,000,000 keys if not said; NAME: only constructs whose name has it,
 *                                    and each operator's share of the bytes
 *
 * Each construct runs in a process of its own. Every key gets one event, then (in another order) a second
 * one; the bytes are those of the app's account and of the resident pages after that, over the keys, so the
 * two rows that a window holds are in them. A case with two streams sends to one first, then to the other.
 * The last lines are loops by hand over an open hash table: a running sum, and the last five values. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "keys.h"
#include "wind.h"

enum { SLICE = 4096 };

typedef struct slice {
    int64_t ts[SLICE], k[SLICE];
    double v[SLICE];
} slice;

static int64_t n_out;
static uint64_t app_bytes;
static bool by_operator;

static double resident_bytes(void) {
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2) exit(1);
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void on_stat(void *ctx, const weir_stat *s) {
    uint32_t n_keys = *(uint32_t *)ctx;
    if (strcmp(s->kind, "app") == 0) app_bytes = s->state_bytes;
    if (by_operator && strcmp(s->kind, "operator") == 0)
        printf("  %s: %.0f bytes a key\n", s->label, (double)s->state_bytes / n_keys);
}

/* Events at, at + 1, … of a pass in which each key has one; multiplier and n_keys have no common factor. */
static void fill(slice *s, int64_t at, uint32_t n, uint32_t n_keys, uint32_t pass) {
    uint64_t multiplier = pass ? 2654435761u : 1;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t event = (uint64_t)at + i;
        s->ts[i] = WIND_BASE + (int64_t)((pass * (uint64_t)n_keys + event) / 100);
        s->k[i] = (int64_t)(event * multiplier % n_keys);
        s->v[i] = (double)((event * 40503u + pass) % 1000) / 1000;
    }
}

static weir_app *start(weir_engine *engine, const key_construct *c) {
    char text[KEY_APP_BYTES];
    weir_app *app;
    weir_error err;
    key_app_text(c, text);
    must(weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err), &err);
    if (strstr(c->query, "insert into Out") || strstr(c->query, "events into Out"))
        must(weir_subscribe(app, "Out", count_rows, &n_out, &err), &err);
    must(weir_app_start(app, &err), &err);
    return app;
}

/* Nanoseconds an event. */
static double send_pass(weir_app *app, slice *s, const char *stream, uint32_t n_keys, uint32_t pass) {
    weir_error err;
    weir_stream to = weir_find_stream(app, stream);
    double spent = 0;
    for (int64_t at = 0; at < n_keys; at += SLICE) {
        uint32_t n = n_keys - at < SLICE ? (uint32_t)(n_keys - at) : SLICE;
        fill(s, at, n, n_keys, pass);
        weir_column columns[3] = {{.type = WEIR_LONG, .data = s->ts},
                                  {.type = WEIR_LONG, .data = s->k},
                                  {.type = WEIR_DOUBLE, .data = s->v}};
        double begin = cpu_seconds();
        must(weir_send_columns(app, to, s->ts, columns, 3, n, &err), &err);
        spent += cpu_seconds() - begin;
    }
    return spent * 1e9 / n_keys;
}

static void measure(const key_construct *c, uint32_t n_keys) {
    weir_engine *engine;
    weir_error err;
    slice *s = wind_alloc(1, sizeof *s);
    must(weir_engine_new(NULL, &engine, &err), &err);
    weir_app *app = start(engine, c);
    fill(s, 0, SLICE, n_keys, 0);
    double before = resident_bytes();
    double first = send_pass(app, s, "S", n_keys, 0);
    double second = send_pass(app, s, key_reads_t(c) ? "T" : "S", n_keys, 1);
    double resident = (resident_bytes() - before) / n_keys;
    weir_app_visit_stats(app, on_stat, &n_keys);
    printf("| %s | %u | %.0f | %.0f | %.0f | %.0f | %" PRId64 " |\n", c->name, n_keys,
           (double)app_bytes / n_keys, resident, first, second, n_out);
    weir_app_free(app);
    weir_engine_free(engine);
    free(s);
}

/* ---- By hand ---- */

typedef struct cell {
    int64_t k;
    double v[5], sum;
    uint32_t n;
} cell;

static uint32_t cell_of(cell *cells, uint32_t mask, int64_t k) {
    uint32_t at = (uint32_t)((uint64_t)k * 0x9E3779B97F4A7C15u >> 32) & mask;
    while (cells[at].n && cells[at].k != k) at = (at + 1) & mask;
    cells[at].k = k;
    return at;
}

static void by_hand(const char *name, uint32_t length, uint32_t n_keys) {
    uint32_t mask = 1;
    double before = resident_bytes(), ns[2] = {0, 0}, total = 0;
    slice *s = wind_alloc(1, sizeof *s);
    while (mask < n_keys * 2) mask *= 2;
    cell *cells = wind_alloc(mask--, sizeof *cells);
    for (uint32_t pass = 0; pass < 2; pass++)
        for (int64_t at = 0; at < n_keys; at += SLICE) {
            uint32_t n = n_keys - at < SLICE ? (uint32_t)(n_keys - at) : SLICE;
            fill(s, at, n, n_keys, pass);
            double begin = cpu_seconds();
            for (uint32_t i = 0; i < n; i++) {
                cell *c = &cells[cell_of(cells, mask, s->k[i])];
                if (length && c->n >= length) c->sum -= c->v[c->n % 5];
                c->v[c->n++ % 5] = s->v[i];
                total += c->sum += s->v[i];
            }
            ns[pass] += (cpu_seconds() - begin) * 1e9 / n_keys;
        }
    double resident = (resident_bytes() - before) / n_keys;
    printf("| %s | %u | | %.0f | %.0f | %.0f | %s |\n", name, n_keys, resident, ns[0], ns[1],
           total > 0 ? "" : "none");
    free(cells);
    free(s);
}

static void apart(const key_construct *c, const char *name, uint32_t length, uint32_t n_keys) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (c)
            measure(c, n_keys);
        else
            by_hand(name, length, n_keys);
        fflush(stdout);
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status)
        printf("| %s | failed |\n", c ? c->name : name);
}

int main(int argc, char **argv) {
    uint32_t n_keys = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    const char *only = argc > 2 ? argv[2] : "";
    by_operator = argc > 2;
    printf("| construct | keys | bytes a key, accounted | resident | ns, first event of a key | ns, second | "
           "rows out |\n"
           "|---|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < sizeof key_constructs / sizeof *key_constructs; i++)
        if (strstr(key_constructs[i].name, only)) apart(&key_constructs[i], NULL, 0, n_keys);
    if (strstr("by hand: running sum", only)) apart(NULL, "by hand: running sum", 0, n_keys);
    if (strstr("by hand: length(5)", only)) apart(NULL, "by hand: length(5)", 5, n_keys);
    return 0;
}
