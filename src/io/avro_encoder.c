/* avro_encoder.c: the format avro, outwards: each row a message, behind the id of a schema registry if there
 * is one; or container files. Rows go by attribute, or as @payload has them. */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "io/avro_file.h"
#include "io/avro_options.h"
#include "io/avro_write.h"
#include "io/encode.h"
#include "io/json_payload.h"
#include "io/json_text.h"
#include "io/json_write.h"
#include "io/table.h"

#define BLOCK_BYTES ((size_t)16 * 1024)

enum { OPT_SUBJECT = WR_AVRO_FIRST_OTHER, OPT_REGISTER, OPT_REFERENCES, OPT_SERIALIZER, OPT_CODEC };

static const weir_option options[] = {
    WR_AVRO_OPTIONS(
        "The schema's id in the registry. Without schema.registry it is only written before each "
        "message.",
        "Messages begin with the registry's zero byte and the schema's id. By default they do, but for a "
        "schema.id of a schema.registry, as in Siddhi."),
    WR_REGISTRY_SUBJECT_OPTIONS(OPT_SUBJECT, OPT_REGISTER, OPT_REFERENCES),
    [OPT_SERIALIZER] = {"use.avro.serializer", WEIR_OPTION_BOOL, false, "false", NULL,
                        "As in Siddhi: messages begin with the registry's zero byte and the schema's id."},
    [OPT_CODEC] = {"codec", WEIR_OPTION_CHOICE, false, "null", "null|deflate|zstandard",
                   "How the blocks of a container file are packed."},
    {0}};

typedef struct avro {
    const weir_encoder_args *args;
    weir_arena arena, scratch;
    const char *text; /* of the schema */
    size_t text_len;
    const wr_avro_type *type;
    wr_avro_out_field *fields;
    uint32_t n_fields;
    wr_json_payload payload; /* none: rows go by attribute */
    weir_encoded json;       /* what it gives */
    wr_schema_registry *registry;
    const wr_reference *references; /* that the schema needs */
    uint32_t n_references;
    wr_references direct, needed; /* of the option; those and what they need */
    bool has_prefix, is_started;
    uint32_t id;
    wr_avro_codec codec;
    char sync[WR_AVRO_SYNC];
    weir_encoded block; /* records of the container's next block */
    uint64_t n_block;
} avro;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to write Avro");
}

static bool grow(weir_encoded *e, size_t extra) {
    size_t cap = WR_MAX(e->cap * 2, e->len + extra + 256);
    if (extra > SIZE_MAX / 4 - e->len) return false;
    char *data = wr_realloc(NULL, e->data, e->cap, cap);
    if (!data) return false;
    e->data = data;
    e->cap = cap;
    return true;
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

/* Outside of quotes a text that is JSON stands as it is, any other is a string: Siddhi's own example leaves
 * the quotes out. */
static bool put_value(weir_encoded *e, const weir_column *c, uint32_t row) {
    size_t begin = e->len;
    if (!wr_template_java_cell(e, c, row)) return false;
    if (c->type != WEIR_STRING || weir_is_null(c, row)) return true;
    const char *end = e->data + e->len, *value = wr_json_skip_space(e->data + begin, end);
    const char *next = value < end ? wr_json_skip_value(value, end, 0) : NULL;
    if (next && wr_json_skip_space(next, end) == end) return true;
    e->len = begin;
    return weir_encode_bytes(e, "\"", 1) && wr_json_put_within_string(e, c, row) &&
           weir_encode_bytes(e, "\"", 1);
}

static bool put_payload(avro *x, const weir_batch *rows, uint32_t row, weir_encoded *e, const char **wrong) {
    x->json.len = 0;
    if (!wr_json_payload_put(&x->payload, rows, row, put_value, &x->json)) return false;
    return wr_avro_put_json(e, x->type, x->json.data, x->json.len, &x->scratch, wrong);
}

/* False: *wrong says why it can't be written, or is NULL: no memory. */
static bool put_row(avro *x, const weir_batch *rows, uint32_t row, weir_encoded *e, const char **wrong) {
    bool ok = true;
    *wrong = NULL;
    if (x->payload.text.n) return put_payload(x, rows, row, e, wrong);
    for (uint32_t i = 0; ok && i < x->n_fields; i++)
        ok = wr_avro_put_field(e, &x->fields[i], &rows->cols[x->fields[i].column], row, wrong);
    return ok;
}

static bool put_prefix(const avro *x, weir_encoded *e) {
    if (!x->has_prefix) return true;
    if (!weir_encoded_reserve(e, 5)) return false;
    wr_encode_char(e, 0);
    for (int shift = 24; shift >= 0; shift -= 8) wr_encode_char(e, (char)(x->id >> shift));
    return true;
}

static weir_status encode_messages(avro *x, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        size_t begin = e->len;
        const char *wrong = NULL;
        bool ok = put_prefix(x, e) && put_row(x, rows, weir_batch_row(rows, k), e, &wrong);
        if (wrong)
            weir_encoded_drop(e, begin, wrong);
        else if (!ok)
            return no_memory(err);
        else
            weir_encoded_end_record(e);
    }
    return WEIR_OK;
}

