/* backing.c: see backing.h. Rows that come in, change and go; backing_write.c writes them. */
#include "exec/backing_impl.h"

#include <math.h>
#include <stdlib.h>

#include "data/column.h"
#include "data/value.h"

static weir_status no_memory(const wr_backing *b, weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for table '%s'", b->table->plan->name);
}

static const wr_schema *schema_of(const wr_backing *b) { return &b->table->plan->schema; }

/* ---- Life ---- */

static weir_status make_cells(wr_backing *b, weir_error *err) {
    const wr_schema *schema = schema_of(b);
    uint32_t n = schema->n_attrs;
    /* For each column: the column, a value, room for a cell, a word of its bitmap. */
    b->cells =
        wr_alloc_zero(b->account, (n + 1) * (sizeof *b->cells + sizeof(weir_string) + sizeof(uint64_t)));
    b->values = wr_alloc_zero(b->account, (n + 1) * sizeof *b->values);
    b->identity = wr_alloc_zero(b->account, (n + 1) * sizeof *b->identity);
    if (!b->cells || !b->values || !b->identity) return no_memory(b, err);
    weir_string *room = (weir_string *)(void *)(b->cells + n + 1);
    uint64_t *valid = (uint64_t *)(void *)(room + n + 1);
    for (uint32_t i = 0; i < n; i++)
        b->cells[i] = (weir_column){.type = schema->attrs[i].type,
                                    .boxed = schema->attrs[i].boxed,
                                    .data = &room[i],
                                    .valid = &valid[i]};
    const wr_plan_table *plan = b->table->plan;
    b->n_identity = plan->n_key ? plan->n_key : n;
    b->by_number = b->store->type->numbers_rows || !plan->n_key;
    for (uint32_t i = 0; i < b->n_identity; i++) b->identity[i] = plan->n_key ? plan->key[i] : i;
    return WEIR_OK;
}

weir_status wr_backing_new(wr_table *table, wr_store *store, wr_account *account, wr_backing **out,
                           weir_error *err) {
    wr_backing *b = *out = wr_alloc_zero(account, sizeof *b);
    if (!b) return weir_fail(err, WEIR_ENOMEM, "out of memory for table '%s'", table->plan->name);
    b->table = table;
    b->store = store;
    b->account = account;
    wr_id_map_init(&b->ids, account);
    wr_arena_init(&b->gone_values, account);
    wr_writer_init(&b->scratch);
    table->next_number = WR_NEW_ROWS_FROM;
    store->generation++;
    weir_status st = make_cells(b, err);
    if (st == WEIR_OK) return WEIR_OK;
    wr_backing_free(b);
    *out = NULL;
    return st;
}

void wr_backing_free(wr_backing *b) {
    if (!b) return;
    uint32_t n = schema_of(b)->n_attrs;
    wr_store_lookup_free(b->by_key);
    wr_id_map_fini(&b->ids);
    wr_arena_fini(&b->gone_values);
    wr_writer_fini(&b->scratch);
    wr_free(b->account, b->rows, b->cap_rows * sizeof *b->rows);
    wr_free(b->account, b->pending, b->cap_pending * sizeof *b->pending);
    wr_free(b->account, b->fetched, b->cap_fetched * sizeof *b->fetched);
    wr_free(b->account, b->gone, b->cap_gone * sizeof *b->gone);
    if (b->cells)
        wr_free(b->account, b->cells, (n + 1) * (sizeof *b->cells + sizeof(weir_string) + sizeof(uint64_t)));
    if (b->values) wr_free(b->account, b->values, (n + 1) * sizeof *b->values);
    if (b->identity) wr_free(b->account, b->identity, (n + 1) * sizeof *b->identity);
    wr_free(b->account, b, sizeof *b);
}

wr_store *wr_backing_store(const wr_backing *b) { return b->store; }

uint64_t wr_backing_generation(const wr_backing *b) { return b->store->generation; }

/* ---- What names a row ---- */

