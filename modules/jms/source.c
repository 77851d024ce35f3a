/* source.c: reads a queue or topic over AMQP 1.0; see source.h for items and settling. */
#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_DESTINATION = OPT_FIRST_OWN,
    OPT_DURABLE,
    OPT_DURABLE_TOO,
    OPT_SUBSCRIPTION,
    OPT_SUBSCRIPTION_TOO,
    OPT_SELECTOR,
    OPT_SELECTOR_TOO,
    OPT_ACKNOWLEDGE,
    OPT_WORKERS,
    OPT_RECEIVER,
    OPT_PREFETCH,
    OPT_LARGEST
};

/* clang-format off */
static const weir_option options[] = {
    JMS_COMMON_OPTIONS,
    JMS_ROW(OPT_DESTINATION, "destination", TEXT, true, NULL, "The queue's or topic's name."),
    JMS_ROW(OPT_DURABLE, "subscription.durable", BOOL, false, "false",
            "Of a topic: the broker keeps messages while the app does not run."),
    JMS_ROW(OPT_DURABLE_TOO, "transport.jms.subscriptiondurable", BOOL, false, "false", "As subscription.durable."),
    JMS_ROW(OPT_SUBSCRIPTION, "subscription.name", TEXT, false, NULL,
            "The durable subscription's name, which with client.id is its identity; without it, the stream's."),
    JMS_ROW(OPT_SUBSCRIPTION_TOO, "transport.jms.durablesubscribername", TEXT, false, NULL, "As subscription.name."),
    JMS_ROW(OPT_SELECTOR, "selector", TEXT, false, NULL,
            "Which messages the broker sends: a condition on properties, as of \"speed > 50 and kind = 'wind'\"."),
    JMS_ROW(OPT_SELECTOR_TOO, "transport.jms.messageselector", TEXT, false, NULL, "As selector."),
    JMS_CHOICE(OPT_ACKNOWLEDGE, "transport.jms.sessionacknowledgement", NULL,
               "AUTO_ACKNOWLEDGE|CLIENT_ACKNOWLEDGE|DUPS_OK_ACKNOWLEDGE|SESSION_TRANSACTED",
               "SESSION_TRANSACTED is transacted; the others are what weir does in any case: it acknowledges what "
               "a checkpoint covers."),
    JMS_ROW(OPT_WORKERS, "worker.count", LONG, false, "1", "As in Siddhi; one link fetches ahead in any case."),
    JMS_ROW(OPT_RECEIVER, "use.receiver", BOOL, false, "false", "As in Siddhi, where it chooses between two calls of Java."),
    JMS_ROW(OPT_PREFETCH, "prefetch", LONG, false, "1000",
            "Messages that the broker may send ahead; fewer when they are large."),
    JMS_ROW(OPT_LARGEST, "max.message.size", BYTES, false, "256 MB", "A larger message is rejected, and told."),
    {0}};
/* clang-format on */

static const weir_property properties[] = {
    {"JMSMessageID", "The message's id."},
    {"JMSCorrelationID", "Its correlation id."},
    {"JMSTimestamp", "When it was sent, ms."},
    {"JMSDestination", "The name of the queue or topic that it was sent to."},
    {"JMSReplyTo", "Where an answer is to go."},
    {"JMSType", "The type that the sender gave."},
    {"JMSPriority", "0 to 9."},
    {"JMSDeliveryMode", "PERSISTENT or NON_PERSISTENT."},
    {"JMSRedelivered", "true when the broker has sent it before."},
    {"JMSXDeliveryCount", "How often it was sent, this time included."},
    {"JMSExpiration", "When it expires, ms; null: never."},
    {"JMSXGroupID", "The group of messages that it is in."},
    {"JMSXGroupSeq", "Its number there."},
    {"JMSXUserID", "Who sent it, if the broker says so."},
    {"message.type", "text, bytes, map or plain (no body)."},
    {"*", "The property of that name."},
    {0}};

/* ---- Opening ------------------------------------------------------------------------------------------ */

static const char *one_of(const weir_setting *a, const weir_setting *b) {
    return a->given ? a->text : b->text;
}

static weir_status read_subscription(jms_source *s, const weir_setting *set, weir_error *err) {
    const char *name = one_of(&set[OPT_SUBSCRIPTION], &set[OPT_SUBSCRIPTION_TOO]);
    bool is_durable = set[OPT_DURABLE].as.b || set[OPT_DURABLE_TOO].as.b;
    if (is_durable && !s->conf.is_topic)
        return weir_fail(
            err, WEIR_ECONFIG,
            "subscription.durable is for topics: connection.factory.type='topic'; a queue keeps its "
            "messages in any case");
    if (name && !is_durable)
        return weir_fail(err, WEIR_ECONFIG, "subscription.name goes with subscription.durable='true'");
    if (name && (!*name || strlen(name) >= sizeof s->subscription))
        return weir_fail(err, WEIR_ECONFIG, "subscription.name is empty or too long");
    if (is_durable)
        snprintf(s->subscription, sizeof s->subscription, "%.250s", name ? name : s->args->schema->stream);
    return WEIR_OK;
}

