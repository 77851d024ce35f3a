/* stream_function.c: #log, which writes what passes, and #pol2Cart, which adds attributes. */
#include <string.h>
#include <strings.h>

#include "lang/suggest.h"
#include "plan/query.h"
#include "plan/typing.h"

static const weir_param_doc log_params[] = {
    {"log()", "writes each event"},
    {"log(<string> message)", "a text before the event"},
    {"log(<bool> logEvent)", "false: only the message"},
    {"log(<string> message, <bool> logEvent)", "both"},
    {"log(<string> priority, <string> message)", "a constant: 'info', 'warn', …"},
    {"log(<string> priority, <string> message, <bool> logEvent)", "all three"},
    {NULL, NULL}};
static const weir_param_doc pol2cart_params[] = {
    {"pol2Cart(<double> theta, <double> rho)", "adds x and y"},
    {"pol2Cart(<double> theta, <double> rho, <double> z)", "adds x, y and z"},
    {NULL, NULL}};

static void refuse(wr_planner *p, const wr_ast_call *call, const weir_arg *at, const weir_param_doc *params,
                   const char *message) {
    weir_error err = {.code = WEIR_ETYPE};
    if (at) {
        err.begin = at->begin;
        err.end = at->end;
    }
    strncpy(err.message, message, sizeof err.message - 1);
    wr_plan_check_error(p, call, &err, params);
}

/* ---- log --------------------------------------------------------------------------------------------------
 */

static const char *const priorities[] = {"fatal", "error", "warn", "info", "debug", "trace", "off"};

/* -1 (told) when it names none. */
static int priority_of(wr_planner *p, const wr_ast_call *call, const weir_arg *arg) {
    if (!arg->is_const) {
        refuse(p, call, arg, log_params, "the priority of #log must be a constant");
        return -1;
    }
    const weir_string *text = &arg->value.as.s;
    for (int i = 0; i < (int)WR_COUNT(priorities); i++)
        if (text->len == strlen(priorities[i]) &&
            strncasecmp(weir_string_data(text), priorities[i], text->len) == 0)
            return i;
    wr_plan_error(p, (wr_span){arg->begin - p->span_base, arg->end - p->span_base}, WEIR_ETYPE,
                  "it knows fatal, error, warn, info, debug, trace and off",
                  "#log knows no priority of this name");
    return -1;
}

/* Which arguments are what: the types alone tell. False when no parameter list fits. */
static bool log_roles(const wr_typed_args *args, uint32_t *priority, uint32_t *message, uint32_t *flag) {
    *priority = *message = *flag = UINT32_MAX;
    uint32_t n = args->n, n_strings = 0;
    while (n_strings < n && args->info[n_strings].type == WEIR_STRING) n_strings++;
    if (n_strings > 2 || n - n_strings > 1) return false;
    if (n > n_strings) {
        if (args->info[n_strings].type != WEIR_BOOL) return false;
        *flag = n_strings;
    }
    if (n_strings == 2) *priority = 0;
    if (n_strings) *message = n_strings - 1;
    return true;
}

static wr_plan_op *plan_log(wr_build *b, const wr_ast_call *call, const wr_scope_input *input,
                            const wr_typed_args *args) {
    uint32_t priority, message, flag;
    if (!log_roles(args, &priority, &message, &flag)) {
        refuse(b->p, call, NULL, log_params, "#log does not take these arguments");
        return NULL;
    }
    wr_plan_function f = {.function = WR_STREAM_LOG, .priority = 3, .log_event = true};
    f.args = args->exprs;
    f.n_args = args->n;
    f.app_name = b->p->plan->name;
    if (priority != UINT32_MAX) f.priority = priority_of(b->p, call, &args->info[priority]);
    if (message != UINT32_MAX) f.message = wr_expr_plain(b->p, args->exprs[message], WEIR_STRING, true);
    if (flag != UINT32_MAX) {
        if (!args->info[flag].is_const) {
            refuse(b->p, call, &args->info[flag], log_params,
                   "whether #log writes the event must be a constant");
            return NULL;
        }
        f.log_event = args->info[flag].value.as.b;
    }
    char *text = wr_plan_text(b->p, call->span);
    wr_plan_op *op =
        f.priority < 0 ? NULL : wr_plan_new_op(b, WR_OP_FUNCTION, text, input->schema, input->schema);
    if (op) op->u.function = f;
    return op;
}

