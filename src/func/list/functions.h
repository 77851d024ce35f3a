/* functions.h: the functions of namespace list; all listed in table.c. */
#ifndef WR_LIST_FUNCTIONS_H
#define WR_LIST_FUNCTIONS_H

#include "weir_ext.h"

/* change.c */
extern const weir_function_type wr_list_add_value, wr_list_add_all, wr_list_clear, wr_list_clone,
    wr_list_create, wr_list_remove, wr_list_remove_all, wr_list_remove_by_index, wr_list_retain_all,
    wr_list_set, wr_list_set_value;
/* look.c */
extern const weir_function_type wr_list_contains, wr_list_contains_all, wr_list_contains_any, wr_list_get,
    wr_list_index_of, wr_list_is_empty, wr_list_is_list, wr_list_last_index_of, wr_list_size;
/* sort.c */
extern const weir_function_type wr_list_sort;

/* The first place of a value in a list, or UINT32_MAX. */
uint32_t wr_list_find(const weir_object *list, const weir_value *v);

#endif
