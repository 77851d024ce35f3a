/* avro_encoder.c: rows to Avro's binary encoding, each row a message. Without a schema one is made of the
 * stream's attributes, each a union with null (`weir explain` doesn't show it: see docs/formats.md). */
#include <string.h>

#include "base/buf.h"
#include "io/avro_schema.h"
#include "io/encode.h"
#include "io/file_text.h"
#include "io/table.h"
#include "weir_format.h"

enum { OPT_DEF, OPT_FILE, OPT_ID };

static const weir_option options[] = {
    [OPT_DEF] =
        {"schema.def", WEIR_OPTION_TEXT, false, NULL, NULL,
         "The schema's JSON: a record of fields that are attributes. Without it one is made of the stream."},
    [OPT_FILE] = {"schema.file", WEIR_OPTION_TEXT, false, NULL, NULL, "The file that holds the schema."},
    [OPT_ID] = {"schema.id", WEIR_OPTION_LONG, false, NULL, NULL,
                "The schema's id in the registry: messages then begin with a zero byte and the id."},
    {0}};

#define NO_BRANCH UINT32_MAX

typedef struct field {
    uint32_t column;
    const wr_avro_type *type;     /* of the value, out of its union */
    uint32_t branch, null_branch; /* NO_BRANCH: it is no union; it has no null */
} field;

typedef struct avro {
    const weir_encoder_args *args;
    weir_arena arena;
    field *fields;
    uint32_t n_fields;
    bool has_id;
    uint32_t id;
} avro;

/* ---- Values ------------------------------------------------------------------------------------------- */

static void put_long(weir_encoded *e, int64_t v) {
    uint64_t u = (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
    for (; u >= 0x80; u >>= 7) wr_encode_char(e, (char)(u | 0x80));
    wr_encode_char(e, (char)u);
}

static void put_little_endian(weir_encoded *e, uint64_t bits, unsigned n) {
    for (unsigned i = 0; i < n; i++, bits >>= 8) wr_encode_char(e, (char)bits);
}

static void put_floating(weir_encoded *e, double v, bool is_double) {
    float f = (float)v;
    uint32_t low;
    uint64_t bits;
    memcpy(&low, &f, sizeof low);
    memcpy(&bits, &v, sizeof bits);
    put_little_endian(e, is_double ? bits : low, is_double ? 8 : 4);
}

static int64_t whole(const weir_column *c, uint32_t row) {
    return c->type == WEIR_INT ? ((const int32_t *)c->data)[row] : ((const int64_t *)c->data)[row];
}

static double floating(const weir_column *c, uint32_t row) {
    switch (c->type) {
    case WEIR_FLOAT: return (double)((const float *)c->data)[row];
    case WEIR_DOUBLE: return ((const double *)c->data)[row];
    default: return (double)whole(c, row);
    }
}

static bool put_string(weir_encoded *e, const weir_string *s) {
    if (!weir_encoded_reserve(e, (size_t)s->len + 10)) return false;
    put_long(e, s->len);
    wr_encode_bytes(e, weir_string_data(s), s->len);
    return true;
}

/* False with *wrong NULL: no memory. */
static bool put_symbol(weir_encoded *e, const wr_avro_type *t, const weir_string *s, const char **wrong) {
    for (uint32_t i = 0; i < t->n; i++) {
        if (strlen(t->names[i]) != s->len || memcmp(t->names[i], weir_string_data(s), s->len) != 0) continue;
        put_long(e, i);
        return true;
    }
    *wrong = "a value is no symbol of its enum";
    return false;
}

static bool put_value(weir_encoded *e, const field *f, const weir_column *c, uint32_t row,
                      const char **wrong) {
    switch (f->type->kind) {
    case WR_AVRO_BOOLEAN: wr_encode_char(e, ((const uint8_t *)c->data)[row] != 0); return true;
    case WR_AVRO_INT:
    case WR_AVRO_LONG: put_long(e, whole(c, row)); return true;
    case WR_AVRO_FLOAT:
    case WR_AVRO_DOUBLE: put_floating(e, floating(c, row), f->type->kind == WR_AVRO_DOUBLE); return true;
    case WR_AVRO_ENUM: return put_symbol(e, f->type, (const weir_string *)c->data + row, wrong);
    default: return put_string(e, (const weir_string *)c->data + row);
    }
}

static bool put_field(weir_encoded *e, const field *f, const weir_column *c, uint32_t row,
                      const char **wrong) {
    if (!weir_encoded_reserve(e, 32)) return false;
    if (weir_is_null(c, row)) {
        if (f->null_branch == NO_BRANCH) {
            *wrong = "an attribute is null whose field can't be";
            return false;
        }
        put_long(e, f->null_branch);
        return true;
    }
    if (f->branch != NO_BRANCH) put_long(e, f->branch);
    return put_value(e, f, c, row, wrong);
}

static weir_status avro_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    const avro *x = self;
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        size_t begin = e->len;
        const char *wrong = NULL;
        bool ok = weir_encoded_reserve(e, 5);
        if (ok && x->has_id) {
            wr_encode_char(e, 0);
            for (int shift = 24; shift >= 0; shift -= 8) wr_encode_char(e, (char)(x->id >> shift));
        }
        for (uint32_t i = 0; ok && i < x->n_fields; i++)
            ok = put_field(e, &x->fields[i], &rows->cols[x->fields[i].column], weir_batch_row(rows, k),
                           &wrong);
        if (wrong)
            weir_encoded_drop(e, begin, wrong);
        else if (!ok)
            return weir_fail(err, WEIR_ENOMEM, "no memory to write Avro");
        else
            weir_encoded_end_record(e);
    }
    return WEIR_OK;
}

