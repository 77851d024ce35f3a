/* packet.h: the packets of MQTT 3.1.1 and 5, as bytes and back. Pure functions; safe on any bytes (fuzzed).
 *
 * Source: OASIS "MQTT Version 3.1.1" (2014) and "MQTT Version 5.0" (2019), chapters 2 and 3. weir has packets
 * of its own because the client libraries that are packaged acknowledge before, or while, a message is handed
 * over: with them a message that was acknowledged and not yet kept is lost by kill -9. */
#ifndef MQTT_PACKET_H
#define MQTT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../wire/wire.h"

#define MQTT_MAX_PACKET (268435455u + 5u) /* the most that a packet's length can say */
#define MQTT_V311       4u                /* as in CONNECT */
#define MQTT_V5         5u

typedef enum mqtt_kind {
    MQTT_CONNECT = 1,
    MQTT_CONNACK = 2,
    MQTT_PUBLISH = 3,
    MQTT_PUBACK = 4,
    MQTT_PUBREC = 5,
    MQTT_PUBREL = 6,
    MQTT_PUBCOMP = 7,
    MQTT_SUBSCRIBE = 8,
    MQTT_SUBACK = 9,
    MQTT_PINGREQ = 12,
    MQTT_PINGRESP = 13,
    MQTT_DISCONNECT = 14
} mqtt_kind;

/* Properties of version 5 that weir writes or reads; the others are checked and passed over. */
typedef enum mqtt_property_id {
    MQTT_MESSAGE_EXPIRY = 2,
    MQTT_CONTENT_TYPE = 3,
    MQTT_RESPONSE_TOPIC = 8,
    MQTT_CORRELATION_DATA = 9,
    MQTT_SESSION_EXPIRY = 17,
    MQTT_SERVER_KEEP_ALIVE = 19,
    MQTT_WILL_DELAY = 24,
    MQTT_REASON_STRING = 31,
    MQTT_RECEIVE_MAXIMUM = 33,
    MQTT_USER_PROPERTY = 38,
    MQTT_MAXIMUM_PACKET = 39
} mqtt_property_id;

typedef struct mqtt_property {
    uint32_t id;
    uint32_t number; /* of those that are numbers */
    weir_text name;  /* of a user property */
    weir_text value; /* of those that are texts or bytes */
} mqtt_property;

/* What came in. The texts point into the bytes that were read. */
typedef struct mqtt_packet {
    mqtt_kind kind;
    uint8_t qos; /* PUBLISH */
    bool is_retained, is_duplicate;
    bool has_session; /* CONNACK */
    uint8_t reason;   /* CONNACK, acknowledgements, DISCONNECT; SUBACK: the worst */
    uint16_t id;
    weir_text topic, payload;
    weir_text properties; /* raw and checked; "" in version 3.1.1 */
} mqtt_packet;

/* Reads the packet that bytes begin with. OK: *size bytes are it. EAGAIN: more are needed, *size in all (0:
 * not known yet). EIO: these bytes are not MQTT from a broker, or longer than max. */
weir_status mqtt_packet_read(const char *bytes, size_t len, unsigned version, size_t max, mqtt_packet *out,
                             size_t *size, weir_error *err);
/* Takes the next property off *rest, which must be checked ones. False: there is none. */
bool mqtt_property_next(weir_text *rest, mqtt_property *out);
/* As the whole must be; also for those of a journal. */
bool mqtt_properties_are_sound(weir_text properties);

/* True: a topic as it can be published to. */
bool mqtt_topic_is_sound(weir_text topic);

/* What a reason code of the broker means; a literal. */
const char *mqtt_reason_text(unsigned version, uint8_t reason);

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* Bytes that grow; those before `begin` were sent. Zeroed: empty. */
typedef struct mqtt_bytes {
    char *data;
    size_t begin, len, cap;
    bool has_failed; /* no memory: what was put is not whole */
} mqtt_bytes;

void mqtt_bytes_free(mqtt_bytes *b);
/* Room for extra bytes behind len; NULL: no memory. */
char *mqtt_bytes_room(mqtt_bytes *b, size_t extra);
void mqtt_put_number(mqtt_bytes *b, uint32_t v, unsigned n_bytes); /* big endian */
void mqtt_put_bytes(mqtt_bytes *b, const void *bytes, size_t len);
void mqtt_put_text(mqtt_bytes *b, weir_text text); /* with its length, two bytes, in front */
void mqtt_put_varint(mqtt_bytes *b, uint32_t v);
/* A packet's head: kind and flags, length of the body. */
void mqtt_put_head(mqtt_bytes *b, mqtt_kind kind, unsigned flags, size_t body);
/* PUBACK, PUBREC, PUBREL or PUBCOMP that all is well. */
void mqtt_put_ack(mqtt_bytes *b, mqtt_kind kind, uint16_t id);
/* One property with its id. */
void mqtt_put_number_property(mqtt_bytes *b, mqtt_property_id id, uint32_t v, unsigned n_bytes);
void mqtt_put_text_property(mqtt_bytes *b, mqtt_property_id id, weir_text text);
void mqtt_put_user_property(mqtt_bytes *b, weir_text name, weir_text value);

typedef struct mqtt_publish {
    uint8_t qos;
    bool is_retained;
    uint16_t id; /* unless qos is 0 */
    weir_text topic, payload;
    weir_text properties; /* as bytes; used in version 5 */
} mqtt_publish;

size_t mqtt_publish_size(unsigned version, const mqtt_publish *p);
void mqtt_put_publish(mqtt_bytes *b, unsigned version, const mqtt_publish *p);

#endif
