/* net.c: see net.h. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "packet.h"

static weir_status failed(weir_error *err, const net_conf *conf, const char *why) {
    weir_fail(err, WEIR_EIO, "%s:%s: %s", conf->host, conf->port, why);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

/* OK: the socket is ready; EAGAIN: a stop was asked for. */
static weir_status wait_for(int fd, short events, int64_t deadline_ns, int stop_fd, const net_conf *conf,
                            weir_error *err) {
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
    for (;;) {
        int64_t left = deadline_ns - wire_now_ns();
        if (left <= 0) return failed(err, conf, "no answer in time");
        int n = poll(fds, 2, (int)(left / 1000000) + 1);
        if (n < 0 && errno != EINTR) return failed(err, conf, wire_error_text(errno));
        if (n > 0 && fds[1].revents) return WEIR_EAGAIN;
        if (n > 0 && fds[0].revents) return WEIR_OK;
    }
}

/* ---- TCP ---------------------------------------------------------------------------------------------- */

static weir_status connect_one(net *n, const struct addrinfo *to, const net_conf *conf, int64_t deadline_ns,
                               int stop_fd, weir_error *err) {
    int on = 1, why = 0;
    socklen_t size = sizeof why;
    n->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (n->fd < 0) return failed(err, conf, wire_error_text(errno));
    if (connect(n->fd, to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS)
        return failed(err, conf, wire_error_text(errno));
    WIRE_TRY(wait_for(n->fd, POLLOUT, deadline_ns, stop_fd, conf, err));
    getsockopt(n->fd, SOL_SOCKET, SO_ERROR, &why, &size);
    if (why) return failed(err, conf, wire_error_text(why));
    setsockopt(n->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return WEIR_OK;
}

static weir_status connect_any(net *n, const net_conf *conf, int64_t deadline_ns, int stop_fd,
                               weir_error *err) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list;
    int why = getaddrinfo(conf->host, conf->port, &hints, &list);
    if (why) return failed(err, conf, wire_lookup_text(why));
    weir_status st = WEIR_EIO;
    for (const struct addrinfo *one = list; one && st == WEIR_EIO; one = one->ai_next) {
        net_close(n);
        st = connect_one(n, one, conf, deadline_ns, stop_fd, err);
    }
    freeaddrinfo(list);
    return st;
}

/* ---- TLS ---------------------------------------------------------------------------------------------- */

static const char *ssl_why(void) {
    unsigned long code = ERR_get_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return why ? why : "TLS failed";
}

static int give_password(char *to, int size, int is_writing, void *password) {
    size_t len = password ? strlen(password) : 0;
    (void)is_writing;
    if (len >= (size_t)size) return -1;
    if (len) memcpy(to, password, len);
    return (int)len;
}

static weir_status use_files(SSL_CTX *context, const net_conf *conf, weir_error *err) {
    if (!conf->ca_file && !SSL_CTX_set_default_verify_paths(context))
        return weir_fail(err, WEIR_ECONFIG, "the system's certificates: %s", ssl_why());
    if (conf->ca_file && !SSL_CTX_load_verify_locations(context, conf->ca_file, NULL))
        return weir_fail(err, WEIR_ECONFIG, "tls.ca.file '%s': %s", conf->ca_file, ssl_why());
    if (!conf->certificate_file) return WEIR_OK;
    SSL_CTX_set_default_passwd_cb(context, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, (void *)(uintptr_t)conf->key_password);
    if (SSL_CTX_use_certificate_chain_file(context, conf->certificate_file) != 1)
        return weir_fail(err, WEIR_ECONFIG, "tls.certificate.file '%s': %s", conf->certificate_file,
                         ssl_why());
    if (SSL_CTX_use_PrivateKey_file(context, conf->key_file, SSL_FILETYPE_PEM) != 1)
        return weir_fail(err, WEIR_ECONFIG, "tls.key.file '%s': %s", conf->key_file, ssl_why());
    return WEIR_OK;
}

static weir_status make_context(const net_conf *conf, SSL_CTX **out, weir_error *err) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    *out = NULL;
    if (!context) return weir_fail(err, WEIR_ENOMEM, "out of memory for TLS");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, conf->skips_verifying ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    weir_status st = use_files(context, conf, err);
    if (st != WEIR_OK) return SSL_CTX_free(context), st;
    *out = context;
    return WEIR_OK;
}

