#include "plan/column_use.h"

typedef struct marking {
    const wr_column_use *use;
    uint8_t bits;
} marking;

static void mark(const wr_column_use *use, uint32_t column, uint8_t bits) {
    if (column >= use->base && column - use->base < use->n) use->flags[column - use->base] |= bits;
}

static void mark_all(const wr_column_use *use, uint8_t bits) {
    for (uint32_t i = 0; i < use->n; i++) use->flags[i] |= bits;
}

void wr_use_expr(const wr_column_use *use, const wr_expr *e, uint8_t bits) {
    if (!e) return;
    if (e->kind == WR_EXPR_COLUMN) mark(use, e->u.column, bits);
    if (e->kind == WR_EXPR_CALL)
        for (uint32_t i = 0; i < e->u.call.n_args; i++) wr_use_expr(use, e->u.call.args[i], bits);
    wr_use_expr(use, e->a, bits);
    wr_use_expr(use, e->b, bits);
    wr_use_expr(use, e->c, bits);
}

void wr_use_aggs(const wr_column_use *use, const wr_agg_slot *slots, uint32_t n, uint8_t bits) {
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t a = 0; a < slots[i].n_args; a++) wr_use_expr(use, slots[i].args[a], bits);
        wr_use_expr(use, slots[i].when, bits);
    }
}

/* Columns of the table come after those of the input, out of the range looked at. */
static void use_probes(const wr_column_use *use, const wr_plan_lookup *probes, uint32_t n, uint8_t bits) {
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < probes[i].n_keys; k++) wr_use_expr(use, probes[i].keys[k], bits);
        wr_use_expr(use, probes[i].residual, bits);
    }
}

void wr_use_filter(const wr_column_use *use, const wr_plan_filter *filter, uint8_t bits) {
    wr_use_expr(use, filter->condition, bits);
    wr_use_aggs(use, filter->aggs, filter->n_aggs, bits);
    use_probes(use, filter->probes, filter->n_probes, bits);
}

void wr_use_function(const wr_column_use *use, const wr_plan_function *function, uint8_t bits) {
    for (uint32_t i = 0; i < function->n_args; i++) wr_use_expr(use, function->args[i], bits);
    const weir_stream_function_type *type = function->type;
    if (type->reads_all && type->reads_all(function->arg_info, function->n_args)) mark_all(use, bits);
}

void wr_use_read(const wr_column_use *use, const wr_plan_read *read, uint8_t bits) {
    wr_use_expr(use, read->range.start, bits);
    wr_use_expr(use, read->range.end, bits);
    wr_use_expr(use, read->range.per, bits);
    for (uint32_t i = 0; i < read->range.n_keys; i++) wr_use_expr(use, read->range.keys[i], bits);
    wr_use_expr(use, read->on, bits);
}

static bool names_attributes(const wr_plan_window *window) {
    for (uint32_t i = 0; i < window->args.n_args; i++)
        if (window->args.args[i].is_attribute) return true;
    return false;
}

void wr_use_window(const wr_column_use *use, const wr_plan_window *window, uint8_t bits) {
    for (uint32_t i = 0; i < window->args.n_args; i++)
        if (window->args.args[i].is_attribute) mark(use, window->args.args[i].column, bits);
    /* Windows that key rows (frequent) key by all columns when none is named. */
    if (window->type->shape == WEIR_WINDOW_BAG && !names_attributes(window)) mark_all(use, bits);
    if (window->condition_scope) mark_all(use, bits); /* a text may name any */
    wr_use_aggs(use, window->condition.aggs, window->condition.n_aggs, bits);
    /* The condition sees the columns three times: of the event, the oldest and the newest held one. */
    for (uint32_t copy = 0; window->condition.expr && copy < 3; copy++) {
        wr_column_use shifted = *use;
        shifted.base = use->base + copy * window->args.n_cols;
        wr_use_expr(&shifted, window->condition.expr, bits);
    }
}

void wr_use_select(const wr_column_use *use, const wr_plan_select *select, uint8_t taken, uint8_t left) {
    for (uint32_t i = 0; i < select->n_keys; i++) wr_use_expr(use, select->keys[i], taken);
    wr_use_aggs(use, select->aggs, select->n_aggs, taken);
    use_probes(use, select->probes, select->n_probes,
               (uint8_t)(taken | left)); /* aggregates may ask for them */
    wr_use_expr(use, select->having, left);
    for (uint32_t i = 0; i < select->n_order; i++) wr_use_expr(use, select->order[i].key, left);
}

void wr_use_pattern(const wr_column_use *use, const wr_plan_pattern *pattern, uint32_t side, uint8_t bits) {
    for (uint32_t i = 0; i < pattern->n_items; i++) {
        const wr_plan_item *item = &pattern->items[i];
        if (item->side != side) continue;
        wr_use_expr(use, item->own, bits);
        for (uint32_t k = 0; k < item->n_keys; k++) wr_use_expr(use, item->keys[k], bits);
        for (uint32_t k = 0; k < item->n_tests; k++) mark(use, item->tests[k].column, bits);
        wr_use_expr(use, item->residual, bits); /* columns of other events come after those of the stream */
        for (uint32_t c = 0; c < use->n && c < item->schema->n_attrs; c++)
            if (item->keeps[c]) mark(use, c, bits);
    }
}

void wr_use_join(const wr_column_use *use, const wr_plan_join *join, uint8_t bits) {
    bool is_left = use->base == 0;
    /* Keys count each side's columns from 0. */
    wr_column_use own = {.n = use->n, .flags = use->flags};
    for (uint32_t i = 0; i < join->n_keys; i++)
        wr_use_expr(&own, is_left ? join->left_keys[i] : join->right_keys[i], bits);
    wr_use_expr(use, join->residual, bits);
}
