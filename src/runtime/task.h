/* task.h: a plan being run: its operators, tables and clock.
 *
 * A task is handed cycles: what has come in for each stream, as batches whose origins say which arrival
 * brought each chunk, and the clock after each arrival. It works through the plan in one of two ways (see
 * exec/operator.h): batched, every query once a cycle in topological order; or serial, arrival by arrival and
 * depth first, where the plan demands it. Both give the same rows in the same order on every stream.
 *
 * A task runs on one thread at a time, unless it is told to run its queries on several: then those that have
 * nothing to do with each other run at the same time (task_threads.c), for the same answers. */
#ifndef WR_TASK_H
#define WR_TASK_H

#include "exec/change.h"
#include "exec/operator.h"
#include "plan/on_demand.h"

typedef struct wr_task wr_task;

typedef void (*wr_rows_callback)(void *ctx, const weir_batch *batch);

typedef struct wr_task_options {
    const wr_plan *plan; /* borrowed, must outlive the task */
    wr_account *account; /* charged for all state; may be NULL */
    bool serial;         /* drive serially although the plan does not demand it */
    void (*log)(void *ctx, int level, const char *line); /* level: weir_log_level; may be NULL */
    void *log_ctx;
    struct wr_errors *errors; /* of streams with @OnError(action='store'); NULL: failed rows are logged */
    const struct wr_stores *stores; /* of the plan's tables; must outlive the task. NULL: there are none */
    uint32_t threads; /* that run a cycle's queries at the same time, the caller's included; 0, 1: that one.
                         A plan that is driven serially has no use for more */
    bool threads_always; /* however few rows there are: for tests */
    bool keys_sleep;     /* see weir_app_options */
} wr_task_options;

weir_status wr_task_new(const wr_task_options *options, wr_task **out, weir_error *err) WR_NODISCARD;
void wr_task_free(wr_task *t); /* NULL is fine */

/* Rows that arrive on a stream, by cycle (batched) or by chunk (serial). Kinds are all current. */
weir_status wr_task_subscribe(wr_task *t, uint32_t stream, wr_rows_callback callback, void *ctx,
                              weir_error *err) WR_NODISCARD;
/* Rows that a query emits, kinds included. */
weir_status wr_task_subscribe_query(wr_task *t, uint32_t query, wr_rows_callback callback, void *ctx,
                                    weir_error *err) WR_NODISCARD;

/* Sets the clock and fires 'start' triggers. Once, before the first cycle (and before a load, if any). */
weir_status wr_task_start(wr_task *t, int64_t clock, weir_error *err) WR_NODISCARD;

/* One stream's input of a cycle. Chunks have origins of phase EVENT; each arrival of the cycle is one chunk
 * of one of the inputs, or a bare move of the clock. The batch is borrowed until the call returns. */
typedef struct wr_task_input {
    uint32_t stream;
    weir_batch batch;
} wr_task_input;

/* Runs a cycle. clock[i] and late[i] (or NULL) are as in weir_cycle. Rows that fail are dealt with inside
 * (log or fault stream); an error that comes back is about memory or the task itself, and the task is of no
 * further use. */
weir_status wr_task_run(wr_task *t, const wr_task_input *inputs, uint32_t n_inputs, uint32_t n_arrivals,
                        const int64_t *clock, const uint8_t *late, weir_error *err) WR_NODISCARD;

/* With exactly-once: from now on what tables in stores are to be written waits for wr_task_commit_stores. */
weir_status wr_task_hold_stores(wr_task *t, weir_error *err) WR_NODISCARD;
/* So much waits that a checkpoint would be welcome. */
bool wr_task_wants_commit(const wr_task *t);
/* The state as it was saved last is durable: writes what it has of stores. */
weir_status wr_task_commit_stores(wr_task *t, weir_error *err) WR_NODISCARD;

/* Runs an on-demand query, between two cycles. The rows of the answer live in the arena; none for a change,
 * of which counts tells what it did. WEIR_EVALUE: a row failed. */
weir_status wr_task_query(wr_task *t, const wr_on_demand *q, weir_arena *arena, weir_batch *out,
                          wr_change_counts *counts, weir_error *err) WR_NODISCARD;

int64_t wr_task_clock(const wr_task *t);
/* The earliest time at which a timer is due; INT64_MAX: none. */
int64_t wr_task_next_due(const wr_task *t);
bool wr_task_is_serial(const wr_task *t);

/* All state, clock included. */
void wr_task_save(const wr_task *t, weir_writer *w);
/* The same, or with !whole only what has changed since the state number *number of this task was saved, if
 * that was the last one; *number becomes that of this one. 0: none. True: it is whole. When what was saved
 * comes to nothing, forget the number. */
bool wr_task_save_next(wr_task *t, uint64_t *number, bool whole, weir_writer *w);
/* Empties tables and operators. On failure the task must be thrown away. */
weir_status wr_task_renew(wr_task *t, weir_error *err) WR_NODISCARD;
/* Into a task with the same plan, started or not; it then counts as started. What is loaded replaces all that
 * was there. On WEIR_ENOMEM the task must be thrown away, on any other failure renewed. */
weir_status wr_task_load(wr_task *t, weir_reader *r, weir_error *err) WR_NODISCARD;
/* The same of a whole state and those of changes that follow it, in order: n readers. */
weir_status wr_task_load_chain(wr_task *t, weir_reader *states, uint32_t n, weir_error *err) WR_NODISCARD;
/* Starts the clock at 0 again, keeping the state (what Siddhi's restore into a new app comes to). */
void wr_task_reset_clock(wr_task *t);

/* The operator that runs this node of the task's plan; NULL: none does. */
const wr_op *wr_task_operator(const wr_task *t, const wr_plan_op *plan);

/* Counters. */
typedef struct wr_task_stat {
    const char *kind;  /* "stream", "query", "operator", "window" (named), "table" */
    const char *name;  /* of the stream, query or table */
    const char *label; /* of the operator */
    uint64_t rows_in, rows_out, rows_late, calls, errors, state_rows, state_bytes, busy_ns;
} wr_task_stat;
void wr_task_visit_stats(const wr_task *t, void (*visit)(void *ctx, const wr_task_stat *stat), void *ctx);

#endif
