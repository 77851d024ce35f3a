#include "plan/window.h"

#include <stdio.h>
#include <string.h>

#include "lang/suggest.h"
#include "plan/condition.h"
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

/* ---- Expression windows -----------------------------------------------------------------------------------
 */

static bool is_expression_window(const weir_window_type *type) {
    return !*type->ns &&
           (strcmp(type->name, "expression") == 0 || strcmp(type->name, "expressionBatch") == 0);
}

/* A text that is an attribute is compiled when it comes. */
static bool plan_condition(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                           wr_plan_window *out) {
    if (!out->args.args[0].is_attribute) return wr_plan_condition(p, call->args[0], input, &out->condition);
    out->condition_scope = WR_PLAN_NEW(p, wr_condition_scope);
    if (!out->condition_scope) return false;
    *out->condition_scope =
        (wr_condition_scope){.registry = p->registry, .id = input->id, .alias = input->alias};
    return true;
}

/* ---- Arguments --------------------------------------------------------------------------------------------
 */

static bool refuse_computed(wr_planner *p, const wr_ast_call *call, const weir_arg *arg,
                            const weir_window_type *type) {
    weir_error err = {.code = WEIR_ETYPE, .begin = arg->begin, .end = arg->end};
    snprintf(err.message, sizeof err.message, "an argument of window %s() must be a constant or an attribute",
             type->name);
    wr_plan_check_error(p, call, &err, type->params);
    return false;
}

/* An argument that is neither a constant nor an attribute becomes a column behind those of the input. */
static bool take_computed(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                          wr_typed_args *args, const weir_window_type *type, wr_window_columns *computed) {
    uint32_t n_attrs = input->schema.n_attrs;
    if (computed) {
        computed->exprs = WR_PLAN_ARRAY(p, args->n, wr_expr *);
        computed->names = WR_PLAN_ARRAY(p, args->n, const char *);
    }
    for (uint32_t i = 0; i < args->n; i++) {
        weir_arg *arg = &args->info[i];
        if (arg->is_const || arg->is_attribute) continue;
        if (!computed || !type->computes_args) return refuse_computed(p, call, arg, type);
        wr_expr *e = args->exprs[i];
        if (e->boxed) e = wr_expr_plain(p, e, e->type, true);
        const char *name = wr_plan_text(p, (wr_span){arg->begin, arg->end});
        if (!computed->exprs || !computed->names || !e || !name) return false;
        arg->is_attribute = true;
        arg->column = n_attrs + computed->n;
        computed->names[computed->n] = name;
        computed->exprs[computed->n++] = e;
    }
    return true;
}

bool wr_plan_window_call(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                         wr_plan_window *out, wr_window_columns *computed) {
    *out = (wr_plan_window){0};
    if (computed) *computed = (wr_window_columns){0};
    const char *ns = call->ns.text ? call->ns.text : "";
    wr_scope scope;
    wr_scope_init(&scope, "the arguments of a window", input);
    wr_typed_args args = wr_type_args(p, &scope, call);
    out->type = wr_registry_find_window(p->registry, ns, call->name.text);
    wr_needed needed = out->type ? WR_NEEDED_NONE : wr_plan_need(p, WR_MODULE_WINDOW, call);
    if (needed == WR_NEEDED_UNUSABLE) return false;
    if (needed == WR_NEEDED_OPEN) out->type = wr_registry_find_window(p->registry, ns, call->name.text);
    if (!out->type) {
        unknown_window(p, call, ns);
        return false;
    }
    if (!args.ok || !take_computed(p, call, input, &args, out->type, computed)) return false;
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

bool wr_plan_names_processor(wr_planner *p, const wr_ast_call *call) {
    const weir_window_type *type =
        wr_registry_find_window(p->registry, call->ns.text ? call->ns.text : "", call->name.text);
    return type && type->is_processor;
}

bool wr_plan_refuse_processor(wr_planner *p, const wr_ast_call *call) {
    if (!wr_plan_names_processor(p, call)) return false;
    const char *ns = call->ns.text ? call->ns.text : "", *colon = *ns ? ":" : "";
    char hint[128];
    snprintf(hint, sizeof hint, "it stands without 'window.': #%s%s%s(…)", ns, colon, call->name.text);
    wr_plan_error(p, call->name.span, WEIR_ENAME, hint, "'%s%s%s' is a stream processor, not a window", ns,
                  colon, call->name.text);
    return true;
}
