/* source.c: reads topics of Kafka. See source.h for positions and rebalances. */
#include "source.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
    OPT_TOPICS = OPT_FIRST_OWN,
    OPT_GROUP,
    OPT_PARTITIONS,
    OPT_THREADING,
    OPT_START,
    OPT_OFFSETS_MAP,
    OPT_SEQUENCED,
    OPT_BINARY,
    OPT_COMMIT,
    OPT_COMMIT_ASYNC,
    OPT_TOMBSTONES,
    OPT_STOP
};

static const weir_option options[] = {
    KAFKA_COMMON_OPTIONS,
    [OPT_TOPICS] = {"topic.list", WEIR_OPTION_TEXT, true, NULL, NULL,
                    "Topics, with ',' between them; '^wind-.*' is a regular expression."},
    [OPT_GROUP] = {"group.id", WEIR_OPTION_TEXT, true, NULL, NULL,
                   "Members of a group share the partitions; the group's positions are kept by the brokers."},
    [OPT_PARTITIONS] = {"partition.no.list", WEIR_OPTION_TEXT, false, NULL, NULL,
                        "Reads these partitions of each topic, '0,1', whoever else is in the group."},
    [OPT_THREADING] = {"threading.option", WEIR_OPTION_CHOICE, false, "single.thread",
                       "single.thread|topic.wise|partition.wise",
                       "As in Siddhi; the client fetches all partitions at once in any case."},
    [OPT_START] =
        {"start.from", WEIR_OPTION_TEXT, false, NULL, NULL,
         "Where to begin when neither a checkpoint nor the group has a position: 'earliest' (unless "
         "auto.offset.reset says else), 'latest', an offset, or a time, '2026-01-31T12:00:00Z'."},
    [OPT_OFFSETS_MAP] = {"topic.offsets.map", WEIR_OPTION_TEXT, false, NULL, NULL,
                         "Begins behind these offsets, 'topic=100,other=50', unless there is a checkpoint."},
    [OPT_SEQUENCED] = {"seq.enabled", WEIR_OPTION_BOOL, false, "false", NULL,
                       "Messages carry a sink's sequence.id: what was seen before is dropped."},
    [OPT_BINARY] = {"is.binary.message", WEIR_OPTION_BOOL, false, "false", NULL,
                    "Sequence numbers are in front in binary form."},
    [OPT_COMMIT] = {"enable.offsets.commit", WEIR_OPTION_BOOL, false, "true", NULL,
                    "Commits positions to the group after each checkpoint."},
    [OPT_COMMIT_ASYNC] = {"enable.async.commit", WEIR_OPTION_BOOL, false, "true", NULL,
                          "Does not wait for them."},
    [OPT_TOMBSTONES] = {"tombstones", WEIR_OPTION_CHOICE, false, "row", "row|skip",
                        "A message without a value makes a row with its properties and else nulls, or none."},
    [OPT_STOP] = {"stop.at.end", WEIR_OPTION_BOOL, false, "false", NULL,
                  "Ends when every partition has been read to its end."},
    {0}};

static const weir_property properties[] = {
    {"topic", "The topic's name."},
    {"partition", "The partition's number."},
    {"offset", "The message's offset."},
    {"key", "The message's key."},
    {"record.timestamp", "The record's time, ms."},
    {"event.timestamp", "The same: the time that the row has, unless event.time says else."},
    {"tombstone", "true when the message has no value."},
    {"*", "The header of that name; the last one if there are several."},
    {0}};

/* ---- Opening ------------------------------------------------------------------------------------------ */

typedef struct topics_read {
    kafka_source *s;
    const char *partitions; /* NULL: to be subscribed to */
    char topic[256];
} topics_read;

static weir_status add_partition(void *ctx, const char *item, size_t len, weir_error *err) {
    topics_read *t = ctx;
    int64_t number = 0;
    for (size_t i = 0; i < len; i++) {
        if (item[i] < '0' || item[i] > '9' || number > 1000000)
            return weir_fail(err, WEIR_ECONFIG, "partition.no.list has '%.*s'; it takes numbers: '0,1'",
                             (int)len, item);
        number = number * 10 + (item[i] - '0');
    }
    if (!rd_kafka_topic_partition_list_find(t->s->topics, t->topic, (int32_t)number))
        rd_kafka_topic_partition_list_add(t->s->topics, t->topic, (int32_t)number);
    return WEIR_OK;
}

