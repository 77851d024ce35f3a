/* bits.h: validity bitmaps and bytes of 0 and 1, eight rows at a time. */
#ifndef WR_BITS_H
#define WR_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weir needs a little-endian machine: bit i of a bitmap's byte is byte i of a word of rows"
#endif

#define WR_BYTES_OF_ONES 0x0101010101010101u

static inline size_t wr_bits_words(uint32_t n_rows) { return ((size_t)n_rows + 63) / 64; }

/* Bit i of byte, as byte i. */
static inline uint64_t wr_bits_spread(uint8_t byte) {
    uint64_t at_own_place = byte * WR_BYTES_OF_ONES & 0x8040201008040201u;
    return (at_own_place + 0x7F7F7F7F7F7F7F7Fu) >> 7 & WR_BYTES_OF_ONES;
}

/* Byte i (0 or 1), as bit i: each byte is shifted to a place of its own in the top byte. */
static inline uint8_t wr_bits_gather(uint64_t bytes) { return (uint8_t)(bytes * 0x0102040810204080u >> 56); }

static inline bool wr_bit(const uint64_t *words, uint32_t row) { return words[row >> 6] >> (row & 63) & 1; }

/* The byte of the bitmap that holds rows 8g..8g+7. */
static inline uint8_t wr_bits_group(const uint64_t *words, uint32_t g) {
    return (uint8_t)(words[g >> 3] >> ((g & 7) * 8));
}

/* out[r] = in[r] where valid, else 0. in may be out. */
void wr_bytes_and_bits(uint32_t n, const uint8_t *in, const uint64_t *valid, uint8_t *out);
/* bytes[r] = 1 where not valid. */
void wr_bytes_or_not_bits(uint32_t n, const uint64_t *valid, uint8_t *bytes);
/* out[r] = not valid. */
void wr_bytes_from_not_bits(uint32_t n, const uint64_t *valid, uint8_t *out);
/* Bit r = byte r; only the lowest bit of a byte is read. Bits past n in the last word are 0. */
void wr_bits_from_bytes(uint32_t n, const uint8_t *bytes, uint64_t *words);
/* Are all of the first n bits set? */
bool wr_bits_all(uint32_t n, const uint64_t *words);
/* out may be a or b. */
void wr_bits_and(size_t n_words, const uint64_t *a, const uint64_t *b, uint64_t *out);

#endif
