/* sink.c: sends by ZeroMQ: messages of a format, or rows to another weir (frame.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"

enum { OPT_TOPIC = OPT_FIRST_OWN, OPT_PEER, OPT_FULL, OPT_LINGER };

static const weir_option options[] = {
    ZEROMQ_COMMON_OPTIONS(
        "pub|push|router|dealer",
        "pub: to all subscribers; push, dealer: to one of the peers in turn; router: to the peer that is "
        "named.",
        "Who waits for the other. Without it pub and router bind, push and dealer connect.",
        "Messages that wait for a peer; beyond it the app waits (see when.full)."),
    [OPT_TOPIC] =
        {"topic", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
         "pub: the first part of each message, by which subscribers choose; may hold {{attribute}}."},
    [OPT_PEER] = {"peer", WEIR_OPTION_TEMPLATE, false, NULL, NULL,
                  "router: the receiver's name; may hold {{attribute}} (a source has it in trp:peer)."},
    [OPT_FULL] = {"when.full", WEIR_OPTION_CHOICE, false, "wait", "wait|drop",
                  "pub: waits for the slowest subscriber, or drops what one has no room for, and counts it."},
    [OPT_LINGER] = {"linger", WEIR_OPTION_TIME, false, "5 sec", NULL,
                    "How long what was not sent yet may take when the app ends."},
    {0}};

#define FRAME_ROWS  8192u
#define FRAME_BYTES ((size_t)1 << 20)

typedef struct packed { /* rows on their way */
    struct packed *next;
    zmq_msg_t body; /* over the bytes that were packed: nothing is copied any more */
    size_t len;
    size_t n_front;
    char front[];
} packed;

typedef struct zeromq_sink {
    const weir_io_args *args;
    zeromq_conf conf;
    zeromq_socket at;
    const weir_setting *front; /* of the first part: topic or peer; NULL: none */
    bool may_drop;
    uint32_t n_done; /* records of the output in hand that were taken */
    uint64_t n_dropped, n_unreachable;
    bool is_inside; /* the first part went, the second did not yet */
    /* Rows. */
    frame_writer *writer;
    char *writer_front; /* of the rows gathered */
    size_t n_writer_front;
    uint64_t number;
    packed *first, *last;
} zeromq_sink;

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status sink_open(void *self, const weir_io_args *args, weir_error *err) {
    /* XPUB: a PUB that can be told to wait. */
    static const int types[] = {ZMQ_XPUB, ZMQ_PUSH, ZMQ_ROUTER, ZMQ_DEALER};
    zeromq_sink *s = self;
    const weir_setting *set = args->settings->of;
    s->args = args;
    s->at = (zeromq_socket){.host = args->host, .wake = -1, .state = ""};
    snprintf(s->at.who, sizeof s->at.who, "sink 'zeromq' of '%.100s'", args->schema->stream);
    s->conf.type = types[set[OPT_SOCKET].as.l];
    s->may_drop = set[OPT_FULL].as.l == 1;
    if (s->conf.type == ZMQ_XPUB && set[OPT_TOPIC].given) s->front = &set[OPT_TOPIC];
    if (s->conf.type == ZMQ_ROUTER) s->front = &set[OPT_PEER];
    if (set[OPT_TOPIC].given && s->conf.type != ZMQ_XPUB)
        return weir_fail(err, WEIR_ECONFIG, "topic goes with socket='pub'");
    if (set[OPT_PEER].given != (s->conf.type == ZMQ_ROUTER))
        return weir_fail(err, WEIR_ECONFIG,
                         s->conf.type == ZMQ_ROUTER ? "socket='router' needs peer, such as '{{peer}}'"
                                                    : "peer goes with socket='router'");
    if (s->may_drop && s->conf.type != ZMQ_XPUB)
        return weir_fail(err, WEIR_ECONFIG, "when.full='drop' goes with socket='pub'");
    WIRE_TRY(zeromq_conf_read(&s->conf, set, err));
    uint64_t fingerprint;
    return args->shape == WEIR_SHAPE_ROWS ? frame_fingerprint(args->schema, &fingerprint, err) : WEIR_OK;
}

static weir_status sink_start(void *self, weir_error *err) {
    zeromq_sink *s = self;
    uint64_t sender = 0;
    if (getentropy(&sender, sizeof sender)) sender = (uint64_t)getpid();
    if (s->args->shape == WEIR_SHAPE_ROWS)
        WIRE_TRY(frame_writer_new(s->args->schema, sender, &s->writer, err));
    WIRE_TRY(zeromq_open(&s->at, &s->conf, err));
    if (s->conf.type == ZMQ_XPUB) WIRE_TRY(zeromq_set(s->at.socket, ZMQ_XPUB_NODROP, 1, err));
    if (s->conf.type == ZMQ_ROUTER) WIRE_TRY(zeromq_set(s->at.socket, ZMQ_ROUTER_MANDATORY, 1, err));
    return zeromq_connect(&s->at, &s->conf, err);
}

