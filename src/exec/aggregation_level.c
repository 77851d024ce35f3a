/* aggregation_level.c: see aggregation_level.h. */
#include "exec/aggregation_level.h"

#include "data/column.h"
#include "exec/bucket_index.h"
#include "exec/bucket_store.h"
#include "state/writer.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an aggregation");
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static weir_status make_keys(wr_level *l, weir_error *err) {
    wr_group_key keys[WR_MAX_GROUP_KEYS] = {{.type = WEIR_LONG}};
    uint32_t n = l->plan->n_keys + 1;
    if (n > WR_MAX_GROUP_KEYS)
        return weir_fail(err, WEIR_EUNSUPPORTED, "an aggregation takes at most %u group keys, here are %u",
                         WR_MAX_GROUP_KEYS - 1, l->plan->n_keys);
    for (uint32_t k = 1; k < n; k++) {
        const wr_attr *a = &l->plan->feed.attrs[k - 1];
        keys[k] = (wr_group_key){.type = a->type, .boxed = a->boxed};
    }
    return wr_groups_new(keys, n, l->account, &l->keys, err);
}

weir_status wr_level_init(wr_level *l, const wr_plan_aggregation *plan, uint32_t at, const wr_schema *plain,
                          wr_account *account, weir_error *err) {
    *l = (wr_level){.plan = plan, .account = account, .unit = plan->units[at], .keep_ms = plan->keep_ms[at]};
    l->totals = wr_alloc_zero(account, (plan->n_totals + 1) * sizeof *l->totals);
    if (!l->totals) return no_memory(err);
    WR_TRY(make_keys(l, err));
    for (uint32_t i = 0; i < plan->n_totals; i++)
        WR_TRY(wr_total_init(&l->totals[i], &plan->totals[i], account, err));
    wr_row_store_options options = {.schema = plain, .shape = WEIR_WINDOW_BAG, .settles_late = true};
    return plan->n_plain ? wr_row_store_new(&options, account, &l->plain, err) : WEIR_OK;
}

void wr_level_fini(wr_level *l) {
    if (!l->plan) return;
    for (uint32_t i = 0; l->totals && i < l->plan->n_totals; i++) wr_total_fini(&l->totals[i]);
    wr_free(l->account, l->totals, l->totals ? (l->plan->n_totals + 1) * sizeof *l->totals : 0);
    wr_groups_free(l->keys);
    wr_free(l->account, l->group, l->cap_group * sizeof *l->group);
    wr_free(l->account, l->buckets, l->cap_buckets * sizeof *l->buckets);
    wr_row_store_free(l->plain);
    wr_bucket_index_free_all(l->indexes);
}

/* ---- Buckets ----------------------------------------------------------------------------------------------
 */

/* The first bucket that does not begin before `begin`. */
static uint32_t seek(const wr_level *l, int64_t begin) {
    uint32_t low = l->first_bucket, high = l->n_buckets;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->buckets[middle].begin < begin)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Dropped buckets leave room at the front. */
static void close_gap(wr_level *l) {
    if (l->first_bucket * 2 < l->n_buckets || !l->first_bucket) return;
    l->n_buckets -= l->first_bucket;
    memmove(l->buckets, l->buckets + l->first_bucket, l->n_buckets * sizeof *l->buckets);
    l->first_bucket = 0;
}

static weir_status bucket_of(wr_level *l, int64_t begin, wr_bucket **out, weir_error *err) {
    uint32_t at = l->n_buckets > l->first_bucket && l->buckets[l->n_buckets - 1].begin < begin
                      ? l->n_buckets
                      : seek(l, begin);
    if (at == l->n_buckets || l->buckets[at].begin != begin) {
        if (wr_grow(l->account, &l->buckets, &l->cap_buckets, l->n_buckets + 1, sizeof *l->buckets))
            return no_memory(err);
        memmove(l->buckets + at + 1, l->buckets + at, (l->n_buckets++ - at) * sizeof *l->buckets);
        l->buckets[at] = (wr_bucket){begin, WR_NO_GROUP, WR_NO_GROUP};
    }
    *out = &l->buckets[at];
    return WEIR_OK;
}

