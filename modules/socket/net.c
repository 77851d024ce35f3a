/* net.c: see net.h. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tls.h"

#define TICK_MS     500
#define CONNECT_MS  10000
#define LASTS_MS    1000 /* a connection that ends sooner was none */
#define READ_LEAST  ((size_t)16 << 10)
#define READ_A_TURN ((size_t)1 << 20) /* then others have their turn */
#define EVENTS      64

struct net_conn {
    struct net_conn *next;
    net *net;
    int fd;
    SSL *ssl;
    bool is_connected, is_open, is_dead, finishes, wants_write;
    int64_t since_ms; /* of the connection's begin */
    int64_t works_ms; /* since when it works; 0: it does not yet */
    uint32_t events;  /* asked of epoll; UINT32_MAX: it does not know the socket */
    char *in, *out;
    size_t in_begin, in_len, in_cap, out_begin, out_len, out_cap;
    void *data;
    char peer[160];
};

struct net {
    net_spec spec;
    SSL_CTX *tls;
    int epoll, bell, listener;
    pthread_t thread;
    bool has_thread;
    bool stops;    /* atomic */
    bool may_read; /* as last asked */
    net_conn *conns;
    uint32_t n_conns;
    int64_t next_try_ms; /* of a client without a connection */
    int64_t wait_ms;     /* the last one before a try */
    uint32_t n_tries;
    wire_backoff backoff;
    wire_quiet quiet;
    pthread_mutex_t lock; /* of the state, for others */
    char state[200];
    uint32_t n_open;
};

/* ---- What others see ---------------------------------------------------------------------------------- */

static void set_state(net *n, const char *text) {
    pthread_mutex_lock(&n->lock);
    snprintf(n->state, sizeof n->state, "%s", text);
    pthread_mutex_unlock(&n->lock);
}

void net_state(net *n, char *out, size_t size) {
    pthread_mutex_lock(&n->lock);
    snprintf(out, size, "%s", n->state);
    pthread_mutex_unlock(&n->lock);
}

static void count_open(net *n, int more) {
    pthread_mutex_lock(&n->lock);
    n->n_open += (uint32_t)more;
    pthread_mutex_unlock(&n->lock);
}

void net_wake(net *n) { wire_bell_ring(n->bell); }

/* ---- Bytes -------------------------------------------------------------------------------------------- */

void **net_data(net_conn *c) { return &c->data; }
const char *net_peer(const net_conn *c) { return c->peer; }
size_t net_unsent(const net_conn *c) { return c->out_len; }
void net_finish(net_conn *c) { c->finishes = true; }

char *net_bytes(net_conn *c, size_t *len) {
    *len = c->in_len;
    return c->in + c->in_begin;
}

void net_take(net_conn *c, size_t n) {
    c->in_begin += n;
    c->in_len -= n;
    if (!c->in_len) c->in_begin = 0;
}

/* Room for `more` bytes behind begin + len: moves to the front, then grows. */
static bool reserve(char **data, size_t *begin, size_t len, size_t *cap, size_t more) {
    if (*cap - *begin - len >= more) return true;
    if (*begin && len) memmove(*data, *data + *begin, len);
    *begin = 0;
    if (*cap - len >= more) return true;
    size_t bigger = *cap ? *cap * 2 : READ_LEAST;
    while (bigger - len < more) bigger *= 2;
    char *grown = realloc(*data, bigger);
    if (!grown) return false;
    *data = grown;
    *cap = bigger;
    return true;
}

char *net_put_room(net_conn *c, size_t n) {
    if (!reserve(&c->out, &c->out_begin, c->out_len, &c->out_cap, n)) return NULL;
    char *room = c->out + c->out_begin + c->out_len;
    c->out_len += n;
    return room;
}

bool net_put(net_conn *c, const char *bytes, size_t n) {
    char *room = net_put_room(c, n);
    if (room && n) memcpy(room, bytes, n);
    return room != NULL;
}

/* ---- Connections -------------------------------------------------------------------------------------- */

