/* utf16.c: see utf16.h. */
#include "data/utf16.h"

static size_t sequence_bytes(unsigned char c) {
    return c < 0xC0 || c > 0xF7 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

uint32_t wr_utf8_next(const char *text, size_t len, size_t *at) {
    const unsigned char *p = (const unsigned char *)text + *at;
    size_t n = sequence_bytes(p[0]);
    if (n == 1 || n > len - *at) {
        ++*at;
        return p[0];
    }
    uint32_t code = p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            ++*at;
            return p[0];
        }
        code = code << 6 | (p[i] & 0x3F);
    }
    *at += n;
    return code;
}

size_t wr_utf8_put(char *to, uint32_t code) {
    if (code >= 0xD800 && code < 0xE000) code = '?';
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3F));
    to[0] = (char)((0xF0 << (4 - n)) | code);
    return n;
}

/* Bytes of ASCII at the front. */
static size_t ascii_run(const char *text, size_t len) {
    size_t i = 0;
    while (i < len && (unsigned char)text[i] < 0x80) i++;
    return i;
}

size_t wr_utf16_length(const char *text, size_t len) {
    size_t at = ascii_run(text, len), units = at;
    while (at < len) units += wr_utf8_next(text, len, &at) >= 0x10000 ? 2 : 1;
    return units;
}

size_t wr_utf16_offset(const char *text, size_t len, size_t units, bool *ok, bool *splits) {
    size_t at = ascii_run(text, len < units ? len : units), seen = at;
    *ok = true;
    *splits = false;
    while (seen < units && at < len) {
        size_t begin = at;
        seen += wr_utf8_next(text, len, &at) >= 0x10000 ? 2 : 1;
        if (seen <= units) continue;
        *splits = true;
        return begin;
    }
    *ok = seen == units;
    return at;
}
