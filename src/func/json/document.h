/* document.h: what the functions over JSON documents share: reading the document, and following a path in it.
 */
#ifndef WR_JSON_DOCUMENT_H
#define WR_JSON_DOCUMENT_H

#include "base/buf.h"
#include "func/json/path.h"

/* A document from a string, or from an object, which counts as the JSON that it is written as. Objects in
 * *out belong to the arena. WEIR_EVALUE: no JSON, or null. */
weir_status wr_json_document(const weir_value *v, weir_arena *arena, weir_value *out,
                             weir_error *err) WR_NODISCARD;

/* A call's state; all zero at first. */
typedef struct wr_json_site {
    wr_json_path_cache paths;
    wr_buf text;
} wr_json_site;
weir_status wr_json_site_open(void *self, const weir_arg *args, uint32_t n_args, weir_error *err);
void wr_json_site_close(void *self);

/* What a path finds in a document. WEIR_EVALUE: the row is at fault, for the reason in err. */
weir_status wr_json_search_in(wr_json_site *site, const weir_value *document, const weir_value *path,
                              bool as_list, weir_arena *arena, wr_json_found *found,
                              weir_error *err) WR_NODISCARD;

/* For check(): refuses a constant argument that is no path. */
weir_status wr_json_check_path(const weir_arg *arg, weir_error *err) WR_NODISCARD;

#endif
