/* net.h: a connection over TCP or TLS (OpenSSL). Belongs to one thread; never blocks but in net_open. */
#ifndef MQTT_NET_H
#define MQTT_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../wire/wire.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

/* Texts are the settings'. */
typedef struct net_conf {
    char host[256];
    char port[8];
    bool is_secure;
    bool skips_verifying; /* asked for by name only */
    const char *ca_file;  /* NULL: the system's */
    const char *certificate_file, *key_file, *key_password;
} net_conf;

typedef struct net {
    int fd; /* -1: closed */
    SSL_CTX *context;
    SSL *ssl;
    bool wants_write; /* TLS has to write before it can go on */
} net;

/* Connects, shakes hands and verifies, within deadline_ns (wire_now_ns) or until stop_fd is readable
 * (EAGAIN). err->retriable where another try may work. */
weir_status net_open(net *n, const net_conf *conf, int64_t deadline_ns, int stop_fd, weir_error *err);
/* Files that net_open needs, for a check of the app: certificate and key can be read and fit. */
weir_status net_conf_check(const net_conf *conf, weir_error *err);
void net_close(net *n);

/* Bytes read or written; 0: none now; -1: the connection is gone. */
ptrdiff_t net_read(net *n, char *bytes, size_t len);
ptrdiff_t net_write(net *n, const char *bytes, size_t len);
/* Bytes that were received already and of which poll(2) knows nothing. */
bool net_has_more(const net *n);

#endif
