/* alloc.h: where heap memory comes from, and who is charged for it.
 *
 * All of weir allocates through these calls. An account counts the bytes of one owner (an operator, a
 * source); accounts form a tree, so that an app's total is its root's. An account belongs to one
 * thread at a time, unless it says that it is shared. The process-wide test hook can make the n-th allocation
 * fail. */
#ifndef WR_ALLOC_H
#define WR_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"

typedef struct wr_account {
    struct wr_account *parent; /* NULL: a root */
    size_t used_bytes;
    size_t peak_bytes;
    size_t limit_bytes; /* 0: none. An allocation past the limit of this account or an ancestor fails */
    bool is_shared;     /* several threads charge it, through accounts below */
} wr_account;

/* account may be NULL. Memory is 16-byte aligned; NULL when out of memory or over a limit. */
void *wr_alloc(wr_account *account, size_t size_bytes) WR_NODISCARD;
void *wr_alloc_zero(wr_account *account, size_t size_bytes) WR_NODISCARD;
/* Old and new size in bytes. On failure the old block stays valid. old == NULL with old_size 0 allocates. */
void *wr_realloc(wr_account *account, void *old, size_t old_size, size_t new_size) WR_NODISCARD;
void wr_free(wr_account *account, void *block, size_t size_bytes); /* NULL is fine; size as allocated */

/* Memory that was not allocated through the account but belongs to its owner: it was old_bytes, now it is
 * new_bytes. -1, with nothing changed, if that passes a limit. */
int wr_account_recharge(wr_account *account, size_t old_bytes, size_t new_bytes) WR_NODISCARD;

/* The same for memory that is there already: no limit refuses it. */
void wr_account_restate(wr_account *account, size_t old_bytes, size_t new_bytes);

/* Grows *array (elements of elem_size bytes) to hold at least `need` elements, doubling; *cap is in elements.
 */
int wr_grow(wr_account *account, void *array_ptr, uint32_t *cap, uint32_t need,
            size_t elem_size) WR_NODISCARD; /* 0, or -1 */

/* Test hook: the n-th allocation from now fails (1 = the next); 0 turns it off. Process-wide, tests only. */
void wr_alloc_fail_after(long n);

#endif
