/* functions.h: the functions of namespace str; all listed in table.c. */
#ifndef WR_STR_FUNCTIONS_H
#define WR_STR_FUNCTIONS_H

#include "weir_ext.h"

/* parts.c */
extern const weir_function_type wr_str_char_at, wr_str_length, wr_str_substr, wr_str_trim, wr_str_locate,
    wr_str_char_frequency;
/* compare.c */
extern const weir_function_type wr_str_contains, wr_str_equals_ignore_case, wr_str_strcmp;
/* build.c */
extern const weir_function_type wr_str_coalesce, wr_str_concat, wr_str_repeat, wr_str_reverse, wr_str_lower,
    wr_str_upper, wr_str_hex, wr_str_unhex;
/* template.c */
extern const weir_function_type wr_str_fill_template;
/* pattern.c */
extern const weir_function_type wr_str_regexp, wr_str_replace_all, wr_str_replace_first, wr_str_split;

#endif
