/* lookup.c: how the rows of a table are found for which a condition holds: see typing.h.
 *
 *   all parts of the primary key have an equality    -> the key's own index; all else is tested
 *   some columns have an equality                    -> a hash index over those columns
 *   a column of numbers is compared with < <= > >=   -> an ordered index; of several such columns an indexed
 *                                                       one is taken, else the first
 *   else                                             -> all rows
 */
#include <string.h>

#include "plan/typing.h"

typedef struct maker {
    wr_planner *p;
    const wr_plan_table *table;
    uint32_t n_input;
    bool declared_only;
    wr_plan_lookup *out;
} maker;

static bool test_too(maker *m, wr_expr *part) {
    wr_expr **rest = &m->out->residual;
    if (!*rest) {
        *rest = part;
        return true;
    }
    wr_span span = {(*rest)->begin - m->p->span_base, part->end - m->p->span_base};
    *rest = wr_expr_binary(m->p, WR_EXPR_AND, WEIR_BOOL, *rest, part, span);
    return *rest != NULL;
}

/* ---- Keys ---- */

/* The equality for a column, or n_keys. */
static uint32_t key_for(const wr_split *split, uint32_t column) {
    uint32_t i = 0;
    while (i < split->n_keys && split->right_keys[i]->u.column != column) i++;
    return i;
}

static bool covers_primary_key(const maker *m, const wr_split *split) {
    for (uint32_t i = 0; i < m->table->n_key; i++)
        if (key_for(split, m->table->key[i]) == split->n_keys) return false;
    return m->table->n_key > 0;
}

static void take_key(maker *m, const wr_split *split, uint32_t at) {
    wr_plan_lookup *out = m->out;
    out->keys[out->n_keys] = split->left_keys[at];
    out->key_columns[out->n_keys++] = split->right_keys[at]->u.column;
}

static bool take_primary_key(maker *m, const wr_split *split) {
    bool *taken = WR_PLAN_ARRAY(m->p, split->n_keys, bool);
    if (!taken) return false;
    for (uint32_t i = 0; i < m->table->n_key; i++) {
        uint32_t at = key_for(split, m->table->key[i]);
        take_key(m, split, at);
        taken[at] = true;
    }
    for (uint32_t i = 0; i < split->n_keys; i++)
        if (!taken[i] && !test_too(m, split->parts[i])) return false;
    return true;
}

static bool is_indexed(const wr_plan_table *t, uint32_t column) {
    for (uint32_t i = 0; i < t->n_indexes; i++)
        if (t->indexes[i] == column) return true;
    return t->n_key == 1 && t->key[0] == column;
}

/* A column that has two equalities is looked up by one of them. Where only declared indexes count, one. */
static bool take_keys(maker *m, const wr_split *split) {
    for (uint32_t i = 0; i < split->n_keys; i++) {
        uint32_t column = split->right_keys[i]->u.column;
        bool wanted = !m->declared_only || (!m->out->n_keys && is_indexed(m->table, column));
        if (wanted && key_for(split, column) == i)
            take_key(m, split, i);
        else if (!test_too(m, split->parts[i]))
            return false;
    }
    return true;
}

/* ---- Ranges ---- */

typedef struct columns_read {
    uint32_t n_input;
    bool input, table, other;
} columns_read;

static bool see(const wr_expr *e, void *ctx) {
    columns_read *c = ctx;
    if (e->kind == WR_EXPR_COLUMN) {
        c->input |= e->u.column < c->n_input;
        c->table |= e->u.column >= c->n_input;
    }
    c->other |= e->kind == WR_EXPR_OUTPUT || e->kind == WR_EXPR_AGG || e->kind == WR_EXPR_PROBE ||
                (e->kind == WR_EXPR_CALL && e->u.call.function->not_pure);
    return true;
}

static bool reads_input_only(const wr_expr *e, uint32_t n_input) {
    columns_read c = {.n_input = n_input};
    wr_expr_walk(e, see, &c);
    return !c.table && !c.other;
}

