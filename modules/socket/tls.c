/* tls.c: see tls.h. */
#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static weir_status failed(const char *what, const char *name, weir_error *err) {
    char why[200] = "";
    unsigned long code = ERR_get_error();
    if (code) ERR_error_string_n(code, why, sizeof why);
    ERR_clear_error();
    return weir_fail(err, WEIR_EIO, "%s '%s': %s", what, name, why);
}

static weir_status load(SSL_CTX *c, const net_tls *tls, weir_error *err) {
    if (tls->certificate && SSL_CTX_use_certificate_chain_file(c, tls->certificate) != 1)
        return failed("can't use the certificate", tls->certificate, err);
    if (tls->key && SSL_CTX_use_PrivateKey_file(c, tls->key, SSL_FILETYPE_PEM) != 1)
        return failed("can't use the key", tls->key, err);
    if (tls->ca && SSL_CTX_load_verify_locations(c, tls->ca, NULL) != 1)
        return failed("can't use the authorities", tls->ca, err);
    if (!tls->ca) SSL_CTX_set_default_verify_paths(c);
    return WEIR_OK;
}

weir_status tls_context(const net_tls *tls, bool listens, SSL_CTX **out, weir_error *err) {
    SSL_CTX *c = SSL_CTX_new(listens ? TLS_server_method() : TLS_client_method());
    if (!c) return wire_no_memory(err);
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    bool verifies = listens ? tls->asks_for_certificate : !tls->skips_verification;
    SSL_CTX_set_verify(c, !verifies ? SSL_VERIFY_NONE : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    weir_status st = load(c, tls, err);
    if (st != WEIR_OK) {
        SSL_CTX_free(c);
        return st;
    }
    *out = c;
    return WEIR_OK;
}

SSL *tls_new(SSL_CTX *context, int fd, bool listens, const char *host, bool skips_verification) {
    SSL *ssl = SSL_new(context);
    if (!ssl) return NULL;
    SSL_set_fd(ssl, fd);
    if (listens) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    if (!host) return ssl;
    X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
    bool is_address = X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1;
    if (!is_address) SSL_set_tlsext_host_name(ssl, host);
    if (!is_address && !skips_verification) SSL_set1_host(ssl, host);
    return ssl;
}

int tls_handshake(SSL *ssl, bool *wants_write, char *why, size_t size) {
    int n = SSL_do_handshake(ssl);
    *wants_write = false;
    if (n == 1) return 1;
    int error = SSL_get_error(ssl, n);
    *wants_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
    long verified = SSL_get_verify_result(ssl);
    unsigned long code = ERR_get_error();
    if (verified != X509_V_OK)
        snprintf(why, size, "certificate: %s", X509_verify_cert_error_string(verified));
    else
        snprintf(why, size, "TLS: %s", code ? ERR_reason_error_string(code) : "the connection was closed");
    ERR_clear_error();
    return -1;
}

static ssize_t result(SSL *ssl, int n) {
    if (n > 0) return n;
    int error = SSL_get_error(ssl, n);
    if (error != SSL_ERROR_SSL) ERR_clear_error(); /* else tls_failure takes it */
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        errno = EAGAIN;
    else if (error != SSL_ERROR_SYSCALL || !errno)
        errno = EPROTO;
    return -1;
}

void tls_failure(char *why, size_t size) {
    unsigned long code = ERR_get_error();
    snprintf(why, size, "TLS: %s", code ? ERR_reason_error_string(code) : "the protocol is broken");
    ERR_clear_error();
}

ssize_t tls_read(SSL *ssl, char *bytes, size_t n) {
    errno = 0;
    return result(ssl, SSL_read(ssl, bytes, (int)(n < (1 << 30) ? n : 1 << 30)));
}

ssize_t tls_write(SSL *ssl, const char *bytes, size_t n) {
    errno = 0;
    return result(ssl, SSL_write(ssl, bytes, (int)(n < (1 << 30) ? n : 1 << 30)));
}
