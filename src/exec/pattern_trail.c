/* pattern_trail.c: the walk of a pattern whose matches are a trail (trail.h): an event is offered to the
 * steps that read its stream, the last one first.
 *
 * The rules are those of pattern_machine.c, less what such a pattern can't have: a match is in one list,
 * marks are taken down as soon as they are put up, and what expires does not begin anew. */
#include "exec/pattern_impl.h"

#include "exec/trail.h"

#define AHEAD 9u /* rows: how long before a search what it will read begins to be fetched */

/* ---- A batch ----------------------------------------------------------------------------------------------
 */

static const void *column_value(const weir_column *c, uint32_t row, size_t size) {
    return !c->data || weir_is_null(c, row) ? NULL : (const char *)c->data + row * size;
}

/* A single int needs no comparing: its hash is another for each, and never 0. */
static bool is_exact(const wr_plan_item *item) {
    return item->n_keys == 1 && item->key_refs[0].type == WEIR_INT;
}

static uint64_t exact_hash(const void *value) {
    int32_t v;
    memcpy(&v, value, sizeof v);
    uint64_t h = (UINT64_C(1) << 32 | (uint32_t)v) * WR_HASH_K1;
    return h ^ h >> 32;
}

static void exact_column(const weir_column *c, const wr_pattern_side *side, uint64_t *hashes) {
    for (uint32_t k = 0; k < side->n_walk; k++) {
        uint32_t row = side->walk ? side->walk[k] : k;
        const void *value = column_value(c, row, sizeof(int32_t));
        hashes[row] = value ? exact_hash(value) : 0;
    }
}

static void mix_column(const weir_column *c, weir_type type, const wr_pattern_side *side, uint64_t *hashes) {
    size_t size = wr_type_size(type, false);
    for (uint32_t k = 0; k < side->n_walk; k++) {
        uint32_t row = side->walk ? side->walk[k] : k;
        const void *value = column_value(c, row, size);
        bool finds = hashes[row] && value && wr_match_hash(type, value, &hashes[row]);
        hashes[row] = !finds ? 0 : hashes[row] ? hashes[row] : 1;
    }
}

/* What each row that is walked looks for at each item, as a hash; 0: it equals nothing. */
weir_status wr_trail_prepare(wr_pattern *x, const wr_pattern_side *side, weir_error *err) {
    x->is_far = false;
    for (uint32_t i = 1; i < x->plan->n_items; i++) x->is_far |= x->trail->steps[i].n_slots > WR_TRAIL_NEAR;
    for (uint32_t i = 0; i < side->n_items; i++) {
        wr_item_state *it = &x->items[side->items[i]];
        if (!it->plan->n_keys) continue;
        it->hashes = wr_arena_array(x->turn->arena, side->batch->n_rows + 1, sizeof *it->hashes);
        if (!it->hashes) return wr_pattern_no_memory(err);
        if (it->is_exact) {
            exact_column(&it->key_columns[0], side, it->hashes);
            continue;
        }
        for (uint32_t k = 0; k < side->n_walk; k++) it->hashes[side->walk ? side->walk[k] : k] = WR_HASH_K1;
        for (uint32_t k = 0; k < it->plan->n_keys; k++)
            mix_column(&it->key_columns[k], it->plan->key_refs[k].type, side, it->hashes);
    }
    return WEIR_OK;
}

WR_INLINE void prefetch(const wr_pattern *x, const wr_pattern_side *side) {
    if (side->next + AHEAD >= side->n_walk) return;
    for (uint32_t i = 0; i < side->n_items; i++) {
        uint32_t item = side->items[i], at = side->next + AHEAD;
        const uint64_t *hashes = x->items[item].hashes;
        if (x->trail->steps[item].n_slots <= WR_TRAIL_NEAR) continue;
        for (int step = 0; step < 3; step++, at -= AHEAD / 3)
            wr_trail_prefetch(x->trail, item, hashes[side->walk ? side->walk[at] : at], step);
    }
}

