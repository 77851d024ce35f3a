/* decimal.c: see decimal.h.
 *
 * With w of up to 19 digits: if w and 10^|e| are both exact doubles, one operation rounds correctly (Clinger
 * 1990). Else, for |e| <= 27, the quotient or product is exact in 128 bits plus a "something follows" bit.
 * What is left, rare, is done with big numbers. */
#include "data/decimal.h"

#include <math.h>

#include "base/compiler.h"
#include "data/bignum.h"

#define W_DIGITS 19 /* decimal digits that always fit 64 bits */
/* Digits that are read at all; of those beyond only "is one not 0" matters, as no number halfway between two
 * doubles has more than 767. */
#define MOST_DIGITS  800
#define EXPONENT_MAX 1000000 /* what is beyond says only that the number is 0 or infinite */

/* ---- Reading ------------------------------------------------------------------------------------------ */

/* Takes digits from *p on; after the point each one lowers the exponent. */
static void take_digits(const char **p, const char *end, bool is_fraction, wr_decimal *d) {
    const char *q = *p;
    uint64_t w = d->w;
    int n = d->n;
    int64_t shift = 0;
    for (; q < end; q++) {
        unsigned digit = (unsigned)*q - '0';
        if (digit > 9) break;
        if (WR_LIKELY(n < W_DIGITS)) {
            w = w * 10 + digit;
            n += w != 0;
            shift -= is_fraction;
        } else {
            if (digit) d->complete = false;
            shift += !is_fraction;
        }
    }
    d->w = w;
    d->n = n;
    d->exponent += shift;
    *p = q;
}

/* "e-12" at *p; false: an e without digits. */
static bool take_exponent(const char **p, const char *end, wr_decimal *d) {
    const char *q = *p + 1;
    bool negative = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+')) q++;
    const char *first = q;
    int64_t e = 0;
    for (; q < end && (unsigned)*q - '0' <= 9; q++)
        if (e < EXPONENT_MAX) e = e * 10 + (*q - '0');
    *p = q;
    d->exponent += negative ? -e : e;
    return q > first;
}

bool wr_decimal_scan(const char **at, const char *end, wr_decimal *d) {
    const char *p = *at;
    *d = (wr_decimal){.complete = true, .text = p};
    take_digits(&p, end, false, d);
    bool has_point = p < end && *p == '.';
    if (has_point) {
        p++;
        take_digits(&p, end, true, d);
    }
    d->len = (size_t)(p - d->text);
    *at = p;
    if (d->len == (has_point ? 1u : 0u)) return false;
    return p == end || (*p | 32) != 'e' || take_exponent(at, end, d);
}

/* ---- Rounding ----------------------------------------------------------------------------------------- */

typedef struct format {
    int precision; /* bits, the hidden one included */
    int least;     /* the smallest number is 2^least */
    int most;      /* numbers stay below 2^most */
} format;
static const format formats[2] = {{53, -1074, 1024}, {24, -149, 128}};

