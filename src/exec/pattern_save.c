/* pattern_save.c: the state of a pattern: its events and matches, numbered anew, then each item's lists and
 * marks.
 *
 * Loading trusts nothing: numbers are checked against what was read, and references are counted, not read. */
#include "exec/pattern_impl.h"

#include "state/writer.h"

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved matches of a pattern are damaged");
}

/* ---- Saving -----------------------------------------------------------------------------------------------
 */

/* Numbers by event of each item and by match; NULL: out of memory. */
typedef struct numbers {
    uint32_t *of_events; /* all items' one after the other */
    uint32_t *of_matches;
    size_t n_events;
} numbers;

static bool numbers_new(const wr_pattern *x, numbers *n) {
    *n = (numbers){0};
    for (uint32_t i = 0; i < x->plan->n_items; i++) n->n_events += x->items[i].events.cells.n_cells;
    n->of_events = wr_alloc(NULL, (n->n_events + 1) * sizeof *n->of_events);
    n->of_matches = wr_alloc(NULL, ((size_t)x->matches.n_cells + 1) * sizeof *n->of_matches);
    return n->of_events && n->of_matches;
}

static void save_matches(const wr_pattern *x, numbers *n, weir_writer *w) {
    uint32_t count = 0;
    for (uint32_t id = 0; id < x->matches.n_cells; id++)
        n->of_matches[id] = wr_match_at(x, id)->refs ? count++ : WR_NO_MATCH;
    weir_write_u32(w, count);
    for (uint32_t id = 0; id < x->matches.n_cells; id++) {
        const wr_match *m = wr_match_at(x, id);
        if (!m->refs) continue;
        weir_write_i64(w, m->ts);
        wr_write_u8(w, m->is_expired);
        const uint32_t *of = n->of_events;
        for (uint32_t i = 0; i < x->plan->n_items; of += x->items[i++].events.cells.n_cells)
            weir_write_u32(w, m->ev[i] == WR_NO_EVENT ? WR_NO_EVENT : of[m->ev[i]]);
    }
}

static void save_list(const wr_pattern *x, const wr_match_list *l, const numbers *n, weir_writer *w) {
    weir_write_u32(w, l->n);
    for (uint32_t e = l->head; e != WR_NO_ENTRY; e = wr_entry_at(x, e)->next)
        weir_write_u32(w, n->of_matches[wr_entry_at(x, e)->match]);
}

static void save_item(const wr_pattern *x, const wr_item_state *it, const numbers *n, weir_writer *w) {
    save_list(x, &it->pending, n, w);
    save_list(x, &it->fresh, n, w);
    wr_write_u8(w, (uint8_t)(it->changed | it->returned << 1 | it->begins_anew << 2 | it->initialized << 3 |
                             it->inactive << 4));
    weir_write_i64(w, it->last_time);
    weir_write_u32(w, it->waits.n);
    for (uint32_t i = 0; i < it->waits.n; i++) weir_write_i64(w, it->waits.due[it->waits.head + i]);
}

void wr_pattern_save(const wr_op *op, weir_writer *w) {
    const wr_pattern *x = (const wr_pattern *)op;
    numbers n;
    wr_write_u8(w, x->is_ready);
    weir_write_i64(w, x->newest);
    if (x->trail) {
        wr_trail_save(x->trail, w);
        return;
    }
    if (numbers_new(x, &n)) {
        uint32_t *of = n.of_events;
        for (uint32_t i = 0; i < x->plan->n_items; of += x->items[i++].events.cells.n_cells)
            wr_event_pool_save(&x->items[i].events, of, w);
        save_matches(x, &n, w);
        for (uint32_t i = 0; i < x->plan->n_items; i++) save_item(x, &x->items[i], &n, w);
    } else if (w->status == WEIR_OK) {
        w->status = WEIR_ENOMEM;
    }
    wr_free(NULL, n.of_events, (n.n_events + 1) * sizeof *n.of_events);
    wr_free(NULL, n.of_matches, ((size_t)x->matches.n_cells + 1) * sizeof *n.of_matches);
}

/* ---- Loading ----------------------------------------------------------------------------------------------
 */

/* A chain ends after as many events as its head says, at the one that its head calls the last. */
static bool is_chain(const wr_event_pool *p, uint32_t head) {
    uint32_t n = wr_taken_at(p, head)->n, at = head;
    for (uint32_t i = 1; i < n && at != WR_NO_EVENT; i++) at = wr_taken_at(p, at)->next;
    return at != WR_NO_EVENT && wr_taken_at(p, at)->next == WR_NO_EVENT && wr_taken_at(p, head)->last == at;
}

static bool is_event(const wr_event_pool *p, uint32_t id) { return id < p->cells.n_cells && is_chain(p, id); }

