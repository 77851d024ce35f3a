/* shortest.c: see shortest.h.
 *
 * The shortest decimal of v = m * 2^e: v and the two points halfway to its neighbours are scaled to 17
 * digits, exactly, in 128 bits; then digits are dropped from the right as long as the multiple of 10^j
 * nearest to v stays between the halfway points. That is exact for 1e-3 <= |v| < 1e16. */
#include "data/shortest.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "data/decimal.h"

#define MAX_POWER 19 /* 10^19 < 2^64 */

static const uint64_t powers[MAX_POWER + 1] = {
    1ull,
    10ull,
    100ull,
    1000ull,
    10000ull,
    100000ull,
    1000000ull,
    10000000ull,
    100000000ull,
    1000000000ull,
    10000000000ull,
    100000000000ull,
    1000000000000ull,
    10000000000000ull,
    100000000000000ull,
    1000000000000000ull,
    10000000000000000ull,
    100000000000000000ull,
    1000000000000000000ull,
    10000000000000000000ull,
};

/* v * 10^-scale, v > 0 */
static void set_integer(uint64_t v, int scale, wr_digits *d) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char text[20];
    int at = sizeof text, zeros = 0;
    for (; v >= 100; v /= 100) memcpy(text + (at -= 2), pairs + v % 100 * 2, 2);
    if (v >= 10)
        memcpy(text + (at -= 2), pairs + v * 2, 2);
    else
        text[--at] = (char)('0' + v);
    int n = (int)sizeof text - at;
    while (zeros < n - 1 && text[sizeof text - 1 - (size_t)zeros] == '0') zeros++;
    memcpy(d->digit, text + at, (size_t)n);
    d->exponent = n - scale;
    d->n = n - zeros;
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
static void shortest(uint64_t mantissa, int exponent, double v, wr_digits *d) {
    int scale = 16 - (int)floor(log10(v));
    if (scale > MAX_POWER) scale = MAX_POWER;
    uint64_t power = powers[scale];
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
    set_integer(best, scale, d);
}

/* |v| is a multiple of 10^-3 with few digits: the usual case, by one multiplication and one division. */
static bool short_decimal(double v, wr_digits *d) {
    if (v >= 1e12) return false;
    double thousands = rint(v * 1000);
    if (thousands / 1000 != v) return false;
    set_integer((uint64_t)thousands, 3, d);
    return true;
}

bool wr_shortest_fast(double v, bool single, wr_digits *out) {
    if (!single && short_decimal(v, out)) return true;
    if (v < 1e-3 || v >= 1e16) return false;
    int exponent, precision = single ? 24 : 53;
    uint64_t mantissa = (uint64_t)ldexp(frexp(v, &exponent), precision);
    if (mantissa == (uint64_t)1 << (precision - 1)) return false; /* its neighbour below is nearer */
    shortest(mantissa, exponent - precision, v, out);
    return true;
}
