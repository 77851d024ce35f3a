/* source.c: receives by ZeroMQ: messages for a format, or rows from another weir (frame.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "socket.h"

enum { OPT_TOPIC = OPT_FIRST_OWN };

static const weir_option options[] = {
    ZEROMQ_COMMON_OPTIONS(
        "sub|pull|router|dealer",
        "sub: what publishers send; pull: a share of what pushers send; router, dealer: from any "
        "number of peers.",
        "Who waits for the other. Without it pull and router bind, sub and dealer connect.",
        "Messages that wait for the app; beyond it the sender waits, and a publisher drops."),
    [OPT_TOPIC] = {"topic", WEIR_OPTION_TEXT, false, NULL, NULL,
                   "sub: what a message's topic must begin with; several with ','. Without it all."},
    {0}};

static const weir_property properties[] = {
    {"topic", "The first part of a message that has several."},
    {"peer", "router: the name of the sender's socket, by which it can be answered."},
    {"address", "The sender's address."},
    {0}};

#define SHOWN        256u /* messages shown at once */
#define MOST_SENDERS 64u

typedef struct received {
    zmq_msg_t front, body; /* the first and the last part; front only if there are several */
    bool has_front;
} received;

typedef struct sender { /* of rows that are published */
    uint64_t id, next;
} sender;

typedef struct zeromq_source {
    const weir_io_args *args;
    zeromq_conf conf;
    zeromq_socket at;
    received *received;
    weir_message *messages;
    weir_text *values;
    uint32_t n, n_used, shown_from;
    /* Rows. */
    uint64_t fingerprint;
    frame frame;
    bool has_frame;
    uint32_t row; /* the first that was not taken yet */
    sender senders[MOST_SENDERS];
    uint32_t n_senders;
    uint64_t n_missed, n_bad;
} zeromq_source;

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status source_open(void *self, const weir_io_args *args, weir_error *err) {
    static const int types[] = {ZMQ_SUB, ZMQ_PULL, ZMQ_ROUTER, ZMQ_DEALER};
    zeromq_source *s = self;
    const weir_setting *set = args->settings->of;
    s->args = args;
    s->at = (zeromq_socket){.host = args->host, .wake = -1, .state = ""};
    snprintf(s->at.who, sizeof s->at.who, "source 'zeromq' of '%.100s'", args->schema->stream);
    s->conf.type = types[set[OPT_SOCKET].as.l];
    if (set[OPT_TOPIC].given && s->conf.type != ZMQ_SUB)
        return weir_fail(err, WEIR_ECONFIG, "topic goes with socket='sub'");
    WIRE_TRY(zeromq_conf_read(&s->conf, set, err));
    return args->shape == WEIR_SHAPE_ROWS ? frame_fingerprint(args->schema, &s->fingerprint, err) : WEIR_OK;
}

static weir_status subscribe(zeromq_source *s, weir_error *err) {
    const char *list = s->conf.set[OPT_TOPIC].text;
    if (s->conf.type != ZMQ_SUB) return WEIR_OK;
    do {
        size_t len = list ? strcspn(list, ",") : 0, begin = list ? strspn(list, " \t\n") : 0, end = len;
        while (end > begin && strchr(" \t\n", list[end - 1])) end--;
        if (zmq_setsockopt(s->at.socket, ZMQ_SUBSCRIBE, list ? list + begin : "",
                           list && end > begin ? end - begin : 0))
            return weir_fail(err, WEIR_EIO, "can't subscribe: %s", zmq_strerror(zmq_errno()));
        if (list) list += len + (list[len] == ',');
    } while (list && *list);
    return WEIR_OK;
}

static weir_status source_start(void *self, weir_error *err) {
    zeromq_source *s = self;
    uint32_t n = s->args->n_properties;
    s->received = calloc(SHOWN, sizeof *s->received);
    s->messages = calloc(SHOWN, sizeof *s->messages);
    s->values = calloc((size_t)SHOWN * (n + 1), sizeof *s->values);
    s->frame.cols = calloc(s->args->schema->n_attributes + 1, sizeof *s->frame.cols);
    if (!s->received || !s->messages || !s->values || !s->frame.cols)
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    WIRE_TRY(zeromq_open(&s->at, &s->conf, err));
    WIRE_TRY(subscribe(s, err));
    return zeromq_connect(&s->at, &s->conf, err);
}

