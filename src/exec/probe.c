/* probe.c: see probe.h.
 *
 * Keys go through the table's index. What the index finds (all rows of the table, without keys) are candidate
 * pairs (row, table row); the residual condition runs over them by column, a bounded number at a time. */
#include "exec/probe.h"

#include "exec/table.h"

#define PAIRS_AT_ONCE 4096u

typedef struct lookup {
    const wr_plan_lookup *plan;
    wr_program *keys;
    wr_program *residual;
} lookup;

struct wr_probes {
    wr_account *account;
    const wr_schema *input;
    uint32_t n;
    lookup lookups[];
};

/* The candidates in hand. */
typedef struct pairs {
    uint32_t n;
    uint32_t *row;   /* physical row of the input */
    weir_row_id *id; /* of the table */
} pairs;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a table lookup");
}

weir_status wr_probes_new(const wr_plan_lookup *lookups, uint32_t n, const wr_schema *input,
                          wr_account *account, wr_probes **out, weir_error *err) {
    *out = NULL;
    if (!n) return WEIR_OK;
    wr_probes *p = wr_alloc_zero(account, sizeof *p + n * sizeof p->lookups[0]);
    if (!p) return no_memory(err);
    p->account = account;
    p->input = input;
    p->n = n;
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n && st == WEIR_OK; i++) {
        lookup *l = &p->lookups[i];
        l->plan = &lookups[i];
        if (l->plan->n_keys) st = wr_program_new(l->plan->keys, l->plan->n_keys, account, &l->keys, err);
        if (st == WEIR_OK && l->plan->residual)
            st = wr_program_new((wr_expr *const *)&l->plan->residual, 1, account, &l->residual, err);
    }
    if (st != WEIR_OK) {
        wr_probes_free(p);
        return st;
    }
    *out = p;
    return WEIR_OK;
}

void wr_probes_free(wr_probes *p) {
    if (!p) return;
    for (uint32_t i = 0; i < p->n; i++) {
        wr_program_free(p->lookups[i].keys);
        wr_program_free(p->lookups[i].residual);
    }
    wr_free(p->account, p, sizeof *p + p->n * sizeof p->lookups[0]);
}

static weir_status gather_input(const weir_column *in, const pairs *c, weir_arena *arena, weir_column *out,
                                weir_error *err) {
    size_t size = wr_type_size(in->type, in->boxed);
    *out = *in;
    out->data = wr_arena_array(arena, c->n + 1, size);
    out->valid = in->valid ? wr_arena_array(arena, c->n / 64 + 1, 8) : NULL;
    if (!out->data || (in->valid && !out->valid)) return no_memory(err);
    if (out->valid) memset(out->valid, 0xFF, (c->n / 64 + 1) * 8);
    for (uint32_t k = 0; k < c->n; k++) {
        memcpy((char *)out->data + k * size, (const char *)in->data + c->row[k] * size, size);
        if (weir_is_null(in, c->row[k])) weir_set_null(out, k);
    }
    return WEIR_OK;
}

static weir_status gather_table(const wr_table *t, uint32_t column, const pairs *c, weir_arena *arena,
                                weir_column *out, weir_error *err) {
    const wr_attr *a = &wr_table_plan(t)->schema.attrs[column];
    bool nulls = wr_row_store_has_nulls(wr_table_rows(t), column);
    *out = (weir_column){.type = a->type, .boxed = a->boxed};
    out->data = wr_arena_array(arena, c->n + 1, wr_type_size(a->type, a->boxed));
    out->valid = nulls ? wr_arena_array(arena, c->n / 64 + 1, 8) : NULL;
    if (!out->data || (nulls && !out->valid)) return no_memory(err);
    if (out->valid) memset(out->valid, 0xFF, (c->n / 64 + 1) * 8);
    return wr_row_store_gather(wr_table_rows(t), column, c->id, c->n, NULL, out, err);
}

