/* pattern_impl.h: the inside of the operator that runs patterns and sequences, for the files that make it up:
 *
 *   pattern_op.c       life, the walk over a cycle's input, timers
 *   pattern_machine.c  what happens to a match: it goes on, waits, begins anew, expires
 *   pattern_offer.c    an event is offered to an item
 *   pattern_absent.c   the same for `not`, and what its timers do
 *   pattern_filter.c   which waiting matches pass an item's filter
 *   pattern_residual.c what of a filter is left
 *   pattern_match.c    matches, lists of them, and the index of a list
 *   pattern_output.c   the rows that go out
 *   pattern_save.c     saving and loading
 *   pattern_trail.c    instead of machine, offer and match, where matches are a trail (see exec/trail.h)
 *
 * A match (partial, until it goes out) holds for each item the event it has taken, or the first of a chain of
 * them. It waits in lists: each item has one of those that may take the next event (pending) and one of those
 * that came to it since (fresh), which join the others when the next event of the item's stream comes. One
 * match may be in several lists; it lives as long as it is in one. */
#ifndef WR_PATTERN_IMPL_H
#define WR_PATTERN_IMPL_H

#include "exec/operator.h"
#include "exec/pattern_events.h"
#include "exec/program.h"
#include "exec/trail.h"

typedef struct wr_match {
    int64_t ts;      /* of the last event taken; -1: none so far */
    uint32_t refs;   /* entries, and places among what is to go out */
    bool is_expired; /* its time was up once: an `every` takes it up again only once */
    uint32_t ev[];   /* by item: the (first) event; WR_NO_EVENT: none */
} wr_match;

#define WR_NO_MATCH WR_NO_CELL
#define WR_NO_ENTRY WR_NO_CELL

typedef struct wr_match_entry {
    uint32_t match, next, prev;
    uint32_t hash, next_equal, prev_equal; /* in its bucket, in the order of the list */
} wr_match_entry;

typedef struct wr_match_list {
    uint32_t head, tail, n;
    bool is_sorted; /* by the matches' times; those without one last */
    /* Times of the events by which matches expire, if may_expire: bounds, not the very least and most. */
    bool starts_sorted;
    int64_t last_ts, least_start, most_start;
} wr_match_list;

typedef struct wr_match_bucket {
    uint32_t head, tail;
} wr_match_bucket;

/* Times at which a timer is to fire: first in, first out, not sorted. */
typedef struct wr_wait_queue {
    int64_t *due;
    uint32_t head, n, cap;
} wr_wait_queue;

typedef struct wr_item_state {
    const wr_plan_item *plan;
    wr_event_pool events;
    wr_match_list pending, fresh;
    wr_match_bucket *buckets; /* of pending, by its keys; NULL: no keys */
    uint32_t n_buckets;       /* a power of two */
    bool may_expire;          /* matches that wait here can have an event to go by */
    bool renews;              /* `every e1=A` at the start: one match without events waits here for ever */
    /* Siddhi's marks: see pattern_machine.c. */
    bool changed, returned, begins_anew, initialized, inactive;
    int64_t last_time; /* of `not`: of its last timer, or of the event that came all the same; 0: none */
    wr_wait_queue waits;
    wr_program *own, *keys, *residual;
    bool *residual_uses; /* by column of the residual's input */
    /* Of a trail: the fields of keys and tests. */
    uint32_t *key_fields, *test_fields;
    bool is_exact;       /* the hash tells the key */
    bool finds_own_keys; /* hashes are also those of matches that take the row and come to this item */
    /* Of the call in hand. */
    const uint8_t *passes;   /* by physical row: own holds; NULL: it holds for all */
    const uint32_t *passing; /* the rows for which it does */
    uint32_t n_passing;
    weir_column *key_columns;
    uint32_t *row_hashes; /* by physical row, of its keys, where there is an index */
    uint64_t *hashes;     /* of a trail: by physical row, of what it looks for */
    uint32_t taken;       /* the row in hand as an event, once taken; WR_NO_EVENT: not yet */
} wr_item_state;

/* One side's input of the call in hand. */
typedef struct wr_pattern_side {
    const weir_batch *batch; /* NULL: nothing */
    const uint32_t *walk;    /* the rows to walk; NULL: the batch's selection */
    uint32_t n_walk, next;
    uint32_t chunk; /* of the next row */
    /* Plan. */
    uint32_t *items; /* that read it, ascending */
    uint32_t n_items;
    bool gives_output; /* what its items complete goes out: Siddhi looks at the last of them */
} wr_pattern_side;

typedef struct wr_pattern_rows {
    uint32_t n, cap;
    weir_column *cols;
    int64_t *ts;
    uint32_t *chunk_end;
    weir_origin *origin; /* by chunk */
    uint32_t n_chunks;
} wr_pattern_rows;

