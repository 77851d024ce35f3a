/* groups.c: see groups.h. */
#include "exec/groups_impl.h"

#include "base/compiler.h"
#include "data/value.h"

#define PREFETCH_AHEAD 12u

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the keys of groups");
}

/* ---- Making -------------------------------------------------------------------------------------------- */

static void lay_out_record(wr_groups *g, const wr_group_key *keys) {
    uint32_t at = 4, align = 4;
    for (uint32_t p = 0; p < g->n_parts; p++) {
        wr_group_part *part = &g->parts[p];
        part->as_text = keys[p].boxed || keys[p].type == WEIR_OBJECT;
        part->type = part->as_text ? WEIR_STRING : keys[p].type;
        static const uint8_t sizes[WEIR_N_TYPES] = {0, 4, 8, 4, 8, 1, 16, 8};
        part->size = sizes[part->type];
        uint32_t part_align = part->size > 4 ? 8 : part->size;
        if (part_align > align) align = part_align;
        at = (at + part_align - 1) & ~(part_align - 1);
        part->offset = (uint16_t)at;
        at += part->size;
    }
    g->stride = (at + align - 1) & ~(align - 1);
    g->narrow = g->n_parts == 1 && g->parts[0].size <= 4;
}

weir_status wr_groups_new(const wr_group_key *keys, uint32_t n_keys, wr_account *account, wr_groups **out,
                          weir_error *err) {
    *out = NULL;
    if (n_keys == 0 || n_keys > WR_MAX_GROUP_KEYS)
        return weir_fail(err, WEIR_EUNSUPPORTED, "group by takes at most %u attributes, here are %u",
                         WR_MAX_GROUP_KEYS, n_keys);
    wr_groups *g = wr_alloc_zero(account, sizeof *g);
    if (!g) return no_memory(err);
    g->account = account;
    g->n_parts = n_keys;
    lay_out_record(g, keys);
    *out = g;
    return WEIR_OK;
}

void wr_groups_free(wr_groups *g) {
    if (!g) return;
    wr_groups_clear(g);
    wr_group_table_fini(g);
    wr_free(g->account, g->records, (size_t)g->cap * g->stride);
    wr_free(g->account, g->free_ids, g->cap_free * sizeof *g->free_ids);
    wr_free(g->account, g, sizeof *g);
}

/* ---- Finding ------------------------------------------------------------------------------------------- */

/* An id for the row's keys, which are new; 0 when memory is out, else the id + 1. Room for giving all ids
 * back is made now, so that dropping can't fail. */
static uint32_t new_id1(wr_groups *g, const weir_column *columns, uint32_t row) {
    bool reuse = g->n_free > 0;
    if (!reuse &&
        (g->limit == UINT32_MAX - 1 || wr_grow(g->account, &g->records, &g->cap, g->limit + 1, g->stride)))
        return 0;
    if (wr_grow(g->account, &g->free_ids, &g->cap_free, g->limit + 1, sizeof *g->free_ids)) return 0;
    uint32_t id = reuse ? g->free_ids[g->n_free - 1] : g->limit;
    if (!wr_group_keys_store(g, id, columns, row)) return 0;
    if (reuse)
        g->n_free--;
    else
        g->limit++;
    return id + 1;
}

static uint32_t insert(wr_groups *g, uint32_t tag, const weir_column *columns, uint32_t row) {
    if (!wr_group_table_reserve(g, tag)) return 0;
    uint32_t id1 = new_id1(g, columns, row);
    if (id1) wr_group_table_put(g, tag, id1 - 1);
    return id1;
}

static uint32_t null_id1(wr_groups *g, const weir_column *columns, uint32_t row) {
    g->null_id1 = new_id1(g, columns, row);
    return g->null_id1;
}

/* How much has to be compared when tags match. */
typedef enum match { MATCH_TAG, MATCH_LONG, MATCH_STRING, MATCH_ANY } match;

WR_INLINE bool same_key(const wr_groups *g, match how, uint32_t id, const weir_column *columns,
                        uint32_t row) {
    const char *value = wr_group_record(g, id) + 8;
    switch (how) {
    case MATCH_TAG: return true;
    case MATCH_LONG: return *(const int64_t *)(const void *)value == ((const int64_t *)columns[0].data)[row];
    case MATCH_STRING:
        return weir_string_equal((const weir_string *)(const void *)value,
                                 (const weir_string *)columns[0].data + row);
    case MATCH_ANY: break;
    }
    return wr_group_keys_equal(g, id, columns, row);
}

