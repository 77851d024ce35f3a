/* sink.c: writes to topics of Kafka; see producer.h for what exactly-once does. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "producer.h"

enum {
    OPT_TOPIC = OPT_FIRST_OWN,
    OPT_PARTITION,
    OPT_KEY,
    OPT_HEADERS,
    OPT_TOMBSTONE,
    OPT_SEQUENCE,
    OPT_BINARY,
    OPT_TRANSACTION
};

static const weir_option options[] = {
    KAFKA_COMMON_OPTIONS,
    [OPT_TOPIC] = {"topic", WEIR_OPTION_TEMPLATE, true, NULL, NULL, "The topic; may hold {{attribute}}."},
    [OPT_PARTITION] =
        {"partition.no", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
         "The partition's number; may hold {{attribute}}. Without it the key decides, by the hash that "
         "Kafka's own client takes."},
    [OPT_KEY] = {"key", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                 "The message's key; may hold {{attribute}}."},
    [OPT_HEADERS] = {"headers", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                     "Headers, 'name:value,other:{{attribute}}'; a value can't hold ','."},
    [OPT_TOMBSTONE] = {"tombstone", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                       "'true', as of '{{deleted}}': the message has no value, which deletes its key in a "
                       "compacted topic."},
    [OPT_SEQUENCE] =
        {"sequence.id", WEIR_OPTION_TEXT, false, NULL, NULL,
         "Puts 'ID:NUMBER~' in front of each message, by which a source with seq.enabled drops duplicates."},
    [OPT_BINARY] = {"is.binary.message", WEIR_OPTION_BOOL, false, "false", NULL,
                    "With sequence.id: puts it there in binary form."},
    [OPT_TRANSACTION] =
        {"transactional.id", WEIR_OPTION_TEXT, false, NULL, NULL,
         "With exactly-once: the name of the app's transactions, the same after a restart, another for "
         "each running copy. Without it: weir-APP."},
    {0}};

#define BATCH        1000u
#define LONGEST_HEAD 256u
#define MOST_HEADERS 32u
#define LONGEST_TEXT 4096u

typedef struct kafka_sink {
    const weir_io_args *args;
    const weir_setting *set;
    char who[200];
    char transactional_id[256];
    bool is_transactional, is_binary;
    kafka_app *app;
    kafka_producer *producer;
    int64_t sequence;          /* of the next message */
    uint32_t n_done;           /* records of the output in hand that were taken */
    kafka_delivered delivered; /* with args->reports */
    rd_kafka_message_t batch[BATCH];
    uint32_t record_of[BATCH]; /* of the output in hand */
    char *heads;               /* bytes with sequence numbers in front, for a batch */
    size_t heads_cap;
    uint64_t n_dropped;
} kafka_sink;

static weir_status sink_open(void *self, const weir_io_args *args, weir_error *err) {
    kafka_sink *s = self;
    kafka_delivered_init(&s->delivered);
    s->args = args;
    s->set = args->settings->of;
    s->delivered.has_partitions = s->set[OPT_PARTITION].given;
    snprintf(s->who, sizeof s->who, "sink 'kafka' of '%.100s'", args->schema->stream);
    s->is_binary = s->set[OPT_BINARY].as.b;
    s->is_transactional = args->guarantee == WEIR_EXACTLY_ONCE;
    const char *id = s->set[OPT_TRANSACTION].text;
    if (id)
        snprintf(s->transactional_id, sizeof s->transactional_id, "%s", id);
    else
        snprintf(s->transactional_id, sizeof s->transactional_id, "weir-%.200s",
                 args->host ? args->host->app : "app");
    if (id && !s->is_transactional)
        return weir_fail(err, WEIR_ECONFIG, "transactional.id goes with @app:guarantee('exactly-once')");
    const char *sequence = s->set[OPT_SEQUENCE].text;
    if (sequence && (!*sequence || strlen(sequence) > 200 || strpbrk(sequence, ":~")))
        return weir_fail(err, WEIR_ECONFIG,
                         "sequence.id is '%s'; it takes up to 200 bytes without ':' and '~'", sequence);
    return kafka_producer_check(args, s->is_transactional ? s->transactional_id : NULL, err);
}

