/* owner.h: whose a transactional.id is now: told apart when a producer finds itself fenced, which happens
 * both when another instance took the id over and when the brokers ended a transaction that had outlived its
 * time.
 *
 * Each life of a producer has a mark. Who takes the id over says so at once: a transaction that holds nothing
 * but the group's record with the new mark (where there is a partition to keep it in; else its first epoch
 * says so). Who is fenced reads the group's records: one of another mark that was not there when it took over
 * is another instance; else nobody has, and the id may be taken again. Should two of them meet before either
 * has left a record, they fence each other until the first epoch of one is committed; that one stays. */
#ifndef KAFKA_OWNER_H
#define KAFKA_OWNER_H

#include <librdkafka/rdkafka.h>

#include "weir_io.h"

#define KAFKA_LIFE 17u /* 16 hex digits and a NUL */

typedef struct kafka_owner {
    char life[KAFKA_LIFE];
    rd_kafka_topic_partition_list_t *found; /* the group's records at the take-over */
} kafka_owner;

void kafka_owner_draw(kafka_owner *o);
void kafka_owner_fini(kafka_owner *o);
/* All records of the group, right after the take-over. `asks` is a consumer of the same brokers. */
weir_status kafka_owner_note(kafka_owner *o, rd_kafka_t *asks, const char *group, weir_error *err);
/* WEIR_OK: nobody has taken it over since. A failure to find out is retriable, another owner is fatal. */
weir_status kafka_owner_check(kafka_owner *o, rd_kafka_t *asks, const char *group, weir_error *err);
/* A producer that fails with this code can't go on, but one made anew may take over. */
bool kafka_owner_is_fence(rd_kafka_resp_err_t code);

#endif
