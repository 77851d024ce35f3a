/* map.c: maps, with chains and growth as in Java's HashMap, so that going through the buckets gives its
 * order. See object.h and the public header. (Java turns very long chains into trees; the order stays that of
 * the chain but in odd cases.) */
#include "base/alloc.h"
#include "data/object.h"
#include "data/value.h"

#define FIRST_BUCKETS 16u

weir_object *weir_object_new_map(weir_map_order order) {
    weir_object *o = wr_object_new(WEIR_OBJECT_MAP, 0);
    if (o) o->u.map.order = order;
    return o;
}

void wr_map_fini(wr_map *m) {
    for (uint32_t i = 0; i < m->n; i++) {
        if (!m->entries[i].is_live) continue;
        wr_member_drop(&m->entries[i].key);
        wr_member_drop(&m->entries[i].value);
    }
    wr_free(NULL, m->entries, (size_t)m->cap * sizeof *m->entries);
    wr_free(NULL, m->buckets, (size_t)m->n_buckets * sizeof *m->buckets);
}

size_t wr_map_bytes(const wr_map *m) {
    size_t bytes = (size_t)m->cap * sizeof *m->entries + (size_t)m->n_buckets * sizeof *m->buckets;
    for (uint32_t i = 0; i < m->n; i++)
        if (m->entries[i].is_live)
            bytes += wr_member_bytes(&m->entries[i].key) + wr_member_bytes(&m->entries[i].value);
    return bytes;
}

uint32_t weir_object_map_size(const weir_object *map) {
    return map->kind == WEIR_OBJECT_MAP ? map->u.map.n_live : 0;
}

static uint32_t spread_hash(const weir_value *key) {
    uint32_t h = wr_value_java_hash(key);
    return h ^ h >> 16;
}

/* Where the number (+ 1) of the key's entry stands; there stands 0 when there is none. n_buckets > 0. */
static uint32_t *seek(const wr_map *m, const weir_value *key, uint32_t hash) {
    uint32_t *at = &m->buckets[hash & (m->n_buckets - 1)];
    while (*at) {
        wr_map_entry *e = &m->entries[*at - 1];
        if (e->hash == hash && wr_value_equal(&e->key, key)) break;
        at = &e->next;
    }
    return at;
}

bool weir_object_map_get(const weir_object *map, const weir_value *key, weir_value *value) {
    if (weir_object_map_size(map) == 0) return false;
    weir_value k = wr_value_unbox(*key);
    uint32_t at = *seek(&map->u.map, &k, spread_hash(&k));
    if (at) *value = map->u.map.entries[at - 1].value;
    return at != 0;
}

/* The entry after entry number `from` (+ 1; 0: before the first) in the map's order, as a number + 1. */
static uint32_t next_entry(const wr_map *m, uint32_t from) {
    if (m->order == WEIR_MAP_LINKED) {
        while (from < m->n && !m->entries[from].is_live) from++;
        return from < m->n ? from + 1 : 0;
    }
    if (from && m->entries[from - 1].next) return m->entries[from - 1].next;
    if (!m->n_buckets) return 0;
    uint32_t bucket = from ? (m->entries[from - 1].hash & (m->n_buckets - 1)) + 1 : 0;
    while (bucket < m->n_buckets && !m->buckets[bucket]) bucket++;
    return bucket < m->n_buckets ? m->buckets[bucket] : 0;
}

bool weir_object_map_next(const weir_object *map, uint32_t *cursor, weir_value *key, weir_value *value) {
    if (map->kind != WEIR_OBJECT_MAP) return false;
    uint32_t at = next_entry(&map->u.map, *cursor);
    if (!at) return false;
    *cursor = at;
    *key = map->u.map.entries[at - 1].key;
    *value = map->u.map.entries[at - 1].value;
    return true;
}

static void append(wr_map *m, const wr_map_entry *from) {
    uint32_t *at = &m->buckets[from->hash & (m->n_buckets - 1)];
    while (*at) at = &m->entries[*at - 1].next;
    m->entries[m->n] = *from;
    m->entries[m->n].next = 0;
    *at = ++m->n;
}

