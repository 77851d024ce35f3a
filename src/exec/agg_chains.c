/* agg_chains.c: which groups belong to which partition key, so that a reset of a key finds them. */
#include "base/compiler.h"
#include "exec/agg_set_impl.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the groups of keys");
}

static void link(wr_key_chains *c, uint32_t group, uint32_t key) {
    c->key_of[group] = key + 1;
    c->next[group] = c->first[key];
    c->first[key] = group + 1;
    c->n_keys = WR_MAX(c->n_keys, key + 1);
}

static bool make_room(wr_agg_set *set, uint32_t groups, uint32_t key) {
    wr_key_chains *c = set->chains;
    uint32_t had_keys = c->cap_keys, had_groups = c->cap_key_of;
    if (wr_grow(set->account, &c->first, &c->cap_keys, key + 1, sizeof *c->first) ||
        wr_grow(set->account, &c->key_of, &c->cap_key_of, groups, sizeof *c->key_of) ||
        wr_grow(set->account, &c->next, &c->cap_next, groups, sizeof *c->next))
        return false;
    if (c->cap_keys > had_keys) memset(c->first + had_keys, 0, (c->cap_keys - had_keys) * sizeof *c->first);
    if (c->cap_key_of > had_groups)
        memset(c->key_of + had_groups, 0, (c->cap_key_of - had_groups) * sizeof *c->key_of);
    return true;
}

weir_status wr_agg_chains_link(wr_agg_set *set, const wr_row_list *list, const uint32_t *gid,
                               const uint32_t *key, weir_error *err) {
    wr_key_chains *c = set->chains;
    uint32_t limit = wr_groups_limit(set->groups);
    if (!make_room(set, limit, 0)) return no_memory(err);
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t row = wr_row_at(list, i);
        if (c->key_of[gid[row]]) continue;
        if (key[row] >= c->cap_keys && !make_room(set, limit, key[row])) return no_memory(err);
        link(c, gid[row], key[row]);
    }
    return WEIR_OK;
}

void wr_agg_chains_relink(wr_agg_set *set) {
    wr_key_chains *c = set->chains;
    uint32_t limit = wr_groups_limit(set->groups);
    if (c->n_keys) memset(c->first, 0, c->n_keys * sizeof *c->first);
    for (uint32_t g = 0; g < c->cap_key_of; g++) {
        uint32_t key1 = c->key_of[g];
        if (g < limit && wr_groups_in_use(set->groups, g) && key1)
            link(c, g, key1 - 1);
        else
            c->key_of[g] = 0;
    }
}

void wr_agg_set_forget(wr_agg_set *set, uint32_t key) {
    uint32_t group1 = 0;
    if (!set->groups) group1 = key < set->n_reserved ? key + 1 : 0;
    if (set->groups) group1 = key < set->chains->n_keys ? set->chains->first[key] : 0;
    if (group1) wr_dirty_mark(&set->dirty, set->account, group1 - 1);
    for (; group1; group1 = set->groups ? set->chains->next[group1 - 1] : 0)
        for (uint32_t i = 0; i < set->n_states; i++)
            set->states[i].slot->type->reset(set->states[i].self, group1 - 1);
}

void wr_agg_chains_free(wr_agg_set *set) {
    wr_key_chains *c = set->chains;
    if (!c) return;
    wr_free(set->account, c->first, c->cap_keys * sizeof *c->first);
    wr_free(set->account, c->key_of, c->cap_key_of * sizeof *c->key_of);
    wr_free(set->account, c->next, c->cap_next * sizeof *c->next);
    wr_free(set->account, c, sizeof *c);
}

/* The key of each group. */
void wr_agg_chains_save(const wr_agg_set *set, weir_writer *w) {
    for (uint32_t g = 0; g < wr_groups_limit(set->groups); g++)
        weir_write_u32(w, wr_groups_in_use(set->groups, g) ? set->chains->key_of[g] : 0);
}

weir_status wr_agg_chains_load(wr_agg_set *set, weir_reader *r, weir_error *err) {
    uint32_t limit = wr_groups_limit(set->groups);
    if (!make_room(set, limit, 0)) return no_memory(err);
    for (uint32_t g = 0; g < limit; g++) {
        uint32_t key1 = weir_read_u32(r);
        WR_TRY(weir_reader_status(r, err));
        if (key1 > WR_MOST_KEY_IDS || (key1 != 0) != wr_groups_in_use(set->groups, g))
            return weir_fail(err, WEIR_ESTATE, "saved group %u belongs to no key", g);
        if (key1 && key1 > set->chains->cap_keys && !make_room(set, limit, key1 - 1)) return no_memory(err);
        if (key1) link(set->chains, g, key1 - 1);
    }
    return WEIR_OK;
}
