/* ast_equal.c: whether two trees are the same, apart from where things stood, which quotes were used, and how
 * a number was written. */
#include <string.h>
#include <strings.h>

#include "lang/ast.h"

static bool same_text(const char *a, const char *b) {
    if (!a || !b) return a == b;
    return strcmp(a, b) == 0;
}

static bool same_name(const wr_ast_name *a, const wr_ast_name *b) { return same_text(a->text, b->text); }

static bool same_source(const wr_ast_source *a, const wr_ast_source *b) {
    return a->mark == b->mark && same_name(&a->name, &b->name);
}

static bool both(const void *a, const void *b) { return !a == !b; }

/* ---- Expressions -------------------------------------------------------------------------------------- */

static bool same_index(wr_ast_index a, wr_ast_index b) { return a.kind == b.kind && a.n == b.n; }

static bool same_ref(const wr_ast_ref *a, const wr_ast_ref *b) {
    return a->mark == b->mark && same_name(&a->stream, &b->stream) && same_index(a->index, b->index) &&
           same_name(&a->second, &b->second) && same_index(a->second_index, b->second_index) &&
           same_name(&a->attr, &b->attr);
}

static bool same_const(const wr_ast_const *a, const wr_ast_const *b) {
    if (a->type != b->type || a->is_time != b->is_time) return false;
    switch (a->type) {
    case WEIR_INT: return a->as.i == b->as.i;
    case WEIR_LONG: return a->as.l == b->as.l;
    case WEIR_FLOAT: return memcmp(&a->as.f, &b->as.f, sizeof a->as.f) == 0;
    case WEIR_DOUBLE: return memcmp(&a->as.d, &b->as.d, sizeof a->as.d) == 0;
    case WEIR_BOOL: return a->as.b == b->as.b;
    default: return a->as.s.len == b->as.s.len && same_text(a->as.s.text, b->as.s.text);
    }
}

static bool same_exprs(wr_ast_expr **a, uint32_t n_a, wr_ast_expr **b, uint32_t n_b) {
    if (n_a != n_b) return false;
    for (uint32_t i = 0; i < n_a; i++)
        if (!wr_ast_expr_equal(a[i], b[i])) return false;
    return true;
}

static bool same_call(const wr_ast_call *a, const wr_ast_call *b) {
    if (!both(a, b)) return false;
    return !a || (same_name(&a->ns, &b->ns) && same_name(&a->name, &b->name) && a->star == b->star &&
                  same_exprs(a->args, a->n_args, b->args, b->n_args));
}

bool wr_ast_expr_equal(const wr_ast_expr *a, const wr_ast_expr *b) {
    if (!both(a, b)) return false;
    if (!a) return true;
    if (a->kind != b->kind || a->in_parens != b->in_parens) return false;
    switch (a->kind) {
    case WR_AST_CONST: return same_const(&a->as.constant, &b->as.constant);
    case WR_AST_REF: return same_ref(&a->as.ref, &b->as.ref);
    case WR_AST_CALL: return same_call(&a->as.call, &b->as.call);
    case WR_AST_NOT:
    case WR_AST_IS_NULL: return wr_ast_expr_equal(a->as.unary.operand, b->as.unary.operand);
    case WR_AST_IN:
        return same_name(&a->as.in.table, &b->as.in.table) && wr_ast_expr_equal(a->as.in.left, b->as.in.left);
    case WR_AST_BINARY:
        return a->as.binary.op == b->as.binary.op &&
               wr_ast_expr_equal(a->as.binary.left, b->as.binary.left) &&
               wr_ast_expr_equal(a->as.binary.right, b->as.binary.right);
    }
    return false;
}

/* ---- Annotations -------------------------------------------------------------------------------------- */

static bool same_annotation(const wr_ast_annotation *a, const wr_ast_annotation *b) {
    if (!both(a, b)) return false;
    if (!a) return true;
    if (a->is_app != b->is_app || a->n_items != b->n_items || !same_name(&a->name, &b->name)) return false;
    for (uint32_t i = 0; i < a->n_items; i++) {
        const wr_ast_annotation_item *x = &a->items[i], *y = &b->items[i];
        if (!same_text(x->key, y->key) || !same_text(x->value, y->value) ||
            !same_annotation(x->child, y->child))
            return false;
    }
    return true;
}

static bool same_annotations(const wr_ast_annotations *a, const wr_ast_annotations *b) {
    if (a->n != b->n) return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!same_annotation(a->list[i], b->list[i])) return false;
    return true;
}

/* ---- Inputs ------------------------------------------------------------------------------------------- */

static bool same_query(const wr_ast_query *a, const wr_ast_query *b);

