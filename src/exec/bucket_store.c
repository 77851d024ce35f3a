/* bucket_store.c: see bucket_store.h. */
#include "exec/bucket_store.h"

#include "data/column.h"
#include "data/value.h"
#include "exec/backing.h"
#include "exec/store_lookup.h"

#define KEPT_BUCKETS 2u /* of the latest, in memory beyond their cycle */

/* How a range is asked for, by the group keys that have a value. */
typedef struct range_lookup {
    struct range_lookup *next;
    wr_store_lookup *lookup;
    uint32_t n_keys;
    uint32_t columns[]; /* of the table */
} range_lookup;

struct wr_bucket_store {
    const wr_plan_aggregation *plan;
    const wr_plan_bucket_store *at;
    wr_table *table;
    wr_account *account;
    weir_arena scratch; /* of a flush, or a purge */
    range_lookup *ranges;
    wr_store_lookup *since, *before; /* NULL: not asked for yet */
    int64_t known_from;              /* INT64_MAX: nothing is known yet */
    uint32_t *dirty;                 /* groups */
    uint32_t n_dirty, cap_dirty;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an aggregation in a store");
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

weir_status wr_bucket_store_new(const wr_plan_aggregation *plan, wr_table *table, wr_account *account,
                                wr_bucket_store **out, weir_error *err) {
    wr_bucket_store *s = *out = wr_alloc_zero(account, sizeof *s);
    if (!s) return no_memory(err);
    s->plan = plan;
    s->at = plan->store;
    s->table = table;
    s->account = account;
    s->known_from = INT64_MAX;
    wr_arena_init(&s->scratch, account);
    return WEIR_OK;
}

void wr_bucket_store_free(wr_bucket_store *s) {
    if (!s) return;
    for (range_lookup *r = s->ranges, *next; r; r = next) {
        next = r->next;
        wr_store_lookup_free(r->lookup);
        wr_free(s->account, r, sizeof *r + r->n_keys * sizeof r->columns[0]);
    }
    wr_store_lookup_free(s->since);
    wr_store_lookup_free(s->before);
    wr_free(s->account, s->dirty, s->cap_dirty * sizeof *s->dirty);
    wr_arena_fini(&s->scratch);
    wr_free(s->account, s, sizeof *s);
}

void wr_bucket_store_forget(wr_bucket_store *s) {
    if (!s) return;
    s->known_from = INT64_MAX;
    s->n_dirty = 0;
}

/* ---- From the table into a level --------------------------------------------------------------------------
 */

static weir_status gather(const wr_bucket_store *s, uint32_t column, const weir_row_id *ids, uint32_t n,
                          weir_arena *arena, weir_column *out, weir_error *err) {
    const wr_row_store *rows = wr_table_rows(s->table);
    memset(out, 0, sizeof *out);
    if (column == WR_NONE_ID) return WEIR_OK;
    weir_type type = wr_table_plan(s->table)->schema.attrs[column].type;
    if (wr_column_new(arena, type, false, n, wr_row_store_has_nulls(rows, column), out))
        return no_memory(err);
    return wr_row_store_gather(rows, column, ids, n, arena, out, err);
}

/* A group key as a plain attribute. A null string is kept as the text "null", which is the same group, since
 * not all stores take a key that is null. */
static weir_status gather_key(const wr_bucket_store *s, uint32_t key, const weir_row_id *ids, uint32_t n,
                              weir_arena *arena, weir_column *out, weir_error *err) {
    const weir_string null_text = weir_string_view("null", 4);
    WR_TRY(gather(s, s->at->keys[key], ids, n, arena, out, err));
    if (out->type != WEIR_STRING) return WEIR_OK;
    if (!out->valid && !(out->valid = wr_valid_new(arena, n))) return no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        if (!weir_is_null(out, i) && weir_string_equal((const weir_string *)out->data + i, &null_text))
            weir_set_null(out, i);
    return WEIR_OK;
}

static weir_status gather_plain(const wr_bucket_store *s, uint32_t plain, const weir_row_id *ids, uint32_t n,
                                weir_arena *arena, weir_column *out, weir_error *err) {
    uint32_t key = s->plan->plain_key[plain];
    return key == WR_NONE_ID ? gather(s, s->at->plain[plain], ids, n, arena, out, err)
                             : gather_key(s, key, ids, n, arena, out, err);
}

static weir_status gather_all(const wr_bucket_store *s, const weir_row_id *ids, uint32_t n, weir_arena *arena,
                              wr_level_rows *out, weir_error *err) {
    const wr_plan_aggregation *plan = s->plan;
    weir_column *keyed = wr_arena_zero(arena, plan->n_keys + plan->n_plain + 1, sizeof *keyed);
    weir_column *values = wr_arena_zero(arena, plan->n_totals + 1, sizeof *values);
    weir_column *rows = wr_arena_zero(arena, plan->n_totals + 1, sizeof *rows), time, latest;
    if (!keyed || !values || !rows) return no_memory(err);
    for (uint32_t i = 0; i < plan->n_keys; i++)
        WR_TRY(gather(s, s->at->keys[i], ids, n, arena, &keyed[i], err));
    for (uint32_t i = 0; i < plan->n_plain; i++)
        WR_TRY(gather_plain(s, i, ids, n, arena, &keyed[plan->n_keys + i], err));
    for (uint32_t i = 0; i < plan->n_totals; i++) {
        WR_TRY(gather(s, s->at->values[i], ids, n, arena, &values[i], err));
        WR_TRY(gather(s, s->at->rows[i], ids, n, arena, &rows[i], err));
    }
    WR_TRY(gather(s, s->at->time, ids, n, arena, &time, err));
    WR_TRY(gather(s, s->at->latest, ids, n, arena, &latest, err));
    *out = (wr_level_rows){.n = n, .keyed = keyed, .values = values, .rows = rows, .begin = time.data};
    out->latest = latest.data ? latest.data : time.data;
    return WEIR_OK;
}

/* With several writers, each has rows of its own. */
static bool is_own(const wr_bucket_store *s, weir_row_id id) {
    if (s->at->shard == WR_NONE_ID) return true;
    weir_value shard = wr_row_store_value(wr_table_rows(s->table), id, s->at->shard);
    weir_string own = weir_string_view(s->at->shard_id, (uint32_t)strlen(s->at->shard_id));
    return !shard.is_null && weir_string_equal(&shard.as.s, &own);
}

/* Is it the row of its group that this app writes? Siddhi writes rows that came late apart, under the time at
 * which they came. */
static bool is_whole(const wr_bucket_store *s, weir_row_id id) {
    if (s->at->start == WR_NONE_ID) return true;
    const wr_row_store *rows = wr_table_rows(s->table);
    weir_value start = wr_row_store_value(rows, id, s->at->start),
               time = wr_row_store_value(rows, id, s->at->time);
    return !start.is_null && !time.is_null && start.as.l == time.as.l;
}

/* A row without a time is nobody's. */
static bool has_time(const wr_bucket_store *s, weir_row_id id) {
    return !wr_row_store_value(wr_table_rows(s->table), id, s->at->time).is_null;
}

static weir_status absorb(wr_bucket_store *s, wr_level *l, const weir_row_id *ids, uint32_t n,
                          weir_arena *arena, weir_error *err) {
    wr_level_rows rows;
    uint32_t *gid = wr_arena_array(arena, n + 1, sizeof *gid);
    if (!gid) return no_memory(err);
    if (!n) return WEIR_OK;
    WR_TRY(gather_all(s, ids, n, arena, &rows, err));
    WR_TRY(wr_level_absorb(l, &rows, arena, gid, err));
    for (uint32_t i = 0; l->store && i < n; i++) l->group[gid[i]].is_stored = true;
    return WEIR_OK;
}

/* Rows of the table, in an arena. */
typedef struct row_ids {
    weir_row_id *of;
    uint32_t n, cap;
} row_ids;

static weir_status note_row(row_ids *ids, weir_row_id id, weir_arena *arena, weir_error *err) {
    if (ids->n == ids->cap) {
        uint32_t cap = ids->cap * 2 + 16;
        if (cap < ids->cap || !wr_arena_widen(arena, &ids->of, ids->n, cap, sizeof *ids->of))
            return no_memory(err);
        ids->cap = cap;
    }
    ids->of[ids->n++] = id;
    return WEIR_OK;
}

/* The rows in memory with low <= time < high. */
static weir_status list_range(wr_bucket_store *s, int64_t low, int64_t high, bool own_only, weir_arena *arena,
                              row_ids *ids, weir_error *err) {
    const wr_range_index *index;
    wr_range_cursor cursor;
    *ids = (row_ids){0};
    WR_TRY(wr_table_range_index(s->table, s->at->time, &index, err));
    wr_bound from = {.is_set = true, .value = {.type = WEIR_LONG, .as.l = low}};
    wr_bound to = {.is_set = true, .is_open = true, .value = {.type = WEIR_LONG, .as.l = high}};
    for (uint32_t id = wr_range_index_first(index, &from, &to, &cursor); id != WR_NO_SLOT;
         id = wr_range_index_next(&cursor))
        if (!own_only || is_own(s, id)) WR_TRY(note_row(ids, id, arena, err));
    return wr_table_sort(s->table, ids->of, ids->n, err);
}

/* ---- Groups that are new in memory ------------------------------------------------------------------------
 */

/* One lookup with one parameter. */
static weir_status fetch_by_time(wr_bucket_store *s, wr_store_lookup **lookup, weir_store_op op, int64_t time,
                                 weir_arena *arena, weir_error *err) {
    wr_store_term term = {s->at->time, op};
    const weir_column param = {.type = WEIR_LONG, .data = &time};
    const weir_batch one = {.n_rows = 1, .n_sel = 1};
    if (!*lookup) WR_TRY(wr_store_lookup_of_terms(s->table, &term, 1, s->account, lookup, err));
    return wr_store_lookup_fetch_params(*lookup, s->table, &param, &one, arena, err);
}

static weir_status recall_latest(wr_bucket_store *s, wr_level *l, int64_t from, weir_arena *arena,
                                 weir_error *err) {
    row_ids ids;
    WR_TRY(fetch_by_time(s, &s->since, WEIR_STORE_GE, from, arena, err));
    WR_TRY(list_range(s, from, INT64_MAX, true, arena, &ids, err));
    uint32_t n_whole = 0;
    for (uint32_t i = 0; i < ids.n; i++)
        if (is_whole(s, ids.of[i])) ids.of[n_whole++] = ids.of[i];
    s->known_from = from;
    return absorb(s, l, ids.of, n_whole, arena, err);
}

/* The primary key of groups: columns of it in its order, by place in `groups`. */
static weir_status key_columns(const wr_bucket_store *s, const wr_level *l, const uint32_t *groups,
                               uint32_t n, weir_arena *arena, weir_column *cols, weir_error *err) {
    const wr_plan_bucket_store *at = s->at;
    int64_t *begin = wr_arena_array(arena, n + 1, sizeof *begin);
    if (!begin) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) begin[i] = l->group[groups[i]].begin;
    cols[at->time] = (weir_column){.type = WEIR_LONG, .data = begin};
    if (at->start != WR_NONE_ID) cols[at->start] = cols[at->time];
    if (at->shard != WR_NONE_ID) {
        weir_string *shard = wr_arena_array(arena, n + 1, sizeof *shard);
        if (!shard) return no_memory(err);
        for (uint32_t i = 0; i < n; i++)
            shard[i] = weir_string_view(at->shard_id, (uint32_t)strlen(at->shard_id));
        cols[at->shard] = (weir_column){.type = WEIR_STRING, .data = shard};
    }
    for (uint32_t k = 0; k < s->plan->n_keys; k++) {
        weir_column *c = &cols[at->keys[k]];
        if (wr_column_new(arena, s->plan->feed.attrs[k].type, false, n, true, c)) return no_memory(err);
        for (uint32_t i = 0; i < n; i++) {
            weir_value v = wr_groups_value(l->keys, groups[i], k + 1);
            wr_column_set(c, i, &v);
        }
    }
    return WEIR_OK;
}

