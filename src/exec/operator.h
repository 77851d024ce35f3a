/* operator.h: what runs: operators over the batches of a cycle.
 *
 * The task hands an operator the rows of a cycle and gets rows back. There are two ways of driving:
 *  - batched: each operator is called once a cycle, with all its input, after those that feed it. An operator
 *    with a timer fires it between its input chunks, where the clock of the cycle passes its due time.
 *  - serial: for each arrival the task first gives every operator with a timer its turn, in order of rank
 *    (an empty input, until = WEIR_ORIGIN(arrival, rank + 1, 0)), then pushes the chunk depth first; each
 *    output chunk is pushed on before the next.
 * Operators can't tell the two apart: the rule is only "fire your own timers whose firing point
 * WEIR_ORIGIN(arrival, rank, ·) is below the origin of the chunk in hand; after the input, those below
 * `until`; and once at most for each arrival".
 *
 * Output batches live in turn->arena until the cycle ends. */
#ifndef WR_OPERATOR_H
#define WR_OPERATOR_H

#include "base/arena.h"
#include "plan/plan.h"

/* A chunk that failed in an operator: the exception in Siddhi's words. */
typedef struct wr_fault {
    weir_origin origin;  /* of the chunk */
    uint32_t chunk;      /* its number in the operator's input batch */
    const char *message; /* in the cycle arena */
} wr_fault;

typedef struct wr_faults {
    wr_fault *items;
    uint32_t n, cap;
} wr_faults;

typedef struct wr_turn {
    const weir_cycle *cycle;
    weir_arena *arena;              /* the cycle's: outputs and temporaries */
    weir_origin until;              /* after the input, fire own timers whose firing point is below this */
    wr_faults faults;               /* in the arena; operators add, the task empties */
    struct wr_table *const *tables; /* by plan index */
    struct wr_aggregation *const *aggregations;
    struct wr_op *const *partitions;                     /* the steps into partitions */
    void (*log)(void *ctx, int level, const char *line); /* weir_log_level; NULL: nobody listens */
    void *log_ctx;
    struct wr_threads *threads; /* that run this cycle's steps; NULL: there is one */
    bool keys_sleep;            /* no key's operator stays awake (exec/key_ops.h): for tests */
    bool has_failed;            /* some chunk of this step, kept when faults are settled */
    uint64_t rows_late;         /* dropped by windows since the task began; grows */
} wr_turn;

/* Notes that a chunk failed (a chunk once is enough) . */
weir_status wr_turn_fail(wr_turn *turn, weir_origin origin, uint32_t chunk, const char *message) WR_NODISCARD;

typedef struct wr_op wr_op;

typedef struct wr_op_type {
    const char *name;
    /* in[0] .. in[plan->n_in - 1]; NULL or n_rows == 0: nothing came in on that side. *out is zeroed. */
    weir_status (*process)(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                           weir_error *err);
    int64_t (*due)(
        const wr_op *op); /* next time at which a timer of its own is due; INT64_MAX: none. NULL: never */
    void (*start)(wr_op *op, int64_t clock);       /* the app starts, at this time; NULL: no matter */
    void (*save)(const wr_op *op, weir_writer *w); /* NULL together with load: no state */
    weir_status (*load)(wr_op *op, weir_reader *r, weir_error *err);
    /* What has changed since track was called; false, and nothing is written: that isn't known, or most has.
     * load_changes takes it into an operator as it was then; one that fails must be thrown away. NULL, all
     * three: the state is always saved whole. */
    void (*track)(wr_op *op);
    bool (*save_changes)(const wr_op *op, weir_writer *w);
    weir_status (*load_changes)(wr_op *op, weir_reader *r, weir_error *err);
    /* Rows of state held now; NULL: none. Bytes are in the account. */
    uint64_t (*rows)(const wr_op *op);
    /* by_key: what is kept for the partition key of that id is given up. NULL: nothing is. */
    void (*forget)(wr_op *op, uint32_t id);
    /* by_key, and the operator counts from when a key first comes up on any stream of its partition: these
     * are the rows of its n streams, with their keys. NULL: it does not. */
    weir_status (*greet)(wr_op *op, const wr_turn *turn, const weir_batch *rows, uint32_t n, weir_error *err);
    /* It holds nothing any more, as if it were new (but for the memory it has got). NULL: it can't. */
    weir_status (*clear)(wr_op *op, weir_error *err);
    void (*free)(wr_op *op);
} wr_op_type;

/* At which arrivals of a call an operator's timer fired, and when it was due. */
typedef struct wr_firing {
    uint32_t arrival;
    int64_t due;
} wr_firing;

typedef struct wr_firings {
    weir_arena *arena;
    wr_firing *items; /* arrivals ascend */
    uint32_t n, cap;
    bool out_of_memory; /* one is missing */
} wr_firings;

void wr_firings_add(wr_firings *f, uint32_t arrival, int64_t due);

/* The head of every operator's own struct. */
struct wr_op {
    const wr_op_type *type;
    const wr_plan_op *plan;
    wr_account account; /* all memory of the operator's state */
    /* Counters, kept by wr_op_process. */
    uint64_t n_calls, rows_in, rows_out, rows_late;
    uint64_t busy_ns; /* see operator.c */
    /* The timer rule "once at most for each arrival". */
    uint64_t fired_cycle; /* weir_cycle.number of the cycle that fired_next belongs to */
    uint32_t fired_next;  /* first arrival of that cycle at which the timer may still fire */
    int64_t asked_due;    /* wr_op_next_tick was asked for last */
    wr_firings *firings;  /* NULL: nobody wants to know */
};

/* Makes the operator for a plan node. parent is charged through op->account. */
weir_status wr_op_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) WR_NODISCARD;
void wr_op_free(wr_op *op); /* NULL is fine */
/* Calls type->process and counts. */
weir_status wr_op_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                          weir_error *err) WR_NODISCARD;

/* The next arrival at which op's timer, due at `due`, fires below the origin `before`; UINT32_MAX: none. The
 * operator then emits with origins WEIR_ORIGIN(arrival, op->plan->rank, seq) and calls wr_op_fired. */
static inline uint32_t wr_op_next_tick(wr_op *op, const weir_cycle *cycle, int64_t due, weir_origin before) {
    if (op->fired_cycle != cycle->number) {
        op->fired_cycle = cycle->number;
        op->fired_next = 0;
    }
    if (due == INT64_MAX) return UINT32_MAX;
    op->asked_due = due;
    uint32_t i = weir_cycle_next_tick(cycle, op->fired_next, due);
    return i < cycle->n_arrivals && WEIR_ORIGIN(i, op->plan->rank, 0) < before ? i : UINT32_MAX;
}
static inline void wr_op_fired(wr_op *op, uint32_t arrival) {
    op->fired_next = arrival + 1;
    if (op->firings) wr_firings_add(op->firings, arrival, op->asked_due);
}

/* One constructor for each kind; each in a file of its own. */
weir_status wr_filter_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
weir_status wr_stream_function_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
weir_status wr_window_op_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
weir_status wr_join_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
/* A join of a partition with a named window: `plan` becomes that of one key's join, which has only the rows
 * of its two sides as inputs. False: it joins no named window, and nothing changes. */
bool wr_join_plan_for_key(wr_plan_op *plan);
/* A key's join finds the content of named windows in `keeper`, a join of the whole plan that outlives it. */
void wr_join_share(wr_op *join, wr_op *keeper);
weir_status wr_read_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
weir_status wr_rate_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
weir_status wr_pattern_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
weir_status wr_keyed_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);
weir_status wr_select_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err);

#endif
