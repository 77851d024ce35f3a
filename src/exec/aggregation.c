/* aggregation.c: see aggregation.h. Levels, finest first, are in aggregation_level.c. */
#include "exec/aggregation.h"

#include "data/column.h"
#include "exec/bucket_store.h"
#include "exec/program.h"

#define STATE_VERSION 1u

struct wr_aggregation {
    const wr_plan_aggregation *plan;
    wr_account account;
    wr_level levels[WR_N_UNITS];
    wr_bucket_store *stores[WR_N_UNITS]; /* NULL: in memory */
    wr_schema plain;                     /* of the feed, without the keys */
    wr_program *outs;                    /* over plain attributes and totals */
    int64_t purge_due;                   /* INT64_MAX: never */
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an aggregation");
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static weir_status make_level(wr_aggregation *a, uint32_t at, weir_error *err) {
    WR_TRY(wr_level_init(&a->levels[at], a->plan, at, &a->plain, &a->account, err));
    a->levels[at].store = a->stores[at];
    return WEIR_OK;
}

static weir_status make_parts(wr_aggregation *a, wr_table *const *tables, weir_error *err) {
    const wr_plan_aggregation *plan = a->plan;
    a->plain = (wr_schema){plan->n_plain, plan->feed.attrs + plan->n_keys};
    for (uint32_t i = 0; i < plan->n_units; i++) {
        wr_table *table = plan->store ? tables[plan->store->table[i]] : NULL;
        if (table && wr_table_backing(table))
            WR_TRY(wr_bucket_store_new(plan, table, &a->account, &a->stores[i], err));
        WR_TRY(make_level(a, i, err));
    }
    return wr_program_new(plan->outs, plan->schema.n_attrs - 1, &a->account, &a->outs, err);
}

weir_status wr_aggregation_new(const wr_plan_aggregation *plan, wr_table *const *tables, wr_account *parent,
                               wr_aggregation **out, weir_error *err) {
    wr_aggregation *a = wr_alloc_zero(parent, sizeof *a);
    *out = NULL;
    if (!a) return no_memory(err);
    a->plan = plan;
    a->account.parent = parent;
    a->purge_due = INT64_MAX;
    weir_status st = make_parts(a, tables, err);
    if (st == WEIR_OK)
        *out = a;
    else
        wr_aggregation_free(a);
    return st;
}

void wr_aggregation_free(wr_aggregation *a) {
    if (!a) return;
    for (uint32_t i = 0; i < a->plan->n_units; i++) {
        wr_level_fini(&a->levels[i]);
        wr_bucket_store_free(a->stores[i]);
    }
    wr_program_free(a->outs);
    wr_free(a->account.parent, a, sizeof *a);
}

void wr_aggregation_start(wr_aggregation *a, int64_t clock) {
    if (a->plan->purge_ms) a->purge_due = clock + a->plan->purge_ms;
}

/* ---- Purging ----------------------------------------------------------------------------------------------
 */

static weir_status purge_level(wr_aggregation *a, uint32_t at, int64_t before, weir_error *err) {
    wr_level *l = &a->levels[at];
    if (l->store) {
        WR_TRY(wr_bucket_store_flush(l->store, l, err));
        WR_TRY(wr_bucket_store_purge(l->store, before, err));
    }
    wr_level_purge(l, at ? &a->levels[at - 1] : NULL, before);
    return WEIR_OK;
}

/* All purges that are due. Each drops what is too old at its due time, so that only the last one counts. */
static weir_status purge(wr_aggregation *a, int64_t clock, weir_error *err) {
    if (a->purge_due > clock) return WEIR_OK;
    int64_t due = a->purge_due + (clock - a->purge_due) / a->plan->purge_ms * a->plan->purge_ms;
    a->purge_due = due + a->plan->purge_ms;
    for (uint32_t i = 0; i < a->plan->n_units; i++) {
        int64_t keep = a->levels[i].keep_ms;
        if (keep != INT64_MAX) WR_TRY(purge_level(a, i, due - keep, err));
    }
    return WEIR_OK;
}

/* ---- Taking rows in ---------------------------------------------------------------------------------------
 */

/* From one level's groups to those of the next. Parents that are not known yet are looked up. */
static weir_status climb(wr_level *from, wr_level *to, const wr_fed *fed, uint32_t *gid, weir_error *err) {
    uint32_t *orphans = wr_arena_array(fed->arena, fed->list.n, sizeof *orphans), n = 0;
    uint32_t *found = wr_arena_array(fed->arena, fed->rows->n_rows, sizeof *found);
    if (!orphans || !found) return no_memory(err);
    for (uint32_t i = 0; i < fed->list.n; i++) {
        uint32_t row = wr_row_at(&fed->list, i);
        orphans[n] = row;
        n += from->group[gid[row]].parent == WR_NO_GROUP;
    }
    wr_row_list list = {.n = n, .rows = orphans};
    if (n) WR_TRY(wr_level_find(to, fed, &list, found, err));
    for (uint32_t i = 0; i < n; i++) from->group[gid[orphans[i]]].parent = found[orphans[i]];
    for (uint32_t i = 0; i < fed->list.n; i++) {
        uint32_t row = wr_row_at(&fed->list, i);
        gid[row] = from->group[gid[row]].parent;
    }
    return WEIR_OK;
}

static weir_status add_rows(wr_aggregation *a, wr_fed *fed, weir_error *err) {
    uint32_t *gid = wr_arena_array(fed->arena, fed->rows->n_rows, sizeof *gid);
    if (!gid) return no_memory(err);
    if (!fed->list.n) return WEIR_OK;
    WR_TRY(wr_level_find(&a->levels[0], fed, &fed->list, gid, err));
    WR_TRY(wr_level_add(&a->levels[0], fed, gid, err));
    for (uint32_t i = 1; i < a->plan->n_units; i++) {
        WR_TRY(climb(&a->levels[i - 1], &a->levels[i], fed, gid, err));
        WR_TRY(wr_level_add(&a->levels[i], fed, gid, err));
    }
    return WEIR_OK;
}

/* The rows that have a time, up to the first that comes after the next purge; *k goes past them. */
static uint32_t next_rows(const wr_aggregation *a, const weir_batch *b, const int64_t *clock, uint32_t *k,
                          uint32_t *sel) {
    const weir_column *by = a->plan->by == WR_NONE_ID ? NULL : &b->cols[a->plan->by];
    uint32_t n = 0;
    for (; *k < b->n_sel; ++*k) {
        uint32_t row = weir_batch_row(b, *k);
        if (clock[row] >= a->purge_due) break;
        if ((b->kind && b->kind[row] != WEIR_CURRENT) || (by && weir_is_null(by, row))) continue;
        sel[n++] = row;
    }
    return n;
}

weir_status wr_aggregation_feed(wr_aggregation *a, const weir_batch *b, const weir_cycle *cycle,
                                weir_arena *arena, weir_error *err) {
    if (!b->n_sel) return WEIR_OK;
    const int64_t *clock = wr_rows_clock(b, cycle, arena);
    uint32_t *sel = wr_arena_array(arena, b->n_sel, sizeof *sel);
    if (!clock || !sel) return no_memory(err);
    wr_fed fed = {.rows = b, .arena = arena, .time = clock};
    if (a->plan->by != WR_NONE_ID) fed.time = b->cols[a->plan->by].data;
    for (uint32_t k = 0;;) {
        fed.list = (wr_row_list){.n = next_rows(a, b, clock, &k, sel), .rows = sel};
        WR_TRY(add_rows(a, &fed, err));
        if (k == b->n_sel) return WEIR_OK;
        WR_TRY(purge(a, clock[weir_batch_row(b, k)], err));
    }
}

/* ---- Reading ----------------------------------------------------------------------------------------------
 */

static wr_level *level_of(wr_aggregation *a, wr_unit unit) {
    for (uint32_t i = 0; i < a->plan->n_units; i++)
        if (a->levels[i].unit == unit) return &a->levels[i];
    return NULL;
}

bool wr_aggregation_has(const wr_aggregation *a, wr_unit unit) {
    return level_of((wr_aggregation *)(uintptr_t)a, unit) != NULL;
}

/* What is read outlives the group that it was read of. */
static weir_status hold_objects(const weir_column *column, uint32_t n, weir_arena *arena, weir_error *err) {
    weir_object **objects = column->data;
    for (uint32_t i = 0; i < n; i++)
        if (objects[i] && weir_arena_own(arena, weir_object_ref(objects[i])) != WEIR_OK)
            return no_memory(err);
    return WEIR_OK;
}

static weir_status gather_plain(const wr_aggregation *a, const wr_level *l, const uint32_t *groups,
                                uint32_t n, weir_arena *arena, weir_column *cols, weir_error *err) {
    weir_row_id *ids = wr_arena_array(arena, n, sizeof *ids);
    if (!ids) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) ids[i] = l->group[groups[i]].slot;
    for (uint32_t c = 0; c < a->plain.n_attrs; c++) {
        const wr_attr *attr = &a->plain.attrs[c];
        bool nullable = wr_row_store_has_nulls(l->plain, c);
        if (wr_column_new(arena, attr->type, attr->boxed, n, nullable, &cols[c])) return no_memory(err);
        WR_TRY(wr_row_store_gather(l->plain, c, ids, n, arena, &cols[c], err));
        if (attr->boxed || attr->type == WEIR_OBJECT) WR_TRY(hold_objects(&cols[c], n, arena, err));
    }
    return WEIR_OK;
}

