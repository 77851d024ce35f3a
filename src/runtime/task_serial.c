/* task_serial.c: arrivals one by one, depth first: each chunk goes through everything that it causes before
 * the next. This is Siddhi's own order, and what the batched way must equal.
 *
 * Within one arrival: the clock moves; every operator with a timer has its turn, in order of rank; then the
 * chunk is pushed into its stream. */
#include "data/column.h"
#include "runtime/task_internal.h"
#include "weir_io.h"

#define MOST_NESTED 200u /* streams within one another: queries in a circle that never end */

typedef struct pushing {
    wr_task *t;
    uint32_t depth;
} pushing;

static weir_status push(pushing *p, uint32_t stream, const weir_batch *b, weir_error *err);

/* Bits begin..begin+n-1 as bits 0..n-1. */
static uint64_t *shifted_valid(const uint64_t *valid, uint32_t begin, uint32_t n, weir_arena *arena) {
    uint32_t words = (uint32_t)wr_valid_words(n), shift = begin & 63;
    uint64_t *out = wr_arena_array(arena, words, sizeof *out);
    for (uint32_t w = 0; out && w < words; w++) {
        const uint64_t *from = valid + (begin >> 6) + w;
        out[w] = from[0] >> shift;
        if (shift && (begin & 63) + (n - 64 * w) > 64) out[w] |= from[1] << (64 - shift);
    }
    return out;
}

/* Physical rows begin..begin+n_rows-1 of b's columns. */
static bool shift_columns(const weir_batch *b, uint32_t begin, weir_arena *arena, weir_batch *out) {
    out->cols = wr_arena_array(arena, b->n_cols + 1, sizeof *out->cols);
    for (uint32_t i = 0; out->cols && i < b->n_cols; i++) {
        const weir_column *from = &b->cols[i];
        weir_column *to = &out->cols[i];
        *to = *from;
        if (from->data) to->data = (char *)from->data + begin * wr_type_size(from->type, from->boxed);
        if (!from->data || !from->valid) continue;
        to->valid = shifted_valid(from->valid, begin, out->n_rows, arena);
        if (!to->valid) return false;
    }
    return out->cols != NULL;
}

/* The parts of a chunk (see weir_batch) in rows of its own. */
static bool shift_parts(const weir_batch *b, uint32_t begin, uint32_t end, weir_arena *arena,
                        weir_batch *out) {
    uint32_t first = 0, top = b->n_parts;
    if (!b->part_end) return true;
    while (first < top) {
        uint32_t mid = first + (top - first) / 2;
        if (b->part_end[mid] <= begin)
            first = mid + 1;
        else
            top = mid;
    }
    uint32_t *ends = wr_arena_array(arena, b->n_parts - first + 1, sizeof *ends), n = 0;
    for (; ends && first + n < b->n_parts && b->part_end[first + n] <= end; n++)
        ends[n] = b->part_end[first + n] - begin;
    out->part_end = ends;
    out->n_parts = n;
    return ends != NULL;
}

/* Chunks c..last of b, all of one origin, as a batch of its own with one chunk and no more rows than they
 * have: what operators set up for each call is by physical row. *k is the first logical row not yet given
 * out. */
static bool chunks_view(const weir_batch *b, uint32_t c, uint32_t last, uint32_t *k, weir_arena *arena,
                        weir_batch *out, weir_error *err, weir_status *status) {
    uint32_t begin = weir_batch_chunk_begin(b, c), end = weir_batch_chunk_end(b, last), first = *k;
    while (*k < b->n_sel && weir_batch_row(b, *k) < end) ++*k;
    *status = WEIR_OK;
    if (*k == first) return false;
    uint32_t n_sel = *k - first, *sel = NULL;
    struct one_chunk {
        uint32_t end;
        weir_origin origin;
    } *one = weir_arena_alloc(arena, sizeof *one);
    *out = *b;
    out->n_rows = end - begin;
    bool ok = one && shift_columns(b, begin, arena, out) && shift_parts(b, begin, end, arena, out);
    if (ok && n_sel < out->n_rows) {
        sel = wr_arena_array(arena, n_sel, sizeof *sel);
        ok = sel != NULL;
    }
    if (!ok) {
        *status = weir_fail(err, WEIR_ENOMEM, "out of memory for a chunk");
        return false;
    }
    for (uint32_t i = 0; sel && i < n_sel; i++) sel[i] = weir_batch_row(b, first + i) - begin;
    *one = (struct one_chunk){out->n_rows, weir_batch_origin(b, c)};
    out->sel = sel;
    out->n_sel = n_sel;
    out->ts += begin;
    if (b->kind) out->kind += begin;
    if (b->row_id) out->row_id += begin;
    out->n_chunks = 1;
    out->chunk_end = &one->end;
    out->origin = &one->origin;
    out->key_id = b->key_id ? &b->key_id[c] : NULL;
    return true;
}

