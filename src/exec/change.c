/* change.c: see change.h. */
#include "exec/change.h"

#include <stdio.h>
#include <stdlib.h>

#include "exec/change_sets.h"
#include "weir_io.h"

struct wr_change {
    const wr_plan_change *plan;
    const wr_schema *input;
    wr_account account;
    wr_change_counts counts;
    wr_finder *finder;    /* NULL: insert, and where a row is replaced */
    wr_change_sets *sets; /* of updates */
    wr_pairs run;         /* what is to be set: rows of the batch, rows of the table */
    wr_pairs found;       /* by the row at hand */
    wr_pairs missed;      /* rows of the chunk that found nothing; ids: what was inserted for them */
    uint32_t *run_of;     /* by row of the table: the last run that it was in */
    uint32_t cap_run_of, run_number;
    uint32_t *columns; /* all but those of the key: what a replaced row gets */
    uint32_t n_columns;
};

/* One call. */
typedef struct changing {
    wr_change *c;
    wr_turn *turn;
    wr_table *table;
    const weir_batch *in;
    wr_eval ev;
    wr_chunk_faults faults;
    uint64_t key_used, key_twice;
    /* Where a row is replaced. */
    const wr_row_index *index;
    const weir_column *key;
    uint32_t *hashes;
    weir_column *values;
} changing;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a change of a table");
}

/* ---- Life ---- */

static weir_status make_replace(wr_change *c, const wr_plan_change *plan, weir_error *err) {
    c->columns = wr_alloc(&c->account, (c->input->n_attrs + 1) * sizeof *c->columns);
    if (!c->columns) return no_memory(err);
    for (uint32_t i = 0; i < c->input->n_attrs; i++)
        if (i != plan->replace_key) c->columns[c->n_columns++] = i;
    return WEIR_OK;
}

static weir_status make_parts(wr_change *c, weir_error *err) {
    const wr_plan_change *plan = c->plan;
    if (plan->kind == WR_CHANGE_INSERT) return WEIR_OK;
    if (plan->kind == WR_CHANGE_REPLACE) return make_replace(c, plan, err);
    WR_TRY(wr_finder_new(&plan->where, c->input, &c->account, &c->finder, err));
    if (plan->kind == WR_CHANGE_DELETE) return WEIR_OK;
    return wr_change_sets_new(plan, c->input, &c->account, &c->sets, err);
}

weir_status wr_change_new(const wr_plan_change *plan, const wr_schema *input, wr_account *parent,
                          wr_change **out, weir_error *err) {
    wr_change *c = *out = wr_alloc_zero(parent, sizeof *c);
    if (!c) return no_memory(err);
    c->plan = plan;
    c->input = input;
    c->account.parent = parent;
    c->run.account = c->found.account = c->missed.account = &c->account;
    weir_status st = make_parts(c, err);
    if (st == WEIR_OK) return WEIR_OK;
    wr_change_free(c);
    *out = NULL;
    return st;
}

void wr_change_free(wr_change *c) {
    if (!c) return;
    wr_finder_free(c->finder);
    wr_change_sets_free(c->sets);
    wr_pairs_fini(&c->run);
    wr_pairs_fini(&c->found);
    wr_pairs_fini(&c->missed);
    wr_free(&c->account, c->run_of, c->cap_run_of * sizeof *c->run_of);
    if (c->columns) wr_free(&c->account, c->columns, (c->input->n_attrs + 1) * sizeof *c->columns);
    wr_free(c->account.parent, c, sizeof *c);
}

const wr_change_counts *wr_change_get_counts(const wr_change *c) { return &c->counts; }

size_t wr_change_bytes(const wr_change *c) { return c->account.used_bytes; }

/* ---- Insert and replace ---- */

static void fail_row(changing *r, uint32_t row) {
    char text[160];
    const wr_plan_table *t = wr_table_plan(r->table);
    snprintf(text, sizeof text, "the primary key '%.60s' of table '%.60s' is null",
             t->schema.attrs[t->key[0]].name, t->name);
    char *copy = wr_arena_strndup(r->turn->arena, text, strlen(text));
    wr_chunk_faults_note(&r->faults, row, copy ? copy : "a primary key is null");
}

static weir_status insert_row(changing *r, uint32_t row, weir_row_id *id, bool *taken, weir_error *err) {
    wr_table_refusal refusal;
    WR_TRY(wr_table_insert(r->table, r->in, row, id, &refusal, err));
    *taken = refusal == WR_TABLE_TAKEN;
    r->c->counts.inserted += *taken;
    r->key_used += refusal == WR_TABLE_KEY_USED;
    if (refusal == WR_TABLE_KEY_NULL) fail_row(r, row);
    return WEIR_OK;
}

