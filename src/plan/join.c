/* join.c: two sides and the condition between them. */
#include <string.h>

#include "plan/aggregation.h"
#include "plan/order.h"
#include "plan/query.h"
#include "plan/typing.h"

static bool is_static(const wr_build *b, uint32_t side) {
    const wr_plan_side *s = &b->query->side[side];
    return s->kind == WR_SIDE_TABLE;
}

static void check_range(wr_build *b, const wr_ast_join *ast) {
    if (ast->range)
        wr_plan_error(b->p, ast->range->span, WEIR_ETYPE, "leave it out",
                      "'within … per …' stands only in a join with an aggregation");
}

static void check_sides(wr_build *b, const wr_ast_input *input) {
    if (is_static(b, 0) && is_static(b, 1))
        wr_plan_error(b->p, input->span, WEIR_ETYPE, "one side must be a stream",
                      "a join of two tables would never be triggered");
}

static const wr_plan_window *window_of(const wr_build *b, uint32_t side) {
    const wr_plan *plan = b->p->plan;
    const wr_plan_side *s = &b->query->side[side];
    uint32_t named =
        s->kind == WR_SIDE_STREAM && s->stream != WR_NONE_ID ? plan->streams[s->stream].window : WR_NONE_ID;
    const wr_plan_side *holder = named == WR_NONE_ID ? s : plan->queries[plan->windows[named].query].side;
    for (uint32_t i = 0; i < holder->n_ops; i++)
        if (wr_plan_is_window(holder->ops[i])) return &holder->ops[i]->u.window;
    return NULL;
}

static bool is_named(const wr_plan_window *w, const char *name) {
    return !*w->type->ns && strcmp(w->type->name, name) == 0;
}

/* A sort window is searched in its order. */
static void read_sort(wr_build *b, const weir_window_args *args, wr_join_sort *sort) {
    uint32_t n = args->n_args / 2;
    sort->columns = WR_PLAN_ARRAY(b->p, n, uint32_t);
    sort->descending = WR_PLAN_ARRAY(b->p, n, bool);
    for (uint32_t i = 0; sort->columns && sort->descending && i < n; i++) {
        uint32_t order = 2 + 2 * i;
        sort->columns[i] = args->args[1 + 2 * i].column;
        sort->descending[i] = order < args->n_args && args->args[order].value.as.s.len == strlen("desc");
        sort->n = i + 1;
    }
}

static void fill_content(wr_build *b, uint32_t side, wr_plan_join *join) {
    const wr_plan_window *w = window_of(b, side);
    join->content[side] = WR_CONTENT_NONE;
    if (join->side_kind[side] == WR_SIDE_TABLE) join->content[side] = WR_CONTENT_TABLE;
    if (join->side_kind[side] == WR_SIDE_TABLE || !w) return;
    join->content[side] = w->type->content_apart ? WR_CONTENT_APART : WR_CONTENT_FOLLOWS;
    join->in_order[side] = w->type->shape == WEIR_WINDOW_FIFO;
    join->keeps_ts[side] = join->window[side] == WR_NONE_ID &&
                           (is_named(w, "lengthBatch") || is_named(w, "timeBatch") || is_named(w, "batch"));
    if (is_named(w, "sort")) read_sort(b, &w->args, &join->sort[side]);
}

/* The right side of a join of a named window with itself gets no rows, nor does a named window's in a
 * partition: so it is in Siddhi. */
static bool is_deaf(const wr_build *b, uint32_t side, const wr_plan_join *join) {
    if (b->p->partition && join->window[side] != WR_NONE_ID) return true;
    return side == 1 && join->window[1] != WR_NONE_ID && b->query->side[0].stream == b->query->side[1].stream;
}

