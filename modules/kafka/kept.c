/* kept.c: see kept.h. */
#include "kept.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct kafka_kept_message {
    kafka_kept_message *next;
    char *topic;
    void *asked; /* _private */
    rd_kafka_headers_t *headers;
    bool has_value, has_key;
    size_t len, key_len;
    char bytes[]; /* value, then key */
};

/* The client gives messages up with its handle of a broker when a topic goes while they are on their way. */
bool kafka_may_come_back(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__DESTROY ||
           code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
}

static void free_message(kafka_kept_message *k) {
    if (k->headers) rd_kafka_headers_destroy(k->headers);
    free(k->topic);
    free(k);
}

bool kafka_keep(kafka_kept *kept, const rd_kafka_message_t *m) {
    kafka_kept_message *k = calloc(1, sizeof *k + m->len + m->key_len);
    rd_kafka_headers_t *headers;
    if (!k || !(k->topic = strdup(rd_kafka_topic_name(m->rkt)))) return free(k), false;
    k->asked = m->_private;
    k->has_value = m->payload != NULL;
    k->has_key = m->key != NULL;
    k->len = m->len;
    k->key_len = m->key_len;
    if (m->len) memcpy(k->bytes, m->payload, m->len);
    if (m->key_len) memcpy(k->bytes + m->len, m->key, m->key_len);
    if (!rd_kafka_message_headers(m, &headers)) k->headers = rd_kafka_headers_copy(headers);
    if (!kept->end) kept->end = &kept->first;
    *kept->end = k;
    kept->end = &k->next;
    return true;
}

rd_kafka_resp_err_t kafka_produce(rd_kafka_t *rk, rd_kafka_vu_t topic, const rd_kafka_message_t *m,
                                  rd_kafka_headers_t *headers) {
    rd_kafka_vu_t args[7] = {topic};
    size_t n = 1;
    args[n++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = m->partition};
    args[n++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {m->payload, m->len}};
    args[n++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {m->key, m->key_len}};
    args[n++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    args[n++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = m->_private};
    if (headers) args[n++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
    rd_kafka_error_t *error = rd_kafka_produceva(rk, args, n);
    rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (error && headers) rd_kafka_headers_destroy(headers); /* else they are the client's */
    if (error) rd_kafka_error_destroy(error);
    return code;
}

static rd_kafka_resp_err_t produce(kafka_kept_message *k, rd_kafka_t *rk) {
    rd_kafka_message_t m = {.partition = k->asked ? (int32_t)((intptr_t)k->asked - 1) : RD_KAFKA_PARTITION_UA,
                            .payload = k->has_value ? k->bytes : NULL,
                            .len = k->len,
                            .key = k->has_key ? k->bytes + k->len : NULL,
                            .key_len = k->key_len,
                            ._private = k->asked};
    rd_kafka_vu_t topic = {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = k->topic};
    return kafka_produce(rk, topic, &m, k->headers ? rd_kafka_headers_copy(k->headers) : NULL);
}

unsigned kafka_kept_send(kafka_kept *kept, rd_kafka_t *rk) {
    unsigned n_never = 0;
    for (kafka_kept_message *k; (k = kept->first);) {
        rd_kafka_resp_err_t code = produce(k, rk);
        bool is_never = code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && k->asked;
        if (code && !is_never) break;
        n_never += is_never;
        kept->first = k->next;
        free_message(k);
    }
    if (!kept->first) kept->end = NULL;
    return n_never;
}

void kafka_kept_clear(kafka_kept *kept) {
    for (kafka_kept_message *next, *k = kept->first; k; k = next) {
        next = k->next;
        free_message(k);
    }
    *kept = (kafka_kept){0};
}