static void ask_epoll(net_conn *c) {
    net *n = c->net;
    uint32_t events = 0;
    if (!c->is_connected || c->wants_write || (c->is_open && c->out_len)) events |= EPOLLOUT;
    if (c->is_connected && (!c->is_open || n->may_read)) events |= EPOLLIN;
    if (events == c->events) return;
    if (!events) { /* not in epoll at all, which would tell of an end again and again */
        if (c->events != UINT32_MAX) epoll_ctl(n->epoll, EPOLL_CTL_DEL, c->fd, NULL);
        c->events = UINT32_MAX;
        return;
    }
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(n->epoll, c->events == UINT32_MAX ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd, &e);
    c->events = events;
}

static void set_up_socket(const net *n, int fd) {
    int on = 1;
    if (!n->spec.host) return;
    if (n->spec.no_delay) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (n->spec.keep_alive) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static net_conn *add_conn(net *n, int fd, const char *peer) {
    net_conn *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return NULL;
    }
    set_up_socket(n, fd);
    c->net = n;
    c->fd = fd;
    c->events = UINT32_MAX;
    c->since_ms = wire_now_ms();
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->next = n->conns;
    n->conns = c;
    n->n_conns++;
    return c;
}

static void tell(net *n, const char *why) {
    set_state(n, why);
    if (wire_quiet_may_tell(&n->quiet)) wire_log(n->spec.io, WEIR_LOG_WARN, "%s: %s", n->spec.who, why);
}

static void try_later(net *n) {
    n->wait_ms = wire_backoff_ms(&n->backoff);
    n->next_try_ms = wire_now_ms() + n->wait_ms;
}

/* Whose server hangs up again and again waits longer each time, too. */
static bool has_lasted(const net_conn *c) {
    int64_t least = c->net->wait_ms > LASTS_MS ? c->net->wait_ms : LASTS_MS;
    return c->works_ms && wire_now_ms() - c->works_ms > least;
}

static void kill_conn(net_conn *c, const char *why) {
    net *n = c->net;
    if (c->is_dead) return;
    c->is_dead = true;
    if (c->is_open) {
        n->spec.owner.on_close(n->spec.owner.ctx, c);
        count_open(n, -1);
    }
    if (n->spec.listens) {
        if (why && !c->is_open) tell(n, why);
        return;
    }
    if (__atomic_load_n(&n->stops, __ATOMIC_ACQUIRE)) return;
    if (has_lasted(c)) n->backoff.n_failures = 0;
    try_later(n);
    tell(n, why ? why : "the other side closed the connection");
}

static void free_dead(net *n) {
    for (net_conn *c, **at = &n->conns; (c = *at);) {
        if (!c->is_dead) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        n->n_conns--;
        if (c->ssl) SSL_free(c->ssl);
        close(c->fd);
        free(c->in);
        free(c->out);
        free(c);
    }
}

void net_works(net_conn *c) {
    c->works_ms = wire_now_ms();
    set_state(c->net, "");
}

static void on_ready(net_conn *c) {
    net *n = c->net;
    c->is_open = true;
    count_open(n, 1);
    if (!n->spec.owner.on_open(n->spec.owner.ctx, c) || !n->spec.owner.on_room(n->spec.owner.ctx, c))
        kill_conn(c, NULL);
}

static void on_connected(net_conn *c) {
    net *n = c->net;
    c->is_connected = true;
    if (!n->tls) return on_ready(c);
    c->ssl = tls_new(n->tls, c->fd, n->spec.listens, n->spec.host, n->spec.tls.skips_verification);
    if (!c->ssl) kill_conn(c, "out of memory");
}

static void shake_hands(net_conn *c) {
    char why[200];
    int done = tls_handshake(c->ssl, &c->wants_write, why, sizeof why);
    if (done < 0) return kill_conn(c, why);
    if (done) on_ready(c);
}

/* ---- Reading and writing ------------------------------------------------------------------------------ */

static void fail(net_conn *c) {
    char why[200];
    if (!c->ssl || errno != EPROTO) return kill_conn(c, wire_error_text(errno));
    tls_failure(why, sizeof why); /* a certificate that the server misses, say */
    kill_conn(c, why);
}

