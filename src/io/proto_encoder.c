/* proto_encoder.c: rows to Protobuf, a message a row, fields in order of their numbers. Null is a field that
 * is left out, and so is a default that Protobuf can't tell from it. */
#include <string.h>

#include "io/encode.h"
#include "io/file_text.h"
#include "io/proto_options.h"
#include "io/proto_wire.h"
#include "io/table.h"
#include "weir_format.h"

#define MAX_DEPTH 64

enum { OPT_ID = WR_PROTO_FIRST_OTHER, OPT_SUBJECT, OPT_REGISTER, OPT_REFERENCES };

static const weir_option options[] = {
    WR_PROTO_OPTIONS,
    [OPT_ID] = {"schema.id", WEIR_OPTION_LONG, false, NULL, NULL,
                "The schema's id in the registry: records then begin with a zero byte, the id and the "
                "message's path. With schema.registry the schema is that one."},
    WR_REGISTRY_SUBJECT_OPTIONS(OPT_SUBJECT, OPT_REGISTER, OPT_REFERENCES),
    {0}};

typedef struct proto {
    const weir_encoder_args *args;
    weir_arena arena;
    wr_proto_schema schema;
    const wr_proto_message *message;
    wr_schema_registry *registry; /* NULL: none */
    wr_references direct, needed; /* of schema.references; those and what they need */
    bool is_started;
    struct output {
        const wr_proto_field *field;
        uint32_t column;
        weir_type type;
    } * outputs; /* in order of the fields' numbers */
    uint32_t n_outputs;
    char prefix[8 + 10 * MAX_DEPTH];
    size_t prefix_len;
} proto;

static const char out_of_range[] = "a number is out of the range of its field";

/* ---- Values ------------------------------------------------------------------------------------------- */

static void put_varint(weir_encoded *e, uint64_t v) {
    for (; v >= 0x80; v >>= 7) wr_encode_char(e, (char)(v | 0x80));
    wr_encode_char(e, (char)v);
}

static void put_fixed(weir_encoded *e, uint64_t bits, unsigned n) {
    for (unsigned i = 0; i < n; i++, bits >>= 8) wr_encode_char(e, (char)bits);
}

static void put_tag(weir_encoded *e, const wr_proto_field *f, unsigned wire) {
    put_varint(e, (uint64_t)f->number << 3 | wire);
}

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (uint64_t)(v >> 63); }

static bool is_left_out(const wr_proto_field *f, bool is_default) { return is_default && !f->has_presence; }

static void put_whole(weir_encoded *e, const wr_proto_field *f, int64_t v, const char **wrong) {
    bool is_32 = f->type == WR_PROTO_INT32 || f->type == WR_PROTO_SINT32 || f->type == WR_PROTO_SFIXED32 ||
                 f->type == WR_PROTO_ENUM;
    bool is_u32 = f->type == WR_PROTO_UINT32 || f->type == WR_PROTO_FIXED32;
    bool is_u64 = f->type == WR_PROTO_UINT64 || f->type == WR_PROTO_FIXED64;
    if ((is_32 && v != (int32_t)v) || (is_u32 && (v < 0 || v > UINT32_MAX)) || (is_u64 && v < 0))
        *wrong = out_of_range;
    if (is_left_out(f, v == 0)) return;
    switch (f->type) {
    case WR_PROTO_FIXED64:
    case WR_PROTO_SFIXED64: put_tag(e, f, WR_WIRE_64), put_fixed(e, (uint64_t)v, 8); break;
    case WR_PROTO_FIXED32:
    case WR_PROTO_SFIXED32: put_tag(e, f, WR_WIRE_32), put_fixed(e, (uint64_t)v, 4); break;
    case WR_PROTO_SINT32:
    case WR_PROTO_SINT64: put_tag(e, f, WR_WIRE_VARINT), put_varint(e, zigzag(v)); break;
    default: put_tag(e, f, WR_WIRE_VARINT), put_varint(e, (uint64_t)v);
    }
}

