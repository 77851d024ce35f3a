/* partitions.c: see partitions.h. */
#include "partitions.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_TOPIC 249u /* a broker takes no longer ones */

kafka_partition *kafka_partitions_get(kafka_partitions *p, const char *topic, int32_t number) {
    for (uint32_t i = 0; i < p->n; i++)
        if (p->of[i].number == number && strcmp(p->of[i].topic, topic) == 0) return &p->of[i];
    if (p->n == p->cap) {
        uint32_t cap = p->cap ? p->cap * 2 : 16;
        kafka_partition *bigger = realloc(p->of, cap * sizeof *bigger);
        if (!bigger) return NULL;
        p->of = bigger;
        p->cap = cap;
    }
    char *copy = strdup(topic);
    if (!copy) return NULL;
    kafka_partition *one = &p->of[p->n++];
    *one = (kafka_partition){.topic = copy,
                             .number = number,
                             .next = KAFKA_NOWHERE,
                             .base = KAFKA_NOWHERE,
                             .saved = KAFKA_NOWHERE};
    return one;
}

kafka_partition *kafka_partitions_of(kafka_partitions *p, const rd_kafka_message_t *m) {
    if (p->last < p->n && p->of[p->last].handle == m->rkt && p->of[p->last].number == m->partition)
        return &p->of[p->last];
    if (!m->rkt) return NULL;
    const char *topic = rd_kafka_topic_name(m->rkt);
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->of[i].number != m->partition || strcmp(p->of[i].topic, topic) != 0) continue;
        p->of[i].handle = m->rkt;
        p->last = i;
        return &p->of[i];
    }
    return NULL;
}

static void forget_all(kafka_partitions *p) {
    for (uint32_t i = 0; i < p->n; i++) free(p->of[i].topic);
    p->n = p->last = 0;
}

void kafka_partitions_fini(kafka_partitions *p) {
    forget_all(p);
    free(p->of);
    *p = (kafka_partitions){0};
}

rd_kafka_topic_partition_list_t *kafka_partitions_list(const kafka_partitions *p, bool all) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)p->n + 1);
    for (uint32_t i = 0; list && i < p->n; i++)
        if (all || p->of[i].is_ours)
            rd_kafka_topic_partition_list_add(list, p->of[i].topic, p->of[i].number)->offset = p->of[i].next;
    return list;
}

/* ---- Saving ------------------------------------------------------------------------------------------- */

void kafka_write_text(weir_writer *w, const char *text) {
    weir_write_u32(w, (uint32_t)strlen(text));
    weir_write_bytes(w, text, strlen(text));
}

weir_status kafka_read_text(weir_reader *r, char *text, size_t cap, weir_error *err) {
    uint32_t len = weir_read_u32(r);
    WIRE_TRY(weir_reader_status(r, err));
    if (len >= cap || len > weir_reader_left(r))
        return weir_fail(err, WEIR_ESTATE, "a saved position of Kafka is damaged");
    weir_read_bytes(r, text, len);
    text[len] = 0;
    return weir_reader_status(r, err);
}

/* Those that were revoked and of which nothing else is known are left out: they are somebody else's now. */
static bool is_worth_saving(const kafka_partition *p) {
    return (p->is_ours && p->next != KAFKA_NOWHERE) || p->saved != KAFKA_NOWHERE;
}

void kafka_partitions_save(const kafka_partitions *p, weir_writer *w) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n; i++) n += is_worth_saving(&p->of[i]);
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < p->n; i++) {
        const kafka_partition *one = &p->of[i];
        if (!is_worth_saving(one)) continue;
        kafka_write_text(w, one->topic);
        weir_write_u32(w, (uint32_t)one->number);
        weir_write_i64(w, one->is_ours && one->next != KAFKA_NOWHERE ? one->next : one->saved);
    }
}

weir_status kafka_partitions_load(kafka_partitions *p, weir_reader *r, bool *any, weir_error *err) {
    char topic[LONGEST_TOPIC + 1];
    uint32_t n = weir_read_u32(r);
    *any = n > 0;
    for (uint32_t i = 0; i < p->n; i++) p->of[i].saved = KAFKA_NOWHERE;
    for (uint32_t i = 0; i < n; i++) {
        WIRE_TRY(kafka_read_text(r, topic, sizeof topic, err));
        int32_t number = (int32_t)weir_read_u32(r);
        int64_t offset = weir_read_i64(r);
        WIRE_TRY(weir_reader_status(r, err));
        if (number < 0 || (offset < 0 && offset != RD_KAFKA_OFFSET_BEGINNING))
            return weir_fail(err, WEIR_ESTATE, "a saved position of Kafka is damaged");
        kafka_partition *one = kafka_partitions_get(p, topic, number);
        if (!one) return wire_no_memory(err);
        one->saved = offset;
    }
    return weir_reader_status(r, err);
}
