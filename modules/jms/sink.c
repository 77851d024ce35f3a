/* sink.c: writes to queues and topics over AMQP 1.0; see sink.h for the outbox. */
#include "sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELIVER_NS  ((int64_t)10 * 1000000000) /* without any answer */
#define LAST_NS     ((int64_t)30 * 1000000000) /* the same at the end of the app */
#define POSTED      256u                       /* messages at a time */
#define BLOCK_BYTES ((size_t)65536)

enum {
    OPT_DESTINATION = OPT_FIRST_OWN,
    OPT_TYPE,
    OPT_MODE,
    OPT_PRIORITY,
    OPT_TTL,
    OPT_CORRELATION,
    OPT_SUBJECT,
    OPT_GROUP,
    OPT_REPLY_TO,
    OPT_PROPERTIES
};

/* clang-format off */
static const weir_option options[] = {
    JMS_COMMON_OPTIONS,
    JMS_ROW(OPT_DESTINATION, "destination", TEMPLATE, true, NULL,
            "The queue's or topic's name; may hold {{attribute}}."),
    JMS_CHOICE(OPT_TYPE, "message.type", "auto", "auto|text|bytes|map",
               "What the messages are; auto: as the format says: maps of keyvalue, bytes of avro, protobuf and binary, "
               "else texts."),
    JMS_CHOICE(OPT_MODE, "delivery.mode", "persistent", "persistent|non_persistent",
               "Whether messages outlive the broker."),
    JMS_ROW(OPT_PRIORITY, "priority", LONG, false, "4", "0 to 9."),
    JMS_ROW(OPT_TTL, "time.to.live", TIME, false, "0", "How long messages are good; 0: for ever."),
    JMS_ROW(OPT_CORRELATION, "correlation.id", TEMPLATE, false, NULL, "JMSCorrelationID; may hold {{attribute}}."),
    JMS_ROW(OPT_SUBJECT, "jms.type", TEMPLATE, false, NULL, "JMSType; may hold {{attribute}}."),
    JMS_ROW(OPT_GROUP, "message.group", TEMPLATE, false, NULL,
            "JMSXGroupID: messages of a group go to one consumer; may hold {{attribute}}."),
    JMS_ROW(OPT_REPLY_TO, "reply.to", TEMPLATE, false, NULL, "JMSReplyTo; may hold {{attribute}}."),
    JMS_ROW(OPT_PROPERTIES, "properties", TEMPLATE, false, NULL,
            "Properties, 'name:value,other:{{attribute}}', as texts; a value can't hold ','."),
    {0}};
/* clang-format on */

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status read_kind(const jms_sink *s, jms_kind *kind, weir_error *err) {
    static const jms_kind kinds[] = {JMS_TEXT, JMS_TEXT, JMS_BYTES, JMS_MAP};
    static const char *const binary[] = {"avro", "protobuf", "binary"};
    const char *format = s->args->format ? s->args->format : "";
    bool is_keyvalue = strcmp(format, "keyvalue") == 0;
    int64_t said = s->set[OPT_TYPE].as.l;
    *kind = kinds[said];
    if (said == 3 && !is_keyvalue)
        return weir_fail(err, WEIR_ECONFIG, "message.type='map' goes with @map(type='keyvalue')");
    if (said == 0 && is_keyvalue) *kind = JMS_MAP;
    for (size_t i = 0; said == 0 && i < sizeof binary / sizeof *binary; i++)
        if (strcmp(format, binary[i]) == 0) *kind = JMS_BYTES;
    return WEIR_OK;
}

static weir_status sink_open(void *self, const weir_io_args *args, weir_error *err) {
    jms_sink *s = self;
    jms_kind kind;
    s->args = args;
    s->set = args->settings->of;
    s->head = s->first_waiting = s->tail = 1;
    wire_refusals_init(&s->refusals);
    snprintf(s->who, sizeof s->who, "sink 'jms' of '%.100s'", args->schema->stream);
    WIRE_TRY(jms_conf_open(&s->conf, args, false, err));
    WIRE_TRY(read_kind(s, &kind, err));
    s->is_dynamic = s->set[OPT_DESTINATION].slot != 0;
    int64_t priority = s->set[OPT_PRIORITY].as.l, ttl = s->set[OPT_TTL].as.l;
    if (!*s->set[OPT_DESTINATION].text) return weir_fail(err, WEIR_ECONFIG, "destination is empty");
    if (priority < 0 || priority > 9)
        return weir_fail(err, WEIR_ECONFIG, "priority is %" PRId64 "; it takes 0 to 9", priority);
    if (ttl < 0 || ttl > UINT32_MAX) return weir_fail(err, WEIR_ECONFIG, "time.to.live is more than 49 days");
    s->writer = jms_writer_new(args, kind, s->conf.is_topic, s->set[OPT_MODE].as.l == 0, (int)priority, ttl);
    return s->writer ? WEIR_OK : wire_no_memory(err);
}

