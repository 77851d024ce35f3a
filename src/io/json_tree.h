/* json_tree.h: a JSON text as a tree, for what is read once (schemas); events are never read this way. */
#ifndef WR_IO_JSON_TREE_H
#define WR_IO_JSON_TREE_H

#include "base/arena.h"

typedef enum wr_json_kind {
    WR_JSON_NULL,
    WR_JSON_BOOL,
    WR_JSON_NUMBER,
    WR_JSON_STRING,
    WR_JSON_ARRAY,
    WR_JSON_OBJECT
} wr_json_kind;

typedef struct wr_json_tree {
    wr_json_kind kind;
    bool truth;
    const char *text; /* of a string its characters, of a number as it is written; NUL-terminated */
    struct wr_json_tree *children; /* a list */
    struct wr_json_tree *next;
    const char *key; /* in an object */
} wr_json_tree;

/* Everything lives in the arena. WEIR_ECONFIG: malformed, or nested too deep; err says at which byte. */
weir_status wr_json_tree_parse(const char *text, size_t len, weir_arena *arena, wr_json_tree **out,
                               weir_error *err) WR_NODISCARD;
/* The member of that name; NULL: not there, or no object. */
const wr_json_tree *wr_json_tree_get(const wr_json_tree *object, const char *key);
/* The member's text when it is a string; else NULL. */
const char *wr_json_tree_text(const wr_json_tree *object, const char *key);

#endif
