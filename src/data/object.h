/* object.h: the inside of weir_object: a reference count, a kind and what the kind needs.
 *
 *   VALUE, ERROR   | refs kind | value | bytes of a long string … |     one block
 *   SET            | refs kind | members -> weir_value[cap] in order of insertion
 *                              | slots   -> uint32_t[2^k], member number + 1, 0 = free (linear probing)
 *   LIST           | refs kind | members -> weir_value[cap]
 *   MAP            | refs kind | entries -> wr_map_entry[cap] in order of insertion, removed ones marked
 *                              | buckets -> uint32_t[2^k], entry number + 1 of the first of a chain
 *
 * Sets hold plain values: a boxed one is unboxed when it is added, other objects are refused. So nothing
 * nests there. Small sets (the many with one member) have no slots; they are searched from end to end. Lists
 * and maps hold references of other objects; since none changes once it is shared there are no circles, and
 * the depth, known to each object, is limited, so recursion is too. Objects cross from owner to owner, so
 * their memory is charged to no account. */
#ifndef WR_OBJECT_H
#define WR_OBJECT_H

#include "base/compiler.h"
#include "base/refcount.h"
#include "weir_ext.h"

typedef struct wr_set {
    weir_value *members; /* long strings are owned: one block each */
    uint32_t n, cap;
    uint32_t *slots;
    uint32_t n_slots; /* a power of two, at most half full; 0: none yet */
} wr_set;

typedef struct wr_list {
    weir_value *members; /* owned: see wr_member_keep */
    uint32_t n, cap;
} wr_list;

typedef struct wr_map_entry {
    weir_value key, value; /* owned */
    uint32_t hash;         /* of the key, Java's, spread as its HashMap does it */
    uint32_t next;         /* of the same bucket: entry number + 1; 0: none */
    bool is_live;
} wr_map_entry;

/* Buckets are as many, and chains in the order, as in Java's HashMap: going through them gives its order. */
typedef struct wr_map {
    wr_map_entry *entries;
    uint32_t n, cap; /* entries, removed ones counted */
    uint32_t n_live;
    uint32_t *buckets;
    uint32_t n_buckets; /* 0 or a power of two from 16 */
    weir_map_order order;
} wr_map;

struct weir_object {
    wr_refcount refs;
    weir_object_kind kind;
    uint16_t depth; /* of what it holds: 0 for a list of plain values */
    bool is_json;   /* a list or map that came of JSON: its text is JSON */
    union {
        weir_value value; /* VALUE; ERROR: its message as a string */
        wr_set set;
        wr_list list;
        wr_map map;
    } u;
};

/* Makes *v, a value that somebody lent, one that is kept: unboxed, a long string copied, an object
 * referenced. WEIR_ENOMEM leaves it as it was. */
weir_status wr_member_keep(weir_value *v) WR_NODISCARD;
void wr_member_drop(weir_value *v);
/* Bytes that a kept value holds. */
size_t wr_member_bytes(const weir_value *v);
/* Before v is put into container: WEIR_EUSAGE or WEIR_ELIMIT, or its depth is noted. */
weir_status wr_container_take(weir_object *container, const weir_value *v) WR_NODISCARD;
weir_object *wr_object_new(weir_object_kind kind, size_t extra_bytes);

void wr_list_fini(wr_list *list);
void wr_map_fini(wr_map *map);
/* Gives an empty map so many buckets, a power of two from 16; 0: none. */
weir_status wr_map_reserve(wr_map *map, uint32_t n_buckets) WR_NODISCARD;
/* As many buckets as saved state may give a map of n entries: one that lost very many gets fewer. */
uint32_t wr_map_most_buckets(uint32_t n);
size_t wr_list_bytes(const wr_list *list);
size_t wr_map_bytes(const wr_map *map);

/* As Java's equals() and hashCode() see two objects: lists, sets and maps by what they hold. */
bool wr_object_equal(const weir_object *a, const weir_object *b);
uint32_t wr_object_java_hash(const weir_object *o);
/* Of a value: Java's hashCode(). */
uint32_t wr_value_java_hash(const weir_value *v);
/* Of UTF-8 text, as Java hashes the UTF-16 it keeps. */
uint32_t wr_text_java_hash(const char *text, size_t len);

/* An error whose message is a copy of len bytes. NULL when memory is out. */
weir_object *wr_object_new_error_text(const char *message, size_t len);
/* A new set with the members of this one. NULL when memory is out. */
weir_object *wr_object_copy_set(const weir_object *set);
/* Heap bytes that the object holds. */
size_t wr_object_bytes(const weir_object *object);

#endif
