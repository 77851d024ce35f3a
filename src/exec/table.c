/* table.c: see table.h. Finding and state; table_rows.c changes rows. */
#include "exec/backing.h"
#include "exec/table_impl.h"
#include "state/writer.h"

#include <stdlib.h>

static weir_status no_memory(const wr_table *t, weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for table '%s'", t->plan->name);
}

/* ---- Life ---- */

static bool is_plain_number(const wr_attr *a) {
    return !a->boxed &&
           (a->type == WEIR_INT || a->type == WEIR_LONG || a->type == WEIR_FLOAT || a->type == WEIR_DOUBLE);
}

static weir_status make_parts(wr_table *t, weir_error *err) {
    const wr_plan_table *plan = t->plan;
    wr_row_store_options options = {.schema = &plan->schema, .shape = WEIR_WINDOW_BAG};
    WR_TRY(wr_row_store_new(&options, &t->account, &t->rows, err));
    WR_TRY(wr_row_index_new(t->rows, NULL, 0, WR_INDEX_EQUALITY, &t->account, &t->all, err));
    if (!plan->n_key) return WEIR_OK;
    WR_TRY(wr_row_index_new(t->rows, plan->key, plan->n_key, WR_INDEX_IDENTITY, &t->account, &t->key, err));
    t->has_order = plan->n_key == 1 && is_plain_number(&plan->schema.attrs[plan->key[0]]);
    return WEIR_OK;
}

weir_status wr_table_new(const wr_plan_table *plan, wr_account *parent, wr_table **out, weir_error *err) {
    wr_table *t = wr_alloc_zero(NULL, sizeof *t);
    *out = NULL;
    if (!t) return weir_fail(err, WEIR_ENOMEM, "out of memory for table '%s'", plan->name);
    t->plan = plan;
    t->account.parent = parent;
    weir_status st = make_parts(t, err);
    if (st == WEIR_OK)
        *out = t;
    else
        wr_table_free(t);
    return st;
}

void wr_table_free(wr_table *t) {
    if (!t) return;
    for (wr_table_hash *h = t->hashes, *next; h; h = next) {
        next = h->next;
        wr_row_index_free(h->index);
        wr_free(&t->account, h, sizeof *h + h->n_columns * sizeof h->columns[0]);
    }
    for (wr_table_range *r = t->ranges, *next; r; r = next) {
        next = r->next;
        wr_range_index_free(r->index);
        wr_free(&t->account, r, sizeof *r);
    }
    wr_backing_free(t->backing);
    wr_free(&t->account, t->number, t->cap_number * sizeof *t->number);
    wr_row_index_free(t->key);
    wr_row_index_free(t->all);
    wr_row_store_free(t->rows);
    wr_free(NULL, t, sizeof *t);
}

const wr_plan_table *wr_table_plan(const wr_table *t) { return t->plan; }

const wr_row_store *wr_table_rows(const wr_table *t) { return t->rows; }

uint64_t wr_table_count(const wr_table *t) { return wr_row_store_count(t->rows); }

weir_status wr_table_put_into_store(wr_table *t, wr_store *store, weir_error *err) {
    return wr_backing_new(t, store, &t->account, &t->backing, err);
}

wr_backing *wr_table_backing(const wr_table *t) { return t->backing; }

weir_status wr_table_fetch_keys(wr_table *t, const weir_column *keys, const weir_batch *b, weir_arena *arena,
                                weir_error *err) {
    return t->backing ? wr_backing_fetch_keys(t->backing, keys, b, arena, err) : WEIR_OK;
}

size_t wr_table_bytes(const wr_table *t) { return t->account.used_bytes; }

/* ---- Indexes ---- */

static bool same_columns(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b) {
    return n_a == n_b && !memcmp(a, b, n_a * sizeof *a);
}

weir_status wr_table_index(wr_table *t, const uint32_t *columns, uint32_t n, const wr_row_index **out,
                           weir_error *err) {
    *out = t->all;
    if (!n) return WEIR_OK;
    *out = t->key;
    if (t->key && same_columns(columns, n, t->plan->key, t->plan->n_key)) return WEIR_OK;
    for (wr_table_hash *h = t->hashes; h; h = h->next) {
        *out = h->index;
        if (same_columns(columns, n, h->columns, h->n_columns)) return WEIR_OK;
    }
    wr_table_hash *h = wr_alloc_zero(&t->account, sizeof *h + n * sizeof h->columns[0]);
    if (!h) return no_memory(t, err);
    h->n_columns = n;
    memcpy(h->columns, columns, n * sizeof *columns);
    weir_status st = wr_row_index_new(t->rows, columns, n, WR_INDEX_EQUALITY, &t->account, &h->index, err);
    if (st != WEIR_OK) {
        wr_free(&t->account, h, sizeof *h + n * sizeof h->columns[0]);
        return st;
    }
    h->next = t->hashes;
    t->hashes = h;
    *out = h->index;
    for (uint32_t id = wr_row_index_first(t->all, NULL, 0, 1); id != WR_NO_SLOT;
         id = wr_row_index_next(t->all, NULL, 0, 1, id))
        WR_TRY(wr_row_index_add(h->index, id, err));
    return WEIR_OK;
}

