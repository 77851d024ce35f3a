/* window_input.c: a window's input: the batch's rows without a selection, and stored if they must be. */
#include "data/column.h"
#include "data/value.h"
#include "exec/window_op_impl.h"

weir_status wr_window_no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a window");
}

/* A window takes in current rows; any others are left out. */
static weir_status select_current(weir_window *w, const weir_batch *b, weir_error *err) {
    uint32_t n = 0, *sel = wr_arena_array(w->turn->arena, b->n_sel, sizeof *sel);
    if (!sel) return wr_window_no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (b->kind[row] == WEIR_CURRENT) sel[n++] = row;
    }
    w->current = *b;
    w->current.sel = sel;
    w->current.n_sel = n;
    w->in = &w->current;
    return WEIR_OK;
}

static weir_status compact_ts(weir_window *w, weir_error *err) {
    const weir_batch *b = w->in;
    w->input.ts = b->ts;
    if (!b->sel) return WEIR_OK;
    int64_t *ts = wr_arena_array(w->turn->arena, b->n_sel, sizeof *ts);
    if (!ts) return wr_window_no_memory(err);
    wr_gather_data(ts, b->ts, b->sel, b->n_sel, sizeof *ts);
    w->input.ts = ts;
    return WEIR_OK;
}

/* Chunk ends by logical row, without the chunks that have no rows left; and the origins of the others. */
static weir_status compact_chunks(weir_window *w, weir_error *err) {
    const weir_batch *b = w->in;
    weir_window_input *in = &w->input;
    in->first_arrival = b->first_arrival;
    in->origin = b->origin;
    in->n_chunks = b->n_sel;
    if (!b->chunk_end && !b->sel) return WEIR_OK;
    uint32_t most = b->chunk_end ? WR_MIN(b->n_chunks, b->n_sel) : b->n_sel, n = 0;
    uint32_t *end = b->chunk_end ? wr_arena_array(w->turn->arena, most, sizeof *end) : NULL;
    weir_origin *origin = wr_arena_array(w->turn->arena, most, sizeof *origin);
    if (!origin || (b->chunk_end && !end)) return wr_window_no_memory(err);
    for (uint32_t k = 0, c = 0; k < b->n_sel; n++) {
        uint32_t row = weir_batch_row(b, k);
        if (b->chunk_end) {
            while (b->chunk_end[c] <= row) c++;
            while (k < b->n_sel && weir_batch_row(b, k) < b->chunk_end[c]) k++;
            end[n] = k;
        } else {
            c = row;
            k++;
        }
        origin[n] = weir_batch_origin(b, c);
    }
    in->n_chunks = n;
    in->chunk_end = end;
    in->origin = origin;
    return WEIR_OK;
}

static weir_status store_rows(weir_window *w, weir_error *err) {
    weir_window_input *in = &w->input;
    bool is_bag = w->type->shape == WEIR_WINDOW_BAG;
    weir_row_id *ids = is_bag ? wr_arena_array(w->turn->arena, in->n, sizeof *ids) : NULL;
    if (is_bag && !ids) return wr_window_no_memory(err);
    in->id = ids;
    if (w->store) return wr_row_store_append(w->store, w->in, &in->first_id, ids, err);
    in->first_id = w->next_id;
    for (uint32_t i = 0; ids && i < in->n; i++) ids[i] = w->next_id + i;
    w->next_id += in->n;
    return WEIR_OK;
}

weir_status wr_window_take_input(weir_window *w, const weir_batch *in, weir_error *err) {
    w->in = in && in->n_sel ? in : NULL;
    w->input = (weir_window_input){.cycle = w->turn->cycle, .until = w->turn->until};
    w->input.rank = w->op.plan->rank;
    w->input.notes_ticks = w->op.firings != NULL;
    if (w->op.fired_cycle != w->turn->cycle->number) {
        w->op.fired_cycle = w->turn->cycle->number;
        w->op.fired_next = 0;
    }
    w->input.tick_next = w->op.fired_next;
    if (w->in && in->kind) WR_TRY(select_current(w, in, err));
    if (!w->in || !w->in->n_sel) return WEIR_OK;
    w->input.n = w->in->n_sel;
    WR_TRY(compact_ts(w, err));
    WR_TRY(compact_chunks(w, err));
    return store_rows(w, err);
}

/* ---- What a window may ask about it ---- */

weir_window_input *weir_window_get_input(weir_window *w) { return &w->input; }

weir_status weir_window_in_column(weir_window *w, uint32_t column, weir_column *out, weir_error *err) {
    memset(out, 0, sizeof *out);
    if (!w->in) return WEIR_OK;
    const weir_column *c = &w->in->cols[column];
    if (!w->in->sel) {
        *out = *c;
        return WEIR_OK;
    }
    if (wr_column_gather(c, w->in->sel, w->in->n_sel, w->turn->arena, out) != WEIR_OK)
        return wr_window_no_memory(err);
    return WEIR_OK;
}

weir_row_id weir_window_id(const weir_window *w, uint32_t i) {
    return w->input.id ? w->input.id[i] : w->input.first_id + i;
}
int64_t weir_window_in_ts(const weir_window *w, uint32_t i) { return w->input.ts[i]; }
weir_value weir_window_in_value(const weir_window *w, uint32_t i, uint32_t column) {
    return wr_column_get(&w->in->cols[column], weir_batch_row(w->in, i));
}
