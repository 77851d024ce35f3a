/* csv_record.h: one CSV record read into a row, and what may be wrong with it. */
#ifndef WR_IO_CSV_RECORD_H
#define WR_IO_CSV_RECORD_H

#include "io/csv_layout.h"
#include "io/rows.h"

typedef struct wr_csv_record_rules {
    wr_csv_layout layout;
    bool fail_missing, fail_unknown;
    const char *null_text; /* a field with this text, without quotes, is null */
    size_t null_len;
} wr_csv_record_rules;

/* The first thing that is wrong with a record. */
typedef struct wr_csv_fault {
    enum {
        WR_CSV_FLAWLESS,
        WR_CSV_BAD_CELL,
        WR_CSV_GARBAGE, /* text behind the closing quote */
        WR_CSV_OPEN_QUOTE,
        WR_CSV_TOO_FEW,
        WR_CSV_TOO_MANY,
        WR_CSV_NO_COLUMN /* the header names none for it */
    } what;
    wr_cell_status status;
    uint32_t column; /* or field number */
    const char *text;
    size_t len;
} wr_csv_fault;

/* Reads the record at p into row rows->n. Returns where the next one begins, or NULL: it is not whole. */
const char *wr_csv_read_record(const wr_csv_record_rules *d, const char *p, const char *end, bool ends,
                               weir_rows *rows, wr_string_heap *heap, wr_csv_fault *wrong);
void wr_csv_report_fault(const wr_csv_record_rules *d, const weir_decode *call, const wr_record_place *place,
                         const wr_csv_fault *wrong);

#endif
