/* source.c: the sources over connections: `tcp`, `unix`, `websocket` (a client) and `websocket-server`. What
 * a transport without acknowledgement has given is gone: at most once. */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "options.h"

enum {
    TCP_CONTEXT,
    TCP_HOST,
    TCP_PORT,
    TCP_FRAMING,
    TCP_LIMIT,
    TCP_WAITING,
    TCP_CONNECTIONS,
    TCP_CERTIFICATE,
    TCP_KEY,
    TCP_CA,
    TCP_NO_DELAY,
    TCP_KEEP_ALIVE
};
static const weir_option tcp_options[] = {
    [TCP_CONTEXT] =
        {"context", WEIR_OPTION_TEXT, false, NULL, NULL,
         "With framing='siddhi': the channel whose messages are for this source; APP/STREAM without it."},
    [TCP_HOST] = {"host", WEIR_OPTION_TEXT, false, "0.0.0.0", NULL, "The address to listen at."},
    [TCP_PORT] = {"port", WEIR_OPTION_TEXT, false, "9892", NULL, "The port to listen at."},
    [TCP_FRAMING] = SOCKET_FRAMING("siddhi"),
    [TCP_LIMIT] = SOCKET_LIMIT,
    [TCP_WAITING] = SOCKET_WAITING,
    [TCP_CONNECTIONS] = SOCKET_CONNECTIONS,
    [TCP_CERTIFICATE] = SOCKET_SERVER_CERTIFICATE,
    [TCP_KEY] = SOCKET_KEY,
    [TCP_CA] = SOCKET_SERVER_CA,
    [TCP_NO_DELAY] = SOCKET_NO_DELAY,
    [TCP_KEEP_ALIVE] = SOCKET_KEEP_ALIVE("client"),
    SOCKET_OF_SIDDHI("receiver.threads"),
    SOCKET_OF_SIDDHI("worker.threads"),
    {0}};

enum { UNIX_PATH, UNIX_FRAMING, UNIX_LIMIT, UNIX_WAITING, UNIX_CONNECTIONS, UNIX_CONTEXT };
static const weir_option unix_options[] = {
    [UNIX_PATH] = {"path", WEIR_OPTION_TEXT, true, NULL, NULL, "The socket's file; it is made."},
    [UNIX_FRAMING] = SOCKET_FRAMING("line"),
    [UNIX_LIMIT] = SOCKET_LIMIT,
    [UNIX_WAITING] = SOCKET_WAITING,
    [UNIX_CONNECTIONS] = SOCKET_CONNECTIONS,
    [UNIX_CONTEXT] =
        {"context", WEIR_OPTION_TEXT, false, NULL, NULL,
         "With framing='siddhi': the channel whose messages are for this source; APP/STREAM without it."},
    {0}};

enum { WS_LIMIT = WS_FIRST_OTHER, WS_WAITING };
static const weir_option ws_options[] = {
    SOCKET_WS_OPTIONS("After so many ms without a message the connection is made anew; -1: never."),
    [WS_LIMIT] = SOCKET_LIMIT,
    [WS_WAITING] = SOCKET_WAITING,
    {0}};

enum { SERVER_LIMIT = SERVER_FIRST_OTHER, SERVER_WAITING };
static const weir_option server_options[] = {
    SOCKET_SERVER_OPTIONS("A client that is silent for so many ms is cut off; -1: never."),
    [SERVER_LIMIT] = SOCKET_LIMIT,
    [SERVER_WAITING] = SOCKET_WAITING,
    {0}};

static const weir_property properties[] = {{"remote.address", "The sender's address."}, {0}};

typedef struct stream_source {
    const weir_io_args *args;
    net_spec net;
    peer_spec peer;
    socket_files files;
    wire_url url;
    hub_app *app;
    hub_member member;
    char channel[512];
    char *path;
    size_t waiting;
    char state[200];
} stream_source;

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status open_common(stream_source *s, const weir_io_args *args, const char *type,
                               const weir_setting *limit, const weir_setting *waiting, weir_error *err) {
    s->args = args;
    s->net.io = s->peer.io = args->host;
    s->net.max_connections = 1;
    snprintf(s->net.who, sizeof s->net.who, "source '%s' of '%.100s'", type, args->schema->stream);
    s->peer.limit = (size_t)limit->as.l;
    s->waiting = (size_t)waiting->as.l;
    s->member.wants_address = args->n_properties > 0;
    s->member.channel = "";
    return s->peer.limit ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "max.message.size is 0");
}

