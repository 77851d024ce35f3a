/* pattern_absent.c: `not S for t`, alone and beside `and` and `or`: events that come all the same, and
 * timers. */
#include "exec/pattern_impl.h"

/* ---- Events -----------------------------------------------------------------------------------------------
 */

static void forget_partner_entry(wr_pattern *x, uint32_t item, uint32_t match) {
    wr_match_list *l = &x->items[item].pending;
    for (uint32_t e = l->head; e != WR_NO_ENTRY; e = wr_entry_at(x, e)->next) {
        if (wr_entry_at(x, e)->match != match) continue;
        wr_waiting_remove(x, item, l, e);
        return;
    }
}

/* Does a match, after the event, go back to the mark it had for this item? */
static bool keeps_mark(const wr_pattern *x, const wr_plan_item *p) {
    return p->wait_ms >= 0 || (x->plan->is_sequence && !p->is_or && p->every_next != WR_NO_ITEM);
}

static weir_status meet(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t event;
    it->changed = it->returned = true;
    it->last_time = x->batch->ts[x->row];
    if (keeps_mark(x, it->plan)) return WEIR_OK;
    WR_TRY(wr_item_take(x, item, true, &event, err));
    wr_match_set(x, match, item, event);
    return WEIR_OK;
}

static weir_status try_absent(wr_pattern *x, uint32_t item, uint32_t entry, bool hit, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t match = wr_entry_at(x, entry)->match, partner = it->plan->partner;
    if (it->plan->is_or && wr_match_at(x, match)->ev[partner] != WR_NO_EVENT) {
        wr_waiting_remove(x, item, &it->pending, entry);
        return WEIR_OK;
    }
    it->changed = false;
    if (hit) WR_TRY(meet(x, item, match, err));
    bool *returned = &x->items[it->plan->last].returned;
    bool removed = *returned;
    if (removed) {
        *returned = false;
        if (x->plan->is_sequence) forget_partner_entry(x, partner, match);
        wr_waiting_remove(x, item, &it->pending, entry);
    }
    if (!it->changed && x->plan->is_sequence && !removed) wr_waiting_remove(x, item, &it->pending, entry);
    return WEIR_OK;
}

weir_status wr_absent_offer(wr_pattern *x, uint32_t item, uint32_t n, weir_error *err) {
    for (uint32_t k = 0; k < n; k++) WR_TRY(try_absent(x, item, x->candidates[k], x->hits[k], err));
    return WEIR_OK;
}

weir_status wr_absent_lets_pass(wr_pattern *x, uint32_t item, uint32_t match, bool *passes, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    bool marked = wr_match_at(x, match)->ev[item] != WR_NO_EVENT;
    *passes = marked;
    if (x->plan->is_sequence && p->every_next == WR_NO_ITEM && it->last_time > 0) {
        *passes = false;
    } else if (p->wait_ms < 0 && p->every_next == WR_NO_ITEM) {
        *passes = !marked;
    } else if (p->wait_ms < 0) {
        *passes = it->last_time <= 0;
        if (*passes) return WEIR_OK;
        it->last_time = 0;
        return wr_item_init(x, item, err);
    }
    return WEIR_OK;
}

/* ---- Timers -----------------------------------------------------------------------------------------------
 */

/* The wait of a match is over: it goes out, or on. */
static weir_status let_go(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    if (p->gives_output) {
        WR_TRY(wr_pattern_done(x, match, err));
        WR_TRY(wr_pattern_flush(x, false, err));
    }
    if (p->next != WR_NO_ITEM) WR_TRY(wr_item_add(x, p->next, match, err));
    if (p->every_next != WR_NO_ITEM) {
        WR_TRY(wr_item_add_every(x, p->every_next, match, err));
    } else if (p->is_start) {
        it->inactive = true;
        wr_item_state *partner = p->partner == WR_NO_ITEM ? NULL : &x->items[p->partner];
        if (partner && p->is_or && partner->plan->kind == WR_ITEM_ABSENT_LOGICAL) partner->inactive = true;
    }
    if (p->callback != WR_NO_ITEM) x->items[p->callback].begins_anew = true;
    return WEIR_OK;
}

