/* delivered.c: see delivered.h. */
#include "delivered.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 1024u

void kafka_delivered_init(kafka_delivered *d) {
    *d = (kafka_delivered){0};
    wire_refusals_init(&d->refusals);
}

void kafka_delivered_fini(kafka_delivered *d) {
    wire_refusals_fini(&d->refusals);
    free(d->is_settled);
}

bool kafka_delivered_room(kafka_delivered *d, uint64_t n) {
    uint64_t held = d->n_taken - d->first;
    size_t cap = d->cap ? d->cap : FIRST_CAP;
    while (cap < held + n) cap *= 2;
    if (cap == d->cap) return true;
    char *bigger = calloc(cap, 1);
    if (!bigger) return false;
    for (uint64_t r = d->first; r < d->n_taken; r++) bigger[r & (cap - 1)] = d->is_settled[r & (d->cap - 1)];
    free(d->is_settled);
    d->is_settled = bigger;
    d->cap = cap;
    return true;
}

static void advance(kafka_delivered *d) {
    while (d->first < d->n_taken && d->is_settled[d->first & (d->cap - 1)])
        d->is_settled[d->first++ & (d->cap - 1)] = false;
}

void kafka_delivered_take(kafka_delivered *d, uint64_t n) {
    d->n_taken += n;
    advance(d);
}

void kafka_delivered_settle(kafka_delivered *d, uint64_t record) {
    if (record < d->first || record - d->first >= d->cap) return;
    d->is_settled[record & (d->cap - 1)] = true;
    advance(d);
}

void kafka_delivered_refuse(kafka_delivered *d, uint64_t record, const char *topic, const char *why) {
    (void)wire_refusals_add(&d->refusals, record, 1, "a message for topic '%.100s': %s", topic, why);
    kafka_delivered_settle(d, record);
}

void kafka_delivered_forget(kafka_delivered *d) {
    wire_refusals_clear(&d->refusals);
    if (d->cap) memset(d->is_settled, 0, d->cap);
    d->n_taken = d->first = 0;
    d->has_failed = false;
}
