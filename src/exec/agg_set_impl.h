/* agg_set_impl.h: the inside of wr_agg_set: its parts and life (agg_set.c), and taking in rows
 * (agg_set_update.c). */
#ifndef WR_AGG_SET_IMPL_H
#define WR_AGG_SET_IMPL_H

#include "exec/agg_set.h"
#include "exec/dirty.h"
#include "exec/groups.h"

typedef struct wr_agg_state {
    const wr_agg_slot *slot;
    void *self;         /* slot->type->state_size bytes */
    uint32_t first_arg; /* in the program's results, unless it has a program of its own: */
    wr_program *nested; /* its arguments, of which one reads other aggregates; those come before it */
    wr_program *when;   /* slot->when; NULL: every row is taken in */
    bool is_open;
} wr_agg_state;

/* More keys than fit into memory: a saved number above it is damage. */
#define WR_MOST_KEY_IDS (UINT32_C(1) << 28)

/* The groups of each partition key, linked. A group belongs to its key as long as it is in use. */
typedef struct wr_key_chains {
    uint32_t *first; /* by key: its first group + 1, or 0 */
    uint32_t n_keys, cap_keys;
    uint32_t *key_of; /* by group: its key + 1, or 0 */
    uint32_t *next;   /* by group: the next group of the key + 1, or 0 */
    uint32_t cap_key_of, cap_next;
} wr_key_chains;

struct wr_agg_set {
    wr_account *account;
    wr_program *inputs; /* arguments of all slots, then the keys; NULL when there are neither */
    uint32_t n_inputs;
    bool inputs_can_fail;
    wr_agg_state *states;
    uint32_t n_states;
    /* NULL: no keys, all rows are in group 0, or with by_key in the group that is numbered like their key. */
    wr_groups *groups;
    wr_key_chains *chains; /* by_key with groups */
    uint32_t n_key_ids;    /* by_key without: groups */
    bool by_key;
    uint32_t n_keys;
    bool removes, unbalanced, forgets;
    bool has_nested;        /* an aggregate reads another one */
    uint64_t n_since_reset; /* rows that came in since the last reset */
    uint32_t sweep_at;      /* groups are swept when there are so many */
    uint32_t n_reserved;    /* groups that the aggregators have room for */
    size_t bytes_charged;   /* of the aggregators' own memory */
    wr_dirty dirty;         /* groups that have changed since wr_agg_set_track */
    uint32_t tracked_ids;   /* ids there were then */
};

/* Is the saved state of the same aggregates by the same keys? */
void wr_agg_set_save_shape(const wr_agg_set *set, weir_writer *w);
weir_status wr_agg_set_load_shape(const wr_agg_set *set, weir_reader *r, weir_error *err) WR_NODISCARD;

uint32_t wr_agg_set_ids(const wr_agg_set *set); /* group ids, the one without keys included, are below this */
/* Makes room in all aggregators for the ids there are. */
weir_status wr_agg_set_reserve(wr_agg_set *set, weir_error *err) WR_NODISCARD;
/* by_key with groups (agg_chains.c): the listed rows' groups belong to the rows' keys. */
weir_status wr_agg_chains_link(wr_agg_set *set, const wr_row_list *list, const uint32_t *gid,
                               const uint32_t *key, weir_error *err) WR_NODISCARD;
/* After groups have been dropped. */
void wr_agg_chains_relink(wr_agg_set *set);
void wr_agg_chains_free(wr_agg_set *set);
void wr_agg_chains_save(const wr_agg_set *set, weir_writer *w);
weir_status wr_agg_chains_load(wr_agg_set *set, weir_reader *r, weir_error *err) WR_NODISCARD;
/* All aggregates go back to the initial state; keys stay. */
void wr_agg_set_reset(wr_agg_set *set);
/* Gives back the groups whose aggregates are all in their initial state. */
void wr_agg_set_sweep(wr_agg_set *set);
/* Brings the account up to date with what the aggregators hold. */
weir_status wr_agg_set_charge(wr_agg_set *set, weir_error *err) WR_NODISCARD;

#endif