static bool chunk_view(const weir_batch *b, uint32_t c, uint32_t *k, weir_arena *arena, weir_batch *out,
                       weir_error *err, weir_status *status) {
    return chunks_view(b, c, c, k, arena, out, err, status);
}

static weir_status output(pushing *p, wr_query_state *q, const weir_batch *b, weir_error *err) {
    wr_task_deliver(&q->subscriptions, b);
    if (q->plan->output_kind == WR_OUTPUT_AGGREGATION)
        return wr_aggregation_feed(p->t->aggregations[q->plan->target], b, &p->t->cycle, &p->t->arena, err);
    if (q->change) return wr_change_apply(q->change, &p->t->turn, b, err);
    weir_batch rows = *b;
    if (!wr_task_keeps_kinds(&p->t->plan->streams[q->plan->target])) rows.kind = NULL;
    if (p->t->plan->streams[q->plan->target].partition == WR_NONE_ID) rows.key_id = NULL;
    return push(p, q->plan->target, &rows, err);
}

/* Tells the joins that search a named window how its content has changed. */
static weir_status tell_joins(pushing *p, uint32_t window, const weir_batch *rows, weir_error *err) {
    wr_task *t = p->t;
    for (uint32_t i = 0; i < t->plan->n_queries; i++) {
        wr_op *op = t->queries[i].merge;
        if (!op || op->plan->kind != WR_OP_JOIN) continue;
        for (uint32_t side = 0; side < 2; side++) {
            if (op->plan->u.join.window[side] != window) continue;
            const weir_batch *in[WR_MAX_SIDES] = {NULL};
            weir_batch out;
            in[2 + side] = rows;
            WR_TRY(wr_op_process(op, &t->turn, in, &out, err));
        }
    }
    return WEIR_OK;
}

/* What has left a named window, from chunk c and row k on, as far as it has the same origin: before any of it
 * goes on, all of it has changed the window's content. */
static weir_status window_changes(pushing *p, const wr_query_state *q, const weir_batch *out, uint32_t c,
                                  uint32_t k, weir_error *err) {
    weir_batch rows;
    weir_status st;
    weir_origin origin = weir_batch_origin(out, c);
    if (!q->plan->window || !q->plan->window->is_joined) return WEIR_OK;
    if (c && weir_batch_origin(out, c - 1) == origin) return WEIR_OK;
    uint32_t last = c;
    while (last + 1 < out->n_chunks && weir_batch_origin(out, last + 1) == origin) last++;
    return chunks_view(out, c, last, &k, &p->t->arena, &rows, err, &st)
               ? tell_joins(p, (uint32_t)(q->plan->window - p->t->plan->windows), &rows, err)
               : st;
}

/* Hands b (NULL: only the timer's turn) to the operator at (side, index), and what comes out to the next. */
static weir_status run_from(pushing *p, wr_query_state *q, uint32_t side, uint32_t index, const weir_batch *b,
                            weir_origin until, weir_error *err) {
    wr_op *op = wr_task_op_at(q, side, index);
    if (!op) return output(p, q, b, err);
    const weir_batch *in[WR_MAX_SIDES];
    for (uint32_t i = 0; i < op->plan->n_in; i++) in[i] = NULL;
    in[op == q->merge ? side : 0] = b;
    weir_batch out, chunk;
    p->t->turn.until = until;
    WR_TRY(wr_op_process(op, &p->t->turn, in, &out, err));
    for (uint32_t c = 0, k = 0; c < out.n_chunks && k < out.n_sel; c++) {
        weir_status st;
        if (wr_plan_is_window(op->plan)) WR_TRY(window_changes(p, q, &out, c, k, err));
        if (chunk_view(&out, c, &k, &p->t->arena, &chunk, err, &st))
            st = run_from(p, q, side, index + 1, &chunk, chunk.origin[0], err);
        WR_TRY(st);
    }
    return WEIR_OK;
}

/* A receiver failed: the fault stream gets the rows, later receivers nothing. */
static weir_status settle(pushing *p, uint32_t stream, const weir_batch *b, weir_error *err) {
    weir_batch faults;
    WR_TRY(wr_task_fault_rows(p->t, &p->t->turn, stream, b, &faults, err));
    p->t->turn.faults = (wr_faults){0};
    return faults.n_sel ? push(p, p->t->streams[stream].plan->fault, &faults, err) : WEIR_OK;
}

