/* weir_bench.c: runs a workload through libweir, by columns and without copies, on one thread.
 *
 *   weir_bench w1|w2|w3|w4|w5 EVENTS time|check PASSES
 *
 * The events are in memory as columns before the clock starts; it stops when the last row has come out. Each
 * pass is a new app. */
#include <string.h>

#include "bench.h"
#include "wind.h"

#define WIND                                                                                                 \
    "@app:playback define stream Wind(ts long, station int, region string, speed double, gust double);"

enum { COLUMNS = 5, SLICE = 4096 };

static const struct {
    const char *name, *app;
} workloads[] = {
    {"w1", WIND "from Wind[speed > 50] select ts, station, speed insert into Out;"},
    {"w2",
     WIND "from Wind#window.externalTimeBatch(ts, 1 sec) select station, avg(speed) as a, max(speed) as m, "
          "count() as c group by station insert into Out;"},
    {"w3", WIND "from Wind#window.time(10 min) select station, count() as c group by station having c > 640 "
                "insert into Out;"},
    {"w4",
     WIND "from Wind[ts % 2 == 0] select station, speed insert into Even; "
          "from Wind[ts % 2 == 1] select station, speed insert into Odd; "
          "from Even#window.time(10 sec) as a join Odd#window.time(10 sec) as b on a.station == b.station "
          "select a.station as station, a.speed as x, b.speed as y insert into Out;"},
    {"w5",
     WIND "from every a=Wind[speed > 50] -> b=Wind[station == a.station and speed > a.speed] within 5 sec "
          "select a.ts as ts, a.station as station, a.speed as before, b.speed as now insert into Out;"},
};

typedef struct receiver {
    int workload;
    int64_t rows;
    wind_sum *sum; /* NULL: count only */
} receiver;

static int32_t int_at(const weir_batch *b, uint32_t column, uint32_t row) {
    return ((const int32_t *)b->cols[column].data)[row];
}
static int64_t long_at(const weir_batch *b, uint32_t column, uint32_t row) {
    return ((const int64_t *)b->cols[column].data)[row];
}
static double double_at(const weir_batch *b, uint32_t column, uint32_t row) {
    return ((const double *)b->cols[column].data)[row];
}

static void add_row(receiver *r, const weir_batch *b, uint32_t row) {
    switch (r->workload) {
    case 0: wind_sum_row(r->sum, long_at(b, 0, row), int_at(b, 1, row), 0, double_at(b, 2, row), 0); break;
    case 1:
        wind_sum_row(r->sum, (b->ts[row] - WIND_BASE) / 1000, int_at(b, 0, row), long_at(b, 3, row),
                     double_at(b, 1, row), double_at(b, 2, row));
        break;
    case 2: wind_sum_row(r->sum, b->ts[row], int_at(b, 0, row), long_at(b, 1, row), 0, 0); break;
    case 3:
        wind_sum_row(r->sum, b->ts[row], int_at(b, 0, row), 0, double_at(b, 1, row), double_at(b, 2, row));
        break;
    default:
        wind_sum_row(r->sum, long_at(b, 0, row), int_at(b, 1, row), 0, double_at(b, 2, row),
                     double_at(b, 3, row));
    }
}

static void on_rows(void *ctx, const weir_stream_info *stream, const weir_batch *b) {
    (void)stream;
    receiver *r = ctx;
    r->rows += b->n_sel;
    if (r->sum)
        for (uint32_t k = 0; k < b->n_sel; k++) add_row(r, b, weir_batch_row(b, k));
}

/* The columns of `count` events from `first` on. */
static void slice(const wind_events *e, const weir_string *regions, int64_t first, weir_column *columns) {
    memset(columns, 0, COLUMNS * sizeof *columns);
    columns[0] = (weir_column){.type = WEIR_LONG, .data = e->ts + first};
    columns[1] = (weir_column){.type = WEIR_INT, .data = e->station + first};
    columns[2] = (weir_column){.type = WEIR_STRING, .data = (void *)(regions + first)};
    columns[3] = (weir_column){.type = WEIR_DOUBLE, .data = e->speed + first};
    columns[4] = (weir_column){.type = WEIR_DOUBLE, .data = e->gust + first};
}

