/* response_source.c: the source `http-response` (also called `http-call-response`): answers to what
 * http-request sinks have asked, with the attributes of the event that asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "responder.h"

enum { OPT_ID, OPT_STATUS, OPT_STREAMING };

static const weir_option options[] = {
    [OPT_ID] = {"sink.id", WEIR_OPTION_TEXT, true, NULL, NULL, "The sink.id of the http-request sink."},
    [OPT_STATUS] = {"http.status.code", WEIR_OPTION_TEXT, false, "200", NULL,
                    "The status codes to take: a regular expression, '200' or '4\\\\d+'."},
    [OPT_STREAMING] = {"allow.streaming.responses", WEIR_OPTION_BOOL, false, "false", NULL,
                       "Not supported: an answer is read whole."},
    {0}};

static const weir_property properties[] = {
    {"httpStatusCode", "The answer's status code."},
    {"*", "The attribute of that name of the event that asked; else the answer's header of that name."},
    {0}};

#define WAITING_BYTES ((size_t)64 << 20)

typedef struct response_source {
    const weir_io_args *args;
    http_app *app;
    http_responder responder;
} response_source;

/* ---- In the client's thread --------------------------------------------------------------------------- */

typedef struct answer_message {
    wire_message message; /* first */
    char *bytes;
} answer_message;

static weir_text attribute_of(const http_job *job, const weir_schema *schema, const char *name) {
    for (uint32_t i = 0; i < job->n_attributes; i++)
        if (strcmp(schema->attributes[i].name, name) == 0) {
            weir_text t = job->attributes[i];
            return t.len == 4 && memcmp(t.bytes, "null", 4) == 0 ? (weir_text){NULL, 0} : t;
        }
    return (weir_text){NULL, 0};
}

static bool has_attribute(const http_job *job, const weir_schema *schema, const char *name) {
    for (uint32_t i = 0; i < job->n_attributes; i++)
        if (strcmp(schema->attributes[i].name, name) == 0) return true;
    return false;
}

static weir_text header_of(const http_job *job, const char *name) {
    size_t len = strlen(name);
    const char *line = job->answer_headers;
    while (line && *line) {
        const char *end = strchr(line, '\n'), *stop = end ? end : line + strlen(line);
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1;
            while (value < stop && (*value == ' ' || *value == '\t')) value++;
            while (stop > value && (stop[-1] == '\r' || stop[-1] == ' ')) stop--;
            return (weir_text){value, (size_t)(stop - value)};
        }
        line = end ? end + 1 : NULL;
    }
    return (weir_text){NULL, 0};
}

/* Whether the answer's header at `line` is one: not the status line, nor the blank one at the end. */
static bool is_header(const char *line, const char *stop) {
    const char *colon = memchr(line, ':', (size_t)(stop - line));
    return colon && colon > line && strncmp(line, "HTTP/", 5) != 0;
}

/* All headers of the answer, "'name:value','other:value'" as the option headers has them; without `out`, the
 * length alone. */
static size_t put_headers(const http_job *job, char *out) {
    size_t n = 0;
    for (const char *line = job->answer_headers, *end; line && *line; line = end) {
        const char *stop = strpbrk(line, "\r\n");
        if (!stop) stop = line + strlen(line);
        end = stop + strspn(stop, "\r\n");
        if (!is_header(line, stop)) continue;
        const char *colon = memchr(line, ':', (size_t)(stop - line)), *value = colon + 1;
        size_t name = (size_t)(value - line);
        while (value < stop && (*value == ' ' || *value == '\t')) value++;
        size_t len = (size_t)(stop - value), at = n + (n > 0) + 1;
        if (out) {
            if (n) out[n] = ',';
            out[at - 1] = '\'';
            memcpy(out + at, line, name);
            memcpy(out + at + name, value, len);
            out[at + name + len] = '\'';
        }
        n = at + name + len + 1;
    }
    return n;
}

/* Neither an attribute of the event that asked nor a header of the answer. */
static bool is_all_headers(const http_job *job, const weir_schema *schema, const char *name) {
    return strcmp(name, "headers") == 0 && !has_attribute(job, schema, name) && !header_of(job, name).bytes;
}

static weir_text property_of(const http_job *job, const weir_schema *schema, const char *name,
                             const char *status) {
    if (strcmp(name, "httpStatusCode") == 0) return (weir_text){status, strlen(status)};
    return has_attribute(job, schema, name) ? attribute_of(job, schema, name) : header_of(job, name);
}

static answer_message *make_message(const http_responder *r, const http_job *job, const weir_schema *schema,
                                    const char *status) {
    size_t texts = r->n_properties * sizeof(weir_text),
           size = sizeof(answer_message) + texts + job->answer_len + 1;
    for (uint32_t i = 0; i < r->n_properties; i++)
        size += 1 + (is_all_headers(job, schema, r->properties[i])
                         ? put_headers(job, NULL)
                         : property_of(job, schema, r->properties[i], status).len);
    answer_message *m = calloc(1, size);
    if (!m) return NULL;
    char *at = (char *)(m + 1) + texts;
    m->message.size = size;
    m->message.bytes = at;
    m->message.len = job->answer_len;
    if (job->answer_len) memcpy(at, job->answer, job->answer_len);
    at += job->answer_len + 1;
    if (r->n_properties) m->message.properties = (weir_text *)(m + 1);
    for (uint32_t i = 0; i < r->n_properties; i++) {
        weir_text t = property_of(job, schema, r->properties[i], status);
        if (is_all_headers(job, schema, r->properties[i]))
            t = (weir_text){at, put_headers(job, at)};
        else if (!t.bytes)
            continue;
        else
            memcpy(at, t.bytes, t.len);
        m->message.properties[i] = (weir_text){at, t.len};
        at += t.len + 1;
    }
    return m;
}