/* ---- What a match keeps -----------------------------------------------------------------------------------
 */

static weir_status take(wr_pattern *x, uint32_t item, wr_trail_match *m, weir_error *err) {
    wr_trail *t = x->trail;
    for (uint32_t f = 0; f < t->n_fields; f++) {
        const wr_trail_field *field = &t->fields[f];
        if (field->item != item) continue;
        const void *value = field->column == WR_EVENT_TIME
                                ? (const void *)&x->batch->ts[x->row]
                                : column_value(&x->batch->cols[field->column], x->row, field->size);
        if (!value) continue;
        wr_match_copy_value((char *)m + field->at, value, field->size);
        if (field->type == WEIR_STRING) WR_TRY(wr_trail_own(t, m, f, err));
        m->present |= 1u << f;
    }
    m->ts = x->batch->ts[x->row];
    return WEIR_OK;
}

/* Of the keys by which the item will find it. */
uint64_t wr_trail_hash(const wr_pattern *x, uint32_t item, const wr_trail_match *m) {
    const wr_item_state *it = &x->items[item];
    uint64_t h = WR_HASH_K1;
    if (!it->plan->n_keys) return 0;
    if (it->is_exact) {
        const void *value = wr_trail_value(x->trail, m, it->key_fields[0]);
        return value ? exact_hash(value) : 0;
    }
    for (uint32_t k = 0; k < it->plan->n_keys; k++) {
        const void *value = wr_trail_value(x->trail, m, it->key_fields[k]);
        if (!value || !wr_match_hash(it->plan->key_refs[k].type, value, &h)) return 0;
        h = h ? h : 1;
    }
    return h;
}

/* The match has taken the item's event, and waits for the next item. */
static weir_status wait_next(wr_pattern *x, uint32_t item, uint32_t id, int64_t start, weir_error *err) {
    wr_trail_match *m = wr_trail_at(x->trail, id);
    weir_status st = take(x, item, m, err);
    if (st == WEIR_OK) {
        const wr_item_state *next = &x->items[item + 1];
        m->hash = next->finds_own_keys ? next->hashes[x->row] : wr_trail_hash(x, item + 1, m);
        if (x->is_far && m->hash && x->trail->steps[item + 1].n_slots)
            wr_trail_prefetch(x->trail, item + 1, m->hash, 0);
        st = wr_trail_wait(x->trail, item + 1, id, start, !item && x->settles_at_once, err);
    }
    if (st != WEIR_OK) wr_trail_drop(x->trail, id);
    return st;
}

static weir_status begin(wr_pattern *x, weir_error *err) {
    uint32_t id;
    if (!wr_trail_begin(x->trail, &id)) return wr_pattern_no_memory(err);
    return wait_next(x, 0, id, x->batch->ts[x->row], err);
}

/* ---- Filters ----------------------------------------------------------------------------------------------
 */

static bool keys_hold(const wr_pattern *x, const wr_item_state *it, const wr_trail_match *m) {
    for (uint32_t k = 0; k < it->plan->n_keys; k++) {
        weir_type type = it->plan->key_refs[k].type;
        const void *a = column_value(&it->key_columns[k], x->row, wr_type_size(type, false)),
                   *b = wr_trail_value(x->trail, m, it->key_fields[k]);
        if (!a || !b || !wr_match_compare(WR_EQ, type, a, b)) return false;
    }
    return true;
}

/* Null differs from everything, and nothing else holds for it. */
static bool tests_hold(const wr_pattern *x, const wr_item_state *it, const wr_trail_match *m) {
    for (uint32_t i = 0; i < it->plan->n_tests; i++) {
        const wr_match_test *test = &it->plan->tests[i];
        const void *a = column_value(&x->batch->cols[test->column], x->row, wr_type_size(test->type, false)),
                   *b = wr_trail_value(x->trail, m, it->test_fields[i]);
        if (a && b ? !wr_match_compare(test->op, test->type, a, b) : test->op != WR_NE) return false;
    }
    return true;
}

