/* select.c: the selection of a query: what comes out, grouped, tested, ordered and cut. */
#include <string.h>

#include "plan/query.h"
#include "plan/typing.h"

wr_scope wr_build_scope(wr_build *b, const char *place) {
    wr_scope s = {.place = place, .n_inputs = b->n_inputs, .aggs = &b->aggs, .probes = &b->probes};
    if (b->states) {
        s.states = b->states;
        s.state_lists = true;
        s.probes = NULL;
    }
    for (uint32_t i = 0; i < b->n_inputs; i++) {
        s.inputs[i] = b->inputs[i];
        s.n_columns += b->inputs[i].schema.n_attrs;
    }
    s.n_times = s.n_columns;
    if (b->states || b->query->n_sides < 2) return s;
    s.is_join = true;
    for (uint32_t i = 0; i < 2; i++) s.has_time[i] = b->query->side[i].kind == WR_SIDE_STREAM;
    s.n_columns += 2;
    return s;
}

/* ---- The select list --------------------------------------------------------------------------------------
 */

/* Is this name among the first n selected ones? */
static bool is_selected(const wr_build *b, const char *name, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(b->attrs[i].name, name) == 0) return true;
    return false;
}

static void add_out(wr_build *b, const char *name, wr_expr *e) {
    b->attrs[b->n_outs] = (wr_attr){name, e ? e->type : WEIR_NONE, e && e->boxed};
    b->outs[b->n_outs++] = e;
}

/* select * of a pattern: all attributes of all its items, of each the first event. */
static void select_all_events(wr_build *b, wr_span span) {
    wr_scope scope = wr_build_scope(b, "the select list");
    for (uint32_t i = 0; i < b->states->n_names; i++) {
        const wr_state_name *n = &b->states->names[i];
        b->outs_unknown |= n->poisoned;
        for (uint32_t a = 0; a < n->schema.n_attrs; a++) {
            const wr_attr *attr = &n->schema.attrs[a];
            if (is_selected(b, attr->name, b->n_outs))
                wr_plan_error(b->p, span, WEIR_ENAME, "name the columns in a select, with 'as'",
                              "two steps have a '%s'", attr->name);
            else
                add_out(b, attr->name, wr_state_first(b->p, &scope, i, a, span));
        }
    }
}

/* select *, or no select: all attributes of all inputs. */
static void select_all(wr_build *b, wr_span span) {
    if (b->states) select_all_events(b, span);
    for (uint32_t i = 0; i < b->n_inputs; i++) {
        const wr_scope_input *input = &b->inputs[i];
        uint32_t n_before = b->n_outs;
        b->outs_unknown |= input->poisoned;
        for (uint32_t a = 0; a < input->schema.n_attrs; a++) {
            const wr_attr *attr = &input->schema.attrs[a];
            bool known = attr->type != WEIR_NONE;
            if (is_selected(b, attr->name, n_before)) {
                wr_plan_error(b->p, span, WEIR_ENAME, "name the columns in a select, with 'as'",
                              "both sides of the join have a '%s'", attr->name);
                continue;
            }
            add_out(b, attr->name,
                    known ? wr_expr_column(b->p, WR_EXPR_COLUMN, input->base + a, attr, span) : NULL);
        }
    }
}

static void select_written(wr_build *b, const wr_ast_selection *ast) {
    wr_scope scope = wr_build_scope(b, "the select list");
    for (uint32_t i = 0; i < ast->n_outs; i++) {
        const wr_ast_out *out = &ast->outs[i];
        const wr_ast_name *name = out->alias.text ? &out->alias : &out->expr->as.ref.attr;
        wr_expr *e = wr_type_expr(b->p, &scope, out->expr);
        char *copy = wr_plan_strdup(b->p, name->text ? name->text : "");
        if (copy && is_selected(b, copy, b->n_outs))
            wr_plan_error(b->p, name->span, WEIR_ENAME, "give one of them another name with 'as'",
                          "'%s' is selected twice", copy);
        else if (copy)
            add_out(b, copy, e);
    }
}

void wr_plan_select_list(wr_build *b) {
    const wr_ast_selection *ast = b->ast->selection;
    wr_scope all = wr_build_scope(b, "");
    uint32_t n = ast && !ast->star ? ast->n_outs : b->states ? wr_state_n_attrs(&all) : all.n_columns;
    if (n > WR_MAX_ATTRS) {
        wr_plan_error(b->p, ast ? ast->span : b->ast->span, WEIR_ELIMIT, NULL,
                      "more than %u columns are selected", WR_MAX_ATTRS);
        b->outs_unknown = true;
        return;
    }
    b->attrs = WR_PLAN_ARRAY(b->p, n, wr_attr);
    b->outs = WR_PLAN_ARRAY(b->p, n, wr_expr *);
    if (!b->attrs || !b->outs) return;
    if (ast && !ast->star)
        select_written(b, ast);
    else
        select_all(b, ast ? ast->span : b->ast->output->span);
}

/* ---- Group by, having, order by ---------------------------------------------------------------------------
 */

