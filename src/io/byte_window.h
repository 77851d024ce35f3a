/* byte_window.h: the bytes of a stream that have been read and not yet consumed.
 *
 *   data        begin              end          cap
 *   | consumed  | shown, unconsumed | room       |
 *
 * Making room moves the unconsumed bytes to the front, or into a larger block when they fill more than half:
 * so a record of n bytes costs O(n), and the block is at most four times the longest record. */
#ifndef WR_IO_BYTE_WINDOW_H
#define WR_IO_BYTE_WINDOW_H

#include <stdbool.h>

#include "base/alloc.h"

typedef struct wr_byte_window {
    char *data;
    size_t begin, end, cap;
} wr_byte_window;

#define WR_READ_BYTES ((size_t)128 * 1024) /* what a read asks for at least */

/* Room for WR_READ_BYTES or more at data + end; false: out of memory. Invalidates pointers. */
bool wr_byte_window_make_room(wr_byte_window *w) WR_NODISCARD;
void wr_byte_window_fini(wr_byte_window *w);

static inline void wr_byte_window_clear(wr_byte_window *w) { w->begin = w->end = 0; }
static inline size_t wr_byte_window_len(const wr_byte_window *w) { return w->end - w->begin; }

#endif
