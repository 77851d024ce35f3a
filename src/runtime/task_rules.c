/* task_rules.c: many queries over one stream that each begin with `[column op constant]`.
 *
 * Their filters are answered together (exec/filter_index.h) when the first of them runs, and a query none of
 * whose rows passed is not run at all unless it has a timer. Batched driving only; the filters stay operators
 * of their queries, for everything else. */
#include "exec/filter_index.h"
#include "runtime/task_internal.h"

/* Fewer are not worth it. */
#define FEWEST 8u

struct wr_rules {
    wr_filter_index *index;
    uint32_t *queries; /* by member */
    uint32_t n;
    const uint32_t **sel; /* of the cycle, by member */
    uint32_t *n_sel;
    bool has_run; /* in this cycle */
    struct wr_rules *next;
};

typedef struct candidate {
    wr_indexed_filter filter;
    uint32_t query;
    bool taken;
} candidate;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an index of rules");
}

static bool begins_with_filter(const wr_plan_query *q, wr_indexed_filter *filter) {
    if (q->n_sides != 1 || q->merge || !q->side[0].n_ops || q->side[0].ops[0]->kind != WR_OP_FILTER)
        return false;
    const wr_plan_filter *f = &q->side[0].ops[0]->u.filter;
    return !f->n_aggs && !f->n_probes && wr_filter_index_takes(f->condition, filter);
}

static void rules_free(wr_rules *r) {
    wr_filter_index_free(r->index);
    wr_free(NULL, r->queries, 0);
    wr_free(NULL, r->sel, 0);
    wr_free(NULL, r->n_sel, 0);
    wr_free(NULL, r, 0);
}

/* The candidates that fit the first one, as one index. */
static weir_status make_rules(wr_task *t, wr_stream_state *s, candidate *c, uint32_t n, weir_error *err) {
    wr_rules *r = wr_alloc_zero(NULL, sizeof *r);
    wr_indexed_filter *filters = wr_alloc_zero(NULL, n * sizeof *filters);
    weir_status st = r && filters ? WEIR_OK : no_memory(err);
    if (st == WEIR_OK) {
        r->next = s->rules;
        s->rules = r;
        r->queries = wr_alloc_zero(NULL, n * sizeof *r->queries);
        r->sel = wr_alloc_zero(NULL, n * sizeof *r->sel);
        r->n_sel = wr_alloc_zero(NULL, n * sizeof *r->n_sel);
        if (!r->queries || !r->sel || !r->n_sel) st = no_memory(err);
    } else {
        wr_free(NULL, r, 0);
    }
    for (uint32_t i = 0; st == WEIR_OK && i < n; i++) {
        if (c[i].taken || !wr_filter_index_fits(&c[0].filter, &c[i].filter)) continue;
        c[i].taken = true;
        t->queries[c[i].query].rules = r;
        t->queries[c[i].query].rule = r->n;
        r->queries[r->n] = c[i].query;
        filters[r->n++] = c[i].filter;
    }
    if (st == WEIR_OK)
        st = wr_filter_index_new(filters, r->n, s->plan->schema.attrs[filters[0].column].type, &t->account,
                                 &r->index, err);
    wr_free(NULL, filters, 0);
    return st;
}

static uint32_t count_fitting(const candidate *c, uint32_t n) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) count += !c[i].taken && wr_filter_index_fits(&c[0].filter, &c[i].filter);
    return count;
}

static weir_status index_stream(wr_task *t, uint32_t stream, weir_error *err) {
    wr_stream_state *s = &t->streams[stream];
    if (s->plan->n_receivers < FEWEST) return WEIR_OK;
    candidate *c = wr_alloc_zero(NULL, s->plan->n_receivers * sizeof *c);
    if (!c) return no_memory(err);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->plan->n_receivers; i++) {
        if (s->plan->receivers[i].query == WR_NONE_ID) continue;
        c[n].query = s->plan->receivers[i].query;
        n += begins_with_filter(&t->plan->queries[c[n].query], &c[n].filter) &&
             !s->plan->schema.attrs[c[n].filter.column].boxed;
    }
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n && st == WEIR_OK; i++)
        if (!c[i].taken && count_fitting(c + i, n - i) >= FEWEST) st = make_rules(t, s, c + i, n - i, err);
    wr_free(NULL, c, 0);
    return st;
}

weir_status wr_task_rules_init(wr_task *t, weir_error *err) {
    for (uint32_t i = 0; i < t->plan->n_streams && !t->serial; i++) WR_TRY(index_stream(t, i, err));
    return WEIR_OK;
}

void wr_task_rules_fini(wr_stream_state *s) {
    while (s->rules) {
        wr_rules *r = s->rules;
        s->rules = r->next;
        rules_free(r);
    }
}

void wr_task_rules_begin_cycle(wr_stream_state *s) {
    for (wr_rules *r = s->rules; r; r = r->next) r->has_run = false;
}

weir_status wr_task_rules_run(wr_turn *turn, wr_stream_state *s, const weir_batch *rows, weir_error *err) {
    for (wr_rules *r = s->rules; r && !rows->kind; r = r->next) {
        WR_TRY(wr_filter_index_run(r->index, rows, turn->arena, r->sel, r->n_sel, err));
        r->has_run = true;
    }
    return WEIR_OK;
}

bool wr_task_rules_apply(const wr_query_state *q, const weir_batch *rows) {
    return q->rules && !rows->kind && q->side_ops[0][0]->plan->kind == WR_OP_FILTER;
}

weir_status wr_task_rule_rows(wr_turn *turn, wr_query_state *q, const weir_batch *rows, weir_batch *out,
                              weir_error *err) {
    wr_rules *r = q->rules;
    if (!r->has_run) {
        WR_TRY(wr_filter_index_run(r->index, rows, turn->arena, r->sel, r->n_sel, err));
        r->has_run = true;
    }
    wr_op *filter = q->side_ops[0][0];
    filter->n_calls++;
    filter->rows_in += rows->n_sel;
    filter->rows_out += r->n_sel[q->rule];
    *out = *rows;
    out->sel = r->sel[q->rule];
    out->n_sel = r->n_sel[q->rule];
    return WEIR_OK;
}
