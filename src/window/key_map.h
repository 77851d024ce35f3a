/* key_map.h: keyed state of a window: from a key's bytes to the number of an entry.
 *
 * Open addressing over numbers of entries, which are dense, reused, and linked in order of creation, so that
 * walks over them (and so what a window emits) never depend on a hash. What a window keeps for a key it keeps
 * in an array of its own, by entry number (wr_key_map.cap_entries long). */
#ifndef WR_KEY_MAP_H
#define WR_KEY_MAP_H

#include "base/alloc.h"
#include "weir_ext.h"

#define WR_NO_ENTRY UINT32_MAX

typedef struct wr_key_entry {
    char *key; /* NULL: free */
    uint32_t len, hash;
    uint32_t older, newer; /* by creation; `newer` also links the free ones */
} wr_key_entry;

typedef struct wr_key_map {
    wr_key_entry *entries;
    uint32_t cap_entries, n_used; /* entries in use or on the free list are below n_used */
    uint32_t n;                   /* keys */
    uint32_t oldest, newest, free_entry;
    uint32_t *slots; /* entry number + 1; 0: empty */
    uint32_t n_slots;
    size_t key_bytes;
} wr_key_map;

void wr_key_map_init(wr_key_map *m); /* allocates nothing */
void wr_key_map_fini(wr_key_map *m);
uint32_t wr_key_map_find(const wr_key_map *m, const char *key, size_t len);
/* A key that is not there yet. WR_NO_ENTRY when memory is out. */
uint32_t wr_key_map_add(wr_key_map *m, const char *key, size_t len);
void wr_key_map_remove(wr_key_map *m, uint32_t entry);
/* As if it had been created just now. */
void wr_key_map_touch(wr_key_map *m, uint32_t entry);
/* No keys; the memory of entries and slots stays. */
void wr_key_map_clear(wr_key_map *m);
size_t wr_key_map_bytes(const wr_key_map *m);

/* The keys, oldest first: what hangs on them is the window's to save, in the same order. */
void wr_key_map_save(const wr_key_map *m, weir_writer *w);
/* Into an empty map: entry i is the i-th key. */
weir_status wr_key_map_load(wr_key_map *m, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
