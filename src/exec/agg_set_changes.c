/* agg_set_changes.c: what has changed in the aggregates since a state was saved, group by group.
 *
 *   shape | rows since the last reset | n groups, their ids | keys of these | by_key: n keys | each slot's
 * state
 *
 * Groups that were given back are among them: their state is the initial one, and has to be so again. */
#include "exec/agg_set_impl.h"
#include "state/writer.h"

#define KNOWS(type, member)                                                                                  \
    ((type)->struct_size >= offsetof(weir_aggregator_type, member) + sizeof(type)->member)

static bool saves_some(const wr_agg_set *set) {
    for (uint32_t i = 0; i < set->n_states; i++) {
        const weir_aggregator_type *t = set->states[i].slot->type;
        if (t->save && (!KNOWS(t, load_some) || !t->save_some || !t->load_some)) return false;
    }
    return true;
}

/* Chains of groups by key are saved whole, and a single group is small. */
void wr_agg_set_track(wr_agg_set *set) {
    set->tracked_ids = wr_agg_set_ids(set);
    if ((set->groups || set->by_key) && !set->chains && saves_some(set)) wr_dirty_start(&set->dirty);
}

static void save_groups(const wr_agg_set *set, const uint32_t *ids, uint32_t n, weir_writer *w) {
    wr_agg_set_save_shape(set, w);
    weir_write_i64(w, (int64_t)set->n_since_reset);
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) weir_write_u32(w, ids[i]);
    if (set->groups)
        wr_groups_save_some(set->groups, ids, n, w);
    else
        weir_write_u32(w, set->n_key_ids);
    for (uint32_t i = 0; i < set->n_states; i++) {
        const wr_agg_state *s = &set->states[i];
        if (s->slot->type->save) s->slot->type->save_some(s->self, ids, n, w);
    }
}

bool wr_agg_set_save_changes(const wr_agg_set *set, weir_writer *w) {
    uint32_t n = set->dirty.n;
    if (!wr_dirty_is_known(&set->dirty)) return false;
    if (n > WR_DIRTY_FEW && n > wr_agg_set_ids(set) / 2) return false;
    if (wr_agg_set_ids(set) > (uint64_t)set->tracked_ids + n) return false; /* keys that have no rows here */
    size_t bytes = ((size_t)n + 1) * sizeof(uint32_t);
    uint32_t *ids = wr_alloc(NULL, bytes);
    if (!ids) return false;
    wr_dirty_list(&set->dirty, ids);
    save_groups(set, ids, n, w);
    wr_free(NULL, ids, bytes);
    return true;
}

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved changes of aggregates are damaged");
}

static weir_status load_states(wr_agg_set *set, const uint32_t *ids, uint32_t n, weir_reader *r,
                               weir_error *err) {
    for (uint32_t i = 0; i < set->n_states; i++) {
        const wr_agg_state *s = &set->states[i];
        if (s->slot->type->save) WR_TRY(s->slot->type->load_some(s->self, ids, n, r, err));
    }
    WR_TRY(weir_reader_status(r, err));
    return wr_agg_set_charge(set, err);
}

/* Room for the state of all ids that are listed, before those that are in use no more lower the limit. */
static weir_status make_room(wr_agg_set *set, uint32_t n_ids, weir_error *err) {
    if (n_ids <= set->n_reserved) return WEIR_OK;
    for (uint32_t i = 0; i < set->n_states; i++)
        WR_TRY(set->states[i].slot->type->reserve(set->states[i].self, n_ids, err));
    set->n_reserved = n_ids;
    return WEIR_OK;
}

static weir_status load_key_ids(wr_agg_set *set, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n < set->n_key_ids || n > set->n_reserved) return damaged(err);
    set->n_key_ids = n;
    return WEIR_OK;
}

static weir_status load_groups(wr_agg_set *set, uint32_t *ids, uint32_t n, weir_reader *r, weir_error *err) {
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = weir_read_u32(r);
        if (i && ids[i] <= ids[i - 1]) return damaged(err);
    }
    WR_TRY(weir_reader_status(r, err));
    /* Ids are dense: those that are new take no more than one for each that is listed. */
    if (n && ids[n - 1] >= (uint64_t)set->n_reserved + n) return damaged(err);
    if (n) WR_TRY(make_room(set, ids[n - 1] + 1, err));
    WR_TRY(set->groups ? wr_groups_load_some(set->groups, ids, n, r, err) : load_key_ids(set, r, err));
    return load_states(set, ids, n, r, err);
}

weir_status wr_agg_set_load_changes(wr_agg_set *set, weir_reader *r, weir_error *err) {
    if ((!set->groups && !set->by_key) || set->chains || !saves_some(set)) return damaged(err);
    WR_TRY(wr_agg_set_load_shape(set, r, err));
    set->n_since_reset = (uint64_t)weir_read_i64(r);
    uint32_t n = wr_read_count(r, sizeof(uint32_t));
    size_t bytes = ((size_t)n + 1) * sizeof(uint32_t);
    uint32_t *ids = wr_alloc(NULL, bytes);
    if (!ids) return weir_fail(err, WEIR_ENOMEM, "out of memory for aggregates");
    weir_status st = load_groups(set, ids, n, r, err);
    wr_free(NULL, ids, bytes);
    return st;
}
