/* trail.c: see trail.h. The table is closed up behind a slot that is freed (Knuth, TAOCP 6.4, algorithm R).
 */
#include "exec/trail.h"

#include <stdlib.h>

#include "data/schema.h"

enum { FEWEST = 16, FEW = 1 << 14 };

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the matches of a pattern");
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static bool is_time(const wr_event_ref *ref, uint32_t item) {
    return ref->item == item && ref->column == WR_EVENT_TIME;
}

static bool keeps_time(const wr_plan_pattern *p, uint32_t item) {
    bool keeps = false;
    for (uint32_t i = 0; i < p->n_outs; i++) keeps |= is_time(&p->outs[i], item);
    for (uint32_t i = item + 1; i < p->n_items; i++) {
        for (uint32_t k = 0; k < p->items[i].n_tests; k++) keeps |= is_time(&p->items[i].tests[k].ref, item);
        for (uint32_t k = 0; k < p->items[i].n_refs; k++) keeps |= is_time(&p->items[i].refs[k], item);
    }
    return keeps;
}

static void add_field(wr_trail *t, uint32_t item, uint32_t column, weir_type type, uint32_t *at) {
    uint32_t size = (uint32_t)wr_type_size(type, false), align = WR_MIN(size, 8);
    *at = (*at + align - 1) & ~(align - 1);
    t->fields[t->n_fields++] = (wr_trail_field){item, column, type, size, *at};
    t->is_plain &= type != WEIR_STRING;
    *at += size;
}

/* Small values first, as the header ends in the middle of a word. */
static void lay_out(wr_trail *t) {
    const wr_plan_pattern *p = t->plan;
    uint32_t at = (uint32_t)WR_TRAIL_VALUES;
    t->is_plain = true;
    for (int wide = 0; wide < 2; wide++)
        for (uint32_t i = 0; i + 1 < p->n_items; i++) {
            const wr_schema *schema = p->items[i].schema;
            for (uint32_t c = 0; c < schema->n_attrs; c++)
                if (p->items[i].keeps[c] && (wr_type_size(schema->attrs[c].type, false) > 4) == wide)
                    add_field(t, i, c, schema->attrs[c].type, &at);
            if (wide && keeps_time(p, i)) add_field(t, i, WR_EVENT_TIME, WEIR_LONG, &at);
        }
    wr_cell_pool_init(&t->cells, at, t->account);
}

weir_status wr_trail_new(const wr_plan_pattern *plan, wr_account *account, wr_trail **out, weir_error *err) {
    wr_trail *t = *out = wr_alloc_zero(account, sizeof *t);
    if (!t) return no_memory(err);
    t->account = account;
    t->plan = plan;
    lay_out(t);
    t->steps = wr_alloc_zero(account, plan->n_items * sizeof *t->steps);
    if (t->steps) return WEIR_OK;
    wr_trail_free(t);
    *out = NULL;
    return no_memory(err);
}

static void drop_matches(wr_trail *t, wr_trail_step *s) {
    for (uint32_t p = s->head; !t->is_plain && p != s->tail; p++) {
        uint32_t match = s->queue[p & (s->cap - 1)].match;
        if (match != WR_NO_CELL) wr_trail_drop(t, match);
    }
}

void wr_trail_clear(wr_trail *t) {
    for (uint32_t i = 0; i < t->plan->n_items; i++) {
        wr_trail_step *s = &t->steps[i];
        drop_matches(t, s);
        *s = (wr_trail_step){.queue = s->queue, .cap = s->cap, .slots = s->slots, .n_slots = s->n_slots};
        if (s->n_slots) memset(s->slots, 0, s->n_slots * sizeof *s->slots);
    }
    wr_cell_pool_clear(&t->cells);
}

static void free_step(wr_trail *t, wr_trail_step *s) {
    drop_matches(t, s);
    wr_free(t->account, s->queue, s->cap * sizeof *s->queue);
    wr_free(t->account, s->slots, s->n_slots * sizeof *s->slots);
}

void wr_trail_free(wr_trail *t) {
    if (!t) return;
    for (uint32_t i = 0; t->steps && i < t->plan->n_items; i++) free_step(t, &t->steps[i]);
    if (t->steps) wr_free(t->account, t->steps, t->plan->n_items * sizeof *t->steps);
    wr_cell_pool_fini(&t->cells);
    wr_free(t->account, t, sizeof *t);
}

/* ---- Matches ----------------------------------------------------------------------------------------------
 */

uint32_t wr_trail_field_of(const wr_trail *t, uint32_t item, uint32_t column) {
    uint32_t f = 0;
    while (f < t->n_fields && (t->fields[f].item != item || t->fields[f].column != column)) f++;
    return f;
}

void wr_trail_drop_strings(wr_trail *t, const wr_trail_match *m) {
    for (uint32_t f = 0; f < t->n_fields; f++) {
        const void *value = t->fields[f].type == WEIR_STRING ? wr_trail_value(t, m, f) : NULL;
        weir_string s;
        if (!value) continue;
        memcpy(&s, value, sizeof s);
        if (s.len > WEIR_STRING_INLINE) wr_free(t->account, (void *)(uintptr_t)s.u.ptr, s.len);
    }
}

