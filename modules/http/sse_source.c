/* sse_source.c: the source `sse`: listens to a stream of server-sent events, with libcurl in a thread of its
 * own.
 *
 * When the connection ends it comes again, with back-off, and says the id of the last event that it has had
 * (Last-Event-ID); that id is in checkpoints too. So nothing is lost with a server that keeps its events, as
 * weir's sse-server does for a while. While the app is slow the connection is paused. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../wire/inbox.h"
#include "events.h"
#include "options.h"

enum { OPT_URL = ASK_FIRST_OWN, OPT_METHOD, OPT_HEADERS, OPT_WORKERS, OPT_LIMIT, OPT_WAITING };

static const weir_option options[] = {
    HTTP_ASK_OPTIONS("60000"),
    [OPT_URL] = {"event.source.url", WEIR_OPTION_TEXT, true, NULL, NULL, "Where to listen."},
    [OPT_METHOD] = {"method", WEIR_OPTION_TEXT, false, "GET", NULL, "The request's method."},
    [OPT_HEADERS] = {"headers", WEIR_OPTION_TEXT, false, NULL, NULL,
                     "Headers of the request, \"'name:value','other:value'\"."},
    [OPT_WORKERS] = {"worker.count", WEIR_OPTION_LONG, false, "1", NULL,
                     "As in Siddhi; events stay in order in any case."},
    [OPT_LIMIT] = {"max.event.size", WEIR_OPTION_BYTES, false, "64 MB", NULL,
                   "Larger events are dropped and told."},
    [OPT_WAITING] = {"max.waiting.size", WEIR_OPTION_BYTES, false, "64 MB", NULL,
                     "When events of this size together wait for the app, the connection is paused."},
    {0}};

static const weir_property properties[] = {
    {"id", "The event's id, or that of one before."}, {"event", "The event's name; null: it has none."}, {0}};

#define LONGEST_ID 256u

typedef struct sse_source {
    const weir_io_args *args;
    http_client_spec spec;
    wire_inbox inbox;
    http_events events;
    struct curl_slist *headers;
    CURLM *multi;
    CURL *handle;
    pthread_t thread;
    bool is_running;
    bool stops, has_room; /* atomic */
    bool is_paused, has_data;
    wire_backoff backoff;
    wire_quiet quiet;
    pthread_mutex_t lock; /* of state */
    char state[200], state_shown[200];
    char last_id[LONGEST_ID]; /* of the app's thread: of the last event that was consumed */
} sse_source;

typedef struct sse_message {
    wire_message message; /* first */
    char id[LONGEST_ID];
} sse_message;

/* ---- In the client's thread --------------------------------------------------------------------------- */

static void set_state(sse_source *s, const char *text) {
    pthread_mutex_lock(&s->lock);
    snprintf(s->state, sizeof s->state, "%s", text);
    pthread_mutex_unlock(&s->lock);
}

static weir_text property_of(const http_events *e, const char *name) {
    const char *text = strcmp(name, "id") == 0 ? e->id : e->event;
    return *text ? (weir_text){text, strlen(text)} : (weir_text){NULL, 0};
}