/* What the search loop needs, in registers; taken anew when the table has changed. */
typedef struct probe_view {
    const wr_group_slot *slots;
    const uint32_t *direct;
    uint32_t mask, shift, n_direct;
    bool far;
} probe_view;

static probe_view view_table(const wr_groups *g) {
    return (probe_view){.slots = g->slots,
                        .direct = g->direct,
                        .mask = g->n_slots - 1,
                        .shift = g->shift,
                        .n_direct = g->n_direct,
                        .far = g->n_slots > WR_GROUP_NEAR_SLOTS};
}
WR_INLINE uint32_t home_in(probe_view v, uint32_t tag) {
    return (uint32_t)(tag * WR_GROUP_MULTIPLIER >> v.shift);
}

/* The id + 1 of the row's keys, 0 if they are new. */
WR_INLINE uint32_t search(const wr_groups *g, probe_view v, match how, uint32_t tag,
                          const weir_column *columns, uint32_t row) {
    uint32_t id1;
    if (how == MATCH_TAG && tag < v.n_direct) return v.direct[tag];
    for (uint32_t at = home_in(v, tag); (id1 = v.slots[at].id1) != 0; at = (at + 1) & v.mask)
        if (v.slots[at].tag == tag && same_key(g, how, id1 - 1, columns, row)) break;
    return id1;
}

/* The ordinary case of small dense integers: how many rows could be done, from the first on. A function of
 * its own, so that the loop has all registers. */
static __attribute__((noinline)) uint32_t index_rows(const wr_groups *g, const wr_row_list *list,
                                                     const uint32_t *restrict tags, uint32_t *restrict gid) {
    const uint32_t *restrict rows = list->rows, *restrict direct = g->direct, n_direct = g->n_direct;
    const size_t n = list->n;
    if (!rows) gid += list->first;
    for (size_t i = 0; i < n; i++) {
        uint32_t id1 = tags[i] < n_direct ? direct[tags[i]] : 0;
        if (WR_UNLIKELY(!id1)) return (uint32_t)i;
        gid[rows ? rows[i] : i] = id1 - 1;
    }
    return (uint32_t)n;
}

WR_INLINE bool probe_rows(wr_groups *g, match how, bool nullable, const weir_column *columns,
                          const wr_row_list *list, const uint32_t *tags, uint32_t *gid) {
    const uint32_t n = list->n, first = list->first, *rows = list->rows;
    probe_view v = view_table(g);
    uint32_t i = how == MATCH_TAG && !nullable && v.n_direct ? index_rows(g, list, tags, gid) : 0;
    for (; i < n; i++) {
        const uint32_t row = rows ? rows[i] : first + i;
        const bool is_null = nullable && weir_is_null(&columns[0], row);
        if (v.far && i + PREFETCH_AHEAD < n)
            __builtin_prefetch(&v.slots[home_in(v, tags[i + PREFETCH_AHEAD])]);
        uint32_t id1 = is_null ? g->null_id1 : search(g, v, how, tags[i], columns, row);
        if (WR_UNLIKELY(!id1)) {
            id1 = is_null ? null_id1(g, columns, row) : insert(g, tags[i], columns, row);
            if (!id1) return false;
            v = view_table(g);
        }
        gid[row] = id1 - 1;
    }
    return true;
}

static bool probe(wr_groups *g, const weir_column *columns, const wr_row_list *list, const uint32_t *tags,
                  uint32_t *gid) {
    bool nullable = columns[0].valid != NULL;
    if (g->narrow)
        return nullable ? probe_rows(g, MATCH_TAG, true, columns, list, tags, gid)
                        : probe_rows(g, MATCH_TAG, false, columns, list, tags, gid);
    /* The record of a null long holds 0; a real 0 has another tag. */
    if (g->n_parts == 1 && g->parts[0].type == WEIR_LONG && !nullable)
        return probe_rows(g, MATCH_LONG, false, columns, list, tags, gid);
    if (g->n_parts == 1 && g->parts[0].type == WEIR_STRING)
        return probe_rows(g, MATCH_STRING, false, columns, list, tags, gid);
    return probe_rows(g, MATCH_ANY, false, columns, list, tags, gid);
}