static void put_floating(weir_encoded *e, const wr_proto_field *f, double v) {
    uint64_t bits;
    uint32_t low;
    float single = (float)v;
    memcpy(&bits, &v, sizeof bits);
    memcpy(&low, &single, sizeof low);
    if (is_left_out(f, bits == 0)) return; /* -0.0 is written */
    bool is_double = f->type == WR_PROTO_DOUBLE;
    put_tag(e, f, is_double ? WR_WIRE_64 : WR_WIRE_32);
    put_fixed(e, is_double ? bits : low, is_double ? 8 : 4);
}

static void put_symbol(weir_encoded *e, const wr_proto_field *f, const weir_string *s, const char **wrong) {
    for (const wr_proto_symbol *symbol = f->symbols->symbols; symbol; symbol = symbol->next) {
        if (strlen(symbol->name) != s->len || memcmp(symbol->name, weir_string_data(s), s->len) != 0)
            continue;
        put_whole(e, f, symbol->number, wrong);
        return;
    }
    *wrong = "a value is no symbol of its enum";
}

static bool put_string(weir_encoded *e, const wr_proto_field *f, const weir_string *s, const char **wrong) {
    if (f->type == WR_PROTO_ENUM) return put_symbol(e, f, s, wrong), true;
    if (is_left_out(f, s->len == 0)) return true;
    put_tag(e, f, WR_WIRE_LEN);
    put_varint(e, s->len);
    return weir_encode_bytes(e, weir_string_data(s), s->len);
}

/* False: no memory. Room for two varints is there. */
static bool put_value(weir_encoded *e, const struct output *o, const weir_column *c, uint32_t row,
                      const char **wrong) {
    switch (o->type) {
    case WEIR_INT: put_whole(e, o->field, ((const int32_t *)c->data)[row], wrong); return true;
    case WEIR_LONG: put_whole(e, o->field, ((const int64_t *)c->data)[row], wrong); return true;
    case WEIR_FLOAT: put_floating(e, o->field, (double)((const float *)c->data)[row]); return true;
    case WEIR_DOUBLE: put_floating(e, o->field, ((const double *)c->data)[row]); return true;
    case WEIR_BOOL: put_whole(e, o->field, ((const uint8_t *)c->data)[row] != 0, wrong); return true;
    default: return put_string(e, o->field, (const weir_string *)c->data + row, wrong);
    }
}

static weir_status proto_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    const proto *x = self;
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        uint32_t row = weir_batch_row(rows, k);
        size_t begin = e->len;
        const char *wrong = NULL;
        bool ok = weir_encode_bytes(e, x->prefix, x->prefix_len);
        for (uint32_t i = 0; ok && i < x->n_outputs; i++) {
            const weir_column *c = &rows->cols[x->outputs[i].column];
            ok = weir_encoded_reserve(e, 32);
            if (ok && !weir_is_null(c, row)) ok = put_value(e, &x->outputs[i], c, row, &wrong);
        }
        if (!ok) return weir_fail(err, WEIR_ENOMEM, "no memory to write Protobuf");
        if (wrong)
            weir_encoded_drop(e, begin, wrong);
        else
            weir_encoded_end_record(e);
    }
    return WEIR_OK;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static bool fits(weir_type attribute, wr_proto_type field) {
    switch (attribute) {
    case WEIR_STRING: return field == WR_PROTO_STRING || field == WR_PROTO_BYTES || field == WR_PROTO_ENUM;
    case WEIR_BOOL: return field == WR_PROTO_BOOL;
    case WEIR_FLOAT: return field == WR_PROTO_FLOAT || field == WR_PROTO_DOUBLE;
    case WEIR_DOUBLE: return field == WR_PROTO_DOUBLE;
    case WEIR_INT:
    case WEIR_LONG:
        return field != WR_PROTO_STRING && field != WR_PROTO_BYTES && field != WR_PROTO_BOOL &&
               field != WR_PROTO_FLOAT && field != WR_PROTO_DOUBLE && field != WR_PROTO_MESSAGE &&
               field != WR_PROTO_GROUP;
    default: return false;
    }
}