static weir_status sink_start(void *self, weir_error *err) {
    jms_sink *s = self;
    if (!s->is_dynamic && jms_sink_target(s, s->set[OPT_DESTINATION].text) == UINT32_MAX)
        return wire_no_memory(err);
    s->link.conf = &s->conf;
    s->link.host = s->args->host;
    s->link.who = s->who;
    s->link.handler = &jms_sink_handler;
    s->link.ctx = s;
    s->link.window_bytes = 65536;
    return jms_link_start(&s->link, err);
}

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)self, (void)last_epoch;
    return saved ? weir_read_version(saved, 1, err) : WEIR_OK;
}

static weir_status sink_begin(void *self, uint64_t epoch, weir_error *err) {
    jms_sink *s = self;
    (void)epoch, (void)err;
    s->n_done = 0;
    return WEIR_OK;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static weir_status tell(jms_sink *s, weir_error *err) {
    char dropped[sizeof s->dropped];
    jms_link_lock(&s->link);
    jms_link_heed(&s->link);
    memcpy(dropped, s->dropped, sizeof dropped);
    s->dropped[0] = 0;
    bool has_word = jms_link_has_word(&s->link);
    jms_link_unlock(&s->link);
    if (dropped[0]) wire_log(s->args->host, WEIR_LOG_ERROR, "%s: %s", s->who, dropped);
    return has_word ? jms_link_tell(&s->link, err) : WEIR_OK;
}

static void refuse(jms_sink *s, const jms_fields *f, uint64_t record, const char *why) {
    if (s->args->reports) {
        wire_refusals_add(&s->refusals, record, 1, "a message of %zu bytes for '%.80s': %s", f->body.len,
                          f->destination.bytes, why);
        return;
    }
    jms_link_lock(&s->link);
    uint64_t n = wire_count(&s->n_dropped, 1);
    jms_link_unlock(&s->link);
    wire_log(s->args->host, WEIR_LOG_ERROR,
             "%s: a message of %zu bytes for '%s' was dropped (%" PRIu64 " so far): %s", s->who, f->body.len,
             f->destination.bytes, n, why);
}

/* Once full, until half of it is empty: the app is not woken for the room that each answer makes. */
static bool is_full(jms_sink *s) {
    jms_link_lock(&s->link);
    s->was_full |= s->out_bytes >= JMS_OUT_BYTES || s->tail - s->head >= JMS_OUT_MESSAGES;
    if (s->was_full && jms_sink_is_half_empty(s)) s->was_full = false;
    bool full = s->was_full;
    jms_link_unlock(&s->link);
    return full;
}

static bool grow_outbox(jms_sink *s, uint32_t more) {
    uint64_t cap = s->cap ? s->cap : 1024;
    while (cap < s->tail - s->head + more) cap *= 2;
    if (cap == s->cap) return true;
    jms_out *bigger = calloc(cap, sizeof *bigger);
    if (!bigger) return false;
    for (uint64_t i = s->head; i < s->tail; i++) bigger[i & (cap - 1)] = *jms_sink_out(s, i);
    free(s->out);
    s->out = bigger;
    s->cap = cap;
    return true;
}

/* What the sink's encoder has made, in a block. False: no memory. */
static bool keep(jms_sink *s, jms_out *o) {
    size_t len = s->encoded.len;
    jms_block *b = s->block;
    if (!b || b->cap - b->used < len) {
        bool is_large = len > BLOCK_BYTES / 16;
        size_t cap = is_large ? len : BLOCK_BYTES;
        if (!(b = malloc(sizeof *b + cap))) return false;
        *b = (jms_block){.cap = cap};
        atomic_init(&b->n_users, !is_large);
        if (!is_large) {
            jms_block_drop(s->block);
            s->block = b;
        }
    }
    *o = (jms_out){.block = b, .bytes = b->bytes + b->used, .len = len, .record = o->record};
    memcpy(b->bytes + b->used, s->encoded.data, len);
    b->used += len;
    atomic_fetch_add(&b->n_users, 1);
    return true;
}

/* A message that is made, and not in the outbox yet. */
typedef struct made {
    jms_out out;
    const char *destination;
} made;

/* Puts all of them into the outbox, or none. */
static weir_status post(jms_sink *s, made *of, uint32_t n, weir_error *err) {
    jms_link_lock(&s->link);
    bool ok = grow_outbox(s, n);
    for (uint32_t i = 0; i < n && ok; i++)
        ok = (of[i].out.target = jms_sink_target(s, of[i].destination)) != UINT32_MAX;
    for (uint32_t i = 0; i < n && ok; i++) {
        *jms_sink_out(s, s->tail++) = of[i].out;
        s->out_bytes += of[i].out.len;
    }
    jms_link_unlock(&s->link);
    return ok ? WEIR_OK : wire_no_memory(err);
}

/* NULL: the message is made; else why it can't be one. */
static const char *make(jms_sink *s, const weir_output *out, uint32_t i, made *m) {
    size_t begin = i ? out->record_end[i - 1] : 0;
    jms_fields f = {.body = {out->bytes + begin, out->record_end[i] - begin},
                    .destination = weir_output_option(out, &s->set[OPT_DESTINATION], i),
                    .correlation = weir_output_option(out, &s->set[OPT_CORRELATION], i),
                    .subject = weir_output_option(out, &s->set[OPT_SUBJECT], i),
                    .group = weir_output_option(out, &s->set[OPT_GROUP], i),
                    .reply_to = weir_output_option(out, &s->set[OPT_REPLY_TO], i),
                    .properties = weir_output_option(out, &s->set[OPT_PROPERTIES], i)};
    m->destination = f.destination.bytes;
    s->encoded.len = 0;
    const char *why =
        f.destination.len ? jms_writer_write(s->writer, &f, &s->encoded) : "its destination is empty";
    m->out.record = s->n_taken + (i - s->n_done);
    if (why) refuse(s, &f, m->out.record, why);
    return why;
}

/* The next ones of the output, as many as are posted at a time. */
static weir_status write_some(jms_sink *s, const weir_output *out, weir_error *err) {
    made of[POSTED];
    uint32_t n = 0, next = s->n_done;
    bool ok = true;
    for (; next < out->n_records && n < POSTED && ok; next++)
        if (!make(s, out, next, &of[n]) && (ok = keep(s, &of[n].out))) n++;
    weir_status st = ok ? post(s, of, n, err) : wire_no_memory(err);
    if (st == WEIR_OK) {
        s->n_taken += next - s->n_done;
        s->n_done = next;
    } else
        for (uint32_t i = 0; i < n; i++) jms_block_drop(of[i].out.block);
    if (s->encoded.cap > BLOCK_BYTES) { /* not kept for the sake of one large message */
        free(s->encoded.data);
        s->encoded = (jms_buffer){0};
    }
    return st;
}

static void kick(jms_sink *s) {
    jms_link_lock(&s->link);
    jms_link_kick(&s->link);
    jms_link_unlock(&s->link);
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    jms_sink *s = self;
    WIRE_TRY(tell(s, err));
    while (s->n_done < out->n_records) {
        if (is_full(s)) return kick(s), WEIR_EAGAIN;
        WIRE_TRY(write_some(s, out, err));
    }
    s->n_done = 0;
    kick(s);
    return WEIR_OK;
}

static weir_status sink_flush(void *self, weir_error *err) {
    jms_sink *s = self;
    WIRE_TRY(tell(s, err));
    return is_full(s) ? WEIR_EAGAIN : WEIR_OK;
}

/* ---- Epochs ------------------------------------------------------------------------------------------- */

/* Everything is with the broker, in transacted mode committed. */
static weir_status sink_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    jms_sink *s = self;
    (void)epoch;
    int64_t patience = w ? DELIVER_NS : LAST_NS;
    jms_link_lock(&s->link);
    s->wants_commit = true;
    s->progress_ns = wire_now_ns();
    jms_link_kick(&s->link);
    const weir_io_host *host = s->args->host;
    while (s->head < s->tail && !s->link.has_given_up &&
           wire_now_ns() < wire_no_later_ns(host, s->progress_ns + patience))
        jms_link_wait(&s->link, wire_stretch_ns(host, s->progress_ns + patience));
    s->wants_commit = false;
    uint64_t left = s->tail - s->head;
    jms_link_unlock(&s->link);
    WIRE_TRY(tell(s, err));
    if (left) {
        weir_fail(err, WEIR_EIO, "%" PRIu64 " message(s) are not delivered yet", left);
        if (err) err->retriable = true;
        return WEIR_EIO;
    }
    if (w) weir_write_u32(w, 1);
    return WEIR_OK;
}

