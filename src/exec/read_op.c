/* read_op.c: rows that read an aggregation: each is joined with the buckets of its range.
 *
 * The ranges of all rows are computed at once, then the rows read in order. What they find is laid side by
 * side as candidates, `on` is tested over all of these together, and what holds is gathered. Each reading
 * row's matches are one part of its chunk, as in a join: the select takes them at once. A row of a stream
 * without a window is gone after its turn: its matches are followed by a reset, and by themselves as expired
 * rows if these are wanted. */
#include "data/column.h"
#include "exec/chunk_faults.h"
#include "exec/extent.h"

typedef struct read_op {
    wr_op head;
    wr_extent range;
    wr_program *on; /* NULL: all match */
} read_op;

/* The part of one row: candidates first..first+n-1, and perhaps one more: a row of nulls. */
typedef struct part {
    uint32_t row; /* of the input */
    uint32_t chunk;
    uint32_t first, n;
    weir_batch found;
    uint8_t kind;
    bool is_reset;
} part;

typedef struct reading {
    read_op *op;
    const wr_plan_read *plan;
    wr_turn *turn;
    const weir_batch *in;
    wr_chunk_faults faults;
    part *parts;
    uint32_t n_parts, n_candidates;
    weir_batch candidates; /* the joined columns of all */
    uint8_t *keep;         /* by candidate */
} reading;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for reading an aggregation");
}

/* ---- Ranges -----------------------------------------------------------------------------------------------
 */

static weir_status compute_ranges(reading *r, weir_error *err) {
    wr_eval ev = {.in = r->in,
                  .cycle = r->turn->cycle,
                  .arena = r->turn->arena,
                  .fail = wr_chunk_faults_note,
                  .fail_ctx = &r->faults};
    return wr_extent_compute(&r->op->range, &ev, err);
}

/* ---- Reading ----------------------------------------------------------------------------------------------
 */

static void add_part(reading *r, uint32_t row, uint32_t chunk, uint8_t kind, const weir_batch *found) {
    part *p = &r->parts[r->n_parts++];
    *p = (part){.row = row, .chunk = chunk, .first = r->n_candidates, .kind = kind};
    p->is_reset = kind == WEIR_RESET;
    if (found) p->found = *found;
    p->n = p->found.n_rows;
    r->n_candidates += p->n + (p->is_reset || r->plan->keeps_unmatched);
}

/* The row's chunk has not failed: reads for it. */
static weir_status read_row(reading *r, uint32_t row, uint32_t chunk, uint8_t kind, weir_error *err) {
    wr_aggregation *a = r->turn->aggregations[r->plan->range.aggregation];
    wr_bucket_ask ask;
    weir_batch found;
    const char *why = wr_extent_get(&r->op->range, a, row, &ask);
    if (why) {
        wr_chunk_faults_note(&r->faults, row, why);
        return WEIR_OK;
    }
    int64_t clock = r->turn->cycle->clock[weir_origin_arrival(weir_batch_origin(r->in, chunk))];
    WR_TRY(wr_aggregation_read(a, &ask, clock, r->turn->arena, &found, err));
    add_part(r, row, chunk, kind, &found);
    if (r->plan->has_window) return WEIR_OK;
    if (r->plan->expired_reads) add_part(r, row, chunk, WEIR_EXPIRED, &found);
    add_part(r, row, chunk, WEIR_RESET, NULL);
    return WEIR_OK;
}

static bool reads(const reading *r, uint8_t kind) {
    return kind == WEIR_CURRENT || (kind == WEIR_EXPIRED && r->plan->expired_reads);
}

static weir_status read_all(reading *r, weir_error *err) {
    const weir_batch *in = r->in;
    r->parts = wr_arena_array(r->turn->arena, (size_t)in->n_sel * 3, sizeof *r->parts);
    if (!r->parts) return no_memory(err);
    for (uint32_t k = 0, chunk = 0; k < in->n_sel; k++) {
        uint32_t row = weir_batch_row(in, k);
        uint8_t kind = in->kind ? in->kind[row] : WEIR_CURRENT;
        if (in->chunk_end)
            while (in->chunk_end[chunk] <= row) chunk++;
        else
            chunk = row;
        if (wr_chunk_has_failed(&r->faults, chunk)) continue;
        if (kind == WEIR_RESET) add_part(r, row, chunk, kind, NULL);
        if (reads(r, kind)) WR_TRY(read_row(r, row, chunk, kind, err));
        if (r->n_candidates > UINT32_MAX / 4)
            return weir_fail(err, WEIR_ELIMIT, "reading an aggregation gave too many rows in one cycle");
    }
    return WEIR_OK;
}

/* ---- Candidates -------------------------------------------------------------------------------------------
 */

static bool has_null_row(const reading *r, const part *p) { return p->is_reset || r->plan->keeps_unmatched; }

