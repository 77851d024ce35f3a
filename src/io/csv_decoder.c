/* csv_decoder.c: CSV to columns.
 *
 * One pass: each field is converted where it ends, straight into its column; fields that nobody reads are
 * only skipped. A record whose end isn't there yet is undone and looked at again when more has come. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "io/cell.h"
#include "io/csv_field.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/table.h"

enum {
    OPT_DELIMITER,
    OPT_QUOTE,
    OPT_HEADER,
    OPT_HEADER_PRESENT,
    OPT_NULL,
    OPT_MISSING,
    OPT_UNKNOWN,
    OPT_GROUPING,
    OPT_LIMIT
};

static const weir_option options[] = {
    [OPT_DELIMITER] = {"delimiter", WEIR_OPTION_TEXT, false, ",", NULL,
                       "The character between fields; '\\t' is a tab."},
    [OPT_QUOTE] = {"quote", WEIR_OPTION_TEXT, false, "\"", NULL,
                   "The character around fields that hold delimiters or newlines."},
    [OPT_HEADER] =
        {"header", WEIR_OPTION_BOOL, false, "false", NULL,
         "The first record names the columns, and attributes are found by name; of messages, that of "
         "the first one, and of others if it names them too."},
    [OPT_HEADER_PRESENT] = {"header.present", WEIR_OPTION_BOOL, false, NULL, NULL,
                            "Siddhi's name for header."},
    [OPT_NULL] = {"null.text", WEIR_OPTION_TEXT, false, "", NULL,
                  "An unquoted field with this text is null."},
    [OPT_MISSING] = {"fail.on.missing.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
                     "A record without a field for an attribute is refused; else the attribute is null."},
    [OPT_UNKNOWN] =
        {"fail.on.unknown.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
         "A record with more fields than expected, or one that is not of its attribute's type, is "
         "refused; else the one is ignored and the other null."},
    [OPT_GROUPING] =
        {"event.grouping.enabled", WEIR_OPTION_BOOL, false, "true", NULL,
         "The records of a message came in together and are one chunk; 'false': each for itself."},
    [OPT_LIMIT] = {"record.limit", WEIR_OPTION_BYTES, false, "64 MB", NULL,
                   "A longer record is refused and skipped."},
    {0}};

typedef struct target {
    wr_cell_fn convert; /* NULL: nobody reads this field */
    uint32_t column;
} target;

typedef struct csv {
    wr_csv_dialect dialect;
    bool has_header, fail_missing, fail_unknown, is_grouping;
    const char *null_text;
    size_t null_len, limit;
    const weir_decoder_args *args;
    weir_decoder_args args_copy;
    target *targets; /* by field */
    uint32_t n_targets, cap_targets;
    uint32_t *absent; /* wanted columns for which there is no field */
    uint32_t n_absent;
    uint32_t n_fields; /* in each record; 0: any number that covers the targets */
    wr_buf header;     /* the header as read; empty: not seen yet */
    uint64_t n_records, offset;
    wr_csv_scan scan;
    bool is_skipping; /* within a record that is too long */
} csv;

/* What became of the bytes at a record's begin. */
typedef enum outcome { DONE, NEEDS_MORE, STOP, NO_MEMORY } outcome;

/* ---- Which field goes where --------------------------------------------------------------------------- */

static bool is_wanted(const csv *d, uint32_t column) { return !d->args->wanted || d->args->wanted[column]; }

static const char *mapping_of(const csv *d, uint32_t column) {
    return d->args->mapping ? d->args->mapping[column] : NULL;
}

static bool is_position(const char *text, uint32_t *out) {
    uint64_t v = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || v > 1000000) return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *out = (uint32_t)v;
    return *text && v <= 1000000;
}

static bool set_target(csv *d, uint32_t field, uint32_t column) {
    uint32_t old = d->cap_targets;
    if (wr_grow(NULL, &d->targets, &d->cap_targets, field + 1, sizeof *d->targets)) return false;
    if (d->cap_targets > old) memset(d->targets + old, 0, (d->cap_targets - old) * sizeof *d->targets);
    d->targets[field] = (target){wr_cell_from_text[d->args->schema->attributes[column].type], column};
    d->n_targets = WR_MAX(d->n_targets, field + 1);
    return true;
}

