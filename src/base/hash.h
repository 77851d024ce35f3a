/* hash.h: mixing bits for hash tables. Not seeded: the same in every run, and nothing that anybody sees
 * depends on it. */
#ifndef WR_HASH_H
#define WR_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Multiplies to 128 bits and folds the halves together: every input bit reaches every output bit. */
static inline uint64_t wr_hash_fold(uint64_t a, uint64_t b) {
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The odd constants are the first digits of the square roots of 2, 3 and 5. */
#define WR_HASH_K1 UINT64_C(0x6A09E667F3BCC909)
#define WR_HASH_K2 UINT64_C(0xBB67AE8584CAA73B)
#define WR_HASH_K3 UINT64_C(0x3C6EF372FE94F82B)

static inline uint64_t wr_hash_u64(uint64_t x) { return wr_hash_fold(x ^ WR_HASH_K2, WR_HASH_K1); }
static inline uint64_t wr_hash_pair(uint64_t a, uint64_t b) {
    return wr_hash_fold(a ^ WR_HASH_K2, b ^ WR_HASH_K3);
}

static inline uint64_t wr_hash_load(const char *bytes, size_t len) { /* up to 8 bytes, zeros behind */
    uint64_t word = 0;
    memcpy(&word, bytes, len < 8 ? len : 8);
    return word;
}

static inline uint64_t wr_hash_bytes(const char *bytes, size_t len) {
    uint64_t h = len ^ WR_HASH_K1;
    while (len > 16) {
        h = wr_hash_fold(wr_hash_load(bytes, 8) ^ WR_HASH_K2, wr_hash_load(bytes + 8, 8) ^ h);
        bytes += 16;
        len -= 16;
    }
    uint64_t head = wr_hash_load(bytes, len), tail = len > 8 ? wr_hash_load(bytes + 8, len - 8) : 0;
    return wr_hash_fold(head ^ WR_HASH_K2, tail ^ h);
}

#endif
