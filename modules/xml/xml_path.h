/* xml_path.h: the paths of @attributes and enclosing.element: the part of XPath that says where something is.
 *
 *   a/b        below the event (of enclosing.element: of the document)     @x      an attribute
 *   /r/a/b     from the root of the document                               p:a     in the namespace of p
 *   //a/b      anywhere                                                    text()  may stand at the end
 *
 * Predicates, axes and functions are refused. A name without prefix matches elements without prefix. */
#ifndef WEIR_XML_PATH_H
#define WEIR_XML_PATH_H

#include "weir_format.h"
#include "xml_names.h"

typedef struct xml_step {
    char *local;
    const char *uri; /* NULL: without prefix */
} xml_step;

typedef struct xml_path {
    xml_step *steps;
    uint32_t n_steps;
    char *attribute; /* local name, or NULL */
    const char *attribute_uri;
    bool in_any_space; /* names match whatever prefix the elements have */
    enum { XML_BELOW_EVENT, XML_FROM_ROOT, XML_ANYWHERE } from;
} xml_path;

/* prefix=uri pairs of the option `namespaces`. */
typedef struct xml_prefixes {
    char *text; /* cut into pieces */
    struct xml_prefix {
        const char *prefix, *uri;
    } * of;
    uint32_t n;
} xml_prefixes;

weir_status xml_prefixes_parse(const char *text, xml_prefixes *out, weir_error *err);
void xml_prefixes_free(xml_prefixes *p);

weir_status xml_path_parse(const char *text, const xml_prefixes *prefixes, xml_path *out, weir_error *err);
void xml_path_free(xml_path *p);
/* Whether the innermost open element is where the path's steps lead; `event` is the event's depth. */
bool xml_path_is_here(const xml_path *p, const xml_names *names, uint32_t event);

#endif