/* ---- The schema --------------------------------------------------------------------------------------- */

/* How well values of the column fit the type; 0: not at all. */
static int fit(weir_type column, wr_avro_kind kind) {
    switch (column) {
    case WEIR_INT: return kind == WR_AVRO_INT ? 3 : kind == WR_AVRO_LONG ? 2 : kind == WR_AVRO_DOUBLE;
    case WEIR_LONG: return kind == WR_AVRO_LONG ? 3 : kind == WR_AVRO_DOUBLE;
    case WEIR_FLOAT: return kind == WR_AVRO_FLOAT ? 3 : kind == WR_AVRO_DOUBLE ? 2 : 0;
    case WEIR_DOUBLE: return kind == WR_AVRO_DOUBLE ? 3 : 0;
    case WEIR_BOOL: return kind == WR_AVRO_BOOLEAN ? 3 : 0;
    case WEIR_STRING: return kind == WR_AVRO_STRING ? 3 : kind == WR_AVRO_ENUM ? 2 : kind == WR_AVRO_BYTES;
    default: return 0;
    }
}

static weir_status set_field(avro *x, const wr_avro_type *record, uint32_t i, weir_error *err) {
    const weir_schema *schema = x->args->schema;
    const char *name = record->names[i];
    const wr_avro_type *t = record->types[i];
    field *f = &x->fields[i];
    f->column = weir_schema_find(schema, name, strlen(name));
    if (f->column == UINT32_MAX)
        return weir_fail(err, WEIR_ENAME, "avro: the schema's field '%s' is no attribute of '%s'", name,
                         schema->stream);
    weir_type type = schema->attributes[f->column].type;
    f->branch = f->null_branch = NO_BRANCH;
    int best = t->kind == WR_AVRO_UNION ? 0 : fit(type, t->kind);
    f->type = best ? t : NULL;
    for (uint32_t b = 0; t->kind == WR_AVRO_UNION && b < t->n; b++) {
        if (t->types[b]->kind == WR_AVRO_NULL) f->null_branch = b;
        if (fit(type, t->types[b]->kind) <= best) continue;
        best = fit(type, t->types[b]->kind);
        f->branch = b;
        f->type = t->types[b];
    }
    if (f->type) return WEIR_OK;
    return weir_fail(err, WEIR_ETYPE, "avro: the attribute '%s' is %s, and its field %s", name,
                     weir_type_name(type), wr_avro_kind_name(t->kind));
}

