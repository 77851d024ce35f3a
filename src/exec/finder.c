/* finder.c: see finder.h. */
#include "exec/finder.h"

#include "data/column.h"
#include "data/value.h"
#include "exec/chunk_faults.h"
#include "exec/store_lookup.h"

#define PAIRS_AT_ONCE 4096u

struct wr_finder {
    const wr_plan_lookup *plan;
    const wr_schema *input;
    wr_account *account;
    wr_program *keys;   /* NULL: none */
    wr_program *bounds; /* low, then high, as far as they are there */
    wr_program *rest;
    bool *need; /* columns that the rest reads: the input's, then the table's */
    uint32_t n_need;
    wr_store_lookup *in_store; /* of a table with a store; NULL: not asked for yet */
    /* From begin on. */
    const wr_eval *ev;
    wr_table *table;
    const wr_row_index *index;   /* of the keys, or all rows */
    const wr_range_index *range; /* NULL: not by bounds */
    weir_column *columns;        /* keys or bounds, by physical row */
    uint32_t *hashes;
    /* The walk at hand. */
    uint32_t row, id;
    wr_range_cursor cursor;
    weir_arena scratch; /* of one test */
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a table lookup");
}

/* ---- Pairs ---- */

weir_status wr_pairs_add(wr_pairs *p, uint32_t row, weir_row_id id, weir_error *err) {
    if (p->n == p->cap_row || p->n == p->cap_id)
        if (wr_grow(p->account, &p->row, &p->cap_row, p->n + 1, sizeof *p->row) ||
            wr_grow(p->account, &p->id, &p->cap_id, p->n + 1, sizeof *p->id))
            return no_memory(err);
    p->row[p->n] = row;
    p->id[p->n++] = id;
    return WEIR_OK;
}

void wr_pairs_fini(wr_pairs *p) {
    wr_free(p->account, p->row, p->cap_row * sizeof *p->row);
    wr_free(p->account, p->id, p->cap_id * sizeof *p->id);
    *p = (wr_pairs){.account = p->account};
}

static weir_status gather_table(const wr_table *t, uint32_t column, const weir_row_id *ids, uint32_t n,
                                weir_arena *arena, weir_column *out, weir_error *err) {
    const wr_attr *a = &wr_table_plan(t)->schema.attrs[column];
    bool nulls = wr_row_store_has_nulls(wr_table_rows(t), column);
    WR_TRY(wr_column_new(arena, a->type, a->boxed, n, nulls, out) == WEIR_OK ? WEIR_OK : no_memory(err));
    return wr_row_store_gather(wr_table_rows(t), column, ids, n, NULL, out, err);
}

weir_status wr_pairs_batch(const wr_pairs *pairs, uint32_t first, const wr_eval *ev, const wr_table *table,
                           const bool *need, weir_batch *out, weir_error *err) {
    const wr_schema *held = &wr_table_plan(table)->schema;
    uint32_t n = pairs->n - first, n_in = ev->in->n_cols;
    const uint32_t *rows = pairs->row + first;
    weir_column *cols = wr_arena_zero(ev->arena, n_in + held->n_attrs + 1, sizeof *cols);
    int64_t *ts = wr_arena_array(ev->arena, n + 1, sizeof *ts);
    weir_origin *origins = wr_arena_array(ev->arena, n + 1, sizeof *origins);
    if (!cols || !ts || !origins) return no_memory(err);
    for (uint32_t i = 0; i < n_in; i++) {
        const weir_column *in = &ev->in->cols[i];
        cols[i] = (weir_column){.type = in->type, .boxed = in->boxed};
        if (in->data && (!need || need[i]) && wr_column_gather(in, rows, n, ev->arena, &cols[i]))
            return no_memory(err);
    }
    for (uint32_t i = 0; i < held->n_attrs; i++) {
        cols[n_in + i] = (weir_column){.type = held->attrs[i].type, .boxed = held->attrs[i].boxed};
        if (!need || need[n_in + i])
            WR_TRY(gather_table(table, i, pairs->id + first, n, ev->arena, &cols[n_in + i], err));
    }
    for (uint32_t k = 0; k < n; k++) {
        ts[k] = ev->in->ts[rows[k]];
        origins[k] = weir_batch_origin(ev->in, wr_batch_chunk_of(ev->in, rows[k]));
    }
    *out = (weir_batch){.n_rows = n,
                        .n_sel = n,
                        .ts = ts,
                        .n_cols = n_in + held->n_attrs,
                        .cols = cols,
                        .n_chunks = n,
                        .origin = origins};
    return WEIR_OK;
}

