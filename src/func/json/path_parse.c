/* path_parse.c: JSON paths: from text to steps. See path.h. */
#include "base/hash.h"
#include "data/text.h"
#include "func/json/path_impl.h"

#define PATH_MOST 4096u /* bytes */

weir_status wr_json_refuse_path(wr_json_parser *r, const char *why) {
    return weir_fail(r->err, WEIR_EPARSE, "the JSON path '%.*s' can't be read: %s at byte %zu",
                     (int)WR_MIN(r->end - r->text, 80), r->text, why, (size_t)(r->p - r->text));
}

static weir_status no_memory(wr_json_parser *r) {
    return weir_fail(r->err, WEIR_ENOMEM, "out of memory while a JSON path is read");
}

/* ---- Keys --------------------------------------------------------------------------------------------- */

static weir_status keep_key(wr_json_parser *r, const char *p, size_t len, wr_json_step *step) {
    weir_string *keys = wr_arena_array(r->arena, step->n + 1, sizeof *keys);
    if (!keys) return no_memory(r);
    if (step->n) memcpy(keys, step->keys, step->n * sizeof *keys);
    step->keys = keys;
    return weir_arena_string(r->arena, p, len, &keys[step->n++]);
}

/* At a quote. A backslash takes the next character as it is. */
weir_status wr_json_parse_quoted(wr_json_parser *r, weir_string *out) {
    char quote = *r->p++, *to = weir_arena_alloc(r->arena, (size_t)(r->end - r->p) + 1);
    uint32_t n = 0;
    if (!to) return no_memory(r);
    while (r->p < r->end && *r->p != quote) {
        if (*r->p == '\\' && r->p + 1 < r->end) r->p++;
        to[n++] = *r->p++;
    }
    if (r->p == r->end) return wr_json_refuse_path(r, "a quote without a second one");
    r->p++;
    *out = weir_string_view(to, n);
    return WEIR_OK;
}

static weir_status parse_bracket_keys(wr_json_parser *r, wr_json_step *step) {
    step->kind = WR_JSON_KEYS;
    do {
        weir_string key;
        wr_json_skip_blanks(r);
        if (r->p == r->end || (*r->p != '\'' && *r->p != '"')) return wr_json_refuse_path(r, "no quoted key");
        WR_TRY(wr_json_parse_quoted(r, &key));
        WR_TRY(keep_key(r, weir_string_data(&key), key.len, step));
        wr_json_skip_blanks(r);
    } while (wr_json_take(r, ",", 1));
    return WEIR_OK;
}

static bool ends_key(char c, bool in_filter) {
    return c == '.' || c == '[' || c == '(' || c == ' ' || (in_filter && strchr(")=<>!&|~", c));
}

static weir_status parse_dot_key(wr_json_parser *r, bool in_filter, wr_json_step *step) {
    const char *begin = r->p;
    while (r->p < r->end && !ends_key(*r->p, in_filter)) r->p++;
    size_t len = (size_t)(r->p - begin);
    if (len == 0) return wr_json_refuse_path(r, "no key");
    if (r->p < r->end && *r->p == '(') {
        if (len != 6 || memcmp(begin, "length", 6) != 0 || !wr_json_take(r, "()", 2))
            return wr_json_refuse_path(r, "a function that isn't supported (only length() is)");
        step->kind = WR_JSON_LENGTH;
        return WEIR_OK;
    }
    if (r->p < r->end && *r->p == ' ' && !in_filter)
        return wr_json_refuse_path(r, "a blank (write ['a b'] for a key with one)");
    step->kind = WR_JSON_KEYS;
    return keep_key(r, begin, len, step);
}

/* ---- Indexes ------------------------------------------------------------------------------------------ */

static weir_status parse_index(wr_json_parser *r, int32_t *out) {
    const char *begin = r->p;
    if (r->p < r->end && *r->p == '-') r->p++;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9') r->p++;
    if (!wr_text_to_int(begin, (size_t)(r->p - begin), out)) return wr_json_refuse_path(r, "no index");
    wr_json_skip_blanks(r);
    return WEIR_OK;
}

