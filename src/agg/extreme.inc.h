/* extreme.inc.h: the fold of one extreme over one type. Include with
 *   EXTREME_NAME               the wr_fold_loop that is made
 *   EXTREME_TYPE               the C type of the values
 *   EXTREME_FIELD              its field in wr_extreme_cell.value
 *   EXTREME_BEATS(x, value)    whether x takes the place of value. NaN beats nothing and isn't beaten: it is
 *                              the extreme if it came first
 *   EXTREME_FORGETS            1: an expired value that is the extreme leaves nothing behind, others are
 * passed over. If not defined, expired values are taken in like others all undefined at the end. */

#ifndef EXTREME_FORGETS
#define EXTREME_FORGETS 0
#endif

#define EXTREME_GLUE_(a, b) a##b
#define EXTREME_GLUE(a, b)  EXTREME_GLUE_(a, b)
#define EXTREME_STEP        EXTREME_GLUE(EXTREME_NAME, _step)
#define EXTREME_VALUE       EXTREME_GLUE(EXTREME_NAME, _value)

/* Without a branch, which the first values of a group would make the processor guess wrong. */
WR_INLINE void EXTREME_STEP(wr_extreme_cell *c, EXTREME_TYPE x, uint32_t expired) {
    if (EXTREME_FORGETS && expired) {
        if (c->has_value && c->value.EXTREME_FIELD == x) *c = (wr_extreme_cell){.has_value = 0};
        return;
    }
    wr_extreme_cell next = {.value.bits = 0};
    next.value.EXTREME_FIELD = x;
    bool takes = (bool)(!c->has_value | EXTREME_BEATS(x, c->value.EXTREME_FIELD));
    c->value.bits ^= (c->value.bits ^ next.value.bits) & -(uint64_t)takes;
    c->has_value = 1;
}
WR_INLINE bool EXTREME_VALUE(const wr_extreme_cell *c, EXTREME_TYPE *y) {
    *y = c->value.EXTREME_FIELD;
    return c->has_value;
}

#define FOLD_NAME  EXTREME_NAME
#define FOLD_CELL  wr_extreme_cell
#define FOLD_ARG   EXTREME_TYPE
#define FOLD_OUT   EXTREME_TYPE
#define FOLD_STEP  EXTREME_STEP
#define FOLD_VALUE EXTREME_VALUE
#include "agg/fold.inc.h"

#undef EXTREME_GLUE_
#undef EXTREME_GLUE
#undef EXTREME_STEP
#undef EXTREME_VALUE
#undef EXTREME_NAME
#undef EXTREME_TYPE
#undef EXTREME_FIELD
#undef EXTREME_BEATS
#undef EXTREME_FORGETS
