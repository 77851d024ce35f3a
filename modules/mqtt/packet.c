/* packet.c: see packet.h. */
#include "packet.h"

#include <stdlib.h>
#include <string.h>

/* ---- Reading ------------------------------------------------------------------------------------------ */

typedef struct cursor {
    const char *at, *end;
    bool is_short;
} cursor;

static size_t left(const cursor *c) { return (size_t)(c->end - c->at); }

static uint32_t take_number(cursor *c, unsigned n_bytes) {
    uint32_t v = 0;
    if (left(c) < n_bytes) return c->is_short = true, 0;
    for (unsigned i = 0; i < n_bytes; i++) v = v << 8 | (uint8_t)*c->at++;
    return v;
}

static weir_text take_bytes(cursor *c, size_t n) {
    if (left(c) < n) return c->is_short = true, (weir_text){"", 0};
    weir_text text = {c->at, n};
    c->at += n;
    return text;
}

static weir_text take_text(cursor *c) { return take_bytes(c, take_number(c, 2)); }

/* Seven bits a byte, at most four bytes. */
static uint32_t take_varint(cursor *c) {
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint32_t byte = take_number(c, 1);
        v |= (byte & 0x7f) << shift;
        if (!(byte & 0x80)) return v;
    }
    c->is_short = true;
    return 0;
}

/* How a property's value is written: 1, 2, 4 bytes, 'v' varint, 's' text or bytes, 'p' pair; 0: there is no
 * such property. */
static char form_of(uint32_t id) {
    static const char forms[43] = {
        [1] = 1,    [2] = 4,    [3] = 's',  [8] = 's',  [9] = 's', [11] = 'v', [17] = 4,
        [18] = 's', [19] = 2,   [21] = 's', [22] = 's', [23] = 1,  [24] = 4,   [25] = 1,
        [26] = 's', [28] = 's', [31] = 's', [33] = 2,   [34] = 2,  [35] = 2,   [36] = 1,
        [37] = 1,   [38] = 'p', [39] = 4,   [40] = 1,   [41] = 1,  [42] = 1};
    return id < sizeof forms ? forms[id] : 0;
}

static bool take_property(cursor *c, mqtt_property *out) {
    *out = (mqtt_property){.id = take_varint(c)};
    char form = form_of(out->id);
    switch (form) {
    case 0: c->is_short = true; break;
    case 'v': out->number = take_varint(c); break;
    case 'p': out->name = take_text(c); /* fall through */
    case 's': out->value = take_text(c); break;
    default: out->number = take_number(c, (unsigned)form); break;
    }
    return !c->is_short;
}

bool mqtt_property_next(weir_text *rest, mqtt_property *out) {
    cursor c = {rest->bytes, rest->bytes + rest->len, false};
    if (!rest->len || !take_property(&c, out)) return false;
    *rest = (weir_text){c.at, left(&c)};
    return true;
}

bool mqtt_properties_are_sound(weir_text properties) {
    cursor c = {properties.bytes, properties.bytes + properties.len, false};
    mqtt_property one;
    while (left(&c))
        if (!take_property(&c, &one)) return false;
    return true;
}

static weir_text take_properties(cursor *c, unsigned version) {
    if (version < MQTT_V5) return (weir_text){"", 0};
    weir_text all = take_bytes(c, take_varint(c));
    c->is_short |= !mqtt_properties_are_sound(all);
    return all;
}

static bool read_publish(cursor *c, unsigned version, unsigned flags, mqtt_packet *out) {
    out->qos = flags >> 1 & 3;
    out->is_retained = flags & 1;
    out->is_duplicate = flags >> 3 & 1;
    out->topic = take_text(c);
    if (out->qos) out->id = (uint16_t)take_number(c, 2);
    out->properties = take_properties(c, version);
    if (c->is_short || out->qos == 3 || (out->qos && !out->id)) return false;
    out->payload = take_bytes(c, left(c));
    return mqtt_topic_is_sound(out->topic); /* aliases were never offered: a topic is always there */
}

/* An acknowledgement of version 5 may leave its reason out, or its properties. */
static bool read_ack(cursor *c, unsigned version, mqtt_packet *out) {
    out->id = (uint16_t)take_number(c, 2);
    if (version >= MQTT_V5 && left(c)) out->reason = (uint8_t)take_number(c, 1);
    if (version >= MQTT_V5 && left(c)) out->properties = take_properties(c, version);
    return !c->is_short && !left(c) && out->id;
}

static bool read_connack(cursor *c, unsigned version, mqtt_packet *out) {
    out->has_session = take_number(c, 1) & 1;
    out->reason = (uint8_t)take_number(c, 1);
    /* A broker that only knows 3.1.1 refuses version 5 in the old form. */
    if (left(c)) out->properties = take_properties(c, version);
    return !c->is_short && !left(c);
}

