/* pattern_residual.c: what is left of an item's filter when its own part, keys and plain comparisons are
 * taken out: a program over the event in hand and values of a match, run over all matches that came so far at
 * once. */
#include "exec/pattern_impl.h"

#include "data/column.h"

typedef struct residual_fault {
    wr_pattern *x;
    bool out_of_memory;
} residual_fault;

static void note_fault(void *ctx, uint32_t row, const char *message) {
    residual_fault *f = ctx;
    (void)row;
    if (wr_turn_fail(f->x->turn, f->x->origin, f->x->row_chunk, message) != WEIR_OK) f->out_of_memory = true;
}

/* The event's own value, n times. */
static weir_status repeat_own(wr_pattern *x, uint32_t column, uint32_t n, weir_column *out, weir_error *err) {
    uint32_t *rows = wr_arena_array(x->turn->arena, n, sizeof *rows);
    if (!rows) return wr_pattern_no_memory(err);
    for (uint32_t k = 0; k < n; k++) rows[k] = x->row;
    return wr_column_gather(&x->batch->cols[column], rows, n, x->turn->arena, out) == WEIR_OK
               ? WEIR_OK
               : wr_pattern_no_memory(err);
}

static weir_status gather_ref(wr_pattern *x, uint32_t item, const wr_event_ref *ref, const uint32_t *matches,
                              uint32_t n, weir_column *out, weir_error *err) {
    if (wr_column_new(x->turn->arena, ref->type, ref->boxed, n, true, out) != WEIR_OK)
        return wr_pattern_no_memory(err);
    for (uint32_t k = 0; k < n; k++)
        WR_TRY(x->trail ? wr_trail_put(x, ref, matches[k], out, k, err)
                        : wr_ref_put(x, ref, matches[k], item, out, k, err));
    return WEIR_OK;
}

/* Pairs (event in hand, matches[k]) as a batch. */
static weir_status make_pairs(wr_pattern *x, uint32_t item, const uint32_t *matches, uint32_t n,
                              weir_batch *b, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    uint32_t n_own = p->schema->n_attrs, n_cols = n_own + p->n_refs;
    weir_column *cols = wr_arena_zero(x->turn->arena, n_cols + 1, sizeof *cols);
    int64_t *ts = wr_arena_array(x->turn->arena, n, sizeof *ts);
    weir_origin *origins = wr_arena_array(x->turn->arena, n, sizeof *origins);
    if (!cols || !ts || !origins) return wr_pattern_no_memory(err);
    for (uint32_t c = 0; c < n_cols; c++) {
        if (!it->residual_uses[c]) continue;
        WR_TRY(c < n_own ? repeat_own(x, c, n, &cols[c], err)
                         : gather_ref(x, item, &p->refs[c - n_own], matches, n, &cols[c], err));
    }
    for (uint32_t k = 0; k < n; k++) {
        ts[k] = x->trail ? wr_trail_at(x->trail, matches[k])->ts : wr_match_at(x, matches[k])->ts;
        origins[k] = x->origin;
    }
    *b = (weir_batch){
        .n_rows = n, .n_sel = n, .ts = ts, .n_cols = n_cols, .cols = cols, .n_chunks = n, .origin = origins};
    return WEIR_OK;
}

/* The matches among the candidates that are hits, where they stand there, and how many. */
static uint32_t list_hits(wr_pattern *x, uint32_t n, uint32_t *hit, uint32_t *place) {
    uint32_t n_pairs = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (!x->hits[k]) continue;
        place[n_pairs] = k;
        hit[n_pairs++] = x->trail ? x->candidates[k] : wr_entry_at(x, x->candidates[k])->match;
        x->hits[k] = 0;
    }
    return n_pairs;
}

weir_status wr_pattern_residual(wr_pattern *x, uint32_t item, uint32_t n, weir_error *err) {
    wr_item_state *it = &x->items[item];
    weir_arena *arena = x->turn->arena;
    uint32_t n_kept = 0;
    uint32_t *hit = wr_arena_array(arena, n, sizeof *hit), *place = wr_arena_array(arena, n, sizeof *place);
    uint32_t *sel = wr_arena_array(arena, n, sizeof *sel);
    if (!hit || !place || !sel) return wr_pattern_no_memory(err);
    uint32_t n_pairs = list_hits(x, n, hit, place);
    if (!n_pairs) return WEIR_OK;
    weir_batch pairs;
    WR_TRY(make_pairs(x, item, hit, n_pairs, &pairs, err));
    residual_fault fault = {.x = x};
    wr_eval ev = {
        .in = &pairs, .cycle = x->turn->cycle, .arena = arena, .fail = note_fault, .fail_ctx = &fault};
    WR_TRY(wr_program_filter(it->residual, &ev, false, sel, &n_kept, err));
    for (uint32_t k = 0; k < n_kept; k++) x->hits[place[sel[k]]] = 1;
    return fault.out_of_memory ? wr_pattern_no_memory(err) : WEIR_OK;
}
