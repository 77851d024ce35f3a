/* key_map.c: see key_map.h. */
#include "window/key_map.h"

#include <string.h>

void wr_key_map_init(wr_key_map *m) {
    *m = (wr_key_map){.oldest = WR_NO_ENTRY, .newest = WR_NO_ENTRY, .free_entry = WR_NO_ENTRY};
}

void wr_key_map_fini(wr_key_map *m) {
    for (uint32_t i = 0; i < m->n_used; i++)
        if (m->entries[i].key) wr_free(NULL, m->entries[i].key, m->entries[i].len + 1u);
    wr_free(NULL, m->entries, m->cap_entries * sizeof *m->entries);
    wr_free(NULL, m->slots, m->n_slots * sizeof *m->slots);
    wr_key_map_init(m);
}

/* FNV-1a; then mixed, since slots are taken by the low bits. */
static uint32_t hash_of(const char *key, size_t len) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) h = (h ^ (unsigned char)key[i]) * 0x100000001b3u;
    return (uint32_t)(h ^ h >> 29);
}

static uint32_t slot_of(const wr_key_map *m, const char *key, size_t len, uint32_t hash) {
    uint32_t mask = m->n_slots - 1, i = hash & mask;
    for (; m->slots[i]; i = (i + 1) & mask) {
        const wr_key_entry *e = &m->entries[m->slots[i] - 1];
        if (e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0) break;
    }
    return i;
}

uint32_t wr_key_map_find(const wr_key_map *m, const char *key, size_t len) {
    if (!m->n) return WR_NO_ENTRY;
    uint32_t slot = slot_of(m, key, len, hash_of(key, len));
    return m->slots[slot] ? m->slots[slot] - 1 : WR_NO_ENTRY;
}

static bool widen_slots(wr_key_map *m) {
    if (m->n + 1 <= m->n_slots / 2) return true;
    uint32_t n_slots = m->n_slots ? m->n_slots * 2 : 16;
    uint32_t *slots = n_slots > m->n_slots ? wr_alloc_zero(NULL, n_slots * sizeof *slots) : NULL;
    if (!slots) return false;
    wr_free(NULL, m->slots, m->n_slots * sizeof *m->slots);
    m->slots = slots;
    m->n_slots = n_slots;
    for (uint32_t e = m->oldest; e != WR_NO_ENTRY; e = m->entries[e].newer) {
        uint32_t i = m->entries[e].hash & (n_slots - 1);
        while (slots[i]) i = (i + 1) & (n_slots - 1);
        slots[i] = e + 1;
    }
    return true;
}

static bool take_entry(wr_key_map *m, uint32_t *entry) {
    if (m->free_entry != WR_NO_ENTRY) {
        *entry = m->free_entry;
        return true;
    }
    if (wr_grow(NULL, &m->entries, &m->cap_entries, m->n_used + 1, sizeof *m->entries)) return false;
    m->entries[m->n_used] = (wr_key_entry){.newer = WR_NO_ENTRY};
    m->free_entry = *entry = m->n_used++;
    return true;
}

static void unlink_entry(wr_key_map *m, const wr_key_entry *e) {
    if (e->older != WR_NO_ENTRY)
        m->entries[e->older].newer = e->newer;
    else
        m->oldest = e->newer;
    if (e->newer != WR_NO_ENTRY)
        m->entries[e->newer].older = e->older;
    else
        m->newest = e->older;
}

static void link_newest(wr_key_map *m, uint32_t entry) {
    m->entries[entry].older = m->newest;
    m->entries[entry].newer = WR_NO_ENTRY;
    if (m->newest != WR_NO_ENTRY)
        m->entries[m->newest].newer = entry;
    else
        m->oldest = entry;
    m->newest = entry;
}

uint32_t wr_key_map_add(wr_key_map *m, const char *key, size_t len) {
    uint32_t entry;
    if (len >= UINT32_MAX || !widen_slots(m) || !take_entry(m, &entry)) return WR_NO_ENTRY;
    char *copy = wr_alloc(NULL, len + 1);
    if (!copy) return WR_NO_ENTRY;
    if (len) memcpy(copy, key, len);
    wr_key_entry *e = &m->entries[entry];
    m->free_entry = e->newer;
    *e = (wr_key_entry){.key = copy, .len = (uint32_t)len, .hash = hash_of(key, len)};
    m->slots[slot_of(m, key, len, e->hash)] = entry + 1;
    link_newest(m, entry);
    m->key_bytes += len + 1;
    m->n++;
    return entry;
}

/* Empties a slot and moves up what was pushed past it. */
static void clear_slot(wr_key_map *m, uint32_t hole) {
    uint32_t mask = m->n_slots - 1;
    for (uint32_t i = (hole + 1) & mask; m->slots[i]; i = (i + 1) & mask) {
        uint32_t home = m->entries[m->slots[i] - 1].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole] = 0;
}

void wr_key_map_remove(wr_key_map *m, uint32_t entry) {
    wr_key_entry *e = &m->entries[entry];
    clear_slot(m, slot_of(m, e->key, e->len, e->hash));
    unlink_entry(m, e);
    m->key_bytes -= e->len + 1u;
    m->n--;
    wr_free(NULL, e->key, e->len + 1u);
    *e = (wr_key_entry){.newer = m->free_entry};
    m->free_entry = entry;
}

void wr_key_map_touch(wr_key_map *m, uint32_t entry) {
    if (m->newest == entry) return;
    unlink_entry(m, &m->entries[entry]);
    link_newest(m, entry);
}

void wr_key_map_clear(wr_key_map *m) {
    for (uint32_t e = m->oldest; e != WR_NO_ENTRY; e = m->entries[e].newer)
        wr_free(NULL, m->entries[e].key, m->entries[e].len + 1u);
    if (m->n_slots) memset(m->slots, 0, m->n_slots * sizeof *m->slots);
    m->oldest = m->newest = m->free_entry = WR_NO_ENTRY;
    m->n = m->n_used = 0;
    m->key_bytes = 0;
}

size_t wr_key_map_bytes(const wr_key_map *m) {
    return m->cap_entries * sizeof *m->entries + m->n_slots * sizeof *m->slots + m->key_bytes;
}

void wr_key_map_save(const wr_key_map *m, weir_writer *w) {
    weir_write_u32(w, m->n);
    for (uint32_t e = m->oldest; e != WR_NO_ENTRY; e = m->entries[e].newer) {
        weir_write_u32(w, m->entries[e].len);
        weir_write_bytes(w, m->entries[e].key, m->entries[e].len);
    }
}

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved keys of a window are damaged");
}

static weir_status load_key(wr_key_map *m, weir_reader *r, weir_error *err) {
    uint32_t len = weir_read_u32(r);
    if (len > weir_reader_left(r)) return damaged(err);
    char *key = wr_alloc(NULL, len + 1u);
    if (!key) return weir_fail(err, WEIR_ENOMEM, "out of memory for the keys of a window");
    weir_read_bytes(r, key, len);
    bool twice = wr_key_map_find(m, key, len) != WR_NO_ENTRY;
    bool added = !twice && wr_key_map_add(m, key, len) != WR_NO_ENTRY;
    wr_free(NULL, key, len + 1u);
    if (twice) return damaged(err);
    return added ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory for the keys of a window");
}

weir_status wr_key_map_load(wr_key_map *m, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    if (n > weir_reader_left(r) / sizeof(uint32_t)) return damaged(err);
    for (uint32_t i = 0; i < n; i++) WR_TRY(load_key(m, r, err));
    return weir_reader_status(r, err);
}