/* A full inbox is waited for: the sink's client stands still, and what it has to send fills up. */
static bool give(http_responder *r, const http_job *job, const weir_schema *schema, const char *status,
                 const bool *stops) {
    answer_message *m = make_message(r, job, schema, status);
    if (!m) return false;
    while (!wire_inbox_reserve(&r->inbox, m->message.size)) {
        pthread_mutex_lock(&r->inbox.lock);
        bool ends = r->inbox.is_closed;
        pthread_mutex_unlock(&r->inbox.lock);
        if (ends || __atomic_load_n(stops, __ATOMIC_RELAXED)) break;
        usleep(2000);
    }
    if (wire_inbox_put(&r->inbox, &m->message)) return true;
    free(m);
    return false;
}

uint32_t http_responders_give(http_app *app, const char *sink_id, const http_job *job,
                              const weir_schema *schema, const bool *stops) {
    char status[16];
    uint32_t n = 0;
    snprintf(status, sizeof status, "%ld", job->status);
    pthread_mutex_lock(&app->lock);
    for (http_responder *r = app->responders; r; r = r->next) {
        if (strcmp(r->sink_id, sink_id) != 0) continue;
        if (weir_regex_match(r->status, status, strlen(status), 0, WEIR_REGEX_MATCHES) != WEIR_REGEX_YES)
            continue;
        n += give(r, job, schema, status, stops);
    }
    pthread_mutex_unlock(&app->lock);
    return n;
}

/* ---- The source --------------------------------------------------------------------------------------- */

/* What doubles backslashes, for Java's sake, means single ones. */
static weir_status compile(http_responder *r, const char *text, weir_error *err) {
    char pattern[256];
    size_t n = 0;
    for (const char *at = text; *at; at++) {
        if (n + 1 > sizeof pattern) return weir_fail(err, WEIR_ECONFIG, "http.status.code is too long");
        if (at[0] == '\\' && at[1] == '\\') at++;
        pattern[n++] = *at;
    }
    return weir_regex_of_option("http.status.code", pattern, n, &r->status, err);
}

static weir_status source_open(void *self, const weir_io_args *args, weir_error *err) {
    response_source *s = self;
    const weir_setting *set = args->settings->of;
    s->args = args;
    s->responder.sink_id = set[OPT_ID].text;
    s->responder.properties = args->properties;
    s->responder.n_properties = args->n_properties;
    if (set[OPT_STREAMING].as.b)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "'allow.streaming.responses' is not supported: an answer is read whole");
    return compile(&s->responder, set[OPT_STATUS].text, err);
}

static weir_status source_start(void *self, weir_error *err) {
    response_source *s = self;
    WIRE_TRY(http_app_of(s->args->host, &s->app, err));
    WIRE_TRY(wire_inbox_open(&s->responder.inbox, WAITING_BYTES, err));
    pthread_mutex_lock(&s->app->lock);
    s->responder.next = s->app->responders;
    s->app->responders = &s->responder;
    pthread_mutex_unlock(&s->app->lock);
    return WEIR_OK;
}

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    (void)rows;
    (void)err;
    return wire_inbox_poll(&((response_source *)self)->responder.inbox, in);
}

static void drop(void *ctx, wire_message *m) {
    (void)ctx;
    free(m);
}

static void source_consume(void *self, size_t n) {
    wire_inbox_consume(&((response_source *)self)->responder.inbox, n, drop, NULL);
}

static int source_wake_fd(const void *self) { return ((const response_source *)self)->responder.inbox.bell; }

static size_t source_bytes(const void *self) {
    return wire_inbox_held(&((response_source *)(uintptr_t)self)->responder.inbox);
}

static void source_close(void *self) {
    response_source *s = self;
    if (s->responder.inbox.is_ready) {
        wire_inbox_close(&s->responder.inbox); /* so that a client that waits for room lets go of the lock */
        pthread_mutex_lock(&s->app->lock);
        for (http_responder **at = &s->app->responders; *at; at = &(*at)->next)
            if (*at == &s->responder) {
                *at = s->responder.next;
                break;
            }
        pthread_mutex_unlock(&s->app->lock);
        wire_inbox_fini(&s->responder.inbox, drop, NULL);
    }
    weir_regex_free(s->responder.status);
}

#define RESPONSE_SOURCE(type_name, text)                                                                     \
    {                                                                                                        \
        .struct_size = sizeof(weir_source_type), .name = type_name, .doc = text,                             \
        .example =                                                                                           \
            "@source(type='" type_name "', sink.id='registry', http.status.code='200', @map(type='json', "   \
            "@attributes(name='trp:name', town='$.town')))",                                                 \
        .options = options, .shapes = WEIR_SHAPE_MESSAGES, .state_size = sizeof(response_source),            \
        .open = source_open, .start = source_start, .poll = source_poll, .consume = source_consume,          \
        .wake_fd = source_wake_fd, .position = wire_save_nothing, .seek = wire_seek_nothing,                 \
        .bytes = source_bytes, .close = source_close, .properties = properties                               \
    }

const weir_source_type http_response_source_type =
    RESPONSE_SOURCE("http-response", "Receives the answers to what an http-request sink has asked.");
const weir_source_type http_call_response_source_type =
    RESPONSE_SOURCE("http-call-response", "Another name of http-response.");
