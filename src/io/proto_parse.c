/* proto_parse.c: the text of .proto files, as much of it as says what messages look like. Services, options
 * and extensions are passed over; groups are refused. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file_text.h"
#include "io/proto_schema.h"

#define MAX_DEPTH   32
#define MAX_IMPORTS 256

/* Where imports are looked for. */
typedef struct imports {
    const char *folder; /* NULL: nowhere, or among the references */
    const wr_reference *references;
    uint32_t n_references;
    bool *is_read; /* of the references */
    uint32_t n;    /* that were read */
} imports;

typedef struct parser {
    wr_proto_schema *schema;
    const char *p;
    uint32_t line;
    char token[256]; /* a name, a number, one sign, or a text (is_text); "" at the end */
    bool is_text, is_proto3;
    const char *package;
    imports *imports;
    bool is_imported;
    weir_error *err;
} parser;

static weir_status parse_file(const char *text, imports *im, bool is_imported, wr_proto_schema *schema,
                              weir_error *err);

/* ---- Tokens ------------------------------------------------------------------------------------------- */

static void skip_blanks(parser *s) {
    for (;; s->p++) {
        if (s->p[0] == '/' && s->p[1] == '/') {
            s->p += strcspn(s->p, "\n");
        } else if (s->p[0] == '/' && s->p[1] == '*') {
            const char *end = strstr(s->p + 2, "*/");
            for (const char *c = s->p; end && c < end; c++) s->line += *c == '\n';
            s->p = end ? end + 1 : s->p + strlen(s->p) - 1;
            continue;
        }
        if (!*s->p || !strchr(" \t\r\n", *s->p)) return;
        s->line += *s->p == '\n';
    }
}

static bool in_name(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || c == '+';
}

static void next(parser *s) {
    size_t n = 0;
    skip_blanks(s);
    s->is_text = *s->p == '"' || *s->p == '\'';
    if (s->is_text) {
        char quote = *s->p++;
        for (; *s->p && *s->p != quote && *s->p != '\n'; s->p++) {
            if (*s->p == '\\' && s->p[1]) s->p++;
            if (n + 1 < sizeof s->token) s->token[n++] = *s->p;
        }
        s->p += *s->p == quote;
    } else if (in_name(*s->p)) {
        for (; in_name(*s->p); s->p++)
            if (n + 1 < sizeof s->token) s->token[n++] = *s->p;
    } else if (*s->p) {
        s->token[n++] = *s->p++;
    }
    s->token[n] = 0;
}

static bool is(const parser *s, const char *token) { return !s->is_text && strcmp(s->token, token) == 0; }

static weir_status wrong(parser *s, const char *expected) {
    return weir_fail(s->err, WEIR_ECONFIG, "protobuf: line %u of the schema: %s expected, not '%s'", s->line,
                     expected, s->token);
}

static weir_status expect(parser *s, const char *token) {
    if (!is(s, token)) return wrong(s, token);
    next(s);
    return WEIR_OK;
}

static weir_status name(parser *s, const char **out) {
    if (s->is_text || !(isalpha((unsigned char)s->token[0]) || s->token[0] == '_' || s->token[0] == '.'))
        return wrong(s, "a name");
    *out = wr_arena_strndup(s->schema->arena, s->token, strlen(s->token));
    next(s);
    return *out ? WEIR_OK : weir_fail(s->err, WEIR_ENOMEM, "out of memory");
}

static weir_status number(parser *s, long *out) {
    char *end;
    *out = strtol(s->token, &end, 0);
    if (s->is_text || !s->token[0] || *end) return wrong(s, "a number");
    next(s);
    return WEIR_OK;
}

/* Up to and with the `;`, or the block in braces. */
static weir_status skip_statement(parser *s) {
    for (int depth = 0;; next(s)) {
        if (!s->token[0] && !s->is_text) return wrong(s, "';'");
        if (is(s, "{") || is(s, "[")) depth++;
        if (is(s, "}") || is(s, "]")) depth--;
        if (depth > 0 || !(is(s, ";") || is(s, "}"))) continue;
        next(s);
        return WEIR_OK;
    }
}

/* ---- Fields ------------------------------------------------------------------------------------------- */

