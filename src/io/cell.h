/* cell.h: text into cells of columns, for decoders of text formats, and what they say when it doesn't fit. */
#ifndef WR_IO_CELL_H
#define WR_IO_CELL_H

#include "base/compiler.h"
#include "weir_io.h"

typedef enum wr_cell_status {
    WR_CELL_OK = 0,
    WR_CELL_MALFORMED, /* not of the column's type */
    WR_CELL_RANGE,     /* a number that the type can't hold */
    WR_CELL_UTF8,
    WR_CELL_NUL,
    WR_CELL_NOMEM
} wr_cell_status;

/* Bytes for strings, taken from the arena some KiB at a time: one decode call's. */
typedef struct wr_string_heap {
    weir_arena *arena;
    char *next, *end;
} wr_string_heap;

/* len bytes that live as long as the arena; NULL: no memory. Unaligned. */
char *wr_string_heap_take(wr_string_heap *h, size_t len);

/* text is of the column's type and goes into row `row`; the text of a string is copied. */
typedef wr_cell_status (*wr_cell_fn)(weir_column *c, uint32_t row, const char *text, size_t len,
                                     wr_string_heap *heap);
/* By weir_type. Numbers and bools may have spaces around them; strings must be UTF-8 without NUL; for
 * objects the text is boxed as a string. */
extern const wr_cell_fn wr_cell_from_text[WEIR_N_TYPES];
/* A string that was checked already and stays where it is as long as the arena. */
wr_cell_status wr_cell_set_string(weir_column *c, uint32_t row, const char *text, size_t len,
                                  wr_string_heap *heap);
void wr_cell_set_null(weir_column *c, uint32_t row);

/* Length of the longest prefix that is valid UTF-8 (no surrogates, no overlong forms, up to U+10FFFF). */
size_t wr_utf8_valid(const char *text, size_t len);

/* Length of the byte order mark at the beginning of a file: 3 or 0; SIZE_MAX: wait for more bytes. */
size_t wr_byte_order_mark(const char *text, size_t len, bool ends);

/* Where a record stands, for reports. */
typedef struct wr_record_place {
    const char *raw;
    size_t len;
    uint64_t number, offset;
} wr_record_place;

/* Row rows->n is filled: asks call->accept and counts it (TAKE), reports it (REFUSE) or leaves it (LATER). */
weir_verdict wr_offer_row(const weir_decode *call, const wr_record_place *place);
/* Reports a bad record: column `column` holds `text`, which is at fault as status says. */
void wr_report_cell(const weir_decode *call, const weir_schema *schema, const wr_record_place *place,
                    uint32_t column, wr_cell_status status, const char *text, size_t len);
/* Reports a bad record for any other reason; column -1: none. */
void wr_report_record(const weir_decode *call, const wr_record_place *place, int32_t column,
                      const char *format, ...) WR_PRINTF(4, 5);

#endif