/* Numbers that are equal are one key, and so are all NaNs. */
static weir_value canonical(weir_value v) {
    if (v.is_null) return v;
    if (v.type == WEIR_DOUBLE) v.as.d = v.as.d == 0 ? 0 : v.as.d != v.as.d ? (double)NAN : v.as.d;
    if (v.type == WEIR_FLOAT) v.as.f = v.as.f == 0 ? 0 : v.as.f != v.as.f ? NAN : v.as.f;
    return v;
}

bool wr_backing_identify(wr_backing *b, int64_t number, const weir_value *values) {
    wr_buf_clear(&b->scratch.buf);
    if (b->by_number)
        weir_write_i64(&b->scratch, number);
    else
        for (uint32_t i = 0; i < b->n_identity; i++) {
            weir_value v = canonical(values[b->identity[i]]);
            weir_write_value(&b->scratch, &v);
        }
    return !b->scratch.buf.failed && b->scratch.status == WEIR_OK;
}

/* The row's values as they are now, in b->values. */
static void read_row(wr_backing *b, uint32_t slot) {
    for (uint32_t i = 0; i < schema_of(b)->n_attrs; i++)
        b->values[i] = wr_row_store_value(b->table->rows, slot, i);
}

static void set_id(wr_backing *b, int64_t number, const weir_value *values, uint32_t value) {
    if (!wr_backing_identify(b, number, values) ||
        wr_id_map_set(&b->ids, b->scratch.buf.data, b->scratch.buf.len, value))
        b->out_of_memory = true;
}

/* ---- Changes ---- */

static wr_backed_row *row_at(wr_backing *b, weir_row_id id) {
    uint32_t before = b->cap_rows;
    if (id >= before) {
        if (wr_grow(b->account, &b->rows, &b->cap_rows, (uint32_t)id + 1, sizeof *b->rows)) {
            b->out_of_memory = true;
            return NULL;
        }
        memset(b->rows + before, 0, (b->cap_rows - before) * sizeof *b->rows);
    }
    return &b->rows[id];
}

static void add_slot(wr_backing *b, uint32_t **list, uint32_t *n, uint32_t *cap, weir_row_id id) {
    if (*n == *cap && wr_grow(b->account, list, cap, *n + 1, sizeof **list))
        b->out_of_memory = true;
    else
        (*list)[(*n)++] = (uint32_t)id;
}

static void set_pending(wr_backing *b, weir_row_id id, wr_row_state state) {
    bool was_clean = b->rows[id].state == WR_ROW_CLEAN || b->rows[id].state == WR_ROW_NONE;
    b->rows[id].state = (uint8_t)state;
    if (was_clean) add_slot(b, &b->pending, &b->n_pending, &b->cap_pending, id);
}

/* Of a row that comes in. */
static uint64_t first_stamp(wr_backing *b) { return b->store->cache.policy == WR_CACHE_LFU ? 1 : ++b->stamp; }

void wr_backing_inserted(wr_backing *b, weir_row_id id) {
    wr_backed_row *row = row_at(b, id);
    if (!row) return;
    *row = (wr_backed_row){.stamp = first_stamp(b), .read_at = b->now};
    set_pending(b, id, WR_ROW_NEW);
}

static bool keep_value(wr_backing *b, weir_value *v) {
    if (v->is_null) return true;
    if (v->type == WEIR_STRING) {
        weir_string s = v->as.s;
        return weir_arena_string(&b->gone_values, weir_string_data(&s), s.len, &v->as.s) == WEIR_OK;
    }
    if (v->type != WEIR_OBJECT) return true;
    return weir_arena_own(&b->gone_values, weir_object_ref(v->as.o)) == WEIR_OK;
}

