/* select_run.c: select … group by … having … order by … limit: what comes out of a query.
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
#include "exec/select_impl.h"

/* One call of process. */
typedef struct select_run {
    wr_select *op;
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

static weir_status update_aggregates(select_run *r, weir_error *err) {
    if (!r->op->aggs) return WEIR_OK;
    if (!r->plan->n_aggs && !r->in->chunk_end) return WEIR_OK; /* no two rows of a chunk to tell apart */
    if (r->op->probes_first) WR_TRY(run_probes(r, err));
    weir_column *values = wr_arena_zero(r->turn->arena, r->plan->n_aggs, sizeof *values);
    if (!values) return no_memory(err);
    const uint32_t *taken_by;
    WR_TRY(wr_select_find_early(r->op, &r->ev, r->in, r->turn->arena, &taken_by, err));
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
    const wr_select *s = r->op;
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

/* ---- All of it ----------------------------------------------------------------------------------------- */

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

weir_status wr_select_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                              weir_error *err) {
    wr_select *s = (wr_select *)op;
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