/* Both sides of a join of the stream with itself, row by row. A row that fails ends the chunk. */
static weir_status push_by_turns(pushing *p, wr_query_state *q, const weir_batch *b, weir_error *err) {
    uint32_t *rows = wr_arena_array(&p->t->arena, b->n_sel, sizeof *rows);
    if (!rows) return weir_fail(err, WEIR_ENOMEM, "out of memory for a chunk");
    for (uint32_t k = 0; k < b->n_sel; k++) {
        rows[k] = weir_batch_row(b, k);
        weir_batch row = *b;
        row.sel = &rows[k];
        row.n_sel = 1;
        for (uint32_t side = 0; side < 2 && !p->t->turn.faults.n; side++)
            WR_TRY(run_from(p, q, side, 0, &row, weir_batch_origin(b, 0), err));
    }
    return WEIR_OK;
}

/* The runs of the chunk, one after the other. What fails inside fails outside: later runs are left out. */
static weir_status push_runs(pushing *p, const struct wr_receiver *r, const weir_batch *b, weir_error *err) {
    wr_task *t = p->t;
    wr_op *op = t->partitions[r->partition];
    const wr_plan_keys *keys = &op->plan->u.keys;
    const weir_batch **in = wr_arena_zero(&t->arena, keys->n_inputs, sizeof *in);
    weir_batch *out = wr_arena_zero(&t->arena, keys->n_inputs, sizeof *out), run;
    if (!in || !out) return weir_fail(err, WEIR_ENOMEM, "out of memory for a chunk");
    in[r->side] = b;
    t->turn.until = weir_batch_origin(b, 0);
    WR_TRY(wr_op_process(op, &t->turn, in, out, err));
    WR_TRY(wr_task_greet_keys(t, &t->turn, r->partition, out, keys->n_inputs, err));
    const weir_batch *runs = &out[r->side];
    for (uint32_t c = 0, k = 0; c < runs->n_chunks && k < runs->n_sel && !t->turn.faults.n; c++) {
        weir_status st;
        if (chunk_view(runs, c, &k, &t->arena, &run, err, &st))
            st = push(p, keys->inputs[r->side].view, &run, err);
        WR_TRY(st);
    }
    for (uint32_t i = 0; i < t->turn.faults.n; i++) t->turn.faults.items[i].origin = weir_batch_origin(b, 0);
    return WEIR_OK;
}

static weir_status push_to(pushing *p, const struct wr_receiver *r, const weir_batch *b, weir_error *err) {
    if (r->query == WR_NONE_ID) return push_runs(p, r, b, err);
    wr_query_state *q = &p->t->queries[r->query];
    if (!q->is_self_join) return run_from(p, q, r->side, 0, b, weir_batch_origin(b, 0), err);
    return r->side == 0 ? push_by_turns(p, q, b, err) : WEIR_OK;
}

static weir_status push(pushing *p, uint32_t stream, const weir_batch *b, weir_error *err) {
    wr_task *t = p->t;
    wr_stream_state *s = &t->streams[stream];
    if (p->depth >= MOST_NESTED) {
        s->errors++;
        wr_task_log(&t->turn, WEIR_LOG_ERROR,
                    "stream '%s': rows dropped: queries feed each other in a circle without end",
                    s->plan->name);
        return WEIR_OK;
    }
    p->depth++;
    s->rows += b->n_sel;
    wr_task_deliver(&s->subscriptions, b);
    weir_status st = WEIR_OK;
    wr_faults outer = t->turn.faults;
    for (uint32_t i = 0; i < s->plan->n_receivers && st == WEIR_OK; i++) {
        t->turn.faults = (wr_faults){0};
        st = push_to(p, &s->plan->receivers[i], b, err);
        if (st != WEIR_OK || !t->turn.faults.n) continue;
        if (s->plan->view_of != WR_NONE_ID) {
            outer = t->turn.faults; /* it is the stream outside that fails */
            break;
        }
        st = settle(p, stream, b, err);
        break;
    }
    t->turn.faults = outer;
    p->depth--;
    return st;
}

/* ---- One arrival ---- */

static weir_status push_chunks(pushing *p, uint32_t stream, const weir_batch *b, weir_error *err) {
    weir_batch chunk;
    for (uint32_t c = 0, k = 0; c < b->n_chunks && k < b->n_sel; c++) {
        weir_status st;
        if (chunk_view(b, c, &k, &p->t->arena, &chunk, err, &st)) st = push(p, stream, &chunk, err);
        WR_TRY(st);
    }
    return WEIR_OK;
}

