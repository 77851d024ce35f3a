/* json_tree.c: see json_tree.h. */
#include "io/json_tree.h"

#include <string.h>

#include "io/json_text.h"

#define MAX_DEPTH 64

typedef struct reader {
    const char *p, *end;
    weir_arena *arena;
    bool no_memory;
} reader;

static wr_json_tree *read_value(reader *r, unsigned depth);

/* The string at p, without escapes; NULL: malformed. */
static const char *read_string(reader *r) {
    wr_json_string s;
    r->p = wr_json_string_at(r->p, r->end, &s);
    char *text = r->p ? weir_arena_alloc(r->arena, s.len + 1) : NULL;
    r->no_memory |= r->p && !text;
    if (!text) return NULL;
    size_t len = wr_json_unescape(&s, text);
    if (len == SIZE_MAX || memchr(text, 0, len)) return NULL;
    text[len] = 0;
    return text;
}

static bool skip_to(reader *r) {
    if (r->p) r->p = wr_json_skip_space(r->p, r->end);
    return r->p && r->p < r->end;
}

/* Members or elements up to the closing sign; false: malformed. */
static bool read_children(reader *r, wr_json_tree *t, char closing, unsigned depth) {
    wr_json_tree **at = &t->children;
    r->p++;
    if (skip_to(r) && *r->p == closing) return r->p++, true;
    for (;;) {
        const char *key = NULL;
        if (!skip_to(r)) return false;
        if (closing == '}') {
            if (*r->p != '"' || !(key = read_string(r)) || !skip_to(r) || *r->p++ != ':' || !skip_to(r))
                return false;
        }
        wr_json_tree *child = read_value(r, depth + 1);
        if (!child) return false;
        child->key = key;
        *at = child;
        at = &child->next;
        if (!skip_to(r) || (*r->p != ',' && *r->p != closing)) return false;
        if (*r->p++ == closing) return true;
    }
}

static bool read_scalar(reader *r, wr_json_tree *t) {
    const char *begin = r->p;
    bool unused;
    switch (*r->p) {
    case '"': t->kind = WR_JSON_STRING; return (t->text = read_string(r)) != NULL;
    case 't': t->kind = WR_JSON_BOOL, t->truth = true; return (r->p = wr_json_word_at(r->p, r->end, "true"));
    case 'f': t->kind = WR_JSON_BOOL; return (r->p = wr_json_word_at(r->p, r->end, "false"));
    case 'n': t->kind = WR_JSON_NULL; return (r->p = wr_json_word_at(r->p, r->end, "null"));
    default: break;
    }
    t->kind = WR_JSON_NUMBER;
    if (!(r->p = wr_json_number_at(r->p, r->end, &unused))) return false;
    t->text = wr_arena_strndup(r->arena, begin, (size_t)(r->p - begin));
    r->no_memory |= !t->text;
    return t->text != NULL;
}

static wr_json_tree *read_value(reader *r, unsigned depth) {
    wr_json_tree *t = wr_arena_zero(r->arena, 1, sizeof *t);
    r->no_memory |= !t;
    if (!t || depth > MAX_DEPTH) return NULL;
    bool is_container = *r->p == '{' || *r->p == '[';
    if (is_container) t->kind = *r->p == '{' ? WR_JSON_OBJECT : WR_JSON_ARRAY;
    bool ok = is_container ? read_children(r, t, *r->p == '{' ? '}' : ']', depth) : read_scalar(r, t);
    return ok ? t : NULL;
}

weir_status wr_json_tree_parse(const char *text, size_t len, weir_arena *arena, wr_json_tree **out,
                               weir_error *err) {
    reader r = {text, text + len, arena, false};
    *out = skip_to(&r) ? read_value(&r, 0) : NULL;
    if (r.no_memory) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (*out && !skip_to(&r)) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "malformed JSON%s", *out ? ": text after the value" : "");
}

const wr_json_tree *wr_json_tree_get(const wr_json_tree *object, const char *key) {
    if (!object || object->kind != WR_JSON_OBJECT) return NULL;
    for (const wr_json_tree *c = object->children; c; c = c->next)
        if (strcmp(c->key, key) == 0) return c;
    return NULL;
}

const char *wr_json_tree_text(const wr_json_tree *object, const char *key) {
    const wr_json_tree *t = wr_json_tree_get(object, key);
    return t && t->kind == WR_JSON_STRING ? t->text : NULL;
}
