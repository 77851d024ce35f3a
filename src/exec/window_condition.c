/* window_condition.c: see window_condition.h. Everything is a batch of one row, whose cells are filled anew.
 */
#include "exec/window_condition.h"

#include <stdio.h>

typedef union cell {
    char bytes[16];
    int64_t l;
    weir_string s;
} cell;

enum { PART_ROW, PART_FIRST, PART_LAST, N_PARTS };

struct wr_window_condition {
    wr_account *account;
    const wr_plan_op *plan;
    wr_program *program;
    wr_agg_set *aggs; /* NULL: it has none */
    weir_column *agg_values;
    /* The row: three times the columns of the input, then the timestamps of first and last. */
    uint32_t n_cols;
    cell *cells;
    weir_column *cols;
    uint64_t *valid; /* a word for each column */
    int64_t ts;
    uint8_t kind;
    weir_batch batch;
    /* The clock, as a cycle of one arrival. */
    int64_t now;
    weir_cycle cycle;
    weir_arena scratch; /* of the last update and test */
    bool failed;
    char message[128];
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the condition of a window");
}

/* ---- Making ---- */

static void shape_row(wr_window_condition *c) {
    const wr_schema *in = &c->plan->in;
    for (uint32_t i = 0; i < c->n_cols; i++) {
        bool is_ts = i >= N_PARTS * in->n_attrs;
        const wr_attr *a = is_ts ? NULL : &in->attrs[i % in->n_attrs];
        c->cols[i] = (weir_column){.type = is_ts ? WEIR_LONG : a->type,
                                   .boxed = !is_ts && a->boxed,
                                   .data = &c->cells[i],
                                   .valid = &c->valid[i]};
        c->valid[i] = ~(uint64_t)0;
    }
    c->batch = (weir_batch){.n_rows = 1,
                            .n_sel = 1,
                            .ts = &c->ts,
                            .kind = &c->kind,
                            .n_cols = c->n_cols,
                            .cols = c->cols,
                            .n_chunks = 1};
    c->cycle = (weir_cycle){.number = 1, .n_arrivals = 1, .clock = &c->now};
}

static weir_status open_parts(wr_window_condition *c, weir_error *err) {
    const wr_plan_window *p = &c->plan->u.window;
    c->cells = wr_alloc_zero(c->account, c->n_cols * sizeof *c->cells);
    c->cols = wr_alloc_zero(c->account, c->n_cols * sizeof *c->cols);
    c->valid = wr_alloc_zero(c->account, c->n_cols * sizeof *c->valid);
    c->agg_values = wr_alloc_zero(c->account, (p->n_condition_aggs + 1) * sizeof *c->agg_values);
    if (!c->cells || !c->cols || !c->valid || !c->agg_values) return no_memory(err);
    shape_row(c);
    wr_expr *const exprs[] = {p->condition};
    WR_TRY(wr_program_new(exprs, 1, c->account, &c->program, err));
    if (!p->n_condition_aggs) return WEIR_OK;
    wr_agg_set_options options = {
        .slots = p->condition_aggs, .n_slots = p->n_condition_aggs, .removes = true};
    return wr_agg_set_new(&options, c->account, &c->aggs, err);
}

weir_status wr_window_condition_new(const wr_plan_op *plan, wr_account *account, wr_window_condition **out,
                                    weir_error *err) {
    wr_window_condition *c = *out = wr_alloc_zero(account, sizeof *c);
    if (!c) return no_memory(err);
    c->account = account;
    c->plan = plan;
    c->n_cols = N_PARTS * plan->in.n_attrs + 2;
    wr_arena_init(&c->scratch, account);
    weir_status status = open_parts(c, err);
    if (status == WEIR_OK) return WEIR_OK;
    wr_window_condition_free(c);
    *out = NULL;
    return status;
}

void wr_window_condition_free(wr_window_condition *c) {
    if (!c) return;
    wr_program_free(c->program);
    if (c->aggs) wr_agg_set_free(c->aggs);
    wr_arena_fini(&c->scratch);
    wr_free(c->account, c->cells, c->n_cols * sizeof *c->cells);
    wr_free(c->account, c->cols, c->n_cols * sizeof *c->cols);
    wr_free(c->account, c->valid, c->n_cols * sizeof *c->valid);
    wr_free(c->account, c->agg_values, (c->plan->u.window.n_condition_aggs + 1) * sizeof *c->agg_values);
    wr_free(c->account, c, sizeof *c);
}

