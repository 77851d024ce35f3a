/* pattern_filter.c: which waiting matches an event is tried on, and which of them pass the item's filter.
 *
 * Before the walk each item's own part of the filter runs over the whole batch, so that most events are never
 * walked. In the walk an index gives the matches with the event's keys; plain comparisons are tested pair by
 * pair, and a residual runs over all pairs of one event and one item at once. */
#include "exec/pattern_impl.h"

#include "data/column.h"
#include "exec/chunk_faults.h"

/* ---- A batch ----------------------------------------------------------------------------------------------
 */

static weir_status run_own(wr_pattern *x, wr_item_state *it, const weir_batch *b, weir_error *err) {
    it->passes = NULL;
    if (!it->own) return WEIR_OK;
    if (it->plan->own_as != WR_NO_ITEM) {
        it->passes = x->items[it->plan->own_as].passes;
        return WEIR_OK;
    }
    weir_arena *arena = x->turn->arena;
    wr_chunk_faults faults = {.turn = x->turn, .in = b};
    wr_eval ev = {
        .in = b, .cycle = x->turn->cycle, .arena = arena, .fail = wr_chunk_faults_note, .fail_ctx = &faults};
    uint32_t n, *sel = wr_arena_array(arena, b->n_sel + 1, sizeof *sel);
    uint8_t *passes = wr_arena_zero(arena, b->n_rows + 1, 1);
    if (!sel || !passes) return wr_pattern_no_memory(err);
    WR_TRY(wr_program_filter(it->own, &ev, false, sel, &n, err));
    n = wr_chunk_faults_drop(&faults, sel, n);
    WR_TRY(wr_chunk_faults_status(&faults, err));
    for (uint32_t k = 0; k < n; k++) passes[sel[k]] = 1;
    it->passes = passes;
    it->passing = sel;
    it->n_passing = n;
    return WEIR_OK;
}

static weir_status run_keys(wr_pattern *x, wr_item_state *it, const weir_batch *b, weir_error *err) {
    if (!it->keys) return WEIR_OK;
    wr_eval ev = {.in = b, .cycle = x->turn->cycle, .arena = x->turn->arena};
    it->key_columns = wr_arena_zero(x->turn->arena, it->plan->n_keys, sizeof *it->key_columns);
    return it->key_columns ? wr_program_run(it->keys, &ev, it->key_columns, err) : wr_pattern_no_memory(err);
}

/* What each row that is walked looks for at each item with an index. */
static weir_status hash_rows(wr_pattern *x, const wr_pattern_side *side, weir_error *err) {
    for (uint32_t i = 0; i < side->n_items; i++) {
        wr_item_state *it = &x->items[side->items[i]];
        if (!it->buckets) continue;
        it->row_hashes = wr_arena_array(x->turn->arena, side->batch->n_rows + 1, sizeof *it->row_hashes);
        if (!it->row_hashes) return wr_pattern_no_memory(err);
        for (uint32_t k = 0; k < side->n_walk; k++) {
            uint32_t row = side->walk ? side->walk[k] : k;
            if (!wr_keys_of_row(it, row, &it->row_hashes[row])) it->row_hashes[row] = WR_UNFINDABLE;
        }
    }
    return WEIR_OK;
}

/* The selected rows that some item's own filter lets pass. */
static weir_status choose_rows(wr_pattern *x, wr_pattern_side *side, weir_error *err) {
    const weir_batch *b = side->batch;
    for (uint32_t i = 0; i < side->n_items; i++)
        if (!x->items[side->items[i]].passes) return WEIR_OK;
    const wr_item_state *first = &x->items[side->items[0]];
    bool same = true;
    for (uint32_t i = 1; i < side->n_items; i++) same &= x->items[side->items[i]].passes == first->passes;
    if (same) {
        side->walk = first->passing;
        side->n_walk = first->n_passing;
        return WEIR_OK;
    }
    uint32_t n = 0, *walk = wr_arena_array(x->turn->arena, b->n_sel + 1, sizeof *walk);
    if (!walk) return wr_pattern_no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        uint8_t any = 0;
        for (uint32_t i = 0; i < side->n_items; i++) any |= x->items[side->items[i]].passes[row];
        walk[n] = row;
        n += any;
    }
    side->walk = walk;
    side->n_walk = n;
    return WEIR_OK;
}