static bool read_suback(cursor *c, unsigned version, mqtt_packet *out) {
    out->id = (uint16_t)take_number(c, 2);
    out->properties = take_properties(c, version);
    if (c->is_short || !left(c)) return false;
    while (left(c)) {
        uint8_t reason = (uint8_t)take_number(c, 1);
        if (reason > out->reason) out->reason = reason;
    }
    return true;
}

static bool read_disconnect(cursor *c, unsigned version, mqtt_packet *out) {
    if (version < MQTT_V5) return false; /* only clients send it */
    if (left(c)) out->reason = (uint8_t)take_number(c, 1);
    if (left(c)) out->properties = take_properties(c, version);
    return !c->is_short && !left(c);
}

static bool read_body(cursor *c, unsigned version, unsigned flags, mqtt_packet *out) {
    unsigned fixed = out->kind == MQTT_PUBREL ? 2 : 0;
    if (out->kind != MQTT_PUBLISH && flags != fixed) return false;
    switch (out->kind) {
    case MQTT_PUBLISH: return read_publish(c, version, flags, out);
    case MQTT_CONNACK: return read_connack(c, version, out);
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBREL:
    case MQTT_PUBCOMP: return read_ack(c, version, out);
    case MQTT_SUBACK: return read_suback(c, version, out);
    case MQTT_PINGRESP: return !left(c);
    case MQTT_DISCONNECT: return read_disconnect(c, version, out);
    default: return false; /* nothing that a broker sends */
    }
}

weir_status mqtt_packet_read(const char *bytes, size_t len, unsigned version, size_t max, mqtt_packet *out,
                             size_t *size, weir_error *err) {
    cursor head = {bytes, bytes + (len < 5 ? len : 5), false};
    *size = 0;
    if (len < 2) return WEIR_EAGAIN;
    unsigned first = take_number(&head, 1);
    size_t body = take_varint(&head), n_head = (size_t)(head.at - bytes);
    if (head.is_short && len < 5) return WEIR_EAGAIN;
    if (head.is_short) return weir_fail(err, WEIR_EIO, "a packet's length is not valid");
    if (n_head + body > max)
        return weir_fail(err, WEIR_EIO, "a packet has %zu bytes, more than the %zu of max.packet.size",
                         n_head + body, max);
    *size = n_head + body;
    if (len < *size) return WEIR_EAGAIN;
    *out = (mqtt_packet){.kind = first >> 4, .topic = {"", 0}, .payload = {"", 0}, .properties = {"", 0}};
    cursor c = {bytes + n_head, bytes + *size, false};
    if (read_body(&c, version, first & 15, out)) return WEIR_OK;
    return weir_fail(err, WEIR_EIO, "a packet of kind %u is malformed", first >> 4);
}

bool mqtt_topic_is_sound(weir_text topic) {
    if (!topic.len || topic.len > 65535) return false;
    for (size_t i = 0; i < topic.len; i++)
        if (topic.bytes[i] == '+' || topic.bytes[i] == '#' || !topic.bytes[i]) return false;
    return true;
}

const char *mqtt_reason_text(unsigned version, uint8_t reason) {
    static const char *const old[] = {"all is well",
                                      "the broker does not take this version of MQTT",
                                      "the broker does not take this client.id",
                                      "the broker is not available",
                                      "the broker does not take the user name or password",
                                      "the broker does not let this client in"};
    static const struct {
        uint8_t reason;
        const char *text;
    } all[] = {{0x00, "all is well"},
               {0x10, "nobody has subscribed"},
               {0x80, "the broker says it can't"},
               {0x81, "the broker found a malformed packet"},
               {0x82, "the broker found a breach of the protocol"},
               {0x84, "the broker does not take this version of MQTT"},
               {0x85, "the broker does not take this client.id"},
               {0x86, "the broker does not take the user name or password"},
               {0x87, "the broker does not allow it"},
               {0x88, "the broker is not available"},
               {0x89, "the broker is busy"},
               {0x8a, "the broker has banned this client"},
               {0x8b, "the broker is shutting down"},
               {0x8d, "the broker heard nothing for longer than keep.alive"},
               {0x8e, "another client has taken over this client.id"},
               {0x8f, "the broker does not take this topic filter"},
               {0x90, "the broker does not take this topic"},
               {0x93, "more was sent than the broker takes at once"},
               {0x95, "the packet is larger than the broker takes"},
               {0x97, "the broker's quota is used up"},
               {0x98, "the broker's operator ended the connection"},
               {0x99, "the payload is not in the form that it says"},
               {0x9a, "the broker does not keep retained messages"},
               {0x9b, "the broker does not know this quality of service"},
               {0x9c, "another server has to be used"},
               {0x9d, "the server has moved"},
               {0x9e, "the broker has no shared subscriptions"},
               {0xa2, "the broker has no wildcards"}};
    if (version < MQTT_V5) return reason < sizeof old / sizeof *old ? old[reason] : "the broker refuses it";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].reason == reason) return all[i].text;
    return "the broker refuses it";
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