static void read_some(net_conn *c) {
    net *n = c->net;
    /* What TLS holds already epoll doesn't tell of. */
    for (size_t all = 0;
         n->may_read && !c->is_dead && (all < READ_A_TURN || (c->ssl && SSL_pending(c->ssl)));) {
        if (!reserve(&c->in, &c->in_begin, c->in_len, &c->in_cap, READ_LEAST))
            return kill_conn(c, "out of memory");
        size_t begin = c->in_begin + c->in_len, room = c->in_cap - begin;
        ssize_t got = c->ssl ? tls_read(c->ssl, c->in + begin, room) : recv(c->fd, c->in + begin, room, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got < 0) return fail(c);
        if (!got) return kill_conn(c, NULL);
        c->in_len += (size_t)got;
        all += (size_t)got;
        if (!n->spec.owner.on_bytes(n->spec.owner.ctx, c)) return kill_conn(c, NULL);
        if (n->spec.owner.may_read) n->may_read = n->spec.owner.may_read(n->spec.owner.ctx);
    }
}

static void write_some(net_conn *c) {
    net *n = c->net;
    while (c->out_len && !c->is_dead) {
        const char *bytes = c->out + c->out_begin;
        ssize_t sent =
            c->ssl ? tls_write(c->ssl, bytes, c->out_len) : send(c->fd, bytes, c->out_len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return;
        if (sent <= 0) return fail(c);
        c->out_begin += (size_t)sent;
        c->out_len -= (size_t)sent;
        if (!c->out_len) c->out_begin = 0;
        if (n->spec.owner.on_written) n->spec.owner.on_written(n->spec.owner.ctx, c, (size_t)sent);
        if (!c->out_len && !c->finishes && !n->spec.owner.on_room(n->spec.owner.ctx, c))
            return kill_conn(c, NULL);
    }
    if (c->finishes && !c->out_len) kill_conn(c, NULL);
}

static void on_event(net_conn *c, uint32_t events) {
    if (c->is_dead) return;
    if (!c->is_connected) {
        int error = 0;
        socklen_t len = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error) return kill_conn(c, wire_error_text(error));
        if (events & EPOLLOUT) on_connected(c);
    }
    if (!c->is_dead && c->ssl && !c->is_open) shake_hands(c);
    if (c->is_open && !c->is_dead && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_some(c);
    if (c->is_open && !c->is_dead) write_some(c);
}

/* ---- Addresses ---------------------------------------------------------------------------------------- */

typedef union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
} address;

static bool unix_address(const net_spec *s, address *a, socklen_t *len, char *why, size_t size) {
    memset(a, 0, sizeof *a);
    a->un.sun_family = AF_UNIX;
    *len = sizeof a->un;
    if (strlen(s->path) >= sizeof a->un.sun_path) {
        snprintf(why, size, "the socket's path is longer than %zu bytes", sizeof a->un.sun_path - 1);
        return false;
    }
    strcpy(a->un.sun_path, s->path);
    return true;
}

/* A name may have several addresses, of which only some answer (::1 and 127.0.0.1): each try takes the next.
 */
static const struct addrinfo *choose(const struct addrinfo *found, uint32_t turn) {
    uint32_t n = 0;
    for (const struct addrinfo *a = found; a; a = a->ai_next) n++;
    for (turn %= n; turn; turn--) found = found->ai_next;
    return found;
}

static bool resolve(const net_spec *s, uint32_t turn, address *a, socklen_t *len, char *why, size_t size) {
    char port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = s->listens ? AI_PASSIVE : 0}, *found;
    if (!s->host) return unix_address(s, a, len, why, size);
    snprintf(port, sizeof port, "%u", s->port);
    int failed = getaddrinfo(s->host, port, &hints, &found);
    if (failed) {
        snprintf(why, size, "'%.100s': %s", s->host, wire_lookup_text(failed));
        return false;
    }
    const struct addrinfo *chosen = choose(found, turn);
    memcpy(a, chosen->ai_addr, chosen->ai_addrlen);
    *len = chosen->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static void begin_connect(net *n) {
    char why[200], peer[160];
    address a;
    socklen_t len;
    n->next_try_ms = INT64_MAX;
    if (!resolve(&n->spec, n->n_tries++, &a, &len, why, sizeof why)) {
        try_later(n);
        return tell(n, why);
    }
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(peer, sizeof peer, "%s", n->spec.host ? n->spec.host : n->spec.path);
    net_conn *c = fd >= 0 ? add_conn(n, fd, peer) : NULL;
    if (!c) {
        try_later(n);
        return tell(n, "no descriptors are left");
    }
    if (connect(fd, &a.any, len) == 0)
        on_connected(c);
    else if (errno != EINPROGRESS)
        fail(c);
}