weir_status wr_pattern_prepare(wr_pattern *x, uint32_t at, const weir_batch *b, bool skip, weir_error *err) {
    wr_pattern_side *side = &x->sides[at];
    side->batch = b && b->n_sel ? b : NULL;
    side->next = side->chunk = side->n_walk = 0;
    side->walk = NULL;
    if (!side->batch) return WEIR_OK;
    side->n_walk = b->n_sel;
    side->walk = b->sel;
    for (uint32_t i = 0; i < side->n_items; i++) {
        WR_TRY(run_own(x, &x->items[side->items[i]], b, err));
        WR_TRY(run_keys(x, &x->items[side->items[i]], b, err));
    }
    if (skip) WR_TRY(choose_rows(x, side, err));
    return x->trail ? wr_trail_prepare(x, side, err) : hash_rows(x, side, err);
}

#define AHEAD 12u        /* rows: how long before a search what it will read begins to be fetched */
#define NEAR  (1u << 12) /* an index of so many buckets lies in the cache */

/* Four steps, each of which needs what the one before fetched: the bucket, its first entry, the match, and
 * the event that has the key. (Always inline: gcc takes a function that only fetches for one without effect.)
 */
WR_INLINE void prefetch_step(const wr_pattern *x, const wr_item_state *it, uint32_t hash, int step) {
    const wr_match_bucket *bucket = &it->buckets[hash & (it->n_buckets - 1)];
    if (step == 0) {
        __builtin_prefetch(bucket);
        return;
    }
    if (bucket->head == WR_NO_ENTRY || hash == WR_UNFINDABLE) return;
    const wr_match_entry *e = wr_entry_at(x, bucket->head);
    const wr_event_ref *key = &it->plan->key_refs[0];
    if (step == 1) {
        __builtin_prefetch(e);
    } else if (step == 2) {
        __builtin_prefetch(wr_match_at(x, e->match));
    } else {
        uint32_t event = wr_match_at(x, e->match)->ev[key->item];
        if (event != WR_NO_EVENT) __builtin_prefetch(wr_taken_at(&x->items[key->item].events, event));
    }
}

void wr_pattern_prefetch(const wr_pattern *x, const wr_pattern_side *side) {
    if (side->next + AHEAD >= side->n_walk) return;
    for (uint32_t i = 0; i < side->n_items; i++) {
        const wr_item_state *it = &x->items[side->items[i]];
        uint32_t at = side->next + AHEAD;
        if (it->n_buckets <= NEAR) continue;
        for (int step = 0; step < 4; step++, at -= AHEAD / 4)
            prefetch_step(x, it, it->row_hashes[side->walk ? side->walk[at] : at], step);
    }
}

/* ---- Events of a match ------------------------------------------------------------------------------------
 */

uint32_t wr_ref_event(const wr_pattern *x, const wr_event_ref *ref, uint32_t match, uint32_t own,
                      bool *candidate) {
    const wr_event_pool *pool = &x->items[ref->item].events;
    uint32_t head = wr_match_at(x, match)->ev[ref->item];
    uint32_t n = head == WR_NO_EVENT ? 0 : wr_taken_at(pool, head)->n;
    *candidate =
        ref->item == own && (ref->pick == WR_EVENT_CANDIDATE || (ref->pick == WR_EVENT_AT && ref->n == n));
    if (*candidate) return WR_NO_EVENT;
    if (ref->pick != WR_EVENT_LAST) return wr_event_nth(pool, head, ref->n);
    return ref->n < n ? wr_event_nth(pool, head, n - 1 - ref->n) : WR_NO_EVENT;
}

/* ---- Plain comparisons ------------------------------------------------------------------------------------
 */

static const void *own_value(const wr_pattern *x, uint32_t column, weir_type type) {
    const weir_column *c = &x->batch->cols[column];
    if (!c->data || weir_is_null(c, x->row)) return NULL;
    return (const char *)c->data + (size_t)x->row * wr_type_size(type, false);
}

