/* source.h: what the files of the JMS source share.
 *
 * Items. Each message that came is an item with a number, from 1, in a ring:
 *
 *      head ........... used ........... shown ........... tail
 *      | consumed,      | shown to the   | read ahead
 *      | not settled    | app
 *
 * Deliveries are settled when the checkpoint with the position of what was consumed is safe: in acknowledged
 * mode each by itself, in transacted mode all of a checkpoint in one transaction. When a connection is lost,
 * so are its deliveries: the broker will deliver again what was not settled. What was read ahead is thrown
 * away; for what the app has had, the ids are kept (seen.h), and the new delivery takes the place of the old.
 * The ids of what was consumed and not settled are in the checkpoint too.
 *
 * Credit. The broker may send as many messages as there is room for: `prefetch`, or fewer when they are
 * large. Bytes that come although there is no room stay in Proton's window, which is bounded, and then with
 * the broker. */
#ifndef JMS_SOURCE_H
#define JMS_SOURCE_H

#include "link.h"
#include "message.h"
#include "seen.h"
#include "transaction.h"

#define JMS_SHOWN        1024u   /* messages at a time */
#define JMS_UNSETTLED    100000u /* messages; half of it asks for a checkpoint */
#define JMS_UNSAVED      8192u   /* without checkpoints: so many ask to be acknowledged */
#define JMS_KEPT         32768u  /* ids of messages that were settled */
#define JMS_AHEAD_BYTES  ((size_t)32 << 20)
#define JMS_WINDOW_BYTES ((size_t)4 << 20)

typedef struct jms_item {
    pn_delivery_t *delivery; /* NULL: lost with its connection, or settled by the sender */
    jms_message message;     /* its block is gone once consumed */
} jms_item;

typedef struct jms_source {
    const weir_io_args *args;
    char who[200];
    jms_conf conf;
    jms_link link;
    jms_reader *reader;
    /* What was asked for. */
    const char *destination, *selector;
    char subscription[256]; /* its name; "": not durable */
    uint32_t prefetch;
    size_t largest;
    /* Guarded by the link's lock. */
    pn_link_t *receiver;
    bool is_attached, is_held_up; /* held up: what has come is not read, for want of room */
    int64_t attach_again_ns;      /* 0: not asked for */
    jms_buffer coming;            /* of a message that is not whole yet */
    bool is_skipping;             /* the rest of a message that is too large */
    jms_item *items;
    uint64_t head, used, shown, tail; /* numbers; item i is items[i % cap] */
    uint64_t cap;                     /* a power of two */
    size_t ahead_bytes;               /* of the items from `used` on */
    double mean_bytes;
    jms_seen seen;
    unsigned char (*kept)[16]; /* ids of the last JMS_KEPT items that were settled, in a ring */
    uint64_t n_kept;
    int64_t forget_ns; /* then redeliveries have come, and what was seen is forgotten; 0: not set */
    jms_transaction transaction;
    uint64_t settle_to;      /* items below this are safe */
    uint64_t in_transaction; /* items below this are in the one that is being committed; 0: none is */
    uint64_t n_too_large;
    /* The app's own. */
    weir_message *messages; /* shown */
    uint64_t shown_first;
    uint32_t n_shown, n_used, shown_from;
    uint64_t noted_epoch, noted_to;
} jms_source;

/* receive.c: the thread's side. */
extern const jms_handler jms_source_handler;
/* Settles what is safe, as far as it can now. */
void jms_source_settle(jms_source *s);
/* Since the app has consumed, there is something to do for the thread: to read, or to ask for more. */
bool jms_source_has_room_again(const jms_source *s);
static inline jms_item *jms_source_item(const jms_source *s, uint64_t number) {
    return &s->items[number & (s->cap - 1)];
}

extern const weir_source_type jms_source_type;

#endif
