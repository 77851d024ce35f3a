/* pattern_machine.c: what happens to a match: it goes on, waits, begins anew, expires.
 *
 * The rules are those of Siddhi's state processors, one by one, as apps have come to rely on each: which
 * lists a match is put into when, and by which marks an item knows what became of it:
 *
 *   changed      the match that was offered has left the item's list
 *   returned     a row has been given; whoever looks at this item's mark (see wr_plan_item.last) takes it
 * down begins_anew  a counted start of a sequence: the next update makes a new first match initialized  a
 * first match was made once; without `every` there is no other inactive     a `not` at the start has had its
 * match, and there is no `every` */
#include "exec/pattern_impl.h"

/* ---- First matches ----------------------------------------------------------------------------------------
 */

/* Are first matches made again and again? */
static bool begins_again(const wr_pattern *x, const wr_plan_item *p) {
    if (p->every_next != WR_NO_ITEM) return true;
    return x->plan->is_sequence && p->next != WR_NO_ITEM && wr_item_is_absent(&x->items[p->next]);
}

weir_status wr_item_init(wr_pattern *x, uint32_t item, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t match;
    if (!it->plan->is_start || (it->initialized && !begins_again(x, it->plan))) return WEIR_OK;
    WR_TRY(wr_match_new(x, &match, err));
    wr_match_ref(x, match);
    weir_status st = wr_item_add(x, item, match, err);
    wr_match_unref(x, match);
    it->initialized = true;
    return st;
}

weir_status wr_item_notify(wr_pattern *x, uint32_t item, int64_t due, weir_error *err) {
    wr_wait_queue *q = &x->items[item].waits;
    if (q->head + q->n == q->cap && q->head > q->cap / 2) {
        memmove(q->due, q->due + q->head, q->n * sizeof *q->due);
        q->head = 0;
    }
    if (wr_grow(&x->head.account, &q->due, &q->cap, q->head + q->n + 1, sizeof *q->due))
        return wr_pattern_no_memory(err);
    q->due[q->head + q->n++] = due;
    return WEIR_OK;
}

weir_status wr_pattern_begin(wr_pattern *x, int64_t clock, weir_error *err) {
    x->is_ready = true;
    if (x->trail) return WEIR_OK; /* its start waits by itself */
    for (uint32_t i = 0; i < x->plan->n_items; i++) WR_TRY(wr_item_init(x, i, err));
    for (uint32_t i = 0; i < x->plan->n_timers; i++) {
        wr_item_state *it = &x->items[x->plan->timers[i]];
        if (!it->plan->is_start || it->plan->wait_ms < 0) continue;
        if (it->plan->kind == WR_ITEM_ABSENT) it->last_time = clock + it->plan->wait_ms;
        WR_TRY(wr_item_notify(x, x->plan->timers[i], clock + it->plan->wait_ms, err));
    }
    return WEIR_OK;
}

/* ---- Coming to an item ------------------------------------------------------------------------------------
 */

/* In a sequence an item has one fresh match at most. */
static weir_status add_one(wr_pattern *x, uint32_t item, uint32_t match, bool single, weir_error *err) {
    wr_item_state *it = &x->items[item];
    return single && it->fresh.n ? WEIR_OK : wr_waiting_add(x, item, &it->fresh, match, err);
}

static weir_status add_logical(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    const wr_plan_item *p = x->items[item].plan;
    bool single = p->is_start || x->plan->is_sequence;
    WR_TRY(add_one(x, item, match, single, err));
    return add_one(x, p->partner, match, single, err);
}

static weir_status add_absent(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    if (it->inactive) return WEIR_OK;
    if (x->plan->is_sequence) wr_waiting_clear(x, item, &it->fresh);
    WR_TRY(wr_waiting_add(x, item, &it->fresh, match, err));
    if (it->plan->is_start) return WEIR_OK;
    it->last_time = wr_match_at(x, match)->ts + it->plan->wait_ms;
    return wr_item_notify(x, item, it->last_time, err);
}

static weir_status add_absent_logical(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    const wr_item_state *it = &x->items[item];
    if (it->inactive) return WEIR_OK;
    WR_TRY(add_logical(x, item, match, err));
    if (it->plan->is_start || it->plan->wait_ms < 0) return WEIR_OK;
    int64_t ts = wr_match_at(x, match)->ts;
    WR_TRY(wr_item_notify(x, item, ts + it->plan->wait_ms, err));
    const wr_item_state *partner = &x->items[it->plan->partner];
    if (partner->plan->kind != WR_ITEM_ABSENT_LOGICAL) return WEIR_OK;
    return wr_item_notify(x, it->plan->partner, ts + partner->plan->wait_ms, err);
}