weir_status wr_trail_own(wr_trail *t, wr_trail_match *m, uint32_t field, weir_error *err) {
    char *at = (char *)m + t->fields[field].at, *bytes;
    weir_string s;
    memcpy(&s, at, sizeof s);
    if (s.len <= WEIR_STRING_INLINE) return WEIR_OK;
    bytes = wr_alloc(t->account, s.len);
    if (!bytes) return no_memory(err);
    memcpy(bytes, s.u.ptr, s.len);
    s.u.ptr = bytes;
    memcpy(at, &s, sizeof s);
    return WEIR_OK;
}

/* ---- The index --------------------------------------------------------------------------------------------
 */

/* Half of the slots stay free at least. While the table lies in the cache it is kept emptier still, so that a
 * search ends where it begins, as the processor guesses. */
static bool is_crowded(const wr_trail_step *s) {
    return (s->n_slots > FEW ? 2 : 3) * (uint64_t)s->n_used >= s->n_slots;
}

static weir_status widen_index(wr_trail *t, wr_trail_step *s, weir_error *err) {
    uint32_t n = s->n_slots ? s->n_slots * 2 : FEWEST;
    wr_trail_slot *wider = n > s->n_slots ? wr_alloc_zero(t->account, n * sizeof *wider) : NULL;
    uint64_t n_seen = 0;
    if (!wider) return no_memory(err);
    for (uint32_t i = 0; i < s->n_slots; i++)
        if (s->slots[i].hash) wider[wr_trail_seek(wider, n - 1, s->slots[i].hash, &n_seen)] = s->slots[i];
    wr_free(t->account, s->slots, s->n_slots * sizeof *s->slots);
    s->slots = wider;
    s->n_slots = n;
    return WEIR_OK;
}

static weir_status index_add(wr_trail *t, wr_trail_step *s, uint32_t id, weir_error *err) {
    wr_trail_match *m = wr_trail_at(t, id);
    if (!m->hash) return WEIR_OK;
    if (is_crowded(s)) WR_TRY(widen_index(t, s, err));
    wr_trail_slot *slot = &s->slots[wr_trail_seek(s->slots, s->n_slots - 1, m->hash, &t->n_slots_seen)];
    if (slot->hash) {
        wr_trail_at(t, slot->last)->next = id;
        slot->last = id;
        return WEIR_OK;
    }
    *slot = (wr_trail_slot){m->hash, id, id};
    s->n_used++;
    return WEIR_OK;
}

void wr_trail_free_slot(wr_trail *t, uint32_t item, wr_trail_slot *slot) {
    wr_trail_step *s = &t->steps[item];
    uint32_t mask = s->n_slots - 1, hole = (uint32_t)(slot - s->slots);
    for (uint32_t at = (hole + 1) & mask; s->slots[at].hash; at = (at + 1) & mask) {
        uint32_t home = (uint32_t)s->slots[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        s->slots[hole] = s->slots[at];
        hole = at;
    }
    s->slots[hole].hash = 0;
    s->n_used--;
}

/* ---- The queue --------------------------------------------------------------------------------------------
 */

static void close_up(wr_trail *t, wr_trail_step *s) {
    uint32_t to = s->head, settled = s->settled;
    for (uint32_t from = s->head; from != s->tail; from++) {
        if (from == s->settled) settled = to;
        const wr_trail_waiting *w = wr_trail_waiting_at(s, from);
        if (w->match == WR_NO_CELL) continue;
        wr_trail_at(t, w->match)->place = to;
        *wr_trail_waiting_at(s, to++) = *w;
    }
    s->settled = s->settled == s->tail ? to : settled;
    s->tail = to;
}

static weir_status make_room(wr_trail *t, wr_trail_step *s, weir_error *err) {
    if (WR_LIKELY(s->tail - s->head < s->cap)) return WEIR_OK;
    if (s->n_live < s->cap / 2) {
        close_up(t, s);
        return WEIR_OK;
    }
    uint32_t cap = s->cap ? s->cap * 2 : FEWEST;
    wr_trail_waiting *wider = cap > s->cap ? wr_alloc(t->account, cap * sizeof *wider) : NULL;
    if (!wider) return no_memory(err);
    for (uint32_t p = s->head; p != s->tail; p++) wider[p & (cap - 1)] = *wr_trail_waiting_at(s, p);
    wr_free(t->account, s->queue, s->cap * sizeof *s->queue);
    s->queue = wider;
    s->cap = cap;
    return WEIR_OK;
}

static int64_t sort_time(const wr_trail_match *m) { return m->ts == -1 ? INT64_MAX : m->ts; }

weir_status wr_trail_wait(wr_trail *t, uint32_t item, uint32_t id, int64_t start, bool settled,
                          weir_error *err) {
    wr_trail_step *s = &t->steps[item];
    wr_trail_match *m = wr_trail_at(t, id);
    WR_TRY(make_room(t, s, err));
    bool first = s->settled == s->tail;
    int64_t ts = sort_time(m);
    m->next = WR_NO_CELL;
    m->place = s->tail;
    if (settled && first) {
        WR_TRY(index_add(t, s, id, err));
        s->settled++;
    }
    s->in_order = first || (s->in_order && ts >= s->last_ts);
    s->starts_in_order = first || (s->starts_in_order && start >= s->most_start);
    s->last_ts = ts;
    s->most_start = first ? start : WR_MAX(s->most_start, start);
    *wr_trail_waiting_at(s, s->tail++) = (wr_trail_waiting){start, id, (uint32_t)m->hash};
    s->n_live++;
    return WEIR_OK;
}

static int by_time(const void *a, const void *b, void *ctx) {
    const wr_trail_match *x = wr_trail_at(ctx, ((const wr_trail_waiting *)a)->match),
                         *y = wr_trail_at(ctx, ((const wr_trail_waiting *)b)->match);
    int64_t p = sort_time(x), q = sort_time(y);
    if (p != q) return p < q ? -1 : 1;
    return (int32_t)(x->place - y->place) < 0 ? -1 : 1;
}

/* Equal times stay in order of coming. */
static weir_status sort_fresh(wr_trail *t, wr_trail_step *s, weir_error *err) {
    uint32_t n = s->tail - s->settled;
    wr_trail_waiting *fresh = wr_alloc(t->account, n * sizeof *fresh);
    if (!fresh) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) fresh[i] = *wr_trail_waiting_at(s, s->settled + i);
    qsort_r(fresh, n, sizeof *fresh, by_time, t);
    for (uint32_t i = 0; i < n; i++) {
        wr_trail_at(t, fresh[i].match)->place = s->settled + i;
        *wr_trail_waiting_at(s, s->settled + i) = fresh[i];
    }
    wr_free(t->account, fresh, n * sizeof *fresh);
    return WEIR_OK;
}

