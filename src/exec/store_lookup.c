/* store_lookup.c: see store_lookup.h. */
#include "exec/store_lookup.h"

#include "exec/backing.h"
#include "exec/groups.h"
#include "exec/table_impl.h"

struct wr_store_lookup {
    const wr_plan_table *table;
    wr_account *account;
    weir_arena arena;            /* of the condition */
    const weir_store_cond *cond; /* NULL: all rows */
    /* Parameters: those over the input, then those over the joined rows. */
    wr_expr **exprs;
    weir_type *types;
    uint32_t n_params, n_in, cap_exprs, cap_types;
    wr_program *of_in, *of_joined;
    bool is_key;     /* the parameters are the primary key */
    bool null_finds; /* something may match although a parameter is null */
    bool same_key;   /* is_key, and null is a key */
    bool out_of_memory;
    wr_groups *asked; /* parameters of this generation; NULL: they are not told apart */
    uint64_t generation;
    bool has_asked; /* without parameters */
    void *query;    /* the store's; NULL: not prepared yet */
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a lookup in a store");
}

/* ---- Conditions ---------------------------------------------------------------------------------------- */

static weir_store_cond *node(wr_store_lookup *l, weir_store_op op, weir_type type) {
    weir_store_cond *c = wr_arena_zero(&l->arena, 1, sizeof *c);
    if (!c)
        l->out_of_memory = true;
    else
        *c = (weir_store_cond){.op = op, .type = type};
    return c;
}

static weir_store_cond *column_node(wr_store_lookup *l, uint32_t column) {
    weir_store_cond *c = node(l, WEIR_STORE_COLUMN, l->table->schema.attrs[column].type);
    if (c) c->index = column;
    return c;
}

static weir_store_cond *param_node(wr_store_lookup *l, weir_type type, wr_expr *expr) {
    weir_store_cond *c = node(l, WEIR_STORE_PARAM, type);
    uint32_t need = l->n_params + 1;
    if (!c || wr_grow(l->account, &l->exprs, &l->cap_exprs, need, sizeof *l->exprs) ||
        wr_grow(l->account, &l->types, &l->cap_types, need, sizeof *l->types)) {
        l->out_of_memory = true;
        return NULL;
    }
    c->index = l->n_params;
    l->exprs[l->n_params] = expr;
    l->types[l->n_params++] = type;
    return c;
}

static const weir_store_cond *both(wr_store_lookup *l, weir_store_op op, const weir_store_cond *a,
                                   const weir_store_cond *b) {
    weir_store_cond *c = node(l, op, WEIR_BOOL);
    if (c) {
        c->a = a;
        c->b = b;
    }
    return c;
}

static void require(wr_store_lookup *l, const weir_store_cond *c) {
    l->cond = l->cond && c ? both(l, WEIR_STORE_AND, l->cond, c) : c ? c : l->cond;
}

static bool is_whole(weir_type t) { return t == WEIR_INT || t == WEIR_LONG; }
static bool is_real(weir_type t) { return t == WEIR_FLOAT || t == WEIR_DOUBLE; }

/* Do values of these types compare in a store as they do here? Java compares long with double, and int with
 * float, after a conversion that loses digits: stores don't. */
static bool compare_alike(weir_type a, weir_type b) {
    if (is_whole(a) && is_whole(b)) return true;
    if (is_real(a) && is_real(b)) return true;
    if (is_whole(a) != is_whole(b) && (is_real(a) || is_real(b)))
        return (a == WEIR_INT && b == WEIR_DOUBLE) || (a == WEIR_DOUBLE && b == WEIR_INT);
    return a == b && a != WEIR_OBJECT;
}

static const weir_store_cond *compare_column(wr_store_lookup *l, weir_store_op op, uint32_t column,
                                             wr_expr *with) {
    const wr_attr *attr = &l->table->schema.attrs[column];
    if (attr->boxed || with->boxed || !compare_alike(attr->type, with->type)) return NULL;
    const weir_store_cond *a = column_node(l, column), *b = param_node(l, with->type, with);
    return a && b ? both(l, op, a, b) : NULL;
}

/* ---- What is left of a condition ----------------------------------------------------------------------- */

