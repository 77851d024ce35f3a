/* producer.c: see producer.h. */
#include "producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELD_BYTES   ((double)(64 << 20)) /* on their way, about */
#define HELD_MOST    200000.0
#define HELD_LEAST   64.0
#define DELIVER_NS   ((int64_t)5 * 1000000000) /* with transactions six times as long */
#define LAST_WAIT_MS 5000

/* What may be delivered another time is given back as a whole: see kafka_sink's is_away. */
static void report(kafka_producer *p, const rd_kafka_message_t *m) {
    uint64_t record = (uint64_t)(uintptr_t)m->_private - 1;
    if (!m->err) {
        p->link.is_down = false;
        kafka_delivered_settle(p->delivered, record);
    } else if (kafka_may_come_back(m->err) &&
               !(p->delivered->has_partitions && m->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION))
        p->delivered->has_failed = true;
    else
        kafka_delivered_refuse(p->delivered, record, m->rkt ? rd_kafka_topic_name(m->rkt) : "?",
                               rd_kafka_err2str(m->err));
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    kafka_producer *p = opaque;
    (void)rk;
    if (m->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || m->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) return;
    if (p->delivered) return report(p, m);
    if (!m->err) return;
    if (!p->n_undelivered++) {
        p->failure = m->err;
        wire_log(p->link.host, WEIR_LOG_ERROR, "%s: a message for topic '%s' could not be delivered: %s",
                 p->who, m->rkt ? rd_kafka_topic_name(m->rkt) : "?", rd_kafka_err2str(m->err));
    }
    bool is_kept = !p->transactional_id && m->rkt && kafka_may_come_back(m->err) && kafka_keep(&p->kept, m);
    p->n_unkept += !is_kept;
}

/* What failed, was told and may have a topic again goes out once more. */
static void try_again(kafka_producer *p) {
    if (!p->has_told || p->n_unkept) return;
    unsigned n_never = kafka_kept_send(&p->kept, p->rk);
    if (n_never)
        wire_log(p->link.host, WEIR_LOG_ERROR,
                 "%s: %u message(s) were dropped: their topic has no partition of that number any more",
                 p->who, n_never);
    if (p->kept.first) return;
    p->has_told = false;
    p->n_undelivered = 0;
}

static weir_status make_conf(const weir_io_args *args, const char *transactional_id, bool reports,
                             rd_kafka_conf_t **out, weir_error *err) {
    static const char *const usual[][2] = {
        {"partitioner", "murmur2_random"}, /* as Kafka's own client */
        {"linger.ms", "2"},
        {"queue.buffering.max.messages", "1000000"},
        {"queue.buffering.max.kbytes", "2097151"}, /* kafka_producer_room bounds it */
        {"enable.idempotence", "true"}};
    weir_status st = kafka_conf_new(args->settings, false, NULL, out, err);
    if (st != WEIR_OK) return st;
    st = kafka_conf_set(*out, "delivery.report.only.error", reports ? "false" : "true", err);
    for (size_t i = 0; st == WEIR_OK && i < sizeof usual / sizeof *usual; i++)
        st = kafka_conf_default(*out, args->settings, usual[i][0], usual[i][1], err);
    if (st == WEIR_OK && transactional_id) {
        st = kafka_conf_set(*out, "transactional.id", transactional_id, err);
        /* A coordinator that is still busy with the last transaction is asked again at once. */
        if (st == WEIR_OK) st = kafka_conf_default(*out, args->settings, "retry.backoff.ms", "10", err);
        /* What a process that is gone has left open keeps others from its partitions for that long. */
        if (st == WEIR_OK && !kafka_conf_is_said(args->settings, "message.timeout.ms"))
            st = kafka_conf_default(*out, args->settings, "transaction.timeout.ms", "10000", err);
    } else if (st == WEIR_OK)
        st = kafka_conf_default(*out, args->settings, "message.timeout.ms", "0", err); /* never give up */
    if (st != WEIR_OK) rd_kafka_conf_destroy(*out);
    return st;
}

weir_status kafka_producer_check(const weir_io_args *args, const char *transactional_id, weir_error *err) {
    rd_kafka_conf_t *conf;
    WIRE_TRY(make_conf(args, transactional_id, false, &conf, err));
    rd_kafka_conf_destroy(conf);
    return WEIR_OK;
}

static weir_status open_client(kafka_producer *p, weir_error *err) {
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(p->conf);
    p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (!p->rk) {
        rd_kafka_conf_destroy(conf);
        return weir_fail(err, WEIR_ECONFIG, "%s", why);
    }
    rd_kafka_set_log_queue(p->rk, NULL);
    return WEIR_OK;
}

