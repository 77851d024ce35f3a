/* on_demand.c: see on_demand.h. */
#include "plan/on_demand.h"

#include <string.h>

#include "lang/suggest.h"
#include "plan/aggregation.h"
#include "plan/column_use.h"
#include "plan/query.h"
#include "plan/typing.h"

typedef struct asking {
    wr_planner *p;
    const wr_ast_on_demand *ast;
    wr_on_demand *q;
    wr_build build;
    wr_ast_query as_query; /* what the parts of a query's plan are made of */
    wr_plan_query query;
} asking;

/* ---- Names ------------------------------------------------------------------------------------------------
 */

/* All that the app's plan has, so that what can't be asked is told by its kind. */
static void name_all(wr_planner *p) {
    for (uint32_t i = 0; i < p->plan->n_tables; i++) {
        wr_named *named =
            wr_plan_add_named(p, WR_NAMED_TABLE, p->plan->tables[i].name, p->plan->tables[i].schema);
        if (named) named->index = i;
    }
    for (uint32_t i = 0; i < p->plan->n_aggregations; i++) {
        const wr_plan_aggregation *a = &p->plan->aggregations[i];
        wr_named *named = wr_plan_add_named(p, WR_NAMED_AGGREGATION, a->name, a->schema);
        if (named) named->index = i;
    }
    for (uint32_t i = 0; i < p->plan->n_windows; i++) {
        const wr_plan_named_window *w = &p->plan->windows[i];
        wr_named *named = wr_plan_add_named(p, WR_NAMED_WINDOW, w->name, p->plan->streams[w->out].schema);
        if (named) named->index = i;
    }
    for (uint32_t i = 0; i < p->plan->n_streams; i++) {
        if (wr_plan_find(p, p->plan->streams[i].name)) continue;
        wr_named *named =
            wr_plan_add_named(p, WR_NAMED_STREAM, p->plan->streams[i].name, p->plan->streams[i].schema);
        if (named) named->index = i;
    }
}

static void tell_wrong_kind(wr_planner *p, const wr_named *named, wr_span span) {
    if (named->kind == WR_NAMED_STREAM)
        wr_plan_error(p, span, WEIR_ENAME, "a stream holds no rows: insert them into a table and ask that",
                      "'%s' is a stream, not a table", named->name);
    else
        wr_plan_error(p, span, WEIR_ENAME, "only tables can be changed", "'%s' is %s, not a table",
                      named->name, named->kind == WR_NAMED_AGGREGATION ? "an aggregation" : "a window");
}

/* reads: it need not be a table that is meant. */
static wr_named *find_table(wr_planner *p, const char *name, wr_span span, bool reads) {
    wr_named *named = wr_plan_find(p, name);
    bool is_kept =
        named && named->kind == WR_NAMED_TABLE && p->plan->tables[named->index].aggregation != WR_NONE_ID;
    if (is_kept && !reads) {
        wr_plan_error(p, span, WEIR_ENAME, "it can be read", "'%s' is kept by an aggregation", name);
        return NULL;
    }
    if (named && named->kind == WR_NAMED_TABLE) return named;
    if (named) {
        tell_wrong_kind(p, named, span);
        return NULL;
    }
    wr_suggest suggest;
    char hint[128];
    wr_suggest_init(&suggest, name);
    for (uint32_t i = 0; i < p->n_named; i++) {
        wr_named_kind kind = p->named[i]->kind;
        if (kind == WR_NAMED_TABLE || (reads && kind != WR_NAMED_STREAM))
            wr_suggest_offer(&suggest, p->named[i]->name);
    }
    wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, span, WEIR_ENAME, hint, "there is no table '%s'", name);
    return NULL;
}

/* ---- What is read -----------------------------------------------------------------------------------------
 */

