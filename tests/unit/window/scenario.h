/* scenario.h: a window, what comes in, and what must go out, written as text.
 *
 * Rows are of stream S (k string, v int, l long, b bool). Input is a list of arrivals, divided by '|':
 *
 *   1000 a1 b2      a chunk of two rows at time 1000: k = 'a', v = 1; l is the time
 *   1500 a1/900     l = 900;  a1/? l is null;  _1 k is null;  a? v is null;  a1! b is true
 *   @2000           the clock moves to 2000 and nothing comes
 *
 * An arrival below the clock is late. Output is a list of chunks, divided by '|':
 *
 *   +a1@1000 -b2@2000 !      a current row, an expired one, a reset; after @ the timestamp
 *
 * A scenario is run in every way in which the engine may run it, and each must give the same chunks with the
 * same origins: all arrivals in one cycle; cut into two at every place, and there saved and loaded; one
 * arrival a cycle; arrival by arrival within one cycle, timers first (serial driving); and with the rows
 * hidden among others by a selection. */
#ifndef WR_TEST_SCENARIO_H
#define WR_TEST_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct scenario {
    const char *window; /* "time(1 sec)" */
    const char *query;  /* what follows it: "select k, v, l insert all events into Out" */
    const char *input;
    const char *expect; /* NULL: only that all ways agree */
    const char *fault;  /* message of the chunk that must fail, or NULL */
} scenario;

void check_scenario(const scenario *s);
void check_scenarios(const scenario *s, size_t n);

/* Queries of scenarios. With an aggregate there are resets. */
#define ROWS_ALL     "select k, v, l insert all events into Out"
#define ROWS_CURRENT "select k, v, l insert into Out"
#define SUMS_ALL     "select k, v, l, sum(v) as s insert all events into Out"
#define SUMS_CURRENT "select k, v, l, sum(v) as s insert into Out"

/* Runs the input, arrival by arrival, with the n-th allocation of each call failing, for every n: a call
 * either works or says that it is out of memory, and nothing is lost. */
void check_out_of_memory(const char *window, const char *query, const char *input);

/* The app with this window must be refused with this message; at is the text that is marked. */
void check_refused(const char *window, const char *message, const char *at);

#endif
