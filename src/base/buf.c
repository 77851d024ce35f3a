/* buf.c: see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void wr_buf_fini(wr_buf *b) {
    wr_free(NULL, b->data, b->cap);
    memset(b, 0, sizeof *b);
}

void wr_buf_clear(wr_buf *b) {
    b->len = 0;
    b->failed = false;
    if (b->data) b->data[0] = 0;
}

bool wr_buf_reserve(wr_buf *b, size_t extra) {
    if (b->failed) return false;
    if (extra > SIZE_MAX / 4 - b->len) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + extra + 1;
    if (need <= b->cap) return true;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need) cap *= 2;
    char *data = wr_realloc(NULL, b->data, b->cap, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void wr_buf_put(wr_buf *b, const void *bytes, size_t len) {
    if (!wr_buf_reserve(b, len)) return;
    if (len) memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = 0;
}

void wr_buf_puts(wr_buf *b, const char *text) { wr_buf_put(b, text, strlen(text)); }

void wr_buf_putc(wr_buf *b, char c) { wr_buf_put(b, &c, 1); }

void wr_buf_printf(wr_buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !wr_buf_reserve(b, (size_t)len)) return;
    va_start(args, format);
    vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}