/* Keys that are idle end. */
static weir_status partition_turn(wr_task *t, uint32_t partition, uint32_t rank, weir_error *err) {
    wr_op *op = t->partitions[partition];
    const weir_batch **in = wr_arena_zero(&t->arena, op->plan->n_in + 1, sizeof *in);
    weir_batch *out = wr_arena_zero(&t->arena, op->plan->n_in + 1, sizeof *out);
    if (!in || !out) return weir_fail(err, WEIR_ENOMEM, "out of memory for a chunk");
    t->turn.until = WEIR_ORIGIN(0, rank + 1, 0);
    return wr_op_process(op, &t->turn, in, out, err);
}

static weir_status timer_turn(pushing *p, uint32_t rank, bool is_start, weir_error *err) {
    wr_task *t = p->t;
    const wr_timer_place *place = &t->timers[rank];
    if (!place->is_used) return WEIR_OK;
    if (place->trigger != WR_NONE_ID) {
        weir_batch rows;
        WR_TRY(wr_task_trigger_fire(t, &t->triggers[place->trigger], is_start, &rows, err));
        return push_chunks(p, t->plan->triggers[place->trigger].stream, &rows, err);
    }
    if (place->partition != WR_NONE_ID) return partition_turn(t, place->partition, rank, err);
    wr_query_state *q = &t->queries[place->query];
    wr_op *op = wr_task_op_at(q, place->side, place->index);
    int64_t due = op->type->due(op);
    if (due > t->cycle.clock[0] || (t->cycle.late && t->cycle.late[0])) return WEIR_OK;
    t->turn.faults = (wr_faults){0};
    WR_TRY(run_from(p, q, place->side, place->index, NULL, WEIR_ORIGIN(0, rank + 1, 0), err));
    for (uint32_t i = 0; i < t->turn.faults.n; i++)
        wr_task_log(&t->turn, WEIR_LOG_ERROR, "query '%s': rows of a timer dropped: %s", q->plan->name,
                    t->turn.faults.items[i].message);
    t->turn.faults = (wr_faults){0};
    return WEIR_OK;
}

/* The input whose next chunk arrival `arrival` brought, or NULL. */
static const wr_task_input *input_of(const wr_task_input *inputs, uint32_t n, const uint32_t *next,
                                     uint32_t arrival) {
    for (uint32_t i = 0; i < n; i++)
        if (next[i] < inputs[i].batch.n_chunks &&
            weir_origin_arrival(weir_batch_origin(&inputs[i].batch, next[i])) == arrival)
            return &inputs[i];
    return NULL;
}

static weir_status run_arrival(wr_task *t, const wr_task_input *in, uint32_t chunk, uint32_t *next_row,
                               bool is_start, weir_error *err) {
    pushing p = {.t = t};
    for (uint32_t r = 0; r < t->plan->n_ranks; r++) WR_TRY(timer_turn(&p, r, is_start, err));
    if (!in) return WEIR_OK;
    weir_batch view;
    weir_status st;
    if (!chunk_view(&in->batch, chunk, next_row, &t->arena, &view, err, &st)) return st;
    weir_origin here = WEIR_ORIGIN(0, WEIR_PHASE_EVENT, 0); /* arrival 0 of a cycle of one */
    view.origin = &here;
    view.kind = NULL;
    return push(&p, in->stream, &view, err);
}

weir_status wr_task_run_serial(wr_task *t, const wr_task_input *inputs, uint32_t n_inputs, bool is_start,
                               weir_error *err) {
    weir_cycle all = t->cycle;
    uint32_t *next = wr_alloc_zero(NULL, (2 * n_inputs + 1) * sizeof *next), *next_row = next + n_inputs;
    if (!next) return weir_fail(err, WEIR_ENOMEM, "out of memory for a cycle");
    weir_status st = WEIR_OK;
    for (uint32_t a = 0; a < all.n_arrivals && st == WEIR_OK; a++) {
        wr_arena_reset(&t->arena);
        t->cycle = (weir_cycle){.number = ++t->n_cycles,
                                .n_arrivals = 1,
                                .clock = &all.clock[a],
                                .late = all.late ? &all.late[a] : NULL,
                                .clock_before = a ? all.clock[a - 1] : all.clock_before};
        const wr_task_input *in = input_of(inputs, n_inputs, next, a);
        uint32_t i = in ? (uint32_t)(in - inputs) : 0;
        st = run_arrival(t, in, next[i], &next_row[i], is_start, err);
        if (in) next[i]++;
        wr_task_settle_partitions(t);
        t->clock = all.clock[a];
    }
    wr_free(NULL, next, 0);
    return st;
}
