/* sequence.h: Siddhi's sequence numbers (sequence.id of a sink, seq.enabled of a source): each message begins
 * with "ID:NUMBER~", and a number that was seen before from the same ID in the same partition is a duplicate.
 *
 *   text:   ID:NUMBER~payload
 *   binary: length of "ID:NUMBER~" u32 big-endian | ID:NUMBER~ | payload */
#ifndef KAFKA_SEQUENCE_H
#define KAFKA_SEQUENCE_H

#include "conf.h"

typedef struct kafka_sequences kafka_sequences;

kafka_sequences *kafka_sequences_new(bool is_binary); /* NULL: no memory */
void kafka_sequences_free(kafka_sequences *s);

typedef enum kafka_sequence {
    KAFKA_SEQUENCE_NEW,
    KAFKA_SEQUENCE_SEEN,
    KAFKA_SEQUENCE_MISSING
} kafka_sequence;
/* Takes the number off the message and says whether it is new. */
kafka_sequence kafka_sequences_take(kafka_sequences *s, int32_t partition, const char **bytes, size_t *len);
void kafka_sequences_save(const kafka_sequences *s, weir_writer *w);
weir_status kafka_sequences_load(kafka_sequences *s, weir_reader *r, weir_error *err);

#endif
