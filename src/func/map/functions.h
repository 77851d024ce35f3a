/* functions.h: the functions of namespace map; all listed in table.c. */
#ifndef WR_MAP_FUNCTIONS_H
#define WR_MAP_FUNCTIONS_H

#include "weir_ext.h"

/* change.c */
extern const weir_function_type wr_map_clear, wr_map_clone, wr_map_combine_by_key, wr_map_create, wr_map_put,
    wr_map_put_all, wr_map_put_if_absent, wr_map_remove, wr_map_replace, wr_map_replace_all;
/* look.c */
extern const weir_function_type wr_map_contains_key, wr_map_contains_value, wr_map_get, wr_map_is_empty,
    wr_map_is_map, wr_map_keys, wr_map_size, wr_map_values;
/* text.c */
extern const weir_function_type wr_map_create_from_json, wr_map_to_json, wr_map_to_xml;

/* Java's HashMap of these: each key of one of the maps, to the list of what the maps have for it. */
weir_object *wr_map_combine(weir_object *const *maps, uint32_t n, weir_status *status);

#endif
