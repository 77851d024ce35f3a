/* text_read.c: text to numbers by Java's syntax; see text.h. */
#include <math.h>

#include "base/compiler.h"
#include "data/decimal.h"
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

/* ---- Floating numbers --------------------------------------------------------------------------------- */

static bool parse_decimal(const char *text, size_t len, bool single, double *out) {
    wr_decimal d;
    const char *p = text;
    if (!wr_decimal_scan(&p, text + len, &d) || p != text + len) return false;
    *out = single ? (double)wr_decimal_to_float(&d) : wr_decimal_to_double(&d);
    return true;
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

static int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What follows "0x": digits with an optional point, then p and a binary exponent, which is required. */
static bool parse_hex(const char *text, size_t len, bool single, double *out) {
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
    *out = wr_round_binary(m, sticky, (int)exp2, single);
    return true;
}

static bool is_word(const char *text, size_t len, const char *word) {
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static bool parse_magnitude(const char *text, size_t len, bool single, double *out) {
    if (is_word(text, len, "NaN")) {
        *out = (double)NAN;
        return true;
    }
    if (is_word(text, len, "Infinity")) {
        *out = INFINITY;
        return true;
    }
    if (len && text[len - 1] && strchr("fFdD", text[len - 1])) len--; /* a hex number ends in p and digits */
    if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x')
        return parse_hex(text + 2, len - 2, single, out);
    return parse_decimal(text, len, single, out);
}

static bool parse_floating(const char *text, size_t len, bool single, double *out) {
    while (len && (unsigned char)*text <= ' ') text++, len--;
    while (len && (unsigned char)text[len - 1] <= ' ') len--;
    bool negative = len && *text == '-';
    if (len && (*text == '-' || *text == '+')) text++, len--;
    double v;
    if (!parse_magnitude(text, len, single, &v)) return false;
    *out = negative ? -v : v;
    return true;
}

bool wr_text_to_double(const char *text, size_t len, double *out) {
    return parse_floating(text, len, false, out);
}

bool wr_text_to_float(const char *text, size_t len, float *out) {
    double v;
    if (!parse_floating(text, len, true, &v)) return false;
    *out = (float)v; /* exact: already rounded to a float */
    return true;
}