static void close_client(kafka_producer *p) {
    for (uint32_t i = 0; i < p->n_topics; i++) {
        rd_kafka_topic_destroy(p->topics[i].handle);
        free(p->topics[i].name);
    }
    p->n_topics = 0;
    if (!p->rk) return;
    /* What is open was not committed: without purging, the end would wait for it. */
    rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    kafka_destroy(p->rk, &p->link);
    p->rk = NULL;
}

weir_status kafka_producer_renew(kafka_producer *p, weir_error *err) {
    close_client(p);
    p->has_id = p->is_initialised = p->is_fenced = false;
    p->n_undelivered = p->n_unkept = 0;
    p->link.is_down = false; /* until this one finds out */
    p->open_epoch = p->committed_epoch = 0;
    return open_client(p, err);
}

static int last_wait_ms(const kafka_producer *p) {
    int64_t now = wire_now_ns(),
            left = wire_no_later_ns(p->link.host, now + (int64_t)LAST_WAIT_MS * 1000000) - now;
    return left > 0 ? (int)(left / 1000000) : 0;
}

static int64_t transaction_ms(const rd_kafka_conf_t *conf) {
    char text[24] = "";
    size_t size = sizeof text;
    return rd_kafka_conf_get(conf, "transaction.timeout.ms", text, &size) == RD_KAFKA_CONF_OK
               ? strtoll(text, NULL, 10)
               : INT64_MAX / 4;
}

static void free_producer(kafka_producer *p) {
    if (p->rk && !p->transactional_id) rd_kafka_flush(p->rk, last_wait_ms(p));
    if (p->rk && p->open_epoch) { /* so that nobody waits for it to time out */
        rd_kafka_error_t *error = rd_kafka_abort_transaction(p->rk, last_wait_ms(p));
        if (error) rd_kafka_error_destroy(error);
    }
    close_client(p);
    kafka_kept_clear(&p->kept);
    if (p->conf) rd_kafka_conf_destroy(p->conf);
    kafka_owner_fini(&p->owner);
    kafka_transaction_forget(p);
    free(p->topics);
    free(p->conf_text);
    free(p->transactional_id);
    free(p);
}

static weir_status new_producer(const weir_io_args *args, const char *transactional_id,
                                kafka_delivered *delivered, char *conf_text, kafka_producer **out,
                                weir_error *err) {
    kafka_producer *p = calloc(1, sizeof *p);
    if (!p) {
        free(conf_text);
        return wire_no_memory(err);
    }
    p->conf_text = conf_text;
    p->delivered = delivered;
    p->mean_bytes = 100;
    snprintf(p->who, sizeof p->who, "sink 'kafka'");
    p->link = (kafka_link){.host = args->host, .who = p->who};
    p->transactional_id = transactional_id ? strdup(transactional_id) : NULL;
    weir_status st = transactional_id && !p->transactional_id
                         ? wire_no_memory(err)
                         : make_conf(args, transactional_id, delivered != NULL, &p->conf, err);
    if (st == WEIR_OK) {
        p->lasts_ms = transaction_ms(p->conf);
        p->began_ms = INT64_MAX;
        rd_kafka_conf_set_opaque(p->conf, p);
        kafka_conf_link(p->conf);
        rd_kafka_conf_set_dr_msg_cb(p->conf, on_delivery);
        st = open_client(p, err);
    }
    if (st != WEIR_OK) {
        free_producer(p);
        return st;
    }
    *out = p;
    return WEIR_OK;
}

weir_status kafka_producer_get(kafka_app *app, const weir_io_args *args, const char *transactional_id,
                               kafka_delivered *delivered, kafka_producer **out, weir_error *err) {
    char *text = kafka_conf_text(args->settings);
    if (!text) return wire_no_memory(err);
    for (kafka_producer *p = app->producers; p; p = p->next) {
        bool is_same =
            strcmp(p->conf_text, text) == 0 && strcmp(p->transactional_id ? p->transactional_id : "",
                                                      transactional_id ? transactional_id : "") == 0;
        if (p->delivered || delivered) continue;
        if (!is_same && !(p->transactional_id && transactional_id)) continue;
        free(text);
        if (!is_same)
            return weir_fail(err, WEIR_ECONFIG,
                             "with exactly-once all Kafka sinks of an app must have the same connection and "
                             "transactional.id: "
                             "one transaction can't be in two clusters");
        p->n_users++;
        *out = p;
        return WEIR_OK;
    }
    WIRE_TRY(new_producer(args, transactional_id, delivered, text, out, err));
    (*out)->n_users = 1;
    (*out)->next = app->producers;
    app->producers = *out;
    return WEIR_OK;
}

