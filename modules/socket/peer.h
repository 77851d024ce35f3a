/* peer.h: what is spoken over a connection: messages in and out, whatever their frames, with WebSocket's
 * handshake, pings and goodbyes. Of the net's thread. */
#ifndef SOCKET_PEER_H
#define SOCKET_PEER_H

#include "frames.h"
#include "net.h"
#include "ws.h"

/* The same for all connections of a source or sink. */
typedef struct peer_spec {
    frames_kind frames;
    bool is_client;
    size_t limit;        /* of a message */
    const char *channel; /* of siddhi, to send to */
    const char *host, *path, *headers,
        *protocols; /* of WebSocket; headers as written, or NULL; protocols 'a, b' */
    uint16_t port;
    bool is_binary;  /* messages are sent as binary frames */
    int64_t idle_ms; /* closes what is silent for so long; 0: never */
    int64_t ping_ms; /* pings what is silent for so long; 0: never */
    const weir_io_host *io;
    const char *who;
} peer_spec;

typedef struct peer {
    const peer_spec *spec;
    ws_reader reader;
    bool is_ready; /* messages may go */
    bool said_goodbye;
    char accept[WS_ACCEPT_BYTES];
    int64_t since_ms, heard_ms, pinged_ms;
    /* Of the owner. */
    uint64_t number;
    char channel[256];
} peer;

peer *peer_new(const peer_spec *spec);
void peer_free(peer *p);
/* The connection is there: a client begins. False: no memory. */
bool peer_begin(peer *p, net_conn *c);
/* The next message. 1: there is one, good until the next call, which takes it; 0: none yet; -1: close, `why`
 * says it. */
int peer_next(peer *p, net_conn *c, frames_message *out, char *why, size_t size);
/* Puts a message. False: no memory. */
bool peer_put(peer *p, net_conn *c, const char *bytes, size_t len);
/* net_owner.on_tick */
bool peer_tick(peer *p, net_conn *c, int64_t now_ms);
void peer_goodbye(peer *p, net_conn *c, int code);

#endif
