/* select_op.c: select … group by … having … order by … limit: what comes out of a query.
 *
 *   rows of the batch
 *     -> aggregates take all of them in, resets too
 *     -> rows of a kind that is wanted          (resets never leave)
 *     -> having
 *     -> one row of each chunk, or one for each group; order by; offset and limit, chunk by chunk
 *
 * Rows are picked, not moved: the output has the input's rows with a shorter selection, unless rows of a
 * chunk change their order. The output columns are computed as late as they can be, for the rows that come
 * out; but for all rows when one may fail, since a row that fails takes its chunk with it whether it would
 * have come out or not. */
#include "base/compiler.h"
#include "data/column.h"
#include "exec/kernel/kernels.h"
#include "exec/probe.h"
#include "exec/select_impl.h"
#include "plan/expr_make.h"

#define STATE_VERSION 1u

/* An output column that may fail, and behind which aggregates don't get a row that does. */
typedef struct early_out {
    wr_program *program;
    uint32_t n_slots; /* those of the columns before it */
} early_out;

typedef struct select_op {
    wr_op head;
    wr_agg_set *aggs;  /* NULL: neither aggregates nor groups */
    wr_probes *probes; /* NULL: none */
    bool probes_first; /* aggregates ask for them */
    wr_program *outs;
    wr_program *having; /* NULL: none */
    wr_program *order;  /* NULL: none; one result for each order */
    early_out *early;   /* in the order of the columns */
    uint32_t n_early;
    wr_collapse collapse;
    bool can_fail; /* an output column or the having may */
    bool order_can_fail;
    bool only_projects; /* current rows all come out, and none can fail */
} select_op;

/* One call of process. */
typedef struct select_run {
    select_op *op;
    const wr_plan_select *plan;
    wr_turn *turn;
    const weir_batch *whole; /* what came in */
    const weir_batch *in;    /* the same, with the parts of a join's chunks as chunks */
    wr_eval ev;
    weir_batch view; /* in, with the rows picked so far as its selection: what ev.in is */
    wr_chunk_faults faults;
    wr_picked picked;
    bool moved;        /* rows of a chunk may be out of order */
    weir_column *outs; /* NULL: not computed yet */
    const uint32_t *gids;
} select_run;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a select");
}

/* ---- Picking rows -------------------------------------------------------------------------------------- */

static bool is_ascending(const wr_picked *p) {
    for (uint32_t i = 1; i < p->n; i++)
        if (p->rows[i - 1] >= p->rows[i]) return false;
    return true;
}

/* The picked rows in ascending order, which is what programs want. */
static weir_status look_at_sorted(select_run *r, weir_error *err) {
    size_t n_words = wr_valid_words(r->in->n_rows);
    uint64_t *bits = wr_arena_zero(r->turn->arena, n_words, sizeof *bits);
    uint32_t *rows = wr_arena_array(r->turn->arena, r->picked.n, sizeof *rows), n = 0;
    if (!bits || !rows) return no_memory(err);
    for (uint32_t i = 0; i < r->picked.n; i++)
        bits[r->picked.rows[i] >> 6] |= (uint64_t)1 << (r->picked.rows[i] & 63);
    for (size_t w = 0; w < n_words; w++)
        for (uint64_t left = bits[w]; left; left &= left - 1)
            rows[n++] = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);
    r->view.sel = rows;
    r->view.n_sel = n;
    return WEIR_OK;
}

/* What is computed from now on is computed for the picked rows. */
static weir_status look_at_picked(select_run *r, weir_error *err) {
    r->moved = r->moved && !is_ascending(&r->picked);
    if (r->moved) return look_at_sorted(r, err);
    r->view.sel = r->picked.n == r->in->n_rows ? NULL : r->picked.rows;
    r->view.n_sel = r->picked.n;
    return WEIR_OK;
}

static weir_status drop_failed(select_run *r, weir_error *err) {
    if (!r->faults.n_failed) return WEIR_OK;
    r->picked.n = wr_chunk_faults_drop(&r->faults, r->picked.rows, r->picked.n);
    return look_at_picked(r, err);
}

