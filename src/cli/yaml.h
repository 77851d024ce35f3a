/* yaml.h: a YAML document as a tree, by libyaml, which is opened when a file is read for the first time: the
 * program itself does not need it. */
#ifndef CLI_YAML_H
#define CLI_YAML_H

#include <stdbool.h>
#include <stddef.h>

typedef enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING } yaml_kind;

typedef struct yaml_tree yaml_tree;
struct yaml_tree {
    yaml_kind kind;
    char *text;            /* SCALAR: NUL-terminated */
    char **keys;           /* MAPPING: by child */
    yaml_tree **of;        /* children */
    unsigned n;            /* of them */
    unsigned line, column; /* from 1 */
};

/* The document in text; NULL, with what is wrong on standard error (file: how it is called there). An empty
 * one is a mapping of nothing. Aliases may be used, but make no tree larger than a hundred thousand nodes. */
yaml_tree *yaml_read(const char *file, const char *text, size_t len);
void yaml_free(yaml_tree *t); /* NULL is fine */
/* The child of that key; NULL: there is none, or t is no mapping. */
const yaml_tree *yaml_get(const yaml_tree *t, const char *key);

#endif
