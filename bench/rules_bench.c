/* rules_bench.c: what an event costs under 1, 10, 100 and 1,000 rules over one stream, in nanoseconds.
 *
 * Rules `speed > c` (a tenth to a thousandth of the events pass each) and `station == n`. With the index of
 * filters (batched driving) and, beside it, each filter by itself (one arrival at a time leaves the index
 * out). */
#include <string.h>

#include "bench.h"
#include "wind.h"

enum { EVENTS = 1 << 18, SLICE = 4096, ONE_BY_ONE = 1 << 13 };

static int64_t n_out;

static char *app_text(uint32_t n_rules, bool by_station) {
    size_t cap = 200 + (size_t)n_rules * 120, at = 0;
    char *text = wind_alloc(cap, 1);
    at +=
        (size_t)snprintf(text, cap, "@app:playback define stream Wind(ts long, station int, speed double);");
    for (uint32_t i = 0; i < n_rules; i++) {
        char condition[40];
        if (by_station)
            snprintf(condition, sizeof condition, "station == %u", i);
        else
            snprintf(condition, sizeof condition, "speed > %.4f", 50.0 + 5.0 * i / n_rules);
        at += (size_t)snprintf(text + at, cap - at,
                               "from Wind[%s] select ts, station, speed insert into Out;", condition);
    }
    return text;
}

/* Nanoseconds an event. */
static double measure(const wind_events *e, uint32_t n_rules, bool by_station, bool serial) {
    weir_engine *engine;
    weir_app *app;
    weir_error err;
    weir_app_options options = {.struct_size = sizeof options, .force_serial = serial};
    char *text = app_text(n_rules, by_station);
    must(weir_engine_new(NULL, &engine, &err), &err);
    must(weir_app_new(engine, text, strlen(text), &options, &app, NULL, &err), &err);
    must(weir_subscribe(app, "Out", count_rows, &n_out, &err), &err);
    must(weir_app_start(app, &err), &err);
    weir_stream wind = weir_find_stream(app, "Wind");
    int64_t n = serial ? ONE_BY_ONE : EVENTS;
    double start = wall_seconds();
    for (int64_t at = 0; at < n; at += SLICE) {
        weir_column columns[3] = {{.type = WEIR_LONG, .data = e->ts + at},
                                  {.type = WEIR_INT, .data = e->station + at},
                                  {.type = WEIR_DOUBLE, .data = e->speed + at}};
        must(weir_send_columns(app, wind, e->ts + at, columns, 3, SLICE, &err), &err);
    }
    double ns = (wall_seconds() - start) * 1e9 / (double)n;
    weir_app_free(app);
    weir_engine_free(engine);
    free(text);
    return ns;
}

int main(void) {
    wind_events e = wind_make(EVENTS);
    static const uint32_t counts[] = {1, 10, 100, 1000};
    for (int by_station = 0; by_station < 2; by_station++)
        for (int i = 0; i < 4; i++) {
            measure(&e, counts[i], by_station, false);
            double together = measure(&e, counts[i], by_station, false),
                   alone = measure(&e, counts[i], by_station, true);
            printf("%4u rules %s: %8.1f ns an event together, %10.1f each by itself, one arrival at a time\n",
                   counts[i], by_station ? "station == n" : "speed > c   ", together, alone);
        }
    return 0;
}
