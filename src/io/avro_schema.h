/* avro_schema.h: Avro schemas (the Avro 1.11 specification), read from their JSON. */
#ifndef WR_IO_AVRO_SCHEMA_H
#define WR_IO_AVRO_SCHEMA_H

#include "io/json_tree.h"
#include "io/schema_references.h"

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

typedef struct wr_avro_field {
    const wr_json_tree *aliases;  /* an array of texts, or NULL */
    const wr_json_tree *fallback; /* what the field is where a writer has none; NULL: nothing */
} wr_avro_field;

typedef struct wr_avro_type {
    wr_avro_kind kind;
    const char *name;            /* with its namespace; NULL: has none */
    uint32_t n;                  /* fields, symbols or branches */
    const char **names;          /* of fields, or the symbols */
    struct wr_avro_type **types; /* of fields or branches; [0]: of an array's items or a map's values */
    wr_avro_field *fields;       /* of a record: more of them */
    const wr_json_tree *aliases; /* of a named type: an array of texts, or NULL */
    const char *fallback;        /* of an enum: the symbol for those it doesn't know; NULL: none */
    uint32_t size;               /* of a fixed */
    struct wr_avro_type *next;   /* named types, as a list */
} wr_avro_type;

/* Everything lives in the arena. A recursive schema points back to itself. */
weir_status wr_avro_schema_parse(const char *text, size_t len, weir_arena *arena, wr_avro_type **out,
                                 weir_error *err) WR_NODISCARD;
/* The same with types that other schemas define; each of these knows those before it. */
weir_status wr_avro_schema_parse_with(const wr_reference *references, uint32_t n, const char *text,
                                      size_t len, weir_arena *arena, wr_avro_type **out,
                                      weir_error *err) WR_NODISCARD;
/* "int", "record" and so on. */
const char *wr_avro_kind_name(wr_avro_kind kind);

#endif
