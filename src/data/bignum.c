/* bignum.c: see bignum.h. */
#include "data/bignum.h"

#include <assert.h>
#include <string.h>

void wr_bignum_set(wr_bignum *a, uint64_t v) {
    a->limb[0] = (uint32_t)v;
    a->limb[1] = (uint32_t)(v >> 32);
    a->n = v >> 32 ? 2 : v ? 1 : 0;
}

static void push_limb(wr_bignum *a, uint32_t limb) {
    if (!limb) return;
    assert(a->n < WR_BIGNUM_LIMBS);
    a->limb[a->n++] = limb;
}

void wr_bignum_mul_add(wr_bignum *a, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (uint32_t i = 0; i < a->n; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    push_limb(a, (uint32_t)carry);
}

void wr_bignum_mul_pow5(wr_bignum *a, uint32_t power) {
    enum { STEP = 13 }; /* 5^13 is the largest power of 5 below 2^32 */
    for (; power >= STEP; power -= STEP) wr_bignum_mul_add(a, 1220703125u, 0);
    uint32_t rest = 1;
    while (power--) rest *= 5;
    wr_bignum_mul_add(a, rest, 0);
}

void wr_bignum_shift_left(wr_bignum *a, uint32_t bits) {
    uint32_t limbs = bits / 32, shift = bits % 32;
    if (!a->n || !bits) return;
    assert(a->n + limbs < WR_BIGNUM_LIMBS);
    memmove(a->limb + limbs, a->limb, a->n * sizeof *a->limb);
    memset(a->limb, 0, limbs * sizeof *a->limb);
    a->n += limbs;
    if (!shift) return;
    uint32_t carry = 0;
    for (uint32_t i = limbs; i < a->n; i++) {
        uint32_t limb = a->limb[i];
        a->limb[i] = limb << shift | carry;
        carry = limb >> (32 - shift);
    }
    push_limb(a, carry);
}

void wr_bignum_set_scaled(wr_bignum *a, uint64_t value, uint32_t p5, uint32_t p2) {
    wr_bignum_set(a, value);
    wr_bignum_mul_pow5(a, p5);
    wr_bignum_shift_left(a, p2);
}

int wr_bignum_compare(const wr_bignum *a, const wr_bignum *b) {
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (uint32_t i = a->n; i-- > 0;)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

void wr_bignum_add(wr_bignum *a, const wr_bignum *b) {
    for (; a->n < b->n; a->n++) a->limb[a->n] = 0;
    uint64_t carry = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        carry += (uint64_t)a->limb[i] + (i < b->n ? b->limb[i] : 0);
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    push_limb(a, (uint32_t)carry);
}

void wr_bignum_sub(wr_bignum *a, const wr_bignum *b) {
    uint64_t borrow = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        uint64_t d = (uint64_t)a->limb[i] - (i < b->n ? b->limb[i] : 0) - borrow;
        a->limb[i] = (uint32_t)d;
        borrow = d >> 63;
    }
    while (a->n && !a->limb[a->n - 1]) a->n--;
}

uint32_t wr_bignum_bits(const wr_bignum *a) {
    return a->n ? a->n * 32 - (uint32_t)__builtin_clz(a->limb[a->n - 1]) : 0;
}