static weir_status enter_group(wr_level *l, uint32_t id, int64_t begin, weir_error *err) {
    wr_bucket *b = NULL;
    WR_TRY(bucket_of(l, begin, &b, err));
    l->group[id] = (wr_bucket_group){.begin = begin,
                                     .latest = INT64_MIN,
                                     .slot = WEIR_NO_ROW,
                                     .next = WR_NO_GROUP,
                                     .parent = WR_NO_GROUP,
                                     .in_use = true};
    if (b->first == WR_NO_GROUP)
        b->first = id;
    else
        l->group[b->last].next = id;
    b->last = id;
    return l->indexes ? wr_bucket_index_add_all(l->indexes, id, begin, err) : WEIR_OK;
}

static weir_status reserve(wr_level *l, weir_error *err) {
    uint32_t n = wr_groups_limit(l->keys);
    if (wr_grow(l->account, &l->group, &l->cap_group, n, sizeof *l->group)) return no_memory(err);
    while (l->n_group < n) l->group[l->n_group++] = (wr_bucket_group){.in_use = false};
    for (uint32_t i = 0; i < l->plan->n_totals; i++) WR_TRY(wr_total_reserve(&l->totals[i], n, err));
    return WEIR_OK;
}

/* entered gets a row of each group that is new; NULL: nobody asks. */
static weir_status find_groups(wr_level *l, const wr_fed *fed, const wr_row_list *list, uint32_t *gid,
                               uint32_t *entered, uint32_t *n_entered, weir_error *err) {
    uint32_t n_keys = l->plan->n_keys;
    int64_t *begin = wr_arena_array(fed->arena, fed->rows->n_rows, sizeof *begin);
    weir_column *keys = wr_arena_array(fed->arena, n_keys + 1, sizeof *keys);
    if (!begin || !keys) return no_memory(err);
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t row = wr_row_at(list, i);
        begin[row] = wr_unit_begin(l->unit, fed->time[row]);
    }
    keys[0] = (weir_column){.type = WEIR_LONG, .data = begin};
    for (uint32_t k = 0; k < n_keys; k++) keys[k + 1] = fed->rows->cols[k];
    WR_TRY(wr_groups_assign(l->keys, keys, list, fed->arena, gid, err));
    WR_TRY(reserve(l, err));
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t row = wr_row_at(list, i);
        if (l->group[gid[row]].in_use) continue;
        WR_TRY(enter_group(l, gid[row], begin[row], err));
        if (entered) entered[(*n_entered)++] = row;
    }
    return WEIR_OK;
}

weir_status wr_level_find(wr_level *l, const wr_fed *fed, const wr_row_list *list, uint32_t *gid,
                          weir_error *err) {
    uint32_t *entered = l->store ? wr_arena_array(fed->arena, list->n + 1, sizeof *entered) : NULL, n = 0;
    if (l->store && !entered) return no_memory(err);
    WR_TRY(find_groups(l, fed, list, gid, entered, &n, err));
    wr_row_list fresh = {.n = n, .rows = entered};
    return n ? wr_bucket_store_recall(l->store, l, fed, &fresh, gid, err) : WEIR_OK;
}

/* ---- Plain attributes -------------------------------------------------------------------------------------
 */

/* Of each group the latest row by time, and of equal times the one that came last. */
static uint32_t choose_latest(wr_level *l, const wr_fed *fed, const uint32_t *gid, uint32_t *sel) {
    uint32_t n = 0, n_chosen = 0;
    for (uint32_t i = 0; i < fed->list.n; i++) {
        uint32_t row = wr_row_at(&fed->list, i);
        wr_bucket_group *g = &l->group[gid[row]];
        if (fed->time[row] < g->latest) continue;
        g->latest = fed->time[row];
        g->row = row;
        sel[n++] = row;
    }
    for (uint32_t i = 0; i < n; i++)
        if (l->group[gid[sel[i]]].row == sel[i]) sel[n_chosen++] = sel[i];
    return n_chosen;
}

static weir_status keep_plain(wr_level *l, const wr_fed *fed, const uint32_t *gid, weir_error *err) {
    uint32_t *sel = wr_arena_array(fed->arena, fed->list.n, sizeof *sel);
    weir_row_id *ids = wr_arena_array(fed->arena, fed->list.n, sizeof *ids);
    if (!sel || !ids) return no_memory(err);
    weir_batch rows = *fed->rows;
    rows.cols += l->plan->n_keys;
    rows.n_cols = l->plan->n_plain;
    rows.sel = sel;
    rows.n_sel = choose_latest(l, fed, gid, sel);
    wr_row_store_settle(l->plain);
    WR_TRY(wr_row_store_append(l->plain, &rows, NULL, ids, err));
    for (uint32_t i = 0; i < rows.n_sel; i++) {
        wr_bucket_group *g = &l->group[gid[sel[i]]];
        if (g->slot != WEIR_NO_ROW) wr_row_store_release(l->plain, g->slot);
        g->slot = ids[i];
    }
    return WEIR_OK;
}