static void clear_targets(csv *d) {
    if (d->targets) memset(d->targets, 0, d->cap_targets * sizeof *d->targets);
    d->n_targets = d->n_absent = d->n_fields = 0;
}

static bool map_by_position(csv *d) {
    uint32_t n = d->args->schema->n_attributes;
    clear_targets(d);
    if (!d->args->mapping) d->n_fields = n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t field = i;
        if (mapping_of(d, i)) (void)is_position(mapping_of(d, i), &field);
        if (is_wanted(d, i) && !set_target(d, field, i)) return false;
    }
    return true;
}

/* Finds the field with this name in a header; spaces around it don't count. */
static bool find_name(const csv *d, const char *p, const char *end, const char *name, uint32_t *out) {
    size_t len = strlen(name);
    wr_csv_field f;
    for (uint32_t i = 0;; i++) {
        p = wr_csv_next_field(d->dialect, p, end, &f);
        while (f.len && *f.text == ' ') f.text++, f.len--;
        while (f.len && (f.text[f.len - 1] == ' ' || f.text[f.len - 1] == '\r')) f.len--;
        if (f.len == len && memcmp(f.text, name, len) == 0) {
            *out = i;
            return true;
        }
        if (f.end != WR_CSV_END_FIELD) return false;
    }
}

static uint32_t count_fields(const csv *d, const char *p, size_t len) {
    const char *end = p + len;
    wr_csv_field f;
    uint32_t n = 0;
    do {
        p = wr_csv_next_field(d->dialect, p, end, &f);
        n++;
    } while (f.end == WR_CSV_END_FIELD);
    return n;
}

static const char *name_of(const csv *d, uint32_t column) {
    return mapping_of(d, column) ? mapping_of(d, column) : d->args->schema->attributes[column].name;
}

static bool find_in_header(const csv *d, const char *name, uint32_t *out) {
    return find_name(d, d->header.data, d->header.data + d->header.len, name, out);
}

static bool map_by_header(csv *d) {
    const weir_schema *schema = d->args->schema;
    clear_targets(d);
    d->n_fields = count_fields(d, d->header.data, d->header.len);
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        if (!is_wanted(d, i)) continue;
        const char *name = name_of(d, i);
        uint32_t field;
        bool found = find_in_header(d, name, &field) ||
                     (mapping_of(d, i) && is_position(name, &field) && field < d->n_fields);
        if (!found)
            d->absent[d->n_absent++] = i;
        else if (!set_target(d, field, i))
            return false;
    }
    return true;
}

/* ---- One record --------------------------------------------------------------------------------------- */

/* The first thing that is wrong with a record. */
typedef struct fault {
    enum {
        FAULT_NONE,
        FAULT_CELL,
        FAULT_GARBAGE,
        FAULT_OPEN_QUOTE,
        FAULT_MISSING,
        FAULT_EXTRA,
        FAULT_ABSENT
    } what;
    wr_cell_status status;
    uint32_t column; /* or field number */
    const char *text;
    size_t len;
} fault;

static void set_fault(fault *f, int what, uint32_t column) {
    if (f->what != FAULT_NONE) return;
    f->what = what;
    f->column = column;
}

static bool is_null_text(const csv *d, const wr_csv_field *f) {
    return f->len == d->null_len && (!f->len || memcmp(f->text, d->null_text, f->len) == 0);
}

static void store(const csv *d, const target *t, wr_csv_field *f, weir_rows *rows, wr_string_heap *heap,
                  fault *wrong) {
    weir_column *c = &rows->cols[t->column];
    if (!f->is_quoted && is_null_text(d, f)) {
        wr_cell_set_null(c, rows->n);
        return;
    }
    if (f->has_escapes) {
        char *plain = wr_string_heap_take(heap, f->len);
        if (!plain) {
            *wrong = (fault){FAULT_CELL, WR_CELL_NOMEM, t->column, "", 0};
            return;
        }
        f->len = wr_csv_unescape(d->dialect, f, plain);
        f->text = plain;
    }
    wr_cell_status status = t->convert(c, rows->n, f->text, f->len, heap);
    if (WR_LIKELY(status == WR_CELL_OK) || wrong->what != FAULT_NONE) return;
    if (!d->fail_unknown && (status == WR_CELL_MALFORMED || status == WR_CELL_RANGE)) {
        wr_cell_set_null(c, rows->n);
        return;
    }
    *wrong = (fault){FAULT_CELL, status, t->column, f->text, f->len};
}

