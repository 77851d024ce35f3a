/* commit.c: positions that are safe, committed to the group. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

#define WAIT_MS 5000

typedef rd_kafka_topic_partition_list_t list;

static void set_mark(const kafka_source *s, rd_kafka_topic_partition_t *p, uint64_t epoch) {
    char mark[KAFKA_IDENTITY + 40];
    int n = snprintf(mark, sizeof mark, "weir1 %s %" PRIu64, s->identity, epoch);
    p->metadata = malloc((size_t)n + 1); /* the list frees it */
    p->metadata_size = p->metadata ? (size_t)n : 0;
    if (p->metadata) memcpy(p->metadata, mark, (size_t)n + 1);
}

bool kafka_source_is_own_mark(const kafka_source *s, const rd_kafka_topic_partition_t *p) {
    char mark[KAFKA_IDENTITY + 8];
    int n = snprintf(mark, sizeof mark, "weir1 %s ", s->identity);
    return p->metadata && p->metadata_size > (size_t)n && memcmp(p->metadata, mark, (size_t)n) == 0;
}

void kafka_source_note_positions(kafka_source *s, uint64_t epoch) {
    if (s->acked) rd_kafka_topic_partition_list_destroy(s->acked);
    s->acked = rd_kafka_topic_partition_list_new((int)s->partitions.n + 1);
    s->acked_epoch = epoch;
    for (uint32_t i = 0; i < s->partitions.n; i++) {
        const kafka_partition *p = &s->partitions.of[i];
        if (!p->is_ours || p->next < 0) continue;
        rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(s->acked, p->topic, p->number);
        one->offset = p->next;
        set_mark(s, one, epoch);
    }
}

void kafka_source_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t why, list *positions, void *opaque) {
    kafka_source *s = rd_kafka_opaque(rk);
    (void)positions, (void)opaque;
    s->has_unsure_commit = false;
    if (!why) s->link.is_down = false;
    if (why && why != RD_KAFKA_RESP_ERR__NO_OFFSET)
        wire_log(s->link.host, WEIR_LOG_WARN, "%s: positions could not be committed: %s", s->who,
                 rd_kafka_err2str(why));
}

void kafka_source_commit(kafka_source *s, bool waits) {
    if (!s->acked || !s->acked->cnt) return;
    s->has_unsure_commit = true;
    if (!waits) {
        (void)rd_kafka_commit(s->rk, s->acked, 1); /* answered within a later poll */
        return;
    }
    rd_kafka_queue_t *answer = rd_kafka_queue_new(s->rk);
    if (rd_kafka_commit_queue(s->rk, s->acked, answer, kafka_source_on_commit, NULL) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_queue_poll_callback(answer, WAIT_MS);
    rd_kafka_queue_destroy(answer);
}