static bool same_stream(const wr_ast_stream *a, const wr_ast_stream *b) {
    if (!same_name(&a->event_ref, &b->event_ref) || !same_source(&a->source, &b->source) ||
        !same_name(&a->alias, &b->alias) || a->n_handlers != b->n_handlers || a->window != b->window)
        return false;
    for (uint32_t i = 0; i < a->n_handlers; i++) {
        const wr_ast_handler *x = &a->handlers[i], *y = &b->handlers[i];
        if (x->kind != y->kind || !wr_ast_expr_equal(x->filter, y->filter) || !same_call(x->call, y->call))
            return false;
    }
    return true;
}

static bool same_range(const wr_ast_range *a, const wr_ast_range *b) {
    if (!both(a, b)) return false;
    return !a || (wr_ast_expr_equal(a->start, b->start) && wr_ast_expr_equal(a->end, b->end) &&
                  wr_ast_expr_equal(a->per, b->per));
}

static bool same_join(const wr_ast_join *a, const wr_ast_join *b) {
    return a->kind == b->kind && a->unidirectional == b->unidirectional && same_stream(a->left, b->left) &&
           same_stream(a->right, b->right) && wr_ast_expr_equal(a->on, b->on) &&
           same_range(a->range, b->range);
}

static bool same_state(const wr_ast_state *a, const wr_ast_state *b) {
    if (a->kind != b->kind || a->in_parens != b->in_parens) return false;
    switch (a->kind) {
    case WR_STATE_STREAM:
        return a->as.item.count == b->as.item.count && a->as.item.min == b->as.item.min &&
               a->as.item.max == b->as.item.max && same_stream(a->as.item.stream, b->as.item.stream);
    case WR_STATE_ABSENT:
        return a->as.absent.has_time == b->as.absent.has_time && a->as.absent.for_ms == b->as.absent.for_ms &&
               same_stream(a->as.absent.stream, b->as.absent.stream);
    case WR_STATE_LOGICAL:
        return a->as.logical.is_or == b->as.logical.is_or &&
               same_state(a->as.logical.left, b->as.logical.left) &&
               same_state(a->as.logical.right, b->as.logical.right);
    case WR_STATE_EVERY: return same_state(a->as.every.child, b->as.every.child);
    case WR_STATE_CHAIN: break;
    }
    if (a->as.chain.n != b->as.chain.n) return false;
    for (uint32_t i = 0; i < a->as.chain.n; i++)
        if (!same_state(a->as.chain.list[i], b->as.chain.list[i])) return false;
    return true;
}

static bool same_input(const wr_ast_input *a, const wr_ast_input *b) {
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case WR_INPUT_SINGLE: return same_stream(a->as.single, b->as.single);
    case WR_INPUT_JOIN: return same_join(a->as.join, b->as.join);
    case WR_INPUT_ANONYMOUS: return same_query(a->as.anonymous, b->as.anonymous);
    default:
        return same_state(a->as.states.root, b->as.states.root) &&
               wr_ast_expr_equal(a->as.states.within, b->as.states.within);
    }
}

/* ---- Queries ------------------------------------------------------------------------------------------ */

static bool same_selection(const wr_ast_selection *a, const wr_ast_selection *b) {
    if (!both(a, b)) return false;
    if (!a) return true;
    if (a->star != b->star || a->n_outs != b->n_outs || a->n_order_by != b->n_order_by) return false;
    for (uint32_t i = 0; i < a->n_outs; i++)
        if (!same_name(&a->outs[i].alias, &b->outs[i].alias) ||
            !wr_ast_expr_equal(a->outs[i].expr, b->outs[i].expr))
            return false;
    for (uint32_t i = 0; i < a->n_order_by; i++)
        if (a->order_by[i].descending != b->order_by[i].descending ||
            !wr_ast_expr_equal(a->order_by[i].ref, b->order_by[i].ref))
            return false;
    return same_exprs(a->group_by, a->n_group_by, b->group_by, b->n_group_by) &&
           wr_ast_expr_equal(a->having, b->having) && wr_ast_expr_equal(a->limit, b->limit) &&
           wr_ast_expr_equal(a->offset, b->offset);
}

static bool same_rate(const wr_ast_rate *a, const wr_ast_rate *b) {
    if (!both(a, b)) return false;
    return !a || (a->kind == b->kind && a->which == b->which && a->amount == b->amount);
}

static bool same_output(const wr_ast_output *a, const wr_ast_output *b) {
    if (a->kind != b->kind || a->events != b->events || a->n_set != b->n_set ||
        !same_source(&a->target, &b->target))
        return false;
    for (uint32_t i = 0; i < a->n_set; i++)
        if (!wr_ast_expr_equal(a->set[i].target, b->set[i].target) ||
            !wr_ast_expr_equal(a->set[i].value, b->set[i].value))
            return false;
    return wr_ast_expr_equal(a->on, b->on);
}

