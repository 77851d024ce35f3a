/* bench.h: what the benchmark programs share: the clocks, calls that have to work, rows that are counted. */
#ifndef WEIR_BENCH_BENCH_H
#define WEIR_BENCH_BENCH_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "weir.h"

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(1);
}

static inline void must(weir_status status, const weir_error *err) {
    if (status != WEIR_OK) die(err->message);
}

static inline double clock_seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Processor time, which other work on the machine does not count towards: of the process, and of the thread.
 */
static inline double cpu_seconds(void) { return clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }
static inline double thread_seconds(void) { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }
static inline double wall_seconds(void) { return clock_seconds(CLOCK_MONOTONIC); }

/* For weir_subscribe; ctx: an int64_t that the rows are added to. */
static inline void count_rows(void *ctx, const weir_stream_info *stream, const weir_batch *b) {
    (void)stream;
    *(int64_t *)ctx += b->n_sel;
}

/* For qsort, of doubles. */
static inline int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
