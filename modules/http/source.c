/* source.c: the sources that receive requests: `http`, which answers what became of them, and `http-service`,
 * which answers what an http-service-response sink says.
 *
 * When a request of `http` is answered: a bad record at once (400). Else with checkpoints when the one that
 * covers its events is safe, so that a client that tries again until it has its answer loses nothing; without
 * them when its events have been taken. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"

enum { OPT_ANSWER = SERVE_FIRST_OWN };
enum { OPT_ID = SERVE_FIRST_OWN, OPT_TIMEOUT };

static const weir_option http_options[] = {
    HTTP_SERVE_OPTIONS("receiver.url"),
    [OPT_ANSWER] =
        {"answer.after", WEIR_OPTION_CHOICE, false, "checkpoint", "checkpoint|receipt",
         "With checkpoints (--state): the answer comes when the one that covers the events is safe, "
         "or as soon as they are taken."},
    {0}};

static const weir_option service_options[] = {
    HTTP_SERVE_OPTIONS("receiver.url"),
    [OPT_ID] = {"source.id", WEIR_OPTION_TEXT, true, NULL, NULL,
                "What http-service-response sinks name to answer this source's requests."},
    [OPT_TIMEOUT] = {"connection.timeout", WEIR_OPTION_LONG, false, "120000", NULL,
                     "After so many ms without an answer a request gets 504."},
    {0}};

#define PROPERTIES(more)                                                                                     \
    {"HTTP_METHOD", "The request's method."}, {"REQUEST_URL", "The request's path."},                        \
        {"REMOTE_ADDRESS", "The client's address."}, more{"*", "The request's header of that name."}, {      \
        0                                                                                                    \
    }
#define MESSAGE_ID {"messageId", "What an http-service-response sink names as message.id to answer it."},
#define NOTHING
static const weir_property http_properties[] = {PROPERTIES(NOTHING)};
static const weir_property service_properties[] = {PROPERTIES(MESSAGE_ID)};

typedef struct http_source {
    const weir_io_args *args;
    http_serving serving;
    wire_inbox inbox;
    http_app *app;
    http_route *route;
    bool is_service, waits_for_checkpoint;
    http_service service;
    int64_t timeout_ms, next_late_ms;
    http_request *unsaved, *unanswered; /* taken since the last position; of epochs not yet safe */
} http_source;

/* ---- Receiving, in the listener's threads ------------------------------------------------------------- */

static bool reserve(void *ctx, size_t size) { return wire_inbox_reserve(&((http_source *)ctx)->inbox, size); }
static void release(void *ctx, size_t size) { wire_inbox_release(&((http_source *)ctx)->inbox, size); }

static const char *address_of(const http_request *r, char *text, size_t size) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    text[0] = 0;
    if (info && info->client_addr)
        getnameinfo(info->client_addr,
                    info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                             : sizeof(struct sockaddr_in),
                    text, (socklen_t)size, NULL, 0, NI_NUMERICHOST);
    return text;
}

