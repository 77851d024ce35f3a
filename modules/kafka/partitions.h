/* partitions.h: where a source stands in each partition that it has, had, or has a saved position of. */
#ifndef KAFKA_PARTITIONS_H
#define KAFKA_PARTITIONS_H

#include "conf.h"

#define KAFKA_NOWHERE RD_KAFKA_OFFSET_INVALID

typedef struct kafka_partition {
    char *topic;
    int32_t number;
    bool is_ours;   /* assigned now */
    bool is_at_end; /* it was read to its end (stop.at.end) */
    bool is_broken; /* told once that it can't be read */
    int64_t next;   /* offset of the first message that the app has not had; NOWHERE: not known yet */
    int64_t base;   /* where it began when it came last; NOWHERE: it never came */
    int64_t saved;  /* from the checkpoint, until it was used; NOWHERE: none */
    const rd_kafka_topic_t *handle; /* of its messages, once there was one */
} kafka_partition;

typedef struct kafka_partitions {
    kafka_partition *of;
    uint32_t n, cap;
    uint32_t last; /* that of the last message: they come in runs */
} kafka_partitions;

/* The one of this name, added if need be; NULL: no memory. Indexes stay, pointers don't. */
kafka_partition *kafka_partitions_get(kafka_partitions *p, const char *topic, int32_t number);
/* That of a message (which has no error of another kind than of a partition); NULL: not known. */
kafka_partition *kafka_partitions_of(kafka_partitions *p, const rd_kafka_message_t *m);
void kafka_partitions_fini(kafka_partitions *p);

/* The positions of those that are ours, or of all with `all`; NULL: no memory. */
rd_kafka_topic_partition_list_t *kafka_partitions_list(const kafka_partitions *p, bool all);
void kafka_partitions_save(const kafka_partitions *p, weir_writer *w);
/* Into `saved`; what was there before is forgotten. *any: there was one. */
weir_status kafka_partitions_load(kafka_partitions *p, weir_reader *r, bool *any, weir_error *err);

/* Reads a text of at most `cap` bytes, NUL put behind it. */
weir_status kafka_read_text(weir_reader *r, char *text, size_t cap, weir_error *err);
void kafka_write_text(weir_writer *w, const char *text);

#endif
