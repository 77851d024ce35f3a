/* properties.h: what transports tell of their messages, into the attributes that ask for it (`trp:name`). */
#ifndef WR_IO_PROPERTIES_H
#define WR_IO_PROPERTIES_H

#include "base/arena.h"
#include "base/compiler.h"
#include "io/cell.h"

typedef struct wr_property_column {
    uint32_t column;
    uint32_t property; /* index among names */
} wr_property_column;

typedef struct wr_properties {
    const char **names; /* that the app reads, each once */
    wr_property_column *columns;
    uint32_t n_names, n_columns;
} wr_properties;

/* Adds "name" for the attribute. */
weir_status wr_properties_add(wr_properties *p, const weir_source_type *type, const char *name,
                              uint32_t column, const weir_schema *schema, weir_arena *arena,
                              weir_error *err) WR_NODISCARD;
/* Fills the attributes of one row; `values` by name, or NULL. What isn't there is null. False: a value is not
 * of its attribute's type, and `reason` says so. */
bool wr_properties_fill(const wr_properties *p, const weir_schema *schema, const weir_text *values,
                        weir_rows *rows, uint32_t row, char *reason, size_t reason_size);

#endif
