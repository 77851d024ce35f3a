/* task_internal.h: what the files of the task share. */
#ifndef WR_TASK_INTERNAL_H
#define WR_TASK_INTERNAL_H

#include "base/cron.h"
#include "exec/aggregation.h"
#include "exec/backing.h"
#include "exec/change.h"
#include "exec/chunk_faults.h"
#include "exec/finder.h"
#include "exec/table.h"
#include "runtime/stores.h"
#include "runtime/task.h"

typedef struct wr_rules wr_rules;
typedef struct wr_threads wr_threads;
typedef struct wr_task_marks wr_task_marks; /* what a state was saved of: task_state.c */

typedef struct wr_subscription {
    wr_rows_callback callback;
    void *ctx;
} wr_subscription;

typedef struct wr_subscriptions {
    wr_subscription *items;
    uint32_t n, cap;
} wr_subscriptions;

/* What a stream has got in the cycle at hand. */
typedef struct wr_stream_state {
    const wr_plan_stream *plan;
    wr_subscriptions subscriptions;
    weir_batch *parts; /* one for each producer that gave rows; rank[i] orders equal origins */
    uint32_t *ranks;
    uint32_t n_parts, cap_parts, cap_ranks;
    weir_batch merged; /* of all parts; valid when is_merged */
    bool is_merged;
    bool has_failed;       /* chunks were taken out of merged in this cycle: a query failed on them */
    wr_rules *rules;       /* indexes of the filters of its readers, a list */
    uint64_t rows, errors; /* counters over the life of the task */
} wr_stream_state;

typedef struct wr_query_state {
    const wr_plan_query *plan;
    wr_op **ops; /* side by side, then the merge, the select and the rate limit: as in wr_plan_n_ops */
    uint32_t n_ops;
    wr_op **side_ops[WR_MAX_SIDES]; /* where in ops those of each side begin */
    wr_op *merge;                   /* NULL: none */
    wr_op *select;
    wr_op *rate;       /* NULL: none */
    wr_change *change; /* of a table; NULL: none */
    bool is_self_join;
    bool has_timer;
    uint32_t producer_rank; /* among the producers of its target; input from outside is 0 */
    wr_rules *rules;        /* NULL: its filter is in no index */
    uint32_t rule;          /* its number there */
    wr_subscriptions subscriptions;
    weir_batch
        given; /* what it has emitted in the cycle at hand, if somebody subscribed; lives in an arena */
} wr_query_state;

typedef struct wr_trigger_state {
    const wr_plan_trigger *plan;
    wr_cron cron; /* of kind CRON; read in UTC */
    int64_t due;  /* INT64_MAX: none */
    bool is_set;  /* the first due time has been worked out */
    bool is_old;  /* of kind START: it has fired, before this task took over from another */
} wr_trigger_state;

/* An operator with a timer: where it stands. */
typedef struct wr_timer_place {
    uint32_t query, side, index; /* as in wr_plan_op_at */
    uint32_t trigger;            /* WR_NONE_ID: none */
    uint32_t partition;          /* WR_NONE_ID: none */
    bool is_used;
} wr_timer_place;

struct wr_task {
    const wr_plan *plan;
    wr_account account;
    bool serial;
    void (*log)(void *ctx, int level, const char *line);
    void *log_ctx;
    struct wr_errors *errors;
    wr_stream_state *streams;
    wr_query_state *queries;
    wr_trigger_state *triggers;
    weir_batch *window_rows; /* by named window: what has left it in the cycle at hand (batched) */
    wr_table **tables;
    const wr_stores *stores;
    wr_aggregation **aggregations;
    wr_op **partitions;
    wr_timer_place *timers; /* by rank */
    weir_arena arena;       /* of the cycle */
    wr_turn turn;
    weir_cycle cycle;
    int64_t clock;
    uint64_t n_cycles;
    bool is_started;
    bool has_subscribed_queries;
    wr_threads *threads;  /* NULL: one does it all */
    wr_task_marks *marks; /* NULL: nobody asks for changes */
    uint64_t n_saved;     /* states, by wr_task_save_next */
};

/* task_state.c: the next state is saved whole. */
void wr_task_forget_marks(wr_task *t);

/* task.c */
void wr_task_log(const wr_turn *turn, int level, const char *format, ...) WR_PRINTF(3, 4);
/* The operator that a chunk on side `side` comes to after `index` others; NULL: it is through. */
wr_op *wr_task_op_at(const wr_query_state *q, uint32_t side, uint32_t index);
void wr_task_deliver(wr_subscriptions *s, const weir_batch *b);

/* Rows that are inserted into a stream are current there; those of a named window keep their kinds. */
static inline bool wr_task_keeps_kinds(const wr_plan_stream *s) {
    return s->window != WR_NONE_ID && !s->is_window_input;
}

