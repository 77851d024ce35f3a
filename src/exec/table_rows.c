/* table_rows.c: inserting, updating and removing rows of a table, with all its indexes. */
#include <stdlib.h>

#include "data/value.h"
#include "exec/backing.h"
#include "exec/table_impl.h"

static weir_status no_memory(const wr_table *t, weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for table '%s'", t->plan->name);
}

/* ---- Inserting and removing ---- */

weir_status wr_table_take_in(wr_table *t, weir_row_id id, weir_error *err) {
    if (wr_grow(&t->account, &t->number, &t->cap_number, (uint32_t)id + 1, sizeof *t->number))
        return no_memory(t, err);
    t->number[id] = t->next_number++;
    WR_TRY(wr_row_index_add(t->all, id, err));
    if (t->key) WR_TRY(wr_row_index_add(t->key, id, err));
    for (wr_table_hash *h = t->hashes; h; h = h->next) WR_TRY(wr_row_index_add(h->index, id, err));
    for (wr_table_range *r = t->ranges; r; r = r->next) WR_TRY(wr_range_index_add(r->index, id, err));
    return WEIR_OK;
}

void wr_table_take_out(wr_table *t, weir_row_id id) {
    wr_row_index_remove(t->all, id);
    if (t->key) wr_row_index_remove(t->key, id);
    for (wr_table_hash *h = t->hashes; h; h = h->next) wr_row_index_remove(h->index, id);
    for (wr_table_range *r = t->ranges; r; r = r->next) wr_range_index_remove(r->index, id);
    wr_row_store_release(t->rows, id);
}

void wr_table_remove(wr_table *t, weir_row_id id) {
    if (t->backing) wr_backing_removing(t->backing, id);
    wr_table_take_out(t, id);
}

/* Physical row `row` of b alone. */
static weir_batch one_row(const weir_batch *b, const uint32_t *row) {
    weir_batch one = *b;
    one.sel = row;
    one.n_sel = 1;
    return one;
}

static bool refuses_null_key(const wr_table *t) {
    return t->has_order || (t->backing && !wr_backing_store(t->backing)->type->keeps_null_keys);
}

static weir_status check_key(const wr_table *t, const weir_batch *b, uint32_t row, wr_table_refusal *refusal,
                             weir_error *err) {
    uint32_t n = t->plan->n_key, hash;
    weir_column few[8], *keys = few;
    if (!t->key) return WEIR_OK;
    for (uint32_t i = 0; refuses_null_key(t) && i < n; i++)
        if (weir_is_null(&b->cols[t->plan->key[i]], row)) {
            *refusal = WR_TABLE_KEY_NULL;
            return WEIR_OK;
        }
    if (n > WR_COUNT(few)) keys = wr_alloc(NULL, n * sizeof *keys);
    if (!keys) return no_memory(t, err);
    for (uint32_t i = 0; i < n; i++) keys[i] = b->cols[t->plan->key[i]];
    hash = wr_row_index_hash_one(t->key, keys, row);
    if (wr_row_index_first(t->key, keys, row, hash) != WR_NO_SLOT) *refusal = WR_TABLE_KEY_USED;
    if (keys != few) wr_free(NULL, keys, n * sizeof *keys);
    return WEIR_OK;
}

weir_status wr_table_insert(wr_table *t, const weir_batch *b, uint32_t row, weir_row_id *id,
                            wr_table_refusal *refusal, weir_error *err) {
    weir_row_id first;
    weir_batch one = one_row(b, &row);
    *refusal = WR_TABLE_TAKEN;
    WR_TRY(check_key(t, b, row, refusal, err));
    if (*refusal != WR_TABLE_TAKEN) return WEIR_OK;
    WR_TRY(wr_row_store_append(t->rows, &one, &first, id, err));
    WR_TRY(wr_table_take_in(t, *id, err));
    if (t->backing) wr_backing_inserted(t->backing, *id);
    return WEIR_OK;
}

/* ---- Updating ---- */

static bool has_column(const uint32_t *columns, uint32_t n, uint32_t column) {
    for (uint32_t i = 0; i < n; i++)
        if (columns[i] == column) return true;
    return false;
}

static bool overlap(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b) {
    for (uint32_t i = 0; i < n_a; i++)
        if (has_column(b, n_b, a[i])) return true;
    return false;
}

void wr_table_begin_update(wr_table *t, const uint32_t *columns, uint32_t n) {
    t->key_is_stale = t->key && overlap(t->plan->key, t->plan->n_key, columns, n);
    for (wr_table_hash *h = t->hashes; h; h = h->next)
        h->is_stale = overlap(h->columns, h->n_columns, columns, n);
    for (wr_table_range *r = t->ranges; r; r = r->next) r->is_stale = has_column(columns, n, r->column);
}