static weir_status read_own(jms_source *s, const weir_setting *set, weir_error *err) {
    s->destination = set[OPT_DESTINATION].text;
    s->selector = one_of(&set[OPT_SELECTOR], &set[OPT_SELECTOR_TOO]);
    s->conf.is_transacted |= set[OPT_ACKNOWLEDGE].given && set[OPT_ACKNOWLEDGE].as.l == 3;
    int64_t prefetch = set[OPT_PREFETCH].as.l;
    s->largest = (size_t)set[OPT_LARGEST].as.l;
    if (prefetch < 1 || prefetch > JMS_UNSETTLED / 2)
        return weir_fail(err, WEIR_ECONFIG, "prefetch is %" PRId64 "; it takes 1 to %u", prefetch,
                         JMS_UNSETTLED / 2);
    if (set[OPT_WORKERS].as.l < 1) return weir_fail(err, WEIR_ECONFIG, "worker.count must be at least 1");
    if (!*s->destination) return weir_fail(err, WEIR_ECONFIG, "destination is empty");
    s->prefetch = (uint32_t)prefetch;
    return read_subscription(s, set, err);
}

static weir_status source_open(void *self, const weir_io_args *args, weir_error *err) {
    jms_source *s = self;
    s->args = args;
    s->head = s->used = s->shown = s->tail = s->settle_to = 1;
    s->mean_bytes = 32768;
    snprintf(s->who, sizeof s->who, "source 'jms' of '%.100s'", args->schema->stream);
    WIRE_TRY(jms_conf_open(&s->conf, args, true, err));
    WIRE_TRY(read_own(s, args->settings->of, err));
    s->reader = jms_reader_new(args);
    return s->reader ? WEIR_OK : wire_no_memory(err);
}

static weir_status source_start(void *self, weir_error *err) {
    jms_source *s = self;
    s->messages = calloc(JMS_SHOWN, sizeof *s->messages);
    s->kept = calloc(JMS_KEPT, sizeof *s->kept);
    if (!s->messages || !s->kept) return wire_no_memory(err);
    s->link.conf = &s->conf;
    s->link.host = s->args->host;
    s->link.who = s->who;
    s->link.handler = &jms_source_handler;
    s->link.ctx = s;
    s->link.window_bytes = JMS_WINDOW_BYTES;
    s->link.gathers = true;
    return jms_link_start(&s->link, err);
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

/* Within the lock: what the app has consumed is no longer held. */
static void publish_used(jms_source *s) {
    for (uint64_t to = s->shown_first + s->n_used; s->n_shown && s->used < to; s->used++) {
        jms_item *item = jms_source_item(s, s->used);
        s->ahead_bytes -= item->message.size;
        jms_message_free(&item->message);
    }
}

/* The next ones that were read ahead. */
static void show_next(jms_source *s) {
    s->shown_first = s->shown;
    s->n_used = 0;
    s->shown_from = UINT32_MAX;
    for (s->n_shown = 0; s->n_shown < JMS_SHOWN && s->shown < s->tail; s->n_shown++)
        s->messages[s->n_shown] = jms_source_item(s, s->shown++)->message.shown;
}

static weir_status show_rest(jms_source *s, weir_input *in) {
    return wire_show_rest(in, s->messages, s->n_shown, s->n_used, &s->shown_from);
}

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    jms_source *s = self;
    (void)rows;
    *in = (weir_input){.shape = WEIR_SHAPE_MESSAGES, .wait_ms = -1};
    if (s->n_used < s->n_shown) return show_rest(s, in);
    jms_link_lock(&s->link);
    jms_link_heed(&s->link);
    publish_used(s);
    show_next(s);
    if (jms_source_has_room_again(s)) jms_link_kick(&s->link);
    bool has_word = jms_link_has_word(&s->link);
    jms_link_unlock(&s->link);
    if (has_word) WIRE_TRY(jms_link_tell(&s->link, err));
    return s->n_shown ? show_rest(s, in) : WEIR_EAGAIN;
}

static void source_consume(void *self, size_t n) {
    jms_source *s = self;
    s->n_used += (uint32_t)n;
}

static int source_wake_fd(const void *self) { return ((const jms_source *)self)->link.news[0]; }

/* ---- Positions ---------------------------------------------------------------------------------------- */