weir_status wr_table_range_index(wr_table *t, uint32_t column, const wr_range_index **out, weir_error *err) {
    for (wr_table_range *r = t->ranges; r; r = r->next) {
        *out = r->index;
        if (r->column == column) return WEIR_OK;
    }
    wr_table_range *r = wr_alloc_zero(&t->account, sizeof *r);
    if (!r) return no_memory(t, err);
    r->column = column;
    weir_status st = wr_range_index_new(t->rows, column, &t->account, &r->index, err);
    if (st != WEIR_OK) {
        wr_free(&t->account, r, sizeof *r);
        return st;
    }
    r->next = t->ranges;
    t->ranges = r;
    *out = r->index;
    for (uint32_t id = wr_row_index_first(t->all, NULL, 0, 1); id != WR_NO_SLOT;
         id = wr_row_index_next(t->all, NULL, 0, 1, id))
        WR_TRY(wr_range_index_add(r->index, id, err));
    return WEIR_OK;
}

/* ---- Order ---- */

typedef struct placed {
    weir_value key;
    uint64_t number;
    weir_row_id id;
} placed;

static double as_double(const weir_value *v) {
    return v->type == WEIR_FLOAT ? (double)v->as.f : v->type == WEIR_DOUBLE ? v->as.d : 0;
}

static int64_t as_long(const weir_value *v) {
    return v->type == WEIR_INT ? v->as.i : v->type == WEIR_LONG ? v->as.l : 0;
}

static int by_key(const void *a, const void *b) {
    const weir_value *x = &((const placed *)a)->key, *y = &((const placed *)b)->key;
    int whole = (as_long(x) > as_long(y)) - (as_long(x) < as_long(y));
    return whole ? whole : (as_double(x) > as_double(y)) - (as_double(x) < as_double(y));
}

static int by_number(const void *a, const void *b) {
    const placed *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Rows as they are to be sorted; NULL: out of memory. *sorted: they are in order already. */
static placed *place(const wr_table *t, const weir_row_id *ids, const uint32_t *slots, uint32_t n,
                     bool *sorted) {
    int (*compare)(const void *, const void *) = t->has_order ? by_key : by_number;
    placed *rows = wr_alloc(NULL, n * sizeof *rows);
    *sorted = true;
    for (uint32_t i = 0; rows && i < n; i++) {
        rows[i].id = ids ? ids[i] : slots[i];
        rows[i].number = t->number[rows[i].id];
        if (t->has_order) rows[i].key = wr_row_store_value(t->rows, rows[i].id, t->plan->key[0]);
        *sorted = *sorted && (!i || compare(&rows[i - 1], &rows[i]) <= 0);
    }
    if (!*sorted) qsort(rows, n, sizeof *rows, compare);
    return rows;
}

weir_status wr_table_sort(const wr_table *t, weir_row_id *ids, uint32_t n, weir_error *err) {
    bool sorted;
    if (n < 2) return WEIR_OK;
    placed *rows = place(t, ids, NULL, n, &sorted);
    if (!rows) return no_memory(t, err);
    for (uint32_t i = 0; !sorted && i < n; i++) ids[i] = rows[i].id;
    wr_free(NULL, rows, n * sizeof *rows);
    return WEIR_OK;
}

weir_status wr_table_sort_slots(const wr_table *t, uint32_t *slots, uint32_t n, weir_error *err) {
    bool sorted;
    if (n < 2) return WEIR_OK;
    placed *rows = place(t, NULL, slots, n, &sorted);
    if (!rows) return no_memory(t, err);
    for (uint32_t i = 0; !sorted && i < n; i++) slots[i] = (uint32_t)rows[i].id;
    wr_free(NULL, rows, n * sizeof *rows);
    return WEIR_OK;
}

/* ---- State ---- */

void wr_table_save(const wr_table *t, weir_writer *w) {
    /* Ids are kept, and the order of insertion is the order of the list. */
    wr_row_store_save(t->rows, w);
    weir_write_u32(w, (uint32_t)wr_table_count(t));
    for (uint32_t id = wr_row_index_first(t->all, NULL, 0, 1); id != WR_NO_SLOT;
         id = wr_row_index_next(t->all, NULL, 0, 1, id))
        weir_write_u32(w, id);
}

void wr_table_clear_indexes(wr_table *t) {
    wr_row_index_clear(t->all);
    if (t->key) wr_row_index_clear(t->key);
    for (wr_table_hash *h = t->hashes; h; h = h->next) wr_row_index_clear(h->index);
    for (wr_table_range *r = t->ranges; r; r = r->next) wr_range_index_clear(r->index);
}

weir_status wr_table_load(wr_table *t, weir_reader *r, weir_error *err) {
    WR_TRY(wr_row_store_load(t->rows, r, err));
    wr_table_clear_indexes(t);
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n != wr_table_count(t))
        return weir_fail(err, WEIR_ESTATE, "table '%s': the saved order names %u rows of %llu", t->plan->name,
                         n, (unsigned long long)wr_table_count(t));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = weir_read_u32(r);
        WR_TRY(weir_reader_status(r, err));
        if (!wr_row_store_has(t->rows, id))
            return weir_fail(err, WEIR_ESTATE, "table '%s': the saved order names a row that is not there",
                             t->plan->name);
        WR_TRY(wr_table_take_in(t, id, err));
    }
    return WEIR_OK;
}

