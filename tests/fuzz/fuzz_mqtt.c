/* fuzz_mqtt.c: packets of a broker, and records of a journal, on any bytes. */
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looks at every byte that a text says it has. */
static unsigned sum(weir_text text) {
    unsigned n = 0;
    for (size_t i = 0; i < text.len; i++) n += (uint8_t)text.bytes[i];
    return n;
}

static unsigned walk(weir_text properties) {
    mqtt_property one;
    unsigned n = 0;
    while (mqtt_property_next(&properties, &one))
        n += one.number + (one.name.bytes ? sum(one.name) : 0) + (one.value.bytes ? sum(one.value) : 0);
    return n;
}

/* What was read is what a journal has of it. */
static void keep(const mqtt_packet *p) {
    mqtt_record r = {.kind = MQTT_RECORD_MESSAGE,
                     .qos = p->qos,
                     .is_retained = p->is_retained,
                     .id = p->id,
                     .topic = p->topic,
                     .properties = p->properties,
                     .payload = p->payload},
                back;
    size_t size = mqtt_record_size(&r), read;
    char *bytes = malloc(size);
    if (!bytes) return;
    mqtt_record_write(&r, bytes);
    if (mqtt_record_read(bytes, size, true, &back, &read) != WEIR_OK || read != size || back.id != r.id ||
        back.payload.len != r.payload.len || memcmp(back.payload.bytes, r.payload.bytes, r.payload.len) != 0)
        abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    unsigned version = data[0] & 1 ? MQTT_V5 : MQTT_V311;
    /* In a block of its own, so that a byte behind it is noticed. */
    char *bytes = malloc(size);
    if (!bytes) return 0;
    memcpy(bytes, data + 1, size - 1);
    volatile unsigned n = 0;
    for (size_t at = 0, used; at < size - 1; at += used) {
        mqtt_packet p;
        weir_error err;
        if (mqtt_packet_read(bytes + at, size - 1 - at, version, 1 << 20, &p, &used, &err) != WEIR_OK) break;
        n += sum(p.topic) + sum(p.payload) + walk(p.properties);
        if (p.kind == MQTT_PUBLISH) keep(&p);
    }
    for (size_t at = 0, used; at < size - 1; at += used) {
        mqtt_record r;
        if (mqtt_record_read(bytes + at, size - 1 - at, data[0] & 2, &r, &used) != WEIR_OK) break;
        n += sum(r.topic) + sum(r.payload) + (data[0] & 2 ? walk(r.properties) : 0);
    }
    free(bytes);
    return 0;
}