typedef struct wr_pattern {
    wr_op head;
    const wr_plan_pattern *plan;
    wr_item_state *items;
    wr_pattern_side *sides;
    uint32_t *starts; /* items whose events a match expires by */
    uint32_t n_starts;
    wr_cell_pool matches, entries;
    wr_trail *trail;      /* holds the matches; NULL: the items' lists do */
    uint32_t *out_fields; /* of the trail, by column of the output */
    bool is_far;          /* some index of the trail is not in the cache */
    bool settles_at_once; /* of the row in hand: what is left fresh counts as settled */
    bool is_ready;        /* the first matches wait */
    bool can_skip;        /* rows that pass no filter need not be walked, if times are in order */
    int64_t newest;       /* the latest time of an event so far */
    /* The call in hand. */
    wr_turn *turn;
    const weir_batch *batch; /* the event in hand */
    uint32_t row, row_chunk;
    weir_origin origin;
    int64_t now; /* the clock */
    wr_pattern_rows rows;
    uint32_t *done; /* matches that are to go out, each referenced */
    uint32_t n_done, cap_done;
    uint32_t *candidates; /* entries; of a trail, matches */
    uint8_t *hits;
    uint32_t cap_candidates, cap_hits;
} wr_pattern;

static inline wr_match *wr_match_at(const wr_pattern *x, uint32_t id) { return wr_cell(&x->matches, id); }
static inline wr_match_entry *wr_entry_at(const wr_pattern *x, uint32_t id) {
    return wr_cell(&x->entries, id);
}

weir_status wr_pattern_no_memory(weir_error *err);

/* ---- pattern_match.c ---- */

/* A match without events; not referenced. */
weir_status wr_match_new(wr_pattern *x, uint32_t *id, weir_error *err) WR_NODISCARD;
weir_status wr_match_copy(wr_pattern *x, uint32_t of, uint32_t *id, weir_error *err) WR_NODISCARD;
static inline void wr_match_ref(const wr_pattern *x, uint32_t id) { wr_match_at(x, id)->refs++; }
void wr_match_unref(wr_pattern *x, uint32_t id);
/* Puts an event (whose reference is taken over) in place of the one the match has; WR_NO_EVENT: none. */
void wr_match_set(wr_pattern *x, uint32_t match, uint32_t item, uint32_t event);
/* The earliest time of the events by which it expires; INT64_MAX: it has none. */
int64_t wr_match_start(const wr_pattern *x, uint32_t match);
bool wr_match_is_expired(const wr_pattern *x, uint32_t match, int64_t now);

void wr_match_list_init(wr_match_list *l);
weir_status wr_waiting_add(wr_pattern *x, uint32_t item, wr_match_list *l, uint32_t match,
                           weir_error *err) WR_NODISCARD;
void wr_waiting_remove(wr_pattern *x, uint32_t item, wr_match_list *l, uint32_t entry);
void wr_waiting_clear(wr_pattern *x, uint32_t item, wr_match_list *l);
/* Moves the fresh matches behind the pending ones, in the order of their times. */
weir_status wr_waiting_settle(wr_pattern *x, uint32_t item, weir_error *err) WR_NODISCARD;

/* As a hash: keys that equal nothing. A match of such keys is in no bucket. */
#define WR_UNFINDABLE 0u
/* The keys of a row; false: they equal nothing. */
bool wr_keys_of_row(const wr_item_state *it, uint32_t row, uint32_t *hash);
/* The first entry of the bucket of that hash, for pending lists with an index. */
static inline uint32_t wr_bucket_head(const wr_item_state *it, uint32_t hash) {
    return it->buckets[hash & (it->n_buckets - 1)].head;
}
/* Are the row's keys those of the match? */
bool wr_keys_equal(const wr_pattern *x, const wr_item_state *it, uint32_t match, uint32_t row);

/* ---- pattern_machine.c ---- */

/* The first matches, at the start of the app (or of a partition's key). */
weir_status wr_pattern_begin(wr_pattern *x, int64_t clock, weir_error *err) WR_NODISCARD;
weir_status wr_item_add(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) WR_NODISCARD;
weir_status wr_item_add_every(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) WR_NODISCARD;
weir_status wr_item_init(wr_pattern *x, uint32_t item, weir_error *err) WR_NODISCARD;
weir_status wr_item_update(wr_pattern *x, uint32_t item, weir_error *err) WR_NODISCARD;
weir_status wr_item_reset(wr_pattern *x, uint32_t item, weir_error *err) WR_NODISCARD;
weir_status wr_item_expire(wr_pattern *x, uint32_t item, int64_t now, weir_error *err) WR_NODISCARD;
/* The match has taken the item's event and goes on. */
weir_status wr_item_pass(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) WR_NODISCARD;
weir_status wr_item_min_reached(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) WR_NODISCARD;
weir_status wr_item_notify(wr_pattern *x, uint32_t item, int64_t due, weir_error *err) WR_NODISCARD;
static inline bool wr_item_is_absent(const wr_item_state *it) {
    return it->plan->kind == WR_ITEM_ABSENT || it->plan->kind == WR_ITEM_ABSENT_LOGICAL;
}

/* ---- pattern_offer.c ---- */

/* The event in hand. */
weir_status wr_item_offer(wr_pattern *x, uint32_t item, weir_error *err) WR_NODISCARD;
/* The event in hand as one of the item's; the reference is the caller's. shared: it will be nobody's chain.
 */
