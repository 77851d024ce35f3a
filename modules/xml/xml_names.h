/* xml_names.h: where we are in a document: the open elements and the namespaces bound in them. By hand, since
 * a document that Siddhi writes uses the prefix xsi without binding it, which a strict parser refuses. */
#ifndef WEIR_XML_NAMES_H
#define WEIR_XML_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XML_MAX_DEPTH 256u

typedef struct xml_name {
    const char *local; /* behind the prefix */
    const char *uri;   /* "" : none, or the prefix is not bound */
    bool has_prefix;
} xml_name;

typedef struct xml_names {
    struct xml_bytes { /* grows; what points into it is an offset */
        char *data;
        size_t len, cap;
    } bytes;
    struct xml_element {
        size_t name; /* offset of the whole name */
        size_t bytes_before;
        uint32_t bindings_before;
    } elements[XML_MAX_DEPTH];
    uint32_t depth;
    struct xml_binding {
        size_t prefix, uri; /* offsets */
    } * bindings;
    uint32_t n_bindings, cap_bindings;
} xml_names;

/* Opens an element with what its attributes bind (expat's pairs). False: too deep, or no memory. */
bool xml_names_push(xml_names *n, const char *name, const char **attributes);
void xml_names_pop(xml_names *n);
void xml_names_clear(xml_names *n);
void xml_names_free(xml_names *n);
/* The element at that depth, 0 the root; or any name, as it is where we are. */
xml_name xml_names_element(const xml_names *n, uint32_t depth);
xml_name xml_names_resolve(const xml_names *n, const char *name, bool is_attribute);

#endif
