/* change.c: what a query's rows do to a table: insert, delete, update … set … on, update or insert.
 *
 * In `on` and `set` a bare name is a column of the query's output, and `T.x` the table's. What is set is
 * written column by column, as the table has them, each value seeing those before it; so they are written
 * into each other here, and all can be computed at once. */
#include <string.h>

#include "plan/query.h"
#include "plan/typing.h"

/* ---- on ---- */

static const char *const places[] = {[WR_OUTPUT_DELETE] = "the condition of a delete",
                                     [WR_OUTPUT_UPDATE] = "the condition of an update",
                                     [WR_OUTPUT_UPDATE_OR_INSERT] = "the condition of an update"};

static wr_scope change_scope(wr_build *b, const wr_named *table, const char *place) {
    wr_scope s;
    wr_scope_init(&s, place,
                  &(wr_scope_input){.id = "the query's output",
                                    .schema = {b->n_outs, b->attrs},
                                    .poisoned = b->outs_unknown});
    s.inputs[s.n_inputs++] = (wr_scope_input){.id = table->name,
                                              .schema = table->schema,
                                              .base = b->n_outs,
                                              .poisoned = table->poisoned,
                                              .qualified_only = true};
    s.n_columns += table->schema.n_attrs;
    return s;
}

/* Siddhi takes any type for the condition; what is no bool fails when it is tested. */
static wr_expr *condition_of(wr_build *b, const wr_named *table) {
    const wr_ast_output *ast = b->ast->output;
    wr_scope scope = change_scope(b, table, places[ast->kind]);
    wr_expr *e = wr_type_expr(b->p, &scope, ast->on);
    if (!e || e->type == WEIR_BOOL) return wr_expr_plain(b->p, e, WEIR_BOOL, true);
    return wr_expr_plain(b->p, wr_expr_box(b->p, e, WEIR_OBJECT), WEIR_BOOL, true);
}

/* ---- set ---- */

/* By column of the table; NULL: not set. */
typedef struct set_list {
    wr_expr **value;
    uint32_t n; /* columns of the table */
    bool ok;
} set_list;

static const char *set_hint(const wr_ast_output *ast) {
    return ast->kind == WR_OUTPUT_UPDATE ? "select the table's columns alone, or say what to set"
                                         : "the row may be inserted, so it must have the table's columns";
}

/* Without `set`, each selected column goes to the table's of that name. */
static void set_all(wr_build *b, const wr_named *table, set_list *list) {
    for (uint32_t i = 0; i < b->n_outs; i++) {
        const wr_attr *out = &b->attrs[i];
        uint32_t at = wr_schema_find(&table->schema, out->name);
        const wr_attr *held = at == WR_NO_COLUMN ? NULL : &table->schema.attrs[at];
        if (held && (held->type == out->type || out->type == WEIR_NONE || held->type == WEIR_NONE)) {
            wr_expr *value = wr_expr_column(b->p, WR_EXPR_COLUMN, i, out, b->ast->output->span);
            if (value && held->boxed) value = wr_expr_box(b->p, value, held->type);
            if (value && !held->boxed) value = wr_expr_plain(b->p, value, held->type, false);
            list->value[at] = value;
            continue;
        }
        list->ok = false;
        if (b->outs_unknown) continue;
        wr_plan_error(b->p, b->ast->output->target.span, WEIR_ETYPE, set_hint(b->ast->output),
                      held ? "'%s' of '%s' is %s, what is selected under that name %s"
                           : "table '%2$s' has no '%1$s'",
                      out->name, table->name, held ? weir_type_name(held->type) : "",
                      held ? weir_type_name(out->type) : "");
    }
}

/* What stands in front of the dot is not looked at, as in Siddhi. */
static uint32_t set_column(wr_build *b, const wr_named *table, const wr_ast_expr *target) {
    const wr_ast_ref *ref = &target->as.ref;
    uint32_t at = WR_NO_COLUMN;
    if (ref->attr.text && ref->index.kind == WR_INDEX_NONE && !ref->second.text)
        at = wr_schema_find(&table->schema, ref->attr.text);
    if (at == WR_NO_COLUMN && !table->poisoned)
        wr_plan_error(b->p, target->span, WEIR_ENAME, wr_plan_schema_text(b->p, &table->schema),
                      "table '%s' has no '%s'", table->name, ref->attr.text ? ref->attr.text : "");
    return at;
}

