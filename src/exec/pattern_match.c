/* pattern_match.c: matches, lists of them, and the index of a list. */
#include "exec/pattern_impl.h"

#include "exec/match_value.h"

weir_status wr_pattern_no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the matches of a pattern");
}

/* ---- Matches ----------------------------------------------------------------------------------------------
 */

weir_status wr_match_new(wr_pattern *x, uint32_t *id, weir_error *err) {
    wr_match *m = wr_cell_pool_take(&x->matches, id);
    if (!m) return wr_pattern_no_memory(err);
    *m = (wr_match){.ts = -1};
    memset(m->ev, 0xFF, x->plan->n_items * sizeof *m->ev);
    return WEIR_OK;
}

weir_status wr_match_copy(wr_pattern *x, uint32_t of, uint32_t *id, weir_error *err) {
    WR_TRY(wr_match_new(x, id, err));
    wr_match *copy = wr_match_at(x, *id);
    const wr_match *m = wr_match_at(x, of);
    copy->ts = m->ts;
    for (uint32_t i = 0; i < x->plan->n_items; i++) {
        copy->ev[i] = m->ev[i];
        if (m->ev[i] != WR_NO_EVENT) wr_event_ref_add(&x->items[i].events, m->ev[i]);
    }
    return WEIR_OK;
}

static void match_free(wr_pattern *x, uint32_t id) {
    wr_match *m = wr_match_at(x, id);
    for (uint32_t i = 0; i < x->plan->n_items; i++) wr_event_unref(&x->items[i].events, m->ev[i]);
    wr_cell_pool_give(&x->matches, id);
}

void wr_match_unref(wr_pattern *x, uint32_t id) {
    if (id != WR_NO_MATCH && --wr_match_at(x, id)->refs == 0) match_free(x, id);
}

void wr_match_set(wr_pattern *x, uint32_t match, uint32_t item, uint32_t event) {
    uint32_t *at = &wr_match_at(x, match)->ev[item];
    wr_event_unref(&x->items[item].events, *at);
    *at = event;
}

int64_t wr_match_start(const wr_pattern *x, uint32_t match) {
    const wr_match *m = wr_match_at(x, match);
    int64_t start = INT64_MAX;
    for (uint32_t i = 0; i < x->n_starts; i++) {
        uint32_t ev = m->ev[x->starts[i]];
        if (ev != WR_NO_EVENT) start = WR_MIN(start, wr_taken_at(&x->items[x->starts[i]].events, ev)->ts);
    }
    return start;
}

bool wr_match_is_expired(const wr_pattern *x, uint32_t match, int64_t now) {
    const wr_match *m = wr_match_at(x, match);
    for (uint32_t i = 0; i < x->n_starts; i++) {
        uint32_t ev = m->ev[x->starts[i]];
        if (ev == WR_NO_EVENT) continue;
        int64_t ts = wr_taken_at(&x->items[x->starts[i]].events, ev)->ts;
        uint64_t apart = ts < now ? (uint64_t)now - (uint64_t)ts : (uint64_t)ts - (uint64_t)now;
        if (apart > (uint64_t)x->plan->within_ms) return true;
    }
    return false;
}

/* ---- Keys -------------------------------------------------------------------------------------------------
 */

static uint32_t fold(uint64_t h) {
    uint32_t folded = (uint32_t)(h ^ h >> 32);
    return folded == WR_UNFINDABLE ? 1 : folded;
}

static const void *row_value(const weir_column *c, weir_type type, uint32_t row) {
    if (weir_is_null(c, row)) return NULL;
    return (const char *)c->data + (size_t)row * wr_type_size(type, false);
}

/* The value of a match's key; NULL: null, or there is no such event. */
static const void *match_value(const wr_pattern *x, const wr_event_ref *ref, uint32_t match) {
    const wr_event_pool *pool = &x->items[ref->item].events;
    uint32_t ev = wr_match_at(x, match)->ev[ref->item];
    return ev == WR_NO_EVENT ? NULL : wr_event_value(pool, ev, pool->kept_at[ref->column]);
}

bool wr_keys_of_row(const wr_item_state *it, uint32_t row, uint32_t *hash) {
    uint64_t h = WR_HASH_K1;
    for (uint32_t k = 0; k < it->plan->n_keys; k++) {
        weir_type type = it->plan->key_refs[k].type;
        const void *value = row_value(&it->key_columns[k], type, row);
        if (!value || !wr_match_hash(type, value, &h)) return false;
    }
    *hash = fold(h);
    return true;
}

