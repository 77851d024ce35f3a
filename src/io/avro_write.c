/* avro_write.c: see avro_write.h. */
#include "io/avro_write.h"

#include <string.h>

#include "io/encode.h"
#include "io/number.h"

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

static bool put_value(weir_encoded *e, const wr_avro_out_field *f, const weir_column *c, uint32_t row,
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

bool wr_avro_put_field(weir_encoded *e, const wr_avro_out_field *f, const weir_column *c, uint32_t row,
                       const char **wrong) {
    if (!weir_encoded_reserve(e, 32)) return false;
    if (weir_is_null(c, row)) {
        if (f->null_branch == WR_AVRO_NO_BRANCH) {
            *wrong = "an attribute is null whose field can't be";
            return false;
        }
        put_long(e, f->null_branch);
        return true;
    }
    if (f->branch != WR_AVRO_NO_BRANCH) put_long(e, f->branch);
    return put_value(e, f, c, row, wrong);
}

/* ---- Fields ------------------------------------------------------------------------------------------- */

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

weir_status wr_avro_out_field_set(wr_avro_out_field *f, const weir_schema *schema, const wr_avro_type *record,
                                  uint32_t i, weir_error *err) {
    const char *name = record->names[i];
    const wr_avro_type *t = record->types[i];
    f->column = weir_schema_find(schema, name, strlen(name));
    if (f->column == UINT32_MAX)
        return weir_fail(err, WEIR_ENAME, "avro: the schema's field '%s' is no attribute of '%s'", name,
                         schema->stream);
    weir_type type = schema->attributes[f->column].type;
    f->branch = f->null_branch = WR_AVRO_NO_BRANCH;
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

/* ---- JSON --------------------------------------------------------------------------------------------- */

static bool put_tree(weir_encoded *e, const wr_avro_type *t, const wr_json_tree *v, const char **wrong);

static bool no_fit(const char **wrong) {
    *wrong = "a value of the payload doesn't fit the schema";
    return false;
}

static bool put_bytes(weir_encoded *e, const char *bytes, size_t len) {
    if (!weir_encoded_reserve(e, len + 10)) return false;
    put_long(e, (int64_t)len);
    wr_encode_bytes(e, bytes, len);
    return true;
}

static bool put_number(weir_encoded *e, const wr_avro_type *t, const char *text, const char **wrong) {
    int64_t whole;
    double v;
    if (t->kind == WR_AVRO_FLOAT || t->kind == WR_AVRO_DOUBLE) {
        if (wr_parse_double(text, strlen(text), &v) != WR_NUMBER_OK) return no_fit(wrong);
        put_floating(e, v, t->kind == WR_AVRO_DOUBLE);
        return true;
    }
    if (wr_parse_long(text, strlen(text), &whole) != WR_NUMBER_OK ||
        (t->kind == WR_AVRO_INT && whole != (int32_t)whole))
        return no_fit(wrong);
    put_long(e, whole);
    return true;
}

static bool put_text(weir_encoded *e, const wr_avro_type *t, const char *text, const char **wrong) {
    size_t len = strlen(text);
    weir_string s = weir_string_view(text, (uint32_t)len);
    if (t->kind == WR_AVRO_ENUM) return put_symbol(e, t, &s, wrong);
    if (t->kind != WR_AVRO_FIXED) return put_bytes(e, text, len);
    if (len != t->size) return no_fit(wrong);
    if (!weir_encoded_reserve(e, len)) return false;
    wr_encode_bytes(e, text, len);
    return true;
}

static bool put_scalar(weir_encoded *e, const wr_avro_type *t, const wr_json_tree *v, const char **wrong) {
    if (!weir_encoded_reserve(e, 16)) return false;
    switch (t->kind) {
    case WR_AVRO_NULL: return v->kind == WR_JSON_NULL || no_fit(wrong);
    case WR_AVRO_BOOLEAN:
        if (v->kind != WR_JSON_BOOL) return no_fit(wrong);
        wr_encode_char(e, v->truth);
        return true;
    case WR_AVRO_INT:
    case WR_AVRO_LONG:
    case WR_AVRO_FLOAT:
    case WR_AVRO_DOUBLE: return v->kind == WR_JSON_NUMBER ? put_number(e, t, v->text, wrong) : no_fit(wrong);
    default: return v->kind == WR_JSON_STRING ? put_text(e, t, v->text, wrong) : no_fit(wrong);
    }
}

static bool put_record(weir_encoded *e, const wr_avro_type *t, const wr_json_tree *v, const char **wrong) {
    if (v->kind != WR_JSON_OBJECT) return no_fit(wrong);
    for (uint32_t i = 0; i < t->n; i++) {
        const wr_json_tree *member = wr_json_tree_get(v, t->names[i]);
        if (!member) member = t->fields[i].fallback;
        if (!member) {
            *wrong = "the payload lacks a field of the schema";
            return false;
        }
        if (!put_tree(e, t->types[i], member, wrong)) return false;
    }
    return true;
}

/* An array's items, or a map's keys and values, as one block. */
static bool put_items(weir_encoded *e, const wr_avro_type *t, const wr_json_tree *v, const char **wrong) {
    int64_t n = 0;
    if (v->kind != (t->kind == WR_AVRO_MAP ? WR_JSON_OBJECT : WR_JSON_ARRAY)) return no_fit(wrong);
    for (const wr_json_tree *c = v->children; c; c = c->next) n++;
    if (!weir_encoded_reserve(e, 16)) return false;
    if (n) put_long(e, n);
    for (const wr_json_tree *c = v->children; c; c = c->next) {
        if (t->kind == WR_AVRO_MAP && !put_bytes(e, c->key, strlen(c->key))) return false;
        if (!put_tree(e, t->types[0], c, wrong)) return false;
    }
    if (!weir_encoded_reserve(e, 1)) return false;
    put_long(e, 0);
    return true;
}

static bool put_branch(weir_encoded *e, const wr_avro_type *t, uint32_t i, const wr_json_tree *v,
                       const char **wrong) {
    if (!weir_encoded_reserve(e, 10)) return false;
    put_long(e, i);
    return put_tree(e, t->types[i], v, wrong);
}

/* {"string":"x"}, or else the first branch that the value fits. */
static bool put_union(weir_encoded *e, const wr_avro_type *t, const wr_json_tree *v, const char **wrong) {
    bool is_one = v->kind == WR_JSON_OBJECT && v->children && !v->children->next;
    for (uint32_t i = 0; is_one && i < t->n; i++) {
        const char *name = t->types[i]->name ? t->types[i]->name : wr_avro_kind_name(t->types[i]->kind);
        if (strcmp(name, v->children->key) == 0) return put_branch(e, t, i, v->children, wrong);
    }
    size_t begin = e->len;
    for (uint32_t i = 0; i < t->n; i++) {
        *wrong = NULL;
        if (put_branch(e, t, i, v, wrong)) return true;
        if (!*wrong) return false;
        e->len = begin;
    }
    return no_fit(wrong);
}

static bool put_tree(weir_encoded *e, const wr_avro_type *t, const wr_json_tree *v, const char **wrong) {
    switch (t->kind) {
    case WR_AVRO_RECORD: return put_record(e, t, v, wrong);
    case WR_AVRO_ARRAY:
    case WR_AVRO_MAP: return put_items(e, t, v, wrong);
    case WR_AVRO_UNION: return put_union(e, t, v, wrong);
    default: return put_scalar(e, t, v, wrong);
    }
}

bool wr_avro_put_json(weir_encoded *e, const wr_avro_type *type, const char *text, size_t len,
                      weir_arena *scratch, const char **wrong) {
    wr_json_tree *tree;
    *wrong = NULL;
    wr_arena_reset(scratch);
    weir_status st = wr_json_tree_parse(text, len, scratch, &tree, NULL);
    if (st == WEIR_ENOMEM) return false;
    if (st != WEIR_OK) {
        *wrong = "what @payload gives is no JSON";
        return false;
    }
    return put_tree(e, type, tree, wrong);
}
