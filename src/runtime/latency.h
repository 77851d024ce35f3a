/* latency.h: a histogram of durations: buckets whose width grows with the value (16 to each power of two), so
 * that any quantile is known to within 7 % over 1 us to 1 h, in 5 kB. After HdrHistogram's idea. */
#ifndef WR_LATENCY_H
#define WR_LATENCY_H

#include <stdint.h>

#define WR_LATENCY_BUCKETS 640

typedef struct wr_latency {
    uint64_t count;
    uint64_t sum_us, max_us;
    uint64_t bucket[WR_LATENCY_BUCKETS];
} wr_latency;

void wr_latency_add(wr_latency *l, uint64_t us, uint64_t times);
/* The upper end of the bucket that holds quantile q (0..1), in us; 0 when empty. */
uint64_t wr_latency_quantile(const wr_latency *l, double q);
/* Upper end of bucket i in us. */
uint64_t wr_latency_bucket_end(uint32_t i);

#endif
