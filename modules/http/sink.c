/* sink.c: the sinks that ask others: `http`, which wants nothing but success, and `http-request` (also called
 * `http-call`), whose answers go to the http-response sources with the same sink.id. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"
#include "responder.h"

enum {
    OPT_URL = ASK_FIRST_OWN,
    OPT_METHOD,
    OPT_HEADERS,
    OPT_PARALLEL,
    OPT_TRIES,
    OPT_CHUNK,
    OPT_POOL_1,
    OPT_POOL_2,
    OPT_POOL_3,
    OPT_POOL_4,
    OPT_POOL_5,
    OPT_POOL_6,
    OPT_POOL_7,
    OPT_POOL_8,
    OPT_POOL_9,
    OPT_LAST_COMMON
};
enum { OPT_BATCH = OPT_LAST_COMMON };
enum { OPT_ID = OPT_LAST_COMMON, OPT_BLOCKING, OPT_ANSWER_LIMIT, OPT_DOWNLOADING, OPT_DOWNLOAD_PATH };

#define POOL_OPTION(name)                                                                                    \
    {                                                                                                        \
        name, WEIR_OPTION_TEXT, false, NULL, NULL,                                                           \
            "Of the pool of Siddhi's client; answers don't depend on it."                                    \
    }
#define COMMON_OPTIONS(parallel)                                                                             \
    HTTP_ASK_OPTIONS("6000"),                                                                                \
        [OPT_URL] = {"publisher.url",                                                                        \
                     WEIR_OPTION_TEMPLATE,                                                                   \
                     true,                                                                                   \
                     NULL,                                                                                   \
                     NULL,                                                                                   \
                     "Where to send to; may hold {{attribute}}."},                                           \
        [OPT_METHOD] = {"method", WEIR_OPTION_TEMPLATE,                                                      \
                        false,    "POST",                                                                    \
                        NULL,     "The request's method; may hold {{attribute}}."},                          \
        [OPT_HEADERS] =                                                                                      \
            {"headers",                                                                                      \
             WEIR_OPTION_TEMPLATE,                                                                           \
             false,                                                                                          \
             NULL,                                                                                           \
             NULL,                                                                                           \
             "Headers, \"'name:value','other:{{attribute}}'\". Without Content-Type that of the "            \
             "format is sent."},                                                                             \
        [OPT_PARALLEL] = {"max.pool.active.connections",                                                     \
                          WEIR_OPTION_LONG,                                                                  \
                          false,                                                                             \
                          parallel,                                                                          \
                          NULL,                                                                              \
                          "How many requests are on their way at a time; with 1 they arrive in order."},     \
        [OPT_TRIES] = {"max.retries",                                                                        \
                       WEIR_OPTION_LONG,                                                                     \
                       false,                                                                                \
                       "-1",                                                                                 \
                       NULL,                                                                                 \
                       "How often a request is sent again, when there is no connection or the answer is "    \
                       "429 or 5xx; -1: until it works."},                                                   \
        [OPT_CHUNK] = {"chunk.disabled",                                                                     \
                       WEIR_OPTION_BOOL,                                                                     \
                       false,                                                                                \
                       "false",                                                                              \
                       NULL,                                                                                 \
                       "As in Siddhi; requests have a Content-Length in any case."},                         \
        [OPT_POOL_1] = POOL_OPTION("min.pool.idle.connections"),                                             \
        [OPT_POOL_2] = POOL_OPTION("max.pool.idle.connections"),                                             \
        [OPT_POOL_3] = POOL_OPTION("executor.service.threads"),                                              \
        [OPT_POOL_4] = POOL_OPTION("min.evictable.idle.time"),                                               \
        [OPT_POOL_5] = POOL_OPTION("time.between.eviction.runs"),                                            \
        [OPT_POOL_6] = POOL_OPTION("max.wait.time"), [OPT_POOL_7] = POOL_OPTION("test.on.borrow"),           \
        [OPT_POOL_8] = POOL_OPTION("test.while.idle"), [OPT_POOL_9] = POOL_OPTION("exhausted.action")

static const weir_option http_options[] = {
    COMMON_OPTIONS("1"),
    [OPT_BATCH] =
        {"batch.size", WEIR_OPTION_LONG, false, "1", NULL,
         "Up to so many events make one request, if that many wait: with JSON as an array, else a line "
         "each."},
    {0}};

static const weir_option request_options[] = {
    COMMON_OPTIONS("16"),
    [OPT_ID] = {"sink.id", WEIR_OPTION_TEXT, true, NULL, NULL,
                "What http-response sources name to get the answers."},
    [OPT_BLOCKING] = {"blocking.io", WEIR_OPTION_BOOL, false, "false", NULL,
                      "Each request waits for the answer to the one before."},
    [OPT_ANSWER_LIMIT] = {"max.answer.size", WEIR_OPTION_BYTES, false, "64 MB", NULL,
                          "Larger answers are cut."},
    [OPT_DOWNLOADING] = {"downloading.enabled", WEIR_OPTION_BOOL, false, "false", NULL, "Not supported."},
    [OPT_DOWNLOAD_PATH] = {"download.path", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},
    {0}};

#define DELIVER_MS 5000

typedef struct http_sink {
    const weir_io_args *args;
    const weir_setting *set;
    http_client_spec spec;
    http_client *client;
    http_app *app;
    bool is_request, is_json;
    uint32_t batch;
    uint32_t n_done; /* records of the output in hand that were taken */
    bool stops;
    wire_quiet quiet;
    struct curl_slist *headers; /* being made */
    struct curl_slist *shared;  /* of all requests, when no attribute is in them */
    bool has_type;
} http_sink;

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status add_header(void *ctx, const char *name, size_t name_len, const char *value,
                              size_t value_len, weir_error *err) {
    http_sink *s = ctx;
    char *line;
    /* A header without a value is written "Name;" for libcurl. */
    int n = value_len ? asprintf(&line, "%.*s: %.*s", (int)name_len, name, (int)value_len, value)
                      : asprintf(&line, "%.*s;", (int)name_len, name);
    if (n < 0) return wire_no_memory(err);
    for (char *at = line; *at; at++)
        if (*at == '\r' || *at == '\n') *at = ' ';
    struct curl_slist *more = curl_slist_append(s->headers, line);
    free(line);
    if (!more) return wire_no_memory(err);
    s->headers = more;
    s->has_type |= name_len == 12 && strncasecmp(name, "Content-Type", 12) == 0;
    return WEIR_OK;
}