static void fill_sides(wr_build *b, const wr_ast_join *ast, wr_plan_join *join) {
    for (uint32_t i = 0; i < 2; i++) {
        const wr_plan_side *side = &b->query->side[i];
        wr_ast_unidirectional other = i == 0 ? WR_UNI_RIGHT : WR_UNI_LEFT;
        join->side_kind[i] = side->kind;
        join->table[i] = side->table;
        join->window[i] = side->kind == WR_SIDE_STREAM && side->stream != WR_NONE_ID
                              ? b->p->plan->streams[side->stream].window
                              : WR_NONE_ID;
        if (join->window[i] != WR_NONE_ID) b->p->plan->windows[join->window[i]].is_joined = true;
        fill_content(b, i, join);
        join->triggers[i] =
            side->kind == WR_SIDE_STREAM && ast->unidirectional != other && !is_deaf(b, i, join);
        wr_ast_join_kind outer = i == 0 ? WR_JOIN_LEFT : WR_JOIN_RIGHT;
        join->keeps_unmatched[i] = ast->kind == outer || ast->kind == WR_JOIN_FULL;
    }
    for (uint8_t i = 0; i < 4; i++) join->turn[i] = i;
    join->n_left_cols = b->inputs[0].schema.n_attrs;
    join->n_right_cols = b->inputs[1].schema.n_attrs;
}

/* Siddhi's cron window can't be searched when it has a name. */
static void check_searchable(wr_build *b, uint32_t side, const wr_ast_stream *ast) {
    const wr_plan_side *joined = &b->query->side[side];
    if (b->p->partition && joined->kind == WR_SIDE_STREAM && joined->stream != WR_NONE_ID &&
        b->p->plan->streams[joined->stream].window != WR_NONE_ID)
        wr_order_force_serial(
            b->p, wr_plan_printf(b->p, "a query of a partition joins window '%s'", ast->source.name.text));
    const wr_plan_window *w = window_of(b, side);
    const wr_plan_side *s = &b->query->side[side];
    if (!w || s->stream == WR_NONE_ID || b->p->plan->streams[s->stream].window == WR_NONE_ID) return;
    if (is_named(w, "cron"))
        wr_plan_error(b->p, ast->source.span, WEIR_ETYPE, NULL,
                      "a cron window can't be joined: it is not searched");
}

static wr_expr *plan_on(wr_build *b, const wr_ast_join *ast) {
    if (!ast->on) return NULL;
    wr_scope scope = wr_build_scope(b, "the condition of a join");
    scope.aggs = NULL;
    scope.probes = NULL;
    scope.is_join_condition = true;
    return wr_type_condition(b->p, &scope, ast->on, "the condition of a join");
}

static wr_schema joined_schema(wr_build *b) {
    uint32_t n_left = b->inputs[0].schema.n_attrs, n_right = b->inputs[1].schema.n_attrs;
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, (size_t)n_left + n_right + 2, wr_attr);
    if (!attrs) return (wr_schema){0, NULL};
    if (n_left) memcpy(attrs, b->inputs[0].schema.attrs, n_left * sizeof *attrs);
    if (n_right) memcpy(attrs + n_left, b->inputs[1].schema.attrs, n_right * sizeof *attrs);
    for (uint32_t side = 0; side < 2; side++)
        attrs[n_left + n_right + side] = (wr_attr){.name = "", .type = WEIR_LONG};
    return (wr_schema){n_left + n_right + 2, attrs};
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
    check_range(b, ast);
    check_sides(b, b->ast->input);
    check_searchable(b, 0, ast->left);
    check_searchable(b, 1, ast->right);
    wr_plan_join join = {0};
    fill_sides(b, ast, &join);
    wr_split_rule rule = join.side_kind[0] == WR_SIDE_TABLE   ? WR_SPLIT_LEFT_TABLE
                         : join.side_kind[1] == WR_SIDE_TABLE ? WR_SPLIT_RIGHT_TABLE
                                                              : WR_SPLIT_JOIN;
    wr_split split;
    if (!wr_split_condition(b->p, plan_on(b, ast), join.n_left_cols, rule, &split)) return;
    join.left_keys = split.left_keys;
    join.right_keys = split.right_keys;
    join.n_keys = split.n_keys;
    join.residual = split.residual;
    wr_schema schema = joined_schema(b);
    b->query->merge = wr_plan_new_op(b, WR_OP_JOIN, join_label(b, ast), schema, schema);
    if (!b->query->merge) return;
    b->query->merge->n_in = join.window[0] == WR_NONE_ID && join.window[1] == WR_NONE_ID ? 2 : 4;
    b->query->merge->u.join = join;
}
