/* rate_output.c: what a rate limit emits, and the batch that becomes of it (rate_impl.h).
 *
 * When the rules are through, the rows of the input that go out or are still held are known: they are stored,
 * and every row then is a slot, from which the output's columns are gathered. What is released stays readable
 * until the store is settled, which happens before the next cycle. */
#include "data/column.h"
#include "exec/rate_impl.h"

weir_status wr_rate_no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a rate limit");
}

/* ---- Collecting -------------------------------------------------------------------------------------------
 */

static bool make_room(wr_rate *r) {
    wr_rate_output *o = &r->out;
    if (o->n < o->cap) return true;
    uint32_t cap = o->cap ? o->cap * 2 : 64;
    weir_arena *arena = r->turn->arena;
    if (cap < o->cap || !wr_arena_widen(arena, &o->row, o->n, cap, sizeof *o->row) ||
        (r->plan->has_totals && !wr_arena_widen(arena, &o->total, o->n, cap, sizeof *o->total)))
        return false;
    o->cap = cap;
    return true;
}

void wr_rate_emit(wr_rate *r, wr_rate_row row, wr_rate_row total) {
    wr_rate_output *o = &r->out;
    if (row == WR_RATE_NONE) return;
    if (!make_room(r)) {
        o->no_memory = true;
        return;
    }
    if (r->plan->has_totals) o->total[o->n] = total;
    o->row[o->n++] = row;
}

void wr_rate_end_chunk(wr_rate *r) {
    wr_rate_output *o = &r->out;
    if (o->n == (o->n_chunks ? o->chunk_end[o->n_chunks - 1] : 0)) return;
    if (o->n_chunks == o->cap_chunks) {
        uint32_t cap = o->cap_chunks ? o->cap_chunks * 2 : 16;
        if (!wr_arena_widen(r->turn->arena, &o->chunk_end, o->n_chunks, cap, sizeof *o->chunk_end) ||
            !wr_arena_widen(r->turn->arena, &o->origin, o->n_chunks, cap, sizeof *o->origin)) {
            o->no_memory = true;
            return;
        }
        o->cap_chunks = cap;
    }
    o->origin[o->n_chunks] = r->origin;
    o->chunk_end[o->n_chunks++] = o->n;
}

void wr_rate_release(wr_rate *r, wr_rate_row row) {
    if (!(row & WR_RATE_INPUT)) wr_row_store_release(r->store, row);
}

/* ---- Storing ----------------------------------------------------------------------------------------------
 */

static weir_status mark_expired(const wr_rate *r, const weir_batch *rows, weir_column *out, weir_error *err) {
    uint8_t *expired = wr_arena_zero(r->turn->arena, rows->n_rows, sizeof *expired);
    if (!expired) return wr_rate_no_memory(err);
    for (uint32_t i = 0; rows->kind && i < rows->n_rows; i++) expired[i] = rows->kind[i] == WEIR_EXPIRED;
    *out = (weir_column){.type = WEIR_BOOL, .data = expired};
    return WEIR_OK;
}

weir_status wr_rate_store(wr_rate *r, const weir_batch *rows, weir_row_id *ids, weir_error *err) {
    uint32_t n_outs = r->head.plan->out.n_attrs;
    weir_column *cols = wr_arena_array(r->turn->arena, n_outs + 1, sizeof *cols);
    if (!cols) return wr_rate_no_memory(err);
    if (n_outs) memcpy(cols, rows->cols, n_outs * sizeof *cols);
    WR_TRY(mark_expired(r, rows, &cols[n_outs], err));
    weir_batch wide = *rows;
    wide.cols = cols;
    wide.n_cols = n_outs + 1;
    weir_row_id first = 0;
    WR_TRY(wr_row_store_append(r->store, &wide, &first, ids, err));
    for (uint32_t i = 0; r->plan->rule == WR_RULE_ALL && i < wide.n_sel; i++) ids[i] = first + i;
    return WEIR_OK;
}

/* Calls visit for every row that is held, and may be replaced. */
static void each_held(wr_rate *r, void (*visit)(void *ctx, wr_rate_row *row), void *ctx) {
    for (uint32_t i = 0; i < r->n_held; i++) visit(ctx, &r->held[i]);
    for (uint32_t i = 0; i < r->n_listed; i++) visit(ctx, &r->group[r->listed[i]].row);
}

/* The same for every row that goes out. */
static void each_emitted(wr_rate *r, void (*visit)(void *ctx, wr_rate_row *row), void *ctx) {
    for (uint32_t i = 0; i < r->out.n; i++) visit(ctx, &r->out.row[i]);
}

static bool is_of_input(wr_rate_row row) { return row != WR_RATE_NONE && (row & WR_RATE_INPUT); }

static void mark(void *ctx, wr_rate_row *row) {
    uint64_t *bits = ctx;
    uint32_t at = (uint32_t)*row;
    if (is_of_input(*row)) bits[at >> 6] |= (uint64_t)1 << (at & 63);
}

