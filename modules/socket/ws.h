/* ws.h: WebSocket (RFC 6455): the handshake's texts, and frames. Without extensions. */
#ifndef SOCKET_WS_H
#define SOCKET_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ws_opcode {
    WS_MORE = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
} ws_opcode;

#define WS_CLOSE_NORMAL    1000
#define WS_CLOSE_AWAY      1001
#define WS_CLOSE_PROTOCOL  1002
#define WS_CLOSE_NOT_UTF8  1007
#define WS_CLOSE_TOO_LARGE 1009

/* ---- Frames ---- */

typedef struct ws_reader {
    bool expects_masks; /* a server does, a client must not */
    size_t limit;       /* of a message */
    char *parts;        /* of a message in fragments */
    size_t len, cap;
    ws_opcode opcode; /* of that message; 0: there is none */
} ws_reader;

typedef struct ws_event {
    ws_opcode opcode;  /* TEXT or BINARY: a whole message; CLOSE, PING, PONG: with what is in it */
    const char *bytes; /* good until the reader is called again, or the bytes given to it go */
    size_t len;
} ws_event;

/* What the first frame of `bytes` brings; it is unmasked in place. 1: an event; 0: nothing yet (*used may be
 * above 0); below 0: the connection must be closed with the code -result. *used: bytes to take in any case.
 */
int ws_next(ws_reader *r, char *bytes, size_t len, ws_event *out, size_t *used);
void ws_reader_fini(ws_reader *r);

/* How many bytes a frame takes, and those bytes. mask NULL: none. */
size_t ws_size(size_t len, bool is_masked);
void ws_put(ws_opcode opcode, const char *bytes, size_t len, const unsigned char mask[4], char *out);

bool ws_is_utf8(const char *bytes, size_t len);

/* ---- The handshake ---- */

#define WS_KEY_BYTES    25u /* with the NUL */
#define WS_ACCEPT_BYTES 29u
void ws_accept(const char *key, char out[WS_ACCEPT_BYTES]);

/* A request or answer up to its empty line. 0: it has not come whole; -1: it is none, or too long. Else its
 * length. */
long ws_head_length(const char *bytes, size_t len);
/* The value of a header in a head of that length, blanks around it dropped. False: it has none. Of several
 * with the same name the first. */
bool ws_header(const char *head, size_t len, const char *name, const char **value, size_t *value_len);
/* Whether a list in a header, 'a, b', has the item, in any case. */
bool ws_has_item(const char *value, size_t len, const char *item);

#endif
