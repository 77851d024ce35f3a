/* number_format.c: numbers to text. See number.h.
 *
 * The shortest decimal of a double v = m * 2^e: v and the two points halfway to its neighbours are scaled to
 * 17 digits, exactly, in 128 bits; then digits are dropped from the right as long as the multiple of 10^j
 * nearest to v stays between the halfway points. That is exact for 1e-3 <= |v| < 1e16; the rest tries 15,
 * 16 and 17 digits (floats: 6 to 9) with the C library, which is as short but slower. */
#include "io/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/number_tables.h"

/* Digits without trailing zeros: the value is 0.d1d2d3... * 10^point. */
typedef struct digits {
    char text[24];
    int n, point;
} digits;

static size_t put_unsigned(uint64_t v, char *out) {
    char reversed[20];
    size_t n = 0;
    do {
        reversed[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    for (size_t i = 0; i < n; i++) out[i] = reversed[n - 1 - i];
    return n;
}

size_t wr_format_long(int64_t v, char *out) {
    if (v >= 0) return put_unsigned((uint64_t)v, out);
    *out = '-';
    return 1 + put_unsigned(0 - (uint64_t)v, out + 1);
}

static size_t put_exponential(const digits *d, char *out) {
    size_t at = 0;
    out[at++] = d->text[0];
    if (d->n > 1) {
        out[at++] = '.';
        memcpy(out + at, d->text + 1, (size_t)d->n - 1);
        at += (size_t)d->n - 1;
    }
    out[at++] = 'e';
    return at + wr_format_long(d->point - 1, out + at);
}

static size_t put_plain(const digits *d, char *out) {
    size_t at = 0, n = (size_t)d->n;
    if (d->point <= 0) {
        memcpy(out, "0.", 2);
        memset(out + 2, '0', (size_t)-d->point);
        at = 2 + (size_t)-d->point;
        memcpy(out + at, d->text, n);
        return at + n;
    }
    size_t point = (size_t)d->point, whole = WR_MIN(n, point);
    memcpy(out, d->text, whole);
    memset(out + whole, '0', point - whole);
    at = point;
    out[at++] = '.';
    if (n <= point) {
        out[at++] = '0';
        return at;
    }
    memcpy(out + at, d->text + point, n - point);
    return at + n - point;
}

static size_t put_digits(const digits *d, char *out) {
    return d->point > 21 || d->point < -6 ? put_exponential(d, out) : put_plain(d, out);
}

static void digits_from_integer(uint64_t v, int scale, digits *d) {
    size_t n = put_unsigned(v, d->text);
    d->point = (int)n - scale;
    while (n > 1 && d->text[n - 1] == '0') n--;
    d->n = (int)n;
}

/* v * 10^scale as whole + a bit more, exact. */
typedef struct scaled {
    uint64_t whole;
    int rest; /* the bit more: -1 below a half, 0 exactly a half, 1 above; -2: none */
} scaled;

static scaled scale_exactly(uint64_t quarters, int down, uint64_t power) {
    wr_uint128 product = (wr_uint128)quarters * power;
    if (down <= 0) return (scaled){(uint64_t)(product << -down), -2};
    scaled s = {(uint64_t)(product >> down), -2};
    wr_uint128 rest = product & (((wr_uint128)1 << down) - 1), half = (wr_uint128)1 << (down - 1);
    if (rest) s.rest = rest < half ? -1 : rest == half ? 0 : 1;
    return s;
}

/* The multiple of step nearest to v; of two that are as near, the even one. */
static uint64_t nearest_multiple(scaled v, uint64_t step) {
    uint64_t n = v.whole / step, rest = v.whole - n * step, half = step / 2;
    bool odd = n & 1, up;
    if (step == 1)
        up = v.rest > 0 || (v.rest == 0 && odd);
    else
        up = rest > half || (rest == half && (v.rest != -2 || odd));
    return (n + up) * step;
}

/* Mantissa and exponent of 1e-3 <= v < 1e16; the mantissa is not the least of its exponent. */
static void shortest(uint64_t mantissa, int exponent, double v, digits *d) {
    int scale = 16 - (int)floor(log10(v));
    if (scale > WR_MAX_POWER_OF_TEN) scale = WR_MAX_POWER_OF_TEN;
    uint64_t power = wr_powers_of_ten[scale];
    int down = 2 - exponent; /* quarters of the last place, so that halfway points are whole */
    scaled middle = scale_exactly(4 * mantissa, down, power);
    scaled low = scale_exactly(4 * mantissa - 2, down, power);
    scaled high = scale_exactly(4 * mantissa + 2, down, power);
    bool ends_count = !(mantissa & 1); /* a halfway point itself is read as the even neighbour */
    uint64_t least = low.whole + (low.rest != -2 || !ends_count);
    uint64_t most = high.whole - (high.rest == -2 && !ends_count);
    uint64_t best = nearest_multiple(middle, 1);
    for (uint64_t step = 10; step <= 10000000000000000ull; step *= 10) {
        uint64_t shorter = nearest_multiple(middle, step);
        if (shorter < least || shorter > most) break;
        best = shorter;
    }
    digits_from_integer(best, scale, d);
}

/* By the C library: the fewest of first..last digits that read back. The locale's point is never used. */
static void shortest_slowly(double v, bool single, digits *d) {
    char text[48];
    bool is_subnormal = v < (single ? (double)FLT_MIN : DBL_MIN);
    for (int precision = is_subnormal ? 1 : single ? 6 : 15; precision <= (single ? 9 : 17); precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, v);
        if (single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v) break;
    }
    const char *e = strchr(text, 'e');
    d->n = 0;
    for (const char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9') d->text[d->n++] = *p;
    while (d->n > 1 && d->text[d->n - 1] == '0') d->n--;
    d->point = atoi(e + 1) + 1;
}

static size_t put_special(double v, char *out) {
    const char *text = isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity";
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

/* |v| is a multiple of 10^-3 with few digits: the usual case, by one multiplication and one division. */
static bool short_decimal(double v, digits *d) {
    if (v >= 1e12) return false;
    double thousands = rint(v * 1000);
    if (thousands / 1000 != v) return false;
    digits_from_integer((uint64_t)thousands, 3, d);
    return true;
}

static size_t format_floating(double v, bool single, char *out) {
    if (!isfinite(v)) return put_special(v, out);
    size_t sign = signbit(v) ? 1 : 0;
    if (sign) *out = '-';
    v = fabs(v);
    if (v == 0) {
        memcpy(out + sign, "0.0", 3);
        return sign + 3;
    }
    digits d;
    if (!single && short_decimal(v, &d)) return sign + put_digits(&d, out + sign);
    int exponent, precision = single ? 24 : 53;
    uint64_t mantissa = (uint64_t)ldexp(frexp(v, &exponent), precision);
    if (v >= 1e-3 && v < 1e16 && mantissa != (uint64_t)1 << (precision - 1))
        shortest(mantissa, exponent - precision, v, &d);
    else
        shortest_slowly(v, single, &d);
    return sign + put_digits(&d, out + sign);
}

size_t wr_format_double(double v, char *out) { return format_floating(v, false, out); }

size_t wr_format_float(float v, char *out) { return format_floating((double)v, true, out); }
