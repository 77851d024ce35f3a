/* csv_field.h: where fields and records of CSV end (RFC 4180): the part that decoding and scanning share.
 *
 * A field that begins with a quote runs to the next single quote, newlines included; a doubled quote stands
 * for one. Elsewhere a quote is a character like any other. A record ends at a newline outside of quotes. */
#ifndef WR_IO_CSV_FIELD_H
#define WR_IO_CSV_FIELD_H

#include "base/compiler.h"
#include "weir_io.h"

typedef struct wr_csv_dialect {
    char delimiter, quote;
} wr_csv_dialect;

typedef enum wr_csv_end {
    WR_CSV_END_FIELD,  /* a delimiter: another field follows */
    WR_CSV_END_RECORD, /* a newline */
    WR_CSV_END_DATA    /* the bytes ran out; the field may go on */
} wr_csv_end;

typedef struct wr_csv_field {
    const char *text; /* between the quotes, if any */
    size_t len;
    wr_csv_end end;
    bool is_quoted;
    bool has_escapes; /* doubled quotes inside */
    bool is_open;     /* quoted, and the bytes ran out before the closing quote */
    bool has_garbage; /* text after the closing quote */
} wr_csv_field;

const char *wr_csv_quoted_field(wr_csv_dialect d, const char *p, const char *end, wr_csv_field *f);

/* Reads the field at p; returns where the next one (or record) begins. */
WR_INLINE const char *wr_csv_next_field(wr_csv_dialect d, const char *p, const char *end, wr_csv_field *f) {
    if (WR_UNLIKELY(p < end && *p == d.quote)) return wr_csv_quoted_field(d, p, end, f);
    const char *q = p;
    while (q < end && *q != d.delimiter && *q != '\n') q++;
    *f = (wr_csv_field){.text = p, .len = (size_t)(q - p), .end = WR_CSV_END_DATA};
    if (q == end) return q;
    f->end = *q == '\n' ? WR_CSV_END_RECORD : WR_CSV_END_FIELD;
    if (f->end == WR_CSV_END_RECORD && f->len && q[-1] == '\r') f->len--;
    return q + 1;
}

/* Copies a quoted field with its doubled quotes made single; returns the length. */
size_t wr_csv_unescape(wr_csv_dialect d, const wr_csv_field *f, char *out);

/* A record whose end is not there yet is looked at once only: where the looking stopped is kept here. */
typedef struct wr_csv_scan {
    size_t n_scanned; /* bytes of the record */
    enum { WR_CSV_AT_FIELD, WR_CSV_PLAIN, WR_CSV_QUOTED, WR_CSV_QUOTE_SEEN } state;
} wr_csv_scan;

/* Looks at bytes n_scanned..len of the record; true: its end is among them. */
bool wr_csv_scan_more(wr_csv_dialect d, wr_csv_scan *scan, const char *bytes, size_t len);

#endif
