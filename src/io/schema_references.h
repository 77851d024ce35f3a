/* schema_references.h: the schemas that one of a registry refers to, and those that they refer to: named
 * types of Avro in other subjects, imports of Protobuf.
 *
 * A registry is believed nothing: there are at most so many, so large together and so deep, and none that
 * leads back to itself. Errors name the subject. */
#ifndef WR_IO_SCHEMA_REFERENCES_H
#define WR_IO_SCHEMA_REFERENCES_H

#include "base/compiler.h"
#include "io/json_tree.h"

#define WR_MOST_REFERENCES   200
#define WR_DEEPEST_REFERENCE 20
#define WR_REFERENCES_BYTES  ((size_t)4 << 20) /* of their texts */

typedef struct wr_reference {
    char *name; /* the full name of the type; what is imported */
    char *subject;
    int32_t version;
    char *text; /* NULL: not fetched yet */
    size_t len;
} wr_reference;

typedef struct wr_references {
    wr_reference *of; /* once they are ordered: each behind those that it needs */
    uint32_t n, cap;
    struct wr_reference_edge *edges; /* who needs whom */
    uint32_t n_edges, cap_edges;
    size_t bytes;
} wr_references; /* zeroed: none */

#define WR_REFERENCE_ROOT UINT32_MAX /* the schema that all begins with */

void wr_references_fini(wr_references *r);
/* The "references" of an answer (NULL: none), which `of` needs. WEIR_ECONFIG says what is wrong with them. */
weir_status wr_references_add(wr_references *r, uint32_t of, const wr_json_tree *list,
                              weir_error *err) WR_NODISCARD;
/* What an option says: 'NAME=SUBJECT:VERSION, …'; needed by the schema that all begins with. WEIR_ECONFIG. */
weir_status wr_references_parse(wr_references *r, const char *text, weir_error *err) WR_NODISCARD;
/* The first one that is not fetched yet; r->n: there is none. */
uint32_t wr_references_missing(const wr_references *r);
/* Its text has come. WEIR_ECONFIG: they are too large together. */
weir_status wr_references_set(wr_references *r, uint32_t i, const char *text, weir_error *err) WR_NODISCARD;
/* When none is missing. WEIR_ECONFIG: they go in a circle, or too deep. */
weir_status wr_references_order(wr_references *r, weir_error *err) WR_NODISCARD;

#endif