/* The ids of what was consumed and is not settled: the broker may deliver it again after a restart. */
static void save_ids(const jms_source *s, weir_writer *w) {
    weir_write_i64(w, (int64_t)(s->used - s->head + s->seen.n));
    for (uint64_t i = s->head; i < s->used; i++) weir_write_bytes(w, jms_source_item(s, i)->message.id, 16);
    for (uint32_t i = 0; i < s->seen.cap; i++)
        if (s->seen.of[i].number) weir_write_bytes(w, s->seen.of[i].id, 16); /* some a second time: no harm */
}

static weir_status source_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    jms_source *s = self;
    (void)err;
    jms_link_lock(&s->link);
    publish_used(s);
    weir_write_u32(w, 1);
    if (s->args->has_checkpoints)
        save_ids(s, w);
    else
        weir_write_i64(w, 0);
    s->noted_epoch = epoch;
    s->noted_to = s->used;
    jms_link_unlock(&s->link);
    return WEIR_OK;
}

/* Where it goes on is the broker's affair; what the checkpoint covers is known when it comes again. */
static weir_status source_seek(void *self, weir_reader *r, weir_error *err) {
    jms_source *s = self;
    static const unsigned char none[16];
    WIRE_TRY(weir_read_version(r, 1, err));
    int64_t n = weir_read_i64(r);
    if (n < 0 || (uint64_t)n > weir_reader_left(r) / 16)
        return weir_fail(err, WEIR_ESTATE, "its position is damaged");
    for (int64_t i = 0; i < n; i++) {
        unsigned char id[16];
        weir_read_bytes(r, id, sizeof id);
        if (memcmp(id, none, sizeof id) == 0) continue;
        if (!jms_seen_add(&s->seen, id, JMS_SEEN_BEFORE)) return wire_no_memory(err);
    }
    return weir_reader_status(r, err);
}

static bool source_wants_checkpoint(const void *self) {
    const jms_source *s = self; /* only this thread changes any of these */
    uint64_t most = s->args->has_checkpoints ? JMS_UNSETTLED / 2 : JMS_UNSAVED;
    return s->used - s->settle_to > most && s->n_used == s->n_shown;
}

static void source_ack(void *self, uint64_t epoch) {
    jms_source *s = self;
    if (s->noted_epoch != epoch) return;
    jms_link_lock(&s->link);
    s->settle_to = s->noted_to;
    jms_link_kick(&s->link);
    jms_link_unlock(&s->link);
}

static uint64_t source_dropped(const void *self) {
    const jms_source *s = self;
    return wire_counted(&s->n_too_large);
}

static const char *source_state(const void *self) {
    jms_source *s = (jms_source *)(uintptr_t)self; /* for the lock */
    if (!s->link.has_thread) return "";
    jms_link_lock(&s->link);
    bool is_attached = s->is_attached;
    jms_link_unlock(&s->link);
    return is_attached ? "" : "no broker can be reached, or it lets nobody read here";
}

static size_t source_bytes(const void *self) {
    jms_source *s = (jms_source *)(uintptr_t)self; /* for the lock */
    if (!s->link.has_thread) return 0;
    jms_link_lock(&s->link);
    size_t bytes =
        s->ahead_bytes + s->cap * sizeof *s->items + s->seen.cap * sizeof *s->seen.of + s->coming.cap;
    jms_link_unlock(&s->link);
    return bytes + JMS_SHOWN * sizeof *s->messages + JMS_KEPT * sizeof *s->kept;
}

static void source_close(void *self) {
    jms_source *s = self;
    jms_link_stop(&s->link);
    for (uint64_t i = s->used; i < s->tail; i++) jms_message_free(&jms_source_item(s, i)->message);
    jms_seen_clear(&s->seen);
    jms_reader_free(s->reader);
    jms_conf_fini(&s->conf);
    free(s->coming.data);
    free(s->items);
    free(s->messages);
    free(s->kept);
}

const weir_source_type jms_source_type = {
    .struct_size = sizeof jms_source_type,
    .name = "jms",
    .doc = "Reads a queue or topic of a JMS broker over AMQP 1.0. Messages are acknowledged after the "
           "checkpoint that "
           "covers them.",
    .example =
        "@source(type='jms', provider.url='amqp://localhost:5672', destination='calls', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .state_size = sizeof(jms_source),
    .open = source_open,
    .start = source_start,
    .poll = source_poll,
    .consume = source_consume,
    .wake_fd = source_wake_fd,
    .position = source_position,
    .seek = source_seek,
    .ack = source_ack,
    .bytes = source_bytes,
    .close = source_close,
    .properties = properties,
    .wants_checkpoint = source_wants_checkpoint,
    .state = source_state,
    .dropped = source_dropped,
};
