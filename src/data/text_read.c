/* text_read.c: text to numbers; see text.h.
 *
 * A decimal number is w * 10^e with w of up to 19 digits. If w and 10^|e| are both exact doubles, one
 * operation rounds correctly (Clinger). Else, for |e| <= 27, the quotient or product is exact in 128 bits
 * plus a "something follows" bit. What is left, rare, is done with big numbers. */
#include <math.h>

#include "base/compiler.h"
#include "data/bignum.h"
#include "data/text.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* ---- Integers ----------------------------------------------------------------------------------------- */

/* Zeros of the decimal digits of Unicode that fit one UTF-16 unit; each is followed by 1..9. */
static const uint16_t digit_zeros[] = {
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
    0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};

static int wide_digit(unsigned code) {
    for (size_t i = 0; i < WR_COUNT(digit_zeros); i++)
        if (code - digit_zeros[i] < 10u) return (int)(code - digit_zeros[i]);
    return -1;
}

/* The value of the digit at *at, which moves past it; -1 when there is none. */
static int next_digit(const char *text, size_t len, size_t *at) {
    const unsigned char *p = (const unsigned char *)text + *at;
    size_t left = len - *at;
    if (p[0] < 0x80) {
        ++*at;
        return p[0] >= '0' && p[0] <= '9' ? p[0] - '0' : -1;
    }
    if (p[0] >> 5 == 6 && left >= 2) {
        *at += 2;
        return wide_digit((p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu));
    }
    if (p[0] >> 4 == 14 && left >= 3) {
        *at += 3;
        return wide_digit((p[0] & 0xFu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu));
    }
    return -1;
}

#define SAFE_DIGITS 18u /* so many characters can't overflow 64 bits */

/* limit: the largest magnitude of a positive number; a negative one may be 1 more. */
static bool parse_integer(const char *text, size_t len, uint64_t limit, int64_t *out) {
    size_t at = 0;
    bool negative = len && text[0] == '-';
    if (len && (text[0] == '-' || text[0] == '+')) at++;
    if (at == len) return false;
    limit += negative;
    uint64_t v = 0;
    for (; at < len && at < SAFE_DIGITS && is_digit(text[at]); at++) v = v * 10 + (unsigned)(text[at] - '0');
    while (at < len) {
        int digit = next_digit(text, len, &at);
        if (digit < 0 || v > (limit - (unsigned)digit) / 10) return false;
        v = v * 10 + (unsigned)digit;
    }
    if (v > limit) return false;
    *out = (int64_t)(negative ? 0 - v : v);
    return true;
}

bool wr_text_to_int(const char *text, size_t len, int32_t *out) {
    int64_t v;
    if (!parse_integer(text, len, INT32_MAX, &v)) return false;
    *out = (int32_t)v;
    return true;
}

bool wr_text_to_long(const char *text, size_t len, int64_t *out) {
    return parse_integer(text, len, INT64_MAX, out);
}

/* ---- Rounding to a floating format -------------------------------------------------------------------- */

typedef unsigned __int128 wide;

typedef struct format {
    int precision; /* bits, the hidden one included */
    int least;     /* the smallest number is 2^least */
    int most;      /* numbers stay below 2^most */
} format;
static const format double_format = {53, -1074, 1024}, float_format = {24, -149, 128};

