#include "window/gaps.h"

#include <string.h>

#include "base/alloc.h"
#include "window/emit.h"

static weir_status make_room(wr_gaps *g, weir_error *err) {
    if (g->n < g->cap) return WEIR_OK;
    if (g->first) {
        g->n -= g->first;
        memmove(g->list, g->list + g->first, g->n * sizeof *g->list);
        g->first = 0;
        if (g->n <= g->cap / 2) return WEIR_OK;
    }
    if (wr_grow(NULL, &g->list, &g->cap, g->n + 1, sizeof *g->list) == 0) return WEIR_OK;
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a window");
}

weir_status wr_gaps_add(wr_gaps *g, weir_row_id begin, weir_row_id end, weir_error *err) {
    if (begin >= end || (g->n > g->first && g->list[g->n - 1].end >= end)) return WEIR_OK;
    WR_TRY(make_room(g, err));
    g->list[g->n++] = (wr_gap){begin, end};
    return WEIR_OK;
}

void wr_gaps_forget_below(wr_gaps *g, weir_row_id id) {
    while (g->first < g->n && g->list[g->first].end <= id) g->first++;
    if (g->first == g->n) g->first = g->n = 0;
}

void wr_gaps_close(wr_gaps *g) { wr_free(NULL, g->list, g->cap * sizeof *g->list); }

/* The first gap that ends behind id. */
static uint32_t gap_behind(const wr_gaps *g, weir_row_id id) {
    uint32_t low = g->first, high = g->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g->list[middle].end <= id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

weir_row_id wr_gaps_run(const wr_gaps *g, weir_row_id *begin, weir_row_id end) {
    uint32_t i = gap_behind(g, *begin);
    for (; i < g->n && g->list[i].begin <= *begin; i++) *begin = g->list[i].end;
    if (*begin > end) *begin = end;
    return i < g->n ? WR_MIN(g->list[i].begin, end) : end;
}

weir_status wr_gaps_emit(const wr_gaps *g, weir_window *w, weir_row_id begin, weir_row_id end, weir_kind kind,
                         int64_t ts, weir_error *err) {
    while (begin < end) {
        weir_row_id stop = wr_gaps_run(g, &begin, end);
        if (begin < stop) WR_TRY(wr_emit_range(w, begin, stop - begin, kind, false, ts, err));
        begin = stop;
    }
    return WEIR_OK;
}

void wr_gaps_visit(const wr_gaps *g, weir_row_id begin, weir_row_id end,
                   bool (*visit)(void *ctx, weir_row_id id), void *ctx) {
    while (begin < end) {
        weir_row_id stop = wr_gaps_run(g, &begin, end);
        for (; begin < stop; begin++)
            if (!visit(ctx, begin)) return;
    }
}

size_t wr_gaps_bytes(const wr_gaps *g) { return g->cap * sizeof *g->list; }

void wr_gaps_save(const wr_gaps *g, weir_writer *w) {
    weir_write_u32(w, g->n - g->first);
    for (uint32_t i = g->first; i < g->n; i++) {
        weir_write_i64(w, (int64_t)g->list[i].begin);
        weir_write_i64(w, (int64_t)g->list[i].end);
    }
}

weir_status wr_gaps_load(wr_gaps *g, weir_row_id last, weir_reader *r, weir_error *err) {
    g->first = g->n = 0;
    for (uint32_t left = weir_read_u32(r); left; left--) {
        weir_row_id begin = (weir_row_id)weir_read_i64(r), end = (weir_row_id)weir_read_i64(r);
        WR_TRY(weir_reader_status(r, err));
        if (begin >= end || end > last || (g->n && begin < g->list[g->n - 1].end))
            return weir_fail(err, WEIR_ESTATE, "the saved gaps of a window are damaged");
        WR_TRY(wr_gaps_add(g, begin, end, err));
    }
    return weir_reader_status(r, err);
}