static weir_status sink_start(void *self, weir_error *err) {
    kafka_sink *s = self;
    if (!s->args->host || !s->args->host->shared)
        return weir_fail(err, WEIR_EUSAGE, "the engine shares nothing");
    s->app = s->args->host->shared(s->args->host->shared_ctx, "kafka", sizeof *s->app);
    if (!s->app) return wire_no_memory(err);
    WIRE_TRY(kafka_producer_get(s->app, s->args, s->is_transactional ? s->transactional_id : NULL,
                                s->args->reports ? &s->delivered : NULL, &s->producer, err));
    char *first = s->producer->first_topic;
    if (!first[0] && !s->set[OPT_TOPIC].slot)
        snprintf(first, sizeof s->producer->first_topic, "%s", s->set[OPT_TOPIC].text);
    return WEIR_OK;
}

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    kafka_sink *s = self;
    s->n_done = 0;
    s->sequence = 0;
    if (!saved) return kafka_transaction_recover(s->producer, last_epoch, NULL, err);
    WIRE_TRY(weir_read_version(saved, 3, err));
    s->sequence = weir_read_i64(saved);
    return kafka_transaction_recover(s->producer, last_epoch, saved, err);
}

static weir_status sink_begin(void *self, uint64_t epoch, weir_error *err) {
    kafka_sink *s = self;
    return kafka_transaction_begin(s->producer, epoch, err);
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* A record that Kafka will never take is told and left out: everything behind it would wait for it forever.
 * `record` is its number; only with reports. */
static void drop(kafka_sink *s, uint64_t record, const char *topic, size_t len, const char *why) {
    if (s->args->reports) return kafka_delivered_refuse(&s->delivered, record, topic, why);
    wire_count(&s->n_dropped, 1);
    wire_log(s->args->host, WEIR_LOG_ERROR,
             "%s: a message of %zu bytes for topic '%s' was dropped (%" PRIu64 " so far): %s", s->who, len,
             topic, s->n_dropped, why);
}

static bool read_partition(weir_text text, int32_t *out) {
    int64_t number = 0;
    *out = RD_KAFKA_PARTITION_UA;
    if (!text.bytes) return true;
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9' || number > INT32_MAX / 10) return false;
        number = number * 10 + (text.bytes[i] - '0');
    }
    *out = (int32_t)number;
    return text.len > 0;
}

/* Puts the sequence number in front, into `heads`, whose room was seen to. */
static void put_sequence(kafka_sink *s, char **at, rd_kafka_message_t *m) {
    char head[LONGEST_HEAD];
    int n = snprintf(head, sizeof head, "%s:%" PRId64 "~", s->set[OPT_SEQUENCE].text, s->sequence++);
    char *begin = *at, *to = begin;
    if (s->is_binary) {
        unsigned char len[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                                (unsigned char)n};
        memcpy(to, len, 4);
        to += 4;
    }
    memcpy(to, head, (size_t)n);
    if (m->len) memcpy(to + n, m->payload, m->len);
    *at = to + n + m->len;
    m->payload = begin;
    m->len = (size_t)(*at - begin);
}

static weir_status reserve_heads(kafka_sink *s, size_t bytes, uint32_t n, weir_error *err) {
    size_t need = bytes + (size_t)n * (LONGEST_HEAD + 4);
    if (s->heads_cap >= need) return WEIR_OK;
    char *bigger = realloc(s->heads, need);
    if (!bigger) return wire_no_memory(err);
    s->heads = bigger;
    s->heads_cap = need;
    return WEIR_OK;
}

/* Headers of one message, 'name:value,other:value'; NULL: none. */
static rd_kafka_headers_t *make_headers(weir_text text) {
    rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
    const char *at = text.bytes, *end = at + text.len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        const char *colon = memchr(at, ':', (size_t)(stop - at));
        while (at < stop && *at == ' ') at++;
        if (colon && colon > at) rd_kafka_header_add(headers, at, colon - at, colon + 1, stop - colon - 1);
        at = comma ? comma + 1 : end;
    }
    return headers;
}

