/* pattern_op.c: the operator that runs patterns and sequences: life, the walk over a cycle's input, timers.
 */
#include "exec/pattern_impl.h"

/* ---- The walk ---------------------------------------------------------------------------------------------
 */

/* Before an event is offered: what has run out of time goes, what came since the last one joins the others.
 */
static weir_status stabilize(wr_pattern *x, const wr_pattern_side *side, weir_error *err) {
    int64_t ts = x->batch->ts[x->row];
    for (uint32_t i = 0; i < x->plan->n_items && x->plan->within_ms >= 0; i++)
        WR_TRY(wr_item_expire(x, i, ts, err));
    if (!x->plan->is_sequence) {
        for (uint32_t i = 0; i < side->n_items; i++) {
            const wr_item_state *it = &x->items[side->items[i]];
            if (it->fresh.n || it->begins_anew || it->plan->partner != WR_NO_ITEM)
                WR_TRY(wr_item_update(x, side->items[i], err));
        }
        return WEIR_OK;
    }
    for (uint32_t i = x->plan->n_resets; i-- > 0;) WR_TRY(wr_item_reset(x, x->plan->resets[i], err));
    for (uint32_t i = 0; i < x->plan->n_resets; i++) WR_TRY(wr_item_update(x, x->plan->resets[i], err));
    return WEIR_OK;
}

static void drop_done(wr_pattern *x) {
    for (uint32_t i = 0; i < x->n_done; i++) wr_match_unref(x, x->done[i]);
    x->n_done = 0;
}

/* Later items come first. Siddhi hands on what a stream with several items has completed item by item, as one
 * chunk each; with one item, match by match once the whole input chunk is through. */
static weir_status offer_row(wr_pattern *x, wr_pattern_side *side, weir_error *err) {
    if (x->trail) return wr_trail_offer_row(x, side, err);
    wr_pattern_prefetch(x, side);
    WR_TRY(stabilize(x, side, err));
    for (uint32_t i = side->n_items; i-- > 0;) {
        wr_item_state *it = &x->items[side->items[i]];
        WR_TRY(wr_item_offer(x, side->items[i], err));
        if (it->taken != WR_NO_EVENT) wr_event_unref(&it->events, it->taken);
        it->taken = WR_NO_EVENT;
        if (side->n_items == 1) continue;
        if (side->gives_output) WR_TRY(wr_pattern_flush(x, true, err));
        drop_done(x);
    }
    return WEIR_OK;
}

static uint32_t walk_row(const wr_pattern_side *side, uint32_t k) { return side->walk ? side->walk[k] : k; }

/* The origin of the chunk that the side's next row is in; UINT64_MAX: no more. */
static weir_origin next_origin(wr_pattern_side *side) {
    if (!side->batch || side->next == side->n_walk) return UINT64_MAX;
    uint32_t row = walk_row(side, side->next);
    if (!side->batch->chunk_end)
        side->chunk = row;
    else
        while (side->batch->chunk_end[side->chunk] <= row) side->chunk++;
    return weir_batch_origin(side->batch, side->chunk);
}

static weir_status walk_chunk(wr_pattern *x, wr_pattern_side *side, weir_origin origin, weir_error *err) {
    uint32_t end = weir_batch_chunk_end(side->batch, side->chunk);
    uint32_t arrival = weir_origin_arrival(origin);
    x->origin = origin;
    x->batch = side->batch;
    x->row_chunk = side->chunk;
    x->now = arrival < x->turn->cycle->n_arrivals ? x->turn->cycle->clock[arrival] : x->now;
    for (; side->next < side->n_walk && (x->row = walk_row(side, side->next)) < end; side->next++)
        WR_TRY(offer_row(x, side, err));
    WR_TRY(side->n_items == 1 ? wr_pattern_flush(x, false, err) : WEIR_OK);
    return WEIR_OK;
}

/* ---- Timers -----------------------------------------------------------------------------------------------
 */

