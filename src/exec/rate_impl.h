/* rate_impl.h: the parts of an output rate limit: rate_op.c walks chunks and ticks, rate_pick.c leaves rows
 * out, rate_hold.c keeps rows back, rate_window.c keeps what a window holds, rate_output.c builds what goes
 * out.
 *
 * The rules are index machines: they move rows about by number and never look at values. A row is named by
 * its slot in the store, or, as long as it is nowhere but in the input in hand, by its place there. When a
 * call ends, those of the input that go out or are kept are stored, all at once; the others never were. */
#ifndef WR_RATE_IMPL_H
#define WR_RATE_IMPL_H

#include "exec/groups.h"
#include "exec/operator.h"
#include "exec/row_index.h"

typedef uint64_t wr_rate_row;
#define WR_RATE_INPUT (UINT64_C(1) << 63) /* | physical row of the input */
#define WR_RATE_NONE  UINT64_MAX
#define WR_RATE_NEVER INT64_MIN

/* What is known of a group; of the whole where there are none. Idle: {WR_RATE_NONE, its rule's nothing,
 * false}. */
typedef struct wr_rate_group {
    wr_rate_row row; /* the latest, if it is kept */
    int64_t n;       /* FIRST by rows: rows in this period; by time: when the last went out, or WR_RATE_NEVER;
                        TOTALS: current rows less expired ones; ROWS: rows held */
    bool is_listed;
} wr_rate_group;

typedef struct wr_rate_output { /* in the arena */
    wr_rate_row *row, *total;
    weir_origin *origin; /* by chunk */
    uint32_t *chunk_end;
    uint32_t n, cap, n_chunks, cap_chunks;
    uint32_t *picked; /* physical rows of the input, for rules that only leave rows out */
    uint32_t n_picked;
    bool no_memory;
} wr_rate_output;

/* The rows of a window, by slot of the store: a list in order of coming in, and an index over what they are
 * told apart by. */
typedef struct wr_rate_list {
    uint32_t *next, *prev, *gid;
    uint8_t *uses; /* is it in the list, does it show totals; the last one releases it */
    uint32_t cap_next, cap_prev, cap_gid, cap_uses;
    uint32_t first, last; /* WR_NO_SLOT: none */
    uint32_t n;
    wr_row_index *index;
    uint32_t *columns; /* of the index */
    uint32_t n_columns;
} wr_rate_list;

typedef struct wr_rate wr_rate;

typedef struct wr_rate_rule_type {
    /* Logical rows k..end-1 of the input: whole chunks. Calls wr_rate_enter for each row or chunk. */
    weir_status (*take)(wr_rate *r, uint32_t k, uint32_t end, weir_error *err);
    void (*tick)(wr_rate *r); /* a period is over: emits. NULL: the rule has no ticks */
    bool (*is_idle)(const wr_rate *r, const wr_rate_group *g); /* the group can be forgotten */
    bool picks; /* the output is the input with rows left out */
} wr_rate_rule_type;

struct wr_rate {
    wr_op head;
    const wr_plan_rate *plan;
    const wr_rate_rule_type *rule;
    int64_t due;   /* of the next tick; INT64_MAX: never */
    int64_t count; /* by rows: those of this period */
    wr_groups *groups;
    wr_rate_group *group; /* by id */
    uint32_t cap_group, n_group;
    uint32_t sweep_at;
    uint32_t *listed; /* groups with a row, in the order in which they came */
    uint32_t n_listed, cap_listed;
    wr_rate_row *held; /* ALL */
    uint32_t n_held, cap_held;
    wr_rate_list list; /* ROWS */
    wr_attr *attrs;    /* of the store: the output's, then: is it an expired row? */
    wr_schema stored;
    wr_row_store *store; /* NULL: the rule picks */
    uint64_t cycle;      /* in which the store was settled last */
    /* The call in hand. */
    wr_turn *turn;
    const weir_batch *in;
    const uint32_t *gids;        /* by physical row; NULL: all in group 0 */
    const weir_row_id *slot;     /* ROWS: by physical row */
    const weir_column *keys;     /* ROWS: what rows are told apart by */
    uint32_t *hashes;            /* ROWS: by physical row */
    uint32_t chunk, chunk_limit; /* the chunk of the input in hand, and the physical row at which it ends */
    uint32_t next_k;
    weir_origin origin; /* of what is emitted */
    wr_rate_output out;
};

extern const wr_rate_rule_type wr_rate_first, wr_rate_last_picked, wr_rate_never;         /* rate_pick.c */
extern const wr_rate_rule_type wr_rate_all, wr_rate_last, wr_rate_latest, wr_rate_totals; /* rate_hold.c */
extern const wr_rate_rule_type wr_rate_window;                                            /* rate_window.c */

static inline bool wr_rate_by_group(const wr_rate *r) { return r->groups != NULL; }
static inline uint32_t wr_rate_gid(const wr_rate *r, uint32_t row) { return r->gids ? r->gids[row] : 0; }
static inline weir_kind wr_rate_kind(const wr_rate *r, uint32_t row) {
    return r->in->kind ? (weir_kind)r->in->kind[row] : WEIR_CURRENT;
}

/* rate_op.c */
void wr_rate_next_chunk(wr_rate *r, uint32_t row);
/* What is emitted from now on belongs to this row's chunk. */
static inline void wr_rate_enter(wr_rate *r, uint32_t row) {
    if (row >= r->chunk_limit) wr_rate_next_chunk(r, row);
}
/* A snapshot's period may be ended by a row, too: one for each row that is so far on. What the rows of one
 * chunk bring out is one chunk. */
void wr_rate_end_period(wr_rate *r);
static inline void wr_rate_look_at_time(wr_rate *r, uint32_t row) {
    if (r->in->ts[row] >= r->due) wr_rate_end_period(r);
}
/* The clock at the chunk in hand. */
static inline int64_t wr_rate_now(const wr_rate *r) {
    return r->turn->cycle->clock[weir_origin_arrival(r->origin)];
}
weir_status wr_rate_no_memory(weir_error *err);

/* rate_output.c. total: the row whose aggregates are shown; running out of memory is remembered. */
void wr_rate_emit(wr_rate *r, wr_rate_row row, wr_rate_row total);
void wr_rate_end_chunk(wr_rate *r);
/* The row is kept no longer. */
void wr_rate_release(wr_rate *r, wr_rate_row row);
/* A stored batch has the output's columns, and whether the row is an expired one. */
weir_status wr_rate_store(wr_rate *r, const weir_batch *rows, weir_row_id *ids, weir_error *err) WR_NODISCARD;
weir_status wr_rate_build(wr_rate *r, weir_batch *out, weir_error *err) WR_NODISCARD;

/* rate_window.c: the rows of the call, stored; and the list's own life. */
weir_status wr_rate_window_open(wr_rate *r, weir_error *err) WR_NODISCARD;
weir_status wr_rate_window_prepare(wr_rate *r, weir_error *err) WR_NODISCARD;
void wr_rate_window_close(wr_rate *r);
void wr_rate_window_save(const wr_rate *r, weir_writer *w);
weir_status wr_rate_window_load(wr_rate *r, weir_reader *in, weir_error *err) WR_NODISCARD;

#endif
