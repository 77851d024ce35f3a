/* object.h: the inside of weir_object: a reference count, a kind and what the kind needs.
 *
 *   VALUE, ERROR   | refs kind | value | bytes of a long string … |     one block
 *   SET            | refs kind | members -> weir_value[cap] in order of insertion
 *                              | slots   -> uint32_t[2^k], member number + 1, 0 = free (linear probing)
 *
 * Sets hold plain values: a boxed one is unboxed when it is added, other objects are refused. So nothing
 * nests, and freeing, hashing and saving an object need no recursion. Small sets (the many with one member)
 * have no slots; they are searched from end to end. Objects cross from owner to owner, so their memory is
 * charged to no account. */
#ifndef WR_OBJECT_H
#define WR_OBJECT_H

#include "base/refcount.h"
#include "weir_ext.h"

typedef struct wr_set {
    weir_value *members; /* long strings are owned: one block each */
    uint32_t n, cap;
    uint32_t *slots;
    uint32_t n_slots; /* a power of two, at most half full; 0: none yet */
} wr_set;

struct weir_object {
    wr_refcount refs;
    weir_object_kind kind;
    union {
        weir_value value; /* VALUE; ERROR: its message as a string */
        wr_set set;
    } u;
};

/* An error whose message is a copy of len bytes. NULL when memory is out. */
weir_object *wr_object_new_error_text(const char *message, size_t len);
/* A new set with the members of this one. NULL when memory is out. */
weir_object *wr_object_copy_set(const weir_object *set);
/* Heap bytes that the object holds. */
size_t wr_object_bytes(const weir_object *object);

#endif
