/* proto_schema.c: see proto_schema.h. */
#include "io/proto_schema.h"

#include <string.h>

#include "io/file_text.h"

static const char *join(wr_proto_schema *s, const char *scope, const char *name) {
    return scope && *scope ? wr_arena_printf(s->arena, "%s.%s", scope, name)
                           : wr_arena_strndup(s->arena, name, strlen(name));
}

wr_proto_message *wr_proto_add_message(wr_proto_schema *s, const char *scope, const char *name,
                                       const wr_proto_message *outer, uint32_t index) {
    wr_proto_message *m = wr_arena_zero(s->arena, 1, sizeof *m), **at = &s->messages;
    if (!m || !(m->name = join(s, scope, name))) return NULL;
    m->outer = outer;
    m->index = index;
    while (*at) at = &(*at)->next;
    return *at = m;
}

wr_proto_enum *wr_proto_add_enum(wr_proto_schema *s, const char *scope, const char *name) {
    wr_proto_enum *e = wr_arena_zero(s->arena, 1, sizeof *e);
    if (!e || !(e->name = join(s, scope, name))) return NULL;
    e->next = s->enums;
    return s->enums = e;
}

wr_proto_field *wr_proto_add_field(wr_proto_schema *s, wr_proto_message *m) {
    wr_proto_field *f = wr_arena_zero(s->arena, 1, sizeof *f), **at = &m->fields;
    while (*at) at = &(*at)->next;
    if (f) f->scope = m->name;
    return *at = f;
}

bool wr_proto_add_symbol(wr_proto_schema *s, wr_proto_enum *e, const char *name, int32_t number) {
    wr_proto_symbol *symbol = wr_arena_zero(s->arena, 1, sizeof *symbol), **at = &e->symbols;
    if (!symbol || !(symbol->name = wr_arena_strndup(s->arena, name, strlen(name)))) return false;
    symbol->number = number;
    while (*at) at = &(*at)->next;
    *at = symbol;
    return true;
}

/* ---- Names of types ----------------------------------------------------------------------------------- */

static bool set_type(const wr_proto_schema *s, wr_proto_field *f, const char *full) {
    for (const wr_proto_message *m = s->messages; m; m = m->next) {
        if (strcmp(m->name, full) != 0) continue;
        f->message = m;
        f->type = WR_PROTO_MESSAGE;
        f->has_presence = !f->is_repeated;
        return true;
    }
    for (const wr_proto_enum *e = s->enums; e; e = e->next) {
        if (strcmp(e->name, full) != 0) continue;
        f->symbols = e;
        f->type = WR_PROTO_ENUM;
        return true;
    }
    return false;
}

/* A name is looked for in the message, then in what is around it, up to the outermost. */
static weir_status link_field(wr_proto_schema *s, wr_proto_field *f, weir_error *err) {
    if (*f->type_name == '.') {
        if (set_type(s, f, f->type_name + 1)) return WEIR_OK;
    } else {
        for (size_t len = strlen(f->scope) + 1; len > 0;) {
            len--;
            if (f->scope[len] != '.' && f->scope[len]) continue;
            const char *full = wr_arena_printf(s->arena, "%.*s.%s", (int)len, f->scope, f->type_name);
            if (!full) return weir_fail(err, WEIR_ENOMEM, "out of memory");
            if (set_type(s, f, full)) return WEIR_OK;
        }
        if (set_type(s, f, f->type_name)) return WEIR_OK;
    }
    return weir_fail(err, WEIR_ENAME, "protobuf: the type '%s' of %s.%s is not known", f->type_name, f->scope,
                     f->name);
}

weir_status wr_proto_link(wr_proto_schema *s, weir_error *err) {
    for (wr_proto_message *m = s->messages; m; m = m->next)
        for (wr_proto_field *f = m->fields; f; f = f->next)
            if (f->type_name && !f->message && !f->symbols) WR_TRY(link_field(s, f, err));
    return WEIR_OK;
}

weir_status wr_proto_find(const wr_proto_schema *s, const char *name, const wr_proto_message **out,
                          weir_error *err) {
    uint32_t n = 0;
    *out = NULL;
    for (const wr_proto_message *m = s->messages; m; m = m->next) {
        const char *dot = strrchr(m->name, '.');
        bool found = name ? strcmp(m->name, name) == 0 || strcmp(dot ? dot + 1 : m->name, name) == 0
                          : !m->outer && !m->is_imported;
        if (name && strcmp(m->name, name) == 0) return *out = m, WEIR_OK;
        n += found;
        if (found) *out = m;
    }
    if (n == 1) return WEIR_OK;
    if (name)
        return weir_fail(err, WEIR_ENAME, "protobuf: %s message is called '%s'", n ? "more than one" : "no",
                         name);
    return weir_fail(err, WEIR_ECONFIG, "protobuf: there %s; say which with the option 'message'",
                     n ? "are several messages" : "is no message");
}

weir_status wr_proto_load(const char *path, wr_proto_schema *s, weir_error *err) {
    const char *text, *slash = strrchr(path, '/');
    size_t len, n = strlen(path);
    WR_TRY(wr_file_text(path, s->arena, &text, &len, err));
    if (n < 6 || strcmp(path + n - 6, ".proto") != 0) {
        WR_TRY(wr_proto_read_set(text, len, s, err));
        return wr_proto_link(s, err);
    }
    const char *folder = slash ? wr_arena_strndup(s->arena, path, (size_t)(slash - path)) : ".";
    if (!folder) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    WR_TRY(wr_proto_parse(text, folder, s, err));
    return wr_proto_link(s, err);
}
