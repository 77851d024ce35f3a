/* sink.c: publishes to topics of MQTT; see outbound.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "outbound.h"
#include "source.h"

enum {
    OPT_TOPIC = OPT_FIRST_OWN,
    OPT_QOS,
    OPT_RETAIN,
    OPT_USER_PROPERTIES,
    OPT_CONTENT_TYPE,
    OPT_RESPONSE_TOPIC,
    OPT_CORRELATION_DATA,
    OPT_MESSAGE_EXPIRY
};

static const weir_option options[] = {
    MQTT_COMMON_OPTIONS(
        "How many messages may be under way that the broker has not acknowledged; else 1000, of "
        "quality 2 in version 3.1.1 10. In version 5 no more than the broker says."),
    [OPT_TOPIC] = {"topic", WEIR_OPTION_TEMPLATE, true, NULL, NULL, "The topic; may hold {{attribute}}."},
    [OPT_QOS] = {"quality.of.service", WEIR_OPTION_TEMPLATE, false, "1", NULL,
                 "0: at most once; 1: at least once; 2: once, over connections that break; may hold "
                 "{{attribute}}."},
    [OPT_RETAIN] = {"message.retain", WEIR_OPTION_TEMPLATE, false, "false", NULL,
                    "'true': the broker keeps it for those who subscribe later; may hold {{attribute}}."},
    [OPT_USER_PROPERTIES] = {"user.properties", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                             "Version 5: 'name:value,other:{{attribute}}'; a value can't hold ','."},
    [OPT_CONTENT_TYPE] = {"content.type", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                          "Version 5: the payload's type."},
    [OPT_RESPONSE_TOPIC] = {"response.topic", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                            "Version 5: where an answer is wanted."},
    [OPT_CORRELATION_DATA] = {"correlation.data", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                              "Version 5: what an answer has to carry."},
    [OPT_MESSAGE_EXPIRY] = {"message.expiry", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                            "Version 5: seconds after which the broker drops what nobody took."},
    {0}};

#define DELIVER_NS ((int64_t)30 * 1000000000) /* the longest that a checkpoint waits for the broker */
#define CLOSE_NS   ((int64_t)5 * 1000000000)

typedef struct mqtt_sink {
    const weir_io_args *args;
    const weir_setting *set;
    mqtt_conf conf;
    mqtt_client client;
    mqtt_outbound outbound;
    mqtt_bytes properties; /* of the message in hand */
    uint32_t n_done;       /* records of the output in hand that were taken */
    uint64_t n_dropped;
    uint64_t n_taken; /* records, with args->reports */
    wire_refusals refusals;
    bool has_begun;
} mqtt_sink;

/* ---- Handlers: the client's thread -------------------------------------------------------------------- */

static void on_connected(void *self, bool has_session) {
    mqtt_sink *s = self;
    weir_error why;
    if (mqtt_outbound_connected(&s->outbound, has_session, &why) != WEIR_OK)
        s->client.out.has_failed = true; /* no memory: the connection ends, and this is tried again */
}

static weir_status on_packet(void *self, const mqtt_packet *p, weir_error *err) {
    return mqtt_outbound_packet(&((mqtt_sink *)self)->outbound, p, err);
}

static void on_turn(void *self) { (void)self; /* the app puts what is to be sent */ }

static bool wants_input(const void *self) {
    (void)self;
    return true;
}

static void on_lost(void *self) { (void)self; /* what is under way is sent again by on_connected */ }

static const mqtt_handler handler = {on_connected, on_packet, on_turn, wants_input, on_lost};

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status check_fixed(const mqtt_sink *s, weir_error *err) {
    const weir_setting *set = s->set;
    static const int of_version_5[] = {OPT_USER_PROPERTIES, OPT_CONTENT_TYPE, OPT_RESPONSE_TOPIC,
                                       OPT_CORRELATION_DATA, OPT_MESSAGE_EXPIRY};
    for (size_t i = 0; i < sizeof of_version_5 / sizeof *of_version_5; i++)
        if (set[of_version_5[i]].given && s->conf.version < MQTT_V5)
            return weir_fail(err, WEIR_ECONFIG, "%s needs mqtt.version='5'", options[of_version_5[i]].name);
    const char *topic = set[OPT_TOPIC].text, *qos = set[OPT_QOS].text, *retain = set[OPT_RETAIN].text;
    if (!set[OPT_TOPIC].slot && !mqtt_topic_is_sound((weir_text){topic, strlen(topic)}))
        return weir_fail(err, WEIR_ECONFIG, "topic is '%s'; it takes a topic without wildcards", topic);
    if (!set[OPT_QOS].slot && (strlen(qos) != 1 || *qos < '0' || *qos > '2'))
        return weir_fail(err, WEIR_ECONFIG, "quality.of.service is '%s'; it takes '0', '1' or '2'", qos);
    if (!set[OPT_RETAIN].slot && strcasecmp(retain, "true") != 0 && strcasecmp(retain, "false") != 0)
        return weir_fail(err, WEIR_ECONFIG, "message.retain is '%s'; it takes 'true' or 'false'", retain);
    return WEIR_OK;
}

