/* split.c: see split.h. */
#include "io/split.h"

#include <stdio.h>
#include <string.h>

/* A regular expression of Java's as POSIX has it: classes by letters are spelled out, and what only Java
 * knows is refused. */
static weir_status compile(regex_t *out, const char *text, const char *name, weir_error *err) {
    char pattern[1024];
    size_t n = 0;
    if (strstr(text, "(?"))
        return weir_fail(err, WEIR_EUNSUPPORTED, "%s: groups of the form (?…) are not supported", name);
    for (const char *at = text; *at; at++) {
        static const char *const classes[][2] = {
            {"d", "[0-9]"}, {"D", "[^0-9]"}, {"n", "\n"}, {"r", "\r"}, {"t", "\t"}};
        const char *put = NULL;
        for (size_t i = 0; *at == '\\' && i < sizeof classes / sizeof *classes; i++)
            if (at[1] == classes[i][0][0]) put = classes[i][1];
        if (n + 16 > sizeof pattern) return weir_fail(err, WEIR_ECONFIG, "%s is too long", name);
        if (put) {
            n += (size_t)snprintf(pattern + n, sizeof pattern - n, "%s", put);
            at++;
            continue;
        }
        pattern[n++] = *at;
        if (*at == '\\' && at[1]) pattern[n++] = *++at;
    }
    pattern[n] = 0;
    if (regcomp(out, pattern, REG_EXTENDED))
        return weir_fail(err, WEIR_ECONFIG, "%s is '%s', which is no regular expression", name, text);
    return WEIR_OK;
}

weir_status wr_split_open(wr_split *s, const wr_folder_spec *spec, weir_error *err) {
    s->mode = spec->mode;
    s->limit = spec->limit;
    s->chunk = spec->chunk;
    if (spec->mode != WR_FOLDER_REGEX) return WEIR_OK;
    if (!spec->begin && !spec->end)
        return weir_fail(err, WEIR_ECONFIG, "mode='regex' needs begin.regex, end.regex or both");
    if (spec->begin) WR_TRY(compile(&s->begin, spec->begin, "begin.regex", err));
    s->has_begin = spec->begin != NULL;
    if (spec->end) WR_TRY(compile(&s->end, spec->end, "end.regex", err));
    s->has_end = spec->end != NULL;
    return WEIR_OK;
}

void wr_split_close(wr_split *s) {
    if (s->has_begin) regfree(&s->begin);
    if (s->has_end) regfree(&s->end);
    s->has_begin = s->has_end = false;
}

static bool next_line(const char *bytes, size_t len, bool ends, size_t *begin, size_t *size, size_t *used) {
    const char *end = memchr(bytes, '\n', len);
    if (!end && (!ends || !len)) return false;
    size_t n = end ? (size_t)(end - bytes) : len;
    *used = n + (end != NULL);
    *begin = 0;
    *size = n && bytes[n - 1] == '\r' ? n - 1 : n;
    return true;
}

static bool find(const regex_t *r, const char *bytes, size_t from, size_t len, regmatch_t *m) {
    m->rm_so = (regoff_t)from;
    m->rm_eo = (regoff_t)len;
    return regexec(r, bytes, 1, m, REG_STARTEND | (from ? REG_NOTBOL : 0)) == 0 && m->rm_eo > m->rm_so;
}

/* From a begin to the next end; without one of them, up to the next begin, or from where the last one ended.
 * A match that touches the end of what is there might go on: it is taken only when the file ends. */
static bool next_match(const wr_split *s, const char *bytes, size_t len, bool ends, size_t *begin,
                       size_t *size, size_t *used) {
    regmatch_t b = {0}, e = {0};
    size_t from = 0;
    if (s->has_begin) {
        if (!find(&s->begin, bytes, 0, len, &b)) {
            if (ends) *used = len;
            return false;
        }
        *used = (size_t)b.rm_so; /* what lies between messages is nothing */
        from = (size_t)b.rm_eo;
    }
    bool found = from <= len && find(s->has_end ? &s->end : &s->begin, bytes, from, len, &e);
    if (found && !ends && (size_t)e.rm_eo == len) return false;
    if (!found && (!ends || s->has_end || (size_t)b.rm_so == len)) {
        if (ends) *used = len;
        return false;
    }
    size_t stop = !found ? len : s->has_end ? (size_t)e.rm_eo : (size_t)e.rm_so;
    *begin = s->has_begin ? (size_t)b.rm_so : 0;
    *size = stop - *begin;
    *used = stop;
    return true;
}

bool wr_split_next(const wr_split *s, const char *bytes, size_t len, bool ends, size_t *begin, size_t *size,
                   size_t *used) {
    *used = *begin = *size = 0;
    switch (s->mode) {
    case WR_FOLDER_LINES: return next_line(bytes, len, ends, begin, size, used);
    case WR_FOLDER_REGEX: return len && next_match(s, bytes, len, ends, begin, size, used);
    case WR_FOLDER_CHUNKS:
        if (len < s->chunk && (!ends || !len)) return false;
        *size = *used = WR_MIN(len, s->chunk);
        return true;
    case WR_FOLDER_TEXT:
    case WR_FOLDER_BINARY: break;
    }
    if (!ends || !len) return false;
    *size = *used = len;
    return true;
}