static weir_status sink_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    (void)last_epoch;
    ((zeromq_sink *)self)->n_done = 0;
    return saved ? weir_read_version(saved, 1, err) : WEIR_OK;
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

static void give_back(void *bytes, void *hint) {
    (void)hint;
    free(bytes); /* by a thread of libzmq's */
}

/* Some subscriber has no room: it goes without this message, which is counted. */
static int send_to_those_with_room(zeromq_sink *s, weir_text front, bool has_front, zmq_msg_t *body) {
    weir_error ignored;
    s->n_dropped++;
    if (zeromq_may_tell(&s->at))
        zeromq_log(&s->at, WEIR_LOG_WARN, "a subscriber is too slow: %" PRIu64 " messages dropped so far",
                   s->n_dropped);
    (void)zeromq_set(s->at.socket, ZMQ_XPUB_NODROP, 0, &ignored);
    int why = has_front && zmq_send(s->at.socket, front.bytes, front.len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0
                  ? errno
                  : 0;
    if (!why && zmq_msg_send(body, s->at.socket, ZMQ_DONTWAIT) < 0) why = errno;
    (void)zeromq_set(s->at.socket, ZMQ_XPUB_NODROP, 1, &ignored);
    return why;
}

/* One message. OK: it went, or no peer of that name is there; EAGAIN: there is no room. body is left alone
 * unless it went. */
static weir_status send_message(zeromq_sink *s, weir_text front, zmq_msg_t *body, weir_error *err) {
    bool has_front = s->front != NULL;
    int why = 0;
    if (has_front && !s->is_inside &&
        zmq_send(s->at.socket, front.bytes, front.len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        why = errno;
    s->is_inside = has_front && !why;
    if (!why && zmq_msg_send(body, s->at.socket, ZMQ_DONTWAIT) < 0) why = errno;
    if (!why) s->is_inside = false;
    if (why == EAGAIN && s->may_drop && !s->is_inside)
        why = send_to_those_with_room(s, front, has_front, body);
    if (!why) return WEIR_OK;
    if (why == EAGAIN || why == EINTR) return WEIR_EAGAIN;
    if (why != EHOSTUNREACH) {
        weir_fail(err, WEIR_EIO, "can't send: %s", zmq_strerror(why));
        if (err) err->retriable = true;
        return WEIR_EIO;
    }
    s->n_unreachable++;
    if (zeromq_may_tell(&s->at))
        zeromq_log(&s->at, WEIR_LOG_ERROR, "no peer is called '%.*s': %" PRIu64 " messages dropped so far",
                   (int)(front.len < 100 ? front.len : 100), front.bytes, s->n_unreachable);
    return WEIR_OK;
}

static weir_text front_of(const zeromq_sink *s, const weir_output *out, uint32_t i) {
    weir_text front = {"", 0};
    if (s->front) front = weir_output_option(out, s->front, i);
    return front.bytes ? front : (weir_text){"", 0};
}

/* Record i. */
static weir_status send_record(zeromq_sink *s, const weir_output *out, uint32_t i, weir_error *err) {
    zmq_msg_t body;
    size_t begin = i ? out->record_end[i - 1] : 0, len = out->record_end[i] - begin;
    if (zmq_msg_init_size(&body, len)) return weir_fail(err, WEIR_ENOMEM, "out of memory for a message");
    memcpy(zmq_msg_data(&body), out->bytes + begin, len);
    weir_status st = send_message(s, front_of(s, out, i), &body, err);
    zmq_msg_close(&body); /* empty if it went */
    return st;
}

static weir_status write_records(zeromq_sink *s, const weir_output *out, weir_error *err) {
    weir_status st = WEIR_OK;
    while (st == WEIR_OK && s->n_done < out->n_records)
        if ((st = send_record(s, out, s->n_done, err)) == WEIR_OK) s->n_done++;
    if (st == WEIR_OK) s->n_done = 0;
    return st; /* what is offered again goes on behind what was taken */
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

/* What was gathered becomes a message that waits to be sent. */
static weir_status pack(zeromq_sink *s, weir_error *err) {
    if (!frame_writer_rows(s->writer)) return WEIR_OK;
    packed *p = calloc(1, sizeof *p + s->n_writer_front);
    if (!p) return weir_fail(err, WEIR_ENOMEM, "out of memory for a message");
    char *bytes;
    weir_status st = frame_writer_finish(s->writer, s->number, &bytes, &p->len, err);
    if (st == WEIR_OK && zmq_msg_init_data(&p->body, bytes, p->len, give_back, NULL)) {
        free(bytes);
        st = weir_fail(err, WEIR_ENOMEM, "out of memory for a message");
    }
    if (st != WEIR_OK) return free(p), st;
    s->number++;
    p->n_front = s->n_writer_front;
    if (p->n_front) memcpy(p->front, s->writer_front, p->n_front);
    if (s->last)
        s->last->next = p;
    else
        s->first = p;
    s->last = p;
    return WEIR_OK;
}

static void drop_first(zeromq_sink *s) {
    packed *p = s->first;
    s->first = p->next;
    if (!s->first) s->last = NULL;
    zmq_msg_close(&p->body); /* empty, if it went */
    free(p);
}

static weir_status send_packed(zeromq_sink *s, weir_error *err) {
    while (s->first) {
        WIRE_TRY(send_message(s, (weir_text){s->first->front, s->first->n_front}, &s->first->body, err));
        drop_first(s);
    }
    return WEIR_OK;
}

static weir_status gather(zeromq_sink *s, const weir_output *out, weir_error *err) {
    weir_text front = front_of(s, out, 0);
    bool is_same =
        front.len == s->n_writer_front && (!front.len || !memcmp(front.bytes, s->writer_front, front.len));
    if (!is_same) {
        WIRE_TRY(pack(s, err));
        char *copy = malloc(front.len + 1);
        if (!copy) return weir_fail(err, WEIR_ENOMEM, "out of memory");
        memcpy(copy, front.bytes, front.len);
        free(s->writer_front);
        s->writer_front = copy;
        s->n_writer_front = front.len;
    }
    WIRE_TRY(frame_writer_add(s->writer, out->rows, err));
    bool is_full = frame_writer_rows(s->writer) >= FRAME_ROWS || frame_writer_bytes(s->writer) >= FRAME_BYTES;
    return is_full ? pack(s, err) : WEIR_OK;
}

/* ---- The calls ---------------------------------------------------------------------------------------- */

/* Subscriptions come as messages, of which libzmq takes note when it is asked for them: before each write, so
 * that who has subscribed while the app was idle gets what is written now. */
static void drain_subscriptions(zeromq_sink *s) {
    char any[8];
    while (s->conf.type == ZMQ_XPUB && zmq_recv(s->at.socket, any, sizeof any, ZMQ_DONTWAIT) >= 0) continue;
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    zeromq_sink *s = self;
    drain_subscriptions(s);
    return out->shape == WEIR_SHAPE_ROWS ? gather(s, out, err) : write_records(s, out, err);
}

static weir_status sink_flush(void *self, weir_error *err) {
    zeromq_sink *s = self;
    zeromq_watch(&s->at);
    drain_subscriptions(s);
    if (!s->writer) return WEIR_OK;
    WIRE_TRY(pack(s, err));
    return send_packed(s, err);
}

static weir_status sink_abort(void *self, uint64_t epoch, weir_error *err) {
    (void)epoch, (void)err;
    ((zeromq_sink *)self)->n_done = 0;
    return WEIR_OK;
}

static int sink_wake_fd(const void *self) { return ((const zeromq_sink *)self)->at.wake; }
static uint64_t sink_dropped(const void *self) {
    const zeromq_sink *s = self;
    return s->n_dropped + s->n_unreachable;
}

static const char *sink_state(const void *self) { return ((const zeromq_sink *)self)->at.state; }

static size_t sink_bytes(const void *self) {
    const zeromq_sink *s = self;
    size_t n = s->writer ? frame_writer_bytes(s->writer) : 0;
    for (const packed *p = s->first; p; p = p->next) n += p->len;
    return n;
}

static int linger_ms(const zeromq_sink *s) {
    int64_t now = wire_now_ns(), ms = s->conf.set[OPT_LINGER].as.l;
    int64_t left = (wire_no_later_ns(s->at.host, INT64_MAX) - now) / 1000000;
    return (int)(left < 0 ? 0 : left < ms ? left : ms);
}

static void sink_close(void *self) {
    zeromq_sink *s = self;
    weir_error ignored;
    if (s->at.socket && s->writer) (void)sink_flush(s, &ignored);
    while (s->first) drop_first(s);
    zeromq_close(&s->at, s->conf.set ? linger_ms(s) : 0);
    curve_free(&s->conf.curve);
    frame_writer_free(s->writer);
    free(s->writer_front);
}

const weir_sink_type zeromq_sink_type = {
    .struct_size = sizeof zeromq_sink_type,
    .name = "zeromq",
    .doc = "Sends by ZeroMQ: PUB, PUSH, ROUTER or DEALER. Without @map rows go by column to another weir.",
    .example = "@sink(type='zeromq', socket='push', endpoint='tcp://collector:5555', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_ROWS | WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_AT_MOST_ONCE,
    .state_size = sizeof(zeromq_sink),
    .open = sink_open,
    .start = sink_start,
    .recover = sink_recover,
    .begin = wire_epoch_nothing,
    .write = sink_write,
    .flush = sink_flush,
    .prepare = wire_save_nothing,
    .commit = wire_epoch_nothing,
    .abort = sink_abort,
    .wake_fd = sink_wake_fd,
    .bytes = sink_bytes,
    .close = sink_close,
    .state = sink_state,
    .dropped = sink_dropped,
};
