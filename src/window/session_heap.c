/* session_heap.c: see session_heap.h. */
#include "window/session_heap.h"

void wr_session_heap_fini(wr_session_heap *h) {
    wr_free(NULL, h->nodes, h->cap * sizeof *h->nodes);
    *h = (wr_session_heap){0};
}

static bool precedes(const wr_session_node *a, const wr_session_node *b) {
    return a->at != b->at ? a->at < b->at : a->born < b->born;
}

weir_status wr_session_heap_push(wr_session_heap *h, wr_session_node node, weir_error *err) {
    if (wr_grow(NULL, &h->nodes, &h->cap, h->n + 1, sizeof *h->nodes))
        return weir_fail(err, WEIR_ENOMEM, "out of memory in window session()");
    uint32_t i = h->n++;
    for (; i && precedes(&node, &h->nodes[(i - 1) / 2]); i = (i - 1) / 2) h->nodes[i] = h->nodes[(i - 1) / 2];
    h->nodes[i] = node;
    return WEIR_OK;
}

bool wr_session_heap_pop(wr_session_heap *h, int64_t until, wr_session_node *out) {
    if (!h->n || h->nodes[0].at > until) return false;
    *out = h->nodes[0];
    wr_session_node last = h->nodes[--h->n];
    uint32_t i = 0;
    for (uint32_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && precedes(&h->nodes[child + 1], &h->nodes[child])) child++;
        if (!precedes(&h->nodes[child], &last)) break;
        h->nodes[i] = h->nodes[child];
    }
    if (h->n) h->nodes[i] = last;
    return true;
}
