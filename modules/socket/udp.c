/* udp.c: the source and the sink `udp`: a message is a datagram. Nothing of UDP is certain; what the system
 * says it has dropped is counted and told. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source.h"

#define DATAGRAM 65536u
#define SHOWN    64u
#define LONGEST  65507u
#define ADDRESS  INET6_ADDRSTRLEN

/* ---- The source --------------------------------------------------------------------------------------- */

enum { IN_HOST, IN_PORT, IN_BUFFER };
static const weir_option in_options[] = {
    [IN_HOST] = {"host", WEIR_OPTION_TEXT, false, "0.0.0.0", NULL, "The address to listen at."},
    [IN_PORT] = {"port", WEIR_OPTION_TEXT, true, NULL, NULL, "The port to listen at."},
    [IN_BUFFER] = {"buffer.size", WEIR_OPTION_BYTES, false, "4 MB", NULL,
                   "What the system keeps while the app is slow, if it allows that much."},
    {0}};
static const weir_property in_properties[] = {{"remote.address", "The sender's address."}, {0}};

typedef struct udp_source {
    const weir_io_args *args;
    uint16_t port;
    int fd;
    char *bytes; /* SHOWN datagrams */
    struct mmsghdr *heads;
    struct iovec *pieces;
    struct sockaddr_storage *from;
    char (*control)[64];
    char (*address)[ADDRESS];
    weir_text *texts;
    weir_message messages[SHOWN];
    uint32_t n, n_used, shown_from;
    uint32_t n_dropped; /* as the system counts, of this socket */
    wire_quiet quiet;
} udp_source;

static weir_status in_open(void *self, const weir_io_args *args, weir_error *err) {
    udp_source *s = self;
    s->args = args;
    s->fd = -1;
    return socket_port(&args->settings->of[IN_PORT], "port", &s->port, err);
}

static weir_status bind_to(udp_source *s, const char *host, weir_error *err) {
    char port[8];
    int on = 1, size = (int)(s->args->settings->of[IN_BUFFER].as.l & INT32_MAX);
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE}, *a;
    snprintf(port, sizeof port, "%u", s->port);
    int failed = getaddrinfo(host, port, &hints, &a);
    if (failed) return weir_fail(err, WEIR_EIO, "can't listen at '%s': %s", host, wire_lookup_text(failed));
    s->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd >= 0) setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (s->fd >= 0) setsockopt(s->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    bool bound = s->fd >= 0 && bind(s->fd, a->ai_addr, a->ai_addrlen) == 0;
    freeaddrinfo(a);
    return bound
               ? WEIR_OK
               : weir_fail(err, WEIR_EIO, "can't listen at %s:%u: %s", host, s->port, wire_error_text(errno));
}

static weir_status in_start(void *self, weir_error *err) {
    udp_source *s = self;
    s->bytes = malloc((size_t)SHOWN * DATAGRAM);
    s->heads = calloc(SHOWN, sizeof *s->heads);
    s->pieces = calloc(SHOWN, sizeof *s->pieces);
    s->from = calloc(SHOWN, sizeof *s->from);
    s->control = calloc(SHOWN, sizeof *s->control);
    s->address = calloc(SHOWN, sizeof *s->address);
    s->texts = calloc(SHOWN, sizeof *s->texts);
    if (!s->bytes || !s->heads || !s->pieces || !s->from || !s->control || !s->address || !s->texts)
        return wire_no_memory(err);
    const char *host = s->args->settings->of[IN_HOST].text;
    WIRE_TRY(bind_to(s, host, err));
    wire_log(s->args->host, WEIR_LOG_INFO, "source 'udp' of '%s': listening at %s:%u",
             s->args->schema->stream, host, s->port);
    return WEIR_OK;
}

static void look_at_drops(udp_source *s, struct msghdr *m) {
    uint32_t dropped = s->n_dropped;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) memcpy(&dropped, CMSG_DATA(c), 4);
    if (dropped == s->n_dropped) return;
    s->n_dropped = dropped;
    if (wire_quiet_may_tell(&s->quiet))
        wire_log(s->args->host, WEIR_LOG_WARN,
                 "source 'udp' of '%s': the app is too slow; the system dropped datagrams (so far: %" PRIu32
                 ")",
                 s->args->schema->stream, dropped);
}

