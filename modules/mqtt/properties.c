/* properties.c: what a message of MQTT tells besides its payload, as the app reads it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

#define NUMBER_BYTES 12u

const weir_property mqtt_source_properties[] = {
    {"topic", "The topic; 'topic.1', 'topic.2', …: its first level, its second, …"},
    {"qos", "The quality of service that it came with: 0, 1 or 2."},
    {"retained", "true: the broker had kept it."},
    {"duplicate", "true: the broker may have sent it before."},
    {"content.type", "Version 5: its content type."},
    {"response.topic", "Version 5: where an answer is wanted."},
    {"correlation.data", "Version 5: what an answer has to carry."},
    {"message.expiry", "Version 5: the seconds that it had left to live."},
    {"*", "Version 5: the user property of that name; the last one if there are several."},
    {0}};

typedef enum what { IS_TOPIC, IS_LEVEL, IS_QOS, IS_RETAINED, IS_DUPLICATE, IS_TEXT, IS_NUMBER, IS_USER } what;

struct mqtt_shown_property {
    what what;
    uint32_t number; /* level, or the property's id */
    const char *name;
    size_t name_len;
    weir_text *values; /* of all messages and properties; the first property's */
    char *numbers;     /* NUMBER_BYTES for each message shown */
};

static void recognise(mqtt_shown_property *p, const char *name) {
    static const struct {
        const char *name;
        what what;
        uint32_t number;
    } known[] = {{"topic", IS_TOPIC, 0},
                 {"qos", IS_QOS, 0},
                 {"retained", IS_RETAINED, 0},
                 {"duplicate", IS_DUPLICATE, 0},
                 {"content.type", IS_TEXT, MQTT_CONTENT_TYPE},
                 {"response.topic", IS_TEXT, MQTT_RESPONSE_TOPIC},
                 {"correlation.data", IS_TEXT, MQTT_CORRELATION_DATA},
                 {"message.expiry", IS_NUMBER, MQTT_MESSAGE_EXPIRY}};
    p->name = name;
    p->name_len = strlen(name);
    p->what = IS_USER;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0) p->what = known[i].what, p->number = known[i].number;
    char *end;
    if (strncmp(name, "topic.", 6) != 0) return;
    unsigned long level = strtoul(name + 6, &end, 10);
    if (name[6] >= '1' && name[6] <= '9' && !*end && level < 65536) {
        p->what = IS_LEVEL;
        p->number = (uint32_t)level;
    }
}

weir_status mqtt_properties_open(mqtt_source *s, weir_error *err) {
    uint32_t n = s->args->n_properties;
    if (!n) return WEIR_OK;
    s->properties = calloc(n, sizeof *s->properties);
    if (!s->properties) return wire_no_memory(err);
    s->properties[0].values = calloc((size_t)MQTT_SHOWN * n, sizeof(weir_text));
    if (!s->properties[0].values) return wire_no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        mqtt_shown_property *p = &s->properties[i];
        recognise(p, s->args->properties[i]);
        if (p->what == IS_NUMBER && !(p->numbers = malloc((size_t)MQTT_SHOWN * NUMBER_BYTES)))
            return wire_no_memory(err);
        if (p->what == IS_USER && s->conf.version < MQTT_V5)
            return weir_fail(err, WEIR_ECONFIG,
                             "'trp:%s' would be a user property, which needs mqtt.version='5'", p->name);
    }
    return WEIR_OK;
}

void mqtt_properties_close(mqtt_source *s) {
    if (!s->properties) return;
    for (uint32_t i = 0; i < s->args->n_properties; i++) free(s->properties[i].numbers);
    free(s->properties[0].values);
    free(s->properties);
    s->properties = NULL;
}

static weir_text literal(const char *text) { return (weir_text){text, strlen(text)}; }

static weir_text level_of(weir_text topic, uint32_t level) {
    const char *at = topic.bytes, *end = at + topic.len;
    for (;;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        if (!--level) return (weir_text){at, (size_t)((slash ? slash : end) - at)};
        if (!slash) return (weir_text){NULL, 0};
        at = slash + 1;
    }
}

static weir_text of_version_5(mqtt_shown_property *p, uint32_t i, weir_text rest) {
    mqtt_property one;
    weir_text found = {NULL, 0};
    uint32_t id = p->what == IS_USER ? (uint32_t)MQTT_USER_PROPERTY : p->number;
    while (mqtt_property_next(&rest, &one)) {
        if (one.id != id) continue;
        if (p->what == IS_NUMBER) {
            char *text = p->numbers + (size_t)i * NUMBER_BYTES;
            return (weir_text){text, (size_t)snprintf(text, NUMBER_BYTES, "%u", one.number)};
        }
        if (p->what == IS_TEXT ||
            (one.name.len == p->name_len && !memcmp(one.name.bytes, p->name, p->name_len)))
            found = one.value;
    }
    return found;
}

static weir_text value_of(mqtt_shown_property *p, uint32_t i, const mqtt_record *r) {
    static const char digits[] = "012";
    switch (p->what) {
    case IS_TOPIC: return r->topic;
    case IS_LEVEL: return level_of(r->topic, p->number);
    case IS_QOS: return (weir_text){&digits[r->qos < 3 ? r->qos : 0], 1};
    case IS_RETAINED: return literal(r->is_retained ? "true" : "false");
    case IS_DUPLICATE: return literal(r->is_duplicate ? "true" : "false");
    default: return of_version_5(p, i, r->properties);
    }
}

void mqtt_properties_show(mqtt_source *s, uint32_t i, const mqtt_record *r) {
    uint32_t n = s->args->n_properties;
    if (!n) return;
    weir_text *values = s->properties[0].values + (size_t)i * n;
    for (uint32_t k = 0; k < n; k++) values[k] = value_of(&s->properties[k], i, r);
    s->messages[i].properties = values;
}
