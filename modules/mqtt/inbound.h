/* inbound.h: messages on their way from the broker to the app, and when they are acknowledged.
 *
 * With a journal a message is acknowledged once it is durable there; without one when the app says that its
 * epoch is safe. Either way nothing is lost by kill -9: what was not acknowledged the broker sends again, if
 * it keeps the session.
 *
 * Quality 2: an id is open from the message until the broker releases it (PUBREL); what comes under an open
 * id is the same message again. With a journal open ids survive a crash: then each message is taken exactly
 * once.
 *
 * Everything belongs to whoever holds the client's lock. */
#ifndef MQTT_INBOUND_H
#define MQTT_INBOUND_H

#include "client.h"
#include "journal.h"

/* Records one after the other; given from the client's thread to the app. */
typedef struct mqtt_block {
    struct mqtt_block *next;
    uint64_t pos; /* of its first record */
    size_t len, cap;
    uint32_t n_messages;
    char data[];
} mqtt_block;

typedef struct mqtt_held { /* an acknowledgement that has to wait */
    uint64_t end;          /* position behind the record that it is for */
    uint16_t id;
    uint8_t kind; /* MQTT_PUBACK, MQTT_PUBREC, MQTT_PUBCOMP */
} mqtt_held;

typedef struct mqtt_inbound {
    mqtt_client *client;
    mqtt_journal *journal; /* NULL: none */
    bool skips_retained;
    size_t most_queued; /* bytes; one message is always let in */
    uint64_t most_kept; /* bytes of the journal */
    uint8_t *ids;       /* by id: what is known of it */
    mqtt_held *held;    /* a ring, oldest first */
    uint32_t first_held, n_held, cap_held;
    mqtt_block *filling, *filling_last; /* not given yet */
    mqtt_block *ready, *ready_last;     /* for the app */
    mqtt_block *spare;
    size_t n_bytes;      /* of all that is not consumed yet */
    uint64_t n_messages; /* of filling and ready */
    uint64_t end;        /* position behind the last record */
    uint64_t durable;    /* positions before it are given; with a journal they are durable */
    uint64_t ack_to;     /* acknowledgements for what ends at or before it may go */
    uint64_t cut_to;     /* what the journal need not keep any more */
} mqtt_inbound;

weir_status mqtt_inbound_open(mqtt_inbound *in, weir_error *err);
void mqtt_inbound_close(mqtt_inbound *in);
/* For mqtt_journal_open: learns which ids are open. */
void mqtt_inbound_learn(void *inbound, const mqtt_record *r);

/* Behind what the journal has. */
weir_status mqtt_inbound_go_on(mqtt_inbound *in, weir_error *err);

/* Handlers of the client; a failure ends the connection. */
weir_status mqtt_inbound_publish(mqtt_inbound *in, const mqtt_packet *p, weir_error *err);
weir_status mqtt_inbound_release(mqtt_inbound *in, uint16_t id, weir_error *err);
bool mqtt_inbound_wants(const mqtt_inbound *in);
void mqtt_inbound_connected(mqtt_inbound *in, bool has_session);
void mqtt_inbound_lost(mqtt_inbound *in);
/* Makes durable and gives what came in, and acknowledges what may be. Lets the lock go for the disk. */
void mqtt_inbound_turn(mqtt_inbound *in);

/* The app takes the next block, or NULL, and gives it back; false from give_back: nobody waits for the room.
 */
mqtt_block *mqtt_inbound_take(mqtt_inbound *in);
bool mqtt_inbound_give_back(mqtt_inbound *in, mqtt_block *block);
/* Forgets what is ready: it is read from the journal again. */
void mqtt_inbound_forget_ready(mqtt_inbound *in);

#endif
