/* proto_decoder.c: Protobuf messages to rows, by a .proto file or a descriptor set, or by the schema of a
 * registry that each message names. The wire format is walked through once, fields that nobody wants are left
 * out, and values go into their columns as they are met. A field that is not there has its default, or null
 * where Protobuf can tell (optional, oneof, proto2, messages). */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/text.h"
#include "io/json_path.h"
#include "io/proto_options.h"
#include "io/proto_wire.h"
#include "io/table.h"
#include "weir_format.h"

#define MAX_DEPTH  64
#define MAX_PATH   16    /* messages within messages that a registry's path can name */
#define MOST_FORMS 10000 /* of a registry */

enum { OPT_REGISTRY = WR_PROTO_FIRST_OTHER };

static const weir_option options[] = {
    WR_PROTO_OPTIONS,
    [OPT_REGISTRY] = {"registry.prefix", WEIR_OPTION_BOOL, false, "false", NULL,
                      "Records begin with the schema registry's zero byte, id and path of the message; with "
                      "schema.registry they always do."},
    {0}};

/* A field that somebody wants something of. */
typedef struct plan {
    const wr_proto_field *field;
    uint32_t column;     /* or WR_JSON_NO_COLUMN: goes on within */
    struct plan *within; /* a list */
    struct plan *next;
    uint64_t seen_in; /* the last run that met it */
} plan;

/* How the records of one message of one schema are read. */
typedef struct form {
    uint32_t id; /* of the schema in the registry */
    uint32_t path[MAX_PATH], depth;
    const wr_proto_message *message;
    plan *plans;
    const char *why; /* why it is of no use; NULL: it is */
} form;

typedef struct proto {
    const weir_decoder_args *args;
    weir_filler *filler;
    weir_arena arena;
    wr_json_node paths;
    wr_schema_registry *registry; /* NULL: forms[0] is the only one */
    form *forms;
    uint32_t n_forms, cap_forms, last;
    bool has_prefix;
    char reason[300];
    uint64_t n_records;
    uint64_t n_runs; /* counts every try, for `seen_in` */
} proto;

/* ---- Values ------------------------------------------------------------------------------------------- */

static unsigned wire_type(wr_proto_type t) {
    switch (t) {
    case WR_PROTO_DOUBLE:
    case WR_PROTO_FIXED64:
    case WR_PROTO_SFIXED64: return WR_WIRE_64;
    case WR_PROTO_FLOAT:
    case WR_PROTO_FIXED32:
    case WR_PROTO_SFIXED32: return WR_WIRE_32;
    case WR_PROTO_STRING:
    case WR_PROTO_BYTES:
    case WR_PROTO_MESSAGE: return WR_WIRE_LEN;
    default: return WR_WIRE_VARINT;
    }
}

static int64_t zigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

/* The type of the column, when an unsigned number is larger than any long. */
static void put_unsigned(proto *d, uint32_t column, uint64_t v) {
    char text[24];
    if (v <= INT64_MAX)
        weir_filler_long(d->filler, column, (int64_t)v);
    else
        weir_filler_text(d->filler, column, text, (size_t)sprintf(text, "%llu", (unsigned long long)v));
}

static void put_symbol(proto *d, uint32_t column, const wr_proto_enum *e, int32_t number) {
    weir_type type = d->args->schema->attributes[column].type;
    for (const wr_proto_symbol *s = e->symbols; s && (type == WEIR_STRING || type == WEIR_OBJECT);
         s = s->next) {
        if (s->number != number) continue;
        weir_filler_text(d->filler, column, s->name, strlen(s->name));
        return;
    }
    weir_filler_long(d->filler, column, number);
}

static void put_double_bits(proto *d, uint32_t column, uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    weir_filler_double(d->filler, column, v);
}

static void put_float_bits(proto *d, uint32_t column, uint32_t bits) {
    float v;
    memcpy(&v, &bits, sizeof v);
    weir_filler_double(d->filler, column, (double)v);
}