static int bits_of(wr_uint128 m) {
    uint64_t high = (uint64_t)(m >> 64), low = (uint64_t)m;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

double wr_round_binary(wr_uint128 m, bool sticky, int exp2, bool single) {
    const format *f = &formats[single];
    int bits = bits_of(m), drop = WR_MAX(bits - f->precision, f->least - exp2);
    if (!m || drop > bits) return 0;
    if (drop > 0) {
        wr_uint128 half = (wr_uint128)1 << (drop - 1), rest = m & ((half << 1) - 1);
        m = drop < 128 ? m >> drop : 0;
        if (rest > half || (rest == half && (sticky || (m & 1)))) m++;
        exp2 += drop;
    }
    if (bits_of(m) + exp2 > f->most) return (double)INFINITY;
    return ldexp((double)(uint64_t)m, exp2);
}

/* w * 10^e, |e| <= 27, w != 0: exact up to the final rounding. */
static double scale128(uint64_t w, int e, bool single) {
    static const uint64_t pow5[28] = {1ull,
                                      5ull,
                                      25ull,
                                      125ull,
                                      625ull,
                                      3125ull,
                                      15625ull,
                                      78125ull,
                                      390625ull,
                                      1953125ull,
                                      9765625ull,
                                      48828125ull,
                                      244140625ull,
                                      1220703125ull,
                                      6103515625ull,
                                      30517578125ull,
                                      152587890625ull,
                                      762939453125ull,
                                      3814697265625ull,
                                      19073486328125ull,
                                      95367431640625ull,
                                      476837158203125ull,
                                      2384185791015625ull,
                                      11920928955078125ull,
                                      59604644775390625ull,
                                      298023223876953125ull,
                                      1490116119384765625ull,
                                      7450580596923828125ull};
    if (e >= 0) return wr_round_binary((wr_uint128)w * pow5[e], false, e, single);
    uint64_t p = pow5[-e];
    int shift = __builtin_clzll(w);
    wr_uint128 n = (wr_uint128)(w << shift) << 64, q = n / p;
    return wr_round_binary(q, q * p != n, e - shift - 64, single);
}

/* ---- Big numbers -------------------------------------------------------------------------------------- */

/* Reads up to MOST_DIGITS significant digits; *sticky: others that are not 0 follow. */
static int read_digits(const wr_decimal *d, wr_bignum *n, bool *sticky) {
    int taken = 0;
    wr_bignum_set(n, 0);
    *sticky = false;
    for (size_t i = 0; i < d->len; i++) {
        char c = d->text[i];
        if (c == '.' || (c == '0' && !taken)) continue;
        if (taken == MOST_DIGITS) {
            *sticky |= c != '0';
            continue;
        }
        wr_bignum_mul_add(n, 10, (uint32_t)(c - '0'));
        taken++;
    }
    return taken;
}

/* The quotient of n and d to 64 or 65 bits; *exp2 tells how many more were cut off, *sticky whether any of
 * them, or the remainder, is not 0. */
static wr_uint128 divide(wr_bignum *n, wr_bignum *d, int *exp2, bool *sticky) {
    int shift = 64 - (int)wr_bignum_bits(n) + (int)wr_bignum_bits(d);
    wr_bignum_shift_left(shift > 0 ? n : d, (uint32_t)(shift > 0 ? shift : -shift));
    *exp2 -= shift;
    wr_bignum_shift_left(d, 64);
    wr_uint128 q = 0;
    for (int i = 64; i >= 0; i--) {
        q <<= 1;
        if (wr_bignum_compare(n, d) >= 0) {
            wr_bignum_sub(n, d);
            q |= 1;
        }
        wr_bignum_shift_left(n, 1);
    }
    *sticky |= n->n != 0;
    return q;
}

static double scale_big(const wr_decimal *d, bool single) {
    wr_bignum n, divisor;
    bool sticky;
    int taken = read_digits(d, &n, &sticky);
    int e = (int)d->exponent + d->n - taken, exp2 = e;
    if (e > 0) wr_bignum_mul_pow5(&n, (uint32_t)e);
    wr_bignum_set_scaled(&divisor, 1, e < 0 ? (uint32_t)-e : 0, 0);
    wr_uint128 q = divide(&n, &divisor, &exp2, &sticky);
    return wr_round_binary(q, sticky, exp2, single);
}

/* What the fast ways can't. */
static double scale(const wr_decimal *d, bool single) {
    int64_t magnitude = d->exponent + d->n; /* the value is below 10^magnitude */
    if (!d->w || magnitude < -330) return 0;
    if (magnitude > 330) return (double)INFINITY;
    if (d->exponent >= -27 && d->exponent <= 27) {
        double least = scale128(d->w, (int)d->exponent, single);
        if (d->complete || least == scale128(d->w + 1, (int)d->exponent, single)) return least;
    }
    return scale_big(d, single);
}

double wr_decimal_to_double(const wr_decimal *d) {
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (WR_LIKELY(d->complete && d->w >> 53 == 0 && d->exponent >= -22 && d->exponent <= 22)) {
        double w = (double)d->w;
        return d->exponent < 0 ? w / pow10[-d->exponent] : w * pow10[d->exponent];
    }
    return scale(d, false);
}

float wr_decimal_to_float(const wr_decimal *d) { return (float)scale(d, true); }
