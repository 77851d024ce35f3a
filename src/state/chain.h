/* chain.h: snapshots of which most hold only what has changed.
 *
 *   whole <- changes <- changes <- changes      whole <- changes …
 *
 * Each link names the one before by revision and checksum, so a chain is good only if every file in it is the
 * one that was written then: a file that is missing, damaged or of another run makes what follows it worth
 * nothing, and what came before is gone back to. A whole one is written when the changes since the last one
 * come to half its bytes (so restoring reads at most 1.5 times the state, and the whole ones cost no more
 * than twice what the changes do; small states are not counted so closely), and after so many links at the
 * latest. */
#ifndef WR_CHAIN_H
#define WR_CHAIN_H

#include "state/shelf.h"
#include "state/writer.h"

/* ---- Reading ---- */

typedef struct wr_chain {
    wr_buf *states; /* the whole one, then the changes in order */
    uint32_t n, cap;
    wr_snapshot_id last;
} wr_chain;

/* The chain that ends with this revision; fini it also when that fails. WEIR_ESTATE: part of it is damaged or
 * missing; WEIR_EIO: this revision can't be read. */
weir_status wr_chain_load(wr_shelf *shelf, const char *app, uint64_t revision, wr_chain *c,
                          weir_error *err) WR_NODISCARD;
void wr_chain_fini(wr_chain *c);

typedef struct wr_chain_found {
    uint64_t revision;
    uint32_t n_damaged; /* newer ones that were passed over because they are damaged */
    weir_error damage;  /* what is wrong with the newest of them */
} wr_chain_found;
/* The newest that is good. WEIR_EEND if the app has none; WEIR_ESTATE if it has some, all damaged. */
weir_status wr_chain_load_newest(wr_shelf *shelf, const char *app, wr_chain *c, wr_chain_found *found,
                                 weir_error *err) WR_NODISCARD;

/* ---- Writing ---- */

/* Where the next link goes. All zeros: the next one is whole. */
typedef struct wr_chain_end {
    wr_snapshot_id last;
    uint64_t number; /* of the state, by whoever saves it: what changes are counted from */
    uint64_t whole_bytes, changed_bytes;
    uint32_t n; /* links since the whole one */
} wr_chain_end;

/* Is it time for a whole one, or has the last one gone from the shelf? most: links in a chain. */
bool wr_chain_wants_whole(wr_shelf *shelf, const char *app, const wr_chain_end *e, uint32_t most);
/* Saves the state that was written as the next link, whole or not. If that fails, the next one is whole. */
weir_status wr_chain_save(wr_shelf *shelf, const char *app, uint64_t revision, bool is_whole,
                          const weir_writer *w, wr_chain_end *e, weir_error *err) WR_NODISCARD;

#endif
