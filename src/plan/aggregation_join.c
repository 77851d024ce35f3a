/* aggregation_join.c: a stream joined with an aggregation. The aggregation is read by an operator at the end
 * of the stream's handlers, whose rows have the columns of both. */
#include <string.h>

#include "plan/aggregation.h"
#include "plan/typing.h"

static bool is_allowed(wr_build *b, const wr_ast_join *ast, const wr_named *aggregation) {
    if (!ast->range) {
        wr_plan_error(b->p, ast->right->span, WEIR_ETYPE, "as in: within '2020-**-** **:**:**' per 'hours'",
                      "a join with an aggregation needs 'within … per …'");
        return false;
    }
    /* a filter has no effect, as behind a table */
    for (uint32_t i = 0; i < ast->right->n_handlers; i++) {
        if (ast->right->handlers[i].kind == WR_HANDLER_FILTER) continue;
        wr_plan_error(b->p, ast->right->handlers[i].span, WEIR_ETYPE, "write the condition behind 'on'",
                      "an aggregation in a join takes no windows and functions");
        return false;
    }
    if (ast->unidirectional == WR_UNI_RIGHT) {
        wr_plan_error(b->p, ast->right->span, WEIR_ETYPE, NULL, "'%s' is an aggregation: it triggers nothing",
                      aggregation->name);
        return false;
    }
    return true;
}

static wr_schema joined_schema(wr_build *b) {
    const wr_schema *left = &b->inputs[0].schema, *right = &b->inputs[1].schema;
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, (size_t)left->n_attrs + right->n_attrs, wr_attr);
    if (!attrs) return (wr_schema){0, NULL};
    if (left->n_attrs) memcpy(attrs, left->attrs, left->n_attrs * sizeof *attrs);
    memcpy(attrs + left->n_attrs, right->attrs, right->n_attrs * sizeof *attrs);
    return (wr_schema){left->n_attrs + right->n_attrs, attrs};
}

static bool is_left(const wr_expr *e, void *n_left) {
    return e->kind != WR_EXPR_COLUMN || e->u.column < *(const uint32_t *)n_left;
}

static wr_expr *plan_on(wr_build *b, const wr_ast_join *ast) {
    if (!ast->on) return NULL;
    wr_scope scope = wr_build_scope(b, "the condition of a join");
    scope.aggs = NULL;
    scope.probes = NULL;
    scope.first_wins = true; /* as in Siddhi: the stream's */
    return wr_type_condition(b->p, &scope, ast->on, "the condition of a join");
}

static bool reads_stream_only(const wr_expr *e, uint32_t n_left) {
    return !e || wr_expr_walk(e, is_left, &n_left);
}

/* A name of both is nobody's, though all that can be meant is the stream's. */
static bool plan_range(wr_build *b, const wr_ast_join *ast, const wr_named *aggregation,
                       wr_plan_extent *out) {
    wr_scope scope = wr_build_scope(b, "'within … per …'");
    scope.aggs = NULL;
    scope.probes = NULL;
    if (!wr_plan_extent_of(b->p, &scope, ast->range, aggregation->index, out)) return false;
    uint32_t n_left = b->inputs[0].schema.n_attrs;
    if (reads_stream_only(out->start, n_left) && reads_stream_only(out->end, n_left) &&
        reads_stream_only(out->per, n_left))
        return true;
    wr_plan_error(b->p, ast->range->span, WEIR_ENAME, NULL,
                  "'within … per …' can't ask for what the aggregation '%s' gives", aggregation->name);
    return false;
}

static bool has_window(const wr_plan_side *side) {
    for (uint32_t i = 0; i < side->n_ops; i++)
        if (wr_plan_is_window(side->ops[i])) return true;
    return false;
}

static const char *read_label(wr_build *b, const wr_ast_join *ast, const char *name) {
    char *range = wr_plan_text(b->p, ast->range->span);
    char *on = ast->on ? wr_plan_text(b->p, ast->on->span) : NULL;
    if (!range || (ast->on && !on)) return NULL;
    return on ? wr_plan_printf(b->p, "join %s on %s %s", name, on, range)
              : wr_plan_printf(b->p, "join %s %s", name, range);
}

/* Behind the handlers: the list is made anew, one longer. */
static void append_op(wr_build *b, wr_plan_op *op) {
    wr_plan_side *side = &b->query->side[0];
    wr_plan_op **ops = WR_PLAN_ARRAY(b->p, side->n_ops + 1, wr_plan_op *);
    if (!ops || !op) return;
    if (side->n_ops) memcpy(ops, side->ops, side->n_ops * sizeof *ops);
    ops[side->n_ops++] = op;
    side->ops = ops;
}

void wr_plan_read_of(wr_build *b, const wr_ast_join *ast, const wr_named *aggregation) {
    b->n_inputs = 2;
    b->inputs[1] = (wr_scope_input){.id = aggregation->name,
                                    .schema = aggregation->schema,
                                    .base = b->inputs[0].schema.n_attrs,
                                    .poisoned = aggregation->poisoned};
    if (ast->right->alias.text) b->inputs[1].alias = wr_plan_strdup(b->p, ast->right->alias.text);
    if (!is_allowed(b, ast, aggregation) || aggregation->poisoned || b->inputs[0].poisoned) return;
    wr_plan_read read = {.keeps_unmatched = ast->kind == WR_JOIN_LEFT || ast->kind == WR_JOIN_FULL,
                         .has_window = has_window(&b->query->side[0])};
    bool ok = plan_range(b, ast, aggregation, &read.range);
    read.on = plan_on(b, ast);
    if (!ok || (ast->on && !read.on)) return;
    if (!wr_plan_extent_keys(b->p, read.on, b->inputs[0].schema.n_attrs, &read.range)) return;
    wr_schema joined = joined_schema(b);
    wr_plan_op *op =
        wr_plan_new_op(b, WR_OP_READ, read_label(b, ast, aggregation->name), b->inputs[0].schema, joined);
    if (op) op->u.read = read;
    append_op(b, op);
}