/* Behind the first colon. */
static weir_status parse_slice(wr_json_parser *r, wr_json_step *step) {
    step->kind = WR_JSON_SLICE;
    wr_json_skip_blanks(r);
    step->has_to = r->p < r->end && *r->p != ']' && *r->p != ':';
    if (step->has_to) WR_TRY(parse_index(r, &step->indexes[1]));
    if (!step->has_from && !step->has_to) return wr_json_refuse_path(r, "a slice without limits");
    return r->p < r->end && *r->p == ':' ? wr_json_refuse_path(r, "a slice with steps, which isn't supported")
                                         : WEIR_OK;
}

static weir_status parse_numbers(wr_json_parser *r, wr_json_step *step) {
    uint32_t most = 2;
    for (const char *p = r->p; p < r->end && *p != ']'; p++) most += *p == ',';
    step->kind = WR_JSON_INDEXES;
    step->indexes = wr_arena_zero(r->arena, most, sizeof *step->indexes);
    if (!step->indexes) return no_memory(r);
    if (wr_json_take(r, ":", 1)) return parse_slice(r, step);
    do {
        wr_json_skip_blanks(r);
        WR_TRY(parse_index(r, &step->indexes[step->n++]));
        step->has_from = step->n == 1;
        if (step->n == 1 && wr_json_take(r, ":", 1)) return parse_slice(r, step);
    } while (wr_json_take(r, ",", 1));
    return WEIR_OK;
}

/* ---- Steps -------------------------------------------------------------------------------------------- */

/* Behind '['. */
static weir_status parse_bracket(wr_json_parser *r, wr_json_step *step) {
    wr_json_skip_blanks(r);
    char c = r->p < r->end ? *r->p : 0;
    if (c == '*') {
        r->p++;
        step->kind = WR_JSON_ALL;
    } else if (c == '?') {
        r->p++;
        step->kind = WR_JSON_FILTER;
        wr_json_skip_blanks(r);
        if (!wr_json_take(r, "(", 1)) return wr_json_refuse_path(r, "no ( behind [?");
        WR_TRY(wr_json_parse_filter(r, &step->filter));
    } else if (c == '\'' || c == '"') {
        WR_TRY(parse_bracket_keys(r, step));
    } else {
        WR_TRY(parse_numbers(r, step));
    }
    wr_json_skip_blanks(r);
    return wr_json_take(r, "]", 1) ? WEIR_OK : wr_json_refuse_path(r, "no ]");
}

/* At '.' or '['; or, behind "..", at what follows it. */
static weir_status parse_step(wr_json_parser *r, bool in_filter, bool is_deep, wr_json_step *step) {
    if (wr_json_take(r, "[", 1)) return parse_bracket(r, step);
    if (!is_deep && !wr_json_take(r, ".", 1)) return wr_json_refuse_path(r, "neither . nor [");
    if (wr_json_take(r, "*", 1)) {
        step->kind = WR_JSON_ALL;
        return WEIR_OK;
    }
    if (!is_deep && r->p < r->end && *r->p == '[') return parse_step(r, in_filter, is_deep, step);
    return parse_dot_key(r, in_filter, step);
}

/* One step, and one for the ".." before it. */
static weir_status add_steps(wr_json_parser *r, bool in_filter, wr_json_step ***tail) {
    bool is_deep = wr_json_take(r, "..", 2);
    r->n_steps += is_deep ? 2 : 1;
    if (r->n_steps > WR_JSON_STEPS_MOST) return wr_json_refuse_path(r, "too many steps");
    wr_json_step *steps = wr_arena_zero(r->arena, 2, sizeof *steps), *step = is_deep ? steps + 1 : steps;
    if (!steps) return no_memory(r);
    steps->kind = WR_JSON_DEEP;
    steps->next = is_deep ? step : NULL;
    WR_TRY(parse_step(r, in_filter, is_deep, step));
    if (is_deep && step->kind == WR_JSON_LENGTH)
        return wr_json_refuse_path(r, "length() behind .., which isn't supported");
    **tail = steps;
    *tail = &step->next;
    return WEIR_OK;
}

static bool leads_to_one(const wr_json_step *step) {
    switch (step->kind) {
    case WR_JSON_KEYS: return step->n == 1 || !step->next;
    case WR_JSON_INDEXES: return step->n == 1;
    case WR_JSON_LENGTH: return true;
    default: return false;
    }
}

