/* checkpoint_bench.c: what a state costs to keep: bytes written and milliseconds of pause, whole and as
 * changes.
 *
 * Three apps, each with a million of something and 10,000 of them (1 %) changed between two revisions: a
 * table updated by key, totals by key, a sliding window. `cpu` is the thread's own time in weir_app_persist,
 * `pause` all of it, the disk's part included (fsync); the medians of 9. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "wind.h"

enum { KEYS = 1000000, CHANGED = 10000, SLICE = 4096, ROUNDS = 9 };

typedef struct subject {
    const char *name, *text;
} subject;

static const subject subjects[] = {
    {"a table of 1,000,000 rows", "@app:playback define stream S (k long, v double, name string);"
                                  "@PrimaryKey('k') define table T (k long, v double, name string);"
                                  "from S update or insert into T set T.v = v on T.k == k;"},
    {"totals by 1,000,000 keys", "@app:playback define stream S (k long, v double, name string);"
                                 "from S select k, sum(v) as s, count() as n group by k insert into Out;"},
    {"a window of 1,000,000 rows", "@app:playback define stream S (k long, v double, name string);"
                                   "from S#window.length(1000000) select sum(v) as s, name insert into Out;"},
};

static weir_app *app;
static weir_stream stream;
static int64_t now = 1000000;
static uint64_t seed = 1;

static uint64_t next_random(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 33;
}

/* n rows: with keys one after another, or at random. */
static void send_rows(uint32_t n, bool in_order) {
    static int64_t ts[SLICE], k[SLICE];
    static double v[SLICE];
    static weir_string name[SLICE];
    weir_error err;
    weir_column cols[] = {{.type = WEIR_LONG, .data = k},
                          {.type = WEIR_DOUBLE, .data = v},
                          {.type = WEIR_STRING, .data = name}};
    for (uint32_t at = 0; at < n; at += SLICE) {
        uint32_t slice = n - at < SLICE ? n - at : SLICE;
        for (uint32_t i = 0; i < slice; i++) {
            ts[i] = now++;
            k[i] = in_order ? (int64_t)(at + i) : (int64_t)(next_random() % KEYS);
            v[i] = (double)(next_random() % 1000) / 8;
            name[i] = weir_string_view("a name", 6);
        }
        must(weir_send_columns(app, stream, ts, cols, 3, slice, &err), &err);
    }
}

/* Bytes of the newest file in the directory. */
static long long newest_bytes(const char *dir) {
    char best[300] = "", path[600];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, best) > 0 && e->d_name[0] != '.') snprintf(best, sizeof best, "%s", e->d_name);
    if (d) closedir(d);
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, best);
    return stat(path, &st) ? -1 : (long long)st.st_size;
}

static void measure(const char *what, const char *dir) {
    double cpu[ROUNDS], pause[ROUNDS];
    long long bytes = 0;
    weir_error err;
    for (int i = 0; i < ROUNDS; i++) {
        send_rows(CHANGED, false);
        double c = thread_seconds(), p = wall_seconds();
        must(weir_app_persist(app, NULL, &err), &err);
        cpu[i] = (thread_seconds() - c) * 1000;
        pause[i] = (wall_seconds() - p) * 1000;
        bytes = newest_bytes(dir);
    }
    qsort(cpu, ROUNDS, sizeof *cpu, by_value);
    qsort(pause, ROUNDS, sizeof *pause, by_value);
    printf("| | %s | %.2f MB | %.1f ms | %.1f ms |\n", what, (double)bytes / 1e6, cpu[ROUNDS / 2],
           pause[ROUNDS / 2]);
}

static void run(const subject *s, uint32_t whole_every, const char *dir) {
    weir_engine *engine;
    weir_revisions *revisions;
    weir_error err;
    must(weir_engine_new(NULL, &engine, &err), &err);
    must(weir_revisions_new(engine, dir, &revisions, &err), &err);
    weir_app_options o = {
        .struct_size = sizeof o, .revisions = revisions, .whole_every = whole_every, .keep_revisions = 1};
    must(weir_app_new(engine, s->text, strlen(s->text), &o, &app, NULL, &err), &err);
    must(weir_app_start(app, &err), &err);
    stream = weir_find_stream(app, "S");
    send_rows(KEYS, true);
    must(weir_app_persist(app, NULL, &err), &err);
    measure(whole_every == 1 ? "whole" : "changes", dir);
    double began = wall_seconds();
    must(weir_app_restore_revision(app, 0, NULL, NULL, &err), &err);
    if (whole_every > 1)
        printf("| | restoring whole and changes | | | %.0f ms |\n", (wall_seconds() - began) * 1000);
    must(weir_revisions_clear(revisions, weir_app_name(app), 0, &err), &err);
    weir_app_free(app);
    weir_revisions_free(revisions);
    weir_engine_free(engine);
}

int main(void) {
    char dir[] = "/tmp/wr-checkpoint-bench-XXXXXX";
    if (!mkdtemp(dir)) return 1;
    printf("| state, 1 %% changed | kept | bytes | cpu | pause |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        printf("| %s | | | | |\n", subjects[i].name);
        run(&subjects[i], 1, dir);
        run(&subjects[i], 64, dir);
    }
    return rmdir(dir);
}
