/* source.c: reads topics of MQTT. See inbound.h for what is acknowledged when. */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { OPT_TOPIC = OPT_FIRST_OWN, OPT_QOS, OPT_GROUP, OPT_RETAINED, OPT_BUFFER, OPT_JOURNAL };

#define READ_AT_ONCE (1u << 20)
/* Without a journal an epoch ends when so many messages wait to be acknowledged: brokers stop sending at 20.
 */
#define MOST_UNACKED 10u

static const weir_option options[] = {
    MQTT_COMMON_OPTIONS("Version 5: how many messages the broker may have under way that are not "
                        "acknowledged; else 1000."),
    [OPT_TOPIC] = {"topic", WEIR_OPTION_TEXT, true, NULL, NULL,
                   "Topics, with ',' between them; 'wind/+/speed' and 'wind/#' stand for many, "
                   "'$share/GROUP/wind/#' divides them among the clients of a group."},
    [OPT_QOS] = {"quality.of.service", WEIR_OPTION_CHOICE, false, "1", "0|1|2",
                 "0: as it comes; 1: at least once; 2: exactly once, as far as the publisher asks for it."},
    [OPT_GROUP] = {"share.group", WEIR_OPTION_TEXT, false, NULL, NULL,
                   "Clients of this group divide the messages of the topics, as with '$share/GROUP/'."},
    [OPT_RETAINED] = {"retained", WEIR_OPTION_CHOICE, false, "take", "take|skip",
                      "Messages that the broker kept for those who subscribe."},
    [OPT_BUFFER] = {"buffer.size", WEIR_OPTION_BYTES, false, "8 MB", NULL,
                    "Messages that wait for the app; beyond it nothing is read from the connection."},
    [OPT_JOURNAL] = {"journal.size", WEIR_OPTION_BYTES, false, "256 MB", NULL,
                     "With --state: messages on disk that no checkpoint covers yet."},
    {0}};

/* ---- Handlers: the client's thread -------------------------------------------------------------------- */

static void on_connected(void *self, bool has_session) {
    mqtt_source *s = self;
    if (!has_session && s->client.was_up && !s->conf.is_clean)
        mqtt_client_say(&s->client, WEIR_LOG_WARN,
                        "the broker has lost the session: what it had for this client meanwhile is lost");
    mqtt_inbound_connected(&s->inbound, has_session);
    if (has_session && s->has_subscribed) return;
    mqtt_put_subscribe(s);
}

static weir_status on_packet(void *self, const mqtt_packet *p, weir_error *err) {
    mqtt_source *s = self;
    switch (p->kind) {
    case MQTT_PUBLISH: return mqtt_inbound_publish(&s->inbound, p, err);
    case MQTT_PUBREL: return mqtt_inbound_release(&s->inbound, p->id, err);
    case MQTT_SUBACK:
        if (p->reason >= 0x80)
            return weir_fail(err, WEIR_EIO, "the broker refuses the subscription: %s",
                             s->conf.version < MQTT_V5 ? "it does not allow it"
                                                       : mqtt_reason_text(s->conf.version, p->reason));
        s->has_subscribed = true;
        return WEIR_OK;
    default: return weir_fail(err, WEIR_EIO, "a packet came that no subscriber gets");
    }
}

static void on_turn(void *self) { mqtt_inbound_turn(&((mqtt_source *)self)->inbound); }
static bool wants_input(const void *self) {
    return mqtt_inbound_wants(&((const mqtt_source *)self)->inbound);
}
static void on_lost(void *self) { mqtt_inbound_lost(&((mqtt_source *)self)->inbound); }

static const mqtt_handler handler = {on_connected, on_packet, on_turn, wants_input, on_lost};

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status check_promise(const mqtt_source *s, weir_error *err) {
    if (s->args->guarantee != WEIR_EXACTLY_ONCE || (s->qos && !s->conf.is_clean)) return WEIR_OK;
    return weir_fail(
        err, WEIR_ECONFIG,
        "@app:guarantee('exactly-once') needs quality.of.service='1' or '2' and clean.session='false'");
}

