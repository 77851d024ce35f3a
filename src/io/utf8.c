/* utf8.c: is it UTF-8? Eight ASCII bytes a step, else character by character (the table of RFC 3629). */
#include <string.h>

#include "io/cell.h"

static bool is_continuation(unsigned char c) { return (c & 0xC0) == 0x80; }

/* Length of the character at p, or 0 if it isn't one. */
static size_t character(const unsigned char *p, size_t left) {
    unsigned char c = p[0];
    if (c < 0x80) return 1;
    if (c < 0xC2 || c > 0xF4) return 0;
    if (c < 0xE0) return left >= 2 && is_continuation(p[1]) ? 2 : 0;
    if (left < 3 || !is_continuation(p[1]) || !is_continuation(p[2])) return 0;
    if (c < 0xF0) {
        bool overlong = c == 0xE0 && p[1] < 0xA0, surrogate = c == 0xED && p[1] > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (left < 4 || !is_continuation(p[3])) return 0;
    return (c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F) ? 0 : 4;
}

size_t wr_utf8_valid(const char *text, size_t len) {
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0;
    while (i < len) {
        uint64_t word;
        if (len - i >= 8) {
            memcpy(&word, p + i, 8);
            if (!(word & 0x8080808080808080u)) {
                i += 8;
                continue;
            }
        }
        size_t n = character(p + i, len - i);
        if (!n) return i;
        i += n;
    }
    return len;
}

size_t wr_byte_order_mark(const char *text, size_t len, bool ends) {
    static const char mark[3] = "\xEF\xBB\xBF";
    if (memcmp(text, mark, len < 3 ? len : 3) != 0) return 0;
    if (len >= 3) return 3;
    return ends ? 0 : SIZE_MAX;
}