/* Siddhi does not compare types here: a value of another type is held as it is, in a column that is made for
 * that (see wr_plan_any_type). Where the column can't be, numbers are converted. */
static wr_expr *fit_value(wr_build *b, const wr_named *table, uint32_t at, wr_expr *value, wr_span span) {
    const wr_attr *held = &table->schema.attrs[at];
    if (!value || held->type == WEIR_NONE) return NULL;
    if (held->boxed) return wr_expr_box(b->p, value, held->type);
    if (held->type == WEIR_OBJECT) return wr_expr_box(b->p, value, WEIR_OBJECT);
    if (value->type == held->type) return wr_expr_plain(b->p, value, held->type, false);
    if (wr_plan_any_type(b->p, table, at)) return value;
    if (wr_type_is_numeric(value->type) && wr_type_is_numeric(held->type))
        return wr_expr_plain(b->p, value, value->type, false);
    wr_plan_error(b->p, span, WEIR_ETYPE, NULL, "'%s' of '%s' is %s, this is %s", held->name, table->name,
                  weir_type_name(held->type), weir_type_name(value->type));
    return NULL;
}

static void set_written(wr_build *b, const wr_named *table, set_list *list) {
    const wr_ast_output *ast = b->ast->output;
    wr_scope scope = change_scope(b, table, "'set'");
    for (uint32_t i = 0; i < ast->n_set; i++) {
        wr_expr *value = wr_type_expr(b->p, &scope, ast->set[i].value);
        uint32_t at = set_column(b, table, ast->set[i].target);
        if (value && at != WR_NO_COLUMN) value = fit_value(b, table, at, value, ast->set[i].value->span);
        list->ok &= value && at != WR_NO_COLUMN;
        if (at != WR_NO_COLUMN) list->value[at] = value; /* of two, the last counts */
    }
}

/* ---- Fitting both together ---- */

/* T.k = k with T.k == k in the condition changes nothing. */
static bool is_idle(const wr_plan_lookup *where, uint32_t column, const wr_expr *value) {
    for (uint32_t i = 0; i < where->n_keys; i++)
        if (where->key_columns[i] == column && wr_expr_equal(where->keys[i], value)) return true;
    return false;
}

static void list_sets(wr_build *b, const wr_schema *schema, wr_plan_change *c, set_list *list) {
    wr_expr **before = WR_PLAN_ARRAY(b->p, list->n, wr_expr *);
    c->sets = WR_PLAN_ARRAY(b->p, list->n, wr_plan_set);
    for (uint32_t i = 0; before && c->sets && i < list->n; i++) {
        wr_expr *value = list->value[i];
        if (!value || is_idle(&c->where, i, value)) {
            list->value[i] = NULL;
            continue;
        }
        value = wr_expr_replace_columns(b->p, value, b->n_outs, before, i);
        list->value[i] = value;
        if (!value) return;
        /* A number that will be converted can't be read before it is. */
        before[i] =
            value->type == schema->attrs[i].type && value->boxed == schema->attrs[i].boxed ? value : NULL;
        c->sets[c->n_sets++] = (wr_plan_set){i, value};
        c->can_fail |= value->can_fail || value->needs_clock;
    }
}

typedef struct looked_at {
    const set_list *list;
    uint32_t n_outs;
    bool found;
} looked_at;

static bool see_column(const wr_expr *e, void *ctx) {
    looked_at *l = ctx;
    if (e->kind == WR_EXPR_COLUMN && e->u.column >= l->n_outs && l->list->value[e->u.column - l->n_outs])
        l->found = true;
    return true;
}

static bool sets_what_it_tests(const wr_plan_change *c, const set_list *list, uint32_t n_outs) {
    looked_at l = {list, n_outs, false};
    if (c->where.residual) wr_expr_walk(c->where.residual, see_column, &l);
    for (uint32_t i = 0; i < c->where.n_keys; i++) l.found |= list->value[c->where.key_columns[i]] != NULL;
    if (c->where.range.is_set) l.found |= list->value[c->where.range.column] != NULL;
    for (uint32_t i = 0; i < c->n_key; i++) l.found |= list->value[c->key[i]] != NULL;
    return l.found;
}

static bool any_reads_more(const wr_expr *e) { return e && (e->can_fail || e->needs_clock); }