weir_status wr_json_parse_steps(wr_json_parser *r, bool in_filter, wr_json_step **out, bool *is_definite) {
    wr_json_step **tail = out;
    *out = NULL;
    while (r->p < r->end && (!in_filter || *r->p == '.' || *r->p == '['))
        WR_TRY(add_steps(r, in_filter, &tail));
    *is_definite = true;
    for (wr_json_step *step = *out; step; step = step->next) {
        step->is_definite = leads_to_one(step);
        step->from_definite = *is_definite;
        *is_definite = *is_definite && step->is_definite;
        if (step->kind == WR_JSON_LENGTH && (step->next || !step->from_definite))
            return wr_json_refuse_path(r, "length() elsewhere than at the end of a definite path");
    }
    return WEIR_OK;
}

/* ---- Paths -------------------------------------------------------------------------------------------- */

/* All of the steps. The patterns in them are the path's, whatever becomes of it. */
static weir_status parse_all(wr_json_path *path, wr_json_parser *r) {
    weir_status status = wr_json_parse_steps(r, false, &path->steps, &path->is_definite);
    path->regexes = r->regexes;
    return status;
}

static weir_status parse_path(wr_json_path *path, const char *text, size_t len, weir_error *err) {
    wr_json_parser r = {.text = text, .p = text, .end = text + len, .arena = &path->arena, .err = err};
    while (r.end > text && r.end[-1] == ' ') r.end--;
    if (r.end == text) return wr_json_refuse_path(&r, "it is empty");
    if (len > PATH_MOST) return wr_json_refuse_path(&r, "it is too long");
    if (*text == '$' || *text == '@') {
        r.p++;
        return parse_all(path, &r);
    }
    char *whole = weir_arena_alloc(&path->arena, len + 1); /* "a.b" is "$.a.b" */
    if (!whole) return no_memory(&r);
    size_t n = (size_t)(r.end - text);
    whole[0] = '.';
    memcpy(whole + 1, text, n);
    r = (wr_json_parser){.text = whole, .p = whole, .end = whole + n + 1, .arena = &path->arena, .err = err};
    return parse_all(path, &r);
}

weir_status wr_json_path_new(const char *text, size_t len, wr_json_path **out, weir_error *err) {
    wr_json_path *path = wr_alloc_zero(NULL, sizeof *path);
    *out = path;
    if (!path) return weir_fail(err, WEIR_ENOMEM, "out of memory while a JSON path is read");
    wr_arena_init(&path->arena, NULL);
    weir_status status = parse_path(path, text, len, err);
    if (!status) return WEIR_OK;
    wr_json_path_free(path);
    *out = NULL;
    return status;
}

void wr_json_path_free(wr_json_path *path) {
    if (!path) return;
    for (wr_json_regex *x = path->regexes; x; x = x->next) weir_regex_free(x->regex);
    wr_arena_fini(&path->arena);
    wr_free(NULL, path, sizeof *path);
}

bool wr_json_path_is_definite(const wr_json_path *path) { return path->is_definite; }

/* ---- Cache -------------------------------------------------------------------------------------------- */

static void drop(struct wr_json_path_cached *c) {
    wr_json_path_free(c->path);
    wr_free(NULL, c->text, c->len + 1);
    *c = (struct wr_json_path_cached){0};
}

void wr_json_path_cache_fini(wr_json_path_cache *cache) {
    for (uint32_t i = 0; i < WR_JSON_PATH_CACHE; i++) drop(&cache->of[i]);
}

weir_status wr_json_path_cache_get(wr_json_path_cache *cache, const char *text, size_t len,
                                   wr_json_path **out, weir_error *err) {
    struct wr_json_path_cached *c = &cache->of[wr_hash_bytes(text, len) % WR_JSON_PATH_CACHE];
    if (!c->path || c->len != len || memcmp(c->text, text, len) != 0) {
        drop(c);
        c->text = wr_alloc(NULL, len + 1);
        if (!c->text) return weir_fail(err, WEIR_ENOMEM, "out of memory while a JSON path is read");
        memcpy(c->text, text, len);
        c->len = len;
        weir_status status = wr_json_path_new(text, len, &c->path, err);
        if (status) {
            drop(c);
            return status;
        }
    }
    *out = c->path;
    return WEIR_OK;
}
