/* rng.h: the random numbers of model tests: the same ones every time. */
#ifndef WR_TEST_RNG_H
#define WR_TEST_RNG_H

#include <stdint.h>

typedef struct rng {
    uint64_t state; /* the seed, at first; never 0 */
} rng;

/* xorshift64* (S. Vigna, 2016). */
static inline uint64_t rng_next(rng *g) {
    g->state ^= g->state >> 12;
    g->state ^= g->state << 25;
    g->state ^= g->state >> 27;
    return g->state * 0x2545F4914F6CDD1Du;
}

static inline uint32_t rng_below(rng *g, uint32_t n) { return (uint32_t)(rng_next(g) >> 32) % n; }

#endif
