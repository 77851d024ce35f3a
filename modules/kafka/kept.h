/* kept.h: messages that came back from the client since their topic is not there, to be sent again when it
 * may be. */
#ifndef KAFKA_KEPT_H
#define KAFKA_KEPT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

typedef struct kafka_kept_message kafka_kept_message;

typedef struct kafka_kept {
    kafka_kept_message *first, **end; /* end NULL: none yet */
} kafka_kept;

/* Produces one message by itself, a copy of it: partition, value, key and _private of m, to the topic by
 * handle or name. The headers, which may be NULL, are given away. */
rd_kafka_resp_err_t kafka_produce(rd_kafka_t *rk, rd_kafka_vu_t topic, const rd_kafka_message_t *m,
                                  rd_kafka_headers_t *headers);

/* Whether a message that failed so may be delivered yet: somebody has deleted its topic and makes it again.
 */
bool kafka_may_come_back(rd_kafka_resp_err_t code);
/* Takes a copy of a message that failed. The partition that its record asked for, from 1 on, is in _private;
 * 0: none. False: no memory. */
bool kafka_keep(kafka_kept *kept, const rd_kafka_message_t *m);
/* Sends all of them again, in their order; what the client does not take stays. Returns how many will never
 * go: their topic has no such partition. */
unsigned kafka_kept_send(kafka_kept *kept, rd_kafka_t *rk);
void kafka_kept_clear(kafka_kept *kept);

#endif
