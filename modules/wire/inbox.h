/* inbox.h: messages that a thread of a connector has received and the app's thread takes, in order.
 *
 * One thread or several put, the app's thread polls and consumes. Bounded: who puts asks for room first. */
#ifndef WIRE_INBOX_H
#define WIRE_INBOX_H

#include <pthread.h>

#include "wire.h"

#define WIRE_SHOWN 1024u /* messages at a time */

/* The head of a message; its owner puts it in front of what else it keeps. `size` counts towards the bound.
 */
typedef struct wire_message {
    struct wire_message *next;
    const char *bytes;
    size_t len, size;
    weir_text *properties; /* by the source's args; NULL: none */
    bool is_bad;           /* a record of it gave no row: reason says why */
    char reason[256];
} wire_message;

typedef struct wire_inbox {
    pthread_mutex_t lock;
    wire_message *first, **end; /* those not yet shown */
    size_t held, limit;         /* bytes, those shown included */
    bool is_closed, is_ready;
    int bell;
    bool was_full; /* somebody was refused: `room` is called when there is room again */
    void (*room)(void *ctx);
    void *room_ctx;
    /* Of the app's thread. */
    wire_message *shown[WIRE_SHOWN];
    weir_message messages[WIRE_SHOWN];
    uint32_t n, n_used, shown_from; /* UINT32_MAX: not shown yet */
} wire_inbox;

weir_status wire_inbox_open(wire_inbox *b, size_t limit, weir_error *err);
/* All users but the app's thread are gone. drop is called for each message that is left. */
void wire_inbox_fini(wire_inbox *b, void (*drop)(void *ctx, wire_message *m), void *ctx);

/* Takes `size` bytes of the bound, before they are received; false: there is no room, or it is closed. */
bool wire_inbox_reserve(wire_inbox *b, size_t size);
/* The same whatever the bound, for who asks whether it is full beforehand. */
void wire_inbox_reserve_any(wire_inbox *b, size_t size);
bool wire_inbox_is_full(wire_inbox *b); /* then `room` is called when it no longer is */
void wire_inbox_release(wire_inbox *b, size_t size);
/* The message's size was reserved. False: closed, the message stays the caller's. */
bool wire_inbox_put(wire_inbox *b, wire_message *m);
/* Nothing is taken any more; those waiting are handed out one by one. */
void wire_inbox_close(wire_inbox *b);
wire_message *wire_inbox_take_waiting(wire_inbox *b); /* NULL: none; shown ones first */

/* weir_source_type.poll and .consume: each consumed message is handed to `taken`, which owns it then. */
weir_status wire_inbox_poll(wire_inbox *b, weir_input *in);
void wire_inbox_consume(wire_inbox *b, size_t n, void (*taken)(void *ctx, wire_message *m), void *ctx);
/* weir_source_type.bad */
void wire_inbox_bad(wire_inbox *b, const weir_bad_record *record);
size_t wire_inbox_held(wire_inbox *b);

#endif
