/* avro_decoder.c: Avro's binary encoding to rows, by a schema given inline or in a file; or by the schema
 * that each message names, in the wire format of the schema registry: a zero byte, the id as int32
 * (big-endian), the record. Attributes are found in the writer's schema by name or path, so messages of
 * several versions can be read side by side; what nobody wants is skipped.
 *
 * A message can't make it work for longer than its length allows: blocks of items without bytes are counted.
 */
#include <stdio.h>
#include <string.h>

#include "io/avro_schema.h"
#include "io/file_text.h"
#include "io/json_path.h"
#include "io/number.h"
#include "io/table.h"
#include "weir_format.h"

#define MAX_DEPTH      64
#define EMPTY_ITEMS    100000 /* of a message */
#define REGISTRY_BYTES 5

enum { OPT_DEF, OPT_FILE, OPT_IDS, OPT_REGISTRY, OPT_MISSING };

static const weir_option options[] = {
    [OPT_DEF] = {"schema.def", WEIR_OPTION_TEXT, false, NULL, NULL, "The schema's JSON."},
    [OPT_FILE] = {"schema.file", WEIR_OPTION_TEXT, false, NULL, NULL, "The file that holds the schema."},
    [OPT_IDS] = {"schema.*", WEIR_OPTION_TEXT, false, NULL, NULL,
                 "The schemas of a registry by id: schema.id7.file='a.avsc', schema.id8.def='{...}'; each "
                 "message then "
                 "begins with the registry's five bytes."},
    [OPT_REGISTRY] = {"registry.prefix", WEIR_OPTION_BOOL, false, "false", NULL,
                      "Messages begin with the registry's five bytes, though one schema serves all of them."},
    [OPT_MISSING] = {"fail.on.missing.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
                     "An attribute that a schema doesn't have is refused; else it is null."},
    {0}};

/* What to do with values of a type: put them into a column, or go on with their fields. */
typedef struct plan {
    const wr_avro_type *type;
    uint32_t column;      /* or WR_JSON_NO_COLUMN */
    struct plan **fields; /* by field or branch; NULL: skip it */
    const wr_json_node *node;
} plan;

typedef struct version {
    int64_t id;
    plan *root;
} version;

typedef struct avro {
    const weir_decoder_args *args;
    weir_filler *filler;
    weir_arena arena;
    wr_json_node paths;
    version *versions;
    uint32_t n_versions;
    bool has_prefix;
    uint64_t n_records;
} avro;

typedef struct input {
    const unsigned char *at, *end;
    const char *wrong;
    uint32_t empty_items; /* that may still come */
} input;

/* ---- Bytes -------------------------------------------------------------------------------------------- */

static void fail(input *in, const char *wrong) {
    if (!in->wrong) in->wrong = wrong;
    in->at = in->end;
}

static int64_t take_long(input *in) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->at == in->end) break;
        unsigned char byte = *in->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    }
    fail(in, "the record is cut off");
    return 0;
}

static const char *take_bytes(input *in, uint64_t n) {
    if (n > (uint64_t)(in->end - in->at)) {
        fail(in, "the record is cut off");
        return NULL;
    }
    const char *p = (const char *)in->at;
    in->at += n;
    return p;
}

