/* bignum.h: natural numbers of up to 5120 bits, for converting between binary and decimal exactly.
 *
 * Enough for the largest case: a decimal text of 800 digits against 10^1145 (the least double). Results are
 * the caller's to bound; a number never overflows for the arguments that digits.c and text_read.c give. */
#ifndef WR_BIGNUM_H
#define WR_BIGNUM_H

#include <stdint.h>

#define WR_BIGNUM_LIMBS 160

typedef struct wr_bignum {
    uint32_t n;                     /* limbs in use; the highest is not 0 */
    uint32_t limb[WR_BIGNUM_LIMBS]; /* least significant first; those from n on are undefined */
} wr_bignum;

void wr_bignum_set(wr_bignum *a, uint64_t v);
void wr_bignum_mul_add(wr_bignum *a, uint32_t factor, uint32_t addend); /* a = a * factor + addend */
void wr_bignum_mul_pow5(wr_bignum *a, uint32_t power);
void wr_bignum_shift_left(wr_bignum *a, uint32_t bits);
/* a = value * 5^p5 * 2^p2 */
void wr_bignum_set_scaled(wr_bignum *a, uint64_t value, uint32_t p5, uint32_t p2);
int wr_bignum_compare(const wr_bignum *a, const wr_bignum *b); /* <0, 0, >0 */
void wr_bignum_add(wr_bignum *a, const wr_bignum *b);
void wr_bignum_sub(wr_bignum *a, const wr_bignum *b); /* b <= a */
uint32_t wr_bignum_bits(const wr_bignum *a);          /* 0 for 0 */

#endif
