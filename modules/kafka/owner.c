/* owner.c: see owner.h. */
#include "owner.h"

#include <stdio.h>

#include "conf.h"

void kafka_owner_begin(kafka_owner *o, kafka_records *found) {
    (void)wire_draw_hex(o->life, KAFKA_LIFE / 2);
    o->found = found;
}

void kafka_owner_fini(kafka_owner *o) {
    if (o->found) rd_kafka_topic_partition_list_destroy(o->found);
    o->found = NULL;
}

bool kafka_owner_is_fence(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID ||
           code == RD_KAFKA_RESP_ERR_INVALID_TXN_STATE || /* the brokers have undone it already */
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING;
}

weir_status kafka_owner_check(const kafka_owner *o, const kafka_records *now, weir_error *err) {
    bool is_taken = false;
    for (int i = 0; i < now->cnt && !is_taken; i++) {
        const rd_kafka_topic_partition_t *record = &now->elems[i];
        is_taken = record->offset >= 0 && !kafka_record_is_of_life(record, o->life) &&
                   !kafka_records_have(o->found, record);
    }
    if (!is_taken) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "another weir has taken over this one's transactional.id");
    if (err) {
        err->fatal = true;
        snprintf(err->hint, sizeof err->hint,
                 "each running copy of an app needs a transactional.id of its own");
    }
    return WEIR_EIO;
}
