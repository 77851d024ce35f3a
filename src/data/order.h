/* order.h: which of two values is first, as Java's comparisons have it. */
#ifndef WR_ORDER_H
#define WR_ORDER_H

#include "weir_ext.h"

/* Below 0: a is first; 0: neither. Both of one type, neither null. Text goes by UTF-16 units, NaN is last.
 * Bools and objects have no order. */
int wr_value_order(const weir_value *a, const weir_value *b);

#endif
