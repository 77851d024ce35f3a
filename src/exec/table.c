/* table.c: see table.h. */
#include "exec/table.h"

typedef struct asked_index {
    struct asked_index *next;
    wr_row_index *index;
    uint32_t n_columns;
    uint32_t columns[];
} asked_index;

struct wr_table {
    const wr_plan_table *plan;
    wr_account account;
    wr_row_store *rows;
    wr_row_index *key;    /* NULL: no primary key */
    asked_index *indexes; /* what joins and conditions asked for */
    wr_row_index *all;    /* every row in order of insertion; kept for saving and scans */
};

weir_status wr_table_new(const wr_plan_table *plan, wr_account *parent, wr_table **out, weir_error *err) {
    wr_table *t = wr_alloc_zero(NULL, sizeof *t);
    *out = NULL;
    if (!t) return weir_fail(err, WEIR_ENOMEM, "out of memory for table '%s'", plan->name);
    t->plan = plan;
    t->account.parent = parent;
    wr_row_store_options options = {.schema = &plan->schema, .shape = WEIR_WINDOW_BAG};
    weir_status st = wr_row_store_new(&options, &t->account, &t->rows, err);
    if (st == WEIR_OK) st = wr_row_index_new(t->rows, NULL, 0, WR_INDEX_EQUALITY, &t->account, &t->all, err);
    if (st == WEIR_OK && plan->n_key)
        st = wr_row_index_new(t->rows, plan->key, plan->n_key, WR_INDEX_IDENTITY, &t->account, &t->key, err);
    if (st != WEIR_OK) {
        wr_table_free(t);
        return st;
    }
    *out = t;
    return WEIR_OK;
}

void wr_table_free(wr_table *t) {
    if (!t) return;
    for (asked_index *a = t->indexes, *next; a; a = next) {
        next = a->next;
        wr_row_index_free(a->index);
        wr_free(&t->account, a, sizeof *a + a->n_columns * sizeof a->columns[0]);
    }
    wr_row_index_free(t->key);
    wr_row_index_free(t->all);
    wr_row_store_free(t->rows);
    wr_free(NULL, t, sizeof *t);
}

const wr_plan_table *wr_table_plan(const wr_table *t) { return t->plan; }

const wr_row_store *wr_table_rows(const wr_table *t) { return t->rows; }

uint64_t wr_table_count(const wr_table *t) { return wr_row_store_count(t->rows); }

size_t wr_table_bytes(const wr_table *t) { return t->account.used_bytes; }

static weir_status fill_index(wr_table *t, wr_row_index *x, weir_error *err) {
    for (uint32_t id = wr_row_index_first(t->all, NULL, 0, 1); id != WR_NO_SLOT;
         id = wr_row_index_next(t->all, NULL, 0, 1, id))
        WR_TRY(wr_row_index_add(x, id, err));
    return WEIR_OK;
}

weir_status wr_table_index(wr_table *t, const uint32_t *columns, uint32_t n_columns, const wr_row_index **out,
                           weir_error *err) {
    *out = t->all;
    if (!n_columns) return WEIR_OK;
    for (asked_index *a = t->indexes; a; a = a->next)
        if (a->n_columns == n_columns && !memcmp(a->columns, columns, n_columns * sizeof *columns)) {
            *out = a->index;
            return WEIR_OK;
        }
    asked_index *a = wr_alloc_zero(&t->account, sizeof *a + n_columns * sizeof a->columns[0]);
    if (!a) return weir_fail(err, WEIR_ENOMEM, "out of memory for an index of table '%s'", t->plan->name);
    a->n_columns = n_columns;
    memcpy(a->columns, columns, n_columns * sizeof *columns);
    a->next = t->indexes;
    t->indexes = a;
    WR_TRY(wr_row_index_new(t->rows, columns, n_columns, WR_INDEX_EQUALITY, &t->account, &a->index, err));
    *out = a->index;
    return fill_index(t, a->index, err);
}

static weir_status add_to_indexes(wr_table *t, weir_row_id id, weir_error *err) {
    WR_TRY(wr_row_index_add(t->all, id, err));
    if (t->key) WR_TRY(wr_row_index_add(t->key, id, err));
    for (asked_index *a = t->indexes; a; a = a->next) WR_TRY(wr_row_index_add(a->index, id, err));
    return WEIR_OK;
}

/* The batch without its resets. */
static weir_status without_resets(const weir_batch *b, weir_arena *arena, weir_batch *out, weir_error *err) {
    *out = *b;
    if (!b->kind) return WEIR_OK;
    uint32_t *sel = wr_arena_array(arena, b->n_sel + 1, sizeof *sel), n = 0;
    if (!sel) return weir_fail(err, WEIR_ENOMEM, "out of memory for %u rows", b->n_sel);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (b->kind[row] != WEIR_RESET) sel[n++] = row;
    }
    out->sel = sel;
    out->n_sel = n;
    return WEIR_OK;
}

weir_status wr_table_insert(wr_table *t, const weir_batch *b, weir_arena *arena, uint64_t *n_refused,
                            weir_error *err) {
    weir_batch rows;
    WR_TRY(without_resets(b, arena, &rows, err));
    weir_row_id first, *ids = wr_arena_array(arena, rows.n_sel + 1, sizeof *ids);
    uint32_t *hashes = wr_arena_array(arena, rows.n_rows + 1, sizeof *hashes);
    weir_column *keys = wr_arena_array(arena, t->plan->n_key + 1, sizeof *keys);
    if (!ids || !hashes || !keys) return weir_fail(err, WEIR_ENOMEM, "out of memory for %u rows", rows.n_sel);
    WR_TRY(wr_row_store_append(t->rows, &rows, &first, ids, err));
    for (uint32_t i = 0; i < t->plan->n_key; i++) keys[i] = b->cols[t->plan->key[i]];
    if (t->key) wr_row_index_hash(t->key, keys, &rows, hashes);
    for (uint32_t k = 0; k < rows.n_sel; k++) {
        uint32_t row = weir_batch_row(&rows, k);
        if (t->key && wr_row_index_first(t->key, keys, row, hashes[row]) != WR_NO_SLOT) {
            wr_row_store_release(t->rows, ids[k]);
            ++*n_refused;
            continue;
        }
        WR_TRY(add_to_indexes(t, ids[k], err));
    }
    return WEIR_OK;
}

void wr_table_save(const wr_table *t, weir_writer *w) {
    /* Ids are kept, and the order of insertion is the order of the list. */
    wr_row_store_save(t->rows, w);
    weir_write_u32(w, (uint32_t)wr_table_count(t));
    for (uint32_t id = wr_row_index_first(t->all, NULL, 0, 1); id != WR_NO_SLOT;
         id = wr_row_index_next(t->all, NULL, 0, 1, id))
        weir_write_u32(w, id);
}

weir_status wr_table_load(wr_table *t, weir_reader *r, weir_error *err) {
    WR_TRY(wr_row_store_load(t->rows, r, err));
    wr_row_index_clear(t->all);
    if (t->key) wr_row_index_clear(t->key);
    for (asked_index *a = t->indexes; a; a = a->next) wr_row_index_clear(a->index);
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
        WR_TRY(add_to_indexes(t, id, err));
    }
    return WEIR_OK;
}