/* Plain attributes and totals become what was selected. */
static weir_status compute_outs(const wr_aggregation *a, const wr_level *l, const uint32_t *groups,
                                uint32_t n, weir_arena *arena, weir_column *outs, weir_error *err) {
    weir_column *plain = wr_arena_zero(arena, a->plan->n_plain, sizeof *plain);
    weir_column *totals = wr_arena_zero(arena, a->plan->n_totals, sizeof *totals);
    int64_t *ts = wr_arena_zero(arena, n, sizeof *ts);
    static const int64_t no_clock = 0;
    if (!plain || !totals || !ts) return no_memory(err);
    if (l->plain) WR_TRY(gather_plain(a, l, groups, n, arena, plain, err));
    for (uint32_t i = 0; i < a->plan->n_totals; i++)
        WR_TRY(wr_total_get(&l->totals[i], groups, n, arena, &totals[i], err));
    weir_origin *origin = wr_arena_zero(arena, n, sizeof *origin);
    if (!origin) return no_memory(err);
    weir_batch rows = {.n_rows = n,
                       .n_sel = n,
                       .ts = ts,
                       .n_cols = a->plan->n_plain,
                       .cols = plain,
                       .n_chunks = n,
                       .origin = origin};
    weir_cycle cycle = {.n_arrivals = 1, .clock = &no_clock};
    wr_eval ev = {.in = &rows, .aggs = totals, .cycle = &cycle, .arena = arena};
    return wr_program_run(a->outs, &ev, outs, err);
}

