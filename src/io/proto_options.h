/* proto_options.h: where the schema of the format protobuf comes from: what the decoder's and the encoder's
 * options have in common. */
#ifndef WR_IO_PROTO_OPTIONS_H
#define WR_IO_PROTO_OPTIONS_H

#include "io/proto_schema.h"
#include "io/schema_registry.h"

enum {
    WR_PROTO_OPT_FILE = WR_REGISTRY_FIRST_OTHER,
    WR_PROTO_OPT_DEF,
    WR_PROTO_OPT_MESSAGE,
    WR_PROTO_FIRST_OTHER
};

#define WR_PROTO_OPTIONS                                                                                     \
    WR_REGISTRY_OPTIONS,                                                                                     \
        [WR_PROTO_OPT_FILE] = WR_TEXT_OPTION(                                                                \
            "schema.file",                                                                                   \
            "A .proto file, or a descriptor set made by protoc --descriptor_set_out --include_imports."),    \
        [WR_PROTO_OPT_DEF] = WR_TEXT_OPTION("schema.def", "The text of a .proto file."),                     \
        [WR_PROTO_OPT_MESSAGE] = WR_TEXT_OPTION(                                                             \
            "message",                                                                                       \
            "The message's name, with or without its package; needed when the schema has several.")

/* The message that schema.file or schema.def and message say. */
weir_status wr_proto_message_of_options(const weir_setting *set, wr_proto_schema *schema,
                                        const wr_proto_message **out, weir_error *err) WR_NODISCARD;
/* Reads and links a schema of a registry. */
weir_status wr_proto_read_registered(const wr_registered *registered, wr_proto_schema *schema,
                                     weir_error *err) WR_NODISCARD;

#endif