static weir_status add_topic(void *ctx, const char *item, size_t len, weir_error *err) {
    topics_read *t = ctx;
    if (len >= sizeof t->topic) return weir_fail(err, WEIR_ECONFIG, "a name in topic.list is too long");
    memcpy(t->topic, item, len);
    t->topic[len] = 0;
    t->s->is_pattern |= *item == '^';
    if (!t->partitions) {
        rd_kafka_topic_partition_list_add(t->s->topics, t->topic, RD_KAFKA_PARTITION_UA);
        return WEIR_OK;
    }
    if (*item == '^')
        return weir_fail(err, WEIR_ECONFIG, "partition.no.list goes with names of topics only, not with '%s'",
                         t->topic);
    return kafka_each_item(t->partitions, add_partition, t, err);
}

static weir_status read_topics(kafka_source *s, const weir_setting *set, weir_error *err) {
    topics_read t = {.s = s, .partitions = set[OPT_PARTITIONS].text};
    s->has_partitions = t.partitions != NULL;
    s->topics = rd_kafka_topic_partition_list_new(4);
    WIRE_TRY(kafka_each_item(set[OPT_TOPICS].text, add_topic, &t, err));
    if (!s->topics->cnt) return weir_fail(err, WEIR_ECONFIG, "topic.list names no topic");
    if (set[OPT_THREADING].as.l == 2 && !s->has_partitions)
        return weir_fail(err, WEIR_ECONFIG, "threading.option='partition.wise' needs partition.no.list");
    return WEIR_OK;
}

/* '2026-01-31T12:00:00Z', without Z the same: UTC. */
static bool read_time(const char *text, int64_t *ms) {
    struct tm t = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    if (!rest || (*rest && strcmp(rest, "Z") != 0)) return false;
    *ms = (int64_t)timegm(&t) * 1000;
    return true;
}

static weir_status read_start(kafka_source *s, const char *text, const char *reset, weir_error *err) {
    const char *from = text ? text : reset ? reset : "earliest";
    char *end;
    if (strcasecmp(from, "earliest") == 0) return s->start = KAFKA_EARLIEST, WEIR_OK;
    if (strcasecmp(from, "latest") == 0) return s->start = KAFKA_LATEST, WEIR_OK;
    if (strcasecmp(from, "none") == 0) return s->start = KAFKA_NONE, WEIR_OK;
    s->start = KAFKA_AT_TIME;
    if (read_time(from, &s->start_at)) return WEIR_OK;
    s->start = KAFKA_AT_OFFSET;
    s->start_at = strtoll(from, &end, 10);
    if (isdigit((unsigned char)*from) && !*end) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG,
                     "start.from is '%s'; it takes 'earliest', 'latest', an offset or a time such as "
                     "'2026-01-31T12:00:00Z'",
                     from);
}

static weir_status source_open(void *self, const weir_io_args *args, weir_error *err) {
    kafka_source *s = self;
    const weir_setting *set = args->settings->of;
    rd_kafka_conf_t *conf;
    const char *reset = NULL;
    s->args = args;
    s->wake[0] = s->wake[1] = -1;
    snprintf(s->who, sizeof s->who, "source 'kafka' of '%.100s'", args->schema->stream);
    s->link = (kafka_link){.host = args->host, .who = s->who};
    s->group = set[OPT_GROUP].text;
    s->guarantee = args->guarantee;
    s->commits = set[OPT_COMMIT].as.b;
    s->commits_async = set[OPT_COMMIT_ASYNC].as.b;
    s->stops_at_end = set[OPT_STOP].as.b;
    s->skips_tombstones = set[OPT_TOMBSTONES].as.l == 1;
    s->offsets_map = set[OPT_OFFSETS_MAP].text;
    (void)wire_draw_hex(s->identity, (sizeof s->identity - 1) / 2);
    WIRE_TRY(read_topics(s, set, err));
    if (s->offsets_map) WIRE_TRY(kafka_offsets_map_check(s->offsets_map, err));
    WIRE_TRY(kafka_source_conf(s, &conf, &reset, err));
    rd_kafka_conf_destroy(conf);
    WIRE_TRY(read_start(s, set[OPT_START].text, reset, err));
    s->lost = !reset ? KAFKA_NONE : strcmp(reset, "latest") == 0 ? KAFKA_LATEST : KAFKA_EARLIEST;
    if (reset && strcmp(reset, "none") == 0) s->lost = KAFKA_NONE;
    if (set[OPT_SEQUENCED].as.b && !(s->sequences = kafka_sequences_new(set[OPT_BINARY].as.b)))
        return wire_no_memory(err);
    return kafka_properties_open(s, err);
}

