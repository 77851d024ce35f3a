/* proto_schema.h: Protobuf messages as they are described: by a descriptor set (protoc --descriptor_set_out
 * --include_imports) or by .proto text, syntax proto2 and proto3. */
#ifndef WR_IO_PROTO_SCHEMA_H
#define WR_IO_PROTO_SCHEMA_H

#include "base/arena.h"
#include "io/schema_references.h"
#include "weir_io.h"

/* The numbers are those of FieldDescriptorProto.Type. */
typedef enum wr_proto_type {
    WR_PROTO_DOUBLE = 1,
    WR_PROTO_FLOAT = 2,
    WR_PROTO_INT64 = 3,
    WR_PROTO_UINT64 = 4,
    WR_PROTO_INT32 = 5,
    WR_PROTO_FIXED64 = 6,
    WR_PROTO_FIXED32 = 7,
    WR_PROTO_BOOL = 8,
    WR_PROTO_STRING = 9,
    WR_PROTO_GROUP = 10,
    WR_PROTO_MESSAGE = 11,
    WR_PROTO_BYTES = 12,
    WR_PROTO_UINT32 = 13,
    WR_PROTO_ENUM = 14,
    WR_PROTO_SFIXED32 = 15,
    WR_PROTO_SFIXED64 = 16,
    WR_PROTO_SINT32 = 17,
    WR_PROTO_SINT64 = 18
} wr_proto_type;

typedef struct wr_proto_symbol {
    const char *name;
    int32_t number;
    struct wr_proto_symbol *next;
} wr_proto_symbol;

typedef struct wr_proto_enum {
    const char *name; /* full: "package.Outer.Name" */
    wr_proto_symbol *symbols;
    struct wr_proto_enum *next;
} wr_proto_enum;

typedef struct wr_proto_message wr_proto_message;

typedef struct wr_proto_field {
    const char *name;
    uint32_t number;
    wr_proto_type type;
    bool is_repeated;
    bool has_presence;             /* it can be told from its default that it was not there */
    const char *type_name, *scope; /* of a message or enum, until it is linked */
    const wr_proto_message *message;
    const wr_proto_enum *symbols;
    struct wr_proto_field *next;
} wr_proto_field;

struct wr_proto_message {
    const char *name;       /* full */
    wr_proto_field *fields; /* in order of their definition */
    const wr_proto_message *outer;
    uint32_t index;   /* among the messages of its file, or of `outer` */
    bool is_imported; /* it is in a file that the one that was read needs */
    struct wr_proto_message *next;
};

typedef struct wr_proto_schema {
    weir_arena *arena; /* owns all */
    wr_proto_message *messages;
    wr_proto_enum *enums;
} wr_proto_schema;

/* text of a .proto file; `folder` is where its imports are looked for (NULL: it may have none). */
weir_status wr_proto_parse(const char *text, const char *folder, wr_proto_schema *schema,
                           weir_error *err) WR_NODISCARD;
/* The same with what it imports, by name, and what that imports. */
weir_status wr_proto_parse_with(const char *text, const wr_reference *references, uint32_t n,
                                wr_proto_schema *schema, weir_error *err) WR_NODISCARD;
/* The bytes of a descriptor set. */
weir_status wr_proto_read_set(const char *bytes, size_t len, wr_proto_schema *schema,
                              weir_error *err) WR_NODISCARD;
/* Either, by the file's name; links. */
weir_status wr_proto_load(const char *path, wr_proto_schema *schema, weir_error *err) WR_NODISCARD;
/* Resolves the names of types; after all has been read. */
weir_status wr_proto_link(wr_proto_schema *schema, weir_error *err) WR_NODISCARD;
/* By full name or by its last part; NULL name: the only message of the file
 * that is in no other one. */
weir_status wr_proto_find(const wr_proto_schema *schema, const char *name, const wr_proto_message **out,
                          weir_error *err) WR_NODISCARD;
/* Adds to the lists; NULL: no memory. */
wr_proto_message *wr_proto_add_message(wr_proto_schema *s, const char *scope, const char *name,
                                       const wr_proto_message *outer, uint32_t index);
wr_proto_enum *wr_proto_add_enum(wr_proto_schema *s, const char *scope, const char *name);
wr_proto_field *wr_proto_add_field(wr_proto_schema *s, wr_proto_message *m);
bool wr_proto_add_symbol(wr_proto_schema *s, wr_proto_enum *e, const char *name, int32_t number);

#endif
