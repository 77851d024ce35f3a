/* session_heap.h: which session is over next: a binary heap by time, then by age of the key.
 *
 * A node is a promise to look at a session at a time no later than its end. When a session is prolonged its
 * node stays as it is and is put back with the new time when it comes up; a session that is cut short gets a
 * second node. Nodes that no longer hold are recognised by the session (see session.c) and dropped. */
#ifndef WR_WINDOW_SESSION_HEAP_H
#define WR_WINDOW_SESSION_HEAP_H

#include "base/alloc.h"
#include "weir_ext.h"

typedef struct wr_session_node {
    int64_t at;
    uint64_t born; /* of the key: older first among equals */
    uint32_t entry;
} wr_session_node;

typedef struct wr_session_heap {
    wr_session_node *nodes;
    uint32_t n, cap;
} wr_session_heap;

void wr_session_heap_fini(wr_session_heap *h);
weir_status wr_session_heap_push(wr_session_heap *h, wr_session_node node, weir_error *err) WR_NODISCARD;
/* Takes the first node off if its time is not after `until`. */
bool wr_session_heap_pop(wr_session_heap *h, int64_t until, wr_session_node *out);

#endif
