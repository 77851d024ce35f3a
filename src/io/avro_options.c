/* avro_options.c: see avro_options.h. */
#include "io/avro_options.h"

#include <string.h>

#include "base/buf.h"
#include "io/file_text.h"

weir_status wr_avro_schema_text(const weir_setting *set, weir_arena *arena, const char **text, size_t *len,
                                weir_error *err) {
    const weir_setting *def = &set[WR_AVRO_OPT_DEF], *file = &set[WR_AVRO_OPT_FILE],
                       *id = &set[WR_AVRO_OPT_ID];
    *text = NULL;
    if (def->given && file->given)
        return weir_fail(err, WEIR_ECONFIG, "avro: give schema.def or schema.file, not both");
    WR_TRY(wr_registry_check_id("avro", id, set[WR_REGISTRY_URL].given, def->given || file->given, err));
    if (file->given) return wr_file_text(file->text, arena, text, len, err);
    if (!def->given) return WEIR_OK;
    *text = def->text;
    *len = strlen(def->text);
    return WEIR_OK;
}

static weir_status put_fields(const weir_schema *schema, bool nullable, wr_buf *out, weir_error *err) {
    static const char *const names[WEIR_N_TYPES] = {
        [WEIR_INT] = "int",       [WEIR_LONG] = "long",    [WEIR_FLOAT] = "float",
        [WEIR_DOUBLE] = "double", [WEIR_BOOL] = "boolean", [WEIR_STRING] = "string"};
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        const weir_attribute *a = &schema->attributes[i];
        if (a->type == WEIR_OBJECT)
            return weir_fail(err, WEIR_EUNSUPPORTED,
                             "avro: the attribute '%s' is an object, which has no form there", a->name);
        wr_buf_printf(out,
                      nullable ? "%s{\"name\":\"%s\",\"type\":[\"null\",\"%s\"]}"
                               : "%s{\"name\":\"%s\",\"type\":\"%s\"}",
                      i ? "," : "", a->name, names[a->type]);
    }
    return WEIR_OK;
}

weir_status wr_avro_schema_of_stream(const weir_schema *schema, bool nullable, weir_arena *arena,
                                     const char **text, size_t *len, weir_error *err) {
    wr_buf out = WR_BUF_INIT;
    wr_buf_printf(&out, "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[", schema->stream);
    weir_status st = put_fields(schema, nullable, &out, err);
    wr_buf_puts(&out, "]}");
    *text = st == WEIR_OK && !out.failed ? wr_arena_strndup(arena, out.data, out.len) : NULL;
    *len = out.len;
    wr_buf_fini(&out);
    return st != WEIR_OK || *text ? st : weir_fail(err, WEIR_ENOMEM, "out of memory");
}
