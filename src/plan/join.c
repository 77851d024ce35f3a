/* join.c: two sides and the condition between them. */
#include <string.h>

#include "plan/aggregation.h"
#include "plan/query.h"
#include "plan/typing.h"

static bool is_static(const wr_build *b, uint32_t side) {
    const wr_plan_side *s = &b->query->side[side];
    return s->kind == WR_SIDE_TABLE;
}

/* Only the inner join of streams and tables runs so far. */
static void refuse_unsupported(wr_build *b, const wr_ast_join *ast) {
    static const char *const outer[] = {NULL, "left outer joins", "right outer joins", "full outer joins"};
    if (ast->kind != WR_JOIN_INNER) {
        wr_span span = {ast->left->span.end, ast->right->span.begin};
        while (span.begin < span.end && strchr(" \t\r\n\v", b->p->src->text[span.begin])) span.begin++;
        while (span.end > span.begin && strchr(" \t\r\n\v", b->p->src->text[span.end - 1])) span.end--;
        wr_plan_unsupported(b->p, span, outer[ast->kind]);
    }
    if (ast->range)
        wr_plan_error(b->p, ast->range->span, WEIR_ETYPE, "leave it out",
                      "'within … per …' stands only in a join with an aggregation");
}

static void check_sides(wr_build *b, const wr_ast_input *input) {
    if (is_static(b, 0) && is_static(b, 1))
        wr_plan_error(b->p, input->span, WEIR_ETYPE, "one side must be a stream",
                      "a join of two tables would never be triggered");
}

static bool has_window(const wr_plan_side *side) {
    if (side->kind == WR_SIDE_TABLE) return true;
    for (uint32_t i = 0; i < side->n_ops; i++)
        if (side->ops[i]->kind == WR_OP_WINDOW) return true;
    return false;
}

static void fill_sides(wr_build *b, const wr_ast_join *ast, wr_plan_join *join) {
    for (uint32_t i = 0; i < 2; i++) {
        const wr_plan_side *side = &b->query->side[i];
        wr_ast_unidirectional other = i == 0 ? WR_UNI_RIGHT : WR_UNI_LEFT;
        join->side_kind[i] = side->kind;
        join->table[i] = side->table;
        join->has_window[i] = has_window(side);
        join->triggers[i] = side->kind == WR_SIDE_STREAM && ast->unidirectional != other;
    }
    join->n_left_cols = b->inputs[0].schema.n_attrs;
    join->n_right_cols = b->inputs[1].schema.n_attrs;
}

static wr_expr *plan_on(wr_build *b, const wr_ast_join *ast) {
    if (!ast->on) return NULL;
    wr_scope scope = wr_build_scope(b, "the condition of a join");
    scope.aggs = NULL;
    scope.probes = NULL;
    return wr_type_condition(b->p, &scope, ast->on, "the condition of a join");
}

static wr_schema joined_schema(wr_build *b) {
    uint32_t n_left = b->inputs[0].schema.n_attrs, n_right = b->inputs[1].schema.n_attrs;
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, (size_t)n_left + n_right, wr_attr);
    if (!attrs) return (wr_schema){0, NULL};
    if (n_left) memcpy(attrs, b->inputs[0].schema.attrs, n_left * sizeof *attrs);
    if (n_right) memcpy(attrs + n_left, b->inputs[1].schema.attrs, n_right * sizeof *attrs);
    return (wr_schema){n_left + n_right, attrs};
}

static const char *join_label(wr_build *b, const wr_ast_join *ast) {
    char *on = ast->on ? wr_plan_text(b->p, ast->on->span) : NULL;
    return on ? wr_plan_printf(b->p, "join on %s", on) : wr_plan_strdup(b->p, "join");
}

static const wr_named *find_aggregation(wr_build *b, const wr_ast_stream *side) {
    const char *name = wr_plan_marked_name(b->p, side->source.mark, side->source.name.text);
    const wr_named *found = name ? wr_plan_find(b->p, name) : NULL;
    return found && found->kind == WR_NAMED_AGGREGATION ? found : NULL;
}

/* As in Siddhi, it stands on the right. */
static bool join_aggregation(wr_build *b, const wr_ast_join *ast) {
    const wr_named *right = find_aggregation(b, ast->right), *left = find_aggregation(b, ast->left);
    if (!left && !right) return false;
    b->query->n_sides = 1;
    b->n_inputs = 1;
    if (left) {
        wr_plan_error(b->p, ast->left->source.span, WEIR_ETYPE,
                      "write the stream first, the aggregation behind 'join'",
                      "an aggregation can't be the left side of a join");
        b->query->side[0] = (wr_plan_side){.stream = WR_NONE_ID, .table = WR_NONE_ID};
        b->inputs[0] = (wr_scope_input){.id = "", .poisoned = true};
        return true;
    }
    wr_plan_side_of(b, 0, ast->left);
    wr_plan_read_of(b, ast, right);
    return true;
}

void wr_plan_join_of(wr_build *b, const wr_ast_join *ast) {
    if (join_aggregation(b, ast)) return;
    b->query->n_sides = 2;
    b->n_inputs = 2;
    wr_plan_side_of(b, 0, ast->left);
    wr_plan_side_of(b, 1, ast->right);
    b->inputs[1].base = b->inputs[0].schema.n_attrs;
    refuse_unsupported(b, ast);
    check_sides(b, b->ast->input);
    wr_plan_join join = {0};
    fill_sides(b, ast, &join);
    wr_split split;
    if (!wr_split_condition(b->p, plan_on(b, ast), join.n_left_cols, false, &split)) return;
    join.left_keys = split.left_keys;
    join.right_keys = split.right_keys;
    join.n_keys = split.n_keys;
    join.residual = split.residual;
    wr_schema schema = joined_schema(b);
    b->query->merge = wr_plan_new_op(b, WR_OP_JOIN, join_label(b, ast), schema, schema);
    if (!b->query->merge) return;
    b->query->merge->n_in = 2;
    b->query->merge->u.join = join;
}
