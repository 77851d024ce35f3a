/* merge.inc.h: the kernels that merge two runs of values: out[r] is the next value of a where mask[r] is 1,
 * and the next of b where it is 0. They return how many they took of a.
 *
 * With AVX2, values of 4 bytes are merged 8 at a time and those of 8 bytes 4 at a time: the next 8 (4) of a
 * and of b are each spread over the places that are theirs, then put together:
 *
 *     mask 0 1 1 0   a  p q r s   ->  . p q .
 *                    b  x y z w   ->  x . . y      x p q y
 */

/* Also the end of the fast ones. */
#define MERGE_ONE_BY_ONE(type)                                                                               \
    for (; r < n; r++) {                                                                                     \
        out[r] = mask[r] ? a[n_a] : b[r - n_a];                                                              \
        n_a += mask[r];                                                                                      \
    }

static uint32_t merge_1(uint32_t n, const uint8_t *mask, const void *from_a, const void *from_b, void *to) {
    const uint8_t *a = from_a, *b = from_b;
    uint8_t *restrict out = to;
    uint32_t r = 0, n_a = 0;
    MERGE_ONE_BY_ONE(uint8_t)
    return n_a;
}

static uint32_t merge_16(uint32_t n, const uint8_t *mask, const void *from_a, const void *from_b, void *to) {
    const weir_string *a = from_a, *b = from_b;
    weir_string *restrict out = to;
    uint32_t r = 0, n_a = 0;
    MERGE_ONE_BY_ONE(weir_string)
    return n_a;
}

#ifdef __AVX2__
#include <immintrin.h>

/* By mask, for each place: which of the values of its side comes here; the top bit says that the side is a.
 */
#define MERGE_BELOW(m, j) __builtin_popcount((m) & ((1 << (j)) - 1))
#define MERGE_PLACE(m, j) ((m) >> (j)&1 ? 0x80 | MERGE_BELOW(m, j) : (j)-MERGE_BELOW(m, j))
#define MERGE_PLACES(m)                                                                                      \
    {                                                                                                        \
        MERGE_PLACE(m, 0), MERGE_PLACE(m, 1), MERGE_PLACE(m, 2), MERGE_PLACE(m, 3), MERGE_PLACE(m, 4),       \
            MERGE_PLACE(m, 5), MERGE_PLACE(m, 6), MERGE_PLACE(m, 7)                                          \
    }
#define MERGE_4(m)  MERGE_PLACES(m), MERGE_PLACES((m) + 1), MERGE_PLACES((m) + 2), MERGE_PLACES((m) + 3)
#define MERGE_16(m) MERGE_4(m), MERGE_4((m) + 4), MERGE_4((m) + 8), MERGE_4((m) + 12)
#define MERGE_64(m) MERGE_16(m), MERGE_16((m) + 16), MERGE_16((m) + 32), MERGE_16((m) + 48)
static const uint8_t merge_place[256][8] = {MERGE_64(0), MERGE_64(64), MERGE_64(128), MERGE_64(192)};

/* The same for 4 values of 8 bytes, as pairs of 4. */
#define MERGE_LOW(m, j)  (MERGE_PLACE(m, j) + (MERGE_PLACE(m, j) & 0x7F))
#define MERGE_PAIR(m, j) MERGE_LOW(m, j), MERGE_LOW(m, j) + 1
#define MERGE_PAIRS(m)                                                                                       \
    { MERGE_PAIR(m, 0), MERGE_PAIR(m, 1), MERGE_PAIR(m, 2), MERGE_PAIR(m, 3) }
#define MERGE_PAIRS_4(m) MERGE_PAIRS(m), MERGE_PAIRS((m) + 1), MERGE_PAIRS((m) + 2), MERGE_PAIRS((m) + 3)
static const uint8_t merge_pair[16][8] = {MERGE_PAIRS_4(0), MERGE_PAIRS_4(4), MERGE_PAIRS_4(8),
                                          MERGE_PAIRS_4(12)};

/* 8 words of 4 bytes. The loads may take in values that are not needed yet. */
WR_INLINE void merge_words(const void *a, const void *b, const uint8_t *places, void *out) {
    __m256i place = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)places));
    __m256 of_a = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(_mm256_loadu_si256(a), place));
    __m256 of_b = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(_mm256_loadu_si256(b), place));
    _mm256_storeu_ps(out, _mm256_blendv_ps(of_b, of_a, _mm256_castsi256_ps(place)));
}
#endif

static uint32_t merge_4(uint32_t n, const uint8_t *mask, const void *from_a, const void *from_b, void *to) {
    const uint32_t *a = from_a, *b = from_b;
    uint32_t *restrict out = to, r = 0, n_a = 0;
#ifdef __AVX2__
    for (; r + 8 <= n; r += 8) {
        uint64_t bytes;
        memcpy(&bytes, mask + r, sizeof bytes);
        merge_words(a + n_a, b + (r - n_a), merge_place[wr_bits_gather(bytes)], out + r);
        n_a += (uint32_t)(bytes * WR_BYTES_OF_ONES >> 56); /* their sum */
    }
#endif
    MERGE_ONE_BY_ONE(uint32_t)
    return n_a;
}

static uint32_t merge_8(uint32_t n, const uint8_t *mask, const void *from_a, const void *from_b, void *to) {
    const uint64_t *a = from_a, *b = from_b;
    uint64_t *restrict out = to;
    uint32_t r = 0, n_a = 0;
#ifdef __AVX2__
    for (; r + 4 <= n; r += 4) {
        uint32_t bytes;
        memcpy(&bytes, mask + r, sizeof bytes);
        merge_words(a + n_a, b + (r - n_a), merge_pair[wr_bits_gather(bytes)], out + r);
        n_a += bytes * (uint32_t)WR_BYTES_OF_ONES >> 24;
    }
#endif
    MERGE_ONE_BY_ONE(uint64_t)
    return n_a;
}

#undef MERGE_ONE_BY_ONE