static weir_status sink_open(void *self, const weir_io_args *args, weir_error *err) {
    mqtt_sink *s = self;
    s->args = args;
    s->set = args->settings->of;
    WIRE_TRY(mqtt_conf_read(&s->conf, s->set, err));
    return check_fixed(s, err);
}

static weir_status sink_start(void *self, weir_error *err) {
    mqtt_sink *s = self;
    if (s->client.has_thread) return WEIR_OK; /* the app goes back to a checkpoint */
    s->outbound.client = &s->client;
    wire_refusals_init(&s->refusals);
    WIRE_TRY(mqtt_outbound_open(&s->outbound, s->conf.max_inflight, err));
    if (s->args->reports) s->outbound.refusals = &s->refusals;
    if (s->conf.client_id)
        snprintf(s->client.id, sizeof s->client.id, "%s", s->conf.client_id);
    else
        mqtt_draw_id(s->client.id);
    snprintf(s->client.who, sizeof s->client.who, "sink 'mqtt' of '%.100s'", s->args->schema->stream);
    s->client.conf = &s->conf;
    s->client.host = s->args->host;
    s->client.handler = &handler;
    s->client.self = s;
    s->client.begins_anew = true; /* ids of an earlier run would be taken for messages sent again */
    WIRE_TRY(mqtt_client_open(&s->client, err));
    return mqtt_client_start(&s->client, err);
}

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)last_epoch;
    ((mqtt_sink *)self)->n_done = 0;
    return saved ? weir_read_version(saved, 1, err) : WEIR_OK;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* What no broker will ever take is told and left out: everything behind it would wait for it forever. */
static void drop(mqtt_sink *s, weir_text topic, const char *why) {
    if (s->args->reports) {
        wire_refusals_add(&s->refusals, s->n_taken, 1, "a message for topic '%.*s': %s",
                          (int)(topic.len < 100 ? topic.len : 100), topic.bytes ? topic.bytes : "", why);
        return;
    }
    pthread_mutex_lock(&s->client.lock);
    mqtt_client_say(&s->client, WEIR_LOG_ERROR,
                    "a message for topic '%.*s' was dropped (%" PRIu64 " so far): %s",
                    (int)(topic.len < 100 ? topic.len : 100), topic.bytes ? topic.bytes : "",
                    wire_count(&s->n_dropped, 1), why);
    pthread_mutex_unlock(&s->client.lock);
}

/* 'name:value,other:value' */
static void put_user_properties(mqtt_bytes *to, weir_text text) {
    const char *at = text.bytes, *end = at + text.len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        const char *colon = memchr(at, ':', (size_t)(stop - at));
        while (at < stop && *at == ' ') at++;
        if (colon && colon > at && stop - at < 65536)
            mqtt_put_user_property(to, (weir_text){at, (size_t)(colon - at)},
                                   (weir_text){colon + 1, (size_t)(stop - colon - 1)});
        at = stop + 1;
    }
}

static const char *put_properties(mqtt_sink *s, const weir_output *out, uint32_t i) {
    static const struct {
        int option;
        mqtt_property_id id;
    } texts[] = {{OPT_CONTENT_TYPE, MQTT_CONTENT_TYPE},
                 {OPT_RESPONSE_TOPIC, MQTT_RESPONSE_TOPIC},
                 {OPT_CORRELATION_DATA, MQTT_CORRELATION_DATA}};
    mqtt_bytes *to = &s->properties;
    to->begin = to->len = 0;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        weir_text text = weir_output_option(out, &s->set[texts[k].option], i);
        if (text.bytes && text.len > 65535) return "a property is longer than 65535 bytes";
        if (text.bytes) mqtt_put_text_property(to, texts[k].id, text);
    }
    weir_text expiry = weir_output_option(out, &s->set[OPT_MESSAGE_EXPIRY], i);
    if (expiry.bytes) {
        char *end;
        unsigned long v = strtoul(expiry.bytes, &end, 10);
        if (*expiry.bytes < '0' || *expiry.bytes > '9' || *end || v > UINT32_MAX)
            return "message.expiry is no number of seconds";
        mqtt_put_number_property(to, MQTT_MESSAGE_EXPIRY, (uint32_t)v, 4);
    }
    weir_text user = weir_output_option(out, &s->set[OPT_USER_PROPERTIES], i);
    if (user.bytes) put_user_properties(to, user);
    return NULL;
}