/* ---- Rows -------------------------------------------------------------------------------------------------
 */

static void put_null(weir_column *col, uint32_t row, size_t size) {
    memset((char *)col->data + row * size, 0, size);
    weir_set_null(col, row);
}

static weir_status put_value(wr_pattern *x, uint32_t out, const wr_trail_match *m, weir_error *err) {
    const wr_event_ref *ref = &x->plan->outs[out];
    weir_column *col = &x->rows.cols[out];
    size_t size = wr_type_size(ref->type, ref->boxed);
    char *to = (char *)col->data + x->rows.n * size;
    const void *value;
    bool own = ref->item + 1 == x->plan->n_items;
    if (!own)
        value = wr_trail_value(x->trail, m, x->out_fields[out]);
    else if (ref->column == WR_EVENT_TIME)
        value = &x->batch->ts[x->row];
    else
        value = column_value(&x->batch->cols[ref->column], x->row, size);
    if (!value) {
        put_null(col, x->rows.n, size);
        return WEIR_OK;
    }
    wr_match_copy_value(to, value, (uint32_t)size);
    if (own || ref->type != WEIR_STRING) return WEIR_OK;
    weir_string s; /* the match will be gone before the cycle ends */
    memcpy(&s, value, sizeof s);
    if (s.len <= WEIR_STRING_INLINE) return WEIR_OK;
    return weir_arena_string(x->turn->arena, s.u.ptr, s.len, &((weir_string *)col->data)[x->rows.n]) ==
                   WEIR_OK
               ? WEIR_OK
               : wr_pattern_no_memory(err);
}

weir_status wr_trail_put(wr_pattern *x, const wr_event_ref *ref, uint32_t match, weir_column *col,
                         uint32_t row, weir_error *err) {
    (void)err;
    size_t size = wr_type_size(ref->type, false);
    const void *value = wr_trail_value(x->trail, wr_trail_at(x->trail, match),
                                       wr_trail_field_of(x->trail, ref->item, ref->column));
    if (value)
        wr_match_copy_value((char *)col->data + row * size, value, (uint32_t)size);
    else
        put_null(col, row, size);
    return WEIR_OK;
}

/* In the walk of a single stream nobody has looked up the chunk in hand. */
static void note_chunk(wr_pattern *x, wr_pattern_side *side) {
    if (!side->batch->chunk_end)
        side->chunk = x->row;
    else
        while (side->batch->chunk_end[side->chunk] <= x->row) side->chunk++;
    x->row_chunk = side->chunk;
    x->origin = weir_batch_origin(side->batch, side->chunk);
}

static void end_chunk(wr_pattern *x, wr_pattern_side *side) {
    note_chunk(x, side);
    wr_pattern_end_chunk(x);
}

static weir_status put_row(wr_pattern *x, wr_pattern_side *side, const wr_trail_match *m, weir_error *err) {
    WR_TRY(wr_pattern_room(x, err));
    for (uint32_t c = 0; c < x->plan->n_outs; c++) WR_TRY(put_value(x, c, m, err));
    x->rows.ts[x->rows.n++] = x->batch->ts[x->row];
    if (side->n_items == 1) end_chunk(x, side);
    return WEIR_OK;
}

/* ---- Events -----------------------------------------------------------------------------------------------
 */

static weir_status go_on(wr_pattern *x, wr_pattern_side *side, uint32_t item, uint32_t id, int64_t start,
                         weir_error *err) {
    if (item + 1 < x->plan->n_items) return wait_next(x, item, id, start, err);
    weir_status st = put_row(x, side, wr_trail_at(x->trail, id), err);
    wr_trail_drop(x->trail, id);
    return st;
}

/* The candidates of a step with a residual, taken together, and which of them pass. */
static weir_status test_rest(wr_pattern *x, wr_pattern_side *side, uint32_t item, uint32_t n,
                             weir_error *err) {
    if (!n) return WEIR_OK;
    note_chunk(x, side);
    return wr_pattern_residual(x, item, n, err);
}

