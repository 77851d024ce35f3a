/* net.h: connections over TCP and Unix sockets, with or without TLS, served by a thread of their own.
 *
 * A net either listens, or connects and keeps connecting: after a failure with back-off. Its owner's
 * functions are called by its thread only, and so must be all that takes a net_conn. */
#ifndef SOCKET_NET_H
#define SOCKET_NET_H

#include "../wire/wire.h"

typedef struct net net;
typedef struct net_conn net_conn;

typedef struct net_owner {
    /* Connected, TLS included. False: no. */
    bool (*on_open)(void *ctx, net_conn *c);
    /* Bytes have come. False: close. What is not taken stays. */
    bool (*on_bytes)(void *ctx, net_conn *c);
    /* All that was put has been written, or net_wake was called: there may be more to put. False: close. */
    bool (*on_room)(void *ctx, net_conn *c);
    /* So many bytes more were handed to the system. NULL: nobody asks. */
    void (*on_written)(void *ctx, net_conn *c, size_t n);
    void (*on_close)(void *ctx, net_conn *c);
    /* The net ends: a last word. NULL: there is none. */
    void (*on_end)(void *ctx, net_conn *c);
    /* Whether bytes may be received at the moment. NULL: always. After a no, net_wake must follow. */
    bool (*may_read)(void *ctx);
    /* Twice a second, for each connection: false: close. NULL: nobody asks. */
    bool (*on_tick)(void *ctx, net_conn *c, int64_t now_ms);
    void *ctx;
} net_owner;

typedef struct net_tls {
    bool is_on;
    const char *certificate, *key, *ca; /* names of PEM files; NULL: none; ca NULL: the system's */
    bool skips_verification;            /* of a server, by a client */
    bool asks_for_certificate;          /* of clients, by a server: one that `ca` has signed */
} net_tls;

typedef struct net_spec {
    bool listens;
    const char *host; /* NULL: path is that of a Unix socket */
    uint16_t port;
    const char *path;
    net_tls tls;
    bool no_delay, keep_alive;
    uint32_t max_connections;
    net_owner owner;
    const weir_io_host *io;
    char who[160];
} net_spec;

weir_status net_open(const net_spec *spec, net **out, weir_error *err);
/* Ends the thread; on_close is called for all that is open. NULL is fine. */
void net_close(net *n);
/* on_room is called for all connections, and may_read is asked again. Any thread. */
void net_wake(net *n);
/* What is wrong just now; "": nothing. Copied. Any thread. */
void net_state(net *n, char *out, size_t size);

/* Of a connection. */
void **net_data(net_conn *c);                           /* the owner's */
char *net_bytes(net_conn *c, size_t *len);              /* received and not taken; may be changed in place */
void net_take(net_conn *c, size_t n);                   /* the first n of them */
bool net_put(net_conn *c, const char *bytes, size_t n); /* to be sent. False: no memory */
char *net_put_room(net_conn *c, size_t n);              /* the same, to be filled; NULL: no memory */
size_t net_unsent(const net_conn *c);
/* What the owner speaks over it has begun: nothing is wrong any more. */
void net_works(net_conn *c);
void net_finish(net_conn *c);            /* closes it when all is sent */
const char *net_peer(const net_conn *c); /* the other side's address */

#endif
