/* tls.h: OpenSSL for net.c. */
#ifndef SOCKET_TLS_H
#define SOCKET_TLS_H

#include <openssl/ssl.h>

#include "net.h"

weir_status tls_context(const net_tls *tls, bool listens, SSL_CTX **out, weir_error *err);
/* A client verifies that the certificate is for this name. NULL: no memory. */
SSL *tls_new(SSL_CTX *context, int fd, bool listens, const char *host, bool skips_verification);
/* 1: done; 0: when the socket is readable (*wants_write: writable); -1: failed, `why` says it. */
int tls_handshake(SSL *ssl, bool *wants_write, char *why, size_t size);
/* As read and write of a socket that does not block: -1 with errno EAGAIN, or another; EPROTO: tls_failure
 * says what, and must be asked. 0: the end. */
ssize_t tls_read(SSL *ssl, char *bytes, size_t n);
ssize_t tls_write(SSL *ssl, const char *bytes, size_t n);
void tls_failure(char *why, size_t size);

#endif
