/* id_map.c: see id_map.h. */
#include "exec/id_map.h"

#include <string.h>

#include "base/hash.h"

void wr_id_map_init(wr_id_map *m, wr_account *account) {
    *m = (wr_id_map){.account = account};
    wr_arena_init(&m->bytes, account);
}

void wr_id_map_fini(wr_id_map *m) {
    wr_free(m->account, m->entries, m->cap * sizeof *m->entries);
    wr_free(m->account, m->slots, m->n_slots * sizeof *m->slots);
    wr_arena_fini(&m->bytes);
    wr_id_map_init(m, m->account);
}

void wr_id_map_clear(wr_id_map *m) {
    /* A map that was large once need not be wiped for ever. */
    if (m->n_slots > 1024 && m->n < m->n_slots / 16) {
        wr_id_map_fini(m);
        return;
    }
    if (m->n) memset(m->slots, 0, m->n_slots * sizeof *m->slots);
    m->n = m->n_unknown = 0;
    wr_arena_reset(&m->bytes);
}

/* The slot that holds these bytes, or the free one where they would go. */
static uint32_t seek(const wr_id_map *m, uint64_t hash, const void *bytes, size_t len) {
    uint32_t mask = m->n_slots - 1, at = (uint32_t)hash & mask;
    for (; m->slots[at]; at = (at + 1) & mask) {
        const wr_id_entry *e = &m->entries[m->slots[at] - 1];
        if (e->hash == hash && e->len == len && !memcmp(e->bytes, bytes, len)) break;
    }
    return at;
}

uint32_t wr_id_map_get(const wr_id_map *m, const void *bytes, size_t len) {
    if (!m->n) return WR_ID_UNKNOWN;
    uint32_t at = seek(m, wr_hash_bytes(bytes, len), bytes, len);
    return m->slots[at] ? m->entries[m->slots[at] - 1].value : WR_ID_UNKNOWN;
}

static weir_status add(wr_id_map *m, uint64_t hash, const void *bytes, size_t len, uint32_t value) {
    char *copy = weir_arena_alloc(&m->bytes, len + 1);
    if (!copy || wr_grow(m->account, &m->entries, &m->cap, m->n + 1, sizeof *m->entries)) return WEIR_ENOMEM;
    memcpy(copy, bytes, len);
    m->slots[seek(m, hash, bytes, len)] = m->n + 1;
    m->entries[m->n++] = (wr_id_entry){hash, copy, (uint32_t)len, value};
    return WEIR_OK;
}

/* Without what is unknown, and with room. */
static weir_status lay_out_anew(wr_id_map *m) {
    wr_id_map fresh;
    uint32_t n_live = m->n - m->n_unknown, n_slots = 64;
    while (n_slots / 4 < n_live + 1) n_slots *= 2;
    wr_id_map_init(&fresh, m->account);
    fresh.slots = wr_alloc_zero(m->account, n_slots * sizeof *fresh.slots);
    if (!fresh.slots) return WEIR_ENOMEM;
    fresh.n_slots = n_slots;
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < m->n && st == WEIR_OK; i++) {
        const wr_id_entry *e = &m->entries[i];
        if (e->value != WR_ID_UNKNOWN) st = add(&fresh, e->hash, e->bytes, e->len, e->value);
    }
    wr_id_map_fini(st == WEIR_OK ? m : &fresh);
    if (st == WEIR_OK) *m = fresh;
    return st;
}

weir_status wr_id_map_set(wr_id_map *m, const void *bytes, size_t len, uint32_t value) {
    uint64_t hash = wr_hash_bytes(bytes, len);
    uint32_t at = m->n_slots ? seek(m, hash, bytes, len) : 0;
    if (m->n_slots && m->slots[at]) {
        wr_id_entry *e = &m->entries[m->slots[at] - 1];
        m->n_unknown += value == WR_ID_UNKNOWN;
        m->n_unknown -= e->value == WR_ID_UNKNOWN;
        e->value = value;
        return WEIR_OK;
    }
    if (value == WR_ID_UNKNOWN) return WEIR_OK;
    if (m->n + 1 > m->n_slots / 2) WR_TRY(lay_out_anew(m));
    return add(m, hash, bytes, len, value);
}