static const char *value_of(http_source *s, http_request *r, const char *name, char *room, size_t size) {
    if (s->is_service && strcmp(name, "messageId") == 0) {
        http_service_id(&s->service, r->id, room);
        return room;
    }
    if (strcmp(name, "HTTP_METHOD") == 0) return r->method;
    if (strcmp(name, "REQUEST_URL") == 0) return s->serving.spec.url.path;
    if (strcmp(name, "REMOTE_ADDRESS") == 0) return address_of(r, room, size);
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* All in one block: the texts, then their bytes. */
static bool set_properties(http_source *s, http_request *r) {
    uint32_t n = s->args->n_properties;
    char room[128];
    size_t size = n * sizeof(weir_text), at = size;
    for (uint32_t i = 0; i < n; i++) {
        const char *value = value_of(s, r, s->args->properties[i], room, sizeof room);
        size += value ? strlen(value) + 1 : 0;
    }
    weir_text *texts = calloc(1, size);
    if (!texts) return false;
    for (uint32_t i = 0; i < n; i++) {
        const char *value = value_of(s, r, s->args->properties[i], room, sizeof room);
        if (!value) continue;
        texts[i] = (weir_text){(char *)texts + at, strlen(value)};
        memcpy((char *)texts + at, value, texts[i].len + 1);
        at += texts[i].len + 1;
    }
    r->message.properties = texts;
    return true;
}

static bool on_request(void *ctx, http_request *r) {
    http_source *s = ctx;
    if (!r->len) return http_answer_text(r, MHD_HTTP_BAD_REQUEST, "the request has no body"), true;
    if (s->is_service) r->id = __atomic_add_fetch(&s->service.last, 1, __ATOMIC_RELAXED);
    if (s->args->n_properties && !set_properties(s, r)) return false;
    return wire_inbox_put(&s->inbox, &r->message);
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status open_any(http_source *s, const weir_io_args *args, weir_error *err) {
    s->args = args;
    s->next_late_ms = INT64_MAX;
    WIRE_TRY(http_serving_open(&s->serving, args, "receiver.url", err));
    s->serving.spec.methods = "POST, PUT";
    s->serving.spec.reserve = reserve;
    s->serving.spec.release = release;
    s->serving.spec.on_request = on_request;
    s->serving.spec.ctx = s;
    return WEIR_OK;
}

static weir_status http_open(void *self, const weir_io_args *args, weir_error *err) {
    http_source *s = self;
    s->waits_for_checkpoint = args->has_checkpoints && args->settings->of[OPT_ANSWER].as.l == 0;
    return open_any(s, args, err);
}

static weir_status service_open(void *self, const weir_io_args *args, weir_error *err) {
    http_source *s = self;
    s->is_service = true;
    s->timeout_ms = args->settings->of[OPT_TIMEOUT].as.l;
    if (s->timeout_ms < 1)
        return weir_fail(err, WEIR_ECONFIG, "connection.timeout is '%s'; it takes a number of ms above 0",
                         args->settings->of[OPT_TIMEOUT].text);
    return open_any(s, args, err);
}

static weir_status source_start(void *self, weir_error *err) {
    http_source *s = self;
    WIRE_TRY(http_app_of(s->args->host, &s->app, err));
    WIRE_TRY(http_serving_start(&s->serving, s->args, err));
    if (!s->inbox.is_ready)
        WIRE_TRY(wire_inbox_open(&s->inbox, (size_t)s->args->settings->of[SERVE_WAITING].as.l, err));
    if (s->is_service && !s->service.buckets)
        WIRE_TRY(http_service_open(s->app, s->args->settings->of[OPT_ID].text, &s->service, err));
    WIRE_TRY(http_route_open(&s->app->servers, &s->serving.spec, s->args->host, &s->route, err));
    wire_log(s->args->host, WEIR_LOG_INFO, "source 'http' of '%s': listening at %s://%s:%u%s",
             s->args->schema->stream, s->serving.spec.url.scheme, s->serving.spec.url.host,
             s->serving.spec.url.port, s->serving.spec.url.path);
    return WEIR_OK;
}

/* ---- Events ------------------------------------------------------------------------------------------- */

static void answer_late(http_source *s) {
    int64_t now = wire_now_ms();
    if (!s->is_service || now < s->next_late_ms) return;
    for (http_request *r; (r = http_service_take_late(&s->service, now, &s->next_late_ms));)
        http_answer_text(r, MHD_HTTP_GATEWAY_TIMEOUT, "the app gave no answer in time");
}

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    http_source *s = self;
    (void)rows;
    (void)err;
    answer_late(s);
    return wire_inbox_poll(&s->inbox, in);
}

static void answer_bad(http_request *r) {
    char text[320];
    snprintf(text, sizeof text, "bad record: %s", r->message.reason);
    http_answer_text(r, MHD_HTTP_BAD_REQUEST, text);
}

static void forget_body(http_request *r) {
    free(r->body);
    r->body = NULL;
    r->message.bytes = "";
    r->message.size = 0; /* the inbox gives it back */
}

static void on_taken(void *ctx, wire_message *m) {
    http_source *s = ctx;
    http_request *r = (http_request *)m;
    forget_body(r);
    if (m->is_bad) return answer_bad(r);
    if (s->is_service) {
        int64_t deadline = wire_now_ms() + s->timeout_ms;
        if (s->next_late_ms == INT64_MAX) s->next_late_ms = deadline;
        http_service_wait(&s->service, r, deadline);
    } else if (s->waits_for_checkpoint) {
        r->next = s->unsaved;
        s->unsaved = r;
    } else
        http_answer(r, MHD_HTTP_OK, NULL, NULL, 0);
}

static void source_consume(void *self, size_t n) {
    http_source *s = self;
    wire_inbox_consume(&s->inbox, n, on_taken, s);
}

static void source_bad(void *self, const weir_bad_record *record) {
    wire_inbox_bad(&((http_source *)self)->inbox, record);
}

static int source_wake_fd(const void *self) { return ((const http_source *)self)->inbox.bell; }

/* ---- Positions: a source that can't go back has none, but what was taken before one is safe with it ---- */

static weir_status source_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    http_source *s = self;
    (void)err;
    weir_write_u32(w, 1);
    for (http_request *r; (r = s->unsaved);) {
        s->unsaved = r->next;
        r->epoch = epoch;
        r->next = s->unanswered;
        s->unanswered = r;
    }
    return WEIR_OK;
}

