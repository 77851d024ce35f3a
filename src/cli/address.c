/* address.c: see address.h. */
#include "cli/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(char *error, size_t size, const char *address, const char *why) {
    snprintf(error, size, "%s: %s", address, why);
    return -1;
}

static bool is_unix(const char *address) { return !strncmp(address, "unix:", 5); }

/* The socket of a run that was killed: there, but nobody listens. */
static bool is_left_over(const struct sockaddr_un *a) {
    struct stat st;
    if (stat(a->sun_path, &st) || !S_ISSOCK(st.st_mode)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof *a) && errno == ECONNREFUSED;
    if (fd >= 0) close(fd);
    return refused;
}

static int unix_socket(const char *address, bool listens, char *error, size_t size) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(address + 5) >= sizeof a.sun_path || !address[5])
        return fail(error, size, address, "the path is too long or empty");
    memcpy(a.sun_path, address + 5, strlen(address + 5) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(error, size, address, strerror(errno));
    if (listens && is_left_over(&a)) unlink(a.sun_path);
    mode_t old = umask(0077);
    int bad = listens ? bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 16)
                      : connect(fd, (struct sockaddr *)&a, sizeof a);
    umask(old);
    if (!bad) return fd;
    fail(error, size, address, strerror(errno));
    close(fd);
    return -1;
}

static int try_one(const struct addrinfo *i, bool listens) {
    int fd = socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC, i->ai_protocol), one = 1;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!(listens ? bind(fd, i->ai_addr, i->ai_addrlen) || listen(fd, 16)
                  : connect(fd, i->ai_addr, i->ai_addrlen)))
        return fd;
    int kept = errno;
    close(fd);
    errno = kept;
    return -1;
}

static bool is_port(const char *text) {
    size_t n = strspn(text, "0123456789");
    return n && n <= 5 && !text[n] && atoi(text) >= 1 && atoi(text) <= 65535;
}

static int tcp_socket(const char *address, bool listens, char *error, size_t size) {
    char host[256];
    const char *colon = strrchr(address, ':');
    if (!colon || !colon[1]) return fail(error, size, address, "an address is unix:PATH, HOST:PORT or :PORT");
    if (!is_port(colon + 1)) return fail(error, size, address, "a port is a number from 1 to 65535");
    snprintf(host, sizeof host, "%.*s", (int)(colon - address), colon == address ? "" : address);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int bad = getaddrinfo(*host ? host : "127.0.0.1", colon + 1, &hints, &found), fd = -1;
    if (bad) return fail(error, size, address, gai_strerror(bad));
    for (const struct addrinfo *i = found; i && fd < 0; i = i->ai_next) fd = try_one(i, listens);
    if (fd < 0) fail(error, size, address, strerror(errno));
    freeaddrinfo(found);
    return fd;
}

int address_listen(const char *address, char *error, size_t size) {
    return is_unix(address) ? unix_socket(address, true, error, size)
                            : tcp_socket(address, true, error, size);
}

int address_connect(const char *address, char *error, size_t size) {
    return is_unix(address) ? unix_socket(address, false, error, size)
                            : tcp_socket(address, false, error, size);
}

void address_forget(const char *address) {
    if (is_unix(address)) unlink(address + 5);
}