static void name_by_slot(void *ctx, wr_rate_row *row) {
    const weir_row_id *slot = ctx;
    if (is_of_input(*row)) *row = slot[(uint32_t)*row];
}

/* The rows of the input that are needed, into the store; those that only go out are released again. */
static weir_status store_needed(wr_rate *r, weir_error *err) {
    const weir_batch *in = r->in;
    weir_arena *arena = r->turn->arena;
    if (!in) return WEIR_OK;
    size_t n_words = wr_valid_words(in->n_rows);
    uint64_t *held = wr_arena_zero(arena, n_words, sizeof *held), *needed = wr_arena_array(arena, n_words, 8);
    uint32_t *sel = wr_arena_array(arena, in->n_rows, sizeof *sel), n = 0;
    weir_row_id *ids = wr_arena_array(arena, in->n_rows, sizeof *ids);
    weir_row_id *slot = wr_arena_array(arena, in->n_rows, sizeof *slot);
    if (!held || !needed || !sel || !ids || !slot) return wr_rate_no_memory(err);
    each_held(r, mark, held);
    memcpy(needed, held, n_words * sizeof *held);
    each_emitted(r, mark, needed);
    for (size_t w = 0; w < n_words; w++)
        for (uint64_t left = needed[w]; left; left &= left - 1)
            sel[n++] = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);
    if (!n) return WEIR_OK;
    weir_batch rows = *in;
    rows.sel = sel;
    rows.n_sel = n;
    WR_TRY(wr_rate_store(r, &rows, ids, err));
    for (uint32_t i = 0; i < n; i++) slot[sel[i]] = ids[i];
    each_held(r, name_by_slot, slot);
    each_emitted(r, name_by_slot, slot);
    for (uint32_t i = 0; i < n; i++)
        if (!(held[sel[i] >> 6] >> (sel[i] & 63) & 1)) wr_row_store_release(r->store, ids[i]);
    return WEIR_OK;
}

/* ---- The batch --------------------------------------------------------------------------------------------
 */

static weir_status gather(const wr_rate *r, uint32_t column, const wr_rate_row *rows, weir_column *out,
                          weir_error *err) {
    const wr_attr *a = &r->attrs[column];
    bool nullable = wr_row_store_has_nulls(r->store, column);
    if (wr_column_new(r->turn->arena, a->type, a->boxed, r->out.n, nullable, out))
        return wr_rate_no_memory(err);
    return wr_row_store_gather(r->store, column, rows, r->out.n, NULL, out, err);
}

static weir_status gather_kinds(const wr_rate *r, weir_batch *out, weir_error *err) {
    weir_column expired;
    WR_TRY(gather(r, r->head.plan->out.n_attrs, r->out.row, &expired, err));
    const uint8_t *kind = expired.data;
    _Static_assert(WEIR_CURRENT == 0 && WEIR_EXPIRED == 1, "is it expired? is the kind");
    if (memchr(kind, WEIR_EXPIRED, out->n_rows)) out->kind = kind;
    return WEIR_OK;
}

static weir_status build_stored(wr_rate *r, weir_batch *out, weir_error *err) {
    const wr_rate_output *o = &r->out;
    uint32_t n_outs = r->head.plan->out.n_attrs;
    int64_t *ts = wr_arena_array(r->turn->arena, o->n, sizeof *ts);
    weir_column *cols = wr_arena_zero(r->turn->arena, n_outs, sizeof *cols);
    if (!ts || !cols) return wr_rate_no_memory(err);
    for (uint32_t i = 0; i < o->n; i++) ts[i] = wr_row_store_ts(r->store, o->row[i]);
    for (uint32_t c = 0; c < n_outs; c++)
        WR_TRY(gather(r, c, r->plan->has_totals && r->plan->is_total[c] ? o->total : o->row, &cols[c], err));
    *out = (weir_batch){.n_rows = o->n,
                        .n_sel = o->n,
                        .ts = ts,
                        .n_cols = n_outs,
                        .cols = cols,
                        .n_chunks = o->n_chunks,
                        .chunk_end = o->chunk_end,
                        .origin = o->origin};
    return gather_kinds(r, out, err);
}

/* The input with rows left out. */
static void build_picked(const wr_rate *r, weir_batch *out) {
    *out = *r->in;
    out->sel = r->out.picked;
    out->n_sel = r->out.n_picked;
    out->n_cols = r->head.plan->out.n_attrs;
}

weir_status wr_rate_build(wr_rate *r, weir_batch *out, weir_error *err) {
    if (r->out.no_memory) return wr_rate_no_memory(err);
    if (r->rule->picks) {
        if (r->out.n_picked) build_picked(r, out);
        return WEIR_OK;
    }
    WR_TRY(store_needed(r, err));
    return r->out.n ? build_stored(r, out, err) : WEIR_OK;
}
