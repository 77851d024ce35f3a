/* crew.h: threads that work through a graph together.
 *
 * The nodes are numbered; a node waits for as many others as waits[] says, and followers[] of a node wait for
 * it. wr_crew_run does each node once, after all that it waits for, on one of the crew's threads or the
 * caller's, and returns when all are done: what a node has written can be seen by its followers and by the
 * caller. Between two runs the threads sleep, after looking out for more for a few microseconds. */
#ifndef WR_CREW_H
#define WR_CREW_H

#include "base/compiler.h"
#include "weir.h"

typedef struct wr_crew wr_crew;

/* Borrowed by a run. followers of node i: followers[first[i]] .. followers[first[i + 1] - 1]; a node may
 * follow another one more than once, and then waits for it as often. */
typedef struct wr_graph {
    uint32_t n_nodes;
    const uint32_t *waits, *first, *followers;
} wr_graph;

/* node runs on lane: 0 is the caller's thread, 1 .. n_threads - 1 are the crew's; of one lane only one node
 * runs at a time. */
typedef void (*wr_crew_work)(void *ctx, uint32_t node, uint32_t lane);

/* n_threads counts the caller's: 2 or more. For graphs of up to most_nodes. */
weir_status wr_crew_new(uint32_t n_threads, uint32_t most_nodes, wr_crew **out, weir_error *err) WR_NODISCARD;
void wr_crew_free(wr_crew *c); /* NULL is fine; waits for the threads to end */
void wr_crew_run(wr_crew *c, const wr_graph *g, wr_crew_work work, void *ctx);

#endif
