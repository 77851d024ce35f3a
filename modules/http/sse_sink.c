/* sse_sink.c: the sink `sse-server`: every client that asks gets the events from then on as server-sent
 * events.
 *
 * The last events are kept (a ring): a client that comes again with Last-Event-ID goes on behind it. One that
 * is so slow that what it needs next has fallen out is cut off, and what it lost is counted; it comes again
 * by itself, as browsers do. Events are at most once: nobody need be listening. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../wire/ring.h"
#include "app.h"

enum { OPT_KEPT = SERVE_FIRST_OWN, OPT_HEADERS, OPT_EVENT, OPT_ALIVE };

static const weir_option options[] = {
    HTTP_SERVE_OPTIONS("server.url"),
    [OPT_KEPT] = {"history.size", WEIR_OPTION_BYTES, false, "16 MB", NULL,
                  "So much of the last events is kept for clients that are slow or come again."},
    [OPT_HEADERS] = {"headers", WEIR_OPTION_TEXT, false, NULL, NULL,
                     "Headers of the answer, \"'Access-Control-Allow-Origin:*'\"."},
    [OPT_EVENT] = {"event.name", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                   "The event's name (event:); may hold {{attribute}}."},
    [OPT_ALIVE] = {"keep.alive", WEIR_OPTION_TIME, false, "15 sec", NULL,
                   "A client that has got nothing for so long gets a comment."},
    {0}};

#define BLOCK_BYTES ((size_t)64 << 10)

typedef struct sse_sink sse_sink;

typedef struct sse_client {
    struct sse_client *next;
    sse_sink *sink;
    struct MHD_Connection *connection;
    uint64_t number; /* of the next event */
    wire_item *item; /* being sent */
    size_t sent;
    bool is_waiting; /* suspended */
    int64_t last_ms;
} sse_client;

struct sse_sink {
    const weir_io_args *args;
    const weir_setting *set;
    http_serving serving;
    http_app *app;
    http_route *route;
    wire_ring ring;
    uint64_t boot;
    int64_t alive_ms;
    pthread_mutex_t lock; /* of clients */
    sse_client *clients;
    bool is_ready, is_closing;
    uint64_t n_lost;
    wire_quiet quiet;
};

/* ---- Clients, in the listener's threads --------------------------------------------------------------- */

static void tell_lost(sse_sink *s, uint64_t lost) {
    wire_count(&s->n_lost, lost);
    if (!wire_quiet_may_tell(&s->quiet)) return;
    wire_log(s->args->host, WEIR_LOG_WARN,
             "sink 'sse-server' of '%s': a client is too slow; it is cut off, %" PRIu64
             " events were lost to it (so far: %" PRIu64 ")",
             s->args->schema->stream, lost, s->n_lost);
}

static ssize_t copy_out(sse_client *c, char *out, size_t room) {
    size_t n = c->item->len - c->sent;
    if (n > room) n = room;
    memcpy(out, c->item->bytes + c->sent, n);
    c->sent += n;
    c->last_ms = wire_now_ms();
    if (c->sent == c->item->len) {
        wire_item_unref(c->item);
        c->item = NULL;
    }
    return (ssize_t)n;
}