/* ---- The row ---- */

static void put(wr_window_condition *c, uint32_t i, const weir_value *v) {
    c->valid[i] = v->is_null ? 0 : ~(uint64_t)0;
    cell *to = &c->cells[i];
    if (v->is_null)
        memset(to, 0, sizeof *to);
    else if (c->cols[i].type == WEIR_BOOL && !c->cols[i].boxed)
        to->bytes[0] = v->as.b;
    else
        memcpy(to, &v->as, wr_type_size(c->cols[i].type, c->cols[i].boxed));
}

static void put_row(wr_window_condition *c, const wr_row_store *rows, weir_row_id id, uint32_t part) {
    uint32_t n = c->plan->in.n_attrs;
    for (uint32_t i = 0; i < n; i++) {
        if (!wr_row_store_has_column(rows, i)) continue;
        weir_value v = wr_row_store_value(rows, id, i);
        put(c, part * n + i, &v);
    }
    int64_t ts = wr_row_store_ts(rows, id);
    if (part == PART_ROW)
        c->ts = ts;
    else
        c->cells[N_PARTS * n + (part - PART_FIRST)].l = ts;
}

static void note_failure(void *ctx, uint32_t row, const char *message) {
    wr_window_condition *c = ctx;
    (void)row;
    if (c->failed) return;
    c->failed = true;
    snprintf(c->message, sizeof c->message, "%s", message ? message : "the condition can't be computed");
}

static wr_eval begin_eval(wr_window_condition *c, int64_t now) {
    c->failed = false;
    c->now = now;
    return (wr_eval){.in = &c->batch,
                     .aggs = c->agg_values,
                     .cycle = &c->cycle,
                     .arena = &c->scratch,
                     .fail = note_failure,
                     .fail_ctx = c};
}

static weir_status outcome(const wr_window_condition *c, weir_error *err) {
    return c->failed ? weir_fail(err, WEIR_EVALUE, "%s", c->message) : WEIR_OK;
}

/* ---- Using it ---- */

static weir_status update(wr_window_condition *c, weir_kind kind, int64_t now, weir_error *err) {
    const uint32_t *gids;
    c->kind = (uint8_t)kind;
    wr_eval ev = begin_eval(c, now);
    WR_TRY(wr_agg_set_update(c->aggs, &ev, c->agg_values, &gids, err));
    return outcome(c, err);
}

weir_status wr_window_condition_update(wr_window_condition *c, const wr_row_store *rows, weir_row_id id,
                                       weir_kind kind, int64_t now, weir_error *err) {
    wr_arena_reset(&c->scratch);
    if (!c->aggs) return WEIR_OK;
    put_row(c, rows, id, PART_ROW);
    return update(c, kind, now, err);
}

weir_status wr_window_condition_reset(wr_window_condition *c, weir_error *err) {
    wr_arena_reset(&c->scratch);
    return c->aggs ? update(c, WEIR_RESET, c->now, err) : WEIR_OK;
}

weir_status wr_window_condition_test(wr_window_condition *c, const wr_row_store *rows, weir_row_id id,
                                     weir_row_id first, weir_row_id last, int64_t now, bool *result,
                                     weir_error *err) {
    weir_column out;
    put_row(c, rows, id, PART_ROW);
    put_row(c, rows, first, PART_FIRST);
    put_row(c, rows, last, PART_LAST);
    c->kind = WEIR_CURRENT;
    *result = false;
    wr_eval ev = begin_eval(c, now);
    WR_TRY(wr_program_run(c->program, &ev, &out, err));
    WR_TRY(outcome(c, err));
    *result = !weir_is_null(&out, 0) && *(const uint8_t *)out.data;
    return WEIR_OK;
}

/* The other parts of the row are filled for each test. */
void wr_window_condition_save(const wr_window_condition *c, weir_writer *w) {
    if (c->aggs) wr_agg_set_save(c->aggs, w);
}

weir_status wr_window_condition_load(wr_window_condition *c, weir_reader *r, weir_error *err) {
    return c->aggs ? wr_agg_set_load(c->aggs, r, err) : WEIR_OK;
}