static void name_of(const net *n, const address *a, char *out, size_t size) {
    out[0] = 0;
    if (!n->spec.host)
        snprintf(out, size, "%s", n->spec.path);
    else if (a->any.sa_family == AF_INET)
        inet_ntop(AF_INET, &a->v4.sin_addr, out, (socklen_t)size);
    else
        inet_ntop(AF_INET6, &a->v6.sin6_addr, out, (socklen_t)size);
}

static void accept_all(net *n) {
    for (;;) {
        address a;
        char peer[160];
        socklen_t len = sizeof a;
        int fd = accept4(n->listener, &a.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            tell(n, "no descriptors are left: connections wait");
            usleep(10000); /* epoll asks again */
        }
        if (fd < 0) return;
        if (n->n_conns >= n->spec.max_connections) {
            tell(n, "there are max.connections already; one was refused");
            close(fd);
            continue;
        }
        name_of(n, &a, peer, sizeof peer);
        net_conn *c = add_conn(n, fd, peer);
        if (c) on_connected(c);
    }
}

/* ---- The thread --------------------------------------------------------------------------------------- */

static void on_wake(net *n) {
    wire_bell_drain(n->bell);
    bool could = n->may_read;
    if (n->spec.owner.may_read) n->may_read = n->spec.owner.may_read(n->spec.owner.ctx);
    for (net_conn *c = n->conns; c; c = c->next) {
        if (!c->is_open || c->is_dead) continue;
        if (!c->finishes && !n->spec.owner.on_room(n->spec.owner.ctx, c)) kill_conn(c, NULL);
        if (!c->is_dead) write_some(c);
        if (c->is_dead || could || !n->may_read) continue;
        /* What was received before the pause is there, and TLS may hold more than the socket shows. */
        if (c->in_len && !n->spec.owner.on_bytes(n->spec.owner.ctx, c)) kill_conn(c, NULL);
        if (!c->is_dead) read_some(c);
    }
}

static void tick(net *n) {
    int64_t now = wire_now_ms();
    for (net_conn *c = n->conns; c; c = c->next) {
        if (c->is_dead) continue;
        if (!c->is_open && now - c->since_ms > CONNECT_MS) kill_conn(c, "connecting takes too long");
        if (c->is_open && n->spec.owner.on_tick && !n->spec.owner.on_tick(n->spec.owner.ctx, c, now))
            kill_conn(c, "the other side is silent for too long");
        if (!c->is_dead && c->is_open) write_some(c);
    }
    if (!n->spec.listens && !n->conns && now >= n->next_try_ms) begin_connect(n);
}

static int wait_ms(const net *n) {
    int64_t wait = TICK_MS, now = wire_now_ms();
    if (!n->spec.listens && !n->conns && n->next_try_ms - now < wait) wait = n->next_try_ms - now;
    return wait > 0 ? (int)wait : 0;
}

