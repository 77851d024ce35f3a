/* decimal.h: decimal text to binary floating point, whatever syntax is around it: Java's (text_read.c) and
 * that of data (io/number_parse.c). Correctly rounded, ties to even; independent of the locale; no
 * allocation. */
#ifndef WR_DECIMAL_H
#define WR_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 wr_uint128;

/* w * 10^exponent, and a bit more unless complete. */
typedef struct wr_decimal {
    uint64_t w; /* the first 19 significant digits */
    int n;      /* how many there are in w; 0: the value is 0 */
    int64_t exponent;
    bool complete;    /* no digit but zeros was left out of w */
    const char *text; /* the digits, with at most one point */
    size_t len;
} wr_decimal;

/* Reads digits with at most one point, and an exponent if there is one, from *p on, and moves *p behind them.
 * No sign. False: no digit, or an e without digits. */
bool wr_decimal_scan(const char **p, const char *end, wr_decimal *d);
/* The nearest double, or float; infinite when it is too large. */
double wr_decimal_to_double(const wr_decimal *d);
float wr_decimal_to_float(const wr_decimal *d);

/* (m, and a little more if sticky) * 2^exp2, rounded to the nearest double, or float (exact in the double).
 */
double wr_round_binary(wr_uint128 m, bool sticky, int exp2, bool single);

#endif