/* ---- Receiving ---------------------------------------------------------------------------------------- */

static void drop_one(received *r) {
    zmq_msg_close(&r->body);
    if (r->has_front) zmq_msg_close(&r->front);
    r->has_front = false;
}

/* One message with all its parts, of which those in the middle say nothing to us. EAGAIN: there is none. */
static weir_status receive_one(zeromq_source *s, received *r, weir_error *err) {
    r->has_front = false;
    for (bool is_first = true;; is_first = false) {
        zmq_msg_init(&r->body);
        if (zmq_msg_recv(&r->body, s->at.socket, is_first ? ZMQ_DONTWAIT : 0) < 0) {
            int why = errno;
            drop_one(r);
            if (why == EAGAIN || why == EINTR) return WEIR_EAGAIN;
            return weir_fail(err, WEIR_EIO, "can't receive: %s", zmq_strerror(why));
        }
        if (!zmq_msg_more(&r->body)) return WEIR_OK;
        if (is_first) {
            zmq_msg_init(&r->front);
            zmq_msg_move(&r->front, &r->body);
            r->has_front = true;
        }
        zmq_msg_close(&r->body);
    }
}

static weir_text value_of(const zeromq_source *s, const char *name, received *r) {
    bool is_router = s->conf.type == ZMQ_ROUTER;
    if (strcmp(name, "address") == 0) {
        const char *address = zmq_msg_gets(&r->body, "Peer-Address");
        return (weir_text){address, address ? strlen(address) : 0};
    }
    if (!r->has_front || (strcmp(name, "peer") == 0) != is_router) return (weir_text){NULL, 0};
    return (weir_text){zmq_msg_data(&r->front), zmq_msg_size(&r->front)};
}

static void show(zeromq_source *s, uint32_t i) {
    received *r = &s->received[i];
    weir_text *values = s->values + (size_t)i * s->args->n_properties;
    s->messages[i] = (weir_message){.bytes = zmq_msg_data(&r->body), .len = zmq_msg_size(&r->body)};
    for (uint32_t k = 0; k < s->args->n_properties; k++) values[k] = value_of(s, s->args->properties[k], r);
    if (s->args->n_properties) s->messages[i].properties = values;
}

static void drop_shown(zeromq_source *s) {
    for (uint32_t i = 0; i < s->n; i++) drop_one(&s->received[i]);
    s->n = s->n_used = 0;
    s->shown_from = UINT32_MAX;
}