/* One message by itself: with headers, or another try of one for which there was no room. */
static rd_kafka_resp_err_t produce_one(kafka_sink *s, rd_kafka_topic_t *topic, const rd_kafka_message_t *m,
                                       weir_text headers) {
    rd_kafka_vu_t to = {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic};
    return kafka_produce(s->producer->rk, to, m, headers.bytes ? make_headers(headers) : NULL);
}

static weir_status refused(kafka_sink *s, rd_kafka_topic_t *topic, const rd_kafka_message_t *m,
                           rd_kafka_resp_err_t code, weir_error *err) {
    uint64_t record = (uint64_t)(uintptr_t)m->_private - 1;
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return WEIR_OK;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        drop(s, record, rd_kafka_topic_name(topic), m->len, "it is larger than message.max.bytes");
        return WEIR_OK;
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        drop(s, record, rd_kafka_topic_name(topic), m->len, "the topic has no partition of that number");
        return WEIR_OK;
    default: break;
    }
    bool is_fatal = code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__FENCED;
    if (is_fatal) WIRE_TRY(kafka_producer_serve(s->producer, err)); /* says why */
    weir_fail(err, WEIR_EIO, "topic '%s': %s", rd_kafka_topic_name(topic), rd_kafka_err2str(code));
    if (err) err->fatal = is_fatal;
    if (err) err->retriable = !is_fatal;
    return WEIR_EIO;
}

/* The client's queue is bounded by what kafka_producer_room says, so that this is not met; yet it must not
 * lose. */
static rd_kafka_resp_err_t insist(kafka_sink *s, rd_kafka_topic_t *topic, const rd_kafka_message_t *m) {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__QUEUE_FULL;
    for (int i = 0; i < 500 && code == RD_KAFKA_RESP_ERR__QUEUE_FULL; i++) {
        rd_kafka_poll(s->producer->rk, 10);
        code = produce_one(s, topic, m, (weir_text){NULL, 0});
    }
    return code;
}

/* *n_sent: messages before the first that failed and is to be offered again. Any behind it that went out go
 * out twice. */
static weir_status send_batch(kafka_sink *s, rd_kafka_topic_t *topic, uint32_t n, uint32_t *n_sent,
                              weir_error *err) {
    if (n) rd_kafka_produce_batch(topic, 0, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION, s->batch, (int)n);
    for (*n_sent = 0; *n_sent < n; (*n_sent)++) {
        const rd_kafka_message_t *m = &s->batch[*n_sent];
        rd_kafka_resp_err_t code = m->err;
        if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) code = insist(s, topic, m);
        if (code) WIRE_TRY(refused(s, topic, m, code, err));
    }
    return WEIR_OK;
}

/* Record i as a message without its topic. False: it can't be one. */
static bool make_message(kafka_sink *s, const weir_output *out, uint32_t i, rd_kafka_message_t *m) {
    size_t begin = i ? out->record_end[i - 1] : 0;
    weir_text key = weir_output_option(out, &s->set[OPT_KEY], i);
    weir_text tombstone = weir_output_option(out, &s->set[OPT_TOMBSTONE], i);
    bool is_tombstone = tombstone.bytes && tombstone.len == 4 && strncasecmp(tombstone.bytes, "true", 4) == 0;
    memset(m, 0, sizeof *m);
    if (!is_tombstone) {
        m->payload = (void *)(uintptr_t)(out->bytes + begin);
        m->len = out->record_end[i] - begin;
    }
    m->key = (void *)(uintptr_t)key.bytes;
    m->key_len = key.bytes ? key.len : 0;
    weir_text partition = weir_output_option(out, &s->set[OPT_PARTITION], i);
    uint64_t record = s->delivered.n_taken + (i - s->n_done);
    if (read_partition(partition, &m->partition)) {
        m->_private = s->args->reports
                          ? (void *)(uintptr_t)(record + 1)
                          : (void *)(intptr_t)(m->partition + 1); /* what was asked for, to send it again */
        return true;
    }
    char why[80];
    snprintf(why, sizeof why, "partition.no is '%.30s', which is no number", partition.bytes);
    drop(s, record, weir_output_option(out, &s->set[OPT_TOPIC], i).bytes, m->len, why);
    return false;
}