weir_status net_conf_check(const net_conf *conf, weir_error *err) {
    SSL_CTX *context;
    if (!conf->is_secure) return WEIR_OK;
    WIRE_TRY(make_context(conf, &context, err));
    SSL_CTX_free(context);
    return WEIR_OK;
}

/* The name that the certificate must be for: an address or a host name. */
static bool expect_host(SSL *ssl, const char *host) {
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    struct in6_addr address;
    if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

static weir_status handshake_failed(net *n, const net_conf *conf, weir_error *err) {
    char why[160];
    long verified = SSL_get_verify_result(n->ssl);
    if (verified != X509_V_OK && !conf->skips_verifying) {
        ERR_clear_error();
        snprintf(why, sizeof why, "the broker's certificate is not trusted: %s",
                 X509_verify_cert_error_string(verified));
        return failed(err, conf, why);
    }
    return failed(err, conf, ssl_why());
}

static weir_status secure(net *n, const net_conf *conf, int64_t deadline_ns, int stop_fd, weir_error *err) {
    WIRE_TRY(make_context(conf, &n->context, err));
    n->ssl = SSL_new(n->context);
    if (!n->ssl || !SSL_set_fd(n->ssl, n->fd) || !expect_host(n->ssl, conf->host))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for TLS");
    for (;;) {
        int done = SSL_connect(n->ssl);
        if (done == 1) return WEIR_OK;
        int why = SSL_get_error(n->ssl, done);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return handshake_failed(n, conf, err);
        short events = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        WIRE_TRY(wait_for(n->fd, events, deadline_ns, stop_fd, conf, err));
    }
}

/* ---- The connection ----------------------------------------------------------------------------------- */

weir_status net_open(net *n, const net_conf *conf, int64_t deadline_ns, int stop_fd, weir_error *err) {
    *n = (net){.fd = -1};
    weir_status st = connect_any(n, conf, deadline_ns, stop_fd, err);
    if (st == WEIR_OK && conf->is_secure) st = secure(n, conf, deadline_ns, stop_fd, err);
    if (st != WEIR_OK) net_close(n);
    return st;
}

void net_close(net *n) {
    if (n->ssl) SSL_free(n->ssl);
    if (n->context) SSL_CTX_free(n->context);
    if (n->fd >= 0) close(n->fd);
    *n = (net){.fd = -1};
}

static ptrdiff_t of_ssl(net *n, int done) {
    if (done > 0) return done;
    int why = SSL_get_error(n->ssl, done);
    n->wants_write = why == SSL_ERROR_WANT_WRITE;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
    ERR_clear_error();
    return -1;
}

static ptrdiff_t of_socket(ssize_t done) {
    if (done > 0) return done;
    return done < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ptrdiff_t net_read(net *n, char *bytes, size_t len) {
    if (n->fd < 0) return -1;
    if (len > INT_MAX) len = INT_MAX;
    return n->ssl ? of_ssl(n, SSL_read(n->ssl, bytes, (int)len)) : of_socket(recv(n->fd, bytes, len, 0));
}

ptrdiff_t net_write(net *n, const char *bytes, size_t len) {
    if (n->fd < 0) return -1;
    if (len > INT_MAX) len = INT_MAX;
    return n->ssl ? of_ssl(n, SSL_write(n->ssl, bytes, (int)len))
                  : of_socket(send(n->fd, bytes, len, MSG_NOSIGNAL));
}

bool net_has_more(const net *n) { return n->ssl && SSL_pending(n->ssl) > 0; }