static double take_floating(input *in, bool is_double) {
    uint64_t bits = 0;
    const unsigned char *p = (const unsigned char *)take_bytes(in, is_double ? 8 : 4);
    for (int i = is_double ? 7 : 3; p && i >= 0; i--) bits = bits << 8 | p[i];
    float f;
    double d;
    uint32_t low = (uint32_t)bits;
    memcpy(&f, &low, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return is_double ? d : (double)f;
}

/* The branch of a union. */
static uint32_t take_branch(input *in, const wr_avro_type *t) {
    int64_t i = take_long(in);
    if (in->wrong || (i >= 0 && i < (int64_t)t->n)) return (uint32_t)i;
    fail(in, "a union has no such branch");
    return 0;
}

/* ---- Skipping ----------------------------------------------------------------------------------------- */

static void skip(input *in, const wr_avro_type *t, unsigned depth);

static void skip_blocks(input *in, const wr_avro_type *t, unsigned depth) {
    for (int64_t n; !in->wrong && (n = take_long(in)) != 0;) {
        if (n < 0) { /* its size in bytes follows, to skip it at once */
            int64_t size = take_long(in);
            if (size < 0) fail(in, "a block has a negative size");
            (void)take_bytes(in, (uint64_t)size);
            continue;
        }
        for (int64_t i = 0; i < n && !in->wrong; i++) {
            const unsigned char *before = in->at;
            if (t->kind == WR_AVRO_MAP) (void)take_bytes(in, (uint64_t)take_long(in));
            skip(in, t->types[0], depth + 1);
            if (in->at == before && !in->empty_items--) fail(in, "too many empty items");
        }
    }
}

static void skip(input *in, const wr_avro_type *t, unsigned depth) {
    if (depth > MAX_DEPTH) fail(in, "records are nested too deep");
    if (in->wrong) return;
    switch (t->kind) {
    case WR_AVRO_NULL: break;
    case WR_AVRO_BOOLEAN: (void)take_bytes(in, 1); break;
    case WR_AVRO_INT:
    case WR_AVRO_LONG:
    case WR_AVRO_ENUM: (void)take_long(in); break;
    case WR_AVRO_FLOAT: (void)take_bytes(in, 4); break;
    case WR_AVRO_DOUBLE: (void)take_bytes(in, 8); break;
    case WR_AVRO_BYTES:
    case WR_AVRO_STRING: (void)take_bytes(in, (uint64_t)take_long(in)); break;
    case WR_AVRO_FIXED: (void)take_bytes(in, t->size); break;
    case WR_AVRO_UNION: skip(in, t->types[take_branch(in, t)], depth + 1); break;
    case WR_AVRO_ARRAY:
    case WR_AVRO_MAP: skip_blocks(in, t, depth); break;
    case WR_AVRO_RECORD:
        for (uint32_t i = 0; i < t->n && !in->wrong; i++) skip(in, t->types[i], depth + 1);
    }
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static void put_text(avro *d, input *in, uint32_t column, uint64_t len) {
    const char *text = take_bytes(in, len);
    if (text) weir_filler_text(d->filler, column, text, (size_t)len);
}

static void put_symbol(avro *d, input *in, uint32_t column, const wr_avro_type *t) {
    int64_t i = take_long(in);
    if (in->wrong) return;
    if (i < 0 || i >= (int64_t)t->n)
        fail(in, "an enum has no such symbol");
    else
        weir_filler_text(d->filler, column, t->names[i], strlen(t->names[i]));
}

static void put_value(avro *d, input *in, uint32_t column, const wr_avro_type *t) {
    switch (t->kind) {
    case WR_AVRO_NULL: weir_filler_null(d->filler, column); break;
    case WR_AVRO_BOOLEAN: {
        const char *p = take_bytes(in, 1);
        if (p) weir_filler_bool(d->filler, column, *p != 0);
        break;
    }
    case WR_AVRO_INT:
    case WR_AVRO_LONG: weir_filler_long(d->filler, column, take_long(in)); break;
    case WR_AVRO_FLOAT: weir_filler_double(d->filler, column, take_floating(in, false)); break;
    case WR_AVRO_DOUBLE: weir_filler_double(d->filler, column, take_floating(in, true)); break;
    case WR_AVRO_BYTES:
    case WR_AVRO_STRING: put_text(d, in, column, (uint64_t)take_long(in)); break;
    case WR_AVRO_FIXED: put_text(d, in, column, t->size); break;
    case WR_AVRO_ENUM: put_symbol(d, in, column, t); break;
    case WR_AVRO_UNION: put_value(d, in, column, t->types[take_branch(in, t)]); break;
    default: fail(in, "a value of several parts where an attribute is expected");
    }
}

/* A union said that the record is not there. */
static void put_nulls(avro *d, const wr_json_node *node) {
    if (node->column != WR_JSON_NO_COLUMN && node->is_wanted) weir_filler_null(d->filler, node->column);
    for (const wr_json_node *c = node->children; c; c = c->next) put_nulls(d, c);
}

static void run(avro *d, input *in, const plan *p, unsigned depth) {
    const wr_avro_type *t = p->type;
    if (p->column != WR_JSON_NO_COLUMN) {
        put_value(d, in, p->column, t);
    } else if (t->kind == WR_AVRO_UNION) {
        uint32_t i = take_branch(in, t);
        if (in->wrong) return;
        if (p->fields[i])
            run(d, in, p->fields[i], depth + 1);
        else if (t->types[i]->kind == WR_AVRO_NULL)
            put_nulls(d, p->node);
        else
            skip(in, t->types[i], depth + 1);
    } else {
        for (uint32_t i = 0; i < t->n && !in->wrong; i++) {
            if (p->fields[i])
                run(d, in, p->fields[i], depth + 1);
            else
                skip(in, t->types[i], depth + 1);
        }
    }
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

static const plan *plan_of_message(avro *d, input *in) {
    if (!d->has_prefix) return d->versions[0].root;
    const unsigned char *p = (const unsigned char *)take_bytes(in, REGISTRY_BYTES);
    if (!p || p[0] != 0) {
        fail(in, "the registry's zero byte and schema id are missing");
        return NULL;
    }
    int64_t id = (int64_t)p[1] << 24 | p[2] << 16 | p[3] << 8 | p[4];
    for (uint32_t i = 0; i < d->n_versions; i++)
        if (d->versions[i].id == id || d->versions[i].id < 0) return d->versions[i].root;
    fail(in, "the message names a schema id that is not known");
    return NULL;
}

static weir_status avro_decode(void *self, weir_decode *call, weir_error *err) {
    avro *d = self;
    input in = {(const unsigned char *)call->bytes, (const unsigned char *)call->bytes + call->len, NULL,
                EMPTY_ITEMS};
    weir_record record = {call->bytes, call->len, d->n_records + 1, 0};
    weir_status st;
    call->consumed = 0;
    const plan *root = plan_of_message(d, &in);
    WR_TRY(weir_filler_begin(d->filler, call, err));
    if (root) run(d, &in, root, 0);
    if (!in.wrong && in.at < in.end) in.wrong = "bytes after the record";
    if (in.wrong) weir_filler_fault(d->filler, -1, "Avro: %s", in.wrong);
    weir_verdict verdict = weir_filler_end(d->filler, &record, &st);
    if (st != WEIR_OK) return weir_fail(err, st, "no memory for an Avro record");
    if (verdict == WEIR_ROW_LATER) return WEIR_OK;
    d->n_records++;
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

/* ---- Plans -------------------------------------------------------------------------------------------- */

static bool has_parts(const wr_avro_type *t) {
    if (t->kind == WR_AVRO_RECORD || t->kind == WR_AVRO_ARRAY || t->kind == WR_AVRO_MAP) return true;
    for (uint32_t i = 0; t->kind == WR_AVRO_UNION && i < t->n; i++)
        if (has_parts(t->types[i])) return true;
    return false;
}

static const char *name_of(const avro *d, const wr_json_node *node) {
    while (node->column == WR_JSON_NO_COLUMN && node->children) node = node->children;
    return d->args->schema->attributes[node->column].name;
}

static bool wants(const wr_json_node *node) {
    if (node->column != WR_JSON_NO_COLUMN) return node->is_wanted;
    for (const wr_json_node *c = node->children; c; c = c->next)
        if (wants(c)) return true;
    return false;
}

static weir_status make_plan(avro *d, const wr_avro_type *t, const wr_json_node *node, plan **out,
                             weir_error *err);

static weir_status plan_field(avro *d, plan *p, const wr_json_node *child, weir_error *err) {
    const wr_avro_type *t = p->type;
    for (uint32_t i = 0; child->name && i < t->n; i++)
        if (strlen(t->names[i]) == child->name_len && memcmp(t->names[i], child->name, child->name_len) == 0)
            return make_plan(d, t->types[i], child, &p->fields[i], err);
    if (!d->args->settings->of[OPT_MISSING].as.b) return WEIR_OK;
    return weir_fail(err, WEIR_ENAME, "avro: the schema's record '%s' has no field for the attribute '%s'",
                     t->name, name_of(d, child));
}

static weir_status plan_branches(avro *d, plan *p, weir_error *err) {
    bool has_record = false;
    for (uint32_t i = 0; i < p->type->n; i++) {
        if (p->type->types[i]->kind != WR_AVRO_RECORD) continue;
        has_record = true;
        WR_TRY(make_plan(d, p->type->types[i], p->node, &p->fields[i], err));
    }
    if (has_record) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "avro: the path of attribute '%s' goes into what is no record",
                     name_of(d, p->node));
}

static weir_status make_plan(avro *d, const wr_avro_type *t, const wr_json_node *node, plan **out,
                             weir_error *err) {
    if (!wants(node)) return WEIR_OK;
    plan *p = *out = wr_arena_zero(&d->arena, 1, sizeof *p);
    if (!p || !(p->fields = wr_arena_zero(&d->arena, t->n + 1, sizeof *p->fields)))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    p->type = t;
    p->column = node->column;
    p->node = node;
    if (node->also)
        return weir_fail(err, WEIR_EUNSUPPORTED, "avro: two attributes have the same path: '%s' and '%s'",
                         name_of(d, node), name_of(d, node->also));
    if (node->column != WR_JSON_NO_COLUMN)
        return !has_parts(t) ? WEIR_OK
                             : weir_fail(err, WEIR_ECONFIG,
                                         "avro: the attribute '%s' is a record, an array or a map; "
                                         "give the path of a value in a record",
                                         name_of(d, node));
    if (t->kind == WR_AVRO_UNION) return plan_branches(d, p, err);
    if (t->kind != WR_AVRO_RECORD)
        return weir_fail(err, WEIR_ECONFIG, "avro: the path of attribute '%s' goes into what is no record",
                         name_of(d, node));
    for (const wr_json_node *c = node->children; c; c = c->next) WR_TRY(plan_field(d, p, c, err));
    return WEIR_OK;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static weir_status add_version(avro *d, int64_t id, const char *text, bool is_file, weir_error *err) {
    size_t len = strlen(text);
    wr_avro_type *type;
    if (is_file) WR_TRY(wr_file_text(text, &d->arena, &text, &len, err));
    WR_TRY(wr_avro_schema_parse(text, len, &d->arena, &type, err));
    version *v = &d->versions[d->n_versions++];
    v->id = id;
    if (type->kind != WR_AVRO_RECORD) return weir_fail(err, WEIR_ECONFIG, "avro: the schema is no record");
    plan *root = NULL;
    WR_TRY(make_plan(d, type, &d->paths, &root, err));
    if (!root) { /* nothing is wanted: the record is only walked through */
        root = wr_arena_zero(&d->arena, 1, sizeof *root);
        if (!root || !(root->fields = wr_arena_zero(&d->arena, type->n + 1, sizeof *root->fields)))
            return weir_fail(err, WEIR_ENOMEM, "out of memory");
        *root = (plan){type, WR_JSON_NO_COLUMN, root->fields, &d->paths};
    }
    v->root = root;
    return WEIR_OK;
}

/* schema.id7.file and schema.id7.def */
static weir_status add_by_id(avro *d, const weir_pair *pair, weir_error *err) {
    if (strcmp(pair->key, "schema.registry") == 0)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "avro: weir asks no schema registry; give it the schemas: schema.id7.file='a.avsc'");
    const char *id = pair->key + strlen("schema.id"), *dot = strchr(pair->key + strlen("schema."), '.');
    int32_t number;
    bool is_file = dot && strcmp(dot, ".file") == 0, is_def = dot && strcmp(dot, ".def") == 0;
    bool is_id = strncmp(pair->key, "schema.id", 9) == 0 && dot >= id;
    if (!is_id || (!is_file && !is_def) || wr_parse_int(id, (size_t)(dot - id), &number) != WR_NUMBER_OK ||
        number < 0) {
        weir_fail(err, WEIR_ENAME, "avro: there is no option '%s'", pair->key);
        if (err) {
            snprintf(err->hint, sizeof err->hint,
                     "schema.def, schema.file, schema.id7.file or schema.id7.def");
            err->begin = pair->begin;
            err->end = pair->end;
        }
        return WEIR_ENAME;
    }
    d->has_prefix = true;
    return add_version(d, number, pair->value, is_file, err);
}

static weir_status add_versions(avro *d, weir_error *err) {
    const weir_settings *settings = d->args->settings;
    const weir_setting *def = &settings->of[OPT_DEF], *file = &settings->of[OPT_FILE];
    d->versions = wr_arena_zero(&d->arena, settings->n_pairs + 1, sizeof *d->versions);
    if (!d->versions) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    d->has_prefix = settings->of[OPT_REGISTRY].as.b;
    for (uint32_t i = 0; i < settings->n_pairs; i++) {
        const char *key = settings->pairs[i].key;
        if (strncmp(key, "schema.", 7) == 0 && strcmp(key, "schema.def") != 0 &&
            strcmp(key, "schema.file") != 0)
            WR_TRY(add_by_id(d, &settings->pairs[i], err));
    }
    if (d->n_versions + def->given + file->given == 0)
        return weir_fail(err, WEIR_ECONFIG,
                         "avro: no schema: give schema.def, schema.file or schema.id7.file");
    if ((def->given || file->given) && d->n_versions + def->given + file->given > 1)
        return weir_fail(err, WEIR_ECONFIG,
                         "avro: give schema.def or schema.file or schemas by id, not several of them");
    if (def->given) return add_version(d, -1, def->text, false, err);
    return file->given ? add_version(d, -1, file->text, true, err) : WEIR_OK;
}

static weir_status avro_open(void *self, const weir_decoder_args *args, weir_error *err) {
    avro *d = self;
    d->args = args;
    wr_arena_init(&d->arena, NULL);
    d->paths.column = WR_JSON_NO_COLUMN;
    for (uint32_t i = 0; i < args->schema->n_attributes; i++) {
        const char *path = args->mapping ? args->mapping[i] : NULL, *name = args->schema->attributes[i].name;
        bool wanted = !args->wanted || args->wanted[i];
        if (path && strncmp(path, "trp:", 4) == 0) continue;
        WR_TRY(path ? wr_json_path_add(&d->paths, path, i, wanted, &d->arena, err)
                    : wr_json_name_add(&d->paths, name, i, wanted, &d->arena, err));
    }
    WR_TRY(weir_filler_new(args, args->settings->of[OPT_MISSING].as.b, &d->filler, err));
    return add_versions(d, err);
}

static void avro_reset(void *self) { ((avro *)self)->n_records = 0; }

static void avro_save(const void *self, weir_writer *w) {
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)((const avro *)self)->n_records);
}

static weir_status avro_load(void *self, weir_reader *r, weir_error *err) {
    if (weir_read_u32(r) != 1) return weir_fail(err, WEIR_ESTATE, "avro: saved by another version");
    ((avro *)self)->n_records = (uint64_t)weir_read_i64(r);
    return weir_reader_status(r, err);
}

static void avro_close(void *self) {
    avro *d = self;
    weir_filler_free(d->filler);
    wr_arena_fini(&d->arena);
}

const weir_decoder_type wr_avro_decoder = {
    .struct_size = sizeof wr_avro_decoder,
    .name = "avro",
    .doc = "Avro records, by a schema or by the ids of a schema registry.",
    .example = "@map(type='avro', schema.def='{\"type\":\"record\",\"name\":\"stock\",\"fields\":"
               "[{\"name\":\"symbol\",\"type\":\"string\"},{\"name\":\"price\",\"type\":\"double\"}]}')",
    .options = options,
    .state_size = sizeof(avro),
    .open = avro_open,
    .decode = avro_decode,
    .reset = avro_reset,
    .save = avro_save,
    .load = avro_load,
    .close = avro_close,
};
