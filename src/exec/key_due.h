/* key_due.h: what the keys of a partition are waiting for: the next due time of each, the least first.
 *
 * A binary heap. A due time that changes leaves its old entry there, which is passed over; when more than
 * half of the entries are such, they are taken out. So setting one costs the logarithm of how many keys wait,
 * and the heap has at most twice as many entries. */
#ifndef WR_KEY_DUE_H
#define WR_KEY_DUE_H

#include "base/alloc.h"

typedef struct wr_due_entry {
    int64_t due;
    uint32_t id;
} wr_due_entry;

typedef struct wr_due_times {
    wr_account *account;
    int64_t *of; /* by id; INT64_MAX, or not below cap_of: none */
    uint32_t cap_of;
    wr_due_entry *heap;
    uint32_t n, cap; /* of the heap */
    uint32_t n_set;  /* ids that have one */
} wr_due_times;

void wr_due_times_init(wr_due_times *d, wr_account *account); /* allocates nothing */
void wr_due_times_fini(wr_due_times *d);
/* INT64_MAX: the id waits for nothing. False: out of memory, nothing has changed; never so for INT64_MAX. */
bool wr_due_times_set(wr_due_times *d, uint32_t id, int64_t due) WR_NODISCARD;
void wr_due_times_unset(wr_due_times *d, uint32_t id);
/* Of one id; INT64_MAX: it waits for nothing. */
int64_t wr_due_times_of(const wr_due_times *d, uint32_t id);
/* The least of all; INT64_MAX: nobody waits. */
int64_t wr_due_times_next(wr_due_times *d);
/* Takes out one that is due by then; false: there is none. */
bool wr_due_times_take(wr_due_times *d, int64_t by, uint32_t *id);

#endif