static weir_status add_candidate(wr_pattern *x, uint32_t id, uint32_t *n, weir_error *err) {
    WR_TRY(wr_pattern_candidates(x, *n + 1, err));
    x->candidates[*n] = id;
    x->hits[(*n)++] = 1;
    return WEIR_OK;
}

static bool passes(const wr_pattern *x, const wr_item_state *it, const wr_trail_match *m) {
    return (it->is_exact || !it->plan->n_keys || keys_hold(x, it, m)) && tests_hold(x, it, m);
}

static weir_status test_slot(wr_pattern *x, wr_pattern_side *side, uint32_t item, const wr_trail_slot *slot,
                             uint32_t *n, weir_error *err) {
    for (uint32_t id = slot->first; id != WR_NO_CELL; id = wr_trail_at(x->trail, id)->next)
        if (passes(x, &x->items[item], wr_trail_at(x->trail, id))) WR_TRY(add_candidate(x, id, n, err));
    return test_rest(x, side, item, *n, err);
}

/* To the matches with the event's keys. With a residual, candidates are walked once more with what it said.
 */
static weir_status offer_equal(wr_pattern *x, wr_pattern_side *side, uint32_t item, weir_error *err) {
    wr_trail *t = x->trail;
    const wr_item_state *it = &x->items[item];
    uint64_t hash = it->hashes[x->row];
    wr_trail_slot *slot = hash ? wr_trail_find(t, item, hash) : NULL;
    uint32_t n = 0, tried = 0;
    weir_status st = WEIR_OK;
    if (!slot) return WEIR_OK;
    if (it->residual) WR_TRY(test_slot(x, side, item, slot, &n, err));
    for (uint32_t id = slot->first, before = WR_NO_CELL, next; id != WR_NO_CELL && st == WEIR_OK; id = next) {
        const wr_trail_match *m = wr_trail_at(t, id);
        bool hit =
            it->residual ? tried < n && x->candidates[tried] == id && x->hits[tried++] : passes(x, it, m);
        next = m->next;
        t->n_matches_seen++;
        if (hit)
            st = go_on(x, side, item, id, wr_trail_leave(t, item, slot, before, id), err);
        else
            before = id;
    }
    wr_trail_close(t, item, slot);
    return st;
}

/* To all of them. */
static weir_status offer_all(wr_pattern *x, wr_pattern_side *side, uint32_t item, weir_error *err) {
    wr_trail *t = x->trail;
    const wr_trail_step *s = &t->steps[item];
    uint32_t n = 0;
    for (uint32_t p = s->head; p != s->settled; p++) {
        uint32_t id = wr_trail_waiting_at(s, p)->match;
        if (id == WR_NO_CELL) continue;
        t->n_matches_seen++;
        if (passes(x, &x->items[item], wr_trail_at(t, id))) WR_TRY(add_candidate(x, id, &n, err));
    }
    if (x->items[item].residual) WR_TRY(test_rest(x, side, item, n, err));
    for (uint32_t k = 0; k < n; k++)
        if (x->hits[k])
            WR_TRY(
                go_on(x, side, item, x->candidates[k], wr_trail_leave_queue(t, item, x->candidates[k]), err));
    return WEIR_OK;
}

weir_status wr_trail_offer_row(wr_pattern *x, wr_pattern_side *side, weir_error *err) {
    if (x->is_far) prefetch(x, side);
    wr_trail_expire(x->trail, x->batch->ts[x->row]);
    for (uint32_t i = 0; i < side->n_items; i++) WR_TRY(wr_trail_settle(x->trail, side->items[i], err));
    for (uint32_t i = side->n_items; i-- > 0;) {
        uint32_t item = side->items[i], open = x->rows.n;
        const wr_item_state *it = &x->items[item];
        if (it->passes && !it->passes[x->row]) continue;
        if (!item)
            WR_TRY(begin(x, err));
        else
            WR_TRY(it->plan->n_keys ? offer_equal(x, side, item, err) : offer_all(x, side, item, err));
        if (x->rows.n > open && side->n_items > 1) end_chunk(x, side);
    }
    return WEIR_OK;
}