static weir_status show_messages(zeromq_source *s, weir_input *in, weir_error *err) {
    if (s->n_used == s->n) {
        weir_status st = WEIR_OK;
        drop_shown(s);
        while (s->n < SHOWN && (st = receive_one(s, &s->received[s->n], err)) == WEIR_OK) show(s, s->n++);
        if (st != WEIR_OK && st != WEIR_EAGAIN) return st;
        if (!s->n) return WEIR_EAGAIN;
    }
    return wire_show_rest(in, s->messages, s->n, s->n_used, &s->shown_from);
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

/* A publisher drops what a subscriber is too slow for; the numbers of its messages show it. */
static void note_number(zeromq_source *s, const frame *f) {
    uint32_t i = 0;
    if (s->conf.type != ZMQ_SUB || s->conf.set[OPT_TOPIC].given) return; /* others get a share, or a choice */
    while (i < s->n_senders && s->senders[i].id != f->sender) i++;
    if (i == MOST_SENDERS)
        i = (uint32_t)(f->number % MOST_SENDERS); /* so many come and go: any one is forgotten */
    bool is_new = i >= s->n_senders || s->senders[i].id != f->sender;
    if (i >= s->n_senders) s->n_senders = i + 1;
    if (!is_new && f->number > s->senders[i].next) {
        s->n_missed += f->number - s->senders[i].next;
        if (zeromq_may_tell(&s->at))
            zeromq_log(&s->at, WEIR_LOG_WARN,
                       "the publisher has dropped %" PRIu64 " messages so far: this app is too slow",
                       s->n_missed);
    }
    s->senders[i] = (sender){f->sender, f->number + 1};
}

/* The next message with rows that fit. Those that don't are told and passed over. */
static weir_status next_frame(zeromq_source *s, weir_error *err) {
    weir_status st;
    while ((st = receive_one(s, &s->received[0], err)) == WEIR_OK) {
        weir_error why = {0};
        received *r = &s->received[0];
        st = frame_read(zmq_msg_data(&r->body), zmq_msg_size(&r->body), s->args->schema, s->fingerprint,
                        &s->frame, &why);
        if (st == WEIR_OK) note_number(s, &s->frame);
        if (st == WEIR_OK && s->frame.n_rows) {
            s->has_frame = true;
            s->row = 0;
            return WEIR_OK;
        }
        drop_one(r);
        if (st != WEIR_OK) s->n_bad++;
        if (st != WEIR_OK && zeromq_may_tell(&s->at))
            zeromq_log(&s->at, WEIR_LOG_ERROR, "%s (%" PRIu64 " messages dropped so far)", why.message,
                       s->n_bad);
    }
    return st;
}

static weir_status show_rows(zeromq_source *s, weir_input *in, weir_rows *rows, weir_error *err) {
    in->has_ts = true;
    if (!s->has_frame) WIRE_TRY(next_frame(s, err));
    const frame *f = &s->frame;
    uint32_t room = rows->limit > rows->n ? rows->limit - rows->n : 0, end = s->row, chunk = 0;
    if (!f->n_chunks) end = f->n_rows - s->row < room ? f->n_rows : s->row + room;
    while (f->n_chunks && end < f->n_rows && end - s->row < room) end = frame_chunk_end(f, &chunk, end);
    if (rows->n + (end - s->row) > rows->cap) WIRE_TRY(rows->grow(rows, rows->n + (end - s->row), err));
    return end > s->row ? frame_copy(f, s->row, end, rows, err) : WEIR_OK;
}

/* ---- The calls ---------------------------------------------------------------------------------------- */

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    zeromq_source *s = self;
    *in = (weir_input){.shape = s->args->shape, .wait_ms = -1};
    zeromq_watch(&s->at);
    return rows ? show_rows(s, in, rows, err) : show_messages(s, in, err);
}

static void source_consume(void *self, size_t n) {
    zeromq_source *s = self;
    if (s->args->shape != WEIR_SHAPE_ROWS) {
        s->n_used += (uint32_t)n;
        return;
    }
    s->row += (uint32_t)n;
    if (!s->has_frame || s->row < s->frame.n_rows) return;
    drop_one(&s->received[0]);
    s->has_frame = false;
}

static int source_wake_fd(const void *self) { return ((const zeromq_source *)self)->at.wake; }

static uint64_t source_dropped(const void *self) {
    const zeromq_source *s = self;
    return s->n_missed;
}

static const char *source_state(const void *self) { return ((const zeromq_source *)self)->at.state; }

static size_t source_bytes(const void *self) {
    const zeromq_source *s = self;
    size_t n =
        SHOWN * (sizeof *s->received + sizeof *s->messages + s->args->n_properties * sizeof *s->values);
    for (uint32_t i = s->n_used; i < s->n; i++) n += zmq_msg_size(&s->received[i].body);
    return s->received ? n + (s->has_frame ? zmq_msg_size(&s->received[0].body) : 0) : 0;
}

static void source_close(void *self) {
    zeromq_source *s = self;
    if (s->received) drop_shown(s);
    if (s->has_frame) drop_one(&s->received[0]);
    zeromq_close(&s->at, 0);
    curve_free(&s->conf.curve);
    free(s->received);
    free(s->messages);
    free(s->values);
    free(s->frame.cols);
}

const weir_source_type zeromq_source_type = {
    .struct_size = sizeof zeromq_source_type,
    .name = "zeromq",
    .doc = "Receives by ZeroMQ: SUB, PULL, ROUTER or DEALER. Without @map rows come by column from another "
           "weir.",
    .example = "@source(type='zeromq', socket='pull', endpoint='tcp://*:5555', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_ROWS | WEIR_SHAPE_MESSAGES,
    .replayable = false,
    .state_size = sizeof(zeromq_source),
    .open = source_open,
    .start = source_start,
    .poll = source_poll,
    .consume = source_consume,
    .wake_fd = source_wake_fd,
    .position = wire_save_nothing, /* what was received can't be received again */
    .seek = wire_seek_nothing,
    .bytes = source_bytes,
    .close = source_close,
    .properties = properties,
    .state = source_state,
    .dropped = source_dropped,
};