static weir_status repeat_rows(const reading *r, uint32_t *from, weir_error *err) {
    uint32_t n_left = r->in->n_cols;
    for (uint32_t i = 0; i < r->n_parts; i++) {
        const part *p = &r->parts[i];
        for (uint32_t k = 0; k < p->n + has_null_row(r, p); k++) from[p->first + k] = p->row;
    }
    for (uint32_t c = 0; c < n_left; c++)
        if (wr_column_gather(&r->in->cols[c], from, r->n_candidates, r->turn->arena, &r->candidates.cols[c]))
            return no_memory(err);
    return WEIR_OK;
}

/* Column c of the aggregation, of all parts one after the other. */
static weir_status lay_out(const reading *r, uint32_t c, weir_column *out, weir_error *err) {
    const wr_attr *a = &r->op->head.plan->out.attrs[r->op->head.plan->in.n_attrs + c];
    size_t size = wr_type_size(a->type, a->boxed);
    if (wr_column_new(r->turn->arena, a->type, a->boxed, r->n_candidates, true, out)) return no_memory(err);
    memset(out->data, 0, r->n_candidates * size);
    for (uint32_t i = 0; i < r->n_parts; i++) {
        const part *p = &r->parts[i];
        if (has_null_row(r, p)) weir_set_null(out, p->first + p->n);
        if (!p->n) continue;
        const weir_column *from = &p->found.cols[c];
        memcpy((char *)out->data + p->first * size, from->data, p->n * size);
        for (uint32_t k = 0; from->valid && k < p->n; k++)
            if (weir_is_null(from, k)) weir_set_null(out, p->first + k);
    }
    return WEIR_OK;
}

static weir_status make_candidates(reading *r, weir_error *err) {
    uint32_t n = r->n_candidates, n_cols = r->op->head.plan->out.n_attrs, n_left = r->in->n_cols;
    weir_arena *arena = r->turn->arena;
    int64_t *ts = wr_arena_array(arena, n, sizeof *ts);
    uint8_t *kind = wr_arena_array(arena, n, sizeof *kind);
    weir_column *cols = wr_arena_zero(arena, n_cols, sizeof *cols);
    weir_origin *origin = wr_arena_array(arena, n, sizeof *origin);
    uint32_t *from = wr_arena_array(arena, n, sizeof *from);
    if (!ts || !kind || !cols || !origin || !from) return no_memory(err);
    r->candidates = (weir_batch){.n_rows = n,
                                 .n_sel = n,
                                 .ts = ts,
                                 .kind = kind,
                                 .n_cols = n_cols,
                                 .cols = cols,
                                 .n_chunks = n,
                                 .origin = origin};
    WR_TRY(repeat_rows(r, from, err));
    for (uint32_t c = n_left; c < n_cols; c++) WR_TRY(lay_out(r, c - n_left, &cols[c], err));
    for (uint32_t i = 0; i < r->n_parts; i++) {
        const part *p = &r->parts[i];
        for (uint32_t k = p->first; k < p->first + p->n + has_null_row(r, p); k++) {
            ts[k] = r->in->ts[p->row];
            kind[k] = p->kind;
            origin[k] = weir_batch_origin(r->in, p->chunk);
        }
    }
    return WEIR_OK;
}

/* A candidate that can't be tested fails the chunk of the row that read it. */
static void fail_candidate(void *ctx, uint32_t candidate, const char *message) {
    reading *r = ctx;
    uint32_t low = 0, high = r->n_parts;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (r->parts[middle].first <= candidate)
            low = middle;
        else
            high = middle;
    }
    wr_chunk_faults_note(&r->faults, r->parts[low].row, message);
}

static weir_status test_candidates(reading *r, weir_error *err) {
    uint32_t n = r->n_candidates, n_sel = 0;
    r->keep = wr_arena_zero(r->turn->arena, n, 1);
    uint32_t *sel = wr_arena_array(r->turn->arena, n, sizeof *sel);
    if (!r->keep || !sel) return no_memory(err);
    if (!r->op->on) {
        memset(r->keep, 1, n);
        return WEIR_OK;
    }
    for (uint32_t i = 0; i < r->n_parts; i++)
        for (uint32_t k = 0; k < r->parts[i].n; k++) sel[n_sel++] = r->parts[i].first + k;
    weir_batch tested = r->candidates;
    tested.sel = sel;
    tested.n_sel = n_sel;
    uint32_t *passing = wr_arena_array(r->turn->arena, n, sizeof *passing), n_passing = 0;
    if (!passing) return no_memory(err);
    wr_eval ev = {.in = &tested,
                  .cycle = r->turn->cycle,
                  .arena = r->turn->arena,
                  .fail = fail_candidate,
                  .fail_ctx = r};
    if (n_sel) WR_TRY(wr_program_filter(r->op->on, &ev, false, passing, &n_passing, err));
    for (uint32_t i = 0; i < n_passing; i++) r->keep[passing[i]] = 1;
    return WEIR_OK;
}