static bool same_query(const wr_ast_query *a, const wr_ast_query *b) {
    return same_annotations(&a->annotations, &b->annotations) && same_input(a->input, b->input) &&
           same_selection(a->selection, b->selection) && same_rate(a->rate, b->rate) &&
           same_output(a->output, b->output);
}

static bool same_partition(const wr_ast_partition *a, const wr_ast_partition *b) {
    if (!same_annotations(&a->annotations, &b->annotations) || a->n_keys != b->n_keys ||
        a->n_queries != b->n_queries)
        return false;
    for (uint32_t i = 0; i < a->n_keys; i++) {
        const wr_ast_partition_key *x = &a->keys[i], *y = &b->keys[i];
        if (!wr_ast_expr_equal(x->value, y->value) || x->n_ranges != y->n_ranges ||
            !same_name(&x->stream, &y->stream))
            return false;
        for (uint32_t k = 0; k < x->n_ranges; k++)
            if (!same_text(x->ranges[k].label, y->ranges[k].label) ||
                !wr_ast_expr_equal(x->ranges[k].condition, y->ranges[k].condition))
                return false;
    }
    for (uint32_t i = 0; i < a->n_queries; i++)
        if (!same_query(a->queries[i], b->queries[i])) return false;
    return true;
}

bool wr_ast_on_demand_equal(const wr_ast_on_demand *a, const wr_ast_on_demand *b) {
    return a->has_from == b->has_from && same_name(&a->source, &b->source) &&
           same_name(&a->alias, &b->alias) && wr_ast_expr_equal(a->on, b->on) &&
           same_range(a->range, b->range) && same_selection(a->selection, b->selection) &&
           same_output(a->output, b->output);
}

/* ---- Definitions and apps ----------------------------------------------------------------------------- */

static bool same_aggregation(const wr_ast_definition *a, const wr_ast_definition *b) {
    if (a->as.aggregation.is_range != b->as.aggregation.is_range ||
        a->as.aggregation.n_units != b->as.aggregation.n_units)
        return false;
    for (uint32_t i = 0; i < a->as.aggregation.n_units; i++)
        if (a->as.aggregation.units[i] != b->as.aggregation.units[i]) return false;
    return same_stream(a->as.aggregation.input, b->as.aggregation.input) &&
           same_selection(a->as.aggregation.selection, b->as.aggregation.selection) &&
           wr_ast_expr_equal(a->as.aggregation.by, b->as.aggregation.by);
}

static bool same_details(const wr_ast_definition *a, const wr_ast_definition *b) {
    switch (a->kind) {
    case WR_DEFINE_WINDOW:
        return a->as.window.events == b->as.window.events && same_call(a->as.window.call, b->as.window.call);
    case WR_DEFINE_TRIGGER:
        return a->as.trigger.every_ms == b->as.trigger.every_ms &&
               wr_ast_expr_equal(a->as.trigger.at, b->as.trigger.at);
    case WR_DEFINE_FUNCTION:
        return a->as.function.return_type == b->as.function.return_type &&
               same_name(&a->as.function.language, &b->as.function.language) &&
               same_text(a->as.function.body, b->as.function.body);
    case WR_DEFINE_AGGREGATION: return same_aggregation(a, b);
    default: return true;
    }
}

bool wr_ast_definition_equal(const wr_ast_definition *a, const wr_ast_definition *b) {
    if (a->kind != b->kind || !same_annotations(&a->annotations, &b->annotations) ||
        !same_source(&a->id, &b->id) || a->n_attrs != b->n_attrs)
        return false;
    for (uint32_t i = 0; i < a->n_attrs; i++)
        if (a->attrs[i].type != b->attrs[i].type || !same_name(&a->attrs[i].name, &b->attrs[i].name))
            return false;
    return same_details(a, b);
}

bool wr_ast_app_equal(const wr_ast_app *a, const wr_ast_app *b) {
    if (!same_annotations(&a->annotations, &b->annotations) || a->n_definitions != b->n_definitions ||
        a->n_elements != b->n_elements)
        return false;
    for (uint32_t i = 0; i < a->n_definitions; i++)
        if (!wr_ast_definition_equal(a->definitions[i], b->definitions[i])) return false;
    for (uint32_t i = 0; i < a->n_elements; i++) {
        const wr_ast_element *x = &a->elements[i], *y = &b->elements[i];
        if (!both(x->query, y->query)) return false;
        if (x->query ? !same_query(x->query, y->query) : !same_partition(x->partition, y->partition))
            return false;
    }
    return true;
}
