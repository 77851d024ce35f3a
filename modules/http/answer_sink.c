/* answer_sink.c: the sink http-service-response, which answers the requests of an http-service source. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"

enum { OPT_ID, OPT_MESSAGE, OPT_HEADERS, OPT_STATUS };

static const weir_option options[] = {
    [OPT_ID] = {"source.id", WEIR_OPTION_TEXT, true, NULL, NULL, "The source.id of the http-service source."},
    [OPT_MESSAGE] = {"message.id", WEIR_OPTION_TEMPLATE, true, NULL, NULL,
                     "The request that is answered: what the source told as trp:messageId."},
    [OPT_HEADERS] = {"headers", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                     "Headers of the answer, \"'name:value','other:{{attribute}}'\"."},
    [OPT_STATUS] = {"http.status.code", WEIR_OPTION_TEMPLATE, false, "200", NULL,
                    "The answer's status code; may hold {{attribute}}."},
    {0}};

typedef struct answer_sink {
    const weir_io_args *args;
    const weir_setting *set;
    http_app *app;
    uint64_t n_unknown;
    wire_quiet quiet;
} answer_sink;

static weir_status add_header(void *ctx, const char *name, size_t name_len, const char *value,
                              size_t value_len, weir_error *err) {
    if (!ctx || http_answer_header(ctx, name, name_len, value, value_len)) return WEIR_OK;
    return weir_fail(err, WEIR_ELIMIT, "more than %u headers", HTTP_HEADERS);
}

static weir_status sink_open(void *self, const weir_io_args *args, weir_error *err) {
    answer_sink *s = self;
    s->args = args;
    s->set = args->settings->of;
    const weir_setting *headers = &s->set[OPT_HEADERS];
    if (headers->given && !headers->slot)
        return wire_pairs_each("headers", headers->text, strlen(headers->text), add_header, NULL, err);
    return WEIR_OK;
}

static weir_status sink_start(void *self, weir_error *err) {
    answer_sink *s = self;
    return http_app_of(s->args->host, &s->app, err);
}

static unsigned status_of(weir_text text) {
    unsigned long n = text.bytes ? strtoul(text.bytes, NULL, 10) : 0;
    return n >= 200 && n <= 599 ? (unsigned)n : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

/* Nobody waits under this id: answered already, too late, or of another life. */
static void tell_unknown(answer_sink *s, weir_text id) {
    s->n_unknown++;
    if (!wire_quiet_may_tell(&s->quiet)) return;
    wire_log(s->args->host, WEIR_LOG_WARN,
             "sink 'http-service-response' of '%s': no request waits under the id '%.60s' (so far: %" PRIu64
             ")",
             s->args->schema->stream, id.bytes ? id.bytes : "", s->n_unknown);
}

static void answer(answer_sink *s, const weir_output *out, uint32_t i) {
    http_service *service = http_service_find(s->app, s->set[OPT_ID].text);
    weir_text id = weir_output_option(out, &s->set[OPT_MESSAGE], i);
    weir_text headers = weir_output_option(out, &s->set[OPT_HEADERS], i);
    http_request *r = service ? http_service_take(service, id.bytes, id.len) : NULL;
    size_t begin = i ? out->record_end[i - 1] : 0;
    if (!r) return tell_unknown(s, id);
    if (headers.bytes) (void)wire_pairs_each("headers", headers.bytes, headers.len, add_header, r, NULL);
    http_answer(r, status_of(weir_output_option(out, &s->set[OPT_STATUS], i)), http_type_of(s->args->format),
                out->bytes + begin, out->record_end[i] - begin);
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    (void)err;
    for (uint32_t i = 0; i < out->n_records; i++) answer(self, out, i);
    return WEIR_OK;
}

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)self;
    (void)last_epoch;
    (void)saved;
    (void)err;
    return WEIR_OK;
}

static weir_status sink_flush(void *self, weir_error *err) {
    (void)self;
    (void)err;
    return WEIR_OK;
}

static void sink_close(void *self) { (void)self; }

#define ANSWER_SINK(type_name, text)                                                                         \
    {                                                                                                        \
        .struct_size = sizeof(weir_sink_type), .name = type_name, .doc = text,                               \
        .example = "@sink(type='" type_name "', source.id='adder', message.id='{{id}}', @map(type='json'))", \
        .options = options, .shapes = WEIR_SHAPE_MESSAGES, .guarantee = WEIR_AT_MOST_ONCE,                   \
        .state_size = sizeof(answer_sink), .open = sink_open, .start = sink_start, .recover = sink_recover,  \
        .begin = wire_epoch_nothing, .write = sink_write, .flush = sink_flush, .prepare = wire_save_nothing, \
        .commit = wire_epoch_nothing, .abort = wire_epoch_nothing, .close = sink_close                       \
    }

const weir_sink_type http_answer_sink_type =
    ANSWER_SINK("http-service-response", "Answers the requests of an http-service source.");
const weir_sink_type http_response_sink_type =
    ANSWER_SINK("http-response", "An older name of http-service-response, as in Siddhi.");