static weir_status source_open(void *self, const weir_io_args *args, weir_error *err) {
    mqtt_source *s = self;
    const weir_setting *set = args->settings->of;
    s->args = args;
    s->qos = (uint8_t)set[OPT_QOS].as.l;
    s->journal = (mqtt_journal){.lock_fd = -1, .folder_fd = -1, .fd = -1};
    WIRE_TRY(mqtt_conf_read(&s->conf, set, err));
    s->inbound.client = &s->client;
    s->inbound.skips_retained = set[OPT_RETAINED].as.l == 1;
    s->inbound.most_queued = (size_t)set[OPT_BUFFER].as.l;
    s->inbound.most_kept = (uint64_t)set[OPT_JOURNAL].as.l;
    if (set[OPT_BUFFER].as.l < 1024) return weir_fail(err, WEIR_ECONFIG, "buffer.size is less than 1 kB");
    if (s->inbound.most_kept < MQTT_SEGMENT)
        return weir_fail(err, WEIR_ECONFIG, "journal.size is less than 16 MB");
    WIRE_TRY(mqtt_filters_read(s, set[OPT_TOPIC].text, set[OPT_GROUP].text, err));
    WIRE_TRY(check_promise(s, err));
    return mqtt_properties_open(s, err);
}

/* A folder beside the checkpoints, which the same source finds again. */
static weir_status open_journal(mqtt_source *s, weir_error *err) {
    const weir_setting *set = s->args->settings->of;
    const weir_io_host *host = s->args->host;
    const char *id = s->conf.client_id; /* with it, topics may change from run to run */
    const char *const parts[] = {host->app, s->args->schema->stream,       set[OPT_URL].text,
                                 id,        id ? "" : set[OPT_TOPIC].text, id ? "" : set[OPT_GROUP].text};
    char path[1024];
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        hash = XXH3_64bits_withSeed(parts[i] ? parts[i] : "", parts[i] ? strlen(parts[i]) + 1 : 0, hash + i);
    int n = snprintf(path, sizeof path, "%s/mqtt-%016llx", host->state_dir, (unsigned long long)hash);
    if (n >= (int)sizeof path) return weir_fail(err, WEIR_ECONFIG, "the state directory's name is too long");
    (void)mkdir(host->state_dir, 0700); /* else the first checkpoint makes it; what fails is told below */
    WIRE_TRY(mqtt_journal_open(&s->journal, path, mqtt_inbound_learn, &s->inbound, err));
    s->inbound.journal = &s->journal;
    if (s->has_position && (s->consumed > s->journal.end || s->consumed < mqtt_journal_begin(&s->journal))) {
        weir_fail(err, WEIR_ESTATE, "the journal %s does not have the messages behind the checkpoint", path);
        if (err)
            snprintf(err->hint, sizeof err->hint,
                     "give the state directory back as it was, or begin with a new one");
        return WEIR_ESTATE;
    }
    return mqtt_inbound_go_on(&s->inbound, err);
}

static weir_status choose_id(mqtt_source *s, weir_error *err) {
    if (s->conf.client_id)
        snprintf(s->client.id, sizeof s->client.id, "%s", s->conf.client_id);
    else if (s->inbound.journal)
        return mqtt_journal_client_id(&s->journal, s->client.id, err);
    else
        mqtt_draw_id(s->client.id);
    return WEIR_OK;
}

static weir_status source_start(void *self, weir_error *err) {
    mqtt_source *s = self;
    s->messages = calloc(MQTT_SHOWN, sizeof *s->messages);
    s->ends = calloc(MQTT_SHOWN, sizeof *s->ends);
    s->qualities = calloc(MQTT_SHOWN, 1);
    if (!s->messages || !s->ends || !s->qualities) return wire_no_memory(err);
    WIRE_TRY(mqtt_inbound_open(&s->inbound, err));
    bool has_folder = s->args->has_checkpoints && s->args->host && s->args->host->state_dir;
    if (has_folder && s->qos) WIRE_TRY(open_journal(s, err));
    if (!s->has_position && s->inbound.journal) s->consumed = mqtt_journal_begin(&s->journal);
    s->replay_at = s->consumed;
    s->replay_to = s->inbound.end;
    for (uint32_t i = 0; i < MQTT_KEPT_MARKS; i++) s->marks[i] = s->inbound.cut_to;
    WIRE_TRY(choose_id(s, err));
    snprintf(s->client.who, sizeof s->client.who, "source 'mqtt' of '%.100s'", s->args->schema->stream);
    s->client.conf = &s->conf;
    s->client.host = s->args->host;
    s->client.handler = &handler;
    s->client.gathers = s->qos == 0;
    s->client.self = s;
    WIRE_TRY(mqtt_client_open(&s->client, err));
    return mqtt_client_start(&s->client, err);
}