weir_status wr_item_add(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    const wr_plan_item *p = x->items[item].plan;
    switch (p->kind) {
    case WR_ITEM_STREAM: return add_one(x, item, match, x->plan->is_sequence, err);
    case WR_ITEM_LOGICAL: return add_logical(x, item, match, err);
    case WR_ITEM_ABSENT: return add_absent(x, item, match, err);
    case WR_ITEM_ABSENT_LOGICAL: return add_absent_logical(x, item, match, err);
    case WR_ITEM_COUNT: break;
    }
    WR_TRY(add_one(x, item, match, x->plan->is_sequence, err));
    bool none_needed = p->min == 0 && wr_match_at(x, match)->ev[item] == WR_NO_EVENT;
    return none_needed ? wr_item_min_reached(x, item, match, err) : WEIR_OK;
}

/* ---- Beginning anew ---------------------------------------------------------------------------------------
 */

/* A copy of the match, without what it has taken since it first was at the item. */
static weir_status copy_before(wr_pattern *x, uint32_t item, uint32_t match, uint32_t *copy,
                               weir_error *err) {
    const wr_plan_item *p = x->items[item].plan;
    WR_TRY(wr_match_copy(x, match, copy, err));
    if (p->kind == WR_ITEM_ABSENT_LOGICAL) {
        uint32_t ev = wr_match_at(x, *copy)->ev[item];
        if (ev != WR_NO_EVENT) wr_match_at(x, *copy)->ts = wr_taken_at(&x->items[item].events, ev)->ts;
        wr_match_set(x, *copy, item, WR_NO_EVENT);
    } else {
        for (uint32_t i = item; i < x->plan->n_items; i++) wr_match_set(x, *copy, i, WR_NO_EVENT);
    }
    if (p->partner != WR_NO_ITEM) wr_match_set(x, *copy, p->partner, WR_NO_EVENT);
    return WEIR_OK;
}

weir_status wr_item_add_every(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t copy;
    int64_t ts = wr_match_at(x, match)->ts;
    WR_TRY(copy_before(x, item, match, &copy, err));
    wr_match_ref(x, copy);
    weir_status st = wr_waiting_add(x, item, &it->fresh, copy, err);
    if (st == WEIR_OK && it->plan->partner != WR_NO_ITEM)
        st = wr_waiting_add(x, it->plan->partner, &x->items[it->plan->partner].fresh, copy, err);
    wr_match_unref(x, copy);
    if (st != WEIR_OK || it->plan->kind != WR_ITEM_ABSENT) return st;
    it->last_time = ts + it->plan->wait_ms;
    return wr_item_notify(x, item, it->last_time, err);
}

/* ---- Going on ---------------------------------------------------------------------------------------------
 */

weir_status wr_item_pass(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    wr_match *m = wr_match_at(x, match);
    it->changed = true;
    m->ts = wr_taken_at(&it->events, m->ev[item])->ts;
    it->returned |= p->gives_output;
    if (p->next != WR_NO_ITEM) WR_TRY(wr_item_add(x, p->next, match, err));
    if (p->every_next != WR_NO_ITEM && !it->renews) WR_TRY(wr_item_add_every(x, p->every_next, match, err));
    if (p->callback != WR_NO_ITEM) x->items[p->callback].begins_anew = true;
    return WEIR_OK;
}

weir_status wr_item_min_reached(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    it->changed |= p->gives_output;
    it->returned |= p->gives_output;
    if (p->next != WR_NO_ITEM) WR_TRY(wr_item_add(x, p->next, match, err));
    return p->every_next == WR_NO_ITEM ? WEIR_OK : wr_item_add_every(x, p->every_next, match, err);
}

/* ---- Between events ---------------------------------------------------------------------------------------
 */

weir_status wr_item_update(wr_pattern *x, uint32_t item, weir_error *err) {
    wr_item_state *it = &x->items[item];
    if (it->begins_anew) {
        it->begins_anew = false;
        WR_TRY(wr_item_init(x, item, err));
    }
    WR_TRY(wr_waiting_settle(x, item, err));
    return it->plan->partner == WR_NO_ITEM ? WEIR_OK : wr_waiting_settle(x, it->plan->partner, err);
}

