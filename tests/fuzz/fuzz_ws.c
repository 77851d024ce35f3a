/* fuzz_ws.c: WebSocket: frames whole and in pieces give the same messages, and heads of requests are read
 * inside of their bytes. */
#include <stdlib.h>
#include <string.h>

#include "socket/ws.h"

typedef struct seen {
    uint64_t hash;
    uint32_t n;
    int end;
} seen;

static void mix(seen *s, const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) s->hash = (s->hash ^ (unsigned char)bytes[i]) * 0x100000001B3u;
    s->hash = (s->hash ^ 0x100) * 0x100000001B3u;
    s->n++;
}

/* As a connection does it: what has come grows by pieces, and what was used goes. */
static seen run(const char *bytes, size_t len, size_t piece, bool masks) {
    seen s = {0};
    ws_reader r = {.expects_masks = masks, .limit = 4096};
    char *held = malloc(len + 1);
    size_t n = 0;
    if (!held) abort();
    for (size_t at = 0; at < len && !s.end; at += piece) {
        size_t more = len - at < piece ? len - at : piece;
        memcpy(held + n, bytes + at, more);
        n += more;
        while (n) {
            ws_event e;
            size_t used;
            int got = ws_next(&r, held, n, &e, &used);
            if (used > n) abort();
            if (got < 0) s.end = got;
            if (got == 1) {
                if (e.len > 4096) abort();
                s.hash += (uint64_t)e.opcode;
                mix(&s, e.bytes, e.len);
            }
            memmove(held, held + used, n - used);
            n -= used;
            if (got < 0 || (!got && !used)) break;
        }
    }
    free(held);
    ws_reader_fini(&r);
    return s;
}

static void look_at_head(const char *bytes, size_t len) {
    const char *value;
    size_t n;
    char *copy = malloc(len + !len);
    if (!copy) abort();
    if (len) memcpy(copy, bytes, len);
    long head = ws_head_length(copy, len);
    if (head > (long)len) abort();
    if (head > 0 && ws_header(copy, (size_t)head, "Upgrade", &value, &n))
        (void)ws_has_item(value, n, "websocket");
    if (head > 0 && ws_header(copy, (size_t)head, "a", &value, &n)) (void)ws_has_item(value, n, "b");
    free(copy);
}

static void round_trip(const char *bytes, size_t len) {
    static const unsigned char mask[4] = {1, 2, 3, 255};
    ws_reader r = {.expects_masks = true, .limit = len};
    ws_event e;
    size_t used, size = ws_size(len, true);
    char *out = malloc(size);
    if (!out) abort();
    ws_put(WS_BINARY, bytes, len, mask, out);
    if (ws_next(&r, out, size, &e, &used) != 1 || used != size || e.len != len ||
        (len && memcmp(e.bytes, bytes, len)))
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    const char *bytes = (const char *)data + 1;
    bool masks = data[0] & 1;
    seen whole = run(bytes, size - 1, size, masks),
         pieces = run(bytes, size - 1, 1 + (data[0] >> 1) % 9, masks);
    if (whole.n != pieces.n || whole.hash != pieces.hash || whole.end != pieces.end) abort();
    look_at_head(bytes, size - 1);
    round_trip(bytes, size - 1);
    return 0;
}
