/* aggregation_bench.c: what it costs to read an aggregation of 60 buckets by a group key, in microseconds of
 * this process's processor time an event, with 10 to 100,000 groups in each bucket.
 *
 * By key: on a.station == q.station. Without an index: on a.station + 0 == q.station, which no index answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { BUCKETS = 60, SLICE = 4096 };

static const char app_text[] =
    "@app:playback define stream Wind (station int, speed double); define stream Ask (station int);"
    "@purge(enable='false') define aggregation A from Wind select station, sum(speed) as total group by "
    "station "
    "aggregate every min;"
    "from Ask as q join A as a on a.station%s == q.station within 0L, 9999999999999L per 'minutes' "
    "select AGG_TIMESTAMP as begin, a.total as total insert into Out;";

static int64_t n_out;

static void send(weir_app *app, const char *stream, int64_t ts, int32_t first, int32_t n) {
    static int64_t at[SLICE];
    static int32_t station[SLICE];
    static double speed[SLICE];
    weir_error err;
    for (int32_t i = 0; i < n; i++) {
        at[i] = ts;
        station[i] = first + i;
        speed[i] = i;
    }
    weir_column columns[2] = {{.type = WEIR_INT, .data = station}, {.type = WEIR_DOUBLE, .data = speed}};
    must(weir_send_columns(app, weir_find_stream(app, stream), at, columns, *stream == 'A' ? 1 : 2,
                           (uint32_t)n, &err),
         &err);
}

static double measure(int32_t n_groups, bool by_key, int32_t n_asked) {
    weir_engine *engine;
    weir_app *app;
    weir_error err;
    char text[sizeof app_text + 16];
    int64_t ts = 1600000000000;
    snprintf(text, sizeof text, app_text, by_key ? "" : " + 0");
    must(weir_engine_new(NULL, &engine, &err), &err);
    must(weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err), &err);
    must(weir_subscribe(app, "Out", count_rows, &n_out, &err), &err);
    must(weir_app_start(app, &err), &err);
    for (int b = 0; b < BUCKETS; b++, ts += 60000)
        for (int32_t g = 0; g < n_groups; g += SLICE)
            send(app, "Wind", ts, g, n_groups - g < SLICE ? n_groups - g : SLICE);
    send(app, "Ask", ts, 0, 1); /* the index is made */
    n_out = 0;
    double start = cpu_seconds();
    for (int32_t i = 0; i < n_asked; i++) send(app, "Ask", ts, i % n_groups, 1);
    double us = (cpu_seconds() - start) * 1e6 / n_asked;
    if (n_out != (int64_t)n_asked * BUCKETS)
        fprintf(stderr, "aggregation_bench: %lld rows\n", (long long)n_out);
    weir_app_free(app);
    weir_engine_free(engine);
    return us;
}

int main(void) {
    for (int32_t n = 10; n <= 100000; n *= 10)
        printf("%6d groups a bucket: %8.1f us by key, %10.1f us without an index\n", (int)n,
               measure(n, true, 2000), measure(n, false, n > 1000 ? 5 : 100));
    return 0;
}
