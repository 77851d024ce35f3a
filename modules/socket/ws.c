/* ws.c: see ws.h. */
#include "ws.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../wire/wire.h"

#define LONGEST_HEAD ((size_t)32 << 10)

/* ---- Frames ------------------------------------------------------------------------------------------- */

typedef struct frame {
    bool is_last;
    ws_opcode opcode;
    const unsigned char *mask; /* NULL: none */
    size_t head;               /* bytes before the payload */
    uint64_t len;
} frame;

/* 1, 0: the head has not come whole, or a code to close with, negative. */
static int read_head(const ws_reader *r, const unsigned char *b, size_t len, frame *f) {
    if (len < 2) return 0;
    f->is_last = b[0] & 0x80;
    f->opcode = (ws_opcode)(b[0] & 15);
    bool is_masked = b[1] & 0x80, is_control = b[0] & 8;
    f->len = b[1] & 127;
    f->head = 2;
    if (b[0] & 0x70 || is_masked != r->expects_masks) return -WS_CLOSE_PROTOCOL;
    if (is_control && (!f->is_last || f->len > 125)) return -WS_CLOSE_PROTOCOL;
    size_t extra = f->len == 126 ? 2 : f->len == 127 ? 8 : 0;
    if (len < 2 + extra) return 0;
    if (extra) f->len = 0;
    for (size_t i = 0; i < extra; i++) f->len = f->len << 8 | b[2 + i];
    if (f->len >> 63) return -WS_CLOSE_PROTOCOL;
    f->head += extra;
    if (is_masked && len < f->head + 4) return 0;
    f->mask = is_masked ? b + f->head : NULL;
    f->head += is_masked ? 4 : 0;
    return 1;
}

static void apply_mask(char *bytes, size_t len, const unsigned char *mask) {
    unsigned char m[8];
    uint64_t word, chunk;
    for (int i = 0; i < 8; i++) m[i] = mask[i & 3];
    memcpy(&word, m, 8);
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&chunk, bytes + i, 8);
        chunk ^= word;
        memcpy(bytes + i, &chunk, 8);
    }
    for (; i < len; i++) bytes[i] = (char)((unsigned char)bytes[i] ^ mask[i & 3]);
}

static bool add_part(ws_reader *r, const char *bytes, size_t len) {
    if (r->cap - r->len < len) {
        size_t cap = r->cap ? r->cap * 2 : 1024;
        while (cap - r->len < len) cap *= 2;
        char *parts = realloc(r->parts, cap);
        if (!parts) return false;
        r->parts = parts;
        r->cap = cap;
    }
    if (len) memcpy(r->parts + r->len, bytes, len);
    r->len += len;
    return true;
}

static int give(ws_opcode opcode, const char *bytes, size_t len, ws_event *out) {
    if (opcode == WS_TEXT && !ws_is_utf8(bytes, len)) return -WS_CLOSE_NOT_UTF8;
    *out = (ws_event){opcode, bytes, len};
    return 1;
}

static int take_frame(ws_reader *r, const frame *f, const char *bytes, ws_event *out) {
    size_t len = (size_t)f->len;
    switch (f->opcode) {
    case WS_CLOSE: return len == 1 ? -WS_CLOSE_PROTOCOL : give(WS_CLOSE, bytes, len, out);
    case WS_PING:
    case WS_PONG: return give(f->opcode, bytes, len, out);
    case WS_TEXT:
    case WS_BINARY:
        if (r->opcode) return -WS_CLOSE_PROTOCOL; /* the one before has not ended */
        if (f->is_last) return give(f->opcode, bytes, len, out);
        r->opcode = f->opcode;
        r->len = 0;
        return add_part(r, bytes, len) ? 0 : -WS_CLOSE_TOO_LARGE;
    case WS_MORE: break;
    default: return -WS_CLOSE_PROTOCOL;
    }
    ws_opcode opcode = r->opcode;
    if (!opcode) return -WS_CLOSE_PROTOCOL;
    if (!add_part(r, bytes, len)) return -WS_CLOSE_TOO_LARGE;
    if (!f->is_last) return 0;
    r->opcode = WS_MORE;
    return give(opcode, r->parts ? r->parts : "", r->len, out);
}