/* The record that stands for the stream: each attribute a union with null. */
static weir_status make_schema(const avro *x, wr_buf *out, weir_error *err) {
    static const char *const names[] = {
        [WEIR_INT] = "int",       [WEIR_LONG] = "long",    [WEIR_FLOAT] = "float",
        [WEIR_DOUBLE] = "double", [WEIR_BOOL] = "boolean", [WEIR_STRING] = "string"};
    const weir_schema *schema = x->args->schema;
    wr_buf_printf(out, "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[", schema->stream);
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        const weir_attribute *a = &schema->attributes[i];
        if (a->type == WEIR_OBJECT)
            return weir_fail(err, WEIR_EUNSUPPORTED,
                             "avro: the attribute '%s' is an object, which has no form there", a->name);
        wr_buf_printf(out, "%s{\"name\":\"%s\",\"type\":[\"null\",\"%s\"]}", i ? "," : "", a->name,
                      names[a->type]);
    }
    wr_buf_puts(out, "]}");
    return out->failed ? weir_fail(err, WEIR_ENOMEM, "out of memory") : WEIR_OK;
}

static weir_status set_schema(avro *x, const char *text, size_t len, weir_error *err) {
    wr_avro_type *type;
    WR_TRY(wr_avro_schema_parse(text, len, &x->arena, &type, err));
    if (type->kind != WR_AVRO_RECORD) return weir_fail(err, WEIR_ECONFIG, "avro: the schema is no record");
    x->n_fields = type->n;
    x->fields = wr_arena_zero(&x->arena, type->n + 1, sizeof *x->fields);
    if (!x->fields) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < type->n; i++) WR_TRY(set_field(x, type, i, err));
    return WEIR_OK;
}

static weir_status avro_open(void *self, const weir_encoder_args *args, weir_error *err) {
    avro *x = self;
    const weir_setting *set = args->settings->of;
    wr_arena_init(&x->arena, NULL);
    x->args = args;
    x->has_id = set[OPT_ID].given;
    x->id = (uint32_t)set[OPT_ID].as.l;
    if (x->has_id && (set[OPT_ID].as.l < 0 || set[OPT_ID].as.l > INT32_MAX))
        return weir_fail(err, WEIR_ECONFIG, "avro: schema.id is '%s', which is no id", set[OPT_ID].text);
    if (args->n_payloads) return weir_fail(err, WEIR_ECONFIG, "avro: @payload has no say in this format");
    if (args->to_stream)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "avro: records can't be told apart in a file or on standard output");
    if (set[OPT_DEF].given && set[OPT_FILE].given)
        return weir_fail(err, WEIR_ECONFIG, "avro: give schema.def or schema.file, not both");
    if (set[OPT_DEF].given) return set_schema(x, set[OPT_DEF].text, strlen(set[OPT_DEF].text), err);
    const char *text;
    size_t len;
    if (set[OPT_FILE].given) {
        WR_TRY(wr_file_text(set[OPT_FILE].text, &x->arena, &text, &len, err));
        return set_schema(x, text, len, err);
    }
    wr_buf made = WR_BUF_INIT;
    weir_status st = make_schema(x, &made, err);
    if (st == WEIR_OK) st = set_schema(x, made.data, made.len, err);
    wr_buf_fini(&made);
    return st;
}

static void avro_close(void *self) { wr_arena_fini(&((avro *)self)->arena); }

const weir_encoder_type wr_avro_encoder = {
    .struct_size = sizeof wr_avro_encoder,
    .name = "avro",
    .doc = "Avro records, a message a row, by a schema or one made of the stream.",
    .example = "@map(type='avro', schema.id='7')",
    .options = options,
    .state_size = sizeof(avro),
    .open = avro_open,
    .encode = avro_encode,
    .close = avro_close,
};
