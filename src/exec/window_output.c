/* window_output.c: what a window emits, and the batch that becomes of it. */
#include "data/column.h"
#include "exec/chunk_faults.h"
#include "exec/window_op_impl.h"

/* ---- Collecting ---- */

/* Doubles, and starts with room for an expired row by each that came in. */
static bool new_capacity(uint32_t cap, uint64_t need, uint32_t n_in, uint32_t *out) {
    uint64_t grown = cap ? (uint64_t)cap * 2 : 2 * (uint64_t)n_in + 16;
    if (grown < need) grown = need;
    *out = (uint32_t)grown;
    return grown <= UINT32_MAX / 2;
}

weir_status weir_window_reserve(weir_window *w, uint64_t rows, uint64_t chunks, weir_error *err) {
    weir_window_output *o = &w->out;
    weir_arena *arena = w->turn->arena;
    uint32_t cap;
    if (o->n + rows > o->cap) {
        if (!new_capacity(o->cap, o->n + rows, w->input.n, &cap) ||
            !wr_arena_widen(arena, &o->id, o->n, cap, sizeof *o->id) ||
            !wr_arena_widen(arena, &o->ts, o->n, cap, sizeof *o->ts) ||
            !wr_arena_widen(arena, &o->kind, o->n, cap, sizeof *o->kind))
            return wr_window_no_memory(err);
        o->cap = cap;
    }
    if (o->n_chunks + chunks > o->cap_chunks) {
        if (!new_capacity(o->cap_chunks, o->n_chunks + chunks, w->input.n_chunks, &cap) ||
            !wr_arena_widen(arena, &o->chunk_end, o->n_chunks, cap, sizeof *o->chunk_end) ||
            (w->op.plan->needs_origin &&
             !wr_arena_widen(arena, &o->origin, o->n_chunks, cap, sizeof *o->origin)))
            return wr_window_no_memory(err);
        o->cap_chunks = cap;
    }
    return WEIR_OK;
}

weir_window_output *weir_window_get_output(weir_window *w) { return &w->out; }

void weir_window_emit(weir_window *w, weir_row_id id, weir_kind kind, int64_t ts) {
    weir_window_output *o = &w->out;
    if (kind == WEIR_EXPIRED && !w->args.expired_wanted) return;
    if (WR_UNLIKELY(o->n == o->cap) && weir_window_reserve(w, 1, 0, NULL)) {
        w->no_memory = true;
        return;
    }
    o->id[o->n] = id;
    o->ts[o->n] = ts;
    o->kind[o->n++] = (uint8_t)kind;
}

void weir_window_emit_reset(weir_window *w, int64_t ts) {
    if (w->args.reset_wanted) weir_window_emit(w, WEIR_NO_ROW, WEIR_RESET, ts);
}

void weir_window_end_chunk(weir_window *w) {
    weir_window_output *o = &w->out;
    if (o->n == (o->n_chunks ? o->chunk_end[o->n_chunks - 1] : 0)) return;
    if (WR_UNLIKELY(o->n_chunks == o->cap_chunks) && weir_window_reserve(w, 0, 1, NULL)) {
        w->no_memory = true;
        return;
    }
    if (o->origin) o->origin[o->n_chunks] = w->origin;
    o->chunk_end[o->n_chunks++] = o->n;
    if (w->ticking && (w->origin & 0xFFFFFFu) != 0xFFFFFFu) w->origin++;
}

void weir_window_note_tick(weir_window *w, uint32_t arrival, int64_t due) {
    if (w->op.firings) wr_firings_add(w->op.firings, arrival, due);
}

void weir_window_fired(weir_window *w, uint32_t arrival) {
    w->input.tick_next = arrival + 1;
    w->origin = weir_window_tick_origin(&w->input, arrival);
    w->ticking = true;
}

void weir_window_begin_chunk(weir_window *w, uint32_t c) {
    w->origin = weir_window_chunk_origin(&w->input, c);
    w->ticking = false;
    uint32_t next = weir_origin_arrival(w->origin) + (weir_origin_phase(w->origin) > w->input.rank);
    if (next > w->input.tick_next) w->input.tick_next = next;
}

weir_status weir_window_fail_chunk(weir_window *w, uint32_t c, const char *message, weir_error *err) {
    uint32_t first = !w->input.chunk_end ? c : c ? w->input.chunk_end[c - 1] : 0;
    uint32_t chunk = wr_batch_chunk_of(w->in, weir_batch_row(w->in, first)); /* as the batch counts them */
    if (wr_turn_fail(w->turn, weir_window_chunk_origin(&w->input, c), chunk, message) != WEIR_OK)
        return wr_window_no_memory(err);
    return WEIR_OK;
}

/* ---- The batch ---- */