static weir_status sink_commit(void *self, uint64_t epoch, weir_error *err) {
    (void)self, (void)epoch, (void)err;
    return WEIR_OK;
}

static weir_status sink_abort(void *self, uint64_t epoch, weir_error *err) {
    (void)epoch, (void)err;
    return ((jms_sink *)self)->n_done = 0, WEIR_OK;
}

static int sink_wake_fd(const void *self) { return ((const jms_sink *)self)->link.news[0]; }

static size_t sink_bytes(const void *self) {
    jms_sink *s = (jms_sink *)(uintptr_t)self; /* for the lock */
    if (!s->link.has_thread) return 0;
    jms_link_lock(&s->link);
    size_t bytes = s->out_bytes + s->cap * sizeof *s->out + s->n_targets * sizeof *s->targets;
    jms_link_unlock(&s->link);
    return bytes;
}

static uint64_t sink_dropped(const void *self) {
    const jms_sink *s = self;
    return wire_counted(&s->n_dropped);
}

static const char *sink_state(const void *self) {
    jms_sink *s = (jms_sink *)(uintptr_t)self; /* for the lock */
    if (!s->link.has_thread) return "";
    jms_link_lock(&s->link);
    bool is_down = !s->link.is_open || s->link.state[0];
    jms_link_unlock(&s->link);
    return is_down ? "no broker can be reached, or it does not take everything" : "";
}