static void mark_kinds(const uint8_t *restrict kind, uint32_t n, bool current, bool expired,
                       uint8_t *restrict mask) {
    for (uint32_t i = 0; i < n; i++)
        mask[i] = (uint8_t)(((kind[i] == WEIR_CURRENT) & current) | ((kind[i] == WEIR_EXPIRED) & expired));
}

/* By row: is it of a kind that is wanted? If any_kind, all but resets are. */
static weir_status wanted_rows(select_run *r, bool any_kind, uint8_t **mask, weir_error *err) {
    const weir_batch *in = r->in;
    bool current = any_kind || r->plan->wants_current, expired = any_kind || r->plan->wants_expired;
    *mask = wr_arena_array(r->turn->arena, in->n_rows, 1);
    if (!*mask) return no_memory(err);
    if (in->kind)
        mark_kinds(in->kind, in->n_rows, current, expired, *mask);
    else
        memset(*mask, current, in->n_rows);
    return WEIR_OK;
}

/* Of the rows picked so far, or at first of the input's, keeps the wanted ones. */
static weir_status pick(select_run *r, bool any_kind, weir_error *err) {
    wr_picked *p = &r->picked;
    const uint32_t *from = p->rows ? p->rows : r->in->sel;
    uint32_t n = 0, n_from = p->rows ? p->n : r->in->n_sel;
    uint8_t *mask;
    WR_TRY(wanted_rows(r, any_kind, &mask, err));
    if (!p->rows && !(p->rows = wr_arena_array(r->turn->arena, n_from, sizeof *p->rows)))
        return no_memory(err);
    if (!from) n = wr_kernels_get()->compact(r->in->n_rows, mask, p->rows);
    for (uint32_t i = 0; from && i < n_from; i++) {
        p->rows[n] = from[i];
        n += mask[from[i]];
    }
    p->n = n;
    WR_TRY(look_at_picked(r, err));
    return drop_failed(r, err);
}

/* ---- Computing ----------------------------------------------------------------------------------------- */

static weir_status run_probes(select_run *r, weir_error *err) {
    if (!r->op->probes || r->ev.probes) return WEIR_OK;
    return wr_probes_run(r->op->probes, &r->ev, r->turn, &r->ev.probes, err);
}

typedef struct early_faults {
    const weir_batch *in;
    uint32_t *taken_by, n_slots;
    bool any;
} early_faults;

static void note_early(void *ctx, uint32_t row, const char *message) {
    early_faults *f = ctx;
    (void)message; /* told when the columns are computed */
    if (f->in->kind && f->in->kind[row] == WEIR_RESET) return;
    if (f->n_slots < f->taken_by[row]) f->taken_by[row] = f->n_slots;
    f->any = true;
}

/* Columns are computed one after the other in Siddhi: where one fails, aggregates behind it don't get the
 * row, and none gets the later rows of its chunk. *taken_by NULL: none fails. */
static weir_status find_early_faults(select_run *r, const uint32_t **taken_by, weir_error *err) {
    const select_op *s = r->op;
    *taken_by = NULL;
    if (!s->n_early) return WEIR_OK;
    early_faults faults = {.in = r->in,
                           .taken_by = wr_arena_array(r->turn->arena, r->in->n_rows, sizeof(uint32_t))};
    if (!faults.taken_by) return no_memory(err);
    memset(faults.taken_by, 0xff, r->in->n_rows * sizeof(uint32_t));
    wr_eval ev = r->ev;
    ev.fail = note_early;
    ev.fail_ctx = &faults;
    for (uint32_t i = 0; i < s->n_early; i++) {
        weir_column ignored = {0};
        faults.n_slots = s->early[i].n_slots;
        WR_TRY(wr_program_run(s->early[i].program, &ev, &ignored, err));
    }
    if (faults.any) *taken_by = faults.taken_by;
    return WEIR_OK;
}

