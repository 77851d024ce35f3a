/* outbound.h: messages on their way to the broker. Those of quality 1 and 2 are kept until the broker has
 * said that it has them, and sent again over a new connection, in their order. Belongs to whoever holds the
 * client's lock. */
#ifndef MQTT_OUTBOUND_H
#define MQTT_OUTBOUND_H

#include "../wire/refusals.h"
#include "client.h"

typedef struct mqtt_flight {
    uint64_t number; /* in order of their sending; 0: this place is free */
    char *packet;    /* NULL once the broker has it and only its release is left (quality 2) */
    uint32_t len;
    uint8_t qos;
    uint64_t record; /* of the sink, with `refusals`; MQTT_NO_RECORD: of nobody any more */
} mqtt_flight;

#define MQTT_NO_RECORD UINT64_MAX

typedef struct mqtt_outbound {
    mqtt_client *client;
    mqtt_flight *flights; /* by id - 1 */
    uint16_t *free;       /* ids - 1 that are free, as a stack */
    uint32_t n_flights, cap;
    uint32_t n_given_up; /* of them: what is left of those is their release */
    uint64_t last_number;
    size_t n_bytes; /* of packets kept */
    uint64_t n_refused;
    wire_refusals *refusals; /* where refused records go, instead of the log; NULL: nobody asks */
} mqtt_outbound;

#define MQTT_MOST_OUT ((size_t)4 << 20) /* bytes that wait to be sent, beyond which there is no room */

weir_status mqtt_outbound_open(mqtt_outbound *o, uint32_t most_inflight, weir_error *err);
void mqtt_outbound_close(mqtt_outbound *o);
/* True: a message of that quality can be put. */
bool mqtt_outbound_has_room(const mqtt_outbound *o, unsigned qos);
/* Puts one; its id is set here. `record` is for mqtt_outbound_first_record. */
weir_status mqtt_outbound_put(mqtt_outbound *o, mqtt_publish *p, uint64_t record, weir_error *err);
/* The broker has all of them. */
bool mqtt_outbound_is_empty(const mqtt_outbound *o);

/* The first record that the broker may not have; `none` if it has all. */
uint64_t mqtt_outbound_first_record(const mqtt_outbound *o, uint64_t none);
/* Messages are dropped and count for nothing any more. Of those of quality 2 the broker may know the ids:
 * they are released when it is back, before their ids are used again. */
void mqtt_outbound_forget(mqtt_outbound *o);

/* Handlers of the client. */
weir_status mqtt_outbound_packet(mqtt_outbound *o, const mqtt_packet *p, weir_error *err);
weir_status mqtt_outbound_connected(mqtt_outbound *o, bool has_session, weir_error *err);

#endif
