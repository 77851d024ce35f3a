/* owner.h: whose a transactional.id is now: told apart when a producer finds itself fenced, which happens
 * both when another instance took the id over and when the brokers ended a transaction that had outlived its
 * time.
 *
 * Each life of a producer has a mark. Who takes the id over says so at once: a transaction that holds nothing
 * but a record (record.h) with the new mark (where there is a partition to keep it in; else its first epoch
 * says so). Who is fenced waits a moment, for the other to say so, and reads the records: one of another mark
 * that was not there when this life began is another instance, which stays. Else the id is taken again, and
 * the records are read once more: now nobody else can commit, and whoever did meanwhile is seen; it stays as
 * well, since it finds no record of this life when it is fenced in its turn. So of two that are started at
 * the same time one stays, and nobody goes on from a checkpoint that another has outrun. */
#ifndef KAFKA_OWNER_H
#define KAFKA_OWNER_H

#include "record.h"

typedef struct kafka_owner {
    char life[KAFKA_LIFE];
    kafka_records *found; /* when this life began; NULL: it has not */
} kafka_owner;

/* This life begins; takes the list over. The id has just been taken. */
void kafka_owner_begin(kafka_owner *o, kafka_records *found);
void kafka_owner_fini(kafka_owner *o);
/* WEIR_OK: nobody has committed with it since. Another owner is fatal. */
weir_status kafka_owner_check(const kafka_owner *o, const kafka_records *now, weir_error *err);
/* A producer that fails with this code can't go on, but one made anew may take over. */
bool kafka_owner_is_fence(rd_kafka_resp_err_t code);

#endif