static weir_string *region_names(const wind_events *e) {
    weir_string names[WIND_REGIONS], *column = wind_alloc(e->n, sizeof *column);
    char name[16];
    for (int i = 0; i < WIND_REGIONS; i++) {
        int len = snprintf(name, sizeof name, "region%02d", i);
        names[i] = weir_string_view(name, (uint32_t)len); /* short: held inside */
    }
    for (int64_t i = 0; i < e->n; i++) column[i] = names[e->region[i]];
    return column;
}

/* An event of another station, one millisecond after the last: it closes the last second of w2. */
static void send_end(weir_app *app, weir_stream wind, int64_t n) {
    weir_error err;
    int64_t ts = WIND_BASE + n;
    weir_value values[COLUMNS] = {{.type = WEIR_LONG, .as.l = ts},
                                  {.type = WEIR_INT, .as.i = WIND_STATIONS},
                                  {.type = WEIR_STRING, .as.s = weir_string_view("end", 3)},
                                  {.type = WEIR_DOUBLE, .as.d = 0},
                                  {.type = WEIR_DOUBLE, .as.d = 0}};
    must(weir_send(app, wind, ts, values, COLUMNS, &err), &err);
}

static double send_all(weir_app *app, int workload, const wind_events *e, const weir_string *regions) {
    weir_error err;
    weir_column columns[COLUMNS];
    weir_stream wind = weir_find_stream(app, "Wind");
    double begin = wind_seconds();
    for (int64_t i = 0; i < e->n; i += SLICE) {
        uint32_t count = (uint32_t)(e->n - i < SLICE ? e->n - i : SLICE);
        slice(e, regions, i, columns);
        must(weir_send_columns(app, wind, e->ts + i, columns, COLUMNS, count, &err), &err);
    }
    if (workload == 1) send_end(app, wind, e->n);
    return wind_seconds() - begin;
}

/* The operator that holds the most rows. */
static void find_window(void *ctx, const weir_stat *stat) {
    weir_stat *most = ctx;
    if (strcmp(stat->kind, "operator") == 0 && stat->state_rows > most->state_rows) *most = *stat;
}

static double bytes_per_row(const weir_app *app) {
    weir_stat window = {0};
    weir_app_visit_stats(app, find_window, &window);
    return window.state_rows ? (double)window.state_bytes / (double)window.state_rows : 0;
}

static void pass(weir_engine *engine, int workload, const wind_events *e, const weir_string *regions,
                 bool check) {
    weir_error err;
    weir_app *app;
    const char *text = workloads[workload].app, *reason;
    wind_sum sum = {0, 0};
    receiver r = {.workload = workload, .sum = check ? &sum : NULL};
    must(weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err), &err);
    must(weir_subscribe(app, "Out", on_rows, &r, &err), &err);
    must(weir_app_start(app, &err), &err);
    double seconds = send_all(app, workload, e, regions);
    if (weir_app_is_serial(app, &reason)) {
        fprintf(stderr, "weir_bench: %s runs row by row: %s\n", workloads[workload].name, reason);
        exit(1);
    }
    double row_bytes = bytes_per_row(app);
    weir_app_free(app);
    wind_report("weir", workloads[workload].name, e->n, seconds, r.rows, r.sum, row_bytes);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: weir_bench w1|w2|w3|w4|w5 EVENTS time|check PASSES\n");
        return 2;
    }
    int workload = 0, n_workloads = (int)(sizeof workloads / sizeof *workloads);
    while (workload < n_workloads && strcmp(workloads[workload].name, argv[1]) != 0) workload++;
    long long n = strtoll(argv[2], NULL, 10), passes = strtoll(argv[4], NULL, 10);
    if (workload == n_workloads || n < 1) return 2;
    weir_error err;
    weir_engine *engine;
    must(weir_engine_new(NULL, &engine, &err), &err);
    wind_events events = wind_make(n);
    weir_string *regions = region_names(&events);
    for (long long i = 0; i < passes; i++)
        pass(engine, workload, &events, regions, strcmp(argv[3], "check") == 0);
    free(regions);
    wind_free(&events);
    weir_engine_free(engine);
    return 0;
}
