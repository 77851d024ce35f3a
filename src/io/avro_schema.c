/* avro_schema.c: see avro_schema.h. */
#include "io/avro_schema.h"

#include <stdio.h>
#include <string.h>

#include "io/number.h"

#define LARGEST_FIXED (1 << 20)

static const char *const kind_names[] = {"null",   "boolean", "int",  "long",  "float", "double", "bytes",
                                         "string", "record",  "enum", "array", "map",   "union",  "fixed"};
#define N_PRIMITIVES ((unsigned)WR_AVRO_STRING + 1)

const char *wr_avro_kind_name(wr_avro_kind kind) { return kind_names[kind]; }

typedef struct parser {
    weir_arena *arena;
    wr_avro_type *named;
    weir_error *err;
} parser;

static weir_status parse(parser *p, const wr_json_tree *j, const char *space, wr_avro_type **out);

static weir_status no_memory(parser *p) { return weir_fail(p->err, WEIR_ENOMEM, "out of memory"); }

static weir_status wrong(parser *p, const char *what, const char *name) {
    return weir_fail(p->err, WEIR_ECONFIG, "avro: the schema %s '%s'", what, name ? name : "");
}

static wr_avro_type *new_type(parser *p, wr_avro_kind kind, uint32_t n) {
    wr_avro_type *t = wr_arena_zero(p->arena, 1, sizeof *t);
    if (!t) return NULL;
    t->kind = kind;
    t->n = n;
    t->names = wr_arena_zero(p->arena, n + 1, sizeof *t->names);
    t->types = wr_arena_zero(p->arena, n + 1, sizeof *t->types);
    return t->names && t->types ? t : NULL;
}

static uint32_t count(const wr_json_tree *list) {
    uint32_t n = 0;
    for (const wr_json_tree *c = list ? list->children : NULL; c; c = c->next) n++;
    return n;
}

static const char *full_name(parser *p, const char *name, const char *space) {
    if (strchr(name, '.') || !space || !*space) return wr_arena_strndup(p->arena, name, strlen(name));
    return wr_arena_printf(p->arena, "%s.%s", space, name);
}

static wr_avro_type *find_named(const parser *p, const char *name) {
    for (wr_avro_type *t = p->named; t; t = t->next)
        if (strcmp(t->name, name) == 0) return t;
    return NULL;
}

/* "int", or the name of a type that was defined before. */
static weir_status parse_name(parser *p, const char *name, const char *space, wr_avro_type **out) {
    for (unsigned k = 0; k < N_PRIMITIVES; k++)
        if (strcmp(name, kind_names[k]) == 0)
            return (*out = new_type(p, (wr_avro_kind)k, 0)) ? WEIR_OK : no_memory(p);
    const char *full = full_name(p, name, space);
    if (!full) return no_memory(p);
    *out = find_named(p, full);
    if (!*out) *out = find_named(p, name);
    return *out ? WEIR_OK : wrong(p, "names a type that is not known:", name);
}

static weir_status parse_union(parser *p, const wr_json_tree *j, const char *space, wr_avro_type **out) {
    wr_avro_type *t = *out = new_type(p, WR_AVRO_UNION, count(j));
    if (!t) return no_memory(p);
    uint32_t i = 0;
    for (const wr_json_tree *c = j->children; c; c = c->next) {
        WR_TRY(parse(p, c, space, &t->types[i]));
        if (t->types[i++]->kind == WR_AVRO_UNION) return wrong(p, "has a union directly in a", "union");
    }
    return t->n ? WEIR_OK : wrong(p, "has an empty", "union");
}

static weir_status parse_fields(parser *p, const wr_json_tree *fields, const char *space, wr_avro_type *t) {
    uint32_t i = 0;
    t->fields = wr_arena_zero(p->arena, t->n + 1, sizeof *t->fields);
    if (!t->fields) return no_memory(p);
    for (const wr_json_tree *c = fields->children; c; c = c->next, i++) {
        const char *name = wr_json_tree_text(c, "name");
        const wr_json_tree *type = wr_json_tree_get(c, "type");
        if (!name || !type) return wrong(p, "has a field without name or type in", t->name);
        t->names[i] = name;
        t->fields[i].aliases = wr_json_tree_get(c, "aliases");
        t->fields[i].fallback = wr_json_tree_get(c, "default");
        WR_TRY(parse(p, type, space, &t->types[i]));
    }
    return WEIR_OK;
}

static weir_status parse_symbols(parser *p, const wr_json_tree *symbols, wr_avro_type *t) {
    uint32_t i = 0;
    for (const wr_json_tree *c = symbols->children; c; c = c->next) {
        if (c->kind != WR_JSON_STRING) return wrong(p, "has a symbol that is no text in", t->name);
        t->names[i++] = c->text;
    }
    return t->n ? WEIR_OK : wrong(p, "has no symbols in", t->name);
}

