/* json_shape.h: reads an event by the shape of those before it.
 *
 * Events of one source mostly differ in their values only. A shape is what stood between the values of one
 * event, braces, names and spaces, and for each value where it goes. The next event is read by comparing
 * those literals word by word and taking the values directly; whatever is unusual (another literal, an
 * escape, a number with many digits) gives up, and the event is read by json_value.c, which alone says what
 * is wrong with it. The idea is Mison's speculation (Li et al. 2017), without its index.
 *
 * Shapes are learned from events that json_value.c has read. Where they keep failing, learning and trying
 * back off, so a source without any regularity pays next to nothing. */
#ifndef WR_IO_JSON_SHAPE_H
#define WR_IO_JSON_SHAPE_H

#include "io/json_value.h"

#define WR_JSON_SHAPES         2    /* kept side by side, for sources of two kinds of events */
#define WR_JSON_SHAPE_STEPS    128  /* values of an event; one with more has no shape */
#define WR_JSON_SHAPE_BYTES    4096 /* of literals, in all */
#define WR_JSON_SHAPE_COLUMNS  1024
#define WR_JSON_SHAPE_PATIENCE 1024 /* events between two attempts, at most */

typedef struct wr_json_step wr_json_step;
typedef struct wr_json_shape wr_json_shape;

typedef struct wr_json_shapes {
    wr_json_shape *of[WR_JSON_SHAPES]; /* NULL: not learned; of the decoder's arena */
    unsigned likely;                   /* the one that the last event had */
    uint32_t n_hits, n_misses;         /* since a shape was learned */
    uint32_t patience;                 /* misses before another shape is learned */
    uint32_t rest;                     /* events to go before shapes are tried again */
} wr_json_shapes;

/* Where the event itself lies in what was read: a wrapper may be around it. */
typedef struct wr_json_extent {
    const char *begin, *end;
} wr_json_extent;

/* Reads the event at p into row. Returns where it ends, or NULL: read it in another way; columns of the row
 * may have been set, even to null. */
const char *wr_json_shapes_read(wr_json_shapes *s, wr_json_row *row, const char *p, const char *end,
                                wr_json_extent *event);

/* The event in text..end has just been read, nothing was wrong with it, and no shape fitted. `inner`: the
 * event itself, if a wrapper is around it, else text..end. not_ours: columns that somebody else fills. */
void wr_json_shapes_learn(wr_json_shapes *s, const wr_json_node *root, const weir_rows *rows,
                          const uint64_t *not_ours, const char *text, const char *end, wr_json_extent inner,
                          weir_arena *arena);

#endif
