/* peer.c: see peer.h. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANDSHAKE_MS 10000
#define PONGS_BYTES  ((size_t)64 << 10) /* unsent: a flood of pings is answered no more */

peer *peer_new(const peer_spec *spec) {
    peer *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->spec = spec;
    p->reader.expects_masks = !spec->is_client;
    p->reader.limit = spec->limit;
    p->is_ready = spec->frames != FRAMES_WEBSOCKET;
    p->since_ms = p->heard_ms = p->pinged_ms = wire_now_ms();
    return p;
}

void peer_free(peer *p) {
    if (!p) return;
    ws_reader_fini(&p->reader);
    free(p);
}

/* ---- The handshake of WebSocket ----------------------------------------------------------------------- */

static void draw(unsigned char *bytes, size_t n) {
    if (getentropy(bytes, n)) /* never, on Linux, after boot */
        for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)(wire_now_ms() >> (i % 8 * 4));
}

typedef struct text {
    char bytes[8192];
    size_t len;
} text;

static void add(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->bytes + t->len, sizeof t->bytes - t->len, format, args);
    va_end(args);
    t->len += n < 0 ? 0 : (size_t)n < sizeof t->bytes - t->len ? (size_t)n : sizeof t->bytes - t->len - 1;
}

static weir_status add_header(void *ctx, const char *key, size_t key_len, const char *value, size_t value_len,
                              weir_error *err) {
    (void)err;
    add(ctx, "%.*s: %.*s\r\n", (int)key_len, key, (int)value_len, value);
    return WEIR_OK;
}

