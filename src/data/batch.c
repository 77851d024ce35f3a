/* batch.c: see batch.h.
 *
 * A merge first lays out the order: which physical row of which input each output row is, in runs of rows
 * from one input. Then it copies column by column, run by run. */
#include "data/batch.h"

uint32_t wr_batch_chunk_of(const weir_batch *b, uint32_t row) {
    if (!b->chunk_end) return row;
    uint32_t low = 0, high = b->n_chunks; /* the first chunk that ends after row; empty ones end before it */
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (b->chunk_end[mid] > row)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

typedef struct cursor {
    const weir_batch *in;
    uint32_t chunk; /* the next one, which has rows; in->n_chunks: at the end */
    uint32_t from;  /* its first logical row */
    uint32_t to;    /* the first logical row after it */
} cursor;

typedef struct run {
    uint32_t in;
    uint32_t n;
} run;

typedef struct layout {
    uint32_t n_rows, n_chunks, n_runs;
    uint32_t *row; /* physical row in the run's input, by output row */
    run *runs;
    uint32_t *chunk_end;
    weir_origin *origin;
    uint32_t *key_id; /* NULL: the rows have no keys */
} layout;

/* Moves to the next chunk that has rows: the one of the next logical row. */
static void settle(cursor *c) {
    const weir_batch *b = c->in;
    if (c->from == b->n_sel) {
        c->chunk = b->n_chunks;
        return;
    }
    c->chunk = wr_batch_chunk_of(b, weir_batch_row(b, c->from));
    uint32_t end = weir_batch_chunk_end(b, c->chunk);
    c->to = c->from + 1;
    if (!b->sel) c->to = end;
    while (c->to < b->n_sel && weir_batch_row(b, c->to) < end) c->to++;
}

/* Inputs that have rows left, as a binary heap: the first is the one whose chunk comes next. Of equal origins
 * the earlier input's. */
typedef struct heap {
    cursor *cursors;
    uint32_t *items; /* numbers of cursors */
    weir_origin *origins;
    uint32_t n;
} heap;

static bool comes_before(const heap *h, uint32_t a, uint32_t b) {
    return h->origins[a] < h->origins[b] || (h->origins[a] == h->origins[b] && a < b);
}

static void sift_down(heap *h, uint32_t at) {
    uint32_t item = h->items[at];
    for (uint32_t child; (child = 2 * at + 1) < h->n; at = child) {
        if (child + 1 < h->n && comes_before(h, h->items[child + 1], h->items[child])) child++;
        if (!comes_before(h, h->items[child], item)) break;
        h->items[at] = h->items[child];
    }
    h->items[at] = item;
}

/* The first input has moved on: puts it where it belongs now. */
static void replace_first(heap *h) {
    cursor *c = &h->cursors[h->items[0]];
    if (c->chunk == c->in->n_chunks)
        h->items[0] = h->items[--h->n];
    else
        h->origins[h->items[0]] = weir_batch_origin(c->in, c->chunk);
    if (h->n) sift_down(h, 0);
}

static weir_status make_heap(heap *h, cursor *cursors, uint32_t n, weir_arena *arena) {
    *h = (heap){.cursors = cursors,
                .items = wr_arena_array(arena, n, sizeof *h->items),
                .origins = wr_arena_array(arena, n, sizeof *h->origins)};
    if (!h->items || !h->origins) return WEIR_ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        if (cursors[i].chunk == cursors[i].in->n_chunks) continue;
        h->origins[i] = weir_batch_origin(cursors[i].in, cursors[i].chunk);
        h->items[h->n++] = i;
    }
    for (uint32_t i = h->n / 2; i-- > 0;) sift_down(h, i);
    return WEIR_OK;
}

static void take_chunk(layout *l, cursor *c, uint32_t number) {
    if (!l->n_runs || l->runs[l->n_runs - 1].in != number) l->runs[l->n_runs++] = (run){.in = number};
    l->runs[l->n_runs - 1].n += c->to - c->from;
    for (uint32_t k = c->from; k < c->to; k++) l->row[l->n_rows++] = weir_batch_row(c->in, k);
    l->origin[l->n_chunks] = weir_batch_origin(c->in, c->chunk);
    if (l->key_id) l->key_id[l->n_chunks] = c->in->key_id[c->chunk];
    l->chunk_end[l->n_chunks++] = l->n_rows;
    c->from = c->to;
    c->chunk++;
    settle(c);
}

/* ---- The order of chunks ---- */

static weir_status take_by_heap(layout *l, cursor *cursors, uint32_t n_in, weir_arena *arena) {
    heap h;
    WR_TRY(make_heap(&h, cursors, n_in, arena));
    while (h.n) {
        take_chunk(l, &cursors[h.items[0]], h.items[0]);
        replace_first(&h);
    }
    return WEIR_OK;
}

