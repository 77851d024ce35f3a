/* client.c: see client.h. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND        ((int64_t)1000000000)
#define FIRST_DELAY   (SECOND / 10)
#define PROVEN_AFTER  (5 * SECOND)
#define LAST_WORDS    (2 * SECOND)
#define TROUBLE_EVERY (10 * SECOND)
#define READ_AT_ONCE  (256u << 10)
#define KEPT_BUFFER   (1u << 20)
#define TAKEN_OVER    0x8e
#define GATHER_NS     100000

/* ---- What it tells ------------------------------------------------------------------------------------ */

void mqtt_client_say(mqtt_client *c, weir_log_level level, const char *format, ...) {
    if (c->n_lines == MQTT_LINES) return; /* the app is held up; the first lines matter most */
    mqtt_line *line = &c->lines[c->n_lines++];
    va_list args;
    line->level = level;
    int n = snprintf(line->text, sizeof line->text, "%s: ", c->who);
    va_start(args, format);
    vsnprintf(line->text + n, sizeof line->text - (size_t)n, format, args);
    va_end(args);
    mqtt_client_notify(c);
}

weir_status mqtt_client_tell(mqtt_client *c, weir_error *err) {
    mqtt_line lines[MQTT_LINES];
    pthread_mutex_lock(&c->lock);
    uint32_t n = c->n_lines;
    memcpy(lines, c->lines, n * sizeof *lines);
    c->n_lines = 0;
    bool has_failed = c->has_failed;
    if (has_failed && err) *err = c->failure;
    pthread_mutex_unlock(&c->lock);
    for (uint32_t i = 0; i < n && c->host && c->host->log; i++)
        c->host->log(c->host->log_ctx, lines[i].level, lines[i].text);
    return has_failed ? WEIR_EIO : WEIR_OK;
}

/* The same trouble is told every ten seconds, not at every try. */
const char mqtt_not_connected_yet[] = "not connected yet";

static void trouble(mqtt_client *c, const char *state, const char *text) {
    int64_t now = wire_now_ns();
    atomic_store(&c->state, state);
    if (now < c->next_trouble_ns) return;
    c->next_trouble_ns = now + TROUBLE_EVERY;
    mqtt_client_say(c, WEIR_LOG_WARN, "%s; trying again", text);
}

/* ---- Waking ------------------------------------------------------------------------------------------- */

static void poke(int fd) {
    ssize_t n = write(fd, "x", 1);
    (void)n; /* a full pipe wakes as well */
}

static void drain(int fd) {
    char drop[256];
    while (read(fd, drop, sizeof drop) == (ssize_t)sizeof drop) continue;
}

void mqtt_client_wake(mqtt_client *c) { poke(c->wake[1]); }
void mqtt_client_notify(mqtt_client *c) { poke(c->notify[1]); }
void mqtt_client_drain_notify(mqtt_client *c) { drain(c->notify[0]); }

bool mqtt_client_await(mqtt_client *c, int64_t deadline_ns) {
    struct timespec until = {deadline_ns / SECOND, deadline_ns % SECOND};
    return pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC, &until) == 0;
}

/* ---- The connection ----------------------------------------------------------------------------------- */

static uint32_t random_number(void) {
    uint32_t v = 0;
    return getentropy(&v, sizeof v) ? 0 : v;
}

static void plan_next_try(mqtt_client *c) {
    if (c->is_proven || !c->delay_ns) c->delay_ns = FIRST_DELAY;
    int64_t half = c->delay_ns / 2;
    c->next_try_ns = wire_now_ns() + half + (half ? random_number() % half : 0);
    c->delay_ns *= 2;
    if (c->delay_ns > c->conf->longest_delay_ns) c->delay_ns = c->conf->longest_delay_ns;
}

/* Ends the connection. state is a literal. */
static void drop(mqtt_client *c, const char *state, const char *text) {
    mqtt_phase before = c->phase;
    net_close(&c->net);
    c->in.begin = c->in.len = c->out.begin = c->out.len = 0;
    c->out.has_failed = false;
    c->phase = MQTT_DOWN;
    c->is_proven |= before == MQTT_UP && wire_now_ns() - c->up_since_ns > PROVEN_AFTER;
    if (before == MQTT_UP) {
        c->n_lost++;
        c->handler->on_lost(c->self);
    }
    trouble(c, state, text);
    plan_next_try(c);
    if (!c->conf->reconnects && c->was_up) {
        weir_fail(&c->failure, WEIR_EIO, "the connection was lost (%s), and automatic.reconnect is 'false'",
                  text);
        c->failure.fatal = c->has_failed = true;
        c->stops = true;
    }
    mqtt_client_notify(c);
    pthread_cond_broadcast(&c->changed);
}