static weir_status source_start(void *self, weir_error *err) {
    kafka_source *s = self;
    s->batch = calloc(KAFKA_SHOWN, sizeof *s->batch);
    s->of = calloc(KAFKA_SHOWN, sizeof *s->of);
    s->messages = calloc(KAFKA_SHOWN, sizeof *s->messages);
    if (!s->batch || !s->of || !s->messages) return wire_no_memory(err);
    return kafka_source_open_client(s, err);
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

/* The position is no longer there: the log was cut by retention, or the topic is another one of the same
 * name. */
static weir_status on_lost(kafka_source *s, kafka_partition *p, weir_error *err) {
    if (s->lost == KAFKA_NONE) {
        weir_fail(err, WEIR_EIO,
                  "the message %s[%d]@%" PRId64
                  " is no longer there: it fell out of the topic's retention, or the "
                  "topic was made anew",
                  p->topic, p->number, p->next);
        if (err)
            snprintf(err->hint, sizeof err->hint,
                     "auto.offset.reset:earliest (or latest) in optional.configuration goes on with what "
                     "there is");
        return WEIR_EIO;
    }
    int64_t to = s->lost == KAFKA_LATEST ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
    wire_log(s->link.host, WEIR_LOG_WARN, "%s: %s[%d]@%" PRId64 " is no longer there; going on at the %s",
             s->who, p->topic, p->number, p->next, to == RD_KAFKA_OFFSET_END ? "end" : "beginning");
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, p->topic, p->number)->offset = to;
    rd_kafka_error_t *failed = rd_kafka_seek_partitions(s->rk, one, 0);
    if (failed) rd_kafka_error_destroy(failed);
    rd_kafka_topic_partition_list_destroy(one);
    return WEIR_OK;
}

/* What comes instead of a message. */
static weir_status on_event(kafka_source *s, const rd_kafka_message_t *m, weir_error *err) {
    kafka_partition *p = kafka_partitions_of(&s->partitions, m);
    switch (m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (p) p->is_at_end = true;
        return WEIR_OK;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return p && p->is_ours ? on_lost(s, p, err) : WEIR_OK;
    case RD_KAFKA_RESP_ERR__FATAL: {
        char why[256];
        /* A broker that lost its last writes in a crash knows an older life of this member. */
        s->is_fenced = rd_kafka_fatal_error(s->rk, why, sizeof why) == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
        if (s->is_fenced) return WEIR_OK;
        weir_fail(err, WEIR_EIO, "%s", rd_kafka_message_errstr(m));
        if (err) err->fatal = true;
        return WEIR_EIO;
    }
    default: break; /* the client goes on trying */
    }
    if (p && p->is_broken) return WEIR_OK;
    if (p) p->is_broken = true;
    wire_log(s->link.host, WEIR_LOG_WARN, "%s: %s", s->who, rd_kafka_message_errstr(m));
    return WEIR_OK;
}

