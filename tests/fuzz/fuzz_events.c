/* fuzz_events.c: a stream of server-sent events, whole and in pieces: the events must be the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/events.h"

typedef struct seen {
    uint64_t hash;
    uint32_t n;
} seen;

static void mix(seen *s, const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) s->hash = (s->hash ^ (unsigned char)bytes[i]) * 0x100000001B3u;
    s->hash = (s->hash ^ 0x100) * 0x100000001B3u;
}

static bool on_event(void *ctx, const http_events *e) {
    seen *s = ctx;
    if (e->data_len > e->limit) abort();
    mix(s, e->data, e->data_len);
    mix(s, e->id, strlen(e->id));
    mix(s, e->event, strlen(e->event));
    s->n++;
    return true;
}

static seen run(const char *bytes, size_t len, size_t piece) {
    seen s = {0};
    http_events e = {.limit = 1 << 20, .on_event = on_event, .ctx = &s};
    for (size_t at = 0; at < len; at += piece) {
        char *copy = malloc(piece); /* so that a read beyond its end is seen */
        size_t n = len - at < piece ? len - at : piece;
        if (!copy) abort();
        memcpy(copy, bytes + at, n);
        if (!http_events_feed(&e, copy, n)) abort();
        free(copy);
    }
    http_events_fini(&e);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    seen whole = run((const char *)data, size, size), pieces = run((const char *)data, size, 1 + data[0] % 7);
    if (whole.n != pieces.n || whole.hash != pieces.hash) abort();
    return 0;
}
