/* latency.c: see latency.h. */
#include "runtime/latency.h"

#define STEPS 16u /* buckets to each power of two */

static uint32_t bucket_of(uint64_t us) {
    if (us < STEPS) return (uint32_t)us;
    uint32_t power = 63u - (uint32_t)__builtin_clzll(us); /* >= 4 */
    uint32_t step = (uint32_t)(us >> (power - 4)) & (STEPS - 1);
    uint32_t i = (power - 3) * STEPS + step;
    return i < WR_LATENCY_BUCKETS ? i : WR_LATENCY_BUCKETS - 1;
}

uint64_t wr_latency_bucket_end(uint32_t i) {
    if (i < STEPS) return i + 1;
    uint32_t power = i / STEPS + 3;
    return ((uint64_t)(STEPS + i % STEPS) + 1) << (power - 4);
}

void wr_latency_add(wr_latency *l, uint64_t us, uint64_t times) {
    l->bucket[bucket_of(us)] += times;
    l->count += times;
    l->sum_us += us * times;
    if (us > l->max_us) l->max_us = us;
}

uint64_t wr_latency_quantile(const wr_latency *l, double q) {
    uint64_t wanted = (uint64_t)(q * (double)l->count), seen = 0;
    if (!l->count) return 0;
    if (wanted >= l->count) wanted = l->count - 1;
    for (uint32_t i = 0; i < WR_LATENCY_BUCKETS; i++) {
        seen += l->bucket[i];
        if (seen > wanted) {
            uint64_t end = wr_latency_bucket_end(i);
            return end < l->max_us ? end : l->max_us;
        }
    }
    return l->max_us;
}