static weir_status add_output(proto *x, const wr_proto_message *m, const weir_attribute *a, uint32_t column,
                              weir_error *err) {
    const wr_proto_field *f = m->fields;
    while (f && strcmp(f->name, a->name) != 0) f = f->next;
    if (!f)
        return weir_fail(err, WEIR_ENAME, "protobuf: the message '%s' has no field for the attribute '%s'",
                         m->name, a->name);
    if (f->is_repeated || !fits(a->type, f->type))
        return weir_fail(err, WEIR_ETYPE, "protobuf: the attribute '%s' is %s, which its field can't hold",
                         a->name, weir_type_name(a->type));
    uint32_t at = x->n_outputs++;
    for (; at > 0 && x->outputs[at - 1].field->number > f->number; at--) x->outputs[at] = x->outputs[at - 1];
    x->outputs[at].field = f;
    x->outputs[at].column = column;
    x->outputs[at].type = a->type;
    return WEIR_OK;
}

/* The registry's zero byte, id and the path of the message. */
static void set_prefix(proto *x, const wr_proto_message *message, uint32_t id) {
    uint32_t path[MAX_DEPTH], depth = 0;
    weir_encoded e = {.data = x->prefix, .cap = sizeof x->prefix};
    for (const wr_proto_message *m = message; m && depth < MAX_DEPTH; m = m->outer) path[depth++] = m->index;
    wr_encode_char(&e, 0);
    for (int shift = 24; shift >= 0; shift -= 8) wr_encode_char(&e, (char)(id >> shift));
    if (depth == 1 && path[0] == 0) {
        wr_encode_char(&e, 0);
    } else {
        put_varint(&e, zigzag(depth));
        while (depth-- > 0) put_varint(&e, zigzag(path[depth]));
    }
    x->prefix_len = e.len;
}

static weir_status set_outputs(proto *x, weir_error *err) {
    const weir_schema *schema = x->args->schema;
    x->outputs = wr_arena_zero(&x->arena, schema->n_attributes + 1, sizeof *x->outputs);
    if (!x->outputs) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < schema->n_attributes; i++)
        WR_TRY(add_output(x, x->message, &schema->attributes[i], i, err));
    return WEIR_OK;
}

static weir_status check_options(const proto *x, const weir_setting *set, weir_error *err) {
    bool by_id = set[OPT_ID].given, has_schema = set[WR_PROTO_OPT_FILE].given || set[WR_PROTO_OPT_DEF].given;
    if (x->args->n_payloads)
        return weir_fail(err, WEIR_ECONFIG, "protobuf: @payload has no say in this format");
    if (x->args->to_stream)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "protobuf: records can't be told apart in a file or on standard output");
    WR_TRY(wr_registry_check_id("protobuf", &set[OPT_ID], x->registry != NULL, has_schema, err));
    return wr_registry_check_subject("protobuf", x->registry, by_id, set[OPT_SUBJECT].given, err);
}

static weir_status proto_open(void *self, const weir_encoder_args *args, weir_error *err) {
    proto *x = self;
    const weir_setting *set = args->settings->of;
    x->args = args;
    wr_arena_init(&x->arena, NULL);
    x->schema.arena = &x->arena;
    WR_TRY(wr_schema_registry_open(set, args->host, &x->registry, err));
    WR_TRY(check_options(x, set, err));
    bool has_schema = set[WR_PROTO_OPT_FILE].given != set[WR_PROTO_OPT_DEF].given;
    bool may_refer = x->registry && has_schema && !set[OPT_ID].given;
    WR_TRY(wr_registry_check_references("protobuf", set[OPT_REFERENCES].text, may_refer, &x->direct, err));
    if (x->registry && (set[OPT_ID].given || x->direct.n))
        return WEIR_OK; /* the schema, or what it needs, comes at the start */
    WR_TRY(wr_proto_message_of_options(set, &x->schema, &x->message, err));
    WR_TRY(set_outputs(x, err));
    if (set[OPT_ID].given) set_prefix(x, x->message, (uint32_t)set[OPT_ID].as.l);
    return WEIR_OK;
}