/* ---- What became of records --------------------------------------------------------------------------- */

static uint64_t sink_settled(const void *self) {
    jms_sink *s = (jms_sink *)(uintptr_t)self; /* for the lock */
    jms_link_lock(&s->link);
    uint64_t n = s->head < s->tail ? jms_sink_out(s, s->head)->record : s->n_taken;
    jms_link_unlock(&s->link);
    return n;
}

static bool sink_refused(void *self, weir_refusal *out) {
    return wire_refusals_take(&((jms_sink *)self)->refusals, out);
}

static void sink_forget(void *self) {
    jms_sink *s = self;
    jms_link_lock(&s->link);
    jms_sink_forget(s);
    jms_link_unlock(&s->link);
    s->n_done = 0;
}

/* Until the first try to connect has failed nothing is known. One of several destinations that can't be
 * written says nothing of the others. */
static bool sink_is_away(const void *self) {
    jms_sink *s = (jms_sink *)(uintptr_t)self; /* for the lock */
    jms_link_lock(&s->link);
    bool is_away = s->link.state[0] && (!s->link.is_open || !s->is_dynamic);
    jms_link_unlock(&s->link);
    return is_away;
}

static void sink_close(void *self) {
    jms_sink *s = self;
    jms_link_stop(&s->link);
    wire_refusals_fini(&s->refusals);
    for (uint64_t i = s->head; i < s->tail; i++) jms_block_drop(jms_sink_out(s, i)->block);
    jms_block_drop(s->block);
    for (uint32_t i = 0; i < s->n_targets; i++) free(s->targets[i].name);
    free(s->targets);
    free(s->encoded.data);
    free(s->out);
    jms_writer_free(s->writer);
    jms_conf_fini(&s->conf);
}

const weir_sink_type jms_sink_type = {
    .struct_size = sizeof jms_sink_type,
    .name = "jms",
    .doc = "Writes text, bytes and map messages to queues and topics of a JMS broker over AMQP 1.0.",
    .example =
        "@sink(type='jms', provider.url='amqp://localhost:5672', destination='alerts', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_AT_LEAST_ONCE,
    .state_size = sizeof(jms_sink),
    .open = sink_open,
    .start = sink_start,
    .recover = sink_recover,
    .begin = sink_begin,
    .write = sink_write,
    .flush = sink_flush,
    .prepare = sink_prepare,
    .commit = sink_commit,
    .abort = sink_abort,
    .wake_fd = sink_wake_fd,
    .bytes = sink_bytes,
    .close = sink_close,
    .state = sink_state,
    .dropped = sink_dropped,
    .settled = sink_settled,
    .refused = sink_refused,
    .forget = sink_forget,
    .is_away = sink_is_away,
};
