/* trail.h: the open matches of a trail: a pattern of plain events, one after the other (see
 * wr_plan_is_trail).
 *
 *   every a=A[…] -> b=B[key == a.key and …] -> c=C[…] within 5 sec
 *
 * Such a match waits at one step at a time, and nothing shares what it has taken. So all of it is one cell:
 * the values that somebody reads of every event but the last, and where it waits. It stays in that cell from
 * its first event to its last. Each step has
 *
 *   queue  [gone|match|match|gone| … |fresh|fresh]   in the order in which they came, with their start times
 *   slots  [hash, first, last| … ]                   open addressing; first -> … -> last have that hash
 *
 * so that an event looks at one slot and at the matches with its keys, and the clock at the head of the
 * queue. What an event costs does not depend on how many matches are open, apart from the memory's distance,
 * which wr_trail_prefetch hides. A match that goes leaves a hole in the queue; when half of a full queue is
 * holes it closes up. Matches that came since the last event of their step's stream are fresh: they are in no
 * index yet, and join the others in the order of their times (wr_trail_settle). */
#ifndef WR_TRAIL_H
#define WR_TRAIL_H

#include <stddef.h>

#include "exec/cell_pool.h"
#include "exec/match_value.h"
#include "plan/pattern.h"

/* A value that a match keeps. */
typedef struct wr_trail_field {
    uint32_t item, column; /* of the item's stream; WR_EVENT_TIME */
    weir_type type;
    uint32_t size, at; /* bytes; offset in the cell */
} wr_trail_field;

typedef struct wr_trail_match {
    uint64_t hash;    /* of the keys that it waits for; 0: none, or nothing equals them */
    int64_t ts;       /* of the last event taken; -1 counts as later than all others, as in Siddhi's lists */
    uint32_t place;   /* in the queue of its step, counted and wrapping */
    uint32_t next;    /* of those with its hash */
    uint32_t present; /* by field: not null. The values follow */
} wr_trail_match;
#define WR_TRAIL_VALUES (offsetof(wr_trail_match, present) + sizeof(uint32_t))

typedef struct wr_trail_waiting {
    int64_t start;  /* the time of the match's first event */
    uint32_t match; /* WR_NO_CELL: gone */
    uint32_t hash;  /* the low half of the match's */
} wr_trail_waiting;

typedef struct wr_trail_slot {
    uint64_t hash; /* 0: free */
    uint32_t first, last;
} wr_trail_slot;

typedef struct wr_trail_step {
    wr_trail_waiting *queue; /* by place modulo cap, a power of two */
    uint32_t cap;
    uint32_t head, settled, tail; /* places: of the first, of the first fresh one, behind the last */
    uint32_t n_live;
    bool in_order;        /* the fresh ones came in the order of their times */
    bool starts_in_order; /* and of their starts */
    int64_t last_ts, most_start;
    wr_trail_slot *slots; /* NULL: none yet, or the step has no keys */
    uint32_t n_slots, n_used;
} wr_trail_step;

typedef struct wr_trail {
    wr_account *account;
    const wr_plan_pattern *plan;
    wr_cell_pool cells;
    wr_trail_field fields[WR_TRAIL_FIELDS];
    uint32_t n_fields;
    bool is_plain;        /* no strings */
    wr_trail_step *steps; /* by the item that a match waits for: the first is never waited for */
    /* What it cost, for tests: slots and matches that were looked at. */
    uint64_t n_slots_seen, n_matches_seen;
} wr_trail;

weir_status wr_trail_new(const wr_plan_pattern *plan, wr_account *account, wr_trail **out,
                         weir_error *err) WR_NODISCARD;
void wr_trail_free(wr_trail *t);  /* NULL is fine */
void wr_trail_clear(wr_trail *t); /* no match is open; keeps the memory */
/* The place of a value among the fields; it must be one. */
uint32_t wr_trail_field_of(const wr_trail *t, uint32_t item, uint32_t column);

static inline wr_trail_match *wr_trail_at(const wr_trail *t, uint32_t id) { return wr_cell(&t->cells, id); }
/* NULL: null. */
static inline const void *wr_trail_value(const wr_trail *t, const wr_trail_match *m, uint32_t field) {
    return m->present >> field & 1 ? (const char *)m + t->fields[field].at : NULL;
}
/* Makes a string that was copied into the match, and is not marked as present yet, the match's own. */
weir_status wr_trail_own(wr_trail *t, wr_trail_match *m, uint32_t field, weir_error *err) WR_NODISCARD;

/* A match without values, which waits nowhere; NULL: out of memory. */
static inline wr_trail_match *wr_trail_begin(wr_trail *t, uint32_t *id) {
    wr_trail_match *m = wr_cell_pool_take(&t->cells, id);
    if (m) *m = (wr_trail_match){.ts = -1, .next = WR_NO_CELL};
    return m;
}
void wr_trail_drop_strings(wr_trail *t, const wr_trail_match *m);
static inline void wr_trail_drop(wr_trail *t, uint32_t id) { /* one that waits nowhere */
    if (!t->is_plain) wr_trail_drop_strings(t, wr_trail_at(t, id));
    wr_cell_pool_give(&t->cells, id);
}