/* A record, enum or fixed. */
static weir_status parse_named(parser *p, const wr_json_tree *j, wr_avro_kind kind, const char *space,
                               wr_avro_type **out) {
    const wr_json_tree *list = wr_json_tree_get(j, kind == WR_AVRO_RECORD ? "fields" : "symbols");
    const wr_json_tree *size = wr_json_tree_get(j, "size");
    const char *name = wr_json_tree_text(j, "name"), *own = wr_json_tree_text(j, "namespace");
    int32_t bytes = 0;
    if (!name) return wrong(p, "has a type without name:", kind_names[kind]);
    wr_avro_type *t = *out = new_type(p, kind, count(list));
    if (!t || !(t->name = full_name(p, name, own ? own : space))) return no_memory(p);
    if (find_named(p, t->name)) return wrong(p, "defines twice the type", t->name);
    t->aliases = wr_json_tree_get(j, "aliases");
    if (kind == WR_AVRO_ENUM) t->fallback = wr_json_tree_text(j, "default");
    t->next = p->named; /* at once: its fields may name it */
    p->named = t;
    const char *dot = strrchr(t->name, '.');
    const char *inner = dot ? wr_arena_strndup(p->arena, t->name, (size_t)(dot - t->name)) : "";
    if (!inner) return no_memory(p);
    if (kind == WR_AVRO_FIXED) {
        bool is_number = size && size->kind == WR_JSON_NUMBER;
        if (!is_number || wr_parse_int(size->text, strlen(size->text), &bytes) != WR_NUMBER_OK || bytes < 0 ||
            bytes > LARGEST_FIXED)
            return wrong(p, "has no size that weir can take for", t->name);
        t->size = (uint32_t)bytes;
        return WEIR_OK;
    }
    if (!list || list->kind != WR_JSON_ARRAY) return wrong(p, "has no list of fields or symbols in", t->name);
    return kind == WR_AVRO_RECORD ? parse_fields(p, list, inner, t) : parse_symbols(p, list, t);
}

static weir_status parse_object(parser *p, const wr_json_tree *j, const char *space, wr_avro_type **out) {
    const wr_json_tree *type = wr_json_tree_get(j, "type");
    if (!type) return wrong(p, "has an object without", "type");
    if (type->kind != WR_JSON_STRING) return parse(p, type, space, out);
    if (strcmp(type->text, "error") == 0) return parse_named(p, j, WR_AVRO_RECORD, space, out);
    for (wr_avro_kind k = WR_AVRO_RECORD; k <= WR_AVRO_FIXED; k++) {
        if (strcmp(type->text, kind_names[k]) != 0 || k == WR_AVRO_UNION) continue;
        if (k != WR_AVRO_ARRAY && k != WR_AVRO_MAP) return parse_named(p, j, k, space, out);
        const wr_json_tree *items = wr_json_tree_get(j, k == WR_AVRO_ARRAY ? "items" : "values");
        if (!(*out = new_type(p, k, 0))) return no_memory(p);
        return items ? parse(p, items, space, &(*out)->types[0])
                     : wrong(p, "says no items or values in", type->text);
    }
    return parse_name(p, type->text, space, out);
}

static weir_status parse(parser *p, const wr_json_tree *j, const char *space, wr_avro_type **out) {
    switch (j->kind) {
    case WR_JSON_STRING: return parse_name(p, j->text, space, out);
    case WR_JSON_ARRAY: return parse_union(p, j, space, out);
    case WR_JSON_OBJECT: return parse_object(p, j, space, out);
    default: return wrong(p, "has something else where a type is expected:", j->text);
    }
}

static weir_status parse_text(parser *p, const char *text, size_t len, wr_avro_type **out) {
    wr_json_tree *tree;
    weir_status st = wr_json_tree_parse(text, len, p->arena, &tree, p->err);
    if (st == WEIR_ECONFIG) return weir_fail(p->err, st, "avro: the schema is no JSON");
    WR_TRY(st);
    return parse(p, tree, "", out);
}

static weir_status parse_reference(parser *p, const wr_reference *r) {
    wr_avro_type *unused;
    weir_error own = {0};
    parser with_own = *p;
    with_own.err = &own;
    weir_status st = parse_text(&with_own, r->text, r->len, &unused);
    p->named = with_own.named;
    return st == WEIR_OK
               ? st
               : weir_fail(p->err, st, "subject '%.80s' version %d, to which the schema refers: %.200s",
                           r->subject, (int)r->version, own.message);
}

weir_status wr_avro_schema_parse_with(const wr_reference *references, uint32_t n, const char *text,
                                      size_t len, weir_arena *arena, wr_avro_type **out, weir_error *err) {
    parser p = {.arena = arena, .err = err};
    *out = NULL;
    for (uint32_t i = 0; i < n; i++) WR_TRY(parse_reference(&p, &references[i]));
    return parse_text(&p, text, len, out);
}

weir_status wr_avro_schema_parse(const char *text, size_t len, weir_arena *arena, wr_avro_type **out,
                                 weir_error *err) {
    return wr_avro_schema_parse_with(NULL, 0, text, len, arena, out, err);
}
