/* record.c: see record.h. */
#include "record.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FLAG_RETAINED  4u
#define FLAG_DUPLICATE 8u
#define BEFORE_LENGTH  8u /* length and check */

static void put(char **to, const void *bytes, size_t len) {
    if (len) memcpy(*to, bytes, len);
    *to += len;
}

static uint32_t check_of(const char *bytes, size_t len) { return (uint32_t)XXH3_64bits(bytes, len); }

size_t mqtt_record_size(const mqtt_record *r) {
    return MQTT_RECORD_HEAD + r->topic.len + r->properties.len + r->payload.len;
}

void mqtt_record_write(const mqtt_record *r, char *to) {
    char *begin = to;
    uint32_t len = (uint32_t)(mqtt_record_size(r) - BEFORE_LENGTH), n_topic = (uint32_t)r->topic.len,
             n_properties = (uint32_t)r->properties.len;
    uint8_t kind = (uint8_t)r->kind, flags = r->qos;
    flags |= r->is_retained ? FLAG_RETAINED : 0;
    flags |= r->is_duplicate ? FLAG_DUPLICATE : 0;
    to += BEFORE_LENGTH;
    put(&to, &kind, 1);
    put(&to, &flags, 1);
    put(&to, &r->id, 2);
    put(&to, &n_topic, 4);
    put(&to, &n_properties, 4);
    put(&to, r->topic.bytes, r->topic.len);
    put(&to, r->properties.bytes, r->properties.len);
    put(&to, r->payload.bytes, r->payload.len);
    uint32_t check = check_of(begin + BEFORE_LENGTH, len);
    memcpy(begin, &len, 4);
    memcpy(begin + 4, &check, 4);
}

weir_status mqtt_record_read(const char *bytes, size_t len, bool checks, mqtt_record *out, size_t *size) {
    uint32_t n, check, n_topic, n_properties;
    *size = 0;
    if (len < MQTT_RECORD_HEAD) return WEIR_EAGAIN;
    memcpy(&n, bytes, 4);
    memcpy(&check, bytes + 4, 4);
    memcpy(&n_topic, bytes + 12, 4);
    memcpy(&n_properties, bytes + 16, 4);
    if (n < MQTT_RECORD_HEAD - BEFORE_LENGTH || n > MQTT_MAX_PACKET + 64) return WEIR_ESTATE;
    size_t rest = n - (MQTT_RECORD_HEAD - BEFORE_LENGTH);
    if (n_topic > rest || n_properties > rest - n_topic) return WEIR_ESTATE;
    *size = BEFORE_LENGTH + n;
    if (len < *size) return WEIR_EAGAIN;
    if (checks && check_of(bytes + BEFORE_LENGTH, n) != check) return WEIR_ESTATE;
    uint8_t kind = (uint8_t)bytes[8], flags = (uint8_t)bytes[9];
    if (kind < MQTT_RECORD_MESSAGE || kind > MQTT_RECORD_OPEN_IDS) return WEIR_ESTATE;
    *out = (mqtt_record){.kind = kind,
                         .qos = flags & 3,
                         .is_retained = flags & FLAG_RETAINED,
                         .is_duplicate = flags & FLAG_DUPLICATE};
    memcpy(&out->id, bytes + 10, 2);
    const char *at = bytes + MQTT_RECORD_HEAD;
    out->topic = (weir_text){at, n_topic};
    out->properties = (weir_text){at + n_topic, n_properties};
    out->payload = (weir_text){at + n_topic + n_properties, rest - n_topic - n_properties};
    return checks && !mqtt_properties_are_sound(out->properties) ? WEIR_ESTATE : WEIR_OK;
}
