/* link.c: see link.h: the thread, its connections one after the other, and how the app talks to it. */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "connect.h"

#define FIRST_WAIT_MS 100
#define LEAVE_NS      ((int64_t)3 * 1000000000)
#define NOTE_NS       ((int64_t)10 * 1000000000)
#define READ_BYTES    ((size_t)65536)
#define READS         16 /* before the lock is given up for a moment */
#define DENSE_NS      ((int64_t)500000)
#define GATHER_NS     200000

/* ---- Talking ------------------------------------------------------------------------------------------ */

void jms_link_lock(jms_link *l) { pthread_mutex_lock(&l->lock); }
void jms_link_unlock(jms_link *l) { pthread_mutex_unlock(&l->lock); }

static void poke(const int fds[2]) {
    if (write(fds[1], "x", 1) < 0) return; /* full: somebody is woken already */
}

static void drain(const int fds[2]) {
    char drop[64];
    while (read(fds[0], drop, sizeof drop) == (ssize_t)sizeof drop) continue;
}

/* Nobody is woken who waits for a connection: it would be given up for the kick. */
void jms_link_kick(jms_link *l) {
    if (l->is_open || l->is_ending) poke(l->kick);
}

void jms_link_announce(jms_link *l) { l->is_news_due = true; }

/* The app is woken once for all that came in a turn: before, it would only wait for the lock. */
static void let_go(jms_link *l) {
    if (l->is_news_due) {
        if (!l->has_news) poke(l->news);
        l->has_news = true;
        l->is_news_due = false;
        pthread_cond_broadcast(&l->changed);
    }
    jms_link_unlock(l);
}

void jms_link_heed(jms_link *l) {
    if (l->has_news) drain(l->news);
    l->has_news = false;
}

bool jms_link_wait(jms_link *l, int64_t until_ns) {
    struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    return pthread_cond_timedwait(&l->changed, &l->lock, &until) == 0;
}

void jms_link_complain(jms_link *l, const char *format, ...) {
    char text[sizeof l->state];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int64_t now = wire_now_ns();
    bool is_new = strcmp(text, l->state) != 0;
    if (is_new || now >= l->next_note_ns) {
        snprintf(l->note, sizeof l->note, "%s", text);
        l->next_note_ns = now + NOTE_NS;
    }
    memcpy(l->state, text, sizeof text);
    jms_link_announce(l);
}

void jms_link_is_well(jms_link *l) {
    l->n_tries = 0;
    l->state[0] = 0;
}

bool jms_link_has_word(const jms_link *l) { return l->note[0] || l->has_given_up; }

weir_status jms_link_tell(jms_link *l, weir_error *err) {
    char note[sizeof l->note];
    jms_link_lock(l);
    bool is_over = l->has_given_up;
    memcpy(note, l->note, sizeof note);
    l->note[0] = 0;
    if (is_over) memcpy(note, l->state, sizeof l->state);
    jms_link_unlock(l);
    if (is_over) {
        weir_fail(err, WEIR_EIO, "given up after %" PRId64 " tries (retry.count): %s", l->conf->most_tries,
                  note);
        if (err) err->fatal = true;
        return WEIR_EIO;
    }
    if (note[0]) wire_log(l->host, WEIR_LOG_WARN, "%s: %s", l->who, note);
    return WEIR_OK;
}

const char *jms_condition_text(pn_condition_t *c, char *text, size_t size) {
    text[0] = 0;
    if (!pn_condition_is_set(c)) return text;
    const char *name = pn_condition_get_name(c), *more = pn_condition_get_description(c);
    snprintf(text, size, "%s%s%s", name ? name : "", name && more ? ": " : "", more ? more : "");
    return text;
}

/* ---- One connection ----------------------------------------------------------------------------------- */

static void say_why(jms_link *l, pn_condition_t *c, const char *what) {
    char why[160];
    jms_condition_text(c, why, sizeof why);
    jms_link_complain(l, "%s%s%s", what, why[0] ? ": " : "", why);
}

static void on_event(jms_link *l, pn_event_t *e) {
    pn_connection_t *c = l->driver.connection;
    switch (pn_event_type(e)) {
    case PN_CONNECTION_REMOTE_OPEN:
        l->is_open = true;
        l->session = pn_session(c);
        pn_session_set_incoming_capacity(l->session, l->window_bytes);
        pn_session_open(l->session);
        l->handler->opened(l->ctx, l->session);
        break;
    case PN_CONNECTION_REMOTE_CLOSE:
        if (!l->is_left)
            say_why(l, pn_connection_remote_condition(c), "the broker has closed the connection");
        pn_connection_close(c);
        break;
    case PN_SESSION_REMOTE_CLOSE:
        if (!l->is_left)
            say_why(l, pn_session_remote_condition(pn_event_session(e)), "the broker has ended the session");
        pn_connection_close(c);
        break;
    case PN_TRANSPORT_ERROR:
        say_why(l, pn_transport_condition(l->driver.transport),
                l->is_open ? "the connection is lost" : "can't connect");
        break;
    default: l->handler->event(l->ctx, e);
    }
}