static weir_status make_headers(http_sink *s, weir_text text, weir_error *err) {
    s->headers = NULL;
    s->has_type = false;
    if (text.bytes) WIRE_TRY(wire_pairs_each("headers", text.bytes, text.len, add_header, s, err));
    const char *type = http_type_of(s->args->format);
    if (!s->has_type) WIRE_TRY(add_header(s, "Content-Type", 12, type, strlen(type), err));
    struct curl_slist *more = curl_slist_append(s->headers, "Expect:"); /* no waiting for 100 Continue */
    if (!more) return wire_no_memory(err);
    s->headers = more;
    return WEIR_OK;
}

static weir_status check_texts(http_sink *s, weir_error *err) {
    const weir_setting *url = &s->set[OPT_URL], *headers = &s->set[OPT_HEADERS];
    wire_url parsed;
    if (!url->slot) WIRE_TRY(wire_url_parse(url->text, "publisher.url", "http|https", &parsed, err));
    if (!headers->given || headers->slot) return WEIR_OK;
    weir_status st = make_headers(s, (weir_text){headers->text, strlen(headers->text)}, err);
    curl_slist_free_all(s->headers);
    s->headers = NULL;
    return st;
}

static weir_status open_any(http_sink *s, const weir_io_args *args, weir_error *err) {
    s->args = args;
    s->set = args->settings->of;
    s->is_json = args->format && strcmp(args->format, "json") == 0;
    s->batch = 1;
    WIRE_TRY(http_ask_open(&s->spec, args, err));
    const weir_setting *parallel = &s->set[OPT_PARALLEL], *tries = &s->set[OPT_TRIES];
    /* Siddhi's -1 is as many as there are events. */
    s->spec.parallel = parallel->as.l == -1 ? 64 : (long)parallel->as.l;
    if (s->spec.parallel < 1 || s->spec.parallel > 1000)
        return weir_fail(err, WEIR_ECONFIG, "max.pool.active.connections is '%s'; it takes 1 to 1000, or -1",
                         parallel->text);
    if (tries->as.l < -1 || tries->as.l > 1000000)
        return weir_fail(err, WEIR_ECONFIG, "max.retries is '%s'; it takes 0 to 1000000, or -1", tries->text);
    s->spec.max_tries = tries->as.l + 1; /* 0: for ever */
    s->spec.reports = args->reports;
    s->spec.answer_limit = 200;
    snprintf(s->spec.who, sizeof s->spec.who, "sink '%s' of '%.100s'",
             s->is_request ? "http-request" : "http", args->schema->stream);
    return check_texts(s, err);
}

static weir_status http_open(void *self, const weir_io_args *args, weir_error *err) {
    http_sink *s = self;
    int64_t batch = args->settings->of[OPT_BATCH].as.l;
    if (batch < 1 || batch > 100000)
        return weir_fail(err, WEIR_ECONFIG, "batch.size is '%s'; it takes 1 to 100000",
                         args->settings->of[OPT_BATCH].text);
    WIRE_TRY(open_any(s, args, err));
    s->batch = (uint32_t)batch;
    return WEIR_OK;
}

