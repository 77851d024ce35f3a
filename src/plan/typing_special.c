/* typing_special.c: the functions that the plan turns into forms of its own: cast only labels a value anew,
 * ifThenElse computes one branch, eventTimestamp reads the row. Their rows in the registry, if it has them,
 * serve the reference; what they accept is decided here. */
#include <string.h>
#include <strings.h>

#include "plan/state_scope.h"
#include "plan/typing.h"

static const weir_param_doc cast_params[] = {
    {"cast(<any> value, <string> type)", "the type is a constant: 'int', 'long', …"}, {NULL, NULL}};
static const weir_param_doc if_params[] = {
    {"ifThenElse(<bool> condition, <any> then, <any> else)", "both branches have one type"}, {NULL, NULL}};
static const weir_param_doc timestamp_params[] = {{"eventTimestamp()", "of the event"}, {NULL, NULL}};

static void refuse(wr_planner *p, const wr_ast_call *call, wr_span at, const weir_param_doc *params,
                   const char *message) {
    weir_error err = {.code = WEIR_ETYPE, .begin = at.begin + p->span_base, .end = at.end + p->span_base};
    strncpy(err.message, message, sizeof err.message - 1);
    wr_plan_check_error(p, call, &err, params);
}

static wr_span arg_span(const wr_ast_call *call, uint32_t i) {
    return i < call->n_args ? call->args[i]->span : call->span;
}

/* ---- cast -------------------------------------------------------------------------------------------------
 */

/* WEIR_NONE when text names no type that cast knows. */
static weir_type type_named(const weir_value *text) {
    const char *bytes = weir_string_data(&text->as.s);
    for (weir_type t = WEIR_INT; t <= WEIR_STRING; t++) {
        const char *name = weir_type_name(t);
        if (text->as.s.len == strlen(name) && strncasecmp(bytes, name, text->as.s.len) == 0) return t;
    }
    return WEIR_NONE;
}

static weir_type cast_target(wr_planner *p, const wr_ast_call *call, const wr_typed_args *args) {
    if (args->n != 2) {
        refuse(p, call, call->span, cast_params, "cast() takes a value and the name of a type");
        return WEIR_NONE;
    }
    if (!args->info[1].is_const || args->info[1].type != WEIR_STRING) {
        refuse(p, call, arg_span(call, 1), cast_params,
               "the type that cast() gives must be a constant string");
        return WEIR_NONE;
    }
    weir_type type = type_named(&args->info[1].value);
    if (type == WEIR_NONE)
        wr_plan_error(p, arg_span(call, 1), WEIR_ETYPE, "it knows int, long, float, double, bool and string",
                      "cast() knows no type of this name");
    return type;
}

/* Whether a value under another label is an int, which a cast to long widens, shows at run time only. */
static wr_expr *widen_at_run_time(wr_planner *p, const wr_typed_args *args, wr_span span) {
    const weir_function_type *cast = wr_registry_find_function(p->registry, "", "cast");
    if (!cast) return wr_expr_box(p, args->exprs[0], WEIR_LONG);
    wr_expr *made = wr_make_call(p, cast, args, WEIR_LONG, span);
    if (made) made->boxed = true;
    return made;
}

static wr_expr *make_cast(wr_planner *p, const wr_typed_args *args, weir_type type, wr_span span) {
    wr_expr *value = args->exprs[0];
    if (type == WEIR_BOOL) {
        wr_expr *strict = value->type == WEIR_BOOL && !value->boxed
                              ? value
                              : wr_expr_plain(p, wr_expr_box(p, value, WEIR_BOOL), WEIR_BOOL, true);
        return wr_expr_null_false(p, strict);
    }
    if (!value->boxed && value->type == type) return value;
    if (!value->boxed && value->type == WEIR_INT && type == WEIR_LONG)
        return wr_expr_plain(p, value, type, true);
    if (type == WEIR_LONG && (value->boxed || value->type == WEIR_OBJECT))
        return value->type == WEIR_LONG ? value : widen_at_run_time(p, args, span);
    return wr_expr_box(p, value, type);
}

static wr_expr *type_cast(wr_planner *p, wr_scope *s, const wr_ast_call *call) {
    wr_typed_args args = wr_type_args(p, s, call);
    if (!args.ok) return NULL;
    weir_type type = cast_target(p, call, &args);
    return type == WEIR_NONE ? NULL : make_cast(p, &args, type, call->span);
}

/* ---- ifThenElse -------------------------------------------------------------------------------------------
 */

static wr_expr *type_if_condition(wr_planner *p, wr_scope *s, const wr_ast_call *call, wr_typed_args *args) {
    wr_type_arg(p, s, call, 0, args);
    if (!args->ok) return NULL;
    if (args->exprs[0]->type == WEIR_BOOL) return wr_expr_plain(p, args->exprs[0], WEIR_BOOL, true);
    refuse(p, call, arg_span(call, 0), if_params, "the condition of ifThenElse() must be a bool");
    return NULL;
}

