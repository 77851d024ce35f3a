/* json_path.c: see json_path.h. */
#include "io/json_path.h"

#include <string.h>

static wr_json_node *find_child(const wr_json_node *parent, const char *name, size_t len, uint32_t index) {
    for (wr_json_node *c = parent->children; c; c = c->next) {
        if (!name && !c->name && c->index == index) return c;
        if (name && c->name && c->name_len == len && memcmp(c->name, name, len) == 0) return c;
    }
    return NULL;
}

static void set_word(wr_json_node *c) {
    char quoted[8] = {0};
    size_t len = c->name_len;
    memcpy(quoted, c->name, len < 8 ? len : 8);
    if (len < 8) quoted[len] = '"';
    memcpy(&c->word, quoted, 8);
    memset(quoted, 0, 8);
    memset(quoted, 0xFF, len < 8 ? len + 1 : 8);
    memcpy(&c->mask, quoted, 8);
}

/* The child with this name (or, when name is NULL, index), made if need be; NULL: no memory. */
static wr_json_node *child(wr_json_node *parent, const char *name, size_t len, uint32_t index,
                           weir_arena *arena) {
    wr_json_node *c = find_child(parent, name, len, index);
    if (c) return c;
    c = wr_arena_zero(arena, 1, sizeof *c);
    if (!c) return NULL;
    if (name && !(c->name = wr_arena_strndup(arena, name, len))) return NULL;
    c->name_len = (uint32_t)len;
    if (name) set_word(c);
    c->index = index;
    c->column = WR_JSON_NO_COLUMN;
    wr_json_node **at = &parent->children;
    while (*at) at = &(*at)->next; /* in order of the attributes, as the keys probably come */
    *at = c;
    return c;
}

static weir_status set_leaf(wr_json_node *leaf, uint32_t column, bool is_wanted, const char *path,
                            weir_arena *arena, weir_error *err) {
    if (!leaf) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (leaf->children)
        return weir_fail(err, WEIR_ECONFIG, "json: the path '%s' holds another attribute's", path);
    if (leaf->column != WR_JSON_NO_COLUMN) {
        wr_json_node *also = wr_arena_zero(arena, 1, sizeof *also);
        if (!also) return weir_fail(err, WEIR_ENOMEM, "out of memory");
        also->also = leaf->also;
        leaf->also = also;
        leaf = also;
    }
    leaf->column = column;
    leaf->is_wanted = is_wanted;
    return WEIR_OK;
}

/* `[0]` or `['name']` at *p. NULL: malformed, or no memory. */
static wr_json_node *bracket(wr_json_node *at, const char **p, weir_arena *arena) {
    const char *q = *p + 1;
    if (*q == '\'' || *q == '"') {
        const char *end = strchr(q + 1, *q);
        if (!end || end[1] != ']') return NULL;
        *p = end + 2;
        return child(at, q + 1, (size_t)(end - q - 1), 0, arena);
    }
    uint32_t index = 0;
    const char *first = q;
    for (; *q >= '0' && *q <= '9' && index < 100000000; q++) index = index * 10 + (uint32_t)(*q - '0');
    if (q == first || *q != ']') return NULL;
    *p = q + 1;
    return child(at, NULL, 0, index, arena);
}

weir_status wr_json_path_add(wr_json_node *root, const char *path, uint32_t column, bool is_wanted,
                             weir_arena *arena, weir_error *err) {
    const char *p = *path == '$' ? path + 1 : path;
    wr_json_node *at = root;
    bool needs_dot = *path == '$';
    while (*p && at) {
        if (at->column != WR_JSON_NO_COLUMN)
            return weir_fail(err, WEIR_ECONFIG, "json: the path '%s' goes on where another attribute's ends",
                             path);
        if (*p == '[') {
            at = bracket(at, &p, arena);
        } else {
            if (needs_dot && *p++ != '.') break;
            size_t len = strcspn(p, ".[");
            at = len ? child(at, p, len, 0, arena) : NULL;
            p += len;
        }
        needs_dot = true;
    }
    if (!at || *p || at == root)
        return weir_fail(err, WEIR_ECONFIG, "json: '%s' is not a path such as '$.a.b' or '$.list[0]'", path);
    return set_leaf(at, column, is_wanted, path, arena, err);
}

weir_status wr_json_name_add(wr_json_node *root, const char *name, uint32_t column, bool is_wanted,
                             weir_arena *arena, weir_error *err) {
    return set_leaf(child(root, name, strlen(name), 0, arena), column, is_wanted, name, arena, err);
}

weir_status wr_json_paths_add(wr_json_node *root, const weir_decoder_args *args, weir_arena *arena,
                              weir_error *err) {
    for (uint32_t i = 0; i < args->schema->n_attributes; i++) {
        const char *path = args->mapping ? args->mapping[i] : NULL;
        bool wanted = !args->wanted || args->wanted[i];
        if (weir_is_property(path)) continue;
        WR_TRY(path ? wr_json_path_add(root, path, i, wanted, arena, err)
                    : wr_json_name_add(root, args->schema->attributes[i].name, i, wanted, arena, err));
    }
    return WEIR_OK;
}
