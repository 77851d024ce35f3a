/* task_query.c: an on-demand query, run between two cycles.
 *
 * The rows that it reads are one chunk with the timestamp -1, as in Siddhi; they go through a selector made
 * for the occasion. */
#include "data/batch.h"
#include "exec/extent.h"
#include "exec/window_op.h"
#include "runtime/task_internal.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an on-demand query");
}

typedef struct asked {
    wr_task *t;
    const wr_on_demand *q;
    weir_arena *arena;
    wr_turn turn;
    weir_cycle cycle;
    wr_op *select;
    wr_change *change;
    wr_finder *finder;
    wr_extent extent;
    wr_program *on;
    wr_pairs found;
} asked;

/* ---- Rows ---- */

/* One chunk of n rows, with the columns still to be filled. */
static weir_status one_chunk(asked *a, uint32_t n, weir_batch *out, weir_error *err) {
    int64_t *ts = wr_arena_array(a->arena, n + 1, sizeof *ts);
    uint32_t *end = wr_arena_array(a->arena, 1, sizeof *end);
    weir_column *cols = wr_arena_zero(a->arena, a->q->input.n_attrs + 1, sizeof *cols);
    if (!ts || !end || !cols) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) ts[i] = -1;
    *end = n;
    *out = (weir_batch){.n_rows = n,
                        .n_sel = n,
                        .ts = ts,
                        .n_cols = a->q->input.n_attrs,
                        .cols = cols,
                        .n_chunks = 1,
                        .chunk_end = end};
    return WEIR_OK;
}

static weir_status null_row(asked *a, weir_batch *out, weir_error *err) {
    WR_TRY(one_chunk(a, 1, out, err));
    for (uint32_t i = 0; i < out->n_cols; i++) {
        const wr_attr *attr = &a->q->input.attrs[i];
        WR_TRY(wr_column_new(a->arena, attr->type, attr->boxed, 1, true, &out->cols[i]) ? no_memory(err)
                                                                                        : WEIR_OK);
        memset(out->cols[i].data, 0, wr_type_size(attr->type, attr->boxed));
        weir_set_null(&out->cols[i], 0);
    }
    return WEIR_OK;
}

/* The answer outlives the row of the table. */
static weir_status hold_objects(asked *a, const weir_column *column, uint32_t n, weir_error *err) {
    weir_object **objects = column->data;
    for (uint32_t k = 0; k < n; k++)
        if (objects[k] && weir_arena_own(a->arena, weir_object_ref(objects[k])) != WEIR_OK)
            return no_memory(err);
    return WEIR_OK;
}

static weir_status gather(asked *a, const wr_row_store *rows, uint32_t column, weir_column *out,
                          weir_error *err) {
    const wr_attr *attr = &a->q->input.attrs[column];
    uint32_t n = a->found.n;
    bool nulls = wr_row_store_has_nulls(rows, column);
    if (wr_column_new(a->arena, attr->type, attr->boxed, n, nulls, out)) return no_memory(err);
    WR_TRY(wr_row_store_gather(rows, column, a->found.id, n, a->arena, out, err));
    return attr->boxed || attr->type == WEIR_OBJECT ? hold_objects(a, out, n, err) : WEIR_OK;
}

/* The rows of the table for which the condition holds, in the table's order. */
static weir_status table_rows(asked *a, weir_batch *out, weir_error *err) {
    static const wr_schema no_columns;
    wr_table *table = a->t->tables[a->q->table];
    weir_batch nothing;
    WR_TRY(null_row(a, &nothing, err));
    nothing.n_cols = 0;
    wr_chunk_faults faults = {.turn = &a->turn, .in = &nothing};
    wr_eval ev = {.in = &nothing,
                  .cycle = &a->cycle,
                  .arena = a->arena,
                  .fail = wr_chunk_faults_note,
                  .fail_ctx = &faults};
    WR_TRY(wr_finder_new(&a->q->where, &no_columns, &a->t->account, &a->finder, err));
    WR_TRY(wr_finder_begin(a->finder, &ev, &a->turn, err));
    WR_TRY(wr_finder_match(a->finder, 0, &a->found, err));
    WR_TRY(wr_chunk_faults_status(&faults, err));
    WR_TRY(wr_table_sort(table, a->found.id, a->found.n, err));
    WR_TRY(one_chunk(a, a->found.n, out, err));
    for (uint32_t i = 0; i < out->n_cols; i++) {
        out->cols[i] = (weir_column){.type = a->q->input.attrs[i].type, .boxed = a->q->input.attrs[i].boxed};
        if (a->q->need[i]) WR_TRY(gather(a, wr_table_rows(table), i, &out->cols[i], err));
    }
    return WEIR_OK;
}

static wr_eval eval_of(asked *a, const weir_batch *rows, wr_chunk_faults *faults) {
    *faults = (wr_chunk_faults){.turn = &a->turn, .in = rows};
    return (wr_eval){
        .in = rows, .cycle = &a->cycle, .arena = a->arena, .fail = wr_chunk_faults_note, .fail_ctx = faults};
}

static weir_status test_rows(asked *a, weir_batch *rows, weir_error *err) {
    wr_chunk_faults faults;
    wr_eval ev = eval_of(a, rows, &faults);
    uint32_t *sel = wr_arena_array(a->arena, rows->n_rows, sizeof *sel), n = 0;
    if (!sel) return no_memory(err);
    WR_TRY(wr_program_new((wr_expr *const *)&a->q->on, 1, &a->t->account, &a->on, err));
    WR_TRY(wr_program_filter(a->on, &ev, false, sel, &n, err));
    rows->sel = sel;
    rows->n_sel = n;
    return wr_chunk_faults_status(&faults, err);
}