/* ---- What has changed ---- */

void wr_table_track(wr_table *t) {
    wr_row_store_track(t->rows);
    t->tracked_number = t->next_number;
}

static bool is_new(const wr_table *t, uint32_t id) {
    return id != WR_NO_SLOT && t->number[id] >= t->tracked_number;
}

/* The rows that changed, then which of them are new, the last one first. */
bool wr_table_save_changes(const wr_table *t, weir_writer *w) {
    if (!wr_row_store_save_changes(t->rows, w)) return false;
    uint32_t n = 0;
    for (uint32_t id = wr_row_index_last(t->all); is_new(t, id); id = wr_row_index_before(t->all, id)) n++;
    weir_write_u32(w, n);
    for (uint32_t id = wr_row_index_last(t->all); is_new(t, id); id = wr_row_index_before(t->all, id))
        weir_write_u32(w, id);
    return true;
}

static weir_status make_numbers(wr_table *t, weir_error *err) {
    uint32_t before = t->cap_number, n = wr_row_store_n_slots(t->rows);
    if (wr_grow(&t->account, &t->number, &t->cap_number, n, sizeof *t->number)) return no_memory(t, err);
    if (t->cap_number > before) memset(t->number + before, 0, (t->cap_number - before) * sizeof *t->number);
    return WEIR_OK;
}

weir_status wr_table_load_changes(wr_table *t, weir_reader *r, weir_error *err) {
    WR_TRY(wr_row_store_load_changes(t->rows, r, err));
    WR_TRY(make_numbers(t, err));
    t->is_unsettled = true;
    uint32_t n = wr_read_count(r, sizeof(uint32_t));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = weir_read_u32(r);
        if (!wr_row_store_has(t->rows, id))
            return weir_fail(err, WEIR_ESTATE, "table '%s': a new row is named that is not there",
                             t->plan->name);
        t->number[id] = t->next_number + (n - 1 - i);
    }
    t->next_number += n;
    return weir_reader_status(r, err);
}

static weir_status take_all_in(wr_table *t, const placed *rows, uint32_t n, weir_error *err) {
    wr_table_clear_indexes(t);
    for (uint32_t i = 0; i < n; i++) WR_TRY(wr_table_take_in(t, rows[i].id, err));
    return WEIR_OK;
}

weir_status wr_table_settle_load(wr_table *t, weir_error *err) {
    if (!t->is_unsettled) return WEIR_OK;
    t->is_unsettled = false;
    uint32_t n = 0, n_slots = wr_row_store_n_slots(t->rows);
    size_t bytes = ((size_t)wr_table_count(t) + 1) * sizeof(placed);
    placed *rows = wr_alloc(NULL, bytes);
    if (!rows) return no_memory(t, err);
    for (uint32_t id = 0; id < n_slots; id++)
        if (wr_row_store_has(t->rows, id)) rows[n++] = (placed){.number = t->number[id], .id = id};
    qsort(rows, n, sizeof *rows, by_number);
    weir_status st = take_all_in(t, rows, n, err);
    wr_free(NULL, rows, bytes);
    return st;
}
