/* number_parse.c: text to numbers. See number.h.
 *
 * Floating point: up to 19 digits are gathered exactly in a uint64 w, the value is w * 10^e. For |e| <= 19
 * both w * 10^e and w / 10^-e are computed in 128 bits without loss (a remainder only says "not exact"), and
 * rounded once: that is the nearest value by construction. All else, about one number in thousands of real
 * data, goes to the C library's conversion in the C locale. */
#include "io/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/number_tables.h"

#define LONGEST_NUMBER    1100 /* more digits than this can't change the nearest double */
#define EXPONENT_OVERFLOW 100000

wr_number_status wr_parse_long(const char *text, size_t len, int64_t *out) {
    const char *p = text, *end = text + len;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return WR_NUMBER_MALFORMED;
    uint64_t v = 0;
    const char *safe = end - p > 18 ? p + 18 : end; /* 18 digits can't overflow */
    for (; p < safe; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9) return WR_NUMBER_MALFORMED;
        v = v * 10 + digit;
    }
    bool over = false;
    for (; p < end; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9) return WR_NUMBER_MALFORMED;
        over |= __builtin_mul_overflow(v, (uint64_t)10, &v) || __builtin_add_overflow(v, (uint64_t)digit, &v);
    }
    if (over || v > (uint64_t)INT64_MAX + negative) return WR_NUMBER_RANGE;
    *out = (int64_t)(negative ? 0 - v : v);
    return WR_NUMBER_OK;
}

wr_number_status wr_parse_int(const char *text, size_t len, int32_t *out) {
    int64_t v;
    wr_number_status status = wr_parse_long(text, len, &v);
    if (status != WR_NUMBER_OK) return status;
    if (v < INT32_MIN || v > INT32_MAX) return WR_NUMBER_RANGE;
    *out = (int32_t)v;
    return WR_NUMBER_OK;
}

typedef struct decimal {
    uint64_t digits; /* the first 19 significant ones */
    int exponent;    /* value = digits * 10^exponent, if complete */
    bool negative;
    bool complete; /* no digit but zeros was left out */
} decimal;

/* Takes digits from *p on; after the point each one lowers the exponent. */
static void take_digits(const char **p, const char *end, bool fraction, int *n_significant, decimal *d) {
    const char *q = *p; /* a run longer than the bound ends the number early, as malformed */
    uint64_t w = d->digits;
    int n = *n_significant, shift = 0;
    for (; q < end && q - *p < EXPONENT_OVERFLOW; q++) {
        unsigned digit = (unsigned)*q - '0';
        if (digit > 9) break;
        if (n < 19) {
            w = w * 10 + digit;
            n += w != 0;
            shift -= fraction;
        } else {
            if (digit) d->complete = false;
            shift += !fraction;
        }
    }
    d->digits = w;
    d->exponent += shift;
    *n_significant = n;
    *p = q;
}

/* "e-12" at *p; false: an e without digits. */
static bool take_exponent(const char **p, const char *end, decimal *d) {
    const char *q = *p + 1;
    bool negative = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+')) q++;
    const char *first = q;
    int e = 0;
    for (; q < end && (unsigned)*q - '0' <= 9; q++)
        if (e < EXPONENT_OVERFLOW) e = e * 10 + (*q - '0');
    *p = q;
    d->exponent += negative ? -e : e;
    return q > first;
}

static bool scan_decimal(const char *text, size_t len, decimal *d) {
    const char *p = text, *end = text + len;
    *d = (decimal){.complete = true};
    if (p < end && (*p == '-' || *p == '+')) d->negative = *p++ == '-';
    int n_significant = 0;
    const char *first = p;
    take_digits(&p, end, false, &n_significant, d);
    size_t n_digits = (size_t)(p - first);
    if (p < end && *p == '.') {
        first = ++p;
        take_digits(&p, end, true, &n_significant, d);
        n_digits += (size_t)(p - first);
    }
    if (!n_digits) return false;
    if (p < end && (*p | 32) == 'e' && !take_exponent(&p, end, d)) return false;
    return p == end;
}

/* Rounds v (with `sticky`: and a bit more) to `precision` bits, ties to even; exact in a double then. v is
 * not 0. The result is value * 2^*shift. */