static weir_status set_framing(stream_source *s, const weir_setting *framing, const weir_setting *context,
                               weir_error *err) {
    s->peer.frames = (frames_kind)framing->as.l;
    if (s->peer.frames != FRAMES_SIDDHI)
        return context->given ? weir_fail(err, WEIR_ECONFIG, "context goes with framing='siddhi'") : WEIR_OK;
    if (context->given)
        snprintf(s->channel, sizeof s->channel, "%s", context->text);
    else
        snprintf(s->channel, sizeof s->channel, "%.200s/%.200s",
                 s->args->host && s->args->host->app ? s->args->host->app : "app", s->args->schema->stream);
    s->member.channel = s->channel;
    return WEIR_OK;
}

static weir_status tcp_tls(stream_source *s, const weir_setting *set, bool reads, weir_error *err) {
    s->net.tls.is_on = set[TCP_CERTIFICATE].given;
    s->net.tls.asks_for_certificate = set[TCP_CA].given;
    if (set[TCP_CA].given && !set[TCP_CERTIFICATE].given)
        return weir_fail(err, WEIR_ECONFIG, "tls.ca goes with tls.certificate and tls.key");
    return socket_tls(&s->net.tls, &s->files, &set[TCP_CERTIFICATE], &set[TCP_KEY], &set[TCP_CA], "tls.ca",
                      s->args->host, reads, err);
}

static weir_status tcp_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_source *s = self;
    const weir_setting *set = args->settings->of;
    WIRE_TRY(open_common(s, args, "tcp", &set[TCP_LIMIT], &set[TCP_WAITING], err));
    WIRE_TRY(socket_connections(&set[TCP_CONNECTIONS], &s->net, err));
    WIRE_TRY(set_framing(s, &set[TCP_FRAMING], &set[TCP_CONTEXT], err));
    WIRE_TRY(socket_port(&set[TCP_PORT], "port", &s->net.port, err));
    s->net.host = set[TCP_HOST].text;
    s->net.no_delay = set[TCP_NO_DELAY].as.b;
    s->net.keep_alive = set[TCP_KEEP_ALIVE].as.b;
    return tcp_tls(s, set, false, err);
}

static weir_status unix_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_source *s = self;
    const weir_setting *set = args->settings->of;
    WIRE_TRY(open_common(s, args, "unix", &set[UNIX_LIMIT], &set[UNIX_WAITING], err));
    WIRE_TRY(socket_connections(&set[UNIX_CONNECTIONS], &s->net, err));
    WIRE_TRY(set_framing(s, &set[UNIX_FRAMING], &set[UNIX_CONTEXT], err));
    s->net.path = s->path = wire_file_name(args->host, set[UNIX_PATH].text);
    return s->path ? WEIR_OK : wire_no_memory(err);
}

static weir_status ws_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_source *s = self;
    const weir_setting *set = args->settings->of;
    WIRE_TRY(open_common(s, args, "websocket", &set[WS_LIMIT], &set[WS_WAITING], err));
    WIRE_TRY(socket_websocket(&set[WS_IDLE], &s->net, &s->peer, err));
    s->peer.protocols = set[WS_PROTOCOL].text;
    s->peer.headers = set[WS_HEADERS].text;
    s->net.tls.skips_verification = set[WS_NO_VERIFICATION].as.b;
    WIRE_TRY(socket_websocket_url(set[WS_URL].text, s->peer.headers, &s->url, &s->net, &s->peer, err));
    return socket_tls(&s->net.tls, &s->files, NULL, NULL, &set[WS_TRUST], "truststore.path", args->host,
                      false, err);
}

static weir_status server_open(void *self, const weir_io_args *args, weir_error *err) {
    stream_source *s = self;
    const weir_setting *set = args->settings->of;
    WIRE_TRY(open_common(s, args, "websocket-server", &set[SERVER_LIMIT], &set[SERVER_WAITING], err));
    WIRE_TRY(socket_websocket(&set[SERVER_IDLE], &s->net, &s->peer, err));
    WIRE_TRY(socket_connections(&set[SERVER_CONNECTIONS], &s->net, err));
    WIRE_TRY(socket_port(&set[SERVER_PORT], "port", &s->net.port, err));
    s->net.host = set[SERVER_HOST].text;
    s->peer.protocols = set[SERVER_PROTOCOL].text;
    return socket_server_tls(&s->net.tls, &s->files, set, args->host, false, err);
}

