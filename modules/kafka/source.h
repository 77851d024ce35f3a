/* source.h: what the files of the Kafka source share.
 *
 * Positions. Each partition that is ours has `next`, the offset after the last message that was consumed. It
 * is saved in checkpoints, and after a checkpoint committed to the group, marked with who did so ("weir1
 * IDENTITY EPOCH"; the identity is drawn once for a chain of checkpoints). Where a partition begins when it
 * is assigned:
 *   - the checkpoint's position, if there is one, unless another member has committed a later one since;
 *   - else what topic.offsets.map says, the first time;
 *   - else what the group has committed;
 *   - else what start.from says, the first time; later (a partition that is new): its beginning.
 *
 * Rebalances. The client tells that partitions come or go by a callback, which only notes it: poll() deals
 * with it when everything shown was consumed. Partitions that go are kept until the checkpoint that is asked
 * for (wants_checkpoint) is safe; then their positions are committed and they are given back. Those that are
 * lost (the broker had given them to others before) go at once; with exactly-once the checkpoint that is
 * asked for then fails, so that the app goes back to the last one: others read again what was not committed.
 */
#ifndef KAFKA_SOURCE_H
#define KAFKA_SOURCE_H

#include "partitions.h"
#include "record.h"
#include "sequence.h"

#define KAFKA_SHOWN 4096u /* messages at a time */

typedef enum kafka_start {
    KAFKA_EARLIEST,
    KAFKA_LATEST,
    KAFKA_NONE,
    KAFKA_AT_OFFSET,
    KAFKA_AT_TIME
} kafka_start;

typedef struct kafka_property kafka_property; /* messages.c */

typedef struct kafka_source {
    kafka_link link; /* first: the client's opaque */
    const weir_io_args *args;
    char who[200];
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    int wake[2];
    /* What was asked for. */
    const char *group;
    rd_kafka_topic_partition_list_t *topics; /* to subscribe to, or with partitions to read */
    bool has_partitions, is_pattern;
    kafka_start start;
    int64_t start_at;        /* offset or ms */
    const char *offsets_map; /* NULL: none */
    weir_guarantee guarantee;
    bool commits, commits_async, stops_at_end, skips_tombstones;
    kafka_start lost; /* what to do when a position is no longer there: EARLIEST, LATEST or NONE */
    /* Where it stands. */
    char identity[KAFKA_IDENTITY];
    kafka_partitions partitions;
    kafka_sequences *sequences; /* NULL: no sequence numbers */
    bool is_assigned_once, has_checkpoint;
    rd_kafka_topic_partition_list_t *coming, *going; /* told by the client, not dealt with */
    bool is_cooperative, is_closing, is_fenced;
    bool has_fresh_start; /* one that is not found a second time, and in no checkpoint yet */
    bool must_go_back;    /* what was read since the last checkpoint is somebody else's now */
    rd_kafka_topic_partition_list_t *acked; /* positions of the last epoch that was saved */
    uint64_t acked_epoch;
    bool has_unsure_commit; /* one is on its way */
    struct kafka_native *native;
    int64_t next_try_ns; /* after a failure to find out where to begin */
    /* What is shown: messages[i] is of batch[i]; those below n_used were consumed. */
    rd_kafka_message_t **batch;
    uint32_t *of; /* index among partitions */
    weir_message *messages;
    uint32_t n, n_used, shown_from; /* UINT32_MAX: not shown yet */
    kafka_property *properties;
    uint32_t n_properties;
    bool is_paused;
} kafka_source;

/* What a sink's transaction takes of a source: weir_source_type.native_position. */
typedef struct kafka_native {
    rd_kafka_consumer_group_metadata_t *group;
    rd_kafka_topic_partition_list_t *positions;
} kafka_native;

/* client.c */
/* reset gets the auto.offset.reset that was given, or is left alone. */
weir_status kafka_source_conf(kafka_source *s, rd_kafka_conf_t **out, const char **reset, weir_error *err);
weir_status kafka_source_open_client(kafka_source *s, weir_error *err);
void kafka_source_close_client(kafka_source *s);
/* A new client in the place of one that was fenced. */
weir_status kafka_source_reopen(kafka_source *s, weir_error *err);
void kafka_source_drop_shown(kafka_source *s);

/* assign.c */
void kafka_source_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t what,
                               rd_kafka_topic_partition_list_t *list, void *opaque);
/* Takes what is coming. EAGAIN: later. */
weir_status kafka_source_take(kafka_source *s, weir_error *err);
/* Everything of it is safe: gives back what is going. */
void kafka_source_give_back(kafka_source *s);
/* Goes to the saved positions again (after a rewind). */
weir_status kafka_source_reseek(kafka_source *s, weir_error *err);

weir_status kafka_offsets_map_check(const char *text, weir_error *err);

/* commit.c */
void kafka_source_note_positions(kafka_source *s, uint64_t epoch);
/* Commits what was noted; with `waits` it is answered when this returns, or five seconds have passed. */
void kafka_source_commit(kafka_source *s, bool waits);
void kafka_source_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t why,
                            rd_kafka_topic_partition_list_t *positions, void *opaque);
bool kafka_source_is_own_mark(const kafka_source *s, const rd_kafka_topic_partition_t *p);

/* messages.c */
weir_status kafka_properties_open(kafka_source *s, weir_error *err);
void kafka_properties_close(kafka_source *s);
/* Fills messages[i] of batch[i]. False: the message is not for the app. */
bool kafka_source_show(kafka_source *s, uint32_t i);

extern const weir_source_type kafka_source_type;

#endif
