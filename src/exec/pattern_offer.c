/* pattern_offer.c: an event is offered to an item, and so to each match that waits there. */
#include "exec/pattern_impl.h"

weir_status wr_item_take(wr_pattern *x, uint32_t item, bool shared, uint32_t *event, weir_error *err) {
    wr_item_state *it = &x->items[item];
    if (!shared) return wr_event_take(&it->events, x->batch, x->row, event, err);
    if (it->taken == WR_NO_EVENT) WR_TRY(wr_event_take(&it->events, x->batch, x->row, &it->taken, err));
    *event = it->taken;
    wr_event_ref_add(&it->events, it->taken);
    return WEIR_OK;
}

weir_status wr_pattern_done(wr_pattern *x, uint32_t match, weir_error *err) {
    /* One that waited twice goes out once. */
    if (x->n_done && x->done[x->n_done - 1] == match) return WEIR_OK;
    if (wr_grow(&x->head.account, &x->done, &x->cap_done, x->n_done + 1, sizeof *x->done))
        return wr_pattern_no_memory(err);
    x->done[x->n_done++] = match;
    wr_match_ref(x, match);
    return WEIR_OK;
}

weir_status wr_item_collect(wr_pattern *x, uint32_t item, uint32_t match, bool wanted, weir_error *err) {
    bool *returned = &x->items[x->items[item].plan->last].returned;
    if (!*returned) return WEIR_OK;
    *returned = false;
    return wanted ? wr_pattern_done(x, match, err) : WEIR_OK;
}

/* ---- One event, and `not` ---------------------------------------------------------------------------------
 */

/* An event came that must not: the wait begins again. */
static weir_status pass_absent(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    wr_match *m = wr_match_at(x, match);
    int64_t ts = wr_taken_at(&it->events, m->ev[item])->ts;
    it->changed = it->returned = true;
    m->ts = ts;
    if (it->plan->is_start && it->plan->every_next == item) WR_TRY(wr_item_add_every(x, item, match, err));
    it->last_time = ts + it->plan->wait_ms;
    return wr_item_notify(x, item, it->last_time, err);
}

static weir_status try_one(wr_pattern *x, uint32_t item, uint32_t entry, bool hit, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    uint32_t match = wr_entry_at(x, entry)->match, event;
    bool absent = p->kind == WR_ITEM_ABSENT;
    it->changed = false;
    if (hit) {
        WR_TRY(wr_item_take(x, item, true, &event, err));
        wr_match_set(x, match, item, event);
        WR_TRY(absent ? pass_absent(x, item, match, err) : wr_item_pass(x, item, match, err));
    }
    WR_TRY(wr_item_collect(x, item, match, !absent, err));
    if (it->changed || (x->plan->is_sequence && !absent)) wr_waiting_remove(x, item, &it->pending, entry);
    if (!it->changed && x->plan->is_sequence && p->callback != WR_NO_ITEM)
        x->items[p->callback].begins_anew = true;
    return WEIR_OK;
}

/* ---- Counted ----------------------------------------------------------------------------------------------
 */

/* Siddhi looks one and two places on, whatever stands there. */
static bool has_gone_on(const wr_pattern *x, uint32_t item, const wr_match *m) {
    return (item + 1 < x->plan->n_items && m->ev[item + 1] != WR_NO_EVENT) ||
           (item + 2 < x->plan->n_items && m->ev[item + 2] != WR_NO_EVENT);
}

/* A counted step without a least number hands its matches on before it has taken their events. They get a
 * later time then, and with it perhaps another place among those that have come to a later item. */
static void move_on_in_time(wr_pattern *x, uint32_t item, uint32_t match, int64_t ts) {
    wr_match_at(x, match)->ts = ts;
    for (uint32_t i = item + 1; i < x->plan->n_items; i++) {
        wr_match_list *l = &x->items[i].fresh;
        if (!l->n) continue;
        if (wr_entry_at(x, l->tail)->match == match)
            l->last_ts = WR_MAX(l->last_ts, ts);
        else
            l->is_sorted = false;
    }
}