/* Record i as a message; NULL, or why it can't be one. */
static const char *make_message(mqtt_sink *s, const weir_output *out, uint32_t i, mqtt_publish *p) {
    size_t begin = i ? out->record_end[i - 1] : 0;
    weir_text qos = weir_output_option(out, &s->set[OPT_QOS], i),
              retain = weir_output_option(out, &s->set[OPT_RETAIN], i);
    *p = (mqtt_publish){.topic = weir_output_option(out, &s->set[OPT_TOPIC], i),
                        .payload = {out->bytes + begin, out->record_end[i] - begin}};
    if (!p->topic.bytes || !mqtt_topic_is_sound(p->topic)) return "it is empty, too long, or has wildcards";
    if (!qos.bytes || qos.len != 1 || *qos.bytes < '0' || *qos.bytes > '2')
        return "quality.of.service is not 0, 1 or 2";
    p->qos = (uint8_t)(*qos.bytes - '0');
    p->is_retained = retain.bytes && strcasecmp(retain.bytes, "true") == 0;
    if (s->conf.version < MQTT_V5) return NULL;
    const char *why = put_properties(s, out, i);
    p->properties = (weir_text){s->properties.data ? s->properties.data : "", s->properties.len};
    return why;
}

/* Puts as many as there is room for. */
static weir_status put_some(mqtt_sink *s, const weir_output *out, weir_error *err) {
    mqtt_publish p;
    const char *why = make_message(s, out, s->n_done, &p);
    if (!why && s->properties.has_failed) return wire_no_memory(err);
    size_t size = why ? 0 : mqtt_publish_size(s->conf.version, &p);
    weir_status st = WEIR_OK;
    pthread_mutex_lock(&s->client.lock);
    bool is_too_large = size > s->client.maximum_packet;
    if (!why && !is_too_large)
        st = mqtt_outbound_has_room(&s->outbound, p.qos)
                 ? mqtt_outbound_put(&s->outbound, &p, s->n_taken, err)
                 : WEIR_EAGAIN;
    pthread_mutex_unlock(&s->client.lock);
    if (is_too_large) why = "it is larger than the broker takes";
    if (why) drop(s, p.topic, why);
    if (st == WEIR_OK) s->n_done++, s->n_taken++;
    return st;
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    mqtt_sink *s = self;
    mqtt_client_drain_notify(&s->client);
    WIRE_TRY(mqtt_client_tell(&s->client, err));
    weir_status st = WEIR_OK;
    uint32_t before = s->n_done;
    while (st == WEIR_OK && s->n_done < out->n_records) st = put_some(s, out, err);
    if (s->n_done > before) mqtt_client_wake(&s->client);
    if (st == WEIR_OK) s->n_done = 0;
    return st; /* what is offered again goes on behind what was taken */
}

static weir_status sink_flush(void *self, weir_error *err) {
    mqtt_sink *s = self;
    mqtt_client_drain_notify(&s->client);
    return mqtt_client_tell(&s->client, err);
}

static int sink_wake_fd(const void *self) { return ((const mqtt_sink *)self)->client.notify[0]; }

/* ---- Epochs ------------------------------------------------------------------------------------------- */

static bool deliver(mqtt_sink *s, int64_t wait_ns) {
    int64_t until = wire_now_ns() + wait_ns;
    bool is_empty;
    mqtt_client_wake(&s->client);
    pthread_mutex_lock(&s->client.lock);
    while (!(is_empty = mqtt_outbound_is_empty(&s->outbound)) && !s->client.has_failed &&
           wire_now_ns() < wire_no_later_ns(s->client.host, until)) {
        int64_t slice = wire_now_ns() + 20000000; /* what is of quality 0 tells nobody that it went */
        (void)mqtt_client_await(&s->client, slice < until ? slice : until);
    }
    pthread_mutex_unlock(&s->client.lock);
    return is_empty;
}