/* A number as it lies on the wire. */
static void put_number(proto *d, const plan *p, uint64_t v) {
    switch (p->field->type) {
    case WR_PROTO_DOUBLE: put_double_bits(d, p->column, v); break;
    case WR_PROTO_FLOAT: put_float_bits(d, p->column, (uint32_t)v); break;
    case WR_PROTO_BOOL: weir_filler_bool(d->filler, p->column, v != 0); break;
    case WR_PROTO_UINT64:
    case WR_PROTO_FIXED64: put_unsigned(d, p->column, v); break;
    case WR_PROTO_UINT32:
    case WR_PROTO_FIXED32: weir_filler_long(d->filler, p->column, (uint32_t)v); break;
    case WR_PROTO_INT32:
    case WR_PROTO_SFIXED32: weir_filler_long(d->filler, p->column, (int32_t)v); break;
    case WR_PROTO_SINT32:
    case WR_PROTO_SINT64: weir_filler_long(d->filler, p->column, zigzag(v)); break;
    case WR_PROTO_ENUM: put_symbol(d, p->column, p->field->symbols, (int32_t)v); break;
    default: weir_filler_long(d->filler, p->column, (int64_t)v);
    }
}

static void run(proto *d, wr_wire *w, plan *plans, unsigned depth);

static void put_field(proto *d, wr_wire *w, plan *p, unsigned depth) {
    p->seen_in = d->n_runs;
    switch (wire_type(p->field->type)) {
    case WR_WIRE_64: put_number(d, p, wr_wire_fixed(w, 8)); return;
    case WR_WIRE_32: put_number(d, p, wr_wire_fixed(w, 4)); return;
    case WR_WIRE_VARINT: put_number(d, p, wr_wire_varint(w)); return;
    default: break;
    }
    wr_wire part = wr_wire_part(w);
    if (p->field->type == WR_PROTO_MESSAGE) {
        run(d, &part, p->within, depth + 1);
        if (part.failed) (void)wr_wire_fail(w);
    } else if (!part.failed) {
        weir_filler_text(d->filler, p->column, (const char *)part.at, (size_t)(part.end - part.at));
    }
}

static plan *find(plan *plans, uint32_t number) {
    while (plans && plans->field->number != number) plans = plans->next;
    return plans;
}

static void run(proto *d, wr_wire *w, plan *plans, unsigned depth) {
    uint32_t number;
    unsigned type;
    if (depth == MAX_DEPTH) (void)wr_wire_fail(w);
    while (wr_wire_next(w, &number, &type)) {
        plan *p = find(plans, number);
        if (p && type == wire_type(p->field->type))
            put_field(d, w, p, depth);
        else
            wr_wire_skip(w, number, type);
    }
}

/* ---- What was not there ------------------------------------------------------------------------------- */

static void put_nulls(proto *d, const plan *plans) {
    for (const plan *p = plans; p; p = p->next) {
        if (p->column != WR_JSON_NO_COLUMN)
            weir_filler_null(d->filler, p->column);
        else
            put_nulls(d, p->within);
    }
}

static void put_default(proto *d, const plan *p) {
    const wr_proto_field *f = p->field;
    if (f->has_presence)
        weir_filler_null(d->filler, p->column);
    else if (f->type == WR_PROTO_STRING || f->type == WR_PROTO_BYTES)
        weir_filler_text(d->filler, p->column, "", 0);
    else if (f->type == WR_PROTO_ENUM)
        put_symbol(d, p->column, f->symbols, f->symbols->symbols ? f->symbols->symbols->number : 0);
    else
        put_number(d, p, 0);
}

