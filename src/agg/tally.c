/* tally.c: see tally.h. */
#include "agg/tally.h"

#include "base/arena.h"
#include "base/hash.h"
#include "data/value.h"

#define MIN_CAP 8u

static uint32_t hash_of(uint32_t group, const weir_value *v) {
    return (uint32_t)wr_hash_pair(wr_value_hash(v), group);
}

static bool is_long_text(const weir_value *v) {
    return v->type == WEIR_STRING && !v->is_null && v->as.s.len > WEIR_STRING_INLINE;
}

static void drop_text(wr_tally *t, wr_tally_entry *e) {
    if (!is_long_text(&e->value)) return;
    t->text_bytes -= e->value.as.s.len;
    wr_free(NULL, (void *)(uintptr_t)e->value.as.s.u.ptr, e->value.as.s.len);
}

static bool own_text(wr_tally *t, weir_value *v) {
    if (!is_long_text(v)) return true;
    char *text = wr_alloc(NULL, v->as.s.len);
    if (!text) return false;
    memcpy(text, v->as.s.u.ptr, v->as.s.len);
    v->as.s.u.ptr = text;
    t->text_bytes += v->as.s.len;
    return true;
}

static void drop_all_text(wr_tally *t) {
    for (uint32_t i = 0; i < t->cap && t->text_bytes; i++)
        if (t->entries[i].count) drop_text(t, &t->entries[i]);
}

void wr_tally_fini(wr_tally *t) {
    drop_all_text(t);
    wr_free(NULL, t->entries, t->cap * sizeof *t->entries);
    memset(t, 0, sizeof *t);
}

void wr_tally_clear(wr_tally *t) {
    if (t->n < t->cap / 8 && t->cap > MIN_CAP) {
        wr_tally_fini(t);
        return;
    }
    drop_all_text(t);
    if (t->n) memset(t->entries, 0, t->cap * sizeof *t->entries);
    t->n = 0;
}

static wr_tally_entry *place_of(const wr_tally *t, uint32_t hash, uint32_t group, const weir_value *v) {
    uint32_t mask = t->cap - 1;
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        wr_tally_entry *e = &t->entries[i];
        if (!e->count || (e->hash == hash && e->group == group && wr_value_equal(&e->value, v))) return e;
    }
}

wr_tally_entry *wr_tally_find(const wr_tally *t, uint32_t group, const weir_value *v) {
    if (!t->n) return NULL;
    wr_tally_entry *e = place_of(t, hash_of(group, v), group, v);
    return e->count ? e : NULL;
}

static bool grow(wr_tally *t) {
    if (t->cap > UINT32_MAX / 4) return false;
    wr_tally bigger = {.cap = t->cap ? t->cap * 2 : MIN_CAP, .n = t->n, .text_bytes = t->text_bytes};
    bigger.entries = wr_alloc_zero(NULL, bigger.cap * sizeof *bigger.entries);
    if (!bigger.entries) return false;
    for (uint32_t i = 0; i < t->cap; i++) {
        if (!t->entries[i].count) continue;
        uint32_t at = t->entries[i].hash & (bigger.cap - 1);
        while (bigger.entries[at].count) at = (at + 1) & (bigger.cap - 1);
        bigger.entries[at] = t->entries[i];
    }
    wr_free(NULL, t->entries, t->cap * sizeof *t->entries);
    *t = bigger;
    return true;
}

wr_tally_entry *wr_tally_put(wr_tally *t, uint32_t group, const weir_value *v) {
    uint32_t hash = hash_of(group, v);
    if (t->n) {
        wr_tally_entry *found = place_of(t, hash, group, v);
        if (found->count) return found;
    }
    if (t->n >= t->cap / 2 && !grow(t)) return NULL;
    weir_value kept = *v;
    if (!own_text(t, &kept)) return NULL;
    wr_tally_entry *e = place_of(t, hash, group, v);
    *e = (wr_tally_entry){.value = kept, .group = group, .hash = hash};
    t->n++;
    return e;
}

/* Knuth's algorithm R (The Art of Computer Programming 3, 6.4): moves up what could no longer be reached. */
void wr_tally_erase(wr_tally *t, wr_tally_entry *entry) {
    uint32_t mask = t->cap - 1, hole = (uint32_t)(entry - t->entries);
    drop_text(t, entry);
    for (uint32_t i = (hole + 1) & mask; t->entries[i].count; i = (i + 1) & mask) {
        uint32_t home = t->entries[i].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        t->entries[hole] = t->entries[i];
        hole = i;
    }
    t->entries[hole].count = 0;
    t->n--;
}

size_t wr_tally_bytes(const wr_tally *t) { return t->cap * sizeof *t->entries + t->text_bytes; }

void wr_tally_save(const wr_tally *t, weir_writer *w) {
    weir_write_u32(w, t->n);
    for (uint32_t i = 0; i < t->cap; i++) {
        const wr_tally_entry *e = &t->entries[i];
        if (!e->count) continue;
        weir_write_u32(w, e->group);
        weir_write_u32(w, e->count);
        weir_write_value(w, &e->value);
    }
}

static weir_status load_entry(wr_tally *t, uint32_t n_groups, weir_reader *r, weir_arena *arena,
                              weir_error *err) {
    uint32_t group = weir_read_u32(r), count = weir_read_u32(r);
    weir_value v;
    WR_TRY(weir_read_value(r, arena, &v));
    WR_TRY(weir_reader_status(r, err));
    if (group >= n_groups || !count || (v.type == WEIR_OBJECT && !v.is_null))
        return weir_fail(err, WEIR_ESTATE, "a counted value in the saved state makes no sense");
    wr_tally_entry *e = wr_tally_put(t, group, &v);
    if (!e) return weir_fail(err, WEIR_ENOMEM, "out of memory for counted values");
    e->count = count;
    return WEIR_OK;
}

weir_status wr_tally_load(wr_tally *t, uint32_t n_groups, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    weir_status status = weir_reader_status(r, err);
    for (uint32_t i = 0; i < n && status == WEIR_OK; i++) {
        status = load_entry(t, n_groups, r, &arena, err);
        wr_arena_reset(&arena);
    }
    wr_arena_fini(&arena);
    return status;
}
