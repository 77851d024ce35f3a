/* window_condition.c: see window_condition.h. Everything is a batch of one row, whose cells are filled anew.
 */
#include "exec/window_condition.h"

#include "exec/condition_texts.h"

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
    /* The condition in use; NULL: none, because of the text (whynot says what is wrong with it). */
    const wr_condition *condition;
    wr_program *program;
    wr_agg_set *aggs; /* NULL: it has none */
    weir_column *agg_values;
    uint32_t n_agg_values;
    /* Of a condition whose text is an attribute. */
    wr_condition_texts *texts;       /* NULL: the text is constant */
    const wr_condition_text *active; /* whose condition is in use, or NULL */
    weir_arena last_text_arena;
    weir_string last_text; /* the last that came: the active one unless it was wrong */
    bool has_last_text;
    char whynot[512];
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

static void drop_condition(wr_window_condition *c) {
    wr_program_free(c->program);
    if (c->aggs) wr_agg_set_free(c->aggs);
    wr_free(c->account, c->agg_values, c->n_agg_values * sizeof *c->agg_values);
    c->condition = NULL;
    c->program = NULL;
    c->aggs = NULL;
    c->agg_values = NULL;
    c->n_agg_values = 0;
}

/* From here on it is this one, with nothing in its aggregates. */
static weir_status use_condition(wr_window_condition *c, const wr_condition *condition, weir_error *err) {
    drop_condition(c);
    WR_TRY(wr_program_new(&condition->expr, 1, c->account, &c->program, err));
    c->condition = condition;
    if (!condition->n_aggs) return WEIR_OK;
    c->agg_values = wr_alloc_zero(c->account, condition->n_aggs * sizeof *c->agg_values);
    if (!c->agg_values) return no_memory(err);
    c->n_agg_values = condition->n_aggs;
    wr_agg_set_options options = {.slots = condition->aggs, .n_slots = condition->n_aggs, .removes = true};
    return wr_agg_set_new(&options, c->account, &c->aggs, err);
}

static weir_status open_parts(wr_window_condition *c, weir_error *err) {
    const wr_plan_window *p = &c->plan->u.window;
    c->cells = wr_alloc_zero(c->account, c->n_cols * sizeof *c->cells);
    c->cols = wr_alloc_zero(c->account, c->n_cols * sizeof *c->cols);
    c->valid = wr_alloc_zero(c->account, c->n_cols * sizeof *c->valid);
    if (!c->cells || !c->cols || !c->valid) return no_memory(err);
    shape_row(c);
    if (!p->condition_scope) return use_condition(c, &p->condition, err);
    c->texts = wr_alloc(c->account, sizeof *c->texts);
    if (!c->texts) return no_memory(err);
    wr_condition_texts_init(c->texts, p->condition_scope, &c->plan->in, c->account);
    return WEIR_OK;
}

weir_status wr_window_condition_new(const wr_plan_op *plan, wr_account *account, wr_window_condition **out,
                                    weir_error *err) {
    wr_window_condition *c = *out = wr_alloc_zero(account, sizeof *c);
    if (!c) return no_memory(err);
    c->account = account;
    c->plan = plan;
    c->n_cols = N_PARTS * plan->in.n_attrs + 2;
    wr_arena_init(&c->scratch, account);
    wr_arena_init(&c->last_text_arena, account);
    weir_status status = open_parts(c, err);
    if (status == WEIR_OK) return WEIR_OK;
    wr_window_condition_free(c);
    *out = NULL;
    return status;
}

void wr_window_condition_free(wr_window_condition *c) {
    if (!c) return;
    drop_condition(c);
    if (c->texts) wr_condition_texts_fini(c->texts);
    wr_free(c->account, c->texts, sizeof *c->texts);
    wr_arena_fini(&c->scratch);
    wr_arena_fini(&c->last_text_arena);
    wr_free(c->account, c->cells, c->n_cols * sizeof *c->cells);
    wr_free(c->account, c->cols, c->n_cols * sizeof *c->cols);
    wr_free(c->account, c->valid, c->n_cols * sizeof *c->valid);
    wr_free(c->account, c, sizeof *c);
}

weir_status wr_window_condition_clear(wr_window_condition *c, weir_error *err) {
    if (!c->texts) return c->aggs ? wr_agg_set_clear(c->aggs, err) : WEIR_OK;
    wr_condition_texts_fini(c->texts);
    wr_condition_texts_init(c->texts, c->plan->u.window.condition_scope, &c->plan->in, c->account);
    drop_condition(c);
    c->active = NULL;
    c->has_last_text = false;
    c->whynot[0] = '\0';
    return WEIR_OK;
}

/* ---- The text ----
 *
 * As in Siddhi a wrong text is noted too, so it is told once: what comes with the same
 * text again meets the condition that was there before, unless the text is an expression, of another type. */

