/* number_format.c: numbers to text. See number.h. */
#include "io/number.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "data/digits.h"
#include "data/text.h"

size_t wr_format_long(int64_t v, char *out) { return wr_text_of_long(v, out); }

static size_t put_exponential(const wr_digits *d, char *out) {
    size_t at = 0;
    out[at++] = d->digit[0];
    if (d->n > 1) {
        out[at++] = '.';
        memcpy(out + at, d->digit + 1, (size_t)d->n - 1);
        at += (size_t)d->n - 1;
    }
    out[at++] = 'e';
    return at + wr_text_of_long(d->exponent - 1, out + at);
}

static size_t put_plain(const wr_digits *d, char *out) {
    size_t at = 0, n = (size_t)d->n;
    if (d->exponent <= 0) {
        memcpy(out, "0.", 2);
        memset(out + 2, '0', (size_t)-d->exponent);
        at = 2 + (size_t)-d->exponent;
        memcpy(out + at, d->digit, n);
        return at + n;
    }
    size_t point = (size_t)d->exponent, whole = WR_MIN(n, point);
    memcpy(out, d->digit, whole);
    memset(out + whole, '0', point - whole);
    at = point;
    out[at++] = '.';
    if (n <= point) {
        out[at++] = '0';
        return at;
    }
    memcpy(out + at, d->digit + point, n - point);
    return at + n - point;
}

static size_t put_digits(const wr_digits *d, char *out) {
    return d->exponent > 21 || d->exponent < -6 ? put_exponential(d, out) : put_plain(d, out);
}

static size_t put_special(double v, char *out) {
    const char *text = isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity";
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

/* Of |v|, without its sign. */
static size_t put_magnitude(double v, bool single, char *out) {
    wr_digits d;
    if (v == 0) {
        memcpy(out, "0.0", 3);
        return 3;
    }
    if (single)
        wr_digits_of_float((float)v, WR_DIGITS_SHORTEST, &d);
    else
        wr_digits_of_double(v, WR_DIGITS_SHORTEST, &d);
    return put_digits(&d, out);
}

static size_t format_floating(double v, bool single, char *out) {
    if (!isfinite(v)) return put_special(v, out);
    size_t sign = signbit(v) ? 1 : 0;
    if (sign) *out = '-';
    return sign + put_magnitude(fabs(v), single, out + sign);
}

/* A number of few digits, which most are, without taking its digits apart: when v is the double nearest to
 * thousandths / 1000 and has at most 15 digits, these are the shortest that read back to it. 0: it is not. */
static size_t format_thousandths(double v, char *out) {
    double magnitude = fabs(v);
    if (!(magnitude >= 1e-3 && magnitude < 1e12)) return 0;
    int64_t thousandths = (int64_t)(magnitude * 1000 + 0.5);
    if ((double)thousandths / 1000 != magnitude) return 0;
    uint64_t whole = (uint64_t)thousandths / 1000, rest = (uint64_t)thousandths % 1000;
    size_t at = 0;
    if (v < 0) out[at++] = '-';
    at += wr_text_of_long((int64_t)whole, out + at);
    out[at] = '.';
    out[at + 1] = (char)('0' + rest / 100);
    out[at + 2] = (char)('0' + rest / 10 % 10);
    out[at + 3] = (char)('0' + rest % 10);
    return at + (rest % 10 ? 4 : rest % 100 ? 3 : 2);
}

size_t wr_format_double(double v, char *out) {
    size_t len = format_thousandths(v, out);
    return WR_LIKELY(len) ? len : format_floating(v, false, out);
}

size_t wr_format_float(float v, char *out) { return format_floating((double)v, true, out); }