/* Those that are let go, in order, each referenced; the list is walked before the first of them goes. */
static weir_status let_all_go(wr_pattern *x, uint32_t item, const uint32_t *matches, uint32_t n, int64_t due,
                              bool stamp, weir_error *err) {
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n; i++) {
        if (stamp) wr_match_at(x, matches[i])->ts = due;
        if (st == WEIR_OK) st = let_go(x, item, matches[i], err);
        wr_match_unref(x, matches[i]);
    }
    return st;
}

/* Takes an entry out of pending and keeps its match in the list of those that go. */
static weir_status take_out(wr_pattern *x, uint32_t item, uint32_t entry, bool goes, uint32_t *n,
                            weir_error *err) {
    uint32_t match = wr_entry_at(x, entry)->match;
    if (goes) {
        if (wr_grow(&x->head.account, &x->candidates, &x->cap_candidates, *n + 1, sizeof *x->candidates))
            return wr_pattern_no_memory(err);
        wr_match_ref(x, match);
        x->candidates[(*n)++] = match;
    }
    wr_waiting_remove(x, item, &x->items[item].pending, entry);
    return WEIR_OK;
}

/* A first match for a start that has none waiting. */
static weir_status ready_start(wr_pattern *x, uint32_t item, bool make, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t match;
    if (make) {
        WR_TRY(wr_match_new(x, &match, err));
        wr_match_ref(x, match);
        weir_status st = wr_item_add(x, item, match, err);
        wr_match_unref(x, match);
        WR_TRY(st);
    } else if (x->plan->is_sequence && it->fresh.n) {
        WR_TRY(wr_item_reset(x, item, err));
    }
    return wr_item_update(x, item, err);
}

/* Has the wait of a match at a plain `not` come to its end? */
static bool is_over(const wr_item_state *it, const wr_match *m, int64_t due) {
    return m->ts == -1 ? due >= it->last_time : due >= m->ts + it->plan->wait_ms;
}

/* Siddhi has an exception there and leaves the rest for the next timer: an `every (…)` round, but not at its
 * end. */
static bool breaks_off(const wr_plan_item *p) {
    return p->within_every != WR_NO_ITEM && p->every_next == WR_NO_ITEM;
}

/* *broke: see breaks_off. */
static weir_status collect_over(wr_pattern *x, uint32_t item, int64_t due, uint32_t *n, bool *broke,
                                weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    for (uint32_t e = it->pending.head; e != WR_NO_ENTRY && !*broke;) {
        uint32_t next = wr_entry_at(x, e)->next, match = wr_entry_at(x, e)->match;
        if (it->may_expire && wr_match_is_expired(x, match, due)) {
            wr_match_ref(x, match);
            weir_status st = take_out(x, item, e, false, n, err);
            if (p->within_every != WR_NO_ITEM && p->every_next != item) {
                *broke = breaks_off(p);
                if (st == WEIR_OK && !*broke) st = wr_item_add_every(x, p->every_next, match, err);
            }
            wr_match_unref(x, match);
            WR_TRY(st);
        } else if (is_over(it, wr_match_at(x, match), due)) {
            WR_TRY(take_out(x, item, e, true, n, err));
        } else if (it->pending.is_sorted && !it->may_expire && wr_match_at(x, match)->ts != -1) {
            return WEIR_OK; /* those behind came later */
        }
        e = next;
    }
    return WEIR_OK;
}

static weir_status fire_alone(wr_pattern *x, uint32_t item, int64_t due, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    bool make = p->is_start && !it->fresh.n && !it->pending.n, broke = false;
    if (x->plan->is_sequence && p->every_next == WR_NO_ITEM && it->last_time > 0)
        make = false; /* it is over */
    WR_TRY(ready_start(x, item, make, err));
    uint32_t n = 0;
    WR_TRY(collect_over(x, item, due, &n, &broke, err));
    if (broke) {
        for (uint32_t i = 0; i < n; i++) wr_match_unref(x, x->candidates[i]);
        return WEIR_OK;
    }
    if (p->within_every != WR_NO_ITEM) WR_TRY(wr_item_update(x, p->within_every, err));
    WR_TRY(let_all_go(x, item, x->candidates, n, due, true, err));
    if (x->now > p->wait_ms + due) it->last_time = x->now + p->wait_ms;
    if (n || it->last_time >= due) return WEIR_OK;
    it->last_time = due + p->wait_ms;
    return wr_item_notify(x, item, it->last_time, err);
}