void kafka_producer_put(kafka_app *app, kafka_producer *p) {
    if (!p || --p->n_users) return;
    for (kafka_producer **at = &app->producers; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    free_producer(p);
}

/* ---- Topics ------------------------------------------------------------------------------------------- */

static uint32_t seek_topic(const kafka_producer *p, const char *name, bool *found) {
    uint32_t low = 0, high = p->n_topics;
    *found = false;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = strcmp(p->topics[mid].name, name);
        if (c == 0) return *found = true, mid;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

rd_kafka_topic_t *kafka_producer_topic(kafka_producer *p, const char *name, weir_error *err) {
    bool found;
    if (p->last_topic < p->n_topics && strcmp(p->topics[p->last_topic].name, name) == 0)
        return p->topics[p->last_topic].handle;
    uint32_t at = seek_topic(p, name, &found);
    if (!found) {
        if (p->n_topics == p->cap_topics) {
            uint32_t cap = p->cap_topics ? p->cap_topics * 2 : 8;
            kafka_topic *bigger = realloc(p->topics, cap * sizeof *bigger);
            if (!bigger) return wire_no_memory(err), NULL;
            p->topics = bigger;
            p->cap_topics = cap;
        }
        rd_kafka_topic_t *handle = rd_kafka_topic_new(p->rk, name, NULL);
        char *copy = handle ? strdup(name) : NULL;
        if (!copy) {
            weir_fail(err, WEIR_EVALUE, "topic '%s': %s", name, rd_kafka_err2str(rd_kafka_last_error()));
            if (handle) rd_kafka_topic_destroy(handle);
            return NULL;
        }
        memmove(p->topics + at + 1, p->topics + at, (p->n_topics - at) * sizeof *p->topics);
        p->topics[at] = (kafka_topic){copy, handle};
        p->n_topics++;
    }
    p->last_topic = at;
    return p->topics[at].handle;
}

/* ---- Delivery ----------------------------------------------------------------------------------------- */

uint32_t kafka_producer_room(const kafka_producer *p) {
    double most = HELD_BYTES / p->mean_bytes, held = (double)rd_kafka_outq_len(p->rk);
    most = most > HELD_MOST ? HELD_MOST : most < HELD_LEAST ? HELD_LEAST : most;
    return held < most ? (uint32_t)(most - held) : 0;
}

static weir_status lost(kafka_producer *p, weir_error *err) {
    char why[256];
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(p->rk, why, sizeof why);
    if (fatal) {
        weir_fail(err, WEIR_EIO, "%s", why);
        p->is_fenced = p->transactional_id && kafka_owner_is_fence(fatal);
        if (err) err->fatal = !p->is_fenced;
        if (err) err->retriable = p->is_fenced;
        return WEIR_EIO;
    }
    if (!p->n_undelivered) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "%llu message(s) could not be delivered: %s",
              (unsigned long long)p->n_undelivered, rd_kafka_err2str(p->failure));
    /* A transaction is undone and done again. */
    if (err) err->retriable = p->transactional_id || !p->n_unkept;
    p->has_told = true;
    return WEIR_EIO;
}

weir_status kafka_producer_serve(kafka_producer *p, weir_error *err) {
    if (!p->rk) WIRE_TRY(open_client(p, err)); /* the last one could not be replaced */
    try_again(p);
    rd_kafka_poll(p->rk, 0);
    return lost(p, err);
}

weir_status kafka_producer_deliver(kafka_producer *p, weir_error *err) {
    int64_t give_up = wire_now_ns() + DELIVER_NS * (p->transactional_id ? 6 : 1);
    try_again(p);
    rd_kafka_poll(p->rk, 0);
    bool has_some = rd_kafka_outq_len(p->rk) > 0; /* else nothing is learned of the brokers */
    /* The client tells of failures only, so that it wakes nobody when the last message is there: it looks
     * again after what it may wait, or ten milliseconds. */
    for (int wait_ms = 1;; wait_ms = wait_ms < 200 ? wait_ms * 2 : wait_ms) {
        rd_kafka_resp_err_t why = rd_kafka_flush(p->rk, wait_ms);
        WIRE_TRY(lost(p, err));
        if (!why) return p->link.is_down &= !has_some, WEIR_OK;
        if (wire_now_ns() < wire_no_later_ns(p->link.host, give_up)) continue;
        weir_fail(err, WEIR_EIO, "%d message(s) are not delivered yet", rd_kafka_outq_len(p->rk));
        if (err) err->retriable = true;
        return WEIR_EIO;
    }
}