/* The row as the store has it is to be erased. */
static void erase_row(wr_backing *b, uint32_t slot) {
    int64_t number = b->rows[slot].number;
    weir_value *kept = NULL;
    read_row(b, slot);
    if (!b->store->type->numbers_rows) {
        kept = wr_arena_array(&b->gone_values, b->n_identity + 1, sizeof *kept);
        for (uint32_t i = 0; kept && i < b->n_identity; i++) {
            kept[i] = b->values[b->identity[i]];
            if (!keep_value(b, &kept[i])) b->out_of_memory = true;
        }
        if (!kept) b->out_of_memory = true;
    }
    set_id(b, number, b->values, WR_ID_GONE);
    if (wr_grow(b->account, &b->gone, &b->cap_gone, b->n_gone + 1, sizeof *b->gone))
        b->out_of_memory = true;
    else
        b->gone[b->n_gone++] =
            (wr_write){.kind = WR_WRITE_ERASE, .slot = WR_NO_SLOT, .number = number, .values = kept};
}

void wr_backing_updating(wr_backing *b, weir_row_id id, bool is_key) {
    wr_backed_row *row = row_at(b, id);
    if (!row || row->state == WR_ROW_NEW || row->state == WR_ROW_MOVED) return;
    bool numbered = b->store->type->numbers_rows, keyed = b->table->plan->n_key > 0;
    if (numbered) {
        set_pending(b, id, is_key ? WR_ROW_MOVED : WR_ROW_DIRTY);
    } else if (keyed && !is_key) {
        set_pending(b, id, WR_ROW_DIRTY);
    } else {
        erase_row(b, (uint32_t)id);
        set_pending(b, id, WR_ROW_NEW);
    }
}

void wr_backing_removing(wr_backing *b, weir_row_id id) {
    wr_backed_row *row = row_at(b, id);
    if (!row) return;
    if (row->state != WR_ROW_NEW) erase_row(b, (uint32_t)id);
    row->state = WR_ROW_NONE;
}

void wr_backing_used(wr_backing *b, weir_row_id id) {
    b->store->stats.cache_hits++;
    switch (b->store->cache.policy) {
    case WR_CACHE_FIFO: break;
    case WR_CACHE_LRU: b->rows[id].stamp = ++b->stamp; break;
    case WR_CACHE_LFU: b->rows[id].stamp++; break;
    }
}

/* ---- Fetching ---- */

static weir_status take_row(wr_backing *b, const weir_value *values, int64_t number, weir_error *err) {
    wr_table *t = b->table;
    const uint32_t first = 0;
    const int64_t ts = 0;
    uint32_t n = schema_of(b)->n_attrs;
    weir_row_id head, id;
    for (uint32_t i = 0; i < n; i++) {
        memset(b->cells[i].data, 0, sizeof(weir_string));
        *b->cells[i].valid = 1;
        wr_column_set(&b->cells[i], 0, &values[i]);
    }
    weir_batch one = {
        .n_rows = 1, .n_sel = 1, .sel = &first, .ts = &ts, .n_cols = n, .cols = b->cells, .n_chunks = 1};
    WR_TRY(wr_row_store_append(t->rows, &one, &head, &id, err));
    uint64_t next = t->next_number;
    t->next_number = b->store->type->numbers_rows ? wr_backing_order(number) : b->next_fetched++;
    weir_status st = wr_table_take_in(t, id, err);
    t->next_number = next;
    WR_TRY(st);
    wr_backed_row *row = row_at(b, id);
    if (!row) return no_memory(b, err);
    *row =
        (wr_backed_row){.state = WR_ROW_CLEAN, .number = number, .stamp = first_stamp(b), .read_at = b->now};
    if (wr_id_map_set(&b->ids, b->scratch.buf.data, b->scratch.buf.len, (uint32_t)id))
        return no_memory(b, err);
    add_slot(b, &b->fetched, &b->n_fetched, &b->cap_fetched, id);
    return b->out_of_memory ? no_memory(b, err) : WEIR_OK;
}