static bool ask(peer *p, net_conn *c) {
    unsigned char nonce[16];
    char key[WS_KEY_BYTES];
    const peer_spec *s = p->spec;
    text t = {.len = 0};
    draw(nonce, sizeof nonce);
    wire_base64_encode(nonce, sizeof nonce, key);
    ws_accept(key, p->accept);
    bool is_v6 = strchr(s->host, ':') != NULL;
    add(&t, "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", s->path,
        is_v6 ? "[" : "", s->host, is_v6 ? "]" : "", s->port);
    add(&t, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n", key);
    if (s->protocols) add(&t, "Sec-WebSocket-Protocol: %s\r\n", s->protocols);
    if (s->headers) (void)wire_pairs_each("headers", s->headers, strlen(s->headers), add_header, &t, NULL);
    add(&t, "\r\n");
    return net_put(c, t.bytes, t.len);
}

static bool answer(net_conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool answer(net_conn *c, const char *format, ...) {
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return net_put(c, line, n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* The first protocol that the client names and the server has. False: the server asks for one, and there is
 * none. */
static bool choose_protocol(const peer_spec *s, const char *head, size_t len, char *out, size_t size) {
    const char *value;
    size_t value_len;
    out[0] = 0;
    if (!s->protocols) return true;
    if (!ws_header(head, len, "Sec-WebSocket-Protocol", &value, &value_len)) return false;
    for (const char *at = value, *end = value + value_len; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end, *last = stop;
        while (at < last && *at == ' ') at++;
        while (last > at && last[-1] == ' ') last--;
        snprintf(out, size, "%.*s", (int)(last - at), at);
        if (ws_has_item(s->protocols, strlen(s->protocols), out)) return true;
        at = stop + 1;
    }
    return false;
}

static bool header_has(const char *head, size_t len, const char *name, const char *item) {
    const char *value;
    size_t n;
    return ws_header(head, len, name, &value, &n) && ws_has_item(value, n, item);
}

static int refuse(net_conn *c, const char *status, char *why, size_t size) {
    snprintf(why, size, "a client was refused: %s", status);
    answer(c, "HTTP/1.1 %s\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
           status);
    net_finish(c);
    return 0;
}

static int welcome(peer *p, net_conn *c, const char *head, size_t len, char *why, size_t size) {
    char key[WS_KEY_BYTES], accept[WS_ACCEPT_BYTES], protocol[128], nonce[20];
    const char *value;
    size_t n, nonce_len;
    if (len < 14 || memcmp(head, "GET ", 4) != 0) return refuse(c, "405 Method Not Allowed", why, size);
    if (!header_has(head, len, "Upgrade", "websocket") || !header_has(head, len, "Connection", "upgrade") ||
        !ws_header(head, len, "Sec-WebSocket-Key", &value, &n) || n != WS_KEY_BYTES - 1 ||
        !wire_base64_decode(value, n, nonce, sizeof nonce, &nonce_len) || nonce_len != 16)
        return refuse(c, "400 Bad Request", why, size);
    memcpy(key, value, n);
    key[n] = 0;
    if (!header_has(head, len, "Sec-WebSocket-Version", "13"))
        return refuse(c, "426 Upgrade Required", why, size);
    if (!choose_protocol(p->spec, head, len, protocol, sizeof protocol))
        return refuse(c, "400 Bad Request", why, size);
    ws_accept(key, accept);
    p->is_ready =
        answer(c,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
               accept, *protocol ? "Sec-WebSocket-Protocol: " : "", protocol, *protocol ? "\r\n" : "");
    return p->is_ready ? 1 : -1;
}

static int check_welcome(peer *p, net_conn *c, const char *head, size_t len, char *why, size_t size) {
    const char *value;
    size_t n;
    if (len < 12 || memcmp(head, "HTTP/1.1 101", 12) != 0) {
        snprintf(why, size, "the server does not welcome: %.*s", (int)strcspn(head, "\r\n"), head);
        return -1;
    }
    bool is_right = ws_header(head, len, "Sec-WebSocket-Accept", &value, &n) && n == WS_ACCEPT_BYTES - 1 &&
                    memcmp(value, p->accept, n) == 0 && header_has(head, len, "Upgrade", "websocket");
    if (!is_right) snprintf(why, size, "the server's welcome is not that of a WebSocket");
    p->is_ready = is_right;
    if (is_right) net_works(c);
    return is_right ? 1 : -1;
}

/* 1: messages may follow. */
static int shake_hands(peer *p, net_conn *c, char *why, size_t size) {
    size_t len;
    const char *bytes = net_bytes(c, &len);
    long head = len ? ws_head_length(bytes, len) : 0;
    if (head < 0) snprintf(why, size, "this is no WebSocket");
    if (head <= 0) return (int)head;
    int done = p->spec->is_client ? check_welcome(p, c, bytes, (size_t)head, why, size)
                                  : welcome(p, c, bytes, (size_t)head, why, size);
    net_take(c, (size_t)head);
    return done;
}

bool peer_begin(peer *p, net_conn *c) {
    if (p->spec->frames == FRAMES_WEBSOCKET && p->spec->is_client) return ask(p, c);
    net_works(c);
    return true;
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

static bool put_frame(peer *p, net_conn *c, ws_opcode opcode, const char *bytes, size_t len) {
    unsigned char mask[4];
    if (p->spec->is_client) draw(mask, sizeof mask);
    char *room = net_put_room(c, ws_size(len, p->spec->is_client));
    if (room) ws_put(opcode, bytes, len, p->spec->is_client ? mask : NULL, room);
    return room != NULL;
}

void peer_goodbye(peer *p, net_conn *c, int code) {
    char bytes[2] = {(char)(code >> 8), (char)(code & 255)};
    if (p->spec->frames != FRAMES_WEBSOCKET || !p->is_ready || p->said_goodbye) return;
    p->said_goodbye = true;
    (void)put_frame(p, c, WS_CLOSE, bytes, sizeof bytes);
}

/* What is no message. False: the connection ends. */
static bool take_control(peer *p, net_conn *c, const ws_event *e) {
    if (e->opcode == WS_PING)
        return net_unsent(c) > PONGS_BYTES || put_frame(p, c, WS_PONG, e->bytes, e->len);
    if (e->opcode == WS_PONG) return true;
    peer_goodbye(p, c, WS_CLOSE_NORMAL);
    net_finish(c);
    return false;
}

static int next_of_websocket(peer *p, net_conn *c, frames_message *out, char *why, size_t size) {
    for (;;) {
        size_t len, used;
        ws_event e;
        char *bytes = net_bytes(c, &len);
        if (!len || p->said_goodbye) return 0;
        int got = ws_next(&p->reader, bytes, len, &e, &used);
        if (got == 0 && !used) return 0;
        if (got < 0) {
            snprintf(why, size, "%s",
                     got == -WS_CLOSE_TOO_LARGE  ? "a message is longer than max.message.size"
                     : got == -WS_CLOSE_NOT_UTF8 ? "a text message is not UTF-8"
                                                 : "a frame breaks the protocol");
            peer_goodbye(p, c, -got);
            net_finish(c);
            return 0;
        }
        if (got == 1 && e.opcode < WS_CLOSE) {
            *out = (frames_message){e.bytes, e.len, NULL, 0};
            net_take(c, used);
            return 1;
        }
        bool goes_on = got == 0 || take_control(p, c, &e);
        net_take(c, used);
        if (!goes_on) return 0;
    }
}

/* The bytes stay where they are until more are received: a message that was taken can still be read. */
int peer_next(peer *p, net_conn *c, frames_message *out, char *why, size_t size) {
    size_t len, used;
    const char *reason = "";
    p->heard_ms = wire_now_ms();
    if (!p->is_ready) {
        int done = shake_hands(p, c, why, size);
        if (done != 1) return done;
    }
    if (p->spec->frames == FRAMES_WEBSOCKET) return next_of_websocket(p, c, out, why, size);
    const char *bytes = net_bytes(c, &len);
    int got = frames_next(p->spec->frames, bytes, len, p->spec->limit, out, &used, &reason);
    if (used) net_take(c, used);
    if (got < 0) snprintf(why, size, "%s", reason);
    return got;
}

bool peer_put(peer *p, net_conn *c, const char *bytes, size_t len) {
    const peer_spec *s = p->spec;
    if (s->frames == FRAMES_WEBSOCKET) {
        bool is_text = !s->is_binary && ws_is_utf8(bytes, len);
        return put_frame(p, c, is_text ? WS_TEXT : WS_BINARY, bytes, len);
    }
    size_t channel_len = s->channel ? strlen(s->channel) : 0;
    char *room = net_put_room(c, frames_size(s->frames, channel_len, len));
    if (room) frames_put(s->frames, s->channel, channel_len, bytes, len, room);
    return room != NULL;
}

bool peer_tick(peer *p, net_conn *c, int64_t now_ms) {
    const peer_spec *s = p->spec;
    if (s->idle_ms && now_ms - p->heard_ms > s->idle_ms) return false;
    if (!p->is_ready) return now_ms - p->since_ms < HANDSHAKE_MS;
    if (!s->ping_ms || s->frames != FRAMES_WEBSOCKET) return true;
    if (now_ms - p->heard_ms > 3 * s->ping_ms) return false;
    if (now_ms - p->heard_ms > s->ping_ms && now_ms - p->pinged_ms > s->ping_ms) {
        p->pinged_ms = now_ms;
        return put_frame(p, c, WS_PING, "", 0);
    }
    return true;
}
