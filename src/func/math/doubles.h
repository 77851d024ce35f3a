/* doubles.h: number columns as doubles. */
#ifndef WR_MATH_DOUBLES_H
#define WR_MATH_DOUBLES_H

#include "func/call.h"

/* Argument `arg`, which is a plain column of numbers, by physical row as doubles; NULL when memory is out. */
const double *wr_doubles_of(const weir_call *call, uint32_t arg);

#endif