weir_status wr_groups_assign(wr_groups *g, const weir_column *columns, const wr_row_list *list,
                             weir_arena *scratch, uint32_t *gid, weir_error *err) {
    if (!list->n) return WEIR_OK;
    if (!wr_group_table_reserve(g, 0)) return no_memory(err);
    WR_TRY(wr_group_keys_prepare(g, columns, list, scratch, &columns, err));
    const uint32_t *tags = wr_group_keys_tags(g, columns, list, scratch);
    if (!tags) return no_memory(err);
    return probe(g, columns, list, tags, gid) ? WEIR_OK : no_memory(err);
}

/* ---- Life of ids --------------------------------------------------------------------------------------- */

uint32_t wr_groups_limit(const wr_groups *g) { return g->limit; }
uint32_t wr_groups_count(const wr_groups *g) { return g->limit - g->n_free; }
bool wr_groups_in_use(const wr_groups *g, uint32_t id) { return *wr_group_marks(g, id) & WR_GROUP_IN_USE; }

void wr_groups_retire(wr_groups *g, uint32_t id) {
    if (g->null_id1 == id + 1)
        g->null_id1 = 0;
    else
        wr_group_table_erase(g, wr_group_keys_tag_of(g, id), id);
    wr_group_keys_drop(g, id);
}

void wr_groups_reuse(wr_groups *g, uint32_t id) { g->free_ids[g->n_free++] = id; }

void wr_groups_drop(wr_groups *g, uint32_t id) {
    wr_groups_retire(g, id);
    wr_groups_reuse(g, id);
}

void wr_groups_tidy(wr_groups *g) {
    while (g->limit && !wr_groups_in_use(g, g->limit - 1)) g->limit--;
    g->n_free = 0;
    for (uint32_t id = g->limit; id-- > 0;)
        if (!wr_groups_in_use(g, id)) g->free_ids[g->n_free++] = id;
}

void wr_groups_clear(wr_groups *g) {
    wr_group_table_clear(g);
    for (uint32_t id = 0; id < g->limit; id++)
        if (wr_groups_in_use(g, id)) wr_group_keys_drop(g, id);
    g->null_id1 = 0;
    g->limit = 0;
    g->n_free = 0;
}

weir_value wr_groups_value(const wr_groups *g, uint32_t id, uint32_t part) {
    return wr_group_keys_value(g, part, id);
}

/* ---- Saved state --------------------------------------------------------------------------------------- */

static void save_keys(const wr_groups *g, uint32_t id, weir_writer *w) {
    for (uint32_t p = 0; p < g->n_parts; p++) {
        weir_value v = wr_group_keys_value(g, p, id);
        weir_write_value(w, &v);
    }
}

/* The limit, then for each id below it whether it is in use and, if so, its keys. */
void wr_groups_save(const wr_groups *g, weir_writer *w) {
    weir_write_u32(w, g->limit);
    for (uint32_t id = 0; id < g->limit; id++) {
        weir_write_u32(w, wr_groups_in_use(g, id));
        if (wr_groups_in_use(g, id)) save_keys(g, id, w);
    }
}

/* One row of columns with the keys that were saved. */
typedef struct loaded_row {
    weir_column columns[WR_MAX_GROUP_KEYS];
    union {
        int64_t number;
        weir_string text;
    } values[WR_MAX_GROUP_KEYS];
    uint64_t valid[WR_MAX_GROUP_KEYS];
} loaded_row;

static weir_status load_keys(const wr_groups *g, weir_reader *r, weir_arena *arena, loaded_row *out,
                             weir_error *err) {
    for (uint32_t p = 0; p < g->n_parts; p++) {
        weir_value v;
        WR_TRY(weir_read_value(r, arena, &v));
        if (v.type != g->parts[p].type)
            return weir_fail(err, WEIR_ESTATE, "saved group key %u is %s, not %s", p + 1,
                             weir_type_name(v.type), weir_type_name(g->parts[p].type));
        out->valid[p] = 1;
        out->columns[p] = (weir_column){.type = v.type, .data = &out->values[p], .valid = &out->valid[p]};
        wr_column_set(&out->columns[p], 0, &v);
    }
    return weir_reader_status(r, err);
}