static void put_absent(proto *d, const plan *plans) {
    for (const plan *p = plans; p; p = p->next) {
        bool was_there = p->seen_in == d->n_runs;
        if (p->column == WR_JSON_NO_COLUMN && was_there)
            put_absent(d, p->within);
        else if (p->column == WR_JSON_NO_COLUMN)
            put_nulls(d, p->within);
        else if (!was_there)
            put_default(d, p);
    }
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

/* Zero byte, id (big-endian), then the numbers of the message within its file, from outside in: a count and
 * so many varints, zigzag; a single zero stands for the first message. False: that is not there. */
static bool take_prefix(wr_wire *w, form *f) {
    if (w->end - w->at < 6 || *w->at != 0) return false;
    f->id = (uint32_t)w->at[1] << 24 | (uint32_t)w->at[2] << 16 | (uint32_t)w->at[3] << 8 | w->at[4];
    w->at += 5;
    int64_t n = zigzag(wr_wire_varint(w));
    if (n < 0 || n > MAX_PATH) return false;
    for (f->depth = 0; f->depth < n && !w->failed; f->depth++) {
        int64_t index = zigzag(wr_wire_varint(w));
        if (index < 0 || index > INT32_MAX) return false;
        f->path[f->depth] = (uint32_t)index;
    }
    if (!f->depth) f->path[f->depth++] = 0;
    return !w->failed;
}

static bool same_path(const form *f, const form *g) {
    return f->depth == g->depth && memcmp(f->path, g->path, f->depth * sizeof *f->path) == 0;
}

static form *find_form(proto *d, const form *wanted) {
    for (uint32_t i = 0; i < d->n_forms; i++) {
        uint32_t k = (d->last + i) % d->n_forms;
        if (d->forms[k].id == wanted->id && same_path(&d->forms[k], wanted)) return d->last = k, &d->forms[k];
    }
    return NULL;
}

static weir_status ask_form(proto *d, const form *wanted, form **out, weir_error *err);

/* How the record is read; NULL: *wrong says why not at all. EAGAIN: that has been asked for. */
static weir_status form_of(proto *d, wr_wire *w, form **out, const char **wrong) {
    form named = {0};
    weir_error err = {0};
    *out = d->registry ? NULL : &d->forms[0];
    if (!d->has_prefix) return WEIR_OK;
    if (!take_prefix(w, &named)) {
        *wrong = "the registry's zero byte, schema id and message are missing";
        return WEIR_OK;
    }
    if (!d->registry) {
        if (!same_path(&named, *out)) *wrong = "the record is of another message of its schema";
        return WEIR_OK;
    }
    form *f = find_form(d, &named);
    weir_status st = f ? WEIR_OK : ask_form(d, &named, &f, &err);
    if (st == WEIR_EAGAIN || st == WEIR_ENOMEM) return st;
    if (st != WEIR_OK) snprintf(d->reason, sizeof d->reason, "%.290s", err.message);
    *wrong = st != WEIR_OK ? d->reason : f->why;
    *out = *wrong ? NULL : f;
    return WEIR_OK;
}

static weir_status proto_decode(void *self, weir_decode *call, weir_error *err) {
    proto *d = self;
    wr_wire w = {(const unsigned char *)call->bytes, (const unsigned char *)call->bytes + call->len, false};
    weir_record record = {call->bytes, call->len, d->n_records + 1, 0};
    const char *wrong = NULL;
    form *f;
    call->consumed = 0;
    weir_status st = form_of(d, &w, &f, &wrong);
    if (st == WEIR_EAGAIN) {
        call->wait_ms = WR_REGISTRY_WAIT_MS;
        return WEIR_OK;
    }
    if (st != WEIR_OK) return weir_fail(err, st, "no memory for a Protobuf record");
    WR_TRY(weir_filler_begin(d->filler, call, err));
    d->n_runs++;
    if (!wrong) run(d, &w, f->plans, 0);
    if (!wrong && w.failed) wrong = "malformed, or cut off";
    if (wrong) weir_filler_fault(d->filler, -1, "Protobuf: %s", wrong);
    if (f) put_absent(d, f->plans);
    weir_verdict verdict = weir_filler_end(d->filler, &record, &st);
    if (st != WEIR_OK) return weir_fail(err, st, "no memory for a Protobuf record");
    if (verdict == WEIR_ROW_LATER) return WEIR_OK;
    d->n_records++;
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

/* ---- Plans -------------------------------------------------------------------------------------------- */

static bool wants(const wr_json_node *node) {
    if (node->column != WR_JSON_NO_COLUMN) return node->is_wanted;
    for (const wr_json_node *c = node->children; c; c = c->next)
        if (wants(c)) return true;
    return false;
}

static const char *name_of(const proto *d, const wr_json_node *node) {
    while (node->column == WR_JSON_NO_COLUMN && node->children) node = node->children;
    return d->args->schema->attributes[node->column].name;
}

static const wr_proto_field *find_field(const wr_proto_message *m, const wr_json_node *node) {
    for (const wr_proto_field *f = m->fields; node->name && f; f = f->next)
        if (strlen(f->name) == node->name_len && memcmp(f->name, node->name, node->name_len) == 0) return f;
    return NULL;
}

static weir_status check_field(const proto *d, const wr_proto_field *f, const wr_json_node *node,
                               weir_error *err) {
    const char *attribute = name_of(d, node);
    bool is_message = f->type == WR_PROTO_MESSAGE, is_leaf = node->column != WR_JSON_NO_COLUMN;
    if (f->is_repeated)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "protobuf: the field '%s' of attribute '%s' is repeated, or a map", f->name,
                         attribute);
    if (f->type == WR_PROTO_GROUP)
        return weir_fail(err, WEIR_EUNSUPPORTED, "protobuf: the field '%s' of attribute '%s' is a group",
                         f->name, attribute);
    if (is_message == is_leaf)
        return weir_fail(
            err, WEIR_ECONFIG,
            is_leaf
                ? "protobuf: the field '%s' of attribute '%s' is a message; give the path of a field in it"
                : "protobuf: the field '%s' on the path of attribute '%s' is no message",
            f->name, attribute);
    return WEIR_OK;
}

static weir_status make_plans(proto *d, const wr_proto_message *m, const wr_json_node *node, plan **out,
                              weir_error *err) {
    for (const wr_json_node *c = node->children; c; c = c->next) {
        if (!wants(c)) continue;
        const wr_proto_field *f = find_field(m, c);
        if (!f)
            return weir_fail(err, WEIR_ENAME,
                             "protobuf: the message '%s' has no field for the attribute '%s'", m->name,
                             name_of(d, c));
        WR_TRY(check_field(d, f, c, err));
        if (c->also)
            return weir_fail(err, WEIR_EUNSUPPORTED,
                             "protobuf: two attributes have the same path: '%s' and '%s'", name_of(d, c),
                             name_of(d, c->also));
        plan *p = *out = wr_arena_zero(&d->arena, 1, sizeof *p);
        if (!p) return weir_fail(err, WEIR_ENOMEM, "out of memory");
        p->field = f;
        p->column = c->column;
        out = &p->next;
        if (c->column == WR_JSON_NO_COLUMN) WR_TRY(make_plans(d, f->message, c, &p->within, err));
    }
    return WEIR_OK;
}

/* ---- Forms -------------------------------------------------------------------------------------------- */

static weir_status add_form(proto *d, const form *f, weir_error *err) {
    if (d->n_forms >= MOST_FORMS)
        return weir_fail(err, WEIR_ECONFIG, "protobuf: more than %d schemas", MOST_FORMS);
    if (wr_grow(NULL, &d->forms, &d->cap_forms, d->n_forms + 1, sizeof *d->forms))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    d->last = d->n_forms;
    d->forms[d->n_forms++] = *f;
    return WEIR_OK;
}

/* The message that the path leads to, from outside in. */
static weir_status follow(const wr_proto_schema *s, form *f, weir_error *err) {
    const wr_proto_message *at = NULL;
    for (uint32_t i = 0; i < f->depth; i++) {
        const wr_proto_message *m = s->messages;
        while (m && (m->outer != at || m->index != f->path[i] || m->is_imported)) m = m->next;
        if (!m) return weir_fail(err, WEIR_ENAME, "the record names a message that its schema doesn't have");
        at = m;
    }
    f->message = at;
    return WEIR_OK;
}

static weir_status read_registered(proto *d, const wr_registered *r, form *f, weir_error *err) {
    wr_proto_schema schema = {.arena = &d->arena};
    const weir_setting *message = &d->args->settings->of[WR_PROTO_OPT_MESSAGE];
    const wr_proto_message *wanted;
    WR_TRY(wr_proto_read_registered(r, &schema, err));
    WR_TRY(follow(&schema, f, err));
    if (message->given) {
        WR_TRY(wr_proto_find(&schema, message->text, &wanted, err));
        if (wanted != f->message)
            return weir_fail(err, WEIR_ENAME, "the record is of another message of its schema");
    }
    return make_plans(d, f->message, &d->paths, &f->plans, err);
}

/* What the registry has doesn't change, so it is kept too that it is of no use. */
static weir_status ask_form(proto *d, const form *wanted, form **out, weir_error *err) {
    const wr_registered *r;
    form f = *wanted;
    WR_TRY(wr_schema_registry_get(d->registry, wanted->id, &r, err));
    weir_status st = read_registered(d, r, &f, err);
    if (st == WEIR_ENOMEM) return st;
    if (st != WEIR_OK && !(f.why = wr_arena_strndup(&d->arena, err->message, strlen(err->message))))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    WR_TRY(add_form(d, &f, err));
    *out = &d->forms[d->last];
    return WEIR_OK;
}

/* The one form that there is without a registry. */
static weir_status add_only_form(proto *d, weir_error *err) {
    wr_proto_schema schema = {.arena = &d->arena};
    uint32_t path[MAX_DEPTH], depth = 0;
    form f = {0};
    WR_TRY(wr_proto_message_of_options(d->args->settings->of, &schema, &f.message, err));
    for (const wr_proto_message *m = f.message; m && depth < MAX_DEPTH; m = m->outer)
        path[depth++] = m->index;
    if (depth > MAX_PATH)
        return weir_fail(err, WEIR_ELIMIT, "protobuf: the message '%s' is in more than %d others",
                         f.message->name, MAX_PATH);
    while (depth) f.path[f.depth++] = path[--depth];
    WR_TRY(make_plans(d, f.message, &d->paths, &f.plans, err));
    return add_form(d, &f, err);
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static weir_status proto_open(void *self, const weir_decoder_args *args, weir_error *err) {
    proto *d = self;
    const weir_setting *set = args->settings->of;
    d->args = args;
    d->paths.column = WR_JSON_NO_COLUMN;
    wr_arena_init(&d->arena, NULL);
    WR_TRY(wr_schema_registry_open(set, args->host, &d->registry, err));
    if (d->registry && (set[WR_PROTO_OPT_FILE].given || set[WR_PROTO_OPT_DEF].given))
        return weir_fail(err, WEIR_ECONFIG,
                         "protobuf: the registry has the schemas: give no schema.file or schema.def too");
    d->has_prefix = d->registry || set[OPT_REGISTRY].as.b;
    WR_TRY(wr_json_paths_add(&d->paths, args, &d->arena, err));
    if (!d->registry) WR_TRY(add_only_form(d, err));
    return weir_filler_new(args, true, &d->filler, err);
}

static void proto_reset(void *self) { ((proto *)self)->n_records = 0; }

static void proto_save(const void *self, weir_writer *w) {
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)((const proto *)self)->n_records);
}

