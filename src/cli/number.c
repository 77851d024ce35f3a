/* number.c: see number.h. */
#include "cli/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_number_text(double value, bool is_float, char *text, size_t size) {
    for (int digits = is_float ? 6 : 15; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) break;
    }
    size_t len = strlen(text);
    if (!strpbrk(text, ".eEn") && len + 3 < size) memcpy(text + len, ".0", 3);
}