static weir_column *in_key_order(const wr_bucket_store *s, const weir_column *cols, weir_arena *arena) {
    const wr_plan_table *plan = wr_table_plan(s->table);
    weir_column *keys = wr_arena_array(arena, plan->n_key, sizeof *keys);
    for (uint32_t i = 0; keys && i < plan->n_key; i++) keys[i] = cols[plan->key[i]];
    return keys;
}

static weir_status recall_late(wr_bucket_store *s, wr_level *l, const uint32_t *groups, uint32_t n,
                               weir_arena *arena, weir_error *err) {
    const wr_plan_table *plan = wr_table_plan(s->table);
    const wr_row_index *index;
    weir_column *cols = wr_arena_zero(arena, plan->schema.n_attrs, sizeof *cols), *keys;
    weir_row_id *ids = wr_arena_array(arena, n + 1, sizeof *ids);
    uint32_t n_found = 0;
    if (!cols || !ids) return no_memory(err);
    if (!n) return WEIR_OK;
    WR_TRY(key_columns(s, l, groups, n, arena, cols, err));
    if (!(keys = in_key_order(s, cols, arena))) return no_memory(err);
    const weir_batch batch = {.n_rows = n, .n_sel = n};
    WR_TRY(wr_table_fetch_keys(s->table, keys, &batch, arena, err));
    WR_TRY(wr_table_index(s->table, plan->key, plan->n_key, &index, err));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = wr_row_index_first(index, keys, i, wr_row_index_hash_one(index, keys, i));
        if (id != WR_NO_SLOT) ids[n_found++] = id;
    }
    return absorb(s, l, ids, n_found, arena, err);
}