typedef struct pushing {
    wr_store_lookup *l;
    uint32_t first; /* of the table's columns */
    bool is_exact;  /* so far: what was pushed is the whole of what was asked for */
} pushing;

static bool is_own(const pushing *p, uint32_t column) {
    return column >= p->first && column < p->first + p->l->table->schema.n_attrs;
}

/* Is e computed of the input alone, the same each time? */
static bool is_of_input(const pushing *p, const wr_expr *e) {
    if (!e) return true;
    switch (e->kind) {
    case WR_EXPR_COLUMN: return !is_own(p, e->u.column);
    case WR_EXPR_OUTPUT:
    case WR_EXPR_AGG:
    case WR_EXPR_PROBE: return false;
    case WR_EXPR_CALL:
        if (e->u.call.function->not_pure) return false;
        for (uint32_t i = 0; i < e->u.call.n_args; i++)
            if (!is_of_input(p, e->u.call.args[i])) return false;
        break;
    default: break;
    }
    return !e->can_fail && is_of_input(p, e->a) && is_of_input(p, e->b) && is_of_input(p, e->c);
}

/* A column of the table, perhaps as a wider type of which no digit is lost; or WR_NO_COLUMN. */
static uint32_t own_column(const pushing *p, const wr_expr *e) {
    if (e->kind == WR_EXPR_CONVERT && compare_alike(e->a->type, e->type)) e = e->a;
    if (e->kind != WR_EXPR_COLUMN || e->boxed || !is_own(p, e->u.column)) return WR_NO_COLUMN;
    uint32_t column = e->u.column - p->first;
    return p->l->table->schema.attrs[column].boxed ? WR_NO_COLUMN : column;
}

static const weir_store_op straight[] = {
    [WR_EQ] = WEIR_STORE_EQ, [WR_NE] = WEIR_STORE_NE, [WR_LT] = WEIR_STORE_LT,
    [WR_LE] = WEIR_STORE_LE, [WR_GT] = WEIR_STORE_GT, [WR_GE] = WEIR_STORE_GE};
static const weir_store_op crossed[] = {
    [WR_EQ] = WEIR_STORE_EQ, [WR_NE] = WEIR_STORE_NE, [WR_LT] = WEIR_STORE_GT,
    [WR_LE] = WEIR_STORE_GE, [WR_GT] = WEIR_STORE_LT, [WR_GE] = WEIR_STORE_LE};

static const weir_store_cond *push_compare(pushing *p, const wr_expr *e) {
    uint32_t a = own_column(p, e->a), b = own_column(p, e->b);
    bool is_inexact = is_real(e->a->type) || is_real(e->b->type); /* NaN */
    if (e->a->boxed || e->b->boxed || (is_inexact && e->u.compare == WR_NE)) return NULL;
    p->is_exact &= !is_inexact;
    if (a != WR_NO_COLUMN && b != WR_NO_COLUMN) {
        const wr_attr *attrs = p->l->table->schema.attrs;
        if (!compare_alike(attrs[a].type, attrs[b].type)) return NULL;
        const weir_store_cond *x = column_node(p->l, a), *y = column_node(p->l, b);
        return x && y ? both(p->l, straight[e->u.compare], x, y) : NULL;
    }
    if (a != WR_NO_COLUMN && is_of_input(p, e->b))
        return compare_column(p->l, straight[e->u.compare], a, e->b);
    if (b != WR_NO_COLUMN && is_of_input(p, e->a))
        return compare_column(p->l, crossed[e->u.compare], b, e->a);
    return NULL;
}

static const weir_store_cond *push(pushing *p, const wr_expr *e);

/* Of `and`, one half will do. */
static const weir_store_cond *push_and(pushing *p, const wr_expr *e) {
    const weir_store_cond *a = push(p, e->a), *b = push(p, e->b);
    p->is_exact &= a && b;
    return a && b ? both(p->l, WEIR_STORE_AND, a, b) : a ? a : b;
}

static const weir_store_cond *push_not(pushing *p, const wr_expr *e) {
    bool outer = p->is_exact;
    p->is_exact = true;
    const weir_store_cond *a = push(p, e->a);
    bool is_exact = p->is_exact;
    p->is_exact = outer && is_exact;
    return a && is_exact ? both(p->l, WEIR_STORE_NOT, a, NULL) : NULL;
}

