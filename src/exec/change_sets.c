/* change_sets.c: see change_sets.h. */
#include "exec/change_sets.h"

#include <math.h>

#include "data/column.h"
#include "data/value.h"

struct wr_change_sets {
    const wr_plan_change *plan;
    wr_account *account;
    wr_program *values;
    uint32_t *columns; /* of the table, by set */
    bool *need;        /* columns that the values read, or that make the key: the input's, then the table's */
    uint32_t n_need, n_in;
    bool sets_key;
    weir_arena scratch; /* of one run */
};

/* One run. */
typedef struct setting {
    wr_change_sets *s;
    const wr_eval *outer;
    const wr_pairs *pairs;
    wr_table *table;
    weir_batch batch;
    weir_column *values; /* by set */
    uint8_t *failed;     /* by pair */
    bool some_failed;
} setting;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an update of a table");
}

/* ---- Life ---- */

static bool note_column(const wr_expr *e, void *ctx) {
    wr_change_sets *s = ctx;
    if (e->kind == WR_EXPR_COLUMN && e->u.column < s->n_need) s->need[e->u.column] = true;
    return true;
}

static void note_columns(wr_change_sets *s, const wr_expr *e) {
    if (!e) return;
    note_column(e, s);
    note_columns(s, e->a);
    note_columns(s, e->b);
    note_columns(s, e->c);
    for (uint32_t i = 0; e->kind == WR_EXPR_CALL && i < e->u.call.n_args; i++)
        note_columns(s, e->u.call.args[i]);
}

static bool is_set(const wr_plan_change *plan, uint32_t column) {
    for (uint32_t i = 0; i < plan->n_sets; i++)
        if (plan->sets[i].column == column) return true;
    return false;
}

static weir_status make_parts(wr_change_sets *s, weir_error *err) {
    const wr_plan_change *plan = s->plan;
    wr_expr **exprs = wr_alloc(s->account, (plan->n_sets + 1) * sizeof(*exprs));
    s->columns = wr_alloc(s->account, (plan->n_sets + 1) * sizeof *s->columns);
    s->need = wr_alloc_zero(s->account, s->n_need + 1);
    weir_status st = exprs && s->columns && s->need ? WEIR_OK : no_memory(err);
    for (uint32_t i = 0; i < plan->n_sets && st == WEIR_OK; i++) {
        exprs[i] = plan->sets[i].value;
        s->columns[i] = plan->sets[i].column;
        note_columns(s, exprs[i]);
    }
    for (uint32_t i = 0; i < plan->n_key && st == WEIR_OK; i++) s->sets_key |= is_set(plan, plan->key[i]);
    for (uint32_t i = 0; i < plan->n_key && st == WEIR_OK && s->sets_key; i++)
        s->need[s->n_in + plan->key[i]] = true;
    if (st == WEIR_OK) st = wr_program_new(exprs, plan->n_sets, s->account, &s->values, err);
    if (exprs) wr_free(s->account, exprs, (plan->n_sets + 1) * sizeof(*exprs));
    return st;
}

weir_status wr_change_sets_new(const wr_plan_change *plan, const wr_schema *input, wr_account *account,
                               wr_change_sets **out, weir_error *err) {
    wr_change_sets *s = *out = wr_alloc_zero(account, sizeof *s);
    if (!s) return no_memory(err);
    s->plan = plan;
    s->account = account;
    s->n_in = input->n_attrs;
    s->n_need = input->n_attrs + plan->where.n_table_columns;
    wr_arena_init(&s->scratch, account);
    weir_status st = make_parts(s, err);
    if (st == WEIR_OK) return WEIR_OK;
    wr_change_sets_free(s);
    *out = NULL;
    return st;
}

void wr_change_sets_free(wr_change_sets *s) {
    if (!s) return;
    wr_program_free(s->values);
    wr_arena_fini(&s->scratch);
    if (s->columns) wr_free(s->account, s->columns, (s->plan->n_sets + 1) * sizeof *s->columns);
    if (s->need) wr_free(s->account, s->need, s->n_need + 1);
    wr_free(s->account, s, sizeof *s);
}

/* ---- Computing ---- */

static void on_fault(void *ctx, uint32_t pair, const char *message) {
    setting *r = ctx;
    char *copy = wr_arena_strndup(r->outer->arena, message, strlen(message));
    r->failed[pair] = 1;
    r->some_failed = true;
    r->outer->fail(r->outer->fail_ctx, r->pairs->row[pair], copy ? copy : "a row could not be computed");
}

