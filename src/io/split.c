/* split.c: see split.h. */
#include "io/split.h"

#include <string.h>

weir_status wr_split_open(wr_split *s, const wr_folder_spec *spec, weir_error *err) {
    s->mode = spec->mode;
    s->limit = spec->limit;
    s->chunk = spec->chunk;
    if (spec->mode != WR_FOLDER_REGEX) return WEIR_OK;
    if (!spec->begin && !spec->end)
        return weir_fail(err, WEIR_ECONFIG, "mode='regex' needs begin.regex, end.regex or both");
    if (spec->begin)
        WR_TRY(weir_regex_of_option("begin.regex", spec->begin, strlen(spec->begin), &s->begin, err));
    if (!spec->end) return WEIR_OK;
    return weir_regex_of_option("end.regex", spec->end, strlen(spec->end), &s->end, err);
}

void wr_split_close(wr_split *s) {
    weir_regex_free(s->begin);
    weir_regex_free(s->end);
    s->begin = s->end = NULL;
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

typedef struct span {
    size_t begin, end;
} span;

/* A match of nothing is none. */
static bool find(wr_split *s, weir_regex *r, const char *bytes, size_t from, size_t len, span *m) {
    weir_regex_result found = weir_regex_match(r, bytes, len, from, WEIR_REGEX_FIND);
    if (found == WEIR_REGEX_GIVEN_UP) s->has_given_up = true;
    return found == WEIR_REGEX_YES && weir_regex_group(r, 0, &m->begin, &m->end) && m->end > m->begin;
}

/* From a begin to the next end; without one of them, up to the next begin, or from where the last one ended.
 * A match that touches the end of what is there might go on: it is taken only when the file ends. */
static bool next_match(wr_split *s, const char *bytes, size_t len, bool ends, size_t *begin, size_t *size,
                       size_t *used) {
    span b = {0}, e = {0};
    if (s->begin) {
        if (!find(s, s->begin, bytes, 0, len, &b)) {
            if (ends) *used = len;
            return false;
        }
        *used = b.begin; /* what lies between messages is nothing */
    }
    bool found = find(s, s->end ? s->end : s->begin, bytes, b.end, len, &e);
    if (found && !ends && e.end == len) return false;
    if (!found && (!ends || s->end || b.begin == len)) {
        if (ends) *used = len;
        return false;
    }
    size_t stop = !found ? len : s->end ? e.end : e.begin;
    *begin = b.begin;
    *size = stop - *begin;
    *used = stop;
    return true;
}

bool wr_split_next(wr_split *s, const char *bytes, size_t len, bool ends, size_t *begin, size_t *size,
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