static int64_t next_due(const wr_pattern *x) {
    int64_t due = INT64_MAX;
    for (uint32_t i = 0; i < x->plan->n_timers; i++) {
        const wr_wait_queue *q = &x->items[x->plan->timers[i]].waits;
        if (q->n) due = WR_MIN(due, q->due[q->head]);
    }
    return due;
}

/* Timer by timer, each with all its due times up to now, as Siddhi's do. */
static weir_status fire_all(wr_pattern *x, uint32_t arrival, weir_error *err) {
    x->now = x->turn->cycle->clock[arrival];
    for (uint32_t i = 0; i < x->plan->n_timers; i++) {
        uint32_t item = x->plan->timers[i];
        wr_wait_queue *q = &x->items[item].waits;
        while (q->n && q->due[q->head] <= x->now) {
            int64_t due = q->due[q->head++];
            if (--q->n == 0) q->head = 0;
            x->origin = WEIR_ORIGIN(arrival, x->head.plan->rank, x->rows.n_chunks);
            WR_TRY(wr_absent_fire(x, item, due, err));
        }
    }
    return WEIR_OK;
}

static weir_status fire_below(wr_pattern *x, weir_origin before, weir_error *err) {
    if (!x->plan->n_timers) return WEIR_OK;
    for (;;) {
        uint32_t arrival = wr_op_next_tick(&x->head, x->turn->cycle, next_due(x), before);
        if (arrival == UINT32_MAX) return WEIR_OK;
        wr_op_fired(&x->head, arrival);
        WR_TRY(fire_all(x, arrival, err));
    }
}

/* A timer that this chunk sets fires at a later arrival, unless the chunk was itself caused by a timer that
 * fires before those of this operator. */
static void close_tick(wr_pattern *x, weir_origin origin) {
    uint32_t next = weir_origin_arrival(origin) + (weir_origin_phase(origin) > x->head.plan->rank);
    x->head.fired_next = WR_MAX(x->head.fired_next, next);
}

static int64_t pattern_due(const wr_op *op) {
    const wr_pattern *x = (const wr_pattern *)op;
    if (!x->plan->n_timers) return INT64_MAX;
    return x->is_ready ? next_due(x) : INT64_MIN; /* to be started */
}

/* ---- A call -----------------------------------------------------------------------------------------------
 */

/* Are the events of the call in order of time, so that leaving some out changes nothing? With several streams
 * each must have come when it says. */
static bool in_order(wr_pattern *x, const weir_batch *const *in) {
    for (uint32_t s = 0; s < x->head.plan->n_in; s++) {
        const weir_batch *b = in[s];
        if (!b || !b->n_sel) continue;
        if (x->head.plan->n_in > 1) {
            if (b->chunk_end || b->origin || x->turn->cycle->late) return false;
            for (uint32_t r = 0; r < b->n_rows; r++)
                if (b->ts[r] != x->turn->cycle->clock[b->first_arrival + r]) return false;
        }
        if (b->ts[0] < x->newest) return false;
        for (uint32_t r = 1; r < b->n_rows; r++)
            if (b->ts[r] < b->ts[r - 1]) return false;
    }
    return true;
}

static void note_newest(wr_pattern *x, const weir_batch *const *in, bool ordered) {
    for (uint32_t s = 0; s < x->head.plan->n_in; s++) {
        const weir_batch *b = in[s];
        if (!b || !b->n_sel) continue;
        for (uint32_t r = ordered ? b->n_rows - 1 : 0; r < b->n_rows; r++)
            x->newest = WR_MAX(x->newest, b->ts[r]);
    }
}

/* Matches that came to an item out of order are sorted when they join the others: the moment matters. */
static bool lists_in_order(const wr_pattern *x) {
    if (x->trail) return wr_trail_in_order(x->trail);
    for (uint32_t i = 0; i < x->plan->n_items; i++)
        if (!x->items[i].fresh.is_sorted || (x->items[i].fresh.n && x->items[i].fresh.last_ts == INT64_MAX))
            return false;
    return true;
}