/* A number as one of another type; false: it is none of its values. */
static bool convert(const weir_value *v, weir_type type, weir_value *out) {
    double d = v->type == WEIR_FLOAT ? (double)v->as.f : v->type == WEIR_DOUBLE ? v->as.d : 0;
    int64_t l = v->type == WEIR_INT ? v->as.i : v->type == WEIR_LONG ? v->as.l : 0;
    bool whole = v->type == WEIR_INT || v->type == WEIR_LONG;
    *out = (weir_value){.type = type, .is_null = v->is_null};
    switch (type) {
    case WEIR_INT: out->as.i = (int32_t)l; return whole && l >= INT32_MIN && l <= INT32_MAX;
    case WEIR_LONG: out->as.l = l; return whole;
    case WEIR_FLOAT: out->as.f = whole ? (float)l : (float)d; return true;
    default: out->as.d = whole ? (double)l : d; return true;
    }
}

/* Numbers that are set into a column of numbers of another type. */
static weir_status convert_column(setting *r, uint32_t set, const wr_attr *a, weir_error *err) {
    weir_column *values = &r->values[set], converted;
    uint32_t n = r->batch.n_rows;
    if (values->boxed || values->type == a->type) return WEIR_OK;
    if (wr_column_new(&r->s->scratch, a->type, false, n, true, &converted)) return no_memory(err);
    for (uint32_t k = 0; k < n; k++) {
        weir_value v = wr_column_get(values, k), out;
        if (!v.is_null && !convert(&v, a->type, &out)) on_fault(r, k, "what is set does not fit the column");
        if (v.is_null) out = (weir_value){.type = a->type, .is_null = true};
        wr_column_set(&converted, k, &out);
    }
    *values = converted;
    return WEIR_OK;
}

static weir_status compute(setting *r, weir_error *err) {
    wr_change_sets *s = r->s;
    const wr_schema *schema = &wr_table_plan(r->table)->schema;
    wr_eval ev = {.in = r->outer->in, .cycle = r->outer->cycle, .arena = &s->scratch};
    WR_TRY(wr_pairs_batch(r->pairs, 0, &ev, r->table, s->need, &r->batch, err));
    r->values = wr_arena_zero(&s->scratch, s->plan->n_sets + 1, sizeof *r->values);
    r->failed = wr_arena_zero(&s->scratch, r->batch.n_rows + 1, 1);
    if (!r->values || !r->failed) return no_memory(err);
    ev.in = &r->batch;
    ev.fail = on_fault;
    ev.fail_ctx = r;
    WR_TRY(wr_program_run(s->values, &ev, r->values, err));
    for (uint32_t i = 0; i < s->plan->n_sets; i++)
        WR_TRY(convert_column(r, i, &schema->attrs[s->columns[i]], err));
    return WEIR_OK;
}

/* ---- Writing ---- */

/* The column of the key as it will be. */
static const weir_column *key_column(const setting *r, uint32_t column) {
    for (uint32_t i = 0; i < r->s->plan->n_sets; i++)
        if (r->s->columns[i] == column) return &r->values[i];
    return &r->batch.cols[r->s->n_in + column];
}

static weir_status check_keys(setting *r, bool *conflict, weir_error *err) {
    const wr_plan_change *plan = r->s->plan;
    weir_column *keys = wr_arena_array(&r->s->scratch, plan->n_key + 1, sizeof *keys);
    if (!keys) return no_memory(err);
    for (uint32_t i = 0; i < plan->n_key; i++) keys[i] = *key_column(r, plan->key[i]);
    return wr_table_key_conflict(r->table, r->pairs->id, keys, &r->batch, &r->s->scratch, conflict, err);
}

/* Has the pair, or one before it in its chunk, failed? */
static bool is_lost(const setting *r, const wr_chunk_faults *faults, uint32_t pair) {
    if (!r->some_failed) return false;
    uint32_t chunk = wr_batch_chunk_of(r->outer->in, r->pairs->row[pair]);
    if (!wr_chunk_has_failed(faults, chunk)) return false;
    for (uint32_t k = pair + 1; k-- > 0;) {
        if (wr_batch_chunk_of(r->outer->in, r->pairs->row[k]) != chunk) return false;
        if (r->failed[k]) return true;
    }
    return false;
}

weir_status wr_change_sets_apply(wr_change_sets *s, const wr_eval *ev, const wr_pairs *pairs, wr_table *table,
                                 wr_chunk_faults *faults, uint32_t *n_set, bool *conflict, weir_error *err) {
    setting r = {.s = s, .outer = ev, .pairs = pairs, .table = table};
    *n_set = 0;
    *conflict = false;
    if (!s->plan->n_sets) return WEIR_OK;
    wr_arena_reset(&s->scratch);
    WR_TRY(compute(&r, err));
    if (s->sets_key) WR_TRY(check_keys(&r, conflict, err));
    if (*conflict) return WEIR_OK;
    wr_table_begin_update(table, s->columns, s->plan->n_sets);
    for (uint32_t k = 0; k < pairs->n; k++) {
        if (is_lost(&r, faults, k)) continue;
        WR_TRY(wr_table_update(table, pairs->id[k], s->columns, s->plan->n_sets, r.values, k, err));
        ++*n_set;
    }
    return WEIR_OK;
}
