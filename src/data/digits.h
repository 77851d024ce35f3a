/* digits.h: the decimal digits of a float or double. */
#ifndef WR_DIGITS_H
#define WR_DIGITS_H

#include <stdbool.h>

typedef enum wr_digits_style {
    WR_DIGITS_SHORTEST, /* the fewest digits that read back to the same number, the closest such */
    WR_DIGITS_JAVA      /* those that Java up to 18 prints, which are now and then one too many */
} wr_digits_style;

/* |value| = 0.d1 d2 … dn * 10^exponent, d1 and dn not 0. Zero has n == 0. */
typedef struct wr_digits {
    char digit[24]; /* '0'..'9' */
    int n;
    int exponent;
} wr_digits;

/* value must be finite; its sign is ignored. */
void wr_digits_of_double(double value, wr_digits_style style, wr_digits *out);
void wr_digits_of_float(float value, wr_digits_style style, wr_digits *out);

#endif
