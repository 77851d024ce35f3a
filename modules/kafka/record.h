/* record.h: the records of a transactional.id. A record is a committed offset of the group
 * "weir-TRANSACTIONAL.ID", in whatever partition there is to keep it in; its number is an epoch, its metadata
 * "IDENTITY TRY LIFE": of which chain of checkpoints the epoch is, which try at it (of a copy of the state
 * there may be another one of the same number), and which process committed it, or took the id over since.
 * Being part of the transaction it is there if, and only if, the epoch's messages are.
 *
 * Records are read right after a take-over, when nobody else can commit: then they are final. */
#ifndef KAFKA_RECORD_H
#define KAFKA_RECORD_H

#include <librdkafka/rdkafka.h>

#include "conf.h"

#define KAFKA_IDENTITY 33u /* 32 hex digits and a NUL */
#define KAFKA_TRY      17u /* 16 hex digits and a NUL */
#define KAFKA_LIFE     17u

typedef rd_kafka_topic_partition_list_t kafka_records;

/* All records of the group; the caller destroys the list. `asks` is a consumer of the same brokers, which is
 * of no use for another question when this fails. EAGAIN: the brokers are away or not ready. Any failure is
 * retriable. */
weir_status kafka_records_read(rd_kafka_t *asks, const char *group, const kafka_link *link,
                               kafka_records **out, weir_error *err);
/* Puts one into a list. False: no memory. */
bool kafka_records_add(kafka_records *to, const char *topic, int32_t partition, uint64_t epoch,
                       const char *identity, const char *attempt, const char *life);
/* Is the record of this process? */
bool kafka_record_is_of_life(const rd_kafka_topic_partition_t *record, const char *life);
/* Has `before` (NULL: nothing) the very same record? */
bool kafka_records_have(const kafka_records *before, const rd_kafka_topic_partition_t *record);

void kafka_records_save(const kafka_records *records, weir_writer *w);
weir_status kafka_records_load(kafka_records **out, weir_reader *r, weir_error *err);

/* What a checkpoint says of the end of its epoch. */
typedef struct kafka_epoch_end {
    const char *identity, *attempt;
    uint64_t epoch;
    const char *topic; /* where its record goes; "": it had nothing to commit */
    int32_t partition;
    bool was_recorded;          /* an epoch of this chain, or a take-over, was recorded before */
    const kafka_records *known; /* those that were there when the chain began; NULL: not known */
} kafka_epoch_end;

typedef enum kafka_verdict {
    KAFKA_COMMITTED,
    KAFKA_NEVER_COMMITTED,
    KAFKA_EXPIRED, /* the brokers have forgotten all records of the chain: it stood still for very long */
    KAFKA_OUTRUN /* others, or a later epoch of this chain, committed since: the checkpoint is out of date */
} kafka_verdict;

kafka_verdict kafka_records_judge(const kafka_records *records, const kafka_epoch_end *end);
/* Which try the epoch's record in that place is of, if it is there: who puts another one there keeps that. */
void kafka_records_keep_try(const kafka_records *records, const char *topic, int32_t partition,
                            const kafka_epoch_end *end, char attempt[KAFKA_TRY]);

#endif
