/* seen.c: see seen.h. */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

static uint32_t home(const jms_seen *s, const unsigned char id[16]) {
    uint32_t h; /* the id is a hash already */
    memcpy(&h, id, sizeof h);
    return h & (s->cap - 1);
}

static bool grow(jms_seen *s) {
    jms_seen bigger = {.cap = s->cap ? s->cap * 2 : 64};
    bigger.of = calloc(bigger.cap, sizeof *bigger.of);
    if (!bigger.of) return false;
    for (uint32_t i = 0; i < s->cap; i++)
        if (s->of[i].number) (void)jms_seen_add(&bigger, s->of[i].id, s->of[i].number);
    free(s->of);
    *s = bigger;
    return true;
}

bool jms_seen_add(jms_seen *s, const unsigned char id[16], uint64_t number) {
    if (2 * (s->n + 1) > s->cap && !grow(s)) return false;
    uint32_t i = home(s, id);
    while (s->of[i].number && memcmp(s->of[i].id, id, 16) != 0) i = (i + 1) & (s->cap - 1);
    s->n += !s->of[i].number;
    memcpy(s->of[i].id, id, 16);
    s->of[i].number = number;
    return true;
}

/* Entries behind a gap move up, so that none is hidden by it. */
static void close_gap(jms_seen *s, uint32_t gap) {
    for (uint32_t i = (gap + 1) & (s->cap - 1); s->of[i].number; i = (i + 1) & (s->cap - 1)) {
        uint32_t from = home(s, s->of[i].id);
        if (((i - from) & (s->cap - 1)) < ((i - gap) & (s->cap - 1))) continue;
        s->of[gap] = s->of[i];
        gap = i;
    }
    s->of[gap] = (jms_seen_entry){0};
}

uint64_t jms_seen_take(jms_seen *s, const unsigned char id[16]) {
    if (!s->n) return 0;
    uint32_t i = home(s, id);
    while (s->of[i].number && memcmp(s->of[i].id, id, 16) != 0) i = (i + 1) & (s->cap - 1);
    uint64_t number = s->of[i].number;
    if (!number) return 0;
    close_gap(s, i);
    s->n--;
    return number;
}

void jms_seen_clear(jms_seen *s) {
    free(s->of);
    *s = (jms_seen){0};
}
