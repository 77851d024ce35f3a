/* groups.h: from the values of key columns to dense group ids.
 *
 * Open addressing with linear probing over slots of 8 bytes (tag, id + 1); keys are stored by id. A batch is
 * done in two passes: tags of all rows, then the probes, which prefetch when the table has outgrown the near
 * caches. Integers that are small and dense, as ids mostly are, need no search: they index an array.
 *
 *   tag     a 4-byte key itself (then a match of tags is a match), else 32 bits of the keys' hash
 *   slots   | tag id+1 | tag id+1 |    0    | tag id+1 | …        12 to 24 bytes a group
 *   direct  | id+1 of key 0 | of key 1 | …                        4 to 32 bytes a group
 *   keys    | nulls, values of id 0 | of id 1 | …                 long strings are owned
 *
 * Keys are equal when Siddhi would print them alike: null is a key (for strings the same as "null"), NaN is
 * one, -0.0 and 0.0 are two. Objects and relabelled values are compared by their text.
 *
 * An id stays its key's until it is dropped; dropped ids are given out again, the lowest first after a tidy.
 */
#ifndef WR_GROUPS_H
#define WR_GROUPS_H

#include "base/arena.h"
#include "weir_ext.h"

typedef struct wr_groups wr_groups;

typedef struct wr_group_key {
    weir_type type;
    bool boxed; /* the column holds objects, whatever the type says */
} wr_group_key;

/* The rows to look at: rows[0..n-1], or first..first+n-1 when rows is NULL. */
typedef struct wr_row_list {
    uint32_t n;
    const uint32_t *rows;
    uint32_t first;
} wr_row_list;
static inline uint32_t wr_row_at(const wr_row_list *list, uint32_t i) {
    return list->rows ? list->rows[i] : list->first + i;
}

#define WR_MAX_GROUP_KEYS 31u

weir_status wr_groups_new(const wr_group_key *keys, uint32_t n_keys, wr_account *account, wr_groups **out,
                          weir_error *err) WR_NODISCARD;
void wr_groups_free(wr_groups *g); /* NULL is fine */

/* gid[row] becomes the id of the row's keys, for the listed rows; new keys get ids. columns: one for each
 * key, by physical row. */
weir_status wr_groups_assign(wr_groups *g, const weir_column *columns, const wr_row_list *list,
                             weir_arena *scratch, uint32_t *gid, weir_error *err) WR_NODISCARD;

uint32_t wr_groups_limit(const wr_groups *g); /* ids in use are below this */
uint32_t wr_groups_count(const wr_groups *g); /* ids in use */
bool wr_groups_in_use(const wr_groups *g, uint32_t id);
/* Key `part` of an id in use: objects and relabelled values as their text, a null string as "null". It lives
 * as long as the id is in use and no key is added. */
weir_value wr_groups_value(const wr_groups *g, uint32_t id, uint32_t part);
/* Forgets the key of an id in use. */
void wr_groups_drop(wr_groups *g, uint32_t id);
/* The same in two steps: the key is forgotten, but its id is not given out again until it may be reused. */
void wr_groups_retire(wr_groups *g, uint32_t id);
void wr_groups_reuse(wr_groups *g, uint32_t id);
/* After drops: lowers the limit to the highest id in use, and gives out low ids first. */
void wr_groups_tidy(wr_groups *g);
void wr_groups_clear(wr_groups *g);

void wr_groups_save(const wr_groups *g, weir_writer *w);
/* Replaces all keys; ids are kept. On failure the groups are empty. */
weir_status wr_groups_load(wr_groups *g, weir_reader *r, weir_error *err) WR_NODISCARD;
/* The keys of these ids alone (some may be in use no more), and the limit. Loading replaces what they were;
 * then the limit is that of the highest id in use. */
void wr_groups_save_some(const wr_groups *g, const uint32_t *ids, uint32_t n, weir_writer *w);
weir_status wr_groups_load_some(wr_groups *g, const uint32_t *ids, uint32_t n, weir_reader *r,
                                weir_error *err) WR_NODISCARD;

#endif
