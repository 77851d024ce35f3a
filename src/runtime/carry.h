/* carry.h: state that goes from a task to another one with a changed plan.
 *
 * What is the same in both plans keeps its state; all else begins empty, and is told:
 *  - a query by its name (@info), one without a name by its text; in a partition only if the partition is
 * kept. It keeps its state whole or not at all: all operators that keep some must have the same signature,
 * since the totals of a selector, say, are those of the window before it;
 *  - a query that reads a named window keeps nothing if the window does not;
 *  - a table by its name, if it has the same attributes and primary key; a trigger by its name and time;
 *  - an aggregation by its text; a partition by its text or, as far as that is the only one, by its keys.
 * A task's part of the state is carried as what is written and read for a snapshot: nothing points from one
 * plan into the other. Counters are carried too. */
#ifndef WR_CARRY_H
#define WR_CARRY_H

#include "runtime/task.h"

typedef struct wr_carry wr_carry;

/* Finds out what is the same. The plans outlive it. */
weir_status wr_carry_new(const wr_plan *from, const wr_plan *to, wr_carry **out,
                         weir_error *err) WR_NODISCARD;
void wr_carry_free(wr_carry *c); /* NULL is fine */
/* A line for each part of the old plan whose state is not kept: "query 'hot' has changed: …". */
void wr_carry_tell(const wr_carry *c, void (*tell)(void *ctx, const char *line), void *ctx);

/* Into a task that has just been made; it then counts as started, and its clock is that of the other. The
 * state of `from` stays. On failure `to` must be thrown away. */
weir_status wr_task_carry(const wr_carry *c, const wr_task *from, wr_task *to, weir_error *err) WR_NODISCARD;
/* Fires the 'start' triggers that the task before it did not have. */
weir_status wr_task_start_new(wr_task *t, weir_error *err) WR_NODISCARD;

#endif