/* A row with this primary key, which another program has inserted meanwhile, is in memory already. */
static bool has_key(wr_backing *b, const weir_value *values) {
    const wr_table *t = b->table;
    weir_column few[8];
    if (!t->key || t->plan->n_key > WR_COUNT(few)) return false;
    for (uint32_t i = 0; i < t->plan->n_key; i++) {
        few[i] = b->cells[t->plan->key[i]];
        memset(few[i].data, 0, sizeof(weir_string));
        *few[i].valid = 1;
        wr_column_set(&few[i], 0, &values[t->plan->key[i]]);
    }
    return wr_row_index_first(t->key, few, 0, wr_row_index_hash_one(t->key, few, 0)) != WR_NO_SLOT;
}

static weir_status on_row(void *ctx, const weir_value *values, int64_t number, weir_error *err) {
    wr_backing *b = ctx;
    b->store->stats.rows_found++;
    if (!wr_backing_identify(b, number, values)) return no_memory(b, err);
    if (wr_id_map_get(&b->ids, b->scratch.buf.data, b->scratch.buf.len) != WR_ID_UNKNOWN) return WEIR_OK;
    return has_key(b, values) ? WEIR_OK : take_row(b, values, number, err);
}

static weir_status call_find(wr_store *s, void *ctx, weir_error *err) {
    return s->type->find(s->self, ctx, err);
}

weir_status wr_backing_fetch(wr_backing *b, weir_store_find *search, weir_error *err) {
    search->visit = on_row;
    search->ctx = b;
    b->store->stats.finds += search->n_rows;
    return wr_store_until_done(b->store, call_find, search, err);
}

weir_status wr_backing_fetch_keys(wr_backing *b, const weir_column *keys, const weir_batch *rows,
                                  weir_arena *arena, weir_error *err) {
    const wr_plan_table *plan = b->table->plan;
    if (!plan->n_key) return WEIR_OK;
    if (!b->by_key) WR_TRY(wr_store_lookup_of_key(b->table, b->account, &b->by_key, err));
    return wr_store_lookup_fetch_params(b->by_key, b->table, keys, rows, arena, err);
}

static weir_status call_count(wr_store *s, void *ctx, weir_error *err) {
    return s->type->count(s->self, ctx, err);
}

static weir_status prepare_all(wr_store *s, void *ctx, weir_error *err) {
    return s->type->prepare(s->self, NULL, NULL, 0, ctx, err);
}

weir_status wr_backing_is_complete(wr_backing *b, bool *complete, weir_error *err) {
    const wr_store_cache *cache = &b->store->cache;
    *complete = b->is_complete;
    if (b->is_complete || b->is_too_large || !cache->size) return WEIR_OK;
    uint64_t n = 0;
    WR_TRY(wr_store_until_done(b->store, call_count, &n, err));
    b->is_too_large = n > cache->size;
    if (b->is_too_large) return WEIR_OK;
    const uint32_t row = 0;
    weir_store_find all = {.rows = &row, .n_rows = 1};
    if (!b->all_rows) WR_TRY(wr_store_until_done(b->store, prepare_all, &b->all_rows, err));
    all.query = b->all_rows;
    WR_TRY(wr_backing_fetch(b, &all, err));
    b->is_complete = *complete = true;
    return WEIR_OK;
}

/* ---- Letting go ---- */

void wr_backing_drop(wr_backing *b, uint32_t slot) {
    read_row(b, slot);
    set_id(b, b->rows[slot].number, b->values, WR_ID_UNKNOWN);
    b->rows[slot].state = WR_ROW_NONE;
    wr_table_take_out(b->table, slot);
}

/* Nothing is pending: all rows go. */
void wr_backing_forget_all(wr_backing *b) {
    wr_table *t = b->table;
    for (uint32_t id = wr_row_index_first(t->all, NULL, 0, 1), next; id != WR_NO_SLOT; id = next) {
        next = wr_row_index_next(t->all, NULL, 0, 1, id);
        b->rows[id].state = WR_ROW_NONE;
        wr_row_store_release(t->rows, id);
    }
    wr_table_clear_indexes(t);
    wr_id_map_clear(&b->ids);
    b->n_fetched = b->n_pending = 0;
    b->is_complete = false;
}

