/* xml_names.c: see xml_names.h. */
#include "xml_names.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE SIZE_MAX

/* The text's offset, or NOWHERE: no memory. */
static size_t keep(xml_names *n, const char *text, size_t len) {
    if (n->bytes.cap - n->bytes.len < len + 1) {
        size_t cap = n->bytes.cap * 2 + len + 256;
        char *data = realloc(n->bytes.data, cap);
        if (!data) return NOWHERE;
        n->bytes.data = data;
        n->bytes.cap = cap;
    }
    size_t at = n->bytes.len;
    memcpy(n->bytes.data + at, text, len);
    n->bytes.data[at + len] = 0;
    n->bytes.len += len + 1;
    return at;
}

static bool bind(xml_names *n, const char *prefix, const char *uri) {
    if (n->n_bindings == n->cap_bindings) {
        uint32_t cap = n->cap_bindings * 2 + 8;
        struct xml_binding *grown = realloc(n->bindings, cap * sizeof *grown);
        if (!grown) return false;
        n->bindings = grown;
        n->cap_bindings = cap;
    }
    struct xml_binding b = {keep(n, prefix, strlen(prefix)), keep(n, uri, strlen(uri))};
    if (b.prefix == NOWHERE || b.uri == NOWHERE) return false;
    n->bindings[n->n_bindings++] = b;
    return true;
}

bool xml_names_push(xml_names *n, const char *name, const char **attributes) {
    if (n->depth == XML_MAX_DEPTH) return false;
    struct xml_element *e = &n->elements[n->depth];
    *e = (struct xml_element){.bytes_before = n->bytes.len, .bindings_before = n->n_bindings};
    e->name = keep(n, name, strlen(name));
    if (e->name == NOWHERE) return false;
    n->depth++;
    for (; *attributes; attributes += 2) {
        if (strncmp(attributes[0], "xmlns", 5) != 0) continue;
        if (attributes[0][5] && attributes[0][5] != ':') continue;
        if (!bind(n, attributes[0][5] ? attributes[0] + 6 : "", attributes[1])) return false;
    }
    return true;
}

void xml_names_pop(xml_names *n) {
    const struct xml_element *e = &n->elements[--n->depth];
    n->bytes.len = e->bytes_before;
    n->n_bindings = e->bindings_before;
}

void xml_names_clear(xml_names *n) {
    n->bytes.len = 0;
    n->depth = n->n_bindings = 0;
}

void xml_names_free(xml_names *n) {
    free(n->bytes.data);
    free(n->bindings);
}

xml_name xml_names_resolve(const xml_names *n, const char *name, bool is_attribute) {
    const char *colon = strchr(name, ':');
    size_t len = colon ? (size_t)(colon - name) : 0;
    xml_name out = {colon ? colon + 1 : name, "", colon != NULL};
    if (is_attribute && !colon) return out;
    for (uint32_t i = n->n_bindings; i-- > 0;) {
        const char *prefix = n->bytes.data + n->bindings[i].prefix;
        if (strncmp(prefix, name, len) != 0 || prefix[len]) continue;
        out.uri = n->bytes.data + n->bindings[i].uri;
        break;
    }
    return out;
}

/* Bindings inside of the element may shadow those that held there, but we are only asked on the way down to
 * where we are, and a prefix that changes its meaning between two steps of a path is not worth more. */
xml_name xml_names_element(const xml_names *n, uint32_t depth) {
    return xml_names_resolve(n, n->bytes.data + n->elements[depth].name, false);
}