typedef struct gathering {
    wr_pairs *found;
    weir_status status;
    weir_error *err;
} gathering;

static bool take_id(void *ctx, weir_row_id id) {
    gathering *g = ctx;
    g->status = wr_pairs_add(g->found, 0, id, g->err);
    return g->status == WEIR_OK;
}

/* What a search of the window finds, those for which the condition holds. */
static weir_status window_rows(asked *a, weir_batch *out, weir_error *err) {
    const wr_op *op = a->t->queries[a->t->plan->windows[a->q->window].query].ops[0];
    const wr_row_store *rows = wr_window_op_store(op);
    gathering g = {.found = &a->found, .status = WEIR_OK, .err = err};
    wr_window_op_content(op, take_id, &g);
    WR_TRY(g.status);
    WR_TRY(one_chunk(a, a->found.n, out, err));
    for (uint32_t i = 0; i < out->n_cols && out->n_rows; i++) {
        out->cols[i] = (weir_column){.type = a->q->input.attrs[i].type, .boxed = a->q->input.attrs[i].boxed};
        WR_TRY(gather(a, rows, i, &out->cols[i], err));
    }
    return a->q->on && out->n_rows ? test_rows(a, out, err) : WEIR_OK;
}

/* The buckets of the range, those for which the condition holds. */
static weir_status aggregation_rows(asked *a, weir_batch *out, weir_error *err) {
    wr_aggregation *aggregation = a->t->aggregations[a->q->extent.aggregation];
    weir_batch nothing, found;
    wr_chunk_faults faults;
    wr_bucket_ask ask;
    WR_TRY(null_row(a, &nothing, err));
    nothing.n_cols = 0;
    wr_eval ev = eval_of(a, &nothing, &faults);
    WR_TRY(wr_extent_init(&a->extent, &a->q->extent, &a->t->account, err));
    WR_TRY(wr_extent_compute(&a->extent, &ev, err));
    WR_TRY(wr_chunk_faults_status(&faults, err));
    if (a->turn.faults.n) return WEIR_OK; /* told by the caller */
    const char *why = wr_extent_get(&a->extent, aggregation, 0, &ask);
    if (why) return weir_fail(err, WEIR_EVALUE, "%s", why);
    WR_TRY(wr_aggregation_read(aggregation, &ask, a->t->clock, a->arena, &found, err));
    WR_TRY(one_chunk(a, found.n_rows, out, err));
    out->cols = found.cols;
    return a->q->on && out->n_rows ? test_rows(a, out, err) : WEIR_OK;
}

static weir_status rows_of(asked *a, weir_batch *out, weir_error *err) {
    switch (a->q->source) {
    case WR_FROM_NOTHING: return one_chunk(a, 1, out, err);
    case WR_FROM_NULLS: return null_row(a, out, err);
    case WR_FROM_TABLE: return table_rows(a, out, err);
    case WR_FROM_WINDOW: return window_rows(a, out, err);
    case WR_FROM_AGGREGATION: return aggregation_rows(a, out, err);
    }
    return WEIR_OK;
}

/* ---- Running ---- */

static weir_status check_faults(const asked *a, weir_error *err) {
    if (!a->turn.faults.n) return WEIR_OK;
    return weir_fail(err, WEIR_EVALUE, "the query failed on a row: %s", a->turn.faults.items[0].message);
}

static weir_status run(asked *a, weir_batch *out, wr_change_counts *counts, weir_error *err) {
    weir_batch in, selected;
    memset(&selected, 0, sizeof selected);
    WR_TRY(rows_of(a, &in, err));
    WR_TRY(check_faults(a, err));
    WR_TRY(wr_select_new(a->q->select, &a->t->account, &a->select, err));
    if (in.n_sel) {
        const weir_batch *ins[1] = {&in};
        a->turn.until = WEIR_ORIGIN(1, 0, 0);
        WR_TRY(wr_op_process(a->select, &a->turn, ins, &selected, err));
    }
    WR_TRY(check_faults(a, err));
    if (!a->q->change) return selected.n_sel ? wr_batch_compact(&selected, a->arena, out) : WEIR_OK;
    WR_TRY(wr_change_new(a->q->change, &a->q->select->out, &a->t->account, &a->change, err));
    if (selected.n_sel) WR_TRY(wr_change_apply(a->change, &a->turn, &selected, err));
    *counts = *wr_change_get_counts(a->change);
    return check_faults(a, err);
}

weir_status wr_task_query(wr_task *t, const wr_on_demand *q, weir_arena *arena, weir_batch *out,
                          wr_change_counts *counts, weir_error *err) {
    asked a = {.t = t, .q = q, .arena = arena, .found = {.account = &t->account}};
    a.cycle =
        (weir_cycle){.number = ++t->n_cycles, .n_arrivals = 1, .clock = &t->clock, .clock_before = t->clock};
    a.turn = t->turn;
    a.turn.cycle = &a.cycle;
    a.turn.arena = arena;
    a.turn.faults = (wr_faults){0};
    memset(out, 0, sizeof *out);
    memset(counts, 0, sizeof *counts);
    weir_status st = run(&a, out, counts, err);
    wr_op_free(a.select);
    wr_change_free(a.change);
    wr_finder_free(a.finder);
    wr_extent_fini(&a.extent);
    wr_program_free(a.on);
    wr_pairs_fini(&a.found);
    return st == WEIR_OK ? wr_task_settle_stores(t, err) : st;
}