static weir_status walk(wr_pattern *x, bool ordered, weir_error *err) {
    if (x->trail && x->head.plan->n_in == 1) return wr_trail_walk(x, &x->sides[0], ordered, err);
    for (;;) {
        wr_pattern_side *first = NULL;
        weir_origin least = UINT64_MAX;
        for (uint32_t s = 0; s < x->head.plan->n_in; s++) {
            weir_origin o = next_origin(&x->sides[s]);
            if (o >= least) continue;
            least = o;
            first = &x->sides[s];
        }
        if (!first) return WEIR_OK;
        WR_TRY(fire_below(x, least, err));
        if (x->plan->n_timers) close_tick(x, least);
        WR_TRY(walk_chunk(x, first, least, err));
    }
}

/* The clock at the start: of the app; in a partition, when the key first comes up. */
static int64_t start_clock(const wr_pattern *x, const weir_batch *const *in) {
    const weir_cycle *cycle = x->turn->cycle;
    uint32_t first = cycle->n_arrivals;
    for (uint32_t s = 0; s < x->head.plan->n_in && x->head.plan->partition != WR_NONE_ID; s++)
        if (in[s] && in[s]->n_chunks) first = WR_MIN(first, weir_origin_arrival(weir_batch_origin(in[s], 0)));
    return first < cycle->n_arrivals ? cycle->clock[first] : cycle->clock_before;
}

/* In a partition the wait for an event that does not come begins here. (Elsewhere it begins with the first
 * cycle, when there may be a saved state.) Without memory it is begun by the next call, which says so. */
static void pattern_start(wr_op *op, int64_t clock) {
    wr_pattern *x = (wr_pattern *)op;
    if (op->plan->partition == WR_NONE_ID || x->is_ready) return;
    if (wr_pattern_begin(x, clock, NULL) != WEIR_OK) x->is_ready = false;
}