static weir_status load_matches(wr_pattern *x, weir_reader *r, weir_error *err) {
    uint32_t n_items = x->plan->n_items, n = wr_read_count(r, 9 + 4 * (size_t)n_items);
    if (wr_cell_pool_fill(&x->matches, n)) return wr_pattern_no_memory(err);
    for (uint32_t id = 0; id < n; id++) memset(wr_match_at(x, id)->ev, 0xFF, n_items * sizeof(uint32_t));
    for (uint32_t id = 0; id < n; id++) {
        wr_match *m = wr_match_at(x, id);
        m->refs = 1; /* until all is read */
        m->ts = weir_read_i64(r);
        m->is_expired = wr_read_u8(r) != 0;
        for (uint32_t i = 0; i < n_items; i++) {
            uint32_t ev = weir_read_u32(r);
            WR_TRY(weir_reader_status(r, err));
            if (ev == WR_NO_EVENT) continue;
            if (!is_event(&x->items[i].events, ev)) return damaged(err);
            m->ev[i] = ev;
            wr_event_ref_add(&x->items[i].events, ev);
        }
    }
    return WEIR_OK;
}

static weir_status load_list(wr_pattern *x, uint32_t item, wr_match_list *l, weir_reader *r,
                             weir_error *err) {
    uint32_t n = wr_read_count(r, 4);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t match = weir_read_u32(r);
        WR_TRY(weir_reader_status(r, err));
        if (match >= x->matches.n_cells) return damaged(err);
        WR_TRY(wr_waiting_add(x, item, l, match, err));
    }
    return WEIR_OK;
}

static weir_status load_item(wr_pattern *x, uint32_t item, weir_reader *r, weir_error *err) {
    wr_item_state *it = &x->items[item];
    WR_TRY(load_list(x, item, &it->pending, r, err));
    WR_TRY(load_list(x, item, &it->fresh, r, err));
    uint8_t marks = wr_read_u8(r);
    it->changed = marks & 1;
    it->returned = marks & 2;
    it->begins_anew = marks & 4;
    it->initialized = marks & 8;
    it->inactive = marks & 16;
    it->last_time = weir_read_i64(r);
    uint32_t n = wr_read_count(r, 8);
    for (uint32_t i = 0; i < n; i++) WR_TRY(wr_item_notify(x, item, weir_read_i64(r), err));
    return weir_reader_status(r, err);
}

/* An event that follows another in a chain belongs to it; no two may claim it. */
static weir_status own_followers(wr_event_pool *p, weir_error *err) {
    uint32_t n = p->cells.n_cells;
    uint8_t *claimed = wr_alloc_zero(NULL, (size_t)n + 1);
    if (!claimed) return wr_pattern_no_memory(err);
    bool ok = true;
    for (uint32_t id = 0; id < n && ok; id++) {
        uint32_t next = wr_taken_at(p, id)->next;
        if (next == WR_NO_EVENT) continue;
        ok = !claimed[next];
        claimed[next] = 1;
    }
    /* The reference that each was loaded with is that of the event before it, or one too many. */
    for (uint32_t id = 0; id < n && !ok; id++) wr_taken_at(p, id)->next = WR_NO_EVENT;
    for (uint32_t id = 0; id < n && ok; id++)
        if (!claimed[id]) wr_event_unref(p, id);
    wr_free(NULL, claimed, (size_t)n + 1);
    return ok ? WEIR_OK : damaged(err);
}

weir_status wr_pattern_load(wr_op *op, weir_reader *r, weir_error *err) {
    wr_pattern *x = (wr_pattern *)op;
    weir_arena strings;
    if (x->matches.n_live || x->entries.n_live || (x->trail && x->trail->cells.n_live))
        return weir_fail(err, WEIR_EUSAGE, "a pattern is loaded once");
    x->is_ready = wr_read_u8(r) != 0;
    x->newest = weir_read_i64(r);
    if (x->trail) return wr_trail_load(x, r, err);
    wr_arena_init(&strings, &op->account);
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < x->plan->n_items && st == WEIR_OK; i++)
        st = wr_event_pool_load(&x->items[i].events, r, &strings, err);
    wr_arena_fini(&strings);
    WR_TRY(st);
    WR_TRY(load_matches(x, r, err));
    for (uint32_t i = 0; i < x->plan->n_items; i++) WR_TRY(load_item(x, i, r, err));
    for (uint32_t i = 0; i < x->plan->n_items; i++) WR_TRY(own_followers(&x->items[i].events, err));
    for (uint32_t id = 0; id < x->matches.n_cells; id++) {
        if (wr_match_at(x, id)->refs == 1) return damaged(err); /* it waits nowhere */
        wr_match_at(x, id)->refs--;
    }
    return WEIR_OK;
}