/* Of the n messages of the batch, keeps those that the app gets. */
static weir_status sort_out(kafka_source *s, uint32_t n, weir_error *err) {
    weir_status st = WEIR_OK;
    s->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        rd_kafka_message_t *m = s->batch[i];
        kafka_partition *p = m->err ? NULL : kafka_partitions_of(&s->partitions, m);
        bool is_wanted = p && p->is_ours && st == WEIR_OK;
        if (m->err && st == WEIR_OK) st = on_event(s, m, err);
        if (is_wanted) {
            s->batch[s->n] = m;
            s->of[s->n] = (uint32_t)(p - s->partitions.of);
            p->is_at_end = p->is_broken = false;
            if (kafka_source_show(s, s->n)) {
                s->n++;
                continue;
            }
            if (s->n == 0) p->next = m->offset + 1; /* nothing before it waits to be consumed */
        }
        rd_kafka_message_destroy(m);
    }
    return st;
}

static bool is_all_read(const kafka_source *s) {
    if (!s->stops_at_end || !s->is_assigned_once || s->coming) return false;
    for (uint32_t i = 0; i < s->partitions.n; i++)
        if (s->partitions.of[i].is_ours && !s->partitions.of[i].is_at_end) return false;
    return true;
}

static weir_status show_rest(kafka_source *s, weir_input *in) {
    return wire_show_rest(in, s->messages, s->n, s->n_used, &s->shown_from);
}

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    kafka_source *s = self;
    (void)rows;
    *in = (weir_input){.shape = WEIR_SHAPE_MESSAGES, .wait_ms = -1};
    if (s->n_used < s->n) return show_rest(s, in);
    kafka_source_drop_shown(s);
    kafka_wake_drain(s->wake);
    if (s->is_fenced) WIRE_TRY(kafka_source_reopen(s, err));
    weir_status st = kafka_source_take(s, err);
    if (st == WEIR_EAGAIN) in->wait_ms = 20;
    if (st != WEIR_OK && st != WEIR_EAGAIN) return st;
    if (s->going && !s->coming)
        return in->wait_ms = 50, WEIR_EAGAIN; /* until the checkpoint that was asked for */
    ssize_t got = rd_kafka_consume_batch_queue(s->queue, 0, s->batch, KAFKA_SHOWN);
    if (got > 0) s->link.is_down = false;
    WIRE_TRY(sort_out(s, (uint32_t)(got > 0 ? got : 0), err));
    if (s->n) return show_rest(s, in);
    if (is_all_read(s)) return WEIR_EEND;
    if (got > 0 || ((s->coming || s->going) && st == WEIR_OK)) in->wait_ms = 0;
    return WEIR_EAGAIN;
}

static void source_consume(void *self, size_t n) {
    kafka_source *s = self;
    for (; n && s->n_used < s->n; n--, s->n_used++)
        s->partitions.of[s->of[s->n_used]].next = s->batch[s->n_used]->offset + 1;
}

static int source_wake_fd(const void *self) { return ((const kafka_source *)self)->wake[0]; }

/* ---- Positions ---------------------------------------------------------------------------------------- */

static weir_status source_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    kafka_source *s = self;
    if (s->must_go_back) {
        weir_fail(err, WEIR_EIO, "partitions were lost to others before what was read of them was committed");
        if (err) err->retriable = true;
        return WEIR_EIO;
    }
    s->has_fresh_start = false;
    weir_write_u32(w, 1);
    kafka_write_text(w, s->identity);
    kafka_partitions_save(&s->partitions, w);
    kafka_sequences_save(s->sequences, w);
    kafka_source_note_positions(s, epoch);
    return WEIR_OK;
}

static weir_status source_seek(void *self, weir_reader *r, weir_error *err) {
    kafka_source *s = self;
    WIRE_TRY(weir_read_version(r, 1, err));
    WIRE_TRY(kafka_read_text(r, s->identity, sizeof s->identity, err));
    WIRE_TRY(kafka_partitions_load(&s->partitions, r, &s->has_checkpoint, err));
    WIRE_TRY(kafka_sequences_load(s->sequences, r, err));
    if (!s->rk) return WEIR_OK;
    kafka_source_drop_shown(s);
    return kafka_source_reseek(s, err);
}

static bool source_wants_checkpoint(const void *self) {
    const kafka_source *s = self;
    return (s->going || s->has_fresh_start || s->must_go_back) && s->n == s->n_used;
}