static weir_status pattern_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                   weir_error *err) {
    wr_pattern *x = (wr_pattern *)op;
    x->turn = turn;
    x->rows = (wr_pattern_rows){0};
    if (!x->is_ready) WR_TRY(wr_pattern_begin(x, start_clock(x, in), err));
    bool ordered = x->can_skip && in_order(x, in);
    bool skip = ordered && lists_in_order(x);
    for (uint32_t s = 0; s < op->plan->n_in; s++) WR_TRY(wr_pattern_prepare(x, s, in[s], skip, err));
    WR_TRY(walk(x, skip, err));
    WR_TRY(fire_below(x, turn->until, err));
    if (x->can_skip) note_newest(x, in, ordered);
    return wr_pattern_output(x, out, err);
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static uint64_t pattern_rows(const wr_op *op) {
    const wr_pattern *x = (const wr_pattern *)op;
    return x->trail ? x->trail->cells.n_live : x->matches.n_live;
}

static void clear_item(wr_item_state *it) {
    wr_event_pool_clear(&it->events);
    wr_match_list_init(&it->pending);
    wr_match_list_init(&it->fresh);
    if (it->buckets) memset(it->buckets, 0xFF, (size_t)it->n_buckets * sizeof *it->buckets);
    it->changed = it->returned = it->begins_anew = it->initialized = it->inactive = false;
    it->last_time = 0;
    it->waits.head = it->waits.n = 0;
    it->taken = WR_NO_EVENT;
}

static weir_status pattern_clear(wr_op *op, weir_error *err) {
    wr_pattern *x = (wr_pattern *)op;
    (void)err;
    for (uint32_t i = 0; i < x->plan->n_items; i++) clear_item(&x->items[i]);
    if (x->trail) wr_trail_clear(x->trail);
    wr_cell_pool_clear(&x->matches);
    wr_cell_pool_clear(&x->entries);
    x->is_ready = false;
    x->newest = INT64_MIN;
    x->n_done = 0;
    return WEIR_OK;
}

static void free_item(wr_pattern *x, wr_item_state *it) {
    wr_account *account = &x->head.account;
    wr_program_free(it->own);
    wr_program_free(it->keys);
    wr_program_free(it->residual);
    if (it->residual_uses)
        wr_free(account, it->residual_uses, it->plan->schema->n_attrs + it->plan->n_refs + 1);
    wr_free(account, it->waits.due, it->waits.cap * sizeof *it->waits.due);
    if (it->buckets) wr_free(account, it->buckets, (size_t)it->n_buckets * sizeof *it->buckets);
    wr_event_pool_fini(&it->events);
}

static void pattern_free(wr_op *op) {
    wr_pattern *x = (wr_pattern *)op;
    wr_account *account = &op->account;
    uint32_t n = x->plan->n_items;
    wr_pattern_trail_free(x);
    for (uint32_t i = 0; x->items && i < n; i++) free_item(x, &x->items[i]);
    for (uint32_t s = 0; x->sides && s < op->plan->n_in; s++)
        wr_free(account, x->sides[s].items, x->sides[s].items ? n * sizeof(uint32_t) : 0);
    wr_cell_pool_fini(&x->matches);
    wr_cell_pool_fini(&x->entries);
    if (x->items) wr_free(account, x->items, n * sizeof *x->items);
    if (x->sides) wr_free(account, x->sides, op->plan->n_in * sizeof *x->sides);
    if (x->starts) wr_free(account, x->starts, n * sizeof *x->starts);
    wr_free(account, x->done, x->cap_done * sizeof *x->done);
    wr_free(account, x->candidates, x->cap_candidates * sizeof *x->candidates);
    wr_free(account, x->hits, x->cap_hits * sizeof *x->hits);
    wr_free(account->parent, x, sizeof *x);
}

static const wr_op_type pattern_type = {.name = "pattern",
                                        .process = pattern_process,
                                        .due = pattern_due,
                                        .start = pattern_start,
                                        .save = wr_pattern_save,
                                        .load = wr_pattern_load,
                                        .rows = pattern_rows,
                                        .clear = pattern_clear,
                                        .free = pattern_free};

static bool mark_use(bool *uses, const wr_expr *e) {
    if (!e) return true;
    if (e->kind == WR_EXPR_COLUMN) uses[e->u.column] = true;
    if (e->kind == WR_EXPR_CALL)
        for (uint32_t i = 0; i < e->u.call.n_args; i++) mark_use(uses, e->u.call.args[i]);
    return mark_use(uses, e->a) && mark_use(uses, e->b) && mark_use(uses, e->c);
}

static weir_status make_programs(wr_pattern *x, wr_item_state *it, weir_error *err) {
    const wr_plan_item *p = it->plan;
    wr_account *account = &x->head.account;
    if (p->own) WR_TRY(wr_program_new((wr_expr *const *)&p->own, 1, account, &it->own, err));
    if (p->n_keys) WR_TRY(wr_program_new(p->keys, p->n_keys, account, &it->keys, err));
    if (!p->residual) return WEIR_OK;
    it->residual_uses = wr_alloc_zero(account, p->schema->n_attrs + p->n_refs + 1);
    if (!it->residual_uses) return wr_pattern_no_memory(err);
    mark_use(it->residual_uses, p->residual);
    return wr_program_new((wr_expr *const *)&p->residual, 1, account, &it->residual, err);
}

/* `every e1=A` at the start of a pattern, whose filter asks for nothing but the event. */
static bool renews(const wr_plan_pattern *plan, uint32_t item) {
    const wr_plan_item *p = &plan->items[item];
    if (plan->is_sequence || !p->is_start || p->kind != WR_ITEM_STREAM || p->every_next != item) return false;
    for (uint32_t i = 0; i < plan->n_items; i++) /* a mark may stay up: see can_skip */
        if (plan->items[i].kind == WR_ITEM_COUNT && plan->items[i].gives_output && plan->items[i].min == 0)
            return false;
    return !p->residual && !p->n_tests && !p->n_keys;
}

static weir_status make_item(wr_pattern *x, uint32_t item, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = &x->plan->items[item];
    it->plan = p;
    it->taken = WR_NO_EVENT;
    wr_match_list_init(&it->pending);
    wr_match_list_init(&it->fresh);
    it->may_expire =
        x->plan->within_ms >= 0 && !(p->is_start && (p->kind == WR_ITEM_STREAM || p->kind == WR_ITEM_ABSENT));
    WR_TRY(wr_event_pool_init(&it->events, p, &x->head.account, err));
    WR_TRY(make_programs(x, it, err));
    if (p->is_start) x->starts[x->n_starts++] = item;
    it->renews = renews(x->plan, item);
    wr_pattern_side *side = &x->sides[p->side];
    side->items[side->n_items++] = item;
    side->gives_output = p->gives_output;
    if (!p->n_keys || x->plan->is_trail) return WEIR_OK;
    it->n_buckets = 16;
    it->buckets = wr_alloc(&x->head.account, it->n_buckets * sizeof *it->buckets);
    if (!it->buckets) return wr_pattern_no_memory(err);
    memset(it->buckets, 0xFF, it->n_buckets * sizeof *it->buckets);
    return WEIR_OK;
}

/* May rows that pass no filter be left out? Not where missing one matters (a sequence), where the moment at
 * which a match expires matters (it begins anew), or where a mark can stay up. */
static bool can_skip(const wr_plan_pattern *p) {
    bool within = p->within_ms >= 0;
    if (p->is_sequence || (within && p->n_timers)) return false;
    for (uint32_t i = 0; i < p->n_items; i++) {
        const wr_plan_item *item = &p->items[i];
        bool plain_start = item->is_start && item->kind == WR_ITEM_STREAM;
        if (within && item->within_every != WR_NO_ITEM && !plain_start) return false;
        if (item->kind == WR_ITEM_COUNT && item->gives_output && item->min == 0) return false;
    }
    return true;
}

static weir_status make_parts(wr_pattern *x, weir_error *err) {
    uint32_t n = x->plan->n_items, n_sides = x->head.plan->n_in;
    wr_account *account = &x->head.account;
    wr_cell_pool_init(&x->matches, sizeof(wr_match) + n * sizeof(uint32_t), account);
    wr_cell_pool_init(&x->entries, sizeof(wr_match_entry), account);
    x->newest = INT64_MIN;
    x->items = wr_alloc_zero(account, n * sizeof *x->items);
    x->sides = wr_alloc_zero(account, n_sides * sizeof *x->sides);
    x->starts = wr_alloc_zero(account, n * sizeof *x->starts);
    if (!x->items || !x->sides || !x->starts) return wr_pattern_no_memory(err);
    for (uint32_t i = 0; i < n; i++) x->items[i].plan = &x->plan->items[i];
    for (uint32_t s = 0; s < n_sides; s++) {
        x->sides[s].items = wr_alloc(account, n * sizeof(uint32_t));
        if (!x->sides[s].items) return wr_pattern_no_memory(err);
    }
    x->can_skip = can_skip(x->plan);
    for (uint32_t i = 0; i < n; i++) WR_TRY(make_item(x, i, err));
    return x->plan->is_trail ? wr_pattern_trail_new(x, err) : WEIR_OK;
}

weir_status wr_pattern_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    wr_pattern *x = wr_alloc_zero(parent, sizeof *x);
    *out = NULL;
    if (!x) return wr_pattern_no_memory(err);
    x->head.type = &pattern_type;
    x->head.plan = plan;
    x->head.account.parent = parent;
    x->plan = plan->u.pattern;
    weir_status st = make_parts(x, err);
    if (st != WEIR_OK) {
        pattern_free(&x->head);
        return st;
    }
    *out = &x->head;
    return WEIR_OK;
}