static weir_status update_aggregates(select_run *r, weir_error *err) {
    if (!r->op->aggs) return WEIR_OK;
    if (!r->plan->n_aggs && !r->in->chunk_end) return WEIR_OK; /* no two rows of a chunk to tell apart */
    if (r->op->probes_first) WR_TRY(run_probes(r, err));
    weir_column *values = wr_arena_zero(r->turn->arena, r->plan->n_aggs, sizeof *values);
    if (!values) return no_memory(err);
    const uint32_t *taken_by;
    WR_TRY(find_early_faults(r, &taken_by, err));
    r->ev.aggs = values;
    return wr_agg_set_update(r->op->aggs, &r->ev, taken_by, values, &r->gids, err);
}

static weir_status compute_outs(select_run *r, weir_error *err) {
    uint32_t n_outs = r->op->head.plan->out.n_attrs;
    if (r->outs) return WEIR_OK;
    r->outs = wr_arena_zero(r->turn->arena, n_outs, sizeof *r->outs);
    if (!r->outs) return no_memory(err);
    WR_TRY(run_probes(r, err));
    WR_TRY(wr_program_run(r->op->outs, &r->ev, r->outs, err));
    r->ev.outputs = r->outs;
    return drop_failed(r, err);
}

/* Can taking rows away lose those of later parts? Not when the chunk is put together anew afterwards. */
static bool can_lose(const select_run *r, bool rebuilt) {
    return !rebuilt && r->whole->part_end && r->in->chunk_end;
}

static weir_status apply_having(select_run *r, weir_error *err) {
    if (!r->op->having || !r->picked.n) return WEIR_OK;
    WR_TRY(compute_outs(r, err));
    uint32_t *last = NULL, *passing = wr_arena_array(r->turn->arena, r->picked.n, sizeof *passing);
    if (!passing) return no_memory(err);
    if (can_lose(r, r->op->order || r->plan->chunk_mode != WR_CHUNK_ROWS))
        WR_TRY(wr_parts_last(r->in, &r->picked, r->turn->arena, &last, err));
    WR_TRY(wr_program_filter(r->op->having, &r->ev, false, passing, &r->picked.n, err));
    r->picked.rows = passing;
    if (last) wr_parts_lose(r->whole, r->in, last, &r->picked);
    WR_TRY(look_at_picked(r, err));
    return drop_failed(r, err);
}

/* Can rows be picked by their kind and by having at once? Then having is computed for rows of other kinds
 * too, which pays where nothing else is. */
static bool picks_at_once(const select_run *r) {
    const select_op *s = r->op;
    return s->having && !s->can_fail && !s->probes && !wr_program_computes(s->outs) && !r->in->sel &&
           !r->whole->part_end;
}

static weir_status pick_at_once(select_run *r, weir_error *err) {
    uint8_t *mask;
    WR_TRY(wanted_rows(r, false, &mask, err));
    WR_TRY(compute_outs(r, err));
    r->picked.rows = wr_arena_array(r->turn->arena, r->in->n_rows, sizeof *r->picked.rows);
    if (!r->picked.rows) return no_memory(err);
    WR_TRY(wr_program_filter_among(r->op->having, &r->ev, mask, r->picked.rows, &r->picked.n, err));
    WR_TRY(look_at_picked(r, err));
    return drop_failed(r, err);
}

static weir_status apply_chunk_mode(select_run *r, weir_error *err) {
    switch (r->plan->chunk_mode) {
    case WR_CHUNK_ROWS: return WEIR_OK;
    case WR_CHUNK_LAST: wr_collapse_last(r->in, &r->picked); break;
    case WR_CHUNK_LAST_PER_GROUP:
        WR_TRY(wr_collapse_groups(&r->op->collapse, r->in, r->gids, wr_agg_set_most_groups(r->op->aggs),
                                  &r->picked, r->turn->arena, err));
        r->moved = r->in->chunk_end != NULL;
        break;
    }
    return look_at_picked(r, err);
}