static int bits_of(wide m) {
    uint64_t high = (uint64_t)(m >> 64), low = (uint64_t)m;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

/* (m, and a little more if sticky) * 2^exp2, rounded to the nearest number of the format, ties to even. */
static double round_to(const format *f, wide m, bool sticky, int exp2) {
    int bits = bits_of(m), drop = WR_MAX(bits - f->precision, f->least - exp2);
    if (!m || drop > bits) return 0;
    if (drop > 0) {
        wide half = (wide)1 << (drop - 1), rest = m & ((half << 1) - 1);
        m = drop < 128 ? m >> drop : 0;
        if (rest > half || (rest == half && (sticky || (m & 1)))) m++;
        exp2 += drop;
    }
    if (bits_of(m) + exp2 > f->most) return INFINITY;
    return ldexp((double)(uint64_t)m, exp2);
}

/* ---- Decimal ------------------------------------------------------------------------------------------ */

#define W_DIGITS 19 /* decimal digits that always fit 64 bits */
/* Digits that are read at all; of those beyond only "is one not 0" matters, as no number halfway between two
 * doubles has more than 767. */
#define MOST_DIGITS 800

typedef struct decimal {
    const char *text; /* digits and at most one point */
    size_t len;
    uint64_t w; /* the first W_DIGITS significant digits */
    int64_t n;  /* significant digits; the value is w * 10^e, or a bit more if n > W_DIGITS */
    int64_t e;
} decimal;

/* w * 10^e, |e| <= 27, w != 0: exact up to the final rounding. */
static double scale128(const format *f, uint64_t w, int e) {
    uint64_t p = 1;
    for (int i = e < 0 ? -e : e; i > 0; i--) p *= 5; /* 5^27 < 2^63 */
    if (e >= 0) return round_to(f, (wide)w * p, false, e);
    int shift = __builtin_clzll(w);
    wide n = (wide)(w << shift) << 64;
    return round_to(f, n / p, n % p != 0, e - shift - 64);
}

/* Reads up to MOST_DIGITS significant digits; *sticky: others that are not 0 follow. */
static int read_digits(const decimal *d, wr_bignum *n, bool *sticky) {
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
static wide divide(wr_bignum *n, wr_bignum *d, int *exp2, bool *sticky) {
    int shift = 64 - (int)wr_bignum_bits(n) + (int)wr_bignum_bits(d);
    wr_bignum_shift_left(shift > 0 ? n : d, (uint32_t)(shift > 0 ? shift : -shift));
    *exp2 -= shift;
    wr_bignum_shift_left(d, 64);
    wide q = 0;
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

static double scale_big(const format *f, const decimal *d) {
    wr_bignum n, divisor;
    bool sticky;
    int taken = read_digits(d, &n, &sticky);
    int e = (int)d->e + (int)WR_MIN(d->n, W_DIGITS) - taken, exp2 = e;
    if (e > 0) wr_bignum_mul_pow5(&n, (uint32_t)e);
    wr_bignum_set_scaled(&divisor, 1, e < 0 ? (uint32_t)-e : 0, 0);
    wide q = divide(&n, &divisor, &exp2, &sticky);
    return round_to(f, q, sticky, exp2);
}

static double scale(const format *f, const decimal *d) {
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool is_whole = d->n <= W_DIGITS;
    int64_t magnitude = d->e + WR_MIN(d->n, W_DIGITS); /* the value is below 10^magnitude */
    if (!d->w || magnitude < -330) return 0;
    if (magnitude > 330) return INFINITY;
    if (f == &double_format && is_whole && d->w >> 53 == 0 && d->e >= -22 && d->e <= 22) {
        double w = (double)d->w;
        return d->e < 0 ? w / pow10[-d->e] : w * pow10[d->e];
    }
    if (d->e >= -27 && d->e <= 27) {
        double least = scale128(f, d->w, (int)d->e);
        if (is_whole || least == scale128(f, d->w + 1, (int)d->e)) return least;
    }
    return scale_big(f, d);
}

/* [+-]digits, all of it; clamped far outside of what matters. */
static bool read_exponent(const char *p, const char *end, int64_t *out) {
    bool negative = p < end && *p == '-';
    int64_t v = 0;
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    for (; p < end && is_digit(*p); p++) v = WR_MIN(v * 10 + (*p - '0'), INT32_MAX);
    *out = negative ? -v : v;
    return p == end;
}

static bool parse_decimal(const char *text, size_t len, const format *f, double *out) {
    decimal d = {.text = text};
    const char *p = text, *end = text + len, *point = NULL;
    for (; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = p;
            continue;
        }
        if (*p == '0' && !d.n) continue;
        if (d.n++ < W_DIGITS) d.w = d.w * 10 + (unsigned)(*p - '0');
    }
    d.len = (size_t)(p - text);
    if (d.len == (point ? 1u : 0u)) return false;
    if (point) d.e -= p - point - 1;
    if (d.n > W_DIGITS) d.e += d.n - W_DIGITS;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int64_t e;
        if (!read_exponent(p + 1, end, &e)) return false;
        d.e += e;
    } else if (p < end) {
        return false;
    }
    *out = scale(f, &d);
    return true;
}

/* ---- Hexadecimal, and what both share ----------------------------------------------------------------- */

static int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What follows "0x": digits with an optional point, then p and a binary exponent, which is required. */
static bool parse_hex(const char *text, size_t len, const format *f, double *out) {
    const char *p = text, *end = text + len, *point = NULL;
    uint64_t m = 0;
    bool sticky = false;
    int64_t exp2 = 0, e;
    for (; p < end && (hex_digit(*p) >= 0 || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = p;
            continue;
        }
        if (m >> 60) {
            sticky |= *p != '0';
            exp2 += 4;
        } else {
            m = m << 4 | (unsigned)hex_digit(*p);
        }
    }
    bool has_digits = p - text > (point ? 1 : 0);
    if (!has_digits || p == end || (*p | 0x20) != 'p' || !read_exponent(p + 1, end, &e)) return false;
    if (point) exp2 -= 4 * (p - point - 1);
    exp2 = WR_MAX(WR_MIN(exp2 + e, 5000), -5000);
    *out = round_to(f, m, sticky, (int)exp2);
    return true;
}

static bool is_word(const char *text, size_t len, const char *word) {
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static bool parse_magnitude(const char *text, size_t len, const format *f, double *out) {
    if (is_word(text, len, "NaN")) {
        *out = (double)NAN;
        return true;
    }
    if (is_word(text, len, "Infinity")) {
        *out = INFINITY;
        return true;
    }
    if (len && text[len - 1] && strchr("fFdD", text[len - 1])) len--; /* a hex number ends in p and digits */
    if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') return parse_hex(text + 2, len - 2, f, out);
    return parse_decimal(text, len, f, out);
}

static bool parse_floating(const char *text, size_t len, const format *f, double *out) {
    while (len && (unsigned char)*text <= ' ') text++, len--;
    while (len && (unsigned char)text[len - 1] <= ' ') len--;
    bool negative = len && *text == '-';
    if (len && (*text == '-' || *text == '+')) text++, len--;
    double v;
    if (!parse_magnitude(text, len, f, &v)) return false;
    *out = negative ? -v : v;
    return true;
}

bool wr_text_to_double(const char *text, size_t len, double *out) {
    return parse_floating(text, len, &double_format, out);
}

bool wr_text_to_float(const char *text, size_t len, float *out) {
    double v;
    if (!parse_floating(text, len, &float_format, &v)) return false;
    *out = (float)v; /* exact: already rounded to a float */
    return true;
}