static void show(udp_source *s, uint32_t i) {
    char *at = s->bytes + (size_t)i * DATAGRAM;
    size_t len = s->heads[i].msg_len;
    const struct sockaddr *from = (const struct sockaddr *)&s->from[i];
    const void *address = from->sa_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)from)->sin_addr;
    look_at_drops(s, &s->heads[i].msg_hdr);
    s->messages[i] = (weir_message){.bytes = at, .len = len};
    if (!s->args->n_properties) return;
    inet_ntop(from->sa_family, address, s->address[i], ADDRESS);
    s->texts[i] = (weir_text){s->address[i], strlen(s->address[i])};
    s->messages[i].properties = &s->texts[i];
}

static weir_status receive(udp_source *s, weir_error *err) {
    for (uint32_t i = 0; i < SHOWN; i++) {
        s->pieces[i] = (struct iovec){s->bytes + (size_t)i * DATAGRAM, DATAGRAM};
        s->heads[i].msg_hdr = (struct msghdr){.msg_name = &s->from[i],
                                              .msg_namelen = sizeof s->from[i],
                                              .msg_iov = &s->pieces[i],
                                              .msg_iovlen = 1,
                                              .msg_control = s->control[i],
                                              .msg_controllen = sizeof s->control[i]};
    }
    int n = recvmmsg(s->fd, s->heads, SHOWN, MSG_DONTWAIT, NULL);
    s->n_used = 0;
    s->shown_from = UINT32_MAX;
    s->n = n > 0 ? (uint32_t)n : 0;
    for (uint32_t i = 0; i < s->n; i++) show(s, i);
    if (n >= 0 || errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "receiving failed: %s", wire_error_text(errno));
    if (err) err->retriable = true;
    return WEIR_EIO;
}

static weir_status in_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    udp_source *s = self;
    (void)rows;
    *in = (weir_input){.shape = WEIR_SHAPE_MESSAGES, .wait_ms = -1};
    if (s->n_used == s->n) WIRE_TRY(receive(s, err));
    if (s->n_used == s->n) return WEIR_EAGAIN;
    if (s->shown_from == s->n_used) return in->wait_ms = 0, WEIR_EAGAIN;
    s->shown_from = s->n_used;
    in->messages = s->messages + s->n_used;
    in->n_messages = s->n - s->n_used;
    return WEIR_OK;
}

static void in_consume(void *self, size_t n) { ((udp_source *)self)->n_used += (uint32_t)n; }
static uint64_t in_dropped(const void *self) {
    const udp_source *s = self;
    return s->n_dropped;
}

static int in_wake_fd(const void *self) { return ((const udp_source *)self)->fd; }

static size_t in_bytes(const void *self) {
    return ((const udp_source *)self)->bytes ? (size_t)SHOWN * DATAGRAM : 0;
}

static void in_close(void *self) {
    udp_source *s = self;
    void *all[] = {s->bytes, s->heads, s->pieces, s->from, s->control, s->address, s->texts};
    if (s->args && s->fd >= 0) close(s->fd);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

const weir_source_type socket_udp_source = {
    .struct_size = sizeof socket_udp_source,
    .name = "udp",
    .doc = "Receives datagrams.",
    .example = "@source(type='udp', port='5140', @map(type='json'))",
    .options = in_options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .state_size = sizeof(udp_source),
    .open = in_open,
    .start = in_start,
    .poll = in_poll,
    .consume = in_consume,
    .dropped = in_dropped,
    .wake_fd = in_wake_fd,
    .position = wire_save_nothing,
    .seek = wire_seek_nothing,
    .bytes = in_bytes,
    .close = in_close,
    .properties = in_properties,
};

/* ---- The sink ----------------------------------------------------------------------------------------- */

enum { OUT_URL };
static const weir_option out_options[] = {
    [OUT_URL] = {"url", WEIR_OPTION_TEXT, true, NULL, NULL, "Where to send to, 'udp://host:port'."}, {0}};

typedef struct udp_sink {
    const weir_io_args *args;
    wire_url url;
    int fd;
    uint32_t n_done;
    uint64_t n_dropped;
    wire_quiet quiet;
} udp_sink;

static weir_status out_open(void *self, const weir_io_args *args, weir_error *err) {
    udp_sink *s = self;
    s->args = args;
    s->fd = -1;
    WIRE_TRY(wire_url_parse(args->settings->of[OUT_URL].text, "url", "udp", &s->url, err));
    return s->url.port ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "url names no port: udp://host:port");
}

