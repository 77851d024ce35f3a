/* csv_record.c: see csv_record.h. Each field is converted where it ends, straight into its column; fields
 * that nobody reads are only skipped. */
#include "io/csv_record.h"

#include <string.h>

static void set_fault(wr_csv_fault *f, int what, uint32_t column) {
    if (f->what != WR_CSV_FLAWLESS) return;
    f->what = what;
    f->column = column;
}

static bool is_null_text(const wr_csv_record_rules *d, const wr_csv_field *f) {
    return f->len == d->null_len && (!f->len || memcmp(f->text, d->null_text, f->len) == 0);
}

static void store(const wr_csv_record_rules *d, const wr_csv_target *t, wr_csv_field *f, weir_rows *rows,
                  wr_string_heap *heap, wr_csv_fault *wrong) {
    weir_column *c = &rows->cols[t->column];
    if (!f->is_quoted && is_null_text(d, f)) {
        wr_cell_set_null(c, rows->n);
        return;
    }
    if (f->has_escapes) {
        char *plain = wr_string_heap_take(heap, f->len);
        if (!plain) {
            *wrong = (wr_csv_fault){WR_CSV_BAD_CELL, WR_CELL_NOMEM, t->column, "", 0};
            return;
        }
        f->len = wr_csv_unescape(d->layout.dialect, f, plain);
        f->text = plain;
    }
    wr_cell_status status = t->convert(c, rows->n, f->text, f->len, heap);
    if (WR_LIKELY(status == WR_CELL_OK) || wrong->what != WR_CSV_FLAWLESS) return;
    if (!d->fail_unknown && (status == WR_CELL_MALFORMED || status == WR_CELL_RANGE)) {
        wr_cell_set_null(c, rows->n);
        return;
    }
    *wrong = (wr_csv_fault){WR_CSV_BAD_CELL, status, t->column, f->text, f->len};
}

/* Columns for which the record, or the header, has no field. */
static void fill_missing(const wr_csv_record_rules *d, uint32_t n_fields, weir_rows *rows,
                         wr_csv_fault *wrong) {
    for (uint32_t i = 0; i < d->layout.n_absent; i++) {
        if (d->fail_missing) set_fault(wrong, WR_CSV_NO_COLUMN, d->layout.absent[i]);
        wr_cell_set_null(&rows->cols[d->layout.absent[i]], rows->n);
    }
    if (n_fields < d->layout.n_fields && d->fail_missing) set_fault(wrong, WR_CSV_TOO_FEW, n_fields);
    for (uint32_t i = n_fields; i < d->layout.n_targets; i++) {
        if (!d->layout.targets[i].convert) continue;
        if (d->fail_missing) set_fault(wrong, WR_CSV_TOO_FEW, n_fields);
        wr_cell_set_null(&rows->cols[d->layout.targets[i].column], rows->n);
    }
    if (d->layout.n_fields && n_fields > d->layout.n_fields && d->fail_unknown)
        set_fault(wrong, WR_CSV_TOO_MANY, n_fields);
}

const char *wr_csv_read_record(const wr_csv_record_rules *d, const char *p, const char *end, bool ends,
                               weir_rows *rows, wr_string_heap *heap, wr_csv_fault *wrong) {
    const wr_csv_dialect dialect = d->layout.dialect;
    const wr_csv_target *targets = d->layout.targets;
    const uint32_t n_targets = d->layout.n_targets;
    uint32_t n = 0;
    wr_csv_field f;
    do {
        p = wr_csv_next_field(dialect, p, end, &f);
        if (WR_UNLIKELY(f.end == WR_CSV_END_DATA)) {
            if (!ends) return NULL;
            if (!f.is_quoted && f.len && f.text[f.len - 1] == '\r') f.len--;
            if (f.is_open) set_fault(wrong, WR_CSV_OPEN_QUOTE, n);
        }
        if (WR_UNLIKELY(f.has_garbage)) set_fault(wrong, WR_CSV_GARBAGE, n);
        if (n < n_targets && targets[n].convert) store(d, &targets[n], &f, rows, heap, wrong);
        n++;
    } while (f.end == WR_CSV_END_FIELD);
    if (WR_UNLIKELY(n != d->layout.n_fields || d->layout.n_absent)) fill_missing(d, n, rows, wrong);
    return p;
}

void wr_csv_report_fault(const wr_csv_record_rules *d, const weir_decode *call, const wr_record_place *place,
                         const wr_csv_fault *wrong) {
    const weir_schema *schema = d->layout.args->schema;
    uint32_t needed = d->layout.n_fields ? d->layout.n_fields : d->layout.n_targets;
    switch (wrong->what) {
    case WR_CSV_BAD_CELL:
        wr_report_cell(call, schema, place, wrong->column, wrong->status, wrong->text, wrong->len);
        break;
    case WR_CSV_GARBAGE:
        wr_report_record(call, place, -1, "field %u: text after the closing quote", wrong->column + 1);
        break;
    case WR_CSV_OPEN_QUOTE:
        wr_report_record(call, place, -1, "field %u: the quote is never closed", wrong->column + 1);
        break;
    case WR_CSV_TOO_FEW:
        wr_report_record(call, place, -1, "%u field%s where %u are expected", wrong->column,
                         wrong->column == 1 ? "" : "s", needed);
        break;
    case WR_CSV_TOO_MANY:
        wr_report_record(call, place, -1, "%u fields where only %u %s expected", wrong->column, needed,
                         needed == 1 ? "is" : "are");
        break;
    case WR_CSV_NO_COLUMN:
        wr_report_record(call, place, (int32_t)wrong->column, "the header has no column '%s'",
                         wr_csv_layout_name(&d->layout, wrong->column));
        break;
    default: break;
    }
}