/* Siddhi takes any type for the condition; what is no bool fails when it is tested. */
static bool plan_condition(asking *a) {
    wr_scope scope;
    wr_scope_init(&scope, "the condition of an on-demand query", &a->build.inputs[0]);
    wr_expr *e = a->ast->on ? wr_type_expr(a->p, &scope, a->ast->on) : NULL;
    if (a->ast->on && !e) return false;
    if (e && e->type != WEIR_BOOL) e = wr_expr_box(a->p, e, WEIR_OBJECT);
    e = wr_expr_plain(a->p, e, WEIR_BOOL, true);
    return wr_make_lookup(a->p, e, 0, a->q->table, true, &a->q->where);
}

static bool plan_aggregation(asking *a, const wr_named *named) {
    wr_scope nothing, scope;
    if (!a->ast->range) {
        wr_plan_error(a->p, a->ast->source.span, WEIR_ETYPE,
                      "as in: within '2020-**-** **:**:**' per 'hours'",
                      "an aggregation is asked with 'within … per …'");
        return false;
    }
    wr_scope_init(&nothing, "'within … per …'", &(wr_scope_input){.id = "an on-demand query"});
    wr_scope_init(&scope, "the condition of an on-demand query",
                  &(wr_scope_input){.id = named->name, .schema = named->schema});
    a->q->source = WR_FROM_AGGREGATION;
    a->q->input = named->schema;
    a->build.inputs[0] = scope.inputs[0];
    if (!wr_plan_extent_of(a->p, &nothing, a->ast->range, named->index, &a->q->extent)) return false;
    if (a->ast->on)
        a->q->on = wr_type_condition(a->p, &scope, a->ast->on, "the condition of an on-demand query");
    return (!a->ast->on || a->q->on) && wr_plan_extent_keys(a->p, a->q->on, 0, &a->q->extent);
}

static bool plan_window(asking *a, const wr_named *named) {
    const wr_plan_query *q = &a->p->plan->queries[a->p->plan->windows[named->index].query];
    const wr_plan_window *w = &q->side[0].ops[0]->u.window;
    wr_scope scope;
    if (a->ast->range)
        wr_plan_error(a->p, a->ast->range->span, WEIR_ETYPE, "a window has its rows as they are now",
                      "'within … per …' asks an aggregation");
    if (!w->args.is_searched || (!*w->type->ns && strcmp(w->type->name, "cron") == 0)) {
        wr_plan_error(a->p, a->ast->source.span, WEIR_ETYPE, "let it put out expired events, too",
                      "window '%s' keeps no rows that could be asked for", named->name);
        return false;
    }
    a->q->source = WR_FROM_WINDOW;
    a->q->window = named->index;
    a->q->input = named->schema;
    a->build.inputs[0] =
        (wr_scope_input){.id = named->name, .schema = named->schema, .vain_alias = a->ast->alias.text};
    wr_scope_init(&scope, "the condition of an on-demand query", &a->build.inputs[0]);
    if (a->ast->on)
        a->q->on = wr_type_condition(a->p, &scope, a->ast->on, "the condition of an on-demand query");
    return !a->ast->on || a->q->on;
}

static bool plan_from(asking *a) {
    const wr_named *named = wr_plan_find(a->p, a->ast->source.text);
    if (named && named->kind == WR_NAMED_WINDOW) return plan_window(a, named);
    if (named && named->kind == WR_NAMED_AGGREGATION) return plan_aggregation(a, named);
    wr_named *table = find_table(a->p, a->ast->source.text, a->ast->source.span, true);
    if (!table) return false;
    a->q->source = WR_FROM_TABLE;
    a->q->table = table->index;
    a->q->input = table->schema;
    a->build.inputs[0] =
        (wr_scope_input){.id = table->name, .schema = table->schema, .vain_alias = a->ast->alias.text};
    if (a->ast->range)
        wr_plan_error(a->p, a->ast->range->span, WEIR_ETYPE, "a table has its rows as they are now",
                      "'within … per …' asks an aggregation");
    return plan_condition(a);
}