static weir_status pass_counted(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    const wr_plan_item *p = it->plan;
    wr_match *m = wr_match_at(x, match);
    uint32_t event, n;
    WR_TRY(wr_item_take(x, item, false, &event, err));
    move_on_in_time(x, item, match, wr_taken_at(&it->events, event)->ts);
    if (m->ev[item] == WR_NO_EVENT)
        m->ev[item] = event;
    else
        wr_event_chain(&it->events, m->ev[item], event);
    n = wr_taken_at(&it->events, m->ev[item])->n;
    if (n < p->min) return WEIR_OK;
    if (x->plan->is_sequence) {
        if (p->next != WR_NO_ITEM) WR_TRY(wr_item_add(x, p->next, match, err));
        if (n != p->max) WR_TRY(wr_item_add(x, item, match, err));
    } else if (n == p->min) {
        WR_TRY(wr_item_min_reached(x, item, match, err));
    }
    it->changed |= n == p->max;
    return WEIR_OK;
}

static weir_status try_counted(wr_pattern *x, uint32_t item, uint32_t entry, bool hit, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t match = wr_entry_at(x, entry)->match;
    it->changed = false;
    if (has_gone_on(x, item, wr_match_at(x, match))) {
        wr_waiting_remove(x, item, &it->pending, entry);
        return WEIR_OK;
    }
    if (hit) WR_TRY(pass_counted(x, item, match, err));
    WR_TRY(wr_item_collect(x, item, match, true, err));
    if (it->changed || (!hit && x->plan->is_sequence)) wr_waiting_remove(x, item, &it->pending, entry);
    return WEIR_OK;
}

/* ---- and, or ----------------------------------------------------------------------------------------------
 */

static weir_status pass_logical(wr_pattern *x, uint32_t item, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item], *partner = &x->items[it->plan->partner];
    if (it->plan->is_or) {
        WR_TRY(wr_item_pass(x, item, match, err));
        partner->returned |= partner->plan->gives_output && it->plan->last == it->plan->partner;
        return WEIR_OK;
    }
    bool passes = wr_match_at(x, match)->ev[it->plan->partner] != WR_NO_EVENT;
    if (partner->plan->kind == WR_ITEM_ABSENT_LOGICAL)
        WR_TRY(wr_absent_lets_pass(x, it->plan->partner, match, &passes, err));
    it->changed = true;
    return passes ? wr_item_pass(x, item, match, err) : WEIR_OK;
}

static weir_status try_logical(wr_pattern *x, uint32_t item, uint32_t entry, bool hit, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t match = wr_entry_at(x, entry)->match, event;
    if (it->plan->is_or && wr_match_at(x, match)->ev[it->plan->partner] != WR_NO_EVENT) {
        wr_waiting_remove(x, item, &it->pending, entry);
        return WEIR_OK;
    }
    it->changed = false;
    if (hit) {
        WR_TRY(wr_item_take(x, item, true, &event, err));
        wr_match_set(x, match, item, event);
        WR_TRY(pass_logical(x, item, match, err));
    }
    WR_TRY(wr_item_collect(x, item, match, true, err));
    if (it->changed || x->plan->is_sequence) wr_waiting_remove(x, item, &it->pending, entry);
    return WEIR_OK;
}

/* ---- A start that is always there -------------------------------------------------------------------------
 */

/* What waits has no event and nothing is asked of it: each event that passes makes a match of its own, and it
 * need not be taken away and put there again. */
static weir_status begin_match(wr_pattern *x, uint32_t item, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t event, match;
    if (it->passes && !it->passes[x->row]) return WEIR_OK;
    WR_TRY(wr_match_new(x, &match, err));
    wr_match_ref(x, match);
    weir_status st = wr_event_take(&it->events, x->batch, x->row, &event, err);
    if (st == WEIR_OK) {
        wr_match_at(x, match)->ev[item] = event;
        st = wr_item_pass(x, item, match, err);
    }
    if (st == WEIR_OK) st = wr_item_collect(x, item, match, true, err);
    wr_match_unref(x, match);
    return st;
}

/* ---- All matches ------------------------------------------------------------------------------------------
 */

weir_status wr_item_offer(wr_pattern *x, uint32_t item, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t n;
    if (it->renews) return begin_match(x, item, err);
    if (!it->pending.n || it->inactive) return WEIR_OK;
    WR_TRY(wr_item_candidates(x, item, &n, err));
    if (it->plan->kind == WR_ITEM_ABSENT_LOGICAL) return wr_absent_offer(x, item, n, err);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t entry = x->candidates[k];
        bool hit = x->hits[k];
        switch (it->plan->kind) {
        case WR_ITEM_COUNT: WR_TRY(try_counted(x, item, entry, hit, err)); break;
        case WR_ITEM_LOGICAL: WR_TRY(try_logical(x, item, entry, hit, err)); break;
        default: WR_TRY(try_one(x, item, entry, hit, err));
        }
    }
    return WEIR_OK;
}