weir_status wr_bucket_store_recall(wr_bucket_store *s, wr_level *l, const wr_fed *fed,
                                   const wr_row_list *list, const uint32_t *gid, weir_error *err) {
    uint32_t *late = wr_arena_array(fed->arena, list->n + 1, sizeof *late), n_late = 0;
    int64_t latest = INT64_MIN, known = s->known_from;
    if (!late) return no_memory(err);
    for (uint32_t i = 0; i < list->n; i++) {
        int64_t begin = l->group[gid[wr_row_at(list, i)]].begin;
        if (begin > latest) latest = begin;
    }
    if (known == INT64_MAX) WR_TRY(recall_latest(s, l, known = latest, fed->arena, err));
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t group = gid[wr_row_at(list, i)];
        if (l->group[group].begin < known) late[n_late++] = group;
    }
    return recall_late(s, l, late, n_late, fed->arena, err);
}

/* ---- What has changed -------------------------------------------------------------------------------------
 */

weir_status wr_bucket_store_touch(wr_bucket_store *s, wr_level *l, const wr_row_list *list,
                                  const uint32_t *gid, weir_error *err) {
    for (uint32_t i = 0; i < list->n; i++) {
        wr_bucket_group *g = &l->group[gid[wr_row_at(list, i)]];
        if (g->is_dirty) continue;
        if (wr_grow(s->account, &s->dirty, &s->cap_dirty, s->n_dirty + 1, sizeof *s->dirty))
            return no_memory(err);
        s->dirty[s->n_dirty++] = gid[wr_row_at(list, i)];
        g->is_dirty = true;
    }
    return WEIR_OK;
}