static weir_status sink_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    mqtt_sink *s = self;
    (void)epoch;
    if (!deliver(s, DELIVER_NS)) {
        WIRE_TRY(mqtt_client_tell(&s->client, err));
        weir_fail(err, WEIR_EIO, "the broker has not taken all messages yet: %s",
                  atomic_load(&s->client.state));
        if (err) err->retriable = true;
        return WEIR_EIO;
    }
    if (w) weir_write_u32(w, 1);
    return WEIR_OK;
}

static weir_status sink_abort(void *self, uint64_t epoch, weir_error *err) {
    (void)epoch, (void)err;
    ((mqtt_sink *)self)->n_done = 0;
    return WEIR_OK;
}

static uint64_t sink_dropped(const void *self) {
    const mqtt_sink *s = self;
    return wire_counted(&s->n_dropped) + wire_counted(&s->outbound.n_refused);
}

static const char *sink_state(const void *self) {
    mqtt_sink *s = (mqtt_sink *)(uintptr_t)self;
    return s->client.is_open ? atomic_load(&s->client.state) : "";
}

static size_t sink_bytes(const void *self) {
    mqtt_sink *s = (mqtt_sink *)(uintptr_t)self;
    if (!s->client.has_thread) return 0;
    pthread_mutex_lock(&s->client.lock);
    size_t n = s->outbound.n_bytes + s->client.out.cap + s->client.in.cap;
    pthread_mutex_unlock(&s->client.lock);
    return n + s->outbound.cap * (sizeof(mqtt_flight) + 2) + s->properties.cap;
}

/* ---- What became of records --------------------------------------------------------------------------- */

static uint64_t sink_settled(const void *self) {
    mqtt_sink *s = (mqtt_sink *)(uintptr_t)self;
    pthread_mutex_lock(&s->client.lock);
    uint64_t n = mqtt_outbound_first_record(&s->outbound, s->n_taken);
    pthread_mutex_unlock(&s->client.lock);
    return n;
}

static bool sink_refused(void *self, weir_refusal *out) {
    return wire_refusals_take(&((mqtt_sink *)self)->refusals, out);
}

static void sink_forget(void *self) {
    mqtt_sink *s = self;
    pthread_mutex_lock(&s->client.lock);
    mqtt_outbound_forget(&s->outbound);
    wire_refusals_clear(&s->refusals);
    pthread_mutex_unlock(&s->client.lock);
    s->n_taken = s->n_done = 0;
}

/* Before the first try nothing is known. */
static bool sink_is_away(const void *self) {
    const char *state = sink_state(self);
    return *state && state != mqtt_not_connected_yet;
}

static void sink_close(void *self) {
    mqtt_sink *s = self;
    if (s->client.has_thread && !deliver(s, CLOSE_NS)) {
        pthread_mutex_lock(&s->client.lock);
        mqtt_client_say(&s->client, WEIR_LOG_WARN,
                        "%u messages are left that the broker has not acknowledged", s->outbound.n_flights);
        pthread_mutex_unlock(&s->client.lock);
    }
    mqtt_client_close(&s->client);
    if (s->outbound.client) wire_refusals_fini(&s->refusals);
    mqtt_outbound_close(&s->outbound);
    mqtt_bytes_free(&s->properties);
}

const weir_sink_type mqtt_sink_type = {
    .struct_size = sizeof mqtt_sink_type,
    .name = "mqtt",
    .doc = "Publishes to topics of an MQTT broker, version 3.1.1 or 5.",
    .example = "@sink(type='mqtt', url='tcp://localhost:1883', topic='alerts/{{station}}', "
               "quality.of.service='1', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_AT_LEAST_ONCE,
    .state_size = sizeof(mqtt_sink),
    .open = sink_open,
    .start = sink_start,
    .recover = sink_recover,
    .begin = wire_epoch_nothing,
    .write = sink_write,
    .flush = sink_flush,
    .prepare = sink_prepare,
    .commit = wire_epoch_nothing,
    .abort = sink_abort,
    .wake_fd = sink_wake_fd,
    .bytes = sink_bytes,
    .close = sink_close,
    .state = sink_state,
    .dropped = sink_dropped,
    .settled = sink_settled,
    .refused = sink_refused,
    .forget = sink_forget,
    .is_away = sink_is_away,
};
