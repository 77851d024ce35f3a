/* functions.h: the functions of namespace json; all listed in func/table.c. */
#ifndef WR_JSON_FUNCTIONS_H
#define WR_JSON_FUNCTIONS_H

#include "weir_ext.h"

/* read.c */
extern const weir_function_type wr_json_get_bool, wr_json_get_double, wr_json_get_float, wr_json_get_int,
    wr_json_get_long, wr_json_get_object, wr_json_get_string, wr_json_is_exists;
/* set.c */
extern const weir_function_type wr_json_set_element;
/* convert.c */
extern const weir_function_type wr_json_to_object, wr_json_to_string;

#endif
