/* sink.c: the sinks over connections: `tcp`, `unix` and `websocket`, which connect, and `websocket-server`,
 * whose clients all get everything.
 *
 * What a client sink has to send waits, bounded, until there is a connection; what the system has taken
 * counts as sent, though it may be lost with the connection: at most once. A message that was sent in part is
 * sent again as a whole over the next connection. A server's clients follow a ring of the last messages; who
 * falls out of it is cut off, and what it lost is counted. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../wire/ring.h"
#include "source.h"

#define SOCKET_AS_BINARY                                                                                     \
    {                                                                                                        \
        "binary", WEIR_OPTION_BOOL, false, "false", NULL,                                                    \
            "Sends binary messages; without it text, unless it is not UTF-8."                                \
    }

enum {
    TCP_URL,
    TCP_SYNC,
    TCP_FRAMING,
    TCP_TLS,
    TCP_CA,
    TCP_CERTIFICATE,
    TCP_KEY,
    TCP_NO_VERIFICATION,
    TCP_NO_DELAY,
    TCP_KEEP_ALIVE
};
static const weir_option tcp_options[] = {
    [TCP_URL] = {"url", WEIR_OPTION_TEXT, true, NULL, NULL,
                 "The server, 'tcp://host:port/context'; other framings than Siddhi's need no context."},
    [TCP_SYNC] =
        {"sync", WEIR_OPTION_TEMPLATE, false, "false", NULL,
         "As in Siddhi, where the sender waits for the system to take a message; it always does here, "
         "when much waits."},
    [TCP_FRAMING] = SOCKET_FRAMING("siddhi"),
    [TCP_TLS] = {"tls.enabled", WEIR_OPTION_BOOL, false, "false", NULL, "Speaks TLS."},
    [TCP_CA] = SOCKET_CA("tls.ca"),
    [TCP_CERTIFICATE] = SOCKET_CLIENT_CERTIFICATE,
    [TCP_KEY] = SOCKET_KEY,
    [TCP_NO_VERIFICATION] = SOCKET_NO_VERIFICATION,
    [TCP_NO_DELAY] = SOCKET_NO_DELAY,
    [TCP_KEEP_ALIVE] = SOCKET_KEEP_ALIVE("server"),
    SOCKET_OF_SIDDHI("worker.threads"),
    {0}};

enum { UNIX_PATH, UNIX_FRAMING, UNIX_CONTEXT };
static const weir_option unix_options[] = {
    [UNIX_PATH] = {"path", WEIR_OPTION_TEXT, true, NULL, NULL, "The file of the socket to connect to."},
    [UNIX_FRAMING] = SOCKET_FRAMING("line"),
    [UNIX_CONTEXT] = {"context", WEIR_OPTION_TEXT, false, NULL, NULL,
                      "With framing='siddhi': the channel to send to."},
    {0}};

enum { WS_AS_BINARY = WS_FIRST_OTHER };
static const weir_option ws_options[] = {
    SOCKET_WS_OPTIONS(
        "After so many ms without a byte from the server the connection is made anew; -1: never."),
    [WS_AS_BINARY] = SOCKET_AS_BINARY,
    {0}};

enum { SERVER_BINARY = SERVER_FIRST_OTHER, SERVER_KEPT };
static const weir_option server_options[] = {
    SOCKET_SERVER_OPTIONS("A client from which nothing comes for so many ms is cut off; -1: never."),
    [SERVER_BINARY] = SOCKET_AS_BINARY,
    [SERVER_KEPT] = {"history.size", WEIR_OPTION_BYTES, false, "16 MB", NULL,
                     "So much of the last messages is kept for clients that are slow."},
    {0}};

#define LIMIT_IN      ((size_t)1 << 20) /* of what is sent to a sink, which nobody reads */
#define WAITING_BYTES ((size_t)16 << 20)
#define PUT_BYTES     ((size_t)64 << 10) /* at a time */
#define PUT_MESSAGES  256u
#define DELIVER_MS    5000