/* The first connection of a client that begins anew asks for a clean session; in 3.1.1 one that is to be kept
 * needs another connection behind it. */
static bool connects_clean(const mqtt_client *c) {
    return c->conf->is_clean || (c->begins_anew && !c->has_begun);
}

static void connect_to_broker(mqtt_client *c) {
    weir_error why = {0};
    net fresh;
    c->is_proven = c->is_pinging = false;
    int64_t deadline_ns = wire_now_ns() + c->conf->timeout_ns;
    pthread_mutex_unlock(&c->lock);
    weir_status st = net_open(&fresh, &c->conf->net, deadline_ns, c->stop[0], &why);
    pthread_mutex_lock(&c->lock);
    if (st == WEIR_EAGAIN) return; /* a stop was asked for */
    if (st != WEIR_OK) {
        trouble(c, "the broker can't be reached", why.message);
        plan_next_try(c);
        return;
    }
    c->net = fresh;
    c->phase = MQTT_GREETING;
    c->deadline_ns = deadline_ns;
    c->last_sent_ns = c->last_heard_ns = wire_now_ns();
    mqtt_conf_put_connect(c->conf, c->id, connects_clean(c), &c->out);
}

static void read_connack_properties(mqtt_client *c, weir_text rest) {
    mqtt_property p;
    c->keep_alive_s = c->conf->keep_alive_s;
    c->receive_maximum = 65535;
    c->maximum_packet = MQTT_MAX_PACKET;
    while (mqtt_property_next(&rest, &p)) {
        if (p.id == MQTT_SERVER_KEEP_ALIVE) c->keep_alive_s = p.number;
        if (p.id == MQTT_RECEIVE_MAXIMUM && p.number) c->receive_maximum = p.number;
        if (p.id == MQTT_MAXIMUM_PACKET && p.number) c->maximum_packet = p.number;
    }
}

static void end_old_session(mqtt_client *c) {
    mqtt_put_head(&c->out, MQTT_DISCONNECT, 0, 0);
    net_write(&c->net, c->out.data + c->out.begin, c->out.len - c->out.begin);
    net_close(&c->net);
    c->in.begin = c->in.len = c->out.begin = c->out.len = 0;
    c->phase = MQTT_DOWN;
    c->next_try_ns = 0;
}

static void greeted(mqtt_client *c, const mqtt_packet *p) {
    if (p->reason) {
        char text[400];
        const char *why = mqtt_reason_text(c->conf->version, p->reason);
        snprintf(text, sizeof text, "%s:%s: %s", c->conf->net.host, c->conf->net.port, why);
        drop(c, why, text);
        return;
    }
    bool was_clean = connects_clean(c);
    c->has_begun = true;
    if (was_clean && !c->conf->is_clean && c->conf->version < MQTT_V5) {
        end_old_session(c);
        return;
    }
    read_connack_properties(c, p->properties);
    c->phase = MQTT_UP;
    c->up_since_ns = wire_now_ns();
    mqtt_client_say(c, WEIR_LOG_INFO, "connected to %s:%s as '%s'%s", c->conf->net.host, c->conf->net.port,
                    c->id, p->has_session ? ", which the broker knows" : "");
    atomic_store(&c->state, "");
    c->next_trouble_ns = 0;
    c->handler->on_connected(c->self, p->has_session);
    c->was_up = true;
}

static void disconnected(mqtt_client *c, const mqtt_packet *p) {
    const char *why = mqtt_reason_text(c->conf->version, p->reason);
    drop(c, why, why);
    /* Two that take each other's name would do so for ever. */
    if (p->reason == TAKEN_OVER) c->next_try_ns = wire_now_ns() + c->conf->longest_delay_ns;
}

/* ---- Coming in ---------------------------------------------------------------------------------------- */

static void take_packet(mqtt_client *c, const mqtt_packet *p) {
    weir_error why = {0};
    if (p->kind == MQTT_PINGRESP) {
        c->is_pinging = false;
    } else if (p->kind == MQTT_DISCONNECT) {
        disconnected(c, p);
    } else if ((p->kind == MQTT_CONNACK) != (c->phase == MQTT_GREETING)) {
        drop(c, "the broker does not keep to the protocol", "a packet came that can't come now");
    } else if (p->kind == MQTT_CONNACK) {
        greeted(c, p);
    } else if (c->handler->on_packet(c->self, p, &why) == WEIR_OK) {
        c->is_proven = true;
    } else {
        drop(c, "the broker refuses a request, or does not keep to the protocol", why.message);
    }
}