/* ---- Showing ------------------------------------------------------------------------------------------ */

static void drop_shown(mqtt_source *s) {
    bool wakes = s->block && mqtt_inbound_give_back(&s->inbound, s->block);
    if (wakes) mqtt_client_wake(&s->client);
    free(s->replayed);
    s->block = NULL;
    s->replayed = NULL;
    s->bytes = NULL;
    s->len = s->at = 0;
    s->n = s->n_used = 0;
}

/* The next records: of the journal, until all of it was seen again, then those that come in. */
static weir_status next_records(mqtt_source *s, weir_error *err) {
    weir_status st = WEIR_OK;
    pthread_mutex_lock(&s->client.lock);
    drop_shown(s);
    if (s->replay_at < s->replay_to) {
        st = mqtt_journal_read(&s->journal, s->replay_at, s->replay_to, READ_AT_ONCE, &s->replayed, &s->len,
                               err);
        s->bytes = s->replayed;
        s->pos = s->replay_at;
        s->replay_at += s->len;
    } else if ((s->block = mqtt_inbound_take(&s->inbound))) {
        s->bytes = s->block->data;
        s->len = s->block->len;
        s->pos = s->block->pos;
    }
    pthread_mutex_unlock(&s->client.lock);
    return st;
}

static void show_records(mqtt_source *s) {
    s->n = s->n_used = 0;
    s->shown_from = UINT32_MAX;
    while (s->n < MQTT_SHOWN && s->at < s->len) {
        mqtt_record r;
        size_t size;
        if (mqtt_record_read(s->bytes + s->at, s->len - s->at, false, &r, &size) != WEIR_OK)
            break; /* is ours */
        s->at += size;
        if (r.kind != MQTT_RECORD_MESSAGE) {
            if (!s->n) s->consumed = s->pos + s->at; /* nothing before it waits to be taken */
            continue;
        }
        s->messages[s->n] = (weir_message){.bytes = r.payload.bytes, .len = r.payload.len};
        s->ends[s->n] = (uint32_t)s->at;
        s->qualities[s->n] = r.qos;
        mqtt_properties_show(s, s->n++, &r);
    }
}

static weir_status show_rest(mqtt_source *s, weir_input *in) {
    return wire_show_rest(in, s->messages, s->n, s->n_used, &s->shown_from);
}

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    mqtt_source *s = self;
    (void)rows;
    *in = (weir_input){.shape = WEIR_SHAPE_MESSAGES, .wait_ms = -1};
    if (s->n_used < s->n) return show_rest(s, in);
    mqtt_client_drain_notify(&s->client);
    WIRE_TRY(mqtt_client_tell(&s->client, err));
    for (;;) {
        if (s->at < s->len) show_records(s);
        if (s->n_used < s->n) return show_rest(s, in);
        WIRE_TRY(next_records(s, err));
        if (!s->len) return WEIR_EAGAIN;
    }
}

static void source_consume(void *self, size_t n) {
    mqtt_source *s = self;
    for (; n && s->n_used < s->n; n--, s->n_used++) {
        s->consumed = s->pos + s->ends[s->n_used];
        s->n_unacked += s->qualities[s->n_used] > 0;
    }
}

static int source_wake_fd(const void *self) { return ((const mqtt_source *)self)->client.notify[0]; }

/* ---- Positions ---------------------------------------------------------------------------------------- */

static weir_status source_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    mqtt_source *s = self;
    (void)epoch, (void)err;
    weir_write_u32(w, 1);
    weir_write_i64(w, s->inbound.journal ? (int64_t)s->consumed : -1);
    s->noted = s->consumed;
    s->n_unacked_noted = s->n_unacked;
    return WEIR_OK;
}

