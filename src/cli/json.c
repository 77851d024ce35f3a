/* json.c: see json.h. */
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 200

typedef struct reader {
    const char *at, *end, *begin;
    const char *error;
    int depth;
} reader;

static json *parse_value(reader *r);

json *json_new(json_kind kind) {
    json *j = calloc(1, sizeof *j);
    if (j) j->kind = kind;
    return j;
}

json *json_new_text(json_kind kind, const char *text, size_t len) {
    json *j = json_new(kind);
    if (!j) return NULL;
    j->text = malloc(len + 1);
    if (!j->text) {
        free(j);
        return NULL;
    }
    memcpy(j->text, text, len);
    j->text[len] = 0;
    j->len = len;
    return j;
}

void json_free(json *j) {
    if (!j) return;
    for (uint32_t i = 0; i < j->n; i++) {
        json_free(j->items[i]);
        if (j->keys) free(j->keys[i]);
    }
    free(j->items);
    free(j->keys);
    free(j->text);
    free(j);
}

static bool widen(json *j) {
    if (j->n < j->cap) return true;
    uint32_t cap = j->cap ? j->cap * 2 : 4;
    json **items = realloc(j->items, cap * sizeof *items);
    if (!items) return false;
    j->items = items;
    if (j->kind == JSON_OBJECT) {
        char **keys = realloc(j->keys, cap * sizeof *keys);
        if (!keys) return false;
        j->keys = keys;
    }
    j->cap = cap;
    return true;
}

bool json_append(json *array, json *item) {
    if (!item || !array || !widen(array)) {
        json_free(item);
        return false;
    }
    array->items[array->n++] = item;
    return true;
}

bool json_set(json *object, const char *key, json *value) {
    if (!value || !object) {
        json_free(value);
        return false;
    }
    for (uint32_t i = 0; i < object->n; i++)
        if (!strcmp(object->keys[i], key)) {
            json_free(object->items[i]);
            object->items[i] = value;
            return true;
        }
    char *copy = widen(object) ? strdup(key) : NULL;
    if (!copy) {
        json_free(value);
        return false;
    }
    object->keys[object->n] = copy;
    object->items[object->n++] = value;
    return true;
}

/* ---- Reading ---- */

static json *fail(reader *r, const char *error) {
    if (!r->error) r->error = error;
    return NULL;
}

static void skip_blanks(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

static int hex4(const char *p) {
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

static char *put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    return to;
}

/* The character after \u at p (4 digits there), and how many bytes were used. */
static uint32_t unicode_escape(const char *p, const char *end, size_t *used) {
    int high = end - p >= 4 ? hex4(p) : -1;
    *used = 4;
    if (high < 0) return UINT32_MAX;
    if (high < 0xD800 || high > 0xDBFF) return (uint32_t)high;
    int low = end - p >= 10 && p[4] == '\\' && p[5] == 'u' ? hex4(p + 6) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return 0xFFFD;
    *used = 10;
    return 0x10000u + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
}

static json *parse_string(reader *r) {
    const char *p = ++r->at;
    while (p < r->end && *p != '"') p += *p == '\\' ? 2 : 1;
    if (p >= r->end) return fail(r, "a string is not closed");
    json *j = json_new_text(JSON_STRING, "", 0);
    char *to = j ? realloc(j->text, (size_t)(p - r->at) + 1) : NULL;
    if (!to) {
        json_free(j);
        return fail(r, "out of memory");
    }
    j->text = to;
    for (const char *from = r->at; from < p;) {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        const char *k = from[1] ? strchr(plain, from[1]) : NULL;
        size_t used = 0;
        if (k) {
            *to++ = meant[k - plain];
            from += 2;
            continue;
        }
        uint32_t c = from[1] == 'u' ? unicode_escape(from + 2, p, &used) : UINT32_MAX;
        if (c == UINT32_MAX) {
            r->at = from;
            json_free(j);
            return fail(r, "an escape is wrong");
        }
        to = put_utf8(to, c);
        from += 2 + used;
    }
    *to = 0;
    j->len = (size_t)(to - j->text);
    r->at = p + 1;
    return j;
}

static json *parse_number(reader *r) {
    const char *p = r->at;
    while (p < r->end && strchr("+-0123456789.eE", *p) && *p) p++;
    char *end;
    json *j = json_new_text(JSON_NUMBER, r->at, (size_t)(p - r->at));
    if (!j) return fail(r, "out of memory");
    strtod(j->text, &end);
    if (*end || end == j->text) {
        json_free(j);
        return fail(r, "a value was expected");
    }
    r->at = p;
    return j;
}

static bool word(reader *r, const char *text) {
    size_t n = strlen(text);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0) return false;
    r->at += n;
    return true;
}