static bool on_event(void *ctx, const http_events *e) {
    sse_source *s = ctx;
    uint32_t n = s->args->n_properties;
    size_t size = sizeof(sse_message) + n * sizeof(weir_text) + e->data_len + 1;
    for (uint32_t i = 0; i < n; i++) size += property_of(e, s->args->properties[i]).len + 1;
    sse_message *m = calloc(1, size);
    if (!m) return false;
    char *at = (char *)((weir_text *)(m + 1) + n);
    m->message.size = size;
    m->message.bytes = at;
    m->message.len = e->data_len;
    if (e->data_len) memcpy(at, e->data, e->data_len);
    at += e->data_len + 1;
    if (n) m->message.properties = (weir_text *)(m + 1);
    for (uint32_t i = 0; i < n; i++) {
        weir_text t = property_of(e, s->args->properties[i]);
        if (t.bytes) memcpy(at, t.bytes, t.len);
        m->message.properties[i] = (weir_text){t.bytes ? at : NULL, t.len};
        at += t.len + 1;
    }
    memcpy(m->id, e->id, sizeof m->id);
    wire_inbox_reserve_any(&s->inbox, size);
    if (wire_inbox_put(&s->inbox, &m->message)) return true;
    free(m);
    return false;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx) {
    sse_source *s = ctx;
    n *= size;
    if (wire_inbox_is_full(&s->inbox)) {
        s->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (!s->has_data) set_state(s, "");
    s->has_data = true;
    uint64_t too_large = s->events.n_too_large;
    if (!http_events_feed(&s->events, bytes, n)) return 0;
    if (s->events.n_too_large != too_large && wire_quiet_may_tell(&s->quiet))
        wire_log(s->args->host, WEIR_LOG_ERROR,
                 "%s: an event is larger than max.event.size; it is dropped (so far: %" PRIu64 ")",
                 s->spec.who, s->events.n_too_large);
    return n;
}

static void on_room(void *ctx) {
    sse_source *s = ctx;
    __atomic_store_n(&s->has_room, true, __ATOMIC_RELEASE);
    curl_multi_wakeup(s->multi);
}

static bool stops(sse_source *s) { return __atomic_load_n(&s->stops, __ATOMIC_ACQUIRE); }

static struct curl_slist *make_headers(sse_source *s) {
    char line[LONGEST_ID + 32];
    struct curl_slist *list = curl_slist_append(NULL, "Accept: text/event-stream");
    for (struct curl_slist *h = s->headers; h; h = h->next) list = curl_slist_append(list, h->data);
    snprintf(line, sizeof line, "Last-Event-ID: %s", s->events.id);
    return *s->events.id ? curl_slist_append(list, line) : list;
}

/* Until the connection ends; what it ended with, or NULL: with nothing said. */
static void listen_once(sse_source *s, char *why, size_t size) {
    struct curl_slist *headers = make_headers(s);
    int running = 1;
    CURLcode code = CURLE_OK;
    http_events_restart(&s->events);
    s->is_paused = s->has_data = false;
    curl_easy_setopt(s->handle, CURLOPT_HTTPHEADER, headers);
    curl_multi_add_handle(s->multi, s->handle);
    while (running && !stops(s)) {
        if (s->is_paused && __atomic_exchange_n(&s->has_room, false, __ATOMIC_ACQ_REL)) {
            s->is_paused = false;
            curl_easy_pause(s->handle, CURLPAUSE_CONT);
        }
        curl_multi_perform(s->multi, &running);
        int left;
        for (CURLMsg *m; (m = curl_multi_info_read(s->multi, &left));) code = m->data.result;
        if (running) curl_multi_poll(s->multi, NULL, 0, 1000, NULL);
    }
    long status = 0;
    curl_easy_getinfo(s->handle, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(s->multi, s->handle);
    curl_slist_free_all(headers);
    if (code == CURLE_HTTP_RETURNED_ERROR)
        snprintf(why, size, "it was answered with %ld", status);
    else
        snprintf(why, size, "%s", code ? curl_easy_strerror(code) : "the server ended the stream");
}

static void wait_a_while(sse_source *s) {
    if (s->has_data) s->backoff.n_failures = 0;
    int64_t ms = wire_backoff_ms(&s->backoff);
    if (ms < s->events.retry_ms) ms = s->events.retry_ms;
    for (int64_t until = wire_now_ms() + ms; !stops(s) && (ms = until - wire_now_ms()) > 0;)
        curl_multi_poll(s->multi, NULL, 0, (int)ms, NULL);
}

static void *run(void *ctx) {
    sse_source *s = ctx;
    while (!stops(s)) {
        char why[200];
        listen_once(s, why, sizeof why);
        if (stops(s)) break;
        set_state(s, why);
        if (wire_quiet_may_tell(&s->quiet))
            wire_log(s->args->host, WEIR_LOG_INFO, "%s: %s; connecting anew", s->spec.who, why);
        wait_a_while(s);
    }
    return NULL;
}

/* ---- The source --------------------------------------------------------------------------------------- */

static weir_status add_header(void *ctx, const char *name, size_t name_len, const char *value,
                              size_t value_len, weir_error *err) {
    sse_source *s = ctx;
    char *line;
    if (asprintf(&line, "%.*s: %.*s", (int)name_len, name, (int)value_len, value) < 0)
        return wire_no_memory(err);
    struct curl_slist *more = curl_slist_append(s->headers, line);
    free(line);
    if (!more) return wire_no_memory(err);
    s->headers = more;
    return WEIR_OK;
}

static weir_status source_open(void *self, const weir_io_args *args, weir_error *err) {
    sse_source *s = self;
    const weir_setting *set = args->settings->of, *headers = &set[OPT_HEADERS];
    wire_url url;
    s->args = args;
    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->spec.who, sizeof s->spec.who, "source 'sse' of '%.100s'", args->schema->stream);
    WIRE_TRY(http_ask_open(&s->spec, args, err));
    WIRE_TRY(wire_url_parse(set[OPT_URL].text, "event.source.url", "http|https", &url, err));
    if (headers->given)
        WIRE_TRY(wire_pairs_each("headers", headers->text, strlen(headers->text), add_header, s, err));
    s->events.limit = (size_t)set[OPT_LIMIT].as.l;
    s->events.on_event = on_event;
    s->events.ctx = s;
    return WEIR_OK;
}

static weir_status source_start(void *self, weir_error *err) {
    sse_source *s = self;
    const weir_setting *set = s->args->settings->of;
    WIRE_TRY(http_ask_start(&s->spec, s->args, err));
    WIRE_TRY(wire_inbox_open(&s->inbox, (size_t)set[OPT_WAITING].as.l, err));
    s->inbox.room = on_room;
    s->inbox.room_ctx = s;
    memcpy(s->events.id, s->last_id, sizeof s->events.id);
    s->multi = curl_multi_init();
    s->handle = curl_easy_init();
    if (!s->multi || !s->handle) return wire_no_memory(err);
    http_client_set_up(&s->spec, s->handle);
    curl_easy_setopt(s->handle, CURLOPT_URL, set[OPT_URL].text);
    curl_easy_setopt(s->handle, CURLOPT_CUSTOMREQUEST, set[OPT_METHOD].text);
    curl_easy_setopt(s->handle, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(s->handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(s->handle, CURLOPT_WRITEDATA, s);
    s->is_running = !pthread_create(&s->thread, NULL, run, s);
    return s->is_running ? WEIR_OK : weir_fail(err, WEIR_EIO, "can't start a thread for the client");
}

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    (void)rows;
    (void)err;
    return wire_inbox_poll(&((sse_source *)self)->inbox, in);
}

static void on_taken(void *ctx, wire_message *m) {
    sse_source *s = ctx;
    memcpy(s->last_id, ((sse_message *)m)->id, sizeof s->last_id);
    free(m);
}

static void drop(void *ctx, wire_message *m) {
    (void)ctx;
    free(m);
}

static void source_consume(void *self, size_t n) {
    sse_source *s = self;
    wire_inbox_consume(&s->inbox, n, on_taken, s);
}

static int source_wake_fd(const void *self) { return ((const sse_source *)self)->inbox.bell; }

static weir_status source_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    const sse_source *s = self;
    (void)epoch;
    (void)err;
    weir_write_u32(w, 1);
    weir_write_u32(w, (uint32_t)strlen(s->last_id));
    weir_write_bytes(w, s->last_id, strlen(s->last_id));
    return WEIR_OK;
}

static weir_status source_seek(void *self, weir_reader *r, weir_error *err) {
    sse_source *s = self;
    WIRE_TRY(weir_read_version(r, 1, err));
    uint32_t len = weir_read_u32(r);
    if (len >= sizeof s->last_id) return weir_fail(err, WEIR_ESTATE, "the saved id is too long");
    weir_read_bytes(r, s->last_id, len);
    s->last_id[len] = 0;
    return WEIR_OK;
}

static const char *source_state(const void *self) {
    sse_source *s = (sse_source *)(uintptr_t)self;
    pthread_mutex_lock(&s->lock);
    memcpy(s->state_shown, s->state, sizeof s->state);
    pthread_mutex_unlock(&s->lock);
    return s->state_shown;
}

static size_t source_bytes(const void *self) {
    return wire_inbox_held(&((sse_source *)(uintptr_t)self)->inbox);
}

static void source_close(void *self) {
    sse_source *s = self;
    __atomic_store_n(&s->stops, true, __ATOMIC_RELEASE);
    if (s->multi) curl_multi_wakeup(s->multi);
    if (s->is_running) pthread_join(s->thread, NULL);
    if (s->handle) curl_easy_cleanup(s->handle);
    wire_inbox_fini(&s->inbox, drop, NULL);
    if (s->multi) curl_multi_cleanup(s->multi);
    curl_slist_free_all(s->headers);
    http_events_fini(&s->events);
    http_ask_close(&s->spec);
    if (s->args) pthread_mutex_destroy(&s->lock);
}

const weir_source_type http_sse_source_type = {
    .struct_size = sizeof http_sse_source_type,
    .name = "sse",
    .doc = "Listens to a stream of server-sent events, and comes again when it ends.",
    .example = "@source(type='sse', event.source.url='http://localhost:8080/alerts', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .state_size = sizeof(sse_source),
    .open = source_open,
    .start = source_start,
    .poll = source_poll,
    .consume = source_consume,
    .wake_fd = source_wake_fd,
    .position = source_position,
    .seek = source_seek,
    .bytes = source_bytes,
    .close = source_close,
    .properties = properties,
    .state = source_state,
};
