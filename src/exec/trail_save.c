/* trail_save.c: the state of a trail: of each step its matches, the settled and then the fresh ones, in
 * order.
 *
 * Hashes are computed anew: nothing that is loaded is a place or a number of anything. */
#include "exec/pattern_impl.h"

#include "state/writer.h"

static void save_match(const wr_trail *t, uint32_t item, const wr_trail_waiting *waiting, weir_writer *w) {
    const wr_trail_match *m = wr_trail_at(t, waiting->match);
    weir_write_i64(w, waiting->start);
    weir_write_i64(w, m->ts);
    for (uint32_t f = 0; f < t->n_fields; f++) {
        if (t->fields[f].item >= item) continue;
        const void *value = wr_trail_value(t, m, f);
        weir_value v = {.type = t->fields[f].type, .is_null = !value};
        if (value) memcpy(&v.as, value, t->fields[f].size);
        weir_write_value(w, &v);
    }
}

static void save_run(const wr_trail *t, uint32_t item, uint32_t from, uint32_t to, weir_writer *w) {
    const wr_trail_step *s = &t->steps[item];
    uint32_t n = 0;
    for (uint32_t p = from; p != to; p++) n += s->queue[p & (s->cap - 1)].match != WR_NO_CELL;
    weir_write_u32(w, n);
    for (uint32_t p = from; p != to; p++)
        if (s->queue[p & (s->cap - 1)].match != WR_NO_CELL)
            save_match(t, item, &s->queue[p & (s->cap - 1)], w);
}

void wr_trail_save(const wr_trail *t, weir_writer *w) {
    for (uint32_t i = 1; i < t->plan->n_items; i++) {
        save_run(t, i, t->steps[i].head, t->steps[i].settled, w);
        save_run(t, i, t->steps[i].settled, t->steps[i].tail, w);
    }
}

static weir_status load_values(wr_trail *t, uint32_t item, wr_trail_match *m, weir_reader *r,
                               weir_arena *arena, weir_error *err) {
    for (uint32_t f = 0; f < t->n_fields; f++) {
        weir_value v;
        if (t->fields[f].item >= item) continue;
        if (weir_read_value(r, arena, &v) != WEIR_OK) return weir_reader_status(r, err);
        if (v.is_null) continue;
        if (v.type != t->fields[f].type)
            return weir_fail(err, WEIR_ESTATE, "the saved matches of a pattern have values of another type");
        memcpy((char *)m + t->fields[f].at, &v.as, t->fields[f].size);
        if (v.type == WEIR_STRING) WR_TRY(wr_trail_own(t, m, f, err));
        m->present |= 1u << f;
    }
    return WEIR_OK;
}

static weir_status load_match(wr_pattern *x, uint32_t item, weir_reader *r, weir_arena *arena,
                              weir_error *err) {
    uint32_t id;
    int64_t start = weir_read_i64(r), ts = weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    wr_trail_match *m = wr_trail_begin(x->trail, &id);
    if (!m) return wr_pattern_no_memory(err);
    m->ts = ts;
    weir_status st = load_values(x->trail, item, m, r, arena, err);
    if (st == WEIR_OK) {
        m->hash = wr_trail_hash(x, item, m);
        st = wr_trail_wait(x->trail, item, id, start, false, err);
    }
    if (st != WEIR_OK) wr_trail_drop(x->trail, id);
    return st;
}

static weir_status load_run(wr_pattern *x, uint32_t item, weir_reader *r, weir_error *err) {
    weir_arena arena;
    uint32_t n = wr_read_count(r, 16);
    weir_status st = weir_reader_status(r, err);
    wr_arena_init(&arena, &x->head.account);
    for (uint32_t i = 0; i < n && st == WEIR_OK; i++) {
        st = load_match(x, item, r, &arena, err);
        wr_arena_reset(&arena);
    }
    wr_arena_fini(&arena);
    return st;
}

/* Settled ones are in order already, whatever their times say. */
weir_status wr_trail_load(wr_pattern *x, weir_reader *r, weir_error *err) {
    for (uint32_t i = 1; i < x->plan->n_items; i++) {
        WR_TRY(load_run(x, i, r, err));
        x->trail->steps[i].in_order = true;
        WR_TRY(wr_trail_settle(x->trail, i, err));
        WR_TRY(load_run(x, i, r, err));
    }
    return weir_reader_status(r, err);
}