/* ---- Life ---- */

static void note_columns(wr_finder *f, const wr_expr *e) {
    if (!e) return;
    if (e->kind == WR_EXPR_COLUMN && e->u.column < f->n_need) f->need[e->u.column] = true;
    note_columns(f, e->a);
    note_columns(f, e->b);
    note_columns(f, e->c);
    for (uint32_t i = 0; e->kind == WR_EXPR_CALL && i < e->u.call.n_args; i++)
        note_columns(f, e->u.call.args[i]);
}

static weir_status make_rest(wr_finder *f, weir_error *err) {
    const wr_expr *rest = f->plan->residual;
    if (!rest) return WEIR_OK;
    f->n_need = f->input->n_attrs + f->plan->n_table_columns;
    f->need = wr_alloc_zero(f->account, f->n_need + 1);
    if (!f->need) return no_memory(err);
    note_columns(f, rest);
    return wr_program_new((wr_expr *const *)&f->plan->residual, 1, f->account, &f->rest, err);
}

weir_status wr_finder_new(const wr_plan_lookup *plan, const wr_schema *input, wr_account *account,
                          wr_finder **out, weir_error *err) {
    wr_finder *f = *out = wr_alloc_zero(account, sizeof *f);
    if (!f) return no_memory(err);
    f->plan = plan;
    f->input = input;
    f->account = account;
    wr_arena_init(&f->scratch, account);
    wr_expr *bounds[2];
    uint32_t n_bounds = 0;
    for (uint32_t i = 0; i < 2; i++)
        if (plan->range.bound[i]) bounds[n_bounds++] = plan->range.bound[i];
    weir_status st = make_rest(f, err);
    if (st == WEIR_OK && plan->n_keys) st = wr_program_new(plan->keys, plan->n_keys, account, &f->keys, err);
    if (st == WEIR_OK && n_bounds) st = wr_program_new(bounds, n_bounds, account, &f->bounds, err);
    if (st == WEIR_OK) return WEIR_OK;
    wr_finder_free(f);
    *out = NULL;
    return st;
}

void wr_finder_free(wr_finder *f) {
    if (!f) return;
    wr_program_free(f->keys);
    wr_program_free(f->bounds);
    wr_program_free(f->rest);
    wr_store_lookup_free(f->in_store);
    wr_arena_fini(&f->scratch);
    if (f->need) wr_free(f->account, f->need, f->n_need + 1);
    wr_free(f->account, f, sizeof *f);
}

bool wr_finder_tests(const wr_finder *f) { return f->rest != NULL; }

/* ---- Candidates ---- */

static weir_status begin_keys(wr_finder *f, weir_error *err) {
    const wr_plan_lookup *p = f->plan;
    WR_TRY(wr_table_index(f->table, p->key_columns, p->n_keys, &f->index, err));
    if (!p->n_keys) return WEIR_OK;
    f->columns = wr_arena_zero(f->ev->arena, p->n_keys, sizeof *f->columns);
    f->hashes = wr_arena_array(f->ev->arena, f->ev->in->n_rows + 1, sizeof *f->hashes);
    if (!f->columns || !f->hashes) return no_memory(err);
    WR_TRY(wr_program_run(f->keys, f->ev, f->columns, err));
    wr_row_index_hash(f->index, f->columns, f->ev->in, f->hashes);
    return WEIR_OK;
}

static weir_status begin_range(wr_finder *f, weir_error *err) {
    WR_TRY(wr_table_range_index(f->table, f->plan->range.column, &f->range, err));
    f->columns = wr_arena_zero(f->ev->arena, 2, sizeof *f->columns);
    if (!f->columns) return no_memory(err);
    return f->bounds ? wr_program_run(f->bounds, f->ev, f->columns, err) : WEIR_OK;
}

/* What may be found must be in memory. */
static weir_status fetch(wr_finder *f, weir_error *err) {
    const wr_plan_lookup *p = f->plan;
    if (!f->in_store) {
        wr_store_parts parts = {.keys = p->keys,
                                .key_columns = p->key_columns,
                                .n_keys = p->n_keys,
                                .range = &p->range,
                                .rest = p->residual,
                                .first_column = f->input->n_attrs};
        WR_TRY(wr_store_lookup_new(&parts, f->table, f->account, &f->in_store, err));
    }
    return wr_store_lookup_fetch(f->in_store, f->table, f->ev, f->ev, err);
}