/* Columns for which the record, or the header, has no field. */
static void fill_missing(const csv *d, uint32_t n_fields, weir_rows *rows, fault *wrong) {
    for (uint32_t i = 0; i < d->n_absent; i++) {
        if (d->fail_missing) set_fault(wrong, FAULT_ABSENT, d->absent[i]);
        wr_cell_set_null(&rows->cols[d->absent[i]], rows->n);
    }
    if (n_fields < d->n_fields && d->fail_missing) set_fault(wrong, FAULT_MISSING, n_fields);
    for (uint32_t i = n_fields; i < d->n_targets; i++) {
        if (!d->targets[i].convert) continue;
        if (d->fail_missing) set_fault(wrong, FAULT_MISSING, n_fields);
        wr_cell_set_null(&rows->cols[d->targets[i].column], rows->n);
    }
    if (d->n_fields && n_fields > d->n_fields && d->fail_unknown) set_fault(wrong, FAULT_EXTRA, n_fields);
}

/* Reads the record at p into row rows->n. Returns where the next one begins, or NULL: it is not whole. */
static const char *read_record(const csv *d, const char *p, const char *end, bool ends, weir_rows *rows,
                               wr_string_heap *heap, fault *wrong) {
    const wr_csv_dialect dialect = d->dialect;
    const target *targets = d->targets;
    const uint32_t n_targets = d->n_targets;
    uint32_t n = 0;
    wr_csv_field f;
    do {
        p = wr_csv_next_field(dialect, p, end, &f);
        if (WR_UNLIKELY(f.end == WR_CSV_END_DATA)) {
            if (!ends) return NULL;
            if (!f.is_quoted && f.len && f.text[f.len - 1] == '\r') f.len--;
            if (f.is_open) set_fault(wrong, FAULT_OPEN_QUOTE, n);
        }
        if (WR_UNLIKELY(f.has_garbage)) set_fault(wrong, FAULT_GARBAGE, n);
        if (n < n_targets && targets[n].convert) store(d, &targets[n], &f, rows, heap, wrong);
        n++;
    } while (f.end == WR_CSV_END_FIELD);
    if (WR_UNLIKELY(n != d->n_fields || d->n_absent)) fill_missing(d, n, rows, wrong);
    return p;
}

static void report_fault(const csv *d, const weir_decode *call, const wr_record_place *place,
                         const fault *wrong) {
    const weir_schema *schema = d->args->schema;
    uint32_t needed = d->n_fields ? d->n_fields : d->n_targets;
    switch (wrong->what) {
    case FAULT_CELL:
        wr_report_cell(call, schema, place, wrong->column, wrong->status, wrong->text, wrong->len);
        break;
    case FAULT_GARBAGE:
        wr_report_record(call, place, -1, "field %u: text after the closing quote", wrong->column + 1);
        break;
    case FAULT_OPEN_QUOTE:
        wr_report_record(call, place, -1, "field %u: the quote is never closed", wrong->column + 1);
        break;
    case FAULT_MISSING:
        wr_report_record(call, place, -1, "%u field%s where %u are expected", wrong->column,
                         wrong->column == 1 ? "" : "s", needed);
        break;
    case FAULT_EXTRA:
        wr_report_record(call, place, -1, "%u fields where only %u %s expected", wrong->column, needed,
                         needed == 1 ? "is" : "are");
        break;
    case FAULT_ABSENT:
        wr_report_record(call, place, (int32_t)wrong->column, "the header has no column '%s'",
                         name_of(d, wrong->column));
        break;
    default: break;
    }
}

static size_t without_newline(const char *p, size_t len) {
    if (len && p[len - 1] == '\n') len--;
    if (len && p[len - 1] == '\r') len--;
    return len;
}

static wr_record_place place_of(const csv *d, const weir_decode *call, const char *p, size_t len) {
    return (wr_record_place){p, without_newline(p, len), d->n_records + 1,
                             call->is_message ? 0 : d->offset + (uint64_t)(p - call->bytes)};
}