static weir_status put_loaded(wr_groups *g, uint32_t id, const loaded_row *row, weir_error *err) {
    if (!wr_group_keys_store(g, id, row->columns, 0)) return no_memory(err);
    if (g->narrow && weir_is_null(&row->columns[0], 0)) {
        g->null_id1 = id + 1;
        return WEIR_OK;
    }
    uint32_t tag = wr_group_keys_tag_of(g, id);
    if (!wr_group_table_reserve(g, tag)) return no_memory(err);
    wr_group_table_put(g, tag, id);
    return WEIR_OK;
}

/* The next id. */
static weir_status load_group(wr_groups *g, weir_reader *r, weir_arena *arena, weir_error *err) {
    uint32_t id = g->limit;
    if (!weir_read_u32(r)) {
        *wr_group_marks(g, id) = 0;
        g->free_ids[g->n_free++] = id;
        g->limit++;
        return weir_reader_status(r, err);
    }
    loaded_row row;
    WR_TRY(load_keys(g, r, arena, &row, err));
    *wr_group_marks(g, id) = 0;
    g->limit++;
    return put_loaded(g, id, &row, err);
}

static weir_status load_all(wr_groups *g, weir_reader *r, weir_arena *arena, weir_error *err) {
    uint32_t limit = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (weir_reader_left(r) / 4 < limit)
        return weir_fail(err, WEIR_ESTATE, "saved groups end too early: %u are announced", limit);
    if (wr_grow(g->account, &g->records, &g->cap, limit, g->stride) ||
        wr_grow(g->account, &g->free_ids, &g->cap_free, limit, sizeof *g->free_ids))
        return no_memory(err);
    for (uint32_t i = 0; i < limit; i++) {
        WR_TRY(load_group(g, r, arena, err));
        wr_arena_reset(arena);
    }
    return WEIR_OK;
}

weir_status wr_groups_load(wr_groups *g, weir_reader *r, weir_error *err) {
    weir_arena arena;
    wr_groups_clear(g);
    wr_arena_init(&arena, g->account);
    weir_status status = load_all(g, r, &arena, err);
    wr_arena_fini(&arena);
    if (status != WEIR_OK) wr_groups_clear(g);
    return status;
}

/* ---- Some ids alone ---- */

static bool holds(const wr_groups *g, uint32_t id) { return id < g->limit && wr_groups_in_use(g, id); }

void wr_groups_save_some(const wr_groups *g, const uint32_t *ids, uint32_t n, weir_writer *w) {
    for (uint32_t i = 0; i < n; i++) {
        bool in_use = holds(g, ids[i]);
        weir_write_u32(w, in_use);
        if (in_use) save_keys(g, ids[i], w);
    }
}

/* Room for ids below limit; those that come to it are not in use. */
static weir_status extend(wr_groups *g, uint32_t limit, weir_error *err) {
    if (limit <= g->limit) return WEIR_OK;
    if (wr_grow(g->account, &g->records, &g->cap, limit, g->stride) ||
        wr_grow(g->account, &g->free_ids, &g->cap_free, limit, sizeof *g->free_ids))
        return no_memory(err);
    for (; g->limit < limit; g->limit++) *wr_group_marks(g, g->limit) = 0;
    return WEIR_OK;
}

static weir_status load_one(wr_groups *g, uint32_t id, weir_reader *r, weir_arena *arena, weir_error *err) {
    loaded_row row;
    if (!weir_read_u32(r)) return weir_reader_status(r, err);
    WR_TRY(load_keys(g, r, arena, &row, err));
    return put_loaded(g, id, &row, err);
}

/* The old keys go first: one of them may have come back under another id. */
weir_status wr_groups_load_some(wr_groups *g, const uint32_t *ids, uint32_t n, weir_reader *r,
                                weir_error *err) {
    weir_arena arena;
    weir_status status = n ? extend(g, ids[n - 1] + 1, err) : WEIR_OK;
    wr_arena_init(&arena, g->account);
    for (uint32_t i = 0; status == WEIR_OK && i < n; i++)
        if (wr_groups_in_use(g, ids[i])) wr_groups_retire(g, ids[i]);
    for (uint32_t i = 0; status == WEIR_OK && i < n; i++) {
        status = load_one(g, ids[i], r, &arena, err);
        wr_arena_reset(&arena);
    }
    wr_arena_fini(&arena);
    if (status == WEIR_OK) wr_groups_tidy(g);
    return status;
}