typedef struct stream_sink {
    const weir_io_args *args;
    net_spec spec;
    peer_spec peer;
    socket_files files;
    wire_url url;
    char *path;
    net *net;
    wire_ring ring;
    size_t kept;
    wire_sink_bell bell; /* there is room again */
    bool was_full;       /* atomic */
    uint32_t n_done;     /* records of the output in hand that were taken */
    uint64_t n_lost;
    wire_quiet quiet;
    char state[200];
    uint64_t base; /* the ring's number of the record that counts as the first */
    /* Of the net's thread, for a client: messages put and not yet written, with the count of bytes after
     * each and their numbers. */
    uint64_t ends[PUT_MESSAGES], numbers[PUT_MESSAGES], written;
    uint32_t first, n;
} stream_sink;

/* ---- In the net's thread ------------------------------------------------------------------------------ */

static bool on_open(void *ctx, net_conn *c) {
    stream_sink *s = ctx;
    peer *p = peer_new(&s->peer);
    *net_data(c) = p;
    if (!p) return false;
    s->n = s->first = 0;
    s->written = 0;
    p->number = s->spec.listens ? wire_ring_next(&s->ring) : 0; /* 0: from the oldest on */
    return peer_begin(p, c);
}

static void on_close(void *ctx, net_conn *c) {
    (void)ctx;
    peer_free(*net_data(c));
}

static void on_end(void *ctx, net_conn *c) {
    (void)ctx;
    if (*net_data(c)) peer_goodbye(*net_data(c), c, WS_CLOSE_NORMAL);
}

static bool on_tick(void *ctx, net_conn *c, int64_t now_ms) {
    (void)ctx;
    return peer_tick(*net_data(c), c, now_ms);
}

static bool tell_lost(stream_sink *s, net_conn *c, uint64_t lost) {
    wire_count(&s->n_lost, lost);
    if (wire_quiet_may_tell(&s->quiet))
        wire_log(s->args->host, WEIR_LOG_WARN,
                 "%s: the client %s is too slow; it is cut off, %" PRIu64
                 " messages were lost to it (so far: %" PRIu64 ")",
                 s->spec.who, net_peer(c), lost, s->n_lost);
    return false;
}

static bool on_room(void *ctx, net_conn *c) {
    stream_sink *s = ctx;
    peer *p = *net_data(c);
    if (!p->is_ready || p->said_goodbye) return true;
    while (net_unsent(c) < PUT_BYTES && (s->spec.listens || s->n < PUT_MESSAGES)) {
        uint64_t lost, was = p->number;
        wire_item *item = wire_ring_get(&s->ring, &p->number, &lost);
        if (lost && was && s->spec.listens) return wire_item_unref(item), tell_lost(s, c, lost);
        if (!item) return true;
        bool fits = peer_put(p, c, item->bytes, item->len);
        wire_item_unref(item);
        if (!fits) return false;
        if (!s->spec.listens) {
            uint32_t at = (s->first + s->n++) % PUT_MESSAGES;
            s->ends[at] = s->written + net_unsent(c);
            s->numbers[at] = p->number;
        }
        p->number++;
    }
    return true;
}

/* A client's messages that went out whole are done with. */
static void on_written(void *ctx, net_conn *c, size_t n) {
    stream_sink *s = ctx;
    uint64_t done = 0;
    (void)c;
    s->written += n;
    for (; s->n && s->ends[s->first] <= s->written; s->n--) {
        done = s->numbers[s->first] + 1;
        s->first = (s->first + 1) % PUT_MESSAGES;
    }
    if (!done) return;
    wire_ring_drop_before(&s->ring, done);
    if (wire_ring_held(&s->ring) <= WAITING_BYTES / 2 &&
        __atomic_exchange_n(&s->was_full, false, __ATOMIC_ACQ_REL))
        wire_sink_bell_ring(&s->bell);
}