/* A heap of many inputs costs more than the rows: chunks that are all what an arrival brought (and not what a
 * timer did) are sorted by counting. */
#define FEW_INPUTS 8u

/* All chunks that have rows are of that kind. most: the last arrival among them. */
static bool are_by_arrival(const cursor *cursors, uint32_t n_in, uint32_t *most) {
    *most = 0;
    for (uint32_t i = 0; i < n_in; i++)
        for (cursor c = cursors[i]; c.chunk < c.in->n_chunks; c.from = c.to, settle(&c)) {
            weir_origin origin = weir_batch_origin(c.in, c.chunk);
            if ((origin & 0xFFFFFFFFFFu) != WEIR_ORIGIN(0, WEIR_PHASE_EVENT, 0)) return false;
            *most = WR_MAX(*most, weir_origin_arrival(origin));
        }
    return true;
}

/* order: inputs, once for each of their chunks, by (arrival, input); an input's chunks come in their own
 * order. */
static weir_status take_by_arrival(layout *l, cursor *cursors, uint32_t n_in, uint32_t n_chunks,
                                   uint32_t most, weir_arena *arena) {
    uint32_t *start = wr_arena_zero(arena, (size_t)most + 2, sizeof *start);
    uint32_t *order = wr_arena_array(arena, n_chunks, sizeof *order);
    if (!start || !order) return WEIR_ENOMEM;
    for (uint32_t i = 0; i < n_in; i++)
        for (cursor c = cursors[i]; c.chunk < c.in->n_chunks; c.from = c.to, settle(&c))
            start[weir_origin_arrival(weir_batch_origin(c.in, c.chunk)) + 1]++;
    for (uint32_t a = 0; a <= most; a++) start[a + 1] += start[a];
    uint32_t n = start[most + 1];
    for (uint32_t i = 0; i < n_in; i++)
        for (cursor c = cursors[i]; c.chunk < c.in->n_chunks; c.from = c.to, settle(&c))
            order[start[weir_origin_arrival(weir_batch_origin(c.in, c.chunk))]++] = i;
    for (uint32_t k = 0; k < n; k++) take_chunk(l, &cursors[order[k]], order[k]);
    return WEIR_OK;
}

static weir_status make_layout(const weir_batch *const *in, uint32_t n_in, weir_arena *arena, layout *l) {
    uint64_t rows = 0, chunks = 0;
    uint32_t most;
    cursor *cursors = wr_arena_zero(arena, n_in, sizeof *cursors);
    if (!cursors) return WEIR_ENOMEM;
    for (uint32_t i = 0; i < n_in; i++) {
        rows += in[i]->n_sel;
        chunks += WR_MIN(in[i]->n_chunks, in[i]->n_sel);
        cursors[i].in = in[i];
        settle(&cursors[i]);
    }
    if (rows > UINT32_MAX) return WEIR_ELIMIT;
    memset(l, 0, sizeof *l);
    l->row = wr_arena_array(arena, rows, sizeof *l->row);
    l->runs = wr_arena_array(arena, chunks, sizeof *l->runs);
    l->chunk_end = wr_arena_array(arena, chunks, sizeof *l->chunk_end);
    l->origin = wr_arena_array(arena, chunks, sizeof *l->origin);
    if (in[0]->key_id) l->key_id = wr_arena_array(arena, chunks, sizeof *l->key_id);
    if (!l->row || !l->runs || !l->chunk_end || !l->origin || (in[0]->key_id && !l->key_id))
        return WEIR_ENOMEM;
    return n_in > FEW_INPUTS && are_by_arrival(cursors, n_in, &most)
               ? take_by_arrival(l, cursors, n_in, (uint32_t)chunks, most, arena)
               : take_by_heap(l, cursors, n_in, arena);
}

/* ---- Copying by layout -------------------------------------------------------------------------------- */

typedef struct merge {
    const weir_batch *const *in;
    uint32_t n_in;
    weir_arena *arena;
    layout l;
} merge;

/* What the output column must be to hold all inputs' column c. */
static weir_column shape_of(const merge *m, uint32_t c, bool *nullable) {
    weir_column shape = m->in[0]->cols[c];
    *nullable = false;
    for (uint32_t i = 0; i < m->n_in; i++) {
        const weir_column *col = &m->in[i]->cols[c];
        if (!col->data) shape.data = NULL;
        shape.boxed |= col->boxed;
        *nullable |= col->valid != NULL;
    }
    return shape;
}

