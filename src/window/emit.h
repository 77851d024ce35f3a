/* emit.h: what hot windows share: rows and chunks put straight into the output. */
#ifndef WR_WINDOW_EMIT_H
#define WR_WINDOW_EMIT_H

#include "base/compiler.h"
#include "weir_ext.h"

/* The output has room for it. */
WR_INLINE void wr_put_row(weir_window_output *o, weir_row_id id, weir_kind kind, int64_t ts) {
    o->id[o->n] = id;
    o->ts[o->n] = ts;
    o->kind[o->n++] = (uint8_t)kind;
}
WR_INLINE void wr_put_chunk_end(weir_window_output *o, weir_origin origin) {
    if (o->origin) o->origin[o->n_chunks] = origin;
    o->chunk_end[o->n_chunks++] = o->n;
}
/* Timers set while chunk `origin` is dealt with fire at later points. */
WR_INLINE void wr_pass_tick(weir_window_input *in, weir_origin origin) {
    uint32_t next = weir_origin_arrival(origin) + (weir_origin_phase(origin) > in->rank);
    if (next > in->tick_next) in->tick_next = next;
}
WR_INLINE uint32_t wr_chunk_end_of(const weir_window_input *in, uint32_t c) {
    return in->chunk_end ? in->chunk_end[c] : c + 1;
}

/* Rows first..first+n-1 in one go. Without own_ts, ts is the timestamp of each; with it, they go out with
 * the one they are stored with. */
weir_status wr_emit_range(weir_window *w, weir_row_id first, uint64_t n, weir_kind kind, bool own_ts,
                          int64_t ts, weir_error *err) WR_NODISCARD;
/* How many of rows first..end-1 of the store come before the first that is younger than the horizon. */
uint64_t wr_count_due(const weir_window *w, weir_row_id first, weir_row_id end, int64_t horizon);
/* A BAG window's on_chunk: takes row by row; what a failed chunk has left is let go. */
weir_status wr_take_rows(weir_window *w, uint32_t first, uint32_t n, int64_t now,
                         weir_status (*take)(void *self, weir_window *w, uint32_t i, int64_t now,
                                             weir_error *err),
                         void *self, weir_error *err) WR_NODISCARD;
/* The whole input as it came: for windows of which nobody reads more. */
weir_status wr_emit_input(weir_window *w, weir_error *err) WR_NODISCARD;
/* For a window with content_apart, of which a range of ids is found: that was `from` and is `to` now, with no
 * bound lower than before. Says what has left and entered, in the chunk in hand. */
typedef struct wr_found_range {
    weir_row_id begin, end;
} wr_found_range;
weir_status wr_tell_range(weir_window *w, wr_found_range from, wr_found_range to, int64_t ts,
                          weir_error *err) WR_NODISCARD;
/* A weir_window_type.content over a range of ids. */
void wr_visit_range(weir_row_id first, weir_row_id end, bool (*visit)(void *ctx, weir_row_id id), void *ctx);

#endif
