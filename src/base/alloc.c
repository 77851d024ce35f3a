/* alloc.c: see alloc.h. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static long fail_countdown; /* test hook only; 0: off */

void wr_alloc_fail_after(long n) { fail_countdown = n; }

static int planted_failure(void) { return WR_UNLIKELY(fail_countdown > 0) && --fail_countdown == 0; }

static size_t used(const wr_account *a) {
    return a->is_shared ? __atomic_load_n(&a->used_bytes, __ATOMIC_RELAXED) : a->used_bytes;
}

static void charge_shared(wr_account *a, size_t bytes) {
    size_t now = __atomic_add_fetch(&a->used_bytes, bytes, __ATOMIC_RELAXED);
    size_t peak = __atomic_load_n(&a->peak_bytes, __ATOMIC_RELAXED);
    while (now > peak && !__atomic_compare_exchange_n(&a->peak_bytes, &peak, now, true, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED)) {
    }
}

static void charge_all(wr_account *account, size_t bytes) {
    for (wr_account *a = account; a; a = a->parent) {
        if (a->is_shared) {
            charge_shared(a, bytes);
            continue;
        }
        a->used_bytes += bytes;
        if (a->used_bytes > a->peak_bytes) a->peak_bytes = a->used_bytes;
    }
}

static int charge(wr_account *account, size_t bytes) {
    for (wr_account *a = account; a; a = a->parent)
        if (a->limit_bytes && (bytes > a->limit_bytes || used(a) > a->limit_bytes - bytes)) return -1;
    charge_all(account, bytes);
    return 0;
}

static void credit_shared(wr_account *a, size_t bytes) {
    size_t now = __atomic_load_n(&a->used_bytes, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&a->used_bytes, &now, now - WR_MIN(bytes, now), true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

static void credit(wr_account *account, size_t bytes) {
    for (wr_account *a = account; a; a = a->parent) {
        if (a->is_shared)
            credit_shared(a, bytes);
        else
            a->used_bytes -= WR_MIN(bytes, a->used_bytes);
    }
}

void *wr_alloc(wr_account *account, size_t size_bytes) {
    if (planted_failure() || charge(account, size_bytes)) return NULL;
    void *block = malloc(size_bytes ? size_bytes : 1);
    if (!block) credit(account, size_bytes);
    return block;
}

void *wr_alloc_zero(wr_account *account, size_t size_bytes) {
    if (planted_failure() || charge(account, size_bytes)) return NULL;
    void *block = calloc(1, size_bytes ? size_bytes : 1);
    if (!block) credit(account, size_bytes);
    return block;
}

void *wr_realloc(wr_account *account, void *old, size_t old_size, size_t new_size) {
    if (!old) return wr_alloc(account, new_size);
    if (planted_failure() || (new_size > old_size && charge(account, new_size - old_size))) return NULL;
    void *block = realloc(old, new_size ? new_size : 1);
    if (!block) {
        if (new_size > old_size) credit(account, new_size - old_size);
        return NULL;
    }
    if (new_size < old_size) credit(account, old_size - new_size);
    return block;
}

void wr_free(wr_account *account, void *block, size_t size_bytes) {
    if (!block) return;
    credit(account, size_bytes);
    free(block);
}

int wr_account_recharge(wr_account *account, size_t old_bytes, size_t new_bytes) {
    if (new_bytes > old_bytes) return charge(account, new_bytes - old_bytes);
    credit(account, old_bytes - new_bytes);
    return 0;
}

void wr_account_restate(wr_account *account, size_t old_bytes, size_t new_bytes) {
    if (new_bytes > old_bytes)
        charge_all(account, new_bytes - old_bytes);
    else if (new_bytes < old_bytes)
        credit(account, old_bytes - new_bytes);
}

int wr_grow(wr_account *account, void *array_ptr, uint32_t *cap, uint32_t need, size_t elem_size) {
    if (need <= *cap) return 0;
    uint32_t grown = *cap ? *cap : 8;
    while (grown < need) {
        if (grown > UINT32_MAX / 2) return -1;
        grown *= 2;
    }
    void *old;
    memcpy(&old, array_ptr, sizeof old);
    void *block = wr_realloc(account, old, (size_t)*cap * elem_size, (size_t)grown * elem_size);
    if (!block) return -1;
    memcpy(array_ptr, &block, sizeof block);
    *cap = grown;
    return 0;
}