static weir_status source_seek(void *self, weir_reader *r, weir_error *err) {
    mqtt_source *s = self;
    WIRE_TRY(weir_read_version(r, 1, err));
    int64_t position = weir_read_i64(r);
    WIRE_TRY(weir_reader_status(r, err));
    if (position < -1) return weir_fail(err, WEIR_ESTATE, "a saved position of MQTT is damaged");
    if (position < 0) return WEIR_OK; /* was saved without a journal */
    s->has_position = true;
    s->consumed = (uint64_t)position;
    if (!s->client.has_thread) return WEIR_OK;
    pthread_mutex_lock(&s->client.lock);
    drop_shown(s);
    mqtt_inbound_forget_ready(&s->inbound);
    s->replay_at = s->consumed;
    s->replay_to = s->inbound.durable;
    pthread_mutex_unlock(&s->client.lock);
    return WEIR_OK;
}

/* Older checkpoints that are kept can be gone back to as well: the journal keeps what they need. */
static void add_mark(mqtt_source *s) {
    memmove(s->marks, s->marks + 1, (MQTT_KEPT_MARKS - 1) * sizeof *s->marks);
    s->marks[MQTT_KEPT_MARKS - 1] = s->noted;
}

static void source_ack(void *self, uint64_t epoch) {
    mqtt_source *s = self;
    (void)epoch;
    s->n_unacked -= s->n_unacked_noted;
    s->n_unacked_noted = 0;
    pthread_mutex_lock(&s->client.lock);
    if (s->inbound.journal) {
        add_mark(s);
        s->inbound.cut_to = s->marks[0];
    } else {
        s->inbound.ack_to = s->noted;
    }
    pthread_mutex_unlock(&s->client.lock);
    mqtt_client_wake(&s->client);
}

static bool source_wants_checkpoint(const void *self) {
    const mqtt_source *s = self;
    if (!s->inbound.journal) return s->n_unacked >= MOST_UNACKED;
    return s->consumed - s->marks[0] > s->inbound.most_kept / 2;
}

static int64_t source_lag(const void *self) {
    mqtt_source *s = (mqtt_source *)(uintptr_t)self;
    if (!s->client.has_thread) return -1;
    pthread_mutex_lock(&s->client.lock);
    uint64_t n = s->inbound.n_messages;
    pthread_mutex_unlock(&s->client.lock);
    return (int64_t)(n + s->n - s->n_used);
}

static const char *source_state(const void *self) {
    const mqtt_source *s = self;
    return s->client.is_open ? atomic_load(&((mqtt_source *)(uintptr_t)s)->client.state) : "";
}

static size_t source_bytes(const void *self) {
    mqtt_source *s = (mqtt_source *)(uintptr_t)self;
    if (!s->client.has_thread) return 0;
    pthread_mutex_lock(&s->client.lock);
    size_t n =
        s->inbound.n_bytes + s->client.in.cap + s->client.out.cap + s->inbound.cap_held * sizeof(mqtt_held);
    pthread_mutex_unlock(&s->client.lock);
    return n + 65536 + MQTT_SHOWN * (sizeof *s->messages + s->args->n_properties * sizeof(weir_text));
}

static void source_close(void *self) {
    mqtt_source *s = self;
    mqtt_client_close(&s->client);
    free(s->block);
    free(s->replayed);
    mqtt_inbound_close(&s->inbound);
    mqtt_journal_close(&s->journal);
    mqtt_properties_close(s);
    mqtt_bytes_free(&s->filters);
    free(s->messages);
    free(s->ends);
    free(s->qualities);
}

const weir_source_type mqtt_source_type = {
    .struct_size = sizeof mqtt_source_type,
    .name = "mqtt",
    .doc = "Subscribes to topics of an MQTT broker, version 3.1.1 or 5.",
    .example = "@source(type='mqtt', url='tcp://localhost:1883', topic='wind/+/speed', client.id='alerts', "
               "clean.session='false', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .replayable = true,
    .state_size = sizeof(mqtt_source),
    .open = source_open,
    .start = source_start,
    .poll = source_poll,
    .consume = source_consume,
    .wake_fd = source_wake_fd,
    .position = source_position,
    .seek = source_seek,
    .ack = source_ack,
    .lag = source_lag,
    .bytes = source_bytes,
    .close = source_close,
    .properties = mqtt_source_properties,
    .wants_checkpoint = source_wants_checkpoint,
    .state = source_state,
};
