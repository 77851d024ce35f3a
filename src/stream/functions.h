/* functions.h: weir's own stream functions, all listed in table.c. */
#ifndef WR_STREAM_FUNCTIONS_H
#define WR_STREAM_FUNCTIONS_H

#include "weir_ext.h"

extern const weir_stream_function_type wr_stream_json_tokenize,
    wr_stream_json_tokenize_as_object;                /* json.c */
extern const weir_stream_function_type wr_stream_log; /* log.c */
extern const weir_stream_function_type wr_stream_list_tokenize, wr_stream_map_tokenize,
    wr_stream_str_tokenize;                                /* tokenize.c */
extern const weir_stream_function_type wr_stream_pol2cart; /* pol2cart.c */

#endif
