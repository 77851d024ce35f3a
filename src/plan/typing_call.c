/* typing_call.c: calls of functions and aggregates: lookup, overloads, arguments. */
#include <stdio.h>
#include <string.h>

#include "lang/suggest.h"
#include "plan/state_scope.h"
#include "plan/typing.h"

/* ---- Arguments --------------------------------------------------------------------------------------------
 */

static weir_arg arg_info(const wr_planner *p, const wr_expr *e, wr_span span, bool is_time) {
    weir_arg info = {.type = e->type, .begin = span.begin + p->span_base, .end = span.end + p->span_base};
    if (e->kind == WR_EXPR_CONST) {
        info.is_const = true;
        info.is_time = is_time;
        info.value = e->u.constant;
    } else if (e->kind == WR_EXPR_COLUMN) {
        info.is_attribute = true;
        info.column = e->u.column;
    }
    return info;
}

/* One of f(*), by its bare name: what two of the inputs have is nobody's, and in having it is what is
 * selected. */
static void star_arg(wr_planner *p, const wr_scope *s, const wr_attr *attr, wr_span span,
                     wr_typed_args *out) {
    const wr_ast_expr name = {
        .kind = WR_AST_REF, .span = span, .as.ref.attr = {.text = attr->name, .span = span}};
    wr_expr *e = attr->type == WEIR_NONE ? NULL : wr_scope_resolve(p, s, &name);
    out->ok &= e != NULL;
    if (!e) return;
    out->exprs[out->n] = e;
    out->info[out->n++] = arg_info(p, e, span, false);
}

/* f(*): all attributes of the inputs. */
static void star_args(wr_planner *p, const wr_scope *s, wr_span span, wr_typed_args *out) {
    for (uint32_t i = 0; i < s->n_inputs && !s->inputs[i].qualified_only; i++) {
        const wr_scope_input *input = &s->inputs[i];
        out->ok &= !input->poisoned;
        for (uint32_t a = 0; a < input->schema.n_attrs; a++)
            star_arg(p, s, &input->schema.attrs[a], span, out);
    }
}

/* The same of the items of a pattern, of each its first event. */
static void star_events(wr_planner *p, const wr_scope *s, wr_span span, wr_typed_args *out) {
    for (uint32_t i = 0; i < s->states->n_names; i++) {
        out->ok &= !s->states->names[i].poisoned;
        for (uint32_t a = 0; a < s->states->names[i].schema.n_attrs; a++)
            star_arg(p, s, &s->states->names[i].schema.attrs[a], span, out);
    }
}

void wr_type_arg(wr_planner *p, wr_scope *s, const wr_ast_call *call, uint32_t i, wr_typed_args *out) {
    const wr_ast_expr *arg = call->args[i];
    wr_expr *e = wr_type_expr(p, s, arg);
    out->exprs[i] = e;
    out->ok &= e != NULL;
    if (e) out->info[i] = arg_info(p, e, arg->span, arg->kind == WR_AST_CONST && arg->as.constant.is_time);
}

wr_typed_args wr_type_args(wr_planner *p, wr_scope *s, const wr_ast_call *call) {
    wr_typed_args out = {.ok = true};
    uint32_t n = call->n_args;
    if (call->star) n = s->states ? wr_state_n_attrs(s) : s->n_columns;
    out.exprs = WR_PLAN_ARRAY(p, n, wr_expr *);
    out.info = WR_PLAN_ARRAY(p, n, weir_arg);
    if (!out.exprs || !out.info) {
        out.ok = false;
        return out;
    }
    if (call->star && s->states) star_events(p, s, call->span, &out);
    if (call->star) star_args(p, s, call->span, &out);
    for (uint32_t i = 0; i < call->n_args; i++) wr_type_arg(p, s, call, i, &out);
    if (!call->star) out.n = call->n_args;
    return out;
}

/* ---- Functions --------------------------------------------------------------------------------------------
 */

