/* functions.h: the functions of namespace regex; all listed in table.c. */
#ifndef WR_REGEX_FUNCTIONS_H
#define WR_REGEX_FUNCTIONS_H

#include "weir_ext.h"

extern const weir_function_type wr_regex_find_function, wr_regex_group_function, wr_regex_looking_at_function,
    wr_regex_matches_function; /* functions.c */

#endif