static void taken(kafka_sink *s, uint32_t n) {
    s->n_done += n;
    if (s->args->reports) kafka_delivered_take(&s->delivered, n);
}

/* Sends records from n_done on: as many as are for one topic and fit into a batch. */
static weir_status send_run(kafka_sink *s, const weir_output *out, uint32_t limit, weir_error *err) {
    weir_text name = weir_output_option(out, &s->set[OPT_TOPIC], s->n_done);
    bool is_sequenced = s->set[OPT_SEQUENCE].given, has_headers = s->set[OPT_HEADERS].given;
    rd_kafka_topic_t *topic = kafka_producer_topic(s->producer, name.bytes, err);
    uint32_t first = s->n_done, i, n = 0, n_sent = 0;
    weir_status st = WEIR_OK;
    if (s->args->reports && !kafka_delivered_room(&s->delivered, limit < BATCH ? limit : BATCH))
        return wire_no_memory(err);
    if (!topic) {
        drop(s, s->delivered.n_taken, name.bytes, 0, err ? err->message : "there is no such topic");
        taken(s, 1);
        return WEIR_OK;
    }
    size_t begin = first ? out->record_end[first - 1] : 0;
    uint32_t stop = first + (limit < BATCH ? limit : BATCH);
    if (stop > out->n_records) stop = out->n_records;
    if (is_sequenced) WIRE_TRY(reserve_heads(s, out->record_end[stop - 1] - begin, stop - first, err));
    char *at = s->heads;
    for (i = first; i < stop; i++) {
        if (i > first && s->set[OPT_TOPIC].slot &&
            strcmp(weir_output_option(out, &s->set[OPT_TOPIC], i).bytes, name.bytes) != 0)
            break;
        if (!make_message(s, out, i, &s->batch[n])) continue;
        if (is_sequenced && s->batch[n].payload) put_sequence(s, &at, &s->batch[n]);
        if (!has_headers) {
            s->record_of[n++] = i;
            continue;
        }
        weir_text headers = weir_output_option(out, &s->set[OPT_HEADERS], i);
        st = refused(s, topic, &s->batch[n], produce_one(s, topic, &s->batch[n], headers), err);
        if (st != WEIR_OK) break;
    }
    kafka_transaction_touch(s->producer, name.bytes);
    if (st == WEIR_OK) st = send_batch(s, topic, n, &n_sent, err);
    if (st != WEIR_OK && n) i = s->record_of[n_sent];
    taken(s, i - first);
    return st;
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    kafka_sink *s = self;
    WIRE_TRY(kafka_producer_serve(s->producer, err));
    if (out->n_records > s->n_done) {
        size_t begin = s->n_done ? out->record_end[s->n_done - 1] : 0;
        double mean = (double)(out->len - begin) / (out->n_records - s->n_done) + 50;
        s->producer->mean_bytes += (mean - s->producer->mean_bytes) / 4;
    }
    while (s->n_done < out->n_records) {
        uint32_t room = kafka_producer_room(s->producer);
        if (!room) return WEIR_EAGAIN;
        weir_status st = send_run(s, out, room, err);
        if (st != WEIR_OK) return st; /* what is offered again goes on behind what was taken */
    }
    s->n_done = 0;
    return WEIR_OK;
}

static weir_status sink_flush(void *self, weir_error *err) {
    kafka_sink *s = self;
    WIRE_TRY(kafka_producer_serve(s->producer, err));
    return kafka_producer_room(s->producer) ? WEIR_OK : WEIR_EAGAIN;
}

/* ---- Epochs ------------------------------------------------------------------------------------------- */