static bool unbox_args(wr_planner *p, const weir_function_type *type, wr_typed_args *args) {
    for (uint32_t i = 0; i < args->n && !type->takes_boxed; i++) {
        wr_expr *e = args->exprs[i];
        if (!e->boxed) continue;
        args->exprs[i] = wr_expr_plain(p, e, e->type, true);
        if (!args->exprs[i]) return false;
        args->info[i].is_attribute = false;
    }
    return true;
}

static void call_flags(wr_expr *e) {
    const weir_function_type *type = e->u.call.function;
    e->nullable = true;
    e->can_fail = type->can_fail;
    e->needs_clock = type->needs_clock;
    for (uint32_t i = 0; i < e->u.call.n_args; i++) {
        e->can_fail |= e->u.call.args[i]->can_fail;
        e->needs_clock |= e->u.call.args[i]->needs_clock;
        e->boxed |= e->u.call.args[i]->boxed && e->u.call.args[i]->type == e->type;
    }
}

wr_expr *wr_make_call(wr_planner *p, const weir_function_type *type, const wr_typed_args *args,
                      weir_type result, wr_span span) {
    weir_value none = {.type = result};
    wr_expr *made = wr_expr_const(p, &none, span);
    if (!made) return NULL;
    made->kind = WR_EXPR_CALL;
    memset(&made->u, 0, sizeof made->u);
    made->u.call.function = type;
    made->u.call.arg_info = args->info;
    made->u.call.args = args->exprs;
    made->u.call.n_args = args->n;
    call_flags(made);
    return result == WEIR_BOOL ? wr_expr_null_false(p, wr_expr_plain(p, made, WEIR_BOOL, true)) : made;
}

static wr_expr *type_function(wr_planner *p, wr_scope *s, const wr_ast_expr *e,
                              const weir_function_type *type) {
    wr_typed_args args = wr_type_args(p, s, &e->as.call);
    if (!args.ok || !unbox_args(p, type, &args)) return NULL;
    weir_error err = {0};
    weir_type result = WEIR_NONE;
    if (type->check(args.info, args.n, &result, &err) == WEIR_OK)
        return wr_make_call(p, type, &args, result, e->span);
    wr_plan_check_error(p, &e->as.call, &err, type->params);
    return NULL;
}

/* ---- Aggregates -------------------------------------------------------------------------------------------
 */

static bool slots_equal(const wr_agg_slot *a, const wr_agg_slot *b) {
    if (a->type != b->type || a->n_args != b->n_args || !wr_expr_equal(a->when, b->when)) return false;
    for (uint32_t i = 0; i < a->n_args; i++)
        if (!wr_expr_equal(a->args[i], b->args[i])) return false;
    return true;
}

/* The slot's number, or UINT32_MAX when memory is out. */
static uint32_t add_slot(wr_planner *p, wr_agg_list *list, const wr_agg_slot *slot) {
    for (uint32_t i = 0; i < list->n; i++)
        if (slots_equal(&list->slots[i], slot)) return i;
    if (list->n == list->cap) {
        uint32_t cap = list->cap ? list->cap * 2 : 4;
        wr_agg_slot *bigger = WR_PLAN_ARRAY(p, cap, wr_agg_slot);
        if (!bigger) return UINT32_MAX;
        if (list->n) memcpy(bigger, list->slots, list->n * sizeof *bigger);
        list->slots = bigger;
        list->cap = cap;
    }
    list->slots[list->n] = *slot;
    return list->n++;
}

/* An aggregate in having names selected columns; it runs over the operator's input all the same, so these
 * are replaced by what makes them. */