/* Input i's column c in the output's shape: boxed if that is. */
static weir_status input_column(const merge *m, uint32_t i, uint32_t c, bool boxed, weir_column *out) {
    *out = m->in[i]->cols[c];
    if (!boxed || out->boxed || out->type == WEIR_OBJECT) return WEIR_OK;
    weir_column plain = *out;
    out->boxed = true;
    out->data = wr_arena_array(m->arena, m->in[i]->n_rows, sizeof(weir_object *));
    if (!out->data) return WEIR_ENOMEM;
    return wr_column_box(&plain, m->in[i]->sel, m->in[i]->n_sel, m->arena, out);
}

/* One loop for each size: runs are short where many inputs take turns. cols: by input. */
#define GATHER(type)                                                                                         \
    for (uint32_t r = 0, at = 0; r < l->n_runs; r++) {                                                       \
        const type *from = cols[l->runs[r].in].data;                                                         \
        for (uint32_t end = at + l->runs[r].n; at < end; at++) ((type *)out)[at] = from[l->row[at]];         \
    }                                                                                                        \
    return

static void gather_runs(const layout *l, const weir_column *cols, size_t size, void *out) {
    switch (size) {
    case 1: GATHER(uint8_t);
    case 4: GATHER(uint32_t);
    case 8: GATHER(uint64_t);
    default: GATHER(weir_string);
    }
}
#undef GATHER

static weir_status merge_column(const merge *m, uint32_t c, weir_column *out) {
    bool nullable;
    weir_column shape = shape_of(m, c, &nullable);
    *out = (weir_column){.type = shape.type, .boxed = shape.boxed};
    if (!shape.data) return WEIR_OK;
    WR_TRY(wr_column_new(m->arena, shape.type, shape.boxed, m->l.n_rows, nullable, out));
    weir_column *cols = wr_arena_array(m->arena, m->n_in, sizeof *cols);
    if (!cols) return WEIR_ENOMEM;
    for (uint32_t i = 0; i < m->n_in; i++) WR_TRY(input_column(m, i, c, shape.boxed, &cols[i]));
    gather_runs(&m->l, cols, wr_type_size(shape.type, shape.boxed), out->data);
    for (uint32_t r = 0, at = 0; nullable && r < m->l.n_runs; at += m->l.runs[r++].n) {
        const weir_column *from = &cols[m->l.runs[r].in];
        if (from->valid) wr_gather_valid(out->valid, at, from->valid, m->l.row + at, m->l.runs[r].n);
    }
    return WEIR_OK;
}

static weir_status merge_times(const merge *m, weir_batch *out) {
    int64_t *ts = wr_arena_array(m->arena, m->l.n_rows, sizeof *ts);
    if (!ts) return WEIR_ENOMEM;
    out->ts = ts;
    for (uint32_t r = 0, at = 0; r < m->l.n_runs; at += m->l.runs[r++].n)
        wr_gather_data(ts + at, m->in[m->l.runs[r].in]->ts, m->l.row + at, m->l.runs[r].n, sizeof *ts);
    return WEIR_OK;
}

static weir_status merge_kinds(const merge *m, weir_batch *out) {
    bool any = false;
    for (uint32_t i = 0; i < m->n_in; i++) any |= m->in[i]->kind != NULL;
    if (!any) return WEIR_OK;
    uint8_t *kind = wr_arena_zero(m->arena, m->l.n_rows, 1); /* zero: current */
    if (!kind) return WEIR_ENOMEM;
    out->kind = kind;
    for (uint32_t r = 0, at = 0; r < m->l.n_runs; at += m->l.runs[r++].n) {
        const uint8_t *from = m->in[m->l.runs[r].in]->kind;
        if (from) wr_gather_data(kind + at, from, m->l.row + at, m->l.runs[r].n, 1);
    }
    return WEIR_OK;
}

static weir_status copy_layout(merge *m, weir_batch *out) {
    memset(out, 0, sizeof *out);
    out->n_rows = out->n_sel = m->l.n_rows;
    out->n_chunks = m->l.n_chunks;
    out->chunk_end = m->l.n_chunks == m->l.n_rows ? NULL : m->l.chunk_end;
    out->origin = m->l.origin;
    out->key_id = m->l.key_id;
    out->n_cols = m->in[0]->n_cols;
    out->cols = wr_arena_zero(m->arena, out->n_cols, sizeof *out->cols);
    if (!out->cols) return WEIR_ENOMEM;
    WR_TRY(merge_times(m, out));
    WR_TRY(merge_kinds(m, out));
    for (uint32_t c = 0; c < out->n_cols; c++) WR_TRY(merge_column(m, c, &out->cols[c]));
    return WEIR_OK;
}

