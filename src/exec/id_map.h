/* id_map.h: from the bytes that name a row in its store to what is known of it.
 *
 * Open addressing over entries whose bytes lie in an arena. What is dropped stays as an entry until half of
 * all are; then the map is laid out anew. */
#ifndef WR_ID_MAP_H
#define WR_ID_MAP_H

#include "base/arena.h"

#define WR_ID_UNKNOWN UINT32_MAX
#define WR_ID_GONE    (UINT32_MAX - 1u) /* the store has it, the table has not: it is to be erased */

typedef struct wr_id_entry {
    uint64_t hash;
    const char *bytes;
    uint32_t len, value;
} wr_id_entry;

typedef struct wr_id_map {
    wr_account *account;
    weir_arena bytes;
    wr_id_entry *entries;
    uint32_t n, cap, n_unknown;
    uint32_t *slots; /* entry number + 1; 0: free */
    uint32_t n_slots;
} wr_id_map;

void wr_id_map_init(wr_id_map *m, wr_account *account);
void wr_id_map_fini(wr_id_map *m);
void wr_id_map_clear(wr_id_map *m);
/* A row of the table, WR_ID_GONE, or WR_ID_UNKNOWN. */
uint32_t wr_id_map_get(const wr_id_map *m, const void *bytes, size_t len);
/* WEIR_ENOMEM. With WR_ID_UNKNOWN nothing can fail. */
weir_status wr_id_map_set(wr_id_map *m, const void *bytes, size_t len, uint32_t value) WR_NODISCARD;

#endif