/* The picked rows that have others of their chunk beside them: only these are compared. */
static weir_status compared_rows(const select_run *r, weir_batch *compared, weir_error *err) {
    uint32_t *of_chunk = wr_arena_zero(r->turn->arena, r->in->n_chunks, sizeof *of_chunk), n = 0;
    uint32_t *rows = wr_arena_array(r->turn->arena, r->view.n_sel, sizeof *rows);
    if (!of_chunk || !rows) return no_memory(err);
    for (uint32_t k = 0; k < r->view.n_sel; k++)
        of_chunk[wr_batch_chunk_of(r->in, weir_batch_row(&r->view, k))]++;
    for (uint32_t k = 0; k < r->view.n_sel; k++) {
        uint32_t row = weir_batch_row(&r->view, k);
        if (of_chunk[wr_batch_chunk_of(r->in, row)] > 1) rows[n++] = row;
    }
    *compared = r->view;
    compared->sel = rows;
    compared->n_sel = n;
    return WEIR_OK;
}

static weir_status compute_order_keys(select_run *r, weir_column *keys, weir_error *err) {
    if (!r->op->order_can_fail) return wr_program_run(r->op->order, &r->ev, keys, err);
    weir_batch compared;
    WR_TRY(compared_rows(r, &compared, err));
    wr_eval ev = r->ev;
    ev.in = &compared;
    return wr_program_run(r->op->order, &ev, keys, err);
}

static weir_status apply_order(select_run *r, weir_error *err) {
    uint32_t n = r->plan->n_order;
    if (!r->op->order || r->picked.n < 2 || !r->in->chunk_end) return WEIR_OK;
    weir_column *keys = wr_arena_zero(r->turn->arena, n, sizeof *keys);
    if (!keys) return no_memory(err);
    WR_TRY(compute_order_keys(r, keys, err));
    WR_TRY(drop_failed(r, err));
    r->moved = true;
    return wr_order_rows(r->in, r->plan->order, keys, n, &r->picked, r->turn->arena, err);
}

static weir_status apply_limit(select_run *r, weir_error *err) {
    uint32_t *last = NULL;
    if (r->plan->offset <= 0 && r->plan->limit < 0) return WEIR_OK;
    if (can_lose(r, false)) WR_TRY(wr_parts_last(r->in, &r->picked, r->turn->arena, &last, err));
    wr_collapse_limit(r->in, &r->picked, r->plan->offset, r->plan->limit);
    if (last) wr_parts_lose(r->whole, r->in, last, &r->picked);
    return WEIR_OK;
}

/* ---- The output ---------------------------------------------------------------------------------------- */

/* The input's rows, chunks and times; the picked rows are its selection. */
static void pass_on(const select_run *r, weir_batch *out) {
    *out = *r->whole;
    out->part_end = NULL;
    out->n_sel = r->picked.n;
    out->sel = r->picked.n == r->in->n_rows ? NULL : r->picked.rows;
    out->kind = r->plan->wants_expired || r->plan->passes_resets ? r->in->kind : NULL;
    out->n_cols = r->op->head.plan->out.n_attrs;
    out->cols = r->outs;
    out->row_id = NULL;
}

/* Where each chunk's rows end when only the picked ones are left. */
static weir_status gather_chunks(const select_run *r, weir_batch *out, weir_error *err) {
    const weir_batch *b = r->whole;
    uint32_t *ends = wr_arena_array(r->turn->arena, b->n_chunks, sizeof *ends), chunk = 0, n = 0;
    if (!ends) return no_memory(err);
    for (uint32_t i = 0; i < r->picked.n;) {
        uint32_t next = wr_picked_chunk(b, &r->picked, i, chunk);
        while (chunk < next) ends[chunk++] = n;
        i = n = wr_picked_chunk_end(b, &r->picked, i, chunk);
    }
    while (chunk < b->n_chunks) ends[chunk++] = n;
    out->chunk_end = ends;
    return WEIR_OK;
}