weir_status wr_trail_settle_fresh(wr_trail *t, uint32_t item, weir_error *err) {
    wr_trail_step *s = &t->steps[item];
    if (!s->in_order) WR_TRY(sort_fresh(t, s, err));
    s->in_order = true;
    for (; s->settled != s->tail; s->settled++)
        WR_TRY(index_add(t, s, wr_trail_waiting_at(s, s->settled)->match, err));
    return WEIR_OK;
}

/* ---- Expiry -----------------------------------------------------------------------------------------------
 */

/* The match in front is the first of its hash: those before it were before it in the queue, too. */
static void expire_front(wr_trail *t, uint32_t item, uint32_t id) {
    uint64_t hash = wr_trail_at(t, id)->hash;
    if (!hash) {
        wr_trail_leave_queue(t, item, id);
    } else {
        wr_trail_slot *slot = wr_trail_find(t, item, hash);
        wr_trail_leave(t, item, slot, WR_NO_CELL, id);
        wr_trail_close(t, item, slot);
    }
    wr_trail_drop(t, id);
}

/* What is in front next will expire soon. */
WR_INLINE void prefetch_front(const wr_trail *t, const wr_trail_step *s) {
    const wr_trail_waiting *w = wr_trail_waiting_at(s, s->head + 4);
    if (s->n_slots <= WR_TRAIL_NEAR || s->settled - s->head <= 4 || w->match == WR_NO_CELL) return;
    __builtin_prefetch(&s->slots[w->hash & (s->n_slots - 1)]);
    __builtin_prefetch(wr_trail_at(t, w->match));
}

static void expire_settled(wr_trail *t, uint32_t item, int64_t now) {
    wr_trail_step *s = &t->steps[item];
    for (; s->head != s->settled; s->head++) {
        const wr_trail_waiting *w = wr_trail_waiting_at(s, s->head);
        if (w->match == WR_NO_CELL) continue;
        if (t->plan->within_ms < 0 || !wr_trail_is_over(t, w->start, now)) return;
        prefetch_front(t, s);
        expire_front(t, item, w->match);
    }
}

static void expire_fresh(wr_trail *t, uint32_t item, int64_t now) {
    wr_trail_step *s = &t->steps[item];
    bool ordered = s->starts_in_order && s->most_start <= now;
    uint32_t first = s->settled, to;
    if (first == s->tail || (ordered && !wr_trail_is_over(t, wr_trail_waiting_at(s, first)->start, now)))
        return;
    to = first;
    for (uint32_t from = first; from != s->tail; from++) {
        wr_trail_waiting w = *wr_trail_waiting_at(s, from);
        if (wr_trail_is_over(t, w.start, now)) {
            wr_trail_drop(t, w.match);
            s->n_live--;
            continue;
        }
        wr_trail_at(t, w.match)->place = to;
        *wr_trail_waiting_at(s, to++) = w;
    }
    s->tail = to;
}

void wr_trail_expire_step(wr_trail *t, uint32_t item, int64_t now) {
    const wr_trail_step *s = &t->steps[item];
    if (s->head != s->settled) expire_settled(t, item, now);
    if (s->settled != s->tail && t->plan->within_ms >= 0) expire_fresh(t, item, now);
}