static weir_status source_seek(void *self, weir_reader *r, weir_error *err) {
    (void)self;
    return weir_read_version(r, 1, err);
}

static void source_ack(void *self, uint64_t epoch) {
    http_source *s = self;
    for (http_request *r, **at = &s->unanswered; (r = *at);) {
        if (r->epoch > epoch) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        http_answer(r, MHD_HTTP_OK, NULL, NULL, 0);
    }
}

static void drop_list(http_request *list) {
    for (http_request *r; (r = list);) {
        list = r->next;
        http_answer_text(r, MHD_HTTP_SERVICE_UNAVAILABLE, "the app has ended");
    }
}

static void drop_one(void *ctx, wire_message *m) {
    (void)ctx;
    m->size = 0;
    http_answer_text((http_request *)m, MHD_HTTP_SERVICE_UNAVAILABLE, "the app has ended");
}

static size_t source_bytes(const void *self) {
    return wire_inbox_held(&((http_source *)(uintptr_t)self)->inbox);
}

static void source_close(void *self) {
    http_source *s = self;
    http_route_close(s->route);
    drop_list(s->unsaved);
    drop_list(s->unanswered);
    wire_inbox_fini(&s->inbox, drop_one, s);
    if (s->app && s->is_service) http_service_close(s->app, &s->service);
    if (s->app) http_route_free(&s->app->servers, s->route);
    http_serving_close(&s->serving);
}

#define HTTP_SOURCE(type_name, text, sample, own_options, own_properties, open_function)                     \
    {                                                                                                        \
        .struct_size = sizeof(weir_source_type), .name = type_name, .doc = text, .example = sample,          \
        .options = own_options, .shapes = WEIR_SHAPE_MESSAGES, .state_size = sizeof(http_source),            \
        .open = open_function, .start = source_start, .poll = source_poll, .consume = source_consume,        \
        .wake_fd = source_wake_fd, .position = source_position, .seek = source_seek, .ack = source_ack,      \
        .bytes = source_bytes, .close = source_close, .properties = own_properties, .bad = source_bad        \
    }

const weir_source_type http_source_type = HTTP_SOURCE(
    "http", "Receives events by HTTP: a POST has one or many, in any format.",
    "@source(type='http', receiver.url='http://0.0.0.0:8080/wind', auth.token='${TOKEN}', @map(type='json'))",
    http_options, http_properties, http_open);

#define SERVICE_SAMPLE(name)                                                                                 \
    "@source(type='" name "', receiver.url='http://0.0.0.0:8080/add', source.id='adder', "                   \
    "@map(type='json', @attributes(id='trp:messageId', a='$.a', b='$.b')))"
const weir_source_type http_service_source_type =
    HTTP_SOURCE("http-service", "Receives requests by HTTP that an http-service-response sink answers.",
                SERVICE_SAMPLE("http-service"), service_options, service_properties, service_open);
const weir_source_type http_request_source_type =
    HTTP_SOURCE("http-request", "An older name of http-service, as in Siddhi.",
                SERVICE_SAMPLE("http-request"), service_options, service_properties, service_open);