/* The next row walked settles what this one has left fresh. If all times are in order nothing can tell that
 * from settling new matches at once, as these are the youngest of their queue; but after the last row a call
 * may come whose times are not. */
weir_status wr_trail_walk(wr_pattern *x, wr_pattern_side *side, bool ordered, weir_error *err) {
    x->batch = side->batch;
    for (; side->batch && side->next < side->n_walk; side->next++) {
        x->row = side->walk ? side->walk[side->next] : side->next;
        x->settles_at_once = ordered && side->next + 1 < side->n_walk;
        WR_TRY(wr_trail_offer_row(x, side, err));
    }
    return WEIR_OK;
}

bool wr_trail_in_order(const wr_trail *t) {
    for (uint32_t i = 1; i < t->plan->n_items; i++) {
        const wr_trail_step *s = &t->steps[i];
        if (s->settled != s->tail && (!s->in_order || s->last_ts == INT64_MAX)) return false;
    }
    return true;
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

/* Does an event look for the very key by which a match that takes it will be found? */
static bool finds_own_keys(const wr_plan_pattern *p, uint32_t item) {
    const wr_plan_item *it = &p->items[item];
    bool same = item && it->n_keys && p->items[item - 1].side == it->side;
    for (uint32_t k = 0; same && k < it->n_keys; k++)
        same = it->key_refs[k].item + 1 == item && it->keys[k]->kind == WR_EXPR_COLUMN &&
               it->keys[k]->u.column == it->key_refs[k].column;
    return same;
}

static weir_status find_fields(wr_pattern *x, const wr_event_ref *refs, size_t stride, uint32_t n,
                               uint32_t **out, weir_error *err) {
    if (!n) return WEIR_OK;
    *out = wr_alloc(&x->head.account, n * sizeof **out);
    if (!*out) return wr_pattern_no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        const wr_event_ref *ref = (const void *)((const char *)refs + i * stride);
        (*out)[i] = wr_trail_field_of(x->trail, ref->item, ref->column);
    }
    return WEIR_OK;
}

weir_status wr_pattern_trail_new(wr_pattern *x, weir_error *err) {
    const wr_plan_pattern *p = x->plan;
    WR_TRY(wr_trail_new(p, &x->head.account, &x->trail, err));
    for (uint32_t i = 0; i < p->n_items; i++) {
        wr_item_state *it = &x->items[i];
        it->finds_own_keys = finds_own_keys(p, i);
        it->is_exact = is_exact(it->plan);
        WR_TRY(
            find_fields(x, it->plan->key_refs, sizeof(wr_event_ref), it->plan->n_keys, &it->key_fields, err));
        if (it->plan->n_tests)
            WR_TRY(find_fields(x, &it->plan->tests[0].ref, sizeof(wr_match_test), it->plan->n_tests,
                               &it->test_fields, err));
    }
    return find_fields(x, p->outs, sizeof(wr_event_ref), p->n_outs, &x->out_fields, err);
}

void wr_pattern_trail_free(wr_pattern *x) {
    wr_account *account = &x->head.account;
    for (uint32_t i = 0; x->items && i < x->plan->n_items; i++) {
        wr_item_state *it = &x->items[i];
        if (it->key_fields) wr_free(account, it->key_fields, it->plan->n_keys * sizeof *it->key_fields);
        if (it->test_fields) wr_free(account, it->test_fields, it->plan->n_tests * sizeof *it->test_fields);
    }
    if (x->out_fields) wr_free(account, x->out_fields, x->plan->n_outs * sizeof *x->out_fields);
    wr_trail_free(x->trail);
}
