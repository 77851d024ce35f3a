/* buf.h: a growing text or byte buffer, always NUL-terminated. A failed allocation is remembered in
 * `failed`, so that calls in a row need one check at the end. */
#ifndef WR_BUF_H
#define WR_BUF_H

#include <stdbool.h>
#include "base/alloc.h"

typedef struct wr_buf {
    char *data; /* never NULL after the first append; data[len] == 0 */
    size_t len, cap;
    bool failed;
} wr_buf;

#define WR_BUF_INIT                                                                                          \
    { 0 }
void wr_buf_fini(wr_buf *b);
void wr_buf_clear(wr_buf *b); /* keeps the memory */
void wr_buf_put(wr_buf *b, const void *bytes, size_t len);
void wr_buf_puts(wr_buf *b, const char *text);
void wr_buf_putc(wr_buf *b, char c);
void wr_buf_printf(wr_buf *b, const char *format, ...) WR_PRINTF(2, 3);
bool wr_buf_reserve(wr_buf *b, size_t extra); /* room for extra bytes more; false: failed */

#endif