/* Nobody reads what is sent to a sink; pings and goodbyes are answered. */
static bool on_bytes(void *ctx, net_conn *c) {
    stream_sink *s = ctx;
    peer *p = *net_data(c);
    frames_message f;
    char why[200];
    size_t len;
    int got;
    bool was_ready = p->is_ready;
    why[0] = 0;
    if (s->peer.frames != FRAMES_WEBSOCKET) {
        net_bytes(c, &len);
        net_take(c, len);
        return true;
    }
    while ((got = peer_next(p, c, &f, why, sizeof why)) == 1) continue;
    if (*why && wire_quiet_may_tell(&s->quiet))
        wire_log(s->args->host, WEIR_LOG_WARN, "%s: %s, from %s", s->spec.who, why, net_peer(c));
    return got == 0 && (was_ready || !p->is_ready || on_room(ctx, c));
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

static void open_common(stream_sink *s, const weir_io_args *args, const char *type) {
    s->args = args;
    s->bell = WIRE_NO_SINK_BELL;
    s->spec.io = s->peer.io = args->host;
    s->spec.max_connections = 1;
    s->kept = SIZE_MAX;
    snprintf(s->spec.who, sizeof s->spec.who, "sink '%s' of '%.100s'", type, args->schema->stream);
    s->peer.who = s->spec.who;
    s->peer.limit = LIMIT_IN;
    s->peer.is_client = true;
    s->spec.owner = (net_owner){.on_open = on_open,
                                .on_bytes = on_bytes,
                                .on_room = on_room,
                                .on_written = on_written,
                                .on_close = on_close,
                                .on_end = on_end,
                                .on_tick = on_tick,
                                .ctx = s};
}

static weir_status tcp_tls(stream_sink *s, const weir_setting *set, bool reads, weir_error *err) {
    s->spec.tls.is_on = set[TCP_TLS].as.b;
    s->spec.tls.skips_verification = set[TCP_NO_VERIFICATION].as.b;
    if (!s->spec.tls.is_on && (set[TCP_CA].given || set[TCP_CERTIFICATE].given))
        return weir_fail(err, WEIR_ECONFIG, "tls.ca and tls.certificate go with tls.enabled='true'");
    return socket_tls(&s->spec.tls, &s->files, &set[TCP_CERTIFICATE], &set[TCP_KEY], &set[TCP_CA], "tls.ca",
                      s->args->host, reads, err);
}

static weir_status tcp_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_sink *s = self;
    const weir_setting *set = args->settings->of;
    open_common(s, args, "tcp");
    WIRE_TRY(wire_url_parse(set[TCP_URL].text, "url", "tcp", &s->url, err));
    s->peer.frames = (frames_kind)set[TCP_FRAMING].as.l;
    s->peer.channel = s->url.path + 1;
    if (!s->url.port || (s->peer.frames == FRAMES_SIDDHI && !*s->peer.channel))
        return weir_fail(err, WEIR_ECONFIG, "url is '%s'; it takes tcp://host:port/context",
                         set[TCP_URL].text);
    s->spec.host = s->url.host;
    s->spec.port = s->url.port;
    s->spec.no_delay = set[TCP_NO_DELAY].as.b;
    s->spec.keep_alive = set[TCP_KEEP_ALIVE].as.b;
    return tcp_tls(s, set, false, err);
}

static weir_status unix_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_sink *s = self;
    const weir_setting *set = args->settings->of;
    open_common(s, args, "unix");
    s->peer.frames = (frames_kind)set[UNIX_FRAMING].as.l;
    s->peer.channel = set[UNIX_CONTEXT].text;
    if ((s->peer.frames == FRAMES_SIDDHI) != set[UNIX_CONTEXT].given)
        return weir_fail(err, WEIR_ECONFIG, "framing='siddhi' and context go together");
    s->spec.path = s->path = wire_file_name(args->host, set[UNIX_PATH].text);
    return s->path ? WEIR_OK : wire_no_memory(err);
}

static weir_status ws_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_sink *s = self;
    const weir_setting *set = args->settings->of;
    open_common(s, args, "websocket");
    WIRE_TRY(socket_websocket(&set[WS_IDLE], &s->spec, &s->peer, err));
    s->peer.is_binary = set[WS_AS_BINARY].as.b;
    s->peer.protocols = set[WS_PROTOCOL].text;
    s->peer.headers = set[WS_HEADERS].text;
    s->spec.tls.skips_verification = set[WS_NO_VERIFICATION].as.b;
    WIRE_TRY(socket_websocket_url(set[WS_URL].text, s->peer.headers, &s->url, &s->spec, &s->peer, err));
    return socket_tls(&s->spec.tls, &s->files, NULL, NULL, &set[WS_TRUST], "truststore.path", args->host,
                      false, err);
}