static wr_proto_type scalar(const char *text) {
    static const struct {
        const char *name;
        wr_proto_type type;
    } types[] = {
        {"double", WR_PROTO_DOUBLE},     {"float", WR_PROTO_FLOAT},   {"int64", WR_PROTO_INT64},
        {"uint64", WR_PROTO_UINT64},     {"int32", WR_PROTO_INT32},   {"fixed64", WR_PROTO_FIXED64},
        {"fixed32", WR_PROTO_FIXED32},   {"bool", WR_PROTO_BOOL},     {"string", WR_PROTO_STRING},
        {"bytes", WR_PROTO_BYTES},       {"uint32", WR_PROTO_UINT32}, {"sfixed32", WR_PROTO_SFIXED32},
        {"sfixed64", WR_PROTO_SFIXED64}, {"sint32", WR_PROTO_SINT32}, {"sint64", WR_PROTO_SINT64}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, text) == 0) return types[i].type;
    return 0;
}

static weir_status field_options(parser *s) {
    while (!is(s, ";")) {
        if (!s->token[0] && !s->is_text) return wrong(s, "';'");
        next(s);
    }
    next(s);
    return WEIR_OK;
}

static weir_status field(parser *s, wr_proto_message *m, bool in_oneof) {
    wr_proto_field *f = wr_proto_add_field(s->schema, m);
    long n;
    if (!f) return weir_fail(s->err, WEIR_ENOMEM, "out of memory");
    bool is_optional = is(s, "optional"), is_required = is(s, "required");
    f->is_repeated = is(s, "repeated");
    if (is_optional || is_required || f->is_repeated) next(s);
    if (is(s, "group")) return weir_fail(s->err, WEIR_EUNSUPPORTED, "protobuf: line %u: groups", s->line);
    if (is(s, "map")) { /* a message of key and value, repeated */
        f->is_repeated = true;
        f->type = WR_PROTO_MESSAGE;
        while (s->token[0] && !is(s, ">")) next(s);
        next(s);
    } else {
        f->type = scalar(s->token);
        if (f->type)
            next(s);
        else
            WR_TRY(name(s, &f->type_name));
    }
    f->has_presence = !f->is_repeated && (!s->is_proto3 || is_optional || in_oneof);
    WR_TRY(name(s, &f->name));
    WR_TRY(expect(s, "="));
    WR_TRY(number(s, &n));
    if (n < 1 || n > 0x1fffffff) return wrong(s, "a field's number before what follows is");
    f->number = (uint32_t)n;
    return field_options(s);
}

static weir_status oneof(parser *s, wr_proto_message *m) {
    const char *unused;
    next(s);
    WR_TRY(name(s, &unused));
    WR_TRY(expect(s, "{"));
    while (!is(s, "}")) {
        if (!s->token[0]) return wrong(s, "'}'");
        WR_TRY(is(s, "option") ? skip_statement(s) : field(s, m, true));
    }
    next(s);
    return WEIR_OK;
}

/* ---- Types -------------------------------------------------------------------------------------------- */

static weir_status enumeration(parser *s, const char *scope) {
    const char *text;
    long n;
    next(s);
    WR_TRY(name(s, &text));
    wr_proto_enum *e = wr_proto_add_enum(s->schema, scope, text);
    if (!e) return weir_fail(s->err, WEIR_ENOMEM, "out of memory");
    WR_TRY(expect(s, "{"));
    while (!is(s, "}")) {
        if (is(s, "option") || is(s, "reserved")) {
            WR_TRY(skip_statement(s));
            continue;
        }
        WR_TRY(name(s, &text));
        WR_TRY(expect(s, "="));
        WR_TRY(number(s, &n));
        if (!wr_proto_add_symbol(s->schema, e, text, (int32_t)n))
            return weir_fail(s->err, WEIR_ENOMEM, "out of memory");
        WR_TRY(field_options(s));
    }
    next(s);
    return WEIR_OK;
}

static weir_status message(parser *s, const char *scope, const wr_proto_message *outer, uint32_t index,
                           unsigned depth) {
    const char *text;
    uint32_t n_nested = 0;
    next(s);
    WR_TRY(name(s, &text));
    wr_proto_message *m = wr_proto_add_message(s->schema, scope, text, outer, index);
    if (!m) return weir_fail(s->err, WEIR_ENOMEM, "out of memory");
    m->is_imported = s->is_imported;
    if (depth == MAX_DEPTH) return wrong(s, "messages that are less deep in each other");
    WR_TRY(expect(s, "{"));
    while (!is(s, "}")) {
        weir_status st;
        if (is(s, ";"))
            next(s), st = WEIR_OK;
        else if (is(s, "message"))
            st = message(s, m->name, m, n_nested++, depth + 1);
        else if (is(s, "enum"))
            st = enumeration(s, m->name);
        else if (is(s, "oneof"))
            st = oneof(s, m);
        else if (is(s, "option") || is(s, "reserved") || is(s, "extensions") || is(s, "extend"))
            st = skip_statement(s);
        else
            st = field(s, m, false);
        WR_TRY(st);
    }
    next(s);
    return WEIR_OK;
}