static bool keys_of_match(const wr_pattern *x, const wr_item_state *it, uint32_t match, uint32_t *hash) {
    uint64_t h = WR_HASH_K1;
    for (uint32_t k = 0; k < it->plan->n_keys; k++) {
        const wr_event_ref *ref = &it->plan->key_refs[k];
        const void *value = match_value(x, ref, match);
        if (!value || !wr_match_hash(ref->type, value, &h)) return false;
    }
    *hash = fold(h);
    return true;
}

bool wr_keys_equal(const wr_pattern *x, const wr_item_state *it, uint32_t match, uint32_t row) {
    for (uint32_t k = 0; k < it->plan->n_keys; k++) {
        const wr_event_ref *ref = &it->plan->key_refs[k];
        const void *a = row_value(&it->key_columns[k], ref->type, row), *b = match_value(x, ref, match);
        if (!a || !b || !wr_match_compare(WR_EQ, ref->type, a, b)) return false;
    }
    return true;
}

/* ---- The index --------------------------------------------------------------------------------------------
 */

static void bucket_add(wr_pattern *x, wr_item_state *it, uint32_t entry) {
    wr_match_entry *e = wr_entry_at(x, entry);
    wr_match_bucket *b = &it->buckets[e->hash & (it->n_buckets - 1)];
    e->next_equal = WR_NO_ENTRY;
    e->prev_equal = b->tail;
    if (b->tail == WR_NO_ENTRY)
        b->head = entry;
    else
        wr_entry_at(x, b->tail)->next_equal = entry;
    b->tail = entry;
}

static void bucket_remove(wr_pattern *x, wr_item_state *it, const wr_match_entry *e) {
    wr_match_bucket *b = &it->buckets[e->hash & (it->n_buckets - 1)];
    if (e->prev_equal == WR_NO_ENTRY)
        b->head = e->next_equal;
    else
        wr_entry_at(x, e->prev_equal)->next_equal = e->next_equal;
    if (e->next_equal == WR_NO_ENTRY)
        b->tail = e->prev_equal;
    else
        wr_entry_at(x, e->next_equal)->prev_equal = e->prev_equal;
}

static weir_status widen_index(wr_pattern *x, wr_item_state *it, weir_error *err) {
    uint32_t n = it->n_buckets * 2;
    wr_match_bucket *wider = wr_alloc(&x->head.account, (size_t)n * sizeof *wider);
    if (!wider) return wr_pattern_no_memory(err);
    memset(wider, 0xFF, (size_t)n * sizeof *wider);
    wr_free(&x->head.account, it->buckets, (size_t)it->n_buckets * sizeof *it->buckets);
    it->buckets = wider;
    it->n_buckets = n;
    for (uint32_t e = it->pending.head; e != WR_NO_ENTRY; e = wr_entry_at(x, e)->next)
        if (wr_entry_at(x, e)->hash != WR_UNFINDABLE) bucket_add(x, it, e);
    return WEIR_OK;
}

static weir_status index_add(wr_pattern *x, wr_item_state *it, uint32_t entry, weir_error *err) {
    wr_match_entry *e = wr_entry_at(x, entry);
    if (!keys_of_match(x, it, e->match, &e->hash)) {
        e->hash = WR_UNFINDABLE;
        return WEIR_OK;
    }
    bucket_add(x, it, entry);
    return it->pending.n > it->n_buckets ? widen_index(x, it, err) : WEIR_OK;
}

/* ---- Lists ------------------------------------------------------------------------------------------------
 */

void wr_match_list_init(wr_match_list *l) {
    *l = (wr_match_list){.head = WR_NO_ENTRY,
                         .tail = WR_NO_ENTRY,
                         .is_sorted = true,
                         .starts_sorted = true,
                         .last_ts = INT64_MIN,
                         .least_start = INT64_MAX,
                         .most_start = INT64_MIN};
}

/* Matches without a time come last. */
static int64_t sort_time(const wr_match *m) { return m->ts == -1 ? INT64_MAX : m->ts; }

static void note_times(const wr_pattern *x, uint32_t item, wr_match_list *l, uint32_t match) {
    const wr_match *m = wr_match_at(x, match);
    int64_t ts = sort_time(m);
    l->is_sorted &= ts >= l->last_ts;
    l->last_ts = ts;
    for (uint32_t i = 0; i < x->n_starts && x->items[item].may_expire; i++) {
        uint32_t ev = m->ev[x->starts[i]];
        if (ev == WR_NO_EVENT) continue;
        int64_t start = wr_taken_at(&x->items[x->starts[i]].events, ev)->ts;
        l->starts_sorted &= start >= l->most_start;
        l->least_start = WR_MIN(l->least_start, start);
        l->most_start = WR_MAX(l->most_start, start);
    }
}

