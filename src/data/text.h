/* text.h: values to text and back, by Java's rules, which are the language's: 1.0E10, 100.0, true, [a, b].
 * Nothing here depends on the locale, and nothing but wr_text_of_value allocates. */
#ifndef WR_TEXT_H
#define WR_TEXT_H

#include "base/buf.h"
#include "weir_ext.h"

#define WR_NUMBER_TEXT 32u /* room that any number needs */

/* Each writes at most WR_NUMBER_TEXT bytes, no terminator, and returns how many. */
size_t wr_text_of_long(int64_t v, char *out);
/* As Java's Double.toString and Float.toString (up to Java 18) print them: 1.0E-5, 0.001, 1.0E7, NaN. */
size_t wr_text_of_double(double v, char *out);
size_t wr_text_of_float(float v, char *out);

/* Appends what Java's String.valueOf gives: null is "null", a list "[a, b]", a set the same in order of
 * insertion, a map "{k=v, k2=v2}" in its order, an error its message. */
void wr_text_of_value(wr_buf *out, const weir_value *v);

/* Java's parsers; false, with *out untouched, when the text is not a number of that kind. Integers: an
 * optional sign and decimal digits (of any script), no blanks, in range. */
bool wr_text_to_int(const char *text, size_t len, int32_t *out);
bool wr_text_to_long(const char *text, size_t len, int64_t *out);
/* Floating numbers: blanks around are dropped; decimal or hexadecimal (0x1.8p3), an f or d at the end, NaN,
 * Infinity. Correctly rounded; too large becomes infinite, too small 0. */
bool wr_text_to_double(const char *text, size_t len, double *out);
bool wr_text_to_float(const char *text, size_t len, float *out);

#endif
