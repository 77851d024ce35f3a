/* rate.c: output … every …: which rule an output rate limit follows, and what it asks of the select before
 * it.
 *
 * By number of rows or by time, rows are only held back or left out, and the select works as ever. A snapshot
 * changes the select: it lets every row through, expired ones too, and the limit keeps what the window holds.
 */
#include "plan/query.h"
#include "plan/typing.h"

static bool has_window(const wr_plan_query *q) {
    if (q->merge) return q->merge->kind == WR_OP_JOIN;
    for (uint32_t i = 0; i < q->side[0].n_ops; i++)
        if (wr_plan_is_window(q->side[0].ops[i]) || q->side[0].ops[i]->kind == WR_OP_READ) return true;
    return false;
}

/* Does this part give an expired row the value that it gave the current one of the same event? */
static bool is_steady(const wr_expr *e, void *ctx) {
    (void)ctx;
    bool by_chance = e->kind == WR_EXPR_CALL && e->u.call.function->not_pure;
    return e->kind != WR_EXPR_TS && e->kind != WR_EXPR_PROBE && !e->needs_clock && !by_chance;
}

static void plan_snapshot_rows(wr_build *b, wr_plan_rate *rate) {
    bool *is_total = WR_PLAN_ARRAY(b->p, b->n_outs, bool), *identifies = WR_PLAN_ARRAY(b->p, b->n_outs, bool);
    if (!is_total || !identifies) return;
    for (uint32_t i = 0; i < b->n_outs; i++) {
        if (!b->outs[i]) return;
        is_total[i] = wr_expr_has_kind(b->outs[i], WR_EXPR_AGG);
        bool compares = b->attrs[i].type != WEIR_OBJECT && !b->attrs[i].boxed;
        identifies[i] = compares && !is_total[i] && wr_expr_walk(b->outs[i], is_steady, NULL);
        rate->has_totals |= is_total[i];
    }
    rate->is_total = is_total;
    rate->identifies = identifies;
}

static wr_rate_rule snapshot_rule(wr_build *b) {
    bool all_totals = b->n_outs > 0;
    if (!has_window(b->query)) return WR_RULE_LATEST;
    for (uint32_t i = 0; i < b->n_outs; i++)
        all_totals &= b->outs[i] && wr_expr_has_kind(b->outs[i], WR_EXPR_AGG);
    return all_totals ? WR_RULE_TOTALS : WR_RULE_ROWS;
}

/* Row by row, whatever leaves the window. Siddhi sorts and cuts no groups here. */
static void plan_snapshot(wr_build *b, wr_plan_rate *rate, wr_plan_select *select) {
    wr_ast_events events = b->ast->output->events;
    if (events == WR_EVENTS_CURRENT || events == WR_EVENTS_EXPIRED)
        wr_plan_error(b->p, b->ast->output->span, WEIR_ETYPE,
                      "write 'insert all events', or leave the type out", "output snapshot gives all events");
    rate->rule = snapshot_rule(b);
    if (rate->rule == WR_RULE_ROWS) plan_snapshot_rows(b, rate);
    select->chunk_mode = WR_CHUNK_ROWS;
    select->wants_current = select->wants_expired = true;
    if (!select->n_keys) return;
    select->n_order = 0;
    select->offset = 0;
}

static bool asks_for_groups(const wr_plan_rate *rate) {
    switch (rate->rule) {
    case WR_RULE_ALL:
    case WR_RULE_NEVER: return false;
    case WR_RULE_ROWS: return rate->has_totals;
    default: return true;
    }
}

/* The keys become columns behind those that are selected. */
static bool add_keys(wr_build *b, wr_plan_op *op) {
    wr_plan_select *select = &op->u.select;
    uint32_t n = op->out.n_attrs + select->n_keys;
    wr_expr **outs = WR_PLAN_ARRAY(b->p, n, wr_expr *);
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, n, wr_attr);
    if (!outs || !attrs) return false;
    for (uint32_t i = 0; i < op->out.n_attrs; i++) {
        outs[i] = select->outs[i];
        attrs[i] = op->out.attrs[i];
    }
    for (uint32_t k = 0; k < select->n_keys; k++) {
        outs[op->out.n_attrs + k] = select->keys[k];
        attrs[op->out.n_attrs + k] = (wr_attr){"", select->keys[k]->type, select->keys[k]->boxed};
    }
    select->outs = outs;
    op->out = (wr_schema){n, attrs};
    return true;
}

/* A select without aggregates and groups hands resets on; so does one that works row by row for a snapshot.
 */
static bool sees_resets(const wr_plan_rate *rate, const wr_plan_select *select) {
    if (select->n_keys) return false;
    return rate->rule == WR_RULE_TOTALS || rate->rule == WR_RULE_ROWS ||
           (rate->rule == WR_RULE_FIRST && select->chunk_mode == WR_CHUNK_ROWS);
}

static wr_rate_rule rule_of(wr_ast_rate_which which) {
    return which == WR_RATE_FIRST ? WR_RULE_FIRST : which == WR_RATE_LAST ? WR_RULE_LAST : WR_RULE_ALL;
}

/* As in Siddhi, a period of 0 rows never ends, and at the end of one of no time nobody is asked. What passes
 * the first row on at once does so once and for all, or each time. */
static void plan_endless(wr_plan_rate *rate) {
    if (rate->rule != WR_RULE_FIRST) rate->rule = WR_RULE_NEVER;
    if (!rate->by_time || rate->rule == WR_RULE_NEVER) rate->period = INT64_MAX / 4;
}

void wr_plan_rate_of(wr_build *b) {
    const wr_ast_rate *ast = b->ast->rate;
    wr_plan_op *before = b->query->select;
    if (!ast) return;
    if (ast->amount < 0) {
        wr_plan_error(b->p, ast->constant->span, WEIR_ETYPE, NULL, "a rate limit's period is not negative");
        return;
    }
    if (!before) return;
    wr_plan_select *select = &before->u.select;
    wr_schema out = before->out;
    wr_plan_rate rate = {
        .rule = rule_of(ast->which), .by_time = ast->kind != WR_RATE_EVENTS, .period = ast->amount};
    if (ast->kind == WR_RATE_SNAPSHOT) plan_snapshot(b, &rate, select);
    if (!rate.period) plan_endless(&rate);
    select->passes_resets = sees_resets(&rate, select);
    if (asks_for_groups(&rate) && select->n_keys) {
        if (!add_keys(b, before)) return;
        rate.n_keys = select->n_keys;
    }
    char *label = wr_plan_text(b->p, ast->span);
    wr_plan_op *op = wr_plan_new_op(b, WR_OP_RATE, label, before->out, out);
    if (!op) return;
    op->u.rate = rate;
    b->query->rate = op;
}
