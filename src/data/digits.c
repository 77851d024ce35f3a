/* digits.c: see digits.h.
 *
 * Most numbers that people write have few digits: a fast path finds r and k with value = r / 10^k, r small
 * enough that at most one such r exists, so both styles agree on it. The rest is Steele and White's digit
 * generation with the margins of Burger and Dybvig: with value = B / S * 10^e, digits are divided out until
 * what remains is within the margin (half the gap to the neighbouring number) of 0 or of one digit more.
 *
 * Java before 19 runs the same generation with marks of its own, which its style follows: the margin is
 * halved on both sides of a power of two; exponent form has two digits at least; integers below 2^63 are
 * printed from their value and lose only digits below their precision; a remainder exactly on the margin ends
 * the number only above 63 bits; and below, its 32- and 64-bit arithmetic wraps. */
#include "data/digits.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "data/bignum.h"
#include "data/shortest.h"

#define MANTISSA_BITS 53

/* |value| = fract * 2^(exp2 - 52), bit 52 of fract set; `precision` bits of fract count. */
typedef struct binary {
    uint64_t fract;
    int exp2;
    int precision;
    bool gap_halves; /* a power of two with finer numbers below it */
} binary;

static void append(wr_digits *out, int digit) { out->digit[out->n++] = (char)('0' + digit); }

static void strip_zeros(wr_digits *out) {
    while (out->n && out->digit[out->n - 1] == '0') out->n--;
}

static void set_integer(wr_digits *out, uint64_t v, int exponent) {
    char text[24];
    int at = sizeof text;
    for (; v; v /= 10) text[--at] = (char)('0' + v % 10);
    out->n = (int)sizeof text - at;
    memcpy(out->digit, text + at, (size_t)out->n);
    out->exponent = exponent + out->n;
    strip_zeros(out);
}

/* ---- Few digits --------------------------------------------------------------------------------------- */

/* value = r / 10^k with r < 10^15 and k <= 22: r and 10^k are exact, so their quotient is rounded once, as
 * reading the text would round it; and decimals of 15 digits never share a double. */
static bool few_digits_double(double value, wr_digits *out) {
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    for (unsigned k = 0; k < WR_COUNT(pow10); k++) {
        double r = rint(value * pow10[k]);
        if (r >= 1e15) return false;
        if (r / pow10[k] == value) {
            set_integer(out, (uint64_t)r, -(int)k);
            return true;
        }
    }
    return false;
}

static bool few_digits_float(float value, wr_digits *out) {
    static const float pow10[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, 1e10f};
    for (unsigned k = 0; k < WR_COUNT(pow10); k++) {
        float r = rintf(value * pow10[k]);
        if (r >= 1e6f) return false;
        if (r / pow10[k] == value) {
            set_integer(out, (uint64_t)r, -(int)k);
            return true;
        }
    }
    return false;
}

/* ---- Digit generation --------------------------------------------------------------------------------- */

/* value = B / S * 10^exponent, where B = fract * 5^b5 * 2^b2, S = 5^s5 * 2^s2; the lower margin is
 * M / S * 10^exponent with M = 5^b5 * 2^m2, the upper one twice that when upper_twice. */
typedef struct fraction {
    uint64_t fract;
    int b2, b5, s2, s5, m2;
    int exponent;
    int b_bits, ten_s_bits; /* bits that B and 10 S need at most, as Java counts them */
    bool upper_twice;
    bool low_meets, high_meets; /* a remainder exactly on the margin ends the number */
    bool two_digits;            /* at least */
    int wrap_bits;              /* arithmetic is of 32 or 64 bits; 0: exact */
} fraction;

/* Bits of 5^n as Java estimates them: exact for n < 27 (0 for 5^0), else 3 n. */
static int bits_of_pow5(int n) { return n >= 27 ? n * 3 : n ? (int)(n * 2.321928094887362) + 1 : 0; }

/* floor(log10(value)), or one more now and then: the tangent of log10 at 1.5, which lies above it. */
static int estimate_exponent(const binary *v) {
    double m = (double)v->fract / 4503599627370496.0; /* 1 <= m < 2 */
    return (int)floor((m - 1.5) * 0.289529654 + 0.176091259 + v->exp2 * 0.301029995663981);
}