/* The picked rows, moved into their order. Only rows of chunks with several rows ever change places. */
static weir_status move_picked(const select_run *r, weir_batch *out, weir_error *err) {
    uint32_t n = r->picked.n, n_cols = out->n_cols;
    weir_arena *arena = r->turn->arena;
    int64_t *ts = wr_arena_array(arena, n, sizeof *ts);
    weir_column *cols = wr_arena_zero(arena, n_cols, sizeof *cols);
    uint8_t *kind = out->kind ? wr_arena_array(arena, n, sizeof *kind) : NULL;
    if (!ts || !cols || (out->kind && !kind)) return no_memory(err);
    wr_gather_data(ts, out->ts, r->picked.rows, n, sizeof *ts);
    if (kind) wr_gather_data(kind, out->kind, r->picked.rows, n, sizeof *kind);
    for (uint32_t c = 0; c < n_cols; c++)
        if (wr_column_gather(&r->outs[c], r->picked.rows, n, arena, &cols[c])) return no_memory(err);
    WR_TRY(gather_chunks(r, out, err));
    out->n_rows = out->n_sel = n;
    out->sel = NULL;
    out->ts = ts;
    out->kind = kind;
    out->cols = cols;
    return WEIR_OK;
}

/* ---- The operator -------------------------------------------------------------------------------------- */

static weir_status pick_rows(select_run *r, weir_error *err) {
    if (picks_at_once(r)) return pick_at_once(r, err);
    if (r->op->can_fail) {
        WR_TRY(pick(r, true, err));
        WR_TRY(compute_outs(r, err));
        WR_TRY(apply_having(r, err));
    }
    WR_TRY(pick(r, false, err));
    return r->op->can_fail ? WEIR_OK : apply_having(r, err);
}

static uint32_t find_resets(const weir_batch *in, uint32_t *rows) {
    uint32_t n = 0;
    for (uint32_t k = 0; k < in->n_sel; k++) {
        uint32_t row = weir_batch_row(in, k);
        rows[n] = row;
        n += in->kind[row] == WEIR_RESET;
    }
    return n;
}

/* Puts the resets back among the picked rows, which ascend but for what order by has done to the rows between
 * two resets. They have no values. */
static weir_status pass_resets(select_run *r, weir_error *err) {
    const weir_batch *in = r->in;
    const wr_picked *p = &r->picked;
    if (!r->plan->passes_resets || !in->kind) return WEIR_OK;
    uint32_t *resets = wr_arena_array(r->turn->arena, in->n_sel, sizeof *resets);
    uint32_t *rows = wr_arena_array(r->turn->arena, (size_t)in->n_sel + p->n, sizeof *rows);
    if (!resets || !rows) return no_memory(err);
    uint32_t n_resets = find_resets(in, resets), n = 0, i = 0;
    n_resets = wr_chunk_faults_drop(&r->faults, resets, n_resets);
    if (!n_resets) return WEIR_OK;
    WR_TRY(compute_outs(r, err));
    for (uint32_t k = 0; k < n_resets; k++) {
        while (i < p->n && p->rows[i] < resets[k]) rows[n++] = p->rows[i++];
        rows[n++] = resets[k];
    }
    while (i < p->n) rows[n++] = p->rows[i++];
    r->picked = (wr_picked){rows, n};
    return WEIR_OK;
}

static weir_status select_rows_out(select_run *r, weir_error *err) {
    WR_TRY(update_aggregates(r, err));
    WR_TRY(pick_rows(r, err));
    WR_TRY(apply_chunk_mode(r, err));
    if (!r->picked.n) return WEIR_OK;
    WR_TRY(compute_outs(r, err));
    WR_TRY(apply_order(r, err));
    return apply_limit(r, err);
}

static weir_status run_select(select_run *r, weir_error *err) {
    WR_TRY(select_rows_out(r, err));
    return pass_resets(r, err);
}

/* All rows are current ones, none can fail, and all come out: the selection is the input's own. */
static weir_status run_projection(select_run *r, weir_error *err) {
    r->picked = (wr_picked){.n = r->in->n_sel, .rows = (uint32_t *)(uintptr_t)r->in->sel};
    return compute_outs(r, err);
}