static bool plan_nothing(asking *a, const wr_named *target) {
    bool selects = a->ast->selection != NULL;
    a->q->source = selects ? WR_FROM_NOTHING : WR_FROM_NULLS;
    if (!selects) a->q->input = target->schema;
    a->build.inputs[0] = (wr_scope_input){.id = "a query without 'from'", .schema = a->q->input};
    return true;
}

/* ---- The whole --------------------------------------------------------------------------------------------
 */

static bool note_need(asking *a) {
    uint32_t n = a->q->input.n_attrs;
    uint8_t *flags = WR_PLAN_ARRAY(a->p, n, uint8_t);
    a->q->need = WR_PLAN_ARRAY(a->p, n, bool);
    if (!flags || !a->q->need) return false;
    wr_column_use use = {.n = n, .flags = flags};
    wr_use_select(&use, &a->q->select->u.select, 1, 1);
    for (uint32_t i = 0; i < a->q->select->out.n_attrs; i++)
        wr_use_expr(&use, a->q->select->u.select.outs[i], 1);
    for (uint32_t i = 0; i < n; i++) a->q->need[i] = flags[i] != 0;
    return true;
}

static void plan_parts(asking *a, const wr_named *target) {
    wr_build *b = &a->build;
    wr_plan_select_list(b);
    if (target) {
        if (a->ast->output->kind == WR_OUTPUT_DELETE && !a->ast->output->on)
            wr_plan_error(a->p, a->ast->output->span, WEIR_EPARSE, "say which rows: delete T on T.k == 'a'",
                          "delete needs 'on'");
        else
            wr_plan_change_of(b, target);
    }
    wr_plan_select_rest(b);
    a->q->select = a->query.select;
    a->q->change = a->query.change;
    if (a->q->select) a->q->select->needs_origin = true;
}

static void plan_all(asking *a) {
    const wr_ast_output *output = a->ast->output;
    const wr_named *target = NULL;
    name_all(a->p);
    if (output->kind != WR_OUTPUT_NONE) {
        target = find_table(a->p, output->target.name.text, output->target.span, false);
        if (!target) return;
    }
    a->as_query =
        (wr_ast_query){.span = a->ast->span, .selection = a->ast->selection, .output = a->ast->output};
    a->query = (wr_plan_query){.name = "an on-demand query", .target = WR_NONE_ID, .partition = WR_NONE_ID};
    a->build = (wr_build){
        .p = a->p, .ast = &a->as_query, .query = &a->query, .n_inputs = 1, .sees_inputs = a->ast->has_from};
    bool ok = a->ast->has_from ? plan_from(a) : plan_nothing(a, target);
    if (!ok && !a->q->input.n_attrs) return;
    plan_parts(a, target);
    if (a->p->first_error == WEIR_OK && !a->p->out_of_memory) note_need(a);
}

weir_status wr_plan_on_demand(const wr_plan *plan, const wr_ast_on_demand *ast, const wr_source *src,
                              const wr_registry *registry, wr_account *account, wr_on_demand **out,
                              wr_diag *diags) {
    static const wr_ast_app no_app;
    wr_plan view = *plan; /* nothing is added to it */
    *out = NULL;
    wr_on_demand *q = wr_alloc_zero(account, sizeof *q);
    if (!q) return WEIR_ENOMEM;
    wr_arena_init(&q->arena, account);
    wr_planner p = {.app = &no_app,
                    .src = src,
                    .registry = registry,
                    .diags = diags,
                    .plan = &view,
                    .arena = &q->arena,
                    .is_on_demand = true};
    wr_arena_init(&p.scratch, account);
    asking a = {.p = &p, .ast = ast, .q = q};
    plan_all(&a);
    wr_arena_fini(&p.scratch);
    weir_status st = p.out_of_memory ? WEIR_ENOMEM : p.first_error;
    if (st == WEIR_OK)
        *out = q;
    else
        wr_on_demand_free(q);
    return st;
}

void wr_on_demand_free(wr_on_demand *q) {
    if (!q) return;
    wr_account *account = q->arena.account;
    wr_arena_fini(&q->arena);
    wr_free(account, q, sizeof *q);
}