static void pump(jms_link *l) {
    for (pn_event_t *e; (e = pn_connection_driver_next_event(&l->driver));) on_event(l, e);
}

/* True: something came, after which there may be something to do at once. */
static bool read_some(jms_link *l, int fd) {
    bool any = false;
    for (int i = 0; i < READS; i++) {
        pn_rwbytes_t room = pn_connection_driver_read_buffer_sized(&l->driver, READ_BYTES);
        if (!room.size) return any;
        ssize_t n = recv(fd, room.start, room.size, MSG_DONTWAIT);
        if (n > 0) {
            pn_connection_driver_read_done(&l->driver, (size_t)n);
            pump(l);
            any = true;
            if ((size_t)n < room.size) return any;
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return any;
        if (n < 0)
            pn_connection_driver_errorf(&l->driver, "amqp:connection:lost", "%s", wire_error_text(errno));
        if (n == 0 && !l->is_left && !pn_connection_driver_finished(&l->driver))
            pn_connection_driver_errorf(&l->driver, "amqp:connection:lost", "the broker has hung up");
        pn_connection_driver_read_close(&l->driver);
        return true;
    }
    return any;
}

/* True: there is more, and no room for it. */
static bool write_all(jms_link *l, int fd) {
    for (;;) {
        pn_bytes_t bytes = pn_connection_driver_write_buffer(&l->driver);
        if (!bytes.size) {
            if (pn_connection_driver_write_closed(&l->driver)) shutdown(fd, SHUT_WR);
            return false;
        }
        ssize_t n = send(fd, bytes.start, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            pn_connection_driver_write_done(&l->driver, (size_t)n);
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return true;
        pn_connection_driver_errorf(&l->driver, "amqp:connection:lost", "%s", wire_error_text(errno));
        pn_connection_driver_write_close(&l->driver);
        return false;
    }
}

static void leave(jms_link *l) {
    l->is_left = true;
    if (l->is_open) l->handler->leave(l->ctx);
    pn_connection_close(l->driver.connection);
}

static int shorter(int64_t wait, int64_t other) {
    int64_t least = other >= 0 && (wait < 0 || other < wait) ? other : wait;
    return least > 60000 ? 60000 : (int)least;
}

/* Of a broker that sends many messages: a little later there are more to be read at once, so that neither
 * this thread nor the app is woken for each. The lock is not held. */
static void gather(jms_link *l) {
    int64_t now = wire_now_ns(), before = l->came_ns;
    l->came_ns = now;
    if (l->gathers && now - before < DENSE_NS) nanosleep(&(struct timespec){.tv_nsec = GATHER_NS}, NULL);
}

/* Waits for the socket, a kick or the next heartbeat, without the lock. */
static void wait_for(jms_link *l, int fd, bool is_full, int64_t wait_ms) {
    pn_transport_t *t = l->driver.transport;
    int64_t now = wire_now_ns() / 1000000, next = pn_transport_tick(t, now);
    bool reads = pn_connection_driver_read_buffer(&l->driver).size > 0;
    struct pollfd fds[2] = {{.fd = fd, .events = (short)((reads ? POLLIN : 0) | (is_full ? POLLOUT : 0))},
                            {.fd = l->kick[0], .events = POLLIN}};
    if (pn_connection_driver_has_event(&l->driver)) wait_ms = 0;
    int wait = shorter(wait_ms, next > 0 ? (next > now ? next - now : 0) : -1);
    let_go(l);
    poll(fds, 2, wait);
    if (fds[0].revents & POLLIN) gather(l);
    jms_link_lock(l);
    if (fds[1].revents) drain(l->kick);
}

/* What is left to be said has its time before the end, and so has the broker's answer to the end. */
static bool end_in_order(jms_link *l, int64_t *give_up) {
    int64_t now = wire_now_ns();
    if (!*give_up) *give_up = wire_no_later_ns(l->host, now + LEAVE_NS);
    if (l->is_left) return now < *give_up;
    if (l->is_open && !l->handler->is_done(l->ctx) && now < *give_up) return true;
    leave(l);
    *give_up = wire_no_later_ns(l->host, now + LEAVE_NS);
    return true;
}

static void serve(jms_link *l, int fd) {
    int64_t give_up = 0;
    for (;;) {
        pump(l);
        if (l->is_ending && !end_in_order(l, &give_up)) return;
        int64_t wait_ms = l->is_open && !l->is_left ? l->handler->turn(l->ctx) : -1;
        bool is_full = write_all(l, fd);
        if (read_some(l, fd)) wait_ms = 0;
        pump(l);
        is_full |= write_all(l, fd);
        if (pn_connection_driver_finished(&l->driver)) return;
        wait_for(l, fd, is_full, give_up && wait_ms ? 20 : wait_ms);
    }
}

static bool open_driver(jms_link *l, const jms_endpoint *e, pn_ssl_domain_t **domain) {
    if (pn_connection_driver_init(&l->driver, NULL, NULL)) return false;
    pn_connection_t *c = l->driver.connection;
    pn_connection_set_container(c, l->conf->client);
    pn_connection_set_hostname(c, e->host);
    const char *why = jms_secure(l->conf, e, &l->driver, domain);
    if (why) {
        jms_link_complain(l, "%s", why);
        return false;
    }
    pn_transport_set_max_frame(l->driver.transport, 65536);
    pn_transport_set_idle_timeout(l->driver.transport, 60000);
    pn_connection_driver_bind(&l->driver);
    pn_connection_open(c);
    return true;
}

static void one_connection(jms_link *l, const jms_endpoint *e, int fd) {
    pn_ssl_domain_t *domain = NULL;
    l->is_open = l->is_left = false;
    if (open_driver(l, e, &domain)) serve(l, fd);
    if (l->is_open) l->handler->lost(l->ctx);
    l->is_open = false;
    l->session = NULL;
    pn_connection_driver_destroy(&l->driver);
    if (domain) pn_ssl_domain_free(domain);
}

/* ---- One after the other ------------------------------------------------------------------------------ */

/* Half to one and a half times a wait that doubles with each failure. */
static int64_t back_off_ms(jms_link *l) {
    int64_t wait = FIRST_WAIT_MS;
    for (uint32_t i = 1; i < l->n_tries && wait < l->conf->longest_wait_ms; i++) wait *= 2;
    if (wait > l->conf->longest_wait_ms) wait = l->conf->longest_wait_ms;
    l->random = l->random * 6364136223846793005u + 1442695040888963407u;
    return wait / 2 + (int64_t)((l->random >> 33) % (uint64_t)(wait + 1));
}

static void pause_before_next(jms_link *l) {
    int64_t until = wire_now_ns() / 1000000 + back_off_ms(l), left;
    while (!l->is_ending && (left = until - wire_now_ns() / 1000000) > 0) {
        struct pollfd kick = {.fd = l->kick[0], .events = POLLIN};
        let_go(l);
        poll(&kick, 1, (int)left);
        jms_link_lock(l);
        drain(l->kick);
    }
}

static void *run(void *arg) {
    jms_link *l = arg;
    jms_link_lock(l);
    while (!l->is_ending) {
        const jms_endpoint *e = &l->conf->endpoints[l->turn_of++ % l->conf->n_endpoints];
        char why[160] = "";
        drain(l->kick);
        let_go(l);
        int fd = jms_connect(e, l->kick[0], why, sizeof why);
        jms_link_lock(l);
        if (fd >= 0) {
            one_connection(l, e, fd);
            close(fd);
        } else if (!l->is_ending)
            jms_link_complain(l, "can't connect to %s:%s: %s", e->host, e->port, why);
        if (l->is_ending) break;
        l->n_tries++;
        if (l->conf->most_tries >= 0 && l->n_tries > l->conf->most_tries) {
            l->has_given_up = true;
            jms_link_announce(l);
            break;
        }
        pause_before_next(l);
    }
    let_go(l);
    return NULL;
}

/* ---- Beginning and end -------------------------------------------------------------------------------- */

weir_status jms_link_start(jms_link *l, weir_error *err) {
    pthread_condattr_t attributes;
    l->kick[0] = l->kick[1] = l->news[0] = l->news[1] = -1;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    l->has_lock = true;
    l->random = (uint64_t)wire_now_ns() ^ (uint64_t)(uintptr_t)l;
    if (pipe2(l->kick, O_NONBLOCK | O_CLOEXEC) || pipe2(l->news, O_NONBLOCK | O_CLOEXEC))
        return weir_fail(err, WEIR_EIO, "can't make a pipe: %s", wire_error_text(errno));
    if (pthread_create(&l->thread, NULL, run, l)) return weir_fail(err, WEIR_EIO, "can't start a thread");
    l->has_thread = true;
    return WEIR_OK;
}

void jms_link_stop(jms_link *l) {
    if (!l->has_lock) return;
    jms_link_lock(l);
    l->is_ending = true;
    jms_link_kick(l);
    jms_link_unlock(l);
    if (l->has_thread) pthread_join(l->thread, NULL);
    int fds[] = {l->kick[0], l->kick[1], l->news[0], l->news[1]};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0) close(fds[i]);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    l->has_lock = l->has_thread = false;
}