static void plan_group_by(wr_build *b, const wr_ast_selection *ast, wr_plan_select *select) {
    wr_scope scope = wr_build_scope(b, "group by");
    select->keys = WR_PLAN_ARRAY(b->p, ast->n_group_by, wr_expr *);
    for (uint32_t i = 0; select->keys && i < ast->n_group_by; i++) {
        wr_expr *key = wr_scope_resolve(b->p, &scope, ast->group_by[i]);
        if (key) select->keys[select->n_keys++] = key;
    }
}

/* The scope of having and order by: selected names first; after a join, its inputs too. */
static wr_scope output_scope(wr_build *b, const char *place, const wr_schema *outputs) {
    wr_scope scope = wr_build_scope(b, place);
    scope.outputs = outputs;
    scope.outs = b->outs;
    scope.outputs_only = b->n_inputs == 1 && !b->sees_inputs;
    scope.probes = NULL;
    scope.state_lists = false;
    /* Nothing is known to be missing where the selected names are unknown. */
    for (uint32_t i = 0; i < scope.n_inputs; i++) scope.inputs[i].poisoned |= b->outs_unknown;
    return scope;
}

static void plan_having(wr_build *b, const wr_ast_expr *ast, const wr_schema *outputs,
                        wr_plan_select *select) {
    wr_scope scope = output_scope(b, "having", outputs);
    if (scope.outputs_only)
        scope.probes = &b->probes; /* after a join Siddhi takes it too, but it always fails */
    wr_expr *e = wr_type_condition(b->p, &scope, ast, "having");
    if (!e) return;
    if (ast->kind == WR_AST_REF || ast->kind == WR_AST_CONST || e->kind == WR_EXPR_AGG) {
        wr_plan_error(b->p, ast->span, WEIR_ETYPE, "write 'having b == true'",
                      "having needs a condition, not a bare bool");
        return;
    }
    select->having = e;
}

static void plan_order_by(wr_build *b, const wr_ast_selection *ast, const wr_schema *outputs,
                          wr_plan_select *select) {
    wr_scope scope = output_scope(b, "order by", outputs);
    scope.aggs = NULL;
    select->order = WR_PLAN_ARRAY(b->p, ast->n_order_by, wr_order);
    for (uint32_t i = 0; select->order && i < ast->n_order_by; i++) {
        wr_expr *key = wr_scope_resolve(b->p, &scope, ast->order_by[i].ref);
        if (key && key->boxed) key = wr_expr_plain(b->p, key, key->type, false);
        if (key) select->order[select->n_order++] = (wr_order){key, ast->order_by[i].descending};
    }
}

/* ---- Limit and offset -------------------------------------------------------------------------------------
 */

static int64_t plan_count(wr_build *b, const wr_ast_expr *ast, const char *what, int64_t none) {
    if (!ast) return none;
    const wr_ast_const *c = &ast->as.constant;
    int64_t n = c->type == WEIR_INT ? c->as.i : c->as.l;
    if (n >= 0) return n;
    wr_plan_error(b->p, ast->span, WEIR_ETYPE, NULL, "%s can't be negative", what);
    return none;
}

/* ---- The operator -----------------------------------------------------------------------------------------
 */

static const char *select_label(wr_build *b) {
    const wr_ast_selection *ast = b->ast->selection;
    return ast ? wr_plan_text(b->p, ast->span) : wr_plan_strdup(b->p, "select *");
}

static wr_schema input_schema(wr_build *b) {
    if (b->states) wr_plan_states_finish(b);
    if (b->n_inputs == 1) return b->inputs[0].schema;
    if (b->query->merge) return b->query->merge->out;
    const wr_plan_side *side = &b->query->side[0];
    bool reads = side->n_ops && side->ops[side->n_ops - 1]->kind == WR_OP_READ;
    return reads ? side->ops[side->n_ops - 1]->out : (wr_schema){0, NULL};
}

static void plan_clauses(wr_build *b, const wr_ast_selection *ast, const wr_schema *outputs,
                         wr_plan_select *select) {
    plan_group_by(b, ast, select);
    if (ast->having) plan_having(b, ast->having, outputs, select);
    plan_order_by(b, ast, outputs, select);
    select->limit = plan_count(b, ast->limit, "limit", -1);
    select->offset = plan_count(b, ast->offset, "offset", 0);
}

void wr_plan_select_rest(wr_build *b) {
    wr_schema outputs = {b->n_outs, b->attrs};
    wr_plan_select select = {.outs = b->outs, .limit = -1};
    if (b->ast->selection) plan_clauses(b, b->ast->selection, &outputs, &select);
    select.aggs = b->aggs.slots;
    select.n_aggs = b->aggs.n;
    select.probes = b->probes.lookups;
    select.n_probes = b->probes.n;
    select.chunk_mode = select.n_keys   ? WR_CHUNK_LAST_PER_GROUP
                        : select.n_aggs ? WR_CHUNK_LAST
                                        : WR_CHUNK_ROWS;
    wr_ast_events events = b->ast->output->events;
    select.wants_current = events != WR_EVENTS_EXPIRED;
    select.wants_expired = events == WR_EVENTS_EXPIRED || events == WR_EVENTS_ALL;
    wr_plan_op *op = wr_plan_new_op(b, WR_OP_SELECT, select_label(b), input_schema(b), outputs);
    b->query->select = op;
    if (op) op->u.select = select;
}