static uint64_t round_bits(wr_uint128 v, bool sticky, int precision, int *shift) {
    uint64_t high = (uint64_t)(v >> 64);
    int bits = high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)v);
    int drop = bits - precision;
    if (drop <= 0) {
        *shift = 0;
        return (uint64_t)v; /* sticky is never set here: quotients have more bits than precision */
    }
    wr_uint128 half = (wr_uint128)1 << (drop - 1);
    wr_uint128 rest = v & ((half << 1) - 1);
    uint64_t kept = (uint64_t)(v >> drop);
    if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
    *shift = drop;
    return kept;
}

/* The nearest value with `precision` bits, for |exponent| <= 19. */
static double nearest(const decimal *d, int precision) {
    int shift;
    uint64_t kept;
    if (d->exponent >= 0) {
        kept = round_bits((wr_uint128)d->digits * wr_powers_of_ten[d->exponent], false, precision, &shift);
    } else {
        uint64_t divisor = wr_powers_of_ten[-d->exponent];
        int up = __builtin_clzll(d->digits) + 64; /* the dividend gets its highest bit at 127 */
        wr_uint128 dividend = (wr_uint128)d->digits << up;
        wr_uint128 quotient = dividend / divisor;
        kept = round_bits(quotient, quotient * divisor != dividend, precision, &shift);
        shift -= up;
    }
    return ldexp((double)kept, shift);
}

/* 1: NaN or Infinity; *out has it. */
static bool parse_special(const char *text, size_t len, double *out) {
    static const struct {
        const char *name;
        double value;
    } specials[] = {{"nan", NAN}, {"infinity", INFINITY}, {"inf", INFINITY}};
    bool negative = len && *text == '-';
    if (len && (*text == '-' || *text == '+')) text++, len--;
    for (size_t i = 0; i < WR_COUNT(specials); i++) {
        size_t k = 0;
        while (k < len && specials[i].name[k] && (text[k] | 32) == specials[i].name[k]) k++;
        if (k != len || specials[i].name[k]) continue;
        *out = negative ? -specials[i].value : specials[i].value;
        return true;
    }
    return false;
}

static locale_t c_locale(void) {
    return newlocale(LC_ALL_MASK, "C", (locale_t)0); /* a builtin: it neither allocates nor fails */
}

/* By the C library; the text is a well-formed decimal. */
static wr_number_status parse_slowly(const char *text, size_t len, bool single, double *out) {
    char copy[LONGEST_NUMBER + 1];
    if (len > LONGEST_NUMBER) return WR_NUMBER_RANGE;
    memcpy(copy, text, len);
    copy[len] = 0;
    locale_t c = c_locale();
    *out = single ? (double)strtof_l(copy, NULL, c) : strtod_l(copy, NULL, c);
    return isinf(*out) ? WR_NUMBER_RANGE : WR_NUMBER_OK;
}

static wr_number_status parse_floating(const char *text, size_t len, bool single, double *out) {
    decimal d;
    if (WR_UNLIKELY(!scan_decimal(text, len, &d)))
        return parse_special(text, len, out) ? WR_NUMBER_OK : WR_NUMBER_MALFORMED;
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double v;
    if (d.digits == 0 && d.complete) {
        v = 0;
    } else if (!single && d.digits <= (uint64_t)1 << 53 && d.exponent >= -22 && d.exponent <= 22 &&
               d.complete) {
        /* both are exact, so the one operation rounds correctly (Clinger 1990) */
        v = d.exponent < 0 ? (double)d.digits / exact[-d.exponent] : (double)d.digits * exact[d.exponent];
    } else if (d.exponent >= -WR_MAX_POWER_OF_TEN && d.exponent <= WR_MAX_POWER_OF_TEN && d.complete) {
        v = nearest(&d, single ? 24 : 53);
    } else {
        return parse_slowly(text, len, single, out);
    }
    *out = d.negative ? -v : v;
    return WR_NUMBER_OK;
}

wr_number_status wr_parse_double(const char *text, size_t len, double *out) {
    return parse_floating(text, len, false, out);
}

wr_number_status wr_parse_float(const char *text, size_t len, float *out) {
    double v;
    wr_number_status status = parse_floating(text, len, true, &v);
    if (status == WR_NUMBER_OK) *out = (float)v;
    return status;
}