static void make_fraction(const binary *v, bool java, fraction *f) {
    int zeros = __builtin_ctzll(v->fract);
    int fract_bits = MANTISSA_BITS - zeros;
    int below_point = WR_MAX(0, fract_bits - v->exp2 - 1);
    memset(f, 0, sizeof *f);
    f->exponent = estimate_exponent(v);
    f->fract = v->fract >> zeros;
    f->b5 = WR_MAX(0, -f->exponent);
    f->s5 = WR_MAX(0, f->exponent);
    f->b2 = f->b5 + below_point + v->exp2;
    f->s2 = f->s5 + below_point;
    f->m2 = f->b2 - v->precision;
    f->b2 -= fract_bits - 1;
    int common = WR_MIN(f->b2, f->s2);
    f->b2 -= common;
    f->s2 -= common;
    f->m2 -= common;
    if (java ? fract_bits == 1 : v->gap_halves) f->m2--;
    if (f->m2 < 0) {
        f->b2 -= f->m2;
        f->s2 -= f->m2;
        f->m2 = 0;
    }
    f->b_bits = fract_bits + f->b2 + bits_of_pow5(f->b5);
    f->ten_s_bits = f->s2 + 1 + bits_of_pow5(f->s5 + 1);
}

static void set_style(const binary *v, bool java, fraction *f) {
    if (java) {
        bool is_long = f->b_bits < 64 && f->ten_s_bits < 64;
        f->wrap_bits = !is_long ? 0 : f->b_bits < 32 && f->ten_s_bits < 32 ? 32 : 64;
        f->high_meets = !is_long;
        f->two_digits = true;
        return;
    }
    bool is_even = !(v->fract >> (MANTISSA_BITS - v->precision) & 1); /* ties read back to even numbers */
    f->low_meets = f->high_meets = is_even;
    f->upper_twice = v->gap_halves;
}

/* Takes in the first digit and says whether the next may follow although a margin was met. */
static bool first_digit(fraction *f, wr_digits *out, int q, bool high) {
    if (q == 0 && !high)
        f->exponent--; /* the estimate was one too high */
    else
        append(out, q);
    return f->two_digits && (f->exponent < -3 || f->exponent >= 8);
}

static void round_up(wr_digits *out, int *exponent) {
    int i = out->n - 1;
    while (i >= 0 && out->digit[i] == '9') out->digit[i--] = '0';
    if (i >= 0) {
        out->digit[i]++;
        return;
    }
    out->digit[0] = '1'; /* 99 -> 10, one place higher */
    ++*exponent;
}

/* half: the sign of (what remains - half a digit). */
static void finish(wr_digits *out, int exponent, bool low, bool high, int half) {
    bool up = high && (!low || half > 0 || (half == 0 && (out->digit[out->n - 1] & 1)));
    if (up) round_up(out, &exponent);
    out->exponent = exponent + 1;
    strip_zeros(out);
}

static __int128 wrap(__int128 x, int bits) {
    return bits == 32 ? (int32_t)(uint32_t)x : bits == 64 ? (int64_t)(uint64_t)x : x;
}

static __int128 scaled128(uint64_t v, int p5, int p2) {
    __int128 r = v;
    while (p5--) r *= 5;
    return r << p2;
}

static void generate128(fraction *f, wr_digits *out) {
    __int128 s = scaled128(1, f->s5, f->s2), ten_s = s * 10;
    __int128 b = scaled128(f->fract, f->b5, f->b2), m = scaled128(1, f->b5, f->m2);
    bool low, high, more, is_first = true;
    do {
        int q = 0;
        for (; b >= s; b -= s) q++;
        b *= 10;
        m = wrap(m * 10, f->wrap_bits);
        __int128 to_top = ten_s - wrap(b + (f->upper_twice ? m * 2 : m), f->wrap_bits);
        low = b < m || (b == m && f->low_meets);
        high = to_top < 0 || (to_top == 0 && f->high_meets);
        if (m <= 0) low = high = true; /* wrapped, so it was large */
        more = is_first && first_digit(f, out, q, high);
        if (!is_first) append(out, q);
        is_first = false;
    } while (more || !(low || high) || !out->n);
    finish(out, f->exponent, low, high, b * 2 > ten_s ? 1 : b * 2 == ten_s ? 0 : -1);
}

