/* doubles.c: see doubles.h. */
#include "func/math/doubles.h"

#define WIDEN(type)                                                                                          \
    do {                                                                                                     \
        const type *from = call->args[arg].data;                                                             \
        for (uint32_t k = 0; k < call->n_sel; k++)                                                           \
            to[wr_call_row(call, k)] = (double)from[wr_call_row(call, k)];                                   \
    } while (0)

const double *wr_doubles_of(const weir_call *call, uint32_t arg) {
    if (call->args[arg].type == WEIR_DOUBLE) return call->args[arg].data;
    double *to = wr_arena_array(call->arena, call->n_rows, sizeof *to);
    if (!to) return NULL;
    switch (call->args[arg].type) {
    case WEIR_INT: WIDEN(int32_t); break;
    case WEIR_LONG: WIDEN(int64_t); break;
    default: WIDEN(float);
    }
    return to;
}
