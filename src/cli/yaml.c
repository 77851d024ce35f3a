/* yaml.c: see yaml.h. */
#include "cli/yaml.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#define MOST_NODES 100000u
#define MOST_DEPTH 32u

/* What is used of libyaml. */
typedef struct calls {
    int (*init)(yaml_parser_t *);
    void (*fini)(yaml_parser_t *);
    void (*set_input)(yaml_parser_t *, const unsigned char *, size_t);
    int (*load)(yaml_parser_t *, yaml_document_t *);
    void (*delete_document)(yaml_document_t *);
    yaml_node_t *(*node)(yaml_document_t *, int);
    yaml_node_t *(*root)(yaml_document_t *);
} calls;

typedef struct reading {
    const char *file;
    const calls *c;
    yaml_document_t *document;
    unsigned n_nodes, depth;
    bool failed;
} reading;

static bool find(void *library, const char *name, void *call) {
    void *found = dlsym(library, name);
    memcpy(call, &found, sizeof found);
    return found != NULL;
}

static bool open_library(const char *file, calls *c) {
    void *l = dlopen("libyaml-0.so.2", RTLD_NOW | RTLD_LOCAL);
    bool ok = l && find(l, "yaml_parser_initialize", &c->init) && find(l, "yaml_parser_delete", &c->fini) &&
              find(l, "yaml_parser_set_input_string", &c->set_input) &&
              find(l, "yaml_parser_load", &c->load) && find(l, "yaml_document_delete", &c->delete_document) &&
              find(l, "yaml_document_get_node", &c->node) && find(l, "yaml_document_get_root_node", &c->root);
    if (!ok) fprintf(stderr, "weir: %s can't be read: libyaml (libyaml-0.so.2) is not installed\n", file);
    return ok;
}

static yaml_tree *fail(reading *r, const yaml_node_t *node, const char *what) {
    if (!r->failed)
        fprintf(stderr, "%s:%zu:%zu: error: %s\n", r->file, node->start_mark.line + 1,
                node->start_mark.column + 1, what);
    r->failed = true;
    return NULL;
}

void yaml_free(yaml_tree *t) {
    if (!t) return;
    for (unsigned i = 0; i < t->n; i++) {
        yaml_free(t->of[i]);
        if (t->keys) free(t->keys[i]);
    }
    free(t->keys);
    free(t->of);
    free(t->text);
    free(t);
}

static yaml_tree *copy(reading *r, const yaml_node_t *node);

static bool add(yaml_tree *t, char *key, yaml_tree *child) {
    yaml_tree **of = realloc(t->of, (t->n + 1) * sizeof *of);
    if (of) t->of = of;
    char **keys = of && key ? realloc(t->keys, (t->n + 1) * sizeof *keys) : NULL;
    if (keys) t->keys = keys;
    if (!child || !of || (key && !keys)) {
        yaml_free(child);
        free(key);
        return false;
    }
    if (key) t->keys[t->n] = key;
    t->of[t->n++] = child;
    return true;
}

static bool copy_items(reading *r, const yaml_node_t *node, yaml_tree *t) {
    for (int *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
        if (!add(t, NULL, copy(r, r->c->node(r->document, *item)))) return false;
    return true;
}

static bool copy_pairs(reading *r, const yaml_node_t *node, yaml_tree *t) {
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = r->c->node(r->document, p->key);
        if (key->type != YAML_SCALAR_NODE) return fail(r, key, "a key must be a text");
        const char *text = (const char *)key->data.scalar.value;
        if (yaml_get(t, text)) return fail(r, key, "this key is there twice");
        char *name = strdup(text);
        if (!name || !add(t, name, copy(r, r->c->node(r->document, p->value)))) return false;
    }
    return true;
}

static yaml_tree *copy(reading *r, const yaml_node_t *node) {
    yaml_tree *t = calloc(1, sizeof *t);
    if (!t || !node) {
        free(t);
        return NULL;
    }
    if (++r->n_nodes > MOST_NODES || r->depth >= MOST_DEPTH) {
        free(t);
        return fail(r, node, "the file holds too much");
    }
    t->line = (unsigned)node->start_mark.line + 1;
    t->column = (unsigned)node->start_mark.column + 1;
    bool ok = true;
    r->depth++;
    if (node->type == YAML_SCALAR_NODE) {
        t->kind = YAML_SCALAR;
        t->text = strdup((const char *)node->data.scalar.value);
        ok = t->text && strlen(t->text) == node->data.scalar.length;
        if (t->text && !ok) fail(r, node, "a value has a NUL in it");
    } else if (node->type == YAML_SEQUENCE_NODE) {
        t->kind = YAML_SEQUENCE;
        ok = copy_items(r, node, t);
    } else {
        t->kind = YAML_MAPPING;
        ok = copy_pairs(r, node, t);
    }
    r->depth--;
    if (ok) return t;
    yaml_free(t);
    return NULL;
}

static yaml_tree *copy_document(reading *r) {
    const yaml_node_t *root = r->c->root(r->document);
    if (root) return copy(r, root);
    yaml_tree *empty = calloc(1, sizeof *empty);
    if (empty) *empty = (yaml_tree){.kind = YAML_MAPPING, .line = 1, .column = 1};
    return empty;
}

yaml_tree *yaml_read(const char *file, const char *text, size_t len) {
    calls c;
    yaml_parser_t parser;
    yaml_document_t document;
    yaml_tree *t = NULL;
    reading r = {.file = file, .c = &c, .document = &document};
    if (!open_library(file, &c) || !c.init(&parser)) return NULL;
    c.set_input(&parser, (const unsigned char *)text, len);
    if (c.load(&parser, &document)) {
        t = copy_document(&r);
        if (!t && !r.failed) fprintf(stderr, "%s: out of memory\n", file);
        c.delete_document(&document);
    } else
        fprintf(stderr, "%s:%zu:%zu: error: no YAML: %s\n", file, parser.problem_mark.line + 1,
                parser.problem_mark.column + 1, parser.problem ? parser.problem : "it can't be read");
    c.fini(&parser);
    return t;
}

const yaml_tree *yaml_get(const yaml_tree *t, const char *key) {
    for (unsigned i = 0; t && t->kind == YAML_MAPPING && i < t->n; i++)
        if (!strcmp(t->keys[i], key)) return t->of[i];
    return NULL;
}
