#include "plan/explain_op.h"

#include <inttypes.h>

void wr_explain_schema(const wr_schema *schema, wr_buf *out) {
    wr_buf_putc(out, '(');
    for (uint32_t i = 0; i < schema->n_attrs; i++)
        wr_buf_printf(out, "%s%s %s%s", i ? ", " : "", schema->attrs[i].name,
                      weir_type_name(schema->attrs[i].type), schema->attrs[i].boxed ? " (boxed)" : "");
    wr_buf_putc(out, ')');
}

static void explain_aggs(const wr_agg_slot *slots, uint32_t n, const wr_schema *in, wr_buf *out) {
    for (uint32_t i = 0; i < n; i++) {
        wr_buf_printf(out, "%s$%u = ", i ? ", " : "      aggregates ", i);
        wr_agg_print(&slots[i], in, out);
    }
    if (n) wr_buf_putc(out, '\n');
}

static void explain_probes(const wr_plan *plan, const wr_plan_lookup *probes, uint32_t n, const wr_schema *in,
                           wr_buf *out) {
    for (uint32_t i = 0; i < n; i++) {
        wr_buf_printf(out, "      probe%u looks into %s", i, plan->tables[probes[i].table].name);
        wr_explain_lookup(plan, &probes[i], in, out);
    }
}

/* ---- Windows ----------------------------------------------------------------------------------------------
 */

/* Rows are kept when somebody will ask for them again, or when they come out later than they came in. The
 * window operator decides by the same rules. */
static bool keeps_rows(const wr_plan_window *w) {
    return w->args.expired_wanted || w->args.is_searched || w->type->late_output || w->type->stores_always;
}

static bool keeps_column(const wr_plan_window *w, uint32_t column) {
    uint8_t need = w->need[column];
    if (need & WR_NEED_EXPIRED) return true;
    if ((need & WR_NEED_WINDOW) && (w->type->stores_args || w->args.is_searched)) return true;
    return (need & WR_NEED_CURRENT) && (w->type->late_output || w->type->shape == WEIR_WINDOW_BAG);
}

static void explain_column(const wr_attr *attr, size_t *bytes, wr_buf *out) {
    wr_buf_printf(out, ", %s %s", attr->name, weir_type_name(attr->type));
    *bytes += wr_type_size(attr->type, attr->boxed);
}

static void explain_store(const wr_plan_op *op, wr_buf *out) {
    const wr_plan_window *w = &op->u.window;
    if (!keeps_rows(w)) {
        wr_buf_puts(out, "      stores no rows: nobody reads what leaves it\n");
        return;
    }
    size_t bytes = sizeof(int64_t);
    wr_buf_puts(out, "      stores the time");
    for (uint32_t i = 0; i < op->in.n_attrs; i++) {
        if (keeps_column(w, i)) explain_column(&op->in.attrs[i], &bytes, out);
    }
    wr_buf_printf(out, ": %zu bytes a row\n", bytes);
}

static void explain_window(const wr_plan_op *op, const wr_explain_hooks *hooks, wr_buf *out) {
    explain_store(op, out);
    explain_aggs(op->u.window.condition.aggs, op->u.window.condition.n_aggs, &op->in, out);
    if (op->u.window.condition_scope)
        wr_buf_puts(out,
                    "      compiles its condition when another text comes, and takes its rows in anew\n");
    char text[128];
    if (hooks && hooks->bound && hooks->bound(hooks->ctx, op, text, sizeof text) >= 0)
        wr_buf_printf(out, "      bound: %s\n", text);
    if (op->u.window.args.expired_wanted) wr_buf_puts(out, "      gives back expired rows\n");
}

/* ---- The other operators ----------------------------------------------------------------------------------
 */

static void explain_filter(const wr_plan *plan, const wr_plan_op *op, wr_buf *out) {
    wr_buf_puts(out, "      keeps ");
    wr_expr_print(op->u.filter.condition, &op->in, NULL, out);
    wr_buf_putc(out, '\n');
    explain_aggs(op->u.filter.aggs, op->u.filter.n_aggs, &op->in, out);
    explain_probes(plan, op->u.filter.probes, op->u.filter.n_probes, &op->in, out);
}

