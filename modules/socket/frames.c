/* frames.c: see frames.h. */
#include "frames.h"

#include <string.h>

#define SESSION "weir"

static uint32_t read_length(const char *at) {
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static char *put_length(char *at, size_t n) {
    at[0] = (char)(n >> 24 & 255);
    at[1] = (char)(n >> 16 & 255);
    at[2] = (char)(n >> 8 & 255);
    at[3] = (char)(n & 255);
    return at + 4;
}

static char *put_bytes(char *at, const char *bytes, size_t n) {
    if (n) memcpy(at, bytes, n);
    return at + n;
}

static int next_line(const char *bytes, size_t len, size_t limit, frames_message *out, size_t *used,
                     const char **why) {
    size_t begin = 0;
    while (begin < len && (bytes[begin] == '\n' || bytes[begin] == '\r')) begin++;
    const char *end = memchr(bytes + begin, '\n', len - begin);
    size_t n = end ? (size_t)(end - bytes) - begin : len - begin;
    *used = begin;
    if (n > limit) return *why = "a line is longer than max.message.size", -1;
    if (!end) return 0;
    *used = begin + n + 1;
    if (n && end[-1] == '\r') n--;
    *out = (frames_message){bytes + begin, n, NULL, 0};
    return 1;
}

static int next_length(const char *bytes, size_t len, size_t limit, frames_message *out, size_t *used,
                       const char **why) {
    if (len < 4) return 0;
    size_t n = read_length(bytes);
    if (n > limit) return *why = "a message is longer than max.message.size", -1;
    if (len - 4 < n) return 0;
    *out = (frames_message){bytes + 4, n, NULL, 0};
    *used = 4 + n;
    return 1;
}

/* A part with its length in front; NULL: it does not fit. */
static const char *take_part(const char **at, const char *end, size_t *len) {
    if (end - *at < 4) return NULL;
    *len = read_length(*at);
    const char *part = *at + 4;
    if ((size_t)(end - part) < *len) return NULL;
    *at = part + *len;
    return part;
}

static int next_siddhi(const char *bytes, size_t len, size_t limit, frames_message *out, size_t *used,
                       const char **why) {
    size_t session_len;
    if (len && bytes[0] != 2) return *why = "this is not Siddhi's TCP protocol", -1;
    if (len < 5) return 0;
    size_t size = read_length(bytes + 1);
    if (size > limit) return *why = "a message is longer than max.message.size", -1;
    if (len - 5 < size) return 0;
    const char *at = bytes + 5, *end = at + size;
    if (!take_part(&at, end, &session_len) || !(out->channel = take_part(&at, end, &out->channel_len)) ||
        !(out->bytes = take_part(&at, end, &out->len)) || at != end)
        return *why = "the lengths in a message of Siddhi's TCP protocol don't fit", -1;
    *used = 5 + size;
    return 1;
}

int frames_next(frames_kind kind, const char *bytes, size_t len, size_t limit, frames_message *out,
                size_t *used, const char **why) {
    *used = 0;
    if (!len) return 0;
    if (kind == FRAMES_LINE) return next_line(bytes, len, limit, out, used, why);
    if (kind == FRAMES_LENGTH) return next_length(bytes, len, limit, out, used, why);
    return next_siddhi(bytes, len, limit, out, used, why);
}

size_t frames_size(frames_kind kind, size_t channel_len, size_t len) {
    if (kind == FRAMES_LINE) return len + 1;
    if (kind == FRAMES_LENGTH) return len + 4;
    return 5 + 4 + strlen(SESSION) + 4 + channel_len + 4 + len;
}

void frames_put(frames_kind kind, const char *channel, size_t channel_len, const char *bytes, size_t len,
                char *out) {
    char *at = out;
    if (kind == FRAMES_LINE) {
        at = put_bytes(at, bytes, len);
        for (char *c = out; c < at; c++)
            if (*c == '\n' || *c == '\r') *c = ' ';
        *at = '\n';
        return;
    }
    if (kind == FRAMES_SIDDHI) {
        *at++ = 2;
        at = put_length(at, frames_size(kind, channel_len, len) - 5);
        at = put_bytes(put_length(at, strlen(SESSION)), SESSION, strlen(SESSION));
        at = put_bytes(put_length(at, channel_len), channel, channel_len);
    }
    put_bytes(put_length(at, len), bytes, len);
}
