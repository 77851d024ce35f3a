/* bucket_index.c: see bucket_index.h. */
#include "exec/bucket_index.h"

#include "data/column.h"
#include "data/value.h"
#include "exec/row_index.h"

struct wr_bucket_index {
    wr_bucket_index *next;
    const wr_groups *groups;
    wr_account *account;
    wr_schema schema; /* of rows: begin, keys */
    wr_row_store *rows;
    wr_row_index *index;
    weir_row_id *row_of; /* by group */
    uint32_t *group_of;  /* by row */
    uint32_t cap_row_of, cap_group_of;
    uint32_t n_keys;
    uint32_t keys[];
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an index of an aggregation");
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static weir_status make_parts(wr_bucket_index *x, const wr_plan_aggregation *plan, weir_error *err) {
    uint32_t columns[WR_MAX_GROUP_KEYS + 1];
    wr_attr *attrs = wr_alloc_zero(x->account, (x->n_keys + 1) * sizeof *attrs);
    if (!attrs) return no_memory(err);
    x->schema = (wr_schema){x->n_keys + 1, attrs};
    attrs[0] = (wr_attr){"", WEIR_LONG, false};
    for (uint32_t i = 0; i < x->n_keys; i++) attrs[i + 1] = plan->feed.attrs[x->keys[i]];
    for (uint32_t i = 0; i <= x->n_keys; i++) columns[i] = i;
    wr_row_store_options options = {.schema = &x->schema, .shape = WEIR_WINDOW_BAG};
    WR_TRY(wr_row_store_new(&options, x->account, &x->rows, err));
    return wr_row_index_new(x->rows, columns, x->n_keys + 1, WR_INDEX_EQUALITY, x->account, &x->index, err);
}

weir_status wr_bucket_index_new(const wr_plan_aggregation *plan, const wr_groups *groups,
                                const uint32_t *keys, uint32_t n_keys, wr_account *account,
                                wr_bucket_index **out, weir_error *err) {
    wr_bucket_index *x = wr_alloc_zero(account, sizeof *x + n_keys * sizeof x->keys[0]);
    *out = NULL;
    if (!x) return no_memory(err);
    x->groups = groups;
    x->account = account;
    x->n_keys = n_keys;
    memcpy(x->keys, keys, n_keys * sizeof *keys);
    weir_status st = make_parts(x, plan, err);
    if (st == WEIR_OK)
        *out = x;
    else
        wr_bucket_index_free_all(x);
    return st;
}

void wr_bucket_index_free_all(wr_bucket_index *first) {
    for (wr_bucket_index *x = first, *next; x; x = next) {
        next = x->next;
        wr_row_index_free(x->index);
        wr_row_store_free(x->rows);
        wr_free(x->account, (void *)(uintptr_t)x->schema.attrs, x->schema.n_attrs * sizeof *x->schema.attrs);
        wr_free(x->account, x->row_of, x->cap_row_of * sizeof *x->row_of);
        wr_free(x->account, x->group_of, x->cap_group_of * sizeof *x->group_of);
        wr_free(x->account, x, sizeof *x + x->n_keys * sizeof x->keys[0]);
    }
}

void wr_bucket_index_link(wr_bucket_index *x, wr_bucket_index **first) {
    x->next = *first;
    *first = x;
}

wr_bucket_index *wr_bucket_index_by(wr_bucket_index *x, const uint32_t *keys, uint32_t n_keys) {
    while (x && (x->n_keys != n_keys || memcmp(x->keys, keys, n_keys * sizeof *keys) != 0)) x = x->next;
    return x;
}

/* ---- Groups that come and go ------------------------------------------------------------------------------
 */

typedef struct cell {
    weir_string room; /* for a value of any type */
    uint64_t valid;
} cell;

weir_status wr_bucket_index_add(wr_bucket_index *x, uint32_t group, int64_t begin, weir_error *err) {
    weir_column cols[WR_MAX_GROUP_KEYS + 1];
    cell cells[WR_MAX_GROUP_KEYS + 1];
    const int64_t ts = 0;
    weir_row_id first, row;
    for (uint32_t i = 0; i <= x->n_keys; i++) {
        weir_value v = {.type = WEIR_LONG, .as.l = begin};
        if (i) v = wr_groups_value(x->groups, group, x->keys[i - 1] + 1);
        cells[i].valid = 1;
        cols[i] =
            (weir_column){.type = x->schema.attrs[i].type, .data = &cells[i].room, .valid = &cells[i].valid};
        wr_column_set(&cols[i], 0, &v);
    }
    weir_batch one = {
        .n_rows = 1, .n_sel = 1, .ts = &ts, .n_cols = x->n_keys + 1, .cols = cols, .n_chunks = 1};
    WR_TRY(wr_row_store_append(x->rows, &one, &first, &row, err));
    if (wr_grow(x->account, &x->row_of, &x->cap_row_of, group + 1, sizeof *x->row_of) ||
        wr_grow(x->account, &x->group_of, &x->cap_group_of, (uint32_t)row + 1, sizeof *x->group_of))
        return no_memory(err);
    x->row_of[group] = row;
    x->group_of[row] = group;
    return wr_row_index_add(x->index, row, err);
}

weir_status wr_bucket_index_add_all(wr_bucket_index *first, uint32_t group, int64_t begin, weir_error *err) {
    for (wr_bucket_index *x = first; x; x = x->next) WR_TRY(wr_bucket_index_add(x, group, begin, err));
    return WEIR_OK;
}

void wr_bucket_index_remove_all(wr_bucket_index *first, uint32_t group) {
    for (wr_bucket_index *x = first; x; x = x->next) {
        wr_row_index_remove(x->index, x->row_of[group]);
        wr_row_store_release(x->rows, x->row_of[group]);
    }
}

/* ---- Finding ----------------------------------------------------------------------------------------------
 */

typedef struct finding {
    const wr_bucket_index *x;
    weir_column cols[WR_MAX_GROUP_KEYS + 1];
    int64_t begin;
    weir_arena *arena;
    uint32_t *groups, n, cap; /* found so far */
} finding;

static bool note_group(finding *f, uint32_t group) {
    if (f->n == f->cap) {
        uint32_t cap = f->cap * 2 + 16;
        if (cap < f->cap || !wr_arena_widen(f->arena, &f->groups, f->n, cap, sizeof *f->groups)) return false;
        f->cap = cap;
    }
    f->groups[f->n++] = group;
    return true;
}

/* The groups of the bucket that begins at f->begin. */
static bool find_one(finding *f) {
    const wr_bucket_index *x = f->x;
    uint32_t hash = wr_row_index_hash_one(x->index, f->cols, 0);
    if (hash == WR_NO_HASH) return true;
    for (uint32_t row = wr_row_index_first(x->index, f->cols, 0, hash); row != WR_NO_SLOT;
         row = wr_row_index_next(x->index, f->cols, 0, hash, row))
        if (!note_group(f, x->group_of[row])) return false;
    return true;
}

weir_status wr_bucket_index_find(const wr_bucket_index *x, const wr_bucket_find *find, weir_arena *arena,
                                 uint32_t **groups, uint32_t *n, weir_error *err) {
    finding f = {.x = x, .arena = arena};
    f.cols[0] = (weir_column){.type = WEIR_LONG, .data = &f.begin};
    for (uint32_t i = 0; i < x->n_keys; i++)
        if (wr_column_gather(&find->keys[i], &find->row, 1, arena, &f.cols[i + 1])) return no_memory(err);
    for (uint32_t i = 0; i < find->n_begin; i++) {
        f.begin = find->begin[i];
        if (!find_one(&f)) return no_memory(err);
    }
    *groups = f.groups;
    *n = f.n;
    return WEIR_OK;
}
