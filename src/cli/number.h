/* number.h: numbers as JSON text. */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* The shortest text that reads back to the same double (or float), always with a fraction or an exponent. */
void cli_number_text(double value, bool is_float, char *text, size_t size);

#endif