weir_status wr_finder_begin(wr_finder *f, const wr_eval *ev, wr_turn *turn, weir_error *err) {
    const wr_plan_lookup *p = f->plan;
    f->ev = ev;
    f->table = turn->tables[p->table];
    f->range = NULL;
    f->columns = NULL;
    f->hashes = NULL;
    if (wr_table_backing(f->table)) WR_TRY(fetch(f, err));
    return p->range.is_set ? begin_range(f, err) : begin_keys(f, err);
}

/* Bound i of the row; the values stand in columns one after the other. */
static wr_bound bound_of(const wr_finder *f, uint32_t i, uint32_t row) {
    const wr_plan_range *r = &f->plan->range;
    if (!r->bound[i]) return (wr_bound){0};
    const weir_column *column = &f->columns[i && r->bound[0] ? 1 : 0];
    return (wr_bound){.is_set = true, .is_open = r->is_open[i], .value = wr_column_get(column, row)};
}

#define BUCKET_AHEAD 16u
#define ROW_AHEAD    8u

void wr_finder_prefetch(const wr_finder *f, uint32_t k) {
    const weir_batch *b = f->ev->in;
    if (!f->hashes || f->range) return;
    if (k + BUCKET_AHEAD < b->n_sel)
        wr_row_index_prefetch_bucket(f->index, f->hashes[weir_batch_row(b, k + BUCKET_AHEAD)]);
    if (k + ROW_AHEAD < b->n_sel)
        wr_row_index_prefetch_row(f->index, f->hashes[weir_batch_row(b, k + ROW_AHEAD)]);
}

uint32_t wr_finder_first(wr_finder *f, uint32_t row) {
    f->row = row;
    if (f->range) {
        wr_bound low = bound_of(f, 0, row), high = bound_of(f, 1, row);
        return wr_range_index_first(f->range, &low, &high, &f->cursor);
    }
    f->id = wr_row_index_first(f->index, f->columns, row, f->plan->n_keys ? f->hashes[row] : 1);
    return f->id;
}

uint32_t wr_finder_next(wr_finder *f) {
    if (f->range) return wr_range_index_next(&f->cursor);
    f->id = wr_row_index_next(f->index, f->columns, f->row, f->plan->n_keys ? f->hashes[f->row] : 1, f->id);
    return f->id;
}

/* ---- Testing ---- */

typedef struct pair_faults {
    const wr_eval *outer;
    const uint32_t *row; /* by pair */
} pair_faults;

/* The scratch memory is gone before the message is read. */
static void on_fault(void *ctx, uint32_t pair, const char *message) {
    const pair_faults *f = ctx;
    char *copy = wr_arena_strndup(f->outer->arena, message, strlen(message));
    f->outer->fail(f->outer->fail_ctx, f->row[pair], copy ? copy : "a row could not be computed");
}

/* Pairs from `first` on. */
static weir_status test_from(wr_finder *f, wr_pairs *pairs, uint32_t first, weir_error *err) {
    uint32_t n = pairs->n - first, n_kept = 0;
    if (!f->rest || !n) return WEIR_OK;
    wr_arena_reset(&f->scratch);
    uint32_t *sel = wr_arena_array(&f->scratch, n, sizeof *sel);
    weir_batch b;
    if (!sel) return no_memory(err);
    wr_eval inner = {.in = f->ev->in, .cycle = f->ev->cycle, .arena = &f->scratch};
    WR_TRY(wr_pairs_batch(pairs, first, &inner, f->table, f->need, &b, err));
    pair_faults faults = {f->ev, pairs->row + first};
    inner.in = &b;
    inner.fail = f->ev->fail ? on_fault : NULL;
    inner.fail_ctx = &faults;
    WR_TRY(wr_program_filter(f->rest, &inner, false, sel, &n_kept, err));
    for (uint32_t k = 0; k < n_kept; k++) {
        pairs->row[first + k] = pairs->row[first + sel[k]];
        pairs->id[first + k] = pairs->id[first + sel[k]];
    }
    pairs->n = first + n_kept;
    return WEIR_OK;
}

weir_status wr_finder_test(wr_finder *f, wr_pairs *pairs, weir_error *err) {
    return test_from(f, pairs, 0, err);
}

weir_status wr_finder_match(wr_finder *f, uint32_t row, wr_pairs *pairs, weir_error *err) {
    uint32_t first = pairs->n;
    for (uint32_t id = wr_finder_first(f, row); id != WR_NO_SLOT; id = wr_finder_next(f)) {
        WR_TRY(wr_pairs_add(pairs, row, id, err));
        if (f->rest && pairs->n - first == PAIRS_AT_ONCE) {
            WR_TRY(test_from(f, pairs, first, err));
            first = pairs->n;
        }
    }
    return test_from(f, pairs, first, err);
}
