/* fuzz_frames.c: messages in a stream of bytes, by every framing: what is read lies inside of the bytes, and
 * what was put is read again. */
#include <stdlib.h>
#include <string.h>

#include "socket/frames.h"

#define LIMIT ((size_t)1 << 16)

static void check(frames_kind kind, const char *bytes, size_t len) {
    while (len) {
        frames_message m = {0};
        size_t used;
        const char *why = NULL;
        int got = frames_next(kind, bytes, len, LIMIT, &m, &used, &why);
        if (used > len || (got < 0) != (why != NULL)) abort();
        if (got == 1) {
            volatile char sum = 0; /* reads all of it, under the address sanitizer */
            for (size_t i = 0; i < m.len; i++) sum = (char)(sum + m.bytes[i]);
            for (size_t i = 0; i < m.channel_len; i++) sum = (char)(sum + m.channel[i]);
            if (m.len > LIMIT || m.bytes < bytes || m.bytes + m.len > bytes + used) abort();
        }
        if (got != 1) return;
        bytes += used;
        len -= used;
    }
}

static void round_trip(frames_kind kind, const char *bytes, size_t len) {
    frames_message m;
    const char *why;
    size_t size = frames_size(kind, 3, len), used;
    char *out = malloc(size);
    if (!out) abort();
    frames_put(kind, "a/b", 3, bytes, len, out);
    int got = frames_next(kind, out, size, LIMIT * 2, &m, &used, &why);
    if (kind != FRAMES_LINE &&
        (got != 1 || used != size || m.len != len || (len && memcmp(m.bytes, bytes, len))))
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (int kind = FRAMES_SIDDHI; kind <= FRAMES_LENGTH; kind++) {
        char *copy = malloc(size + !size);
        if (!copy) abort();
        if (size) memcpy(copy, data, size);
        check((frames_kind)kind, copy, size);
        round_trip((frames_kind)kind, copy, size < LIMIT ? size : LIMIT);
        free(copy);
    }
    return 0;
}