static wr_expr *type_if(wr_planner *p, wr_scope *s, const wr_ast_call *call, wr_span span) {
    if (call->star || call->n_args != 3) {
        if (wr_type_args(p, s, call).ok)
            refuse(p, call, call->span, if_params, "ifThenElse() takes a condition and two values");
        return NULL;
    }
    wr_typed_args args = {
        .exprs = WR_PLAN_ARRAY(p, 3, wr_expr *), .info = WR_PLAN_ARRAY(p, 3, weir_arg), .n = 3, .ok = true};
    if (!args.exprs || !args.info) return NULL;
    wr_expr *condition = type_if_condition(p, s, call, &args), *outer = s->when;
    for (uint32_t i = 1; i < 3; i++) {
        wr_type_narrow(p, s, condition, i == 1);
        wr_type_arg(p, s, call, i, &args);
        s->when = outer;
    }
    if (!condition || !args.ok) return NULL;
    if (args.exprs[1]->type != args.exprs[2]->type) {
        wr_plan_error(p, arg_span(call, 2), WEIR_ETYPE,
                      "both branches must have one type: convert() one of them",
                      "the branches of ifThenElse() are %s and %s", weir_type_name(args.exprs[1]->type),
                      weir_type_name(args.exprs[2]->type));
        return NULL;
    }
    wr_expr *made = wr_expr_if(p, condition, args.exprs[1], args.exprs[2], span);
    return made && made->type == WEIR_BOOL ? wr_expr_null_false(p, made) : made;
}

/* ---- eventTimestamp ---------------------------------------------------------------------------------------
 */

static wr_expr *type_end_timestamp(wr_planner *p, const wr_scope *s, const char *name, wr_span span) {
    bool is_first = strcmp(name, "first") == 0;
    wr_attr attr = {.name = name, .type = WEIR_LONG};
    return wr_expr_column(p, WR_EXPR_COLUMN, s->n_ends + (is_first ? 0 : 1), &attr, span);
}

/* Of an event of a pattern or a row of a join, whose time that is; one that isn't there fails. */
static wr_expr *type_time_of(wr_planner *p, wr_expr *time, wr_span span) {
    const weir_function_type *type = wr_registry_find_function(p->registry, "", "eventTimestamp");
    wr_typed_args args = {
        .exprs = WR_PLAN_ARRAY(p, 1, wr_expr *), .info = WR_PLAN_ARRAY(p, 1, weir_arg), .n = 1};
    if (!type || !time || !args.exprs || !args.info) return NULL;
    args.exprs[0] = time;
    args.info[0] = (weir_arg){.type = WEIR_LONG};
    wr_expr *made = wr_make_call(p, type, &args, WEIR_LONG, span);
    if (made) made->can_fail = true;
    return made;
}

static wr_expr *type_side_timestamp(wr_planner *p, const wr_scope *s, const wr_scope_input *input,
                                    wr_span span) {
    uint32_t side = (uint32_t)(input - s->inputs);
    if (side > 1 || !s->has_time[side]) {
        wr_plan_unsupported(p, span, "eventTimestamp() of the rows of a table or an aggregation");
        return NULL;
    }
    wr_attr attr = {.name = "eventTimestamp", .type = WEIR_LONG};
    return type_time_of(p, wr_expr_column(p, WR_EXPR_COLUMN, s->n_times + side, &attr, span), span);
}

static wr_expr *type_timestamp(wr_planner *p, wr_scope *s, const wr_ast_call *call, wr_span span) {
    if (call->n_args == 0 && !call->star) return wr_expr_slot(p, WR_EXPR_TS, 0, WEIR_LONG, span);
    const wr_ast_expr *arg = call->n_args == 1 ? call->args[0] : NULL;
    const char *name =
        arg && arg->kind == WR_AST_REF && !arg->as.ref.stream.text ? arg->as.ref.attr.text : NULL;
    if (name && s->has_ends && (strcmp(name, "first") == 0 || strcmp(name, "last") == 0))
        return type_end_timestamp(p, s, name, span);
    if (arg && wr_state_names_event(p, s, arg)) return type_time_of(p, wr_state_event_time(p, s, arg), span);
    const wr_scope_input *input = name && s->n_inputs > 1 ? wr_scope_find_input(s, name) : NULL;
    if (input) return type_side_timestamp(p, s, input, span);
    if (wr_type_args(p, s, call).ok)
        refuse(p, call, call->span, timestamp_params, "eventTimestamp() takes no attribute");
    return NULL;
}

wr_expr *wr_type_special(wr_planner *p, wr_scope *s, const wr_ast_expr *e, bool *handled) {
    const wr_ast_call *call = &e->as.call;
    *handled = !call->ns.text;
    if (*handled && strcmp(call->name.text, "cast") == 0) return type_cast(p, s, call);
    if (*handled && strcmp(call->name.text, "ifThenElse") == 0) return type_if(p, s, call, e->span);
    if (*handled && strcmp(call->name.text, "eventTimestamp") == 0)
        return type_timestamp(p, s, call, e->span);
    *handled = false;
    return NULL;
}