static weir_status select_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                  weir_error *err) {
    select_op *s = (select_op *)op;
    const weir_batch *b = in[0];
    if (!b || b->n_rows == 0 || b->n_sel == 0) return WEIR_OK;
    weir_batch parts;
    select_run r = {.op = s, .plan = &op->plan->u.select, .turn = turn, .whole = b, .in = b};
    if (b->part_end) {
        WR_TRY(wr_parts_view(b, turn->arena, &parts, err));
        r.in = &parts;
    }
    r.view = *r.in;
    r.faults = (wr_chunk_faults){.turn = turn, .in = b};
    r.ev = (wr_eval){.in = &r.view,
                     .cycle = turn->cycle,
                     .arena = turn->arena,
                     .fail = wr_chunk_faults_note,
                     .fail_ctx = &r.faults};
    WR_TRY(s->only_projects && !b->kind ? run_projection(&r, err) : run_select(&r, err));
    WR_TRY(wr_chunk_faults_status(&r.faults, err));
    if (!r.picked.n) return WEIR_OK;
    pass_on(&r, out);
    return r.moved && !is_ascending(&r.picked) ? move_picked(&r, out, err) : WEIR_OK;
}

static void select_save(const wr_op *op, weir_writer *w) {
    const select_op *s = (const select_op *)op;
    weir_write_u32(w, STATE_VERSION);
    if (s->aggs) wr_agg_set_save(s->aggs, w);
}

static weir_status select_load(wr_op *op, weir_reader *r, weir_error *err) {
    select_op *s = (select_op *)op;
    uint32_t version = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION)
        return weir_fail(err, WEIR_ESTATE, "the saved state of a select has version %u; this weir reads %u",
                         version, STATE_VERSION);
    return s->aggs ? wr_agg_set_load(s->aggs, r, err) : WEIR_OK;
}

static void select_track(wr_op *op) {
    select_op *s = (select_op *)op;
    if (s->aggs) wr_agg_set_track(s->aggs);
}

static bool select_save_changes(const wr_op *op, weir_writer *w) {
    const select_op *s = (const select_op *)op;
    return s->aggs && wr_agg_set_save_changes(s->aggs, w);
}

static weir_status select_load_changes(wr_op *op, weir_reader *r, weir_error *err) {
    select_op *s = (select_op *)op;
    if (s->aggs) return wr_agg_set_load_changes(s->aggs, r, err);
    return weir_fail(err, WEIR_ESTATE, "the saved state of a select has aggregates that it has not");
}

static uint64_t select_rows(const wr_op *op) {
    const select_op *s = (const select_op *)op;
    return s->aggs ? wr_agg_set_live_groups(s->aggs) : 0;
}

static void select_forget(wr_op *op, uint32_t id) {
    select_op *s = (select_op *)op;
    if (op->plan->by_key && s->aggs) wr_agg_set_forget(s->aggs, id);
}

static weir_status select_clear(wr_op *op, weir_error *err) {
    select_op *s = (select_op *)op;
    return s->aggs ? wr_agg_set_clear(s->aggs, err) : WEIR_OK;
}

static void select_free(wr_op *op) {
    select_op *s = (select_op *)op;
    wr_agg_set_free(s->aggs);
    wr_probes_free(s->probes);
    wr_program_free(s->outs);
    wr_program_free(s->having);
    wr_program_free(s->order);
    for (uint32_t i = 0; i < s->n_early; i++) wr_program_free(s->early[i].program);
    wr_free(&s->head.account, s->early, op->plan->out.n_attrs * sizeof *s->early);
    wr_collapse_fini(&s->collapse);
    wr_free(op->account.parent, s, sizeof *s);
}

static const wr_op_type select_type = {.name = "select",
                                       .process = select_process,
                                       .save = select_save,
                                       .load = select_load,
                                       .track = select_track,
                                       .save_changes = select_save_changes,
                                       .load_changes = select_load_changes,
                                       .rows = select_rows,
                                       .forget = select_forget,
                                       .clear = select_clear,
                                       .free = select_free};

static weir_status make_aggregates(select_op *s, const wr_plan_select *plan, weir_error *err) {
    if (!plan->n_aggs && !plan->n_keys) return WEIR_OK;
    wr_agg_set_options options = {.slots = plan->aggs,
                                  .n_slots = plan->n_aggs,
                                  .keys = plan->keys,
                                  .n_keys = plan->n_keys,
                                  .removes = plan->input_expires && !plan->input_only_resets,
                                  .by_key = s->head.plan->by_key,
                                  .unbalanced = plan->unbalanced,
                                  .forgets = plan->forgets_extremes};
    return wr_agg_set_new(&options, &s->head.account, &s->aggs, err);
}

