/* explain_lookup.c: how rows of tables are found and changed, as text. */
#include "plan/explain_op.h"
#include "plan/on_demand.h"

static bool is_primary_key(const wr_plan_table *t, const wr_plan_lookup *l) {
    bool same = t->n_key && l->n_keys == t->n_key;
    for (uint32_t i = 0; same && i < t->n_key; i++) same = l->key_columns[i] == t->key[i];
    return same;
}

static void explain_keys(const wr_plan_table *t, const wr_plan_lookup *l, const wr_schema *in, wr_buf *out) {
    wr_buf_puts(out, is_primary_key(t, l) ? " by the primary key: " : " by a hash index: ");
    for (uint32_t i = 0; i < l->n_keys; i++) {
        wr_buf_printf(out, "%s%s.%s == ", i ? " and " : "", t->name, t->schema.attrs[l->key_columns[i]].name);
        wr_expr_print(l->keys[i], in, NULL, out);
    }
}

static void explain_range(const wr_plan_table *t, const wr_plan_range *r, const wr_schema *in, wr_buf *out) {
    static const char *const signs[2][2] = {{" >= ", " > "}, {" <= ", " < "}};
    wr_buf_puts(out, " by an ordered index: ");
    for (uint32_t i = 0; i < 2; i++) {
        if (!r->bound[i]) continue;
        wr_buf_printf(out, "%s%s.%s%s", i && r->bound[0] ? " and " : "", t->name,
                      t->schema.attrs[r->column].name, signs[i][r->is_open[i]]);
        wr_expr_print(r->bound[i], in, NULL, out);
    }
}

void wr_explain_lookup(const wr_plan *plan, const wr_plan_lookup *l, const wr_schema *in, wr_buf *out) {
    const wr_plan_table *t = &plan->tables[l->table];
    if (l->n_keys)
        explain_keys(t, l, in, out);
    else if (l->range.is_set)
        explain_range(t, &l->range, in, out);
    else
        wr_buf_puts(out, l->residual ? " by a scan of all rows" : ": all rows");
    wr_buf_puts(out, l->residual && (l->n_keys || l->range.is_set) ? ", tests the rows found\n" : "\n");
}

static void explain_sets(const wr_plan *plan, const wr_plan_change *c, wr_buf *out) {
    const wr_schema *schema = &plan->tables[c->table].schema;
    for (uint32_t i = 0; i < c->n_sets; i++)
        wr_buf_printf(out, "%s%s", i ? ", " : "      sets ", schema->attrs[c->sets[i].column].name);
    if (!c->n_sets) return;
    wr_buf_puts(out, c->one_by_one ? " (row by row: the condition or the key depends on it)\n" : "\n");
}

void wr_explain_change(const wr_plan *plan, const wr_plan_change *c, const wr_schema *in, wr_buf *out) {
    const wr_plan_table *t = &plan->tables[c->table];
    wr_buf_printf(out, "    %s\n", c->label);
    if (c->kind == WR_CHANGE_REPLACE) {
        wr_buf_printf(out, "      takes the place of the row with its '%s' as a whole\n",
                      t->schema.attrs[c->replace_key].name);
    } else if (c->kind != WR_CHANGE_INSERT) {
        wr_buf_puts(out, "      finds rows");
        wr_explain_lookup(plan, &c->where, in, out);
        explain_sets(plan, c, out);
    }
}

void wr_explain_on_demand(const wr_plan *plan, const wr_on_demand *q, wr_buf *out) {
    if (q->source == WR_FROM_TABLE) {
        wr_buf_printf(out, "reads %s", plan->tables[q->table].name);
        wr_explain_lookup(plan, &q->where, &(wr_schema){0, NULL}, out);
    }
    if (q->source == WR_FROM_WINDOW)
        wr_buf_printf(out, "reads %s: what the window holds\n", plan->windows[q->window].name);
    if (q->source == WR_FROM_AGGREGATION) {
        wr_buf_printf(out, "reads %s", plan->aggregations[q->extent.aggregation].name);
        wr_buf_puts(out, ": the buckets of the range, in order\n");
    }
    if (q->on) {
        wr_buf_puts(out, "      then tests ");
        wr_expr_print(q->on, &q->input, NULL, out);
        wr_buf_putc(out, '\n');
    }
    if (q->source == WR_FROM_AGGREGATION)
        wr_buf_printf(out, "reads the buckets of %s within the range%s\n",
                      plan->aggregations[q->extent.aggregation].name, q->on ? ", tests the rows found" : "");
    wr_explain_op(plan, q->select, NULL, out);
    if (q->change) wr_explain_change(plan, q->change, &q->select->out, out);
}