static bool is_bare_key(wr_expr *const *keys, uint32_t n, uint32_t column) {
    for (uint32_t i = 0; i < n; i++)
        if (keys[i]->kind == WR_EXPR_COLUMN && keys[i]->u.column == column) return true;
    return false;
}

/* A join keeps the rows of its windows itself: what it gives on, and the keys. */
static void explain_side(const wr_plan_op *op, uint32_t side, const wr_schema *schema, wr_buf *out) {
    const wr_plan_join *j = &op->u.join;
    if (j->content[side] != WR_CONTENT_FOLLOWS && j->content[side] != WR_CONTENT_APART) return;
    wr_expr *const *keys = side ? j->right_keys : j->left_keys;
    uint32_t base = side ? j->n_left_cols : 0;
    size_t bytes = sizeof(int64_t);
    wr_buf_printf(out, "      keeps of the %s side the time", side ? "right" : "left");
    for (uint32_t i = 0; i < schema->n_attrs; i++)
        if (!j->need || j->need[base + i] || is_bare_key(keys, j->n_keys, i))
            explain_column(&schema->attrs[i], &bytes, out);
    for (uint32_t i = 0; i < j->n_keys; i++) {
        if (keys[i]->kind == WR_EXPR_COLUMN) continue;
        wr_buf_puts(out, ", ");
        wr_expr_print(keys[i], schema, NULL, out);
        bytes += wr_type_size(keys[i]->type, keys[i]->boxed);
    }
    wr_buf_printf(out, ": %zu bytes a row\n", bytes);
}

static void explain_outer(const wr_plan_join *j, wr_buf *out) {
    static const char *const who[] = {NULL, "a left row", "a right row", "a row of either side"};
    const char *row = who[(j->keeps_unmatched[0] ? 1 : 0) + (j->keeps_unmatched[1] ? 2 : 0)];
    if (row) wr_buf_printf(out, "      %s that finds nothing comes out with nulls\n", row);
}

static void explain_join(const wr_plan_op *op, wr_buf *out) {
    const wr_plan_join *j = &op->u.join;
    wr_schema left = {j->n_left_cols, op->in.attrs}, right = {j->n_right_cols, op->in.attrs + j->n_left_cols};
    for (uint32_t i = 0; i < j->n_keys; i++) {
        wr_buf_puts(out, i ? " and " : "      index on ");
        wr_expr_print(j->left_keys[i], &left, NULL, out);
        wr_buf_puts(out, " == ");
        wr_expr_print(j->right_keys[i], &right, NULL, out);
    }
    wr_buf_puts(out,
                j->n_keys ? "\n" : "      no equality between the sides: each row meets all of the other\n");
    explain_side(op, 0, &left, out);
    explain_side(op, 1, &right, out);
    if (j->residual) {
        wr_buf_puts(out, "      then tests ");
        wr_expr_print(j->residual, &op->in, NULL, out);
        wr_buf_putc(out, '\n');
    }
    static const char *const who[] = {"neither side triggers", "the left side triggers",
                                      "the right side triggers", "both sides trigger"};
    wr_buf_printf(out, "      %s\n", who[(j->triggers[0] ? 1 : 0) + (j->triggers[1] ? 2 : 0)]);
    explain_outer(j, out);
}

static void explain_order(const wr_plan_op *op, wr_buf *out) {
    const wr_plan_select *s = &op->u.select;
    for (uint32_t i = 0; i < s->n_order; i++) {
        wr_buf_puts(out, i ? ", " : "      sorts each chunk by ");
        wr_expr_print(s->order[i].key, &op->in, &op->out, out);
        if (s->order[i].descending) wr_buf_puts(out, " desc");
    }
    if (s->n_order) wr_buf_putc(out, '\n');
    if (s->limit >= 0) wr_buf_printf(out, "      at most %" PRId64 " rows a chunk\n", s->limit);
    if (s->offset > 0)
        wr_buf_printf(out, "      leaves out the first %" PRId64 " rows of a chunk\n", s->offset);
}

