/* table.c: the built-in stream functions, in order of (namespace, name). */
#include "registry/registry.h"
#include "stream/functions.h"

const weir_stream_function_type *const wr_stream_function_table[] = {
    &wr_stream_log,
    &wr_stream_pol2cart,
    NULL,
};
