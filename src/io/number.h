/* number.h: numbers as text, in and out. Independent of the locale; exact; no allocation.
 *
 * In: a decimal with an optional sign, fraction and exponent ("-1.5e3"); for floating point also NaN and
 * Infinity in any case. Doubles and floats are the nearest representable value, ties to even.
 * Out: the shortest decimal that reads back to the same value, in plain notation from 1e-7 to below 1e21. */
#ifndef WR_IO_NUMBER_H
#define WR_IO_NUMBER_H

#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"

typedef enum wr_number_status {
    WR_NUMBER_OK = 0,
    WR_NUMBER_MALFORMED = 1,
    WR_NUMBER_RANGE = 2 /* a number, but not one that the type can hold */
} wr_number_status;

/* The whole of text[0..len) must be the number. */
wr_number_status wr_parse_long(const char *text, size_t len, int64_t *out) WR_NODISCARD;
wr_number_status wr_parse_int(const char *text, size_t len, int32_t *out) WR_NODISCARD;
wr_number_status wr_parse_double(const char *text, size_t len, double *out) WR_NODISCARD;
wr_number_status wr_parse_float(const char *text, size_t len, float *out) WR_NODISCARD;

/* Write without a terminator and return the length. NaN and infinities give "NaN", "Infinity", "-Infinity".
 */
#define WR_NUMBER_TEXT_BYTES 40
size_t wr_format_long(int64_t v, char *out);
size_t wr_format_double(double v, char *out);
size_t wr_format_float(float v, char *out);

#endif