/* Looks up all keys of the batch, and puts the columns that are set side by side. */
static weir_status begin_replace(changing *r, weir_error *err) {
    wr_change *c = r->c;
    WR_TRY(wr_table_index(r->table, &c->plan->replace_key, 1, &r->index, err));
    r->key = &r->in->cols[c->plan->replace_key];
    r->hashes = wr_arena_array(r->turn->arena, r->in->n_rows + 1, sizeof *r->hashes);
    r->values = wr_arena_array(r->turn->arena, c->n_columns + 1, sizeof *r->values);
    if (!r->hashes || !r->values) return no_memory(err);
    wr_row_index_hash(r->index, r->key, r->in, r->hashes);
    for (uint32_t i = 0; i < c->n_columns; i++) r->values[i] = r->in->cols[c->columns[i]];
    wr_table_begin_update(r->table, c->columns, c->n_columns);
    return WEIR_OK;
}

static weir_status replace_row(changing *r, uint32_t row, weir_error *err) {
    wr_change *c = r->c;
    weir_row_id id;
    bool taken;
    uint32_t old = wr_row_index_first(r->index, r->key, row, r->hashes[row]);
    if (old == WR_NO_SLOT) return insert_row(r, row, &id, &taken, err);
    c->counts.updated++;
    return wr_table_update(r->table, old, c->columns, c->n_columns, r->values, row, err);
}

/* ---- Updates: runs ---- */

static weir_status end_run(changing *r, weir_error *err) {
    wr_change *c = r->c;
    uint32_t n_set = 0;
    bool conflict = false;
    if (!c->run.n) return WEIR_OK;
    WR_TRY(wr_change_sets_apply(c->sets, &r->ev, &c->run, r->table, &r->faults, &n_set, &conflict, err));
    c->counts.updated += n_set;
    r->key_twice += conflict;
    c->run.n = 0;
    c->run_number++;
    return WEIR_OK;
}

/* Takes the rows found into the run; one that is in it already ends it before. */
static weir_status add_to_run(changing *r, weir_error *err) {
    wr_change *c = r->c;
    for (uint32_t i = 0; i < c->found.n; i++) {
        uint32_t id = (uint32_t)c->found.id[i], before = c->cap_run_of;
        if (id >= before) {
            if (wr_grow(&c->account, &c->run_of, &c->cap_run_of, id + 1, sizeof *c->run_of))
                return no_memory(err);
            memset(c->run_of + before, 0, (c->cap_run_of - before) * sizeof *c->run_of);
        }
        if (c->run_of[id] == c->run_number) WR_TRY(end_run(r, err));
        c->run_of[id] = c->run_number;
        WR_TRY(wr_pairs_add(&c->run, c->found.row[i], id, err));
    }
    return c->plan->one_by_one ? end_run(r, err) : WEIR_OK;
}

static weir_status find(changing *r, uint32_t row, weir_error *err) {
    r->c->found.n = 0;
    return wr_finder_match(r->c->finder, row, &r->c->found, err);
}

static weir_status delete_found(changing *r) {
    wr_change *c = r->c;
    for (uint32_t i = 0; i < c->found.n; i++) wr_table_remove(r->table, c->found.id[i]);
    c->counts.removed += c->found.n;
    return WEIR_OK;
}

/* ---- Update or insert ---- */

static int by_id(const void *a, const void *b) {
    weir_row_id x = *(const weir_row_id *)a, y = *(const weir_row_id *)b;
    return (x > y) - (x < y);
}

/* Of the rows found, those that this chunk has inserted. */
static void keep_inserted(wr_pairs *found, const weir_row_id *inserted, uint32_t n) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < found->n; i++) {
        found->row[kept] = found->row[i];
        found->id[kept] = found->id[i];
        kept += bsearch(&found->id[i], inserted, n, sizeof *inserted, by_id) != NULL;
    }
    found->n = kept;
}

/* Puts an id in its place among sorted ones. */
static void add_sorted(weir_row_id *ids, uint32_t n, weir_row_id id) {
    for (; n && ids[n - 1] > id; n--) ids[n] = ids[n - 1];
    ids[n] = id;
}

static bool has_failed(const changing *r, uint32_t row) {
    return r->faults.n_failed && wr_chunk_has_failed(&r->faults, wr_batch_chunk_of(r->in, row));
}

/* The rows of a chunk that found nothing. The ids of `missed` hold what has been inserted so far. */
static weir_status insert_missed(changing *r, weir_error *err) {
    wr_change *c = r->c;
    uint32_t n_inserted = 0;
    if (c->missed.n > 1) WR_TRY(end_run(r, err));
    for (uint32_t i = 0; i < c->missed.n; i++) {
        uint32_t row = c->missed.row[i];
        weir_row_id id;
        bool taken = false;
        c->found.n = 0;
        if (has_failed(r, row)) continue;
        if (n_inserted) WR_TRY(find(r, row, err));
        keep_inserted(&c->found, c->missed.id, n_inserted);
        if (c->found.n)
            WR_TRY(add_to_run(r, err));
        else
            WR_TRY(insert_row(r, row, &id, &taken, err));
        if (taken) add_sorted(c->missed.id, n_inserted++, id);
        if (c->missed.n > 1) WR_TRY(end_run(r, err));
    }
    c->missed.n = 0;
    return WEIR_OK;
}

