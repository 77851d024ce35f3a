/* refcount.h: a reference count that several threads may touch. Zeroed memory is not valid: call init. */
#ifndef WR_REFCOUNT_H
#define WR_REFCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct wr_refcount {
    _Atomic uint32_t n;
} wr_refcount;

static inline void wr_refcount_init(wr_refcount *r) { atomic_init(&r->n, 1); }

static inline void wr_refcount_ref(wr_refcount *r) {
    atomic_fetch_add_explicit(&r->n, 1, memory_order_relaxed);
}

/* True when this was the last reference: the caller then owns the object alone and frees it. The release
 * orders all earlier use by other holders before the acquire of the one that frees. */
static inline bool wr_refcount_unref(wr_refcount *r) {
    if (atomic_fetch_sub_explicit(&r->n, 1, memory_order_release) != 1) return false;
    atomic_thread_fence(memory_order_acquire);
    return true;
}

/* True when the caller's reference is the only one. */
static inline bool wr_refcount_is_sole(const wr_refcount *r) {
    return atomic_load_explicit(&((wr_refcount *)(uintptr_t)r)->n, memory_order_acquire) == 1;
}

#endif
