/* pattern.h: a pattern or sequence as the executor runs it: an automaton over partial matches.
 *
 * Each step of the text that takes events is an *item*; its number says where its events stand in a match.
 * The numbers go by the order in which Siddhi reads the steps: from left to right, but of `a and b` b comes
 * first. A partial match waits at the items it may go on with. What happens when an item takes an event is
 * written in its links:
 *
 *   every e1=A -> e2=B and e3=C        0 = e1   next: 2, every_next: 0   (a fresh match waits at e1 again)
 *                                      2 = e2   partner: 1
 *                                      1 = e3   partner: 2               (both give output)
 *
 * The walk is that of Siddhi's pre and post state processors, which users' apps rely on: of an event, later
 * items are offered it first, and what they add can be seen from the next event on. */
#ifndef WR_PLAN_PATTERN_H
#define WR_PLAN_PATTERN_H

#include "plan/plan.h"

#define WR_NO_ITEM UINT32_MAX

typedef enum wr_item_kind {
    WR_ITEM_STREAM,        /* one event */
    WR_ITEM_COUNT,         /* min to max of them */
    WR_ITEM_LOGICAL,       /* one side of `and`, `or` */
    WR_ITEM_ABSENT,        /* not S for t */
    WR_ITEM_ABSENT_LOGICAL /* the same beside `and`, `or`; there the time may be missing */
} wr_item_kind;

/* Which event of an item, of those it has taken in this match. */
typedef enum wr_event_pick {
    WR_EVENT_AT,        /* number n, from 0 */
    WR_EVENT_LAST,      /* the last but n */
    WR_EVENT_ALL,       /* a list object of the values of all */
    WR_EVENT_CANDIDATE, /* in an item's own filter: the event it is offered */
} wr_event_pick;

#define WR_EVENT_TIME UINT32_MAX /* as a column: the event's timestamp, a long */

/* A value that a match gives: of column `column` of the item's stream. Null when there is no such event. In
 * the filter of the item itself, AT counts the candidate among its events, LAST does not. */
typedef struct wr_event_ref {
    uint32_t item;
    wr_event_pick pick;
    uint32_t n;
    uint32_t column;
    weir_type type; /* of the column; OBJECT for ALL */
    bool boxed;
} wr_event_ref;

/* own column <op> captured column, both of one type: the plain case of a condition between events. */
typedef struct wr_match_test {
    wr_compare op;
    weir_type type;
    uint32_t column; /* of the item's stream */
    wr_event_ref ref;
} wr_match_test;

typedef struct wr_plan_item {
    wr_item_kind kind;
    const char *name; /* e1, or the stream's */
    uint32_t side;
    bool is_start, is_or;
    bool gives_output;
    uint32_t partner;
    int64_t wait_ms; /* -1: none */
    uint32_t min, max;
    uint32_t next, every_next; /* where a match goes on; where a fresh copy waits once more */
    uint32_t within_every;     /* start of the `every` round the item: an expired match begins there anew */
    uint32_t last;     /* whose "has given a row" mark is looked at: its own, or of the very last item */
    uint32_t callback; /* a counted start, which begins anew when this item has been offered an event */
    /* Filter: all of it must hold. own: over the stream's columns alone, for a batch at once; keys and tests
     * pair by pair; residual: the rest, over the stream's columns and then refs. */
    wr_expr *own;
    uint32_t own_as; /* an earlier item of the same stream whose own is equal; WR_NO_ITEM: none */
    wr_expr **keys;  /* over the stream's columns; equal to key_refs. By them matches that wait are indexed */
    wr_event_ref *key_refs;
    uint32_t n_keys;
    wr_match_test *tests;
    uint32_t n_tests;
    wr_expr *residual;
    wr_event_ref *refs;
    uint32_t n_refs;
    bool *keeps;             /* by column of the stream: a match's event has it */
    const wr_schema *schema; /* of the stream */
} wr_plan_item;

typedef struct wr_plan_pattern {
    bool is_sequence;
    bool is_trail;     /* see wr_plan_is_trail */
    int64_t within_ms; /* -1: none */
    wr_plan_item *items;
    uint32_t n_items;
    uint32_t *timers; /* items that wait, in the order in which Siddhi makes their timers */
    uint32_t n_timers;
    uint32_t *resets; /* sequences: items, in the order in which they are updated (reset: in reverse) */
    uint32_t n_resets;
    wr_event_ref *outs; /* the columns of the output */
    uint32_t n_outs;
} wr_plan_pattern;

#define WR_TRAIL_FIELDS 32u /* most values that a match of a trail keeps */

/* every e1=A -> e2=B -> …: plain events one after the other, and no `every` but the first. A match of such a
 * pattern waits at one step at a time. */
bool wr_plan_is_trail(const wr_plan_pattern *p);

#endif