static const weir_store_cond *push_any(pushing *p, const wr_expr *e) {
    const weir_store_cond *a, *b;
    switch (e->kind) {
    case WR_EXPR_COMPARE: return push_compare(p, e);
    case WR_EXPR_AND: return push_and(p, e);
    case WR_EXPR_OR:
        a = push(p, e->a);
        b = push(p, e->b);
        return a && b ? both(p->l, WEIR_STORE_OR, a, b) : NULL;
    case WR_EXPR_NOT: return push_not(p, e);
    case WR_EXPR_IS_NULL:
        if (own_column(p, e->a) == WR_NO_COLUMN) return NULL;
        a = column_node(p->l, own_column(p, e->a));
        return a ? both(p->l, WEIR_STORE_IS_NULL, a, NULL) : NULL;
    default: return NULL;
    }
}

/* What a row has to satisfy for e to be true; NULL: nothing that can be said, and no parameter is left over.
 */
static const weir_store_cond *push(pushing *p, const wr_expr *e) {
    uint32_t before = p->l->n_params;
    const weir_store_cond *c = push_any(p, e);
    if (!c) p->l->n_params = before;
    return c;
}

/* Part by part. */
static void push_rest(wr_store_lookup *l, const wr_store_parts *parts, const wr_expr *e) {
    if (e->kind == WR_EXPR_AND) {
        push_rest(l, parts, e->a);
        push_rest(l, parts, e->b);
        return;
    }
    pushing p = {.l = l, .first = parts->first_column, .is_exact = true};
    uint32_t before = l->n_params;
    const weir_store_cond *c = push(&p, e);
    if (!c) return;
    if (c->op > WEIR_STORE_GE && l->n_params > before) l->null_finds = true;
    require(l, c);
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

static bool is_primary_key(const wr_store_parts *parts, const wr_plan_table *table) {
    return table->n_key && parts->n_keys == table->n_key &&
           !memcmp(parts->key_columns, table->key, table->n_key * sizeof *table->key);
}

static void push_all(wr_store_lookup *l, const wr_store_parts *parts) {
    l->is_key = is_primary_key(parts, l->table);
    for (uint32_t i = 0; i < parts->n_keys; i++) {
        weir_store_op op = l->is_key && l->same_key ? WEIR_STORE_SAME : WEIR_STORE_EQ;
        const weir_store_cond *c = compare_column(l, op, parts->key_columns[i], parts->keys[i]);
        l->is_key &= c != NULL;
        require(l, c);
    }
    const wr_plan_range *range = parts->range;
    for (uint32_t i = 0; range && range->is_set && i < 2; i++) {
        static const weir_store_op ops[2][2] = {{WEIR_STORE_GE, WEIR_STORE_GT},
                                                {WEIR_STORE_LE, WEIR_STORE_LT}};
        if (range->bound[i])
            require(l, compare_column(l, ops[i][range->is_open[i]], range->column, range->bound[i]));
    }
    l->n_in = l->n_params;
    /* A row that is found by its key is kept for others that look for it. */
    if (parts->rest && !l->is_key) push_rest(l, parts, parts->rest);
}

static weir_status make(wr_store_lookup *l, weir_error *err) {
    wr_group_key keys[WR_MAX_GROUP_KEYS];
    uint32_t n = l->n_params;
    if (l->out_of_memory) return no_memory(err);
    for (uint32_t i = 0; i < n && i < WR_MAX_GROUP_KEYS; i++) keys[i] = (wr_group_key){l->types[i], false};
    if (n && n <= WR_MAX_GROUP_KEYS && !l->null_finds)
        WR_TRY(wr_groups_new(keys, n, l->account, &l->asked, err));
    if (l->n_in && l->exprs[0]) WR_TRY(wr_program_new(l->exprs, l->n_in, l->account, &l->of_in, err));
    if (n == l->n_in) return WEIR_OK;
    return wr_program_new(l->exprs + l->n_in, n - l->n_in, l->account, &l->of_joined, err);
}

static wr_store_lookup *start(const wr_plan_table *table, const weir_store_type *type, wr_account *account) {
    wr_store_lookup *l = wr_alloc_zero(account, sizeof *l);
    if (!l) return NULL;
    l->table = table;
    l->account = account;
    l->generation = UINT64_MAX;
    l->same_key = type->keeps_null_keys;
    wr_arena_init(&l->arena, account);
    return l;
}

static weir_status finish(wr_store_lookup *l, wr_store_lookup **out, weir_error *err) {
    weir_status st = make(l, err);
    if (st == WEIR_OK)
        *out = l;
    else
        wr_store_lookup_free(l);
    return st;
}

weir_status wr_store_lookup_new(const wr_store_parts *parts, const wr_table *table, wr_account *account,
                                wr_store_lookup **out, weir_error *err) {
    wr_store_lookup *l = start(table->plan, wr_backing_store(table->backing)->type, account);
    *out = NULL;
    if (!l) return no_memory(err);
    push_all(l, parts);
    return finish(l, out, err);
}

weir_status wr_store_lookup_of_key(const wr_table *table, wr_account *account, wr_store_lookup **out,
                                   weir_error *err) {
    const wr_plan_table *plan = table->plan;
    wr_store_lookup *l = start(plan, wr_backing_store(table->backing)->type, account);
    *out = NULL;
    if (!l) return no_memory(err);
    for (uint32_t i = 0; i < plan->n_key; i++) {
        weir_type type = plan->schema.attrs[plan->key[i]].type;
        const weir_store_cond *a = column_node(l, plan->key[i]), *b = param_node(l, type, NULL);
        if (a && b) require(l, both(l, l->same_key ? WEIR_STORE_SAME : WEIR_STORE_EQ, a, b));
    }
    l->n_in = l->n_params;
    l->is_key = true;
    return finish(l, out, err);
}

weir_status wr_store_lookup_of_terms(const wr_table *table, const wr_store_term *terms, uint32_t n_terms,
                                     wr_account *account, wr_store_lookup **out, weir_error *err) {
    wr_store_lookup *l = start(table->plan, wr_backing_store(table->backing)->type, account);
    *out = NULL;
    if (!l) return no_memory(err);
    for (uint32_t i = 0; i < n_terms; i++) {
        weir_type type = table->plan->schema.attrs[terms[i].column].type;
        const weir_store_cond *a = column_node(l, terms[i].column), *b = param_node(l, type, NULL);
        if (a && b) require(l, both(l, terms[i].op, a, b));
    }
    l->n_in = l->n_params;
    return finish(l, out, err);
}

void wr_store_lookup_free(wr_store_lookup *l) {
    if (!l) return;
    wr_program_free(l->of_in);
    wr_program_free(l->of_joined);
    wr_groups_free(l->asked);
    wr_free(l->account, l->exprs, l->cap_exprs * sizeof *l->exprs);
    wr_free(l->account, l->types, l->cap_types * sizeof *l->types);
    wr_arena_fini(&l->arena);
    wr_free(l->account, l, sizeof *l);
}

/* ---- Asking -------------------------------------------------------------------------------------------- */

typedef struct asking {
    wr_store_lookup *l;
    wr_table *table;
    const weir_column *params;
    uint32_t *rows; /* to be asked for */
    uint32_t n;
} asking;

static weir_status call_prepare(wr_store *s, void *ctx, weir_error *err) {
    wr_store_lookup *l = ctx;
    return s->type->prepare(s->self, l->cond, l->types, l->n_params, &l->query, err);
}

static bool has_null(const asking *a, uint32_t row) {
    for (uint32_t i = 0; i < a->l->n_params; i++)
        if (weir_is_null(&a->params[i], row)) return true;
    return false;
}

/* Rows whose parameters can find something. */
static void list_rows(asking *a, const weir_batch *b) {
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (b->kind && b->kind[row] == WEIR_RESET) continue;
        if (a->l->null_finds || (a->l->is_key && a->l->same_key) || !has_null(a, row)) a->rows[a->n++] = row;
    }
}