/* The bytes up to next are dealt with. */
static void take(csv *d, weir_decode *call, const char *next) {
    call->consumed = (size_t)(next - call->bytes);
    d->n_records++;
    d->scan = (wr_csv_scan){0};
}

/* The record at p is too long, or its quote is never closed: what is bad then is its first line. */
static void drop_first_line(csv *d, weir_decode *call, const char *p, const char *end, const char *why) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    const char *next = newline ? newline + 1 : end;
    wr_record_place place = place_of(d, call, p, (size_t)(next - p));
    place.len = WR_MIN(place.len, d->limit); /* how much more of it has come is chance */
    wr_report_record(call, &place, -1, "%s", why);
    d->is_skipping = !newline && !call->ends;
    take(d, call, next);
}

static outcome drop_too_long(csv *d, weir_decode *call, const char *p, const char *end) {
    char why[80];
    snprintf(why, sizeof why, "a record of more than %zu bytes", d->limit);
    drop_first_line(d, call, p, end, why);
    return DONE;
}

/* The record's end has not come yet. */
static outcome wait_for_more(csv *d, weir_decode *call, const char *p, const char *end) {
    size_t len = (size_t)(end - p);
    if (len > d->limit + 2) return drop_too_long(d, call, p, end); /* 2: it may end in \r\n yet */
    (void)wr_csv_scan_more(d->dialect, &d->scan, p, len);
    return NEEDS_MORE;
}

/* A record that is whole; wrong says what is the matter with it, if anything. */
static outcome finish_record(csv *d, weir_decode *call, const char *p, const char *next, const char *end,
                             const fault *wrong) {
    size_t len = (size_t)(next - p);
    if (WR_UNLIKELY(len > d->limit && without_newline(p, len) > d->limit)) {
        wr_rows_unfill(call->rows, call->rows->n);
        return drop_too_long(d, call, p, end);
    }
    wr_record_place place = place_of(d, call, p, len);
    if (WR_UNLIKELY(wrong->what != FAULT_NONE)) {
        wr_rows_unfill(call->rows, call->rows->n);
        if (wrong->status == WR_CELL_NOMEM) return NO_MEMORY;
        if (wrong->what == FAULT_OPEN_QUOTE) {
            drop_first_line(d, call, p, end, "a quote that is never closed");
            return DONE;
        }
        report_fault(d, call, &place, wrong);
    } else {
        weir_verdict verdict = wr_offer_row(call, &place);
        if (verdict == WEIR_ROW_LATER) return STOP;
        if (verdict == WEIR_ROW_TAKE && !call->is_message) weir_rows_end_chunk(call->rows, call->rows->n - 1);
    }
    take(d, call, next);
    return DONE;
}

static bool is_blank(const char *p, const char *end, const char **next) {
    if (p < end && *p == '\r') p++;
    if (p == end || *p != '\n') return false;
    *next = p + 1;
    return true;
}

/* Whether the line is the header, or another that names each attribute: a message may begin with one. */
static bool is_header(const csv *d, const char *p, size_t len) {
    uint32_t field, n_named = 0;
    if (len == d->header.len && memcmp(p, d->header.data, len) == 0) return true;
    for (uint32_t i = 0; i < d->args->schema->n_attributes; i++) {
        const char *name = name_of(d, i);
        if (!is_wanted(d, i) || (mapping_of(d, i) && is_position(name, &field))) continue;
        if (!find_name(d, p, p + len, name, &field)) return false;
        n_named++;
    }
    return n_named > 0;
}

static const char *record_end(const csv *d, const char *p, const char *end, wr_csv_field *last) {
    do p = wr_csv_next_field(d->dialect, p, end, last);
    while (last->end == WR_CSV_END_FIELD);
    return p;
}

/* As in Siddhi the header of messages is the first record of the first one; one that comes again is no event.
 */
static bool is_header_due(const csv *d, const weir_decode *call, const char *p, const char *end) {
    wr_csv_field last;
    if (!d->has_header) return false;
    if (!d->header.len) return true;
    if (!call->is_message || d->n_records) return false;
    return is_header(d, p, without_newline(p, (size_t)(record_end(d, p, end, &last) - p)));
}