/* The same for numbers that need more than 120 bits. */
static void generate_big(fraction *f, wr_digits *out) {
    wr_bignum b, s, ten_s, m, top;
    wr_bignum_set_scaled(&s, 1, (uint32_t)f->s5, (uint32_t)f->s2);
    wr_bignum_set_scaled(&ten_s, 10, (uint32_t)f->s5, (uint32_t)f->s2);
    wr_bignum_set_scaled(&b, f->fract, (uint32_t)f->b5, (uint32_t)f->b2);
    wr_bignum_set_scaled(&m, 1, (uint32_t)f->b5, (uint32_t)f->m2);
    bool low, high, more, is_first = true;
    do {
        int q = 0;
        for (; wr_bignum_compare(&b, &s) >= 0; q++) wr_bignum_sub(&b, &s);
        wr_bignum_mul_add(&b, 10, 0);
        wr_bignum_mul_add(&m, 10, 0);
        top = b;
        wr_bignum_add(&top, &m);
        if (f->upper_twice) wr_bignum_add(&top, &m);
        int to_low = wr_bignum_compare(&b, &m), to_top = wr_bignum_compare(&ten_s, &top);
        low = to_low < 0 || (to_low == 0 && f->low_meets);
        high = to_top < 0 || (to_top == 0 && f->high_meets);
        more = is_first && first_digit(f, out, q, high);
        if (!is_first) append(out, q);
        is_first = false;
    } while (more || !(low || high) || !out->n);
    wr_bignum_shift_left(&b, 1);
    finish(out, f->exponent, low, high, wr_bignum_compare(&b, &ten_s));
}

/* ---- Java's integers ---------------------------------------------------------------------------------- */

static int floor_log10_pow2(int bits) { return bits > 1 ? (int)(bits * 0.30102999566398120) : 0; }

/* Integers below 2^63: the value's own digits, rounded where they are below its precision. */
static bool java_integer(const binary *v, wr_digits *out) {
    int fract_bits = MANTISSA_BITS - __builtin_ctzll(v->fract);
    if (v->exp2 > 62 || fract_bits - v->exp2 - 1 > 0) return false;
    uint64_t value = v->exp2 >= 52 ? v->fract << (v->exp2 - 52) : v->fract >> (52 - v->exp2);
    int drop = v->exp2 > v->precision ? floor_log10_pow2(v->exp2 - v->precision - 1) : 0;
    uint64_t unit = 1;
    for (int i = 0; i < drop; i++) unit *= 10;
    uint64_t rest = value % unit;
    value /= unit;
    if (drop && rest >= unit / 2) value++;
    set_integer(out, value, drop);
    return true;
}

static void generate(const binary *v, wr_digits_style style, wr_digits *out) {
    bool java = style == WR_DIGITS_JAVA;
    if (java && java_integer(v, out)) return;
    fraction f;
    make_fraction(v, java, &f);
    set_style(v, java, &f);
    if (f.b_bits < 116 && f.ten_s_bits < 116)
        generate128(&f, out);
    else
        generate_big(&f, out);
}

static void normalise(binary *v, uint64_t fract, int biased, int bias) {
    v->gap_halves = fract == 0 && biased > 1;
    v->fract = fract;
    v->exp2 = biased - bias;
    if (biased) {
        v->fract |= (uint64_t)1 << 52;
        return;
    }
    int shift = __builtin_clzll(fract) - 11; /* a denormal number has fewer bits */
    v->fract <<= shift;
    v->exp2 = 1 - bias - shift;
    v->precision -= shift;
}

void wr_digits_of_double(double value, wr_digits_style style, wr_digits *out) {
    uint64_t bits;
    value = fabs(value);
    if (style == WR_DIGITS_SHORTEST && value > 0 && wr_shortest_fast(value, false, out)) return;
    memset(out, 0, sizeof *out);
    if (value == 0) return;
    binary v = {.precision = 53};
    memcpy(&bits, &value, sizeof bits);
    normalise(&v, bits & 0xFFFFFFFFFFFFFu, (int)(bits >> 52), 1023);
    if ((style == WR_DIGITS_JAVA && v.fract << 12 == 0) || !few_digits_double(value, out))
        generate(&v, style, out);
}

void wr_digits_of_float(float value, wr_digits_style style, wr_digits *out) {
    uint32_t bits;
    value = fabsf(value);
    if (style == WR_DIGITS_SHORTEST && value > 0 && wr_shortest_fast((double)value, true, out)) return;
    memset(out, 0, sizeof *out);
    if (value == 0) return;
    binary v = {.precision = 24};
    memcpy(&bits, &value, sizeof bits);
    normalise(&v, (uint64_t)(bits & 0x7FFFFFu) << 29, (int)(bits >> 23), 127);
    if ((style == WR_DIGITS_JAVA && v.fract << 12 == 0) || !few_digits_float(value, out))
        generate(&v, style, out);
}