static weir_status proto_load(void *self, weir_reader *r, weir_error *err) {
    WR_TRY(weir_read_version(r, 1, err));
    ((proto *)self)->n_records = (uint64_t)weir_read_i64(r);
    return weir_reader_status(r, err);
}

static void proto_close(void *self) {
    proto *d = self;
    weir_filler_free(d->filler);
    wr_schema_registry_close(d->registry);
    wr_free(NULL, d->forms, d->cap_forms * sizeof *d->forms);
    wr_arena_fini(&d->arena);
}

static const char *proto_state(const void *self) {
    const proto *d = self;
    return d->registry ? wr_schema_registry_state(d->registry) : "";
}

const weir_decoder_type wr_proto_decoder = {
    .struct_size = sizeof wr_proto_decoder,
    .name = "protobuf",
    .doc = "Protobuf messages, by a .proto file, a descriptor set or a schema registry.",
    .example = "@map(type='protobuf', schema.def='syntax = \"proto3\"; message Stock { string symbol = 1; "
               "double price = "
               "2; }')",
    .options = options,
    .state_size = sizeof(proto),
    .open = proto_open,
    .decode = proto_decode,
    .reset = proto_reset,
    .save = proto_save,
    .load = proto_load,
    .close = proto_close,
    .state = proto_state,
};
