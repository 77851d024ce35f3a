/* client.h: a connection to a broker that is kept up: CONNECT, keep-alive, reconnecting with back-off and
 * jitter. It has a thread of its own, so that the broker hears of a client whose app is busy or held up, and
 * so that waiting for a disk holds up nobody.
 *
 * All but what is marked belongs to whoever holds the lock. Handlers are called by the client's thread with
 * the lock held; on_turn alone may let it go for a while. */
#ifndef MQTT_CLIENT_H
#define MQTT_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "conf.h"

typedef struct mqtt_handler {
    /* The broker has let the client in. has_session: it knows it from before. */
    void (*on_connected)(void *self, bool has_session);
    /* Anything but CONNACK and PINGRESP. A failure ends the connection; it is made anew. */
    weir_status (*on_packet)(void *self, const mqtt_packet *p, weir_error *err);
    /* After packets came in, and whenever mqtt_client_wake was called: puts into `out` what is to be sent. */
    void (*on_turn)(void *self);
    bool (*wants_input)(const void *self); /* false: nothing is read from the socket for now */
    void (*on_lost)(void *self);           /* what was not acknowledged will have to be said again */
} mqtt_handler;

typedef enum mqtt_phase { MQTT_DOWN, MQTT_GREETING, MQTT_UP } mqtt_phase;

#define MQTT_LINES 8u

typedef struct mqtt_line {
    weir_log_level level;
    char text[400];
} mqtt_line;

typedef struct mqtt_client {
    /* Set before the start. */
    const mqtt_conf *conf;
    const weir_io_host *host;
    const mqtt_handler *handler;
    void *self;
    char who[200]; /* for messages */
    char id[MQTT_LONGEST_ID];
    bool begins_anew; /* what a session may hold from an earlier run is of no use: it is ended first */
    bool gathers;     /* nothing waits for an answer: messages may wait a moment for those behind them */
    /* The lock and what wakes. */
    pthread_mutex_t lock;
    pthread_cond_t changed;          /* for callers that wait for a handler's work */
    int wake[2], notify[2], stop[2]; /* pipes: to the thread, to the app, to who connects */
    pthread_t thread;
    bool is_open, has_thread, stops;
    /* The connection; net and in are the thread's own. */
    net net;
    mqtt_bytes in, out;
    mqtt_phase phase;
    bool was_up, has_begun, is_pinging, is_proven, is_dense;
    uint32_t keep_alive_s;
    int64_t last_sent_ns, last_heard_ns, deadline_ns, next_try_ns, delay_ns, up_since_ns;
    uint32_t receive_maximum, maximum_packet; /* the broker's */
    uint64_t n_lost;                          /* connections */
    /* What it tells. */
    _Atomic(const char *)
        state;       /* mqtt_not_connected_yet, or a literal; "": all is well. Anybody may read it */
    bool has_failed; /* for good: failure says why */
    weir_error failure;
    mqtt_line lines[MQTT_LINES];
    uint32_t n_lines;
    int64_t next_trouble_ns;
} mqtt_client;

extern const char mqtt_not_connected_yet[]; /* the state before the first try */

/* who, conf, host, handler and self must be set. */
weir_status mqtt_client_open(mqtt_client *c, weir_error *err);
weir_status mqtt_client_start(mqtt_client *c, weir_error *err);
/* Takes a last turn, sends what there is, and ends connection and thread. */
void mqtt_client_close(mqtt_client *c);

/* The thread takes a turn soon. */
void mqtt_client_wake(mqtt_client *c);
/* notify[0] becomes readable; with the lock held or not. */
void mqtt_client_notify(mqtt_client *c);
void mqtt_client_drain_notify(mqtt_client *c);
/* Notes a line for the log; with the lock held. */
void mqtt_client_say(mqtt_client *c, weir_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Logs the lines noted, by the app's thread; fails when the client has failed for good. */
weir_status mqtt_client_tell(mqtt_client *c, weir_error *err);
/* With the lock held: waits until something changed, at most until deadline_ns. False: time is over. */
bool mqtt_client_await(mqtt_client *c, int64_t deadline_ns);

#endif