/* ---- Files -------------------------------------------------------------------------------------------- */

static weir_status import_file(parser *s, const char *name) {
    const char *path = wr_arena_printf(s->schema->arena, "%s/%s", s->imports->folder, name), *text;
    size_t len;
    if (!path) return weir_fail(s->err, WEIR_ENOMEM, "out of memory");
    if (++s->imports->n > MAX_IMPORTS)
        return weir_fail(s->err, WEIR_ECONFIG, "protobuf: imports go in a circle");
    WR_TRY(wr_file_text(path, s->schema->arena, &text, &len, s->err));
    return parse_file(text, s->imports, true, s->schema, s->err);
}

static weir_status import_reference(parser *s, uint32_t i) {
    const wr_reference *r = &s->imports->references[i];
    weir_error own = {0};
    if (s->imports->is_read[i]) return WEIR_OK;
    s->imports->is_read[i] = true;
    weir_status st = parse_file(r->text, s->imports, true, s->schema, &own);
    return st == WEIR_OK ? st
                         : weir_fail(s->err, st, "subject '%.80s' version %d, which is imported: %.200s",
                                     r->subject, (int)r->version, own.message);
}

static weir_status import(parser *s) {
    char path[sizeof s->token];
    next(s);
    if (is(s, "public") || is(s, "weak")) next(s);
    if (!s->is_text) return wrong(s, "a file's name in quotes");
    memcpy(path, s->token, sizeof path);
    next(s);
    WR_TRY(expect(s, ";"));
    for (uint32_t i = 0; i < s->imports->n_references; i++)
        if (strcmp(s->imports->references[i].name, path) == 0) return import_reference(s, i);
    if (strncmp(path, "google/protobuf/", 16) == 0)
        return WEIR_OK; /* a type that is used is told as unknown */
    if (s->imports->folder) return import_file(s, path);
    if (s->imports->n_references)
        return weir_fail(s->err, WEIR_ECONFIG,
                         "protobuf: the schema imports '%s', for which it has no reference", path);
    return weir_fail(s->err, WEIR_ECONFIG, "protobuf: a schema in the app imports '%s'; use schema.file",
                     path);
}

static weir_status syntax(parser *s) {
    next(s);
    WR_TRY(expect(s, "="));
    if (!s->is_text || (strcmp(s->token, "proto2") != 0 && strcmp(s->token, "proto3") != 0))
        return wrong(s, "\"proto2\" or \"proto3\"");
    s->is_proto3 = strcmp(s->token, "proto3") == 0;
    next(s);
    return expect(s, ";");
}

static weir_status statement(parser *s, uint32_t *n_messages) {
    if (is(s, ";")) return next(s), WEIR_OK;
    if (is(s, "syntax")) return syntax(s);
    if (is(s, "import")) return import(s);
    if (is(s, "message")) return message(s, s->package, NULL, (*n_messages)++, 0);
    if (is(s, "enum")) return enumeration(s, s->package);
    if (is(s, "option") || is(s, "service") || is(s, "extend")) return skip_statement(s);
    if (!is(s, "package")) return wrong(s, "message, enum, import, package or option");
    next(s);
    WR_TRY(name(s, &s->package));
    return expect(s, ";");
}

static weir_status parse_file(const char *text, imports *im, bool is_imported, wr_proto_schema *schema,
                              weir_error *err) {
    parser s = {.schema = schema,
                .p = text,
                .line = 1,
                .package = "",
                .imports = im,
                .is_imported = is_imported,
                .err = err};
    uint32_t n_messages = 0;
    next(&s);
    while (s.token[0] || s.is_text) WR_TRY(statement(&s, &n_messages));
    return WEIR_OK;
}

weir_status wr_proto_parse(const char *text, const char *folder, wr_proto_schema *schema, weir_error *err) {
    imports im = {.folder = folder};
    return parse_file(text, &im, false, schema, err);
}

weir_status wr_proto_parse_with(const char *text, const wr_reference *references, uint32_t n,
                                wr_proto_schema *schema, weir_error *err) {
    imports im = {.references = references, .n_references = n};
    im.is_read = wr_arena_zero(schema->arena, n + 1, sizeof *im.is_read);
    if (!im.is_read) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    return parse_file(text, &im, false, schema, err);
}
