/* mapping.h: what @attributes of a source's mapping says: where each attribute is found in a record, and
 * which are not in the record but among the properties of the transport (`trp:name`). */
#ifndef WR_IO_MAPPING_H
#define WR_IO_MAPPING_H

#include "io/properties.h"

typedef struct wr_mapping {
    const char *
        *of;      /* by attribute, as written; NULL: nothing is said of it. NULL: there is no @attributes */
    bool *wanted; /* by attribute: the format has to give it. With `of` only */
    wr_properties properties;
} wr_mapping;

/* `said` by name, or by position (keys ""); `wanted` by attribute: somebody reads it. Copies what it keeps.
 * An error's place is that of the pair. */
weir_status wr_mapping_set(wr_mapping *m, const weir_source_type *type, const weir_schema *schema,
                           const weir_pair *said, uint32_t n_said, const bool *wanted, weir_arena *arena,
                           weir_error *err) WR_NODISCARD;
/* The same of a source whose transport gives rows: attributes come in order, whatever is written, as in
 * Siddhi, but one for each. */
weir_status wr_mapping_check_rows(const weir_schema *schema, const weir_pair *said, uint32_t n_said,
                                  weir_error *err) WR_NODISCARD;
/* This attribute is wanted too from now on. */
void wr_mapping_widen(wr_mapping *m, uint32_t attribute);

#endif
