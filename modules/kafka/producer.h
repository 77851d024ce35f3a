/* producer.h: one client that writes, shared by the Kafka sinks of an app that have the same connection, and
 * the transactions of exactly-once.
 *
 * An epoch is a transaction. At a checkpoint its messages are delivered (prepare), the checkpoint's file is
 * made durable, then the positions of the app's Kafka sources and the epoch's record (record.h) go into the
 * transaction, and it is committed. After a crash the transactional.id is taken over, which ends what was
 * open; the records then tell whether the newest checkpoint's transaction came to be. If not, the checkpoint
 * before it counts. A producer that was fenced is replaced when its epoch is aborted, unless another instance
 * has its id: see owner.h. */
#ifndef KAFKA_PRODUCER_H
#define KAFKA_PRODUCER_H

#include "delivered.h"
#include "kept.h"
#include "owner.h"
#include "source.h"

#define KAFKA_MAX_ENLISTED 64u

typedef struct kafka_topic {
    char *name;
    rd_kafka_topic_t *handle;
} kafka_topic;

typedef struct kafka_producer {
    kafka_link link; /* first: the client's opaque */
    struct kafka_producer *next;
    uint32_t n_users;
    char *conf_text;
    char who[64];
    rd_kafka_t *rk;
    rd_kafka_conf_t *conf; /* to make another client from */
    kafka_topic *topics;   /* by name */
    uint32_t n_topics, cap_topics, last_topic;
    uint64_t n_undelivered;      /* messages that failed for good since the last epoch */
    rd_kafka_resp_err_t failure; /* of the first of them */
    kafka_kept kept;             /* those that may be sent again; without transactions */
    uint64_t n_unkept;           /* the others */
    bool has_told;               /* of the failure */
    kafka_delivered *delivered;  /* of its only sink, which wants to know; NULL: failures are waited for */
    double mean_bytes;           /* of a message */
    /* Transactions. */
    char *transactional_id; /* NULL: none */
    bool has_id;            /* this client took it over */
    bool is_initialised;    /* and it is known what was committed with it before */
    bool is_fenced;
    kafka_owner owner;
    wire_backoff again;    /* since the last commit */
    char first_topic[250]; /* the topic of the first sink, where that is written out; else "" */
    char identity[KAFKA_IDENTITY];
    kafka_records *known; /* when the chain of checkpoints began; NULL: not known */
    bool was_recorded;    /* a record of it was committed */
    uint64_t open_epoch, committed_epoch;
    int64_t lasts_ms; /* a transaction, from its first message on */
    int64_t began_ms; /* when that was (wire_now_ms); INT64_MAX: there is none yet */
    const kafka_native *enlisted[KAFKA_MAX_ENLISTED];
    uint32_t n_enlisted;
    char attempt[KAFKA_TRY]; /* at the open epoch */
    char record_topic[250];  /* where the open epoch's record goes; "": there is nothing to commit */
    int32_t record_partition;
} kafka_producer;

/* For a check of the app: whatever a producer would be refused for. */
weir_status kafka_producer_check(const weir_io_args *args, const char *transactional_id, weir_error *err);

/* Of one app; made when its first Kafka sink starts. */
typedef struct kafka_app {
    kafka_producer *producers;
} kafka_app;

/* The producer for these settings; a new one for the first sink that asks. transactional_id NULL: none. With
 * `delivered`, which outlives it, one of its own: messages carry the number of their record, from 1 on, in
 * _private. */
weir_status kafka_producer_get(kafka_app *app, const weir_io_args *args, const char *transactional_id,
                               kafka_delivered *delivered, kafka_producer **out, weir_error *err);
void kafka_producer_put(kafka_app *app, kafka_producer *p); /* NULL is fine */

/* Another client in the place of one that can't go on; topics are asked for again. */
weir_status kafka_producer_renew(kafka_producer *p, weir_error *err);

/* The topic's handle; the same ones are kept. NULL: why is in err. */
rd_kafka_topic_t *kafka_producer_topic(kafka_producer *p, const char *name, weir_error *err);
/* Serves callbacks. An error: messages were lost for good. */
weir_status kafka_producer_serve(kafka_producer *p, weir_error *err);
/* How many messages of the usual size there is room for. */
uint32_t kafka_producer_room(const kafka_producer *p);
/* Waits until everything is delivered. A time-out is retriable. */
weir_status kafka_producer_deliver(kafka_producer *p, weir_error *err);

/* transaction.c; without transactions they do nothing. Each may be called for every sink: the first call of
 * an epoch counts. */
weir_status kafka_transaction_begin(kafka_producer *p, uint64_t epoch, weir_error *err);
/* Messages of this topic are in it: their first partition can hold the epoch's record. */
void kafka_transaction_touch(kafka_producer *p, const char *topic);
weir_status kafka_transaction_enlist(kafka_producer *p, const kafka_native *source, weir_error *err);
weir_status kafka_transaction_commit(kafka_producer *p, uint64_t epoch, weir_error *err);
weir_status kafka_transaction_abort(kafka_producer *p, weir_error *err);
void kafka_transaction_save(const kafka_producer *p, weir_writer *w);
/* EEND: the epoch was never committed, and can't be any more. Fatal: another one went on since. */
weir_status kafka_transaction_recover(kafka_producer *p, uint64_t epoch, weir_reader *saved, weir_error *err);
/* By when it has to be committed (wire_now_ms); INT64_MAX: whenever. */
int64_t kafka_transaction_commit_by_ms(const kafka_producer *p);
void kafka_transaction_forget(kafka_producer *p); /* the known records */

extern const weir_sink_type kafka_sink_type;

#endif
