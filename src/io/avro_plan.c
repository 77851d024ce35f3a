/* avro_plan.c: which attribute gets which value of a writer's schema, by way of a reader's if there is one.
 * See avro_read.h. */
#include <string.h>

#include "io/avro_read.h"

static weir_status no_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

/* ---- What goes with what ------------------------------------------------------------------------------ */

static const char *last_part(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

static bool among(const wr_json_tree *aliases, const char *name) {
    if (!aliases || aliases->kind != WR_JSON_ARRAY) return false;
    for (const wr_json_tree *a = aliases->children; a; a = a->next)
        if (a->kind == WR_JSON_STRING && strcmp(last_part(a->text), last_part(name)) == 0) return true;
    return false;
}

/* Names count without their namespaces, as the specification has it. */
static bool same_name(const wr_avro_type *w, const wr_avro_type *r) {
    return strcmp(last_part(w->name), last_part(r->name)) == 0 || among(r->aliases, w->name);
}

/* A value that was written as w can be read as r; neither is a union. */
static bool goes(const wr_avro_type *w, const wr_avro_type *r) {
    switch (w->kind) {
    case WR_AVRO_INT:
        return r->kind == WR_AVRO_INT || r->kind == WR_AVRO_LONG || r->kind == WR_AVRO_FLOAT ||
               r->kind == WR_AVRO_DOUBLE;
    case WR_AVRO_LONG:
        return r->kind == WR_AVRO_LONG || r->kind == WR_AVRO_FLOAT || r->kind == WR_AVRO_DOUBLE;
    case WR_AVRO_FLOAT: return r->kind == WR_AVRO_FLOAT || r->kind == WR_AVRO_DOUBLE;
    case WR_AVRO_STRING:
    case WR_AVRO_BYTES: return r->kind == WR_AVRO_STRING || r->kind == WR_AVRO_BYTES;
    case WR_AVRO_RECORD:
    case WR_AVRO_ENUM: return r->kind == w->kind && same_name(w, r);
    case WR_AVRO_FIXED: return r->kind == w->kind && same_name(w, r) && r->size == w->size;
    default: return r->kind == w->kind;
    }
}

/* The branch of the reader's union that takes w: the same kind before one it is promoted to. */
static const wr_avro_type *branch_for(const wr_avro_type *w, const wr_avro_type *r) {
    for (uint32_t i = 0; i < r->n; i++)
        if (r->types[i]->kind == w->kind && goes(w, r->types[i])) return r->types[i];
    for (uint32_t i = 0; i < r->n; i++)
        if (goes(w, r->types[i])) return r->types[i];
    return NULL;
}

/* ---- Plans -------------------------------------------------------------------------------------------- */

static bool has_parts(const wr_avro_type *t) {
    if (t->kind == WR_AVRO_RECORD || t->kind == WR_AVRO_ARRAY || t->kind == WR_AVRO_MAP) return true;
    for (uint32_t i = 0; t->kind == WR_AVRO_UNION && i < t->n; i++)
        if (has_parts(t->types[i])) return true;
    return false;
}

static const char *name_of(const wr_avro_plan_args *a, const wr_json_node *node) {
    while (node->column == WR_JSON_NO_COLUMN && node->children) node = node->children;
    return a->schema->attributes[node->column].name;
}

static bool wants(const wr_json_node *node) {
    if (node->column != WR_JSON_NO_COLUMN) return node->is_wanted;
    for (const wr_json_node *c = node->children; c; c = c->next)
        if (wants(c)) return true;
    return false;
}

static weir_status make(const wr_avro_plan_args *a, const wr_avro_type *w, const wr_avro_type *r,
                        const wr_json_node *node, wr_avro_plan **out, weir_error *err);

static uint32_t find_field(const wr_avro_type *t, const char *name, size_t len) {
    uint32_t i = 0;
    while (i < t->n && (strlen(t->names[i]) != len || memcmp(t->names[i], name, len) != 0)) i++;
    return i;
}

/* The writer's field that the reader's field k is filled from, or w->n. */
static uint32_t writer_field(const wr_avro_type *w, const wr_avro_type *r, uint32_t k) {
    uint32_t i = find_field(w, r->names[k], strlen(r->names[k]));
    for (uint32_t j = 0; i == w->n && j < w->n; j++)
        if (among(r->fields[k].aliases, w->names[j])) i = j;
    return i;
}

static weir_status no_field(const wr_avro_plan_args *a, const wr_avro_type *t, const wr_json_node *child,
                            weir_error *err) {
    if (!a->fail_missing) return WEIR_OK;
    return weir_fail(err, WEIR_ENAME, "avro: the schema's record '%s' has no field for the attribute '%s'",
                     t->name, name_of(a, child));
}

static weir_status add_default(wr_avro_plan *p, const wr_json_node *child, uint32_t k,
                               const wr_avro_type *r) {
    p->defaults[p->n_defaults++] = (wr_avro_default){child, r->fields[k].fallback, r->types[k]};
    return WEIR_OK;
}

static weir_status plan_field(const wr_avro_plan_args *a, wr_avro_plan *p, const wr_avro_type *r,
                              const wr_json_node *child, weir_error *err) {
    const wr_avro_type *w = p->type;
    if (!wants(child)) return WEIR_OK;
    if (!r) {
        uint32_t i = child->name ? find_field(w, child->name, child->name_len) : w->n;
        return i < w->n ? make(a, w->types[i], NULL, child, &p->fields[i], err) : no_field(a, w, child, err);
    }
    uint32_t k = child->name ? find_field(r, child->name, child->name_len) : r->n;
    if (k == r->n) return no_field(a, r, child, err);
    uint32_t i = writer_field(w, r, k);
    if (i < w->n) return make(a, w->types[i], r->types[k], child, &p->fields[i], err);
    if (r->fields[k].fallback) return add_default(p, child, k, r);
    p->mismatch = wr_arena_printf(a->arena, "the writer has no field '%s', and the reader no default for it",
                                  r->names[k]);
    return p->mismatch ? WEIR_OK : no_memory(err);
}

static weir_status plan_branches(const wr_avro_plan_args *a, wr_avro_plan *p, const wr_avro_type *r,
                                 weir_error *err) {
    bool is_leaf = p->node->column != WR_JSON_NO_COLUMN, has_one = is_leaf;
    for (uint32_t i = 0; i < p->type->n; i++) {
        const wr_avro_type *t = p->type->types[i];
        if (is_leaf ? t->kind == WR_AVRO_NULL && !r : t->kind != WR_AVRO_RECORD) continue;
        has_one = true;
        WR_TRY(make(a, t, r, p->node, &p->fields[i], err));
    }
    if (has_one) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "avro: the path of attribute '%s' goes into what is no record",
                     name_of(a, p->node));
}

