/* avro_options.h: where the schemas of the format avro come from: what the decoder's and the encoder's
 * options have in common. */
#ifndef WR_IO_AVRO_OPTIONS_H
#define WR_IO_AVRO_OPTIONS_H

#include "io/avro_schema.h"
#include "io/schema_registry.h"

enum {
    WR_AVRO_OPT_DEF = WR_REGISTRY_FIRST_OTHER,
    WR_AVRO_OPT_FILE,
    WR_AVRO_OPT_ID,
    WR_AVRO_OPT_PREFIX,
    WR_AVRO_FIRST_OTHER
};

#define WR_AVRO_OPTIONS(id_doc, prefix_doc)                                                                  \
    WR_REGISTRY_OPTIONS, [WR_AVRO_OPT_DEF] = WR_TEXT_OPTION("schema.def", "The schema's JSON."),             \
                         [WR_AVRO_OPT_FILE] =                                                                \
                             WR_TEXT_OPTION("schema.file", "The file that holds the schema."),               \
                         [WR_AVRO_OPT_ID] = {"schema.id", WEIR_OPTION_LONG, false, NULL, NULL, id_doc},      \
                         [WR_AVRO_OPT_PREFIX] = {"registry.prefix", WEIR_OPTION_BOOL, false, NULL, NULL,     \
                                                 prefix_doc}

/* The text of schema.def or schema.file, in the arena; *text NULL: neither is given. Both, or one together
 * with schema.id, are refused, and an id that is none. */
weir_status wr_avro_schema_text(const weir_setting *set, weir_arena *arena, const char **text, size_t *len,
                                weir_error *err) WR_NODISCARD;
/* The record that stands for the stream; nullable: each field a union with null. In the arena. */
weir_status wr_avro_schema_of_stream(const weir_schema *schema, bool nullable, weir_arena *arena,
                                     const char **text, size_t *len, weir_error *err) WR_NODISCARD;

#endif
