/* avro_read.c: see avro_read.h. */
#include "io/avro_read.h"

#include <string.h>

#include "io/number.h"

#define MAX_DEPTH 64

/* ---- Bytes -------------------------------------------------------------------------------------------- */

void wr_avro_fail(wr_avro_input *in, const char *wrong) {
    if (!in->wrong) in->wrong = wrong;
    in->at = in->end;
}

int64_t wr_avro_take_long(wr_avro_input *in) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->at == in->end) break;
        unsigned char byte = *in->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    }
    wr_avro_fail(in, "the record is cut off");
    return 0;
}

const char *wr_avro_take_bytes(wr_avro_input *in, uint64_t n) {
    if (n > (uint64_t)(in->end - in->at)) {
        wr_avro_fail(in, "the record is cut off");
        return NULL;
    }
    const char *p = (const char *)in->at;
    in->at += n;
    return p;
}

static double take_floating(wr_avro_input *in, bool is_double) {
    uint64_t bits = 0;
    const unsigned char *p = (const unsigned char *)wr_avro_take_bytes(in, is_double ? 8 : 4);
    for (int i = is_double ? 7 : 3; p && i >= 0; i--) bits = bits << 8 | p[i];
    float f;
    double d;
    uint32_t low = (uint32_t)bits;
    memcpy(&f, &low, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return is_double ? d : (double)f;
}

/* The branch of a union. */
static uint32_t take_branch(wr_avro_input *in, const wr_avro_type *t) {
    int64_t i = wr_avro_take_long(in);
    if (in->wrong || (i >= 0 && i < (int64_t)t->n)) return (uint32_t)i;
    wr_avro_fail(in, "a union has no such branch");
    return 0;
}

/* ---- Skipping ----------------------------------------------------------------------------------------- */

static void skip(wr_avro_input *in, const wr_avro_type *t, unsigned depth);

static void skip_blocks(wr_avro_input *in, const wr_avro_type *t, unsigned depth) {
    for (int64_t n; !in->wrong && (n = wr_avro_take_long(in)) != 0;) {
        if (n < 0) { /* its size in bytes follows, to skip it at once */
            int64_t size = wr_avro_take_long(in);
            if (size < 0) wr_avro_fail(in, "a block has a negative size");
            (void)wr_avro_take_bytes(in, (uint64_t)size);
            continue;
        }
        for (int64_t i = 0; i < n && !in->wrong; i++) {
            const unsigned char *before = in->at;
            if (t->kind == WR_AVRO_MAP) (void)wr_avro_take_bytes(in, (uint64_t)wr_avro_take_long(in));
            skip(in, t->types[0], depth + 1);
            if (in->at == before && !in->empty_items--) wr_avro_fail(in, "too many empty items");
        }
    }
}

static void skip(wr_avro_input *in, const wr_avro_type *t, unsigned depth) {
    if (depth > MAX_DEPTH) wr_avro_fail(in, "records are nested too deep");
    if (in->wrong) return;
    switch (t->kind) {
    case WR_AVRO_NULL: break;
    case WR_AVRO_BOOLEAN: (void)wr_avro_take_bytes(in, 1); break;
    case WR_AVRO_INT:
    case WR_AVRO_LONG:
    case WR_AVRO_ENUM: (void)wr_avro_take_long(in); break;
    case WR_AVRO_FLOAT: (void)wr_avro_take_bytes(in, 4); break;
    case WR_AVRO_DOUBLE: (void)wr_avro_take_bytes(in, 8); break;
    case WR_AVRO_BYTES:
    case WR_AVRO_STRING: (void)wr_avro_take_bytes(in, (uint64_t)wr_avro_take_long(in)); break;
    case WR_AVRO_FIXED: (void)wr_avro_take_bytes(in, t->size); break;
    case WR_AVRO_UNION: skip(in, t->types[take_branch(in, t)], depth + 1); break;
    case WR_AVRO_ARRAY:
    case WR_AVRO_MAP: skip_blocks(in, t, depth); break;
    case WR_AVRO_RECORD:
        for (uint32_t i = 0; i < t->n && !in->wrong; i++) skip(in, t->types[i], depth + 1);
    }
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static void put_text(weir_filler *f, wr_avro_input *in, uint32_t column, uint64_t len) {
    const char *text = wr_avro_take_bytes(in, len);
    if (text) weir_filler_text(f, column, text, (size_t)len);
}

static bool has_symbol(const wr_avro_type *t, const char *symbol) {
    for (uint32_t i = 0; i < t->n; i++)
        if (strcmp(t->names[i], symbol) == 0) return true;
    return false;
}

static void put_symbol(weir_filler *f, wr_avro_input *in, uint32_t column, const wr_avro_type *t,
                       const wr_avro_type *reader) {
    int64_t i = wr_avro_take_long(in);
    if (in->wrong) return;
    if (i < 0 || i >= (int64_t)t->n) {
        wr_avro_fail(in, "an enum has no such symbol");
        return;
    }
    const char *symbol = t->names[i];
    if (reader && reader->kind == WR_AVRO_ENUM && !has_symbol(reader, symbol)) {
        if (!reader->fallback)
            weir_filler_fault(f, (int32_t)column, "Avro: the reader's schema has no symbol '%.60s'", symbol);
        symbol = reader->fallback;
    }
    if (symbol) weir_filler_text(f, column, symbol, strlen(symbol));
}

static void put_whole(weir_filler *f, wr_avro_input *in, uint32_t column, const wr_avro_type *reader) {
    int64_t v = wr_avro_take_long(in);
    if (reader && reader->kind == WR_AVRO_FLOAT)
        weir_filler_double(f, column, (double)(float)v);
    else if (reader && reader->kind == WR_AVRO_DOUBLE)
        weir_filler_double(f, column, (double)v);
    else
        weir_filler_long(f, column, v);
}

static void put_value(weir_filler *f, wr_avro_input *in, uint32_t column, const wr_avro_type *t,
                      const wr_avro_type *reader) {
    switch (t->kind) {
    case WR_AVRO_NULL: weir_filler_null(f, column); break;
    case WR_AVRO_BOOLEAN: {
        const char *p = wr_avro_take_bytes(in, 1);
        if (p) weir_filler_bool(f, column, *p != 0);
        break;
    }
    case WR_AVRO_INT:
    case WR_AVRO_LONG: put_whole(f, in, column, reader); break;
    case WR_AVRO_FLOAT: weir_filler_double(f, column, take_floating(in, false)); break;
    case WR_AVRO_DOUBLE: weir_filler_double(f, column, take_floating(in, true)); break;
    case WR_AVRO_BYTES:
    case WR_AVRO_STRING: put_text(f, in, column, (uint64_t)wr_avro_take_long(in)); break;
    case WR_AVRO_FIXED: put_text(f, in, column, t->size); break;
    case WR_AVRO_ENUM: put_symbol(f, in, column, t, reader); break;
    case WR_AVRO_UNION: put_value(f, in, column, t->types[take_branch(in, t)], reader); break;
    default: wr_avro_fail(in, "a value of several parts where an attribute is expected");
    }
}

/* A union said that the record is not there. */
static void put_nulls(weir_filler *f, const wr_json_node *node) {
    if (node->column != WR_JSON_NO_COLUMN && node->is_wanted) weir_filler_null(f, node->column);
    for (const wr_json_node *c = node->children; c; c = c->next) put_nulls(f, c);
}

/* ---- Defaults ----------------------------------------------------------------------------------------- */

static void put_default(weir_filler *f, const wr_json_node *node, const wr_json_tree *value,
                        const wr_avro_type *type);

/* Bytes are written as the characters U+0000 to U+00FF. */
static void put_default_text(weir_filler *f, uint32_t column, const char *text, bool is_bytes) {
    char bytes[512];
    size_t n = 0;
    if (!is_bytes) {
        weir_filler_text(f, column, text, strlen(text));
        return;
    }
    for (const unsigned char *p = (const unsigned char *)text; *p && n < sizeof bytes; p++) {
        bool is_pair = (p[0] == 0xC2 || p[0] == 0xC3) && p[1];
        bytes[n++] = (char)(is_pair ? (p[0] & 3) << 6 | (p[1] & 0x3F) : p[0]);
        p += is_pair;
    }
    weir_filler_text(f, column, bytes, n);
}

static void put_default_leaf(weir_filler *f, const wr_json_node *node, const wr_json_tree *value,
                             const wr_avro_type *type) {
    uint32_t column = node->column;
    int64_t whole;
    switch (value->kind) {
    case WR_JSON_NULL: weir_filler_null(f, column); break;
    case WR_JSON_BOOL: weir_filler_bool(f, column, value->truth); break;
    case WR_JSON_STRING:
        put_default_text(f, column, value->text, type->kind == WR_AVRO_BYTES || type->kind == WR_AVRO_FIXED);
        break;
    case WR_JSON_NUMBER:
        if ((type->kind == WR_AVRO_INT || type->kind == WR_AVRO_LONG) &&
            wr_parse_long(value->text, strlen(value->text), &whole) == WR_NUMBER_OK)
            weir_filler_long(f, column, whole);
        else
            weir_filler_text(f, column, value->text, strlen(value->text));
        break;
    default: weir_filler_fault(f, (int32_t)column, "Avro: the reader's default has several parts");
    }
}

static void put_default_record(weir_filler *f, const wr_json_node *node, const wr_json_tree *value,
                               const wr_avro_type *type) {
    for (const wr_json_node *c = node->children; c; c = c->next) {
        for (uint32_t i = 0; c->name && type->kind == WR_AVRO_RECORD && i < type->n; i++) {
            if (strlen(type->names[i]) != c->name_len || memcmp(type->names[i], c->name, c->name_len) != 0)
                continue;
            const wr_json_tree *member = wr_json_tree_get(value, type->names[i]);
            if (!member) member = type->fields[i].fallback;
            if (member) put_default(f, c, member, type->types[i]);
        }
    }
}

/* Of a union the default belongs to the first branch, or to null. */
static void put_default(weir_filler *f, const wr_json_node *node, const wr_json_tree *value,
                        const wr_avro_type *type) {
    if (type->kind == WR_AVRO_UNION && value->kind != WR_JSON_NULL)
        for (uint32_t i = 0; i < type->n; i++)
            if (type->types[i]->kind != WR_AVRO_NULL) {
                type = type->types[i];
                break;
            }
    if (value->kind == WR_JSON_NULL)
        put_nulls(f, node);
    else if (node->column == WR_JSON_NO_COLUMN)
        put_default_record(f, node, value, type);
    else if (node->is_wanted)
        put_default_leaf(f, node, value, type);
}

/* ---- Records ------------------------------------------------------------------------------------------ */

static void run(const wr_avro_plan *p, wr_avro_input *in, weir_filler *f, unsigned depth);

static void run_union(const wr_avro_plan *p, wr_avro_input *in, weir_filler *f, unsigned depth) {
    const wr_avro_type *t = p->type;
    uint32_t i = take_branch(in, t);
    if (in->wrong) return;
    if (p->fields[i])
        run(p->fields[i], in, f, depth + 1);
    else if (t->types[i]->kind == WR_AVRO_NULL)
        put_nulls(f, p->node);
    else
        skip(in, t->types[i], depth + 1);
}

static void run_record(const wr_avro_plan *p, wr_avro_input *in, weir_filler *f, unsigned depth) {
    const wr_avro_type *t = p->type;
    for (uint32_t i = 0; i < t->n && !in->wrong; i++) {
        if (p->fields[i])
            run(p->fields[i], in, f, depth + 1);
        else
            skip(in, t->types[i], depth + 1);
    }
    for (uint32_t i = 0; i < p->n_defaults; i++)
        put_default(f, p->defaults[i].node, p->defaults[i].value, p->defaults[i].type);
}

static void run(const wr_avro_plan *p, wr_avro_input *in, weir_filler *f, unsigned depth) {
    if (p->mismatch) {
        weir_filler_fault(f, p->column == WR_JSON_NO_COLUMN ? -1 : (int32_t)p->column, "Avro: %s",
                          p->mismatch);
        skip(in, p->type, depth);
    } else if (p->column != WR_JSON_NO_COLUMN) {
        put_value(f, in, p->column, p->type, p->reader);
    } else if (p->type->kind == WR_AVRO_UNION) {
        run_union(p, in, f, depth);
    } else {
        run_record(p, in, f, depth);
    }
}

void wr_avro_plan_run(const wr_avro_plan *plan, wr_avro_input *in, weir_filler *filler) {
    run(plan, in, filler, 0);
}

void wr_avro_plan_skip(const wr_avro_plan *plan, wr_avro_input *in) { skip(in, plan->type, 0); }
