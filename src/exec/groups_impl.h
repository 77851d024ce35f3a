/* groups_impl.h: the inside of wr_groups, shared by the life of ids (groups.c), the table in which they are
 * found (group_table.c) and their keys (group_keys.c). */
#ifndef WR_GROUPS_IMPL_H
#define WR_GROUPS_IMPL_H

#include "exec/groups.h"

typedef struct wr_group_slot {
    uint32_t tag;
    uint32_t id1; /* id + 1; 0: free */
} wr_group_slot;

/* Where one key's value lies in the record of an id. */
typedef struct wr_group_part {
    weir_type type; /* objects and boxed values are kept as strings, of their text */
    bool as_text;
    uint8_t size; /* bytes of a value: 1, 4, 8, or 16 for strings */
    uint16_t offset;
} wr_group_part;

/* A record begins with 4 bytes of marks: bit p, key p is null; and whether the id is in use. */
#define WR_GROUP_IN_USE (UINT32_C(1) << 31)

struct wr_groups {
    wr_account *account;
    wr_group_slot *slots;
    uint32_t n_slots; /* a power of two */
    uint32_t shift;   /* 64 - log2(n_slots) */
    uint32_t n_used;  /* slots in use */
    uint32_t *direct; /* narrow: by key, for keys below n_direct: id + 1, or 0 */
    uint32_t n_direct;
    uint32_t next_direct; /* how many groups there must be before direct is extended */
    bool narrow;          /* one key of 4 bytes or less: tags are the keys, null has no slot but null_id1 */
    uint32_t null_id1;    /* of a narrow key: null's id + 1, or 0 */
    char *records;        /* by id */
    uint32_t stride;      /* bytes of a record */
    uint32_t cap;         /* ids there is room for */
    uint32_t limit;       /* ids given out are below */
    uint32_t *free_ids;   /* below limit, but not in use; taken from the end */
    uint32_t n_free, cap_free;
    uint32_t n_parts;
    wr_group_part parts[WR_MAX_GROUP_KEYS];
};

/* 2^64 divided by the golden ratio (Knuth 3, 6.4). */
#define WR_GROUP_MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)

/* Where a tag's search begins. */
static inline uint32_t wr_group_home(const wr_groups *g, uint32_t tag) {
    return (uint32_t)(tag * WR_GROUP_MULTIPLIER >> g->shift);
}
static inline char *wr_group_record(const wr_groups *g, uint32_t id) {
    return g->records + (size_t)id * g->stride;
}
static inline uint32_t *wr_group_marks(const wr_groups *g, uint32_t id) {
    return (uint32_t *)(void *)wr_group_record(g, id);
}

/* Slots beyond this many (64 KB) are prefetched. */
#define WR_GROUP_NEAR_SLOTS 8192u

/* Room for one key more, which has this tag. False: out of memory. */
bool wr_group_table_reserve(wr_groups *g, uint32_t tag);
/* A key that is not there, for which there is room; and one that is. */
void wr_group_table_put(wr_groups *g, uint32_t tag, uint32_t id);
void wr_group_table_erase(wr_groups *g, uint32_t tag, uint32_t id);
/* While the ids still have their keys. */
void wr_group_table_clear(wr_groups *g);
void wr_group_table_fini(wr_groups *g);

/* Columns as the parts want them: text in place of objects, "null" in place of null strings. *out is columns
 * itself where nothing had to be made. */
weir_status wr_group_keys_prepare(const wr_groups *g, const weir_column *columns, const wr_row_list *list,
                                  weir_arena *arena, const weir_column **out, weir_error *err) WR_NODISCARD;
/* The tags of the listed rows, in the list's order (for narrow keys: whatever for a null). In the arena, or
 * the keys themselves. NULL: out of memory. */
const uint32_t *wr_group_keys_tags(const wr_groups *g, const weir_column *columns, const wr_row_list *list,
                                   weir_arena *arena);
uint32_t wr_group_keys_tag_of(const wr_groups *g, uint32_t id);
bool wr_group_keys_equal(const wr_groups *g, uint32_t id, const weir_column *columns, uint32_t row);
/* Writes the record of id, for which there is room, from a row's keys. False: out of memory; nothing is kept.
 */
bool wr_group_keys_store(wr_groups *g, uint32_t id, const weir_column *columns, uint32_t row);
void wr_group_keys_drop(wr_groups *g, uint32_t id); /* frees long strings; the marks are cleared */
weir_value wr_group_keys_value(const wr_groups *g, uint32_t part, uint32_t id);

#endif
