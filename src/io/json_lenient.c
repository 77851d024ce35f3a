/* json_lenient.c: see json_lenient.h. Answers are those of Gson 2.10, asked through Siddhi's mapper. */
#include "io/json_lenient.h"

#include <string.h>

#include "io/json_text.h"

static const char *line_end(const char *p, const char *end) {
    while (p < end && *p != '\n' && *p != '\r') p++;
    return p;
}

/* Blanks and comments; NULL: a comment is never closed. */
static const char *skip(const char *p, const char *end) {
    for (;;) {
        p = wr_json_skip_space(p, end);
        if (p == end || (*p != '#' && *p != '/')) return p;
        if (*p == '#' || (end - p > 1 && p[1] == '/')) {
            p = line_end(p, end);
            continue;
        }
        if (end - p < 2 || p[1] != '*') return p;
        for (p += 2; end - p >= 2 && memcmp(p, "*/", 2) != 0;) p++;
        if (end - p < 2) return NULL;
        p += 2;
    }
}

/* A string in either quotes, whatever characters it has; or a word, up to what can't be part of one. */
static const char *text_at(const char *p, const char *end) {
    const char *from = p;
    if (*p == '"' || *p == '\'') {
        char quote = *p++;
        while (p < end && *p != quote) p += *p == '\\' ? 2 : 1;
        return p < end ? p + 1 : NULL;
    }
    while (p < end && !strchr("/\\;#=,{}[]: \t\f\r\n", *p)) p++;
    return p > from ? p : NULL;
}

static const char *value_at(const char *p, const char *end, unsigned depth);

/* Behind '[': elements may be left out, and separators may be ';'. */
static const char *array_at(const char *p, const char *end, unsigned depth) {
    while ((p = skip(p, end)) && p < end) {
        if (*p == ']') return p + 1;
        if (*p != ',' && *p != ';') {
            p = value_at(p, end, depth);
            p = p ? skip(p, end) : NULL;
            if (!p || p == end) return NULL;
            if (*p == ']') return p + 1;
            if (*p != ',' && *p != ';') return NULL;
        }
        p++;
    }
    return NULL;
}

/* A member; returns where its value ends. */
static const char *member_at(const char *p, const char *end, unsigned depth) {
    p = text_at(p, end);
    p = p ? skip(p, end) : NULL;
    if (!p || p == end || (*p != ':' && *p != '=')) return NULL;
    if (*p++ == '=' && p < end && *p == '>') p++;
    p = skip(p, end);
    return p && p < end ? value_at(p, end, depth) : NULL;
}

static const char *object_at(const char *p, const char *end, unsigned depth) {
    p = skip(p, end);
    if (p && p < end && *p == '}') return p + 1;
    while (p && p < end) {
        p = member_at(p, end, depth);
        p = p ? skip(p, end) : NULL;
        if (!p || p == end) return NULL;
        if (*p == '}') return p + 1;
        if (*p != ',' && *p != ';') return NULL;
        p = skip(p + 1, end);
    }
    return NULL;
}

static const char *value_at(const char *p, const char *end, unsigned depth) {
    if (depth >= WR_JSON_MAX_DEPTH) return NULL;
    if (*p == '{') return object_at(p + 1, end, depth + 1);
    if (*p == '[') return array_at(p + 1, end, depth + 1);
    return text_at(p, end);
}

bool wr_json_is_lenient(const char *text, size_t len) {
    const char *end = text + len, *p = skip(text, end);
    if (!p || p == end) return p != NULL;
    p = value_at(p, end, 0);
    p = p ? skip(p, end) : NULL;
    return p == end;
}
