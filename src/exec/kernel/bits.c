/* bits.c: see bits.h. */
#include "exec/kernel/bits.h"

void wr_bytes_and_bits(uint32_t n, const uint8_t *in, const uint64_t *valid, uint8_t *out) {
    uint32_t n_groups = n / 8;
    for (uint32_t g = 0; g < n_groups; g++) {
        uint64_t bytes;
        memcpy(&bytes, in + (size_t)g * 8, 8);
        bytes &= wr_bits_spread(wr_bits_group(valid, g));
        memcpy(out + (size_t)g * 8, &bytes, 8);
    }
    for (uint32_t r = n_groups * 8; r < n; r++) out[r] = (uint8_t)(in[r] & wr_bit(valid, r));
}

void wr_bytes_or_not_bits(uint32_t n, const uint64_t *valid, uint8_t *bytes) {
    uint32_t n_groups = n / 8;
    for (uint32_t g = 0; g < n_groups; g++) {
        uint64_t group;
        memcpy(&group, bytes + (size_t)g * 8, 8);
        group |= wr_bits_spread((uint8_t)~wr_bits_group(valid, g));
        memcpy(bytes + (size_t)g * 8, &group, 8);
    }
    for (uint32_t r = n_groups * 8; r < n; r++) bytes[r] = (uint8_t)(bytes[r] | !wr_bit(valid, r));
}

void wr_bytes_from_not_bits(uint32_t n, const uint64_t *valid, uint8_t *out) {
    memset(out, 0, n);
    wr_bytes_or_not_bits(n, valid, out);
}

void wr_bits_from_bytes(uint32_t n, const uint8_t *bytes, uint64_t *words) {
    memset(words, 0, wr_bits_words(n) * sizeof *words);
    uint32_t n_groups = n / 8;
    for (uint32_t g = 0; g < n_groups; g++) {
        uint64_t group;
        memcpy(&group, bytes + (size_t)g * 8, 8);
        words[g >> 3] |= (uint64_t)wr_bits_gather(group & WR_BYTES_OF_ONES) << ((g & 7) * 8);
    }
    for (uint32_t r = n_groups * 8; r < n; r++) words[r >> 6] |= (uint64_t)(bytes[r] & 1) << (r & 63);
}

bool wr_bits_all(uint32_t n, const uint64_t *words) {
    uint64_t all = ~(uint64_t)0;
    for (uint32_t w = 0; w < n / 64; w++) all &= words[w];
    uint64_t tail = n % 64 ? ((uint64_t)1 << (n % 64)) - 1 : 0;
    return all == ~(uint64_t)0 && (!tail || (words[n / 64] & tail) == tail);
}

void wr_bits_and(size_t n_words, const uint64_t *a, const uint64_t *b, uint64_t *out) {
    for (size_t w = 0; w < n_words; w++) out[w] = a[w] & b[w];
}
