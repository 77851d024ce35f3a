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
