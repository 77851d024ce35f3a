/* record.c: see record.h. */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "partitions.h"

#define ASK_NS      ((int64_t)10 * 1000000000)
#define LONGEST_MS  3600000
#define POLL_MS     50
#define SAVED_BYTES 20u /* of a record, at least */

typedef rd_kafka_topic_partition_t record;

/* ---- Asking the brokers ------------------------------------------------------------------------------- */

static bool is_worth_another_try(rd_kafka_resp_err_t code) {
    switch (code) {
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__WAIT_COORD: return true;
    default: return false;
    }
}

typedef struct answer {
    rd_kafka_resp_err_t code;
    char why[256];
    kafka_records *records;
} answer;

static void failed(answer *a, rd_kafka_resp_err_t code, const char *why) {
    a->code = code;
    snprintf(a->why, sizeof a->why, "%s", why);
}

/* The event's one group, copied. */
static void take_records(answer *a, const rd_kafka_event_t *event) {
    size_t n = 0;
    if (!event) return failed(a, RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer in time");
    if (rd_kafka_event_error((rd_kafka_event_t *)event))
        return failed(a, rd_kafka_event_error((rd_kafka_event_t *)event),
                      rd_kafka_event_error_string((rd_kafka_event_t *)event));
    const rd_kafka_ListConsumerGroupOffsets_result_t *result =
        rd_kafka_event_ListConsumerGroupOffsets_result((rd_kafka_event_t *)event);
    const rd_kafka_group_result_t **groups =
        result ? rd_kafka_ListConsumerGroupOffsets_result_groups(result, &n) : NULL;
    if (!n) return failed(a, RD_KAFKA_RESP_ERR__BAD_MSG, "the answer has no group");
    const rd_kafka_error_t *wrong = rd_kafka_group_result_error(groups[0]);
    if (wrong) return failed(a, rd_kafka_error_code(wrong), rd_kafka_error_string(wrong));
    const kafka_records *records = rd_kafka_group_result_partitions(groups[0]);
    for (int i = 0; records && i < records->cnt; i++)
        if (records->elems[i].err)
            return failed(a, records->elems[i].err, rd_kafka_err2str(records->elems[i].err));
    a->code = RD_KAFKA_RESP_ERR_NO_ERROR;
    a->records = records ? rd_kafka_topic_partition_list_copy(records) : rd_kafka_topic_partition_list_new(1);
}

/* The request has all the time there is, and is given up with its client: the library (2.0) makes use of one
 * that has timed out once more when it finds the coordinator after all. */
static void ask(rd_kafka_t *asks, const char *group, const kafka_link *link, answer *a) {
    rd_kafka_queue_t *queue = rd_kafka_queue_new(asks);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(asks, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_ListConsumerGroupOffsets_t *all = rd_kafka_ListConsumerGroupOffsets_new(group, NULL);
    char why[128];
    rd_kafka_AdminOptions_set_request_timeout(options, LONGEST_MS, why, sizeof why);
    rd_kafka_ListConsumerGroupOffsets(asks, &all, 1, options, queue);
    int64_t give_up = wire_now_ns() + ASK_NS;
    rd_kafka_event_t *event;
    while (!(event = rd_kafka_queue_poll(queue, POLL_MS)) &&
           wire_now_ns() < wire_no_later_ns(link->host, give_up))
        continue;
    take_records(a, event);
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_ListConsumerGroupOffsets_destroy(all);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
}

weir_status kafka_records_read(rd_kafka_t *asks, const char *group, const kafka_link *link,
                               kafka_records **out, weir_error *err) {
    answer a = {0};
    ask(asks, group, link, &a);
    *out = a.records;
    if (!a.code) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "can't find out what was committed with this transactional.id: %s", a.why);
    if (err) err->retriable = true;
    return is_worth_another_try(a.code) ? WEIR_EAGAIN : WEIR_EIO;
}

/* ---- One record --------------------------------------------------------------------------------------- */

static bool set_mark(record *one, const void *mark, size_t n) {
    one->metadata = malloc(n + 1); /* the list frees it */
    if (!one->metadata) return false;
    memcpy(one->metadata, mark, n);
    ((char *)one->metadata)[n] = 0;
    one->metadata_size = n;
    return true;
}

bool kafka_records_add(kafka_records *to, const char *topic, int32_t partition, uint64_t epoch,
                       const char *identity, const char *attempt, const char *life) {
    char mark[KAFKA_IDENTITY + KAFKA_TRY + KAFKA_LIFE];
    record *one = rd_kafka_topic_partition_list_add(to, topic, partition);
    one->offset = (int64_t)epoch;
    snprintf(mark, sizeof mark, "%s %s %s", identity, attempt, life);
    return set_mark(one, mark, strlen(mark));
}

/* Its life may be another one. An older weir wrote "IDENTITY" alone. */
static bool is_of_chain(const record *r, const char *identity) {
    size_t n = strlen(identity);
    const char *mark = r->metadata;
    return r->metadata_size >= n && memcmp(mark, identity, n) == 0 &&
           (r->metadata_size == n || mark[n] == ' ');
}

static bool is_of_try(const record *r, const kafka_epoch_end *end) {
    size_t at = strlen(end->identity) + 1, n = strlen(end->attempt);
    return r->metadata_size >= at + n && memcmp((const char *)r->metadata + at, end->attempt, n) == 0;
}

void kafka_records_keep_try(const kafka_records *records, const char *topic, int32_t partition,
                            const kafka_epoch_end *end, char attempt[KAFKA_TRY]) {
    size_t at = strlen(end->identity) + 1;
    const record *r = rd_kafka_topic_partition_list_find((kafka_records *)records, topic, partition);
    if (!r || r->offset != (int64_t)end->epoch || !is_of_chain(r, end->identity)) return;
    if (r->metadata_size < at + KAFKA_TRY) return;
    memcpy(attempt, (const char *)r->metadata + at, KAFKA_TRY - 1);
    attempt[KAFKA_TRY - 1] = 0;
}

bool kafka_record_is_of_life(const record *r, const char *life) {
    size_t n = strlen(life);
    return r->metadata_size >= n && memcmp((const char *)r->metadata + r->metadata_size - n, life, n) == 0;
}

bool kafka_records_have(const kafka_records *before, const record *r) {
    const record *was =
        before ? rd_kafka_topic_partition_list_find((kafka_records *)before, r->topic, r->partition) : NULL;
    return was && was->offset == r->offset && was->metadata_size == r->metadata_size &&
           (!r->metadata_size || memcmp(was->metadata, r->metadata, r->metadata_size) == 0);
}

/* ---- Saving ------------------------------------------------------------------------------------------- */

void kafka_records_save(const kafka_records *records, weir_writer *w) {
    weir_write_u32(w, records ? 1 : 0);
    if (!records) return;
    weir_write_u32(w, (uint32_t)records->cnt);
    for (int i = 0; i < records->cnt; i++) {
        const record *r = &records->elems[i];
        kafka_write_text(w, r->topic);
        weir_write_u32(w, (uint32_t)r->partition);
        weir_write_i64(w, r->offset);
        weir_write_u32(w, (uint32_t)r->metadata_size);
        weir_write_bytes(w, r->metadata ? r->metadata : "", r->metadata_size);
    }
}

static weir_status load_one(kafka_records *to, weir_reader *r, weir_error *err) {
    char topic[256];
    WIRE_TRY(kafka_read_text(r, topic, sizeof topic, err));
    int32_t partition = (int32_t)weir_read_u32(r);
    int64_t offset = weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    WIRE_TRY(weir_reader_status(r, err));
    if (n > weir_reader_left(r) || partition < 0)
        return weir_fail(err, WEIR_ESTATE, "a saved record of Kafka is damaged");
    record *one = rd_kafka_topic_partition_list_add(to, topic, partition);
    char *mark = malloc(n + 1);
    one->offset = offset;
    bool is_set = mark && (weir_read_bytes(r, mark, n), set_mark(one, mark, n));
    free(mark);
    return is_set ? weir_reader_status(r, err) : wire_no_memory(err);
}

weir_status kafka_records_load(kafka_records **out, weir_reader *r, weir_error *err) {
    *out = NULL;
    bool are_there = weir_read_u32(r) == 1;
    uint32_t n = are_there ? weir_read_u32(r) : 0;
    WIRE_TRY(weir_reader_status(r, err));
    if (!are_there) return WEIR_OK;
    if (n > weir_reader_left(r) / SAVED_BYTES)
        return weir_fail(err, WEIR_ESTATE, "a saved record of Kafka is damaged");
    kafka_records *records = rd_kafka_topic_partition_list_new(4);
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; st == WEIR_OK && i < n; i++) st = load_one(records, r, err);
    if (st == WEIR_OK)
        *out = records;
    else
        rd_kafka_topic_partition_list_destroy(records);
    return st;
}

/* ---- Judging ------------------------------------------------------------------------------------------ */

kafka_verdict kafka_records_judge(const kafka_records *records, const kafka_epoch_end *end) {
    int64_t newest = -1;
    bool is_there = false;
    for (int i = 0; i < records->cnt; i++) {
        const record *r = &records->elems[i];
        if (r->offset < 0) continue;
        if (!is_of_chain(r, end->identity)) {
            if (end->known && !kafka_records_have(end->known, r)) return KAFKA_OUTRUN;
            continue;
        }
        newest = r->offset > newest ? r->offset : newest;
        is_there |= r->offset == (int64_t)end->epoch && r->partition == end->partition &&
                    strcmp(r->topic, end->topic) == 0 && is_of_try(r, end);
    }
    if (newest > (int64_t)end->epoch) return KAFKA_OUTRUN;
    if (!end->topic[0] || is_there) return KAFKA_COMMITTED;
    return newest < 0 && end->was_recorded ? KAFKA_EXPIRED : KAFKA_NEVER_COMMITTED;
}
