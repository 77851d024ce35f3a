/* proto_options.c: see proto_options.h. */
#include "io/proto_options.h"

#include <string.h>

static weir_status parse(const char *text, wr_proto_schema *schema, weir_error *err) {
    WR_TRY(wr_proto_parse(text, NULL, schema, err));
    return wr_proto_link(schema, err);
}

weir_status wr_proto_message_of_options(const weir_setting *set, wr_proto_schema *schema,
                                        const wr_proto_message **out, weir_error *err) {
    const weir_setting *file = &set[WR_PROTO_OPT_FILE], *def = &set[WR_PROTO_OPT_DEF];
    if (file->given == def->given)
        return weir_fail(err, WEIR_ECONFIG, "protobuf: give schema.file or schema.def%s",
                         file->given ? ", not both" : "");
    WR_TRY(file->given ? wr_proto_load(file->text, schema, err) : parse(def->text, schema, err));
    return wr_proto_find(schema, set[WR_PROTO_OPT_MESSAGE].text, out, err);
}

weir_status wr_proto_read_registered(const wr_registered *registered, wr_proto_schema *schema,
                                     weir_error *err) {
    if (strcmp(registered->type, "PROTOBUF") != 0)
        return weir_fail(err, WEIR_ECONFIG, "schema %u of the registry is no Protobuf schema but %.20s",
                         registered->id, registered->type);
    WR_TRY(
        wr_proto_parse_with(registered->text, registered->references, registered->n_references, schema, err));
    return wr_proto_link(schema, err);
}
