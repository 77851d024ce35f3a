/* events.c: see events.h. */
#include "events.h"

#include <stdlib.h>
#include <string.h>

static bool append(char **text, size_t *len, size_t *cap, const char *bytes, size_t n) {
    if (*cap - *len < n) {
        size_t more = *cap ? *cap * 2 : 256;
        while (more - *len < n) more *= 2;
        char *bigger = realloc(*text, more);
        if (!bigger) return false;
        *text = bigger;
        *cap = more;
    }
    if (n) memcpy(*text + *len, bytes, n);
    *len += n;
    return true;
}

static bool is_field(const char *name, size_t len, const char *field) {
    return strlen(field) == len && memcmp(name, field, len) == 0;
}

static void copy(char *to, size_t size, const char *bytes, size_t len) {
    if (len >= size) len = size - 1;
    if (len) memcpy(to, bytes, len);
    to[len] = 0;
}

static bool add_data(http_events *e, const char *bytes, size_t len) {
    if (e->data_len + len + 1 > e->limit) e->is_too_large = true;
    if (e->is_too_large) return true;
    if (e->has_data && !append(&e->data, &e->data_len, &e->data_cap, "\n", 1)) return false;
    e->has_data = true;
    return append(&e->data, &e->data_len, &e->data_cap, bytes, len);
}

static void set_retry(http_events *e, const char *digits, size_t len) {
    int64_t ms = 0;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9' || ms > 86400000) return;
        ms = ms * 10 + (digits[i] - '0');
    }
    if (len) e->retry_ms = ms;
}

static bool take_field(http_events *e, const char *name, size_t name_len, const char *value, size_t len) {
    if (is_field(name, name_len, "data")) return add_data(e, value, len);
    if (is_field(name, name_len, "event")) copy(e->event, sizeof e->event, value, len);
    if (is_field(name, name_len, "id") && !(len && memchr(value, 0, len)) && len < sizeof e->id)
        copy(e->id, sizeof e->id, value, len);
    if (is_field(name, name_len, "retry")) set_retry(e, value, len);
    return true;
}

static bool dispatch(http_events *e) {
    bool goes_on = true;
    e->n_too_large += e->is_too_large;
    if (e->has_data && !e->is_too_large) goes_on = e->on_event(e->ctx, e);
    e->data_len = 0;
    e->event[0] = 0;
    e->has_data = e->is_too_large = false;
    return goes_on;
}

static bool take_line(http_events *e, const char *line, size_t len) {
    if (!e->has_begun && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) line += 3, len -= 3;
    e->has_begun = true;
    if (!len) return dispatch(e);
    const char *colon = memchr(line, ':', len);
    if (colon == line) return true; /* a comment */
    size_t name_len = colon ? (size_t)(colon - line) : len;
    const char *value = colon ? colon + 1 : line + len, *end = line + len;
    if (value < end && *value == ' ') value++;
    return take_field(e, line, name_len, value, (size_t)(end - value));
}

/* The line has ended, with a last piece of it. */
static bool end_line(http_events *e, const char *bytes, size_t len) {
    if (!e->line_len) return take_line(e, bytes, len);
    if (!append(&e->line, &e->line_len, &e->line_cap, bytes, len)) return false;
    size_t n = e->line_len;
    e->line_len = 0;
    return take_line(e, e->line, n);
}

bool http_events_feed(http_events *e, const char *bytes, size_t len) {
    const char *at = bytes, *end = bytes + len;
    while (at < end) {
        if (e->after_cr && *at == '\n') at++; /* of \r\n */
        e->after_cr = false;
        const char *stop = at;
        while (stop < end && *stop != '\n' && *stop != '\r') stop++;
        if (stop == end) {
            if (e->line_len + (size_t)(end - at) > e->limit) { /* what is behind the limit is not kept */
                e->is_too_large = true;
                return true;
            }
            return append(&e->line, &e->line_len, &e->line_cap, at, (size_t)(end - at));
        }
        e->after_cr = *stop == '\r';
        if (!end_line(e, at, (size_t)(stop - at))) return false;
        at = stop + 1;
    }
    return true;
}

void http_events_restart(http_events *e) {
    e->line_len = e->data_len = 0;
    e->event[0] = 0;
    e->has_data = e->is_too_large = e->after_cr = e->has_begun = false;
}

void http_events_fini(http_events *e) {
    free(e->line);
    free(e->data);
}