/* ---- Container files ---------------------------------------------------------------------------------- */

static weir_status append(weir_encoded *e, wr_buf *bytes, weir_error *err) {
    bool ok = !bytes->failed && weir_encoded_reserve(e, bytes->len);
    if (ok) wr_encode_bytes(e, bytes->data, bytes->len);
    if (ok) weir_encoded_end_record(e);
    wr_buf_fini(bytes);
    return ok ? WEIR_OK : no_memory(err);
}

static weir_status avro_begin_file(void *self, weir_encoded *e, weir_error *err) {
    const avro *x = self;
    wr_buf out = WR_BUF_INIT;
    if (!x->args->to_stream) return WEIR_OK;
    wr_avro_write_header(&out, x->text, x->text_len, x->codec, x->sync);
    return append(e, &out, err);
}

static weir_status end_block(avro *x, weir_encoded *e, weir_error *err) {
    wr_buf out = WR_BUF_INIT;
    if (!x->n_block) return WEIR_OK;
    wr_avro_write_block(&out, x->n_block, x->block.data, x->block.len, x->codec, x->sync);
    x->block.len = 0;
    x->n_block = 0;
    return append(e, &out, err);
}

/* A batch is a block. Where records are asked for each row is one, since each may go elsewhere; or, for one
 * place, each few thousand bytes, since a file may end between them. */
static weir_status encode_blocks(avro *x, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    x->block.len = 0;
    x->n_block = 0;
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        size_t begin = x->block.len;
        const char *wrong = NULL;
        bool ok = put_row(x, rows, weir_batch_row(rows, k), &x->block, &wrong);
        if (!ok && !wrong) return no_memory(err);
        if (!ok) x->block.len = begin;
        if (!ok) weir_encoded_drop(e, e->len, wrong);
        x->n_block += ok;
        bool is_whole = !x->args->to_one || x->block.len >= BLOCK_BYTES;
        if (e->record_end && is_whole) WR_TRY(end_block(x, e, err));
    }
    return end_block(x, e, err);
}

static weir_status avro_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    avro *x = self;
    return x->args->to_stream ? encode_blocks(x, rows, e, err) : encode_messages(x, rows, e, err);
}

/* ---- The schema --------------------------------------------------------------------------------------- */

static weir_status set_schema(avro *x, weir_error *err) {
    wr_avro_type *type;
    WR_TRY(wr_avro_schema_parse_with(x->references, x->n_references, x->text, x->text_len, &x->arena, &type,
                                     err));
    if (type->kind != WR_AVRO_RECORD) return weir_fail(err, WEIR_ECONFIG, "avro: the schema is no record");
    x->type = type;
    wr_avro_sync_of(x->text, x->text_len, x->codec, x->sync);
    if (x->payload.text.n) return WEIR_OK;
    x->n_fields = type->n;
    x->fields = wr_arena_zero(&x->arena, type->n + 1, sizeof *x->fields);
    if (!x->fields) return no_memory(err);
    for (uint32_t i = 0; i < type->n; i++)
        WR_TRY(wr_avro_out_field_set(&x->fields[i], x->args->schema, type, i, err));
    return WEIR_OK;
}

static weir_status set_payload(avro *x, const weir_encoder_args *args, weir_error *err) {
    if (!args->n_payloads) return WEIR_OK;
    if (args->n_payloads > 1) return weir_fail(err, WEIR_ECONFIG, "avro: @payload takes one text");
    return wr_json_payload_parse("avro", args->payloads[0].value, args->schema, &x->arena, &x->payload, err);
}

/* Messages begin with an id where there is one, unless it is one that Siddhi only reads the schema by. */
static weir_status set_prefix(avro *x, const weir_setting *set, weir_error *err) {
    bool by_id = set[WR_AVRO_OPT_ID].given;
    x->id = (uint32_t)set[WR_AVRO_OPT_ID].as.l;
    x->has_prefix = x->registry ? !by_id : by_id;
    if (set[WR_AVRO_OPT_PREFIX].given) x->has_prefix = set[WR_AVRO_OPT_PREFIX].as.b;
    if (set[OPT_SERIALIZER].as.b) x->has_prefix = true;
    if (x->args->to_stream) x->has_prefix = false;
    if (x->has_prefix && !x->registry && !by_id)
        return weir_fail(err, WEIR_ECONFIG,
                         "avro: messages that begin with an id need schema.id or schema.registry");
    return WEIR_OK;
}