/* ---- Rows ---- */

static weir_status change_row(changing *r, uint32_t row, weir_error *err) {
    wr_change *c = r->c;
    weir_row_id id;
    bool taken;
    switch (c->plan->kind) {
    case WR_CHANGE_INSERT: return insert_row(r, row, &id, &taken, err);
    case WR_CHANGE_REPLACE: return replace_row(r, row, err);
    default: break;
    }
    WR_TRY(find(r, row, err));
    if (has_failed(r, row)) return WEIR_OK;
    if (c->plan->kind == WR_CHANGE_DELETE) return delete_found(r);
    if (c->plan->kind == WR_CHANGE_UPSERT && !c->found.n) return wr_pairs_add(&c->missed, row, 0, err);
    return add_to_run(r, err);
}

#define BUCKET_AHEAD 16u
#define ROW_AHEAD    8u

/* Tables are larger than caches as a rule. */
static void prefetch(const changing *r, uint32_t k) {
    const weir_batch *b = r->in;
    if (r->c->finder) wr_finder_prefetch(r->c->finder, k);
    if (!r->hashes) return;
    if (k + BUCKET_AHEAD < b->n_sel)
        wr_row_index_prefetch_bucket(r->index, r->hashes[weir_batch_row(b, k + BUCKET_AHEAD)]);
    if (k + ROW_AHEAD < b->n_sel)
        wr_row_index_prefetch_row(r->index, r->hashes[weir_batch_row(b, k + ROW_AHEAD)]);
}

static weir_status change_rows(changing *r, weir_error *err) {
    const weir_batch *b = r->in;
    for (uint32_t k = 0, chunk = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        prefetch(r, k);
        if (row >= weir_batch_chunk_end(b, chunk)) {
            WR_TRY(insert_missed(r, err));
            chunk = wr_batch_chunk_of(b, row);
        }
        if (!(b->kind && b->kind[row] == WEIR_RESET) && !has_failed(r, row)) WR_TRY(change_row(r, row, err));
    }
    WR_TRY(insert_missed(r, err));
    return end_run(r, err);
}

#define LOGGED_REFUSALS 10u

/* A line for the first refusals, then for every thousandth: they must not fill the disk. */
static void tell_refused(changing *r) {
    static const char *const what[] = {"rows left out: their primary key is there already",
                                       "updates left out: a primary key would be there twice"};
    const uint64_t n[] = {r->key_used, r->key_twice};
    uint64_t before = r->c->counts.refused, now = before + n[0] + n[1];
    char line[256];
    r->c->counts.refused = now;
    if (!r->turn->log || (before >= LOGGED_REFUSALS && before / 1000 == now / 1000)) return;
    for (uint32_t i = 0; i < 2; i++) {
        if (!n[i]) continue;
        snprintf(line, sizeof line, "table '%s': %llu %s (so far: %llu)", wr_table_plan(r->table)->name,
                 (unsigned long long)n[i], what[i], (unsigned long long)now);
        r->turn->log(r->turn->log_ctx, WEIR_LOG_ERROR, line);
    }
}

/* What may be inserted must not be in the table's store: its rows have the table's columns. */
static weir_status fetch_keys(changing *r, weir_error *err) {
    const wr_plan_table *plan = wr_table_plan(r->table);
    if (!wr_table_backing(r->table) || !plan->n_key) return WEIR_OK;
    weir_column *keys = wr_arena_array(r->turn->arena, plan->n_key, sizeof *keys);
    if (!keys) return no_memory(err);
    for (uint32_t i = 0; i < plan->n_key; i++) keys[i] = r->in->cols[plan->key[i]];
    return wr_table_fetch_keys(r->table, keys, r->in, r->turn->arena, err);
}

weir_status wr_change_apply(wr_change *c, wr_turn *turn, const weir_batch *b, weir_error *err) {
    if (!b->n_sel) return WEIR_OK;
    changing r = {.c = c, .turn = turn, .table = turn->tables[c->plan->table], .in = b};
    r.faults = (wr_chunk_faults){.turn = turn, .in = b};
    r.ev = (wr_eval){.in = b,
                     .cycle = turn->cycle,
                     .arena = turn->arena,
                     .fail = wr_chunk_faults_note,
                     .fail_ctx = &r.faults};
    c->run.n = c->missed.n = 0;
    c->run_number++;
    c->counts.calls++;
    c->counts.rows_in += b->n_sel;
    if (c->plan->kind != WR_CHANGE_DELETE && c->plan->kind != WR_CHANGE_UPDATE) WR_TRY(fetch_keys(&r, err));
    if (c->finder) WR_TRY(wr_finder_begin(c->finder, &r.ev, turn, err));
    if (c->plan->kind == WR_CHANGE_REPLACE) WR_TRY(begin_replace(&r, err));
    WR_TRY(change_rows(&r, err));
    tell_refused(&r);
    return wr_chunk_faults_status(&r.faults, err);
}