/* Rows with a null come last: to groups, null and the text "null" are one. */
static uint32_t nulls_last(asking *a, uint32_t *room) {
    uint32_t n = 0, n_null = 0;
    for (uint32_t i = 0; i < a->n; i++)
        if (has_null(a, a->rows[i]))
            room[n_null++] = a->rows[i];
        else
            a->rows[n++] = a->rows[i];
    memcpy(a->rows + n, room, n_null * sizeof *room);
    return n;
}

/* Of these, the first of each that was not asked for yet. */
static weir_status keep_new(asking *a, uint32_t n_rows, weir_arena *arena, weir_error *err) {
    wr_groups *asked = a->l->asked;
    if (!asked || !a->n) return WEIR_OK;
    uint32_t *gid = wr_arena_array(arena, n_rows + 1, sizeof *gid), n = 0, next = wr_groups_limit(asked);
    if (!gid) return no_memory(err);
    uint32_t n_plain = nulls_last(a, gid), n_null = a->n - n_plain;
    wr_row_list list = {.n = n_plain, .rows = a->rows};
    WR_TRY(wr_groups_assign(asked, a->params, &list, arena, gid, err));
    for (uint32_t i = 0; i < n_plain; i++) {
        uint32_t row = a->rows[i];
        if (gid[row] != next) continue;
        next++;
        a->rows[n++] = row;
    }
    memmove(a->rows + n, a->rows + n_plain, n_null * sizeof *a->rows);
    a->n = n + n_null;
    return WEIR_OK;
}