static outcome read_header(csv *d, weir_decode *call, const char *p, const char *end) {
    wr_csv_field f;
    const char *next = record_end(d, p, end, &f);
    if (f.end == WR_CSV_END_DATA && !call->ends) return wait_for_more(d, call, p, end);
    size_t len = without_newline(p, (size_t)(next - p));
    if (len > d->limit) return drop_too_long(d, call, p, end);
    wr_buf_clear(&d->header);
    wr_buf_put(&d->header, p, len);
    if (d->header.failed || !map_by_header(d)) return NO_MEMORY;
    take(d, call, next);
    return DONE;
}

/* One step at p < end: a record, a header, a blank line, the rest of something too long. */
static outcome step(csv *d, weir_decode *call, const char *p, const char *end, wr_string_heap *heap) {
    const char *next;
    if (WR_UNLIKELY(d->offset + call->consumed == 0)) {
        size_t mark = wr_byte_order_mark(p, (size_t)(end - p), call->ends);
        if (mark == SIZE_MAX) return NEEDS_MORE;
        call->consumed = mark;
        if (mark) return DONE;
    }
    if (WR_UNLIKELY(d->is_skipping)) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        call->consumed = (size_t)((newline ? newline + 1 : end) - call->bytes);
        d->is_skipping = !newline && !call->ends;
        return DONE;
    }
    if (WR_UNLIKELY(d->scan.n_scanned) && !call->ends &&
        !wr_csv_scan_more(d->dialect, &d->scan, p, (size_t)(end - p)))
        return wait_for_more(d, call, p, end);
    if (WR_UNLIKELY(is_blank(p, end, &next))) {
        take(d, call, next);
        return DONE;
    }
    if (WR_UNLIKELY(is_header_due(d, call, p, end))) return read_header(d, call, p, end);
    fault wrong = {.what = FAULT_NONE};
    next = read_record(d, p, end, call->ends, call->rows, heap, &wrong);
    if (WR_UNLIKELY(!next)) {
        wr_rows_unfill(call->rows, call->rows->n);
        return wait_for_more(d, call, p, end);
    }
    return finish_record(d, call, p, next, end, &wrong);
}

static outcome decode_records(csv *d, weir_decode *call, wr_string_heap *heap, weir_error *err) {
    const char *end = call->bytes + call->len;
    while (call->consumed < call->len) {
        if (call->rows->n >= (call->is_message ? call->rows->cap : call->rows->limit)) {
            if (!call->is_message) return STOP;
            if (call->rows->grow(call->rows, call->rows->n + 1, err) != WEIR_OK) return NO_MEMORY;
        }
        outcome o = step(d, call, call->bytes + call->consumed, end, heap);
        if (o != DONE) return o;
    }
    return NEEDS_MORE;
}

static void begin(csv *d) {
    d->n_records = d->offset = 0;
    d->scan = (wr_csv_scan){0};
    d->is_skipping = false;
}

static void csv_reset(void *self) {
    csv *d = self;
    wr_buf_clear(&d->header);
    begin(d);
}

