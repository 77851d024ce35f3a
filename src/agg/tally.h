/* tally.h: how often each group holds each value: a hash table of (group, value) -> count.
 *
 * Open addressing with linear probing, at most half full; what is erased leaves no mark (the entries behind
 * it move up). Long strings are owned. Values are plain ones, compared as wr_value_equal does. */
#ifndef WR_AGG_TALLY_H
#define WR_AGG_TALLY_H

#include "base/compiler.h"
#include "weir_ext.h"

typedef struct wr_tally_entry {
    weir_value value;
    uint32_t group;
    uint32_t hash;
    uint32_t count; /* 0: the place is free */
} wr_tally_entry;

typedef struct wr_tally {
    wr_tally_entry *entries;
    uint32_t cap; /* a power of two, or 0 */
    uint32_t n;
    size_t text_bytes; /* of long strings */
} wr_tally;

/* All zeros is an empty tally. */
void wr_tally_fini(wr_tally *t);
/* Empties it; a table much larger than what it held is given back. */
void wr_tally_clear(wr_tally *t);
/* The entry, or NULL. Good until the next add or erase. */
wr_tally_entry *wr_tally_find(const wr_tally *t, uint32_t group, const weir_value *v);
/* The entry, made with a count of 0 if it wasn't there: the caller must raise it. NULL: out of memory. */
wr_tally_entry *wr_tally_put(wr_tally *t, uint32_t group, const weir_value *v);
void wr_tally_erase(wr_tally *t, wr_tally_entry *entry);
size_t wr_tally_bytes(const wr_tally *t);
void wr_tally_save(const wr_tally *t, weir_writer *w);
/* Into an empty tally. Groups must be below n_groups. */
weir_status wr_tally_load(wr_tally *t, uint32_t n_groups, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
