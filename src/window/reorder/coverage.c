/* coverage.c: see coverage.h. */
#include "window/reorder/coverage.h"

#include <math.h>

#include "base/alloc.h"

/* ---- Arithmetic ---- */

/* The lower tail, by Newton's method on erfc from a first guess (Abramowitz and Stegun, 26.2.23). */
double wr_critical_value(double confidence) {
    double p = (1 - confidence) / 2;
    if (!(p > 0)) return p == 0 ? (double)INFINITY : (double)NAN;
    if (p > 0.5) return wr_critical_value(1 - 2 * (1 - p)); /* Φ is symmetric, and the sign is dropped */
    double t = sqrt(-2 * log(p));
    double z =
        t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for (int i = 0; i < 8; i++) {
        double tail = erfc(z / sqrt(2.0)) / 2, slope = exp(-z * z / 2) / sqrt(2 * 3.14159265358979323846);
        z += (tail - p) / slope;
    }
    return fabs(z);
}

static double mean_of(const double *values, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += values[i];
    return sum / n;
}

static double variance_of(const double *values, uint32_t n, double mean) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += (mean - values[i]) * (mean - values[i]);
    return sum / n;
}

/* Java's Math.min: NaN if one is. */
static double least(double a, double b) { return a != a || b != b ? (double)NAN : a < b ? a : b; }

/* The lesser root of a x² + b x + c, or 0 if there is none; *square: what the root is drawn of. */
static double lesser_root(double a, double b, double c, double *square) {
    *square = b * b - 4 * a * c;
    if (!(*square >= 0)) return 0;
    return least((-b - sqrt(*square)) / (2 * a), (-b + sqrt(*square)) / (2 * a));
}

double wr_coverage_needed(const double *values, uint32_t n, double critical, double error) {
    double mean = mean_of(values, n), variance = variance_of(values, n, mean);
    double spread = sqrt((mean * mean + variance * variance) / (n * (mean * mean)));
    double x = critical * critical * (spread * spread);
    double low_square, high_square, a = 1 + x;
    double low = lesser_root(a, 2 * error - 2 - x, (1 - error) * (1 - error), &low_square);
    double high = lesser_root(a, -(2 + 2 * error + x), (1 + error) * (1 + error), &high_square);
    if (low_square >= 0 && high_square < 0) return low;
    if (high_square >= 0 && low_square < 0) return high;
    return least(low, high); /* a square that is NaN leaves 0 */
}

int64_t wr_java_round(double v) {
    double rounded = floor(v + 0.5);
    if (v != v) return 0;
    if (rounded >= 9223372036854775807.0) return INT64_MAX;
    if (rounded <= -9223372036854775808.0) return INT64_MIN;
    return (int64_t)rounded;
}

/* ---- Times ---- */

void wr_row_times_fini(wr_row_times *t) {
    wr_free(NULL, t->times, t->cap * sizeof *t->times);
    t->times = NULL;
    t->cap = t->n = 0;
}

static int64_t time_at(const wr_row_times *t, uint32_t i) { return t->times[(t->first + i) % t->cap]; }

static weir_status widen(wr_row_times *t, weir_error *err) {
    uint32_t cap = t->cap ? WR_MIN(t->cap * 2, t->most) : WR_MIN(64u, t->most);
    int64_t *wide = wr_alloc(NULL, cap * sizeof *wide);
    if (!wide) return weir_fail(err, WEIR_ENOMEM, "out of memory in a window of reorder");
    for (uint32_t i = 0; i < t->n; i++) wide[i] = time_at(t, i);
    wr_free(NULL, t->times, t->cap * sizeof *t->times);
    t->times = wide;
    t->cap = cap;
    t->first = 0;
    return WEIR_OK;
}

weir_status wr_row_times_add(wr_row_times *t, int64_t time, weir_error *err) {
    if (t->n == t->cap && t->cap < t->most) WR_TRY(widen(t, err));
    if (t->n == t->cap) {
        t->first = (t->first + 1) % t->cap;
        t->n--;
        t->n_before++;
    }
    t->times[(t->first + t->n++) % t->cap] = time;
    return WEIR_OK;
}

double wr_row_times_coverage(const wr_row_times *t, int64_t until) {
    uint64_t in_time = t->n_before, all = t->n_before;
    bool is_over = false; /* one at or after the end has come */
    for (uint32_t i = 0; i < t->n; i++) {
        int64_t time = time_at(t, i);
        is_over |= time >= until;
        if (time > until) continue;
        all++;
        in_time += !is_over;
    }
    return all ? (double)in_time / (double)all : 1.0;
}

size_t wr_row_times_bytes(const wr_row_times *t) { return t->cap * sizeof *t->times; }

void wr_row_times_save(const wr_row_times *t, weir_writer *w) {
    weir_write_i64(w, (int64_t)t->n_before);
    weir_write_u32(w, t->n);
    for (uint32_t i = 0; i < t->n; i++) weir_write_i64(w, time_at(t, i));
}

weir_status wr_row_times_load(wr_row_times *t, weir_reader *r, weir_error *err) {
    t->n_before = (uint64_t)weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n > weir_reader_left(r) / sizeof(int64_t))
        return weir_fail(err, WEIR_ESTATE, "the saved window of reorder is damaged");
    for (uint32_t i = 0; i < n; i++) WR_TRY(wr_row_times_add(t, weir_read_i64(r), err));
    return weir_reader_status(r, err);
}