/* The files are looked at when the app starts, not when it is checked. */
static weir_status read_files(stream_source *s, weir_error *err) {
    const weir_setting *set = s->args->settings->of;
    if (!s->net.host) return WEIR_OK;
    if (s->peer.is_client)
        return socket_tls(&s->net.tls, &s->files, NULL, NULL, &set[WS_TRUST], "truststore.path",
                          s->args->host, true, err);
    if (s->peer.frames == FRAMES_WEBSOCKET)
        return socket_server_tls(&s->net.tls, &s->files, set, s->args->host, true, err);
    return tcp_tls(s, set, true, err);
}

static weir_status source_start(void *self, weir_error *err) {
    stream_source *s = self;
    const weir_io_host *host = s->args->host;
    if (!host || !host->shared) return weir_fail(err, WEIR_EUSAGE, "the engine shares nothing");
    WIRE_TRY(read_files(s, err));
    s->app = host->shared(host->shared_ctx, "socket", sizeof *s->app);
    if (!s->app) return wire_no_memory(err);
    WIRE_TRY(hub_join(s->app, &s->net, &s->peer, &s->member, s->waiting, err));
    if (s->net.host && s->net.listens)
        wire_log(host, WEIR_LOG_INFO, "%s: listening at %s:%u", s->net.who, s->net.host, s->net.port);
    else if (s->net.listens)
        wire_log(host, WEIR_LOG_INFO, "%s: listening at %s", s->net.who, s->net.path);
    return WEIR_OK;
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    (void)rows;
    (void)err;
    return wire_inbox_poll(&((stream_source *)self)->member.inbox, in);
}

static void drop(void *ctx, wire_message *m) {
    (void)ctx;
    free(m);
}

static void source_consume(void *self, size_t n) {
    wire_inbox_consume(&((stream_source *)self)->member.inbox, n, drop, NULL);
}

static int source_wake_fd(const void *self) { return ((const stream_source *)self)->member.inbox.bell; }

static size_t source_bytes(const void *self) {
    return wire_inbox_held(&((stream_source *)(uintptr_t)self)->member.inbox);
}

static const char *source_state(const void *self) {
    stream_source *s = (stream_source *)(uintptr_t)self;
    s->state[0] = 0;
    if (!s->net.listens) hub_state(&s->member, s->state, sizeof s->state);
    return s->state;
}

static void source_close(void *self) {
    stream_source *s = self;
    if (s->app) hub_leave(s->app, &s->member);
    socket_files_free(&s->files);
    free(s->path);
}

#define STREAM_SOURCE(type_name, text, sample, own_options, open_function)                                   \
    {                                                                                                        \
        .struct_size = sizeof(weir_source_type), .name = type_name, .doc = text, .example = sample,          \
        .options = own_options, .shapes = WEIR_SHAPE_MESSAGES, .state_size = sizeof(stream_source),          \
        .open = open_function, .start = source_start, .poll = source_poll, .consume = source_consume,        \
        .wake_fd = source_wake_fd, .position = wire_save_nothing, .seek = wire_seek_nothing,                 \
        .bytes = source_bytes, .close = source_close, .properties = properties, .state = source_state        \
    }

const weir_source_type socket_tcp_source =
    STREAM_SOURCE("tcp", "Receives messages by TCP: Siddhi's protocol, lines, or lengths in front.",
                  "@source(type='tcp', context='wind', @map(type='binary'))", tcp_options, tcp_open);
const weir_source_type socket_unix_source = STREAM_SOURCE(
    "unix", "Receives messages by a Unix socket.",
    "@source(type='unix', path='/run/weir/wind.sock', @map(type='json'))", unix_options, unix_open);
const weir_source_type socket_websocket_source = STREAM_SOURCE(
    "websocket", "Receives messages from a WebSocket server.",
    "@source(type='websocket', url='ws://localhost:8025/wind', @map(type='json'))", ws_options, ws_open);
const weir_source_type socket_websocket_server_source =
    STREAM_SOURCE("websocket-server", "Receives messages from WebSocket clients.",
                  "@source(type='websocket-server', host='0.0.0.0', port='8025', @map(type='json'))",
                  server_options, server_open);