static void leave_indexes(wr_table *t, weir_row_id id) {
    if (t->key_is_stale) wr_row_index_remove(t->key, id);
    for (wr_table_hash *h = t->hashes; h; h = h->next)
        if (h->is_stale) wr_row_index_remove(h->index, id);
    for (wr_table_range *r = t->ranges; r; r = r->next)
        if (r->is_stale) wr_range_index_remove(r->index, id);
}

static weir_status enter_indexes(wr_table *t, weir_row_id id, weir_error *err) {
    if (t->key_is_stale) WR_TRY(wr_row_index_add(t->key, id, err));
    for (wr_table_hash *h = t->hashes; h; h = h->next)
        if (h->is_stale) WR_TRY(wr_row_index_add(h->index, id, err));
    for (wr_table_range *r = t->ranges; r; r = r->next)
        if (r->is_stale) WR_TRY(wr_range_index_add(r->index, id, err));
    return WEIR_OK;
}

weir_status wr_table_update(wr_table *t, weir_row_id id, const uint32_t *columns, uint32_t n,
                            const weir_column *values, uint32_t row, weir_error *err) {
    if (t->backing) wr_backing_updating(t->backing, id, t->key_is_stale);
    leave_indexes(t, id);
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n && st == WEIR_OK; i++) {
        st = wr_row_store_set_cell(t->rows, id, columns[i], &values[i], row, err);
    }
    WR_TRY(enter_indexes(t, id, err));
    return st;
}

/* ---- Primary keys that change ---- */

static int by_id(const void *a, const void *b) {
    weir_row_id x = *(const weir_row_id *)a, y = *(const weir_row_id *)b;
    return (x > y) - (x < y);
}

static bool has_null(const weir_column *keys, uint32_t n_keys, uint32_t n) {
    for (uint32_t i = 0; i < n_keys; i++)
        for (uint32_t k = 0; k < n; k++)
            if (weir_is_null(&keys[i], k)) return true;
    return false;
}

typedef struct hashed {
    uint32_t hash, row;
} hashed;

static int by_hash(const void *a, const void *b) {
    const hashed *x = a, *y = b;
    return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash)
                              : (x->row > y->row) - (x->row < y->row);
}

static bool same_key(const wr_table *t, const weir_column *keys, uint32_t a, uint32_t b) {
    for (uint32_t i = 0; i < t->plan->n_key; i++) {
        weir_value x = wr_column_get(&keys[i], a), y = wr_column_get(&keys[i], b);
        if (x.is_null != y.is_null || (!x.is_null && !wr_value_equal(&x, &y))) return false;
    }
    return true;
}

/* Do two of the n rows get the same key? */
static weir_status repeats(const wr_table *t, const weir_column *keys, const uint32_t *hashes, uint32_t n,
                           weir_arena *arena, bool *found, weir_error *err) {
    hashed *sorted = wr_arena_array(arena, n + 1, sizeof *sorted);
    if (!sorted) return no_memory(t, err);
    for (uint32_t k = 0; k < n; k++) sorted[k] = (hashed){hashes[k], k};
    qsort(sorted, n, sizeof *sorted, by_hash);
    for (uint32_t k = 0; k < n && !*found; k++)
        for (uint32_t m = k + 1; m < n && sorted[m].hash == sorted[k].hash && !*found; m++)
            *found = same_key(t, keys, sorted[k].row, sorted[m].row);
    return WEIR_OK;
}

weir_status wr_table_key_conflict(wr_table *t, const weir_row_id *ids, const weir_column *keys,
                                  const weir_batch *batch, weir_arena *arena, bool *conflict,
                                  weir_error *err) {
    uint32_t n = batch->n_rows, *hashes = wr_arena_array(arena, n + 1, sizeof *hashes);
    weir_row_id *changed = wr_arena_array(arena, n + 1, sizeof *changed);
    *conflict = refuses_null_key(t) && has_null(keys, t->plan->n_key, n);
    WR_TRY(wr_table_fetch_keys(t, keys, batch, arena, err));
    if (!hashes || !changed) return no_memory(t, err);
    memcpy(changed, ids, n * sizeof *ids);
    qsort(changed, n, sizeof *changed, by_id);
    wr_row_index_hash(t->key, keys, batch, hashes);
    for (uint32_t k = 0; k < n && !*conflict; k++) {
        weir_row_id found = wr_row_index_first(t->key, keys, k, hashes[k]);
        /* A row that is changed itself gives its key free. */
        *conflict = found != WR_NO_SLOT && !bsearch(&found, changed, n, sizeof *changed, by_id);
    }
    return n > 1 && !*conflict ? repeats(t, keys, hashes, n, arena, conflict, err) : WEIR_OK;
}
