/* csv_layout.h: which field of a CSV record goes to which column: by position, or by the names of a header.
 */
#ifndef WR_IO_CSV_LAYOUT_H
#define WR_IO_CSV_LAYOUT_H

#include "base/buf.h"
#include "io/cell.h"
#include "io/csv_field.h"

typedef struct wr_csv_target {
    wr_cell_fn convert; /* NULL: nobody reads this field */
    uint32_t column;
} wr_csv_target;

typedef struct wr_csv_layout {
    const weir_decoder_args *args;
    wr_csv_dialect dialect;
    wr_csv_target *targets; /* by field */
    uint32_t n_targets, cap_targets;
    uint32_t *absent; /* wanted columns for which there is no field */
    uint32_t n_absent;
    uint32_t n_fields; /* in each record; 0: any number that covers the targets */
    wr_buf header;     /* the header as read; empty: not seen yet */
} wr_csv_layout;

/* args outlive it. WEIR_ECONFIG: @attributes names a column, but there is no header. */
weir_status wr_csv_layout_init(wr_csv_layout *l, const weir_decoder_args *args, wr_csv_dialect dialect,
                               bool has_header, weir_error *err) WR_NODISCARD;
void wr_csv_layout_fini(wr_csv_layout *l); /* after init, also one that failed, or of zeros */
/* Each attribute's field is the one at its position. False: no memory. */
bool wr_csv_layout_by_position(wr_csv_layout *l);
/* The fields are those that the header names. False: no memory. */
bool wr_csv_layout_by_header(wr_csv_layout *l);
/* Whether the line is the header, or another that names each attribute: a message may begin with one. */
bool wr_csv_layout_is_header(const wr_csv_layout *l, const char *p, size_t len);
/* What a header calls the column. */
const char *wr_csv_layout_name(const wr_csv_layout *l, uint32_t column);

#endif