/* Runs the residual over the candidates, marks the rows that found one, and empties the list. */
static weir_status test_pairs(const wr_probes *p, lookup *l, const wr_eval *ev, const wr_table *t, pairs *c,
                              uint8_t *found, weir_error *err) {
    uint32_t n_in = p->input->n_attrs, n_table = wr_table_plan(t)->schema.n_attrs, n_kept = 0;
    if (!c->n) return WEIR_OK;
    weir_column *cols = wr_arena_zero(ev->arena, n_in + n_table + 1, sizeof *cols);
    int64_t *ts = wr_arena_array(ev->arena, c->n, sizeof *ts);
    uint32_t *sel = wr_arena_array(ev->arena, c->n, sizeof *sel);
    if (!cols || !ts || !sel) return no_memory(err);
    for (uint32_t i = 0; i < n_in; i++)
        if (ev->in->cols[i].data) WR_TRY(gather_input(&ev->in->cols[i], c, ev->arena, &cols[i], err));
    for (uint32_t i = 0; i < n_table; i++) WR_TRY(gather_table(t, i, c, ev->arena, &cols[n_in + i], err));
    for (uint32_t k = 0; k < c->n; k++) ts[k] = ev->in->ts[c->row[k]];
    weir_batch b = {
        .n_rows = c->n, .n_sel = c->n, .ts = ts, .n_cols = n_in + n_table, .cols = cols, .n_chunks = c->n};
    wr_eval inner = {.in = &b, .cycle = ev->cycle, .arena = ev->arena};
    WR_TRY(wr_program_filter(l->residual, &inner, false, sel, &n_kept, err));
    for (uint32_t k = 0; k < n_kept; k++) found[c->row[sel[k]]] = 1;
    c->n = 0;
    return WEIR_OK;
}

/* All candidates of one input row; stops at the first when there is no residual. */
static weir_status probe_row(const wr_probes *p, lookup *l, const wr_eval *ev, const wr_table *t,
                             const wr_row_index *index, const weir_column *keys, uint32_t row, uint32_t hash,
                             pairs *c, uint8_t *found, weir_error *err) {
    for (uint32_t id = wr_row_index_first(index, keys, row, hash); id != WR_NO_SLOT && !found[row];
         id = wr_row_index_next(index, keys, row, hash, id)) {
        if (!l->residual) {
            found[row] = 1;
            return WEIR_OK;
        }
        c->row[c->n] = row;
        c->id[c->n++] = id;
        if (c->n == PAIRS_AT_ONCE) WR_TRY(test_pairs(p, l, ev, t, c, found, err));
    }
    return WEIR_OK;
}

static weir_status run_lookup(const wr_probes *p, lookup *l, const wr_eval *ev, wr_turn *turn,
                              weir_column *out, weir_error *err) {
    const weir_batch *b = ev->in;
    wr_table *t = turn->tables[l->plan->table];
    const wr_row_index *index;
    WR_TRY(wr_table_index(t, l->plan->key_columns, l->plan->n_keys, &index, err));
    weir_column *keys = wr_arena_zero(ev->arena, l->plan->n_keys + 1, sizeof *keys);
    uint32_t *hashes = wr_arena_array(ev->arena, b->n_rows + 1, sizeof *hashes);
    uint8_t *found = wr_arena_zero(ev->arena, b->n_rows + 1, 1);
    pairs c = {.row = wr_arena_array(ev->arena, PAIRS_AT_ONCE, sizeof *c.row),
               .id = wr_arena_array(ev->arena, PAIRS_AT_ONCE, sizeof *c.id)};
    if (!keys || !hashes || !found || !c.row || !c.id) return no_memory(err);
    if (l->keys) WR_TRY(wr_program_run(l->keys, ev, keys, err));
    wr_row_index_hash(index, keys, b, hashes);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        WR_TRY(probe_row(p, l, ev, t, index, keys, row, hashes[row], &c, found, err));
    }
    WR_TRY(test_pairs(p, l, ev, t, &c, found, err));
    *out = (weir_column){.type = WEIR_BOOL, .data = found};
    return WEIR_OK;
}

weir_status wr_probes_run(wr_probes *p, const wr_eval *ev, wr_turn *turn, const weir_column **columns,
                          weir_error *err) {
    *columns = NULL;
    if (!p) return WEIR_OK;
    weir_column *cols = wr_arena_zero(ev->arena, p->n, sizeof *cols);
    if (!cols) return no_memory(err);
    for (uint32_t i = 0; i < p->n; i++) WR_TRY(run_lookup(p, &p->lookups[i], ev, turn, &cols[i], err));
    *columns = cols;
    return WEIR_OK;
}
