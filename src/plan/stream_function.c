/* stream_function.c: stream functions: lookup, arguments, and the attributes that they add. */
#include <string.h>

#include "lang/suggest.h"
#include "plan/query.h"
#include "plan/typing.h"

/* ---- Lookup -----------------------------------------------------------------------------------------------
 */

static void unknown(wr_planner *p, const wr_ast_call *call, const char *ns) {
    char hint[128];
    wr_suggest suggest;
    wr_suggest_init(&suggest, call->name.text);
    for (uint32_t i = 0; i < wr_registry_n_stream_functions(p->registry); i++) {
        const weir_stream_function_type *t = wr_registry_stream_function(p->registry, i);
        if (strcmp(t->ns, ns) == 0) wr_suggest_offer(&suggest, t->name);
    }
    for (uint32_t i = 0; i < wr_registry_n_windows(p->registry); i++) {
        const weir_window_type *t = wr_registry_window(p->registry, i);
        if (t->is_processor && strcmp(t->ns, ns) == 0) wr_suggest_offer(&suggest, t->name);
    }
    wr_suggest_hint(&suggest, hint, sizeof hint);
    if (wr_registry_find_window(p->registry, ns, call->name.text))
        strcpy(hint, "a window is written #window.name(…)");
    wr_span span = {call->ns.text ? call->ns.span.begin : call->name.span.begin, call->name.span.end};
    wr_plan_error(p, span, WEIR_ENAME, hint, "there is no stream function '%s%s%s'", ns, *ns ? ":" : "",
                  call->name.text);
}

/* ---- Arguments and attributes -----------------------------------------------------------------------------
 */

/* Mis-cast values fail in stream functions as they do in functions. */
static bool unbox_args(wr_planner *p, wr_typed_args *args) {
    for (uint32_t i = 0; i < args->n; i++) {
        wr_expr *e = args->exprs[i];
        if (!e->boxed) continue;
        args->exprs[i] = wr_expr_plain(p, e, e->type, true);
        if (!args->exprs[i]) return false;
        args->info[i].is_attribute = false;
    }
    return true;
}

/* The input's attributes and those added; false (told) when a name is there already. */
static bool add_attributes(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                           const weir_stream_added *added, uint32_t n_added, wr_schema *out) {
    uint32_t n = input->schema.n_attrs;
    wr_attr *attrs = WR_PLAN_ARRAY(p, (size_t)n + n_added, wr_attr);
    if (!attrs) return false;
    if (n) memcpy(attrs, input->schema.attrs, n * sizeof *attrs);
    for (uint32_t i = 0; i < n_added; i++) {
        attrs[n + i] = (wr_attr){.name = added[i].name, .type = added[i].type};
        if (wr_schema_find(&input->schema, added[i].name) == WR_NO_COLUMN) continue;
        wr_plan_error(p, call->span, WEIR_ENAME, "rename it in a query before this one",
                      "#%s adds '%s', but '%s' has an attribute of that name", call->name.text, added[i].name,
                      input->id);
        return false;
    }
    *out = (wr_schema){n + n_added, attrs};
    return true;
}

/* The function with its arguments, and what it makes of the input's attributes; false: told. */
static bool type_function(wr_build *b, const wr_ast_call *call, const wr_scope_input *input,
                          wr_plan_function *f, wr_schema *out) {
    const char *ns = call->ns.text ? call->ns.text : "";
    wr_scope scope;
    wr_scope_init(&scope, "the arguments of a stream function", input);
    const weir_stream_function_type *type =
        wr_registry_find_stream_function(b->p->registry, ns, call->name.text);
    wr_needed needed = type ? WR_NEEDED_NONE : wr_plan_need(b->p, WR_MODULE_STREAM_FUNCTION, call);
    if (needed == WR_NEEDED_UNUSABLE) return false;
    if (needed == WR_NEEDED_OPEN)
        type = wr_registry_find_stream_function(b->p->registry, ns, call->name.text);
    if (!type) {
        unknown(b->p, call, ns);
        return false;
    }
    wr_typed_args args = wr_type_args(b->p, &scope, call);
    if (!args.ok || !unbox_args(b->p, &args)) return false;
    weir_error err = {.code = WEIR_ETYPE};
    weir_stream_added added[WEIR_STREAM_ADDED_MAX];
    uint32_t n_added = 0;
    if (type->check(args.info, args.n, added, &n_added, &err) != WEIR_OK) {
        wr_plan_check_error(b->p, call, &err, type->params);
        return false;
    }
    *out = input->schema;
    *f = (wr_plan_function){.type = type,
                            .args = args.exprs,
                            .arg_info = args.info,
                            .n_args = args.n,
                            .app_name = b->p->plan->name};
    return !n_added || add_attributes(b->p, call, input, added, n_added, out);
}

wr_plan_op *wr_plan_stream_function(wr_build *b, const wr_ast_call *call, const wr_scope_input *input) {
    wr_plan_function function;
    wr_schema out;
    if (!type_function(b, call, input, &function, &out)) return NULL;
    wr_plan_op *op = wr_plan_new_op(b, WR_OP_FUNCTION, wr_plan_text(b->p, call->span), input->schema, out);
    if (op) op->u.function = function;
    return op;
}

bool wr_plan_step_function(wr_build *b, const wr_ast_call *call, const wr_scope_input *input,
                           wr_schema *out) {
    wr_plan_function function;
    return type_function(b, call, input, &function, out);
}