/* ---- The output -------------------------------------------------------------------------------------------
 */

typedef struct gathered {
    uint32_t *rows, n;
    uint32_t *chunk_end, *part_end;
    weir_origin *origin;
    uint32_t n_chunks, n_parts;
} gathered;

static void take_part(const reading *r, const part *p, gathered *g) {
    uint32_t before = g->n;
    for (uint32_t k = 0; k < p->n; k++)
        if (r->keep[p->first + k]) g->rows[g->n++] = p->first + k;
    if (has_null_row(r, p) && (p->is_reset || g->n == before)) g->rows[g->n++] = p->first + p->n;
    if (g->n == before) return;
    g->part_end[g->n_parts++] = g->n;
    bool same = g->n_chunks && before && g->chunk_end[g->n_chunks - 1] == before &&
                g->origin[g->n_chunks - 1] == weir_batch_origin(r->in, p->chunk) && p != r->parts &&
                p[-1].chunk == p->chunk;
    if (!same) g->origin[g->n_chunks++] = weir_batch_origin(r->in, p->chunk);
    g->chunk_end[g->n_chunks - 1] = g->n;
}

static weir_status emit(reading *r, weir_batch *out, weir_error *err) {
    weir_arena *arena = r->turn->arena;
    gathered g = {.rows = wr_arena_array(arena, r->n_candidates, sizeof *g.rows),
                  .chunk_end = wr_arena_array(arena, r->n_parts, sizeof *g.chunk_end),
                  .part_end = wr_arena_array(arena, r->n_parts, sizeof *g.part_end),
                  .origin = wr_arena_array(arena, r->n_parts, sizeof *g.origin)};
    if (!g.rows || !g.chunk_end || !g.part_end || !g.origin) return no_memory(err);
    for (uint32_t i = 0; i < r->n_parts; i++)
        if (!wr_chunk_has_failed(&r->faults, r->parts[i].chunk)) take_part(r, &r->parts[i], &g);
    if (!g.n) return WEIR_OK;
    const weir_batch *c = &r->candidates;
    int64_t *ts = wr_arena_array(arena, g.n, sizeof *ts);
    uint8_t *kind = wr_arena_array(arena, g.n, sizeof *kind);
    weir_column *cols = wr_arena_zero(arena, c->n_cols, sizeof *cols);
    if (!ts || !kind || !cols) return no_memory(err);
    wr_gather_data(ts, c->ts, g.rows, g.n, sizeof *ts);
    wr_gather_data(kind, c->kind, g.rows, g.n, sizeof *kind);
    for (uint32_t i = 0; i < c->n_cols; i++)
        if (wr_column_gather(&c->cols[i], g.rows, g.n, arena, &cols[i])) return no_memory(err);
    *out = (weir_batch){.n_rows = g.n,
                        .n_sel = g.n,
                        .ts = ts,
                        .kind = kind,
                        .n_cols = c->n_cols,
                        .cols = cols,
                        .n_chunks = g.n_chunks,
                        .chunk_end = g.chunk_end,
                        .origin = g.origin,
                        .n_parts = g.n_parts,
                        .part_end = g.part_end};
    return WEIR_OK;
}

static weir_status read_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                weir_error *err) {
    const weir_batch *b = in[0];
    if (!b || !b->n_sel) return WEIR_OK;
    reading r = {.op = (read_op *)op, .plan = &op->plan->u.read, .turn = turn, .in = b};
    r.faults = (wr_chunk_faults){.turn = turn, .in = b};
    WR_TRY(compute_ranges(&r, err));
    WR_TRY(read_all(&r, err));
    if (r.n_candidates) {
        WR_TRY(make_candidates(&r, err));
        WR_TRY(test_candidates(&r, err));
        WR_TRY(emit(&r, out, err));
    }
    return wr_chunk_faults_status(&r.faults, err);
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static void read_free(wr_op *op) {
    read_op *s = (read_op *)op;
    wr_extent_fini(&s->range);
    wr_program_free(s->on);
    wr_free(op->account.parent, s, sizeof *s);
}

static const wr_op_type read_type = {.name = "read", .process = read_process, .free = read_free};

weir_status wr_read_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    const wr_plan_read *read = &plan->u.read;
    *out = NULL;
    read_op *s = wr_alloc_zero(parent, sizeof *s);
    if (!s) return no_memory(err);
    s->head = (wr_op){.type = &read_type, .plan = plan, .account = {.parent = parent}};
    weir_status st = wr_extent_init(&s->range, &read->range, &s->head.account, err);
    if (st == WEIR_OK && read->on)
        st = wr_program_new((wr_expr *const *)&read->on, 1, &s->head.account, &s->on, err);
    if (st == WEIR_OK)
        *out = &s->head;
    else
        read_free(&s->head);
    return st;
}