weir_status wr_item_take(wr_pattern *x, uint32_t item, bool shared, uint32_t *event,
                         weir_error *err) WR_NODISCARD;
/* If a row was given: the match is to go out. */
weir_status wr_item_collect(wr_pattern *x, uint32_t item, uint32_t match, bool wanted,
                            weir_error *err) WR_NODISCARD;
weir_status wr_pattern_done(wr_pattern *x, uint32_t match, weir_error *err) WR_NODISCARD;

/* ---- pattern_absent.c ---- */

weir_status wr_absent_offer(wr_pattern *x, uint32_t item, uint32_t n, weir_error *err) WR_NODISCARD;
/* A timer of the item fires that was due at `due`. */
weir_status wr_absent_fire(wr_pattern *x, uint32_t item, int64_t due, weir_error *err) WR_NODISCARD;
/* `not A and e2=B`: may B go on, as far as A (item) is concerned? */
weir_status wr_absent_lets_pass(wr_pattern *x, uint32_t item, uint32_t match, bool *passes,
                                weir_error *err) WR_NODISCARD;

/* ---- pattern_filter.c ---- */

/* For a side's batch: own filters and keys; which rows need be walked. */
weir_status wr_pattern_prepare(wr_pattern *x, uint32_t side, const weir_batch *b, bool skip,
                               weir_error *err) WR_NODISCARD;
/* Fetches what rows soon to be walked will look at. */
void wr_pattern_prefetch(const wr_pattern *x, const wr_pattern_side *side);
/* The waiting matches that the event in hand is to be tried on, into candidates and hits. */
weir_status wr_item_candidates(wr_pattern *x, uint32_t item, uint32_t *n, weir_error *err) WR_NODISCARD;
/* The event that a reference picks, of a match; WR_NO_EVENT. *candidate: it is the event in hand instead. */
uint32_t wr_ref_event(const wr_pattern *x, const wr_event_ref *ref, uint32_t match, uint32_t own,
                      bool *candidate);

/* ---- pattern_residual.c ---- */

/* Of the first n candidates, x->hits says which have passed the rest of the item's filter: those that fail
 * the residual are taken back. x->origin and x->row_chunk are those of the event in hand. */
weir_status wr_pattern_residual(wr_pattern *x, uint32_t item, uint32_t n, weir_error *err) WR_NODISCARD;

/* ---- pattern_output.c ---- */

/* Puts a match's values into row `row` of columns (with bitmaps). own: the item whose filter asks, or
 * WR_NO_ITEM */
weir_status wr_ref_put(wr_pattern *x, const wr_event_ref *ref, uint32_t match, uint32_t own, weir_column *col,
                       uint32_t row, weir_error *err) WR_NODISCARD;
/* What is to go out becomes rows; one_chunk: of one chunk, else each of its own. */
weir_status wr_pattern_flush(wr_pattern *x, bool one_chunk, weir_error *err) WR_NODISCARD;
weir_status wr_pattern_output(wr_pattern *x, weir_batch *out, weir_error *err) WR_NODISCARD;
/* Room for one more row; the rows since the last chunk become one. */
weir_status wr_pattern_room(wr_pattern *x, weir_error *err) WR_NODISCARD;
void wr_pattern_end_chunk(wr_pattern *x);

/* ---- pattern_trail.c ---- */

weir_status wr_pattern_trail_new(wr_pattern *x, weir_error *err) WR_NODISCARD;
void wr_pattern_trail_free(wr_pattern *x);
weir_status wr_trail_prepare(wr_pattern *x, const wr_pattern_side *side, weir_error *err) WR_NODISCARD;
weir_status wr_trail_offer_row(wr_pattern *x, wr_pattern_side *side, weir_error *err) WR_NODISCARD;
/* All rows of the only stream; ordered: times are in order, of matches, too. */
weir_status wr_trail_walk(wr_pattern *x, wr_pattern_side *side, bool ordered, weir_error *err) WR_NODISCARD;
bool wr_trail_in_order(const wr_trail *t);
/* A match's value into row `row` of a column with a bitmap; strings stay the match's. */
weir_status wr_trail_put(wr_pattern *x, const wr_event_ref *ref, uint32_t match, weir_column *col,
                         uint32_t row, weir_error *err) WR_NODISCARD;
/* Makes x->candidates and x->hits hold n. */
weir_status wr_pattern_candidates(wr_pattern *x, uint32_t n, weir_error *err) WR_NODISCARD;
/* Of the keys of a match, by which the item finds it; 0: they equal nothing, or there are none. */
uint64_t wr_trail_hash(const wr_pattern *x, uint32_t item, const wr_trail_match *m);

/* ---- trail_save.c ---- */
void wr_trail_save(const wr_trail *t, weir_writer *w);
weir_status wr_trail_load(wr_pattern *x, weir_reader *r, weir_error *err) WR_NODISCARD;

/* ---- pattern_save.c ---- */

void wr_pattern_save(const wr_op *op, weir_writer *w);
weir_status wr_pattern_load(wr_op *op, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
