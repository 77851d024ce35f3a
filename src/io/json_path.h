/* json_path.h: where in a JSON object each attribute is found: the paths of @attributes as one tree of names,
 * so that an object is gone through once, whatever is wanted of it. */
#ifndef WR_IO_JSON_PATH_H
#define WR_IO_JSON_PATH_H

#include "base/arena.h"
#include "weir_io.h"

#define WR_JSON_NO_COLUMN UINT32_MAX

typedef struct wr_json_node {
    const char *name; /* of the member; NULL: an element of an array */
    uint32_t name_len;
    uint32_t index;      /* of the element */
    uint64_t word, mask; /* name and closing quote as they lie in memory, and which bits of that count: so one
                            comparison decides about a name of up to 7 bytes */
    uint32_t column;     /* of a leaf; WR_JSON_NO_COLUMN: not one */
    bool is_wanted;      /* a leaf that is only known by name is skipped */
    struct wr_json_node *also;     /* a leaf at the same place, for another attribute */
    struct wr_json_node *children; /* a list */
    struct wr_json_node *next;     /* sibling */
} wr_json_node;

/* root: an empty node (name NULL). Adds the leaf at `path` below it: "$.a.b[0]", "a.b", "$['a b']". */
weir_status wr_json_path_add(wr_json_node *root, const char *path, uint32_t column, bool is_wanted,
                             weir_arena *arena, weir_error *err) WR_NODISCARD;
/* One member by its plain name, whatever characters it has. */
weir_status wr_json_name_add(wr_json_node *root, const char *name, uint32_t column, bool is_wanted,
                             weir_arena *arena, weir_error *err) WR_NODISCARD;
/* All attributes that are in the record: by their paths, those without by their names. */
weir_status wr_json_paths_add(wr_json_node *root, const weir_decoder_args *args, weir_arena *arena,
                              weir_error *err) WR_NODISCARD;

#endif
