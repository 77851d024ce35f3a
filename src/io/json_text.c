/* json_text.c: see json_text.h. */
#include "io/json_text.h"

#include <string.h>

/* High bit of each byte that is '"', '\\' or a control character; exact up to the first such byte. */
static uint64_t special_bytes(uint64_t w) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = w ^ (ones * '"'), backslash = w ^ (ones * '\\');
    uint64_t is_quote = (quote - ones) & ~quote, is_backslash = (backslash - ones) & ~backslash;
    uint64_t is_control = (w - ones * 0x20) & ~w;
    return (is_quote | is_backslash | is_control) & highs;
}

/* The first byte from p on that a plain string can't have. */
static const char *plain_end(const char *p, const char *end) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t found = special_bytes(w);
        if (found) return p + (__builtin_ctzll(found) >> 3);
        p += 8;
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) p++;
    return p;
}

const char *wr_json_string_at(const char *p, const char *end, wr_json_string *out) {
    *out = (wr_json_string){.text = p + 1};
    for (p++;;) {
        p = plain_end(p, end);
        if (p == end) return NULL;
        if (*p == '"') break;
        if (*p != '\\' || end - p < 2) return NULL;
        out->has_escapes = true;
        p += 2;
    }
    out->len = (size_t)(p - out->text);
    return p + 1;
}

static const char *digits(const char *p, const char *end) {
    const char *first = p;
    while (p < end && (unsigned)*p - '0' <= 9) p++;
    return p > first ? p : NULL;
}

const char *wr_json_number_at(const char *p, const char *end, bool *is_integer) {
    *is_integer = true;
    if (p < end && *p == '-') p++;
    const char *first = p;
    if (!(p = digits(p, end)) || (*first == '0' && p - first > 1)) return NULL;
    if (p < end && *p == '.') {
        *is_integer = false;
        if (!(p = digits(p + 1, end))) return NULL;
    }
    if (p < end && (*p | 32) == 'e') {
        *is_integer = false;
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        p = digits(p, end);
    }
    return p;
}

const char *wr_json_word_at(const char *p, const char *end, const char *word) {
    size_t len = strlen(word);
    return (size_t)(end - p) >= len && memcmp(p, word, len) == 0 ? p + len : NULL;
}

static const char *skip_scalar(const char *p, const char *end) {
    wr_json_string s;
    bool unused;
    switch (*p) {
    case '"': return wr_json_string_at(p, end, &s);
    case 't': return wr_json_word_at(p, end, "true");
    case 'f': return wr_json_word_at(p, end, "false");
    case 'n': return wr_json_word_at(p, end, "null");
    default: return wr_json_number_at(p, end, &unused);
    }
}

/* `"name" :` up to the value. */
static const char *skip_name(const char *p, const char *end) {
    wr_json_string s;
    p = wr_json_skip_space(p, end);
    if (p == end || *p != '"' || !(p = wr_json_string_at(p, end, &s))) return NULL;
    p = wr_json_skip_space(p, end);
    return p < end && *p == ':' ? p + 1 : NULL;
}

const char *wr_json_skip_value(const char *p, const char *end, unsigned depth) {
    char closers[WR_JSON_MAX_DEPTH]; /* of the containers that p is in */
    unsigned n = 0;
    for (;;) {
        p = wr_json_skip_space(p, end);
        if (p == end) return NULL;
        if (*p == '{' || *p == '[') {
            if (n + depth >= WR_JSON_MAX_DEPTH) return NULL;
            closers[n++] = *p == '{' ? '}' : ']';
            p = wr_json_skip_space(p + 1, end);
            if (p == end) return NULL;
            if (*p != closers[n - 1]) {
                if (closers[n - 1] == '}' && !(p = skip_name(p, end))) return NULL;
                continue;
            }
        } else if (!(p = skip_scalar(p, end))) {
            return NULL;
        }
        for (;;) { /* behind a value, or at the closer of an empty container */
            if (!n) return p;
            p = wr_json_skip_space(p, end);
            if (p == end) return NULL;
            if (*p == ',') break;
            if (*p != closers[n - 1]) return NULL;
            p++;
            n--;
        }
        p++;
        if (closers[n - 1] == '}' && !(p = skip_name(p, end))) return NULL;
    }
}

static int hex4(const char *p) {
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'                 ? c - '0'
                    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                         : -1;
        if (digit < 0) return -1;
        v = v * 16 + digit;
    }
    return v;
}

static size_t put_utf8(uint32_t c, char *out) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
    static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[n] | c);
    return n;
}

/* The character that the `uXXXX` (and `\uXXXX` after it, for a pair) at *p stands for; -1: none. */
static int32_t unicode_escape(const char **p, const char *end) {
    if (end - *p < 5) return -1;
    int32_t high = hex4(*p + 1);
    *p += 5;
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u') return -1;
    int32_t low = hex4(*p + 2);
    *p += 6;
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

size_t wr_json_unescape(const wr_json_string *s, char *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *p = s->text, *end = p + s->len;
    size_t n = 0;
    while (p < end) {
        const char *backslash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((backslash ? backslash : end) - p);
        memmove(out + n, p, plain);
        n += plain;
        if (!backslash) return n;
        p = backslash + 1;
        const char *simple = p < end && *p ? strchr(from, *p) : NULL;
        if (simple) {
            out[n++] = to[simple - from];
            p++;
            continue;
        }
        int32_t c = p < end && *p == 'u' ? unicode_escape(&p, end) : -1;
        if (c < 0) return SIZE_MAX;
        n += put_utf8((uint32_t)c, out + n);
    }
    return n;
}
