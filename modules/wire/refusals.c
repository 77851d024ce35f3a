/* refusals.c: see refusals.h. */
#include "refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wire_refusals_init(wire_refusals *r) {
    *r = (wire_refusals){0};
    pthread_mutex_init(&r->lock, NULL);
}

void wire_refusals_fini(wire_refusals *r) {
    free(r->of);
    pthread_mutex_destroy(&r->lock);
}

/* Under the lock. */
static bool make_room(wire_refusals *r) {
    if (r->first + r->n < r->cap) return true;
    if (r->first) {
        memmove(r->of, r->of + r->first, r->n * sizeof *r->of);
        r->first = 0;
        return true;
    }
    size_t cap = r->cap ? r->cap * 2 : 16;
    weir_refusal *bigger = realloc(r->of, cap * sizeof *bigger);
    if (!bigger) return false;
    r->of = bigger;
    r->cap = cap;
    return true;
}

bool wire_refusals_add(wire_refusals *r, uint64_t record, uint32_t n_records, const char *format, ...) {
    pthread_mutex_lock(&r->lock);
    bool ok = make_room(r);
    if (ok) {
        weir_refusal *new = &r->of[r->first + r->n++];
        va_list args;
        new->record = record;
        new->n_records = n_records;
        va_start(args, format);
        vsnprintf(new->reason, sizeof new->reason, format, args);
        va_end(args);
        wire_one_line(new->reason);
    }
    pthread_mutex_unlock(&r->lock);
    return ok;
}

bool wire_refusals_take(wire_refusals *r, weir_refusal *out) {
    pthread_mutex_lock(&r->lock);
    bool any = r->n > 0;
    if (any) {
        *out = r->of[r->first++];
        if (!--r->n) r->first = 0;
    }
    pthread_mutex_unlock(&r->lock);
    return any;
}

void wire_refusals_clear(wire_refusals *r) {
    pthread_mutex_lock(&r->lock);
    r->first = r->n = 0;
    pthread_mutex_unlock(&r->lock);
}
