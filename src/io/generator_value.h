/* generator_value.h: the values that the generator makes for one attribute, from an expression such as
 * uniform(0,55). A value depends on the seed, the attribute and the row's number alone: rows can be made
 * again from any number on, and are the same each time. */
#ifndef WR_IO_GENERATOR_VALUE_H
#define WR_IO_GENERATOR_VALUE_H

#include "base/arena.h"
#include "io/cell.h"

typedef enum wr_gen_kind {
    WR_GEN_INT,      /* int(lo,hi): whole numbers, both ends included */
    WR_GEN_UNIFORM,  /* uniform(lo,hi) */
    WR_GEN_NORMAL,   /* normal(mean,deviation) */
    WR_GEN_SEQUENCE, /* sequence, sequence(start), sequence(start,step) */
    WR_GEN_TIME,     /* time(start,step): ms since 1970 */
    WR_GEN_BOOL,     /* bool(p): true with probability p */
    WR_GEN_CHOICE    /* choice(a,b,...), and constant(a) */
} wr_gen_kind;

typedef struct wr_gen_value {
    wr_gen_kind kind;
    weir_type type;
    int64_t lo, hi; /* of int; start and step of sequence */
    double a, b;    /* of uniform, normal and bool; step of time, ms */
    uint32_t n_choices;
    const weir_value *choices; /* of the attribute's type; their text is the arena's */
    uint64_t key;              /* seed and attribute, mixed */
} wr_gen_value;

/* Text and choices are copied into the arena. */
weir_status wr_gen_value_parse(const char *text, const weir_attribute *attribute, uint32_t column,
                               uint64_t seed, weir_arena *arena, wr_gen_value *out,
                               weir_error *err) WR_NODISCARD;
/* Values of rows number..number+n-1 into the column from `first` on. False: out of memory. */
bool wr_gen_value_fill(const wr_gen_value *g, uint64_t number, uint32_t n, weir_column *c, uint32_t first,
                       wr_string_heap *heap);

#endif
