/* frames.h: where a message ends in a stream of bytes: lines, lengths in front, and Siddhi's TCP protocol.
 *
 *   line     the bytes up to '\n'; a '\r' before it is dropped, and so are empty lines
 *   length   a length of 4 bytes, the highest first, and so many bytes
 *   siddhi   2, size, (length, session), (length, channel), (length, message): a byte, then lengths as above;
 * `size` counts what follows it */
#ifndef SOCKET_FRAMES_H
#define SOCKET_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum frames_kind {
    FRAMES_SIDDHI = 0,
    FRAMES_LINE = 1,
    FRAMES_LENGTH = 2,
    FRAMES_WEBSOCKET = 3
} frames_kind;

typedef struct frames_message {
    const char *bytes;
    size_t len;
    const char *channel; /* of siddhi; else NULL */
    size_t channel_len;
} frames_message;

/* The first message of `bytes`. *used: what it takes, with what is around it. 1: there is one; 0: it has not
 * come whole (*used may be above 0: those bytes are nothing); -1: this is no frame, or a message above
 * `limit`: *why. */
int frames_next(frames_kind kind, const char *bytes, size_t len, size_t limit, frames_message *out,
                size_t *used, const char **why);

/* How many bytes a message takes, and those bytes. A line must have no line end inside: it is made a blank.
 */
size_t frames_size(frames_kind kind, size_t channel_len, size_t len);
void frames_put(frames_kind kind, const char *channel, size_t channel_len, const char *bytes, size_t len,
                char *out);

#endif
