/* schema.h: the names and types of a stream's attributes. Lives in the arena of the plan that made it. */
#ifndef WR_SCHEMA_H
#define WR_SCHEMA_H

#include "weir_ext.h"

typedef struct wr_attr {
    const char *name; /* as written, NUL-terminated */
    weir_type type;
    bool boxed; /* values relabelled by cast(): the column holds objects (weir_column.boxed) */
} wr_attr;

typedef struct wr_schema {
    uint32_t n_attrs;
    const wr_attr *attrs;
} wr_schema;

#define WR_NO_COLUMN UINT32_MAX

/* Index of the attribute with this exact name, or WR_NO_COLUMN. */
static inline uint32_t wr_schema_find(const wr_schema *s, const char *name) {
    for (uint32_t i = 0; i < s->n_attrs; i++)
        if (strcmp(s->attrs[i].name, name) == 0) return i;
    return WR_NO_COLUMN;
}

/* Bytes of one value in a column of this type. */
static inline size_t wr_type_size(weir_type type, bool boxed) {
    static const uint8_t sizes[WEIR_N_TYPES] = {0, 4, 8, 4, 8, 1, 16, 8};
    return boxed ? sizeof(void *) : sizes[(unsigned)type < WEIR_N_TYPES ? type : 0];
}

#endif
