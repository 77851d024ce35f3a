#include "plan/window.h"

#include <stdio.h>
#include <string.h>

#include "lang/parser.h"
#include "lang/suggest.h"
#include "plan/typing.h"

/* ---- Lookup -----------------------------------------------------------------------------------------------
 */

static void unknown_window(wr_planner *p, const wr_ast_call *call, const char *ns) {
    char hint[128];
    wr_suggest suggest;
    wr_suggest_init(&suggest, call->name.text);
    for (uint32_t i = 0; i < wr_registry_n_windows(p->registry); i++) {
        const weir_window_type *t = wr_registry_window(p->registry, i);
        if (strcmp(t->ns, ns) == 0) wr_suggest_offer(&suggest, t->name);
    }
    wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, call->name.span, WEIR_ENAME, hint, "there is no window '%s%s%s'", ns, *ns ? ":" : "",
                  call->name.text);
}

/* ---- The condition of an expression window ----------------------------------------------------------------
 */

/* The text of a string constant, parsed where it stands: spans of the tree are moved by p->span_base. */
static wr_ast_expr *parse_condition(wr_planner *p, const wr_ast_expr *text) {
    const wr_ast_const *c = &text->as.constant;
    uint32_t quote = c->quote == 't' ? 3 : 1;
    wr_source source = {0};
    wr_diag diags;
    wr_ast_expr *tree = NULL;
    wr_diag_init(&diags, 0);
    weir_error err = {0};
    weir_status st = wr_source_init(&source, "expression", c->as.s.text, c->as.s.len, &err);
    if (st == WEIR_OK) st = wr_parse_expression(&source, p->arena, &tree, &diags);
    p->span_base = text->span.begin + quote;
    for (uint32_t i = 0; i < diags.n; i++) {
        const weir_error *e = &diags.list[i];
        wr_plan_error(p, (wr_span){e->begin, e->end}, e->code, e->hint, "%s", e->message);
    }
    if (st != WEIR_OK && diags.n == 0) {
        if (st == WEIR_ENOMEM) p->out_of_memory = true;
        wr_plan_error(p, (wr_span){0, c->as.s.len}, st, err.hint, "%s",
                      err.message[0] ? err.message : weir_status_text(st));
    }
    wr_diag_fini(&diags);
    wr_source_fini(&source);
    return st == WEIR_OK ? tree : NULL;
}

/* The event, the oldest and the newest held event, each with all columns; see plan.h. */
static void condition_scope(const wr_scope_input *input, wr_agg_list *aggs, wr_scope *s) {
    uint32_t n = input->schema.n_attrs;
    wr_scope_init(s, "the condition of a window", input);
    s->aggs = aggs;
    static const char *const ends[] = {"first", "last"};
    for (uint32_t i = 0; i < 2; i++)
        s->inputs[i + 1] = (wr_scope_input){.id = ends[i],
                                            .schema = input->schema,
                                            .base = n * (i + 1),
                                            .poisoned = input->poisoned,
                                            .qualified_only = true};
    s->n_inputs = 3;
    s->has_ends = true;
    s->n_ends = 3 * n;
}

static bool is_own_column(const wr_expr *e, void *limit) {
    return e->kind != WR_EXPR_COLUMN || e->u.column < *(const uint32_t *)limit;
}

static bool aggregates_own_columns(wr_planner *p, const wr_agg_list *aggs, uint32_t n) {
    for (uint32_t i = 0; i < aggs->n; i++)
        for (uint32_t a = 0; a < aggs->slots[i].n_args; a++) {
            const wr_expr *arg = aggs->slots[i].args[a];
            if (wr_expr_walk(arg, is_own_column, &n)) continue;
            wr_span span = {arg->begin - p->span_base, arg->end - p->span_base};
            wr_plan_unsupported(p, span, "an aggregate of 'first' or 'last'");
            return false;
        }
    return true;
}

static bool type_condition(wr_planner *p, const wr_ast_expr *tree, const wr_scope_input *input,
                           wr_plan_window *out) {
    wr_agg_list aggs = {0};
    wr_scope scope;
    condition_scope(input, &aggs, &scope);
    out->condition = wr_type_condition(p, &scope, tree, "the condition of a window");
    out->condition_aggs = aggs.slots;
    out->n_condition_aggs = aggs.n;
    return out->condition && aggregates_own_columns(p, &aggs, input->schema.n_attrs);
}

static bool is_expression_window(const weir_window_type *type) {
    return !*type->ns &&
           (strcmp(type->name, "expression") == 0 || strcmp(type->name, "expressionBatch") == 0);
}

static bool plan_condition(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                           wr_plan_window *out) {
    const wr_ast_expr *text = call->args[0];
    if (text->kind != WR_AST_CONST) {
        wr_plan_unsupported(p, text->span, "an expression window whose text is an attribute");
        return false;
    }
    uint32_t base = p->span_base;
    wr_ast_expr *tree = parse_condition(p, text);
    bool ok = tree && type_condition(p, tree, input, out);
    p->span_base = base;
    return ok;
}

/* ---- Arguments --------------------------------------------------------------------------------------------
 */

/* Windows take constants and attributes, nothing that would have to be computed. */
static bool args_are_simple(wr_planner *p, const wr_ast_call *call, const wr_typed_args *args,
                            const weir_window_type *type) {
    for (uint32_t i = 0; i < args->n; i++) {
        if (args->info[i].is_const || args->info[i].is_attribute) continue;
        weir_error err = {.code = WEIR_ETYPE, .begin = args->info[i].begin, .end = args->info[i].end};
        snprintf(err.message, sizeof err.message,
                 "an argument of window %s() must be a constant or an attribute", type->name);
        wr_plan_check_error(p, call, &err, type->params);
        return false;
    }
    return true;
}

bool wr_plan_window_call(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                         wr_plan_window *out) {
    *out = (wr_plan_window){0};
    const char *ns = call->ns.text ? call->ns.text : "";
    wr_scope scope;
    wr_scope_init(&scope, "the arguments of a window", input);
    wr_typed_args args = wr_type_args(p, &scope, call);
    out->type = wr_registry_find_window(p->registry, ns, call->name.text);
    if (!out->type) {
        unknown_window(p, call, ns);
        return false;
    }
    if (!args.ok || !args_are_simple(p, call, &args, out->type)) return false;
    weir_error err = {0};
    if (out->type->check(args.info, args.n, &err) != WEIR_OK) {
        wr_plan_check_error(p, call, &err, out->type->params);
        return false;
    }
    out->args.args = args.info;
    out->args.n_args = args.n;
    out->args.n_cols = input->schema.n_attrs;
    return !is_expression_window(out->type) || args.n == 0 || plan_condition(p, call, input, out);
}