/* Anew, with so many buckets and room for one entry more at least. */
static weir_status rebuild(wr_map *m, uint32_t n_buckets) {
    wr_map fresh = {.n_buckets = n_buckets, .cap = n_buckets, .order = m->order, .n_live = m->n_live};
    fresh.buckets = wr_alloc_zero(NULL, (size_t)n_buckets * sizeof *fresh.buckets);
    fresh.entries = wr_alloc(NULL, (size_t)n_buckets * sizeof *fresh.entries);
    if (!fresh.buckets || !fresh.entries) {
        wr_free(NULL, fresh.buckets, (size_t)n_buckets * sizeof *fresh.buckets);
        wr_free(NULL, fresh.entries, (size_t)n_buckets * sizeof *fresh.entries);
        return WEIR_ENOMEM;
    }
    for (uint32_t at = next_entry(m, 0); at; at = next_entry(m, at)) append(&fresh, &m->entries[at - 1]);
    wr_free(NULL, m->entries, (size_t)m->cap * sizeof *m->entries);
    wr_free(NULL, m->buckets, (size_t)m->n_buckets * sizeof *m->buckets);
    *m = fresh;
    return WEIR_OK;
}

uint32_t wr_map_most_buckets(uint32_t n) {
    uint32_t most = 1u << 14;
    while (most < 1u << 30 && most / 16 < n) most *= 2;
    return most;
}

weir_status wr_map_reserve(wr_map *m, uint32_t n_buckets) {
    return n_buckets ? rebuild(m, n_buckets) : WEIR_OK;
}

/* Java grows when more than three quarters as many entries as buckets are there. */
static weir_status reserve_entry(wr_map *m) {
    if (m->n_live >= UINT32_MAX / 4) return WEIR_ELIMIT;
    if (!m->n_buckets) return rebuild(m, FIRST_BUCKETS);
    if ((uint64_t)(m->n_live + 1) * 4 > (uint64_t)m->n_buckets * 3) return rebuild(m, m->n_buckets * 2);
    return m->n < m->cap ? WEIR_OK : rebuild(m, m->n_buckets);
}

weir_status weir_object_map_put(weir_object *map, const weir_value *key, const weir_value *value) {
    if (map->kind != WEIR_OBJECT_MAP) return WEIR_EUSAGE;
    wr_map *m = &map->u.map;
    wr_map_entry e = {.key = wr_value_unbox(*key), .value = *value, .is_live = true};
    e.hash = spread_hash(&e.key);
    WR_TRY(wr_container_take(map, &e.key));
    WR_TRY(wr_container_take(map, &e.value));
    uint32_t at = m->n_live ? *seek(m, &e.key, e.hash) : 0;
    if (!at) WR_TRY(reserve_entry(m));
    WR_TRY(wr_member_keep(&e.value));
    if (at) {
        wr_member_drop(&m->entries[at - 1].value);
        m->entries[at - 1].value = e.value;
        return WEIR_OK;
    }
    weir_status status = wr_member_keep(&e.key);
    if (status) {
        wr_member_drop(&e.value);
        return status;
    }
    append(m, &e);
    m->n_live++;
    return WEIR_OK;
}

weir_status weir_object_map_remove(weir_object *map, const weir_value *key) {
    if (map->kind != WEIR_OBJECT_MAP || !wr_refcount_is_sole(&map->refs)) return WEIR_EUSAGE;
    wr_map *m = &map->u.map;
    weir_value k = wr_value_unbox(*key);
    if (m->n_live == 0) return WEIR_OK;
    uint32_t *at = seek(m, &k, spread_hash(&k));
    if (!*at) return WEIR_OK;
    wr_map_entry *e = &m->entries[*at - 1];
    *at = e->next;
    e->is_live = false;
    wr_member_drop(&e->key);
    wr_member_drop(&e->value);
    m->n_live--;
    return WEIR_OK;
}