static void on_answer(void *ctx, http_job *job) {
    http_sink *s = ctx;
    const char *id = s->set[OPT_ID].text;
    if (!job->status || http_responders_give(s->app, id, job, s->args->schema, &s->stops)) return;
    if (wire_quiet_may_tell(&s->quiet))
        wire_log(s->args->host, WEIR_LOG_WARN,
                 "%s: no http-response source with sink.id='%s' takes the status %ld; the answer is dropped "
                 "(so far: %" PRIu64 ")",
                 s->spec.who, id, job->status, s->quiet.n);
}

static weir_status request_open(void *self, const weir_io_args *args, weir_error *err) {
    http_sink *s = self;
    const weir_setting *set = args->settings->of;
    s->is_request = true;
    WIRE_TRY(open_any(s, args, err));
    if (set[OPT_DOWNLOADING].as.b || set[OPT_DOWNLOAD_PATH].given)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "'downloading.enabled' is not supported: answers go to http-response sources only");
    if (set[OPT_BLOCKING].as.b) s->spec.parallel = 1;
    s->spec.answer_limit = (size_t)set[OPT_ANSWER_LIMIT].as.l;
    s->spec.on_answer = on_answer;
    s->spec.ctx = s;
    return WEIR_OK;
}

static weir_status sink_start(void *self, weir_error *err) {
    http_sink *s = self;
    WIRE_TRY(http_app_of(s->args->host, &s->app, err));
    WIRE_TRY(http_ask_start(&s->spec, s->args, err));
    return http_client_new(&s->spec, &s->client, err);
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static bool is_same(const weir_output *out, const weir_setting *set, uint32_t a, uint32_t b) {
    if (!set->slot) return true;
    weir_text x = weir_output_option(out, set, a), y = weir_output_option(out, set, b);
    return x.len == y.len && memcmp(x.bytes, y.bytes, x.len) == 0;
}

/* How many records from `first` on make one request. */
static uint32_t run_of(const http_sink *s, const weir_output *out, uint32_t first) {
    uint32_t n = 1;
    while (n < s->batch && first + n < out->n_records && is_same(out, &s->set[OPT_URL], first, first + n) &&
           is_same(out, &s->set[OPT_METHOD], first, first + n) &&
           is_same(out, &s->set[OPT_HEADERS], first, first + n))
        n++;
    return n;
}

/* The records as one body: an array, or lines. A record that is an array already (events of one chunk) is
 * taken out of its brackets. malloc. */
static char *join(const http_sink *s, const weir_output *out, uint32_t first, uint32_t n, size_t *len) {
    size_t begin = first ? out->record_end[first - 1] : 0, at = 0;
    char *body = malloc(out->record_end[first + n - 1] - begin + n + 2);
    if (!body) return NULL;
    if (s->is_json) body[at++] = '[';
    for (uint32_t i = first; i < first + n; i++) {
        size_t size = out->record_end[i] - begin, skip = s->is_json && out->bytes[begin] == '[';
        if (i > first) body[at++] = s->is_json ? ',' : '\n';
        memcpy(body + at, out->bytes + begin + skip, size - 2 * skip);
        at += size - 2 * skip;
        begin += size;
    }
    if (s->is_json) body[at++] = ']';
    *len = at;
    return body;
}

static weir_status give_headers(http_sink *s, http_job *job, const weir_output *out, uint32_t record,
                                weir_error *err) {
    job->shares_headers = s->shared != NULL;
    job->headers = s->shared;
    if (s->shared) return WEIR_OK;
    weir_status st = make_headers(s, weir_output_option(out, &s->set[OPT_HEADERS], record), err);
    job->headers = s->headers;
    s->headers = NULL;
    if (st != WEIR_OK || s->set[OPT_HEADERS].slot) return st;
    s->shared = job->headers;
    job->shares_headers = true;
    return WEIR_OK;
}

static weir_status send_run(http_sink *s, const weir_output *out, uint32_t first, uint32_t n,
                            weir_error *err) {
    weir_text url = weir_output_option(out, &s->set[OPT_URL], first);
    weir_text method = weir_output_option(out, &s->set[OPT_METHOD], first);
    size_t begin = first ? out->record_end[first - 1] : 0, len = out->record_end[first] - begin;
    char *joined = s->batch > 1 ? join(s, out, first, n, &len) : NULL;
    if (s->batch > 1 && !joined) return wire_no_memory(err);
    http_job *job = http_job_new(url, method, joined ? joined : out->bytes + begin, len,
                                 s->is_request ? out : NULL, first);
    free(joined);
    if (!job) return wire_no_memory(err);
    weir_status st = give_headers(s, job, out, first, err);
    if (st != WEIR_OK) {
        http_job_free(job);
        if (!s->args->reports || st == WEIR_ENOMEM) return st;
        for (uint32_t i = 0; i < n; i++) http_client_refuse(s->client, err->message);
        return WEIR_OK;
    }
    job->n_records = n;
    http_client_send(s->client, job);
    return WEIR_OK;
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    http_sink *s = self;
    while (s->n_done < out->n_records) {
        if (http_client_is_full(s->client)) return WEIR_EAGAIN; /* offered again, it goes on from here */
        uint32_t n = run_of(s, out, s->n_done);
        WIRE_TRY(send_run(s, out, s->n_done, n, err));
        s->n_done += n;
    }
    s->n_done = 0;
    return WEIR_OK;
}

static weir_status sink_flush(void *self, weir_error *err) {
    (void)err;
    return http_client_is_full(((http_sink *)self)->client) ? WEIR_EAGAIN : WEIR_OK;
}

/* ---- Epochs ------------------------------------------------------------------------------------------- */

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)last_epoch;
    (void)err;
    ((http_sink *)self)->n_done = 0;
    if (saved) (void)weir_read_u32(saved);
    return WEIR_OK;
}