/* ---- pol2Cart ---------------------------------------------------------------------------------------------
 */

static bool pol2cart_fits(wr_planner *p, const wr_ast_call *call, const wr_scope_input *input,
                          const wr_typed_args *args) {
    static const char *const added[] = {"x", "y", "z"};
    bool doubles = args->n == 2 || args->n == 3;
    for (uint32_t i = 0; i < args->n; i++) doubles = doubles && args->info[i].type == WEIR_DOUBLE;
    if (!doubles) {
        refuse(p, call, NULL, pol2cart_params, "#pol2Cart takes two or three doubles");
        return false;
    }
    for (uint32_t i = 0; i < args->n; i++) {
        if (wr_schema_find(&input->schema, added[i]) == WR_NO_COLUMN) continue;
        wr_plan_error(p, call->span, WEIR_ENAME, "rename it in a query before this one",
                      "#pol2Cart adds '%s', but '%s' has an attribute of that name", added[i], input->id);
        return false;
    }
    return true;
}

static wr_plan_op *plan_pol2cart(wr_build *b, const wr_ast_call *call, const wr_scope_input *input,
                                 const wr_typed_args *args) {
    if (!pol2cart_fits(b->p, call, input, args)) return NULL;
    uint32_t n = input->schema.n_attrs;
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, (size_t)n + args->n, wr_attr);
    if (!attrs) return NULL;
    if (n) memcpy(attrs, input->schema.attrs, n * sizeof *attrs);
    static const char *const added[] = {"x", "y", "z"};
    for (uint32_t i = 0; i < args->n; i++) {
        attrs[n + i] = (wr_attr){.name = added[i], .type = WEIR_DOUBLE};
        args->exprs[i] = wr_expr_plain(b->p, args->exprs[i], WEIR_DOUBLE, true);
    }
    wr_plan_op *op = wr_plan_new_op(b, WR_OP_FUNCTION, wr_plan_text(b->p, call->span), input->schema,
                                    (wr_schema){n + args->n, attrs});
    if (op)
        op->u.function =
            (wr_plan_function){.function = WR_STREAM_POL2CART, .args = args->exprs, .n_args = args->n};
    return op;
}

/* ---- Lookup -----------------------------------------------------------------------------------------------
 */

static void unknown(wr_planner *p, const wr_ast_call *call) {
    static const char *const known[] = {"log", "pol2Cart"};
    char hint[128];
    wr_suggest suggest;
    wr_suggest_init(&suggest, call->name.text);
    for (uint32_t i = 0; i < WR_COUNT(known); i++) wr_suggest_offer(&suggest, known[i]);
    wr_suggest_hint(&suggest, hint, sizeof hint);
    const char *ns = call->ns.text ? call->ns.text : "";
    if (wr_registry_find_window(p->registry, ns, call->name.text))
        strcpy(hint, "a window is written #window.name(…)");
    wr_span span = {call->ns.text ? call->ns.span.begin : call->name.span.begin, call->name.span.end};
    wr_plan_error(p, span, WEIR_ENAME, hint, "there is no stream function '%s%s%s'", ns, *ns ? ":" : "",
                  call->name.text);
}

wr_plan_op *wr_plan_stream_function(wr_build *b, const wr_ast_call *call, const wr_scope_input *input) {
    wr_scope scope;
    wr_scope_init(&scope, "the arguments of a stream function", input);
    bool is_log = !call->ns.text && strcmp(call->name.text, "log") == 0;
    bool is_pol2cart = !call->ns.text && strcmp(call->name.text, "pol2Cart") == 0;
    if (!is_log && !is_pol2cart) {
        unknown(b->p, call);
        return NULL;
    }
    wr_typed_args args = wr_type_args(b->p, &scope, call);
    if (!args.ok) return NULL;
    return is_log ? plan_log(b, call, input, &args) : plan_pol2cart(b, call, input, &args);
}
