/* wind.h: what the benchmark programs in C share: the events, the clock, and the check of output rows.
 *
 * The event is wind(ts long, station int, region string, speed double, gust double): 1000 stations, one event
 * per millisecond of event time, in order. Every program, in whatever language, makes the same draws.
 *
 * Rows are compared without regard to their order. Each row has a time, a station, a count and two values;
 * what a workload does not have is 0:
 *
 *   w1  time = ts                 value a = speed
 *   w2  time = number of second   value a = avg, b = max, count
 *   w3  time = ts                 count
 *   w5  time = ts of a            value a = speed of a, b = of b
 *
 * The integers of a row are mixed into one number, and these are added up modulo 2^64. The values are added
 * up with a weight from 1 to 16 that comes from the same number, so that a value in the wrong row is seen;
 * these sums are compared with a relative tolerance of 1e-9. */
#ifndef WEIR_BENCH_WIND_H
#define WEIR_BENCH_WIND_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define WIND_STATIONS 1000
#define WIND_REGIONS  50
#define WIND_BASE     INT64_C(1700000000000) /* ts of the first event, ms */
#define WIND_LIMIT    640                    /* w3: having count > this */

typedef struct wind_events {
    int64_t n;
    int64_t *ts;
    int32_t *station;
    uint8_t *region; /* 0..49: "region00" … */
    double *speed, *gust;
} wind_events;

static inline uint32_t wind_draw(uint64_t *x, uint32_t below) {
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return (uint32_t)(*x >> 33) % below;
}

static inline void *wind_alloc(int64_t n, size_t size) {
    void *p = calloc((size_t)n, size);
    if (!p) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return p;
}

/* The first n events; wind_free gives them back. */
static inline wind_events wind_make(int64_t n) {
    wind_events e = {.n = n,
                     .ts = wind_alloc(n, sizeof(int64_t)),
                     .station = wind_alloc(n, sizeof(int32_t)),
                     .region = wind_alloc(n, 1),
                     .speed = wind_alloc(n, sizeof(double)),
                     .gust = wind_alloc(n, sizeof(double))};
    uint64_t x = 42;
    for (int64_t i = 0; i < n; i++) {
        e.ts[i] = WIND_BASE + i;
        e.station[i] = (int32_t)wind_draw(&x, WIND_STATIONS);
        e.region[i] = (uint8_t)(e.station[i] % WIND_REGIONS);
        e.speed[i] = wind_draw(&x, 55556) / 1000.0;
        e.gust[i] = e.speed[i] + wind_draw(&x, 10000) / 1000.0;
    }
    return e;
}

static inline void wind_free(wind_events *e) {
    free(e->ts);
    free(e->station);
    free(e->region);
    free(e->speed);
    free(e->gust);
}

static inline double wind_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct wind_sum {
    uint64_t keys;
    double values;
} wind_sum;

static inline void wind_sum_row(wind_sum *s, int64_t time, int32_t station, int64_t count, double a,
                                double b) {
    uint64_t h = (uint64_t)time * UINT64_C(0x9E3779B97F4A7C15);
    h = ((h ^ h >> 32) + (uint64_t)station) * UINT64_C(0xBF58476D1CE4E5B9);
    h = ((h ^ h >> 29) + (uint64_t)count) * UINT64_C(0x94D049BB133111EB);
    h ^= h >> 32;
    s->keys += h;
    s->values += a * (double)(1 + (h >> 60)) + b * (double)(1 + (h >> 56 & 15));
}

/* The result line that bench/run reads. sum is NULL when the rows were only counted. row_bytes is what the
 * largest window keeps for an event, or 0. */
static inline void wind_report(const char *engine, const char *workload, int64_t events, double seconds,
                               int64_t rows, const wind_sum *sum, double row_bytes) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"engine\": \"%s\", \"workload\": \"%s\", \"events\": %" PRId64 ", \"seconds\": %.9f", engine,
           workload, events, seconds);
    printf(", \"rows\": %" PRId64 ", \"rss_mb\": %ld", rows, use.ru_maxrss / 1024);
    if (sum) printf(", \"keys\": \"%016" PRIx64 "\", \"values\": %.17g", sum->keys, sum->values);
    if (row_bytes > 0) printf(", \"row_bytes\": %.2f", row_bytes);
    printf("}\n");
    fflush(stdout);
}

#endif
