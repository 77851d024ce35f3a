/* shortest.h: the shortest digits of usual numbers, fast; digits.c has the rest. */
#ifndef WR_SHORTEST_H
#define WR_SHORTEST_H

#include "data/digits.h"

/* v > 0, finite; of a float, v holds it and single is set. False: it is not one of the usual numbers, and out
 * is void. */
bool wr_shortest_fast(double v, bool single, wr_digits *out);

#endif
