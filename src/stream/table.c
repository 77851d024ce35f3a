/* table.c: the built-in stream functions, in order of (namespace, name). */
#include "registry/registry.h"
#include "stream/functions.h"

const weir_stream_function_type *const wr_stream_function_table[] = {
    &wr_stream_log,           &wr_stream_pol2cart,
    &wr_stream_json_tokenize, &wr_stream_json_tokenize_as_object,
    &wr_stream_list_tokenize, &wr_stream_map_tokenize,
    &wr_stream_str_tokenize,  NULL,
};
