/* agg_set.h: the aggregates of one operator (a select, a filter, an expression window's condition) and,
 * with keys, their groups.
 *
 * Arguments are evaluated for the whole batch, then each aggregate takes the rows in, in order, and leaves
 * its running value for each row in a column: the columns that WR_EXPR_AGG reads. Resets split the rows.
 * Group ids are dense; a group whose rows have all expired gives its id back. */
#ifndef WR_AGG_SET_H
#define WR_AGG_SET_H

#include "exec/program.h"

typedef struct wr_agg_set wr_agg_set;

typedef struct wr_agg_set_options {
    const wr_agg_slot *slots;
    uint32_t n_slots;
    wr_expr *const *keys; /* group by, or NULL */
    uint32_t n_keys;
    bool removes; /* expired rows will come */
    bool by_key;  /* batches have key ids: each key has groups of its own, and a reset is its key's */
    bool unbalanced, forgets; /* as in weir_agg_args */
} wr_agg_set_options;

weir_status wr_agg_set_new(const wr_agg_set_options *options, wr_account *account, wr_agg_set **out,
                           weir_error *err) WR_NODISCARD;
void wr_agg_set_free(wr_agg_set *set);
/* No row was ever there. Not of a set by_key. */
weir_status wr_agg_set_clear(wr_agg_set *set, weir_error *err) WR_NODISCARD;

/* Takes in the rows of ev->in (its selection; kinds and resets are heeded). values[i] gets slot i's column;
 * *gids the group of each physical row (undefined for resets), NULL when there are no keys. A row whose
 * argument fails is reported through ev->fail, and it and the later rows of its chunk are left out. taken_by
 * (or NULL) tells of rows that fail elsewhere: by row, how many slots, from the first, take it in before it
 * fails; UINT32_MAX: it does not fail. Memory is ev->arena's. */
weir_status wr_agg_set_update(wr_agg_set *set, const wr_eval *ev, const uint32_t *taken_by,
                              weir_column *values, const uint32_t **gids, weir_error *err) WR_NODISCARD;

/* With by_key: can these aggregates be kept so? (Each must have a reset of its own.) */
bool wr_agg_slots_by_key(const wr_agg_slot *slots, uint32_t n);
/* With by_key: the key's groups go back to where they began. */
void wr_agg_set_forget(wr_agg_set *set, uint32_t key);

uint32_t wr_agg_set_n_groups(const wr_agg_set *set);    /* ids in use are below this */
uint32_t wr_agg_set_most_groups(const wr_agg_set *set); /* ids ever in use are below this */
uint64_t wr_agg_set_live_groups(const wr_agg_set *set);
void wr_agg_set_save(const wr_agg_set *set, weir_writer *w);
weir_status wr_agg_set_load(wr_agg_set *set, weir_reader *r, weir_error *err) WR_NODISCARD;

/* What has changed since wr_agg_set_track (agg_set_changes.c); false, and nothing is written: that isn't
 * known group by group, or most has. Loading goes into a set as it was then; one that fails must be thrown
 * away. */
void wr_agg_set_track(wr_agg_set *set);
bool wr_agg_set_save_changes(const wr_agg_set *set, weir_writer *w) WR_NODISCARD;
weir_status wr_agg_set_load_changes(wr_agg_set *set, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
