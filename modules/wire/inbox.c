/* inbox.c: see inbox.h. */
#include "inbox.h"

#include <stdio.h>
#include <unistd.h>

weir_status wire_inbox_open(wire_inbox *b, size_t limit, weir_error *err) {
    b->limit = limit;
    b->end = &b->first;
    b->shown_from = UINT32_MAX;
    b->bell = wire_bell_new();
    if (b->bell < 0) return weir_fail(err, WEIR_EIO, "no descriptors are left");
    pthread_mutex_init(&b->lock, NULL);
    b->is_ready = true;
    return WEIR_OK;
}

void wire_inbox_fini(wire_inbox *b, void (*drop)(void *ctx, wire_message *m), void *ctx) {
    if (!b->is_ready) return;
    wire_inbox_close(b);
    for (wire_message *m; (m = wire_inbox_take_waiting(b));) drop(ctx, m);
    pthread_mutex_destroy(&b->lock);
    close(b->bell);
    b->is_ready = false;
}

bool wire_inbox_reserve(wire_inbox *b, size_t size) {
    pthread_mutex_lock(&b->lock);
    /* One message is always taken, however large: the transport has a limit of its own for that. */
    bool fits = !b->is_closed && (!b->held || (size <= b->limit && b->held <= b->limit - size));
    if (fits) b->held += size;
    if (!fits) b->was_full = true;
    pthread_mutex_unlock(&b->lock);
    return fits;
}

void wire_inbox_reserve_any(wire_inbox *b, size_t size) {
    pthread_mutex_lock(&b->lock);
    b->held += size;
    pthread_mutex_unlock(&b->lock);
}

bool wire_inbox_is_full(wire_inbox *b) {
    pthread_mutex_lock(&b->lock);
    bool full = b->held > b->limit;
    b->was_full |= full;
    pthread_mutex_unlock(&b->lock);
    return full;
}

void wire_inbox_release(wire_inbox *b, size_t size) {
    pthread_mutex_lock(&b->lock);
    b->held -= size;
    bool tells = b->was_full && b->held <= b->limit / 2;
    if (tells) b->was_full = false;
    pthread_mutex_unlock(&b->lock);
    if (tells && b->room) b->room(b->room_ctx);
}

bool wire_inbox_put(wire_inbox *b, wire_message *m) {
    pthread_mutex_lock(&b->lock);
    bool is_open = !b->is_closed, was_empty = !b->first;
    if (is_open) {
        m->next = NULL;
        *b->end = m;
        b->end = &m->next;
    }
    pthread_mutex_unlock(&b->lock);
    if (is_open && was_empty) wire_bell_ring(b->bell);
    return is_open;
}

void wire_inbox_close(wire_inbox *b) {
    pthread_mutex_lock(&b->lock);
    b->is_closed = true;
    pthread_mutex_unlock(&b->lock);
}

static wire_message *take_first(wire_inbox *b) {
    wire_message *m = b->first;
    if (!m) return NULL;
    b->first = m->next;
    if (!b->first) b->end = &b->first;
    return m;
}

wire_message *wire_inbox_take_waiting(wire_inbox *b) {
    if (b->n_used < b->n) return b->shown[b->n_used++];
    pthread_mutex_lock(&b->lock);
    wire_message *m = take_first(b);
    pthread_mutex_unlock(&b->lock);
    return m;
}

static void show_next(wire_inbox *b) {
    b->n = b->n_used = 0;
    b->shown_from = UINT32_MAX;
    pthread_mutex_lock(&b->lock);
    while (b->n < WIRE_SHOWN && b->first) b->shown[b->n++] = take_first(b);
    bool has_more = b->first != NULL;
    pthread_mutex_unlock(&b->lock);
    for (uint32_t i = 0; i < b->n; i++)
        b->messages[i] = (weir_message){
            .bytes = b->shown[i]->bytes, .len = b->shown[i]->len, .properties = b->shown[i]->properties};
    if (has_more) wire_bell_ring(b->bell);
}

weir_status wire_inbox_poll(wire_inbox *b, weir_input *in) {
    *in = (weir_input){.shape = WEIR_SHAPE_MESSAGES, .wait_ms = -1};
    if (b->n_used == b->n) {
        wire_bell_drain(b->bell);
        show_next(b);
    }
    if (b->n == b->n_used) return WEIR_EAGAIN;
    if (b->shown_from == b->n_used) return in->wait_ms = 0, WEIR_EAGAIN;
    b->shown_from = b->n_used;
    in->messages = b->messages + b->n_used;
    in->n_messages = b->n - b->n_used;
    return WEIR_OK;
}

void wire_inbox_consume(wire_inbox *b, size_t n, void (*taken)(void *ctx, wire_message *m), void *ctx) {
    for (; n && b->n_used < b->n; n--) {
        wire_message *m = b->shown[b->n_used++];
        size_t size = m->size;
        taken(ctx, m);
        wire_inbox_release(b, size);
    }
}

void wire_inbox_bad(wire_inbox *b, const weir_bad_record *record) {
    if (b->n_used == b->n) return;
    wire_message *m = b->shown[b->n_used];
    if (m->is_bad) return;
    m->is_bad = true;
    snprintf(m->reason, sizeof m->reason, "%s", record->reason ? record->reason : "");
}

size_t wire_inbox_held(wire_inbox *b) {
    if (!b->is_ready) return 0;
    pthread_mutex_lock(&b->lock);
    size_t held = b->held;
    pthread_mutex_unlock(&b->lock);
    return held;
}