static bool note_slots(const wr_expr *e, void *n_slots) {
    uint32_t *n = n_slots;
    if (e->kind == WR_EXPR_AGG && e->u.column >= *n) *n = e->u.column + 1;
    return true;
}

/* Known before the aggregates are, and not noticed when it is computed twice. */
static bool can_come_early(const wr_expr *e, void *ctx) {
    (void)ctx;
    return e->kind != WR_EXPR_AGG && e->kind != WR_EXPR_PROBE &&
           (e->kind != WR_EXPR_CALL || !e->u.call.function->not_pure);
}

static weir_status make_early(select_op *s, const wr_plan_select *plan, uint32_t n_outs, weir_error *err) {
    uint32_t n_slots = 0;
    if (!plan->n_aggs || !n_outs) return WEIR_OK;
    s->early = wr_alloc_zero(&s->head.account, n_outs * sizeof *s->early);
    if (!s->early) return no_memory(err);
    for (uint32_t i = 0; i < n_outs; i++) {
        if (plan->outs[i]->can_fail && wr_expr_walk(plan->outs[i], can_come_early, NULL)) {
            early_out *early = &s->early[s->n_early++];
            early->n_slots = n_slots;
            WR_TRY(wr_program_new(plan->outs + i, 1, &s->head.account, &early->program, err));
        }
        (void)wr_expr_walk(plan->outs[i], note_slots, &n_slots);
    }
    return WEIR_OK;
}

static weir_status make_order(select_op *s, const wr_plan_select *plan, weir_error *err) {
    if (!plan->n_order) return WEIR_OK;
    wr_account *account = &s->head.account;
    size_t bytes = plan->n_order * sizeof(wr_expr *);
    wr_expr **keys = wr_alloc(account, bytes);
    if (!keys) return no_memory(err);
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; i < plan->n_order; i++) {
        keys[i] = plan->order[i].key;
        s->order_can_fail |= keys[i]->can_fail;
        if (keys[i]->boxed || keys[i]->type == WEIR_OBJECT)
            status = weir_fail(err, WEIR_EUNSUPPORTED, "order by can't compare objects");
    }
    if (status == WEIR_OK) status = wr_program_new(keys, plan->n_order, account, &s->order, err);
    wr_free(account, keys, bytes);
    return status;
}

static weir_status make_parts(select_op *s, weir_error *err) {
    const wr_plan_op *op = s->head.plan;
    const wr_plan_select *plan = &op->u.select;
    wr_account *account = &s->head.account;
    WR_TRY(make_aggregates(s, plan, err));
    if (plan->n_probes)
        WR_TRY(wr_probes_new(plan->probes, plan->n_probes, &op->in, account, &s->probes, err));
    for (uint32_t i = 0; i < plan->n_aggs; i++) {
        const wr_agg_slot *slot = &plan->aggs[i];
        s->probes_first |= slot->when && wr_expr_has_kind(slot->when, WR_EXPR_PROBE);
        for (uint32_t a = 0; a < slot->n_args; a++)
            s->probes_first |= wr_expr_has_kind(slot->args[a], WR_EXPR_PROBE);
    }
    for (uint32_t i = 0; i < op->out.n_attrs; i++) s->can_fail |= plan->outs[i]->can_fail;
    s->can_fail |= plan->having && plan->having->can_fail;
    WR_TRY(make_early(s, plan, op->out.n_attrs, err));
    WR_TRY(wr_program_new(plan->outs, op->out.n_attrs, account, &s->outs, err));
    if (plan->having) WR_TRY(wr_program_new((wr_expr *const *)&plan->having, 1, account, &s->having, err));
    return make_order(s, plan, err);
}

weir_status wr_select_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    select_op *s = wr_alloc_zero(parent, sizeof *s);
    if (!s) return no_memory(err);
    s->head.type = &select_type;
    s->head.plan = plan;
    s->head.account.parent = parent;
    s->collapse.account = &s->head.account;
    weir_status status = make_parts(s, err);
    if (status == WEIR_OK)
        *out = &s->head;
    else
        select_free(&s->head);
    return status;
}
