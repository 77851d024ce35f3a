/* socket.c: see socket.h. */
#include "socket.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MONITOR        "inproc://monitor"
#define LINE_EVERY     ((int64_t)10 * 1000000000)
#define FIRST_DELAY_MS 100

void zeromq_log(zeromq_socket *s, weir_log_level level, const char *format, ...) {
    char line[1024];
    if (!s->host || !s->host->log) return;
    int n = snprintf(line, sizeof line, "%s: ", s->who);
    va_list args;
    va_start(args, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    s->host->log(s->host->log_ctx, level, line);
}

bool zeromq_may_tell(zeromq_socket *s) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t now = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    if (now < s->next_line_ns) return false;
    s->next_line_ns = now + LINE_EVERY;
    return true;
}

static weir_status failed(weir_error *err, const char *what) {
    return weir_fail(err, WEIR_EIO, "%s: %s", what, zmq_strerror(zmq_errno()));
}

weir_status zeromq_set(void *socket, int option, int value, weir_error *err) {
    return zmq_setsockopt(socket, option, &value, sizeof value) ? failed(err, "an option of the socket")
                                                                : WEIR_OK;
}

/* ---- Settings ----------------------------------------------------------------------------------------- */

static weir_status each_endpoint(const char *list,
                                 weir_status (*each)(void *ctx, const char *one, weir_error *err), void *ctx,
                                 weir_error *err) {
    uint32_t n = 0;
    while (*list) {
        char one[512];
        size_t len = strcspn(list, ","), begin = strspn(list, " \t\n"), end = len;
        while (end > begin && strchr(" \t\n", list[end - 1])) end--;
        if (end > begin) {
            if (end - begin >= sizeof one) return weir_fail(err, WEIR_ECONFIG, "an end point is too long");
            memcpy(one, list + begin, end - begin);
            one[end - begin] = 0;
            WIRE_TRY(each(ctx, one, err));
            n++;
        }
        list += len + (list[len] == ',');
    }
    return n ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "endpoint is empty");
}

static weir_status check_endpoint(void *ctx, const char *one, weir_error *err) {
    (void)ctx;
    if (strncmp(one, "ipc://", 6) == 0 && one[6]) return WEIR_OK;
    const char *colon = strrchr(one, ':');
    if (strncmp(one, "tcp://", 6) == 0 && colon > one + 6 && colon[1]) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "endpoint is '%s'; it takes tcp://host:port or ipc:///path", one);
}

static weir_status check_range(const weir_setting *set, const char *name, int64_t least, int64_t most,
                               weir_error *err) {
    if (set->as.l >= least && set->as.l <= most) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "%s is %lld; it takes %lld to %lld", name, (long long)set->as.l,
                     (long long)least, (long long)most);
}