static uint32_t take_packets(mqtt_client *c) {
    uint32_t n = 0;
    for (; c->phase != MQTT_DOWN && c->handler->wants_input(c->self); n++) {
        mqtt_packet p;
        weir_error why = {0};
        size_t size;
        weir_status st = mqtt_packet_read(c->in.data + c->in.begin, c->in.len - c->in.begin, c->conf->version,
                                          c->conf->max_packet, &p, &size, &why);
        if (st == WEIR_EAGAIN && size && !mqtt_bytes_room(&c->in, size)) st = wire_no_memory(&why);
        if (st == WEIR_EAGAIN) break;
        if (st != WEIR_OK) {
            drop(c, "what the broker sends can't be read", why.message);
            break;
        }
        c->in.begin += size;
        take_packet(c, &p);
    }
    return n;
}
/* Reads once; what is left in the socket wakes again. */
static void receive(mqtt_client *c) {
    if (c->in.begin == c->in.len) {
        c->in.begin = c->in.len = 0;
        if (c->in.cap > KEPT_BUFFER) mqtt_bytes_free(&c->in);
    }
    char *to = mqtt_bytes_room(&c->in, READ_AT_ONCE);
    if (!to) {
        drop(c, "out of memory", "out of memory for MQTT");
        return;
    }
    ptrdiff_t n = net_read(&c->net, to, c->in.cap - c->in.len);
    if (n < 0) {
        drop(c, "the connection to the broker was lost", "the connection to the broker was lost");
        return;
    }
    c->in.len += (size_t)n;
    int64_t before = c->last_heard_ns;
    if (n) c->last_heard_ns = wire_now_ns();
    bool is_close = c->last_heard_ns - before < GATHER_NS;
    uint32_t taken = take_packets(c);
    c->is_dense = c->is_dense ? taken > 1 : is_close;
}

/* A broker writes each message by itself, and waking two threads for one costs more than all that is done
 * with it. While messages follow each other closely, as many as come in a moment are read together, as
 * network cards hold their interrupts back. */
static void gather(mqtt_client *c) {
    pthread_mutex_unlock(&c->lock);
    nanosleep(&(struct timespec){.tv_nsec = GATHER_NS}, NULL);
    pthread_mutex_lock(&c->lock);
}

/* ---- Going out ---------------------------------------------------------------------------------------- */

static void send_out(mqtt_client *c) {
    if (c->out.has_failed) drop(c, "out of memory", "out of memory for MQTT");
    while (c->phase != MQTT_DOWN && c->out.begin < c->out.len) {
        ptrdiff_t n = net_write(&c->net, c->out.data + c->out.begin, c->out.len - c->out.begin);
        if (n < 0) {
            drop(c, "the connection to the broker was lost", "the connection to the broker was lost");
            return;
        }
        if (!n) return;
        c->out.begin += (size_t)n;
        c->last_sent_ns = wire_now_ns();
    }
    if (c->out.begin < c->out.len) return;
    c->out.begin = c->out.len = 0;
    if (c->out.cap > KEPT_BUFFER) mqtt_bytes_free(&c->out);
}

/* When the next probe or its answer is due; INT64_MAX: never. */
static int64_t next_probe(const mqtt_client *c) {
    if (c->phase == MQTT_GREETING) return c->deadline_ns;
    if (c->phase != MQTT_UP || !c->keep_alive_s) return INT64_MAX;
    int64_t keep_alive = (int64_t)c->keep_alive_s * SECOND;
    if (!c->is_pinging) return c->last_sent_ns + keep_alive / 4 * 3;
    int64_t answer = c->last_heard_ns + keep_alive + keep_alive / 2;
    return c->handler->wants_input(c->self) ? answer : INT64_MAX; /* else the answer waits in the socket */
}

static void probe(mqtt_client *c) {
    if (wire_now_ns() < next_probe(c)) return;
    if (c->phase == MQTT_GREETING || c->is_pinging) {
        drop(c, "the broker does not answer", "the broker does not answer");
        return;
    }
    c->is_pinging = true;
    c->last_heard_ns = wire_now_ns();
    mqtt_put_head(&c->out, MQTT_PINGREQ, 0, 0);
}

/* ---- The thread --------------------------------------------------------------------------------------- */

