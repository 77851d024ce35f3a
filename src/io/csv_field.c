/* csv_field.c: see csv_field.h. */
#include "io/csv_field.h"

#include <string.h>

/* What stands behind a closing quote, up to the end of the field. */
static const char *after_quote(wr_csv_dialect d, const char *q, const char *end, wr_csv_field *f) {
    const char *rest = q;
    while (q < end && *q != d.delimiter && *q != '\n') q++;
    while (rest < q && (*rest == ' ' || *rest == '\t')) rest++; /* as in Siddhi */
    size_t n_rest = (size_t)(q - rest);
    f->end = q == end ? WR_CSV_END_DATA : *q == '\n' ? WR_CSV_END_RECORD : WR_CSV_END_FIELD;
    bool only_cr = n_rest == 1 && *rest == '\r' && f->end != WR_CSV_END_FIELD;
    f->has_garbage = n_rest > 0 && !only_cr;
    return q == end ? q : q + 1;
}

const char *wr_csv_quoted_field(wr_csv_dialect d, const char *p, const char *end, wr_csv_field *f) {
    *f = (wr_csv_field){.text = p + 1, .is_quoted = true};
    const char *q = p + 1;
    for (;;) {
        q = q < end ? memchr(q, d.quote, (size_t)(end - q)) : NULL;
        if (!q) break;
        if (q + 1 == end || q[1] != d.quote) {
            f->len = (size_t)(q - f->text);
            return after_quote(d, q + 1, end, f);
        }
        f->has_escapes = true;
        q += 2;
    }
    f->len = (size_t)(end - f->text);
    f->is_open = true;
    f->end = WR_CSV_END_DATA;
    return end;
}

size_t wr_csv_unescape(wr_csv_dialect d, const wr_csv_field *f, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < f->len; i++) {
        out[n++] = f->text[i];
        if (f->text[i] == d.quote) i++; /* quotes come in pairs here */
    }
    return n;
}

bool wr_csv_scan_more(wr_csv_dialect d, wr_csv_scan *scan, const char *bytes, size_t len) {
    size_t i = scan->n_scanned;
    int state = (int)scan->state;
    for (; i < len; i++) {
        char c = bytes[i];
        if (state == WR_CSV_QUOTED) {
            const char *quote = memchr(bytes + i, d.quote, len - i);
            if (!quote)
                i = len - 1;
            else
                i = (size_t)(quote - bytes), state = WR_CSV_QUOTE_SEEN;
        } else if (c == d.quote && state != WR_CSV_PLAIN) {
            state = WR_CSV_QUOTED; /* opens the field, or doubled within it */
        } else if (c == '\n') {
            return true;
        } else {
            state = c == d.delimiter ? WR_CSV_AT_FIELD : WR_CSV_PLAIN;
        }
    }
    scan->n_scanned = len;
    scan->state = state;
    return false;
}
