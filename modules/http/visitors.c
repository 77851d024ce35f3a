/* visitors.c: see visitors.h. */
#include "visitors.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define BODY_A_SECOND 1000
#define LOOK_NS       500000000

typedef struct visitor {
    struct visitor *next, **at; /* at: what points to it */
    int fd;
    int64_t deadline_ms; /* INT64_MAX: it is weir's turn, or the connection is idle */
    bool is_idle;        /* after a request, with so many bytes received */
    uint64_t received;
} visitor;

struct visitors {
    pthread_mutex_t lock;
    pthread_cond_t ends;
    pthread_t thread;
    bool stops;
    int64_t head_ms;
    uint64_t n_cut_off;
    visitor *first;
};

/* ---- The thread --------------------------------------------------------------------------------------- */

static uint64_t received(int fd) {
    struct tcp_info info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ? 0 : info.tcpi_bytes_received;
}

/* An idle connection has as long as the listener says; one with the first bytes of a request has not. */
static void notice_bytes(visitors *v, visitor *one, int64_t now) {
    if (!one->is_idle || received(one->fd) == one->received) return;
    one->is_idle = false;
    one->deadline_ms = now + v->head_ms;
}

/* The listener closes what was shut down; until then the descriptor can be nobody else's. */
static void cut_off_late(visitors *v) {
    int64_t now = wire_now_ms();
    for (visitor *one = v->first; one; one = one->next) {
        notice_bytes(v, one, now);
        if (one->deadline_ms > now) continue;
        shutdown(one->fd, SHUT_RDWR);
        one->deadline_ms = INT64_MAX;
        v->n_cut_off++;
    }
}

static void *run(void *ctx) {
    visitors *v = ctx;
    pthread_mutex_lock(&v->lock);
    while (!v->stops) {
        struct timespec until = wire_timespec(wire_now_ns() + LOOK_NS);
        pthread_cond_timedwait(&v->ends, &v->lock, &until);
        cut_off_late(v);
    }
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

visitors *visitors_new(unsigned head_s) {
    visitors *v = calloc(1, sizeof *v);
    pthread_condattr_t clock;
    if (!v) return NULL;
    v->head_ms = (int64_t)head_s * 1000;
    pthread_mutex_init(&v->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&v->ends, &clock);
    pthread_condattr_destroy(&clock);
    if (!pthread_create(&v->thread, NULL, run, v)) return v;
    pthread_cond_destroy(&v->ends);
    pthread_mutex_destroy(&v->lock);
    free(v);
    return NULL;
}

void visitors_free(visitors *v) {
    if (!v) return;
    pthread_mutex_lock(&v->lock);
    v->stops = true;
    pthread_cond_signal(&v->ends);
    pthread_mutex_unlock(&v->lock);
    pthread_join(v->thread, NULL);
    for (visitor *next, *one = v->first; one; one = next) {
        next = one->next;
        free(one);
    }
    pthread_cond_destroy(&v->ends);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

/* ---- Of the listener's threads ------------------------------------------------------------------------ */

static void come(visitors *v, struct MHD_Connection *c, void **socket_context) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    visitor *one = info ? calloc(1, sizeof *one) : NULL;
    *socket_context = one;
    if (!one) return; /* it is not looked after, then */
    one->fd = info->connect_fd;
    one->deadline_ms = wire_now_ms() + v->head_ms;
    pthread_mutex_lock(&v->lock);
    one->at = &v->first;
    one->next = v->first;
    if (one->next) one->next->at = &one->next;
    v->first = one;
    pthread_mutex_unlock(&v->lock);
}

static void go(visitors *v, visitor *one) {
    if (!one) return;
    pthread_mutex_lock(&v->lock);
    *one->at = one->next;
    if (one->next) one->next->at = one->at;
    pthread_mutex_unlock(&v->lock);
    free(one);
}

void visitors_on_connection(void *ctx, struct MHD_Connection *c, void **socket_context,
                            enum MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        come(ctx, c, socket_context);
    else
        go(ctx, *socket_context);
}

static visitor *of(struct MHD_Connection *c) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void set_deadline(visitors *v, struct MHD_Connection *c, int64_t deadline_ms) {
    visitor *one = of(c);
    if (!one) return;
    pthread_mutex_lock(&v->lock);
    one->deadline_ms = deadline_ms;
    one->is_idle = false;
    pthread_mutex_unlock(&v->lock);
}

void visitors_on_head(visitors *v, struct MHD_Connection *c) {
    set_deadline(v, c, wire_now_ms() + v->head_ms);
}

void visitors_on_whole(visitors *v, struct MHD_Connection *c) { set_deadline(v, c, INT64_MAX); }

void visitors_on_body(visitors *v, struct MHD_Connection *c, size_t len) {
    visitor *one = of(c);
    if (!one) return;
    pthread_mutex_lock(&v->lock);
    if (one->deadline_ms != INT64_MAX) one->deadline_ms += (int64_t)(len * 1000 / BODY_A_SECOND);
    pthread_mutex_unlock(&v->lock);
}

void visitors_on_end(visitors *v, struct MHD_Connection *c) {
    visitor *one = of(c);
    if (!one) return;
    pthread_mutex_lock(&v->lock);
    one->deadline_ms = INT64_MAX;
    one->is_idle = true;
    one->received = received(one->fd);
    pthread_mutex_unlock(&v->lock);
}

uint64_t visitors_cut_off(visitors *v) {
    pthread_mutex_lock(&v->lock);
    uint64_t n = v->n_cut_off;
    pthread_mutex_unlock(&v->lock);
    return n;
}
