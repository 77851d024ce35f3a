/* json_nested.h: objects and arrays where an attribute is expected, and attributes whose paths may find
 * several places ("$..a", "$.l[?(@.n > 1)].s"): these are looked up in the event as a whole. */
#ifndef WR_IO_JSON_NESTED_H
#define WR_IO_JSON_NESTED_H

#include "func/json/path.h"
#include "io/json_value.h"

/* The object or array at text..text+len, which is JSON. A string, and an object column, gets its text,
 * written anew as Siddhi does (without blanks, doubles as Java spells them); with row->keeps_maps an object
 * column gets a map or list. */
void wr_json_store_nested(wr_json_row *row, uint32_t column, const char *text, size_t len);

typedef struct wr_json_search_for {
    wr_json_path *path;
    uint32_t column;
    struct wr_json_search_for *next;
} wr_json_search_for;

/* Whether the tree of names (json_path.h) can find the path: names and indexes only. */
bool wr_json_path_is_plain(const char *path);

/* Fills the columns of the list from the event at text..text+len, which is JSON. What is not there is null,
 * or a fault with fail_missing. */
void wr_json_search_event(wr_json_row *row, const wr_json_search_for *list, bool fail_missing,
                          const char *text, size_t len);

#endif