static weir_status plain_columns(const wr_bucket_store *s, const wr_level *l, weir_arena *arena,
                                 weir_column *cols, weir_error *err) {
    weir_row_id *slots = wr_arena_array(arena, s->n_dirty + 1, sizeof *slots);
    if (!slots) return no_memory(err);
    for (uint32_t i = 0; i < s->n_dirty; i++) slots[i] = l->group[s->dirty[i]].slot;
    for (uint32_t i = 0; i < s->plan->n_plain; i++) {
        if (s->plan->plain_key[i] != WR_NONE_ID) continue;
        weir_column *c = &cols[s->at->plain[i]];
        weir_type type = s->plan->feed.attrs[s->plan->n_keys + i].type;
        if (wr_column_new(arena, type, false, s->n_dirty, true, c)) return no_memory(err);
        WR_TRY(wr_row_store_gather(l->plain, i, slots, s->n_dirty, NULL, c, err));
    }
    if (s->at->latest == WR_NONE_ID) return WEIR_OK;
    int64_t *latest = wr_arena_array(arena, s->n_dirty + 1, sizeof *latest);
    if (!latest) return no_memory(err);
    for (uint32_t i = 0; i < s->n_dirty; i++) {
        const wr_bucket_group *g = &l->group[s->dirty[i]];
        latest[i] = g->slot == WEIR_NO_ROW ? g->begin : g->latest;
    }
    cols[s->at->latest] = (weir_column){.type = WEIR_LONG, .data = latest};
    return WEIR_OK;
}

/* The changed groups as rows of the table. */
static weir_status make_rows(const wr_bucket_store *s, const wr_level *l, weir_arena *arena, weir_batch *out,
                             weir_error *err) {
    uint32_t n = s->n_dirty, n_cols = wr_table_plan(s->table)->schema.n_attrs;
    weir_column *cols = wr_arena_zero(arena, n_cols, sizeof *cols), none;
    int64_t *ts = wr_arena_zero(arena, n, sizeof *ts);
    if (!cols || !ts) return no_memory(err);
    WR_TRY(key_columns(s, l, s->dirty, n, arena, cols, err));
    WR_TRY(plain_columns(s, l, arena, cols, err));
    for (uint32_t i = 0; i < s->plan->n_totals; i++) {
        uint32_t value = s->at->values[i], rows = s->at->rows[i];
        WR_TRY(wr_total_export(&l->totals[i], s->dirty, n, arena, value == WR_NONE_ID ? &none : &cols[value],
                               rows == WR_NONE_ID ? &none : &cols[rows], err));
    }
    *out = (weir_batch){.n_rows = n, .n_sel = n, .ts = ts, .n_cols = n_cols, .cols = cols, .n_chunks = n};
    return WEIR_OK;
}