/* The same beside `and` or `or`: the mark says that the wait is over, for the partner to see. */
static bool is_over_beside(const wr_pattern *x, uint32_t item, const wr_match *m, int64_t due) {
    const wr_item_state *it = &x->items[item];
    uint32_t ev = m->ev[item];
    return due >= (ev == WR_NO_EVENT ? m->ts : wr_taken_at(&it->events, ev)->ts) + it->plan->wait_ms;
}

static weir_status mark_over(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t event, head = wr_match_at(x, match)->ev[item];
    WR_TRY(wr_event_take(&it->events, NULL, 0, &event, err));
    if (head == WR_NO_EVENT)
        wr_match_at(x, match)->ev[item] = event;
    else
        wr_event_chain(&it->events, head, event);
    return WEIR_OK;
}

static weir_status collect_beside(wr_pattern *x, uint32_t item, int64_t due, uint32_t *n, uint32_t *expired,
                                  weir_error *err) {
    wr_item_state *it = &x->items[item];
    for (uint32_t e = it->pending.head; e != WR_NO_ENTRY;) {
        uint32_t next = wr_entry_at(x, e)->next, match = wr_entry_at(x, e)->match;
        if (it->may_expire && wr_match_is_expired(x, match, due)) {
            wr_match_ref(x, match);
            wr_match_unref(x, *expired);
            *expired = match;
            WR_TRY(take_out(x, item, e, false, n, err));
        } else if (is_over_beside(x, item, wr_match_at(x, match), due)) {
            bool has_partner = wr_match_at(x, match)->ev[it->plan->partner] != WR_NO_EVENT;
            if (!has_partner) WR_TRY(mark_over(x, item, match, err));
            WR_TRY(take_out(x, item, e, it->plan->is_or ? !has_partner : has_partner, n, err));
        }
        e = next;
    }
    return WEIR_OK;
}

static weir_status finish_beside(wr_pattern *x, uint32_t item, int64_t due, bool *sent, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    bool make = p->is_start && x->plan->is_sequence && !it->fresh.n && !it->pending.n;
    uint32_t n = 0, expired = WR_NO_MATCH;
    WR_TRY(ready_start(x, item, make, err));
    weir_status st = collect_beside(x, item, due, &n, &expired, err);
    if (st == WEIR_OK && expired != WR_NO_MATCH && p->within_every != WR_NO_ITEM) {
        st = wr_item_add_every(x, p->within_every, expired, err);
        if (st == WEIR_OK) st = wr_item_update(x, p->within_every, err);
    }
    wr_match_unref(x, expired);
    WR_TRY(st);
    *sent = n > 0;
    WR_TRY(let_all_go(x, item, x->candidates, n, due, true, err));
    it->last_time = 0;
    return WEIR_OK;
}

static weir_status fire_beside(wr_pattern *x, uint32_t item, int64_t due, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    bool sent = false;
    if (due >= it->last_time + p->wait_ms) WR_TRY(finish_beside(x, item, due, &sent, err));
    if (p->every_next == WR_NO_ITEM && (sent || !p->is_start)) return WEIR_OK;
    int64_t from = it->last_time == 0 ? x->now : it->last_time;
    return wr_item_notify(x, item, from + p->wait_ms, err);
}

weir_status wr_absent_fire(wr_pattern *x, uint32_t item, int64_t due, weir_error *err) {
    if (x->items[item].inactive) return WEIR_OK;
    return x->items[item].plan->kind == WR_ITEM_ABSENT ? fire_alone(x, item, due, err)
                                                       : fire_beside(x, item, due, err);
}