weir_status wr_level_add(wr_level *l, const wr_fed *fed, const uint32_t *gid, weir_error *err) {
    if (l->store) WR_TRY(wr_bucket_store_touch(l->store, l, &fed->list, gid, err));
    for (uint32_t i = 0; i < l->plan->n_totals; i++) {
        const wr_plan_total *t = &l->plan->totals[i];
        const weir_column *v = t->kind == WR_TOTAL_COUNT ? NULL : &fed->rows->cols[t->feed];
        WR_TRY(wr_total_add(&l->totals[i], &fed->list, gid, v, fed->rows->n_rows, fed->arena, err));
    }
    return l->plain ? keep_plain(l, fed, gid, err) : WEIR_OK;
}

weir_status wr_level_absorb(wr_level *l, const wr_level_rows *from, weir_arena *arena, uint32_t *gid,
                            weir_error *err) {
    int64_t *ts = wr_arena_zero(arena, from->n, sizeof *ts);
    if (!ts) return no_memory(err);
    weir_batch rows = {.n_rows = from->n,
                       .n_sel = from->n,
                       .ts = ts,
                       .n_cols = l->plan->n_keys + l->plan->n_plain,
                       .cols = (weir_column *)(uintptr_t)from->keyed,
                       .n_chunks = from->n};
    wr_fed fed = {.rows = &rows, .list = {.n = from->n}, .time = from->begin, .arena = arena};
    WR_TRY(find_groups(l, &fed, &fed.list, gid, NULL, NULL, err));
    for (uint32_t i = 0; i < l->plan->n_totals; i++)
        WR_TRY(wr_total_absorb(&l->totals[i], from->n, gid, &from->values[i], &from->rows[i], arena, err));
    fed.time = from->latest;
    return l->plain ? keep_plain(l, &fed, gid, err) : WEIR_OK;
}

/* ---- Reading and dropping ---------------------------------------------------------------------------------
 */

static weir_status whole_range(const wr_level *l, const wr_bucket_ask *ask, weir_arena *arena,
                               uint32_t **groups, uint32_t *n, weir_error *err) {
    uint32_t from = seek(l, ask->start), to = seek(l, ask->end), count = 0;
    for (uint32_t b = from; b < to; b++)
        for (uint32_t g = l->buckets[b].first; g != WR_NO_GROUP; g = l->group[g].next) count++;
    *groups = wr_arena_array(arena, count, sizeof **groups);
    *n = 0;
    if (!*groups) return no_memory(err);
    for (uint32_t b = from; b < to; b++)
        for (uint32_t g = l->buckets[b].first; g != WR_NO_GROUP; g = l->group[g].next) (*groups)[(*n)++] = g;
    return WEIR_OK;
}

/* The index by these keys; made, when it is asked for first. */
static weir_status index_by(wr_level *l, const wr_bucket_ask *ask, wr_bucket_index **out, weir_error *err) {
    if ((*out = wr_bucket_index_by(l->indexes, ask->group_keys, ask->n_keys))) return WEIR_OK;
    WR_TRY(wr_bucket_index_new(l->plan, l->keys, ask->group_keys, ask->n_keys, l->account, out, err));
    for (uint32_t b = l->first_bucket; b < l->n_buckets; b++)
        for (uint32_t g = l->buckets[b].first; g != WR_NO_GROUP; g = l->group[g].next) {
            weir_status st = wr_bucket_index_add(*out, g, l->buckets[b].begin, err);
            if (st == WEIR_OK) continue;
            wr_bucket_index_free_all(*out);
            return st;
        }
    wr_bucket_index_link(*out, &l->indexes);
    return WEIR_OK;
}

