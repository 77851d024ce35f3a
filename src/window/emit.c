/* emit.c: see emit.h. */
#include "window/emit.h"

static void put_own_ts(const weir_window *w, weir_row_id id, uint64_t n, int64_t *ts) {
    while (n) {
        uint32_t run;
        const int64_t *own = weir_window_ts_run(w, id, &run);
        if (run > n) run = (uint32_t)n;
        memcpy(ts, own, run * sizeof *ts);
        ts += run;
        id += run;
        n -= run;
    }
}

weir_status wr_emit_range(weir_window *w, weir_row_id first, uint64_t n, weir_kind kind, bool own_ts,
                          int64_t ts, weir_error *err) {
    if (!n) return WEIR_OK;
    WR_TRY(weir_window_reserve(w, n, 0, err));
    weir_window_output *o = weir_window_get_output(w);
    for (uint64_t i = 0; i < n; i++) o->id[o->n + i] = first + i;
    memset(o->kind + o->n, (int)kind, n);
    if (own_ts)
        put_own_ts(w, first, n, o->ts + o->n);
    else
        for (uint64_t i = 0; i < n; i++) o->ts[o->n + i] = ts;
    o->n += (uint32_t)n;
    return WEIR_OK;
}

uint64_t wr_count_due(const weir_window *w, weir_row_id first, weir_row_id end, int64_t horizon) {
    weir_row_id id = first;
    while (id < end) {
        uint32_t n, i = 0;
        const int64_t *ts = weir_window_ts_run(w, id, &n);
        while (i + 4 <= n &&
               (ts[i] <= horizon) & (ts[i + 1] <= horizon) & (ts[i + 2] <= horizon) & (ts[i + 3] <= horizon))
            i += 4;
        while (i < n && ts[i] <= horizon) i++;
        id += i;
        if (i < n) break;
    }
    return WR_MIN(id, end) - first;
}

weir_status wr_emit_input(weir_window *w, weir_error *err) {
    const weir_window_input *in = weir_window_get_input(w);
    if (!in->n) return WEIR_OK;
    WR_TRY(weir_window_reserve(w, in->n, in->n_chunks, err));
    weir_window_output *o = weir_window_get_output(w);
    for (uint32_t i = 0; i < in->n; i++) o->id[o->n + i] = in->id ? in->id[i] : in->first_id + i;
    memcpy(o->ts + o->n, in->ts, in->n * sizeof *in->ts);
    memset(o->kind + o->n, WEIR_CURRENT, in->n);
    for (uint32_t c = 0; c < in->n_chunks; c++) {
        o->chunk_end[o->n_chunks] = o->n + wr_chunk_end_of(in, c);
        if (o->origin) o->origin[o->n_chunks] = weir_window_chunk_origin(in, c);
        o->n_chunks++;
    }
    o->n += in->n;
    return WEIR_OK;
}

weir_status wr_tell_range(weir_window *w, wr_found_range from, wr_found_range to, int64_t ts,
                          weir_error *err) {
    weir_row_id left = WR_MIN(to.begin, from.end), entered = WR_MAX(to.begin, from.end);
    if (from.begin < left) WR_TRY(wr_emit_range(w, from.begin, left - from.begin, WEIR_LEFT, false, ts, err));
    return entered < to.end ? wr_emit_range(w, entered, to.end - entered, WEIR_ENTERED, false, ts, err)
                            : WEIR_OK;
}

void wr_visit_range(weir_row_id first, weir_row_id end, bool (*visit)(void *ctx, weir_row_id id), void *ctx) {
    while (first < end && visit(ctx, first)) first++;
}

weir_status wr_take_rows(weir_window *w, uint32_t first, uint32_t n, int64_t now,
                         weir_status (*take)(void *self, weir_window *w, uint32_t i, int64_t now,
                                             weir_error *err),
                         void *self, weir_error *err) {
    for (uint32_t i = first; i < first + n; i++) {
        weir_status status = take(self, w, i, now, err);
        if (status == WEIR_OK) continue;
        for (; i < first + n; i++) weir_window_release(w, weir_window_id(w, i));
        return status;
    }
    return WEIR_OK;
}
