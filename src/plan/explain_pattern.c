/* explain_pattern.c: the automaton of a pattern or sequence as text. */
#include <inttypes.h>

#include "plan/explain.h"
#include "plan/pattern.h"

static void print_ref(const wr_plan_pattern *p, const wr_event_ref *ref, wr_buf *out) {
    const wr_plan_item *item = &p->items[ref->item];
    wr_buf_puts(out, item->name);
    if (item->kind == WR_ITEM_COUNT && ref->pick == WR_EVENT_AT) wr_buf_printf(out, "[%u]", ref->n);
    if (item->kind == WR_ITEM_COUNT && ref->pick == WR_EVENT_LAST)
        wr_buf_printf(out, ref->n ? "[last-%u]" : "[last]", ref->n);
    wr_buf_printf(out, ".%s",
                  ref->column == WR_EVENT_TIME ? "timestamp" : item->schema->attrs[ref->column].name);
}

static void explain_kind(const wr_plan_pattern *p, const wr_plan_item *item, wr_buf *out) {
    wr_buf_printf(out, "      %s: ", item->name);
    switch (item->kind) {
    case WR_ITEM_STREAM: wr_buf_puts(out, "one event"); break;
    case WR_ITEM_COUNT:
        wr_buf_printf(out, "%u ", item->min);
        if (item->max == UINT32_MAX)
            wr_buf_puts(out, "or more events");
        else
            wr_buf_printf(out, "to %u events", item->max);
        break;
    case WR_ITEM_LOGICAL: wr_buf_puts(out, "an event"); break;
    default: wr_buf_puts(out, "no event"); break;
    }
    if (item->wait_ms >= 0) wr_buf_printf(out, " for %" PRId64 " ms", item->wait_ms);
    if (item->partner != WR_NO_ITEM)
        wr_buf_printf(out, item->is_or ? ", or else %s" : ", together with %s", p->items[item->partner].name);
    if (item->every_next != WR_NO_ITEM)
        wr_buf_printf(out, "; every: begins anew at %s", p->items[item->every_next].name);
    wr_buf_putc(out, '\n');
}

static void explain_filter(const wr_plan_pattern *p, const wr_plan_item *item, wr_buf *out) {
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
    if (item->own) {
        wr_buf_puts(out, "        for a whole batch: ");
        wr_expr_print(item->own, item->schema, NULL, out);
        wr_buf_putc(out, '\n');
    }
    for (uint32_t i = 0; i < item->n_keys; i++) {
        wr_buf_puts(out, i ? " and " : "        index on ");
        wr_expr_print(item->keys[i], item->schema, NULL, out);
        wr_buf_puts(out, " == ");
        print_ref(p, &item->key_refs[i], out);
    }
    if (item->n_keys) wr_buf_putc(out, '\n');
    for (uint32_t i = 0; i < item->n_tests; i++) {
        const wr_match_test *t = &item->tests[i];
        wr_buf_printf(out, "        then %s %s ", item->schema->attrs[t->column].name, ops[t->op]);
        print_ref(p, &t->ref, out);
        wr_buf_putc(out, '\n');
    }
    if (!item->residual) return;
    wr_buf_puts(out, "        then ");
    wr_expr_print(item->residual, item->schema, NULL, out);
    wr_buf_puts(out, " by column");
    for (uint32_t i = 0; i < item->n_refs; i++) {
        wr_buf_printf(out, i ? ", c%u is " : ", where c%u is ", item->schema->n_attrs + i);
        print_ref(p, &item->refs[i], out);
    }
    wr_buf_putc(out, '\n');
}

static void explain_kept(const wr_plan_item *item, wr_buf *out) {
    size_t bytes = 24;
    wr_buf_puts(out, "        an event taken keeps the time");
    for (uint32_t c = 0; c < item->schema->n_attrs; c++) {
        const wr_attr *a = &item->schema->attrs[c];
        if (!item->keeps[c]) continue;
        wr_buf_printf(out, ", %s %s", a->name, weir_type_name(a->type));
        bytes += 1 + (a->boxed ? sizeof(void *) : wr_type_size(a->type, false));
    }
    wr_buf_printf(out, ": %zu bytes\n", (bytes + 7) & ~(size_t)7);
}

/* A trail: the values of all events lie in the match, but those of the last, which are only put out. */
static void explain_cell(const wr_plan_pattern *p, wr_buf *out) {
    size_t bytes = 28;
    wr_buf_puts(out, "      a match is one cell: time, keys' hash");
    for (uint32_t i = 0; i + 1 < p->n_items; i++) {
        const wr_plan_item *item = &p->items[i];
        for (uint32_t c = 0; c < item->schema->n_attrs; c++) {
            const wr_attr *a = &item->schema->attrs[c];
            if (!item->keeps[c]) continue;
            wr_buf_printf(out, ", %s.%s %s", item->name, a->name, weir_type_name(a->type));
            bytes += wr_type_size(a->type, false);
        }
    }
    wr_buf_printf(out, ": about %zu bytes, and 16 in a queue\n", (bytes + 7) & ~(size_t)7);
}

static bool starts_again(const wr_plan_pattern *p) {
    for (uint32_t i = 0; i < p->n_items; i++)
        if (p->items[i].every_next != WR_NO_ITEM) return true;
    return false;
}

void wr_explain_pattern(const wr_plan_op *op, wr_buf *out) {
    const wr_plan_pattern *p = op->u.pattern;
    for (uint32_t i = 0; i < p->n_items; i++) {
        explain_kind(p, &p->items[i], out);
        explain_filter(p, &p->items[i], out);
        if (!p->is_trail) explain_kept(&p->items[i], out);
    }
    if (p->is_trail) explain_cell(p, out);
    if (!starts_again(p))
        wr_buf_puts(out, "      bound: one match\n");
    else if (p->is_sequence)
        wr_buf_puts(out, "      bound: the matches of a few events in a row\n");
    else if (p->within_ms >= 0)
        wr_buf_printf(out, "      bound: the matches begun within %" PRId64 " ms\n", p->within_ms);
    else
        wr_buf_puts(out, "      no bound: every without within\n");
}
