/* connect.c: see connect.h. */
#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <proton/connection.h>
#include <proton/sasl.h>
#include <proton/transport.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000

/* 0, or an errno. */
static int finish_connect(int fd, int kick) {
    struct pollfd fds[2] = {{.fd = fd, .events = POLLOUT}, {.fd = kick, .events = POLLIN}};
    int error = 0;
    socklen_t len = sizeof error;
    int n = poll(fds, 2, CONNECT_MS);
    if (n <= 0) return n < 0 ? errno : ETIMEDOUT;
    if (!fds[0].revents) return EINTR;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

static int connect_one(const struct addrinfo *a, int kick, int *error) {
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol), one = 1;
    *error = fd < 0 ? errno : 0;
    if (fd < 0) return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0)
        *error = errno == EINPROGRESS ? finish_connect(fd, kick) : errno;
    if (*error) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    return fd;
}

int jms_connect(const jms_endpoint *e, int kick, char *why, size_t size) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int failed = getaddrinfo(e->host, e->port, &hints, &found), fd = -1, error = 0;
    if (failed) {
        snprintf(why, size, "%s", wire_lookup_text(failed));
        return -1;
    }
    for (const struct addrinfo *a = found; a && fd < 0 && error != EINTR; a = a->ai_next)
        fd = connect_one(a, kick, &error);
    freeaddrinfo(found);
    if (fd < 0) snprintf(why, size, "%s", wire_error_text(error));
    return fd;
}

/* The system's bundle of authorities, as Debian and its like have it, and as Red Hat and its like do. */
static const char *system_authorities(void) {
    static const char *const places[] = {"/etc/ssl/certs/ca-certificates.crt",
                                         "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                         "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0) return places[i];
    return NULL;
}

static const char *secure_socket(const jms_conf *c, const jms_endpoint *e, pn_transport_t *t,
                                 pn_ssl_domain_t **domain) {
    const char *authorities = c->ca ? c->ca : c->verifies ? system_authorities() : NULL;
    *domain = pn_ssl_domain(PN_SSL_MODE_CLIENT);
    if (!*domain) return "this Proton has no TLS";
    if (authorities && pn_ssl_domain_set_trusted_ca_db(*domain, authorities))
        return "tls.ca.file can't be read as PEM certificates";
    if (c->verifies && !authorities) return "there are no authorities to trust: name some with tls.ca.file";
    if (pn_ssl_domain_set_peer_authentication(
            *domain, c->verifies ? PN_SSL_VERIFY_PEER_NAME : PN_SSL_ANONYMOUS_PEER, NULL))
        return "TLS can't be set up";
    if (c->certificate && pn_ssl_domain_set_credentials(*domain, c->certificate, c->key, c->key_password))
        return "tls.certificate.file and tls.key.file can't be used together";
    pn_ssl_t *ssl = pn_ssl(t);
    if (!ssl || pn_ssl_init(ssl, *domain, NULL) || pn_ssl_set_peer_hostname(ssl, e->host))
        return "TLS can't be set up";
    return NULL;
}

const char *jms_secure(const jms_conf *c, const jms_endpoint *e, pn_connection_driver_t *driver,
                       pn_ssl_domain_t **domain) {
    pn_sasl_t *sasl = pn_sasl(driver->transport);
    pn_sasl_set_allow_insecure_mechs(sasl, true); /* PLAIN without TLS: the address says amqp:// */
    if (c->user) {
        pn_connection_set_user(driver->connection, c->user);
        pn_connection_set_password(driver->connection, c->password ? c->password : "");
        pn_sasl_allowed_mechs(sasl, "SCRAM-SHA-512 SCRAM-SHA-256 PLAIN");
    } else
        pn_sasl_allowed_mechs(sasl, c->certificate ? "EXTERNAL ANONYMOUS" : "ANONYMOUS");
    return e->is_tls ? secure_socket(c, e, driver->transport, domain) : NULL;
}
