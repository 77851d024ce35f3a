/* owner.c: see owner.h. */
#include "owner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

#define ASK_MS 10000

typedef rd_kafka_topic_partition_list_t list;

void kafka_owner_draw(kafka_owner *o) { (void)wire_draw_hex(o->life, KAFKA_LIFE / 2); }

void kafka_owner_fini(kafka_owner *o) {
    if (o->found) rd_kafka_topic_partition_list_destroy(o->found);
    o->found = NULL;
}

bool kafka_owner_is_fence(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING;
}

/* ---- The group's records ------------------------------------------------------------------------------ */

static weir_status cant_read(const char *why, weir_error *err) {
    weir_fail(err, WEIR_EIO, "can't find out who writes with this transactional.id: %s", why);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

/* The answer's one group, copied. */
static weir_status take_records(rd_kafka_event_t *answer, list **out, weir_error *err) {
    size_t n = 0;
    if (!answer) return cant_read("no answer in time", err);
    if (rd_kafka_event_error(answer)) return cant_read(rd_kafka_event_error_string(answer), err);
    const rd_kafka_ListConsumerGroupOffsets_result_t *result =
        rd_kafka_event_ListConsumerGroupOffsets_result(answer);
    const rd_kafka_group_result_t **groups =
        result ? rd_kafka_ListConsumerGroupOffsets_result_groups(result, &n) : NULL;
    if (!n) return cant_read("the answer has no group", err);
    const rd_kafka_error_t *wrong = rd_kafka_group_result_error(groups[0]);
    if (wrong) return cant_read(rd_kafka_error_string(wrong), err);
    const list *records = rd_kafka_group_result_partitions(groups[0]);
    *out = records ? rd_kafka_topic_partition_list_copy(records) : rd_kafka_topic_partition_list_new(1);
    return WEIR_OK;
}

static weir_status read_records(rd_kafka_t *asks, const char *group, list **out, weir_error *err) {
    rd_kafka_queue_t *queue = rd_kafka_queue_new(asks);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(asks, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_ListConsumerGroupOffsets_t *all = rd_kafka_ListConsumerGroupOffsets_new(group, NULL);
    char why[128];
    rd_kafka_AdminOptions_set_request_timeout(options, ASK_MS, why, sizeof why);
    rd_kafka_ListConsumerGroupOffsets(asks, &all, 1, options, queue);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, ASK_MS + 1000);
    weir_status st = take_records(answer, out, err);
    if (answer) rd_kafka_event_destroy(answer);
    rd_kafka_ListConsumerGroupOffsets_destroy(all);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return st;
}

/* A record's metadata is "IDENTITY LIFE" (of an older weir "IDENTITY"). */
static bool is_of_life(const rd_kafka_topic_partition_t *record, const char *life) {
    size_t n = strlen(life);
    return record->metadata_size >= n &&
           memcmp((const char *)record->metadata + record->metadata_size - n, life, n) == 0;
}

static bool is_alike(const rd_kafka_topic_partition_t *a, const rd_kafka_topic_partition_t *b) {
    return a->offset == b->offset && a->metadata_size == b->metadata_size &&
           (!a->metadata_size || memcmp(a->metadata, b->metadata, a->metadata_size) == 0);
}

weir_status kafka_owner_note(kafka_owner *o, rd_kafka_t *asks, const char *group, weir_error *err) {
    kafka_owner_fini(o);
    return read_records(asks, group, &o->found, err);
}

weir_status kafka_owner_check(kafka_owner *o, rd_kafka_t *asks, const char *group, weir_error *err) {
    list *now;
    bool is_taken = false;
    WIRE_TRY(read_records(asks, group, &now, err));
    for (int i = 0; i < now->cnt && !is_taken; i++) {
        const rd_kafka_topic_partition_t *record = &now->elems[i];
        const rd_kafka_topic_partition_t *before =
            o->found ? rd_kafka_topic_partition_list_find(o->found, record->topic, record->partition) : NULL;
        is_taken =
            record->offset >= 0 && !is_of_life(record, o->life) && !(before && is_alike(record, before));
    }
    rd_kafka_topic_partition_list_destroy(now);
    if (!is_taken) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "another weir has taken over this one's transactional.id");
    if (err) {
        err->fatal = true;
        snprintf(err->hint, sizeof err->hint,
                 "each running copy of an app needs a transactional.id of its own");
    }
    return WEIR_EIO;
}
