#include "exec/key_due.h"

#define FEW_ENTRIES 64u /* not worth looking through */

void wr_due_times_init(wr_due_times *d, wr_account *account) { *d = (wr_due_times){.account = account}; }

void wr_due_times_fini(wr_due_times *d) {
    wr_free(d->account, d->of, d->cap_of * sizeof *d->of);
    wr_free(d->account, d->heap, d->cap * sizeof *d->heap);
}

/* ---- The heap ---- */

static void sift_down(wr_due_entry *heap, uint32_t n, uint32_t at) {
    wr_due_entry moved = heap[at];
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && heap[child + 1].due < heap[child].due) child++;
        if (heap[child].due >= moved.due) break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

static void sift_up(wr_due_entry *heap, uint32_t at) {
    wr_due_entry moved = heap[at];
    for (; at && heap[(at - 1) / 2].due > moved.due; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = moved;
}

static void pop(wr_due_times *d) {
    d->heap[0] = d->heap[--d->n];
    if (d->n) sift_down(d->heap, d->n, 0);
}

int64_t wr_due_times_of(const wr_due_times *d, uint32_t id) { return id < d->cap_of ? d->of[id] : INT64_MAX; }

static bool is_stale(const wr_due_times *d, const wr_due_entry *e) {
    return wr_due_times_of(d, e->id) != e->due;
}

static void drop_stale(wr_due_times *d) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n; i++)
        if (!is_stale(d, &d->heap[i])) d->heap[n++] = d->heap[i];
    d->n = n;
    for (uint32_t i = n / 2; i-- > 0;) sift_down(d->heap, n, i);
}

/* ---- Due times ---- */

static bool make_room(wr_due_times *d, uint32_t id) {
    uint32_t had = d->cap_of;
    if (wr_grow(d->account, &d->of, &d->cap_of, id + 1, sizeof *d->of)) return false;
    for (uint32_t i = had; i < d->cap_of; i++) d->of[i] = INT64_MAX;
    return !wr_grow(d->account, &d->heap, &d->cap, d->n + 1, sizeof *d->heap);
}

void wr_due_times_unset(wr_due_times *d, uint32_t id) {
    if (wr_due_times_of(d, id) == INT64_MAX) return;
    d->of[id] = INT64_MAX;
    d->n_set--;
}

bool wr_due_times_set(wr_due_times *d, uint32_t id, int64_t due) {
    if (due == wr_due_times_of(d, id)) return true;
    if (due == INT64_MAX) {
        wr_due_times_unset(d, id);
        return true;
    }
    if (d->n > 2 * d->n_set + FEW_ENTRIES) drop_stale(d);
    if (!make_room(d, id)) return false;
    d->n_set += d->of[id] == INT64_MAX;
    d->of[id] = due;
    d->heap[d->n] = (wr_due_entry){due, id};
    sift_up(d->heap, d->n++);
    return true;
}

int64_t wr_due_times_next(wr_due_times *d) {
    while (d->n && is_stale(d, &d->heap[0])) pop(d);
    return d->n ? d->heap[0].due : INT64_MAX;
}

bool wr_due_times_take(wr_due_times *d, int64_t by, uint32_t *id) {
    if (wr_due_times_next(d) > by || !d->n) return false;
    *id = d->heap[0].id;
    wr_due_times_unset(d, *id);
    pop(d);
    return true;
}