static weir_status server_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_sink *s = self;
    const weir_setting *set = args->settings->of;
    open_common(s, args, "websocket-server");
    WIRE_TRY(socket_websocket(&set[SERVER_IDLE], &s->spec, &s->peer, err));
    s->peer.is_binary = set[SERVER_BINARY].as.b;
    WIRE_TRY(socket_port(&set[SERVER_PORT], "port", &s->spec.port, err));
    WIRE_TRY(socket_connections(&set[SERVER_CONNECTIONS], &s->spec, err));
    s->spec.host = set[SERVER_HOST].text;
    s->peer.is_client = false;
    s->peer.protocols = set[SERVER_PROTOCOL].text;
    s->kept = (size_t)set[SERVER_KEPT].as.l;
    return socket_server_tls(&s->spec.tls, &s->files, set, args->host, false, err);
}

static weir_status read_files(stream_sink *s, weir_error *err) {
    const weir_setting *set = s->args->settings->of;
    if (!s->spec.host) return WEIR_OK;
    if (s->spec.listens) return socket_server_tls(&s->spec.tls, &s->files, set, s->args->host, true, err);
    if (s->peer.frames == FRAMES_WEBSOCKET)
        return socket_tls(&s->spec.tls, &s->files, NULL, NULL, &set[WS_TRUST], "truststore.path",
                          s->args->host, true, err);
    return tcp_tls(s, set, true, err);
}

static weir_status sink_start(void *self, weir_error *err) {
    stream_sink *s = self;
    WIRE_TRY(read_files(s, err));
    if (s->bell.fds[0] < 0 && !wire_sink_bell_open(&s->bell))
        return weir_fail(err, WEIR_EIO, "no descriptors are left");
    if (!s->ring.is_ready) WIRE_TRY(wire_ring_open(&s->ring, s->kept, err));
    s->base = wire_ring_next(&s->ring);
    WIRE_TRY(net_open(&s->spec, &s->net, err));
    if (s->spec.listens)
        wire_log(s->args->host, WEIR_LOG_INFO, "%s: listening at %s:%u", s->spec.who, s->spec.host,
                 s->spec.port);
    return WEIR_OK;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static bool is_full(stream_sink *s) {
    if (s->spec.listens) return false;
    wire_sink_bell_drain(&s->bell);
    if (wire_ring_held(&s->ring) <= WAITING_BYTES) return false;
    __atomic_store_n(&s->was_full, true, __ATOMIC_RELEASE);
    return wire_ring_held(&s->ring) > WAITING_BYTES / 2; /* unless it has been emptied meanwhile */
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    stream_sink *s = self;
    for (; s->n_done < out->n_records; s->n_done++) {
        size_t begin = s->n_done ? out->record_end[s->n_done - 1] : 0,
               len = out->record_end[s->n_done] - begin;
        if (is_full(s)) {
            net_wake(s->net);
            return WEIR_EAGAIN; /* offered again, it goes on from here */
        }
        wire_item *item = wire_item_new(len);
        if (!item) return wire_no_memory(err);
        if (len) memcpy(item->bytes, out->bytes + begin, len);
        if (!wire_ring_put(&s->ring, item)) return wire_no_memory(err);
    }
    s->n_done = 0;
    net_wake(s->net);
    return WEIR_OK;
}

static weir_status sink_flush(void *self, weir_error *err) {
    (void)err;
    return is_full(self) ? WEIR_EAGAIN : WEIR_OK;
}

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)last_epoch;
    (void)err;
    ((stream_sink *)self)->n_done = 0;
    if (saved) (void)weir_read_u32(saved);
    return WEIR_OK;
}

