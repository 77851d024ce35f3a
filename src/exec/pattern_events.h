/* pattern_events.h: the events that partial matches have taken.
 *
 * An event is one cell: a header, a byte for each kept column that says whether it is null, and the columns
 * that somebody reads. All of it lies in a cache line or two, as a match is tested and put out row by row.
 * Long strings are copies of their own; objects are referenced. Events of a counted item form a chain, which
 * copies of a match share. */
#ifndef WR_PATTERN_EVENTS_H
#define WR_PATTERN_EVENTS_H

#include "base/arena.h"
#include "exec/cell_pool.h"
#include "plan/pattern.h"

#define WR_NO_EVENT WR_NO_CELL

typedef struct wr_taken {
    int64_t ts;
    uint32_t refs;    /* matches, and the event before in a chain */
    uint32_t next;    /* in the chain */
    uint32_t last, n; /* of the chain that begins here */
} wr_taken;

typedef struct wr_kept_column {
    uint32_t column; /* of the stream */
    weir_type type;
    bool boxed;
    uint32_t size, at; /* bytes; offset in the cell */
} wr_kept_column;

typedef struct wr_event_pool {
    wr_cell_pool cells;
    wr_kept_column *kept;
    uint32_t n_kept, n_schema;
    uint32_t *kept_at; /* by column of the stream: its place in kept, or WR_NO_COLUMN */
    bool is_plain;     /* no strings, no objects */
} wr_event_pool;

weir_status wr_event_pool_init(wr_event_pool *p, const wr_plan_item *item, wr_account *account,
                               weir_error *err) WR_NODISCARD;
void wr_event_pool_fini(wr_event_pool *p);
void wr_event_pool_clear(wr_event_pool *p); /* holds no event any more */

static inline wr_taken *wr_taken_at(const wr_event_pool *p, uint32_t id) { return wr_cell(&p->cells, id); }

/* A new event of the row, referenced once. b NULL: one without values, as Siddhi puts in place of an event
 * that did not come; its time is -1. */
weir_status wr_event_take(wr_event_pool *p, const weir_batch *b, uint32_t row, uint32_t *id,
                          weir_error *err) WR_NODISCARD;
static inline void wr_event_ref_add(const wr_event_pool *p, uint32_t id) { wr_taken_at(p, id)->refs++; }
void wr_event_unref(wr_event_pool *p, uint32_t id); /* WR_NO_EVENT is fine */
/* Appends `id` (whose reference is taken over) to the chain that begins at `head`. */
void wr_event_chain(wr_event_pool *p, uint32_t head, uint32_t id);
/* Number n of the chain, or WR_NO_EVENT. */
uint32_t wr_event_nth(const wr_event_pool *p, uint32_t head, uint32_t n);

/* Where the value lies; NULL when it is null. kept: its place among the kept columns. */
static inline const void *wr_event_value(const wr_event_pool *p, uint32_t id, uint32_t kept) {
    const char *cell = wr_cell(&p->cells, id);
    return cell[sizeof(wr_taken) + kept] ? cell + p->kept[kept].at : NULL;
}

/* Saving numbers the live events anew, from 0: numbers[id] is an event's, for id < p->cells.n_cells. */
void wr_event_pool_save(const wr_event_pool *p, uint32_t *numbers, weir_writer *w);
/* Into an empty pool, by those numbers. Each event has one reference too many, which is the caller's to drop
 * once it has counted its own: so nothing is lost or freed twice, whatever the bytes say. */
weir_status wr_event_pool_load(wr_event_pool *p, weir_reader *r, weir_arena *arena,
                               weir_error *err) WR_NODISCARD;

#endif
