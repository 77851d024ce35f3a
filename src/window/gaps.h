/* gaps.h: which of the rows in a range of ids are not in the window.
 *
 * A FIFO window holds a range of ids. A row whose chunk fails has an id, but it never gets in: it leaves a
 * gap, which is forgotten when the window has moved past it. */
#ifndef WR_WINDOW_GAPS_H
#define WR_WINDOW_GAPS_H

#include "base/compiler.h"
#include "weir_ext.h"

typedef struct wr_gap {
    weir_row_id begin, end;
} wr_gap;

typedef struct wr_gaps { /* zeroed: none */
    wr_gap *list;        /* in order, none empty; those in front of first are forgotten */
    uint32_t first, n, cap;
} wr_gaps;

/* A gap behind all others, or one that is known. */
weir_status wr_gaps_add(wr_gaps *g, weir_row_id begin, weir_row_id end, weir_error *err) WR_NODISCARD;
void wr_gaps_forget_below(wr_gaps *g, weir_row_id id);
void wr_gaps_close(wr_gaps *g);
/* Moves *begin to the first row from there on that is in no gap; gives where the next gap begins. Neither
 * goes past end. */
weir_row_id wr_gaps_run(const wr_gaps *g, weir_row_id *begin, weir_row_id end);

/* Over begin..end without the gaps: as wr_emit_range and wr_visit_range. */
weir_status wr_gaps_emit(const wr_gaps *g, weir_window *w, weir_row_id begin, weir_row_id end, weir_kind kind,
                         int64_t ts, weir_error *err) WR_NODISCARD;
void wr_gaps_visit(const wr_gaps *g, weir_row_id begin, weir_row_id end,
                   bool (*visit)(void *ctx, weir_row_id id), void *ctx);

size_t wr_gaps_bytes(const wr_gaps *g);
void wr_gaps_save(const wr_gaps *g, weir_writer *w);
/* No gap may reach beyond `last`. */
weir_status wr_gaps_load(wr_gaps *g, weir_row_id last, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