static bool bring_to_input(wr_planner *p, const wr_scope *s, const weir_aggregator_type *type,
                           wr_typed_args *args) {
    for (uint32_t i = 0; i < args->n; i++) {
        wr_expr *e = args->exprs[i];
        if (wr_expr_has_kind(e, WR_EXPR_OUTPUT)) e = wr_expr_inline_outputs(p, e, s->outs);
        if (!e) return false;
        /* Mis-cast values fail in aggregates as they do in functions. */
        args->exprs[i] = e->boxed && !type->takes_boxed ? wr_expr_plain(p, e, e->type, true) : e;
        if (!args->exprs[i]) return false;
    }
    return true;
}

/* An aggregate takes in the rows it is asked about (as in Siddhi). In having that may hang on selected
 * columns.
 */
static wr_expr *when_asked(wr_planner *p, const wr_scope *s) {
    bool names_outputs = s->when && wr_expr_has_kind(s->when, WR_EXPR_OUTPUT);
    return names_outputs ? wr_expr_inline_outputs(p, s->when, s->outs) : s->when;
}

wr_expr *wr_type_aggregate(wr_planner *p, wr_scope *s, const wr_ast_expr *e,
                           const weir_aggregator_type *type) {
    const wr_ast_call *call = &e->as.call;
    if (!s->aggs) {
        wr_plan_error(p, e->span, WEIR_EUNSUPPORTED, NULL, "the aggregate %s() can't be used in %s",
                      type->name, s->place);
        return NULL;
    }
    wr_typed_args args = wr_type_args(p, s, call);
    if (!args.ok || !bring_to_input(p, s, type, &args)) return NULL;
    wr_agg_slot slot = {
        .type = type, .arg_info = args.info, .args = args.exprs, .n_args = args.n, .when = when_asked(p, s)};
    if (s->when && !slot.when) return NULL;
    weir_error err = {0};
    if (type->check(args.info, args.n, &slot.result, &err) != WEIR_OK) {
        wr_plan_check_error(p, call, &err, type->params);
        return NULL;
    }
    uint32_t n = add_slot(p, s->aggs, &slot);
    return n == UINT32_MAX ? NULL : wr_expr_slot(p, WR_EXPR_AGG, n, slot.result, e->span);
}

/* ---- Lookup -----------------------------------------------------------------------------------------------
 */

static const wr_script *find_script(const wr_planner *p, const wr_ast_call *call) {
    for (uint32_t i = 0; !call->ns.text && i < p->n_scripts; i++)
        if (strcmp(p->scripts[i].name, call->name.text) == 0) return &p->scripts[i];
    return NULL;
}

static void offer_functions(const wr_planner *p, wr_suggest *suggest, const char *ns) {
    for (uint32_t i = 0; i < wr_registry_n_functions(p->registry); i++) {
        const weir_function_type *t = wr_registry_function(p->registry, i);
        if (strcmp(t->ns, ns) == 0) wr_suggest_offer(suggest, t->name);
    }
    for (uint32_t i = 0; i < wr_registry_n_aggregators(p->registry); i++) {
        const weir_aggregator_type *t = wr_registry_aggregator(p->registry, i);
        if (strcmp(t->ns, ns) == 0) wr_suggest_offer(suggest, t->name);
    }
    static const char *const forms[] = {"cast", "ifThenElse", "eventTimestamp"};
    for (uint32_t i = 0; !*ns && i < WR_COUNT(forms); i++) wr_suggest_offer(suggest, forms[i]);
}

/* Functions of Siddhi's extensions that mean nothing here: why, and what to write instead. */
static const char *why_absent(const char *ns, const char *name) {
    static const struct {
        const char *ns, *name, *why;
    } absent[] = {
        {"env", "getEnvironmentProperty",
         "there is no Java machine to have properties; write ${name}, or env:getSystemProperty('NAME')"},
        {"env", "getYAMLProperty", "write ${name}: weir run --config FILE has properties"},
        {"env", "getUserAgentProperty",
         "it needs a table of all browsers; take the text apart with regex: or a function of your own"}};
    for (uint32_t i = 0; i < WR_COUNT(absent); i++)
        if (!strcmp(absent[i].ns, ns) && !strcmp(absent[i].name, name)) return absent[i].why;
    return NULL;
}

