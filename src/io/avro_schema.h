/* avro_schema.h: Avro schemas (the Avro 1.11 specification), read from their JSON. */
#ifndef WR_IO_AVRO_SCHEMA_H
#define WR_IO_AVRO_SCHEMA_H

#include "base/arena.h"

typedef enum wr_avro_kind {
    WR_AVRO_NULL,
    WR_AVRO_BOOLEAN,
    WR_AVRO_INT,
    WR_AVRO_LONG,
    WR_AVRO_FLOAT,
    WR_AVRO_DOUBLE,
    WR_AVRO_BYTES,
    WR_AVRO_STRING,
    WR_AVRO_RECORD,
    WR_AVRO_ENUM,
    WR_AVRO_ARRAY,
    WR_AVRO_MAP,
    WR_AVRO_UNION,
    WR_AVRO_FIXED
} wr_avro_kind;

typedef struct wr_avro_type {
    wr_avro_kind kind;
    const char *name;            /* with its namespace; NULL: has none */
    uint32_t n;                  /* fields, symbols or branches */
    const char **names;          /* of fields, or the symbols */
    struct wr_avro_type **types; /* of fields or branches; [0]: of an array's items or a map's values */
    uint32_t size;               /* of a fixed */
    struct wr_avro_type *next;   /* named types, as a list */
} wr_avro_type;

/* Everything lives in the arena. A recursive schema points back to itself. */
weir_status wr_avro_schema_parse(const char *text, size_t len, weir_arena *arena, wr_avro_type **out,
                                 weir_error *err) WR_NODISCARD;
/* "int", "record" and so on. */
const char *wr_avro_kind_name(wr_avro_kind kind);

#endif