static weir_status out_start(void *self, weir_error *err) {
    udp_sink *s = self;
    char port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *a;
    snprintf(port, sizeof port, "%u", s->url.port);
    int failed = getaddrinfo(s->url.host, port, &hints, &a);
    if (failed) {
        weir_fail(err, WEIR_EIO, "'%s': %s", s->url.host, wire_lookup_text(failed));
        if (err) err->retriable = true;
        return WEIR_EIO;
    }
    s->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool connected = s->fd >= 0 && connect(s->fd, a->ai_addr, a->ai_addrlen) == 0;
    freeaddrinfo(a);
    return connected ? WEIR_OK
                     : weir_fail(err, WEIR_EIO, "can't send to %s:%u: %s", s->url.host, s->url.port,
                                 wire_error_text(errno));
}

static void tell_dropped(udp_sink *s, size_t len, const char *why) {
    s->n_dropped++;
    if (wire_quiet_may_tell(&s->quiet))
        wire_log(s->args->host, WEIR_LOG_ERROR,
                 "sink 'udp' of '%s': a datagram of %zu bytes is dropped: %s (so far: %" PRIu64 ")",
                 s->args->schema->stream, len, why, s->n_dropped);
}

static weir_status out_write(void *self, const weir_output *out, weir_error *err) {
    udp_sink *s = self;
    (void)err;
    for (; s->n_done < out->n_records; s->n_done++) {
        size_t begin = s->n_done ? out->record_end[s->n_done - 1] : 0,
               len = out->record_end[s->n_done] - begin;
        if (len > LONGEST) {
            tell_dropped(s, len, "it is larger than 65507 bytes");
            continue;
        }
        ssize_t sent = send(s->fd, out->bytes + begin, len, MSG_NOSIGNAL);
        /* That nobody listened was told of one before: this one was not sent yet. */
        if (sent < 0 && errno == ECONNREFUSED) sent = send(s->fd, out->bytes + begin, len, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) return WEIR_EAGAIN;
        if (sent < 0) tell_dropped(s, len, wire_error_text(errno));
    }
    s->n_done = 0;
    return WEIR_OK;
}

static weir_status out_flush(void *self, weir_error *err) {
    (void)self;
    (void)err;
    return WEIR_OK;
}

static weir_status out_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)last_epoch;
    (void)err;
    ((udp_sink *)self)->n_done = 0;
    if (saved) (void)weir_read_u32(saved);
    return WEIR_OK;
}

static uint64_t out_dropped(const void *self) {
    const udp_sink *s = self;
    return s->n_dropped;
}

static int out_wake_fd(const void *self) { return ((const udp_sink *)self)->fd; }

static void out_close(void *self) {
    udp_sink *s = self;
    if (s->args && s->fd >= 0) close(s->fd);
}

const weir_sink_type socket_udp_sink = {
    .struct_size = sizeof socket_udp_sink,
    .name = "udp",
    .doc = "Sends datagrams.",
    .example = "@sink(type='udp', url='udp://localhost:5140', @map(type='json'))",
    .options = out_options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_AT_MOST_ONCE,
    .state_size = sizeof(udp_sink),
    .open = out_open,
    .start = out_start,
    .recover = out_recover,
    .begin = wire_epoch_nothing,
    .write = out_write,
    .flush = out_flush,
    .prepare = wire_save_nothing,
    .commit = wire_epoch_nothing,
    .abort = wire_epoch_nothing,
    .dropped = out_dropped,
    .wake_fd = out_wake_fd,
    .close = out_close,
};
