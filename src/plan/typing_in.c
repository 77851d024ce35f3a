/* typing_in.c: `condition in T`: is there a row of T for which the condition holds? It becomes a probe of the
 * operator: equalities on columns of T are looked up in an index, the rest is tested on the rows found. */
#include <string.h>

#include "plan/typing.h"

static wr_named *find_table(wr_planner *p, const wr_ast_name *name) {
    wr_named *named = wr_plan_find(p, name->text);
    if (named && (named->kind == WR_NAMED_TABLE || named->poisoned)) return named;
    static const char *const kinds[] = {"a stream", "a table", "a window", "an aggregation"};
    if (named)
        wr_plan_error(p, name->span, WEIR_ENAME, "'in' looks into tables only", "'%s' is %s, not a table",
                      name->text, kinds[named->kind]);
    else
        wr_plan_error(p, name->span, WEIR_ENAME, "'in' looks into tables: define table …",
                      "there is no table '%s'", name->text);
    return NULL;
}

/* The probe's condition sees what comes in here (not what is selected), and the table by its name only. */
static bool probe_scope(wr_planner *p, const wr_scope *s, const wr_named *table, wr_span span,
                        wr_scope *out) {
    if (s->never_probes) {
        wr_plan_error(p, span, WEIR_ETYPE, "filter the stream in a query before the pattern",
                      "'in' can't be used in %s", s->place);
        return false;
    }
    if (!s->probes || s->n_inputs == WR_SCOPE_INPUTS) {
        wr_plan_error(p, span, WEIR_EUNSUPPORTED, NULL, "weir does not run 'in' in %s yet", s->place);
        return false;
    }
    *out = *s;
    out->place = "the condition of an 'in'";
    out->aggs = NULL;
    out->probes = NULL;
    out->outputs = NULL;
    out->outs = NULL;
    out->outputs_only = false;
    out->inputs[out->n_inputs++] = (wr_scope_input){.id = table->name,
                                                    .schema = table->schema,
                                                    .base = s->n_columns,
                                                    .poisoned = table->poisoned,
                                                    .qualified_only = true};
    out->n_columns += table->schema.n_attrs;
    return true;
}

static bool add_lookup(wr_planner *p, wr_probe_list *list, const wr_plan_lookup *lookup) {
    if (list->n == list->cap) {
        uint32_t cap = list->cap ? list->cap * 2 : 2;
        wr_plan_lookup *bigger = WR_PLAN_ARRAY(p, cap, wr_plan_lookup);
        if (!bigger) return false;
        if (list->n) memcpy(bigger, list->lookups, list->n * sizeof *bigger);
        list->lookups = bigger;
        list->cap = cap;
    }
    list->lookups[list->n++] = *lookup;
    return true;
}

/* Siddhi takes any type for the condition; what is no bool fails once a row of the table is looked at. */
static wr_expr *as_condition(wr_planner *p, wr_expr *e) {
    if (!e || e->type == WEIR_BOOL) return wr_expr_plain(p, e, WEIR_BOOL, true);
    return wr_expr_plain(p, wr_expr_box(p, e, WEIR_OBJECT), WEIR_BOOL, true);
}

wr_expr *wr_type_in(wr_planner *p, wr_scope *s, const wr_ast_expr *e) {
    wr_named *table = find_table(p, &e->as.in.table);
    wr_scope inner;
    if (!table || !probe_scope(p, s, table, e->span, &inner)) return NULL;
    wr_expr *condition = as_condition(p, wr_type_expr(p, &inner, e->as.in.left));
    wr_plan_lookup lookup;
    if (!condition || table->poisoned) return NULL;
    if (!wr_make_lookup(p, condition, s->n_columns, table->index, p->is_on_demand, &lookup)) return NULL;
    if (!add_lookup(p, s->probes, &lookup)) return NULL;
    wr_expr *made = wr_expr_slot(p, WR_EXPR_PROBE, s->probes->n - 1, WEIR_BOOL, e->span);
    if (!made) return NULL;
    made->can_fail = lookup.residual && lookup.residual->can_fail;
    made->needs_clock = condition->needs_clock;
    return made;
}
