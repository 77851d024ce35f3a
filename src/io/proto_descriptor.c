/* proto_descriptor.c: a FileDescriptorSet (google/protobuf/descriptor.proto), which is itself in Protobuf's
 * wire format, read by hand. */
#include <string.h>

#include "io/proto_schema.h"
#include "io/proto_wire.h"

#define MAX_DEPTH 32

void wr_wire_skip(wr_wire *w, uint32_t number, unsigned type) {
    uint32_t open[MAX_DEPTH], n_open = 0;
    do {
        if (n_open && !wr_wire_next(w, &number, &type)) break;
        switch (type) {
        case WR_WIRE_VARINT: (void)wr_wire_varint(w); break;
        case WR_WIRE_64: (void)wr_wire_fixed(w, 8); break;
        case WR_WIRE_LEN: (void)wr_wire_part(w); break;
        case WR_WIRE_32: (void)wr_wire_fixed(w, 4); break;
        case WR_WIRE_GROUP:
            if (n_open == MAX_DEPTH)
                (void)wr_wire_fail(w);
            else
                open[n_open++] = number;
            break;
        case WR_WIRE_END_GROUP:
            if (!n_open || open[--n_open] != number) (void)wr_wire_fail(w);
            break;
        default: (void)wr_wire_fail(w);
        }
    } while (n_open && !w->failed);
    if (n_open) (void)wr_wire_fail(w);
}

typedef struct reader {
    wr_proto_schema *schema;
    bool is_proto3, no_memory, failed;
} reader;

static const char *text_of(reader *r, wr_wire part) {
    size_t len = (size_t)(part.end - part.at);
    const char *text = wr_arena_strndup(r->schema->arena, (const char *)part.at, len);
    r->no_memory |= !text;
    if (memchr(part.at, 0, len)) r->failed = true;
    return text ? text : "";
}

/* Goes over the fields of a message; fields with a length are handed on, numbers too. */
#define EACH(w, number, type) for (uint32_t number; wr_wire_next(&(w), &number, &(type));)

static void read_field(reader *r, wr_wire w, wr_proto_message *m) {
    wr_proto_field *f = wr_proto_add_field(r->schema, m);
    unsigned type;
    bool is_optional3 = false, in_oneof = false;
    r->no_memory |= !f;
    EACH(w, number, type) {
        if (!f) return;
        if (type == WR_WIRE_LEN && (number == 1 || number == 6)) {
            const char *text = text_of(r, wr_wire_part(&w));
            if (number == 1)
                f->name = text;
            else
                f->type_name = text;
        } else if (type == WR_WIRE_VARINT) {
            uint64_t v = wr_wire_varint(&w);
            if (number == 3) f->number = (uint32_t)v;
            if (number == 4) f->is_repeated = v == 3;
            if (number == 5) f->type = (wr_proto_type)v;
            if (number == 9) in_oneof = true;
            if (number == 17) is_optional3 = v != 0;
        } else {
            wr_wire_skip(&w, number, type);
        }
    }
    if (!f) return;
    f->has_presence = !f->is_repeated && (!r->is_proto3 || is_optional3 || in_oneof);
    r->failed |= w.failed || !f->name || !f->number || f->type < WR_PROTO_DOUBLE || f->type > WR_PROTO_SINT64;
}

static void read_symbol(reader *r, wr_wire w, wr_proto_enum *e) {
    const char *name = NULL;
    int32_t value = 0;
    unsigned type;
    EACH(w, number, type) {
        if (number == 1 && type == WR_WIRE_LEN)
            name = text_of(r, wr_wire_part(&w));
        else if (number == 2 && type == WR_WIRE_VARINT)
            value = (int32_t)wr_wire_varint(&w);
        else
            wr_wire_skip(&w, number, type);
    }
    r->failed |= w.failed || !name;
    if (name && e) r->no_memory |= !wr_proto_add_symbol(r->schema, e, name, value);
}

/* The text of field 1, which everything that is described has as its name. */
static const char *name_of(reader *r, wr_wire w) {
    unsigned type;
    EACH(w, number, type) {
        if (number == 1 && type == WR_WIRE_LEN) return text_of(r, wr_wire_part(&w));
        wr_wire_skip(&w, number, type);
    }
    r->failed = true;
    return "";
}

static void read_enum(reader *r, wr_wire w, const char *scope) {
    wr_proto_enum *e = wr_proto_add_enum(r->schema, scope, name_of(r, w));
    unsigned type;
    r->no_memory |= !e;
    EACH(w, number, type) {
        if (number == 2 && type == WR_WIRE_LEN)
            read_symbol(r, wr_wire_part(&w), e);
        else
            wr_wire_skip(&w, number, type);
    }
    r->failed |= w.failed;
}

static void read_message(reader *r, wr_wire w, const char *scope, const wr_proto_message *outer,
                         uint32_t index, unsigned depth) {
    wr_proto_message *m = wr_proto_add_message(r->schema, scope, name_of(r, w), outer, index);
    uint32_t n_nested = 0;
    unsigned type;
    r->no_memory |= !m;
    r->failed |= depth == MAX_DEPTH;
    if (!m || r->failed) return;
    EACH(w, number, type) {
        if (type == WR_WIRE_LEN && number == 2)
            read_field(r, wr_wire_part(&w), m);
        else if (type == WR_WIRE_LEN && number == 3)
            read_message(r, wr_wire_part(&w), m->name, m, n_nested++, depth + 1);
        else if (type == WR_WIRE_LEN && number == 4)
            read_enum(r, wr_wire_part(&w), m->name);
        else
            wr_wire_skip(&w, number, type);
    }
    r->failed |= w.failed;
}

static void read_file(reader *r, wr_wire w) {
    const char *package = "";
    uint32_t n_messages = 0;
    unsigned type;
    wr_wire first = w;
    r->is_proto3 = false;
    EACH(first, number, type) { /* these two stand behind what they are needed for, or before it */
        if (type == WR_WIRE_LEN && (number == 2 || number == 12)) {
            const char *text = text_of(r, wr_wire_part(&first));
            if (number == 2) package = text;
            if (number == 12) r->is_proto3 = strcmp(text, "proto3") == 0;
        } else {
            wr_wire_skip(&first, number, type);
        }
    }
    EACH(w, number, type) {
        if (type == WR_WIRE_LEN && number == 4)
            read_message(r, wr_wire_part(&w), package, NULL, n_messages++, 0);
        else if (type == WR_WIRE_LEN && number == 5)
            read_enum(r, wr_wire_part(&w), package);
        else
            wr_wire_skip(&w, number, type);
    }
    r->failed |= w.failed;
}

weir_status wr_proto_read_set(const char *bytes, size_t len, wr_proto_schema *schema, weir_error *err) {
    reader r = {.schema = schema};
    wr_wire w = {(const unsigned char *)bytes, (const unsigned char *)bytes + len, false};
    unsigned type;
    EACH(w, number, type) {
        if (number == 1 && type == WR_WIRE_LEN)
            read_file(&r, wr_wire_part(&w));
        else
            wr_wire_skip(&w, number, type);
    }
    if (r.no_memory) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (!w.failed && !r.failed) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG,
                     "protobuf: the file is no descriptor set (protoc --descriptor_set_out "
                     "--include_imports) and its name doesn't end in .proto");
}