static void *run(void *ctx) {
    net *n = ctx;
    int64_t next_tick = 0;
    while (!__atomic_load_n(&n->stops, __ATOMIC_ACQUIRE)) {
        struct epoll_event events[EVENTS];
        if (wire_now_ms() >= next_tick || (!n->spec.listens && !n->conns)) {
            tick(n);
            next_tick = wire_now_ms() + TICK_MS;
        }
        for (net_conn *c = n->conns; c; c = c->next)
            if (!c->is_dead) ask_epoll(c);
        free_dead(n);
        int got = epoll_wait(n->epoll, events, EVENTS, wait_ms(n));
        for (int i = 0; i < got; i++) {
            if (events[i].data.ptr == n)
                on_wake(n);
            else if (events[i].data.ptr == &n->listener)
                accept_all(n);
            else
                on_event(events[i].data.ptr, events[i].events);
        }
    }
    for (net_conn *c = n->conns; c; c = c->next) {
        if (c->is_open && !c->is_dead && n->spec.owner.on_end) n->spec.owner.on_end(n->spec.owner.ctx, c);
        if (c->is_open && !c->is_dead && c->out_len) write_some(c); /* a last try */
        if (c->is_open && !c->is_dead && c->ssl) SSL_shutdown(c->ssl);
        kill_conn(c, NULL);
    }
    free_dead(n);
    return NULL;
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

/* A socket's file that nobody listens at any more, after a crash, is taken away. */
static void remove_stale(const address *a, socklen_t len) {
    struct stat st;
    if (stat(a->un.sun_path, &st) || !S_ISSOCK(st.st_mode)) return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    if (connect(fd, &a->any, len) && errno == ECONNREFUSED) unlink(a->un.sun_path);
    close(fd);
}

static weir_status start_listening(net *n, weir_error *err) {
    char why[200];
    address a;
    socklen_t len;
    int on = 1;
    if (!resolve(&n->spec, 0, &a, &len, why, sizeof why))
        return weir_fail(err, WEIR_EIO, "can't listen: %s", why);
    if (!n->spec.host) remove_stale(&a, len);
    n->listener = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (n->listener >= 0) setsockopt(n->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (n->listener < 0 || bind(n->listener, &a.any, len) || listen(n->listener, 511)) {
        const char *reason = wire_error_text(errno);
        return n->spec.host
                   ? weir_fail(err, WEIR_EIO, "can't listen at %s:%u: %s", n->spec.host, n->spec.port, reason)
                   : weir_fail(err, WEIR_EIO, "can't listen at '%s': %s", n->spec.path, reason);
    }
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &n->listener};
    epoll_ctl(n->epoll, EPOLL_CTL_ADD, n->listener, &e);
    return WEIR_OK;
}

static weir_status open_parts(net *n, weir_error *err) {
    if (n->epoll < 0 || n->bell < 0) return weir_fail(err, WEIR_EIO, "no descriptors are left");
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = n};
    epoll_ctl(n->epoll, EPOLL_CTL_ADD, n->bell, &e);
    if (n->spec.tls.is_on) WIRE_TRY(tls_context(&n->spec.tls, n->spec.listens, &n->tls, err));
    if (n->spec.listens) WIRE_TRY(start_listening(n, err));
    /* Writes of TLS to a connection that is gone must not end the program; the thread has them blocked. */
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    n->has_thread = !pthread_create(&n->thread, NULL, run, n);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n->has_thread ? WEIR_OK : weir_fail(err, WEIR_EIO, "can't start a thread");
}

weir_status net_open(const net_spec *spec, net **out, weir_error *err) {
    net *n = calloc(1, sizeof *n);
    if (!n) return wire_no_memory(err);
    n->spec = *spec;
    n->listener = -1;
    n->may_read = true;
    n->epoll = epoll_create1(EPOLL_CLOEXEC);
    n->bell = wire_bell_new();
    pthread_mutex_init(&n->lock, NULL);
    *out = n; /* before the thread runs: its owner's functions may look at it */
    weir_status st = open_parts(n, err);
    if (st == WEIR_OK) return WEIR_OK;
    *out = NULL;
    net_close(n);
    return st;
}

void net_close(net *n) {
    if (!n) return;
    __atomic_store_n(&n->stops, true, __ATOMIC_RELEASE);
    if (n->has_thread) {
        net_wake(n);
        pthread_join(n->thread, NULL);
    }
    if (n->listener >= 0) close(n->listener);
    if (n->listener >= 0 && n->spec.path && !n->spec.host) unlink(n->spec.path);
    if (n->tls) SSL_CTX_free(n->tls);
    if (n->epoll >= 0) close(n->epoll);
    if (n->bell >= 0) close(n->bell);
    pthread_mutex_destroy(&n->lock);
    free(n);
}
