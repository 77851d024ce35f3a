/* socket.h: a socket of ZeroMQ with what source and sink have in common: end points, CURVE, watching who is
 * there. Belongs to one thread; libzmq's own threads do the sending and receiving. */
#ifndef ZEROMQ_SOCKET_H
#define ZEROMQ_SOCKET_H

#include <pthread.h>
#include <zmq.h>

#include "frame.h"

/* The rows with which both tables of options begin. */
enum {
    OPT_ENDPOINT,
    OPT_SOCKET,
    OPT_MODE,
    OPT_MARK,
    OPT_MAX_MESSAGE,
    OPT_ROUTING_ID,
    OPT_HEARTBEAT,
    OPT_MAX_DELAY,
    OPT_SECRET_KEY,
    OPT_SECRET_FILE,
    OPT_SERVER_KEY,
    OPT_CLIENTS_FILE,
    OPT_FIRST_OWN
};
#define ZEROMQ_OPTION(name, kind, fallback, doc)                                                             \
    { name, kind, false, fallback, NULL, doc }
#define ZEROMQ_COMMON_OPTIONS(kinds, kinds_doc, modes_doc, mark_doc)                                         \
    [OPT_ENDPOINT] = {"endpoint",                                                                            \
                      WEIR_OPTION_TEXT,                                                                      \
                      true,                                                                                  \
                      NULL,                                                                                  \
                      NULL,                                                                                  \
                      "Where to connect or bind: 'tcp://host:5555' or 'ipc:///path', several with ','."},    \
    [OPT_SOCKET] = {"socket", WEIR_OPTION_CHOICE, true, NULL, kinds, kinds_doc},                             \
    [OPT_MODE] = {"mode", WEIR_OPTION_CHOICE, false, NULL, "connect|bind", modes_doc},                       \
    [OPT_MARK] = ZEROMQ_OPTION("high.water.mark", WEIR_OPTION_LONG, "1000", mark_doc),                       \
    [OPT_MAX_MESSAGE] = ZEROMQ_OPTION("max.message.size", WEIR_OPTION_BYTES, "256 MB",                       \
                                      "A peer that sends a larger message is disconnected."),                \
    [OPT_ROUTING_ID] = ZEROMQ_OPTION("routing.id", WEIR_OPTION_TEXT, NULL,                                   \
                                     "The name by which a ROUTER at the other end knows this socket."),      \
    [OPT_HEARTBEAT] = ZEROMQ_OPTION("heartbeat", WEIR_OPTION_TIME, "10 sec",                                 \
                                    "A silent peer is probed after so long, and given up after three times " \
                                    "that."),                                                                \
    [OPT_MAX_DELAY] = ZEROMQ_OPTION("max.reconnect.delay", WEIR_OPTION_TIME, "30 sec",                       \
                                    "The longest wait between two tries to connect; the first is 100 ms."),  \
    [OPT_SECRET_KEY] = ZEROMQ_OPTION("curve.secret.key", WEIR_OPTION_TEXT, NULL,                             \
                                     "CURVE: this side's secret key, 40 characters (Z85), as from the "      \
                                     "environment: '${CURVE_KEY}'."),                                        \
    [OPT_SECRET_FILE] =                                                                                      \
        ZEROMQ_OPTION("curve.secret.key.file", WEIR_OPTION_TEXT, NULL, "CURVE: the file with it."),          \
    [OPT_SERVER_KEY] = ZEROMQ_OPTION("curve.server.key", WEIR_OPTION_TEXT, NULL,                             \
                                     "CURVE: the other side's public key; this side is the client."),        \
    [OPT_CLIENTS_FILE] = ZEROMQ_OPTION("curve.clients.file", WEIR_OPTION_TEXT, NULL,                         \
                                       "CURVE, on the server: public keys of the clients that are let in, "  \
                                       "one a line; without it, all that know the server's.")

#define CURVE_TEXT 41u

typedef struct curve_conf {
    bool is_on, is_server;
    char secret_key[CURVE_TEXT], public_key[CURVE_TEXT], server_key[CURVE_TEXT];
    uint8_t (*clients)[32]; /* NULL: all are let in */
    uint32_t n_clients;
} curve_conf;

typedef struct zeromq_conf {
    const weir_setting *set;
    int type; /* ZMQ_SUB, … */
    bool binds;
    curve_conf curve;
} zeromq_conf;

/* curve.c */
weir_status curve_read(curve_conf *c, const weir_setting *set, weir_error *err);
void curve_free(curve_conf *c);
weir_status curve_apply(const curve_conf *c, void *socket, weir_error *err);
/* Answers who may come in; runs until the context ends. */
weir_status curve_gate_start(const curve_conf *c, void *context, pthread_t *thread, weir_error *err);

typedef struct zeromq_socket {
    const weir_io_host *host;
    char who[200];
    void *context, *socket, *monitor;
    int wake; /* an epoll of the socket's descriptor: unlike that one, it is never writable */
    pthread_t gate;
    bool has_gate, binds;
    /* What the monitor tells. */
    int64_t n_peers;
    uint32_t n_failing; /* failed handshakes whose end is still to be told */
    uint64_t n_refused, n_lost_peers;
    int64_t next_line_ns;
    const char *state; /* a literal */
} zeromq_socket;

/* Reads the common settings; touches key files only. default_binds: when mode is not given. */
weir_status zeromq_conf_read(zeromq_conf *c, const weir_setting *set, weir_error *err);
/* Makes the socket, without end points, so that the caller can set more options. */
weir_status zeromq_open(zeromq_socket *s, const zeromq_conf *c, weir_error *err);
weir_status zeromq_connect(zeromq_socket *s, const zeromq_conf *c, weir_error *err);
/* linger_ms: how long what was not sent yet may take. */
void zeromq_close(zeromq_socket *s, int linger_ms);

weir_status zeromq_set(void *socket, int option, int value, weir_error *err);
/* Looks at what the monitor has to tell. Cheap. */
void zeromq_watch(zeromq_socket *s);
void zeromq_log(zeromq_socket *s, weir_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, but at most once in ten seconds. */
bool zeromq_may_tell(zeromq_socket *s);

extern const weir_source_type zeromq_source_type;
extern const weir_sink_type zeromq_sink_type;

#endif