static weir_status sink_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    http_sink *s = self;
    (void)epoch;
    if (w) weir_write_u32(w, 1);
    if (http_client_drain(s->client, DELIVER_MS)) return WEIR_OK;
    const char *why = http_client_state(s->client);
    weir_fail(err, WEIR_EIO, "%u request(s) are not answered yet%s%s", http_client_unsent(s->client),
              *why ? ": " : "", why);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

static int sink_wake_fd(const void *self) {
    const http_sink *s = self;
    return s->client ? http_client_wake_fd(s->client) : -1;
}

static size_t sink_bytes(const void *self) {
    const http_sink *s = self;
    return s->client ? http_client_held(s->client) : 0;
}

static uint64_t sink_dropped(const void *self) {
    const http_sink *s = self;
    return s->client ? http_client_lost(s->client) : 0;
}

static const char *sink_state(const void *self) {
    const http_sink *s = self;
    return s->client ? http_client_state(s->client) : "";
}

/* ---- What became of records --------------------------------------------------------------------------- */

static uint64_t sink_settled(const void *self) {
    return http_client_settled(((const http_sink *)self)->client);
}

static bool sink_refused(void *self, weir_refusal *out) {
    return http_client_refused(((http_sink *)self)->client, out);
}

static void sink_forget(void *self) {
    http_sink *s = self;
    s->n_done = 0;
    http_client_forget(s->client);
}

/* A request whose tries are counted is refused after the last one. */
static bool sink_is_away(const void *self) {
    const http_sink *s = self;
    return !s->spec.max_tries && *sink_state(self);
}

static void sink_close(void *self) {
    http_sink *s = self;
    __atomic_store_n(&s->stops, true, __ATOMIC_RELAXED);
    http_client_free(s->client);
    curl_slist_free_all(s->shared);
    http_ask_close(&s->spec);
}

#define HTTP_SINK(type_name, text, sample, own_options, open_function, with_attributes)                      \
    {                                                                                                        \
        .struct_size = sizeof(weir_sink_type), .name = type_name, .doc = text, .example = sample,            \
        .options = own_options, .shapes = WEIR_SHAPE_MESSAGES, .guarantee = WEIR_AT_LEAST_ONCE,              \
        .state_size = sizeof(http_sink), .open = open_function, .start = sink_start,                         \
        .recover = sink_recover, .begin = wire_epoch_nothing, .write = sink_write, .flush = sink_flush,      \
        .prepare = sink_prepare, .commit = wire_epoch_nothing, .abort = wire_epoch_nothing,                  \
        .wake_fd = sink_wake_fd, .bytes = sink_bytes, .close = sink_close, .state = sink_state,              \
        .dropped = sink_dropped, .wants_attributes = with_attributes, .settled = sink_settled,               \
        .refused = sink_refused, .forget = sink_forget, .is_away = sink_is_away                              \
    }

const weir_sink_type http_sink_type =
    HTTP_SINK("http", "Sends events by HTTP, each again until it is answered with success.",
              "@sink(type='http', publisher.url='https://example.org/alerts', method='POST', "
              "headers=\"'X-Station:{{station}}'\", @map(type='json'))",
              http_options, http_open, false);

#define REQUEST_SAMPLE(name)                                                                                 \
    "@sink(type='" name                                                                                      \
    "', publisher.url='http://localhost:8005/registry', sink.id='registry', @map(type='json'))"
const weir_sink_type http_request_sink_type =
    HTTP_SINK("http-request", "Asks by HTTP; http-response sources with the same sink.id get the answers.",
              REQUEST_SAMPLE("http-request"), request_options, request_open, true);
const weir_sink_type http_call_sink_type =
    HTTP_SINK("http-call", "Another name of http-request.", REQUEST_SAMPLE("http-call"), request_options,
              request_open, true);