static const void *taken_value(const wr_pattern *x, const wr_event_ref *ref, uint32_t match, uint32_t own) {
    bool candidate;
    uint32_t ev = wr_ref_event(x, ref, match, own, &candidate);
    const wr_event_pool *pool = &x->items[ref->item].events;
    if (ref->column == WR_EVENT_TIME) {
        if (candidate) return &x->batch->ts[x->row];
        return ev == WR_NO_EVENT ? NULL : &wr_taken_at(pool, ev)->ts;
    }
    if (candidate) return own_value(x, ref->column, ref->type);
    return ev == WR_NO_EVENT ? NULL : wr_event_value(pool, ev, pool->kept_at[ref->column]);
}

/* Null differs from everything, and nothing else holds for it. */
static bool tests_hold(const wr_pattern *x, uint32_t item, uint32_t match) {
    const wr_plan_item *p = x->items[item].plan;
    for (uint32_t i = 0; i < p->n_tests; i++) {
        const wr_match_test *t = &p->tests[i];
        const void *a = own_value(x, t->column, t->type), *b = taken_value(x, &t->ref, match, item);
        if (a && b ? !wr_match_compare(t->op, t->type, a, b) : t->op != WR_NE) return false;
    }
    return true;
}

/* ---- Candidates -------------------------------------------------------------------------------------------
 */

weir_status wr_pattern_candidates(wr_pattern *x, uint32_t n, weir_error *err) {
    if (wr_grow(&x->head.account, &x->candidates, &x->cap_candidates, n, sizeof *x->candidates) ||
        wr_grow(&x->head.account, &x->hits, &x->cap_hits, n, sizeof *x->hits))
        return wr_pattern_no_memory(err);
    return WEIR_OK;
}

static weir_status list_all(wr_pattern *x, uint32_t item, bool passes, uint32_t *n, weir_error *err) {
    wr_item_state *it = &x->items[item];
    WR_TRY(wr_pattern_candidates(x, it->pending.n, err));
    for (uint32_t e = it->pending.head; e != WR_NO_ENTRY; e = wr_entry_at(x, e)->next) {
        uint32_t match = wr_entry_at(x, e)->match;
        bool hit = passes && (!it->keys || wr_keys_equal(x, it, match, x->row));
        x->candidates[*n] = e;
        x->hits[(*n)++] = hit && tests_hold(x, item, match);
    }
    return WEIR_OK;
}

static weir_status look_up(wr_pattern *x, uint32_t item, uint32_t *n, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t hash = it->row_hashes[x->row];
    if (hash == WR_UNFINDABLE) return WEIR_OK;
    for (uint32_t e = wr_bucket_head(it, hash); e != WR_NO_ENTRY; e = wr_entry_at(x, e)->next_equal) {
        const wr_match_entry *entry = wr_entry_at(x, e);
        if (entry->hash != hash || !wr_keys_equal(x, it, entry->match, x->row)) continue;
        if (!tests_hold(x, item, entry->match)) continue;
        WR_TRY(wr_pattern_candidates(x, *n + 1, err));
        x->candidates[*n] = e;
        x->hits[(*n)++] = 1;
    }
    return WEIR_OK;
}

weir_status wr_item_candidates(wr_pattern *x, uint32_t item, uint32_t *n, weir_error *err) {
    wr_item_state *it = &x->items[item];
    bool passes = !it->passes || it->passes[x->row];
    /* A mark that was left up gives a row for whatever match comes first, so that all count then. And where
     * what expires begins anew, matches that have gone on must not be left among those that wait. */
    bool all = x->plan->is_sequence || x->items[it->plan->last].returned ||
               (!x->can_skip && (it->plan->kind == WR_ITEM_COUNT || it->plan->is_or));
    *n = 0;
    it->taken = WR_NO_EVENT;
    if (!passes && !all) return WEIR_OK;
    if (it->buckets && !all)
        WR_TRY(look_up(x, item, n, err));
    else
        WR_TRY(list_all(x, item, passes, n, err));
    if (!it->residual || !*n) return WEIR_OK;
    return wr_pattern_residual(x, item, *n, err);
}