static weir_status read_level(const wr_aggregation *a, wr_level *l, const wr_bucket_ask *ask,
                              weir_arena *arena, weir_batch *out, weir_error *err) {
    uint32_t *groups, n;
    WR_TRY(wr_level_range(l, ask, arena, &groups, &n, err));
    weir_column *cols = wr_arena_zero(arena, a->plan->schema.n_attrs, sizeof *cols);
    int64_t *begin = wr_arena_array(arena, n, sizeof *begin);
    if (!cols || !begin) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) begin[i] = l->group[groups[i]].begin;
    cols[0] = (weir_column){.type = WEIR_LONG, .data = begin};
    WR_TRY(compute_outs(a, l, groups, n, arena, cols + 1, err));
    out->n_rows = out->n_sel = n;
    out->n_cols = a->plan->schema.n_attrs;
    out->cols = cols;
    return WEIR_OK;
}

/* What the store has, as a level of its own. */
static weir_status read_store(wr_aggregation *a, uint32_t at, const wr_bucket_ask *ask, weir_arena *arena,
                              weir_batch *out, weir_error *err) {
    wr_level found = {0};
    wr_bucket_ask all = *ask;
    all.n_keys = 0;
    WR_TRY(wr_bucket_store_flush(a->stores[at], &a->levels[at], err));
    weir_status st = wr_level_init(&found, a->plan, at, &a->plain, &a->account, err);
    if (st == WEIR_OK) st = wr_bucket_store_read(a->stores[at], ask, &found, arena, err);
    if (st == WEIR_OK) st = read_level(a, &found, &all, arena, out, err);
    wr_level_fini(&found);
    return st;
}

