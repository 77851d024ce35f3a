/* key.h: the key by which a window of unique: tells rows apart.
 *
 * There are three ways in which Siddhi makes one, and they differ: the texts of all arguments with nothing
 * between them, null being "null" (ever, first); the text of one argument, which must not be null (length,
 * time, the first… batches, deduplicate); and the value of one argument, null being a key like any other (the
 * other batches). Arguments that are constants tell no rows apart and are left out. */
#ifndef WR_UNIQUE_KEY_H
#define WR_UNIQUE_KEY_H

#include "base/buf.h"
#include "weir_ext.h"
#include "window/key_map.h"

typedef enum wr_unique_kind { WR_UNIQUE_JOINED, WR_UNIQUE_TEXT, WR_UNIQUE_VALUE } wr_unique_kind;

typedef struct wr_unique_key {
    wr_unique_kind kind;
    uint32_t *columns;
    uint32_t n_columns, cap_columns;
    wr_buf bytes;       /* of the last row */
    uint32_t java_hash; /* TEXT and VALUE: what Java's hashCode() says of it */
} wr_unique_key;

/* The arguments that check() may be given as a key. */
weir_status wr_unique_check_key(const char *window, const weir_arg *a, weir_error *err) WR_NODISCARD;

/* The key is made of args[0..n-1]. */
weir_status wr_unique_key_init(wr_unique_key *k, wr_unique_kind kind, const weir_arg *args, uint32_t n,
                               weir_error *err) WR_NODISCARD;
void wr_unique_key_fini(wr_unique_key *k);
/* Puts the key of row i of the input into k->bytes. WEIR_EVALUE: it is null. */
weir_status wr_unique_key_of(wr_unique_key *k, const weir_window *w, uint32_t i,
                             weir_error *err) WR_NODISCARD;
size_t wr_unique_key_bytes(const wr_unique_key *k);

/* A key's entry in a map; *is_new: it was not there. */
weir_status wr_unique_find_or_add(wr_key_map *m, const wr_unique_key *k, uint32_t *entry, bool *is_new,
                                  weir_error *err) WR_NODISCARD;

weir_status wr_unique_no_memory(weir_error *err);

#endif
