/* messages.c: Kafka's messages as the engine sees them, with the properties that the app reads. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

typedef enum what {
    IS_TOPIC,
    IS_PARTITION,
    IS_OFFSET,
    IS_KEY,
    IS_RECORD_TIME,
    IS_EVENT_TIME,
    IS_TOMBSTONE,
    IS_HEADER
} what;

#define NUMBER_BYTES 24u

struct kafka_property {
    what what;
    const char *name;
    weir_text *values; /* by message shown, with those of the other properties in between */
    char *numbers;     /* NUMBER_BYTES for each message shown */
};

static what what_is(const char *name) {
    static const struct {
        const char *name;
        what what;
    } names[] = {{"topic", IS_TOPIC},
                 {"partition", IS_PARTITION},
                 {"offset", IS_OFFSET},
                 {"key", IS_KEY},
                 {"record.timestamp", IS_RECORD_TIME},
                 {"event.timestamp", IS_EVENT_TIME},
                 {"tombstone", IS_TOMBSTONE}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i].name) == 0) return names[i].what;
    return IS_HEADER;
}

weir_status kafka_properties_open(kafka_source *s, weir_error *err) {
    s->n_properties = s->args->n_properties;
    if (!s->n_properties) return WEIR_OK;
    s->properties = calloc(s->n_properties, sizeof *s->properties);
    weir_text *values = calloc((size_t)KAFKA_SHOWN * s->n_properties, sizeof *values);
    if (s->properties) s->properties[0].values = values;
    if (!s->properties || !values) return wire_no_memory(err);
    for (uint32_t i = 0; i < s->n_properties; i++) {
        kafka_property *p = &s->properties[i];
        p->name = s->args->properties[i];
        p->what = what_is(p->name);
        p->values = values;
        bool is_number = p->what == IS_PARTITION || p->what == IS_OFFSET || p->what == IS_RECORD_TIME ||
                         p->what == IS_EVENT_TIME;
        p->numbers = is_number ? malloc((size_t)KAFKA_SHOWN * NUMBER_BYTES) : NULL;
        if (is_number && !p->numbers) return wire_no_memory(err);
    }
    return WEIR_OK;
}

void kafka_properties_close(kafka_source *s) {
    for (uint32_t i = 0; s->properties && i < s->n_properties; i++) free(s->properties[i].numbers);
    if (s->properties) free(s->properties[0].values);
    free(s->properties);
    s->properties = NULL;
}

static weir_text text_of(const char *bytes) { return (weir_text){bytes, strlen(bytes)}; }

static weir_text number(kafka_property *p, uint32_t i, int64_t v) {
    char *text = p->numbers + (size_t)i * NUMBER_BYTES;
    int n = snprintf(text, NUMBER_BYTES, "%" PRId64, v);
    return (weir_text){text, (size_t)n};
}

static weir_text header(const rd_kafka_message_t *m, const char *name) {
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len;
    if (rd_kafka_message_headers(m, &headers) || rd_kafka_header_get_last(headers, name, &value, &len) ||
        !value)
        return (weir_text){NULL, 0};
    return (weir_text){value, len};
}

static weir_text value_of(kafka_property *p, uint32_t i, const rd_kafka_message_t *m, int64_t ts) {
    switch (p->what) {
    case IS_TOPIC: return text_of(rd_kafka_topic_name(m->rkt));
    case IS_PARTITION: return number(p, i, m->partition);
    case IS_OFFSET: return number(p, i, m->offset);
    case IS_KEY: return (weir_text){m->key, m->key ? m->key_len : 0};
    case IS_RECORD_TIME: return number(p, i, ts);
    case IS_EVENT_TIME: return number(p, i, ts);
    case IS_TOMBSTONE: return text_of(m->payload ? "false" : "true");
    case IS_HEADER: break;
    }
    return header(m, p->name);
}

static bool take_sequence(kafka_source *s, const rd_kafka_message_t *m, weir_message *out) {
    switch (kafka_sequences_take(s->sequences, m->partition, &out->bytes, &out->len)) {
    case KAFKA_SEQUENCE_NEW: return true;
    case KAFKA_SEQUENCE_SEEN: return false;
    case KAFKA_SEQUENCE_MISSING: break;
    }
    wire_log(s->link.host, WEIR_LOG_WARN,
             "%s: seq.enabled, but the message %s[%d]@%" PRId64 " has no sequence number; it is dropped",
             s->who, rd_kafka_topic_name(m->rkt), m->partition, m->offset);
    return false;
}

bool kafka_source_show(kafka_source *s, uint32_t i) {
    const rd_kafka_message_t *m = s->batch[i];
    weir_message *out = &s->messages[i];
    rd_kafka_timestamp_type_t type;
    int64_t ts = rd_kafka_message_timestamp(m, &type);
    *out = (weir_message){.bytes = m->payload ? m->payload : "",
                          .len = m->payload ? m->len : 0,
                          .has_ts = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE,
                          .ts = ts,
                          .is_bare = !m->payload};
    if (!m->payload && s->skips_tombstones) return false;
    if (s->sequences && m->payload && !take_sequence(s, m, out)) return false;
    if (!s->n_properties) return true;
    weir_text *values = s->properties[0].values + (size_t)i * s->n_properties;
    for (uint32_t k = 0; k < s->n_properties; k++) values[k] = value_of(&s->properties[k], i, m, ts);
    out->properties = values;
    return true;
}