static weir_status csv_decode(void *self, weir_decode *call, weir_error *err) {
    csv *d = self;
    wr_string_heap heap = {.arena = call->rows->arena};
    uint32_t first = call->rows->n;
    bool ends = call->ends;
    if (call->is_message) {
        begin(d);
        call->ends = true;
    }
    call->consumed = 0;
    outcome o = decode_records(d, call, &heap, err);
    call->ends = ends;
    d->offset += call->consumed;
    if (o == NO_MEMORY) {
        if (call->is_message) wr_rows_cut(call->rows, first);
        return weir_fail(err, WEIR_ENOMEM, "no memory for a CSV record");
    }
    if (!call->is_message) return o == STOP ? WEIR_OK : WEIR_EAGAIN;
    if (o == STOP) {
        wr_rows_cut(call->rows, first);
        call->consumed = 0;
        return WEIR_OK;
    }
    if (d->is_grouping) weir_rows_end_chunk(call->rows, first);
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static weir_status one_character(const weir_setting *s, const char *name, char *out, weir_error *err) {
    const char *text = strcmp(s->text, "\\t") == 0 ? "\t" : s->text;
    if (strlen(text) != 1 || *text == '\n' || *text == '\r' || (unsigned char)*text > 126)
        return weir_fail(err, WEIR_ECONFIG, "csv: %s is '%s'; it must be one ASCII character", name, s->text);
    *out = *text;
    return WEIR_OK;
}

static weir_status check_mapping(const csv *d, weir_error *err) {
    uint32_t unused;
    for (uint32_t i = 0; i < d->args->schema->n_attributes && !d->has_header; i++)
        if (mapping_of(d, i) && is_wanted(d, i) && !is_position(mapping_of(d, i), &unused))
            return weir_fail(err, WEIR_ECONFIG,
                             "csv: @attributes maps '%s' to the column '%s', which takes header='true'; "
                             "without a header give its position, from 0",
                             d->args->schema->attributes[i].name, mapping_of(d, i));
    return WEIR_OK;
}

static weir_status csv_open(void *self, const weir_decoder_args *args, weir_error *err) {
    csv *d = self;
    const weir_setting *set = args->settings->of;
    d->args_copy = *args;
    d->args = &d->args_copy;
    WR_TRY(one_character(&set[OPT_DELIMITER], "delimiter", &d->dialect.delimiter, err));
    WR_TRY(one_character(&set[OPT_QUOTE], "quote", &d->dialect.quote, err));
    if (d->dialect.delimiter == d->dialect.quote)
        return weir_fail(err, WEIR_ECONFIG, "csv: delimiter and quote are both '%c'", d->dialect.quote);
    d->has_header = set[OPT_HEADER_PRESENT].given ? set[OPT_HEADER_PRESENT].as.b : set[OPT_HEADER].as.b;
    d->fail_missing = set[OPT_MISSING].as.b;
    d->fail_unknown = set[OPT_UNKNOWN].as.b;
    d->is_grouping = set[OPT_GROUPING].as.b;
    d->null_text = set[OPT_NULL].text;
    d->null_len = strlen(d->null_text);
    WR_TRY(wr_setting_limit(&set[OPT_LIMIT], "csv: record.limit", &d->limit, err));
    WR_TRY(check_mapping(d, err));
    d->absent = wr_alloc(NULL, args->schema->n_attributes * sizeof *d->absent);
    if (!d->absent || (!d->has_header && !map_by_position(d)))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    return WEIR_OK;
}

static void csv_close(void *self) {
    csv *d = self;
    wr_free(NULL, d->targets, d->cap_targets * sizeof *d->targets);
    if (d->args) wr_free(NULL, d->absent, d->args->schema->n_attributes * sizeof *d->absent);
    wr_buf_fini(&d->header);
}

static void csv_save(const void *self, weir_writer *w) {
    const csv *d = self;
    weir_string header = weir_string_view(d->header.len ? d->header.data : "", (uint32_t)d->header.len);
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)d->n_records);
    weir_write_i64(w, (int64_t)d->offset);
    weir_write_u32(w, d->is_skipping);
    weir_write_string(w, &header);
}

static weir_status load_header(csv *d, weir_reader *r, weir_error *err) {
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    weir_string header;
    weir_status status = weir_read_string(r, &arena, &header);
    wr_buf_clear(&d->header);
    if (status == WEIR_OK) wr_buf_put(&d->header, weir_string_data(&header), header.len);
    wr_arena_fini(&arena);
    if (status != WEIR_OK) return weir_reader_status(r, err);
    bool ok = !d->header.failed && (!d->has_header || !d->header.len || map_by_header(d));
    return ok ? weir_reader_status(r, err) : weir_fail(err, WEIR_ENOMEM, "out of memory");
}

static weir_status csv_load(void *self, weir_reader *r, weir_error *err) {
    csv *d = self;
    csv_reset(d);
    WR_TRY(weir_read_version(r, 1, err));
    d->n_records = (uint64_t)weir_read_i64(r);
    d->offset = (uint64_t)weir_read_i64(r);
    d->is_skipping = weir_read_u32(r) != 0;
    return load_header(d, r, err);
}

const weir_decoder_type wr_csv_decoder = {
    .struct_size = sizeof wr_csv_decoder,
    .name = "csv",
    .doc = "Comma-separated values (RFC 4180): fields by position, or by name with a header.",
    .example = "@map(type='csv', header='true', delimiter=',', @attributes(speed='wind_speed'))",
    .options = options,
    .finds_records = true,
    .state_size = sizeof(csv),
    .open = csv_open,
    .decode = csv_decode,
    .reset = csv_reset,
    .save = csv_save,
    .load = csv_load,
    .close = csv_close,
};