/* Those that the store has a row of must be in memory to be set. */
static weir_status fetch_stored(wr_bucket_store *s, const wr_level *l, const weir_column *keys,
                                weir_arena *arena, weir_error *err) {
    weir_batch stored = {.n_rows = s->n_dirty};
    uint32_t *sel = wr_arena_array(arena, s->n_dirty + 1, sizeof *sel);
    if (!sel) return no_memory(err);
    for (uint32_t i = 0; i < s->n_dirty; i++)
        if (l->group[s->dirty[i]].is_stored) sel[stored.n_sel++] = i;
    stored.sel = sel;
    return wr_table_fetch_keys(s->table, keys, &stored, arena, err);
}

static void tell_refused(const wr_bucket_store *s) {
    wr_store *store = wr_backing_store(wr_table_backing(s->table));
    if (store->stats.refused++ < 10 || store->stats.refused % 1000 == 0)
        wr_store_log(store, WEIR_LOG_ERROR, "a row was left out: a group key is null (so far: %llu)",
                     (unsigned long long)store->stats.refused);
}

static weir_status write_row(wr_bucket_store *s, wr_bucket_group *g, const weir_batch *rows, uint32_t row,
                             uint32_t id, const weir_column *rest, weir_error *err) {
    weir_row_id new_id;
    wr_table_refusal refusal;
    g->is_dirty = false;
    if (id != WR_NO_SLOT) return wr_table_update(s->table, id, s->at->rest, s->at->n_rest, rest, row, err);
    WR_TRY(wr_table_insert(s->table, rows, row, &new_id, &refusal, err));
    g->is_stored = refusal == WR_TABLE_TAKEN;
    if (!g->is_stored) tell_refused(s);
    return WEIR_OK;
}

static weir_status write_rows(wr_bucket_store *s, wr_level *l, weir_arena *arena, weir_error *err) {
    const wr_plan_table *plan = wr_table_plan(s->table);
    const wr_row_index *index;
    weir_batch rows;
    WR_TRY(make_rows(s, l, arena, &rows, err));
    weir_column *keys = in_key_order(s, rows.cols, arena);
    weir_column *rest = wr_arena_array(arena, s->at->n_rest + 1, sizeof *rest);
    if (!keys || !rest) return no_memory(err);
    for (uint32_t i = 0; i < s->at->n_rest; i++) rest[i] = rows.cols[s->at->rest[i]];
    WR_TRY(fetch_stored(s, l, keys, arena, err));
    WR_TRY(wr_table_index(s->table, plan->key, plan->n_key, &index, err));
    wr_table_begin_update(s->table, s->at->rest, s->at->n_rest);
    for (uint32_t i = 0; i < s->n_dirty; i++) {
        uint32_t id = wr_row_index_first(index, keys, i, wr_row_index_hash_one(index, keys, i));
        WR_TRY(write_row(s, &l->group[s->dirty[i]], &rows, i, id, rest, err));
    }
    s->n_dirty = 0;
    return WEIR_OK;
}

weir_status wr_bucket_store_flush(wr_bucket_store *s, wr_level *l, weir_error *err) {
    if (!s->n_dirty) return WEIR_OK;
    wr_arena_reset(&s->scratch);
    return write_rows(s, l, &s->scratch, err);
}

weir_status wr_bucket_store_settle(wr_bucket_store *s, wr_level *l, wr_level *finer, weir_error *err) {
    WR_TRY(wr_bucket_store_flush(s, l, err));
    if (l->n_buckets - l->first_bucket <= KEPT_BUCKETS) return WEIR_OK;
    int64_t before = l->buckets[l->n_buckets - KEPT_BUCKETS].begin;
    wr_level_purge(l, finer, before);
    if (before > s->known_from) s->known_from = before;
    return WEIR_OK;
}

/* ---- Reading ----------------------------------------------------------------------------------------------
 */