/* And those whose row is not in memory. */
static void keep_absent(asking *a) {
    uint32_t n = 0;
    const wr_row_index *key = a->table->key;
    for (uint32_t i = 0; a->l->is_key && i < a->n; i++) {
        uint32_t row = a->rows[i], hash = wr_row_index_hash_one(key, a->params, row);
        uint32_t id = wr_row_index_first(key, a->params, row, hash);
        if (id == WR_NO_SLOT)
            a->rows[n++] = row;
        else
            wr_backing_used(a->table->backing, id);
    }
    if (a->l->is_key) a->n = n;
}

static void begin_generation(wr_store_lookup *l, const wr_backing *b) {
    if (l->generation == wr_backing_generation(b)) return;
    l->generation = wr_backing_generation(b);
    l->has_asked = false;
    if (l->asked) wr_groups_clear(l->asked);
}

static weir_status ask(asking *a, weir_error *err) {
    wr_store_lookup *l = a->l;
    if (!a->n) return WEIR_OK;
    if (!l->query) WR_TRY(wr_store_until_done(wr_backing_store(a->table->backing), call_prepare, l, err));
    weir_store_find search = {.query = l->query, .params = a->params, .rows = a->rows, .n_rows = a->n};
    return wr_backing_fetch(a->table->backing, &search, err);
}

static weir_status ask_for_all(wr_store_lookup *l, wr_table *table, weir_error *err) {
    uint32_t row = 0;
    asking a = {.l = l, .table = table, .rows = &row, .n = 1};
    if (l->has_asked) return WEIR_OK;
    WR_TRY(ask(&a, err));
    l->has_asked = true;
    return WEIR_OK;
}

weir_status wr_store_lookup_fetch_params(wr_store_lookup *l, wr_table *table, const weir_column *params,
                                         const weir_batch *rows, weir_arena *arena, weir_error *err) {
    bool is_complete;
    if (!rows->n_sel) return WEIR_OK;
    WR_TRY(wr_backing_is_complete(table->backing, &is_complete, err));
    if (is_complete) return WEIR_OK;
    begin_generation(l, table->backing);
    if (!l->n_params) return ask_for_all(l, table, err);
    asking a = {.l = l, .table = table, .params = params};
    a.rows = wr_arena_array(arena, rows->n_sel + 1, sizeof *a.rows);
    if (!a.rows) return no_memory(err);
    list_rows(&a, rows);
    WR_TRY(keep_new(&a, rows->n_rows, arena, err));
    keep_absent(&a);
    return ask(&a, err);
}

weir_status wr_store_lookup_fetch(wr_store_lookup *l, wr_table *table, const wr_eval *in,
                                  const wr_eval *joined, weir_error *err) {
    if (!in->in->n_sel) return WEIR_OK;
    weir_column *params = wr_arena_zero(in->arena, l->n_params + 1, sizeof *params);
    if (!params) return no_memory(err);
    if (l->of_in) WR_TRY(wr_program_run(l->of_in, in, params, err));
    if (l->of_joined) WR_TRY(wr_program_run(l->of_joined, joined, params + l->n_in, err));
    return wr_store_lookup_fetch_params(l, table, params, in->in, in->arena, err);
}
