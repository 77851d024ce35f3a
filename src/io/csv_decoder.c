/* csv_decoder.c: CSV to columns, record by record, in one pass.
 *
 * A record whose end isn't there yet is undone and looked at again when more has come. */
#include <stdio.h>
#include <string.h>

#include "io/csv_record.h"
#include "io/options.h"

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

typedef struct csv {
    wr_csv_record_rules rules;
    bool has_header, is_grouping;
    size_t limit;
    weir_decoder_args args;
    uint64_t n_records, offset;
    wr_csv_scan scan;
    bool is_skipping; /* within a record that is too long */
} csv;

/* What became of the bytes at a record's begin. */
typedef enum outcome { DONE, NEEDS_MORE, STOP, NO_MEMORY } outcome;

/* ---- One record --------------------------------------------------------------------------------------- */

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
    (void)wr_csv_scan_more(d->rules.layout.dialect, &d->scan, p, len);
    return NEEDS_MORE;
}

/* A record that is whole; wrong says what is the matter with it, if anything. */
static outcome finish_record(csv *d, weir_decode *call, const char *p, const char *next, const char *end,
                             const wr_csv_fault *wrong) {
    size_t len = (size_t)(next - p);
    if (WR_UNLIKELY(len > d->limit && without_newline(p, len) > d->limit)) {
        wr_rows_unfill(call->rows, call->rows->n);
        return drop_too_long(d, call, p, end);
    }
    wr_record_place place = place_of(d, call, p, len);
    if (WR_UNLIKELY(wrong->what != WR_CSV_FLAWLESS)) {
        wr_rows_unfill(call->rows, call->rows->n);
        if (wrong->status == WR_CELL_NOMEM) return NO_MEMORY;
        if (wrong->what == WR_CSV_OPEN_QUOTE) {
            drop_first_line(d, call, p, end, "a quote that is never closed");
            return DONE;
        }
        wr_csv_report_fault(&d->rules, call, &place, wrong);
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

static const char *record_end(const csv *d, const char *p, const char *end, wr_csv_field *last) {
    do p = wr_csv_next_field(d->rules.layout.dialect, p, end, last);
    while (last->end == WR_CSV_END_FIELD);
    return p;
}

/* As in Siddhi the header of messages is the first record of the first one; one that comes again is no event.
 */
static bool is_header_due(const csv *d, const weir_decode *call, const char *p, const char *end) {
    wr_csv_field last;
    if (!d->has_header) return false;
    if (!d->rules.layout.header.len) return true;
    if (!call->is_message || d->n_records) return false;
    return wr_csv_layout_is_header(&d->rules.layout, p,
                                   without_newline(p, (size_t)(record_end(d, p, end, &last) - p)));
}

static outcome read_header(csv *d, weir_decode *call, const char *p, const char *end) {
    wr_csv_field f;
    const char *next = record_end(d, p, end, &f);
    if (f.end == WR_CSV_END_DATA && !call->ends) return wait_for_more(d, call, p, end);
    size_t len = without_newline(p, (size_t)(next - p));
    if (len > d->limit) return drop_too_long(d, call, p, end);
    wr_buf_clear(&d->rules.layout.header);
    wr_buf_put(&d->rules.layout.header, p, len);
    if (d->rules.layout.header.failed || !wr_csv_layout_by_header(&d->rules.layout)) return NO_MEMORY;
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
        !wr_csv_scan_more(d->rules.layout.dialect, &d->scan, p, (size_t)(end - p)))
        return wait_for_more(d, call, p, end);
    if (WR_UNLIKELY(is_blank(p, end, &next))) {
        take(d, call, next);
        return DONE;
    }
    if (WR_UNLIKELY(is_header_due(d, call, p, end))) return read_header(d, call, p, end);
    wr_csv_fault wrong = {.what = WR_CSV_FLAWLESS};
    next = wr_csv_read_record(&d->rules, p, end, call->ends, call->rows, heap, &wrong);
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
    wr_buf_clear(&d->rules.layout.header);
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

static weir_status csv_open(void *self, const weir_decoder_args *args, weir_error *err) {
    csv *d = self;
    wr_csv_record_rules *rules = &d->rules;
    const weir_setting *set = args->settings->of;
    wr_csv_dialect dialect;
    d->args = *args;
    WR_TRY(one_character(&set[OPT_DELIMITER], "delimiter", &dialect.delimiter, err));
    WR_TRY(one_character(&set[OPT_QUOTE], "quote", &dialect.quote, err));
    if (dialect.delimiter == dialect.quote)
        return weir_fail(err, WEIR_ECONFIG, "csv: delimiter and quote are both '%c'", dialect.quote);
    d->has_header = set[OPT_HEADER_PRESENT].given ? set[OPT_HEADER_PRESENT].as.b : set[OPT_HEADER].as.b;
    rules->fail_missing = set[OPT_MISSING].as.b;
    rules->fail_unknown = set[OPT_UNKNOWN].as.b;
    d->is_grouping = set[OPT_GROUPING].as.b;
    rules->null_text = set[OPT_NULL].text;
    rules->null_len = strlen(rules->null_text);
    WR_TRY(wr_setting_limit(&set[OPT_LIMIT], "csv: record.limit", &d->limit, err));
    return wr_csv_layout_init(&rules->layout, &d->args, dialect, d->has_header, err);
}

static void csv_close(void *self) { wr_csv_layout_fini(&((csv *)self)->rules.layout); }

static void csv_save(const void *self, weir_writer *w) {
    const csv *d = self;
    weir_string header = weir_string_view(d->rules.layout.header.len ? d->rules.layout.header.data : "",
                                          (uint32_t)d->rules.layout.header.len);
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
    wr_buf_clear(&d->rules.layout.header);
    if (status == WEIR_OK) wr_buf_put(&d->rules.layout.header, weir_string_data(&header), header.len);
    wr_arena_fini(&arena);
    if (status != WEIR_OK) return weir_reader_status(r, err);
    bool ok = !d->rules.layout.header.failed &&
              (!d->has_header || !d->rules.layout.header.len || wr_csv_layout_by_header(&d->rules.layout));
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