static weir_status note_text(wr_window_condition *c, const weir_string *text, weir_error *err) {
    c->has_last_text = false;
    wr_arena_reset(&c->last_text_arena);
    if (weir_arena_string(&c->last_text_arena, weir_string_data(text), text->len, &c->last_text) != WEIR_OK)
        return no_memory(err);
    c->has_last_text = true;
    return WEIR_OK;
}

static weir_status be_without(wr_window_condition *c, const char *why, weir_error *err) {
    drop_condition(c);
    c->active = NULL;
    snprintf(c->whynot, sizeof c->whynot, "%s", why);
    return weir_fail(err, WEIR_EVALUE, "%s", c->whynot);
}

static weir_status use_text(wr_window_condition *c, const weir_string *text, weir_error *err) {
    const wr_condition_text *found = NULL;
    weir_error why = {0};
    weir_status status = wr_condition_texts_get(c->texts, text, c->active, &found, &why);
    if (status == WEIR_EVALUE && !c->active) return be_without(c, why.message, err);
    if (status != WEIR_OK) return weir_fail(err, status, "%s", why.message);
    if (found->condition.expr->type != WEIR_BOOL) {
        snprintf(why.message, sizeof why.message, "the condition of a window must be a bool, this is %s",
                 weir_type_name(found->condition.expr->type));
        return be_without(c, why.message, err);
    }
    c->active = found;
    return use_condition(c, &found->condition, err);
}

weir_status wr_window_condition_set_text(wr_window_condition *c, const weir_value *text, bool *changed,
                                         weir_error *err) {
    *changed = false;
    if (text->is_null) return weir_fail(err, WEIR_EVALUE, "the text of a window's condition is null");
    if (c->has_last_text && weir_string_equal(&c->last_text, &text->as.s)) return WEIR_OK;
    c->has_last_text = false;
    weir_status status = use_text(c, &text->as.s, err);
    if (status == WEIR_ENOMEM) return status;
    WR_TRY(note_text(c, &text->as.s, err));
    *changed = status == WEIR_OK;
    return status;
}

weir_status wr_window_condition_usable(const wr_window_condition *c, weir_error *err) {
    return c->condition ? WEIR_OK : weir_fail(err, WEIR_EVALUE, "%s", c->whynot);
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
    WR_TRY(wr_agg_set_update(c->aggs, &ev, NULL, c->agg_values, &gids, err));
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
    WR_TRY(wr_window_condition_usable(c, err));
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

/* ---- State: the texts, and the aggregates. The other parts of the row are filled for each test. ---- */

static void save_text(const weir_string *text, weir_writer *w) {
    weir_write_u32(w, text != NULL);
    if (text) weir_write_string(w, text);
}

static weir_status load_text(wr_window_condition *c, weir_reader *r, bool *there, weir_string *out,
                             weir_error *err) {
    *there = weir_read_u32(r) != 0;
    WR_TRY(weir_reader_status(r, err));
    return *there ? weir_read_string(r, &c->scratch, out) : WEIR_OK;
}

static void save_texts(const wr_window_condition *c, weir_writer *w) {
    save_text(c->active ? &c->active->text : NULL, w);
    save_text(c->has_last_text ? &c->last_text : NULL, w);
    weir_string whynot = weir_string_view(c->whynot, (uint32_t)strlen(c->whynot));
    weir_write_string(w, &whynot);
}

static weir_status load_texts(wr_window_condition *c, weir_reader *r, weir_error *err) {
    weir_string text;
    bool there;
    weir_error why = {0};
    WR_TRY(load_text(c, r, &there, &text, err));
    weir_status status = there ? use_text(c, &text, &why) : WEIR_OK;
    if (status == WEIR_EVALUE)
        return weir_fail(err, WEIR_ESTATE, "a saved text no longer works: %s", why.message);
    if (status != WEIR_OK) return weir_fail(err, status, "%s", why.message);
    WR_TRY(load_text(c, r, &there, &text, err));
    if (there) WR_TRY(note_text(c, &text, err));
    WR_TRY(weir_read_string(r, &c->scratch, &text));
    snprintf(c->whynot, sizeof c->whynot, "%.*s", (int)WR_MIN(text.len, sizeof c->whynot),
             weir_string_data(&text));
    return weir_reader_status(r, err);
}

void wr_window_condition_save(const wr_window_condition *c, weir_writer *w) {
    if (c->texts) save_texts(c, w);
    if (c->aggs) wr_agg_set_save(c->aggs, w);
}

weir_status wr_window_condition_load(wr_window_condition *c, weir_reader *r, weir_error *err) {
    wr_arena_reset(&c->scratch);
    if (c->texts) WR_TRY(load_texts(c, r, err));
    return c->aggs ? wr_agg_set_load(c->aggs, r, err) : WEIR_OK;
}