static weir_status sink_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    kafka_sink *s = self;
    (void)epoch;
    WIRE_TRY(kafka_producer_deliver(s->producer, err));
    if (!w) return WEIR_OK;
    weir_write_u32(w, 3);
    weir_write_i64(w, s->sequence);
    kafka_transaction_save(s->producer, w);
    return WEIR_OK;
}

static weir_status sink_enlist(void *self, uint64_t epoch, const void *native_position, weir_error *err) {
    kafka_sink *s = self;
    (void)epoch;
    return native_position ? kafka_transaction_enlist(s->producer, native_position, err) : WEIR_OK;
}

static weir_status sink_commit(void *self, uint64_t epoch, weir_error *err) {
    return kafka_transaction_commit(((kafka_sink *)self)->producer, epoch, err);
}

static weir_status sink_abort(void *self, uint64_t epoch, weir_error *err) {
    kafka_sink *s = self;
    (void)epoch;
    s->n_done = 0;
    return kafka_transaction_abort(s->producer, err);
}

static int64_t sink_commit_by_ms(const void *self) {
    const kafka_sink *s = self;
    return s->producer ? kafka_transaction_commit_by_ms(s->producer) : INT64_MAX;
}

/* ---- What became of records --------------------------------------------------------------------------- */

static uint64_t sink_settled(const void *self) { return ((const kafka_sink *)self)->delivered.first; }

static bool sink_refused(void *self, weir_refusal *out) {
    return wire_refusals_take(&((kafka_sink *)self)->delivered.refusals, out);
}

static bool sink_is_away(const void *self) {
    const kafka_sink *s = self;
    return s->producer && (s->producer->link.is_down || s->delivered.has_failed);
}

/* What the client has is not to be sent any more: another client takes its place. */
static void sink_forget(void *self) {
    kafka_sink *s = self;
    weir_error err = {0};
    kafka_delivered_forget(&s->delivered);
    s->n_done = 0;
    if (s->producer && kafka_producer_renew(s->producer, &err) != WEIR_OK)
        wire_log(s->args->host, WEIR_LOG_ERROR, "%s: %s", s->who, err.message);
}

static uint64_t sink_dropped(const void *self) {
    const kafka_sink *s = self;
    return wire_counted(&s->n_dropped);
}

static const char *sink_state(const void *self) {
    const kafka_sink *s = self;
    return s->producer && s->producer->link.is_down ? "no broker can be reached" : "";
}

static size_t sink_bytes(const void *self) {
    const kafka_sink *s = self;
    return s->heads_cap + s->delivered.cap +
           (s->producer ? (size_t)(rd_kafka_outq_len(s->producer->rk) * s->producer->mean_bytes) : 0);
}

static void sink_close(void *self) {
    kafka_sink *s = self;
    if (s->app) kafka_producer_put(s->app, s->producer);
    kafka_delivered_fini(&s->delivered);
    free(s->heads);
}

const weir_sink_type kafka_sink_type = {
    .struct_size = sizeof kafka_sink_type,
    .name = "kafka",
    .doc =
        "Writes to topics of Kafka: at least once, or with @app:guarantee('exactly-once') in transactions.",
    .example = "@sink(type='kafka', topic='alerts', key='{{station}}', bootstrap.servers='localhost:9092', "
               "@map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_EXACTLY_ONCE,
    .family = "kafka",
    .state_size = sizeof(kafka_sink),
    .open = sink_open,
    .start = sink_start,
    .recover = sink_recover,
    .begin = sink_begin,
    .write = sink_write,
    .flush = sink_flush,
    .prepare = sink_prepare,
    .enlist = sink_enlist,
    .commit = sink_commit,
    .abort = sink_abort,
    .bytes = sink_bytes,
    .close = sink_close,
    .state = sink_state,
    .dropped = sink_dropped,
    .settled = sink_settled,
    .refused = sink_refused,
    .forget = sink_forget,
    .is_away = sink_is_away,
    .commit_by_ms = sink_commit_by_ms,
};