static void explain_select(const wr_plan *plan, const wr_plan_op *op, wr_buf *out) {
    const wr_plan_select *s = &op->u.select;
    for (uint32_t i = 0; i < s->n_keys; i++) {
        wr_buf_puts(out, i ? ", " : "      groups by ");
        wr_expr_print(s->keys[i], &op->in, NULL, out);
    }
    if (s->n_keys)
        wr_buf_puts(out,
                    s->input_expires ? " (a group goes with its last row)\n" : " (groups stay: no bound)\n");
    explain_aggs(s->aggs, s->n_aggs, &op->in, out);
    explain_probes(plan, s->probes, s->n_probes, &op->in, out);
    if (s->having) {
        wr_buf_puts(out, "      having ");
        wr_expr_print(s->having, &op->in, &op->out, out);
        wr_buf_putc(out, '\n');
    }
    static const char *const modes[] = {[WR_CHUNK_ROWS] = "every row",
                                        [WR_CHUNK_LAST] = "the last row of each chunk",
                                        [WR_CHUNK_LAST_PER_GROUP] = "the last row of each group in a chunk"};
    wr_buf_printf(out, "      puts out %s\n", modes[s->chunk_mode]);
    explain_order(op, out);
}

static void explain_rate(const wr_plan_op *op, wr_buf *out) {
    const wr_plan_rate *r = &op->u.rate;
    const char *each = r->n_keys ? " of each group" : "";
    switch (r->rule) {
    case WR_RULE_ALL:
        wr_buf_puts(out, "      holds all rows of a period, gives them on as one chunk\n");
        return;
    case WR_RULE_FIRST:
        wr_buf_printf(out, "      passes the first row%s in a period on at once, holds none\n", each);
        return;
    case WR_RULE_NEVER: wr_buf_puts(out, "      gives no row on: the period never ends\n"); return;
    case WR_RULE_LAST: wr_buf_printf(out, "      gives on the last row%s when a period ends\n", each); return;
    case WR_RULE_LATEST:
        wr_buf_printf(out, "      shows the latest row%s at the end of every period\n", each);
        return;
    case WR_RULE_TOTALS:
        wr_buf_printf(out, "      shows the totals%s at the end of every period\n", each);
        return;
    case WR_RULE_ROWS:
        wr_buf_printf(out, "      keeps the window's rows, shows %s at the end of every period\n",
                      r->n_keys ? "the oldest of each group" : "them");
        break;
    }
    const char *before = "      an expired row takes away the oldest with its";
    for (uint32_t i = 0; i < op->out.n_attrs; i++) {
        if (!r->identifies[i]) continue;
        wr_buf_printf(out, "%s %s", before, op->out.attrs[i].name);
        before = ",";
    }
    if (before[0] == ',') wr_buf_putc(out, '\n');
}

static void explain_read(const wr_plan *plan, const wr_plan_op *op, wr_buf *out) {
    const wr_plan_read *r = &op->u.read;
    wr_buf_printf(out, "      reads %s from ", plan->aggregations[r->range.aggregation].name);
    wr_expr_print(r->range.start, &op->in, NULL, out);
    if (r->range.end) {
        wr_buf_puts(out, " to ");
        wr_expr_print(r->range.end, &op->in, NULL, out);
    }
    wr_buf_puts(out, " per ");
    wr_expr_print(r->range.per, &op->in, NULL, out);
    wr_buf_puts(out, ": the buckets of the range, in order\n");
    if (!r->on) return;
    wr_buf_puts(out, "      then tests ");
    wr_expr_print(r->on, &op->out, NULL, out);
    wr_buf_putc(out, '\n');
}

void wr_explain_op(const wr_plan *plan, const wr_plan_op *op, const wr_explain_hooks *hooks, wr_buf *out) {
    wr_buf_printf(out, "    #%u %s%s\n", op->rank, op->label, op->by_key ? ", by key" : "");
    switch (op->kind) {
    case WR_OP_FILTER: explain_filter(plan, op, out); break;
    case WR_OP_WINDOW: explain_window(op, hooks, out); break;
    case WR_OP_JOIN: explain_join(op, out); break;
    case WR_OP_RATE: explain_rate(op, out); break;
    case WR_OP_PATTERN: wr_explain_pattern(op, out); break;
    case WR_OP_READ: explain_read(plan, op, out); break;
    case WR_OP_SELECT: explain_select(plan, op, out); break;
    case WR_OP_FUNCTION:
    case WR_OP_PARTITION: break;
    }
}