/* ---- The queue of a step */

static inline wr_trail_waiting *wr_trail_waiting_at(const wr_trail_step *s, uint32_t place) {
    return &s->queue[place & (s->cap - 1)];
}
/* The match, with its hash and time set, waits for that item, fresh; settled: it joins the others at once, if
 * none is fresh. */
weir_status wr_trail_wait(wr_trail *t, uint32_t item, uint32_t id, int64_t start, bool settled,
                          weir_error *err) WR_NODISCARD;
weir_status wr_trail_settle_fresh(wr_trail *t, uint32_t item, weir_error *err) WR_NODISCARD;
/* The fresh ones join the others. */
static inline weir_status wr_trail_settle(wr_trail *t, uint32_t item, weir_error *err) {
    return t->steps[item].settled == t->steps[item].tail ? WEIR_OK : wr_trail_settle_fresh(t, item, err);
}

static inline bool wr_trail_is_over(const wr_trail *t, int64_t start, int64_t now) {
    uint64_t apart = start < now ? (uint64_t)now - (uint64_t)start : (uint64_t)start - (uint64_t)now;
    return apart > (uint64_t)t->plan->within_ms;
}
void wr_trail_expire_step(wr_trail *t, uint32_t item, int64_t now);
/* Drops matches whose first event is further than within_ms from now: of those that have settled the ones in
 * front, up to the first that has time left, and fresh ones wherever they are. */
static inline void wr_trail_expire(wr_trail *t, int64_t now) {
    for (uint32_t i = 1; i < t->plan->n_items; i++)
        if (t->steps[i].head != t->steps[i].tail) wr_trail_expire_step(t, i, now);
}

/* ---- The index of a step */

static inline uint32_t wr_trail_seek(const wr_trail_slot *slots, uint32_t mask, uint64_t hash,
                                     uint64_t *n_seen) {
    uint32_t at = (uint32_t)hash & mask;
    for (++*n_seen; slots[at].hash != hash && slots[at].hash; at = (at + 1) & mask) ++*n_seen;
    return at;
}
/* The settled matches of that hash, which is not 0; NULL: none. */
static inline wr_trail_slot *wr_trail_find(wr_trail *t, uint32_t item, uint64_t hash) {
    wr_trail_step *s = &t->steps[item];
    if (!s->n_used) return NULL;
    wr_trail_slot *slot = &s->slots[wr_trail_seek(s->slots, s->n_slots - 1, hash, &t->n_slots_seen)];
    return slot->hash ? slot : NULL;
}

/* Takes a match out of a step without keys. Returns its start. */
static inline int64_t wr_trail_leave_queue(wr_trail *t, uint32_t item, uint32_t id) {
    wr_trail_step *s = &t->steps[item];
    wr_trail_waiting *w = wr_trail_waiting_at(s, wr_trail_at(t, id)->place);
    w->match = WR_NO_CELL;
    s->n_live--;
    return w->start;
}
/* Takes one of a slot's out. before: the one before it; WR_NO_CELL: it is the first. When the caller is
 * through with the slot it calls wr_trail_close, which frees it if it is empty. */
static inline int64_t wr_trail_leave(wr_trail *t, uint32_t item, wr_trail_slot *slot, uint32_t before,
                                     uint32_t id) {
    uint32_t next = wr_trail_at(t, id)->next;
    if (before == WR_NO_CELL)
        slot->first = next;
    else
        wr_trail_at(t, before)->next = next;
    if (slot->last == id) slot->last = before;
    return wr_trail_leave_queue(t, item, id);
}
void wr_trail_free_slot(wr_trail *t, uint32_t item, wr_trail_slot *slot);
static inline void wr_trail_close(wr_trail *t, uint32_t item, wr_trail_slot *slot) {
    if (slot->first == WR_NO_CELL) wr_trail_free_slot(t, item, slot);
}

#define WR_TRAIL_NEAR 4096u /* a table of so many slots lies in the cache */

/* A search for this hash comes soon, in an index that is not near. Three steps, each of which needs what the
 * one before fetched: its slot; the matches that the slot names; the first one's place in the queue. (Always
 * inline: gcc takes a function that only fetches for one without effect, and drops its calls.) */
WR_INLINE void wr_trail_prefetch(const wr_trail *t, uint32_t item, uint64_t hash, int step) {
    const wr_trail_step *s = &t->steps[item];
    const wr_trail_slot *slot = &s->slots[hash & (s->n_slots - 1)];
    if (step == 0) {
        __builtin_prefetch(slot);
    } else if (slot->hash == hash && hash) {
        const wr_trail_match *m = wr_trail_at(t, slot->first);
        __builtin_prefetch(step == 1 ? (const void *)m : &s->queue[m->place & (s->cap - 1)]);
        if (step == 1 && slot->last != slot->first) __builtin_prefetch(wr_trail_at(t, slot->last));
    }
}

#endif
