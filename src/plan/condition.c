#include "plan/condition.h"

#include <stdio.h>

#include "lang/parser.h"
#include "plan/typing.h"

static const char role[] = "the condition of a window";

/* ---- Parsing ----------------------------------------------------------------------------------------------
 */

static void tell_diags(wr_planner *p, const wr_diag *diags) {
    for (uint32_t i = 0; i < diags->n; i++) {
        const weir_error *e = &diags->list[i];
        wr_plan_error(p, (wr_span){e->begin, e->end}, e->code, e->hint, "%s", e->message);
    }
}

/* The tree of a text. Its spans begin at 0: p->span_base says where in p->src that is. */
static wr_ast_expr *parse(wr_planner *p, const char *text, uint32_t len) {
    wr_source source = {0};
    wr_diag diags;
    wr_ast_expr *tree = NULL;
    weir_error err = {0};
    wr_diag_init(&diags, 0);
    weir_status st = wr_source_init(&source, "expression", text, len, &err);
    if (st == WEIR_OK) st = wr_parse_expression(&source, p->arena, &tree, &diags);
    tell_diags(p, &diags);
    if (st != WEIR_OK && diags.n == 0) {
        if (st == WEIR_ENOMEM) p->out_of_memory = true;
        wr_plan_error(p, (wr_span){0, len}, st, err.hint, "%s",
                      err.message[0] ? err.message : weir_status_text(st));
    }
    wr_diag_fini(&diags);
    wr_source_fini(&source);
    return st == WEIR_OK ? tree : NULL;
}

/* ---- Typing -----------------------------------------------------------------------------------------------
 */

/* The event, the oldest and the newest held event, each with all columns; see plan.h. */
static void condition_scope(const wr_scope_input *input, wr_agg_list *aggs, wr_scope *s) {
    uint32_t n = input->schema.n_attrs;
    wr_scope_init(s, role, input);
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

/* must_be_bool: anything else is an error. */
static bool type_condition(wr_planner *p, const wr_ast_expr *tree, const wr_scope_input *input,
                           bool must_be_bool, wr_condition *out) {
    wr_agg_list aggs = {0};
    wr_scope scope;
    condition_scope(input, &aggs, &scope);
    wr_expr *e = must_be_bool ? wr_type_condition(p, &scope, tree, role) : wr_type_expr(p, &scope, tree);
    if (e && e->type == WEIR_BOOL) e = wr_expr_plain(p, e, WEIR_BOOL, true);
    *out = (wr_condition){.expr = e, .aggs = aggs.slots, .n_aggs = aggs.n};
    return e && aggregates_own_columns(p, &aggs, input->schema.n_attrs);
}

/* ---- Both kinds of text -----------------------------------------------------------------------------------
 */

bool wr_plan_condition(wr_planner *p, const wr_ast_expr *constant, const wr_scope_input *input,
                       wr_condition *out) {
    const wr_ast_const *c = &constant->as.constant;
    uint32_t base = p->span_base;
    p->span_base = constant->span.begin + (c->quote == 't' ? 3 : 1);
    wr_ast_expr *tree = parse(p, c->as.s.text, c->as.s.len);
    bool ok = tree && type_condition(p, tree, input, true, out);
    p->span_base = base;
    return ok;
}

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the condition of a window");
}

static weir_status plan_text(wr_planner *p, const wr_scope_input *input, wr_condition *out, weir_error *err) {
    wr_ast_expr *tree = parse(p, p->src->text, p->src->len);
    bool ok = tree && type_condition(p, tree, input, false, out);
    if (ok && !p->out_of_memory) return WEIR_OK;
    if (p->out_of_memory || !p->diags->n) return no_memory(err);
    weir_error why = {0};
    wr_diag_first(p->diags, &why);
    return weir_fail(err, WEIR_EVALUE, "%s is wrong: %s", role, why.message);
}

weir_status wr_plan_condition_text(const wr_condition_scope *scope, const wr_schema *schema, const char *text,
                                   uint32_t len, weir_arena *arena, wr_condition *out, weir_error *err) {
    wr_source source = {0};
    wr_diag diags;
    const wr_ast_app no_app = {0};
    wr_plan no_plan = {0};
    wr_scope_input input = {.id = scope->id, .alias = scope->alias, .schema = *schema};
    weir_error why = {0};
    weir_status st = wr_source_init(&source, "expression", text, len, &why);
    if (st != WEIR_OK) {
        wr_source_fini(&source);
        if (st == WEIR_ENOMEM) return no_memory(err);
        return weir_fail(err, WEIR_EVALUE, "%s is wrong: %s", role, why.message);
    }
    wr_diag_init(&diags, 1);
    wr_planner p = {.app = &no_app,
                    .src = &source,
                    .registry = scope->registry,
                    .diags = &diags,
                    .plan = &no_plan,
                    .arena = arena};
    wr_arena_init(&p.scratch, arena->account);
    st = plan_text(&p, &input, out, err);
    wr_arena_fini(&p.scratch);
    wr_diag_fini(&diags);
    wr_source_fini(&source);
    return st;
}
