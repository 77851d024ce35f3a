/* session_rows.h: the rows of one session, in the order in which they will expire, and when it is over.
 *
 * Rows are appended, but a late row goes in where Siddhi's cursor stands: before the first row the first
 * time, then always one place further. */
#ifndef WR_WINDOW_SESSION_ROWS_H
#define WR_WINDOW_SESSION_ROWS_H

#include "base/alloc.h"
#include "weir_ext.h"

typedef struct wr_session_rows {
    wr_account *account; /* of the ids */
    bool counts_only;    /* nobody will ask for the ids */
    weir_row_id *ids;
    uint32_t n, cap;
    uint32_t cursor;           /* the row that it stands on, + 1; 0: before the first */
    int64_t start, end, alive; /* ms: of its rows' times; it is over at end, and goes out at alive */
} wr_session_rows;

void wr_session_rows_fini(wr_session_rows *s);
weir_status wr_session_rows_append(wr_session_rows *s, weir_row_id id, weir_error *err) WR_NODISCARD;
weir_status wr_session_rows_insert_late(wr_session_rows *s, const weir_row_id *ids, uint32_t n,
                                        weir_error *err) WR_NODISCARD;
/* All of from goes behind to's rows; from is empty then. */
weir_status wr_session_rows_move(wr_session_rows *to, wr_session_rows *from, weir_error *err) WR_NODISCARD;
void wr_session_rows_clear(wr_session_rows *s);
void wr_session_rows_save(const wr_session_rows *s, weir_writer *w);
/* Of rows that w holds. */
weir_status wr_session_rows_load(wr_session_rows *s, const weir_window *w, weir_reader *r,
                                 weir_error *err) WR_NODISCARD;

#endif