static void unknown_function(wr_planner *p, const wr_ast_call *call, const char *ns) {
    char hint[128] = "";
    wr_suggest suggest;
    const char *why = why_absent(ns, call->name.text);
    if (why) snprintf(hint, sizeof hint, "%s", why);
    wr_suggest_init(&suggest, call->name.text);
    offer_functions(p, &suggest, ns);
    if (!why) wr_suggest_hint(&suggest, hint, sizeof hint);
    if (!hint[0] && wr_registry_find_window(p->registry, ns, call->name.text))
        snprintf(hint, sizeof hint, "%s is a window: write #window.%s(…) after the stream", call->name.text,
                 call->name.text);
    wr_span span = {call->ns.text ? call->ns.span.begin : call->name.span.begin, call->name.span.end};
    wr_plan_error(p, span, WEIR_ENAME, hint, "there is no function '%s%s%s'", ns, *ns ? ":" : "",
                  call->name.text);
}

typedef struct found_call { /* at most one of them */
    const weir_function_type *function;
    const weir_aggregator_type *aggregator;
} found_call;

static found_call find_call(const wr_planner *p, const char *ns, const char *name) {
    found_call found = {.function = wr_registry_find_function(p->registry, ns, name)};
    if (!found.function) found.aggregator = wr_registry_find_aggregator(p->registry, ns, name);
    return found;
}

/* The script's text, type and name as constants, then the call's arguments. */
static bool script_args(wr_planner *p, const wr_script *script, wr_span span, wr_typed_args *args) {
    wr_typed_args all = {.ok = true, .n = args->n + 3};
    all.exprs = WR_PLAN_ARRAY(p, all.n, wr_expr *);
    all.info = WR_PLAN_ARRAY(p, all.n, weir_arg);
    if (!all.exprs || !all.info) return false;
    for (uint32_t i = 0; i < 3; i++) {
        all.info[i] = script->head[i];
        all.exprs[i] = wr_expr_const(p, &script->head[i].value, span);
        if (!all.exprs[i]) return false;
    }
    for (uint32_t i = 0; i < args->n; i++) {
        all.info[i + 3] = args->info[i];
        all.exprs[i + 3] = args->exprs[i];
    }
    *args = all;
    return true;
}

static wr_expr *type_script(wr_planner *p, wr_scope *s, const wr_ast_expr *e, const wr_script *script) {
    wr_typed_args args = wr_type_args(p, s, &e->as.call);
    weir_value null = {.type = script->type, .is_null = true};
    if (!script->function) return wr_expr_const(p, &null, e->span); /* refused where it is defined */
    if (!args.ok || !unbox_args(p, script->function, &args)) return NULL;
    if (!script_args(p, script, e->span, &args)) return NULL;
    return wr_make_call(p, script->function, &args, script->type, e->span);
}

wr_expr *wr_type_call(wr_planner *p, wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_call *call = &e->as.call;
    const char *ns = call->ns.text ? call->ns.text : "";
    const wr_script *script = find_script(p, call);
    if (script) return type_script(p, s, e, script);
    bool handled;
    wr_expr *special = wr_type_special(p, s, e, &handled);
    if (handled) return special;
    found_call found = find_call(p, ns, call->name.text);
    wr_needed needed = found.function || found.aggregator
                           ? WR_NEEDED_NONE
                           : wr_plan_need(p, WR_MODULE_FUNCTION | WR_MODULE_AGGREGATOR, call);
    if (needed == WR_NEEDED_OPEN) found = find_call(p, ns, call->name.text);
    if (found.function) return type_function(p, s, e, found.function);
    if (found.aggregator) return wr_type_aggregate(p, s, e, found.aggregator);
    if (needed != WR_NEEDED_UNUSABLE) unknown_function(p, call, ns);
    wr_type_args(p, s, call);
    return NULL;
}