static void source_ack(void *self, uint64_t epoch) {
    kafka_source *s = self;
    if (s->acked_epoch != epoch) return;
    /* With a transaction of a Kafka sink's (native) they are committed already. */
    if (s->commits && (s->guarantee != WEIR_EXACTLY_ONCE || !s->native))
        kafka_source_commit(s, s->going || !s->commits_async);
    if (s->n == s->n_used) kafka_source_give_back(s);
}

static const void *source_native_position(void *self) {
    kafka_source *s = self;
    if (!s->native && !(s->native = calloc(1, sizeof *s->native))) return NULL;
    if (s->native->group) rd_kafka_consumer_group_metadata_destroy(s->native->group);
    s->native->group = rd_kafka_consumer_group_metadata(s->rk);
    s->native->positions = s->acked;
    return s->native;
}

static void pause_or_resume(kafka_source *s, bool pauses) {
    if (!s->rk || s->is_paused == pauses) return;
    rd_kafka_topic_partition_list_t *ours = kafka_partitions_list(&s->partitions, false);
    if (ours && pauses) rd_kafka_pause_partitions(s->rk, ours);
    if (ours && !pauses) rd_kafka_resume_partitions(s->rk, ours);
    if (ours) rd_kafka_topic_partition_list_destroy(ours);
    s->is_paused = pauses;
}
static void source_pause(void *self) { pause_or_resume(self, true); }
static void source_resume(void *self) { pause_or_resume(self, false); }

static int64_t source_lag(const void *self) {
    const kafka_source *s = self;
    int64_t sum = 0;
    for (uint32_t i = 0; s->rk && i < s->partitions.n; i++) {
        const kafka_partition *p = &s->partitions.of[i];
        int64_t low, high;
        if (!p->is_ours || rd_kafka_get_watermark_offsets(s->rk, p->topic, p->number, &low, &high) ||
            high < 0)
            continue;
        int64_t from = p->next < low ? low : p->next;
        sum += high > from ? high - from : 0;
    }
    return s->rk ? sum : -1;
}

static const char *source_state(const void *self) {
    const kafka_source *s = self;
    return s->link.is_down ? "no broker can be reached" : "";
}

static size_t source_bytes(const void *self) {
    const kafka_source *s = self;
    size_t per = sizeof *s->batch + sizeof *s->of + sizeof *s->messages + s->n_properties * sizeof(weir_text);
    return (s->batch ? KAFKA_SHOWN * per : 0) + s->partitions.cap * sizeof *s->partitions.of;
}

static void source_close(void *self) {
    kafka_source *s = self;
    kafka_source_close_client(s);
    kafka_wake_close(s->wake);
    rd_kafka_topic_partition_list_t *lists[] = {s->topics, s->coming, s->going, s->acked};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lists[i]) rd_kafka_topic_partition_list_destroy(lists[i]);
    kafka_partitions_fini(&s->partitions);
    kafka_sequences_free(s->sequences);
    kafka_properties_close(s);
    free(s->native);
    free(s->batch);
    free(s->of);
    free(s->messages);
}

const weir_source_type kafka_source_type = {
    .struct_size = sizeof kafka_source_type,
    .name = "kafka",
    .doc = "Reads topics of Kafka. Positions are in checkpoints and committed to the group after them.",
    .example =
        "@source(type='kafka', topic.list='wind', group.id='alerts', bootstrap.servers='localhost:9092', "
        "@map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .replayable = true,
    .family = "kafka",
    .state_size = sizeof(kafka_source),
    .open = source_open,
    .start = source_start,
    .poll = source_poll,
    .consume = source_consume,
    .wake_fd = source_wake_fd,
    .position = source_position,
    .seek = source_seek,
    .pause = source_pause,
    .resume = source_resume,
    .ack = source_ack,
    .native_position = source_native_position,
    .lag = source_lag,
    .bytes = source_bytes,
    .close = source_close,
    .properties = properties,
    .wants_checkpoint = source_wants_checkpoint,
    .state = source_state,
};