weir_status wr_level_range(wr_level *l, const wr_bucket_ask *ask, weir_arena *arena, uint32_t **groups,
                           uint32_t *n, weir_error *err) {
    wr_bucket_index *index;
    if (!ask->n_keys) return whole_range(l, ask, arena, groups, n, err);
    uint32_t from = seek(l, ask->start), to = seek(l, ask->end);
    wr_bucket_find find = {.keys = ask->keys, .row = ask->row, .n_begin = to > from ? to - from : 0};
    int64_t *begin = wr_arena_array(arena, find.n_begin + 1, sizeof *begin);
    if (!begin) return no_memory(err);
    for (uint32_t b = from; b < to; b++) begin[b - from] = l->buckets[b].begin;
    find.begin = begin;
    WR_TRY(index_by(l, ask, &index, err));
    return wr_bucket_index_find(index, &find, arena, groups, n, err);
}

static void drop_group(wr_level *l, uint32_t id) {
    for (uint32_t i = 0; i < l->plan->n_totals; i++) wr_total_clear(&l->totals[i], id);
    if (l->plain && l->group[id].slot != WEIR_NO_ROW) wr_row_store_release(l->plain, l->group[id].slot);
    wr_bucket_index_remove_all(l->indexes, id);
    l->group[id].in_use = false;
    wr_groups_drop(l->keys, id);
}

void wr_level_purge(wr_level *l, wr_level *finer, int64_t before) {
    uint32_t end = seek(l, before);
    if (end == l->first_bucket) return;
    for (; l->first_bucket < end; l->first_bucket++) {
        uint32_t next;
        for (uint32_t g = l->buckets[l->first_bucket].first; g != WR_NO_GROUP; g = next) {
            next = l->group[g].next;
            drop_group(l, g);
        }
    }
    close_gap(l);
    wr_groups_tidy(l->keys);
    for (uint32_t g = 0; finer && g < finer->n_group; g++) {
        uint32_t parent = finer->group[g].parent;
        if (parent != WR_NO_GROUP && !l->group[parent].in_use) finer->group[g].parent = WR_NO_GROUP;
    }
}

/* ---- State ------------------------------------------------------------------------------------------------
 */

/* Groups go in order of their buckets; parents are found anew. */
void wr_level_save(const wr_level *l, weir_writer *w) {
    wr_groups_save(l->keys, w);
    for (uint32_t i = 0; i < l->plan->n_totals; i++)
        wr_total_save(&l->totals[i], wr_groups_limit(l->keys), w);
    if (l->plain) wr_row_store_save(l->plain, w);
    weir_write_u32(w, wr_groups_count(l->keys));
    for (uint32_t b = l->first_bucket; b < l->n_buckets; b++)
        for (uint32_t g = l->buckets[b].first; g != WR_NO_GROUP; g = l->group[g].next) {
            weir_write_u32(w, g);
            weir_write_i64(w, l->group[g].begin);
            weir_write_i64(w, l->group[g].latest);
            weir_write_i64(w, (int64_t)l->group[g].slot);
        }
}

static weir_status load_group(wr_level *l, weir_reader *r, weir_error *err) {
    uint32_t id = weir_read_u32(r);
    int64_t begin = weir_read_i64(r), latest = weir_read_i64(r);
    weir_row_id slot = (weir_row_id)weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    bool fits = id < l->n_group && wr_groups_in_use(l->keys, id) && !l->group[id].in_use;
    bool is_stored = slot == WEIR_NO_ROW || (l->plain && wr_row_store_has(l->plain, slot));
    if (!fits || !is_stored || wr_unit_begin(l->unit, begin) != begin)
        return weir_fail(err, WEIR_ESTATE, "saved buckets of an aggregation don't fit together");
    WR_TRY(enter_group(l, id, begin, err));
    l->group[id].latest = latest;
    l->group[id].slot = slot;
    return WEIR_OK;
}

weir_status wr_level_load(wr_level *l, weir_reader *r, weir_error *err) {
    WR_TRY(wr_groups_load(l->keys, r, err));
    WR_TRY(reserve(l, err));
    for (uint32_t i = 0; i < l->plan->n_totals; i++) WR_TRY(wr_total_load(&l->totals[i], r, err));
    if (l->plain) WR_TRY(wr_row_store_load(l->plain, r, err));
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n != wr_groups_count(l->keys))
        return weir_fail(err, WEIR_ESTATE, "saved buckets of an aggregation don't fit together");
    for (uint32_t i = 0; i < n; i++) WR_TRY(load_group(l, r, err));
    return WEIR_OK;
}