weir_status zeromq_conf_read(zeromq_conf *c, const weir_setting *set, weir_error *err) {
    c->set = set;
    bool usually_binds = c->type == ZMQ_XPUB || c->type == ZMQ_PULL || c->type == ZMQ_ROUTER;
    c->binds = set[OPT_MODE].given ? set[OPT_MODE].as.l == 1 : usually_binds;
    WIRE_TRY(each_endpoint(set[OPT_ENDPOINT].text, check_endpoint, NULL, err));
    WIRE_TRY(check_range(&set[OPT_MARK], "high.water.mark", 1, 1 << 24, err));
    WIRE_TRY(check_range(&set[OPT_HEARTBEAT], "heartbeat", 0, 6553000, err));
    WIRE_TRY(check_range(&set[OPT_MAX_DELAY], "max.reconnect.delay", 1, 86400000, err));
    const char *id = set[OPT_ROUTING_ID].text;
    if (id && (!*id || strlen(id) > 255))
        return weir_fail(err, WEIR_ECONFIG, "routing.id takes 1 to 255 bytes");
    return curve_read(&c->curve, set, err);
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status set_options(zeromq_socket *s, const zeromq_conf *c, weir_error *err) {
    const weir_setting *set = c->set;
    int64_t most = set[OPT_MAX_MESSAGE].as.l;
    int heartbeat = (int)set[OPT_HEARTBEAT].as.l;
    WIRE_TRY(zeromq_set(s->socket, ZMQ_SNDHWM, (int)set[OPT_MARK].as.l, err));
    WIRE_TRY(zeromq_set(s->socket, ZMQ_RCVHWM, (int)set[OPT_MARK].as.l, err));
    WIRE_TRY(zeromq_set(s->socket, ZMQ_RECONNECT_IVL, FIRST_DELAY_MS, err));
    WIRE_TRY(zeromq_set(s->socket, ZMQ_RECONNECT_IVL_MAX, (int)set[OPT_MAX_DELAY].as.l, err));
    WIRE_TRY(zeromq_set(s->socket, ZMQ_HEARTBEAT_IVL, heartbeat, err));
    WIRE_TRY(zeromq_set(s->socket, ZMQ_HEARTBEAT_TIMEOUT, heartbeat * 3, err));
    WIRE_TRY(zeromq_set(s->socket, ZMQ_IPV6, 1, err));
    if (zmq_setsockopt(s->socket, ZMQ_MAXMSGSIZE, &most, sizeof most)) return failed(err, "max.message.size");
    const char *id = set[OPT_ROUTING_ID].text;
    if (id && zmq_setsockopt(s->socket, ZMQ_ROUTING_ID, id, strlen(id))) return failed(err, "routing.id");
    return WEIR_OK;
}

static weir_status open_wake(zeromq_socket *s, weir_error *err) {
    int fd;
    size_t size = sizeof fd;
    struct epoll_event readable = {.events = EPOLLIN};
    if (zmq_getsockopt(s->socket, ZMQ_FD, &fd, &size)) return failed(err, "the socket's descriptor");
    s->wake = epoll_create1(EPOLL_CLOEXEC);
    if (s->wake < 0 || epoll_ctl(s->wake, EPOLL_CTL_ADD, fd, &readable))
        return weir_fail(err, WEIR_EIO, "can't watch the socket");
    return WEIR_OK;
}

static weir_status open_monitor(zeromq_socket *s, weir_error *err) {
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    if (zmq_socket_monitor(s->socket, MONITOR, events)) return failed(err, "can't watch the socket");
    s->monitor = zmq_socket(s->context, ZMQ_PAIR);
    if (!s->monitor || zmq_connect(s->monitor, MONITOR)) return failed(err, "can't watch the socket");
    return WEIR_OK;
}

weir_status zeromq_open(zeromq_socket *s, const zeromq_conf *c, weir_error *err) {
    s->wake = -1;
    s->binds = c->binds;
    s->state = c->binds ? "" : "not connected yet";
    s->context = zmq_ctx_new();
    s->socket = s->context ? zmq_socket(s->context, c->type) : NULL;
    if (!s->socket) return failed(err, "can't make a socket");
    WIRE_TRY(set_options(s, c, err));
    WIRE_TRY(curve_apply(&c->curve, s->socket, err));
    if (c->curve.n_clients) {
        WIRE_TRY(curve_gate_start(&c->curve, s->context, &s->gate, err));
        s->has_gate = true;
    }
    WIRE_TRY(open_monitor(s, err));
    return open_wake(s, err);
}

static weir_status use_endpoint(void *ctx, const char *one, weir_error *err) {
    zeromq_socket *s = ctx;
    int why = s->binds ? zmq_bind(s->socket, one) : zmq_connect(s->socket, one);
    return why ? weir_fail(err, WEIR_EIO, "%s '%s': %s", s->binds ? "can't bind to" : "can't connect to", one,
                           zmq_strerror(zmq_errno()))
               : WEIR_OK;
}

weir_status zeromq_connect(zeromq_socket *s, const zeromq_conf *c, weir_error *err) {
    return each_endpoint(c->set[OPT_ENDPOINT].text, use_endpoint, s, err);
}

void zeromq_close(zeromq_socket *s, int linger_ms) {
    if (!s->context) return;
    if (s->wake >= 0) close(s->wake);
    if (s->socket) {
        zmq_setsockopt(s->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        zmq_socket_monitor(s->socket, NULL, 0);
        zmq_close(s->socket);
    }
    if (s->monitor) zmq_close(s->monitor);
    zmq_ctx_shutdown(s->context); /* ends the gate */
    if (s->has_gate) pthread_join(s->gate, NULL);
    zmq_ctx_term(s->context);
    *s = (zeromq_socket){.wake = -1, .state = ""};
}

/* ---- Watching ----------------------------------------------------------------------------------------- */

static void note_event(zeromq_socket *s, uint16_t event, const char *where) {
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        s->n_peers++;
        s->state = "";
        zeromq_log(s, WEIR_LOG_INFO, "connected with %s (%lld now)", where, (long long)s->n_peers);
        return;
    case ZMQ_EVENT_DISCONNECTED:
        if (s->n_failing) {
            s->n_failing--;
            return;
        }
        if (s->n_peers) s->n_peers--;
        s->n_lost_peers++;
        if (!s->n_peers && !s->binds) s->state = "the connection was lost";
        zeromq_log(s, WEIR_LOG_INFO, "disconnected from %s (%lld left)", where, (long long)s->n_peers);
        return;
    default: /* a handshake failed */
        s->n_failing++;
        s->n_refused++;
        if (!s->n_peers) s->state = "a handshake failed: the keys do not fit, or the peer is no ZeroMQ";
        if (zeromq_may_tell(s))
            zeromq_log(s, WEIR_LOG_WARN, "a handshake with %s failed (%llu so far): %s", where,
                       (unsigned long long)s->n_refused,
                       event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
                           ? "a key is not on the list"
                           : "the keys do not fit, or the peer is no ZeroMQ");
    }
}

void zeromq_watch(zeromq_socket *s) {
    uint8_t event[16];
    char where[256];
    while (s->monitor && zmq_recv(s->monitor, event, sizeof event, ZMQ_DONTWAIT) >= 2) {
        uint16_t id;
        memcpy(&id, event, sizeof id);
        int n = zmq_recv(s->monitor, where, sizeof where - 1, ZMQ_DONTWAIT);
        where[n < 0 ? 0 : n < (int)sizeof where ? n : (int)sizeof where - 1] = 0;
        note_event(s, id, where);
    }
}