static bool where_can_fail(const wr_plan_lookup *w) {
    bool can = any_reads_more(w->residual);
    for (uint32_t i = 0; i < w->n_keys; i++) can |= any_reads_more(w->keys[i]);
    for (uint32_t i = 0; i < 2; i++) can |= any_reads_more(w->range.bound[i]);
    return can;
}

/* update or insert … on T.key == x, and nothing else, where the key is one column. */
static bool is_replacing(const wr_plan_change *c) {
    return c->kind == WR_CHANGE_UPSERT && c->n_key == 1 && !c->where.residual && c->where.n_keys == 1 &&
           c->where.key_columns[0] == c->key[0];
}

/* ---- The change ---- */

static const char *label_of(wr_build *b, const wr_named *table, wr_change_kind kind) {
    static const char *const verbs[] = {[WR_CHANGE_INSERT] = "insert into",
                                        [WR_CHANGE_DELETE] = "delete",
                                        [WR_CHANGE_UPDATE] = "update",
                                        [WR_CHANGE_UPSERT] = "update or insert into"};
    const wr_ast_expr *on = b->ast->output->on;
    const char *text = on ? wr_plan_text(b->p, on->span) : NULL;
    return wr_plan_printf(b->p, "%s %s%s%s", verbs[kind], table->name, text ? " on " : "", text ? text : "");
}

static bool plan_where(wr_build *b, const wr_named *table, wr_plan_change *c) {
    wr_expr *condition = condition_of(b, table);
    return condition && !table->poisoned && !b->outs_unknown &&
           wr_make_lookup(b->p, condition, b->n_outs, table->index, b->p->is_on_demand, &c->where);
}

static bool plan_sets(wr_build *b, const wr_named *table, wr_plan_change *c) {
    set_list list = {WR_PLAN_ARRAY(b->p, table->schema.n_attrs, wr_expr *), table->schema.n_attrs, true};
    if (!list.value) return false;
    if (b->ast->output->n_set)
        set_written(b, table, &list);
    else
        set_all(b, table, &list);
    if (!list.ok) return false;
    list_sets(b, &table->schema, c, &list);
    c->one_by_one = sets_what_it_tests(c, &list, b->n_outs);
    return true;
}

static wr_change_kind kind_of(wr_ast_output_kind kind) {
    switch (kind) {
    case WR_OUTPUT_DELETE: return WR_CHANGE_DELETE;
    case WR_OUTPUT_UPDATE: return WR_CHANGE_UPDATE;
    case WR_OUTPUT_UPDATE_OR_INSERT: return WR_CHANGE_UPSERT;
    default: return WR_CHANGE_INSERT;
    }
}

/* A null can't be the key of a table that is sorted by it. */
static bool has_number_key(const wr_plan_table *t) {
    return t->n_key == 1 && wr_type_is_numeric(t->schema.attrs[t->key[0]].type);
}

void wr_plan_change_of(wr_build *b, const wr_named *table) {
    wr_plan_change *c = WR_PLAN_NEW(b->p, wr_plan_change);
    if (!c) return;
    c->kind = kind_of(b->ast->output->kind);
    c->table = table->index;
    c->label = label_of(b, table, c->kind);
    bool inserts = c->kind == WR_CHANGE_INSERT || c->kind == WR_CHANGE_UPSERT;
    bool ok = !table->poisoned && !b->outs_unknown;
    if (ok && inserts) ok = wr_plan_fits(b, table);
    if (ok && inserts) wr_plan_fit_boxes(b, &table->schema);
    if (table->index != WR_NONE_ID && !table->poisoned) {
        const wr_plan_table *t = &b->p->plan->tables[table->index];
        c->key = t->key;
        c->n_key = t->n_key;
        c->can_fail = inserts && has_number_key(t);
    }
    if (b->ast->output->on) ok = plan_where(b, table, c) && ok;
    if (c->kind == WR_CHANGE_UPDATE || c->kind == WR_CHANGE_UPSERT) ok = plan_sets(b, table, c) && ok;
    if (!ok || !c->label) return;
    c->can_fail |= where_can_fail(&c->where);
    if (is_replacing(c)) {
        c->kind = WR_CHANGE_REPLACE;
        c->replace_key = c->key[0];
    }
    b->query->output_kind = WR_OUTPUT_TABLE;
    b->query->target = table->index;
    b->query->change = c;
}
