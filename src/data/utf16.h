/* utf16.h: positions in UTF-8 text counted as Java counts them, in UTF-16 units: a character beyond U+FFFF is
 * two. A stray byte counts as one unit. */
#ifndef WR_UTF16_H
#define WR_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many units the text has. */
size_t wr_utf16_length(const char *text, size_t len);
/* The byte at which unit number `units` begins; `len` when that is the text's length. *ok: false beyond the
 * end. In the middle of a pair it is where the pair begins, and *splits is true. */
size_t wr_utf16_offset(const char *text, size_t len, size_t units, bool *ok, bool *splits);
/* The character at *at, which goes on to the next. A stray byte stands for itself. */
uint32_t wr_utf8_next(const char *text, size_t len, size_t *at);
/* Writes a character, up to 4 bytes; surrogates become '?', as Java encodes them. Returns how many. */
size_t wr_utf8_put(char *to, uint32_t code);

#endif