static ssize_t on_room(void *ctx, uint64_t position, char *out, size_t room) {
    sse_client *c = ctx;
    sse_sink *s = c->sink;
    ssize_t n = 0;
    uint64_t lost = 0;
    pthread_mutex_lock(&s->lock);
    if (!c->item && (c->item = wire_ring_get(&s->ring, &c->number, &lost))) {
        c->number++;
        c->sent = 0;
    }
    if (lost) tell_lost(s, lost);
    if (s->is_closing || lost)
        n = MHD_CONTENT_READER_END_OF_STREAM;
    else if (c->item)
        n = copy_out(c, out, room);
    else if (!position || wire_now_ms() - c->last_ms >= s->alive_ms) {
        /* The first bytes tell the client that it is connected, the later ones whether it still is. */
        n = room < 3 ? (ssize_t)room : 3;
        memcpy(out, ":\n\n", (size_t)n);
        c->last_ms = wire_now_ms();
    } else {
        c->is_waiting = true;
        MHD_suspend_connection(c->connection);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void on_gone(void *ctx) {
    sse_client *c = ctx;
    sse_sink *s = c->sink;
    pthread_mutex_lock(&s->lock);
    for (sse_client **at = &s->clients; *at; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            break;
        }
    pthread_mutex_unlock(&s->lock);
    wire_item_unref(c->item);
    free(c);
}

/* Behind what the client has seen, if that was of this life; else all there is for one that has seen some,
 * and what comes for one that is new. */
static uint64_t first_number(sse_sink *s, const char *last_id) {
    uint64_t boot, number;
    if (!last_id) return wire_ring_next(&s->ring);
    if (sscanf(last_id, "%" SCNx64 "-%" SCNu64, &boot, &number) != 2 || boot != s->boot) return 1;
    uint64_t next = wire_ring_next(&s->ring);
    return number < next ? number + 1 : next;
}

static weir_status add_header(void *ctx, const char *name, size_t name_len, const char *value,
                              size_t value_len, weir_error *err) {
    char *n = strndup(name, name_len), *v = strndup(value, value_len);
    bool added = n && v && (!ctx || MHD_add_response_header(ctx, n, v) == MHD_YES);
    free(n);
    free(v);
    return added ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "headers: this can't be a header");
}

static struct MHD_Response *on_get(void *ctx, struct MHD_Connection *connection) {
    sse_sink *s = ctx;
    sse_client *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->sink = s;
    c->connection = connection;
    c->number = first_number(s, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID"));
    c->last_ms = wire_now_ms();
    struct MHD_Response *out =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_room, c, on_gone);
    if (!out) {
        free(c);
        return NULL;
    }
    MHD_add_response_header(out, "Content-Type", "text/event-stream");
    MHD_add_response_header(out, "Cache-Control", "no-cache");
    MHD_add_response_header(out, "Connection", "close"); /* the end of the stream is that of the connection */
    const weir_setting *headers = &s->set[OPT_HEADERS];
    if (headers->given)
        (void)wire_pairs_each("headers", headers->text, strlen(headers->text), add_header, out, NULL);
    pthread_mutex_lock(&s->lock);
    c->next = s->clients;
    s->clients = c;
    pthread_mutex_unlock(&s->lock);
    return out;
}

/* ---- The sink ----------------------------------------------------------------------------------------- */

static weir_status sink_open(void *self, const weir_io_args *args, weir_error *err) {
    sse_sink *s = self;
    s->args = args;
    s->set = args->settings->of;
    s->alive_ms = s->set[OPT_ALIVE].as.l;
    WIRE_TRY(http_serving_open(&s->serving, args, "server.url", err));
    const weir_setting *headers = &s->set[OPT_HEADERS];
    if (headers->given)
        WIRE_TRY(wire_pairs_each("headers", headers->text, strlen(headers->text), add_header, NULL, err));
    s->serving.spec.methods = "GET";
    s->serving.spec.on_get = on_get;
    s->serving.spec.ctx = s;
    return WEIR_OK;
}

static weir_status sink_start(void *self, weir_error *err) {
    sse_sink *s = self;
    WIRE_TRY(http_app_of(s->args->host, &s->app, err));
    WIRE_TRY(http_serving_start(&s->serving, s->args, err));
    if (!s->is_ready) {
        if (getentropy(&s->boot, sizeof s->boot)) s->boot = (uint64_t)wire_now_ms();
        WIRE_TRY(wire_ring_open(&s->ring, (size_t)s->set[OPT_KEPT].as.l, err));
        pthread_mutex_init(&s->lock, NULL);
        s->is_ready = true;
    }
    WIRE_TRY(http_route_open(&s->app->servers, &s->serving.spec, s->args->host, &s->route, err));
    wire_log(s->args->host, WEIR_LOG_INFO, "sink 'sse-server' of '%s': listening at %s://%s:%u%s",
             s->args->schema->stream, s->serving.spec.url.scheme, s->serving.spec.url.host,
             s->serving.spec.url.port, s->serving.spec.url.path);
    return WEIR_OK;
}

/* An event's bytes: a data line for each line of the record. */
static wire_item *make_item(sse_sink *s, weir_text name, const char *bytes, size_t len) {
    char head[256];
    size_t lines = 1, n;
    for (size_t i = 0; i < len; i++) lines += bytes[i] == '\n' || bytes[i] == '\r';
    int head_len =
        snprintf(head, sizeof head, "id: %" PRIx64 "-%" PRIu64 "\n", s->boot, wire_ring_next(&s->ring));
    wire_item *item = wire_item_new((size_t)head_len + name.len + len + 8 + 7 * lines + 2);
    if (!item) return NULL;
    char *at = item->bytes;
    memcpy(at, head, (size_t)head_len);
    at += head_len;
    if (name.len) {
        at = stpcpy(at, "event: ");
        for (size_t i = 0; i < name.len; i++)
            *at++ = name.bytes[i] == '\n' || name.bytes[i] == '\r' ? ' ' : name.bytes[i];
        *at++ = '\n';
    }
    for (const char *end = bytes + len, *line = bytes; line <= end; line += n + 1) {
        for (n = 0; line + n < end && line[n] != '\n' && line[n] != '\r';) n++;
        at = stpcpy(at, "data: ");
        memcpy(at, line, n);
        at += n;
        *at++ = '\n';
    }
    *at++ = '\n';
    item->len = (size_t)(at - item->bytes);
    return item;
}

static void wake(sse_sink *s, bool all) {
    int64_t now = wire_now_ms();
    pthread_mutex_lock(&s->lock);
    for (sse_client *c = s->clients; c; c = c->next) {
        if (!c->is_waiting || (!all && now - c->last_ms < s->alive_ms)) continue;
        c->is_waiting = false;
        MHD_resume_connection(c->connection);
    }
    pthread_mutex_unlock(&s->lock);
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    sse_sink *s = self;
    size_t begin = 0;
    for (uint32_t i = 0; i < out->n_records; i++) {
        wire_item *item = make_item(s, weir_output_option(out, &s->set[OPT_EVENT], i), out->bytes + begin,
                                    out->record_end[i] - begin);
        begin = out->record_end[i];
        if (!item || !wire_ring_put(&s->ring, item)) return wire_no_memory(err);
    }
    wake(s, true);
    return WEIR_OK;
}

static weir_status sink_flush(void *self, weir_error *err) {
    (void)err;
    wake(self, false);
    return WEIR_OK;
}

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)self;
    (void)last_epoch;
    (void)err;
    if (saved) (void)weir_read_u32(saved);
    return WEIR_OK;
}

