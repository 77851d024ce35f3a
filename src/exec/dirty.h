/* dirty.h: which ids have changed since a state was saved.
 *
 * A bit for each id, kept only once somebody has asked for it (wr_dirty_start); until then a mark costs a
 * branch. What can't be said id by id (all was reset, or no memory for the bits) makes it lost: then the
 * owner saves its state whole. */
#ifndef WR_DIRTY_H
#define WR_DIRTY_H

#include "base/alloc.h"
#include "base/compiler.h"

/* More changes than this are said one by one only if they are fewer than half of all there is. */
#define WR_DIRTY_FEW 64u

typedef struct wr_dirty {
    uint64_t *bits;
    uint32_t cap_words;
    uint32_t n; /* ids marked */
    bool is_on;
    bool is_lost;
} wr_dirty;

/* Forgets all marks, and notes those that come. */
void wr_dirty_start(wr_dirty *d);
void wr_dirty_fini(wr_dirty *d, wr_account *account);
/* What wr_dirty_mark does when it is on. */
void wr_dirty_set(wr_dirty *d, wr_account *account, uint32_t id);
static inline void wr_dirty_mark(wr_dirty *d, wr_account *account, uint32_t id) {
    if (WR_UNLIKELY(d->is_on)) wr_dirty_set(d, account, id);
}
static inline void wr_dirty_lose(wr_dirty *d) { d->is_lost = d->is_on; }
/* Changes are known id by id. */
static inline bool wr_dirty_is_known(const wr_dirty *d) { return d->is_on && !d->is_lost; }
/* The marked ids, ascending; room for d->n of them. */
void wr_dirty_list(const wr_dirty *d, uint32_t *ids);

#endif
