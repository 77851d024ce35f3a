/* ring.h: the last messages of a sink that any number of readers follow, each at its own pace.
 *
 * Bounded by bytes: a message that is added pushes the oldest out. A reader who is behind that has lost some,
 * and is told how many. Messages are numbered from 1 and shared; all calls lock. */
#ifndef WIRE_RING_H
#define WIRE_RING_H

#include <pthread.h>

#include "wire.h"

typedef struct wire_item {
    uint32_t refs; /* atomic */
    size_t len;
    char bytes[];
} wire_item;
wire_item *wire_item_new(size_t len);  /* with one reference; NULL: no memory */
void wire_item_unref(wire_item *item); /* NULL is fine */

typedef struct wire_ring {
    pthread_mutex_t lock;
    wire_item **items; /* of number n: at n % cap */
    uint64_t first, next;
    uint32_t cap;
    size_t held, limit;
    bool is_ready;
} wire_ring;

weir_status wire_ring_open(wire_ring *r, size_t limit, weir_error *err);
void wire_ring_fini(wire_ring *r);
/* Takes the item over. False: no memory. */
bool wire_ring_put(wire_ring *r, wire_item *item);
/* The message *number, with a reference for the caller, or NULL: it is not there yet. One that is no longer
 * there moves *number on to the oldest; *lost gets how many were passed over. */
wire_item *wire_ring_get(wire_ring *r, uint64_t *number, uint64_t *lost);
void wire_ring_drop_before(wire_ring *r, uint64_t number); /* those that are older than this one */
uint64_t wire_ring_first(wire_ring *r);                    /* the oldest that is there, or the next */
uint64_t wire_ring_next(wire_ring *r);                     /* the number that the next message will have */
size_t wire_ring_held(wire_ring *r);

#endif