static size_t sink_bytes(const void *self) { return wire_ring_held(&((sse_sink *)(uintptr_t)self)->ring); }

/* Clients that are not behind have a moment to get the last events. */
static void let_finish(sse_sink *s) {
    int64_t until = wire_now_ms() + 500;
    for (bool any = true; any && wire_now_ms() < until;) {
        any = false;
        pthread_mutex_lock(&s->lock);
        for (sse_client *c = s->clients; c; c = c->next) any |= !c->is_waiting;
        pthread_mutex_unlock(&s->lock);
        if (any) usleep(5000);
    }
}

/* True: some connection has not ended yet. */
static bool hang_up(sse_sink *s) {
    pthread_mutex_lock(&s->lock);
    bool any = s->clients != NULL;
    for (sse_client *c = s->clients; c; c = c->next) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info) shutdown(info->connect_fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->lock);
    return any;
}

static uint64_t sink_dropped(const void *self) {
    const sse_sink *s = self;
    return wire_counted(&s->n_lost);
}

static void sink_close(void *self) {
    sse_sink *s = self;
    if (s->route) let_finish(s);
    http_route_close(s->route);
    if (s->is_ready) {
        pthread_mutex_lock(&s->lock);
        s->is_closing = true;
        pthread_mutex_unlock(&s->lock);
        wake(s, true);
    }
    while (s->is_ready && hang_up(s)) usleep(2000);
    if (s->app) http_route_free(&s->app->servers, s->route);
    wire_ring_fini(&s->ring);
    if (s->is_ready) pthread_mutex_destroy(&s->lock);
    http_serving_close(&s->serving);
}

const weir_sink_type http_sse_sink_type = {
    .struct_size = sizeof http_sse_sink_type,
    .name = "sse-server",
    .doc = "Sends events to all clients that listen, as server-sent events.",
    .example = "@sink(type='sse-server', server.url='http://0.0.0.0:8080/alerts', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_AT_MOST_ONCE,
    .state_size = sizeof(sse_sink),
    .open = sink_open,
    .start = sink_start,
    .recover = sink_recover,
    .begin = wire_epoch_nothing,
    .write = sink_write,
    .flush = sink_flush,
    .prepare = wire_save_nothing,
    .commit = wire_epoch_nothing,
    .abort = wire_epoch_nothing,
    .bytes = sink_bytes,
    .dropped = sink_dropped,
    .close = sink_close,
};