static weir_status plan_record(const wr_avro_plan_args *a, wr_avro_plan *p, const wr_avro_type *r,
                               weir_error *err) {
    uint32_t n = 0;
    for (const wr_json_node *c = p->node->children; c; c = c->next) n++;
    p->defaults = wr_arena_zero(a->arena, n + 1, sizeof *p->defaults);
    if (!p->defaults) return no_memory(err);
    for (const wr_json_node *c = p->node->children; c; c = c->next) WR_TRY(plan_field(a, p, r, c, err));
    return WEIR_OK;
}

/* Neither is a union any more; *r NULL: as written. False: they don't go together, which p tells. */
static weir_status resolve(const wr_avro_plan_args *a, wr_avro_plan *p, const wr_avro_type **r,
                           weir_error *err) {
    const wr_avro_type *w = p->type, *of_reader = *r;
    if (!of_reader) return WEIR_OK;
    *r = of_reader->kind == WR_AVRO_UNION ? branch_for(w, of_reader) : goes(w, of_reader) ? of_reader : NULL;
    if (*r) return WEIR_OK;
    p->mismatch = wr_arena_printf(a->arena, "what was written as %s%s%s can't be read as the reader's %s%s%s",
                                  wr_avro_kind_name(w->kind), w->name ? " " : "", w->name ? w->name : "",
                                  wr_avro_kind_name(of_reader->kind), of_reader->name ? " " : "",
                                  of_reader->name ? of_reader->name : "");
    return p->mismatch ? WEIR_OK : no_memory(err);
}

/* A plan that only walks through what was written. */
static weir_status new_plan(const wr_avro_plan_args *a, const wr_avro_type *w, const wr_json_node *node,
                            wr_avro_plan **out, weir_error *err) {
    wr_avro_plan *p = *out = wr_arena_zero(a->arena, 1, sizeof *p);
    if (!p || !(p->fields = wr_arena_zero(a->arena, w->n + 1, sizeof *p->fields))) return no_memory(err);
    p->type = w;
    p->column = WR_JSON_NO_COLUMN;
    p->node = node;
    return WEIR_OK;
}

static weir_status make(const wr_avro_plan_args *a, const wr_avro_type *w, const wr_avro_type *r,
                        const wr_json_node *node, wr_avro_plan **out, weir_error *err) {
    if (!wants(node)) return WEIR_OK;
    WR_TRY(new_plan(a, w, node, out, err));
    wr_avro_plan *p = *out;
    p->column = node->column;
    if (node->also)
        return weir_fail(err, WEIR_EUNSUPPORTED, "avro: two attributes have the same path: '%s' and '%s'",
                         name_of(a, node), name_of(a, node->also));
    if (node->column != WR_JSON_NO_COLUMN && has_parts(w))
        return weir_fail(
            err, WEIR_ECONFIG,
            "avro: the attribute '%s' is a record, an array or a map; give the path of a value in a record",
            name_of(a, node));
    if (w->kind == WR_AVRO_UNION && (r || node->column == WR_JSON_NO_COLUMN)) {
        p->column = WR_JSON_NO_COLUMN;
        return plan_branches(a, p, r, err);
    }
    WR_TRY(resolve(a, p, &r, err));
    p->reader = r;
    if (p->mismatch || node->column != WR_JSON_NO_COLUMN) return WEIR_OK;
    if (w->kind != WR_AVRO_RECORD)
        return weir_fail(err, WEIR_ECONFIG, "avro: the path of attribute '%s' goes into what is no record",
                         name_of(a, node));
    return plan_record(a, p, r, err);
}

weir_status wr_avro_plan_new(const wr_avro_plan_args *args, const wr_avro_type *writer,
                             const wr_avro_type *reader, wr_avro_plan **out, weir_error *err) {
    *out = NULL;
    if (writer->kind != WR_AVRO_RECORD || (reader && reader->kind != WR_AVRO_RECORD))
        return weir_fail(err, WEIR_ECONFIG, "avro: the schema is no record");
    WR_TRY(make(args, writer, reader, args->paths, out, err));
    return *out ? WEIR_OK : new_plan(args, writer, args->paths, out, err); /* NULL: nothing is wanted */
}
