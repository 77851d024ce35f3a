/* sink.h: what the files of the JMS sink share.
 *
 * The outbox is a ring of encoded messages that the broker has not taken yet:
 *
 *      head ............ tail
 *      | waiting, or sent and not answered, or done behind one that is not
 *
 * A message leaves it when the broker has accepted it: in transacted mode when the transaction that it was
 * sent in is committed. After a lost connection everything in the outbox is sent again, in order, with the
 * same message ids; so nothing is lost, and what the broker had taken just then is there twice. Transactions
 * end at a checkpoint (without checkpoints five times a second), or when the outbox is full. */
#ifndef JMS_SINK_H
#define JMS_SINK_H

#include <stdatomic.h>
#include <stdlib.h>

#include "../wire/refusals.h"
#include "link.h"
#include "message.h"
#include "transaction.h"

#define JMS_OUT_BYTES    ((size_t)32 << 20) /* in the outbox; one message may exceed it */
#define JMS_OUT_MESSAGES 50000u

typedef enum jms_out_state { JMS_WAITS, JMS_IS_SENT, JMS_IS_TAKEN, JMS_IS_DONE } jms_out_state;

/* Memory of several messages, or of a large one: gone with its last user. Messages come and go in order, so a
 * block is soon free again; each by itself would make the allocator ask the system for every page. */
typedef struct jms_block {
    atomic_uint n_users; /* messages, and the sink as long as it writes to it */
    size_t used, cap;
    char bytes[];
} jms_block;

typedef struct jms_out {
    jms_block *block; /* has the bytes */
    const char *bytes;
    size_t len;
    uint32_t target;
    jms_out_state state;
    pn_delivery_t *delivery; /* while it is sent */
    uint64_t record;         /* with args->reports: how many were taken before it */
} jms_out;

/* A queue or topic that is written to. */
typedef struct jms_target {
    char *name;
    pn_link_t *sender; /* NULL: none now */
    bool is_up, is_refused;
    bool has_gap;     /* a message of it waits: later ones must wait too (of the scan in hand) */
    int64_t again_ns; /* when to try again; 0: not asked for */
    char why[160];    /* it was refused */
} jms_target;

typedef struct jms_writer jms_writer; /* encode.c */

typedef struct jms_sink {
    const weir_io_args *args;
    const weir_setting *set;
    char who[200];
    jms_conf conf;
    jms_link link;
    jms_writer *writer;
    jms_buffer encoded; /* the message in hand */
    jms_block *block;   /* to put it into; NULL: none */
    uint32_t n_done;    /* records of the output in hand that were taken */
    bool is_dynamic;    /* the destination differs from row to row */
    bool is_started;
    /* Guarded by the link's lock. */
    jms_out *out;
    uint64_t head, first_waiting, tail, cap; /* numbers; message i is out[i % cap] */
    size_t out_bytes;
    bool was_full;       /* the app waits until half of the outbox is empty */
    int64_t progress_ns; /* when a message has left it last */
    jms_target *targets;
    uint32_t n_targets;
    uint64_t n_taken; /* records, with args->reports */
    wire_refusals refusals;
    uint64_t n_dropped, n_tags;
    char dropped[300]; /* the last one, to be logged; "": nothing */
    jms_transaction transaction;
    bool wants_commit, must_roll_back;
    uint64_t n_in_transaction, n_answered;
    int64_t commit_ns; /* when the transaction ends by itself; 0: it does not */
    int64_t resume_ns; /* the broker has no room: not before */
} jms_sink;

static inline jms_out *jms_sink_out(const jms_sink *s, uint64_t number) {
    return &s->out[number & (s->cap - 1)];
}

static inline bool jms_sink_is_half_empty(const jms_sink *s) {
    return s->out_bytes <= JMS_OUT_BYTES / 2 && s->tail - s->head <= JMS_OUT_MESSAGES / 2;
}

static inline void jms_block_drop(jms_block *b) {
    if (b && atomic_fetch_sub(&b->n_users, 1) == 1) free(b);
}

/* send.c: the thread's side. */
extern const jms_handler jms_sink_handler;
/* The target of that name. UINT32_MAX: no memory. */
uint32_t jms_sink_target(jms_sink *s, const char *name);

/* What is in the outbox is given back. Under the link's lock. */
void jms_sink_forget(jms_sink *s);

/* encode.c. What of an output's records a message is made of. NULL: no memory. */
typedef struct jms_fields {
    weir_text body, destination, correlation, subject, group, reply_to, properties;
} jms_fields;
jms_writer *jms_writer_new(const weir_io_args *args, jms_kind kind, bool is_topic, bool is_durable,
                           int priority, int64_t ttl_ms);
void jms_writer_free(jms_writer *w);
/* Encodes into the buffer. NULL: done, else why it can't be a message. */
const char *jms_writer_write(jms_writer *w, const jms_fields *fields, jms_buffer *out);

extern const weir_sink_type jms_sink_type;

#endif