int ws_next(ws_reader *r, char *bytes, size_t len, ws_event *out, size_t *used) {
    frame f = {0};
    *used = 0;
    int read = read_head(r, (const unsigned char *)bytes, len, &f);
    if (read != 1) return read;
    bool is_data = f.opcode < WS_CLOSE;
    if (is_data && f.len > r->limit - (r->opcode ? r->len : 0)) return -WS_CLOSE_TOO_LARGE;
    if (len - f.head < f.len) return 0;
    if (f.mask) apply_mask(bytes + f.head, (size_t)f.len, f.mask);
    *used = f.head + (size_t)f.len;
    return take_frame(r, &f, bytes + f.head, out);
}

void ws_reader_fini(ws_reader *r) {
    free(r->parts);
    r->parts = NULL;
}

size_t ws_size(size_t len, bool is_masked) {
    return 2 + (len > 65535 ? 8u : len > 125 ? 2u : 0u) + (is_masked ? 4u : 0u) + len;
}

void ws_put(ws_opcode opcode, const char *bytes, size_t len, const unsigned char mask[4], char *out) {
    unsigned char *at = (unsigned char *)out;
    unsigned extra = len > 65535 ? 8 : len > 125 ? 2 : 0;
    *at++ = (unsigned char)(0x80 | opcode);
    *at++ = (unsigned char)((mask ? 0x80 : 0) | (extra == 8 ? 127 : extra == 2 ? 126 : (unsigned)len));
    for (unsigned i = extra; i-- > 0;) *at++ = (unsigned char)((uint64_t)len >> (8 * i));
    if (mask) {
        memcpy(at, mask, 4);
        at += 4;
    }
    if (len) memcpy(at, bytes, len);
    if (mask) apply_mask((char *)at, len, mask);
}

/* As RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool ws_is_utf8(const char *bytes, size_t len) {
    const unsigned char *b = (const unsigned char *)bytes;
    for (size_t i = 0; i < len;) {
        unsigned char c = b[i];
        size_t n = c < 0x80                ? 1
                   : c >= 0xC2 && c < 0xE0 ? 2
                   : c >= 0xE0 && c < 0xF0 ? 3
                   : c >= 0xF0 && c < 0xF5 ? 4
                                           : 0;
        if (!n || len - i < n) return false;
        for (size_t k = 1; k < n; k++)
            if ((b[i + k] & 0xC0) != 0x80) return false;
        if ((c == 0xE0 && b[i + 1] < 0xA0) || (c == 0xED && b[i + 1] > 0x9F) ||
            (c == 0xF0 && b[i + 1] < 0x90) || (c == 0xF4 && b[i + 1] > 0x8F))
            return false;
        i += n;
    }
    return true;
}

/* ---- The handshake ------------------------------------------------------------------------------------ */

void ws_accept(const char *key, char out[WS_ACCEPT_BYTES]) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char text[WS_KEY_BYTES + sizeof guid], digest[SHA_DIGEST_LENGTH];
    size_t n = strlen(key);
    if (n >= WS_KEY_BYTES) n = WS_KEY_BYTES - 1;
    memcpy(text, key, n);
    memcpy(text + n, guid, sizeof guid - 1);
    SHA1(text, n + sizeof guid - 1, digest);
    wire_base64_encode(digest, sizeof digest, out);
}

long ws_head_length(const char *bytes, size_t len) {
    const char *end = memmem(bytes, len < LONGEST_HEAD ? len : LONGEST_HEAD, "\r\n\r\n", 4);
    if (end) return memchr(bytes, 0, (size_t)(end - bytes)) ? -1 : end - bytes + 4;
    return len >= LONGEST_HEAD ? -1 : 0;
}

bool ws_header(const char *head, size_t len, const char *name, const char **value, size_t *value_len) {
    size_t name_len = strlen(name);
    const char *end = head + len, *line = memchr(head, '\n', len);
    while (line && ++line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) return false;
        if ((size_t)(stop - line) > name_len && line[name_len] == ':' &&
            strncasecmp(line, name, name_len) == 0) {
            const char *v = line + name_len + 1, *last = stop;
            while (v < last && (*v == ' ' || *v == '\t')) v++;
            while (last > v && (last[-1] == '\r' || last[-1] == ' ' || last[-1] == '\t')) last--;
            *value = v;
            *value_len = (size_t)(last - v);
            return true;
        }
        line = stop;
    }
    return false;
}

bool ws_has_item(const char *value, size_t len, const char *item) {
    size_t n = strlen(item);
    const char *at = value, *end = value + len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end, *last = stop;
        while (at < last && (*at == ' ' || *at == '\t')) at++;
        while (last > at && (last[-1] == ' ' || last[-1] == '\t')) last--;
        if ((size_t)(last - at) == n && strncasecmp(at, item, n) == 0) return true;
        at = stop + 1;
    }
    return false;
}
