/* coverage.h: the arithmetic of akslack: how many rows may be missing from windows, and how many are.
 *
 * After Ji, Zhou, Jerzak, Nica, Hackenbroich, Fetzer: "Quality-driven processing of sliding window aggregates
 * over out-of-order data streams" (DEBS 2015), in Siddhi's form, whose results this has: every constant of
 * it, too. */
#ifndef WR_REORDER_COVERAGE_H
#define WR_REORDER_COVERAGE_H

#include "base/compiler.h"
#include "weir_ext.h"

/* The z for which a normal variable lies within ±z with this probability. */
double wr_critical_value(double confidence);
/* The share of rows that a window must have for the error of a mean over such values to stay below the
 * threshold (0 where it can't be told, as for values whose mean is 0). */
double wr_coverage_needed(const double *values, uint32_t n, double critical, double error);
/* Java's Math.round. */
int64_t wr_java_round(double v);

/* Times of rows, as they came. Of those that came long ago only the number is kept: they count as rows that
 * were there in time, which they were unless something is late by all that has come since. */
typedef struct wr_row_times {
    int64_t *times; /* a ring */
    uint32_t first, n, cap, most;
    uint64_t n_before;
} wr_row_times;

/* most: times that are kept one by one. */
static inline void wr_row_times_init(wr_row_times *t, uint32_t most) { *t = (wr_row_times){.most = most}; }
void wr_row_times_fini(wr_row_times *t);
weir_status wr_row_times_add(wr_row_times *t, int64_t time, weir_error *err) WR_NODISCARD;
/* Of the rows with a time up to `until`, the share that came before the first with a later one or with this.
 * 1 if there are none. */
double wr_row_times_coverage(const wr_row_times *t, int64_t until);
size_t wr_row_times_bytes(const wr_row_times *t);
void wr_row_times_save(const wr_row_times *t, weir_writer *w);
weir_status wr_row_times_load(wr_row_times *t, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