/* task_stores.c: the end of a cycle, for tables in stores. */
weir_status wr_task_settle_stores(wr_task *t, weir_error *err) WR_NODISCARD;
/* Rows written to and found in the table's store, if it has one. */
void wr_task_add_store_stat(const wr_task *t, uint32_t table, wr_task_stat *stat);
weir_status wr_task_new_table(wr_task *t, uint32_t table, weir_error *err) WR_NODISCARD;

/* task_triggers.c: the rows of a trigger for the ticks of the cycle; out->n_rows == 0: none. */
weir_status wr_task_trigger_init(wr_task *t, wr_trigger_state *g, weir_error *err) WR_NODISCARD;
weir_status wr_task_trigger_fire(wr_task *t, wr_trigger_state *g, bool is_start, weir_batch *out,
                                 weir_error *err) WR_NODISCARD;

/* task_faults.c: what happens to chunks that failed in a receiver of `stream`. */
weir_status wr_task_fault_rows(wr_task *t, wr_turn *turn, uint32_t stream, const weir_batch *source,
                               weir_batch *out, weir_error *err) WR_NODISCARD;
weir_status wr_task_without_failed(wr_turn *turn, const weir_batch *source, weir_batch *out,
                                   weir_error *err) WR_NODISCARD;

/* task_self_join.c: rows of a stream that is both sides of a join, each as a chunk with an origin of its own;
 * and back: in the rows that leave the query (may be none), and in what failed. */
bool wr_task_is_self_join(const wr_plan_query *q);
weir_status wr_task_rows_apart(wr_turn *turn, const weir_batch *whole, weir_batch *out,
                               weir_error *err) WR_NODISCARD;
weir_status wr_task_true_origins(wr_turn *turn, const weir_batch *whole, const weir_batch *apart,
                                 weir_batch *out, weir_error *err) WR_NODISCARD;

/* task_rules.c: filters of many readers of one stream, answered together. */
weir_status wr_task_rules_init(wr_task *t, weir_error *err) WR_NODISCARD;
void wr_task_rules_fini(wr_stream_state *s);
void wr_task_rules_begin_cycle(wr_stream_state *s);
/* Before several threads ask wr_task_rule_rows for these rows of the stream. */
weir_status wr_task_rules_run(wr_turn *turn, wr_stream_state *s, const weir_batch *rows,
                              weir_error *err) WR_NODISCARD;
/* The query's first filter is answered by wr_task_rule_rows. */
bool wr_task_rules_apply(const wr_query_state *q, const weir_batch *rows);
/* What passes the query's first filter. */
weir_status wr_task_rule_rows(wr_turn *turn, wr_query_state *q, const weir_batch *rows, weir_batch *out,
                              weir_error *err) WR_NODISCARD;
/* task_partitions.c: operators that count from a key's birth are told of the rows of their partition's n
 * streams. */
weir_status wr_task_greet_keys(wr_task *t, const wr_turn *turn, uint32_t partition, const weir_batch *rows,
                               uint32_t n, weir_error *err) WR_NODISCARD;
/* The operators of partitions forget the keys that ended in this cycle. */
void wr_task_settle_partitions(wr_task *t);
/* Origins from outside again, in the rows that leave a partition. */
weir_status wr_task_leave_partition(wr_task *t, wr_turn *turn, uint32_t partition, weir_batch *b,
                                    weir_error *err) WR_NODISCARD;
/* What failed in a reader of a view fails in the stream outside: turn->faults get origins from there. */
void wr_task_faults_outside(wr_task *t, wr_turn *turn, uint32_t stream);

/* task_batched.c, task_serial.c */
weir_status wr_task_run_batched(wr_task *t, const wr_task_input *inputs, uint32_t n_inputs, bool is_start,
                                weir_error *err) WR_NODISCARD;
/* One query or partition, numbered as in wr_plan.order, once the streams that it reads are ready; and what
 * makes a stream ready once the steps that write it have run (a step does it itself if nobody has). */
weir_status wr_task_run_step(wr_task *t, wr_turn *turn, uint32_t step, weir_error *err) WR_NODISCARD;
weir_status wr_task_stream_ready(wr_task *t, wr_turn *turn, uint32_t stream, weir_error *err) WR_NODISCARD;

/* task_threads.c: sets t->threads, also when it fails. Batched driving only. */
weir_status wr_threads_new(wr_task *t, uint32_t n, bool always, weir_error *err) WR_NODISCARD;
void wr_threads_free(wr_threads *x);
bool wr_threads_apply(const wr_threads *x, uint32_t n_rows);             /* a cycle with so many rows */
weir_status wr_threads_run(wr_threads *x, weir_error *err) WR_NODISCARD; /* all steps of the cycle */
void wr_threads_lock(wr_threads *x);                                     /* NULL is fine */
void wr_threads_unlock(wr_threads *x);

weir_status wr_task_run_serial(wr_task *t, const wr_task_input *inputs, uint32_t n_inputs, bool is_start,
                               weir_error *err) WR_NODISCARD;

#endif