static weir_status make_range(wr_bucket_store *s, const wr_bucket_ask *ask, range_lookup **out,
                              weir_error *err) {
    wr_store_term terms[WR_MAX_GROUP_KEYS + 2] = {{s->at->time, WEIR_STORE_GE}, {s->at->time, WEIR_STORE_LT}};
    size_t size = sizeof **out + ask->n_keys * sizeof(*out)->columns[0];
    range_lookup *r = *out = wr_alloc_zero(s->account, size);
    if (!r) return no_memory(err);
    r->n_keys = ask->n_keys;
    r->next = s->ranges;
    s->ranges = r;
    for (uint32_t i = 0; i < ask->n_keys; i++) {
        r->columns[i] = s->at->keys[ask->group_keys[i]];
        terms[i + 2] = (wr_store_term){r->columns[i], WEIR_STORE_EQ};
    }
    return wr_store_lookup_of_terms(s->table, terms, ask->n_keys + 2, s->account, &r->lookup, err);
}

static weir_status range_for(wr_bucket_store *s, const wr_bucket_ask *ask, range_lookup **out,
                             weir_error *err) {
    for (range_lookup *r = s->ranges; r; r = r->next) {
        bool same = r->n_keys == ask->n_keys && r->lookup;
        for (uint32_t i = 0; same && i < r->n_keys; i++)
            same = r->columns[i] == s->at->keys[ask->group_keys[i]];
        *out = r;
        if (same) return WEIR_OK;
    }
    return make_range(s, ask, out, err);
}

/* Of the rows in memory those with the keys, and a time in the range. */
static weir_status list_keyed(wr_bucket_store *s, const wr_bucket_ask *ask, const range_lookup *r,
                              const weir_column *keys, weir_arena *arena, row_ids *ids, weir_error *err) {
    const wr_row_index *index;
    *ids = (row_ids){0};
    WR_TRY(wr_table_index(s->table, r->columns, r->n_keys, &index, err));
    uint32_t hash = wr_row_index_hash_one(index, keys, 0);
    for (uint32_t id = hash == WR_NO_HASH ? WR_NO_SLOT : wr_row_index_first(index, keys, 0, hash);
         id != WR_NO_SLOT; id = wr_row_index_next(index, keys, 0, hash, id)) {
        int64_t time = wr_row_store_value(wr_table_rows(s->table), id, s->at->time).as.l;
        if (has_time(s, id) && time >= ask->start && time < ask->end) WR_TRY(note_row(ids, id, arena, err));
    }
    return wr_table_sort(s->table, ids->of, ids->n, err);
}

weir_status wr_bucket_store_read(wr_bucket_store *s, const wr_bucket_ask *ask, wr_level *into,
                                 weir_arena *arena, weir_error *err) {
    range_lookup *r;
    row_ids ids;
    const weir_batch one = {.n_rows = 1, .n_sel = 1};
    weir_column *params = wr_arena_zero(arena, ask->n_keys + 2, sizeof *params);
    int64_t *bounds = wr_arena_array(arena, 2, sizeof *bounds);
    if (!params || !bounds) return no_memory(err);
    bounds[0] = ask->start;
    bounds[1] = ask->end;
    params[0] = (weir_column){.type = WEIR_LONG, .data = &bounds[0]};
    params[1] = (weir_column){.type = WEIR_LONG, .data = &bounds[1]};
    for (uint32_t i = 0; i < ask->n_keys; i++)
        if (wr_column_gather(&ask->keys[i], &ask->row, 1, arena, &params[i + 2])) return no_memory(err);
    WR_TRY(range_for(s, ask, &r, err));
    WR_TRY(wr_store_lookup_fetch_params(r->lookup, s->table, params, &one, arena, err));
    if (ask->n_keys)
        WR_TRY(list_keyed(s, ask, r, params + 2, arena, &ids, err));
    else
        WR_TRY(list_range(s, ask->start, ask->end, false, arena, &ids, err));
    return absorb(s, into, ids.of, ids.n, arena, err);
}

/* ---- Purging ----------------------------------------------------------------------------------------------
 */

weir_status wr_bucket_store_purge(wr_bucket_store *s, int64_t before, weir_error *err) {
    row_ids ids;
    wr_arena_reset(&s->scratch);
    WR_TRY(fetch_by_time(s, &s->before, WEIR_STORE_LT, before, &s->scratch, err));
    WR_TRY(list_range(s, INT64_MIN, before, true, &s->scratch, &ids, err));
    for (uint32_t i = 0; i < ids.n; i++) wr_table_remove(s->table, ids.of[i]);
    return WEIR_OK;
}