/* A sequence without `every` goes on with the match it has. */
static bool goes_on(const wr_pattern *x, const wr_plan_item *p) {
    return p->every_next == WR_NO_ITEM && p->next != WR_NO_ITEM && x->items[p->next].pending.n;
}

/* Only of sequences: what waited for the event before has not got it. */
weir_status wr_item_reset(wr_pattern *x, uint32_t item, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    if (p->partner != WR_NO_ITEM) {
        wr_item_state *partner = &x->items[p->partner];
        if (!p->is_or && it->pending.n != partner->pending.n) return WEIR_OK;
        wr_waiting_clear(x, p->partner, &partner->pending);
    }
    wr_waiting_clear(x, item, &it->pending);
    if (!p->is_start || (it->fresh.n && p->kind != WR_ITEM_ABSENT) || goes_on(x, p)) return WEIR_OK;
    return wr_item_init(x, item, err);
}

/* ---- Expiry -----------------------------------------------------------------------------------------------
 */

/* Takes an expired match out of a list. *last, referenced, is the last one that had not expired before. */
static void let_expire(wr_pattern *x, uint32_t item, wr_match_list *l, uint32_t entry, uint32_t *last) {
    uint32_t match = wr_entry_at(x, entry)->match;
    if (!wr_match_at(x, match)->is_expired) {
        wr_match_at(x, match)->is_expired = true;
        wr_match_ref(x, match);
        wr_match_unref(x, *last);
        *last = match;
    }
    wr_waiting_remove(x, item, l, entry);
}

/* Those in front, up to the first that has not expired. */
static void expire_pending(wr_pattern *x, uint32_t item, int64_t now, uint32_t *last) {
    wr_match_list *l = &x->items[item].pending;
    bool ordered = !x->items[item].plan->is_start && l->starts_sorted && l->most_start <= now;
    int64_t oldest = now - x->plan->within_ms;
    while (l->head != WR_NO_ENTRY) {
        uint32_t match = wr_entry_at(x, l->head)->match;
        int64_t start = ordered ? wr_match_start(x, match) : 0;
        if (ordered ? start >= oldest : !wr_match_is_expired(x, match, now)) {
            if (ordered && start != INT64_MAX) l->least_start = start;
            return;
        }
        let_expire(x, item, l, l->head, last);
    }
}

/* All of them are looked at, unless their starts are in order: then those that have expired come first. */
static void expire_fresh(wr_pattern *x, uint32_t item, int64_t now, uint32_t *last) {
    wr_item_state *it = &x->items[item];
    wr_match_list *l = &it->fresh;
    bool ordered = !it->plan->is_start && l->starts_sorted && l->most_start <= now;
    for (uint32_t e = l->head; e != WR_NO_ENTRY;) {
        uint32_t next = wr_entry_at(x, e)->next;
        if (wr_match_is_expired(x, wr_entry_at(x, e)->match, now))
            let_expire(x, item, l, e, last);
        else if (ordered)
            return;
        e = next;
    }
}

/* By the bounds that the list knows. (Those that wait at a start may take a first event there.) */
static bool none_expired(const wr_pattern *x, const wr_item_state *it, const wr_match_list *l, int64_t now) {
    if (!l->n) return true;
    if (it->plan->is_start) return false;
    if (l->least_start > l->most_start) return true; /* they have none */
    return l->most_start <= now && (uint64_t)now - (uint64_t)l->least_start <= (uint64_t)x->plan->within_ms;
}

weir_status wr_item_expire(wr_pattern *x, uint32_t item, int64_t now, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t last = WR_NO_MATCH, begins = it->plan->within_every;
    if (!it->may_expire || (none_expired(x, it, &it->pending, now) && none_expired(x, it, &it->fresh, now)))
        return WEIR_OK;
    expire_pending(x, item, now, &last);
    expire_fresh(x, item, now, &last);
    weir_status st = WEIR_OK;
    if (last != WR_NO_MATCH && begins != WR_NO_ITEM) {
        st = wr_item_add_every(x, begins, last, err);
        if (st == WEIR_OK) st = wr_item_update(x, begins, err);
    }
    wr_match_unref(x, last);
    return st;
}