/* Rows that are the input's, in order and all of it. */
static bool passes_all(const weir_window *w) {
    const weir_window_output *o = &w->out;
    if (!w->in || o->n != w->input.n || w->input.id) return false;
    uint64_t differs = 0;
    for (uint32_t i = 0; i < o->n; i++) differs |= (o->id[i] - w->input.first_id) ^ i;
    return !differs;
}

static bool all_current(const weir_window_output *o) {
    uint8_t some = 0;
    for (uint32_t i = 0; i < o->n; i++) some |= o->kind[i];
    return some == WEIR_CURRENT;
}

/* Values for the current rows of this call from the input; zeros for the others. Null is what the input says;
 * the others aren't null: nobody reads them. */
#define FROM_INPUT(type)                                                                                     \
    for (uint32_t i = 0; i < o->n; i++) {                                                                    \
        const type zero = {0};                                                                               \
        if (o->kind[i] != WEIR_CURRENT)                                                                      \
            ((type *)out->data)[i] = zero;                                                                   \
        else                                                                                                 \
            ((type *)out->data)[i] = ((const type *)from->data)[weir_batch_row(w->in, position(w, i))];      \
    }

static uint32_t position(const weir_window *w, uint32_t i) {
    return (uint32_t)(w->out.id[i] - w->input.first_id);
}

static weir_status column_from_input(const weir_window *w, const weir_column *from, const wr_attr *attr,
                                     weir_column *out, weir_error *err) {
    const weir_window_output *o = &w->out;
    if (wr_column_new(w->turn->arena, attr->type, attr->boxed, o->n, from && from->valid, out) != WEIR_OK)
        return wr_window_no_memory(err);
    size_t size = wr_type_size(attr->type, attr->boxed);
    if (!from || !from->data) {
        memset(out->data, 0, o->n * size);
        return WEIR_OK;
    }
    switch (size) {
    case 1: FROM_INPUT(uint8_t) break;
    case 4: FROM_INPUT(uint32_t) break;
    case 8: FROM_INPUT(uint64_t) break;
    default: FROM_INPUT(weir_string) break;
    }
    for (uint32_t i = 0; from->valid && i < o->n; i++)
        if (o->kind[i] == WEIR_CURRENT && weir_is_null(from, weir_batch_row(w->in, position(w, i))))
            weir_set_null(out, i);
    return WEIR_OK;
}
#undef FROM_INPUT

static weir_status column_from_store(const weir_window *w, uint32_t column, const wr_attr *attr,
                                     weir_column *out, weir_error *err) {
    const weir_window_output *o = &w->out;
    bool nullable = wr_row_store_has_nulls(w->store, column);
    if (wr_column_new(w->turn->arena, attr->type, attr->boxed, o->n, nullable, out) != WEIR_OK)
        return wr_window_no_memory(err);
    if (w->type->slides) return wr_row_store_merge(w->store, column, o->kind, o->id, o->n, out, err);
    return wr_row_store_gather(w->store, column, o->id, o->n, NULL, out, err);
}

static weir_status build_column(weir_window *w, uint32_t c, bool passes, weir_column *out, weir_error *err) {
    const wr_attr *attr = &w->op.plan->in.attrs[c];
    const weir_column *from = w->in ? &w->in->cols[c] : NULL;
    *out = (weir_column){.type = attr->type, .boxed = attr->boxed};
    if (!w->is_read[c]) return WEIR_OK;
    if (passes) return weir_window_in_column(w, c, out, err);
    if (w->store && w->stored[c]) return column_from_store(w, c, attr, out, err);
    return column_from_input(w, from, attr, out, err);
}

weir_status wr_window_build_output(weir_window *w, weir_batch *out, weir_error *err) {
    const weir_window_output *o = &w->out;
    if (!o->n) return WEIR_OK;
    uint32_t n_cols = w->op.plan->out.n_attrs; /* without those computed for the window alone */
    bool current = all_current(o), passes = current && passes_all(w);
    *out = (weir_batch){.n_rows = o->n,
                        .n_sel = o->n,
                        .ts = o->ts,
                        .kind = current ? NULL : o->kind,
                        .n_cols = n_cols,
                        .cols = wr_arena_array(w->turn->arena, n_cols, sizeof *out->cols),
                        .n_chunks = o->n_chunks,
                        .chunk_end = o->n_chunks == o->n ? NULL : o->chunk_end,
                        .origin = o->origin,
                        .row_id = w->args.is_searched ? o->id : NULL};
    if (!out->cols) return wr_window_no_memory(err);
    for (uint32_t c = 0; c < n_cols; c++) WR_TRY(build_column(w, c, passes, &out->cols[c], err));
    return WEIR_OK;
}
