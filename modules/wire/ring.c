/* ring.c: see ring.h. */
#include "ring.h"

#include <stdlib.h>

#define FIRST_CAP 64u

wire_item *wire_item_new(size_t len) {
    wire_item *item = malloc(sizeof *item + len);
    if (!item) return NULL;
    item->refs = 1;
    item->len = len;
    return item;
}

void wire_item_unref(wire_item *item) {
    if (item && __atomic_sub_fetch(&item->refs, 1, __ATOMIC_ACQ_REL) == 0) free(item);
}

weir_status wire_ring_open(wire_ring *r, size_t limit, weir_error *err) {
    r->items = calloc(FIRST_CAP, sizeof *r->items);
    if (!r->items) return wire_no_memory(err);
    r->cap = FIRST_CAP;
    r->first = r->next = 1;
    r->limit = limit;
    pthread_mutex_init(&r->lock, NULL);
    r->is_ready = true;
    return WEIR_OK;
}

void wire_ring_fini(wire_ring *r) {
    if (!r->is_ready) return;
    for (uint64_t n = r->first; n < r->next; n++) wire_item_unref(r->items[n % r->cap]);
    free(r->items);
    pthread_mutex_destroy(&r->lock);
    r->is_ready = false;
}

static size_t size_of(const wire_item *item) { return item->len + sizeof *item; }

static bool grow(wire_ring *r) {
    wire_item **items = malloc((size_t)r->cap * 2 * sizeof *items);
    if (!items) return false;
    for (uint64_t n = r->first; n < r->next; n++) items[n % (r->cap * 2)] = r->items[n % r->cap];
    free(r->items);
    r->items = items;
    r->cap *= 2;
    return true;
}

static void drop_oldest(wire_ring *r) {
    wire_item *item = r->items[r->first++ % r->cap];
    r->held -= size_of(item);
    wire_item_unref(item);
}

bool wire_ring_put(wire_ring *r, wire_item *item) {
    pthread_mutex_lock(&r->lock);
    while (r->first < r->next && r->held + size_of(item) > r->limit) drop_oldest(r);
    bool fits = r->next - r->first < r->cap || grow(r);
    if (fits) {
        r->items[r->next++ % r->cap] = item;
        r->held += size_of(item);
    }
    pthread_mutex_unlock(&r->lock);
    if (!fits) wire_item_unref(item);
    return fits;
}

wire_item *wire_ring_get(wire_ring *r, uint64_t *number, uint64_t *lost) {
    wire_item *item = NULL;
    *lost = 0;
    pthread_mutex_lock(&r->lock);
    if (*number < r->first) {
        *lost = r->first - *number;
        *number = r->first;
    }
    if (*number < r->next) {
        item = r->items[*number % r->cap];
        __atomic_add_fetch(&item->refs, 1, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&r->lock);
    return item;
}

void wire_ring_drop_before(wire_ring *r, uint64_t number) {
    pthread_mutex_lock(&r->lock);
    while (r->first < number && r->first < r->next) drop_oldest(r);
    pthread_mutex_unlock(&r->lock);
}

uint64_t wire_ring_first(wire_ring *r) {
    pthread_mutex_lock(&r->lock);
    uint64_t first = r->first;
    pthread_mutex_unlock(&r->lock);
    return first;
}

uint64_t wire_ring_next(wire_ring *r) {
    pthread_mutex_lock(&r->lock);
    uint64_t next = r->next;
    pthread_mutex_unlock(&r->lock);
    return next;
}

size_t wire_ring_held(wire_ring *r) {
    if (!r->is_ready) return 0;
    pthread_mutex_lock(&r->lock);
    size_t held = r->held;
    pthread_mutex_unlock(&r->lock);
    return held;
}