static weir_status copy_rows(merge *m, weir_batch *out) {
    WR_TRY(make_layout(m->in, m->n_in, m->arena, &m->l));
    return copy_layout(m, out);
}

weir_status wr_batch_merge(const weir_batch *const *in, uint32_t n_in, weir_arena *arena, weir_batch *out) {
    if (n_in == 0) {
        memset(out, 0, sizeof *out);
        return WEIR_OK;
    }
    if (n_in == 1) return wr_batch_compact(in[0], arena, out);
    merge m = {.in = in, .n_in = n_in, .arena = arena};
    return copy_rows(&m, out);
}

/* ---- Chosen chunks ------------------------------------------------------------------------------------- */

static weir_status lay_out_pieces(const merge *m, const wr_piece *pieces, uint32_t n, layout *l) {
    uint64_t rows = 0;
    for (uint32_t i = 0; i < n; i++) rows += pieces[i].n;
    if (rows > UINT32_MAX) return WEIR_ELIMIT;
    l->row = wr_arena_array(m->arena, rows, sizeof *l->row);
    l->runs = wr_arena_array(m->arena, n, sizeof *l->runs);
    l->chunk_end = wr_arena_array(m->arena, n, sizeof *l->chunk_end);
    if (!l->row || !l->runs || !l->chunk_end) return WEIR_ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        const wr_piece *p = &pieces[i];
        for (uint32_t k = 0; k < p->n; k++) l->row[l->n_rows++] = weir_batch_row(m->in[p->in], p->first + k);
        l->runs[i] = (run){p->in, p->n};
        l->chunk_end[i] = l->n_rows;
    }
    l->n_runs = l->n_chunks = n;
    return WEIR_OK;
}

static weir_status collect_row_ids(const merge *m, weir_batch *out) {
    bool any = false;
    for (uint32_t i = 0; i < m->n_in; i++) any |= m->in[i]->row_id != NULL;
    if (!any) return WEIR_OK;
    uint64_t *ids = wr_arena_zero(m->arena, m->l.n_rows, sizeof *ids);
    if (!ids) return WEIR_ENOMEM;
    out->row_id = ids;
    for (uint32_t r = 0, at = 0; r < m->l.n_runs; at += m->l.runs[r++].n) {
        const uint64_t *from = m->in[m->l.runs[r].in]->row_id;
        if (from) wr_gather_data(ids + at, from, m->l.row + at, m->l.runs[r].n, sizeof *ids);
    }
    return WEIR_OK;
}

/* A piece of a batch without parts is one part. */
static weir_status collect_parts(const merge *m, const wr_piece *pieces, weir_batch *out) {
    bool any = false;
    for (uint32_t i = 0; i < m->n_in; i++) any |= m->in[i]->part_end != NULL;
    if (!any) return WEIR_OK;
    uint32_t *ends = wr_arena_array(m->arena, m->l.n_rows, sizeof *ends), n = 0;
    if (!ends) return WEIR_ENOMEM;
    for (uint32_t r = 0, at = 0; r < m->l.n_chunks; at += pieces[r++].n) {
        const weir_batch *from = m->in[pieces[r].in];
        uint32_t begin = weir_batch_row(from, pieces[r].first), part = 0, high = from->n_parts;
        while (from->part_end && part < high) { /* the first part that ends after begin */
            uint32_t mid = part + (high - part) / 2;
            if (from->part_end[mid] > begin)
                high = mid;
            else
                part = mid + 1;
        }
        for (uint32_t k = 0; from->part_end && k + 1 < pieces[r].n; k++)
            if (weir_batch_row(from, pieces[r].first + k + 1) >= from->part_end[part]) {
                ends[n++] = at + k + 1;
                part++;
            }
        ends[n++] = at + pieces[r].n;
    }
    out->n_parts = n;
    out->part_end = ends;
    return WEIR_OK;
}

weir_status wr_batch_collect(const weir_batch *const *in, uint32_t n_in, const wr_piece *pieces, uint32_t n,
                             weir_arena *arena, weir_batch *out) {
    merge m = {.in = in, .n_in = n_in, .arena = arena};
    WR_TRY(lay_out_pieces(&m, pieces, n, &m.l));
    WR_TRY(copy_layout(&m, out));
    WR_TRY(collect_row_ids(&m, out));
    return collect_parts(&m, pieces, out);
}

weir_status wr_batch_compact(const weir_batch *in, weir_arena *arena, weir_batch *out) {
    if (!in->sel) {
        *out = *in;
        return WEIR_OK;
    }
    merge m = {.in = &in, .n_in = 1, .arena = arena};
    return copy_rows(&m, out);
}