static bool member(reader *r, json *j) {
    json *key = NULL;
    skip_blanks(r);
    if (j->kind == JSON_OBJECT) {
        if (r->at >= r->end || *r->at != '"') return fail(r, "a key was expected"), false;
        key = parse_string(r);
        if (!key) return false;
        skip_blanks(r);
        if (!word(r, ":")) {
            json_free(key);
            return fail(r, "':' was expected"), false;
        }
    }
    json *value = parse_value(r);
    bool ok = value && (key ? json_set(j, key->text, value) : json_append(j, value));
    json_free(key);
    if (!ok) fail(r, "out of memory");
    return ok;
}

static json *parse_list(reader *r, json_kind kind, const char *close) {
    json *j = json_new(kind);
    if (!j) return fail(r, "out of memory");
    r->at++;
    skip_blanks(r);
    bool done = word(r, close);
    while (!done) {
        if (!member(r, j)) break;
        skip_blanks(r);
        done = word(r, close);
        if (!done && !word(r, ",")) {
            fail(r, "',' or the end of the list was expected");
            break;
        }
    }
    if (done) return j;
    json_free(j);
    return NULL;
}

static json *parse_value(reader *r) {
    json *j = NULL;
    skip_blanks(r);
    if (r->at >= r->end) return fail(r, "the text ends too early");
    if (++r->depth > DEEPEST) return fail(r, "it is nested too deeply");
    if (*r->at == '{')
        j = parse_list(r, JSON_OBJECT, "}");
    else if (*r->at == '[')
        j = parse_list(r, JSON_ARRAY, "]");
    else if (*r->at == '"')
        j = parse_string(r);
    else if (word(r, "null"))
        j = json_new(JSON_NULL);
    else if (word(r, "false"))
        j = json_new(JSON_BOOL);
    else if (word(r, "true")) {
        j = json_new(JSON_BOOL);
        if (j) j->truth = true;
    } else
        j = parse_number(r);
    r->depth--;
    return j ? j : fail(r, "out of memory");
}

json *json_parse(const char *text, size_t len, const char **error, size_t *at) {
    reader r = {.at = text, .end = text + len, .begin = text};
    json *j = parse_value(&r);
    skip_blanks(&r);
    if (j && r.at < r.end) {
        json_free(j);
        j = fail(&r, "something follows the value");
    }
    if (!j && error) *error = r.error;
    if (!j && at) *at = (size_t)(r.at - text);
    return j;
}

/* ---- Asking ---- */

const json *json_get(const json *object, const char *key) {
    if (!object || object->kind != JSON_OBJECT) return NULL;
    for (uint32_t i = 0; i < object->n; i++)
        if (!strcmp(object->keys[i], key)) return object->items[i];
    return NULL;
}

const char *json_text(const json *j) { return j && j->kind == JSON_STRING ? j->text : NULL; }

bool json_is_true(const json *j) { return j && j->kind == JSON_BOOL && j->truth; }

int64_t json_long(const json *j, int64_t fallback) {
    return j && j->kind == JSON_NUMBER ? strtoll(j->text, NULL, 10) : fallback;
}

bool json_is_whole(const json *j) { return j && j->kind == JSON_NUMBER && !strpbrk(j->text, ".eE"); }

/* ---- Writing ---- */

void json_write_string(const char *text, size_t len, FILE *out) {
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

void json_write(const json *j, FILE *out) {
    switch (j->kind) {
    case JSON_NULL: fputs("null", out); return;
    case JSON_BOOL: fputs(j->truth ? "true" : "false", out); return;
    case JSON_NUMBER: fputs(j->text, out); return;
    case JSON_STRING: json_write_string(j->text, j->len, out); return;
    default: break;
    }
    fputc(j->kind == JSON_ARRAY ? '[' : '{', out);
    for (uint32_t i = 0; i < j->n; i++) {
        if (i) fputs(", ", out);
        if (j->kind == JSON_OBJECT) {
            json_write_string(j->keys[i], strlen(j->keys[i]), out);
            fputs(": ", out);
        }
        json_write(j->items[i], out);
    }
    fputc(j->kind == JSON_ARRAY ? ']' : '}', out);
}