/* Until the system has taken all; as long as it takes some, it may take its time. */
static weir_status sink_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    stream_sink *s = self;
    (void)epoch;
    if (w) weir_write_u32(w, 1);
    if (s->spec.listens) return WEIR_OK;
    size_t held = wire_ring_held(&s->ring), before = held;
    for (int64_t since = wire_now_ms(); held; held = wire_ring_held(&s->ring)) {
        if (held < before) since = wire_now_ms();
        before = held;
        if (wire_now_ns() > wire_no_later_ns(s->args->host, (since + DELIVER_MS) * 1000000)) {
            net_state(s->net, s->state, sizeof s->state);
            weir_fail(err, WEIR_EIO, "messages could not be sent yet: %s", s->state);
            if (err) err->retriable = true;
            return WEIR_EIO;
        }
        usleep(1000);
    }
    return WEIR_OK;
}

static int sink_wake_fd(const void *self) { return ((const stream_sink *)self)->bell.fds[0]; }
static size_t sink_bytes(const void *self) { return wire_ring_held(&((stream_sink *)(uintptr_t)self)->ring); }

static uint64_t sink_dropped(const void *self) {
    const stream_sink *s = self;
    return wire_counted(&s->n_lost);
}

static const char *sink_state(const void *self) {
    stream_sink *s = (stream_sink *)(uintptr_t)self;
    s->state[0] = 0;
    if (s->net && !s->spec.listens) net_state(s->net, s->state, sizeof s->state);
    return s->state;
}

/* What became of records: in a client's ring is what the system has not taken. */
static uint64_t sink_settled(const void *self) {
    stream_sink *s = (stream_sink *)(uintptr_t)self; /* for the lock */
    return wire_ring_first(&s->ring) - s->base;
}

static bool sink_refused(void *self, weir_refusal *out) {
    (void)self, (void)out;
    return false;
}

static void sink_forget(void *self) {
    stream_sink *s = self;
    s->base = wire_ring_next(&s->ring);
    wire_ring_drop_before(&s->ring, s->base);
    s->n_done = 0;
}

static void sink_close(void *self) {
    stream_sink *s = self;
    if (s->net && s->spec.listens) usleep(100000); /* for what clients have not been sent */
    net_close(s->net);
    wire_ring_fini(&s->ring);
    if (s->args) wire_sink_bell_close(&s->bell);
    socket_files_free(&s->files);
    free(s->path);
}

#define REPORTS .settled = sink_settled, .refused = sink_refused, .forget = sink_forget
#define STREAM_SINK(type_name, text, sample, own_options, open_function, ...)                                \
    {                                                                                                        \
        .struct_size = sizeof(weir_sink_type), .name = type_name, .doc = text, .example = sample,            \
        .options = own_options, .shapes = WEIR_SHAPE_MESSAGES, .guarantee = WEIR_AT_MOST_ONCE,               \
        .state_size = sizeof(stream_sink), .open = open_function, .start = sink_start,                       \
        .recover = sink_recover, .begin = wire_epoch_nothing, .write = sink_write, .flush = sink_flush,      \
        .prepare = sink_prepare, .commit = wire_epoch_nothing, .abort = wire_epoch_nothing,                  \
        .wake_fd = sink_wake_fd, .bytes = sink_bytes, .close = sink_close, .state = sink_state,              \
        .dropped = sink_dropped, __VA_ARGS__                                                                 \
    }

const weir_sink_type socket_tcp_sink =
    STREAM_SINK("tcp", "Sends messages by TCP: Siddhi's protocol, lines, or lengths in front.",
                "@sink(type='tcp', url='tcp://localhost:9892/wind', @map(type='binary'))", tcp_options,
                tcp_open, REPORTS);
const weir_sink_type socket_unix_sink = STREAM_SINK(
    "unix", "Sends messages to a Unix socket.",
    "@sink(type='unix', path='/run/weir/wind.sock', @map(type='json'))", unix_options, unix_open, REPORTS);
const weir_sink_type socket_websocket_sink =
    STREAM_SINK("websocket", "Sends messages to a WebSocket server.",
                "@sink(type='websocket', url='ws://localhost:8025/wind', @map(type='json'))", ws_options,
                ws_open, REPORTS);
const weir_sink_type socket_websocket_server_sink =
    STREAM_SINK("websocket-server", "Sends messages to all WebSocket clients.",
                "@sink(type='websocket-server', host='0.0.0.0', port='8025', @map(type='json'))",
                server_options, server_open, .settled = NULL);
