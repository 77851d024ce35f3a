/* panes.h: rows by a time of their own, for windows that lie at fixed times: tumbling and hopping.
 *
 * A window begins each `hop` ms and lasts `size` ms. Time is cut into panes, as long as divides both, so that
 * each window is a run of whole panes and a row is kept once, however many windows it is in ("No pane, no
 * gain", Li, Maier, Tufte, Papadimos, Tucker, 2005). Only panes with rows are there, in order. Within a pane
 * rows stand as they came until somebody wants them in order of time. */
#ifndef WR_EVENTTIME_PANES_H
#define WR_EVENTTIME_PANES_H

#include "base/compiler.h"
#include "weir_ext.h"

typedef struct wr_pane_row {
    int64_t time;
    uint64_t seq; /* the rows before it, ever */
    weir_row_id id;
} wr_pane_row;

typedef struct wr_pane {
    int64_t begin; /* ms */
    wr_pane_row *rows;
    uint32_t n, cap;
    bool is_sorted;
} wr_pane;

typedef struct wr_panes {
    int64_t size, hop, offset, width; /* ms */
    wr_pane *panes;                   /* oldest first */
    uint32_t n, cap;
    uint64_t next_seq;
} wr_panes;

void wr_panes_init(wr_panes *p, int64_t size, int64_t hop, int64_t offset);
void wr_panes_fini(wr_panes *p);

/* Windows are named by when they begin. The last one that is begun at or before time: */
int64_t wr_panes_last_begin(const wr_panes *p, int64_t time);
/* The first one that ends after time. */
int64_t wr_panes_first_begin(const wr_panes *p, int64_t time);
/* The first window from `from` on that has rows; INT64_MAX: none. */
int64_t wr_panes_next(const wr_panes *p, int64_t from);

weir_status wr_panes_add(wr_panes *p, int64_t time, weir_row_id id, weir_error *err) WR_NODISCARD;
/* The rows of the window that came before row number `until`, by time, those of one time as they came. */
weir_status wr_panes_visit(wr_panes *p, int64_t begin, uint64_t until,
                           weir_status (*visit)(void *ctx, weir_row_id id, weir_error *err), void *ctx,
                           weir_error *err) WR_NODISCARD;
/* No window that begins before this is asked for any more: its rows that are in no later one are released. */
void wr_panes_forget_below(wr_panes *p, weir_window *w, int64_t begin);

size_t wr_panes_bytes(const wr_panes *p);
void wr_panes_save(const wr_panes *p, weir_writer *w);
weir_status wr_panes_load(wr_panes *p, const weir_window *w, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
