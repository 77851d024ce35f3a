/* panes.c: see panes.h. */
#include "window/eventtime/panes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "state/held_rows.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a window by event time");
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void wr_panes_init(wr_panes *p, int64_t size, int64_t hop, int64_t offset) {
    *p = (wr_panes){.size = size, .hop = hop, .width = gcd(size, hop)};
    p->offset = offset % hop;
    if (p->offset < 0) p->offset += hop;
}

static void free_pane(wr_pane *pane) { wr_free(NULL, pane->rows, pane->cap * sizeof *pane->rows); }

void wr_panes_fini(wr_panes *p) {
    for (uint32_t i = 0; i < p->n; i++) free_pane(&p->panes[i]);
    wr_free(NULL, p->panes, p->cap * sizeof *p->panes);
    p->panes = NULL;
    p->n = p->cap = 0;
}

/* ---- Where windows lie ---- */

/* The largest multiple of step, counted from offset, at or below time; INT64_MIN if it is out of range. */
static int64_t floor_to(int64_t time, int64_t offset, int64_t step) {
    int64_t since, down;
    if (__builtin_sub_overflow(time, offset, &since)) return INT64_MIN;
    int64_t rest = since % step;
    if (rest < 0) rest += step;
    return __builtin_sub_overflow(time, rest, &down) ? INT64_MIN : down;
}

int64_t wr_panes_last_begin(const wr_panes *p, int64_t time) { return floor_to(time, p->offset, p->hop); }

int64_t wr_panes_first_begin(const wr_panes *p, int64_t time) {
    int64_t before, begin;
    if (__builtin_sub_overflow(time, p->size, &before)) return INT64_MIN;
    before = floor_to(before, p->offset, p->hop);
    return before == INT64_MIN || __builtin_add_overflow(before, p->hop, &begin) ? INT64_MIN : begin;
}

/* The first pane that does not end before time, by number. */
static uint32_t pane_from(const wr_panes *p, int64_t time) {
    uint32_t low = 0, high = p->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (p->panes[mid].begin < time)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int64_t wr_panes_next(const wr_panes *p, int64_t from) {
    for (uint32_t i = pane_from(p, from); i < p->n; i++) {
        int64_t first = WR_MAX(wr_panes_first_begin(p, p->panes[i].begin), from);
        if (first <= p->panes[i].begin) return first; /* where hop > size, some panes are in no window */
    }
    return INT64_MAX;
}

/* ---- Rows ---- */

static weir_status make_pane(wr_panes *p, uint32_t at, int64_t begin, weir_error *err) {
    if (wr_grow(NULL, &p->panes, &p->cap, p->n + 1, sizeof *p->panes)) return no_memory(err);
    memmove(p->panes + at + 1, p->panes + at, (p->n - at) * sizeof *p->panes);
    p->panes[at] = (wr_pane){.begin = begin, .is_sorted = true};
    p->n++;
    return WEIR_OK;
}

weir_status wr_panes_add(wr_panes *p, int64_t time, weir_row_id id, weir_error *err) {
    int64_t begin = floor_to(time, p->offset, p->width);
    uint32_t at = p->n && p->panes[p->n - 1].begin == begin ? p->n - 1 : pane_from(p, begin);
    if (at == p->n || p->panes[at].begin != begin) WR_TRY(make_pane(p, at, begin, err));
    wr_pane *pane = &p->panes[at];
    if (wr_grow(NULL, &pane->rows, &pane->cap, pane->n + 1, sizeof *pane->rows)) return no_memory(err);
    if (pane->n && pane->rows[pane->n - 1].time > time) pane->is_sorted = false;
    pane->rows[pane->n++] = (wr_pane_row){time, p->next_seq++, id};
    return WEIR_OK;
}

static int by_time(const void *a, const void *b) {
    const wr_pane_row *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

weir_status wr_panes_visit(wr_panes *p, int64_t begin, uint64_t until,
                           weir_status (*visit)(void *ctx, weir_row_id id, weir_error *err), void *ctx,
                           weir_error *err) {
    for (uint32_t i = pane_from(p, begin); i < p->n && p->panes[i].begin - begin < p->size; i++) {
        wr_pane *pane = &p->panes[i];
        if (!pane->is_sorted) qsort(pane->rows, pane->n, sizeof *pane->rows, by_time);
        pane->is_sorted = true;
        for (uint32_t r = 0; r < pane->n; r++)
            if (pane->rows[r].seq < until) WR_TRY(visit(ctx, pane->rows[r].id, err));
    }
    return WEIR_OK;
}

void wr_panes_forget_below(wr_panes *p, weir_window *w, int64_t begin) {
    uint32_t gone = 0;
    for (; gone < p->n && p->panes[gone].begin < begin; gone++) {
        for (uint32_t r = 0; r < p->panes[gone].n; r++) weir_window_release(w, p->panes[gone].rows[r].id);
        free_pane(&p->panes[gone]);
    }
    if (gone) memmove(p->panes, p->panes + gone, (p->n - gone) * sizeof *p->panes);
    p->n -= gone;
}

/* ---- State ---- */

size_t wr_panes_bytes(const wr_panes *p) {
    size_t bytes = p->cap * sizeof *p->panes;
    for (uint32_t i = 0; i < p->n; i++) bytes += p->panes[i].cap * sizeof *p->panes[i].rows;
    return bytes;
}

void wr_panes_save(const wr_panes *p, weir_writer *w) {
    weir_write_i64(w, (int64_t)p->next_seq);
    weir_write_u32(w, p->n);
    for (uint32_t i = 0; i < p->n; i++) {
        weir_write_i64(w, p->panes[i].begin);
        weir_write_u32(w, p->panes[i].n);
        for (uint32_t r = 0; r < p->panes[i].n; r++) {
            weir_write_i64(w, p->panes[i].rows[r].time);
            weir_write_i64(w, (int64_t)p->panes[i].rows[r].seq);
            weir_write_i64(w, (int64_t)p->panes[i].rows[r].id);
        }
    }
}

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved window by event time is damaged");
}

static weir_status load_pane(wr_panes *p, const weir_window *w, weir_reader *r, weir_error *err) {
    int64_t begin = weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n > weir_reader_left(r) / (3 * sizeof(int64_t)) || (p->n && p->panes[p->n - 1].begin >= begin))
        return damaged(err);
    WR_TRY(make_pane(p, p->n, begin, err));
    wr_pane *pane = &p->panes[p->n - 1];
    if (wr_grow(NULL, &pane->rows, &pane->cap, n, sizeof *pane->rows)) return no_memory(err);
    for (; pane->n < n; pane->n++) {
        wr_pane_row row = {.time = weir_read_i64(r)};
        row.seq = (uint64_t)weir_read_i64(r);
        row.id = (weir_row_id)weir_read_i64(r);
        if (!wr_window_claim(w, row.id)) return damaged(err);
        pane->rows[pane->n] = row;
    }
    pane->is_sorted = false;
    return weir_reader_status(r, err);
}

weir_status wr_panes_load(wr_panes *p, const weir_window *w, weir_reader *r, weir_error *err) {
    p->next_seq = (uint64_t)weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    for (uint32_t i = 0; i < n; i++) WR_TRY(load_pane(p, w, r, err));
    return weir_reader_status(r, err);
}