static weir_status avro_open(void *self, const weir_encoder_args *args, weir_error *err) {
    avro *x = self;
    const weir_setting *set = args->settings->of;
    wr_arena_init(&x->arena, NULL);
    wr_arena_init(&x->scratch, NULL);
    x->args = args;
    x->json.grow = x->block.grow = grow;
    x->codec = (wr_avro_codec)set[OPT_CODEC].as.l;
    if (!args->to_stream && x->codec != WR_AVRO_PLAIN)
        return weir_fail(err, WEIR_ECONFIG, "avro: codec is for files; messages are not packed");
    WR_TRY(set_payload(x, args, err));
    WR_TRY(wr_schema_registry_open(set, args->host, &x->registry, err));
    WR_TRY(wr_registry_check_subject("avro", x->registry, set[WR_AVRO_OPT_ID].given, set[OPT_SUBJECT].given,
                                     err));
    WR_TRY(set_prefix(x, set, err));
    WR_TRY(wr_avro_schema_text(set, &x->arena, &x->text, &x->text_len, err));
    bool may_refer = x->registry && x->text && !set[WR_AVRO_OPT_ID].given && !args->to_stream;
    WR_TRY(wr_registry_check_references("avro", set[OPT_REFERENCES].text, may_refer, &x->direct, err));
    if (x->registry && (set[WR_AVRO_OPT_ID].given || x->direct.n))
        return WEIR_OK; /* the schema, or what it needs, comes at the start */
    if (!x->text) {     /* Siddhi's has no nulls */
        bool nullable = args->to_stream || x->has_prefix;
        WR_TRY(wr_avro_schema_of_stream(args->schema, nullable, &x->arena, &x->text, &x->text_len, err));
    }
    return set_schema(x, err);
}

static weir_status fetch_needed(avro *x, weir_error *err) {
    const char *option = x->args->settings->of[OPT_REFERENCES].text;
    if (!x->direct.n) return WEIR_OK;
    WR_TRY(wr_schema_registry_needed_now(x->registry, "AVRO", option, &x->needed, err));
    x->references = x->needed.of;
    x->n_references = x->needed.n;
    return set_schema(x, err);
}

static weir_status avro_start(void *self, weir_error *err) {
    avro *x = self;
    const weir_setting *set = x->args->settings->of;
    const wr_registered *schema;
    if (!x->registry || x->is_started) return WEIR_OK;
    if (!set[WR_AVRO_OPT_ID].given) {
        WR_TRY(fetch_needed(x, err));
        WR_TRY(wr_schema_registry_put_now(x->registry, set[OPT_SUBJECT].text, "AVRO", x->text, x->text_len,
                                          &x->direct, set[OPT_REGISTER].as.b, &x->id, err));
    } else {
        WR_TRY(wr_schema_registry_get_now(x->registry, x->id, &schema, err));
        if (strcmp(schema->type, "AVRO") != 0)
            return weir_fail(err, WEIR_ECONFIG, "schema %u of the registry is no Avro schema but %.20s",
                             x->id, schema->type);
        if (x->args->to_stream && schema->n_references)
            return weir_fail(
                err, WEIR_ECONFIG,
                "schema %u of the registry refers to subject '%.80s'; the head of a container file "
                "takes only one that is whole",
                x->id, schema->references[schema->n_references - 1].subject);
        x->text = schema->text;
        x->text_len = schema->len;
        x->references = schema->references;
        x->n_references = schema->n_references;
        WR_TRY(set_schema(x, err));
    }
    x->is_started = true;
    return WEIR_OK;
}

static void avro_close(void *self) {
    avro *x = self;
    wr_schema_registry_close(x->registry);
    wr_references_fini(&x->direct);
    wr_references_fini(&x->needed);
    wr_free(NULL, x->json.data, x->json.cap);
    wr_free(NULL, x->block.data, x->block.cap);
    wr_arena_fini(&x->scratch);
    wr_arena_fini(&x->arena);
}

const weir_encoder_type wr_avro_encoder = {
    .struct_size = sizeof wr_avro_encoder,
    .name = "avro",
    .doc = "Avro records, a message a row, by a schema or one made of the stream; container files.",
    .example = "@map(type='avro', schema.id='7')",
    .options = options,
    .state_size = sizeof(avro),
    .open = avro_open,
    .begin_file = avro_begin_file,
    .encode = avro_encode,
    .close = avro_close,
    .start = avro_start,
};