/* The path that a record begins with leads through one file. */
static weir_status check_own(const proto *x, weir_error *err) {
    if (!x->message->is_imported) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "protobuf: the message '%s' is in what the schema imports, not in it",
                     x->message->name);
}

static weir_status fetch(proto *x, uint32_t id, weir_error *err) {
    const weir_setting *set = x->args->settings->of;
    const wr_registered *r;
    WR_TRY(wr_schema_registry_get_now(x->registry, id, &r, err));
    WR_TRY(wr_proto_read_registered(r, &x->schema, err));
    WR_TRY(wr_proto_find(&x->schema, set[WR_PROTO_OPT_MESSAGE].text, &x->message, err));
    WR_TRY(check_own(x, err));
    return set_outputs(x, err);
}

/* With schema.references the schema is read only now. */
static weir_status read_with_needed(proto *x, const char *text, weir_error *err) {
    const weir_setting *set = x->args->settings->of;
    WR_TRY(wr_schema_registry_needed_now(x->registry, "PROTOBUF", set[OPT_REFERENCES].text, &x->needed, err));
    x->schema = (wr_proto_schema){.arena = &x->arena};
    WR_TRY(wr_proto_parse_with(text, x->needed.of, x->needed.n, &x->schema, err));
    WR_TRY(wr_proto_link(&x->schema, err));
    WR_TRY(wr_proto_find(&x->schema, set[WR_PROTO_OPT_MESSAGE].text, &x->message, err));
    WR_TRY(check_own(x, err));
    return set_outputs(x, err);
}

/* The registry takes a .proto text that needs no other but those of schema.references. */
static weir_status register_own(proto *x, uint32_t *id, weir_error *err) {
    const weir_setting *set = x->args->settings->of;
    wr_proto_schema alone = {.arena = &x->arena};
    const char *text = set[WR_PROTO_OPT_DEF].text;
    size_t len = text ? strlen(text) : 0;
    if (!text) WR_TRY(wr_file_text(set[WR_PROTO_OPT_FILE].text, &x->arena, &text, &len, err));
    WR_TRY(x->direct.n ? read_with_needed(x, text, err) : wr_proto_parse(text, NULL, &alone, err));
    return wr_schema_registry_put_now(x->registry, set[OPT_SUBJECT].text, "PROTOBUF", text, len, &x->direct,
                                      set[OPT_REGISTER].as.b, id, err);
}

static weir_status proto_start(void *self, weir_error *err) {
    proto *x = self;
    const weir_setting *by_id = &x->args->settings->of[OPT_ID];
    uint32_t id = (uint32_t)by_id->as.l;
    if (!x->registry || x->is_started) return WEIR_OK;
    WR_TRY(by_id->given ? fetch(x, id, err) : register_own(x, &id, err));
    set_prefix(x, x->message, id);
    x->is_started = true;
    return WEIR_OK;
}

static void proto_close(void *self) {
    proto *x = self;
    wr_schema_registry_close(x->registry);
    wr_references_fini(&x->direct);
    wr_references_fini(&x->needed);
    wr_arena_fini(&x->arena);
}

const weir_encoder_type wr_proto_encoder = {
    .struct_size = sizeof wr_proto_encoder,
    .name = "protobuf",
    .doc = "Protobuf messages, a row each, by a .proto file, a descriptor set or a schema registry.",
    .example = "@map(type='protobuf', schema.def='syntax = \"proto3\"; message Stock { string symbol = 1; "
               "double price = "
               "2; }')",
    .options = options,
    .state_size = sizeof(proto),
    .open = proto_open,
    .encode = proto_encode,
    .close = proto_close,
    .start = proto_start,
};