static int longest_wait_ms(const mqtt_client *c) {
    int64_t until = c->phase == MQTT_DOWN ? c->next_try_ns : next_probe(c);
    if (until == INT64_MAX) return -1;
    int64_t left = until - wire_now_ns();
    return left <= 0 ? 0 : (int)(left / 1000000 < 3600000 ? left / 1000000 + 1 : 3600000);
}

/* True: there is something to read. */
static bool sleep_a_while(mqtt_client *c) {
    struct pollfd fds[2] = {{.fd = c->wake[0], .events = POLLIN}, {.fd = -1}};
    bool wants_input = c->phase != MQTT_DOWN && c->handler->wants_input(c->self);
    if (wants_input && net_has_more(&c->net)) return true;
    fds[1].events = wants_input ? POLLIN : 0;
    if (c->phase != MQTT_DOWN && (c->out.begin < c->out.len || c->net.wants_write)) fds[1].events |= POLLOUT;
    if (fds[1].events) fds[1].fd = c->net.fd; /* else a hang-up would wake for ever */
    int wait = longest_wait_ms(c);
    pthread_mutex_unlock(&c->lock);
    poll(fds, 2, wait);
    pthread_mutex_lock(&c->lock);
    if (fds[0].revents) drain(c->wake[0]);
    return c->phase != MQTT_DOWN && wants_input && (fds[1].revents & ~POLLOUT);
}

static void turn(mqtt_client *c) {
    if (c->phase == MQTT_DOWN && wire_now_ns() >= c->next_try_ns) connect_to_broker(c);
    if (c->phase == MQTT_UP) take_packets(c); /* those that were left when no input was wanted */
    c->handler->on_turn(c->self);
    probe(c);
    send_out(c);
}

static void say_goodbye(mqtt_client *c) {
    int64_t until = wire_no_later_ns(c->host, wire_now_ns() + LAST_WORDS);
    c->handler->on_turn(c->self);
    if (c->phase == MQTT_UP) mqtt_put_head(&c->out, MQTT_DISCONNECT, 0, 0);
    for (send_out(c); c->phase == MQTT_UP && c->out.len && wire_now_ns() < until; send_out(c)) {
        struct pollfd fd = {.fd = c->net.fd, .events = POLLOUT};
        poll(&fd, 1, 50);
    }
    net_close(&c->net);
    c->phase = MQTT_DOWN;
}

static void *run(void *arg) {
    mqtt_client *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->stops) {
        turn(c);
        if (!c->stops && sleep_a_while(c)) receive(c);
        if (!c->stops && c->gathers && c->is_dense) gather(c);
    }
    say_goodbye(c);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- Opening and closing ------------------------------------------------------------------------------ */

weir_status mqtt_client_open(mqtt_client *c, weir_error *err) {
    c->net.fd = -1;
    for (int i = 0; i < 2; i++) c->wake[i] = c->notify[i] = c->stop[i] = -1;
    atomic_init(&c->state, mqtt_not_connected_yet);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->is_open = true;
    c->receive_maximum = 65535;
    c->maximum_packet = MQTT_MAX_PACKET;
    if (pipe2(c->wake, O_NONBLOCK | O_CLOEXEC) || pipe2(c->notify, O_NONBLOCK | O_CLOEXEC) ||
        pipe2(c->stop, O_NONBLOCK | O_CLOEXEC))
        return weir_fail(err, WEIR_EIO, "can't make a pipe: %s", strerror(errno));
    return WEIR_OK;
}

weir_status mqtt_client_start(mqtt_client *c, weir_error *err) {
    sigset_t all, before;
    sigfillset(&all); /* signals are the program's: none comes here, a SIGPIPE of TLS neither */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int why = pthread_create(&c->thread, NULL, run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (why) return weir_fail(err, WEIR_EIO, "can't start a thread: %s", strerror(why));
    c->has_thread = true;
    return WEIR_OK;
}

void mqtt_client_close(mqtt_client *c) {
    if (!c->is_open) return;
    if (c->has_thread) {
        pthread_mutex_lock(&c->lock);
        c->stops = true;
        pthread_mutex_unlock(&c->lock);
        poke(c->stop[1]);
        mqtt_client_wake(c);
        pthread_join(c->thread, NULL);
        (void)mqtt_client_tell(c, NULL);
    }
    int *pipes[] = {c->wake, c->notify, c->stop};
    for (int i = 0; i < 6; i++)
        if (pipes[i / 2][i % 2] >= 0) close(pipes[i / 2][i % 2]);
    mqtt_bytes_free(&c->in);
    mqtt_bytes_free(&c->out);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    c->is_open = c->has_thread = false;
}