void mqtt_bytes_free(mqtt_bytes *b) {
    free(b->data);
    *b = (mqtt_bytes){0};
}

char *mqtt_bytes_room(mqtt_bytes *b, size_t extra) {
    if (b->cap - b->len >= extra) return b->data + b->len;
    if (b->begin &&
        b->begin >= b->len - b->begin) { /* what was sent makes room first, if it is the larger part */
        memmove(b->data, b->data + b->begin, b->len - b->begin);
        b->len -= b->begin;
        b->begin = 0;
    }
    if (b->cap - b->len >= extra) return b->data + b->len;
    size_t cap = b->cap ? b->cap * 2 : 1024;
    while (cap - b->len < extra) cap *= 2;
    char *bigger = realloc(b->data, cap);
    if (!bigger) return b->has_failed = true, NULL;
    b->data = bigger;
    b->cap = cap;
    return b->data + b->len;
}

void mqtt_put_bytes(mqtt_bytes *b, const void *bytes, size_t len) {
    char *to = len ? mqtt_bytes_room(b, len) : NULL;
    if (!to) return;
    memcpy(to, bytes, len);
    b->len += len;
}

void mqtt_put_number(mqtt_bytes *b, uint32_t v, unsigned n_bytes) {
    uint8_t bytes[4];
    for (unsigned i = 0; i < n_bytes; i++) bytes[i] = (uint8_t)(v >> 8 * (n_bytes - 1 - i));
    mqtt_put_bytes(b, bytes, n_bytes);
}

void mqtt_put_text(mqtt_bytes *b, weir_text text) {
    mqtt_put_number(b, (uint32_t)text.len, 2);
    mqtt_put_bytes(b, text.bytes, text.len);
}

void mqtt_put_varint(mqtt_bytes *b, uint32_t v) {
    do {
        uint8_t byte = v & 0x7f;
        v >>= 7;
        mqtt_put_number(b, v ? byte | 0x80u : byte, 1);
    } while (v);
}

static size_t varint_size(size_t v) { return v < 128 ? 1 : v < 16384 ? 2 : v < 2097152 ? 3 : 4; }

void mqtt_put_head(mqtt_bytes *b, mqtt_kind kind, unsigned flags, size_t body) {
    mqtt_put_number(b, (uint32_t)kind << 4 | flags, 1);
    mqtt_put_varint(b, (uint32_t)body);
}

void mqtt_put_ack(mqtt_bytes *b, mqtt_kind kind, uint16_t id) {
    mqtt_put_head(b, kind, kind == MQTT_PUBREL ? 2 : 0, 2);
    mqtt_put_number(b, id, 2);
}

void mqtt_put_number_property(mqtt_bytes *b, mqtt_property_id id, uint32_t v, unsigned n_bytes) {
    mqtt_put_number(b, id, 1);
    mqtt_put_number(b, v, n_bytes);
}

void mqtt_put_text_property(mqtt_bytes *b, mqtt_property_id id, weir_text text) {
    mqtt_put_number(b, id, 1);
    mqtt_put_text(b, text);
}

void mqtt_put_user_property(mqtt_bytes *b, weir_text name, weir_text value) {
    mqtt_put_number(b, MQTT_USER_PROPERTY, 1);
    mqtt_put_text(b, name);
    mqtt_put_text(b, value);
}

static size_t body_size(unsigned version, const mqtt_publish *p) {
    size_t n = 2 + p->topic.len + (p->qos ? 2 : 0) + p->payload.len;
    return version < MQTT_V5 ? n : n + varint_size(p->properties.len) + p->properties.len;
}

size_t mqtt_publish_size(unsigned version, const mqtt_publish *p) {
    size_t body = body_size(version, p);
    return 1 + varint_size(body) + body;
}

void mqtt_put_publish(mqtt_bytes *b, unsigned version, const mqtt_publish *p) {
    mqtt_put_head(b, MQTT_PUBLISH, (unsigned)p->qos << 1 | p->is_retained, body_size(version, p));
    mqtt_put_text(b, p->topic);
    if (p->qos) mqtt_put_number(b, p->id, 2);
    if (version >= MQTT_V5) {
        mqtt_put_varint(b, (uint32_t)p->properties.len);
        mqtt_put_bytes(b, p->properties.bytes, p->properties.len);
    }
    mqtt_put_bytes(b, p->payload.bytes, p->payload.len);
}