static void link_last(wr_pattern *x, wr_match_list *l, uint32_t entry) {
    wr_match_entry *e = wr_entry_at(x, entry);
    e->next = WR_NO_ENTRY;
    e->prev = l->tail;
    if (l->tail == WR_NO_ENTRY)
        l->head = entry;
    else
        wr_entry_at(x, l->tail)->next = entry;
    l->tail = entry;
    l->n++;
}

weir_status wr_waiting_add(wr_pattern *x, uint32_t item, wr_match_list *l, uint32_t match, weir_error *err) {
    wr_item_state *it = &x->items[item];
    uint32_t entry;
    wr_match_entry *e = wr_cell_pool_take(&x->entries, &entry);
    if (!e) return wr_pattern_no_memory(err);
    *e = (wr_match_entry){.match = match, .hash = WR_UNFINDABLE};
    wr_match_ref(x, match);
    note_times(x, item, l, match);
    link_last(x, l, entry);
    return it->buckets && l == &it->pending ? index_add(x, it, entry, err) : WEIR_OK;
}

static void unlink_entry(wr_pattern *x, wr_match_list *l, const wr_match_entry *e) {
    if (e->prev == WR_NO_ENTRY)
        l->head = e->next;
    else
        wr_entry_at(x, e->prev)->next = e->next;
    if (e->next == WR_NO_ENTRY)
        l->tail = e->prev;
    else
        wr_entry_at(x, e->next)->prev = e->prev;
    if (--l->n == 0) wr_match_list_init(l);
}

void wr_waiting_remove(wr_pattern *x, uint32_t item, wr_match_list *l, uint32_t entry) {
    wr_item_state *it = &x->items[item];
    wr_match_entry *e = wr_entry_at(x, entry);
    uint32_t match = e->match;
    if (it->buckets && l == &it->pending && e->hash != WR_UNFINDABLE) bucket_remove(x, it, e);
    unlink_entry(x, l, e);
    wr_cell_pool_give(&x->entries, entry);
    wr_match_unref(x, match);
}

void wr_waiting_clear(wr_pattern *x, uint32_t item, wr_match_list *l) {
    while (l->head != WR_NO_ENTRY) wr_waiting_remove(x, item, l, l->head);
}

/* ---- Settling ---------------------------------------------------------------------------------------------
 */

/* Stable merge sort of a chain of entries by the times of their matches; only `next` counts. */
static uint32_t merge_chains(wr_pattern *x, uint32_t a, uint32_t b) {
    uint32_t head = WR_NO_ENTRY, *to = &head;
    while (a != WR_NO_ENTRY && b != WR_NO_ENTRY) {
        wr_match_entry *ea = wr_entry_at(x, a), *eb = wr_entry_at(x, b);
        bool second = sort_time(wr_match_at(x, eb->match)) < sort_time(wr_match_at(x, ea->match));
        *to = second ? b : a;
        to = second ? &eb->next : &ea->next;
        if (second)
            b = eb->next;
        else
            a = ea->next;
    }
    *to = a == WR_NO_ENTRY ? b : a;
    return head;
}

static uint32_t sort_chain(wr_pattern *x, uint32_t head, uint32_t n) {
    if (n < 2) {
        if (n) wr_entry_at(x, head)->next = WR_NO_ENTRY;
        return n ? head : WR_NO_ENTRY;
    }
    uint32_t half = n / 2, second = head;
    for (uint32_t i = 0; i < half; i++) second = wr_entry_at(x, second)->next;
    uint32_t b = sort_chain(x, second, n - half);
    return merge_chains(x, sort_chain(x, head, half), b);
}

weir_status wr_waiting_settle(wr_pattern *x, uint32_t item, weir_error *err) {
    wr_item_state *it = &x->items[item];
    wr_match_list *fresh = &it->fresh;
    if (!fresh->n) return WEIR_OK;
    uint32_t entry = fresh->is_sorted ? fresh->head : sort_chain(x, fresh->head, fresh->n);
    wr_match_list_init(fresh);
    while (entry != WR_NO_ENTRY) {
        uint32_t next = wr_entry_at(x, entry)->next;
        note_times(x, item, &it->pending, wr_entry_at(x, entry)->match);
        link_last(x, &it->pending, entry);
        if (it->buckets) WR_TRY(index_add(x, it, entry, err));
        entry = next;
    }
    return WEIR_OK;
}