weir_status wr_aggregation_read(wr_aggregation *a, const wr_bucket_ask *ask, int64_t clock, weir_arena *arena,
                                weir_batch *out, weir_error *err) {
    wr_level *l = level_of(a, ask->unit);
    memset(out, 0, sizeof *out);
    if (!l) return weir_fail(err, WEIR_EUSAGE, "'%s' does not keep that granularity", a->plan->name);
    WR_TRY(purge(a, clock, err));
    return l->store ? read_store(a, (uint32_t)(l - a->levels), ask, arena, out, err)
                    : read_level(a, l, ask, arena, out, err);
}

weir_status wr_aggregation_settle(wr_aggregation *a, weir_error *err) {
    for (uint32_t i = 0; i < a->plan->n_units; i++)
        if (a->stores[i])
            WR_TRY(wr_bucket_store_settle(a->stores[i], &a->levels[i], i ? &a->levels[i - 1] : NULL, err));
    return WEIR_OK;
}

/* ---- What others ask --------------------------------------------------------------------------------------
 */

uint64_t wr_aggregation_count(const wr_aggregation *a) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < a->plan->n_units; i++) n += wr_groups_count(a->levels[i].keys);
    return n;
}

size_t wr_aggregation_bytes(const wr_aggregation *a) { return a->account.used_bytes; }

/* Of one in a store nothing else: the tables are saved, and asked anew. */
static uint32_t n_saved(const wr_aggregation *a) { return a->stores[0] ? 0 : a->plan->n_units; }

void wr_aggregation_save(const wr_aggregation *a, weir_writer *w) {
    weir_write_u32(w, STATE_VERSION);
    weir_write_i64(w, a->purge_due);
    weir_write_u32(w, n_saved(a));
    for (uint32_t i = 0; i < n_saved(a); i++) {
        weir_write_u32(w, a->levels[i].unit);
        wr_level_save(&a->levels[i], w);
    }
}

/* Into one that has just been made. */
static weir_status load_levels(wr_aggregation *a, weir_reader *r, weir_error *err) {
    uint32_t version = weir_read_u32(r);
    int64_t due = weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION || n != n_saved(a))
        return weir_fail(err, WEIR_ESTATE, "the saved aggregation '%s' has other granularities",
                         a->plan->name);
    if (a->plan->purge_ms) a->purge_due = due;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t unit = weir_read_u32(r);
        WR_TRY(weir_reader_status(r, err));
        if (unit != a->levels[i].unit)
            return weir_fail(err, WEIR_ESTATE, "the saved aggregation '%s' has other granularities",
                             a->plan->name);
        WR_TRY(wr_level_load(&a->levels[i], r, err));
    }
    return weir_reader_status(r, err);
}

weir_status wr_aggregation_load(wr_aggregation *a, weir_reader *r, weir_error *err) {
    for (uint32_t i = 0; i < a->plan->n_units; i++) wr_level_fini(&a->levels[i]);
    memset(a->levels, 0, sizeof a->levels);
    for (uint32_t i = 0; i < a->plan->n_units; i++) {
        wr_bucket_store_forget(a->stores[i]);
        WR_TRY(make_level(a, i, err));
    }
    return load_levels(a, r, err);
}