/* The column of the table that e is, perhaps as a wider type; or WR_NO_COLUMN. */
static uint32_t column_of(const maker *m, const wr_expr *e) {
    if (e->kind == WR_EXPR_CONVERT) e = e->a;
    if (e->kind != WR_EXPR_COLUMN || e->boxed || e->u.column < m->n_input) return WR_NO_COLUMN;
    return wr_type_is_numeric(e->type) ? e->u.column - m->n_input : WR_NO_COLUMN;
}

/* One comparison as a bound: T.column OP bound. */
typedef struct bound {
    uint32_t column;
    wr_expr *value;
    bool is_upper, is_open;
} bound;

static bool read_bound(const maker *m, const wr_expr *part, bound *out) {
    wr_compare op = part->u.compare;
    if (part->kind != WR_EXPR_COMPARE || op == WR_EQ || op == WR_NE || part->can_fail || part->needs_clock)
        return false;
    bool straight = column_of(m, part->a) != WR_NO_COLUMN && reads_input_only(part->b, m->n_input);
    bool crossed = column_of(m, part->b) != WR_NO_COLUMN && reads_input_only(part->a, m->n_input);
    if (!straight && !crossed) return false;
    bool less = op == WR_LT || op == WR_LE;
    *out = (bound){.column = column_of(m, straight ? part->a : part->b),
                   .value = straight ? part->b : part->a,
                   .is_upper = straight ? less : !less,
                   .is_open = op == WR_LT || op == WR_GT};
    return true;
}

static void list_parts(wr_expr *e, wr_expr **parts, uint32_t *n) {
    if (e->kind == WR_EXPR_AND) {
        list_parts(e->a, parts, n);
        list_parts(e->b, parts, n);
    } else {
        if (parts) parts[*n] = e;
        ++*n;
    }
}

static uint32_t choose_column(const maker *m, wr_expr *const *parts, uint32_t n) {
    uint32_t first = WR_NO_COLUMN;
    bound b;
    for (uint32_t i = 0; i < n; i++) {
        if (!read_bound(m, parts[i], &b)) continue;
        if (is_indexed(m->table, b.column)) return b.column;
        if (first == WR_NO_COLUMN && !m->declared_only) first = b.column;
    }
    return first;
}

/* Takes the bounds of one column out of the condition. */
static bool take_range(maker *m, wr_expr *condition) {
    uint32_t n = 0;
    list_parts(condition, NULL, &n);
    wr_expr **parts = WR_PLAN_ARRAY(m->p, n, wr_expr *);
    if (!parts) return false;
    n = 0;
    list_parts(condition, parts, &n);
    wr_plan_range *range = &m->out->range;
    range->column = choose_column(m, parts, n);
    range->is_set = range->column != WR_NO_COLUMN;
    for (uint32_t i = 0; i < n; i++) {
        bound b;
        if (range->is_set && read_bound(m, parts[i], &b) && b.column == range->column &&
            !range->bound[b.is_upper]) {
            range->bound[b.is_upper] = b.value;
            range->is_open[b.is_upper] = b.is_open;
        } else if (!test_too(m, parts[i])) {
            return false;
        }
    }
    return true;
}

/* ---- The lookup ---- */

bool wr_make_lookup(wr_planner *p, wr_expr *condition, uint32_t n_input, uint32_t table, bool declared_only,
                    wr_plan_lookup *out) {
    const wr_plan_table *t = &p->plan->tables[table];
    maker m = {.p = p, .table = t, .n_input = n_input, .declared_only = declared_only, .out = out};
    wr_split split;
    *out = (wr_plan_lookup){.table = table, .n_table_columns = t->schema.n_attrs};
    if (!wr_split_condition(p, condition, n_input, WR_SPLIT_PROBE, &split)) return false;
    out->keys = WR_PLAN_ARRAY(p, split.n_keys, wr_expr *);
    out->key_columns = WR_PLAN_ARRAY(p, split.n_keys, uint32_t);
    if (!out->keys || !out->key_columns) return false;
    if (split.n_keys) {
        out->residual = split.residual;
        bool ok = covers_primary_key(&m, &split) ? take_primary_key(&m, &split) : take_keys(&m, &split);
        if (!ok || out->n_keys) return ok;
    }
    out->residual = NULL;
    return !condition || take_range(&m, condition);
}