static void drop_if_clean(wr_backing *b, uint32_t slot) {
    if (b->rows[slot].state == WR_ROW_CLEAN) wr_backing_drop(b, slot);
}

static void drop_fetched(wr_backing *b) {
    for (uint32_t i = 0; i < b->n_fetched; i++) drop_if_clean(b, b->fetched[i]);
    b->n_fetched = 0;
    b->is_complete = false;
}

typedef struct stamped {
    uint64_t stamp;
    uint32_t slot;
} stamped;

static int by_stamp(const void *a, const void *b) {
    const stamped *x = a, *y = b;
    return (x->stamp > y->stamp) - (x->stamp < y->stamp);
}

/* Lets the least wanted go, an eighth more than need be, so that it is not looked for in each cycle. */
static weir_status evict(wr_backing *b, weir_error *err) {
    uint64_t size = b->store->cache.size, n_rows = wr_table_count(b->table);
    if (n_rows <= size) return WEIR_OK;
    stamped *clean = wr_alloc(NULL, (b->cap_rows + 1) * sizeof *clean);
    if (!clean) return no_memory(b, err);
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->cap_rows; i++)
        if (b->rows[i].state == WR_ROW_CLEAN) clean[n++] = (stamped){b->rows[i].stamp, i};
    qsort(clean, n, sizeof *clean, by_stamp);
    uint64_t surplus = n_rows - size + size / 8;
    for (uint32_t i = 0; i < n && i < surplus; i++) wr_backing_drop(b, clean[i].slot);
    wr_free(NULL, clean, 0);
    b->is_complete = false;
    b->is_too_large = true;
    return WEIR_OK;
}

/* Rows that were read too long ago. */
static void drop_old(wr_backing *b) {
    const wr_store_cache *cache = &b->store->cache;
    if (!cache->retention_ms || b->now < b->next_purge) return;
    b->next_purge = b->now + cache->purge_ms;
    for (uint32_t i = 0; i < b->cap_rows; i++)
        if (b->rows[i].state == WR_ROW_CLEAN && b->rows[i].read_at + cache->retention_ms <= b->now) {
            wr_backing_drop(b, i);
            b->is_complete = false;
        }
}

/* Without a key, rows can't be told from those that are read later: then it is all of them, or none. */
static bool keeps_rows(const wr_backing *b) {
    return b->store->cache.size && (b->is_complete || b->table->plan->n_key);
}

static weir_status let_go(wr_backing *b, weir_error *err) {
    b->store->generation++;
    if (keeps_rows(b)) {
        b->n_fetched = 0;
        WR_TRY(evict(b, err));
        drop_old(b);
        if (keeps_rows(b)) return WEIR_OK;
        for (uint32_t i = 0; i < b->cap_rows; i++) drop_if_clean(b, i);
    }
    if (!b->n_pending && !b->n_gone)
        wr_backing_forget_all(b);
    else
        drop_fetched(b);
    return WEIR_OK;
}

weir_status wr_backing_settle(wr_backing *b, int64_t now, weir_error *err) {
    b->now = now;
    if (b->out_of_memory) return no_memory(b, err);
    if (!b->store->holds) WR_TRY(wr_backing_flush(b, 0, err));
    return let_go(b, err);
}

weir_status wr_backing_commit(wr_backing *b, weir_error *err) {
    if (!b->n_pending && !b->n_gone) return WEIR_OK;
    WR_TRY(wr_backing_flush(b, b->store->version + 1, err));
    b->store->version++;
    return let_go(b, err);
}

static weir_status call_version(wr_store *s, void *ctx, weir_error *err) {
    (void)ctx;
    return s->type->version(s->self, &s->version, err);
}

weir_status wr_backing_hold(wr_backing *b, weir_error *err) {
    b->store->holds = true;
    return wr_store_until_done(b->store, call_version, NULL, err);
}

#define MANY_HELD 100000u

bool wr_backing_is_full(const wr_backing *b) {
    return b->store->holds && (b->n_pending >= MANY_HELD || b->n_gone >= MANY_HELD);
}
